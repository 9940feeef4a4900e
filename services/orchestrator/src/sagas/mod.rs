//! The sagas: each a plain async function that reads from top to bottom what is asked of whom.
//! [`pivot`] has the verbs they are written with, and everything about asking again.

pub mod pivot;
pub mod reverse_settlement;
pub mod settle_claim;
