//! 差额结算: lines refunded, facts that became known late, findings. What a settlement comes to by a
//! correction is what it would have come to in the first place, for somebody else.

use integration_tests::{CLINIC, DRUG, HOSPITAL, World, code, patient, stay, visit};
use proto::common::outcome::State;
use proto::common::revision::{Cause, Payee};
use proto::common::{Amounts, Claim, ClaimLine, Revision, Settlement};
use proto::enrollment::{RecordDeathRequest, RecordIdentityRequest};
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::{
    DeniedLine, ListRevisionsRequest, PostFindingRequest, PostFindingResponse,
    PostLateFactsRequest, PostLateFactsResponse, PreviewFindingRequest, PreviewLateFactsRequest,
    PreviewLateFactsResponse, RefundLinesRequest, RefundLinesResponse, RefundedLine,
    ReverseRequest, WithdrawPostFindingRequest, WithdrawRefundLinesRequest, WithdrawRequest,
};
use proto::settlement::GetLedgerEntriesRequest;
use tonic::Status;

/// A stay at the hospital of several lines of the same drug, in whole packs of 1,000 yuan.
pub fn packs(person: &str, number: &str, packs: &[i64]) -> Claim {
    let line = |(number, packs): (i32, &i64)| ClaimLine {
        number,
        item_code: DRUG.into(),
        unit_price_micro_yuan: 1_000_000_000,
        quantity_e4: packs * 10_000,
        amount_fen: packs * 100_000,
        ..Default::default()
    };
    Claim {
        lines: (1..).zip(packs).map(line).collect(),
        ..stay(person, number, 0)
    }
}

pub fn refund(id: &str, settled: &Settlement, lines: &[(i32, i64)]) -> RefundLinesRequest {
    let line = |(number, packs): &(i32, i64)| RefundedLine {
        number: *number,
        quantity_e4: packs * 10_000,
    };
    RefundLinesRequest {
        request_id: id.into(),
        settlement_id: settled.settlement_id.clone(),
        lines: lines.iter().map(line).collect(),
        reason: "退药".into(),
    }
}

pub async fn refunded(
    world: &World,
    who: &str,
    request: RefundLinesRequest,
) -> Result<RefundLinesResponse, Status> {
    let mut desk = world.suite.desk(who).revisions();
    Ok(desk.refund_lines(patient(request)).await?.into_inner())
}

/// The settlement's revisions.
async fn revisions(world: &World, id: &str) -> Vec<Revision> {
    let request = ListRevisionsRequest {
        settlement_id: id.into(),
        page_size: 0,
        page_token: String::new(),
    };
    let listed = world.clerk().revisions().list_revisions(request).await;
    listed.unwrap().into_inner().revisions
}

/// What the entries of a subject move, by account.
async fn moved(world: &World, subject: &str) -> Vec<(String, i64)> {
    let request = GetLedgerEntriesRequest {
        subject_id: subject.into(),
    };
    let entries = world.clerk().settlement().get_ledger_entries(request).await;
    let mut sums = std::collections::BTreeMap::new();
    for entry in entries.unwrap().into_inner().entries {
        *sums.entry(entry.account).or_insert(0) += entry.amount_fen;
    }
    assert_eq!(sums.values().sum::<i64>(), 0);
    sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
}

/// What a settlement should have moved: each fund its share, the rest owed.
fn owed(amounts: &Amounts, institution: &str) -> Vec<(String, i64)> {
    let mut sums = std::collections::BTreeMap::new();
    for share in &amounts.shares {
        *sums.entry(format!("fund:{}", share.fund)).or_insert(0) -= share.paid_fen;
    }
    *sums.entry(format!("payable:{institution}")).or_insert(0) += amounts.funds_fen;
    sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
}

async fn read(world: &World, id: &str) -> Settlement {
    let request = proto::settlement::GetSettlementRequest {
        settlement_id: id.into(),
    };
    let found = world.clerk().settlement().get_settlement(request).await;
    found.unwrap().into_inner().settlement.unwrap()
}

