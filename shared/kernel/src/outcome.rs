//! What became of a request, and a sealed event: what services store alike and tell alike.

use crate::{AreaCode, Instant, Refusal};

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeState {
    /// It is being worked on.
    Pending,
    /// It took effect.
    Done,
    /// It was refused for good.
    Refused,
    /// It was withdrawn or burned.
    Withdrawn,
    /// No such request here; it may still arrive.
    UnknownHere,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where it stands.
    pub state: OutcomeState,
    /// The id of what it made.
    pub subject: Option<String>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// When that was written.
    pub recorded: Option<Instant>,
}

/// One change, sealed into its service's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEvent {
    /// Gap-free position, from 1.
    pub position: i64,
    /// The event's id.
    pub id: String,
    /// The pooling area.
    pub area: AreaCode,
    /// Such as `settlement.posted`.
    pub kind: String,
    /// The id of what changed.
    pub subject: String,
    /// Facts as JSON.
    pub facts: String,
    /// When it happened.
    pub occurred: Instant,
}
