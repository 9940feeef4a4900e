//! Sagas by their callers' keys.

use super::{Beginning, Row, State, to_json};
use crate::entity::{saga, saga_line};
use ::saga::refusal::JOURNAL_DIFFERS;
use ::saga::{Entry, What};
use kernel::refusal::INTERNAL;
use kernel::{Instant, Refusal};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, TryInsertResult,
};
use std::time::Duration;
use store::{Db, Key, Stop, Tx, now_sql};

/// The saga of a key.
pub async fn find(db: &Db, key: &Key) -> Result<Option<Row>, Stop> {
    Ok(by_key(key).one(db.reader()).await?.map(Row))
}

fn by_key(key: &Key) -> sea_orm::Select<saga::Entity> {
    saga::Entity::find_by_id((
        key.area.to_string(),
        key.caller.clone(),
        key.method.clone(),
        key.request_id.to_string(),
    ))
}

/// Begins a saga: its row, owned from now on, and the lines it has already. False when its key has
/// one.
pub async fn begin(
    tx: &Tx,
    new: &Beginning,
    owner: &str,
    lease: Duration,
    lines: &[Entry],
    now: Instant,
) -> Result<bool, Stop> {
    let lease_until = super::lease::database_now(tx).await? + micros(lease);
    let row = saga::ActiveModel {
        lines: Set(i32::try_from(lines.len()).unwrap_or(i32::MAX)),
        owner: Set(owner.to_string()),
        lease_until: Set(lease_until),
        ..unbegun(new, now)?
    };
    if !insert(tx, row).await? {
        return Ok(false);
    }
    insert_lines(
        tx,
        &new.key.area.to_string(),
        &new.saga_id,
        0,
        lines,
        owner,
        now,
    )
    .await?;
    Ok(true)
}

/// Keeps the "no" to a request of which nothing was begun. False when its key has a saga.
pub async fn refuse(tx: &Tx, new: &Beginning, no: &Refusal, now: Instant) -> Result<bool, Stop> {
    let row = saga::ActiveModel {
        state: Set(State::Refused.number()),
        refusal: Set(Some(to_json(no))),
        ..unbegun(new, now)?
    };
    insert(tx, row).await
}