/// The reasons of a settlement are computed anew, and must come to what is stored.
async fn explain(world: &World, id: &str) -> Settlement {
    let request = proto::settlement::ExplainSettlementRequest {
        settlement_id: id.into(),
    };
    let explained = world.clerk().settlement().explain_settlement(request).await;
    explained.unwrap().into_inner().settlement.unwrap()
}

#[tokio::test]
async fn a_hospital_refunds_part_of_a_line_of_a_long_stay() {
    let world = World::open().await;
    let (person, other) = (world.insured(None).await, world.insured(None).await);
    let settled = world
        .settle("s-1", packs(&person, "V-1", &[60, 80, 10]))
        .await
        .unwrap();
    let paid = |amounts: &Amounts, fund: &str| -> i64 {
        let shares = amounts.shares.iter().filter(|share| share.fund == fund);
        shares.map(|share| share.paid_fen).sum()
    };
    let before = settled.amounts.clone().unwrap();
    assert!(paid(&before, "390200") > 0, "大病 pays: {before:?}");

    let request = refund("r-1", &settled, &[(1, 25), (3, 0)]);
    let done = refunded(&world, HOSPITAL, request.clone()).await.unwrap();
    let expected = packs(&other, "V-2", &[35, 80]);
    let expected = world
        .settle("s-2", expected)
        .await
        .unwrap()
        .amounts
        .unwrap();
    let now = done.settlement.unwrap();
    assert_eq!((now.amounts.as_ref(), now.revision), (Some(&expected), 1));
    assert_eq!(
        world.accumulators(&person).await.accumulators,
        world.accumulators(&other).await.accumulators
    );

    // Exactly the difference moved, and all of it together is what should have moved.
    let [revision] = done.revisions.as_slice() else {
        panic!("one revision: {:?}", done.revisions)
    };
    let of_revision = moved(&world, &revision.revision_id).await;
    let institution = expected.funds_fen - before.funds_fen;
    assert!(of_revision.contains(&(format!("payable:{HOSPITAL}"), institution)));
    for fund in &revision.funds {
        assert_eq!(fund.difference_fen, fund.after_fen - fund.before_fen);
        let account = format!("fund:{}", fund.fund);
        assert!(of_revision.contains(&(account, -fund.difference_fen)) || fund.difference_fen == 0);
    }
    let all = moved(&world, &settled.settlement_id).await;
    assert_eq!(all, owed(&expected, HOSPITAL));
    assert!(revision.sentence.contains("退药"), "{}", revision.sentence);

    // Everybody who reads the settlement reads what it comes to now.
    assert_eq!(read(&world, &settled.settlement_id).await, now);
    assert_eq!(explain(&world, &settled.settlement_id).await, now);
    assert_eq!(
        &revisions(&world, &settled.settlement_id).await,
        &done.revisions
    );

    // Once; and a second refund goes on from the first.
    let again = refunded(&world, HOSPITAL, request).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.revisions, done.revisions);
    let second = refunded(&world, HOSPITAL, refund("r-2", &settled, &[(2, 0)]))
        .await
        .unwrap();
    let third = world.insured(None).await;
    let expected = world
        .settle("s-3", packs(&third, "V-3", &[35]))
        .await
        .unwrap();
    assert_eq!(second.settlement.unwrap().amounts, expected.amounts);

    // A reversal takes all of it back, and its amounts stay those it came to.
    let reversed = world.reverse("u-1", &settled.settlement_id).await.unwrap();
    assert_eq!((reversed.amounts, reversed.revision), (expected.amounts, 2));
    assert_eq!(moved(&world, &settled.settlement_id).await, []);
    assert!(world.accumulators(&person).await.accumulators.is_empty());
    world.ledger().await;
    let no = refunded(&world, HOSPITAL, refund("r-3", &settled, &[(1, 1)])).await;
    assert_eq!(code(&no.unwrap_err()), "CORRECTED_REVERSED");
}

