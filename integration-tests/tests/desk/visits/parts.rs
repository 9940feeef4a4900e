//! 中途结算: a long stay that is settled in parts while it goes on, and undone newest first. A stay in
//! parts comes to what it comes to whole.

use super::{Billing, line, refused, returned, stay};
use integration_tests::{HOSPITAL, World, code, patient};
use proto::common::{Amounts, Settlement};
use proto::orchestrator::registered_visit::State;
use proto::orchestrator::{
    self as pb, DeniedLine, PostFindingRequest, RefundLinesRequest, RefundedLine,
    ReplaySettlementsRequest, Visit,
};
use tonic::Status;

/// Deductible, and what the funds pay.
pub(super) fn paid(settled: &Settlement) -> (i64, i64) {
    let amounts = settled.amounts.as_ref().unwrap();
    (amounts.deductible_fen, amounts.funds_fen)
}

/// Of which part, and of which year.
pub(super) fn place(settled: &Settlement) -> (i32, bool, i32) {
    (settled.part_number, settled.part_continues, settled.year)
}

/// All that was settled is what it was.
pub(super) async fn replayed(world: &World, count: i64) {
    let mut clerk = world.clerk().receipts();
    let replayed = clerk
        .replay_settlements(patient(ReplaySettlementsRequest::default()))
        .await;
    let replayed = replayed.unwrap().into_inner();
    assert_eq!(replayed.differing, []);
    assert_eq!(replayed.equal_count, count);
}

/// What stands in the way: the code, and the sentence, which names the settlement.
fn in_the_way<T: std::fmt::Debug>(answer: Result<T, Status>) -> (String, String) {
    let no = answer.unwrap_err();
    (code(&no), no.message().to_string())
}

pub(super) async fn refund(
    world: &World,
    settlement: &Settlement,
    number: i32,
) -> Result<(), Status> {
    let line = RefundedLine {
        number,
        quantity_e4: 0,
    };
    let request = RefundLinesRequest {
        request_id: format!("refund-{}-{number}", settlement.settlement_id),
        settlement_id: settlement.settlement_id.clone(),
        lines: vec![line],
        reason: "退药".into(),
    };
    let mut desk = world.suite.desk(HOSPITAL).revisions();
    desk.refund_lines(patient(request)).await.map(drop)
}

async fn stays_of_2017(world: &World, person: &str) -> i64 {
    let year = world.accumulators(person).await;
    let counted = year.accumulators.iter();
    let mut counted = counted.filter(|one| one.name == "stays_count");
    counted.next().map_or(0, |one| one.value)
}

/// A stay of three months: 200, 2,000 and 3,000 yuan.
async fn long_stay(desk: &Billing<'_>, person: &str) -> String {
    let id = desk.register(stay(person, "Z-1")).await.unwrap();
    let lines = vec![
        line("1", 20_000, 1, "2017-03-05"),
        line("2", 100_000, 2, "2017-04-10"),
        line("3", 300_000, 1, "2017-05-20"),
    ];
    desk.upload(&id, lines).await.unwrap();
    id
}

