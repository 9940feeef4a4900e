//! The same claim with facts changed: what differs, line by line, and nothing where nothing does.

use crate::{erenhot, line, settled, stay};
use kernel::*;
use policy::{ClaimFacts, Comparison, Differing};

/// A stay of 20,000 yuan as it is, and with its facts changed.
fn compared(change: impl Fn(&mut ClaimFacts)) -> Comparison {
    let package = erenhot();
    let facts = stay(vec![line(1, 2_000_000)]);
    let mut changed = facts.clone();
    change(&mut changed);
    Comparison::of(settled(&package, facts), settled(&package, changed))
}

fn totals(change: impl Fn(&mut ClaimFacts)) -> Vec<(&'static str, i64, i64)> {
    let comparison = compared(change);
    let total = |d: &policy::Difference| match d.of {
        Differing::Total(name) => Some((name, d.before?.0, d.after?.0)),
        _ => None,
    };
    comparison.differences.iter().filter_map(total).collect()
}

#[test]
fn a_hospital_of_a_lower_tier() {
    // (20000 − 500) × 75 % and (20000 − 300) × 85 %.
    let expected = [
        ("act_pay_dedc", 50_000, 30_000),
        ("fund_pay_sumamt", 1_462_500, 1_674_500),
        ("psn_cash_pay", 537_500, 325_500),
    ];
    assert_eq!(
        totals(|facts| facts.tier = InstitutionTier::Second),
        expected
    );
}

#[test]
fn an_identity_is_told_rule_by_rule() {
    let comparison = compared(|facts| facts.identities = vec![IdentityKind::MinimumLiving]);
    let texts: Vec<&str> = comparison
        .differences
        .iter()
        .map(|d| d.text.as_str())
        .collect();
    // (20000 − 250) × 80 %, then the rest of 4200 at 70 %.
    assert!(
        texts.contains(&"起付线由 500.00 元变为 250.00 元，减少 250.00 元。"),
        "{texts:#?}"
    );
    assert!(texts.contains(&"医疗救助由 0.00 元变为 2,940.00 元，增加 2,940.00 元。"));
    assert!(texts.contains(&"个人现金由 5,375.00 元变为 1,260.00 元，减少 4,115.00 元。"));
    let band = comparison.differences.iter().find(|d| match &d.of {
        Differing::Rule(_, rule) => &**rule == "basic.band1",
        _ => false,
    });
    let band = band.unwrap();
    assert_eq!(
        (band.before, band.after),
        (Some(Fen(1_462_500)), Some(Fen(1_580_000)))
    );
    assert_eq!(band.rates, (Some(Rate(7_500)), Some(Rate(8_000))));
    assert!(
        band.text
            .contains("变为“19,750.00 元按 80% 支付，计 15,800.00 元。”"),
        "{}",
        band.text
    );
    assert!(texts.iter().any(|text| text.contains("新增“按")));
}

#[test]
fn nothing_changes_without_a_change() {
    assert_eq!(totals(|_| {}), []);
    let comparison = compared(|facts| facts.tier = InstitutionTier::Third);
    assert_eq!(comparison.differences, []);
    assert_eq!(comparison.before, comparison.after);
}
