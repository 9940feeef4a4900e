//! A saga from wherever its journal left off to its end: forward, or back.

use crate::insist::{No, Silence};
use crate::journal::{Change, Lost, What, Wish};
use crate::run::Run;
use crate::step::{Body, Burned, Inquiry, Pivot, Step};
use crate::verbs::{Saga, Why, broken};
use kernel::Refusal;
use kernel::refusal::DEADLINE_EXCEEDED;
use std::sync::Arc;

/// What driving a saga came to.
#[derive(Debug)]
pub enum End<T> {
    /// All of it is done.
    Done(T),
    /// All of it is taken back, or none of it was begun, and that is so for ever.
    Refused(Refusal),
    /// It was withdrawn: none of it has or will have an effect.
    Withdrawn,
    /// It was to be withdrawn, and its reversal was refused: it stands.
    Stands(T, Refusal),
    /// Nothing was begun and nothing is concluded: this is told, and the same request may succeed.
    Told(Refusal),
    /// It rests, and is taken up again later.
    Rests(Refusal),
    /// Its key has a saga already: what became of it stands there.
    Taken,
    /// A person must look.
    Stuck(Refusal),
    /// Somebody else has it, or the journal is silent.
    Lost,
}

/// How going back ended early.
enum Back<T> {
    End(End<T>),
    /// The pivot has happened: forward first.
    Forward,
}

impl<T> From<Lost> for Back<T> {
    fn from(lost: Lost) -> Back<T> {
        Back::End(lost.into())
    }
}

impl<T> From<Lost> for End<T> {
    fn from(lost: Lost) -> End<T> {
        match lost {
            Lost::Gone => End::Lost,
            Lost::Taken => End::Taken,
        }
    }
}

/// Runs `body` from wherever its journal left off, to its end or as far as it gets.
pub async fn drive<B: Body>(body: &B, mut run: Run<B::Ports>) -> End<B::Output> {
    loop {
        run.rewind();
        let why = match body.steps(Saga(&mut run)).await {
            Ok(output) => return run.complete(output).await,
            Err(halt) => halt.0,
        };
        let back = match why {
            Why::Malformed(no) => End::Told(no),
            Why::Stuck(no) => run.stuck(no).await,
            Why::Silent(silence) => run.rest(silence).await,
            Why::Concluded(no) if run.is_unbegun() => End::Refused(no),
            Why::Refused(no) if run.is_unbegun() => run.refuse_unbegun(body, no).await,
            // A withdrawal is a wish in the row.
            Why::Withdrawn if run.is_unbegun() => End::Lost,
            why => match run.unwind(body, why).await {
                Back::End(end) => end,
                Back::Forward => continue,
            },
        };
        return back;
    }
}

/// Asks what an inquiry asks. Nothing is written.
pub async fn inquire<Q: Inquiry>(
    inquiry: &Q,
    mut run: Run<Q::Ports>,
) -> Result<Q::Output, Refusal> {
    let asked = inquiry.ask(Saga(&mut run)).await;
    asked.map_err(|halt| match halt.0 {
        Why::Malformed(no) | Why::Refused(no) | Why::Concluded(no) | Why::Stuck(no) => no,
        Why::Silent(Silence::Rest { heard, .. }) => heard,
        Why::Silent(Silence::Lost(_)) | Why::Withdrawn => run.unknown(),
    })
}

/// Withdraws a saga by the key of its pivot alone: one that never began, or that needed no row.
pub async fn withdraw_unbegun<B: Body>(body: &B, mut run: Run<B::Ports>) -> End<()> {
    let bare = Arc::new(body.bare());
    let subject = match run.burn(bare.clone()).await {
        Ok(Burned::Done(subject)) => subject,
        Ok(Burned::Never | Burned::Refused) => return run.end(Change::Withdrawn).await,
        Err(end) => return end,
    };
    run.subject = subject;
    run.pivot = Some((0, Box::new(bare)));
    match run.reverse().await {
        Ok(()) => run.end(Change::Withdrawn).await,
        Err(end) => end,
    }
}

