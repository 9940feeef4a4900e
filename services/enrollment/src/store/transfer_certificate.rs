//! Certificates of those who leave.

use super::unreadable;
use crate::domain::{Leaving, TransferCertificate};
use crate::entity::transfer_certificate::{ActiveModel, Column, Entity, Model};
use crate::entity::{coverage, person};
use crate::refusal::TRANSFER_CERTIFIED;
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, Digest, PersonId, Refusal};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use store::{Stop, Tx, taken};

/// Inserts the certificate of a locked person, and ends the coverage that it ends.
pub async fn insert(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    leaving: &Leaving,
) -> Result<(), Stop> {
    let certificate = &leaving.certificate;
    let (coverage, before) = leaving.ends.unzip();
    let row = ActiveModel {
        area: Set(area.to_string()),
        certificate_id: Set(certificate.id.to_string()),
        person_id: Set(person.to_string()),
        scheme: Set(certificate.scheme.to_string()),
        end_day: Set(certificate.end.to_string()),
        content: Set(serde_json::to_string(certificate).map_err(|_| INTERNAL.refuse())?),
        digest: Set(certificate.digest().to_string()),
        coverage_id: Set(coverage.map(|id| id.to_string())),
        until_before: Set(before.map(|day| day.to_string())),
        withdrawn_at: Set(None),
    };
    let inserted = Entity::insert(row).exec_without_returning(&**tx).await;
    let no = || TRANSFER_CERTIFIED.refuse().at("person_id");
    inserted.map_err(|fault| {
        let no = || no().with("end_day", certificate.end);
        taken(fault, || no().with("certificate_id", certificate.id))
    })?;
    if let Some(id) = coverage {
        move_end(tx, area, &id.to_string(), &certificate.end.to_string()).await?;
    }
    Ok(())
}

/// Gives the coverage that a withdrawn certificate had ended its end back.
pub async fn restore(tx: &Tx, area: &AreaCode, id: &str) -> Result<(), Stop> {
    let row = row(&**tx, area, id)
        .await?
        .ok_or_else(|| INTERNAL.refuse())?;
    if let (Some(coverage), Some(before)) = (row.coverage_id, row.until_before) {
        move_end(tx, area, &coverage, &before).await?;
    }
    Ok(())
}

async fn move_end(tx: &Tx, area: &AreaCode, id: &str, until: &str) -> Result<(), Stop> {
    use coverage::Column;
    coverage::Entity::update_many()
        .col_expr(Column::UntilDay, Expr::value(until))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::CoverageId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A certificate by id, also a withdrawn one, and whether it stands.
pub async fn find(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<(TransferCertificate, bool)>, Stop> {
    let Some(row) = row(on, area, id).await? else {
        return Ok(None);
    };
    let stands = row.withdrawn_at.is_none();
    Ok(Some((parse(row)?, stands)))
}

/// What stands of a person, the oldest first.
pub async fn of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    person: PersonId,
) -> Result<Vec<TransferCertificate>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::CertificateId)
        .all(on)
        .await?;
    rows.into_iter().map(|row| Ok(parse(row)?)).collect()
}

/// Whether the area that issued it says otherwise, where this database has that area: no certificate of
/// the number stands there, or one of another digest. The one look across areas; it tells this bit alone.
pub async fn is_void(
    tx: &Tx,
    certificate: &TransferCertificate,
    digest: Digest,
) -> Result<bool, Stop> {
    match row(&**tx, &certificate.area, &certificate.id.to_string()).await? {
        Some(row) => Ok(row.withdrawn_at.is_some() || row.digest != digest.to_string()),
        None => {
            let people = person::Entity::find()
                .select_only()
                .column(person::Column::Area)
                .filter(person::Column::Area.eq(certificate.area.as_str()))
                .limit(1)
                .into_tuple::<String>();
            Ok(people.one(&**tx).await?.is_some())
        }
    }
}

async fn row(on: &impl ConnectionTrait, area: &AreaCode, id: &str) -> Result<Option<Model>, Stop> {
    let key = (area.to_string(), id.to_string());
    Ok(Entity::find_by_id(key).one(on).await?)
}

fn parse(row: Model) -> Result<TransferCertificate, Refusal> {
    let parsed = serde_json::from_str(&row.content);
    parsed.map_err(|_| unreadable("transfer_certificate", &row.certificate_id))
}
