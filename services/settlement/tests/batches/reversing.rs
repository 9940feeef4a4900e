//! 整批撤销: all settlements of all holds, or none.

use crate::desk::{Desk, HOSPITAL, MINUTE, OTHER_HOSPITAL, code, no, of, person, stay, three};
use proto::common;
use proto::common::settlement::State;
use proto::settlement as pb;
use tonic_types::StatusExt;

#[tokio::test]
async fn a_batch_is_taken_back_to_the_fen() {
    let mut desk = Desk::open().await;
    desk.post(&stay(1, "V0", "2017-02-01", 5_000))
        .await
        .unwrap();
    let (before, money) = (desk.accumulators(&person(1)).await, desk.ledger().await);
    let (_, first) = desk.hold(&three(1)).await.unwrap();
    let (_, second) = desk.hold(&three(2)).await.unwrap();
    let holds = [first.hold_id.as_str(), second.hold_id.as_str()];
    let told = no(desk.reverse_holds(&holds).await);
    assert_eq!(told, ("HOLD_NOT_POSTED".into(), "hold_ids".into()));
    desk.post_holds(&holds).await.unwrap();

    let request = pb::ReverseHoldsRequest {
        request_id: "X1".into(),
        origin: vec![],
        hold_ids: holds.iter().map(|id| id.to_string()).collect(),
        reason: "整批有误".into(),
        institution_code: String::new(),
    };
    desk.wait(MINUTE);
    let told = desk
        .client
        .reverse_holds(of(request.clone()))
        .await
        .unwrap();
    let again = desk.client.reverse_holds(of(request)).await.unwrap();
    let (told, again) = (told.into_inner(), again.into_inner());
    assert!(!told.replayed && again.replayed);
    assert_eq!(told.settlements, again.settlements);
    assert!(
        told.settlements
            .iter()
            .all(|one| one.state() == State::Reversed)
    );
    assert_eq!(told.settlements.len(), 6);
    assert_eq!(
        desk.accumulators(&person(1)).await.accumulators,
        before.accumulators
    );
    assert!(desk.accumulators(&person(2)).await.accumulators.is_empty());
    let standing = desk.ledger().await.into_iter().filter(|(_, fen)| *fen != 0);
    assert_eq!(standing.collect::<Vec<_>>(), money);
    // Each entry has its opposite, which names it.
    let id = &told.settlements[0].settlement_id;
    let entries = desk.entries(id).await;
    let (posted, opposite) = entries.split_at(entries.len() / 2);
    assert!(!posted.is_empty() && posted.iter().all(|(_, _, of)| of.is_empty()));
    assert!(opposite.iter().all(|(_, _, of)| of == id));
    assert_eq!(entries.iter().map(|(_, fen, _)| fen).sum::<i64>(), 0);

    assert_eq!(code(desk.reverse_holds(&holds).await), "ALREADY_REVERSED");
    // The visits can be settled again.
    let (_, third) = desk.hold(&three(1)).await.unwrap();
    desk.post_holds(&[&third.hold_id]).await.unwrap();
}

#[tokio::test]
async fn an_institution_is_not_told_of_others_settlements() {
    let mut desk = Desk::open().await;
    let (_, hold) = desk.hold(&three(1)).await.unwrap();
    desk.post_holds(&[&hold.hold_id]).await.unwrap();
    let elsewhere = common::Claim {
        institution_code: OTHER_HOSPITAL.into(),
        ..stay(1, "V9", "2017-06-01", 700)
    };
    let newer = desk.post(&elsewhere).await.unwrap();
    for (code, hears) in [(HOSPITAL, false), (OTHER_HOSPITAL, true), ("", true)] {
        let request = pb::ReverseHoldsRequest {
            request_id: desk.id(),
            origin: vec![],
            hold_ids: vec![hold.hold_id.clone()],
            reason: "整批有误".into(),
            institution_code: code.into(),
        };
        let refused = desk.client.reverse_holds(of(request)).await.unwrap_err();
        let facts = refused.get_error_details();
        let facts = facts.error_info().unwrap();
        assert_eq!(facts.reason, "NOT_NEWEST");
        let told = format!("{} {:?}", refused.message(), facts.metadata);
        assert_eq!(told.contains(&newer.settlement_id), hears, "{told}");
    }
}

#[tokio::test]
async fn what_is_newer_or_gone_keeps_all_from_it() {
    let mut desk = Desk::open().await;
    let (_, first) = desk.hold(&three(1)).await.unwrap();
    let (_, second) = desk.hold(&three(2)).await.unwrap();
    let holds = [first.hold_id.as_str(), second.hold_id.as_str()];
    let posted = desk.post_holds(&holds).await.unwrap().settlements;
    let newer = desk.post(&stay(2, "V9", "2017-06-01", 700)).await.unwrap();
    assert_eq!(code(desk.reverse_holds(&holds).await), "NOT_NEWEST");
    // One alone is reversed in its place among the others, not before.
    assert_eq!(
        code(desk.reverse(&posted[0].settlement_id).await),
        "NOT_NEWEST"
    );
    desk.reverse(&newer.settlement_id).await.unwrap();
    desk.reverse(&posted[2].settlement_id).await.unwrap();
    assert_eq!(code(desk.reverse_holds(&holds).await), "ALREADY_REVERSED");
    assert_eq!(desk.reverse_holds(&holds[1..]).await.unwrap().len(), 3);

    // Two batches of a year go together, and while it is held nothing does.
    let (_, third) = desk.hold(&three(3)).await.unwrap();
    desk.post_holds(&[&third.hold_id]).await.unwrap();
    let later = [stay(3, "V9", "2017-06-01", 700)];
    let (request_id, fourth) = desk.hold(&later).await.unwrap();
    assert_eq!(
        code(desk.reverse_holds(&[&third.hold_id]).await),
        "CLAIM_IN_PROGRESS"
    );
    desk.post_holds(&[&fourth.hold_id]).await.unwrap();
    desk.release(&request_id).await;
    assert_eq!(
        code(desk.reverse_holds(&[&third.hold_id]).await),
        "NOT_NEWEST"
    );
    let both = [third.hold_id.as_str(), fourth.hold_id.as_str()];
    assert_eq!(desk.reverse_holds(&both).await.unwrap().len(), 4);
    assert!(desk.accumulators(&person(3)).await.accumulators.is_empty());
    desk.ledger().await;
}
