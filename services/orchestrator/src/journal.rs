//! A saga's journal in SQL, and the time it is given: a caller's while one waits, else a little at a
//! time.

use crate::executor::Times;
use crate::store::{Beginning, Holder, Write, Writer};
use kernel::Clock;
use saga::{Boxed, Change, Entry, Journal, Lost, Wish};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The longest pause between two attempts while a caller waits.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// The end of the caller's time that is kept for telling the answer.
const TELLING: Duration = Duration::from_millis(50);
/// Attempts in a row while nobody waits; then the saga rests, and its task ends.
const ATTEMPTS_ABREAST: u32 = 3;
/// The longest rest between two attempts.
const REST_MAX: Duration = Duration::from_secs(30);

/// Who waits for a saga.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// A caller, until this instant.
    Caller(Instant),
    /// Nobody.
    Nobody,
}

/// Where the saga stands in the table.
enum Place {
    /// Nowhere yet; and perhaps never.
    Unbegun(Option<Box<Beginning>>),
    /// In its row, which is ours until then by our own clock, counted from before the database was
    /// asked.
    Held(Holder, Instant),
}

/// One saga's journal.
pub struct SqlJournal {
    writer: Writer,
    clock: Arc<dyn Clock>,
    owner: Arc<str>,
    times: Times,
    patience: Patience,
    attempts_here: u32,
    place: Place,
}

impl SqlJournal {
    /// Of a saga that may begin; without a beginning it never writes a row.
    pub fn unbegun(
        writer: Writer,
        clock: Arc<dyn Clock>,
        owner: Arc<str>,
        times: Times,
        patience: Patience,
        beginning: Option<Beginning>,
    ) -> SqlJournal {
        SqlJournal {
            writer,
            clock,
            owner,
            times,
            patience,
            attempts_here: 0,
            place: Place::Unbegun(beginning.map(Box::new)),
        }
    }

    /// The same of a saga that is held since `since`.
    pub fn held(self, holder: Holder, since: Instant) -> SqlJournal {
        let until = since + self.times.lease;
        SqlJournal {
            place: Place::Held(holder, until),
            ..self
        }
    }

    async fn begin(&mut self, lines: &[Entry]) -> Result<Wish, Lost> {
        let Place::Unbegun(Some(new)) = &self.place else {
            tracing::error!("a saga that needs no row asked for one");
            return Err(Lost::Gone);
        };
        let (owner, lease, now) = (self.owner.clone(), self.times.lease, self.clock.now());
        let since = Instant::now();
        let begin = Write::Begin((**new).clone(), owner.clone(), lease, lines.to_vec(), now);
        self.writer.write(begin).await?;
        let holder = Holder {
            area: new.key.area.to_string(),
            saga_id: new.saga_id.clone(),
            owner: owner.to_string(),
            fence: 1,
            lines: i32::try_from(lines.len()).unwrap_or(i32::MAX),
        };
        self.place = Place::Held(holder, since + lease);
        Ok(Wish::GoOn)
    }

    async fn append(&mut self, lines: &[Entry], change: Change) -> Result<Wish, Lost> {
        let Place::Held(holder, until) = &mut self.place else {
            return Err(Lost::Gone);
        };
        let backoff = match &change {
            Change::Rest { attempts, .. } => doubled(self.times.pause, *attempts, REST_MAX),
            _ => Duration::ZERO,
        };
        let (times, now) = ((self.times.lease, backoff), self.clock.now());
        let since = Instant::now();
        let append = Write::Append(holder.clone(), lines.to_vec(), change, times, now);
        let wish = self.writer.write(append).await?;
        holder.lines = holder
            .lines
            .saturating_add(i32::try_from(lines.len()).unwrap_or(i32::MAX));
        *until = since + self.times.lease;
        self.attempts_here = 0;
        Ok(wish)
    }

    async fn keep(&mut self) -> Result<(), Lost> {
        let Place::Held(holder, until) = &mut self.place else {
            return Ok(());
        };
        if self.times.lease.is_zero() || Instant::now() + self.times.call <= *until {
            return Ok(());
        }
        let (lease, since) = (self.times.lease, Instant::now());
        self.writer
            .write(Write::Renew(holder.clone(), lease))
            .await?;
        *until = since + lease;
        Ok(())
    }
}

impl Journal for SqlJournal {
    fn write<'a>(
        &'a mut self,
        lines: &'a [Entry],
        change: Change,
    ) -> Boxed<'a, Result<Wish, Lost>> {
        Box::pin(async move {
            match change {
                Change::Begin => self.begin(lines).await,
                change => self.append(lines, change).await,
            }
        })
    }

    fn hold(&mut self) -> Boxed<'_, Result<(), Lost>> {
        Box::pin(self.keep())
    }

    fn pause(&mut self, attempts: u32) -> Boxed<'_, bool> {
        Box::pin(async move {
            let pause = doubled(self.times.pause, attempts, PAUSE_MAX);
            self.attempts_here = self.attempts_here.saturating_add(1);
            let allowed = match self.patience {
                Patience::Caller(until) => Instant::now() + pause + TELLING < until,
                Patience::Nobody => self.attempts_here < ATTEMPTS_ABREAST,
            };
            if allowed {
                tokio::time::sleep(pause).await;
            }
            allowed
        })
    }
}

/// Doubles with each attempt after the first, up to `max`.
fn doubled(first: Duration, attempts: u32, max: Duration) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    first.saturating_mul(doubled).min(max)
}