#[tokio::test]
async fn a_stay_in_parts_comes_to_what_it_comes_to_whole() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = long_stay(&desk, &person).await;

    // Of 300 the first part is charged 200, the second the rest.
    let first = desk.settle_through(&id, "2017-03-31").await.unwrap();
    assert_eq!(
        (paid(&first), place(&first)),
        ((20_000, 0), (1, true, 2017))
    );
    assert_eq!(
        (first.begin_day.as_str(), first.end_day.as_str()),
        ("2017-03-01", "2017-03-31")
    );
    assert_eq!(desk.state(&id).await, State::Open);
    let quote = desk.pre_settle_through(&id, "2017-04-30").await.unwrap();
    let second = desk.settle_through(&id, "2017-04-30").await.unwrap();
    assert_eq!(quote.amounts, second.amounts);
    assert_eq!(
        (paid(&second), place(&second)),
        ((10_000, 161_500), (2, true, 2017))
    );
    assert_eq!(refused(desk.settle(&id).await), "VISIT_NOT_DISCHARGED");
    desk.discharge(&id, "2017-05-31").await.unwrap();
    let quote = desk.pre_settle(&id).await.unwrap();
    let last = desk.settle_as("last", &id, quote.basis).await.unwrap();
    assert_eq!(
        (paid(&last), place(&last)),
        ((0, 255_000), (3, false, 2017))
    );
    assert_eq!(last.begin_day, "2017-05-01");
    assert_eq!(desk.state(&id).await, State::Settled);

    let visit = desk.get(&id).await.unwrap().visit.unwrap();
    let parts: Vec<&str> = [&first, &second, &last]
        .map(|one| one.settlement_id.as_str())
        .into();
    assert_eq!(visit.part_settlement_ids, parts);
    assert_eq!(
        (visit.part_count, visit.settled_through_day.as_str()),
        (3, "2017-05-31")
    );
    assert_eq!(visit.settlement_id, last.settlement_id);
    let of: Vec<String> = desk
        .standing(&id)
        .await
        .into_iter()
        .map(|line| line.settlement_id)
        .collect();
    assert_eq!(of, parts);

    // Whole: (5,200 − 300) × 85 %. It counts once.
    let other = world.insured(None).await;
    let whole = integration_tests::stay(&other, "W-1", 5_200);
    let whole = world.settle("whole", whole).await.unwrap();
    assert_eq!(paid(&whole), (30_000, 416_500));
    assert_eq!(place(&whole), (0, false, 2017));
    let sum = |part: fn(&Amounts) -> i64| -> i64 {
        let all = [&first, &second, &last];
        all.iter()
            .map(|one| part(one.amounts.as_ref().unwrap()))
            .sum()
    };
    let amounts = whole.amounts.as_ref().unwrap();
    assert_eq!(sum(|a| a.funds_fen), amounts.funds_fen);
    assert_eq!(sum(|a| a.cash_fen), amounts.cash_fen);
    let (parts, once) = (
        world.accumulators(&person).await,
        world.accumulators(&other).await,
    );
    assert_eq!(parts.accumulators, once.accumulators);
    replayed(&world, 4).await;
    world.ledger().await;
}

#[tokio::test]
async fn what_a_part_has_settled_is_fixed_until_it_is_undone_newest_first() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = long_stay(&desk, &person).await;
    for day in ["2017-02-28", "2018-03-02"] {
        assert_eq!(refused(desk.settle_through(&id, day).await), "PART_DAYS");
    }
    assert_eq!(
        refused(desk.settle_through(&id, "2017-03-04").await),
        "VISIT_EMPTY"
    );
    let first = desk.settle_through(&id, "2017-03-31").await.unwrap();
    assert_eq!(
        refused(desk.settle_through(&id, "2017-03-31").await),
        "PART_DAYS"
    );
    let second = desk.settle_through(&id, "2017-04-30").await.unwrap();

    let late = vec![line("4", 100, 1, "2017-04-30")];
    assert_eq!(
        refused(desk.upload(&id, late.clone()).await),
        "LINE_DAY_SETTLED"
    );
    let back = returned("5", &line("2", 100_000, 2, "2017-04-10"), 1, "2017-05-02");
    assert_eq!(
        refused(desk.upload(&id, vec![back.clone()]).await),
        "RETURN_SETTLED"
    );
    assert_eq!(refused(desk.revoke(&id, &["2"]).await), "LINE_SETTLED");
    assert_eq!(
        refused(desk.discharge(&id, "2017-04-29").await),
        "VISIT_DAYS"
    );
    let earlier = Visit {
        begin_day: "2017-02-01".into(),
        ..stay(&person, "Z-1")
    };
    assert_eq!(refused(desk.change(&id, earlier).await), "PART_FIXED");
    let other_diagnosis = Visit {
        diagnosis_code: "J15.900".into(),
        ..stay(&person, "Z-1")
    };
    desk.change(&id, other_diagnosis).await.unwrap();

    for no in [
        in_the_way(desk.try_reverse(&first.settlement_id).await),
        in_the_way(refund(&world, &first, 1).await),
    ] {
        assert_eq!(no.0, "PART_CONTINUED");
        assert!(no.1.contains(&second.settlement_id), "{}", no.1);
    }
    // Nothing but the newest is undone; then all is as it was.
    desk.revoke(&id, &[]).await.unwrap();
    desk.discharge(&id, "2017-05-31").await.unwrap();
    assert_eq!(refused(desk.settle(&id).await), "PARTS_LEAVE_NOTHING");
    desk.reverse(&second.settlement_id).await;
    desk.upload(&id, vec![back]).await.unwrap();
    desk.cancel_discharge(&id).await.unwrap();
    desk.reverse(&first.settlement_id).await;
    let visit = desk.get(&id).await.unwrap().visit.unwrap();
    assert_eq!((visit.state(), visit.part_count), (State::Open, 0));
    assert_eq!(visit.settled_through_day, "");
    assert_eq!(stays_of_2017(&world, &person).await, 0);
    desk.upload(&id, late).await.unwrap();
    assert_eq!(desk.revoke(&id, &[]).await.unwrap(), 4);
    desk.cancel(&id).await.unwrap();
    replayed(&world, 2).await;
    world.ledger().await;
}

