//! Fee tiers, subsidies paid afterwards, and the years behind a payment: broken, repaid, continuous.

use super::*;
use policy::{Library, Package};
use sea_orm::ConnectionTrait;

const TIERS: &str =
    include_str!("../../../../shared/policy/vectors/packages-enrolment/e1-yubei-2025.toml");
const YEARS: &str =
    include_str!("../../../../shared/policy/vectors/packages-enrolment/e2-qingdao-2025.toml");
const SUMS: &str =
    include_str!("../../../../shared/policy/vectors/packages-enrolment/fixed-sums.toml");

fn library(text: &str) -> Library {
    Library::new(vec![Package::parse("test.toml", text).unwrap()]).unwrap()
}

/// A quote for the year whose fee tier is `tier`.
fn quote(person_id: &str, year: i32, paid_day: &str, tier: &str) -> pb::QuoteSubsidyRequest {
    pb::QuoteSubsidyRequest {
        person_id: person_id.into(),
        scheme: "390".into(),
        year,
        paid_day: paid_day.into(),
        fee_tier: tier.into(),
        ..Default::default()
    }
}

fn payment(
    request_id: &str,
    quote: &pb::QuoteSubsidyRequest,
    paid_fen: i64,
) -> pb::EnrolPersonRequest {
    pb::EnrolPersonRequest {
        request_id: request_id.into(),
        person_id: quote.person_id.clone(),
        scheme: quote.scheme.clone(),
        year: quote.year,
        paid_day: quote.paid_day.clone(),
        paid_fen,
        fee_tier: quote.fee_tier.clone(),
        repaid_years: quote.repaid_years,
        ..Default::default()
    }
}

