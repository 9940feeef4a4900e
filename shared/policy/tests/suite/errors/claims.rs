//! Facts that are no claim, and the field that is wrong.

use crate::{line, stay};
use kernel::*;
use policy::{
    ACCUMULATOR_MAX, AccountFacts, Accumulators, BadClaim, Claim, ClaimFacts, ThirdParty,
};
use std::collections::BTreeMap;

/// A change that makes a claim bad, the field it names, what is said to be expected.
type BadCase = (fn(&mut ClaimFacts), &'static str, &'static str);

#[rustfmt::skip]
const BAD_CLAIMS: &[BadCase] = &[
    (|f| f.lines.clear(), "lines", "1 to 10000 lines, got 0"),
    (|f| f.lines = (0..10_001).map(|n| line(n, 1)).collect(), "lines", "got 10001"),
    (|f| f.lines[1].number = 1, "lines[1].number", "a number no other line has"),
    (|f| f.lines[1].amount = Fen(-1), "lines[1].amount", "200.00"),
    (|f| f.lines[1].amount = Fen(19_999), "lines[1].amount", "half-up to the fen: 200.00"),
    (|f| f.lines[0].unit_price = UnitPrice(-1), "lines[0].unit_price", "zero or more"),
    (|f| f.lines[0].quantity = Quantity(-1), "lines[0].quantity", "zero or more"),
    (|f| f.lines[0].price_limit = Some(UnitPrice(-1)), "lines[0].price_limit", "zero or more"),
    (|f| f.lines[0].first_pay = Rate(10_001), "lines[0].first_pay", "from 0% to 100%"),
    (|f| f.lines[0].first_pay = Rate(-1), "lines[0].first_pay", "from 0% to 100%"),
    (|f| f.lines[0].unit_price = UnitPrice(i64::MAX), "lines[0].amount", "at most"),
    (|f| f.lines[0] = line(1, CLAIM_FEN_MAX.0), "lines", "a total of at most"),
    (|f| f.identities = vec![IdentityKind::Orphan; 101], "identities", "got 101"),
    (|f| f.covered_by = vec![Scheme::LargeSum; 101], "covered_by", "at most 100 schemes"),
    (|f| f.diseases = vec![disease(); 101], "diseases", "at most 100 diseases"),
    (|f| f.begin = f.day.next(), "begin", "a day not after the claim's day"),
    (|f| f.age = Some(201), "age", "at most 200 years"),
    (|f| f.continuous_years = 201, "continuous_years", "at most 200 years"),
    (|f| f.zero_claim_years = 201, "zero_claim_years", "at most 200 years"),
    (|f| f.third_party = party(10_001), "third_party", "a share from 0% to 100%"),
    (|f| f.third_party = party(-1), "third_party", "a share from 0% to 100%"),
    (|f| f.account = account(-1, 0, 0), "account", "amounts from 0 to 100000000000 yuan"),
    (|f| f.account = account(0, CLAIM_FEN_MAX.0 + 1, 0), "account", "amounts from 0 to"),
    (|f| f.account = account(0, 0, i64::MIN), "account", "amounts from 0 to"),
    (|f| f.continues = charged(-1), "continues", "amounts from 0 to"),
    (|f| f.continues = charged(i64::MAX), "continues", "amounts from 0 to"),
    (|f| f.accumulators = state("a_fen", -1), "accumulators[a_fen]", "from 0 to"),
    (|f| f.accumulators = state("a_fen", ACCUMULATOR_MAX + 1), "accumulators[a_fen]", "from 0 to"),
    (|f| f.accumulators = crowd(10_001), "accumulators", "at most 10000 accumulators, got 10001"),
];

fn state(name: &str, value: i64) -> Accumulators {
    [(name, value)].into_iter().collect()
}

fn crowd(count: i64) -> Accumulators {
    (0..count)
        .map(|number| (format!("a{number}_fen"), 1))
        .collect()
}

fn disease() -> DiseaseCode {
    DiseaseCode::parse("M03900").unwrap()
}

fn party(share: i32) -> Option<ThirdParty> {
    let share = Rate(share);
    Some(ThirdParty {
        share,
        advance: false,
    })
}

fn account(current: i64, past: i64, shared: i64) -> AccountFacts {
    let (current, past, shared) = (Fen(current), Fen(past), Fen(shared));
    AccountFacts {
        current,
        past,
        shared,
    }
}

fn charged(fen: i64) -> Option<BTreeMap<String, Fen>> {
    Some([("deductible".to_string(), Fen(fen))].into_iter().collect())
}

#[test]
fn a_bad_claim_names_the_field() {
    for (change, field, expected) in BAD_CLAIMS {
        let mut facts = stay(vec![line(1, 10_000), line(2, 20_000)]);
        change(&mut facts);
        let bad: BadClaim = Claim::new(facts).unwrap_err();
        assert_eq!(bad.field(), *field);
        assert!(bad.expected().contains(expected), "{bad}");
        assert!(bad.to_string().starts_with(field));
    }
}

#[test]
fn the_bounds_themselves_are_inside() {
    let mut facts = stay((0..10_000).map(|number| line(number, 1)).collect());
    facts.identities = vec![IdentityKind::Orphan; 100];
    facts.covered_by = vec![Scheme::LargeSum; 100];
    facts.diseases = vec![disease(); 100];
    facts.begin = facts.day;
    (facts.age, facts.continuous_years, facts.zero_claim_years) = (Some(200), 200, 200);
    facts.third_party = party(10_000);
    facts.account = account(CLAIM_FEN_MAX.0, CLAIM_FEN_MAX.0, CLAIM_FEN_MAX.0);
    facts.continues = charged(CLAIM_FEN_MAX.0);
    facts.accumulators = crowd(999);
    facts.accumulators.set("basic.paid_fen", ACCUMULATOR_MAX);
    let claim = Claim::new(facts).unwrap();
    assert_eq!(claim.total(), Fen(10_000));
    assert_eq!(claim.lines().len(), 10_000);
}