#[tokio::test]
async fn returns_go_with_what_they_return_and_the_last_part_is_refunded_by_line() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = long_stay(&desk, &person).await;
    // Returned in May, of April: the part of April is of one unit.
    let drug = line("2", 100_000, 2, "2017-04-10");
    desk.upload(&id, vec![returned("4", &drug, 1, "2017-05-02")])
        .await
        .unwrap();
    let first = desk.settle_through(&id, "2017-04-30").await.unwrap();
    // (1,200 − 300) × 85 %.
    assert_eq!(paid(&first), (30_000, 76_500));
    let settled = desk.standing(&id).await;
    let settled = settled.iter().filter(|line| !line.settlement_id.is_empty());
    assert_eq!(settled.count(), 3);
    // Nothing rests on it yet: a line of it is refunded, and what comes next finds 200 charged.
    refund(&world, &first, 2).await.unwrap();
    desk.discharge(&id, "2017-05-31").await.unwrap();
    let last = desk.settle(&id).await.unwrap();
    // (3,000 − 100) × 85 %.
    assert_eq!(paid(&last), (10_000, 246_500));
    replayed(&world, 2).await;
    world.ledger().await;
}

#[tokio::test]
async fn a_finding_in_a_part_moves_the_later_ones_by_its_deductible() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = long_stay(&desk, &person).await;
    let first = desk.settle_through(&id, "2017-03-31").await.unwrap();
    let second = desk.settle_through(&id, "2017-04-30").await.unwrap();
    let denied = DeniedLine {
        number: 1,
        rule_code: "R1".into(),
        sentence: "超适应症".into(),
    };
    let request = PostFindingRequest {
        request_id: "finding".into(),
        settlement_id: first.settlement_id.clone(),
        lines: vec![denied],
        reason: "核查".into(),
        ..Default::default()
    };
    let mut desk_of_clerk = world.clerk().revisions();
    let posted = desk_of_clerk.post_finding(patient(request)).await.unwrap();
    // The second part is charged all of the 300 now: (2,000 − 300) × 85 %.
    let revisions = posted.into_inner().revisions;
    let after: Vec<(String, i64, i64)> = revisions
        .iter()
        .map(|one| {
            let after = one.after.as_ref().unwrap();
            (
                one.settlement_id.clone(),
                after.deductible_fen,
                after.funds_fen,
            )
        })
        .collect();
    let expected = [
        (first.settlement_id.clone(), 0, 0),
        (second.settlement_id.clone(), 30_000, 144_500),
    ];
    assert_eq!(after, expected);
    desk.discharge(&id, "2017-05-31").await.unwrap();
    let last = desk.settle(&id).await.unwrap();
    assert_eq!(paid(&last), (0, 255_000));
    replayed(&world, 3).await;
    world.ledger().await;
}

#[tokio::test]
async fn only_a_registered_stay_is_settled_in_parts() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let visit = super::visit(&person, HOSPITAL, "M-1", "11", "2017-06-01");
    let id = desk.register(visit).await.unwrap();
    desk.upload(&id, vec![line("1", 30_000, 1, "2017-06-01")])
        .await
        .unwrap();
    assert_eq!(
        refused(desk.settle_through(&id, "2017-06-01").await),
        "PART_NOT_STAY"
    );
    // A claim by hand is whole.
    let claim = integration_tests::stay(&person, "W-1", 1_000);
    let mut client = world.suite.desk(HOSPITAL).orchestrator();
    let request = pb::SettleRequest {
        request_id: "by-hand".into(),
        claim: Some(claim.clone()),
        through_day: "2017-03-05".into(),
        ..Default::default()
    };
    assert_eq!(
        refused(client.settle(patient(request)).await),
        "INVALID_FIELD"
    );
    let mut part = claim;
    part.part_number = 2;
    part.stay_begin_day = "2017-02-01".into();
    let request = pb::SettleRequest {
        request_id: "by-hand-2".into(),
        claim: Some(part.clone()),
        ..Default::default()
    };
    assert_eq!(
        refused(client.settle(patient(request)).await),
        "INVALID_FIELD"
    );
    let together = pb::SettleTogetherRequest {
        request_id: "together".into(),
        claims: vec![part],
    };
    assert_eq!(
        refused(client.settle_together(patient(together)).await),
        "INVALID_FIELD"
    );
}
