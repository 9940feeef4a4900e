//! 如果改变, as a hospital and a clerk ask it: through the orchestrator and the services behind it.

use integration_tests::{CLINIC, HOSPITAL, World, code, patient, stay};
use kernel::{AreaCode, Principal, Role};
use proto::common::difference::Of;
use proto::common::{Change, Claim, Comparison, IdentityKinds};
use proto::orchestrator as pb;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::settlement::{ExplainChangeRequest, Institution, RegisterInstitutionRequest};
use runtime::Context;
use std::sync::atomic::Ordering;

async fn compare(world: &World, claim: &Claim, change: Change) -> pb::WhatWouldChangeResponse {
    let request = pb::WhatWouldChangeRequest {
        claim: Some(claim.clone()),
        change: Some(change),
    };
    let mut desk = world.clerk().orchestrator();
    let answer = desk.what_would_change(patient(request)).await;
    answer.expect("a comparison").into_inner()
}

async fn price(world: &World, claim: &Claim) -> pb::PreSettleResponse {
    let request = pb::PreSettleRequest {
        claim: Some(claim.clone()),
        ..Default::default()
    };
    let answer = world
        .clerk()
        .orchestrator()
        .pre_settle(patient(request))
        .await;
    answer.expect("a price").into_inner()
}

/// 三级综合医院.
const LARGE: &str = "H15250100003";

async fn register_large(world: &World) {
    let institution = Institution {
        institution_code: LARGE.into(),
        name: "测试机构".into(),
        tier: "3".into(),
        kind: "A1".into(),
        agreement_from_day: "2010-01-01".into(),
        ..Default::default()
    };
    let request = RegisterInstitutionRequest {
        request_id: LARGE.into(),
        institution: Some(institution),
    };
    let mut desk = world.clerk().settlement();
    desk.register_institution(request)
        .await
        .expect("an institution");
}

fn at_tier_3() -> Change {
    Change {
        tier: "3".into(),
        ..Default::default()
    }
}

fn of_identities(kinds: &[&str]) -> Change {
    let identity_kinds = kinds.iter().map(|kind| kind.to_string()).collect();
    Change {
        identity_kinds: Some(IdentityKinds { identity_kinds }),
        ..Default::default()
    }
}

/// What the settlement's database was asked to do for good.
fn commits(world: &World) -> u64 {
    let database = world.suite.database("settlement").expect("a database");
    database.counts().commits.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_comparison_is_two_prices_and_writes_nothing() {
    let world = World::open().await;
    register_large(&world).await;
    let person = world.insured(Some("2303")).await;
    let here = stay(&person, "V1", 8_000);
    let there = Claim {
        institution_code: LARGE.into(),
        ..here.clone()
    };
    let (priced, elsewhere) = (price(&world, &here).await, price(&world, &there).await);
    let before = commits(&world);
    let answer = compare(&world, &here, at_tier_3()).await;
    let compared = answer.comparison.unwrap();
    let quote = priced.quote.unwrap();
    assert_eq!(compared.before, quote.amounts);
    assert_eq!(compared.basis, quote.basis);
    assert_eq!(compared.remarks, quote.remarks);
    assert_eq!(compared.after, elsewhere.quote.unwrap().amounts);
    assert_eq!(
        (answer.member, answer.findings),
        (priced.member, priced.findings)
    );
    assert_ne!(compared.before, compared.after);

    let answer = compare(&world, &here, Change::default()).await;
    assert_eq!(answer.comparison.unwrap().differences, []);
    assert_eq!(commits(&world), before);
}

#[tokio::test]
async fn an_identity_more_or_less_is_told_layer_by_layer() {
    let world = World::open().await;
    let (poor, other) = (world.insured(Some("2303")).await, world.insured(None).await);
    let of_poor = price(&world, &stay(&poor, "V1", 80_000))
        .await
        .quote
        .unwrap();
    let claim = stay(&other, "V2", 80_000);
    let compared = compare(&world, &claim, of_identities(&["2303"]))
        .await
        .comparison
        .unwrap();
    assert_eq!(compared.after, of_poor.amounts);
    let layer = |name: &str| {
        let mut all = compared.differences.iter();
        all.find(|one| one.of() == Of::Layer && one.name == name)
    };
    let aid = layer("assistance").expect("assistance differs");
    assert!(aid.before_fen < aid.after_fen, "{aid:?}");
    assert_total_is_its_parts(&compared);
    let back = compare(&world, &stay(&poor, "V3", 80_000), of_identities(&[])).await;
    assert_eq!(back.comparison.unwrap().after, compared.before);
}

/// What the funds pay more is what their layers pay more.
fn assert_total_is_its_parts(compared: &Comparison) {
    let by = |of: Of, name: &str| -> i64 {
        let fitting = compared.differences.iter().filter(|one| one.of() == of);
        let fitting = fitting.filter(|one| name.is_empty() || one.name == name);
        fitting.map(|one| one.after_fen() - one.before_fen()).sum()
    };
    assert_eq!(by(Of::Total, "fund_pay_sumamt"), by(Of::Layer, ""));
    assert_eq!(
        by(Of::Total, "psn_cash_pay"),
        -by(Of::Total, "fund_pay_sumamt")
    );
}

/// The settlement that was paid, asked about after another one of the year.
#[tokio::test]
async fn a_paid_claim_is_asked_about_by_what_it_rests_on() {
    let world = World::open().await;
    let person = world.insured(Some("2303")).await;
    world
        .settle("R0", stay(&person, "V0", 30_000))
        .await
        .unwrap();
    let mut claim = stay(&person, "V1", 8_000);
    (claim.begin_day, claim.end_day) = ("2017-04-01".into(), "2017-04-09".into());
    let would = compare(&world, &claim, at_tier_3())
        .await
        .comparison
        .unwrap();
    let posted = world.settle("R1", claim).await.unwrap();
    let mut later = stay(&person, "V2", 90_000);
    (later.begin_day, later.end_day) = ("2017-05-01".into(), "2017-05-09".into());
    world.settle("R2", later).await.unwrap();
    let request = ExplainChangeRequest {
        settlement_id: posted.settlement_id,
        change: Some(at_tier_3()),
    };
    let answer = world
        .clerk()
        .settlement()
        .explain_change(request)
        .await
        .unwrap();
    assert_eq!(answer.into_inner().comparison, Some(would));
}

#[tokio::test]
async fn a_hospital_asks_about_its_own_claims_only() {
    let world = World::open().await;
    let person = world.insured(None).await;
    for (hospital, granted) in [(HOSPITAL, true), (CLINIC, false)] {
        let principal = Principal {
            caller: hospital.into(),
            on_behalf_of: None,
            area: AreaCode::parse(integration_tests::AREA).unwrap(),
            roles: vec![Role::Institution],
        };
        let who = Context::of(principal, integration_tests::PATIENCE);
        let mut client = OrchestratorServiceClient::new(world.suite.wires().orchestrator.clone());
        let request = pb::WhatWouldChangeRequest {
            claim: Some(stay(&person, "V1", 8_000)),
            change: Some(at_tier_3()),
        };
        let answer = client.what_would_change(who.own(request)).await;
        match answer {
            Ok(_) => assert!(granted),
            Err(no) => assert!(!granted && code(&no) == "INSTITUTION_MISMATCH", "{no}"),
        }
    }
}
