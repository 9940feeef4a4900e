//! Stays that were referred, or admitted without a deposit: settled by the visit, and freed with it.

use super::parts::place;
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

fn admitted(person: &str, request_id: &str) -> pb::AdmitRequest {
    let admission = pb::Admission {
        person_id: person.into(),
        institution_code: HOSPITAL.into(),
        visit_number: "Z-1".into(),
        scheme: "390".into(),
        med_type: "21".into(),
        begin_day: "2017-03-01".into(),
        diagnosis_code: "J18.900".into(),
        estimate_fen: 500_000,
        ..Default::default()
    };
    pb::AdmitRequest {
        request_id: request_id.into(),
        admission: Some(admission),
    }
}

/// The referral is used up by the first part and given back with it; the guarantee stands until the
/// last part, also one that was opened after the first.
#[tokio::test]
async fn in_parts_the_referral_goes_with_the_first_and_the_guarantee_with_the_last() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let referral_id = world.referred(&person).await;
    let referred = Visit {
        referral_id: referral_id.clone(),
        filing: Filing::Referred.into(),
        ..stay(&person, "Z-1")
    };
    let id = desk.register(referred).await.unwrap();
    let lines = vec![
        line("1", 500_000, 1, "2017-03-05"),
        line("2", 500_000, 1, "2017-04-05"),
    ];
    desk.upload(&id, lines).await.unwrap();
    desk.discharge(&id, "2017-04-10").await.unwrap();
    let first = desk.settle_through(&id, "2017-03-31").await.unwrap();
    assert_eq!(
        (first.referral_id.as_str(), place(&first).0),
        (referral_id.as_str(), 1)
    );
    let last = desk.settle(&id).await.unwrap();
    assert_eq!((last.referral_id.as_str(), place(&last).0), ("", 2));
    desk.reverse(&last.settlement_id).await;
    desk.reverse(&first.settlement_id).await;
    // It was given back: it is used up again.
    let first = desk.settle_through(&id, "2017-03-31").await.unwrap();
    assert_eq!(first.referral_id, referral_id);
    desk.reverse(&first.settlement_id).await;

    let person = world.insured(None).await;
    let registered = Visit {
        visit_number: "Z-2".into(),
        ..stay(&person, "Z-2")
    };
    let id = desk.register(registered.clone()).await.unwrap();
    let lines = vec![
        line("1", 500_000, 1, "2017-03-05"),
        line("2", 500_000, 1, "2017-04-05"),
    ];
    desk.upload(&id, lines).await.unwrap();
    let first = desk.settle_through(&id, "2017-03-31").await.unwrap();
    let mut request = admitted(&person, "admit");
    request.admission.as_mut().unwrap().visit_number = "Z-2".into();
    let mut client = world.suite.desk(HOSPITAL).orchestrator();
    let opened = client.admit(patient(request)).await.unwrap().into_inner();
    let guarantee_id = opened.guarantee.unwrap().guarantee_id;
    let named = Visit {
        guarantee_id: guarantee_id.clone(),
        ..registered
    };
    desk.change(&id, named).await.unwrap();
    // A part neither closes it nor needs to name it.
    desk.reverse(&first.settlement_id).await;
    let first = desk.settle_through(&id, "2017-03-31").await.unwrap();
    assert_eq!(first.guarantee_id, "");
    desk.discharge(&id, "2017-04-10").await.unwrap();
    let last = desk.settle(&id).await.unwrap();
    assert_eq!(last.guarantee_id, guarantee_id);
    let get = proto::settlement::GetGuaranteeRequest { guarantee_id };
    let found = world.clerk().settlement().get_guarantee(get).await.unwrap();
    let state = found.into_inner().guarantee.unwrap().state();
    assert_eq!(state, proto::settlement::guarantee::State::Closed);
    world.ledger().await;
}
