//! The verbs a body is written with.

use crate::insist::{No, Silence};
use crate::journal::What;
use crate::refusal::PROMISE_BROKEN;
use crate::run::Run;
use crate::step::{Kept, Pivot, Step, Undo};
use kernel::Refusal;
use std::sync::Arc;

/// Why a body ended early. Steps hand it up with `?`; nobody else makes one.
#[derive(Debug)]
pub struct Halt(pub(crate) Why);

/// What is behind a [`Halt`].
#[derive(Debug)]
pub(crate) enum Why {
    /// A peer could not read the request, and nothing was done yet.
    Malformed(Refusal),
    /// A step said no, or was given up: everything is taken back, and this is told.
    Refused(Refusal),
    /// The pivot said no, and its key remembers it.
    Concluded(Refusal),
    /// Its owner wants it withdrawn.
    Withdrawn,
    /// There is no answer yet.
    Silent(Silence),
    /// A person must look.
    Stuck(Refusal),
}

impl From<Silence> for Halt {
    fn from(silence: Silence) -> Halt {
        Halt(Why::Silent(silence))
    }
}

/// A saga before its pivot.
pub struct Saga<'a, P>(pub(crate) &'a mut Run<P>);

/// A saga after its pivot: there is no way back.
pub struct Pivoted<'a, P>(&'a mut Run<P>);

impl<'a, P: Send + Sync + 'static> Saga<'a, P> {
    /// Asks a question: it changes nothing. Its answer is durable before anything with an effect
    /// leaves.
    pub async fn read<S>(&mut self, step: S) -> Result<S::Output, Halt>
    where
        S: Step<Ports = P, Output: Kept>,
    {
        let run = &mut *self.0;
        let (n, step) = (run.next(), Arc::new(step));
        if let Some(answer) = run.recall(n, S::NAME)? {
            return answer.read();
        }
        run.heed()?;
        match run.ask(n, run.questions_max(), step).await? {
            Ok(output) => {
                run.answered(n, S::NAME, &output)?;
                Ok(output)
            }
            Err(no) => Err(run.question_failed(n, S::NAME, no)),
        }
    }

    /// Changes something that can be taken back.
    pub async fn run<S>(&mut self, step: S) -> Result<S::Output, Halt>
    where
        S: Undo<Ports = P, Output: Kept>,
    {
        let run = &mut *self.0;
        let (n, step) = (run.next(), Arc::new(step));
        run.remember(n, step.clone());
        if let Some(answer) = run.recall(n, S::NAME)? {
            return answer.read();
        }
        // It may have left in an earlier life: withdrawn before its answer, it is taken back too.
        run.heed()?;
        run.secure().await?;
        run.heed()?;
        match run.ask(n, run.attempts_max(), step).await? {
            Ok(output) => {
                run.answered(n, S::NAME, &output)?;
                Ok(output)
            }
            Err(no) => Err(run.step_failed(n, S::NAME, no)),
        }
    }

    /// 提交点: after this there is no way back.
    pub async fn pivot<S>(self, step: S) -> Result<(S::Output, Pivoted<'a, P>), Halt>
    where
        S: Pivot<Ports = P, Output: Kept>,
    {
        let run = self.0;
        if run.is_unbegun() {
            // What follows the pivot must be known before it leaves.
            run.secure().await?;
        }
        let output = run.pivot(step).await?;
        Ok((output, Pivoted(run)))
    }

    /// 提交点 after which nothing comes. With no `run` before it there is no row: the pivot's key is
    /// the outcome.
    pub async fn conclude<S>(self, step: S) -> Result<S::Output, Halt>
    where
        S: Pivot<Ports = P, Output: Kept>,
    {
        self.0.pivot(step).await
    }
}

impl<P: Send + Sync + 'static> Pivoted<'_, P> {
    /// Changes something that must follow the pivot: asked until it is done. It is taken back only
    /// when the whole saga is withdrawn.
    pub async fn finish<S>(&mut self, step: S) -> Result<S::Output, Halt>
    where
        S: Undo<Ports = P, Output: Kept>,
    {
        let run = &mut *self.0;
        let (n, step) = (run.next(), Arc::new(step));
        run.remember(n, step.clone());
        if let Some(answer) = run.recall(n, S::NAME)? {
            return answer.read();
        }
        run.secure().await?;
        match run.ask(n, u32::MAX, step).await? {
            Ok(output) => {
                run.answered(n, S::NAME, &output)?;
                Ok(output)
            }
            Err(no) => Err(Halt(Why::Stuck(broken(S::NAME, no)))),
        }
    }
}

impl<P: Send + Sync + 'static> Run<P> {
    /// Asks a step under its own key.
    async fn ask<S: Step<Ports = P>>(
        &mut self,
        n: u32,
        attempts_max: u32,
        step: Arc<S>,
    ) -> Result<Result<S::Output, No>, Silence> {
        let key = self.key(n);
        self.ask_under(n, attempts_max, step, key).await
    }

    pub(crate) async fn ask_under<S: Step<Ports = P>>(
        &mut self,
        n: u32,
        attempts_max: u32,
        step: Arc<S>,
        key: String,
    ) -> Result<Result<S::Output, No>, Silence> {
        let ask = |ports: Arc<P>| {
            let (step, key) = (step.clone(), key.clone());
            async move { step.run(&ports, &key).await }
        };
        self.insist(n, attempts_max, ask).await
    }

    async fn pivot<S>(&mut self, step: S) -> Result<S::Output, Halt>
    where
        S: Pivot<Ports = P, Output: Kept>,
    {
        let (n, step) = (self.next(), Arc::new(step));
        self.pivot = Some((n, Box::new(step.clone())));
        if let Some(answer) = self.recall(n, S::NAME)? {
            let output = answer.read()?;
            self.commit::<S>(&output);
            return Ok(output);
        }
        self.heed()?;
        if !self.is_unbegun() {
            self.secure().await?;
            self.heed()?;
        }
        let key = self.pivot_key.clone();
        match self.ask_under(n, u32::MAX, step, key).await? {
            Ok(output) => {
                self.commit::<S>(&output);
                if !self.is_unbegun() {
                    self.answered(n, S::NAME, &output)?;
                }
                Ok(output)
            }
            // Foreign: the caller's own id, used for another request; its key says so for ever.
            Err(No::Remembered(no) | No::Foreign(no)) => {
                self.note(n, S::NAME, What::Refused((&no).into()));
                Err(Halt(Why::Concluded(no)))
            }
            // It has happened: the peer will read it again.
            Err(No::Unread(heard) | No::Silent(heard)) if self.committed => {
                Err(Halt::from(Silence::Rest {
                    step: n,
                    attempts: self.rested_at(n).saturating_add(1),
                    heard,
                    open: true,
                }))
            }
            // The peer could not read this attempt. An earlier one it may have read: burning tells.
            Err(No::Unread(no) | No::Silent(no)) => {
                self.note(n, S::NAME, What::Unanswered((&no).into()));
                Err(Halt(Why::Refused(no)))
            }
        }
    }

    fn commit<S: Pivot>(&mut self, output: &S::Output) {
        self.committed = true;
        self.subject = S::subject(output);
    }
}

/// A promise of a peer's is broken: what cannot be refused was refused.
pub(crate) fn broken(step: &'static str, no: No) -> Refusal {
    let heard = no.into_refusal();
    let no = PROMISE_BROKEN.refuse().with("step", step);
    no.with("heard", format!("{} {}", heard.code, heard.sentence()))
}