#[tokio::test]
async fn what_cannot_be_refunded_is_refused() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let settled = world
        .settle("s-1", packs(&person, "V-1", &[2, 3]))
        .await
        .unwrap();
    let refuse = async |who: &str, lines: &[(i32, i64)]| {
        let id = format!("no-{who}-{lines:?}").replace(|c: char| !c.is_alphanumeric(), "-");
        let no = refunded(&world, who, refund(&id, &settled, lines)).await;
        code(&no.unwrap_err())
    };
    assert_eq!(refuse(HOSPITAL, &[(3, 1)]).await, "LINE_NOT_BILLED");
    assert_eq!(refuse(HOSPITAL, &[(1, 3)]).await, "MORE_THAN_BILLED");
    assert_eq!(refuse(HOSPITAL, &[(1, 2), (2, 0)]).await, "NOTHING_LEFT");
    assert_eq!(refuse(CLINIC, &[(1, 1)]).await, "SETTLEMENT_UNKNOWN");
    assert_eq!(refuse(HOSPITAL, &[]).await, "INVALID_FIELD");
    assert_eq!(refuse(HOSPITAL, &[(1, 1), (1, 1)]).await, "INVALID_FIELD");
    assert_eq!(revisions(&world, &settled.settlement_id).await, []);

    // This region refunds the newest first.
    let newer = visit(&person, "V-2", "2017-06-01", 10_000);
    let newer = world.settle("s-2", newer).await.unwrap();
    assert_eq!(refuse(HOSPITAL, &[(2, 1)]).await, "NOT_NEWEST");
    world.reverse("u-1", &newer.settlement_id).await.unwrap();
    let done = refunded(&world, "clerk-1", refund("r-1", &settled, &[(2, 1)])).await;
    assert_eq!(done.unwrap().revisions.len(), 1);
}

#[tokio::test]
async fn a_withdrawn_refund_leaves_the_settlement_as_it_was() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let settled = world
        .settle("s-1", packs(&person, "V-1", &[60, 80]))
        .await
        .unwrap();
    let (before, entries) = (
        world.accumulators(&person).await.accumulators,
        moved(&world, &settled.settlement_id).await,
    );
    let withdraw = async |id: &str| {
        let request = WithdrawRefundLinesRequest {
            original_request_id: id.into(),
        };
        let mut desk = world.suite.desk(HOSPITAL).revisions();
        desk.withdraw_refund_lines(patient(request)).await
    };
    for id in ["r-1", "r-2"] {
        let request = refund(id, &settled, &[(2, 10)]);
        refunded(&world, HOSPITAL, request).await.unwrap();
    }
    // Newest first.
    assert_eq!(
        code(&withdraw("r-1").await.unwrap_err()),
        "CORRECTION_BUILT_UPON"
    );
    for (id, left) in [("r-2", 1), ("r-1", 0)] {
        let outcome = withdraw(id).await.unwrap().into_inner().outcome.unwrap();
        assert_eq!(outcome.state(), State::Withdrawn);
        assert_eq!(read(&world, &settled.settlement_id).await.revision, left);
    }
    assert_eq!(read(&world, &settled.settlement_id).await, settled);
    assert_eq!(world.accumulators(&person).await.accumulators, before);
    assert_eq!(moved(&world, &settled.settlement_id).await, entries);
    let no = refunded(&world, HOSPITAL, refund("r-1", &settled, &[(2, 10)])).await;
    assert_eq!(code(&no.unwrap_err()), "REQUEST_WITHDRAWN");

    // The next one has a number of its own.
    let done = refunded(&world, HOSPITAL, refund("r-3", &settled, &[(1, 1)]))
        .await
        .unwrap();
    assert_eq!(done.settlement.unwrap().revision, 3);
    // A settlement in the same year stands upon it.
    let newer = visit(&person, "V-2", "2017-06-01", 10_000);
    let newer = world.settle("s-2", newer).await.unwrap();
    assert_eq!(
        code(&withdraw("r-3").await.unwrap_err()),
        "CORRECTION_BUILT_UPON"
    );
    world.reverse("u-2", &newer.settlement_id).await.unwrap();
    withdraw("r-3").await.unwrap();
    assert_eq!(read(&world, &settled.settlement_id).await, settled);
    world.reverse("u-1", &settled.settlement_id).await.unwrap();
    assert_eq!(moved(&world, &settled.settlement_id).await, []);
    assert!(world.accumulators(&person).await.accumulators.is_empty());
    world.ledger().await;
}

