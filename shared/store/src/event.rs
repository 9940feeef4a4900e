//! Events: written in the transaction of the change, sealed off the hot path ([`crate::chain`]).

use crate::chain::{self, Checked};
use crate::db::{Db, Stop, Tx};
use crate::entity::event;
use crate::fault;
use crate::new_id;
use crate::together::Write;
use kernel::{AreaCode, Clock, Instant, Refusal, SealedEvent};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use std::sync::Arc;
use std::time::Duration;

/// Waiting events that are counted at most.
const WAITING_MAX: u64 = 10_000;
/// Blocks that are looked at before the next are asked for.
const BLOCKS_AT_ONCE: u64 = 500;
/// How long the sealer rests when nothing waits.
const SEAL_PERIOD: Duration = Duration::from_millis(250);

/// How long one turn of a background loop may take: a database that is gone without a word must not
/// stop it for ever.
pub(crate) const TURN_MAX: Duration = Duration::from_secs(60);

/// A change to tell of.
pub struct Event {
    /// The pooling area.
    pub area: AreaCode,
    /// Such as `settlement.posted`.
    pub kind: &'static str,
    /// The id of what changed.
    pub subject: String,
    /// Ids, codes and amounts in fen; never personal data.
    pub facts: serde_json::Value,
}

/// Tells of a change, in its transaction.
pub async fn record(tx: &Tx, now: Instant, event: Event) -> Result<(), DbErr> {
    record_all(tx, now, vec![event]).await
}

/// Tells of several changes at once, in their transaction.
pub async fn record_all(tx: &Tx, now: Instant, events: Vec<Event>) -> Result<(), DbErr> {
    let rows = events.into_iter().map(|event| row(now, event));
    tx.insert_all(rows.collect()).await
}

/// Tells of a change, together with what else is written of it.
pub fn told(now: Instant, event: Event) -> Write {
    Write::rows(vec![row(now, event)])
}

fn row(now: Instant, event: Event) -> event::ActiveModel {
    event::ActiveModel {
        event_id: Set(new_id(now).to_string()),
        area: Set(event.area.to_string()),
        kind: Set(event.kind.to_string()),
        subject: Set(event.subject),
        facts: Set(event.facts.to_string()),
        occurred_at: Set(now.micros()),
        position: Set(None),
    }
}

/// Sealed events of an area after a position, at most `limit`.
pub async fn list(
    db: &Db,
    area: &AreaCode,
    after: i64,
    limit: u64,
) -> Result<Vec<SealedEvent>, Refusal> {
    let rows = event::Entity::find()
        .filter(event::Column::Position.gt(after))
        .filter(event::Column::Area.eq(area.as_str()))
        .order_by_asc(event::Column::Position)
        .limit(limit)
        .all(db.reader())
        .await
        .map_err(|fault| fault::told(&fault))?;
    let sealed = |row: event::Model| SealedEvent {
        position: row.position.unwrap_or_default(),
        id: row.event_id,
        area: area.clone(),
        kind: row.kind,
        subject: row.subject,
        facts: row.facts,
        occurred: Instant::from_micros(row.occurred_at),
    };
    Ok(rows.into_iter().map(sealed).collect())
}

/// Seals whatever waits, for ever, off the hot path. A failure is logged and tried again.
pub async fn keep_sealing(db: Db, clock: Arc<dyn Clock>) {
    loop {
        match tokio::time::timeout(TURN_MAX, seal(&db, clock.now())).await {
            Ok(Ok(sealed)) if sealed > 0 => continue,
            Ok(Ok(_)) => {}
            Ok(Err(no)) => tracing::warn!(code = %no.code, "sealing failed"),
            Err(_) => tracing::warn!("sealing took too long and was given up: it is tried again"),
        }
        tokio::time::sleep(SEAL_PERIOD).await;
    }
}

/// How many events are not sealed, counted to [`WAITING_MAX`], and when the oldest of them happened.
pub(crate) async fn waiting(db: &Db) -> Result<(i64, Option<i64>), Stop> {
    // By the index of those that wait, and of so many rows at most.
    let waiting = event::Entity::find()
        .select_only()
        .column(event::Column::OccurredAt)
        .filter(event::Column::Position.is_null())
        .order_by_asc(event::Column::EventId)
        .limit(WAITING_MAX);
    let times: Vec<i64> = waiting.into_tuple().all(db.reader()).await?;
    let count = i64::try_from(times.len()).unwrap_or(i64::MAX);
    Ok((count, times.into_iter().min()))
}

/// Seals one block of waiting events; answers how many it sealed.
pub async fn seal(db: &Db, now: Instant) -> Result<usize, Refusal> {
    chain::seal::<event::Model>(db, now).await
}

/// Checks at most `limit` blocks of the chain of events after one.
pub async fn check(db: &Db, after: i64, limit: u64) -> Result<Checked, Refusal> {
    chain::check::<event::Model>(db, after, limit).await
}

/// Walks the whole chain of events; the number of the first block that does not hold, if any.
pub async fn verify(db: &Db) -> Result<Option<i64>, Refusal> {
    let mut after = 0;
    loop {
        let checked = check(db, after, BLOCKS_AT_ONCE).await?;
        match (checked.flaw, checked.held) {
            (Some(flaw), _) => return Ok(Some(flaw.block)),
            (None, Some(held)) if checked.more => after = held.number,
            _ => return Ok(None),
        }
    }
}
