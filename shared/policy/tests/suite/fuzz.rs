//! No text makes the parser panic, and what it takes for a package settles: texts of all kinds,
//! random edits of packages with every key, and every key of every table taken out, misspelt or
//! given a value of another type. `YIBAO_POLICY_CASES` and `YIBAO_POLICY_SEED` as in `laws`: the
//! long form gives every key every odd value, the suite two of them.

use crate::keys::{EVERY, kind_at};
use crate::slow::random::Dice;
use crate::{PLACE, line, stay};
use kernel::*;
use policy::{Claim, ClaimFacts, Package, PackageError, settle};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Parses, and settles what is a package; where it is none the error is at a place of the text.
fn survives(text: &str) -> Result<Package, PackageError> {
    let parsed = Package::parse("fuzz", text);
    match &parsed {
        Ok(package) => {
            package.check_examples();
            for facts in claims(package) {
                let claim = Claim::new(facts).unwrap();
                assert_eq!(settle(package, &claim).check(), Ok(()), "{text}");
            }
        }
        Err(error) => {
            let lines = text.matches('\n').count() + 1;
            assert!((1..=lines).contains(&error.line), "{error}\n{text}");
            let line = text.split('\n').nth(error.line - 1).unwrap_or("");
            let columns = line.chars().count() + 1;
            assert!((1..=columns).contains(&error.column), "{error}\n{text}");
            assert!(!error.message.trim().is_empty());
        }
    }
    parsed
}

/// A stay and an outpatient visit for much money on a day of the package.
fn claims(package: &Package) -> Vec<ClaimFacts> {
    let mut stay = stay(vec![line(1, 40_000_000), line(2, 123)]);
    stay.scheme = package.scheme().clone();
    stay.lines[1].marks = vec![ItemMark::EthnicMedicine];
    stay.identities = vec![IdentityKind::MinimumLiving, IdentityKind::ExtremelyPoor];
    stay.covered_by = vec![Scheme::LargeSum];
    stay.age = Some(72);
    let mut visit = stay.clone();
    visit.med_type = MedType::Chronic;
    visit.diseases = vec![DiseaseCode::parse("M03900").unwrap()];
    vec![stay, visit]
}

/// So many times as the long form asks for.
fn cases(count: u64) -> (u64, u64) {
    let number = |name: &str, default| match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    };
    (
        number("YIBAO_POLICY_SEED", 20_200_101),
        count * number("YIBAO_POLICY_CASES", 1),
    )
}

/// What may stand anywhere in a text.
const TOKENS: &[&str] = &[
    "",
    "\"",
    "'",
    "[",
    "]",
    "[[layer]]",
    "[[layer.cap]]",
    "[[alternative.layer]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "\n",
    "#",
    "0",
    "-1",
    "1e9",
    "true",
    "nan",
    "inf",
    "1979-05-27T07:32:00Z",
    "99%",
    "100%",
    "\"0\"",
    "\"0%\"",
    "\"1000%\"",
    "\"-100%\"",
    "\"0.01\"",
    "\"100000000000\"",
    "year",
    "stay",
    "from_zero",
    "expense",
    "元",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\r",
    "\t",
    "from",
    "basic",
    "310",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "0x7f",
    "\"\"\"",
    "when = { not = { } }",
    "band = []",
    "none = true",
    "base = \"whole\"",
];

#[test]
fn edited_packages_are_packages_or_refused() {
    let (seed, count) = cases(400);
    let mut taken = 0;
    for case in 0..count {
        let mut dice = Dice::of(seed, case);
        let whole = if dice.chance(60) { EVERY } else { PLACE };
        let mut text: Vec<char> = whole.chars().collect();
        for _ in 0..dice.between(1, 3) {
            let at = dice.between(0, text.len() as i64 - 1) as usize;
            let end = (at + dice.between(0, 12) as usize).min(text.len());
            text.splice(at..end, dice.pick(TOKENS).chars());
        }
        let text: String = text.into_iter().collect();
        let parsed = std::panic::catch_unwind(|| survives(&text).is_ok());
        taken += u64::from(parsed.unwrap_or_else(|_| panic!("seed {seed}, case {case}")));
    }
    assert!(taken > count / 50, "only {taken} of {count} were packages");
}

#[test]
fn cut_and_joined_packages_are_refused_or_settle() {
    let (seed, count) = cases(60);
    for case in 0..count {
        let mut dice = Dice::of(seed, case);
        let lines: Vec<&str> = EVERY.lines().collect();
        let cut = dice.between(0, lines.len() as i64) as usize;
        // A text that ends too early, one that begins too late, one whose parts change places.
        drop(survives(&lines[..cut].join("\n")));
        drop(survives(&lines[cut..].join("\n")));
        drop(survives(
            &[&lines[cut..], &lines[..cut]].concat().join("\n"),
        ));
        let bytes = dice.between(0, EVERY.len() as i64) as usize;
        drop(survives(&String::from_utf8_lossy(
            &EVERY.as_bytes()[..bytes],
        )));
    }
}

