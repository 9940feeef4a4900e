//! Persons. Growing the version is the lock on all that is recorded of a person: each change of it
//! begins with [`touch`] or [`touch_owner`].
//!
//! A number has one row for ever: withdrawn, it waits for the human to be registered again.

use super::unreadable;
use crate::domain::Person;
use crate::entity::Personal;
use crate::entity::person::{ActiveModel, Column, Entity, Model};
use crate::refusal::{ID_NUMBER_TAKEN, PERSON_UNKNOWN};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, Day, HouseholdId, IdNumber, Instant, PersonId, PersonName, Refusal, Sex};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement, UpdateStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, StatementBuilder,
};
use store::{Db, Stop, Tx};

/// Inserts a person, or brings back whose withdrawn registration had the number, so that claims and
/// accumulators follow the human; answers the person as they are now. A number that somebody has is
/// refused. One statement: concurrent ones meet on the number's row, and one of them wins.
pub async fn register(tx: &Tx, area: &AreaCode, person: &Person) -> Result<Person, Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        person_id: Set(person.id.to_string()),
        name: Set(Personal(person.name.expose().to_string())),
        id_number: Set(Personal(person.id_number.expose().to_string())),
        sex: Set(person.sex.to_string()),
        birth_day: Set(person.birth_day.to_string()),
        household_id: Set(person.household.map(|id| id.to_string())),
        death_day: Set(person.death_day.map(|day| day.to_string())),
        version: Set(person.version),
        withdrawn_at: Set(None),
    };
    // The day of death stays: a new registration does not undo a death, its own withdrawal does.
    let grown = Expr::col((Entity, Column::Version)).add(1);
    let bring_back = OnConflict::columns([Column::Area, Column::IdNumber])
        .update_columns([
            Column::Name,
            Column::Sex,
            Column::BirthDay,
            Column::HouseholdId,
            Column::WithdrawnAt,
        ])
        .value(Column::Version, grown)
        .action_and_where(Expr::col((Entity, Column::WithdrawnAt)).is_not_null())
        .to_owned();
    let insert = Entity::insert(row)
        .on_conflict(bring_back)
        .into_query()
        .returning_all()
        .to_owned();
    let row = returned(tx, &insert).await?;
    Ok(parse(row.ok_or_else(|| {
        ID_NUMBER_TAKEN.refuse().at("id_number")
    })?)?)
}

/// Locks a standing person by growing the version, and answers the person as they are now.
pub async fn touch(tx: &Tx, area: &AreaCode, id: PersonId) -> Result<Person, Stop> {
    let update = grow(area)
        .and_where(Column::PersonId.eq(id.to_string()))
        .and_where(Column::WithdrawnAt.is_null())
        .to_owned();
    let row = returned(tx, &update).await?.ok_or_else(|| unknown(id))?;
    Ok(parse(row)?)
}

/// Likewise the person whose id `owner` selects, also a withdrawn one: undoing is never refused.
/// Answers the id, or nothing where `owner` selects none.
pub async fn touch_owner(
    tx: &Tx,
    area: &AreaCode,
    owner: SelectStatement,
) -> Result<Option<String>, Stop> {
    let update = grow(area)
        .and_where(Column::PersonId.in_subquery(owner))
        .to_owned();
    Ok(returned(tx, &update).await?.map(|row| row.person_id))
}

/// One statement locks, counts and reads. sea-orm's own RETURNING is off for SQLite by default.
fn grow(area: &AreaCode) -> UpdateStatement {
    Query::update()
        .table(Entity)
        .value(Column::Version, Expr::col(Column::Version).add(1))
        .and_where(Column::Area.eq(area.as_str()))
        .returning_all()
        .to_owned()
}

async fn returned(tx: &Tx, change: &impl StatementBuilder) -> Result<Option<Model>, DbErr> {
    let row = tx.query_one(change).await?;
    row.map(|row| Model::from_query_result(&row, ""))
        .transpose()
}

/// Writes the day of death of a locked person.
pub async fn set_death(tx: &Tx, area: &AreaCode, id: PersonId, day: Day) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::DeathDay, Expr::value(day.to_string()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Takes the day of death away again.
pub async fn revive(tx: &Tx, area: &AreaCode, id: &str) -> Result<(), Stop> {
    let grown = Expr::col(Column::Version).add(1);
    Entity::update_many()
        .col_expr(Column::DeathDay, Expr::value(Option::<String>::None))
        .col_expr(Column::Version, grown)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Locks a person and marks them withdrawn; what is recorded of them is withdrawn next.
pub async fn withdraw(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<(), Stop> {
    let grown = Expr::col(Column::Version).add(1);
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .col_expr(Column::Version, grown)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A person by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Person, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    Ok(parse(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// A standing person.
pub async fn get(db: &Db, area: &AreaCode, id: PersonId) -> Result<Person, Stop> {
    let person = standing(db.reader(), area, id).await?;
    Ok(person.ok_or_else(|| unknown(id))?)
}

/// A standing person, if the area has them.
pub async fn standing(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: PersonId,
) -> Result<Option<Person>, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .one(on)
        .await?;
    Ok(row.map(parse).transpose()?)
}

/// The standing person of an identity number, if the area has them.
pub async fn of_number(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    number: &IdNumber,
) -> Result<Option<Person>, Stop> {
    let row = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::IdNumber.eq(number.expose()))
        .filter(Column::WithdrawnAt.is_null())
        .one(on)
        .await?;
    Ok(row.map(parse).transpose()?)
}

/// Standing persons by id, beginning after `after`, each with the key of the page.
pub async fn list(
    db: &Db,
    area: &AreaCode,
    after: &str,
    limit: u64,
) -> Result<Vec<(String, Person)>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::PersonId.gt(after))
        .order_by_asc(Column::PersonId)
        .limit(limit)
        .all(db.reader())
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.person_id.clone(), parse(row)?)))
        .collect()
}

/// The refusal of a person the caller's area does not have.
pub fn unknown(id: PersonId) -> Refusal {
    PERSON_UNKNOWN
        .refuse()
        .with("person_id", id)
        .at("person_id")
}

fn parse(row: Model) -> Result<Person, Refusal> {
    let optional_household = row.household_id.as_deref().map(HouseholdId::parse);
    let optional_death = row.death_day.as_deref().map(Day::parse);
    let parsed = || {
        Some(Person {
            id: PersonId::parse(&row.person_id).ok()?,
            name: PersonName::parse(&row.name.0)?,
            id_number: IdNumber::parse(&row.id_number.0)?,
            sex: Sex::parse(&row.sex)?,
            birth_day: Day::parse(&row.birth_day).ok()?,
            household: optional_household.transpose().ok()?,
            death_day: optional_death.transpose().ok()?,
            version: row.version,
        })
    };
    parsed().ok_or_else(|| unreadable("person", &row.person_id))
}
