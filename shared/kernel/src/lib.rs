//! The words of the suite: money, days, identifiers, national codes, refusals, who asks.
//!
//! Everything here is a value. The crate refuses to know clocks, randomness, async, protobuf and
//! databases; what needs the time is handed an [`Instant`], and [`Clock`] is only the trait.

// Whatever comes from outside is refused in words; nothing outside the tests ends a thread.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod access;
mod code;
mod day;
mod digest;
mod document;
mod filing;
mod id;
pub mod mask;
pub mod message;
pub mod metric;
mod money;
mod outcome;
mod principal;
pub mod refusal;
pub mod seal;
mod secret;
pub mod sm2;
pub mod vault;

pub use access::{AccessEntry, AccessFilter, SUBJECTS_MAX, Seen, SeenKind};
pub use code::*;
pub use day::{BadDay, Clock, Day, Instant, Period};
pub use digest::{Digest, Digester};
pub use document::{Activation, Canon, Described, Document, Enactment, Proposal, Standing};
pub use filing::FilingKind;
pub use id::*;
pub use money::{CLAIM_FEN_MAX, FEN_PER_YUAN, Fen, Quantity, Rate, UnitPrice};
pub use outcome::{Outcome, OutcomeState, SealedEvent};
pub use principal::{Principal, Role, person_behind};
pub use refusal::{Fault, Kind, Refusal, Spec, ToldRefusal};
pub use secret::{CardNumber, IdNumber, PersonName, Secret};
