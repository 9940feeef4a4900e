//! Referrals.

use super::{bar, unreadable};
use crate::domain::{Approval, Author, NewReferral, Referral, ReferralType, Usage};
use crate::entity::referral::{ActiveModel, Column, Entity, Model};
use kernel::{
    AreaCode, Day, DiagnosisCode, Instant, InstitutionCode, PersonId, ReferralId, Refusal,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
};
use store::{Db, Stop, Tx};

/// A referral's row with the end of the bar of the institution it leads to.
#[derive(FromQueryResult)]
struct Barred {
    #[sea_orm(nested)]
    referral: Model,
    barred_until: Option<String>,
}

/// Inserts a referral.
pub async fn insert(tx: &Tx, area: &AreaCode, referral: &Referral) -> Result<(), Stop> {
    let wanted = &referral.wanted;
    let row = ActiveModel {
        area: Set(area.to_string()),
        referral_id: Set(referral.id.to_string()),
        person_id: Set(wanted.person.to_string()),
        from_institution: Set(wanted.from_institution.to_string()),
        to_institution: Set(wanted.to_institution.to_string()),
        referral_type: Set(wanted.kind.as_str().to_string()),
        diagnosis: Set(wanted.diagnosis.to_string()),
        reason: Set(wanted.reason.clone()),
        from_day: Set(wanted.from.to_string()),
        until_day: Set(referral.until.to_string()),
        ..facts(referral)
    };
    Entity::insert(row).exec_without_returning(&**tx).await?;
    Ok(())
}

/// Writes what became of a referral; what was asked for never changes.
pub async fn update(tx: &Tx, area: &AreaCode, referral: &Referral) -> Result<(), Stop> {
    Entity::update_many()
        .set(facts(referral))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReferralId.eq(referral.id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A referral, locked until the transaction ends: of two requests that want to change it the second
/// waits, and decides upon what the first left.
pub async fn lock(tx: &Tx, area: &AreaCode, id: &str) -> Result<Option<Referral>, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .lock_exclusive()
        .one(&**tx)
        .await?;
    row.map(parse).transpose().map_err(Stop::from)
}

/// Likewise a referral that is to lead somewhere today, with the first day on which its institution
/// is barred no more where it is. One statement.
pub async fn lock_leading(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    today: Day,
) -> Result<Option<(Referral, Option<Day>)>, Stop> {
    let led_to = Expr::col((Entity, Column::ToInstitution));
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .expr_as(Expr::from(bar::end(area, led_to, today)), "barred_until")
        .lock_exclusive()
        .into_model::<Barred>()
        .one(&**tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let until = bar::parse_end(row.barred_until)?;
    Ok(Some((parse(row.referral)?, until)))
}

/// A referral by id, also a withdrawn one: its state says so.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Option<Referral>, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    row.map(parse).transpose().map_err(Stop::from)
}

/// The columns of what became of it.
fn facts(referral: &Referral) -> ActiveModel {
    let approval = referral.approval.as_ref();
    let usage = referral.usage.as_ref();
    ActiveModel {
        withdrawn_at: Set(referral.withdrawn.map(Instant::micros)),
        approved_by: Set(approval.map(|approval| approval.by.0.clone())),
        opinion: Set(approval.map(|approval| approval.opinion.clone())),
        used_by: Set(usage.map(|usage| usage.by.0.clone())),
        visit_number: Set(usage.map(|usage| usage.visit_number.clone())),
        admission_day: Set(usage.map(|usage| usage.admission.to_string())),
        ..Default::default()
    }
}

fn parse(row: Model) -> Result<Referral, Refusal> {
    let id = row.referral_id.clone();
    referral(row).ok_or_else(|| unreadable("referral", &id))
}

fn referral(row: Model) -> Option<Referral> {
    let approval = match (row.approved_by, row.opinion) {
        (None, None) => None,
        (Some(by), Some(opinion)) => Some(Approval {
            by: Author(by),
            opinion,
        }),
        _ => return None,
    };
    let usage = match (row.used_by, row.visit_number, row.admission_day) {
        (None, None, None) => None,
        (Some(by), Some(visit_number), Some(day)) => Some(Usage {
            by: Author(by),
            visit_number,
            admission: Day::parse(&day).ok()?,
        }),
        _ => return None,
    };
    let wanted = NewReferral {
        person: PersonId::parse(&row.person_id).ok()?,
        from_institution: InstitutionCode::parse(&row.from_institution).ok()?,
        to_institution: InstitutionCode::parse(&row.to_institution).ok()?,
        kind: ReferralType::parse(&row.referral_type)?,
        diagnosis: DiagnosisCode::parse(&row.diagnosis).ok()?,
        reason: row.reason,
        from: Day::parse(&row.from_day).ok()?,
    };
    Some(Referral {
        id: ReferralId::parse(&row.referral_id).ok()?,
        wanted,
        until: Day::parse(&row.until_day).ok()?,
        withdrawn: row.withdrawn_at.map(Instant::from_micros),
        approval,
        usage,
    })
}
