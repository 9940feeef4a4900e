//! The verbs of a saga whose only effect is its pivot, and everything about asking again.
//!
//! It decides what may be concluded from an answer and from silence, and refuses to know what a
//! saga is about. Such a saga writes no row. Its truth is the pivot's key at the committing peer,
//! named by the caller's request id, and four rules follow:
//!
//! 1. A peer's silence is never a "no". The pivot is asked again with the same key until the
//!    caller's time is nearly over; then the caller hears that nobody knows, and where to ask.
//! 2. A "no" the key remembers is told as it is: it is the outcome.
//! 3. Any other "no" is not the outcome yet. An attempt before this one may have committed, or may
//!    still arrive and commit. So the key is burned first: a burned key can never take effect, and
//!    one that has taken effect says so. Then the earlier outcome is told, or else the "no".
//! 4. A passing "no" says nothing about the request, so it burns nothing.
//! 5. A request found malformed before the pivot was asked is told so and burns nothing: the caller
//!    may mend it and keep its id.
//!
//! A journal, undoable steps and steps after the pivot come with the saga engine; the bodies say
//! the same verbs to it.

use crate::Peers;
use crate::steps::{Pivot, Step};
use kernel::refusal::{DEADLINE_EXCEEDED, OVERLOADED, REQUEST_ID_REUSED};
use kernel::{Kind, OutcomeState, Refusal, RequestId};
use runtime::{Context, Fault};
use std::future::Future;
use std::time::Duration;

/// How often a question is asked at most.
const READ_ATTEMPTS_MAX: u32 = 3;
/// The pause before the second attempt; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// The end of the caller's time that is kept for telling the answer.
const TELLING: Duration = Duration::from_millis(50);

/// Why a saga's body ended early. Steps hand it up with `?`.
#[derive(Debug)]
pub enum Halt {
    /// The pivot's key said no: that is the outcome.
    Concluded(Refusal),
    /// A peer could not read the request, and the pivot was not asked yet.
    Malformed(Refusal),
    /// A peer said no, and the pivot's key does not know of it.
    Refused(Refusal),
    /// Nobody knows, or the no will pass.
    Unknown(Refusal),
}

/// Of a saga without a pivot: its questions changed nothing, so every "no" is told as it came.
impl From<Halt> for Refusal {
    fn from(halt: Halt) -> Refusal {
        match halt {
            Halt::Concluded(no) | Halt::Malformed(no) | Halt::Refused(no) | Halt::Unknown(no) => no,
        }
    }
}

/// One saga under way: its peers, and the request it works for.
pub struct Saga<'a> {
    peers: &'a Peers,
    context: &'a Context,
}

