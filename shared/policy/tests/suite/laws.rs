//! Laws that hold for every claim, tried on random ones from a fixed seed, so that a failure comes
//! back when the test is run again.

use crate::{ERENHOT, erenhot, line, paid, settled, stay};
use kernel::*;
use policy::{Accumulators, Claim, ClaimFacts, Line, Package, settle};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const SEED: [u8; 32] = *b"yibao policy laws, a fixed seed.";

/// Tries the law on `cases` values; says the seed when one breaks it.
fn law<S: Strategy>(
    cases: u32,
    strategy: S,
    holds: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&strategy, holds) {
        panic!("seed {:?}: {error}", String::from_utf8_lossy(&SEED));
    }
}

fn some_line() -> impl Strategy<Value = Line> {
    let class = select(vec!["01", "01", "02", "02", "03", "99"]);
    let limit = prop_oneof![Just(None), (0i64..9_000_000_000).prop_map(Some)];
    let denied = prop_oneof![9 => Just(None), 1 => Just(Some("R01".to_string()))];
    let price = prop_oneof![0i64..100_000_000, 0i64..900_000_000_000];
    (
        class,
        0..=10_000i32,
        limit,
        price,
        0i64..100_000,
        any::<bool>(),
        denied,
    )
        .prop_map(
            |(class, first_pay, limit, price, quantity, ethnic_medicine, denied)| {
                let (unit_price, quantity) = (UnitPrice(price), Quantity(quantity));
                Line {
                    class: ItemClass::parse(class).unwrap(),
                    first_pay: Rate(first_pay),
                    price_limit: limit.map(UnitPrice),
                    unit_price,
                    quantity,
                    amount: unit_price.times(quantity).unwrap(),
                    ethnic_medicine,
                    denied,
                    ..line(0, 0)
                }
            },
        )
}

fn identities() -> impl Strategy<Value = Vec<IdentityKind>> {
    vec(select(IdentityKind::KNOWN), 0..4)
}

fn accumulators() -> impl Strategy<Value = Accumulators> {
    let names = [
        "basic.paid_fen",
        "basic.base_fen",
        "outpatient.paid_fen",
        "critical.base_fen",
        "critical.deductible_fen",
        "critical.paid_fen",
        "assistance.paid_fen",
        "stays_count",
    ];
    vec((select(names.to_vec()), 1i64..30_000_000), 0..8)
        .prop_map(|entries| Accumulators(entries.into_iter().map(|(n, v)| (n.into(), v)).collect()))
}

fn facts() -> impl Strategy<Value = ClaimFacts> {
    let care = select(vec!["21", "21", "21", "28", "11", "14"]);
    let tier = select(vec!["1", "2", "3", "3", "9", "x"]);
    let lines = vec(some_line(), 1..12);
    (
        care,
        tier,
        select(InstitutionKind::KNOWN),
        identities(),
        lines,
        accumulators(),
    )
        .prop_map(|(care, tier, kind, identities, mut lines, accumulators)| {
            lines
                .iter_mut()
                .zip(1..)
                .for_each(|(line, number)| line.number = number);
            ClaimFacts {
                med_type: MedType::parse(care).unwrap(),
                tier: InstitutionTier::parse(tier).unwrap(),
                kind,
                identities,
                accumulators,
                ..stay(lines)
            }
        })
}

#[test]
fn identities_and_bounds_hold() {
    let package = erenhot();
    let most = |rule: &str| match rule {
        "basic" => Fen::yuan(229_000),
        "outpatient" => Fen::yuan(200),
        "critical" => Fen::yuan(100_000),
        _ => Fen::yuan(30_000),
    };
    law(2_000, facts(), |facts| {
        let claim = Claim::new(facts.clone()).unwrap();
        let settlement = settle(&package, &claim);
        prop_assert_eq!(settlement.check(), Ok(()));
        prop_assert_eq!(settle(&package, &claim).digest(), settlement.digest());
        for share in &settlement.shares {
            let used = Fen(facts.accumulators.get(&format!("{}.paid_fen", share.rule)));
            let left = most(&share.rule).less(used);
            prop_assert!(share.paid <= left, "{} over its cap", share.rule);
        }
        Ok(())
    });
}

#[test]
fn the_order_of_lines_changes_nothing() {
    let package = erenhot();
    law(
        500,
        (facts(), any::<prop::sample::Index>()),
        |(facts, turn)| {
            let mut turned = facts.clone();
            let middle = turn.index(turned.lines.len());
            turned.lines.rotate_left(middle);
            turned.lines[..].reverse();
            let one = settle(&package, &Claim::new(facts).unwrap());
            let other = settle(&package, &Claim::new(turned).unwrap());
            prop_assert_eq!(one, other);
            Ok(())
        },
    );
}

