//! Person-years: the rows whose locks order the claims of one person, scheme and year.

use super::{of_json, to_json, unreadable};
use crate::domain::{Held, PersonYear, YearKey};
use crate::entity::person_year::{ActiveModel, Column, Entity, Model};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, HoldId, Instant, PersonId, Refusal, Scheme};
use sea_orm::sea_query::{OnConflict, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait, Select, TryInsertResult,
    UpdateMany,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{Db, Stop, Tx};

/// Locks the person-year, making it when it is the first claim of the year.
pub async fn lock_person_year(
    tx: &Tx,
    area: &AreaCode,
    whose: &YearKey,
) -> Result<PersonYear, Stop> {
    let locked = || find(area, whose).lock_exclusive();
    let row = match locked().one(&**tx).await? {
        Some(row) => row,
        None => {
            let first = active(area, whose, &PersonYear::default())?;
            let inserted = Entity::insert(first).on_conflict_do_nothing();
            match inserted.exec_without_returning(&**tx).await? {
                TryInsertResult::Inserted(1..) => return Ok(PersonYear::default()),
                // Another first claim won the race; its row can be locked now.
                _ => locked()
                    .one(&**tx)
                    .await?
                    .ok_or_else(|| INTERNAL.refuse())?,
            }
        }
    };
    Ok(parse_person_year(&row)?)
}

/// The question that locks a person-year, for a statement that asks more.
pub(super) fn locked_year(area: &AreaCode, whose: &YearKey) -> SelectStatement {
    find(area, whose).lock_exclusive().into_query()
}

/// The person-year in a row that has its columns behind this prefix, if it was there.
pub(super) fn parse_locked_year(
    row: &QueryResult,
    prefix: &str,
) -> Result<Option<PersonYear>, Stop> {
    let row = Model::from_query_result_optional(row, prefix)?;
    Ok(row.as_ref().map(parse_person_year).transpose()?)
}

/// Locks these person-years, which have claims, in the one order.
pub async fn lock_person_years(
    tx: &Tx,
    area: &AreaCode,
    whose: &BTreeSet<YearKey>,
) -> Result<BTreeMap<YearKey, PersonYear>, Stop> {
    let one = |whose: &YearKey| {
        Condition::all()
            .add(Column::PersonId.eq(whose.person.to_string()))
            .add(Column::Scheme.eq(whose.scheme.as_str()))
            .add(Column::Year.eq(whose.year))
    };
    let any = whose.iter().map(one).fold(Condition::any(), Condition::add);
    lock_all(tx, area, any).await
}

/// Locks the person-years that are held by these holds, in the one order.
pub async fn lock_held_years(
    tx: &Tx,
    area: &AreaCode,
    holds: &[HoldId],
) -> Result<BTreeMap<YearKey, PersonYear>, Stop> {
    let held = Column::HeldBy.is_in(holds.iter().map(ToString::to_string));
    lock_all(tx, area, Condition::all().add(held)).await
}

async fn lock_all(
    tx: &Tx,
    area: &AreaCode,
    which: Condition,
) -> Result<BTreeMap<YearKey, PersonYear>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(which)
        .order_by_asc(Column::PersonId)
        .order_by_asc(Column::Scheme)
        .order_by_asc(Column::Year)
        .lock_exclusive()
        .all(&**tx)
        .await?;
    let parsed = |row: &Model| Ok((parse_key(row)?, parse_person_year(row)?));
    let parsed: Result<_, Refusal> = rows.iter().map(parsed).collect();
    Ok(parsed?)
}

/// The person-year as it stands, without a lock.
pub async fn accumulators(db: &Db, area: &AreaCode, whose: &YearKey) -> Result<PersonYear, Stop> {
    let row = find(area, whose).one(db.reader()).await?;
    let year = row.as_ref().map(parse_person_year).transpose()?;
    Ok(year.unwrap_or_default())
}

/// 往年: what the person came to by the scheme in years before this one, from the given year on, and the
/// versions of those years. Without a lock: what is decided keeps what was read.
pub async fn earlier_years(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    whose: &YearKey,
    from: i32,
) -> Result<Vec<(i32, PersonYear)>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(whose.person.to_string()))
        .filter(Column::Scheme.eq(whose.scheme.as_str()))
        .filter(Column::Year.gte(from))
        .filter(Column::Year.lt(whose.year))
        .order_by_asc(Column::Year)
        .all(on)
        .await?;
    let parsed = rows
        .iter()
        .map(|row| Ok((row.year, parse_person_year(row)?)));
    let parsed: Result<_, Refusal> = parsed.collect();
    Ok(parsed?)
}