/// A stay in May.
fn later_stay(person: &str, number: &str, of: &[i64]) -> Claim {
    Claim {
        begin_day: "2017-05-01".into(),
        end_day: "2017-05-10".into(),
        ..packs(person, number, of)
    }
}

/// Two stays and a visit between them, settled in this order.
pub async fn a_year(world: &World, person: &str, of: &str) -> Vec<Settlement> {
    let claims = [
        packs(person, &format!("{of}-1"), &[20, 80]),
        visit(person, &format!("{of}-2"), "2017-04-01", 30_000),
        later_stay(person, &format!("{of}-3"), &[40]),
    ];
    let mut settled = Vec::new();
    for claim in claims {
        let id = format!("settle-{}", claim.visit_number);
        settled.push(world.settle(&id, claim).await.unwrap());
    }
    settled
}

pub async fn preview(world: &World, person: &str) -> PreviewLateFactsResponse {
    let request = PreviewLateFactsRequest {
        person_id: person.into(),
        scheme: "390".into(),
        year: 2017,
    };
    let mut desk = world.clerk().orchestrator();
    let previewed = desk.preview_late_facts(patient(request)).await;
    previewed.unwrap().into_inner()
}

pub async fn pay(
    world: &World,
    id: &str,
    person: &str,
    digest: &str,
) -> Result<PostLateFactsResponse, Status> {
    let request = PostLateFactsRequest {
        request_id: id.into(),
        person_id: person.into(),
        scheme: "390".into(),
        year: 2017,
        preview_digest: digest.into(),
        ..Default::default()
    };
    let mut desk = world.clerk().orchestrator();
    Ok(desk.post_late_facts(patient(request)).await?.into_inner())
}

/// 低保, as it is recorded long after it began.
pub async fn recognise(world: &World, person: &str) {
    let request = RecordIdentityRequest {
        request_id: format!("late-{person}"),
        person_id: person.into(),
        kind: "2303".into(),
        from_day: "2016-01-01".into(),
        until_day: String::new(),
    };
    let recorded = world.clerk().enrollment().record_identity(request).await;
    recorded.unwrap();
}

async fn die(world: &World, person: &str, day: &str) {
    let request = RecordDeathRequest {
        request_id: format!("death-{person}"),
        person_id: person.into(),
        death_day: day.into(),
    };
    let recorded = world.clerk().enrollment().record_death(request).await;
    recorded.unwrap();
}

/// The balance of an account.
async fn balance(world: &World, account: &str) -> i64 {
    let ledger = world.ledger().await;
    let mut accounts = ledger.accounts.iter();
    let found = accounts.find(|one| one.account == account);
    found.map_or(0, |one| one.balance_fen)
}

fn amounts(settled: &[Settlement]) -> Vec<Amounts> {
    settled
        .iter()
        .map(|one| one.amounts.clone().unwrap())
        .collect()
}

async fn amounts_now(world: &World, settled: &[Settlement]) -> Vec<Amounts> {
    let mut now = Vec::new();
    for one in settled {
        now.push(explain(world, &one.settlement_id).await.amounts.unwrap());
    }
    now
}

