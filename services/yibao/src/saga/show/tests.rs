use super::*;

fn at_second(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

fn some(state: State) -> pb::Saga {
    pb::Saga {
        saga_id: "0190a1b2-0000-7000-8000-000000000001".into(),
        kind: "settle.v1".into(),
        state: state.into(),
        caller: "H15250100001".into(),
        method: "Settle".into(),
        request_id: "s1".into(),
        began_time: at_second(1_000),
        changed_time: at_second(1_002),
        ..pb::Saga::default()
    }
}

fn shown(saga: pb::Saga) -> String {
    let told = pb::GetSagaResponse {
        saga: Some(saga),
        lines: Vec::new(),
        notes: String::new(),
    };
    let mut bytes = Vec::new();
    super::saga(&told, Instant::from_micros(1_200 * SECOND), &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn an_ended_saga_says_how_long_it_took() {
    let text = shown(some(State::Done));
    for said in ["（3分20秒前）", "历时      2秒", "settle.v1 结算"] {
        assert!(text.contains(said), "no {said:?} in: {text}");
    }
    assert!(!text.contains("尝试"), "{text}");
}

#[test]
fn an_open_saga_says_who_has_it_and_when_another_may() {
    let mut saga = some(State::Running);
    saga.due_time = at_second(1_206);
    let text = shown(saga.clone());
    assert!(
        text.contains("下次处理  6秒后\n") && !text.contains("历时"),
        "{text}"
    );
    saga.owner = "replica-1".into();
    saga.attempts = 2;
    let text = shown(saga.clone());
    for said in ["replica-1（如无续期，6秒后可接手）", "当前步骤已尝试 2 次"] {
        assert!(text.contains(said), "no {said:?} in: {text}");
    }
    saga.due_time = at_second(1_199);
    assert!(shown(saga).contains("replica-1（已到期，可接手）"));
}

#[test]
fn a_page_says_whose_request_a_saga_is() {
    let told = pb::ListSagasResponse {
        tallies: vec![pb::SagaTally {
            kind: "settle.v1".into(),
            state: State::Stuck.into(),
            sagas: 1,
        }],
        sagas: vec![some(State::Stuck)],
        next_page_token: String::new(),
    };
    let mut bytes = Vec::new();
    page(&told, Instant::from_micros(1_200 * SECOND), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    // A row or a block, as the terminal is wide.
    for said in [
        "0190a1b2-0000-7000-8000-000000000001",
        "settle.v1 结算",
        "H15250100001",
        "s1",
    ] {
        assert!(text.contains(said), "no {said:?} in: {text}");
    }
    assert!(text.contains("3分20秒前"), "{text}");
}
