//! A "no" is an answer with a finding, and every amount has a reason with its clause.

use crate::{PLACE, line, paid, place, settled, stay};
use kernel::*;
use policy::{Accumulators, Finding, Settlement};

fn codes(settlement: &Settlement) -> Vec<(&str, Option<u32>)> {
    settlement
        .findings
        .iter()
        .map(|f| (f.code.as_str(), f.line))
        .collect()
}

#[test]
fn not_payable_is_all_cash() {
    let mut facts = stay(vec![line(1, 5_000_000)]);
    facts.payable = false;
    facts.not_payable_reason = Some("参保状态为暂停。".to_string());
    let settlement = settled(&place(), facts);
    assert_eq!(codes(&settlement), [(Finding::NOT_PAYABLE, None)]);
    let text = "参保状态为暂停，本次费用全部由个人承担。";
    assert_eq!(settlement.findings[0].text, text);
    assert_eq!(settlement.cash, settlement.total);
    assert_eq!(settlement.in_scope, settlement.total);
    assert_eq!(settlement.shares.len(), 4);
    assert_eq!(settlement.deltas, Accumulators::default());
}

#[test]
fn another_scheme_or_day_is_not_this_packages() {
    let mut other_scheme = stay(vec![line(1, 5_000_000)]);
    other_scheme.scheme = Scheme::Employee;
    let mut before = stay(vec![line(1, 5_000_000)]);
    before.day = Day::new(2016, 12, 31).unwrap();
    before.begin = before.day;
    for facts in [other_scheme, before] {
        let settlement = settled(&place(), facts);
        assert_eq!(
            codes(&settlement),
            [(Finding::PACKAGE_NOT_APPLICABLE, None)]
        );
        assert_eq!(settlement.funds(), Fen::ZERO);
    }
}

#[test]
fn a_stay_where_nobody_can_stay_is_all_cash_and_leaves_no_burden() {
    use InstitutionKind::{PharmacyShop, Village};
    for (care, kind, at) in [
        (
            MedType::Inpatient,
            PharmacyShop,
            "普通住院在定点零售药店（一级及以下）",
        ),
        (
            MedType::DaySurgery,
            Village,
            "日间手术在村卫生室(社区卫生服务站)（一级及以下）",
        ),
    ] {
        let mut facts = stay(vec![line(1, 5_000_000)]);
        (facts.med_type, facts.kind) = (care, kind);
        facts.tier = InstitutionTier::First;
        facts.identities = vec![IdentityKind::MinimumLiving];
        let settlement = settled(&place(), facts);
        assert_eq!(codes(&settlement), [(Finding::NO_LAYER, None)]);
        assert!(settlement.findings[0].text.starts_with(at));
        assert_eq!(settlement.cash, settlement.total);
        assert_eq!(settlement.deltas, Accumulators::default());
    }
}

#[test]
fn an_unknown_tier_or_class_is_said_and_not_paid() {
    let mut facts = stay(vec![line(1, 5_000_000), line(2, 100)]);
    facts.tier = InstitutionTier::Other("7".to_string());
    facts.lines[1].class = ItemClass::Other("08".to_string());
    let settlement = settled(&place(), facts);
    let expected = [
        (Finding::TIER_UNKNOWN, None),
        (Finding::CLASS_UNKNOWN, Some(2)),
        (Finding::NO_RATE, None),
    ];
    assert_eq!(codes(&settlement), expected);
    assert_eq!(settlement.own_pay, Fen(100));
    assert_eq!(settlement.funds(), Fen::ZERO);
}

#[test]
fn a_denied_line_is_own_pay_whatever_its_class() {
    let mut facts = stay(vec![line(1, 1_000_000), line(2, 500_000)]);
    facts.lines[1].denied = Some("R07".to_string());
    let settlement = settled(&place(), facts);
    assert_eq!(codes(&settlement), [(Finding::LINE_DENIED, Some(2))]);
    let reason = settlement
        .reasons
        .iter()
        .find(|r| &*r.rule == "line.own_pay")
        .unwrap();
    assert_eq!(
        (reason.subject.to_string().as_str(), &*reason.clause),
        ("line 2", "R07")
    );
    assert_eq!(paid(&settlement, "basic"), Fen::yuan(7_125));
}

#[test]
fn reasons_carry_clause_item_code_rate_and_assumption() {
    let mut facts = stay(vec![line(1, 24_900_000)]);
    facts.identities = vec![IdentityKind::MinimumLiving];
    let settlement = settled(&place(), facts);
    let told: Vec<(&str, Option<&str>, i64, i64, bool)> = settlement
        .reasons
        .iter()
        .map(|r| {
            (
                &*r.rule,
                r.item_code,
                r.input.0,
                r.output.0,
                r.assumed.is_some(),
            )
        })
        .collect();
    #[rustfmt::skip]
    let expected = [
        ("basic.base", None, 24_900_000, 24_900_000, false),
        ("basic.adjust_tilt", None, 0, 0, false),
        ("basic.deductible_factor", None, 50_000, 25_000, false),
        ("basic.deductible", Some("S001"), 24_900_000, 25_000, false),
        ("basic.adjust_tilt", None, 24_875_000, 0, false),
        ("basic.band1", Some("C001"), 24_875_000, 19_900_000, true),
        ("critical.base", None, 24_900_000, 5_000_000, true),
        ("critical.adjust_tilt", None, 0, 0, false),
        ("critical.deductible_factor", None, 1_000_000, 500_000, false),
        ("critical.deductible", Some("PS01"), 5_000_000, 500_000, false),
        ("critical.adjust_tilt", None, 2_500_000, 0, false),
        ("critical.band1", Some("PL01"), 2_500_000, 1_750_000, false),
        ("critical.adjust_tilt", None, 2_000_000, 0, false),
        ("critical.band2", Some("PL02"), 2_000_000, 1_600_000, false),
        ("assistance.group", None, 0, 0, false),
        ("assistance.base", None, 24_900_000, 1_650_000, false),
        ("assistance.band1", None, 1_650_000, 1_155_000, false),
    ];
    assert_eq!(told, expected);
    let sources: Vec<&str> = PLACE.lines().collect();
    for reason in &settlement.reasons {
        let clause = reason.clause.split('〔').next().unwrap();
        let quoted = |line: &&str| line.ends_with(&format!("\"{clause}\""));
        assert!(sources.iter().any(quoted), "{clause}");
        assert!(reason.text().ends_with('。'), "{}", reason.text());
    }
    assert_eq!(settlement.reasons[4].rate, Some(Rate(8_000)));
    assert_eq!(settlement.reasons[5].rate, Some(Rate(8_000)));
    assert!(settlement.reasons[4].text().contains("提高 5 个百分点"));
}

