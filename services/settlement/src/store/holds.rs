//! Holds and their claims.

use super::{of_json, to_json, unreadable};
use crate::domain::{Hold, Posted, YearKey};
use crate::entity::{held_claim, hold};
use kernel::{AreaCode, BatchId, HoldId, Instant, PersonId, Refusal, Scheme, SettlementId};
use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;
use store::{Db, Stop, Tx};

/// Inserts a hold with its claims.
pub async fn insert_hold(
    tx: &Tx,
    area: &AreaCode,
    new: &Hold,
    claims: &[Posted],
) -> Result<(), Stop> {
    let row = hold::ActiveModel {
        area: Set(area.to_string()),
        hold_id: Set(new.id.to_string()),
        person_id: Set(new.whose.person.to_string()),
        scheme: Set(new.whose.scheme.to_string()),
        year: Set(new.whose.year),
        opened_at: Set(new.opened_at.micros()),
        expires_at: Set(new.expires_at.micros()),
        released_at: Set(None),
        posted_at: Set(None),
        batch_id: Set(None),
        batch_number: Set(None),
        reversal_id: Set(None),
        reversal_number: Set(None),
    };
    hold::Entity::insert(row)
        .exec_without_returning(&**tx)
        .await?;
    let mut rows = Vec::new();
    for (number, claim) in (1..).zip(claims) {
        rows.push(held_claim::ActiveModel {
            area: Set(area.to_string()),
            hold_id: Set(new.id.to_string()),
            number: Set(number),
            settlement_id: Set(claim.id.to_string()),
            ordinal: Set(claim.ordinal),
            evidence: Set(to_json(&claim.evidence)?),
            basis: Set(to_json(&claim.basis)?),
            amounts: Set(to_json(&claim.amounts)?),
        });
    }
    Ok(tx.insert_all(rows).await?)
}

/// Holds of the area, in no order.
pub async fn find_holds(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    ids: &[HoldId],
) -> Result<Vec<Hold>, Stop> {
    let rows = hold::Entity::find()
        .filter(hold::Column::Area.eq(area.as_str()))
        .filter(hold::Column::HoldId.is_in(ids.iter().map(ToString::to_string)))
        .all(on)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_hold).collect();
    Ok(parsed?)
}

/// What posted holds, or reversed them, and in which order.
#[derive(Clone, Copy)]
pub enum Batch {
    /// PostHolds.
    Posting,
    /// ReverseHolds.
    Reversal,
}

impl Batch {
    fn columns(self) -> (hold::Column, hold::Column) {
        match self {
            Batch::Posting => (hold::Column::BatchId, hold::Column::BatchNumber),
            Batch::Reversal => (hold::Column::ReversalId, hold::Column::ReversalNumber),
        }
    }
}

/// The holds of a batch, in its order.
pub async fn holds_of_batch(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    kind: Batch,
    batch: &str,
) -> Result<Vec<HoldId>, Stop> {
    let (id, number) = kind.columns();
    let rows: Vec<String> = hold::Entity::find()
        .select_only()
        .column(hold::Column::HoldId)
        .filter(hold::Column::Area.eq(area.as_str()))
        .filter(id.eq(batch))
        .order_by_asc(number)
        .into_tuple()
        .all(on)
        .await?;
    let parse = |id: String| HoldId::parse(&id).map_err(|_| unreadable("hold", &id));
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse).collect();
    Ok(parsed?)
}

