//! Bars of institutions.

use super::unreadable;
use crate::domain::{Bar, NewBar};
use crate::entity::bar::{ActiveModel, Column, Entity, Model};
use crate::entity::institution;
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, BarId, Day, Instant, InstitutionCode, Refusal};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use store::{Db, Stop, Tx};

/// Holds an institution's bars still until the transaction ends: of two that are made at once the
/// second waits, and decides upon the first.
pub async fn lock(tx: &Tx, area: &AreaCode, institution: &InstitutionCode) -> Result<(), Stop> {
    let key = (area.to_string(), institution.to_string());
    let row = institution::ActiveModel {
        area: Set(key.0.clone()),
        institution: Set(key.1.clone()),
    };
    let first = institution::Entity::insert(row).on_conflict_do_nothing();
    first.exec_without_returning(&**tx).await?;
    let locked = institution::Entity::find_by_id(key).lock_exclusive();
    match locked.one(&**tx).await? {
        Some(_) => Ok(()),
        None => Err(INTERNAL.refuse().into()),
    }
}

/// An institution's standing bars that end after a day.
pub async fn ending_after(
    tx: &Tx,
    area: &AreaCode,
    institution: &InstitutionCode,
    day: Day,
) -> Result<Vec<Bar>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Institution.eq(institution.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::UntilDay.gt(day.to_string()))
        .order_by_asc(Column::FromDay)
        .all(&**tx)
        .await?;
    rows.into_iter().map(|row| Ok(parse(row)?)).collect()
}

/// Inserts a bar.
pub async fn insert(tx: &Tx, area: &AreaCode, bar: &Bar) -> Result<(), Stop> {
    let wanted = &bar.wanted;
    let row = ActiveModel {
        area: Set(area.to_string()),
        bar_id: Set(bar.id.to_string()),
        institution: Set(wanted.institution.to_string()),
        from_day: Set(wanted.from.to_string()),
        until_day: Set(wanted.until.to_string()),
        decision_number: Set(wanted.decision_number.clone()),
        reason: Set(wanted.reason.clone()),
        withdrawn_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(&**tx).await?;
    Ok(())
}

/// Marks a bar withdrawn.
pub async fn withdraw(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::BarId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A bar by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Bar, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    Ok(parse(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// Standing bars by id, beginning after `after`; one institution's where it is given.
pub async fn list(
    db: &Db,
    area: &AreaCode,
    institution: Option<&InstitutionCode>,
    after: &str,
    limit: u64,
) -> Result<Vec<(String, Bar)>, Stop> {
    let mut wanted = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::BarId.gt(after));
    if let Some(institution) = institution {
        wanted = wanted.filter(Column::Institution.eq(institution.as_str()));
    }
    let rows = wanted
        .order_by_asc(Column::BarId)
        .limit(limit)
        .all(db.reader())
        .await?;
    let keyed = |row: Model| Ok((row.bar_id.clone(), parse(row)?));
    rows.into_iter().map(keyed).collect()
}

/// The first day on which an institution is barred no more, where it is barred today.
pub async fn until(
    tx: &Tx,
    area: &AreaCode,
    institution: &InstitutionCode,
    today: Day,
) -> Result<Option<Day>, Stop> {
    let asked = end(area, Expr::val(institution.as_str()), today);
    let row = tx.query_one(&asked).await?;
    let row = row.ok_or_else(|| INTERNAL.refuse())?;
    Ok(parse_end(row.try_get_by_index(0)?)?)
}

/// Likewise, to be asked within another question: one row of one column, which may be empty.
pub fn end(area: &AreaCode, institution: Expr, today: Day) -> SelectStatement {
    let today = today.to_string();
    Entity::find()
        .select_only()
        .expr(Column::UntilDay.max())
        .filter(Column::Area.eq(area.as_str()))
        .filter(Expr::col((Entity, Column::Institution)).eq(institution))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::FromDay.lte(today.as_str()))
        .filter(Column::UntilDay.gt(today.as_str()))
        .into_query()
}

/// What [`end`] answered.
pub fn parse_end(day: Option<String>) -> Result<Option<Day>, Refusal> {
    let read = |day: String| Day::parse(&day).map_err(|_| unreadable("bar", &day));
    day.map(read).transpose()
}

fn parse(row: Model) -> Result<Bar, Refusal> {
    let id = row.bar_id.clone();
    bar(row).ok_or_else(|| unreadable("bar", &id))
}

fn bar(row: Model) -> Option<Bar> {
    let wanted = NewBar {
        institution: InstitutionCode::parse(&row.institution).ok()?,
        from: Day::parse(&row.from_day).ok()?,
        until: Day::parse(&row.until_day).ok()?,
        decision_number: row.decision_number,
        reason: row.reason,
    };
    Some(Bar {
        id: BarId::parse(&row.bar_id).ok()?,
        wanted,
    })
}