#[test]
fn texts_that_are_no_package_are_refused() {
    let (seed, count) = cases(300);
    for case in 0..count {
        let mut dice = Dice::of(seed, case);
        let length = dice.between(0, 200);
        let any = |dice: &mut Dice| match dice.chance(50) {
            true => dice.pick(TOKENS).to_string(),
            false => char::from_u32(dice.between(0, 0x10_ffff) as u32)
                .unwrap_or('?')
                .to_string(),
        };
        let text: String = (0..length).map(|_| any(&mut dice)).collect();
        assert!(survives(&text).is_err());
    }
}

#[test]
fn depth_and_size_are_refused() {
    for deep in ["[", "{a=", "a.", "[[", "\"", "{a=["] {
        assert!(survives(&format!("a = {}", deep.repeat(100_000))).is_err());
        assert!(survives(&deep.repeat(100_000)).is_err());
        let inside = EVERY.replacen(
            "{ diagnoses",
            &format!("{{ not = {}", deep.repeat(50_000)),
            1,
        );
        assert!(survives(&inside).is_err());
    }
    for many in [
        "[[assumption]]\nname = \"rates\"\ntext = \"x\"\n",
        "[[layer]]\nrule = \"x\"\n",
        "[[layer.cap]]\non = \"fund\"\nyuan = \"1\"\nper = \"day\"\nsource = \"x\"\n",
        "[[example]]\nname = \"x\"\n",
    ] {
        let text = format!("{EVERY}\n{}", many.repeat(10_000));
        assert!(survives(&text).is_err());
    }
}

/// Values that are of no use at most places, and of some use at a few.
fn odd_values() -> Vec<Value> {
    // Thirteen, so that neighbours of one table do not always get the same two.
    vec![
        Value::Integer(-1),
        Value::Integer(i64::MAX),
        Value::Boolean(true),
        Value::Float(0.5),
        "".into(),
        "0".into(),
        "100000000000".into(),
        "0%".into(),
        "others".into(),
        Value::Array(vec![]),
        Value::Array(vec!["".into()]),
        Value::Array(vec![Value::Table(Table::new())]),
        Value::Table(Table::new()),
    ]
}

/// The tables of a package in the order in which a walk meets them, each with its kind.
fn tables(package: &Table) -> Vec<(String, Vec<String>)> {
    fn walk(table: &Table, kind: &str, found: &mut Vec<(String, Vec<String>)>) {
        found.push((kind.to_string(), table.keys().cloned().collect()));
        for (key, value) in table {
            let inner = kind_at(kind, key);
            match value {
                Value::Table(table) => walk(table, &inner, found),
                Value::Array(rows) => rows
                    .iter()
                    .filter_map(Value::as_table)
                    .for_each(|table| walk(table, &inner, found)),
                _ => {}
            }
        }
    }
    let mut found = vec![];
    walk(package, "", &mut found);
    found
}

/// The table a walk meets after so many others.
fn nth<'a>(table: &'a mut Table, left: &mut usize) -> Option<&'a mut Table> {
    if *left == 0 {
        return Some(table);
    }
    *left -= 1;
    table.iter_mut().find_map(|(_, value)| match value {
        Value::Table(table) => nth(table, left),
        Value::Array(rows) => rows
            .iter_mut()
            .filter_map(Value::as_table_mut)
            .find_map(|table| nth(table, left)),
        _ => None,
    })
}

#[test]
fn every_key_may_be_missing_misspelt_or_of_another_kind() {
    let package: Table = toml::from_str(EVERY).unwrap();
    let (_, values) = cases(2);
    let mut odd = odd_values().into_iter().cycle();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (place, (kind, keys)) in tables(&package).into_iter().enumerate() {
        for key in keys {
            if !seen.insert(format!("{kind}.{key}")) {
                continue;
            }
            let changed = |change: &dyn Fn(&mut Table)| {
                let mut package = package.clone();
                change(nth(&mut package, &mut place.clone()).unwrap());
                survives(&toml::to_string(&package).unwrap())
            };
            drop(changed(&|table| drop(table.remove(&key))));
            drop(changed(&|table| {
                let value = table.remove(&key).unwrap();
                table.insert(format!("{key}_"), value);
            }));
            for value in odd
                .by_ref()
                .take(values.min(odd_values().len() as u64) as usize)
            {
                drop(changed(&|table| {
                    drop(table.insert(key.clone(), value.clone()))
                }));
            }
        }
    }
    assert!(seen.len() > 250, "{}", seen.len());
}
