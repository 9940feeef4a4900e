//! One enrolment and one settlement, and each purse an account of its own: maternity beside the basic
//! scheme, a supplement behind assistance.

use super::*;
use integration_tests::HOSPITAL;

const EMPLOYEES: &str = include_str!("../facts/employees.toml");
const ANJI: &str = include_str!("../../../../shared/policy/packages/330523/2020-01-01.toml");

/// 生育: the first 3,000 yuan of a birth in hospital; the basic scheme pays of the rest.
const MATERNITY: &str = r#"[[layer]]
rule = "maternity"
name = "生育保险"
fund = "510100"
trace = "unlisted"
when = { care = ["52"] }
bands_over = "stay"
deductible_per = "stay"
origin = "above_deductible"
assumed = "test"

[[layer.schedule]]

[[layer.schedule.band]]
from = "0"
rate = "100%"
assumed = "test"

[[layer.cap]]
on = "fund"
per = "stay"
yuan = "3000"
assumed = "test"

[[layer]]
rule = "basic""#;

/// 补充医保: half of what five layers leave, for whom it covers.
const SUPPLEMENT: &str = r#"[[layer]]
rule = "supplement"
name = "补充医疗保险"
fund = "370100"
trace = "unlisted"
when = { care = ["21"], covered_by = ["370"] }
bands_over = "stay"
deductible_per = "stay"
origin = "above_deductible"
assumed = "enrolment_window"

[[layer.schedule]]

[[layer.schedule.band]]
from = "0"
rate = "50%"
assumed = "enrolment_window"

[enrolment]"#;

/// 1.9: one enrolment, one settlement, two funds.
#[tokio::test]
async fn a_birth_is_one_settlement_of_two_funds() {
    let town = Town::open("152501", "2018-03-01").await;
    let text = EMPLOYEES.replacen("[[layer]]\nrule = \"basic\"", MATERNITY, 1);
    let basic = "trace = \"pool\"\nwhen = { care = [\"21\"] }";
    let both = "trace = \"pool\"\nwhen = { care = [\"21\", \"52\"] }";
    town.world
        .decide_by("merged", &text.replacen(basic, both, 1))
        .await;
    let person = town.insured("310", 2017, &[], &[]).await;
    let mut claim = stay(&person, HOSPITAL, "V-1", "2017-07", 500_000);
    (claim.scheme, claim.med_type) = ("310".into(), "52".into());
    let settled = town.settle(claim).await;
    // 3,000; (2,000 − 300) × 80 % = 1,360.
    let expected = vec![("maternity", 300_000), ("basic", 136_000)];
    assert_eq!(paid(&settled), (expected, 64_000));
    assert_eq!(town.balance("fund:510100").await, -300_000);
    assert_eq!(town.balance("fund:310100").await, -136_000);
}

/// 1.17: the supplement is one more payer in the same call, and its fund one more account.
#[tokio::test]
async fn a_supplement_is_a_sixth_payer_in_the_same_call() {
    let town = Town::open("330523", "2020-12-01").await;
    let text = ANJI.replacen("[enrolment]", SUPPLEMENT, 1);
    town.world.decide_by("supplement", &text).await;
    let kinds = ["2303", "236034", "236021"].map(|kind| (kind, "2019-01-01"));
    let person = town.insured("390", 2020, &kinds, &["370"]).await;
    let mut claim = stay(&person, HOSPITAL, "V-1", "2020-07", 10_000_000);
    claim.diagnosis_code = "F20.900".into();
    let settled = town.settle(claim).await;
    // Five as without it leave 498.60, of which half.
    let expected = vec![
        ("basic", 8_449_000),
        ("critical", 358_150),
        ("assistance", 954_280),
        ("veterans", 138_850),
        ("mental_aid", 49_860),
        ("supplement", 24_930),
    ];
    assert_eq!(paid(&settled), (expected, 24_930));
    assert_eq!(town.balance("fund:370100").await, -24_930);
}
