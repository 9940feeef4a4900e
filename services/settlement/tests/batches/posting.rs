//! 整批结算: all claims of all holds, or none.

use crate::desk::{Desk, OTHER_HOSPITAL, code, no, of, person, stay, three};
use crate::holds::worth;
use proto::common::settlement::State;
use proto::settlement as pb;

#[tokio::test]
async fn a_batch_comes_to_what_its_claims_would_have_come_to_one_by_one() {
    let mut desk = Desk::open().await;
    for claim in three(1).iter().chain(&three(2)) {
        desk.post(claim).await.unwrap();
    }
    let (expected, alone) = (desk.accumulators(&person(1)).await, desk.ledger().await);

    let (_, third) = desk.hold(&three(3)).await.unwrap();
    let (_, fourth) = desk.hold(&three(4)).await.unwrap();
    let holds = [fourth.hold_id.as_str(), third.hold_id.as_str()];
    let batch = desk.post_holds(&holds).await.unwrap();
    assert!(!batch.replayed);
    let ids = |all: &[proto::common::Settlement]| -> Vec<String> {
        all.iter().map(|one| one.settlement_id.clone()).collect()
    };
    // In the order of the holds that was asked for, and what was held unchanged.
    let held = [fourth.settlements, third.settlements].concat();
    assert_eq!(ids(&batch.settlements), ids(&held));
    assert_eq!(worth(&batch.settlements), worth(&held));
    assert!(
        batch
            .settlements
            .iter()
            .all(|one| one.state() == State::Posted)
    );
    for number in [3, 4] {
        assert_eq!(desk.accumulators(&person(number)).await, expected);
    }
    // Twice the people, twice the money.
    let twice: Vec<_> = alone
        .into_iter()
        .map(|(name, fen)| (name, 2 * fen))
        .collect();
    assert_eq!(desk.ledger().await, twice);
    // Each can be explained, and the year goes on.
    for id in ids(&batch.settlements) {
        let asked = pb::ExplainSettlementRequest { settlement_id: id };
        desk.client.explain_settlement(of(asked)).await.unwrap();
    }
    let next = desk.post(&stay(3, "V9", "2017-06-01", 700)).await.unwrap();
    assert_eq!(next.ordinal, 4);
    assert_eq!(code(desk.post_holds(&holds[..1]).await), "HOLD_POSTED");
}

#[tokio::test]
async fn a_batch_is_posted_once() {
    let mut desk = Desk::open().await;
    let (_, first) = desk.hold(&three(1)).await.unwrap();
    let (_, second) = desk.hold(&three(2)).await.unwrap();
    let request = pb::PostHoldsRequest {
        request_id: "B1".into(),
        origin: vec![],
        hold_ids: vec![second.hold_id, first.hold_id],
    };
    let told = desk.client.post_holds(of(request.clone())).await.unwrap();
    let again = desk.client.post_holds(of(request)).await.unwrap();
    let (told, again) = (told.into_inner(), again.into_inner());
    assert!(!told.replayed && again.replayed);
    assert_eq!(told.settlements, again.settlements);
    assert_eq!(told.settlements.len(), 6);
}

#[tokio::test]
async fn a_batch_that_is_posted_is_asked_for_by_its_key_alone() {
    let mut desk = Desk::open().await;
    let (_, hold) = desk.hold(&three(1)).await.unwrap();
    let origin = vec![7; 32];
    let request = |request_id: &str, hold_ids| pb::PostHoldsRequest {
        request_id: request_id.into(),
        origin: origin.clone(),
        hold_ids,
    };
    let told = no(desk.client.post_holds(of(request("B0", vec![]))).await);
    assert_eq!(told, ("INVALID_FIELD".into(), "hold_ids".into()));
    let posted = request("B1", vec![hold.hold_id]);
    let told = desk.client.post_holds(of(posted)).await.unwrap();
    let again = desk.client.post_holds(of(request("B1", vec![]))).await;
    let again = again.unwrap().into_inner();
    assert!(again.replayed);
    assert_eq!(told.into_inner().settlements, again.settlements);
}