#[test]
fn the_uplift_of_mongolian_medicine_is_told_with_what_the_ceiling_left_of_it() {
    let mut facts = stay(vec![line(1, 1_000_000), line(2, 1_000_000)]);
    facts.lines[0].marks = vec![ItemMark::EthnicMedicine];
    facts.tier = InstitutionTier::Second;
    facts.identities = vec![IdentityKind::FiveGuarantees];
    let settlement = settled(&place(), facts);
    let adjusted = |rule: &str| -> Vec<Option<Rate>> {
        let reasons = settlement.reasons.iter().filter(|r| &*r.rule == rule);
        reasons
            .filter(|r| r.rate.is_some())
            .map(|r| r.rate)
            .collect()
    };
    // 85 % + 5 for both; of the 15 more for the medicine the ceiling of 95 % leaves 5.
    let rates = adjusted("basic.adjust_tilt");
    assert_eq!(rates, [Some(Rate(9_000)), Some(Rate(9_000))]);
    assert_eq!(adjusted("basic.adjust_tcm"), [Some(Rate(9_500))]);
    let bands = settlement
        .reasons
        .iter()
        .filter(|reason| reason.rule.starts_with("basic.band"));
    let bands: Vec<_> = bands.map(|r| (&*r.rule, r.input.0, r.rate)).collect();
    let expected = [
        ("basic.band1", 992_500, Some(Rate(9_000))),
        ("basic.band1_tcm", 992_500, Some(Rate(9_500))),
    ];
    assert_eq!(bands, expected);
}

#[test]
fn deltas_are_what_the_next_claim_needs() {
    let settlement = settled(&place(), stay(vec![line(1, 11_850_000)]));
    let deltas: Vec<(&str, i64)> = settlement.deltas.iter().collect();
    let expected = [
        ("basic.base_fen", 11_850_000),
        ("basic.deductible_fen", 50_000),
        ("basic.paid_fen", 8_850_000),
        ("critical.base_fen", 3_000_000),
        ("critical.deductible_fen", 1_000_000),
        ("critical.paid_fen", 1_300_000),
        ("stays_count", 1),
    ];
    assert_eq!(deltas, expected);
}

#[test]
fn outpatient_care_does_not_count_towards_critical_illness() {
    let mut facts = stay(vec![line(1, 30_000)]);
    facts.med_type = MedType::Outpatient;
    facts.tier = InstitutionTier::First;
    let settlement = settled(&place(), facts);
    assert_eq!(paid(&settlement, "outpatient"), Fen(15_000));
    assert_eq!(settlement.deltas.get("critical.base_fen"), 0);
    assert_eq!(settlement.deltas.get("stays_count"), 0);
}

#[test]
fn the_digest_is_of_amounts_and_codes() {
    let package = place();
    let one = settled(&package, stay(vec![line(1, 100_000), line(2, 1_900_000)]));
    let mut reworded = one.clone();
    reworded
        .findings
        .iter_mut()
        .for_each(|finding| finding.text.clear());
    assert_eq!(one.digest(), reworded.digest());
    let other = settled(&package, stay(vec![line(1, 100_001), line(2, 1_900_000)]));
    assert_ne!(one.digest(), other.digest());
    let mut moved = one.clone();
    moved.shares[0].paid -= Fen(1);
    moved.cash += Fen(1);
    assert_ne!(one.digest(), moved.digest());
    assert!(moved.check().is_err());
    // The same claim by the same package, now and for ever.
    let golden = "2eb33d47234b59c5e82ef6cc2c39edf14cc0e8c4b2be71aeb6c0224d2dad7800";
    assert_eq!(one.digest().to_string(), golden);
}

#[test]
fn settlements_and_claims_survive_json() {
    let facts = stay(vec![line(1, 100_000)]);
    let settlement = settled(&place(), facts.clone());
    let text = serde_json::to_string(&settlement).unwrap();
    let stored = serde_json::from_str::<Settlement>(&text).unwrap();
    // Reasons are computed again whenever they are wanted.
    let reasons = vec![];
    assert_eq!(
        stored,
        Settlement {
            reasons,
            ..settlement
        }
    );
    let text = serde_json::to_string(&facts).unwrap();
    assert_eq!(
        serde_json::from_str::<policy::ClaimFacts>(&text).unwrap(),
        facts
    );
}
