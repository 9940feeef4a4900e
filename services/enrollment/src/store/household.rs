//! Households.

use super::unreadable;
use crate::domain::Household;
use crate::entity::household::{ActiveModel, Column, Entity, Model};
use crate::entity::person;
use crate::refusal::{HOUSEHOLD_EXISTS, HOUSEHOLD_UNKNOWN};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, HouseholdId, Instant, Refusal};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use store::{Db, Stop, Tx, taken};

/// Inserts a household; a register number that has one is refused.
pub async fn insert(tx: &Tx, area: &AreaCode, household: &Household) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        household_id: Set(household.id.to_string()),
        register_number: Set(household.register_number.clone()),
        township_code: Set(household.township_code.clone()),
        withdrawn_at: Set(None),
    };
    let inserted = Entity::insert(row).exec_without_returning(&**tx).await;
    inserted.map(drop).map_err(|fault| {
        taken(fault, || {
            HOUSEHOLD_EXISTS
                .refuse()
                .with("register_number", &household.register_number)
                .at("register_number")
        })
    })
}

/// Holds a standing household still, so that it is not withdrawn while a person joins it.
pub async fn lock(tx: &Tx, area: &AreaCode, id: HouseholdId) -> Result<(), Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .lock_exclusive()
        .one(&**tx)
        .await?;
    match row {
        Some(_) => Ok(()),
        None => Err(HOUSEHOLD_UNKNOWN
            .refuse()
            .with("household_id", id)
            .at("household_id")
            .into()),
    }
}

/// Marks a household withdrawn and leaves its members without one.
pub async fn withdraw(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::HouseholdId.eq(id))
        .exec(&**tx)
        .await?;
    let grown = Expr::col(person::Column::Version).add(1);
    person::Entity::update_many()
        .col_expr(
            person::Column::HouseholdId,
            Expr::value(Option::<String>::None),
        )
        .col_expr(person::Column::Version, grown)
        .filter(person::Column::Area.eq(area.as_str()))
        .filter(person::Column::HouseholdId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A household by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Household, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    Ok(parse(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

fn parse(row: Model) -> Result<Household, Refusal> {
    let id = HouseholdId::parse(&row.household_id);
    Ok(Household {
        id: id.map_err(|_| unreadable("household", &row.household_id))?,
        register_number: row.register_number,
        township_code: row.township_code,
    })
}
