//! A second evaluator of the package of Erenhot, slow and obvious: the regulation's sentences as
//! `if`s, money as whole numbers, none of the engine's code. Both must give the same fen.

use crate::{erenhot, line, paid, settled, stay};
use kernel::*;
use policy::ClaimFacts;
use std::collections::BTreeSet;

fn half_up(amount: i64, percent: i64) -> i64 {
    let exact = amount * percent;
    exact / 100 + i64::from(exact % 100 >= 50)
}

struct Person {
    basic_special: bool,
    critical_special: bool,
    aid_percent: i64,
}

fn person(identity: &str) -> Person {
    let one_of = |codes: &[&str]| codes.contains(&identity);
    let others = one_of(&["2304", "2301", "2361", "2370", "226104", "230801"]);
    let named = one_of(&["2302", "2303", "2307", "2308"]);
    let aid_percent = if one_of(&["2304", "2307", "2301", "2361", "2370"]) {
        90
    } else if one_of(&["2303", "226104"]) {
        70
    } else if one_of(&[
        "2302", "230801", "236074", "226101", "226102", "226103", "2306",
    ]) {
        60
    } else {
        0
    };
    Person {
        basic_special: named || others,
        critical_special: named || others,
        aid_percent,
    }
}

/// 居民基本医保 of a stay without Mongolian or Chinese medicines.
fn basic(person: &Person, tier: &str, kind: &str, in_scope: i64, used: i64) -> i64 {
    let mut deductible = if tier == "3" { 50_000 } else { 30_000 };
    let mut percent = if tier == "3" { 75 } else { 85 };
    if (kind == "A2" || kind == "A3") && deductible > 35_000 {
        deductible = 35_000;
    }
    if person.basic_special {
        deductible = half_up(deductible, 50);
        percent = (percent + 5).min(95);
    }
    let left = (22_900_000 - used).max(0);
    half_up((in_scope - deductible).max(0), percent).min(left)
}

/// 大病保险: what the year pays in all for this burden.
fn critical(person: &Person, burden: i64) -> i64 {
    let special = person.critical_special;
    let (deductible, low, high, cap) = if special {
        (500_000, 70, 80, 10_000_000)
    } else {
        (1_000_000, 65, 75, 8_000_000)
    };
    let mut pays = 0;
    if burden > deductible {
        pays += half_up(burden.min(3_000_000) - deductible, low);
    }
    if burden > 3_000_000 {
        pays += half_up(burden - 3_000_000, high);
    }
    pays.min(cap)
}

#[test]
fn both_evaluators_agree_over_a_year_of_stays() {
    let package = erenhot();
    let identities: BTreeSet<&str> = IdentityKind::KNOWN
        .iter()
        .map(IdentityKind::as_str)
        .chain(["none"])
        .collect();
    let bills = [
        0, 1, 24_999, 25_001, 35_000, 50_001, 123_457, 999_999, 3_333_333, 11_850_000, 34_833_334,
        19_850_003,
    ];
    for identity in identities {
        let person = person(identity);
        for (tier, kind) in [
            ("1", "A1"),
            ("2", "A1"),
            ("3", "A1"),
            ("3", "A3"),
            ("2", "A2"),
            ("1", "A3"),
            ("1", "B1"),
            ("1", "B2"),
            ("9", "C1"),
        ] {
            let stays = kind != "B2" && kind != "C1";
            let mut state = policy::Accumulators::default();
            let (mut basic_used, mut burden_used, mut aid_used) = (0, 0, 0);
            for bill in bills {
                let facts = ClaimFacts {
                    tier: InstitutionTier::parse(tier).unwrap(),
                    kind: InstitutionKind::parse(kind).unwrap(),
                    identities: IdentityKind::parse(identity).into_iter().collect(),
                    accumulators: state.clone(),
                    ..stay(vec![line(1, bill)])
                };
                let settlement = settled(&package, facts);
                state = state.plus(&settlement.deltas);

                if !stays {
                    assert_eq!(settlement.cash.0, bill, "{identity} {tier} {kind} {bill}");
                    assert_eq!(state.get("critical.base_fen"), 0);
                    continue;
                }
                let pool = basic(&person, tier, kind, bill, basic_used);
                let burden = bill - pool;
                let serious =
                    critical(&person, burden_used + burden) - critical(&person, burden_used);
                let rest = burden - serious;
                let aid = half_up(rest, person.aid_percent).min(3_000_000 - aid_used);
                basic_used += pool;
                burden_used += burden;
                aid_used += aid;
                let got = ["basic", "critical", "assistance"].map(|rule| paid(&settlement, rule).0);
                assert_eq!(got, [pool, serious, aid], "{identity} {tier} {kind} {bill}");
                assert_eq!(settlement.cash.0, rest - aid);
            }
        }
    }
}
