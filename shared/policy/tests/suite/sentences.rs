//! What the reasons of a settlement say, word for word: claims that together bring up every kind
//! of reason, settled by the package with every key. `sentences.txt` holds rule and sentence.

use crate::keys::EVERY;
use crate::{line, settled};
use kernel::*;
use policy::{ClaimFacts, Filing, Line, Package, Place, Restriction, ThirdParty};
use std::collections::BTreeSet;

const SENTENCES: &str = include_str!("sentences.txt");

/// The first example of the package, with other facts.
fn claim(package: &Package, change: impl Fn(&mut ClaimFacts)) -> ClaimFacts {
    let mut facts = package.examples()[0].claim().facts().clone();
    change(&mut facts);
    facts
}

/// A long stay outside the province, for much money, after an accident.
fn away(facts: &mut ClaimFacts) {
    facts.begin = Day::new(2016, 5, 1).unwrap();
    (facts.place, facts.filing, facts.contracted) = (Place::Outside, Filing::None, false);
    facts.third_party = Some(ThirdParty {
        share: Rate(1_000),
        advance: false,
    });
    facts.lines = vec![
        line(1, 50_000_000),
        Line {
            marks: vec![ItemMark::EthnicMedicine],
            ..line(2, 10_000_000)
        },
        Line {
            class: ItemClass::Other("09".to_string()),
            ..line(3, 100)
        },
        Line {
            restriction: Restriction::Refused,
            ..line(4, 200)
        },
    ];
}

/// Care for a chronic disease, the year's deductible not yet paid.
fn chronic(facts: &mut ClaimFacts) {
    facts.med_type = MedType::Chronic;
    facts.lines = vec![line(1, 600_000)];
    facts.accumulators.set("chronic_all.paid_fen", 250_000);
}

/// Three days in a township hospital, most of it own-pay.
fn township(facts: &mut ClaimFacts) {
    facts.kind = InstitutionKind::Township;
    (facts.tier, facts.begin) = (InstitutionTier::First, Day::new(2017, 5, 7).unwrap());
    facts.person = None;
    facts.lines = vec![
        line(1, 20_000),
        Line {
            class: ItemClass::C,
            ..line(2, 100_000)
        },
    ];
    facts.accumulators.set("basic.deductible_fen", 290_000);
    facts.account.current = Fen(10);
}

fn told() -> Vec<String> {
    let package = Package::parse("every.toml", EVERY).unwrap();
    let again = package.examples()[1].claim().facts().clone();
    let claims = [
        claim(&package, |_| {}),
        again,
        claim(&package, away),
        claim(&package, chronic),
        claim(&package, township),
    ];
    let mut told = vec![];
    for facts in claims {
        let settlement = settled(&package, facts);
        told.push("——".to_string());
        for reason in &settlement.reasons {
            let code = reason.item_code.unwrap_or("-");
            told.push(format!("{} {code} {}", reason.rule, reason.text()));
        }
        told.extend(
            settlement
                .findings
                .iter()
                .map(|f| format!("{} {}", f.code, f.text)),
        );
    }
    told
}

#[test]
fn every_kind_of_reason_reads_as_chinese() {
    let told = told();
    assert_eq!(
        told.join("\n"),
        SENTENCES.trim_end(),
        "\n{}\n",
        told.join("\n")
    );
}

#[test]
fn no_kind_of_reason_is_missing() {
    let told = told();
    let kinds = told.iter().filter_map(|line| line.split(' ').next());
    let kinds: BTreeSet<&str> = kinds.filter_map(|rule| rule.split('.').nth(1)).collect();
    let expected = [
        "adjust_away",
        "adjust_tcm",
        "adjust_tilt",
        "balance",
        "band1",
        "band1_tcm",
        "band2",
        "base",
        "cap",
        "deductible",
        "deductible_factor",
        "deductible_max",
        "deductible_taken",
        "difference",
        "either",
        "expense_cap",
        "first_pay",
        "floor",
        "group",
        "limit",
        "max_rate",
        "over_limit",
        "own_pay",
        "referral",
        "third_party",
    ];
    let missing: Vec<&&str> = expected
        .iter()
        .filter(|kind| !kinds.contains(**kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
