//! What operators see of sagas and do about them: on both databases, with peers that never answer.

mod office;

use kernel::{Instant, Role};
use office::{NOON, Office, code, ids, operator, who};
use orchestrator::Asked;
use proto::orchestrator as pb;
use proto::orchestrator::saga::State;
use tonic::Code;

#[tokio::test]
async fn sagas_are_listed_by_what_is_asked() {
    let office = Office::open().await;
    let who = operator("operator-1");
    let first = office.leave("152501", Asked::Settle, "R-1").await;
    let second = office.leave("152501", Asked::SettleTogether, "R-2").await;
    office.clock.set(Instant::from_micros(NOON + 600_000_000));
    let third = office.leave("152501", Asked::Settle, "R-3").await;
    office
        .break_off(&third, "state = 4, kind = 'settle.v2'")
        .await;
    office.leave("310000", Asked::Settle, "R-1").await;

    let all = office.list(&who, pb::SagaFilter::default()).await;
    assert_eq!(ids(&all), [&first, &second, &third]);
    let saga = &all.sagas[0];
    assert_eq!(
        (saga.method.as_str(), saga.request_id.as_str()),
        ("Settle", "R-1")
    );
    assert_eq!(
        (saga.caller.as_str(), saga.state()),
        ("clerk-1", State::Running)
    );
    assert!(saga.due_time.is_some() && all.sagas[2].due_time.is_none());

    let family = |kind: &str| pb::SagaFilter {
        kind: kind.into(),
        ..Default::default()
    };
    // Versions side by side; another body of a longer name is none of them.
    let settles = office.list(&who, family("settle")).await;
    assert_eq!(ids(&settles), [&first, &third]);
    let tallies: Vec<_> = settles
        .tallies
        .iter()
        .map(|tally| (tally.kind.as_str(), tally.state(), tally.sagas))
        .collect();
    let wanted = [
        ("settle.v1", State::Running, 1),
        ("settle.v2", State::Stuck, 1),
    ];
    assert_eq!(tallies, wanted);
    assert_eq!(ids(&office.list(&who, family("settle.v2")).await), [&third]);
    assert_eq!(
        ids(&office.list(&who, family("settle_together")).await),
        [&second]
    );

    let old = pb::SagaFilter {
        older_than_seconds: 300,
        ..Default::default()
    };
    assert_eq!(ids(&office.list(&who, old).await), [&first, &second]);
    let broken = pb::SagaFilter {
        states: vec![State::Stuck.into(), State::Done.into()],
        fault_code: "PROMISE_BROKEN".into(),
        ..Default::default()
    };
    assert_eq!(ids(&office.list(&who, broken).await), [&third]);
    // What became of a caller's request.
    let asked = |caller: &str, request_id: &str| pb::SagaFilter {
        caller: caller.into(),
        request_id: request_id.into(),
        ..Default::default()
    };
    let found = office.list(&who, asked("clerk-1", "R-2")).await;
    assert_eq!(ids(&found), [&second]);
    let none = office.list(&who, asked("clerk-2", "R-2")).await;
    assert!(none.sagas.is_empty() && none.tallies.is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_and_areas_do_not_meet() {
    let office = Office::open().await;
    let who = operator("operator-1");
    for request_id in ["R-1", "R-2", "R-3"] {
        office.leave("152501", Asked::Enrol, request_id).await;
    }
    let other = office.leave("310000", Asked::Enrol, "R-1").await;
    let (mut seen, mut token, mut tallied) = (Vec::new(), String::new(), Vec::new());
    loop {
        let request = pb::ListSagasRequest {
            filter: None,
            page_size: 2,
            page_token: token,
        };
        let page = office
            .sagas
            .clone()
            .list_sagas(who.own(request))
            .await
            .unwrap();
        let page = page.into_inner();
        tallied.push(page.tallies.len());
        seen.extend(page.sagas.into_iter().map(|saga| saga.request_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(
        (seen, tallied),
        (vec!["R-1".into(), "R-2".into(), "R-3".into()], vec![1, 0])
    );
    let request = pb::GetSagaRequest {
        saga_id: other.clone(),
    };
    let no = office
        .sagas
        .clone()
        .get_saga(who.own(request))
        .await
        .unwrap_err();
    assert_eq!(
        (no.code(), code(&no).as_str()),
        (Code::NotFound, "SAGA_UNKNOWN")
    );
    let no = office
        .direct(&who, "D-1", &other, pb::SagaAction::Retry)
        .await
        .unwrap_err();
    assert_eq!(code(&no), "SAGA_UNKNOWN");
    let request = pb::ReckonSagaRequest { saga_id: other };
    let no = office
        .sagas
        .clone()
        .reckon_saga(who.own(request))
        .await
        .unwrap_err();
    assert_eq!(code(&no), "SAGA_UNKNOWN");
}

#[tokio::test]
async fn one_that_rests_is_retried_and_one_that_is_stuck_resumed() {
    let office = Office::open().await;
    let who = operator("operator-1");
    let (retry, resume) = (pb::SagaAction::Retry, pb::SagaAction::Resume);
    let resting = office.leave("152501", Asked::Enrol, "R-1").await;
    assert!(office.executor.take_due(9).await.unwrap().is_empty());
    let no = office
        .direct(&who, "D-0", &resting, resume)
        .await
        .unwrap_err();
    assert_eq!(code(&no), "SAGA_NOT_STUCK");
    let done = office.direct(&who, "D-1", &resting, retry).await.unwrap();
    assert!(!done.replayed && done.saga.unwrap().due_time.is_some());
    assert!(
        office
            .direct(&who, "D-1", &resting, retry)
            .await
            .unwrap()
            .replayed
    );
    let taken = office.executor.take_due(9).await.unwrap();
    assert_eq!(taken.len(), 1);

    let stuck = office.stuck("R-2").await;
    office.propose(&who, "P-1", &stuck).await.unwrap();
    let no = office.direct(&who, "D-2", &stuck, retry).await.unwrap_err();
    assert_eq!(code(&no), "SAGA_TO_RESUME");
    let saga = office
        .direct(&who, "D-3", &stuck, resume)
        .await
        .unwrap()
        .saga
        .unwrap();
    assert_eq!(
        (saga.state(), saga.abandonment_proposed_by.as_str()),
        (State::Running, "")
    );
    // The no under its own id is remembered, whatever has become of the saga.
    let no = office.direct(&who, "D-2", &stuck, retry).await.unwrap_err();
    assert_eq!(code(&no), "SAGA_TO_RESUME");
    assert_eq!(office.executor.take_due(9).await.unwrap().len(), 1);

    office.break_off(&stuck, "state = 1").await;
    for action in [retry, resume] {
        let id = format!("D-{}", action.as_str_name());
        let no = office.direct(&who, &id, &stuck, action).await.unwrap_err();
        assert_eq!(code(&no), "SAGA_NOT_OPEN");
    }
    let told = ["saga.retried", "saga.abandonment_proposed", "saga.resumed"];
    let told = told.map(|kind| (kind.to_string(), "operator-1".to_string()));
    assert_eq!(office.events(&who).await, told);
}

#[tokio::test]
async fn two_people_abandon_a_stuck_saga_and_settlement_must_answer() {
    let office = Office::open().await;
    let (one, other) = (operator("operator-1"), operator("operator-2"));
    let running = office.leave("152501", Asked::Enrol, "R-1").await;
    let no = office.propose(&one, "P-0", &running).await.unwrap_err();
    assert_eq!(code(&no), "SAGA_NOT_STUCK");
    let stuck = office.stuck("R-2").await;
    let no = office.approve(&other, "A-0", &stuck).await.unwrap_err();
    assert_eq!(code(&no), "ABANDONMENT_NOT_PROPOSED");
    let saga = office.propose(&one, "P-1", &stuck).await.unwrap();
    assert_eq!(
        (saga.state(), saga.abandonment_reason.as_str()),
        (State::Stuck, "账已核对")
    );
    let no = office.approve(&one, "A-1", &stuck).await.unwrap_err();
    assert_eq!(code(&no), "ABANDONMENT_SAME_PERSON");
    // Whether its pivot was passed only settlement can say, which is silent here.
    let no = office.approve(&other, "A-1", &stuck).await.unwrap_err();
    assert_eq!(code(&no), "UNAVAILABLE");
    let stands = office.list(&one, pb::SagaFilter::default()).await;
    let saga = stands.sagas.iter().find(|saga| saga.saga_id == stuck);
    let saga = saga.unwrap();
    assert_eq!(
        (saga.state(), saga.abandonment_proposed_by.as_str()),
        (State::Stuck, "operator-1")
    );
    let told = ("saga.abandonment_proposed", "operator-1");
    let told = [(told.0.to_string(), told.1.to_string())];
    assert_eq!(office.events(&one).await, told);
}

#[tokio::test]
async fn many_are_counted_before_they_are_taken_up() {
    let office = Office::open().await;
    let who = operator("operator-1");
    let running = office.leave("152501", Asked::Enrol, "R-0").await;
    let first = office.stuck("R-1").await;
    office.stuck("R-2").await;
    let bulk = |dry_run, states: Vec<State>| pb::DirectSagasRequest {
        request_id: "B-1".into(),
        filter: Some(pb::SagaFilter {
            states: states.into_iter().map(i32::from).collect(),
            ..Default::default()
        }),
        action: pb::SagaAction::Resume.into(),
        reason: "对端已修复".into(),
        dry_run,
    };
    let send = |message| {
        let (mut sagas, request) = (office.sagas.clone(), who.own(message));
        async move { sagas.direct_sagas(request).await.unwrap().into_inner() }
    };
    // The action does not fit those that run.
    assert_eq!(send(bulk(true, vec![])).await.sagas, 2);
    assert_eq!(send(bulk(true, vec![State::Running])).await.sagas, 0);
    assert!(office.executor.take_due(9).await.unwrap().is_empty());
    let done = send(bulk(false, vec![])).await;
    assert_eq!((done.sagas, done.replayed), (2, false));
    let again = send(bulk(false, vec![])).await;
    assert_eq!((again.sagas, again.replayed), (2, true));
    let taken = office.executor.take_due(9).await.unwrap();
    assert_eq!(taken.len(), 2);
    let filter = pb::SagaFilter {
        states: vec![State::Stuck.into()],
        ..Default::default()
    };
    assert!(office.list(&who, filter).await.sagas.is_empty());
    let get = async |saga_id: String| {
        let one = who.own(pb::GetSagaRequest { saga_id });
        let told = office.sagas.clone().get_saga(one).await;
        told.unwrap().into_inner()
    };
    let saga = get(running).await;
    assert_eq!((saga.saga.unwrap().lives, saga.notes.as_str()), (1, ""));
    // Their words stand with the saga, where who reads them is written down.
    let notes = get(first).await.notes;
    assert!(
        notes.ends_with(" operator-1 saga.resumed：对端已修复\n"),
        "{notes}"
    );
    let told = vec![("sagas.resumed".to_string(), "operator-1".to_string())];
    assert_eq!(office.events(&who).await, told);
}

/// A silent peer is told as silent, step by step.
#[tokio::test]
async fn what_cannot_be_reckoned_says_why() {
    let office = Office::open().await;
    let who = operator("operator-1");
    let stuck = office.stuck("R-1").await;
    let request = pb::ReckonSagaRequest {
        saga_id: stuck.clone(),
    };
    let told = office
        .sagas
        .clone()
        .reckon_saga(who.own(request))
        .await
        .unwrap()
        .into_inner();
    let keys: Vec<&str> = told.standings.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, [format!("{stuck}-0").as_str(), "R-1"]);
    for standing in &told.standings {
        assert!(
            standing.outcome.is_none() && standing.silent.is_some(),
            "{standing:?}"
        );
    }
    assert!(told.unpriced.is_some() && told.would_post.is_empty());
}

#[tokio::test]
async fn nobody_else_may() {
    let office = Office::open().await;
    for role in [Role::Clerk, Role::Institution] {
        let who = who("clerk-1", "152501", role);
        let mut sagas = office.sagas.clone();
        let asked = sagas
            .list_sagas(who.own(pb::ListSagasRequest::default()))
            .await;
        assert_eq!(asked.unwrap_err().code(), Code::PermissionDenied);
    }
}
