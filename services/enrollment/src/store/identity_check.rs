//! Identity checks, and the doubts they raised. A doubt is the row of the check that saw somebody else:
//! it stays when the check's request is withdrawn.

use super::unreadable;
use crate::domain::{Clearance, IdentityCheck, Manner, Purpose, Seen};
use crate::entity::identity_check::{ActiveModel, Column, Entity, Model};
use kernel::{AreaCode, IdentityCheckId, Instant, InstitutionCode, PersonId, Refusal};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
};
use store::{Db, Stop, Tx};

/// Inserts a check.
pub async fn insert(tx: &Tx, area: &AreaCode, check: &IdentityCheck) -> Result<(), Stop> {
    let (by, at) = &check.made;
    let doubted = (check.seen == Seen::NotMatched).then(|| at.micros());
    let row = ActiveModel {
        area: Set(area.to_string()),
        identity_check_id: Set(check.id.to_string()),
        person_id: Set(check.person.to_string()),
        institution_code: Set(check.institution.to_string()),
        visit_number: Set(check.visit_number.clone()),
        purpose: Set(check.purpose.as_str().to_string()),
        certificate_type: Set(check.certificate.clone()),
        credential_id: Set(check.credential.clone()),
        manner: Set(check.manner.as_str().to_string()),
        operator_code: Set(check.operator.clone()),
        checked_by: Set(by.clone()),
        checked_at: Set(at.micros()),
        settles_until: Set(check.settles_until.map(Instant::micros)),
        doubted_at: Set(doubted),
        cleared_at: Set(None),
        cleared_by: Set(None),
        clearing_check_id: Set(None),
        clearing_reason: Set(None),
        withdrawn_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(&**tx).await?;
    Ok(())
}

/// A check, if the area has it.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Option<IdentityCheck>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = Entity::find_by_id(key).one(db.reader()).await?;
    Ok(row.map(parse).transpose()?)
}

/// Locks a check, if the area has it.
pub async fn lock(
    tx: &Tx,
    area: &AreaCode,
    id: IdentityCheckId,
) -> Result<Option<IdentityCheck>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = Entity::find_by_id(key).lock_exclusive().one(&**tx).await?;
    Ok(row.map(parse).transpose()?)
}

/// Marks a check withdrawn, and opens the doubts that it cleared.
pub async fn withdraw(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::IdentityCheckId.eq(id))
        .exec(&**tx)
        .await?;
    let cleared = set_clearance(area, None);
    let cleared = cleared.filter(Column::ClearingCheckId.eq(id));
    cleared.exec(&**tx).await?;
    Ok(())
}

/// Clears the open doubts of a check's visit and person.
pub async fn clear_by(tx: &Tx, area: &AreaCode, check: &IdentityCheck) -> Result<(), Stop> {
    let (by, at) = check.made.clone();
    let clearance = Clearance {
        at,
        by,
        check: Some(check.id),
        reason: String::new(),
    };
    set_clearance(area, Some(&clearance))
        .filter(Column::InstitutionCode.eq(check.institution.as_str()))
        .filter(Column::VisitNumber.eq(check.visit_number.as_str()))
        .filter(Column::PersonId.eq(check.person.to_string()))
        .filter(Column::DoubtedAt.is_not_null())
        .filter(Column::ClearedAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Writes who cleared the doubt of one check, or that nobody did.
pub async fn clear(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    clearance: Option<&Clearance>,
) -> Result<(), Stop> {
    let update = set_clearance(area, clearance);
    let update = update.filter(Column::IdentityCheckId.eq(id));
    update.exec(&**tx).await?;
    Ok(())
}

fn set_clearance(area: &AreaCode, clearance: Option<&Clearance>) -> UpdateMany<Entity> {
    let check = clearance.and_then(|clearance| clearance.check);
    let row = ActiveModel {
        cleared_at: Set(clearance.map(|clearance| clearance.at.micros())),
        cleared_by: Set(clearance.map(|clearance| clearance.by.clone())),
        clearing_check_id: Set(check.map(|id| id.to_string())),
        clearing_reason: Set(clearance.map(|clearance| clearance.reason.clone())),
        ..Default::default()
    };
    Entity::update_many()
        .set(row)
        .filter(Column::Area.eq(area.as_str()))
}

/// Checks that raised a doubt, in the order of their ids, behind one.
pub async fn doubts(
    db: &Db,
    area: &AreaCode,
    with_cleared: bool,
    after: &str,
    size: u64,
) -> Result<Vec<IdentityCheck>, Stop> {
    let mut select = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::DoubtedAt.is_not_null())
        .filter(Column::IdentityCheckId.gt(after));
    if !with_cleared {
        select = select.filter(Column::ClearedAt.is_null());
    }
    let select = select.order_by_asc(Column::IdentityCheckId).limit(size);
    let rows = select.all(db.reader()).await?;
    let parsed: Result<Vec<_>, Refusal> = rows.into_iter().map(parse).collect();
    Ok(parsed?)
}

fn parse(row: Model) -> Result<IdentityCheck, Refusal> {
    let clearing = row.clearing_check_id.as_deref().map(IdentityCheckId::parse);
    let parsed = || {
        let clearing = clearing.transpose().ok()?;
        let cleared = row.cleared_at.map(|at| Clearance {
            at: Instant::from_micros(at),
            by: row.cleared_by.clone().unwrap_or_default(),
            check: clearing,
            reason: row.clearing_reason.clone().unwrap_or_default(),
        });
        Some(IdentityCheck {
            id: IdentityCheckId::parse(&row.identity_check_id).ok()?,
            person: PersonId::parse(&row.person_id).ok()?,
            institution: InstitutionCode::parse(&row.institution_code).ok()?,
            visit_number: row.visit_number.clone(),
            purpose: Purpose::parse(&row.purpose)?,
            certificate: row.certificate_type.clone(),
            credential: row.credential_id.clone(),
            manner: Manner::parse(&row.manner)?,
            seen: match row.doubted_at {
                Some(_) => Seen::NotMatched,
                None => Seen::Matched,
            },
            operator: row.operator_code.clone(),
            made: (row.checked_by.clone(), Instant::from_micros(row.checked_at)),
            settles_until: row.settles_until.map(Instant::from_micros),
            cleared,
            withdrawn: row.withdrawn_at.map(Instant::from_micros),
        })
    };
    parsed().ok_or_else(|| unreadable("identity_check", &row.identity_check_id))
}