#[tokio::test]
async fn an_identity_recognised_late_is_paid_exactly_and_once() {
    let world = World::of_one_person().await;
    let person = world.insured(None).await;
    let settled = a_year(&world, &person, "A").await;
    assert_eq!(preview(&world, &person).await.revisions, []);
    let nothing = preview(&world, &person).await.preview_digest;
    let no = pay(&world, "p-0", &person, &nothing).await.unwrap_err();
    assert_eq!(code(&no), "NOTHING_TO_REVISE");

    recognise(&world, &person).await;
    let known = world.insured(Some("2303")).await;
    let expected = amounts(&a_year(&world, &known, "B").await);
    let before = amounts(&settled);
    let shown = preview(&world, &person).await;
    assert_ne!(shown.revisions, []);
    let more: i64 = expected.iter().map(|one| one.funds_fen).sum::<i64>()
        - before.iter().map(|one| one.funds_fen).sum::<i64>();
    assert!(more > 0);
    assert_eq!(
        (shown.funds_difference_fen, shown.cash_difference_fen),
        (more, -more)
    );
    // Looking changes nothing, and what was not shown is not paid.
    assert_eq!(amounts_now(&world, &settled).await, before);
    let no = pay(&world, "p-1", &person, &nothing).await.unwrap_err();
    assert_eq!(code(&no), "PREVIEW_CHANGED");

    let paid = pay(&world, "p-2", &person, &shown.preview_digest)
        .await
        .unwrap();
    assert!(!paid.replayed);
    assert_eq!(paid.revisions.len(), shown.revisions.len());
    for (paid, shown) in paid.revisions.iter().zip(&shown.revisions) {
        assert_eq!(
            (paid.cause(), paid.payee()),
            (Cause::LateFact, Payee::Person)
        );
        assert_eq!(
            (&paid.settlement_id, &paid.funds),
            (&shown.settlement_id, &shown.funds)
        );
    }
    assert_eq!(amounts_now(&world, &settled).await, expected);
    assert_eq!(
        world.accumulators(&person).await.accumulators,
        world.accumulators(&known).await.accumulators
    );
    let owed = format!("payable:person:{person}");
    assert_eq!(balance(&world, &owed).await, more);

    // Once: the same request again, and a second attempt.
    let again = pay(&world, "p-2", &person, &shown.preview_digest)
        .await
        .unwrap();
    assert!(again.replayed);
    assert_eq!(again.correction_id, paid.correction_id);
    assert_eq!(preview(&world, &person).await.revisions, []);
    let no = pay(&world, "p-3", &person, &shown.preview_digest)
        .await
        .unwrap_err();
    assert_eq!(code(&no), "NOTHING_TO_REVISE");
    assert_eq!(balance(&world, &owed).await, more);

    // A refund goes on from there: newest first.
    let last = &settled[2];
    let refund = refunded(&world, HOSPITAL, refund("r-1", last, &[(1, 10)]))
        .await
        .unwrap();
    assert_eq!(balance(&world, &owed).await, more);
    let withdraw = WithdrawRequest {
        original_request_id: "p-2".into(),
        method: Method::PostLateFacts.into(),
    };
    let mut desk = world.clerk().orchestrator();
    let no = desk.withdraw(patient(withdraw.clone())).await.unwrap_err();
    assert_eq!(code(&no), "CORRECTION_BUILT_UPON");
    assert_eq!(refund.revisions[0].number, 2);
    let request = WithdrawRefundLinesRequest {
        original_request_id: "r-1".into(),
    };
    let mut hospital = world.suite.desk(HOSPITAL).revisions();
    hospital
        .withdraw_refund_lines(patient(request))
        .await
        .unwrap();
    let outcome = desk.withdraw(patient(withdraw)).await.unwrap().into_inner();
    assert_eq!(outcome.outcome.unwrap().state(), State::Withdrawn);
    assert_eq!(amounts_now(&world, &settled).await, before);
    assert_eq!(balance(&world, &owed).await, 0);

    // Paid after all, and then all of it reversed: nothing is left.
    let shown = preview(&world, &person).await.preview_digest;
    pay(&world, "p-4", &person, &shown).await.unwrap();
    for (n, one) in settled.iter().enumerate().rev() {
        world
            .reverse(&format!("u-{n}"), &one.settlement_id)
            .await
            .unwrap();
        assert_eq!(moved(&world, &one.settlement_id).await, []);
    }
    assert_eq!(balance(&world, &owed).await, 0);
    assert!(world.accumulators(&person).await.accumulators.is_empty());
}

