//! Tokens of the 医保电子凭证. What is kept of their text is its digest.

use super::unreadable;
use crate::domain::{CredentialToken, Purpose, TokenText};
use crate::entity::credential_token::{ActiveModel, Column, Entity, Model};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, Digest, Instant, InstitutionCode, PersonId, Refusal, TokenId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use store::{Db, Stop, Tx};

/// Inserts a token.
pub async fn insert(
    tx: &Tx,
    area: &AreaCode,
    text: &TokenText,
    token: &CredentialToken,
) -> Result<(), Stop> {
    let row = ActiveModel {
        area: Set(area.to_string()),
        token_id: Set(token.id.to_string()),
        digest: Set(text.digest().to_string()),
        person_id: Set(token.person.to_string()),
        institution_code: Set(token.institution.to_string()),
        purpose: Set(token.purpose.as_str().to_string()),
        expires_at: Set(token.expires.micros()),
        used_at: Set(None),
        withdrawn_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(&**tx).await?;
    Ok(())
}

/// Locks the token of a text, and says whether it was withdrawn: of two who bring it the second finds
/// it used.
pub async fn lock(
    tx: &Tx,
    area: &AreaCode,
    text: &TokenText,
) -> Result<Option<(CredentialToken, bool)>, Stop> {
    let row = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Digest.eq(text.digest().to_string()))
        .lock_exclusive()
        .one(&**tx)
        .await?;
    let parsed = row.map(|row| {
        let withdrawn = row.withdrawn_at.is_some();
        Ok::<_, Refusal>((parse(row)?, withdrawn))
    });
    Ok(parsed.transpose()?)
}

/// A token by id, also a withdrawn one, with the digest of its text: a replay shows what the request
/// made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<(CredentialToken, Digest), Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    let row = row.ok_or_else(|| INTERNAL.refuse())?;
    let digest = Digest::parse(&row.digest);
    let digest = digest.ok_or_else(|| unreadable("credential_token", id))?;
    Ok((parse(row)?, digest))
}

/// A locked token is used.
pub async fn set_used(tx: &Tx, area: &AreaCode, id: TokenId, now: Instant) -> Result<(), Stop> {
    mark(tx, area, &id.to_string(), Column::UsedAt, now).await
}

/// A token stands for nobody any more.
pub async fn withdraw(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<(), Stop> {
    mark(tx, area, id, Column::WithdrawnAt, now).await
}

async fn mark(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    column: Column,
    now: Instant,
) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(column, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::TokenId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

fn parse(row: Model) -> Result<CredentialToken, Refusal> {
    let parsed = || {
        Some(CredentialToken {
            id: TokenId::parse(&row.token_id).ok()?,
            person: PersonId::parse(&row.person_id).ok()?,
            institution: InstitutionCode::parse(&row.institution_code).ok()?,
            purpose: Purpose::parse(&row.purpose)?,
            expires: Instant::from_micros(row.expires_at),
            used: row.used_at.map(Instant::from_micros),
        })
    };
    parsed().ok_or_else(|| unreadable("credential_token", &row.token_id))
}
