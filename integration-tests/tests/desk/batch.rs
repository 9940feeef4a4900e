//! 批量结算: a stream of claims, each settled as it would be alone, whatever becomes of the stream.

use futures_util::stream;
use integration_tests::{CLINIC, HOSPITAL, World, code, patient, stay, visit};
use proto::common::{Claim, Settlement, outcome};
use proto::orchestrator::batch_options::Mode;
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::settle_batch_request::Part;
use proto::orchestrator::settle_batch_response::Told;
use proto::orchestrator::{
    BatchOptions, BatchSummary, GetOutcomeRequest, ListAccessRequest, PreSettleRequest,
    RegisterVisitRequest, SettleBatchRequest, SettleBatchResponse, SettleRequest,
    UploadLinesRequest, Visit, VisitLine, WithdrawRequest,
};
use runtime::fault::{Fate, Faults};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};
use yibao::desk::Desk;

/// A person nobody registered.
const NOBODY: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
/// Claims of one stream at most.
const CLAIMS_MAX: i32 = 10_000;

fn opening(mode: Mode, claims: i32) -> SettleBatchRequest {
    let options = BatchOptions {
        mode: mode.into(),
        claims,
    };
    SettleBatchRequest {
        request_id: "batch".into(),
        part: Some(Part::Options(options)),
        ..Default::default()
    }
}

fn item(id: &str, number: i32, claim: Claim) -> SettleBatchRequest {
    SettleBatchRequest {
        request_id: id.into(),
        part: Some(Part::Claim(claim)),
        number,
        basis: None,
    }
}

/// Claims `c-1`, `c-2` … in this order.
fn batch(mode: Mode, claims: &[Claim]) -> Vec<SettleBatchRequest> {
    let announced = match mode {
        Mode::AllOrNothing => i32::try_from(claims.len()).unwrap(),
        _ => 0,
    };
    let items = claims.iter().zip(1..);
    let items = items.map(|(claim, n)| item(&format!("c-{n}"), n, claim.clone()));
    std::iter::once(opening(mode, announced))
        .chain(items)
        .collect()
}

/// Sends a whole stream; every answer but the summary, and the summary.
async fn send(
    desk: &Desk,
    messages: Vec<SettleBatchRequest>,
) -> Result<(Vec<SettleBatchResponse>, BatchSummary), Status> {
    let name = messages
        .first()
        .map_or(String::new(), |first| first.request_id.clone());
    let sent = patient(stream::iter(messages));
    let mut told = desk.batches().settle_batch(sent).await?.into_inner();
    let mut answers = Vec::new();
    while let Some(answer) = told.message().await? {
        match answer.told {
            Some(Told::Summary(summary)) => {
                assert_eq!(answer.request_id, name);
                assert!(told.message().await?.is_none(), "the summary is the last");
                return Ok((answers, summary));
            }
            _ => answers.push(answer),
        }
    }
    panic!("no summary after {answers:?}");
}

/// An answer in short: `settled`, `replayed`, `priced`, `unknown`, `not tried 3`, or the code of its
/// refusal.
fn short(answer: &SettleBatchResponse) -> String {
    match answer.told.as_ref().expect("something is told") {
        Told::Settlement(_) if answer.replayed => "replayed".into(),
        Told::Settlement(_) => "settled".into(),
        Told::Priced(_) => "priced".into(),
        Told::Refused(no) => no.refused.as_ref().unwrap().code.clone(),
        Told::NotTried(no) => format!("not tried {}", no.number),
        Told::Unknown(_) => "unknown".into(),
        Told::Summary(_) => "summary".into(),
    }
}

fn shorts(answers: &[SettleBatchResponse]) -> Vec<String> {
    let numbers: Vec<i32> = answers.iter().map(|answer| answer.number).collect();
    let places: Vec<i32> = (1..).take(answers.len()).collect();
    assert_eq!(numbers, places, "told in the order in which they came");
    answers.iter().map(short).collect()
}

fn settlement(answer: &SettleBatchResponse) -> &Settlement {
    match &answer.told {
        Some(Told::Settlement(settlement)) => settlement,
        other => panic!("not settled: {other:?}"),
    }
}