async fn insert(tx: &Tx, row: saga::ActiveModel) -> Result<bool, Stop> {
    let inserted = saga::Entity::insert(row).on_conflict_do_nothing();
    let inserted = inserted.exec_without_returning(&**tx).await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// The row of a saga that nobody has, with an empty journal.
pub(super) fn unbegun(new: &Beginning, now: Instant) -> Result<saga::ActiveModel, Refusal> {
    let principal = serde_json::to_string(&new.principal).map_err(|_| INTERNAL.refuse())?;
    Ok(saga::ActiveModel {
        area: Set(new.key.area.to_string()),
        caller: Set(new.key.caller.clone()),
        method: Set(new.key.method.clone()),
        request_id: Set(new.key.request_id.to_string()),
        saga_id: Set(new.saga_id.clone()),
        kind: Set(new.kind.to_string()),
        origin: Set(new
            .origin
            .map(|origin| origin.to_string())
            .unwrap_or_default()),
        request: Set(new.request.clone()),
        principal: Set(principal),
        state: Set(State::Running.number()),
        subject: Set(None),
        refusal: Set(None),
        heard: Set(None),
        heard_code: Set(None),
        stood_for: Set(None),
        stood: Set(0),
        rest_step: Set(None),
        rest_attempts: Set(0),
        withdraw: Set(new.origin.is_none()),
        lines: Set(0),
        owner: Set(String::new()),
        fence: Set(1),
        lease_until: Set(0),
        due_at: Set(0),
        abandon_by: Set(None),
        abandon_reason: Set(None),
        began_at: Set(now.micros()),
        changed_at: Set(now.micros()),
        trace: Set(new.trace.clone()),
        notes: Set(None),
    })
}

/// Appends lines at a place: a second executor finds it taken.
pub(super) async fn insert_lines(
    tx: &Tx,
    area: &str,
    saga_id: &str,
    from: i32,
    lines: &[Entry],
    owner: &str,
    now: Instant,
) -> Result<(), Stop> {
    let mut rows = Vec::with_capacity(lines.len());
    for (number, line) in (from..).zip(lines) {
        rows.push(saga_line::ActiveModel {
            area: Set(area.to_string()),
            saga_id: Set(saga_id.to_string()),
            number: Set(number),
            step: Set(i64::from(line.step)),
            name: Set(line.name.to_string()),
            what: Set(serde_json::to_string(&line.what).map_err(|_| INTERNAL.refuse())?),
            written_by: Set(owner.to_string()),
            written_at: Set(now.micros()),
        });
    }
    if rows.is_empty() {
        return Ok(());
    }
    Ok(tx.insert_all(rows).await?)
}

/// The journal of a saga, oldest first, as it is stored.
pub async fn lines_of(
    on: &impl ConnectionTrait,
    area: &str,
    saga_id: &str,
) -> Result<Vec<saga_line::Model>, Stop> {
    let lines = saga_line::Entity::find()
        .filter(saga_line::Column::Area.eq(area))
        .filter(saga_line::Column::SagaId.eq(saga_id))
        .order_by_asc(saga_line::Column::Number)
        .all(on);
    Ok(lines.await?)
}

/// A stored line as the engine reads it.
pub fn entry(line: saga_line::Model) -> Result<Entry, Refusal> {
    let what: Result<What, _> = serde_json::from_str(&line.what);
    Ok(Entry {
        step: u32::try_from(line.step).unwrap_or(u32::MAX),
        name: line.name.into(),
        what: what.map_err(|_| INTERNAL.refuse())?,
    })
}

/// A line with when it was written, and by which replica.
pub struct Line {
    /// Its place in the journal, from 0.
    pub number: i32,
    /// What it says.
    pub entry: Entry,
    /// When it was written.
    pub written: Instant,
    /// By which replica.
    pub by: String,
}

/// A stored line as an operator reads it. One that cannot be read says so: nobody knows what became
/// of its step.
pub fn line(line: saga_line::Model) -> Line {
    let (number, written, by) = (line.number, line.written_at, line.written_by.clone());
    let unreadable = Entry {
        step: u32::try_from(line.step).unwrap_or(u32::MAX),
        name: line.name.clone().into(),
        what: What::Unanswered((&unreadable(&line)).into()),
    };
    Line {
        number,
        written: Instant::from_micros(written),
        by,
        entry: entry(line).unwrap_or(unreadable),
    }
}

fn unreadable(line: &saga_line::Model) -> Refusal {
    let no = JOURNAL_DIFFERS.refuse().with("number", line.step);
    no.with("journaled", "?").with("written", &line.name)
}

/// Notes that the owner of a saga wants it withdrawn, and answers the saga as it stood before; one
/// that is done or under way is taken up again for it. None when the key has no saga.
pub async fn wish_withdrawn(tx: &Tx, key: &Key, now: Instant) -> Result<Option<Row>, Stop> {
    use saga::Column;
    let Some(row) = by_key(key).lock_exclusive().one(&**tx).await?.map(Row) else {
        return Ok(None);
    };
    let next = match row.state() {
        _ if row.0.withdraw => return Ok(Some(row)),
        State::Running | State::Done => State::Running,
        // It is withdrawn when an operator lets it go on.
        State::Stuck => State::Stuck,
        State::Refused | State::Withdrawn | State::Abandoned => return Ok(Some(row)),
    };
    let backend = tx.get_database_backend();
    saga::Entity::update_many()
        .col_expr(Column::Withdraw, Expr::value(true))
        .col_expr(Column::State, Expr::value(next.number()))
        .col_expr(Column::StoodFor, Expr::value(Option::<String>::None))
        .col_expr(Column::DueAt, Expr::cust(now_sql(backend)))
        .col_expr(Column::ChangedAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(key.area.as_str()))
        .filter(Column::SagaId.eq(row.0.saga_id.as_str()))
        .exec(&**tx)
        .await?;
    Ok(Some(row))
}

pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
