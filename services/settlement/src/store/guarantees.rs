//! Guarantees.

use super::unreadable;
use crate::domain::{Bill, Guarantee, Stay};
use crate::entity::guarantee::{ActiveModel, Column, Entity, Model};
use crate::refusal::{CLAIM_IN_PROGRESS, GUARANTEE_EXISTS};
use kernel::{
    AreaCode, Day, DiagnosisCode, Fen, GuaranteeId, Instant, InstitutionCode, MedType, PersonId,
    ReferralId, Refusal, Scheme, SettlementId,
};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use store::{Db, Stop, Tx, taken};

/// Inserts a guarantee; a second open one of the person, or of the visit, is refused.
pub async fn insert_guarantee(tx: &Tx, area: &AreaCode, new: &Guarantee) -> Result<(), Stop> {
    let stay = &new.stay;
    let row = ActiveModel {
        area: Set(area.to_string()),
        guarantee_id: Set(new.id.to_string()),
        person_id: Set(stay.person.to_string()),
        institution_code: Set(stay.institution.to_string()),
        visit_number: Set(stay.visit.clone()),
        scheme: Set(stay.scheme.to_string()),
        med_type: Set(stay.med_type.to_string()),
        begin_day: Set(stay.begin.to_string()),
        diagnosis_code: Set(stay.diagnosis.to_string()),
        referral_id: Set(stay.referral.map(|id| id.to_string())),
        estimate_fen: Set(new.estimate.0),
        opened_at: Set(new.opened_at.micros()),
        settlement_id: Set(None),
        closed_at: Set(None),
        withdrawn_at: Set(None),
        cancel_reason: Set(None),
    };
    // Without a target: whose constraint it meets does not matter.
    let exists = OnConflict::new().do_nothing().to_owned();
    let inserted = Entity::insert(row).on_conflict(exists);
    match inserted.exec_without_returning(&**tx).await? {
        0 => Err(GUARANTEE_EXISTS.refuse().into()),
        _ => Ok(()),
    }
}

/// A guarantee, if the area has it.
pub async fn find_guarantee(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<Guarantee>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse_guarantee).transpose()?)
}

/// Locks guarantees, in the order of their ids.
pub async fn lock_guarantees(
    tx: &Tx,
    area: &AreaCode,
    ids: &[GuaranteeId],
) -> Result<Vec<Guarantee>, Stop> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::GuaranteeId.is_in(ids.iter().map(ToString::to_string)))
        .order_by_asc(Column::GuaranteeId)
        .lock_exclusive()
        .all(&**tx)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_guarantee).collect();
    Ok(parsed?)
}

/// Locks the guarantees that bills name and the open ones of their visits, in the order of their
/// ids.
pub async fn lock_guarantees_of(
    tx: &Tx,
    area: &AreaCode,
    bills: &[&Bill],
) -> Result<Vec<Guarantee>, Stop> {
    let named = bills.iter().filter_map(|bill| bill.guarantee);
    let named = Column::GuaranteeId.is_in(named.map(|id| id.to_string()));
    let of_visits = bills.iter().map(|bill| open_of_visit(area, bill));
    let which = of_visits.fold(Condition::any().add(named), Condition::add);
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(which)
        .order_by_asc(Column::GuaranteeId)
        .lock_exclusive()
        .all(&**tx)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_guarantee).collect();
    Ok(parsed?)
}

/// The statement that tells the open guarantee of a bill's visit, for use inside another.
pub fn open_guarantee(area: &AreaCode, bill: &Bill) -> SelectStatement {
    Query::select()
        .column(Column::GuaranteeId)
        .from(Entity)
        .cond_where(open_of_visit(area, bill))
        .to_owned()
}

fn open_of_visit(area: &AreaCode, bill: &Bill) -> Condition {
    Condition::all()
        .add(Column::Area.eq(area.as_str()))
        .add(Column::InstitutionCode.eq(bill.institution.as_str()))
        .add(Column::VisitNumber.eq(bill.visit.as_str()))
        .add(Column::ClosedAt.is_null())
        .add(Column::WithdrawnAt.is_null())
}