#[tokio::test]
async fn a_higher_tier_is_paid_for_by_the_person() {
    let mut suite = Suite::of(library(TIERS), "500112", "2025-06-01").await;
    let person = suite.person().await;
    let poor = identity("I-1", &person, "2304", "2024-01-01");
    call!(suite, record_identity(poor)).unwrap();

    // Who names no tier is quoted the first of the year.
    let lowest = call!(suite, quote_subsidy(quote(&person, 2025, "2025-06-01", "")));
    let lowest = lowest.unwrap().subsidy.unwrap();
    assert_eq!((lowest.fee_tier.as_str(), lowest.to_pay_fen), ("1", 0));
    let unknown = quote(&person, 2025, "2025-06-01", "3");
    let no = call!(suite, quote_subsidy(unknown.clone())).unwrap_err();
    assert_eq!(no, "FEE_UNKNOWN");
    let no = call!(suite, enrol_person(payment("E-0", &unknown, 0))).unwrap_err();
    assert_eq!(no, "FEE_UNKNOWN");

    let asked = quote(&person, 2025, "2025-06-01", "2");
    let quoted = call!(suite, quote_subsidy(asked.clone())).unwrap();
    assert_eq!(quoted.due_fen, 37_500);
    let no = call!(suite, enrol_person(payment("E-1", &asked, 0))).unwrap_err();
    assert_eq!(no, "FEE_MISMATCH");
    let request = payment("E-2", &asked, 37_500);
    let made = call!(suite, enrol_person(request.clone())).unwrap();
    let coverage = made.coverage.unwrap();
    assert_eq!(coverage.subsidy, quoted.subsidy);
    let subsidy = coverage.subsidy.clone().unwrap();
    assert_eq!(subsidy.fee_tier, "2");
    assert_eq!((subsidy.subsidy_fen, subsidy.pay_now_fen), (40_000, 37_500));
    // What was stored is what was answered.
    let again = call!(suite, enrol_person(request.clone())).unwrap();
    assert!(again.replayed && again.coverage == Some(coverage));
    // Another tier under the same id is another request.
    let other = pb::EnrolPersonRequest {
        fee_tier: "1".into(),
        ..request
    };
    let no = call!(suite, enrol_person(other)).unwrap_err();
    assert_eq!(no, "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_subsidy_paid_afterwards_is_not_taken_off() {
    let mut suite = Suite::of(library(SUMS), "999999", "2022-06-01").await;
    let person = suite.person().await;
    let margin = identity("I-1", &person, "236074", "2021-01-01");
    call!(suite, record_identity(margin)).unwrap();
    let asked = quote(&person, 2022, "2022-06-01", "");
    let no = call!(suite, enrol_person(payment("E-1", &asked, 10_500))).unwrap_err();
    assert_eq!(no, "FEE_MISMATCH");
    let made = call!(suite, enrol_person(payment("E-2", &asked, 35_000))).unwrap();
    let subsidy = made.coverage.unwrap().subsidy.unwrap();
    assert_eq!((subsidy.pay_now_fen, subsidy.to_pay_fen), (35_000, 10_500));
    assert!(subsidy.reason.unwrap().sentence.contains("事后资助"));
}

#[tokio::test]
async fn years_are_broken_repaid_and_continuous() {
    // The rules of E2 with fees for 2025, 2026 and 2029.
    let rules = YEARS.split("[[waiting_example]]").next().unwrap();
    let rules = rules.replace("year = 2027", "year = 2026");
    let rules = rules.replace("year = 2031", "year = 2029");
    let mut suite = Suite::of(library(&rules), "370200", "2028-11-01").await;
    let person = suite.person().await;
    for (year, paid_day) in [(2025, "2024-11-01"), (2026, "2025-11-01")] {
        let asked = quote(&person, year, paid_day, "");
        let quoted = call!(suite, quote_subsidy(asked.clone())).unwrap();
        assert_eq!(quoted.start.unwrap().waiting_months, 0);
        let request = payment(&format!("E-{year}"), &asked, quoted.due_fen);
        call!(suite, enrol_person(request)).unwrap();
        let member = suite.member(&person, &format!("{year}-05-01")).await;
        assert_eq!(member.continuous_years, year - 2024);
        assert!(member.eligible);
    }

    // 2027 and 2028 are broken: three months and one more, which a repaid year takes away.
    let mut asked = quote(&person, 2029, "2028-11-01", "");
    let quoted = call!(suite, quote_subsidy(asked.clone())).unwrap();
    let start = quoted.start.unwrap();
    assert_eq!(start.benefit_from_day, "2029-05-01");
    assert_eq!((start.broken_years, start.repairable_years), (2, 1));
    let parts: Vec<_> = start
        .parts
        .iter()
        .map(|part| (part.rule.as_str(), part.added_months))
        .collect();
    assert_eq!(parts, [("fixed", 3), ("variable", 1)]);
    assert_eq!((start.reasons.len(), quoted.due_fen), (2, 40_000));

    asked.repaid_years = 2;
    let no = call!(suite, enrol_person(payment("E-1", &asked, 120_000))).unwrap_err();
    assert_eq!(no, "INVALID_FIELD");
    asked.repaid_years = 1;
    let no = call!(suite, enrol_person(payment("E-2", &asked, 40_000))).unwrap_err();
    assert_eq!(no, "FEE_MISMATCH");
    let quoted = call!(suite, quote_subsidy(asked.clone())).unwrap();
    assert_eq!(quoted.due_fen, 80_000);
    let made = call!(suite, enrol_person(payment("E-3", &asked, 80_000))).unwrap();
    let coverage = made.coverage.unwrap();
    assert_eq!(coverage.benefit_from_day, "2029-04-01");
    assert_eq!(
        (coverage.repaid_years, coverage.repair_fee_fen),
        (1, 40_000)
    );
    // A repaid year shortens the wait and mends no break.
    let member = suite.member(&person, "2029-05-01").await;
    assert_eq!((member.continuous_years, member.eligible), (1, true));
    // A year withdrawn was never insured.
    let undone = pb::WithdrawEnrolPersonRequest {
        original_request_id: "E-2025".into(),
    };
    call!(suite, withdraw_enrol_person(undone)).unwrap();
    assert_eq!(
        suite.member(&person, "2026-05-01").await.continuous_years,
        1
    );
}

#[tokio::test]
async fn a_row_from_before_there_were_tiers_reads_as_it_did() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let request = enrol("E-1", &person, "2024-01-05", 40_000);
    let made = call!(suite, enrol_person(request.clone())).unwrap();
    let older = "UPDATE coverage SET pay_now_fen = NULL, fee_tier = NULL, \
        repaid_years = NULL, repair_fee_fen = NULL";
    let older = |tx: store::Tx| async move {
        tx.execute_unprepared(older).await?;
        Ok(())
    };
    suite.db.write(older).await.unwrap();
    let again = call!(suite, enrol_person(request)).unwrap();
    assert_eq!(again.coverage, made.coverage);
    assert!(again.coverage.unwrap().subsidy.unwrap().reason.is_some());
}

#[tokio::test]
async fn what_a_payment_is_like_is_read_strictly() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let good = enrol("E-1", &person, "2024-01-05", 40_000);
    let mut bad = vec![good.clone(); 4];
    bad[0].fee_tier = "一档".into();
    bad[1].repaid_years = -1;
    bad[2].repaid_years = 101;
    bad[3].enrolment_way = "Resident".into();
    for bad in bad {
        let no = call!(suite, enrol_person(bad)).unwrap_err();
        assert_eq!(no, "INVALID_FIELD");
    }
    let flexible = pb::EnrolPersonRequest {
        enrolment_way: "flexible".into(),
        ..good
    };
    assert!(call!(suite, enrol_person(flexible)).is_ok());
}