async fn outcome_of(world: &World, id: &str, method: Method) -> outcome::State {
    let request = GetOutcomeRequest {
        request_id: id.into(),
        method: method.into(),
    };
    let mut client = world.clerk().orchestrator();
    let answer = client.get_outcome(patient(request)).await.unwrap();
    answer.into_inner().outcome.unwrap().state()
}

/// Visits of so many people in turn, each person's on ascending days, numbered `A-0`, `A-1` …
fn visits(mark: &str, people: &[String], count: usize) -> Vec<Claim> {
    let day = |n: usize| format!("2017-{:02}-{:02}", 1 + n / 28, 1 + n % 28);
    (0..count)
        .map(|n| {
            let fen = 60_000 + 7_331 * i64::try_from(n).unwrap();
            let person = &people[n % people.len()];
            visit(person, &format!("{mark}-{n}"), &day(n), fen)
        })
        .collect()
}

async fn people<const N: usize>(world: &World) -> [String; N] {
    let mut all = Vec::new();
    for _ in 0..N {
        all.push(world.insured(None).await);
    }
    all.try_into().unwrap()
}

#[tokio::test]
async fn a_refused_claim_leaves_the_others_settled() {
    let world = World::open().await;
    let [first, second] = people(&world).await;
    let mut malformed = visit(&first, "V-3", "2017-06-03", 5_000);
    malformed.begin_day = "2017-02-30".into();
    let claims = [
        visit(&first, "V-1", "2017-06-01", 50_000),
        visit(NOBODY, "V-2", "2017-06-02", 5_000),
        malformed,
        stay(&second, "V-4", 8_000),
        // The same bill again.
        visit(&first, "V-1", "2017-06-01", 50_000),
    ];
    let sent = batch(Mode::Continue, &claims);
    let (answers, summary) = send(&world.clerk(), sent.clone()).await.unwrap();
    let told = [
        "settled",
        "PERSON_UNKNOWN",
        "INVALID_FIELD",
        "settled",
        "CLAIM_DENIED",
    ];
    assert_eq!(shorts(&answers), told);
    let refused = |n: usize| match &answers[n].told {
        Some(Told::Refused(no)) => (no.refused.clone().unwrap().field, no.remembered),
        other => panic!("{other:?}"),
    };
    assert!(refused(1).1 && refused(4).1);
    assert_eq!(refused(2), ("claim.begin_day".into(), false));
    let amounts = |n: usize| settlement(&answers[n]).amounts.clone().unwrap();
    let sum = amounts(0).funds_fen + amounts(3).funds_fen;
    let cash = amounts(0).cash_fen + amounts(3).cash_fen;
    let wanted = BatchSummary {
        settled_claims: 2,
        refused_claims: 3,
        total_fen: 850_000,
        funds_fen: sum,
        cash_fen: cash,
        ..Default::default()
    };
    assert_eq!(summary, wanted);
    assert!(sum > 0 && cash > 0);

    // What a claim's id says is what Settle, GetOutcome and Withdraw say.
    use outcome::State;
    for (id, state) in [
        ("c-1", State::Done),
        ("c-2", State::Refused),
        ("c-3", State::UnknownHere),
        ("c-5", State::Refused),
    ] {
        assert_eq!(outcome_of(&world, id, Method::Settle).await, state, "{id}");
    }
    let again = SettleRequest {
        request_id: "c-1".into(),
        claim: Some(claims[0].clone()),
        ..Default::default()
    };
    let mut client = world.clerk().orchestrator();
    let again = client.settle(patient(again)).await.unwrap().into_inner();
    assert!(again.replayed);
    assert_eq!(again.settlement.as_ref(), Some(settlement(&answers[0])));
    let withdraw = WithdrawRequest {
        original_request_id: "c-4".into(),
        method: Method::Settle.into(),
    };
    client.withdraw(patient(withdraw)).await.unwrap();

    // Sent again: what was withdrawn stays so, what was refused stays refused.
    let (answers, summary) = send(&world.clerk(), sent).await.unwrap();
    let told = [
        "replayed",
        "PERSON_UNKNOWN",
        "INVALID_FIELD",
        "REQUEST_WITHDRAWN",
        "CLAIM_DENIED",
    ];
    assert_eq!(shorts(&answers), told);
    assert_eq!((summary.replayed_claims, summary.total_fen), (1, 50_000));
    world.ledger().await;
}

