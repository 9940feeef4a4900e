//! What may be done about a saga, and by whom.

use crate::refusal::{
    ABANDONMENT_NOT_PROPOSED, ABANDONMENT_SAME_PERSON, SAGA_NOT_OPEN, SAGA_NOT_STUCK,
    SAGA_TO_RESUME,
};
use crate::store::State;
use crate::store::operations::{Filter, Seen};
use kernel::{Refusal, Spec, person_behind};

/// What to do with a saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// One under way is taken up now.
    Retry,
    /// One that is stuck goes on where it stopped.
    Resume,
}

impl Action {
    /// The state a saga must be in.
    fn state(self) -> State {
        match self {
            Action::Retry => State::Running,
            Action::Resume => State::Stuck,
        }
    }

    /// What is told of it.
    pub fn event(self) -> &'static str {
        match self {
            Action::Retry => "saga.retried",
            Action::Resume => "saga.resumed",
        }
    }

    /// What is told of it, done to many.
    pub fn event_of_many(self) -> &'static str {
        match self {
            Action::Retry => "sagas.retried",
            Action::Resume => "sagas.resumed",
        }
    }
}

/// Whether a saga may be taken up so.
pub fn direct(seen: &Seen, action: Action) -> Result<(), Refusal> {
    match (action, seen.state()) {
        (action, state) if action.state() == state => Ok(()),
        (Action::Retry, State::Stuck) => Err(no(&SAGA_TO_RESUME, seen)),
        (Action::Resume, State::Running) => Err(no(&SAGA_NOT_STUCK, seen)),
        _ => Err(no(&SAGA_NOT_OPEN, seen)),
    }
}

/// The filter with the one state that the action fits; none when the filter leaves that out.
pub fn fitting(filter: &Filter, action: Action) -> Option<Filter> {
    let wanted = filter.states.is_empty() || filter.states.contains(&action.state());
    wanted.then(|| Filter {
        states: vec![action.state()],
        ..filter.clone()
    })
}

/// Whether a saga may be proposed to be abandoned.
pub fn stuck(seen: &Seen) -> Result<(), Refusal> {
    match seen.state() {
        State::Stuck => Ok(()),
        _ => Err(no(&SAGA_NOT_STUCK, seen)),
    }
}

/// Whether `by` may abandon a saga; the reason that was proposed.
pub fn approve<'a>(seen: &'a Seen, by: &str) -> Result<&'a str, Refusal> {
    stuck(seen)?;
    match &seen.abandon_by {
        None => Err(no(&ABANDONMENT_NOT_PROPOSED, seen)),
        Some(proposer) if person_behind(proposer) == person_behind(by) => {
            Err(no(&ABANDONMENT_SAME_PERSON, seen))
        }
        Some(_) => Ok(seen.abandon_reason.as_deref().unwrap_or_default()),
    }
}

fn no(spec: &'static Spec, seen: &Seen) -> Refusal {
    spec.refuse().with("saga_id", &seen.saga_id).at("saga_id")
}
