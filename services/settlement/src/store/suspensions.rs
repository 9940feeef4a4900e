//! Suspensions of online settlement.

use super::unreadable;
use crate::domain::{Bill, Suspended, Suspension, Whom};
use crate::entity::online_suspension::{ActiveModel, Column, Entity, Model};
use kernel::refusal::CONTENTION;
use kernel::{AreaCode, Day, Instant, InstitutionCode, OnlineSuspensionId, PersonId, Refusal};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::BTreeSet;
use store::{Db, Stop, Tx, taken};

/// A subject's suspensions as far as a new one must know them.
pub struct Earlier {
    /// One that has a day in common with the new one.
    pub overlapping: Option<String>,
    /// How many there were.
    pub count: i64,
}

/// What stands in the way of a new suspension.
pub async fn earlier(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    new: &Suspension,
) -> Result<Earlier, Stop> {
    let of_subject = || {
        Entity::find()
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::Subject.eq(new.whom.to_string()))
    };
    // First the count: who commits between the two reads has taken the number counted.
    let last = of_subject()
        .order_by_desc(Column::Ordinal)
        .limit(1)
        .one(on)
        .await?;
    let overlapping = of_subject()
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::FromDay.lt(new.until.to_string()))
        .filter(Column::UntilDay.gt(new.from.to_string()))
        .order_by_asc(Column::FromDay)
        .limit(1)
        .one(on)
        .await?;
    Ok(Earlier {
        overlapping: overlapping.map(|row| row.suspension_id),
        count: last.map_or(0, |row| row.ordinal),
    })
}

/// Inserts a suspension after `count` earlier ones. Of two at once, which cannot have seen each
/// other, one is told to ask again.
pub async fn insert_suspension(
    tx: &Tx,
    area: &AreaCode,
    new: &Suspension,
    count: i64,
) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        suspension_id: Set(new.id.to_string()),
        subject: Set(new.whom.to_string()),
        ordinal: Set(count + 1),
        from_day: Set(new.from.to_string()),
        until_day: Set(new.until.to_string()),
        decision_number: Set(new.decision.clone()),
        reason: Set(new.reason.clone()),
        recorded_at: Set(new.recorded_at.micros()),
        withdrawn_at: Set(None),
    };
    let inserted = Entity::insert(row).exec_without_returning(&**tx).await;
    inserted
        .map(drop)
        .map_err(|fault| taken(fault, || CONTENTION.refuse()))
}

/// Marks a suspension withdrawn.
pub async fn withdraw_suspension(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SuspensionId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A suspension, also when it was withdrawn since.
pub async fn find_suspension(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Suspension, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = Entity::find_by_id(key).one(on).await?;
    Ok(parse_suspension(
        row.ok_or_else(|| unreadable("online_suspension", id))?,
    )?)
}

/// Those that were not withdrawn, by id, beginning after `after`.
pub async fn suspensions(
    db: &Db,
    area: &AreaCode,
    after: &str,
    limit: u64,
) -> Result<Vec<Suspension>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::SuspensionId.gt(after))
        .order_by_asc(Column::SuspensionId)
        .limit(limit)
        .all(db.reader())
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_suspension).collect();
    Ok(parsed?)
}

/// The statement that tells until when a subject is suspended on a day, for use inside another.
pub fn suspended_until(area: &AreaCode, subject: &str, day: Day) -> SelectStatement {
    let today = Condition::all()
        .add(Column::Area.eq(area.as_str()))
        .add(Column::Subject.eq(subject))
        .add(Column::WithdrawnAt.is_null())
        .add(Column::FromDay.lte(day.to_string()))
        .add(Column::UntilDay.gt(day.to_string()));
    Query::select()
        .expr(Column::UntilDay.max())
        .from(Entity)
        .cond_where(today)
        .to_owned()
}

/// Until when institutions and people of bills are suspended on a day: one of each, if any is.
pub async fn suspended_on(
    tx: &Tx,
    area: &AreaCode,
    bills: &[&Bill],
    day: Day,
) -> Result<Suspended, Stop> {
    let subjects: BTreeSet<String> = bills
        .iter()
        .flat_map(|bill| [bill.institution.to_string(), bill.person.to_string()])
        .collect();
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Subject.is_in(subjects))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::FromDay.lte(day.to_string()))
        .filter(Column::UntilDay.gt(day.to_string()))
        .all(&**tx)
        .await?;
    let mut suspended = Suspended::default();
    for row in rows {
        let found = parse_suspension(row)?;
        let until = match found.whom {
            Whom::Institution(_) => &mut suspended.institution,
            Whom::Person(_) => &mut suspended.person,
        };
        *until = Some(found.until).max(*until);
    }
    Ok(suspended)
}

fn parse_suspension(row: Model) -> Result<Suspension, Refusal> {
    let whom = || match InstitutionCode::parse(&row.subject) {
        Ok(code) => Some(Whom::Institution(code)),
        Err(_) => PersonId::parse(&row.subject).ok().map(Whom::Person),
    };
    let parsed = || {
        Some(Suspension {
            id: OnlineSuspensionId::parse(&row.suspension_id).ok()?,
            whom: whom()?,
            from: Day::parse(&row.from_day).ok()?,
            until: Day::parse(&row.until_day).ok()?,
            decision: row.decision_number.clone(),
            reason: row.reason.clone(),
            recorded_at: Instant::from_micros(row.recorded_at),
        })
    };
    parsed().ok_or_else(|| unreadable("online_suspension", &row.suspension_id))
}