#[tokio::test]
async fn a_batch_that_stops_tries_nothing_after_the_first_no() {
    let world = World::open().await;
    let [first, second] = people(&world).await;
    let mut claims = vec![
        visit(&first, "V-1", "2017-06-01", 50_000),
        visit(&second, "V-2", "2017-06-01", 50_000),
        visit(&first, "V-3", "2017-06-03", 50_000),
        visit(&second, "V-4", "2017-06-03", 50_000),
    ];
    claims[1].lines[0].quantity_e4 = 0;
    let stop = |claims: &[Claim]| batch(Mode::Stop, claims);
    let (answers, summary) = send(&world.clerk(), stop(&claims)).await.unwrap();
    let told = ["settled", "INVALID_FIELD", "not tried 2", "not tried 2"];
    assert_eq!(shorts(&answers), told);
    let counts = (summary.settled_claims, summary.refused_claims);
    assert_eq!((counts, summary.untried_claims), ((1, 1), 2));
    let untried = outcome_of(&world, "c-3", Method::Settle).await;
    assert_eq!(untried, outcome::State::UnknownHere);

    // Mended and sent again, under the same ids.
    claims[1].lines[0].quantity_e4 = 10_000;
    let (answers, summary) = send(&world.clerk(), stop(&claims)).await.unwrap();
    assert_eq!(
        shorts(&answers),
        ["replayed", "settled", "settled", "settled"]
    );
    assert_eq!(summary.total_fen, 200_000);
    world.ledger().await;
}

#[tokio::test]
async fn all_or_nothing_settles_all_under_one_id() {
    let world = World::open().await;
    let [first, second, third] = people(&world).await;
    let claims = visits("A", &[first.clone(), second], 6);
    let sent = batch(Mode::AllOrNothing, &claims);
    for told in ["settled", "replayed"] {
        let (answers, summary) = send(&world.clerk(), sent.clone()).await.unwrap();
        assert_eq!(shorts(&answers), vec![told; 6]);
        for (answer, claim) in answers.iter().zip(&claims) {
            assert_eq!(settlement(answer).visit_number, claim.visit_number);
        }
        let sum: i64 = claims.iter().map(|claim| claim.lines[0].amount_fen).sum();
        assert_eq!(summary.total_fen, sum);
    }
    let done = outcome_of(&world, "batch", Method::SettleTogether).await;
    assert_eq!(done, outcome::State::Done);

    // One of them cannot be settled: none is.
    let before = world.ledger().await;
    let mut unsettled = [
        visit(&third, "V-1", "2017-06-01", 50_000),
        claims[0].clone(),
        visit(&third, "V-2", "2017-06-02", 50_000),
    ];
    let told = ["not tried 2", "CLAIM_DENIED", "not tried 2"];
    for remembered in [false, true] {
        let sent = named("batch-2", &unsettled);
        let (answers, _) = send(&world.clerk(), sent).await.unwrap();
        assert_eq!(shorts(&answers), told, "remembered: {remembered}");
    }
    let refused = outcome_of(&world, "batch-2", Method::SettleTogether).await;
    assert_eq!(refused, outcome::State::Refused);

    // One of them cannot be read: nothing is begun, and the batch's id is free.
    unsettled[1].scheme = String::new();
    let sent = named("batch-3", &unsettled);
    let (answers, _) = send(&world.clerk(), sent).await.unwrap();
    let told = ["not tried 2", "INVALID_FIELD", "not tried 2"];
    assert_eq!(shorts(&answers), told);
    let free = outcome_of(&world, "batch-3", Method::SettleTogether).await;
    assert_eq!(free, outcome::State::UnknownHere);

    // A stream that was cut, and one that brings too many: nothing is begun.
    for announced in [1, 3] {
        let mut sent = vec![opening(Mode::AllOrNothing, announced)];
        sent.push(item("c-1", 1, unsettled[0].clone()));
        sent.push(item("c-3", 3, unsettled[2].clone()));
        let no = send(&world.clerk(), sent).await.unwrap_err();
        assert_eq!(code(&no), "BATCH_COUNT_WRONG");
    }
    assert_eq!(world.ledger().await, before);
}

/// All or nothing under this name.
fn named(id: &str, claims: &[Claim]) -> Vec<SettleBatchRequest> {
    let mut sent = batch(Mode::AllOrNothing, claims);
    sent[0].request_id = id.into();
    sent
}

