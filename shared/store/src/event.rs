//! Events: written in the transaction of the change, sealed off the hot path into a chain of
//! blocks whose positions have no gaps.
//!
//! A block is the SM3 Merkle root over its events joined with the hash of the block before it, so
//! an edit, a deletion or a reordering after sealing is found by [`verify`].

use crate::db::{Db, Stop, Tx, told};
use crate::entity::{block, event};
use crate::new_id;
use kernel::{AreaCode, Clock, Digest, Digester, Instant, Refusal, SealedEvent};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::sync::Arc;
use std::time::Duration;

/// Events in one block at most.
const BLOCK_MAX: u64 = 256;
/// How long the sealer rests when nothing waits.
const SEAL_PERIOD: Duration = Duration::from_millis(250);

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
    let row = |event: Event| event::ActiveModel {
        event_id: Set(new_id(now).to_string()),
        area: Set(event.area.to_string()),
        kind: Set(event.kind.to_string()),
        subject: Set(event.subject),
        facts: Set(event.facts.to_string()),
        occurred_at: Set(now.micros()),
        position: Set(None),
    };
    tx.insert_all(events.into_iter().map(row).collect()).await
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
        .map_err(|fault| told(&fault))?;
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
        match seal(&db, clock.now()).await {
            Ok(sealed) if sealed > 0 => {}
            Ok(_) => tokio::time::sleep(SEAL_PERIOD).await,
            Err(no) => {
                tracing::warn!(code = %no.code, "sealing failed");
                tokio::time::sleep(SEAL_PERIOD).await;
            }
        }
    }
}

/// Seals one block of waiting events; answers how many it sealed.
pub async fn seal(db: &Db, now: Instant) -> Result<usize, Refusal> {
    // Most looks find nothing: they must not take the writer's turn.
    let waiting = event::Entity::find()
        .filter(event::Column::Position.is_null())
        .limit(1);
    if waiting
        .one(db.reader())
        .await
        .map_err(|fault| told(&fault))?
        .is_none()
    {
        return Ok(0);
    }
    Ok(db
        .write(|tx| async move { seal_block(&tx, now).await })
        .await?)
}

async fn seal_block(tx: &Tx, now: Instant) -> Result<usize, Stop> {
    if tx.get_database_backend() == DbBackend::Postgres {
        // One sealer at a time; SQLite has one writer anyway.
        tx.execute_unprepared("LOCK TABLE block IN EXCLUSIVE MODE")
            .await?;
    }
    let last = block::Entity::find()
        .order_by_desc(block::Column::Number)
        .one(&**tx)
        .await?;
    let (number, position, previous) = match last {
        Some(last) => (last.number + 1, last.last_position, last.hash),
        None => (1, 0, "0".repeat(64)),
    };
    let waiting = event::Entity::find()
        .filter(event::Column::Position.is_null())
        .order_by_asc(event::Column::EventId)
        .limit(BLOCK_MAX)
        .all(&**tx)
        .await?;
    let Some(count) = i64::try_from(waiting.len()).ok().filter(|n| *n > 0) else {
        return Ok(0);
    };
    let mut leaves = Vec::with_capacity(waiting.len());
    for (position, event) in (position + 1..).zip(&waiting) {
        event::Entity::update_many()
            .col_expr(event::Column::Position, Expr::value(position))
            .filter(event::Column::EventId.eq(event.event_id.as_str()))
            .exec(&**tx)
            .await?;
        leaves.push(leaf(position, event));
    }
    let root = merkle_root(leaves);
    let hash = block_hash(number, position + 1, position + count, root, &previous);
    let row = block::ActiveModel {
        number: Set(number),
        first_position: Set(position + 1),
        last_position: Set(position + count),
        root: Set(root.to_string()),
        previous: Set(previous),
        hash: Set(hash.to_string()),
        sealed_at: Set(now.micros()),
    };
    block::Entity::insert(row)
        .exec_without_returning(&**tx)
        .await?;
    Ok(waiting.len())
}

/// Walks the chain; the number of the first block that does not hold, if any.
pub async fn verify(db: &Db) -> Result<Option<i64>, Refusal> {
    let (mut number, mut position, mut previous) = (1, 0, "0".repeat(64));
    loop {
        let found = block::Entity::find_by_id(number).one(db.reader()).await;
        let Some(block) = found.map_err(|fault| told(&fault))? else {
            return Ok(None);
        };
        let events = event::Entity::find()
            .filter(event::Column::Position.between(block.first_position, block.last_position))
            .order_by_asc(event::Column::Position)
            .all(db.reader())
            .await
            .map_err(|fault| told(&fault))?;
        let leaves = (position + 1..)
            .zip(&events)
            .map(|(p, event)| leaf(p, event))
            .collect();
        let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let root = merkle_root(leaves);
        let hash = block_hash(number, position + 1, position + count, root, &previous);
        if block.hash != hash.to_string() || block.previous != previous {
            return Ok(Some(number));
        }
        (number, position, previous) = (number + 1, block.last_position, block.hash);
    }
}

fn leaf(position: i64, event: &event::Model) -> Digest {
    let mut digester = Digester::new();
    digester.number(position);
    for text in [
        &event.event_id,
        &event.area,
        &event.kind,
        &event.subject,
        &event.facts,
    ] {
        digester.part(text.as_bytes());
    }
    digester.number(event.occurred_at);
    digester.finish()
}

/// An odd node is carried up, not doubled: doubling lets two lists have one root.
fn merkle_root(mut level: Vec<Digest>) -> Digest {
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => Digest::join(*left, *right),
                [one] => *one,
                _ => Digest::of(&[]),
            })
            .collect();
    }
    level.first().copied().unwrap_or(Digest::of(&[]))
}

fn block_hash(number: i64, first: i64, last: i64, root: Digest, previous: &str) -> Digest {
    let mut digester = Digester::new();
    digester.number(number).number(first).number(last);
    digester.part(&root.0).part(previous.as_bytes());
    digester.finish()
}