#[test]
fn critical_illness_telescopes() {
    let package = erenhot();
    // The pool has paid its cap, so that the whole bill is burden.
    let facts = |fen: i64, identities: &[IdentityKind], before: &Accumulators| ClaimFacts {
        identities: identities.to_vec(),
        accumulators: before.clone(),
        ..stay(vec![line(1, fen)])
    };
    let mut start = Accumulators::default();
    start.0.insert("basic.paid_fen".to_string(), 22_900_000);
    law(
        1_000,
        (vec(0i64..5_000_000, 1..9), identities()),
        |(burdens, identities)| {
            let mut state = start.clone();
            let mut sum = Fen::ZERO;
            for burden in &burdens {
                let settlement = settled(&package, facts(*burden, &identities, &state));
                sum += paid(&settlement, "critical");
                state = state.plus(&settlement.deltas);
            }
            let at_once = settled(&package, facts(burdens.iter().sum(), &identities, &start));
            prop_assert_eq!(sum, paid(&at_once, "critical"));
            prop_assert_eq!(state.get("critical.paid_fen"), sum.0);
            Ok(())
        },
    );
}

#[test]
fn a_reversal_gives_back_the_exact_state() {
    let package = erenhot();
    law(300, vec(facts(), 1..6), |claims| {
        let mut states = vec![claims[0].accumulators.clone()];
        let mut deltas = vec![];
        for mut facts in claims {
            let state = states.last().unwrap().clone();
            facts.accumulators = state.clone();
            let settlement = settle(&package, &Claim::new(facts).unwrap());
            states.push(state.plus(&settlement.deltas));
            deltas.push(settlement.deltas);
        }
        // Newest first.
        let mut state = states.pop().unwrap();
        while let (Some(delta), Some(before)) = (deltas.pop(), states.pop()) {
            state = state.minus(&delta);
            prop_assert_eq!(&state, &before);
        }
        Ok(())
    });
}

#[test]
fn one_more_fen_in_scope_lowers_no_share() {
    let package = erenhot();
    let fen = (0i64..40_000_000, any::<bool>());
    law(
        2_000,
        (facts(), fen),
        |(mut facts, (fen, ethnic_medicine))| {
            let number = 1_000;
            let extra = |fen: i64| Line {
                ethnic_medicine,
                ..line(number, fen)
            };
            facts.lines.push(extra(fen));
            let before = settle(&package, &Claim::new(facts.clone()).unwrap());
            facts.lines.pop();
            facts.lines.push(extra(fen + 1));
            let after = settle(&package, &Claim::new(facts).unwrap());
            prop_assert_eq!(after.in_scope, before.in_scope + Fen(1));
            for (after, before) in after.shares.iter().zip(&before.shares) {
                prop_assert!(after.paid >= before.paid, "{} fell", after.rule);
            }
            prop_assert!(after.cash >= before.cash);
            Ok(())
        },
    );
}

#[test]
fn the_largest_claims_settle() {
    let package = erenhot();
    let mut facts = stay(vec![line(1, CLAIM_FEN_MAX.0)]);
    for name in [
        "basic.base_fen",
        "critical.base_fen",
        "critical.deductible_fen",
    ] {
        facts
            .accumulators
            .0
            .insert(name.to_string(), policy::ACCUMULATOR_MAX);
    }
    settled(&package, facts);
    let lines = (0..10_000)
        .map(|number| line(number, CLAIM_FEN_MAX.0 / 10_000))
        .collect();
    settled(&package, stay(lines));
}

#[test]
fn no_text_makes_the_parser_panic() {
    let tokens = vec![
        "",
        "\"",
        "[",
        "]",
        "[[layer]]",
        "{",
        "}",
        "=",
        "\n",
        "0",
        "-1",
        "1e9",
        "99%",
        "100%",
        "\"0\"",
        "\"0.01\"",
        "\"100000000000\"",
        "year",
        "stay",
        "from_zero",
        "expense",
        "元",
        "\u{0}",
        "\u{feff}",
        "from",
        "basic",
        "390",
        "\"other_lines_first\"",
        "9223372036854775808",
    ];
    let edit = (any::<prop::sample::Index>(), 0usize..12, select(tokens));
    law(600, vec(edit, 1..4), |edits| {
        let mut text: Vec<char> = ERENHOT.chars().collect();
        for (at, length, token) in edits {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, token.chars());
        }
        let text: String = text.into_iter().collect();
        if let Ok(package) = Package::parse("fuzz", &text) {
            package.check_examples();
            let claim = Claim::new(stay(vec![line(1, 40_000_000)])).unwrap();
            prop_assert_eq!(settle(&package, &claim).check(), Ok(()));
        }
        Ok(())
    });
    for deep in ["[", "{a=", "a.", "[["] {
        assert!(Package::parse("deep", &format!("a = {}", deep.repeat(100_000))).is_err());
        assert!(Package::parse("deep", &deep.repeat(100_000)).is_err());
    }
    law(300, ".{0,200}", |text| {
        prop_assert!(Package::parse("fuzz", &text).is_err());
        Ok(())
    });
}