/// Writes the person-year, which this transaction has locked.
pub async fn save_person_year(
    tx: &Tx,
    area: &AreaCode,
    whose: &YearKey,
    now: &PersonYear,
) -> Result<(), Stop> {
    saved(area, whose, now)?.exec(&**tx).await?;
    Ok(())
}

/// What a person-year becomes.
pub(super) fn saved(
    area: &AreaCode,
    whose: &YearKey,
    now: &PersonYear,
) -> Result<UpdateMany<Entity>, Refusal> {
    let row = ActiveModel {
        version: Set(now.version),
        last_ordinal: Set(now.last_ordinal),
        accumulators: Set(to_json(&now.accumulators)?),
        held_by: Set(now.held.map(|held| held.by.to_string())),
        held_until: Set(now.held.map(|held| held.until.micros())),
        ..Default::default()
    };
    Ok(Entity::update_many()
        .set(row)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(whose.person.to_string()))
        .filter(Column::Scheme.eq(whose.scheme.as_str()))
        .filter(Column::Year.eq(whose.year)))
}

/// Writes person-years, which this transaction has locked, in one statement.
pub async fn save_person_years(
    tx: &Tx,
    area: &AreaCode,
    years: &BTreeMap<YearKey, PersonYear>,
) -> Result<(), Stop> {
    let row = |(whose, now): (&YearKey, &PersonYear)| active(area, whose, now);
    let rows: Vec<ActiveModel> = years.iter().map(row).collect::<Result<_, _>>()?;
    // Each of them is there: what would be inserted is what it becomes.
    let there = OnConflict::columns([Column::Area, Column::PersonId, Column::Scheme, Column::Year])
        .update_columns([Column::Version, Column::LastOrdinal, Column::Accumulators])
        .update_columns([Column::HeldBy, Column::HeldUntil])
        .to_owned();
    Entity::insert_many(rows)
        .on_conflict(there)
        .exec_without_returning(&**tx)
        .await?;
    Ok(())
}

/// Frees the person-year that this hold has, if it still has it.
pub async fn free_held_year(tx: &Tx, area: &AreaCode, hold: HoldId) -> Result<(), Stop> {
    let free = ActiveModel {
        held_by: Set(None),
        held_until: Set(None),
        ..Default::default()
    };
    Entity::update_many()
        .set(free)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::HeldBy.eq(hold.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

fn find(area: &AreaCode, whose: &YearKey) -> Select<Entity> {
    let YearKey {
        person,
        scheme,
        year,
    } = whose;
    let key = (
        area.to_string(),
        person.to_string(),
        scheme.to_string(),
        *year,
    );
    Entity::find_by_id(key)
}

fn active(area: &AreaCode, whose: &YearKey, year: &PersonYear) -> Result<ActiveModel, Refusal> {
    Ok(ActiveModel {
        area: Set(area.to_string()),
        person_id: Set(whose.person.to_string()),
        scheme: Set(whose.scheme.to_string()),
        year: Set(whose.year),
        version: Set(year.version),
        last_ordinal: Set(year.last_ordinal),
        accumulators: Set(to_json(&year.accumulators)?),
        held_by: Set(year.held.map(|held| held.by.to_string())),
        held_until: Set(year.held.map(|held| held.until.micros())),
    })
}

fn parse_key(row: &Model) -> Result<YearKey, Refusal> {
    let parsed = || {
        Some(YearKey {
            person: PersonId::parse(&row.person_id).ok()?,
            scheme: Scheme::parse(&row.scheme)?,
            year: row.year,
        })
    };
    parsed().ok_or_else(|| unreadable("person_year", &row.person_id))
}

fn parse_person_year(row: &Model) -> Result<PersonYear, Refusal> {
    let held = match (&row.held_by, row.held_until) {
        (Some(by), Some(until)) => {
            let by = HoldId::parse(by).map_err(|_| unreadable("person_year", &row.person_id))?;
            let until = Instant::from_micros(until);
            Some(Held { by, until })
        }
        _ => None,
    };
    Ok(PersonYear {
        version: row.version,
        last_ordinal: row.last_ordinal,
        accumulators: of_json(&row.accumulators, "person_year", &row.person_id)?,
        held,
    })
}
