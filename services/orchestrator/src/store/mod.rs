//! Every query. Leases are told by the database's clock, which all replicas share.

mod lease;
mod many;
pub mod operations;
mod rows;
pub mod sampling;
pub mod senders;
mod writer;

pub use lease::{Holder, Which, adopt, due, renew, write};
pub use many::{leave, open_sagas};
pub use rows::{Line, begin, entry, find, line, lines_of, refuse, wish_withdrawn};
pub use writer::{Write, Writer};

use crate::entity::saga::Model;
use crate::refusal::SAGA_ABANDONED;
use kernel::{Digest, Instant, Outcome, OutcomeState, Principal, Refusal, ToldRefusal};
use store::Key;

/// Where a saga stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Under way, or at rest.
    Running,
    /// Done.
    Done,
    /// Refused, and all of it taken back.
    Refused,
    /// Withdrawn, and all of it taken back.
    Withdrawn,
    /// A person must look.
    Stuck,
    /// Two people left it as it stands.
    Abandoned,
}

impl State {
    /// All of them, in the order of their numbers.
    pub const ALL: [State; 6] = [
        State::Running,
        State::Done,
        State::Refused,
        State::Withdrawn,
        State::Stuck,
        State::Abandoned,
    ];

    /// Its number in the table.
    pub fn number(self) -> i16 {
        match self {
            State::Running => 0,
            State::Done => 1,
            State::Refused => 2,
            State::Withdrawn => 3,
            State::Stuck => 4,
            State::Abandoned => 5,
        }
    }

    fn of(number: i16) -> State {
        let known = State::ALL
            .into_iter()
            .find(|state| state.number() == number);
        // A number nobody writes: somebody edited the table.
        known.unwrap_or(State::Stuck)
    }
}

/// A saga about to begin.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Its caller's key.
    pub key: Key,
    /// Its id.
    pub saga_id: String,
    /// Its body and version.
    pub kind: &'static str,
    /// What makes a repeat the same request; none when it is withdrawn before it came.
    pub origin: Option<Digest>,
    /// The request, encoded.
    pub request: Vec<u8>,
    /// Who asked.
    pub principal: Principal,
    /// Where the trace of its request is.
    pub trace: Option<String>,
}

/// A saga as it is stored.
#[derive(Clone, Debug)]
pub struct Row(pub Model);

impl Row {
    /// Where it stands.
    pub fn state(&self) -> State {
        State::of(self.0.state)
    }

    /// Why it was refused.
    pub fn refusal(&self) -> Option<Refusal> {
        told(self.0.refusal.as_deref())
    }

    /// Why its reversal was refused last.
    pub fn stood_for(&self) -> Option<Refusal> {
        told(self.0.stood_for.as_deref())
    }

    /// Who asked.
    pub fn principal(&self) -> Option<Principal> {
        serde_json::from_str(&self.0.principal).ok()
    }

    /// What became of its request, at this moment.
    pub fn outcome(&self) -> Outcome {
        let (state, refusal) = match self.state() {
            // One that is stuck is not over.
            State::Running | State::Stuck => (OutcomeState::Pending, None),
            State::Done => (OutcomeState::Done, None),
            State::Refused => (OutcomeState::Refused, self.refusal()),
            State::Withdrawn => (OutcomeState::Withdrawn, None),
            // What its pivot made stands; without it, it never will.
            State::Abandoned if self.0.subject.is_some() => (OutcomeState::Done, None),
            State::Abandoned => (OutcomeState::Refused, Some(SAGA_ABANDONED.refuse())),
        };
        let is_over = state != OutcomeState::Pending;
        Outcome {
            state,
            subject: self
                .0
                .subject
                .clone()
                .filter(|_| state == OutcomeState::Done),
            refusal: refusal.map(Refusal::remember),
            recorded: is_over.then(|| Instant::from_micros(self.0.changed_at)),
        }
    }

    /// True when it was withdrawn before its request came.
    pub fn is_tombstone(&self) -> bool {
        self.0.origin.is_empty()
    }
}

fn told(json: Option<&str>) -> Option<Refusal> {
    let told: ToldRefusal = serde_json::from_str(json?).ok()?;
    Some(told.into())
}

fn to_json(no: &Refusal) -> String {
    // A struct of texts always encodes.
    serde_json::to_string(&ToldRefusal::from(no)).unwrap_or_default()
}
