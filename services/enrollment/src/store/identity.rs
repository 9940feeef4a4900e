//! Identities.

use super::{period, unreadable};
use crate::domain::Identity;
use crate::entity::identity::{ActiveModel, Column, Entity, Model};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, IdentityId, IdentityKind, PersonId, Refusal};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use store::{Db, Stop, Tx};

/// Inserts an identity of a locked person.
pub async fn insert(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    identity: &Identity,
) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        identity_id: Set(identity.id.to_string()),
        person_id: Set(person.to_string()),
        kind: Set(identity.kind.to_string()),
        from_day: Set(identity.period.from.to_string()),
        until_day: Set(identity.period.until.map(|day| day.to_string())),
        withdrawn_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(&**tx).await?;
    Ok(())
}

/// An identity by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Identity, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    Ok(parse(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// A person's standing identities, past ones too, the oldest first.
pub async fn of(
    connection: &impl ConnectionTrait,
    area: &AreaCode,
    person: PersonId,
) -> Result<Vec<Identity>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::FromDay)
        .order_by_asc(Column::IdentityId)
        .all(connection)
        .await?;
    rows.into_iter().map(|row| Ok(parse(row)?)).collect()
}

fn parse(row: Model) -> Result<Identity, Refusal> {
    let parsed = || {
        Some(Identity {
            id: IdentityId::parse(&row.identity_id).ok()?,
            kind: IdentityKind::parse(&row.kind)?,
            period: period(&row.from_day, row.until_day.as_deref())?,
        })
    };
    parsed().ok_or_else(|| unreadable("identity", &row.identity_id))
}