#[tokio::test]
async fn a_pre_flight_prices_and_writes_nothing() {
    let world = World::open().await;
    let [first, second] = people(&world).await;
    let mut claims = visits("A", &[first.clone(), second], 4);
    claims[2].person_id = NOBODY.into();
    let (before, ledger) = (world.accumulators(&first).await, world.ledger().await);
    let sent = batch(Mode::PreFlight, &claims);
    let (answers, summary) = send(&world.clerk(), sent).await.unwrap();
    let told = ["priced", "priced", "PERSON_UNKNOWN", "priced"];
    assert_eq!(shorts(&answers), told);
    let mut total = 0;
    for n in [0, 1, 3] {
        let asked = PreSettleRequest {
            claim: Some(claims[n].clone()),
            ..Default::default()
        };
        let mut client = world.clerk().orchestrator();
        let alone = client.pre_settle(patient(asked)).await;
        let alone = alone.unwrap().into_inner();
        total += alone
            .quote
            .as_ref()
            .unwrap()
            .amounts
            .as_ref()
            .unwrap()
            .cash_fen;
        assert_eq!(answers[n].told, Some(Told::Priced(alone)));
        let id = format!("c-{}", n + 1);
        let free = outcome_of(&world, &id, Method::Settle).await;
        assert_eq!(free, outcome::State::UnknownHere);
    }
    assert_eq!((summary.priced_claims, summary.cash_fen), (3, total));
    // Each price that was told is written down, and so is each no.
    let asked = ListAccessRequest::default();
    let mut auditor = world.suite.desk("auditor-1+auditor").sagas();
    let mut read = auditor.list_access(asked).await.unwrap().into_inner();
    let by_stream = "/yibao.orchestrator.v1.BatchService/SettleBatch";
    read.entries.retain(|one| one.method == by_stream);
    let outcomes: Vec<&str> = read.entries.iter().map(|e| e.outcome.as_str()).collect();
    let ok = outcomes.iter().filter(|one| **one == "OK").count();
    assert_eq!((outcomes.len(), ok), (4, 3), "{outcomes:?}");
    let of_first = |ids: &[String]| ids.contains(&first);
    assert!(read.entries.iter().any(|one| of_first(&one.subject_ids)));
    assert_eq!(world.accumulators(&first).await, before);
    assert_eq!(world.ledger().await, ledger);
}

/// What a stream leaves is what the claims leave one by one.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_cut_in_the_middle_is_sent_again() {
    let world = World::open().await;
    let streamed: [String; 3] = people(&world).await;
    let singly: [String; 3] = people(&world).await;
    let claims = visits("A", &streamed, 18);
    for (n, claim) in visits("B", &singly, 18).into_iter().enumerate() {
        world.settle(&format!("singly-{n}"), claim).await.unwrap();
    }

    let sent = batch(Mode::Continue, &claims);
    let (sender, messages) = mpsc::channel(1);
    let mut told = open(&world.clerk(), messages).await;
    let feed = sent.clone();
    let feeding = tokio::spawn(async move {
        for message in feed {
            if sender.send(message).await.is_err() {
                break;
            }
        }
    });
    for _ in 0..5 {
        let answer = told.message().await.unwrap().unwrap();
        assert_eq!(short(&answer), "settled");
    }
    drop(told);
    feeding.await.unwrap();

    let (answers, summary) = send(&world.clerk(), sent.clone()).await.unwrap();
    let done = summary.replayed_claims;
    assert!((5..18).contains(&done), "{done} were settled before");
    assert_eq!(done + summary.settled_claims, 18);
    assert!(answers[..5].iter().all(|answer| answer.replayed));

    let (answers, summary) = send(&world.clerk(), sent).await.unwrap();
    assert_eq!(summary.replayed_claims, 18);
    // Those of one person in the order in which they came.
    for (n, answer) in answers.iter().enumerate() {
        let settlement = settlement(answer);
        assert_eq!(settlement.ordinal, i64::try_from(n / 3 + 1).unwrap());
        assert_eq!(settlement.visit_number, format!("A-{n}"));
    }
    for (streamed, singly) in streamed.iter().zip(&singly) {
        let (streamed, singly) = (
            world.accumulators(streamed).await,
            world.accumulators(singly).await,
        );
        assert_eq!(streamed.accumulators, singly.accumulators);
    }
    world.ledger().await;
}

