//! Two evaluators, one answer. The engine and `slow` settle the same random claims by the same
//! packages, random ones and the published ones; totals, every layer's base, deductible and
//! payment, and the accumulators afterwards are the same to the fen. A disagreement is printed
//! small: the package, the claim as an example of it, both answers, and the seed.
//!
//! The suite tries 2,000 claims. The long form tries 100,000, from another seed if one is given:
//!
//! ```text
//! cargo test --release -p policy --test suite -- --ignored long
//! YIBAO_POLICY_SEED=7 cargo test --release -p policy --test suite -- --ignored long
//! ```

use crate::slow::random::{self, Dice};
use crate::slow::read::{self, Row, name, row, rows};
use crate::slow::shrink::shrink;
use crate::slow::{self, Outcome};
use kernel::*;
use policy::{AccountFacts, Accumulators, Claim, ClaimFacts, Filing, Line, Package, Place};
use policy::{Restriction, Settlement, ThirdParty, settle, settle_amounts};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The seed of the suite's form.
const SEED: u64 = 20_200_101;
/// Claims of one person by one package, one after another within a year.
const CLAIMS_OF_A_YEAR: u64 = 5;

#[test]
fn both_evaluators_agree() {
    agree(SEED, 2_000);
}

#[test]
#[ignore = "the long form: a minute in release"]
fn both_evaluators_agree_in_the_long_form() {
    agree(seed(), 100_000);
}

#[test]
fn both_evaluators_agree_on_published_packages() {
    agree_on_published(SEED, 4);
}

#[test]
#[ignore = "the long form: a minute in release"]
fn both_evaluators_agree_on_published_packages_in_the_long_form() {
    agree_on_published(seed(), 1_000);
}

