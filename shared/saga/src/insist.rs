//! Asking again: what an answer means, and when silence becomes one.

use crate::journal::Lost;
use crate::run::Run;
use kernel::refusal::{OVERLOADED, REQUEST_ID_REUSED};
use kernel::{Fault, Kind, Refusal};
use std::future::Future;
use std::sync::Arc;

/// An answer that is no "yes".
#[derive(Debug)]
pub(crate) enum No {
    /// The peer says no, for ever.
    Remembered(Refusal),
    /// The key is another request's.
    Foreign(Refusal),
    /// The peer could not take it as it is, and does not remember that.
    Unread(Refusal),
    /// Asked as often as may be, and no answer.
    Silent(Refusal),
}

impl No {
    pub(crate) fn into_refusal(self) -> Refusal {
        match self {
            No::Remembered(no) | No::Foreign(no) | No::Unread(no) | No::Silent(no) => no,
        }
    }
}

/// No answer yet.
#[derive(Debug)]
pub(crate) enum Silence {
    /// The saga shall rest at this step.
    Rest {
        step: u32,
        attempts: u32,
        heard: Refusal,
        /// Some attempt may have taken effect.
        open: bool,
    },
    /// The saga is not ours any more.
    Lost(Lost),
}

impl<P: Send + Sync + 'static> Run<P> {
    /// Asks with the same key until there is an answer, at most `attempts_max` times in all lives of
    /// the saga.
    pub(crate) async fn insist<T, F, Fut>(
        &mut self,
        step: u32,
        attempts_max: u32,
        ask: F,
    ) -> Result<Result<T, No>, Silence>
    where
        F: Fn(Arc<P>) -> Fut,
        Fut: Future<Output = Result<T, Fault>>,
    {
        if self.past.ended {
            // It is told from its journal alone.
            return Err(Silence::Lost(Lost::Gone));
        }
        let mut attempts = self.rested_at(step);
        let mut open = attempts > 0;
        loop {
            if !self.is_unbegun() {
                self.journal.hold().await.map_err(Silence::Lost)?;
            }
            let heard = match ask(self.ports.clone()).await {
                Ok(answer) => return Ok(Ok(answer)),
                Err(Fault::Refused(no)) => return Ok(Err(No::Remembered(no))),
                Err(Fault::Unknown(no)) if no.is(&REQUEST_ID_REUSED) => {
                    return Ok(Err(No::Foreign(no)));
                }
                Err(Fault::Unknown(no)) if !no.kind.is_passing() => {
                    return Ok(Err(No::Unread(no)));
                }
                Err(Fault::Unknown(no)) => no,
            };
            open |= leaves_open(&heard);
            attempts = attempts.saturating_add(1);
            if attempts >= attempts_max {
                return Ok(Err(No::Silent(heard)));
            }
            if !self.journal.pause(attempts).await {
                return Err(Silence::Rest {
                    step,
                    attempts,
                    heard,
                    open,
                });
            }
        }
    }
}

/// A peer that says it is busy, or that we may not, did nothing. Silence leaves open what it did.
fn leaves_open(no: &Refusal) -> bool {
    let idle = matches!(
        no.kind,
        Kind::Busy | Kind::Exhausted | Kind::Forbidden | Kind::Unauthenticated
    );
    // An earlier release's peer says it with another kind.
    !idle && !no.is(&OVERLOADED)
}
