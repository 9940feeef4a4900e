//! Stays that were referred, or admitted without a deposit: settled by the visit, and freed with it.

use super::{Billing, line, refused, stay};
use integration_tests::{HOSPITAL, World, patient};
use proto::common::Filing;
use proto::orchestrator::registered_visit::State;
use proto::orchestrator::{self as pb, Visit};

#[tokio::test]
async fn a_referred_stay_uses_its_referral_up_and_gives_it_back() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let referral_id = world.referred(&person).await;
    let unfiled = Visit {
        referral_id: referral_id.clone(),
        ..stay(&person, "Z-1")
    };
    assert_eq!(
        refused(desk.register(unfiled.clone()).await),
        "INVALID_FIELD"
    );
    let filing = Filing::Referred.into();
    let id = desk.register(Visit { filing, ..unfiled }).await.unwrap();
    let lines = vec![line("1", 500_000, 1, "2017-03-01")];
    desk.upload(&id, lines).await.unwrap();
    desk.discharge(&id, "2017-03-10").await.unwrap();
    let settled = desk.settle_as("referred", &id, None).await.unwrap();
    assert_eq!(settled.referral_id, referral_id);
    // The saga has a row: asked again it tells the same.
    let again = desk.settle_as("referred", &id, None).await.unwrap();
    assert_eq!(again, settled);
    desk.reverse(&settled.settlement_id).await;
    assert_eq!(desk.state(&id).await, State::Discharged);
    let anew = desk.settle(&id).await.unwrap();
    assert_eq!(anew.amounts, settled.amounts);
    world.ledger().await;
}

#[tokio::test]
async fn a_stay_without_a_deposit_closes_its_guarantee() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let registered = stay(&person, "Z-1");
    let id = desk.register(registered.clone()).await.unwrap();
    let admission = pb::Admission {
        person_id: person.clone(),
        institution_code: HOSPITAL.into(),
        visit_number: "Z-1".into(),
        scheme: "390".into(),
        med_type: "21".into(),
        begin_day: "2017-03-01".into(),
        diagnosis_code: "J18.900".into(),
        estimate_fen: 500_000,
        ..Default::default()
    };
    let request = pb::AdmitRequest {
        request_id: "admit".into(),
        admission: Some(admission),
    };
    let mut client = world.suite.desk(HOSPITAL).orchestrator();
    let opened = client.admit(patient(request)).await.unwrap().into_inner();
    let guarantee_id = opened.guarantee.unwrap().guarantee_id;
    let lines = vec![line("1", 500_000, 1, "2017-03-01")];
    desk.upload(&id, lines).await.unwrap();
    desk.discharge(&id, "2017-03-10").await.unwrap();
    assert_eq!(refused(desk.settle(&id).await), "GUARANTEE_NOT_NAMED");
    let named = Visit {
        guarantee_id,
        ..registered
    };
    desk.change(&id, named).await.unwrap();
    desk.settle(&id).await.unwrap();
    assert_eq!(desk.state(&id).await, State::Settled);
    world.ledger().await;
}
