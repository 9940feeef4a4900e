//! Every fact of the wire reaches the price, is kept with the settlement, and explains it.

use crate::desk::{
    COUNTY, Desk, PLAIN, RESTRICTED, SHANGHAI, STRANGER, TARGETED, code, member, of, stay,
};
use proto::common::claim_line::Approval;
use proto::common::{self, Amounts, Claim, Filing, Member, Place};
use proto::settlement as pb;
use tonic::Code;

const BY_FACTS: &str = include_str!("by_facts.toml");

/// A claim of 10000 yuan of somebody nothing is known of, and what makes it another.
type Told = fn(&mut Claim, &mut Member);

fn unknown(visit: &str) -> (Claim, Member) {
    let mut member = member(&[]);
    member.birth_day.clear();
    member.continuous_years = 0;
    (stay(COUNTY, visit, &[(PLAIN, 10_000)]), member)
}

/// What the pool and the second layer pay, and what is nobody's but the patient's.
fn paid(amounts: &Amounts) -> (i64, i64, i64) {
    let of = |rule: &str| {
        amounts
            .shares
            .iter()
            .find(|share| share.rule == rule)
            .unwrap()
    };
    (
        of("basic").paid_fen,
        of("aid").paid_fen,
        amounts.own_pay_fen + amounts.first_pay_fen,
    )
}

const FACTS: &[(&str, Told, (i64, i64, i64))] = &[
    ("nothing", |_, _| (), (10_000, 0, 0)),
    (
        "age on the last day",
        |_, member| member.birth_day = "1954-09-30".into(),
        (30_000, 0, 0),
    ),
    (
        "not yet that age",
        |_, member| member.birth_day = "1954-10-01".into(),
        (10_000, 0, 0),
    ),
    (
        "disease",
        |claim, _| claim.disease_codes = vec!["M03900".into(), "M01600".into()],
        (50_000, 0, 0),
    ),
    (
        "the claim's disease is the first",
        |claim, _| {
            claim.disease_codes = vec!["M01600".into(), "M03900".into()];
        },
        (10_000, 0, 0),
    ),
    (
        "decided on the last day",
        |claim, _| claim.decided_day = "2020-09-30".into(),
        (10_000, 0, 0),
    ),
    (
        "not contracted",
        |claim, _| claim.institution_code = STRANGER.into(),
        (170_000, 0, 0),
    ),
    (
        "resident",
        |claim, _| {
            claim.institution_code = SHANGHAI.into();
            claim.filing = Filing::Resident.into();
        },
        (330_000, 0, 0),
    ),
    (
        "resident, and at home",
        |claim, _| claim.filing = Filing::Resident.into(),
        (10_000, 0, 0),
    ),
    // 9900 yuan are left, 4000 of them the deductible.
    (
        "income",
        |claim, _| claim.household_income_fen = Some(4_000_000),
        (10_000, 295_000, 0),
    ),
    (
        "no income",
        |claim, _| claim.household_income_fen = Some(0),
        (10_000, 495_000, 0),
    ),
    (
        "third party",
        |claim, _| claim.third_party_share_bp = 7_000,
        (3_000, 0, 0),
    ),
    (
        "advance",
        |claim, _| {
            (claim.third_party_share_bp, claim.advance_payment) = (7_000, true);
        },
        (10_000, 0, 0),
    ),
    (
        "restricted, nothing said",
        |claim, _| claim.lines[0].item_code = RESTRICTED.into(),
        (0, 0, 1_000_000),
    ),
    (
        "restricted, approved",
        |claim, _| {
            claim.lines[0].item_code = RESTRICTED.into();
            claim.lines[0].approval = Approval::Approved.into();
        },
        (10_000, 0, 0),
    ),
    (
        "restricted, refused",
        |claim, _| {
            claim.lines[0].item_code = RESTRICTED.into();
            claim.lines[0].approval = Approval::Refused.into();
        },
        (0, 0, 1_000_000),
    ),
    (
        "own-pay by the hospital",
        |claim, _| claim.lines[0].approval = Approval::Refused.into(),
        (0, 0, 1_000_000),
    ),
    (
        "approved without need",
        |claim, _| claim.lines[0].approval = Approval::Approved.into(),
        (10_000, 0, 0),
    ),
    (
        "mark",
        |claim, _| claim.lines[0].item_code = TARGETED.into(),
        (5_000, 0, 500_000),
    ),
    (
        "day of the fee",
        |claim, _| claim.lines[0].fee_day = "2020-09-21".into(),
        (10_000, 0, 0),
    ),
];