/// Runs `body` to the outcome of its pivot. `bare` is the pivot with its key and origin and nothing
/// behind them: it must be able to burn the key, and to be told what stands under it.
pub async fn drive<'a, P, F, Fut>(
    peers: &'a Peers,
    context: &'a Context,
    bare: P,
    body: F,
) -> Result<P::Answer, Refusal>
where
    P: Pivot,
    F: FnOnce(Saga<'a>) -> Fut,
    Fut: Future<Output = Result<P::Answer, Halt>>,
{
    match body(Saga::new(peers, context)).await {
        Ok(answer) => Ok(answer),
        Err(Halt::Concluded(no) | Halt::Malformed(no) | Halt::Unknown(no)) => Err(no),
        Err(Halt::Refused(no)) => Saga::new(peers, context).refuse(&bare, no).await,
    }
}

impl<'a> Saga<'a> {
    /// A saga about to begin. One without a pivot needs no [`drive`].
    pub fn new(peers: &'a Peers, context: &'a Context) -> Saga<'a> {
        Saga { peers, context }
    }

    /// Asks a question: changes nothing, and so may be asked again freely.
    pub async fn read<S: Step>(&self, step: &S) -> Result<S::Answer, Halt> {
        let mut attempts = 1;
        loop {
            match step.ask(self.peers, self.context).await {
                Ok(answer) => return Ok(answer),
                Err(Fault::Refused(no)) if no.kind == Kind::Invalid => {
                    return Err(Halt::Malformed(no));
                }
                Err(Fault::Refused(no)) => return Err(Halt::Refused(no)),
                Err(Fault::Unknown(no)) => {
                    if attempts == READ_ATTEMPTS_MAX || !self.pause(attempts).await {
                        return Err(Halt::Unknown(no));
                    }
                }
            }
            attempts += 1;
        }
    }

    /// Commits. The saga ends here: after this there is no way back.
    pub async fn pivot<P: Pivot>(self, step: &P) -> Result<P::Answer, Halt> {
        let ask = || step.ask(self.peers, self.context);
        match self.insist(step.request_id(), ask).await {
            Ok(answer) => Ok(answer),
            Err(Fault::Refused(no)) => Err(Halt::Concluded(no)),
            // The key belongs to another request for ever. It is not ours to burn.
            Err(Fault::Unknown(no)) if no.is(&REQUEST_ID_REUSED) => Err(Halt::Concluded(no)),
            Err(Fault::Unknown(no)) if no.kind.is_passing() => Err(Halt::Unknown(no)),
            // The peer could not read this attempt. An earlier one may have read otherwise.
            Err(Fault::Unknown(no)) => Err(Halt::Refused(no)),
        }
    }

    /// Makes a "no" true before it is told: burns the pivot's key, or tells what stands under it.
    async fn refuse<P: Pivot>(self, bare: &P, no: Refusal) -> Result<P::Answer, Refusal> {
        let request_id = bare.request_id();
        let burn = || bare.burn(self.peers, self.context);
        match self.insist(request_id, burn).await {
            Ok(OutcomeState::Withdrawn) => {
                // The burned key stands behind it now: a caller may believe it.
                Err(no.remember())
            }
            Ok(OutcomeState::Done | OutcomeState::Refused) => match self.pivot(bare).await {
                Ok(answer) => Ok(answer),
                Err(Halt::Concluded(no) | Halt::Unknown(no)) => Err(no),
                Err(Halt::Refused(told) | Halt::Malformed(told)) => {
                    tracing::warn!(%request_id, code = %told.code, "a standing key is silent");
                    Err(unknown(request_id))
                }
            },
            Ok(OutcomeState::UnknownHere) | Err(_) => Err(unknown(request_id)),
        }
    }

    /// Asks with the same key until there is an answer or the caller's time is nearly over. A
    /// passing no is told in the end only if no attempt was left open.
    async fn insist<T, F, Fut>(&self, request_id: &RequestId, ask: F) -> Result<T, Fault>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, Fault>>,
    {
        let (mut attempts, mut open) = (1, false);
        loop {
            let no = match ask().await {
                Err(Fault::Unknown(no)) if no.kind.is_passing() => no,
                answered => return answered,
            };
            open |= leaves_open(&no);
            if !self.pause(attempts).await {
                tracing::warn!(%request_id, attempts, code = %no.code, "unanswered in time");
                let told = if open { unknown(request_id) } else { no };
                return Err(Fault::Unknown(told));
            }
            attempts += 1;
        }
    }

    /// Waits before the next attempt; false when the caller's time does not allow one.
    async fn pause(&self, attempts: u32) -> bool {
        let pause = pause_after(attempts);
        let allowed = pause + TELLING < self.context.left();
        if allowed {
            tokio::time::sleep(pause).await;
        }
        allowed
    }
}

/// Doubles from [`PAUSE_FIRST`] to [`PAUSE_MAX`].
fn pause_after(attempts: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    PAUSE_FIRST.saturating_mul(doubled).min(PAUSE_MAX)
}

/// A peer that says it is busy, or that we may not, did nothing. Silence leaves open what it did.
fn leaves_open(no: &Refusal) -> bool {
    let idle = matches!(
        no.kind,
        Kind::Busy | Kind::Forbidden | Kind::Unauthenticated
    );
    !idle && !no.is(&OVERLOADED)
}

/// What is told when nobody knows: ask GetOutcome, or again with the same request id.
fn unknown(request_id: &RequestId) -> Refusal {
    DEADLINE_EXCEEDED.refuse().with("request_id", request_id)
}

#[cfg(test)]
mod tests;