async fn open(
    desk: &Desk,
    messages: mpsc::Receiver<SettleBatchRequest>,
) -> Streaming<SettleBatchResponse> {
    let sent = stream::unfold(messages, |mut messages| async move {
        Some((messages.recv().await?, messages))
    });
    let told = desk.batches().settle_batch(patient(sent)).await;
    told.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_ahead_of_a_caller_who_takes_no_answers() {
    let posts = Arc::new(AtomicUsize::new(0));
    let counted = posts.clone();
    let faults = Faults::new(move |path| {
        if path.ends_with("/PostSettlement") {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        Fate::Pass
    });
    let world = World::wrapped(move |_, wire| faults.over(wire)).await;
    let [person] = people(&world).await;
    let claims = visits("A", &[person], 40);
    let (sender, messages) = mpsc::channel(1);
    let mut told = open(&world.clerk(), messages).await;
    let mut sent = batch(Mode::Continue, &claims).into_iter().peekable();
    while let Some(message) = sent.peek() {
        let waits = Duration::from_secs(2);
        match tokio::time::timeout(waits, sender.send(message.clone())).await {
            Ok(taken) => drop((taken.unwrap(), sent.next())),
            Err(_) => break,
        }
    }
    let left = sent.count();
    // The client may have all of them on their way: the service gets as far as it wants to.
    let ends = tokio::time::timeout(Duration::from_secs(2), sender.closed());
    assert!(ends.await.is_err(), "the stream is open");
    let begun = posts.load(Ordering::SeqCst);
    assert!((1..10).contains(&begun), "{begun} claims were begun");
    // Whoever reads again gets on.
    drop(sender);
    let mut answers = 0;
    while let Some(answer) = told.message().await.unwrap() {
        answers += usize::from(short(&answer) == "settled");
    }
    assert_eq!(answers, 40 - left);
}

#[tokio::test]
async fn a_service_about_to_stop_ends_its_streams() {
    let world = World::open().await;
    let [person] = people(&world).await;
    let claims = visits("A", &[person], 2);
    let (sender, messages) = mpsc::channel(1);
    let mut told = open(&world.clerk(), messages).await;
    for message in batch(Mode::Continue, &claims) {
        sender.send(message).await.unwrap();
    }
    for _ in &claims {
        let answer = told.message().await.unwrap().unwrap();
        assert_eq!(short(&answer), "settled");
    }
    drop(world.suite);
    let no = told.message().await.unwrap_err();
    assert_eq!(code(&no), "BATCH_ENDING");
    drop(sender);
}

#[tokio::test]
async fn two_claims_of_one_id_are_not_two_settlements() {
    let world = World::open().await;
    let [first, second] = people(&world).await;
    let mut sent = batch(
        Mode::Continue,
        &[
            visit(&first, "V-1", "2017-06-01", 50_000),
            visit(&second, "V-2", "2017-06-01", 50_000),
            visit(&first, "V-1", "2017-06-01", 50_000),
        ],
    );
    sent[2].request_id = "c-1".into();
    sent[3].request_id = "c-1".into();
    let (answers, summary) = send(&world.clerk(), sent).await.unwrap();
    let told = ["settled", "BATCH_ID_TWICE", "BATCH_ID_TWICE"];
    assert_eq!(shorts(&answers), told);
    assert_eq!((summary.settled_claims, summary.refused_claims), (1, 2));
    let done = outcome_of(&world, "c-1", Method::Settle).await;
    assert_eq!(done, outcome::State::Done);

    // Used for another claim before: refused, as by Settle.
    let other = [visit(&second, "V-2", "2017-06-01", 50_000)];
    let (answers, _) = send(&world.clerk(), batch(Mode::Continue, &other))
        .await
        .unwrap();
    assert_eq!(shorts(&answers), ["REQUEST_ID_REUSED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_so_many_claims_and_no_more() {
    let world = World::open().await;
    let [person] = people(&world).await;
    // Nothing is settled for the malformed ones.
    let malformed = |n: i32| item(&format!("m-{n}"), n, Claim::default());
    let mut sent = vec![opening(Mode::Continue, 0)];
    sent.extend((1..=CLAIMS_MAX).map(malformed));
    for n in 1..=2 {
        let claim = visit(&person, &format!("V-{n}"), "2017-06-01", 50_000);
        sent.push(item(&format!("over-{n}"), CLAIMS_MAX + n, claim));
    }
    let (answers, summary) = send(&world.clerk(), sent).await.unwrap();
    let told = shorts(&answers);
    let (over, within) = told.split_last().unwrap();
    assert_eq!(over, "BATCH_FULL");
    assert!(within.iter().all(|told| told == "INVALID_FIELD"));
    assert_eq!(within.len(), 10_000);
    assert_eq!(summary.refused_claims, CLAIMS_MAX + 1);
    assert_eq!(
        outcome_of(&world, "over-1", Method::Settle).await,
        outcome::State::UnknownHere
    );
}

#[tokio::test]
async fn unknown_is_told_as_unknown_and_becomes_known_when_sent_again() {
    let broken = Arc::new(AtomicBool::new(true));
    let breaks = broken.clone();
    let faults = Faults::new(move |path| {
        let post = path.ends_with("/PostSettlement");
        match post && breaks.load(Ordering::SeqCst) {
            true => Fate::LoseAnswer,
            false => Fate::Pass,
        }
    });
    let world = World::wrapped(move |_, wire| faults.over(wire)).await;
    let [first, second] = people(&world).await;
    let claims = [
        visit(&first, "V-1", "2017-06-01", 50_000),
        visit(&second, "V-2", "2017-06-01", 50_000),
    ];
    let sent = batch(Mode::Stop, &claims);
    let mut request = tonic::Request::new(stream::iter(sent.clone()));
    request.set_timeout(Duration::from_secs(6));
    let told = world.clerk().batches().settle_batch(request).await;
    let (mut told, mut answers) = (told.unwrap().into_inner(), Vec::new());
    while let Some(answer) = told.message().await.unwrap() {
        answers.push(answer);
    }
    assert_eq!(shorts(&answers[..2]), ["unknown", "not tried 1"]);
    let Some(Told::Unknown(unknown)) = &answers[0].told else {
        panic!("{answers:?}");
    };
    assert_eq!(unknown.heard.as_ref().unwrap().code, "DEADLINE_EXCEEDED");
    let ask = unknown.ask.clone().unwrap();
    assert_eq!(ask.request_id, "c-1");
    // It was settled all the time.
    let found = outcome_of(&world, &ask.request_id, ask.method()).await;
    assert_eq!(found, outcome::State::Done);

    broken.store(false, Ordering::SeqCst);
    let (answers, _) = send(&world.clerk(), sent).await.unwrap();
    assert_eq!(shorts(&answers), ["replayed", "settled"]);
    world.ledger().await;
}

/// A registered visit to the clinic with one line.
async fn registered(world: &World, person: &str, number: &str, day: &str) -> String {
    let claim = visit(person, number, day, 50_000);
    let registered = Visit {
        institution_code: claim.institution_code,
        visit_number: number.into(),
        person_id: person.into(),
        scheme: claim.scheme,
        med_type: claim.med_type,
        begin_day: day.into(),
        diagnosis_code: claim.diagnosis_code,
        ..Default::default()
    };
    let request = RegisterVisitRequest {
        request_id: format!("register-{number}"),
        visit: Some(registered),
    };
    let mut desk = world.clerk().visits();
    let told = desk.register_visit(patient(request)).await.unwrap();
    let visit_id = told.into_inner().visit.unwrap().visit_id;
    let line = VisitLine {
        line_code: "1".into(),
        item_code: claim.lines[0].item_code.clone(),
        unit_price_micro_yuan: claim.lines[0].unit_price_micro_yuan,
        quantity_e4: claim.lines[0].quantity_e4,
        amount_fen: 50_000,
        fee_day: day.into(),
        ..Default::default()
    };
    let request = UploadLinesRequest {
        request_id: format!("upload-{number}"),
        visit_id: visit_id.clone(),
        lines: vec![line],
    };
    desk.upload_lines(patient(request)).await.unwrap();
    visit_id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_visit_takes_its_turn() {
    let world = World::open().await;
    let [person] = people(&world).await;
    let visit_id = registered(&world, &person, "V-2", "2017-06-02").await;
    let claims = [
        visit(&person, "V-1", "2017-06-01", 50_000),
        visit(&person, "V-2", "2017-06-02", 50_000),
        visit(&person, "V-3", "2017-06-03", 50_000),
    ];
    let with_visit = |mode: Mode| {
        let mut sent = batch(mode, &claims);
        sent[2].part = Some(Part::VisitId(visit_id.clone()));
        sent
    };
    for (mode, told) in [
        (Mode::PreFlight, ["priced", "priced", "priced"]),
        (
            Mode::AllOrNothing,
            ["not tried 2", "INVALID_FIELD", "not tried 2"],
        ),
        (Mode::Continue, ["settled", "settled", "settled"]),
        (Mode::Continue, ["replayed", "replayed", "replayed"]),
    ] {
        let sent = send(&world.clerk(), with_visit(mode)).await;
        let (answers, summary) = sent.unwrap();
        assert_eq!(shorts(&answers), told);
        if mode == Mode::Continue {
            let ordinals = answers.iter().map(|answer| settlement(answer).ordinal);
            assert_eq!(ordinals.collect::<Vec<_>>(), [1, 2, 3]);
            assert_eq!(summary.total_fen, 150_000);
        }
    }
    // Another institution's does not exist.
    let mut others = vec![opening(Mode::Continue, 0)];
    others.extend(with_visit(Mode::Continue).into_iter().skip(2).take(1));
    others[1].number = 1;
    let (answers, _) = send(&world.suite.desk(HOSPITAL), others).await.unwrap();
    assert_eq!(shorts(&answers), ["VISIT_UNKNOWN"]);
}

#[tokio::test]
async fn an_institution_brings_its_own_claims_only() {
    let world = World::open().await;
    let [person] = people(&world).await;
    let claims = [
        visit(&person, "V-1", "2017-06-01", 50_000),
        stay(&person, "V-2", 5_000),
    ];
    for (mode, told) in [
        (Mode::PreFlight, ["priced", "INSTITUTION_MISMATCH"]),
        (Mode::AllOrNothing, ["not tried 2", "INSTITUTION_MISMATCH"]),
        (Mode::Continue, ["settled", "INSTITUTION_MISMATCH"]),
    ] {
        let desk = world.suite.desk(CLINIC);
        let (answers, _) = send(&desk, batch(mode, &claims)).await.unwrap();
        assert_eq!(shorts(&answers), told, "{mode:?}");
    }
    let hospital = world.suite.desk(HOSPITAL);
    let (answers, _) = send(&hospital, batch(Mode::Continue, &claims[1..]))
        .await
        .unwrap();
    assert_eq!(shorts(&answers), ["settled"]);
}

#[tokio::test]
async fn a_stream_without_a_first_message_is_refused_as_a_whole() {
    let world = World::open().await;
    let [person] = people(&world).await;
    let claim = visit(&person, "V-1", "2017-06-01", 50_000);
    let begin = |first: SettleBatchRequest| vec![first, item("c-1", 1, claim.clone())];
    let mut unnamed = opening(Mode::Continue, 0);
    unnamed.request_id = "a b".into();
    for (sent, field) in [
        (vec![], "options"),
        (begin(item("c-0", 0, claim.clone())), "options"),
        (begin(opening(Mode::Unspecified, 0)), "options.mode"),
        (begin(opening(Mode::Continue, 1)), "options.claims"),
        (begin(opening(Mode::AllOrNothing, 0)), "options.claims"),
        (begin(opening(Mode::AllOrNothing, 201)), "options.claims"),
        (begin(unnamed), "request_id"),
    ] {
        let no = send(&world.clerk(), sent).await.unwrap_err();
        assert_eq!(code(&no), "INVALID_FIELD");
        assert!(no.message().contains(field), "{field}: {no}");
    }
    let free = outcome_of(&world, "c-1", Method::Settle).await;
    assert_eq!(free, outcome::State::UnknownHere);
    // A second first message is a claim that is none.
    let twice = vec![opening(Mode::Stop, 0), opening(Mode::Stop, 0)];
    let (answers, _) = send(&world.clerk(), twice).await.unwrap();
    assert_eq!(short(&answers[0]), "INVALID_FIELD");
    // Nothing brought, nothing done.
    let (answers, summary) = send(&world.clerk(), vec![opening(Mode::Stop, 0)])
        .await
        .unwrap();
    assert_eq!((answers.len(), summary), (0, BatchSummary::default()));
}