#[tokio::test]
async fn a_death_learnt_late_is_recovered_once() {
    let world = World::of_one_person().await;
    let person = world.insured(None).await;
    let settled = a_year(&world, &person, "A").await;
    let before = amounts(&settled);
    die(&world, &person, "2017-04-15").await;

    let shown = preview(&world, &person).await;
    let [one] = shown.revisions.as_slice() else {
        panic!(
            "only what was settled after the death: {:?}",
            shown.revisions
        )
    };
    assert_eq!(one.settlement_id, settled[2].settlement_id);
    assert_eq!(one.funds_difference_fen, -before[2].funds_fen);
    pay(&world, "p-1", &person, &shown.preview_digest)
        .await
        .unwrap();
    let now = amounts_now(&world, &settled).await;
    assert_eq!((&now[..2], now[2].funds_fen), (&before[..2], 0));
    let owes = format!("payable:person:{person}");
    assert_eq!(balance(&world, &owes).await, -before[2].funds_fen);
    let no = pay(&world, "p-2", &person, &shown.preview_digest)
        .await
        .unwrap_err();
    assert_eq!(code(&no), "NOTHING_TO_REVISE");

    // The accumulators follow: they are those of somebody who was settled for twice only, and once
    // for nothing.
    let fund = |year: &proto::settlement::GetAccumulatorsResponse, name: &str| {
        let mut all = year.accumulators.iter();
        all.find(|one| one.name == name).map_or(0, |one| one.value)
    };
    let year = world.accumulators(&person).await;
    let other = world.insured(None).await;
    for (claim, id) in [
        (packs(&other, "B-1", &[20, 80]), "b-1"),
        (visit(&other, "B-2", "2017-04-01", 30_000), "b-2"),
    ] {
        world.settle(id, claim).await.unwrap();
    }
    let twice = world.accumulators(&other).await;
    for name in ["basic.paid_fen", "basic.base_fen"] {
        assert_eq!(fund(&year, name), fund(&twice, name), "{name}");
    }

    // A reversal afterwards takes back the settlement and the recovery.
    world
        .reverse("u-1", &settled[2].settlement_id)
        .await
        .unwrap();
    assert_eq!(moved(&world, &settled[2].settlement_id).await, []);
    assert_eq!(balance(&world, &owes).await, 0);
    assert_eq!(
        world.accumulators(&person).await.accumulators,
        twice.accumulators
    );
}

pub fn finding(id: &str, settled: &Settlement, lines: &[i32]) -> PostFindingRequest {
    PostFindingRequest {
        request_id: id.into(),
        settlement_id: settled.settlement_id.clone(),
        lines: lines.iter().map(|line| denied(*line)).collect(),
        recovered_from: Payee::Unspecified.into(),
        reason: "病历无相应医嘱".into(),
        case_reference: "锡医保稽〔2018〕1号".into(),
        ..Default::default()
    }
}

fn denied(number: i32) -> DeniedLine {
    DeniedLine {
        number,
        rule_code: "R-104".into(),
        sentence: "收费明细与病历不符。".into(),
    }
}

pub async fn find(
    world: &World,
    request: PostFindingRequest,
) -> Result<PostFindingResponse, Status> {
    let mut desk = world.clerk().revisions();
    Ok(desk.post_finding(patient(request)).await?.into_inner())
}