#[test]
fn the_slow_one_keeps_the_published_examples() {
    let mut wrong = vec![];
    for (file, package) in published() {
        let mut after: BTreeMap<&str, Row> = BTreeMap::new();
        for example in rows(&package, "example") {
            let mut example_after = example.clone();
            if let Some(before) = read::text(example, "follows") {
                example_after.insert("prior".to_string(), after[before].clone().into());
            }
            let claim = slow::claim::Claim::read(&example_after);
            let outcome = slow::evaluate(&package, &claim);
            after.insert(name(example, "name"), used(&outcome));
            let expect = row(example, "expect").unwrap();
            for unkept in unkept(expect, &outcome) {
                wrong.push(format!("{file}: {}: {unkept}", name(example, "name")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn seed() -> u64 {
    std::env::var("YIBAO_POLICY_SEED").map_or(SEED, |seed| seed.parse().unwrap())
}

fn agree(seed: u64, claims: u64) {
    for year in 0..claims / CLAIMS_OF_A_YEAR {
        let mut dice = Dice::of(seed, year);
        let package = random::package(&mut dice);
        agree_on_a_year(&format!("seed {seed}, year {year}"), dice, &package);
    }
}

fn agree_on_published(seed: u64, years: u64) {
    for (file, package) in published() {
        for year in 0..years {
            let place = format!("{file}, seed {seed}, year {year}");
            agree_on_a_year(&place, Dice::of(seed, year), &package);
        }
    }
}

/// The claims of somebody, one after another.
fn agree_on_a_year(place: &str, mut dice: Dice, package: &Row) {
    let refused = |refusal| panic!("{place}: {refusal}\n{}", toml::to_string(package).unwrap());
    let both = Both::read(package).unwrap_or_else(refused);
    let mut person = random::person(&mut dice, package);
    let mut before = Row::new();
    for _ in 0..CLAIMS_OF_A_YEAR {
        let mut example = person.next_claim(&mut dice, package);
        example.insert("prior".to_string(), before.into());
        let (engine, slow) = match both.settle(&example) {
            Ok(answers) => answers,
            Err(refusal) => panic!("{place}: {refusal}\n{}", written(package, &example)),
        };
        if engine != slow {
            disagree(place, package, example);
        }
        before = used(&slow);
    }
}

/// A package as each of the two reads it.
struct Both {
    engine: Package,
    slow: Row,
}

impl Both {
    fn read(package: &Row) -> Result<Both, String> {
        let text = toml::to_string(package).unwrap();
        Ok(Both {
            engine: Package::parse("random", &text).map_err(|error| error.to_string())?,
            slow: toml::from_str(&text).unwrap(),
        })
    }

    /// What both say of a claim, or why the engine takes it for none.
    fn settle(&self, example: &Row) -> Result<(Outcome, Outcome), String> {
        let said = slow::claim::Claim::read(example);
        let claim = Claim::new(facts(&said, self.engine.scheme()));
        let claim = claim.map_err(|error| error.to_string())?;
        let settlement = settle(&self.engine, &claim);
        settlement.check()?;
        let engine = outcome(&settlement, claim.accumulators());
        let amounts = outcome(&settle_amounts(&self.engine, &claim), claim.accumulators());
        match amounts == engine {
            true => Ok((engine, slow::evaluate(&self.slow, &said))),
            false => Err("with and without reasons differ".to_string()),
        }
    }
}

fn used(outcome: &Outcome) -> Row {
    let value = |value: &i128| toml::Value::from(i64::try_from(*value).unwrap());
    outcome
        .after
        .iter()
        .map(|(name, used)| (name.clone(), value(used)))
        .collect()
}

fn disagree(place: &str, package: &Row, example: Row) -> ! {
    let differ = |package: &Row, example: &Row| {
        // A smaller pair may be none at all: then it is not smaller.
        let answers = || Both::read(package).and_then(|both| both.settle(example));
        let answers = std::panic::catch_unwind(answers);
        answers.is_ok_and(|answers| answers.is_ok_and(|(engine, slow)| engine != slow))
    };
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let (package, example) = shrink((package.clone(), example), 20_000, differ);
    std::panic::set_hook(hook);
    let (engine, slow) = Both::read(&package).unwrap().settle(&example).unwrap();
    panic!(
        "{place}: the evaluators disagree\n{}\n{}",
        written(&package, &example),
        differences(&engine, &slow),
    );
}

/// The package with the claim as its only example.
fn written(package: &Row, example: &Row) -> String {
    let mut package = package.clone();
    package.insert("example".to_string(), vec![example.clone()].into());
    toml::to_string(&package).unwrap()
}

/// The regions' packages, and those the published figures are reproduced by.
fn published() -> Vec<(String, Row)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    for folder in ["packages", "vectors/packages"] {
        files_under(&root.join(folder), &mut files);
    }
    files.sort();
    assert!(files.len() > 30, "{files:?}");
    let package = |file: &String| toml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    files
        .iter()
        .map(|file| (file.clone(), package(file)))
        .collect()
}

fn files_under(folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_under(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path.display().to_string());
        }
    }
}

/// What an example expects and does not get. Reasons, their rates and findings are the engine's.
fn unkept(expect: &Row, outcome: &Outcome) -> Vec<String> {
    let mut unkept = vec![];
    let mut keep = |what: String, wanted: i128, got: i128| {
        if wanted != got {
            unkept.push(format!("{what} is to be {wanted}, is {got}"));
        }
    };
    let layer = |rule: &str| {
        outcome
            .layers
            .iter()
            .find(|layer| layer.0 == rule)
            .unwrap()
            .1
    };
    for (key, value) in expect {
        let table = value.as_table().cloned().unwrap_or_default();
        let amounts = table.keys().map(|rule| (rule, read::fen(&table, rule)));
        match key.as_str() {
            "reasons" | "rates" | "findings" => {}
            "base" | "paid" | "net" => amounts.for_each(|(rule, wanted)| {
                let [base, deductible, paid] = layer(rule);
                let got = match key.as_str() {
                    "base" => base,
                    "paid" => paid,
                    _ => base - deductible,
                };
                keep(format!("{key}.{rule}"), wanted.unwrap(), got);
            }),
            "after" => table.keys().for_each(|used| {
                let got = outcome.after.get(used).copied().unwrap_or(0);
                keep(used.clone(), read::whole(&table, used).unwrap(), got);
            }),
            "pool_rate" => keep(
                key.clone(),
                read::rate(expect, key).unwrap(),
                outcome.pool_rate,
            ),
            total => {
                let got = outcome
                    .totals
                    .iter()
                    .find(|(name, _)| *name == total)
                    .unwrap()
                    .1;
                keep(key.clone(), read::fen(expect, key).unwrap(), got);
            }
        }
    }
    unkept
}

fn differences(engine: &Outcome, slow: &Outcome) -> String {
    let mut text = String::new();
    for (ours, theirs) in engine.totals.iter().zip(&slow.totals) {
        if ours != theirs {
            text += &format!("{}: engine {}, slow {}\n", ours.0, ours.1, theirs.1);
        }
    }
    for ((rule, ours), (_, theirs)) in engine.layers.iter().zip(&slow.layers) {
        if ours != theirs {
            text += &format!("{rule}, base, deductible, paid: engine {ours:?}, slow {theirs:?}\n");
        }
    }
    if engine.pool_rate != slow.pool_rate {
        text += &format!(
            "pool rate: engine {}, slow {}\n",
            engine.pool_rate, slow.pool_rate
        );
    }
    for name in engine.after.keys().chain(slow.after.keys()) {
        let [ours, theirs] = [engine, slow].map(|outcome| outcome.after.get(name));
        if ours != theirs {
            text += &format!("{name}: engine {ours:?}, slow {theirs:?}\n");
        }
    }
    text
}

/// The engine's answer in the other's words.
fn outcome(settlement: &Settlement, before: &Accumulators) -> Outcome {
    let totals = [
        ("total", settlement.total),
        ("own_pay", settlement.own_pay),
        ("over_limit", settlement.over_limit),
        ("first_pay", settlement.first_pay),
        ("in_scope", settlement.in_scope),
        ("deductible", settlement.deductible),
        ("funds", settlement.funds()),
        ("account", settlement.account),
        ("cash", settlement.cash),
        ("hospital", settlement.hospital),
        ("balance", settlement.balance),
    ];
    let shares = settlement.shares.iter();
    let after = before.plus(&settlement.deltas);
    Outcome {
        totals: totals
            .map(|(name, amount)| (name, amount.0.into()))
            .to_vec(),
        pool_rate: settlement.pool_rate().0.into(),
        layers: shares
            .map(|share| {
                let amounts = [share.base, share.deductible, share.paid];
                (
                    share.rule.to_string(),
                    amounts.map(|amount| amount.0.into()),
                )
            })
            .collect(),
        after: after
            .iter()
            .map(|(name, value)| (name.to_string(), value.into()))
            .collect(),
    }
}

/// The claim in the engine's words.
fn facts(said: &slow::claim::Claim, scheme: &Scheme) -> ClaimFacts {
    let fen = |amount: &i128| Fen(i64::try_from(*amount).unwrap());
    let balance = |kind: &str| said.account.get(kind).map_or(Fen::ZERO, fen);
    let lines = said
        .lines
        .iter()
        .zip(1..)
        .map(|(line, number)| line_facts(line, number));
    let third_party = ThirdParty {
        share: rate(said.third_party),
        advance: said.advance,
    };
    ClaimFacts {
        begin: Day::parse(&said.begin).unwrap(),
        decided: Day::parse(&said.applied).unwrap(),
        place: match said.place.as_str() {
            "district" => Place::District,
            "city" => Place::City,
            "province" => Place::Province,
            _ => Place::Outside,
        },
        filing: match said.filing.as_str() {
            "none" => Filing::None,
            "referred" => Filing::Referred,
            "emergency" => Filing::Emergency,
            _ => Filing::Resident,
        },
        contracted: said.contracted,
        identities: parsed(&said.identities, IdentityKind::parse),
        person: said
            .person
            .as_deref()
            .map(|code| PersonType::parse(code).unwrap()),
        age: said.age.map(|age| u32::try_from(age).unwrap()),
        covered_by: parsed(&said.covered_by, Scheme::parse),
        diseases: parsed(&said.diseases, |code| DiseaseCode::parse(code).ok()),
        diagnosis: said
            .diagnosis
            .as_deref()
            .map(|code| DiagnosisCode::parse(code).unwrap()),
        third_party: Some(third_party).filter(|party| party.share != Rate::ZERO),
        account: AccountFacts {
            current: balance("current"),
            past: balance("past"),
            shared: balance("shared"),
        },
        continuous_years: u32::try_from(said.continuous_years).unwrap(),
        zero_claim_years: u32::try_from(said.zero_claim_years).unwrap(),
        household_income: said.income.as_ref().map(fen),
        continues: said.continues.as_ref().map(|paid| {
            paid.iter()
                .map(|(rule, paid)| (rule.clone(), fen(paid)))
                .collect()
        }),
        payable: said.payable,
        accumulators: said
            .prior
            .iter()
            .map(|(name, value)| (&name[..], fen(value).0))
            .collect(),
        ..ClaimFacts::new(
            Day::parse(&said.day).unwrap(),
            scheme.clone(),
            MedType::parse(&said.care).unwrap(),
            InstitutionTier::parse(&said.tier).unwrap(),
            InstitutionKind::parse(&said.kind).unwrap(),
            lines.collect(),
        )
    }
}

fn parsed<T>(codes: &[String], parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
    codes.iter().map(|code| parse(code).unwrap()).collect()
}

fn rate(ten_thousandths: i128) -> Rate {
    Rate(i32::try_from(ten_thousandths).unwrap())
}

fn line_facts(line: &slow::claim::Line, number: u32) -> Line {
    let whole = |value: i128| i64::try_from(value).unwrap();
    let (unit_price, quantity) = (UnitPrice(whole(line.price)), Quantity(whole(line.quantity)));
    Line {
        number,
        item: ItemCode::parse(&line.item).unwrap(),
        class: ItemClass::parse(&line.class).unwrap(),
        first_pay: rate(line.first_pay),
        price_limit: line.limit.map(|limit| UnitPrice(whole(limit))),
        unit_price,
        quantity,
        amount: unit_price.times(quantity).unwrap(),
        marks: parsed(&line.marks, ItemMark::parse),
        restriction: match line.restricted.as_deref() {
            None => Restriction::None,
            Some("approved") => Restriction::Approved,
            Some("refused") => Restriction::Refused,
            Some("pending") => Restriction::Pending,
            Some(_) => Restriction::OwnPay,
        },
        day: None,
        denied: line.denied.clone(),
    }
}
