//! Every query of the service.

use crate::domain::Participant;
use crate::entity::participant::{ActiveModel, Column, Entity, Model};
use crate::refusal::PARTICIPANT_EXISTS;
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, Day, Instant, ParticipantId, Refusal};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use store::{Db, Stop, Tx, taken};

/// Inserts a participant; a region that has one is refused.
pub async fn insert(tx: &Tx, area: &AreaCode, participant: &Participant) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        participant_id: Set(participant.id.to_string()),
        region: Set(participant.region.to_string()),
        name: Set(participant.name.clone()),
        from_day: Set(participant.from.to_string()),
        withdrawn_at: Set(None),
    };
    let inserted = Entity::insert(row).exec_without_returning(&**tx).await;
    inserted.map(drop).map_err(|fault| {
        taken(fault, || {
            PARTICIPANT_EXISTS
                .refuse()
                .with("region_code", &participant.region)
        })
    })
}

/// Marks a participant withdrawn.
pub async fn withdraw(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ParticipantId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A participant by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Participant, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    parse(row.ok_or_else(|| INTERNAL.refuse())?).map_err(Stop::from)
}

/// Standing participants by region code, beginning after `after`.
pub async fn list(
    db: &Db,
    area: &AreaCode,
    after: &str,
    limit: u64,
) -> Result<Vec<Participant>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::Region.gt(after))
        .order_by_asc(Column::Region)
        .limit(limit)
        .all(db.reader())
        .await?;
    rows.into_iter()
        .map(|row| parse(row).map_err(Stop::from))
        .collect()
}

fn parse(row: Model) -> Result<Participant, Refusal> {
    let parsed = || {
        Some(Participant {
            id: ParticipantId::parse(&row.participant_id).ok()?,
            region: AreaCode::parse(&row.region).ok()?,
            name: row.name.clone(),
            from: Day::parse(&row.from_day).ok()?,
        })
    };
    parsed().ok_or_else(|| {
        tracing::error!(
            table = "participant",
            id = row.participant_id,
            "a row cannot be read"
        );
        INTERNAL.refuse()
    })
}