#[tokio::test]
async fn every_fact_reaches_the_price_and_explains_it() {
    let mut desk = Desk::open().await;
    desk.enact(BY_FACTS).await;
    for (name, tell, expected) in FACTS {
        let (mut claim, mut member) = unknown("V1");
        tell(&mut claim, &mut member);
        let quote = desk.price(&claim, &member).await.unwrap();
        assert_eq!(paid(quote.amounts.as_ref().unwrap()), *expected, "{name}");
        // Kept with the settlement: the replay gives the same, or is refused.
        let id = desk.post(&claim, &member).await;
        let told = desk.explain(&id).await;
        assert_eq!(told.settlement.unwrap().amounts, quote.amounts, "{name}");
        assert!(
            told.reasons
                .iter()
                .all(|reason| reason.assumed != reason.assumption.is_empty())
        );
        desk.reverse(&id).await;
    }
}

#[tokio::test]
async fn a_later_year_of_decision_and_years_of_insurance_count() {
    let mut desk = Desk::open().await;
    desk.enact(BY_FACTS).await;
    let (mut claim, mut member) = unknown("V1");
    desk.wait_until_2021();
    claim.decided_day = "2021-01-05".into();
    let quote = desk.price(&claim, &member).await.unwrap();
    assert_eq!(paid(quote.amounts.as_ref().unwrap()).0, 90_000);
    claim.decided_day = "2021-02-05".into();
    let no = desk.price(&claim, &member).await.unwrap_err();
    assert_eq!(no.code(), Code::InvalidArgument);
    assert!(no.message().contains("claim.decided_day"), "{no}");

    // 1 % of two million yuan is above the cap, which grows by 1000 yuan with the fourth year.
    let (claim, _) = unknown("V2");
    let claim = Claim {
        lines: stay(COUNTY, "V2", &[(PLAIN, 2_000_000)]).lines,
        ..claim
    };
    for (years, cap) in [(0, 1_000_000), (3, 1_000_000), (4, 1_100_000)] {
        member.continuous_years = years;
        let quote = desk.price(&claim, &member).await.unwrap();
        assert_eq!(
            paid(quote.amounts.as_ref().unwrap()).0,
            cap,
            "{years} years"
        );
    }
}

#[tokio::test]
async fn amounts_say_all_the_engine_says() {
    let mut desk = Desk::open().await;
    let claim = stay(COUNTY, "V1", &[(PLAIN, 10_600)]);
    let quote = desk.price(&claim, &member(&["2303"])).await.unwrap();
    let amounts = quote.amounts.unwrap();
    let basic = &amounts.shares[0];
    assert_eq!(
        (basic.rule.as_str(), basic.deductible_fen, basic.paid_fen),
        ("basic", 60_000, 850_000)
    );
    // 8500 of 10600 yuan.
    assert_eq!(
        (amounts.pool_rate_bp, amounts.deductible_fen),
        (8_019, 60_000)
    );
    assert_eq!((amounts.account_shared_fen, amounts.balance_fen), (0, 0));
}

#[tokio::test]
async fn an_institution_keeps_where_it_lies() {
    let mut desk = Desk::open().await;
    let request = pb::ListInstitutionsRequest::default();
    let listed = desk
        .client
        .list_institutions(of(request))
        .await
        .unwrap()
        .into_inner();
    let told = |one: &pb::Institution| (one.institution_code.clone(), one.place(), one.contracted);
    let told: Vec<_> = listed.institutions.iter().map(told).collect();
    let expected = [
        (SHANGHAI, Place::Outside, true),
        (STRANGER, Place::Outside, false),
        ("H33050200001", Place::City, true),
        (COUNTY, Place::District, true),
    ];
    let expected = expected.map(|(code, place, own)| (code.to_string(), place, Some(own)));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_advance_without_a_third_party_is_refused() {
    let mut desk = Desk::open().await;
    let (mut claim, member) = unknown("V1");
    claim.advance_payment = true;
    let no = desk.price(&claim, &member).await.unwrap_err();
    assert_eq!(code(&no), "INVALID_FIELD");
    assert!(no.message().contains("claim.advance_payment"), "{no}");
    let remarks: Vec<common::Remark> = {
        claim.third_party_share_bp = 7_000;
        desk.price(&claim, &member).await.unwrap().remarks
    };
    assert!(
        remarks.iter().any(|one| one.code == "THIRD_PARTY_ADVANCE"),
        "{remarks:?}"
    );
}
