//! Suspensions of benefits.

use super::{period, unreadable};
use crate::domain::Suspension;
use crate::entity::suspension::{ActiveModel, Column, Entity, Model};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, PersonId, Refusal, SuspensionId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use store::{Db, Stop, Tx};

/// Inserts a suspension of a locked person.
pub async fn insert(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    suspension: &Suspension,
) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        suspension_id: Set(suspension.id.to_string()),
        person_id: Set(person.to_string()),
        from_day: Set(suspension.period.from.to_string()),
        until_day: Set(suspension.period.until.map(|day| day.to_string())),
        reason: Set(suspension.reason.clone()),
        withdrawn_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(&**tx).await?;
    Ok(())
}

/// A suspension by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Suspension, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    Ok(parse(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// A person's standing suspensions, past ones too, the oldest first.
pub async fn of(db: &Db, area: &AreaCode, person: PersonId) -> Result<Vec<Suspension>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::FromDay)
        .order_by_asc(Column::SuspensionId)
        .all(db.reader())
        .await?;
    rows.into_iter().map(|row| Ok(parse(row)?)).collect()
}

fn parse(row: Model) -> Result<Suspension, Refusal> {
    let parsed = || {
        Some(Suspension {
            id: SuspensionId::parse(&row.suspension_id).ok()?,
            period: period(&row.from_day, row.until_day.as_deref())?,
            reason: row.reason.clone(),
        })
    };
    parsed().ok_or_else(|| unreadable("suspension", &row.suspension_id))
}