#[tokio::test]
async fn one_hold_that_cannot_be_posted_keeps_all_from_it() {
    let mut desk = Desk::open().await;
    let (_, good) = desk.hold(&three(1)).await.unwrap();
    let (released, gone) = desk.hold(&three(2)).await.unwrap();
    desk.release(&released).await;
    let unknown = person(9);
    let told = no(desk.post_holds(&[&good.hold_id, &unknown]).await);
    assert_eq!(told, ("HOLD_UNKNOWN".into(), "hold_ids[1]".into()));
    let told = no(desk.post_holds(&[&good.hold_id, &gone.hold_id]).await);
    assert_eq!(told, ("HOLD_RELEASED".into(), "hold_ids".into()));
    let told = no(desk.post_holds(&[&good.hold_id, &good.hold_id]).await);
    assert_eq!(told, ("INVALID_FIELD".into(), "hold_ids[1]".into()));

    // The visit of another person's held claim is settled meanwhile: ids of visits are the
    // institution's, and nobody holds those.
    let (_, bad) = desk.hold(&three(3)).await.unwrap();
    desk.post(&stay(4, "V3-2", "2017-03-01", 100))
        .await
        .unwrap();
    let told = no(desk.post_holds(&[&good.hold_id, &bad.hold_id]).await);
    assert_eq!(told, ("VISIT_SETTLED".into(), "hold_ids".into()));
    assert!(desk.accumulators(&person(1)).await.accumulators.is_empty());
    // Two holds with one visit cannot be posted together either.
    let mut same = stay(5, "V1-1", "2017-03-02", 900);
    let (_, clashing) = desk.hold(&[same.clone()]).await.unwrap();
    let told = no(desk.post_holds(&[&good.hold_id, &clashing.hold_id]).await);
    assert_eq!(told, ("VISIT_SETTLED".into(), "hold_ids".into()));
    same.institution_code = OTHER_HOSPITAL.into();
    same.person_id = person(6);
    let (_, elsewhere) = desk.hold(&[same]).await.unwrap();
    let all = [good.hold_id.as_str(), elsewhere.hold_id.as_str()];
    assert_eq!(desk.post_holds(&all).await.unwrap().settlements.len(), 4);
    desk.ledger().await;
}

#[tokio::test]
async fn a_batch_has_at_most_two_hundred_claims() {
    let mut desk = Desk::open().await;
    let claim = |person: u32, n: i64| {
        let day = format!("2017-{:02}-{:02}", 1 + n % 10, 1 + n / 10);
        stay(person, &format!("V{person}-{n}"), &day, 100 + n)
    };
    let of_person =
        |person: u32, count: i64| -> Vec<_> { (0..count).map(|n| claim(person, n)).collect() };
    let told = no(desk.hold(&of_person(1, 201)).await);
    assert_eq!(told, ("INVALID_FIELD".into(), "claims".into()));
    let (_, most) = desk.hold(&of_person(1, 200)).await.unwrap();
    let (_, more) = desk.hold(&of_person(2, 1)).await.unwrap();
    let told = no(desk.post_holds(&[&most.hold_id, &more.hold_id]).await);
    assert_eq!(told, ("INVALID_FIELD".into(), "hold_ids".into()));
    let posted = desk.post_holds(&[&most.hold_id]).await.unwrap().settlements;
    let ordinals: Vec<i64> = posted.iter().map(|one| one.ordinal).collect();
    assert_eq!(ordinals, (1..=200).collect::<Vec<_>>());
    assert_eq!(desk.accumulators(&person(1)).await.version, 200);
    desk.ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_and_settlements_at_once_never_both_decide_by_the_same_year() {
    let mut desk = Desk::open().await;
    for round in 0..6 {
        let mut settling = Vec::new();
        for n in 0..4 {
            let claim = stay(round, &format!("C{round}-{n}"), "2017-06-01", 20_000 + n);
            let (mut client, id) = (desk.client.clone(), desk.id());
            settling.push(tokio::spawn(async move {
                let request = pb::PostSettlementRequest {
                    request_id: id,
                    member: Some(crate::desk::member(&claim)),
                    claim: Some(claim),
                    ..Default::default()
                };
                client.post_settlement(of(request)).await
            }));
        }
        let held = desk.hold(&three(round)).await;
        let mut versions: i64 = 0;
        for answer in settling {
            match answer.await.unwrap() {
                Ok(_) => versions += 1,
                Err(no) => assert_eq!(code::<()>(Err(no)), "CLAIM_IN_PROGRESS"),
            }
        }
        if let Ok((_, hold)) = held {
            let held = worth(&hold.settlements);
            let posted = desk.post_holds(&[&hold.hold_id]).await.unwrap();
            assert_eq!(worth(&posted.settlements), held);
            versions += 3;
        }
        // Each stands on the one before it.
        assert_eq!(desk.accumulators(&person(round)).await.version, versions);
    }
    desk.ledger().await;
}
