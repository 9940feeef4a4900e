//! Many sagas at once, as a measurement needs them.

use super::lease::database_now;
use super::rows::{micros, unbegun};
use super::{Beginning, State, to_json};
use crate::entity::saga;
use kernel::{Instant, Refusal};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use std::time::Duration;
use store::{Db, Stop, Tx};

/// Sagas that rest at their first step since this was heard, and are due after so long.
pub async fn leave(
    tx: &Tx,
    all: &[Beginning],
    heard: &Refusal,
    due: Duration,
    now: Instant,
) -> Result<(), Stop> {
    let due_at = database_now(tx).await?.saturating_add(micros(due));
    let mut rows = Vec::with_capacity(all.len());
    for new in all {
        rows.push(saga::ActiveModel {
            heard: Set(Some(to_json(heard))),
            heard_code: Set(Some(heard.code.to_string())),
            rest_step: Set(Some(0)),
            rest_attempts: Set(1),
            due_at: Set(due_at),
            ..unbegun(new, now)?
        });
    }
    Ok(tx.insert_all(rows).await?)
}

/// How many sagas are under way or rest, in all areas.
pub async fn open_sagas(db: &Db) -> Result<u64, Stop> {
    let open = saga::Entity::find().filter(saga::Column::State.eq(State::Running.number()));
    Ok(open.count(db.reader()).await?)
}
