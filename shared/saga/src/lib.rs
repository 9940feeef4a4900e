//! 长事务: a saga is an ordinary async function. Run it, kill it, run it again: the journal answers
//! the steps that were answered before, so that the first new step is the first real call.
//!
//! It decides in which order things are done, asked again, given up and taken back, and refuses to
//! know what a saga is about, what a database is and what time it is: those are [`Journal`]'s.
//!
//! Verbs, told apart by what one must hold to say them:
//!
//! | verb | what it does | needs |
//! |---|---|---|
//! | [`Saga::read`] | asks, and changes nothing | |
//! | [`Saga::run`] | changes something that can be taken back | [`Undo`] |
//! | [`Saga::pivot`] | the point of no return; gives a [`Pivoted`] | [`Pivot`] |
//! | [`Saga::conclude`] | a pivot after which nothing comes | [`Pivot`] |
//! | [`Pivoted::finish`] | after the pivot: asked until it is done, never given up | [`Undo`] |
//!
//! What holds, under every loss of a call, of an answer, of the process:
//!
//! 1. A step's key is `<saga id>-<n>`, of every attempt in every life. The pivot's key is the
//!    caller's own request id: the peer that commits remembers the outcome under it.
//! 2. Before anything that has an effect leaves, everything the body knows is durable and the lease
//!    is ours: the row with the request before the first, the answers since the last before each.
//! 3. A saga whose only effect is its pivot writes no row ([`Saga::conclude`] with no `run` before).
//! 4. Only a remembered "no" is believed. Silence is asked again with the same key; after
//!    [`ATTEMPTS_MAX`] it is journaled, and the step is taken back like one that was done.
//! 5. Before a saga ends without its pivot, the pivot's key is burned: whoever sent it and sleeps
//!    cannot commit any more, and whoever did commit is found out.
//! 6. What comes after the pivot, and taking back, is never given up. A "no" there is [`End::Stuck`]:
//!    a peer broke its promise, and a person must look.
//! 7. A whole saga can be withdrawn: unbegun its key is burned, under way it is taken back, done it is
//!    reversed first; a reversal may be refused, and then the saga stands.
//!
//! ```text
//!            ┌ refused, silent, withdrawn ─▶ burn the pivot ─▶ undo, newest first ─▶ refused, withdrawn
//! read, run ─┤                                   │ has happened: on, and then back
//!            └ pivot ─▶ finish … ─▶ done ─▶ withdrawn: reverse the pivot ─▶ undo, newest first
//! ```
//!
//! The body is deterministic: time, ids and randomness come from its request or from answers. What
//! the compiler refuses — undoable work after the pivot:
//!
//! ```compile_fail
//! # use saga::example::*;
//! async fn body(mut saga: saga::Saga<'_, Toys>) -> Result<(), saga::Halt> {
//!     let (_, _after) = saga.pivot(Toy).await?;
//!     saga.run(Toy).await?; // use of moved value: `saga`
//!     Ok(())
//! }
//! ```
//! or said to what is left of it,
//! ```compile_fail
//! # use saga::example::*;
//! async fn body(saga: saga::Saga<'_, Toys>) -> Result<(), saga::Halt> {
//!     let (_, mut after) = saga.pivot(Toy).await?;
//!     after.run(Toy).await?; // no method named `run` found for struct `Pivoted`
//!     Ok(())
//! }
//! ```
//! `run` of what cannot be taken back,
//! ```compile_fail
//! # use saga::example::*;
//! async fn body(mut saga: saga::Saga<'_, Toys>) -> Result<(), saga::Halt> {
//!     saga.run(Question).await // the trait bound `Question: Undo` is not satisfied
//! }
//! ```
//! two pivots,
//! ```compile_fail
//! # use saga::example::*;
//! async fn body(saga: saga::Saga<'_, Toys>) -> Result<(), saga::Halt> {
//!     let (_, after) = saga.pivot(Toy).await?;
//!     after.pivot(Toy).await?;
//!     Ok(())
//! }
//! ```
//! `finish` before the pivot,
//! ```compile_fail
//! # use saga::example::*;
//! async fn body(mut saga: saga::Saga<'_, Toys>) -> Result<(), saga::Halt> {
//!     saga.finish(Toy).await
//! }
//! ```
//! anything after `conclude`,
//! ```compile_fail
//! # use saga::example::*;
//! async fn body(mut saga: saga::Saga<'_, Toys>) -> Result<(), saga::Halt> {
//!     saga.conclude(Toy).await?;
//!     saga.read(Question).await
//! }
//! ```
//! and what it accepts:
//! ```
//! # use saga::example::*;
//! async fn body(mut saga: saga::Saga<'_, Toys>) -> Result<(), saga::Halt> {
//!     saga.read(Question).await?;
//!     saga.run(Toy).await?;
//!     let (_, mut after) = saga.pivot(Toy).await?;
//!     after.finish(Toy).await
//! }
//! ```

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

mod drive;
#[doc(hidden)]
pub mod example;
mod insist;
mod journal;
pub mod refusal;
mod run;
mod step;
pub mod testing;
mod verbs;

pub use drive::{End, drive, inquire, withdraw_unbegun};
pub use journal::{Boxed, Change, Entry, Journal, Lost, Past, What, Wish};
pub use run::Run;
pub use step::{Body, Burned, Inquiry, Kept, Pivot, Step, Undo};
pub use verbs::{Halt, Pivoted, Saga};

/// How often a step that can still be given up is asked before it counts as unanswered, in all lives
/// of its saga; see [`Run::with_attempts`].
pub const ATTEMPTS_MAX: u32 = 16;
/// How often a question is asked while nothing has begun: its caller can ask again as well.
pub const QUESTIONS_MAX: u32 = 3;
