//! One method per RPC: load, decide, store. The changes of registrations, of insurance and the
//! reads each have a file.

mod insure;
mod read;
mod register;

use crate::refusal;
use ::store::event::{self, Event};
use ::store::{Db, Key, Stop, Tx};
use kernel::{AreaCode, Clock, Instant, Outcome, Refusal, SealedEvent, Spec};
use serde_json::Value;
use std::sync::Arc;

/// Refusals that may stand in this service's key rows.
pub const LISTS: &[&[&Spec]] = &[refusal::ALL, kernel::refusal::ALL];

/// The service's decisions over its store.
pub struct App {
    /// The service's database.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The packages it decides by.
    pub library: Arc<policy::Library>,
}

impl App {
    /// Withdraws what a request made: `undo` gets its id and answers the facts to tell.
    async fn undo<F, Fut>(&self, key: &Key, kind: &'static str, undo: F) -> Result<Outcome, Refusal>
    where
        F: Fn(Tx, String, Instant) -> Fut,
        Fut: Future<Output = Result<Value, Stop>>,
    {
        let now = self.clock.now();
        let undo = &undo;
        let work = |tx: Tx, id: String| async move {
            let facts = undo(tx.clone(), id.clone(), now).await?;
            tell(&tx, &key.area, now, (kind, id), facts).await
        };
        self.db.withdraw(key, now, LISTS, work).await
    }

    /// What became of a request.
    pub async fn outcome(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.outcome(key, LISTS).await
    }

    /// Burns a key.
    pub async fn burn(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.burn(key, self.clock.now(), LISTS).await
    }

    /// Sealed events.
    pub async fn events(
        &self,
        area: &AreaCode,
        after: i64,
        size: u64,
    ) -> Result<Vec<SealedEvent>, Refusal> {
        event::list(&self.db, area, after, size).await
    }
}

/// Tells what happened to what, in its transaction.
async fn tell(
    tx: &Tx,
    area: &AreaCode,
    now: Instant,
    (kind, subject): (&'static str, String),
    facts: Value,
) -> Result<(), Stop> {
    let told = Event {
        area: area.clone(),
        kind,
        subject,
        facts,
    };
    Ok(event::record(tx, now, told).await?)
}
