//! The published and the seeds' vectors, reproduced by packages alone: `vectors/packages` has a
//! package per vector, `steps.tsv` says which example asserts which step. Nothing is computed here.

use kernel::{Fen, Rate};
use policy::{Package, Settlement, Totals, settle};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

const SEEDS: &str = include_str!("../../vectors/seeds.jsonl");
const PUBLISHED: &str = include_str!("../../vectors/published.jsonl");
const STEPS: &str = include_str!("../../vectors/packages/steps.tsv");

/// Vectors of enrolment, subsidy and waiting, which no claim shows.
const OF_ENROLMENT: [&str; 3] = ["E1", "E2", "SV7"];

/// Where a step of a vector is asserted.
struct Step {
    id: &'static str,
    name: &'static str,
    package: &'static str,
    example: &'static str,
    amount: &'static str,
}

fn mapped() -> Vec<Step> {
    let rows = STEPS.lines().filter(|row| !row.starts_with('#'));
    rows.map(|row| match row.split('\t').collect::<Vec<_>>()[..] {
        [id, name, package, example, amount] => Step {
            id,
            name,
            package,
            example,
            amount,
        },
        _ => panic!("expected five columns: {row}"),
    })
    .collect()
}

/// Every step the vectors have: its vector's id, its name, its result.
fn published() -> Vec<(String, String, Fen)> {
    let mut steps = Vec::new();
    for row in SEEDS.lines().chain(PUBLISHED.lines()) {
        let vector: Value = serde_json::from_str(row).unwrap();
        let id = vector["id"].as_str().unwrap();
        for step in vector["calc"].as_array().unwrap() {
            let name = step[0].as_str().unwrap().to_string();
            steps.push((id.to_string(), name, yuan(&step[2])));
        }
    }
    steps
}

fn yuan(number: &Value) -> Fen {
    // The files' decimals have at most two places and print as they were written.
    let text = number.to_string();
    Fen::parse_yuan(text.strip_suffix(".0").unwrap_or(&text)).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/packages")
}

/// The packages of the folder with their texts, by file name without its end.
fn packages() -> BTreeMap<String, (Package, toml::Table)> {
    let files = std::fs::read_dir(folder()).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let tomls = paths.filter(|path| path.extension().is_some_and(|end| end == "toml"));
    tomls
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_string();
            let text = std::fs::read_to_string(&path).unwrap();
            let package = Package::parse(&name, &text);
            let package = package.unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, (package, text.parse().unwrap()))
        })
        .collect()
}

/// The settlement of an example of this name, of which there must be one.
fn settlement(package: &Package, example: &str) -> Settlement {
    let named = |one: &&policy::Example| one.name() == example;
    let found: Vec<_> = package.examples().iter().filter(named).collect();
    assert_eq!(found.len(), 1, "{example}");
    settle(package, found[0].claim())
}

/// An amount of a settlement by the name an example's `expect` gives it.
fn amount_of(settlement: &Settlement, amount: &str) -> Option<Fen> {
    let shares = &settlement.shares;
    let (kind, of) = amount.split_once('.').unwrap_or((amount, ""));
    let mut reasons = settlement.reasons.iter().filter(|one| &*one.rule == of);
    let reason = reasons.next().filter(|_| reasons.next().is_none());
    match kind {
        "total" => Some(settlement.total),
        "own_pay" => Some(settlement.own_pay),
        "over_limit" => Some(settlement.over_limit),
        "first_pay" => Some(settlement.first_pay),
        "in_scope" => Some(settlement.in_scope),
        "deductible" => Some(settlement.deductible),
        "funds" => Some(settlement.funds()),
        "account" => Some(settlement.account),
        "cash" => Some(settlement.cash),
        "hospital" => Some(settlement.hospital),
        "balance" => Some(settlement.balance),
        "pool_rate" => Some(Fen::yuan(100).at(settlement.pool_rate())),
        "base" => shares
            .iter()
            .find(|one| &*one.rule == of)
            .map(|one| one.base),
        "paid" => shares
            .iter()
            .find(|one| &*one.rule == of)
            .map(|one| one.paid),
        "reasons" => reason.map(|one| one.output),
        // A ratio is compared by what it makes of one yuan, a percentage by what of a hundred.
        "rates" => reason?.rate.map(|rate| Fen::yuan(1).at(rate)),
        _ => None,
    }
}