/// Closes a guarantee, which this transaction has locked.
pub async fn close_guarantee(
    tx: &Tx,
    area: &AreaCode,
    id: GuaranteeId,
    settlement: SettlementId,
    now: Instant,
) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::ClosedAt, Expr::value(now.micros()))
        .col_expr(Column::SettlementId, Expr::value(settlement.to_string()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::GuaranteeId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Opens what a settlement closed, unless another of the person, or of the visit, is open. True
/// when it was opened.
pub async fn reopen_guarantee(
    tx: &Tx,
    area: &AreaCode,
    id: GuaranteeId,
    stay: (PersonId, &InstitutionCode, &str),
) -> Result<bool, Stop> {
    let (person, institution, visit) = stay;
    let of_visit = Condition::all()
        .add(Column::InstitutionCode.eq(institution.as_str()))
        .add(Column::VisitNumber.eq(visit));
    let same = Condition::any()
        .add(Column::PersonId.eq(person.to_string()))
        .add(of_visit);
    let open = Query::select()
        .column(Column::GuaranteeId)
        .from(Entity)
        .cond_where(
            Condition::all()
                .add(Column::Area.eq(area.as_str()))
                .add(Column::ClosedAt.is_null())
                .add(Column::WithdrawnAt.is_null())
                .add(same),
        )
        .to_owned();
    let reopened = Entity::update_many()
        .set(ActiveModel {
            settlement_id: Set(None),
            closed_at: Set(None),
            ..Default::default()
        })
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::GuaranteeId.eq(id.to_string()))
        .filter(Expr::exists(open).not())
        .exec(&**tx)
        .await;
    match reopened {
        Ok(done) => Ok(done.rows_affected > 0),
        // Another was opened at this moment: asked again, it is seen.
        Err(fault) => Err(taken(fault, || CLAIM_IN_PROGRESS.refuse())),
    }
}

/// Marks a guarantee withdrawn.
pub async fn withdraw_guarantee(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::GuaranteeId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Marks a guarantee cancelled, which this transaction has locked: no settlement closes it any more.
pub async fn cancel_guarantee(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
    reason: &str,
) -> Result<(), Stop> {
    let cancelled = ActiveModel {
        settlement_id: Set(None),
        closed_at: Set(None),
        withdrawn_at: Set(Some(now.micros())),
        cancel_reason: Set(Some(reason.to_string())),
        ..Default::default()
    };
    Entity::update_many()
        .set(cancelled)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::GuaranteeId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Guarantees by id, beginning after `after`.
pub async fn guarantees(
    db: &Db,
    area: &AreaCode,
    open_only: bool,
    after: &str,
    limit: u64,
) -> Result<Vec<Guarantee>, Stop> {
    let mut which = Condition::all().add(Column::GuaranteeId.gt(after));
    if open_only {
        which = which.add(Column::ClosedAt.is_null());
        which = which.add(Column::WithdrawnAt.is_null());
    }
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(which)
        .order_by_asc(Column::GuaranteeId)
        .limit(limit)
        .all(db.reader())
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_guarantee).collect();
    Ok(parsed?)
}

fn parse_guarantee(row: Model) -> Result<Guarantee, Refusal> {
    let parsed = || {
        let referral = row.referral_id.as_deref().map(ReferralId::parse);
        let settlement = row.settlement_id.as_deref().map(SettlementId::parse);
        Some(Guarantee {
            id: GuaranteeId::parse(&row.guarantee_id).ok()?,
            stay: Stay {
                person: PersonId::parse(&row.person_id).ok()?,
                institution: InstitutionCode::parse(&row.institution_code).ok()?,
                visit: row.visit_number.clone(),
                scheme: Scheme::parse(&row.scheme)?,
                med_type: MedType::parse(&row.med_type)?,
                begin: Day::parse(&row.begin_day).ok()?,
                diagnosis: DiagnosisCode::parse(&row.diagnosis_code).ok()?,
                referral: referral.transpose().ok()?,
            },
            estimate: Fen(row.estimate_fen),
            settlement: settlement.transpose().ok()?,
            opened_at: Instant::from_micros(row.opened_at),
            closed_at: row.closed_at.map(Instant::from_micros),
            withdrawn_at: row.withdrawn_at.map(Instant::from_micros),
        })
    };
    parsed().ok_or_else(|| unreadable("guarantee", &row.guarantee_id))
}
