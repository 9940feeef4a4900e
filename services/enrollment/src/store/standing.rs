//! Changes of standings.

use super::coverage::{standing_of, standing_text};
use super::unreadable;
use crate::domain::{StandingChange, changed_then};
use crate::entity::standing_change::{ActiveModel, Column, Entity, Model};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, CoverageId, Day, PersonId, Refusal, StandingChangeId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use store::{Db, Stop, Tx, taken};

/// Inserts a change of a locked person; a second one of the day is refused.
pub async fn insert(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    change: &StandingChange,
) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        standing_change_id: Set(change.id.to_string()),
        person_id: Set(person.to_string()),
        coverage_id: Set(change.coverage.to_string()),
        from_day: Set(change.from.to_string()),
        standing: Set(standing_text(&change.standing)?),
        withdrawn_at: Set(None),
    };
    let inserted = Entity::insert(row).exec_without_returning(&**tx).await;
    inserted
        .map(drop)
        .map_err(|fault| taken(fault, || changed_then(change.from)))
}

/// A change by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<StandingChange, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    Ok(parse(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// The changes of all coverages of a person that stand, the earliest first.
pub async fn of(
    reader: &impl ConnectionTrait,
    area: &AreaCode,
    person: PersonId,
) -> Result<Vec<StandingChange>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::FromDay)
        .order_by_asc(Column::StandingChangeId)
        .all(reader)
        .await?;
    rows.into_iter().map(|row| Ok(parse(row)?)).collect()
}

fn parse(row: Model) -> Result<StandingChange, Refusal> {
    let parsed = || {
        Some(StandingChange {
            id: StandingChangeId::parse(&row.standing_change_id).ok()?,
            coverage: CoverageId::parse(&row.coverage_id).ok()?,
            from: Day::parse(&row.from_day).ok()?,
            standing: standing_of(Some(&row.standing))?,
        })
    };
    parsed().ok_or_else(|| unreadable("standing_change", &row.standing_change_id))
}
