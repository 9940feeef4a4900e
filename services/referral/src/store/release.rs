//! What releases ended, kept so that it can be brought back. Each is found under its locked
//! referral by the request that made it; who had nothing to release left no row.

use super::unreadable;
use crate::domain::{Author, Usage};
use crate::entity::release::{ActiveModel, Column, Entity, Model};
use kernel::{AreaCode, Day, Instant, Refusal};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use store::{Db, Stop, Tx};

/// Keeps the use that a request ended.
pub async fn insert(
    tx: &Tx,
    area: &AreaCode,
    referral: &str,
    by: &Author,
    ended: &Usage,
) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        referral_id: Set(referral.to_string()),
        released_by: Set(by.0.clone()),
        used_by: Set(ended.by.0.clone()),
        visit_number: Set(ended.visit_number.clone()),
        admission_day: Set(ended.admission.to_string()),
        withdrawn_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(&**tx).await?;
    Ok(())
}

/// The use that this request ended, unless one of the two requests was withdrawn.
pub async fn ended(
    tx: &Tx,
    area: &AreaCode,
    referral: &str,
    by: &Author,
) -> Result<Option<Usage>, Stop> {
    let row = Entity::find_by_id((area.to_string(), referral.to_string(), by.0.clone()))
        .filter(Column::WithdrawnAt.is_null())
        .one(&**tx)
        .await?;
    row.map(parse).transpose().map_err(Stop::from)
}

/// True when this request ended a use, whatever has become of it since.
pub async fn has_ended(
    db: &Db,
    area: &AreaCode,
    referral: &str,
    by: &Author,
) -> Result<bool, Stop> {
    let made = Entity::find_by_id((area.to_string(), referral.to_string(), by.0.clone()));
    Ok(made.one(db.reader()).await?.is_some())
}

/// Marks the release of this request withdrawn.
pub async fn withdraw(
    tx: &Tx,
    area: &AreaCode,
    referral: &str,
    by: &Author,
    now: Instant,
) -> Result<(), Stop> {
    mark(
        tx,
        area,
        referral,
        Column::ReleasedBy.eq(by.0.as_str()),
        now,
    )
    .await
}

/// Lets nobody bring back the use that this request had made: it was withdrawn itself.
pub async fn forget(
    tx: &Tx,
    area: &AreaCode,
    referral: &str,
    by: &Author,
    now: Instant,
) -> Result<(), Stop> {
    mark(tx, area, referral, Column::UsedBy.eq(by.0.as_str()), now).await
}

async fn mark(
    tx: &Tx,
    area: &AreaCode,
    referral: &str,
    which: Expr,
    now: Instant,
) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReferralId.eq(referral))
        .filter(which)
        .filter(Column::WithdrawnAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(())
}

fn parse(row: Model) -> Result<Usage, Refusal> {
    let admission = Day::parse(&row.admission_day);
    Ok(Usage {
        by: Author(row.used_by),
        visit_number: row.visit_number,
        admission: admission.map_err(|_| unreadable("release", &row.referral_id))?,
    })
}