/// The same amount as the package's author wrote it into the example.
fn stated(text: &toml::Table, example: &str, amount: &str) -> Option<Fen> {
    let examples = text["example"].as_array()?;
    let found = examples
        .iter()
        .find(|one| one["name"].as_str() == Some(example))?;
    let expect = &found["expect"];
    let value = match amount.split_once('.') {
        Some((kind, of)) => expect.get(kind)?.get(of)?,
        None => expect.get(amount)?,
    };
    let value = value.as_str()?;
    match (value.strip_suffix('%'), amount) {
        (Some(percent), "pool_rate") => Fen::parse_yuan(percent),
        (Some(percent), _) => {
            // Hundredths of a percent are to a ratio what fen are to yuan.
            let points = Fen::parse_yuan(percent)?.0;
            Some(Fen::yuan(1).at(Rate(i32::try_from(points).ok()?)))
        }
        (None, _) => Fen::parse_yuan(value),
    }
}

#[test]
fn every_package_holds_its_own_examples() {
    for (name, (package, _)) in packages() {
        assert!(!package.examples().is_empty(), "{name}");
        let failures: Vec<_> = package.check_examples();
        let failures: Vec<_> = failures.iter().map(ToString::to_string).collect();
        assert!(failures.is_empty(), "{name}\n{}", failures.join("\n"));
        for example in package.examples() {
            let settled = settle(&package, example.claim());
            assert_eq!(settled.check(), Ok(()), "{name} {}", example.name());
        }
    }
}

/// Each step is stated by an example of its vector's package, and the engine comes to it.
#[test]
fn every_step_of_every_vector_is_settled() {
    let packages = packages();
    let mapped = mapped();
    let mut unused: BTreeSet<_> = mapped.iter().map(|step| (step.id, step.name)).collect();
    assert_eq!(unused.len(), mapped.len(), "a step is mapped twice");
    for (id, name, result) in published() {
        if OF_ENROLMENT.contains(&id.as_str()) {
            continue;
        }
        let step = mapped
            .iter()
            .find(|step| step.id == id && step.name == name);
        let step = step.unwrap_or_else(|| panic!("{id} {name}: no example asserts it"));
        let what = format!("{id} {name} by {} of {}", step.amount, step.package);
        let own = step.package.strip_prefix(&id);
        assert!(
            own.is_some_and(|rest| rest.is_empty() || rest.starts_with('-')),
            "{what}"
        );
        let (package, text) = &packages[step.package];
        assert_eq!(
            stated(text, step.example, step.amount),
            Some(result),
            "{what}: stated"
        );
        let settled = settlement(package, step.example);
        assert_eq!(
            amount_of(&settled, step.amount),
            Some(result),
            "{what}: settled"
        );
        unused.remove(&(step.id, step.name));
    }
    assert!(unused.is_empty(), "no vector has these steps: {unused:?}");
}

/// A3 is a recorded answer: its totals keep the identities as they stand, and no others do.
#[test]
fn the_recorded_totals_keep_the_official_identities() {
    let rows = PUBLISHED
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).unwrap());
    let record = rows.into_iter().find(|row| row["id"] == "A3").unwrap();
    let of = |name: &str| yuan(&record["input"][name]);
    let step = |name: &str| {
        published()
            .into_iter()
            .find(|step| step.0 == "A3" && step.1 == name)
    };
    let totals = Totals {
        total: step("medfee").unwrap().2,
        own_pay: of("fulamt"),
        over_limit: of("overlmt"),
        first_pay: of("preself"),
        in_scope: of("inscp"),
        funds: of("hifob"),
        account: of("acct"),
        cash: of("cash"),
        hospital: of("hosp_part"),
    };
    assert_eq!(totals.check(), Ok(()));
    assert_eq!(of("hifp"), Fen::ZERO);
    let over = Totals {
        in_scope: Fen(totals.in_scope.0 + 1),
        ..totals
    };
    assert!(over.check().is_err());
    let short = Totals {
        cash: Fen(totals.cash.0 - 1),
        ..totals
    };
    assert!(short.check().is_err());
}

/// Both directions of the bands exist: a package read the other way fails its own examples.
#[test]
fn the_other_reading_of_the_bands_is_not_accepted() {
    let text = std::fs::read_to_string(folder().join("SV1.toml")).unwrap();
    let (written, other) = ("\"from_zero\"", "\"above_deductible\"");
    assert!(text.contains(written));
    let package = Package::parse("other", &text.replace(written, other)).unwrap();
    assert!(!package.check_examples().is_empty());
}

#[test]
fn the_copied_vectors_are_whole() {
    assert_eq!(SEEDS.lines().count(), 8);
    assert_eq!(PUBLISHED.lines().count(), 23);
    let ids: BTreeSet<_> = published().into_iter().map(|step| step.0).collect();
    assert_eq!(ids.len(), 31);
    for id in OF_ENROLMENT {
        assert!(ids.contains(id), "{id}");
    }
}