/// Writes which batch the holds belong to, in this order; one that posts says when.
pub async fn mark_batch(
    tx: &Tx,
    area: &AreaCode,
    kind: Batch,
    batch: BatchId,
    holds: &[HoldId],
    now: Instant,
) -> Result<(), Stop> {
    let (id, number) = kind.columns();
    let place = |case: CaseStatement, (number, hold): (i32, &HoldId)| {
        case.case(hold::Column::HoldId.eq(hold.to_string()), number)
    };
    let places = (1..).zip(holds).fold(CaseStatement::new(), place);
    let mut update = hold::Entity::update_many()
        .col_expr(id, Expr::value(batch.to_string()))
        .col_expr(number, places.into());
    if let Batch::Posting = kind {
        update = update.col_expr(hold::Column::PostedAt, Expr::value(now.micros()));
    }
    update
        .filter(hold::Column::Area.eq(area.as_str()))
        .filter(hold::Column::HoldId.is_in(holds.iter().map(ToString::to_string)))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Marks a hold released, unless it was posted. True when it was.
pub async fn release_hold(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<bool, Stop> {
    let released = hold::Entity::update_many()
        .col_expr(hold::Column::ReleasedAt, Expr::value(now.micros()))
        .filter(hold::Column::Area.eq(area.as_str()))
        .filter(hold::Column::HoldId.eq(id))
        .filter(hold::Column::PostedAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(released.rows_affected > 0)
}

/// Holds by id, beginning after `after`; those that are open at `now`, if only these are wanted.
pub async fn holds(
    db: &Db,
    area: &AreaCode,
    open_at: Option<Instant>,
    after: &str,
    limit: u64,
) -> Result<Vec<Hold>, Stop> {
    use hold::Column;
    let mut which = Condition::all().add(Column::HoldId.gt(after));
    if let Some(now) = open_at {
        which = which.add(Column::PostedAt.is_null());
        which = which.add(Column::ReleasedAt.is_null());
        which = which.add(Column::ExpiresAt.gt(now.micros()));
    }
    let rows = hold::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(which)
        .order_by_asc(Column::HoldId)
        .limit(limit)
        .all(db.reader())
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_hold).collect();
    Ok(parsed?)
}

/// The claims of holds as they will be posted, each hold's in order. Their time is that of the hold.
pub async fn held_claims(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    holds: &[HoldId],
    at: Instant,
) -> Result<BTreeMap<HoldId, Vec<Posted>>, Stop> {
    let rows = held_claim::Entity::find()
        .filter(held_claim::Column::Area.eq(area.as_str()))
        .filter(held_claim::Column::HoldId.is_in(holds.iter().map(ToString::to_string)))
        .order_by_asc(held_claim::Column::HoldId)
        .order_by_asc(held_claim::Column::Number)
        .all(on)
        .await?;
    let mut all: BTreeMap<HoldId, Vec<Posted>> = BTreeMap::new();
    for row in rows {
        let bad = || unreadable("held_claim", &row.hold_id);
        let hold = HoldId::parse(&row.hold_id).map_err(|_| bad())?;
        all.entry(hold).or_default().push(Posted {
            id: SettlementId::parse(&row.settlement_id).map_err(|_| bad())?,
            ordinal: row.ordinal,
            evidence: of_json(&row.evidence, "held_claim", &row.hold_id)?,
            basis: of_json(&row.basis, "held_claim", &row.hold_id)?,
            amounts: of_json(&row.amounts, "held_claim", &row.hold_id)?,
            posted_at: at,
            reversed_at: None,
            revision: 0,
        });
    }
    Ok(all)
}

/// The ids of the settlements of holds, in the order of the holds and of their claims.
pub async fn held_settlements(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    holds: &[HoldId],
) -> Result<Vec<SettlementId>, Stop> {
    use held_claim::Column;
    let rows: Vec<(String, String)> = held_claim::Entity::find()
        .select_only()
        .columns([Column::HoldId, Column::SettlementId])
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::HoldId.is_in(holds.iter().map(ToString::to_string)))
        .order_by_asc(Column::HoldId)
        .order_by_asc(Column::Number)
        .into_tuple()
        .all(on)
        .await?;
    let mut all: BTreeMap<HoldId, Vec<SettlementId>> = BTreeMap::new();
    for (hold, settlement) in rows {
        let bad = || unreadable("held_claim", &hold);
        let id = SettlementId::parse(&settlement).map_err(|_| bad())?;
        let hold = HoldId::parse(&hold).map_err(|_| bad())?;
        all.entry(hold).or_default().push(id);
    }
    let of = |hold: &HoldId| all.remove(hold).unwrap_or_default();
    Ok(holds.iter().flat_map(of).collect())
}

fn parse_hold(row: hold::Model) -> Result<Hold, Refusal> {
    let parsed = || {
        Some(Hold {
            id: HoldId::parse(&row.hold_id).ok()?,
            whose: YearKey {
                person: PersonId::parse(&row.person_id).ok()?,
                scheme: Scheme::parse(&row.scheme)?,
                year: row.year,
            },
            opened_at: Instant::from_micros(row.opened_at),
            expires_at: Instant::from_micros(row.expires_at),
            posted_at: row.posted_at.map(Instant::from_micros),
            released_at: row.released_at.map(Instant::from_micros),
        })
    };
    parsed().ok_or_else(|| unreadable("hold", &row.hold_id))
}
