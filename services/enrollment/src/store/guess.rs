//! Certificates that were not known. They are counted beside the checks, whose refusals leave nothing:
//! the bound is a brake and not a fence, for requests at once do not see each other.

use crate::entity::credential_guess::{ActiveModel, Column, Entity};
use kernel::{AreaCode, Instant, InstitutionCode};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use store::{Key, Stop, Tx};

/// Counts a request that guessed; once, however often it is repeated.
pub async fn insert(
    tx: &Tx,
    key: &Key,
    institution: &InstitutionCode,
    now: Instant,
) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(key.area.to_string()),
        institution_code: Set(institution.to_string()),
        caller: Set(key.caller.clone()),
        request_id: Set(key.request_id.to_string()),
        guessed_at: Set(now.micros()),
    };
    let counted = OnConflict::new().do_nothing().to_owned();
    let inserted = Entity::insert(row).on_conflict(counted);
    inserted.exec_without_returning(&**tx).await?;
    Ok(())
}

/// Whether an institution has guessed so often since a moment.
pub async fn as_many_as(
    tx: &Tx,
    area: &AreaCode,
    institution: &InstitutionCode,
    since: Instant,
    count: u64,
) -> Result<bool, Stop> {
    let nth = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::InstitutionCode.eq(institution.as_str()))
        .filter(Column::GuessedAt.gt(since.micros()))
        .offset(count.saturating_sub(1))
        .limit(1);
    Ok(nth.one(&**tx).await?.is_some())
}