impl<P: Send + Sync + 'static> Run<P> {
    /// Forward to the end, and back again if its owner wants that.
    async fn complete<T>(mut self, output: T) -> End<T> {
        if self.past.ended && self.past.wish == Wish::GoOn || self.is_unbegun() {
            return End::Done(output);
        }
        if self.past.wish == Wish::GoOn {
            let done = Change::Done(self.subject.clone());
            if let Err(lost) = self.write(done).await {
                return lost.into();
            }
            if self.past.wish == Wish::GoOn {
                return End::Done(output);
            }
        }
        match self.take_back().await {
            Ok(()) => self.end(Change::Withdrawn).await,
            Err(End::Stands((), no)) => End::Stands(output, no),
            Err(end) => end.with(output),
        }
    }

    /// Reverses the pivot, then takes back the rest, newest first.
    async fn take_back(&mut self) -> Result<(), End<()>> {
        if !self.fresh.is_empty() {
            self.write(Change::Go).await?;
        }
        self.reverse().await?;
        self.undo_all().await
    }

    async fn reverse(&mut self) -> Result<(), End<()>> {
        let Some((n, pivot)) = self.pivot.take() else {
            return Ok(());
        };
        if self.past.has(n, &What::Reversed) {
            return Ok(());
        }
        let (name, subject) = (pivot.name(), self.subject.clone());
        let keys = (
            self.pivot_key.clone(),
            format!("{}-r{}", self.id, self.past.stood),
        );
        let ask = |ports| pivot.reverse(ports, keys.clone(), subject.clone());
        match self.insist(n, u32::MAX, ask).await {
            Ok(Ok(())) => {
                self.note(n, name, What::Reversed);
                Ok(())
            }
            // Only a remembered no: an earlier attempt may still arrive.
            Ok(Err(No::Remembered(no))) => {
                let stands = Change::Stands(self.subject.clone(), no.clone());
                self.write(stands).await?;
                Err(End::Stands((), no))
            }
            Ok(Err(no)) => Err(self.stuck(broken(name, no)).await),
            Err(silence) => Err(self.rest(silence).await),
        }
    }

    /// Back from before the pivot.
    async fn unwind<B: Body<Ports = P>>(&mut self, body: &B, why: Why) -> Back<B::Output> {
        let (end, concluded) = match why {
            Why::Refused(no) => (Change::Refused(no), false),
            Why::Concluded(no) => (Change::Refused(no), true),
            _ => (Change::Withdrawn, false),
        };
        if self.past.ended {
            // All of it was taken back: it is only told again.
            return Back::End(self.end(end).await);
        }
        if !self.fresh.is_empty() {
            // Decided: from here on every life of the saga goes back.
            if let Err(lost) = self.write(Change::Go).await {
                return lost.into();
            }
        }
        if !concluded {
            match self.burn_before(body).await {
                Ok(()) => {}
                Err(back) => return back,
            }
        }
        if let Err(end) = self.undo_all().await {
            return Back::End(end.widen());
        }
        Back::End(self.end(end).await)
    }

    /// Nobody can commit any more, or somebody has.
    async fn burn_before<B: Body<Ports = P>>(&mut self, body: &B) -> Result<(), Back<B::Output>> {
        let name = <B::Pivot as Step>::NAME;
        let bare = Arc::new(body.bare());
        match self.burn(bare.clone()).await {
            Ok(Burned::Never | Burned::Refused) => return Ok(()),
            // It left before its owner wanted it withdrawn, or before an attempt could not be read,
            // and had happened: on to the end first. Where it was not ours after all, its key says
            // so there, and this is not met again.
            Ok(Burned::Done(_)) if !self.committed => {
                self.committed = true;
                return Err(Back::Forward);
            }
            Ok(Burned::Done(_)) => {}
            Err(end) => return Err(Back::End(end.widen())),
        }
        let key = self.pivot_key.clone();
        match self.ask_under(u32::MAX, u32::MAX, bare, key).await {
            Ok(Ok(_)) => {
                let no = No::Silent(DEADLINE_EXCEEDED.refuse());
                Err(Back::End(self.stuck(broken(name, no)).await))
            }
            // Another request of the caller's has the key: it is not ours.
            Ok(Err(No::Foreign(_) | No::Remembered(_))) => Ok(()),
            // It stands, and whose it is cannot be told.
            Ok(Err(no)) => Err(Back::End(self.stuck(broken(name, no)).await)),
            Err(silence) => Err(Back::End(self.rest(silence).await)),
        }
    }

    /// Takes back every step, newest first.
    async fn undo_all(&mut self) -> Result<(), End<()>> {
        while let Some((n, step)) = self.undoable.pop() {
            if self.past.has(n, &What::Undone) {
                continue;
            }
            let (name, key) = (step.name(), self.key(n));
            let ask = |ports| step.undo(ports, key.clone());
            match self.insist(n, u32::MAX, ask).await {
                Ok(Ok(())) => self.note(n, name, What::Undone),
                Ok(Err(no)) => return Err(self.stuck(broken(name, no)).await),
                Err(silence) => return Err(self.rest(silence).await),
            }
        }
        Ok(())
    }

    /// Makes a "no" true before it is told, of a saga without a row: burns the pivot's key, or tells
    /// what stands under it.
    async fn refuse_unbegun<B: Body<Ports = P>>(
        &mut self,
        body: &B,
        no: Refusal,
    ) -> End<B::Output> {
        let bare = Arc::new(body.bare());
        match self.burn(bare.clone()).await {
            // The burned key stands behind it now: a caller may believe it.
            Ok(Burned::Never) => return End::Refused(no.remember()),
            Ok(Burned::Done(_) | Burned::Refused) => {}
            Err(end) => return end.widen(),
        }
        let key = self.pivot_key.clone();
        match self.ask_under(u32::MAX, u32::MAX, bare, key).await {
            Ok(Ok(answer)) => End::Done(body.told(answer)),
            Ok(Err(No::Remembered(no) | No::Foreign(no))) => End::Refused(no),
            Ok(Err(No::Unread(_) | No::Silent(_))) => End::Told(self.unknown()),
            Err(silence) => self.rest(silence).await,
        }
    }

    async fn burn<S: Pivot<Ports = P>>(&mut self, bare: Arc<S>) -> Result<Burned, End<()>> {
        let key = self.pivot_key.clone();
        let ask = |ports: Arc<P>| {
            let (bare, key) = (bare.clone(), key.clone());
            async move { bare.burn(&ports, &key).await }
        };
        match self.insist(u32::MAX, u32::MAX, ask).await {
            Ok(Ok(burned)) => Ok(burned),
            Ok(Err(_)) if self.is_unbegun() => Err(End::Told(self.unknown())),
            Ok(Err(no)) => Err(self.stuck(broken(S::NAME, no)).await),
            Err(Silence::Rest { .. }) if self.is_unbegun() => Err(End::Told(self.unknown())),
            Err(silence) => Err(self.rest(silence).await),
        }
    }

    async fn end<T>(&mut self, change: Change) -> End<T> {
        let end = match &change {
            Change::Refused(no) => End::Refused(no.clone().remember()),
            _ => End::Withdrawn,
        };
        if self.past.ended {
            return end;
        }
        match self.write(change).await {
            Ok(()) => end,
            Err(lost) => lost.into(),
        }
    }

    /// No answer for now. A saga without a row ends here: nobody knows, or the no will pass.
    async fn rest<T>(&mut self, silence: Silence) -> End<T> {
        let (step, attempts, heard, open) = match silence {
            Silence::Lost(lost) => return lost.into(),
            Silence::Rest {
                step,
                attempts,
                heard,
                open,
            } => (step, attempts, heard, open),
        };
        if self.is_unbegun() {
            return End::Told(if open { self.unknown() } else { heard });
        }
        let rest = Change::Rest {
            step,
            attempts,
            heard: heard.clone(),
        };
        match self.write(rest).await {
            Ok(()) => End::Rests(heard),
            Err(lost) => lost.into(),
        }
    }

    async fn stuck<T>(&mut self, no: Refusal) -> End<T> {
        if self.is_unbegun() {
            return End::Told(no);
        }
        match self.write(Change::Stuck(no.clone())).await {
            Ok(()) => End::Stuck(no),
            Err(lost) => lost.into(),
        }
    }

    /// What is told when nobody knows: ask GetOutcome, or again with the same request id.
    fn unknown(&self) -> Refusal {
        DEADLINE_EXCEEDED
            .refuse()
            .with("request_id", &self.pivot_key)
    }
}

impl<T> End<T> {
    /// The same end of a saga that came to something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> End<U> {
        match self {
            End::Done(output) => End::Done(change(output)),
            End::Stands(output, no) => End::Stands(change(output), no),
            End::Refused(no) => End::Refused(no),
            End::Withdrawn => End::Withdrawn,
            End::Told(no) => End::Told(no),
            End::Rests(no) => End::Rests(no),
            End::Taken => End::Taken,
            End::Stuck(no) => End::Stuck(no),
            End::Lost => End::Lost,
        }
    }
}

impl End<()> {
    /// The same end of a saga that came to something, where it did not come to its end.
    fn widen<T>(self) -> End<T> {
        match self {
            End::Refused(no) => End::Refused(no),
            End::Withdrawn => End::Withdrawn,
            End::Told(no) | End::Stands((), no) => End::Told(no),
            End::Rests(no) => End::Rests(no),
            End::Taken => End::Taken,
            End::Stuck(no) => End::Stuck(no),
            End::Done(()) | End::Lost => End::Lost,
        }
    }

    fn with<T>(self, output: T) -> End<T> {
        match self {
            End::Stands((), no) => End::Stands(output, no),
            End::Done(()) => End::Done(output),
            other => other.widen(),
        }
    }
}
