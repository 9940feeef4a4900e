//! Cards. A number has one row that is not withdrawn, revoked or not.

use super::unreadable;
use crate::domain::{Card, Revocation};
use crate::entity::Personal;
use crate::entity::card::{ActiveModel, Column, Entity, Model};
use crate::refusal::CARD_TAKEN;
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, CardId, CardNumber, Instant, PersonId, Refusal};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select,
};
use store::{Db, Stop, Tx};

/// Inserts a card of a locked person; a number that stands for somebody is refused.
pub async fn insert(tx: &Tx, area: &AreaCode, card: &Card) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        card_id: Set(card.id.to_string()),
        person_id: Set(card.person.to_string()),
        card_number: Set(Personal(card.number.expose().to_string())),
        revoked_at: Set(None),
        revocation_reason: Set(None),
        withdrawn_at: Set(None),
    };
    // Without a target: what is taken is left out, and the transaction stays usable.
    let taken = OnConflict::new().do_nothing().to_owned();
    let inserted = Entity::insert(row).on_conflict(taken);
    match inserted.exec_without_returning(&**tx).await? {
        1.. => Ok(()),
        0 => Err(CARD_TAKEN.refuse().at("card_number").into()),
    }
}

/// Locks the card of a number, if the area has one.
pub async fn lock(tx: &Tx, area: &AreaCode, number: &CardNumber) -> Result<Option<Card>, Stop> {
    let row = standing(area, number).lock_exclusive().one(&**tx).await?;
    Ok(row.map(parse).transpose()?)
}

/// The card of a number, if the area has one.
pub async fn of_number(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    number: &CardNumber,
) -> Result<Option<Card>, Stop> {
    let row = standing(area, number).one(on).await?;
    Ok(row.map(parse).transpose()?)
}

/// A card by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Card, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    Ok(parse(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// Writes whether a locked card is revoked.
pub async fn save(tx: &Tx, area: &AreaCode, card: &Card) -> Result<(), Stop> {
    let revoked = card.revoked.as_ref();
    let row = ActiveModel {
        revoked_at: Set(revoked.map(|revoked| revoked.at.micros())),
        revocation_reason: Set(revoked.map(|revoked| revoked.reason.clone())),
        ..Default::default()
    };
    Entity::update_many()
        .set(row)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::CardId.eq(card.id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

fn standing(area: &AreaCode, number: &CardNumber) -> Select<Entity> {
    Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::CardNumber.eq(number.expose()))
        .filter(Column::WithdrawnAt.is_null())
}

fn parse(row: Model) -> Result<Card, Refusal> {
    let reason = row.revocation_reason.clone().unwrap_or_default();
    let revoked = row.revoked_at.map(Instant::from_micros);
    let parsed = || {
        Some(Card {
            id: CardId::parse(&row.card_id).ok()?,
            person: PersonId::parse(&row.person_id).ok()?,
            number: CardNumber::parse(&row.card_number.0)?,
            revoked: revoked.map(|at| Revocation { at, reason }),
        })
    };
    parsed().ok_or_else(|| unreadable("card", &row.card_id))
}
