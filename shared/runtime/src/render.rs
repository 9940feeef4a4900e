//! From the domain's words to the messages all services share.

use kernel::{Day, Instant, Outcome, OutcomeState, Refusal, SealedEvent};
use proto::common;

/// An instant as the wire writes it.
pub fn timestamp(instant: Instant) -> prost_types::Timestamp {
    let (seconds, micros) = (
        instant.micros().div_euclid(1_000_000),
        instant.micros().rem_euclid(1_000_000),
    );
    prost_types::Timestamp {
        seconds,
        nanos: i32::try_from(micros * 1_000).unwrap_or(0),
    }
}

/// A day, or an empty text.
pub fn optional_day(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// What became of a request.
pub fn outcome(outcome: Outcome) -> common::Outcome {
    use common::outcome::State;
    let state = match outcome.state {
        OutcomeState::Done => State::Done,
        OutcomeState::Refused => State::Refused,
        OutcomeState::Withdrawn => State::Withdrawn,
        OutcomeState::UnknownHere => State::UnknownHere,
    };
    common::Outcome {
        state: state.into(),
        subject_id: outcome.subject.unwrap_or_default(),
        refused: outcome.refusal.as_ref().map(refused),
        recorded_time: outcome.recorded.map(timestamp),
    }
}

/// A remembered "no".
pub fn refused(refusal: &Refusal) -> common::Refused {
    common::Refused {
        code: refusal.code.to_string(),
        sentence: refusal.sentence(),
        remedy: refusal.remedy.to_string(),
        field: refusal.field.clone().unwrap_or_default(),
    }
}

/// A sealed event.
pub fn event(event: SealedEvent) -> common::Event {
    common::Event {
        position: event.position,
        event_id: event.id,
        area_code: event.area.to_string(),
        kind: event.kind,
        subject_id: event.subject,
        facts_json: event.facts,
        occurred_time: Some(timestamp(event.occurred)),
    }
}
