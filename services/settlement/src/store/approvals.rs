//! What one person proposes and another agrees to.

use super::unreadable;
use crate::domain::{ApprovalState, DualApproval, VALID_DAYS};
use crate::entity::approval::{ActiveModel, Column, Entity, Model};
use kernel::{ApprovalId, AreaCode, Digest, Instant, Refusal};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use store::{Db, Key, Stop, Tx};

/// Writes a proposal.
pub async fn insert_approval(tx: &Tx, area: &AreaCode, new: &DualApproval) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        approval_id: Set(new.id.to_string()),
        method: Set(new.method.clone()),
        content: Set(new.content.clone()),
        digest: Set(new.digest.to_string()),
        reason: Set(new.reason.clone()),
        proposed_by: Set(new.proposed.0.clone()),
        proposed_at: Set(new.proposed.1.micros()),
        ..standing(new)
    };
    let inserted = Entity::insert(row);
    inserted.exec_without_returning(&**tx).await?;
    Ok(())
}

/// Writes what became of an approval, which this transaction has locked.
pub async fn save_approval(tx: &Tx, area: &AreaCode, now: &DualApproval) -> Result<(), Stop> {
    Entity::update_many()
        .set(standing(now))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ApprovalId.eq(now.id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// What a request used can be used again: the request is withdrawn.
pub async fn free_approval(tx: &Tx, key: &Key) -> Result<(), Stop> {
    let unused = ActiveModel {
        used_by: Set(None),
        used_at: Set(None),
        used_request: Set(None),
        ..Default::default()
    };
    Entity::update_many()
        .set(unused)
        .filter(used_by(key))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// The columns that change.
fn standing(now: &DualApproval) -> ActiveModel {
    let at = |who: &Option<(String, Instant)>| who.clone().map(|(by, at)| (by, at.micros()));
    let (given_by, given_at) = at(&now.given).unzip();
    let (used, cancelled) = (now.used.clone(), now.cancelled.clone());
    ActiveModel {
        given_by: Set(given_by),
        given_at: Set(given_at),
        used_by: Set(used.as_ref().map(|(by, ..)| by.clone())),
        used_at: Set(used.as_ref().map(|(_, at, _)| at.micros())),
        used_request: Set(used.map(|(.., request)| request)),
        cancelled_by: Set(cancelled.as_ref().map(|(by, ..)| by.clone())),
        cancelled_at: Set(cancelled.as_ref().map(|(_, at, _)| at.micros())),
        cancel_reason: Set(cancelled.map(|(.., reason)| reason)),
        ..Default::default()
    }
}

/// An approval, if the area has it.
pub async fn find_approval(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: ApprovalId,
) -> Result<Option<DualApproval>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse).transpose()?)
}

/// Locks the approval that a request used, if it used one.
pub async fn lock_used_approval(tx: &Tx, key: &Key) -> Result<Option<DualApproval>, Stop> {
    let used = Entity::find().filter(used_by(key)).lock_exclusive();
    let row = used.one(&**tx).await?;
    Ok(row.map(parse).transpose()?)
}

fn used_by(key: &Key) -> Condition {
    Condition::all()
        .add(Column::Area.eq(key.area.as_str()))
        .add(Column::UsedBy.eq(key.caller.as_str()))
        .add(Column::UsedRequest.eq(key.request_id.as_str()))
        .add(Column::UsedAt.is_not_null())
        .add(Column::Method.eq(key.method.as_str()))
}

/// Locks an approval, if the area has it.
pub async fn lock_approval(
    tx: &Tx,
    area: &AreaCode,
    id: ApprovalId,
) -> Result<Option<DualApproval>, Stop> {
    let key = (area.to_string(), id.to_string());
    let locked = Entity::find_by_id(key).lock_exclusive();
    let row = locked.one(&**tx).await?;
    Ok(row.map(parse).transpose()?)
}

/// Approvals of an area in the order of their ids, behind one.
pub async fn approvals(
    db: &Db,
    area: &AreaCode,
    (state, now): (Option<ApprovalState>, Instant),
    after: &str,
    size: u64,
) -> Result<Vec<DualApproval>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ApprovalId.gt(after))
        .filter(state.map_or(Condition::all(), |state| in_state(state, now)))
        .order_by_asc(Column::ApprovalId)
        .limit(size)
        .all(db.reader())
        .await?;
    let parsed: Result<Vec<_>, Refusal> = rows.into_iter().map(parse).collect();
    Ok(parsed?)
}

/// The same as [`DualApproval::state`], in the database's words.
fn in_state(state: ApprovalState, now: Instant) -> Condition {
    use ApprovalState::{Cancelled, Expired, Given, Proposed, Used};
    let (used, cancelled) = (Column::UsedAt, Column::CancelledAt);
    let unended = Condition::all()
        .add(used.is_null())
        .add(cancelled.is_null());
    let oldest = Instant::beginning_of(now.day().minus_days(VALID_DAYS)).micros();
    let valid = unended.clone().add(Column::ProposedAt.gte(oldest));
    match state {
        Used => Condition::all().add(used.is_not_null()),
        Cancelled => Condition::all()
            .add(used.is_null())
            .add(cancelled.is_not_null()),
        Expired => unended.add(Column::ProposedAt.lt(oldest)),
        Given => valid.add(Column::GivenAt.is_not_null()),
        Proposed => valid.add(Column::GivenAt.is_null()),
    }
}

fn parse(row: Model) -> Result<DualApproval, Refusal> {
    let bad = || unreadable("approval", &row.approval_id);
    let at = |by: &Option<String>, at: Option<i64>| by.clone().zip(at.map(Instant::from_micros));
    let cancelled = at(&row.cancelled_by, row.cancelled_at);
    let used = at(&row.used_by, row.used_at);
    Ok(DualApproval {
        id: ApprovalId::parse(&row.approval_id).map_err(|_| bad())?,
        digest: Digest::parse(&row.digest).ok_or_else(bad)?,
        given: at(&row.given_by, row.given_at),
        used: used.map(|(by, at)| (by, at, row.used_request.unwrap_or_default())),
        cancelled: cancelled.map(|(by, at)| (by, at, row.cancel_reason.unwrap_or_default())),
        method: row.method,
        content: row.content,
        reason: row.reason,
        proposed: (row.proposed_by, Instant::from_micros(row.proposed_at)),
    })
}