#[tokio::test]
async fn a_finding_recovers_what_was_paid_for_a_line_once() {
    let world = World::of_one_person().await;
    let person = world.insured(None).await;
    let settled = a_year(&world, &person, "A").await;
    let before = amounts(&settled);
    let request = PreviewFindingRequest {
        settlement_id: settled[0].settlement_id.clone(),
        lines: vec![denied(2)],
    };
    let mut desk = world.clerk().revisions();
    let shown = desk.preview_finding(patient(request)).await.unwrap();
    let shown = shown.into_inner().revisions;
    assert_eq!(amounts_now(&world, &settled).await, before);

    let posted = find(&world, finding("f-1", &settled[0], &[2]))
        .await
        .unwrap();
    let ids = |revisions: &[Revision]| -> Vec<String> {
        revisions
            .iter()
            .map(|one| one.settlement_id.clone())
            .collect()
    };
    let shown_ids: Vec<String> = shown.iter().map(|one| one.settlement_id.clone()).collect();
    assert_eq!(ids(&posted.revisions), shown_ids);
    // What is denied is the patient's, as if the catalogue did not have it; later ones follow.
    let other = world.insured(None).await;
    let mut first = packs(&other, "B-1", &[20, 80]);
    first.lines[1].item_code = "X-1".into();
    let mut expected = Vec::new();
    for (claim, id) in [
        (first, "b-1"),
        (visit(&other, "B-2", "2017-04-01", 30_000), "b-2"),
        (later_stay(&other, "B-3", &[40]), "b-3"),
    ] {
        expected.push(world.settle(id, claim).await.unwrap());
    }
    assert_eq!(amounts_now(&world, &settled).await, amounts(&expected));
    assert_eq!(
        world.accumulators(&person).await.accumulators,
        world.accumulators(&other).await.accumulators
    );
    // The institution repays what it was paid for the line; the rest is the person's.
    let recovered = posted.revisions[0].after.as_ref().unwrap().funds_fen - before[0].funds_fen;
    assert!(recovered < 0);
    let of_first = moved(&world, &posted.revisions[0].revision_id).await;
    assert!(of_first.contains(&(format!("payable:{HOSPITAL}"), recovered)));
    for later in &posted.revisions[1..] {
        assert_eq!(later.payee(), Payee::Person);
    }

    // Not twice, by no request.
    let again = find(&world, finding("f-1", &settled[0], &[2]))
        .await
        .unwrap();
    assert!(again.replayed);
    let no = find(&world, finding("f-2", &settled[0], &[2]))
        .await
        .unwrap_err();
    assert_eq!(code(&no), "NOTHING_TO_REVISE");
    let no = find(&world, finding("f-3", &settled[0], &[3]))
        .await
        .unwrap_err();
    assert_eq!(code(&no), "LINE_NOT_BILLED");
    assert_eq!(preview(&world, &person).await.revisions, []);

    // Withdrawn, all is as it was.
    let request = WithdrawPostFindingRequest {
        original_request_id: "f-1".into(),
        ..Default::default()
    };
    desk.withdraw_post_finding(patient(request)).await.unwrap();
    assert_eq!(amounts_now(&world, &settled).await, before);
    let from_person = PostFindingRequest {
        recovered_from: Payee::Person.into(),
        ..finding("f-4", &settled[0], &[1, 2])
    };
    find(&world, from_person).await.unwrap();
    assert!(balance(&world, &format!("payable:person:{person}")).await < 0);
    for (n, one) in settled.iter().enumerate().rev() {
        if n == 0 {
            // The hospital could settle the bill anew, without the finding.
            let request = ReverseRequest {
                request_id: "by-hospital".into(),
                settlement_id: one.settlement_id.clone(),
                reason: "测试".into(),
            };
            let mut hospital = world.suite.desk(HOSPITAL).orchestrator();
            let no = hospital.reverse(patient(request)).await.unwrap_err();
            assert_eq!(code(&no), "CORRECTED_BY_FINDING");
        }
        world
            .reverse(&format!("u-{n}"), &one.settlement_id)
            .await
            .unwrap();
        assert_eq!(moved(&world, &one.settlement_id).await, []);
    }
    assert_eq!(
        balance(&world, &format!("payable:person:{person}")).await,
        0
    );
    assert!(world.accumulators(&person).await.accumulators.is_empty());
}
