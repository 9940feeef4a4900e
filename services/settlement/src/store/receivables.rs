//! What patients did not pay at discharge: receivables and their payments.

use super::reminders::answered;
use super::unreadable;
use crate::domain::{End, Payment, Receivable, ReceivableState, Revoked, Step};
use crate::entity::{receivable, receivable_payment, settlement};
use crate::refusal::RECEIVABLE_EXISTS;
use kernel::{
    AreaCode, Day, Fen, Instant, InstitutionCode, PaymentId, PersonId, ReceivableId, Refusal,
    SettlementId,
};
use receivable::Column;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;
use store::{Db, Stop, Tx};

/// Payments, or reminders, of one receivable that are shown.
pub(super) const SHOWN_MAX: u64 = 100;
/// Receivables of one person that are looked at on admission.
const ARREARS_MAX: u64 = 100;

/// Which receivables are listed.
#[derive(Default)]
pub struct WhichReceivables {
    /// Only those owed to this institution.
    pub institution: Option<InstitutionCode>,
    /// Only those in this state.
    pub state: Option<ReceivableState>,
    /// Only those that something remains of and that were due before this day.
    pub overdue: Option<Day>,
}

/// Inserts a receivable; a second one of a settlement is refused.
pub async fn insert_receivable(tx: &Tx, area: &AreaCode, new: &Receivable) -> Result<(), Stop> {
    let row = receivable::ActiveModel {
        area: Set(area.to_string()),
        receivable_id: Set(new.id.to_string()),
        settlement_id: Set(new.settlement.to_string()),
        institution_code: Set(new.institution.to_string()),
        person_id: Set(new.person.to_string()),
        unpaid_fen: Set(new.unpaid.0),
        due_day: Set(new.due.to_string()),
        opened_by: Set(new.opened.0.clone()),
        opened_at: Set(new.opened.1.micros()),
        cancelled_at: Set(None),
        written_off_at: Set(None),
        end_reason: Set(None),
    };
    // Without a target: whose constraint it meets does not matter.
    let exists = OnConflict::new().do_nothing().to_owned();
    let inserted = receivable::Entity::insert(row).on_conflict(exists);
    match inserted.exec_without_returning(&**tx).await? {
        0 => {
            let no = RECEIVABLE_EXISTS.refuse().at("settlement_id");
            Err(no.with("settlement_id", new.settlement).into())
        }
        _ => Ok(()),
    }
}

/// A receivable, if the area has it.
pub async fn find_receivable(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: ReceivableId,
) -> Result<Option<Receivable>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = receivable::Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse).transpose()?)
}

/// Locks a receivable, if the area has it.
pub async fn lock_receivable(
    tx: &Tx,
    area: &AreaCode,
    id: ReceivableId,
) -> Result<Option<Receivable>, Stop> {
    let key = (area.to_string(), id.to_string());
    let locked = receivable::Entity::find_by_id(key).lock_exclusive();
    let row = locked.one(&**tx).await?;
    Ok(row.map(parse).transpose()?)
}

/// Writes how a receivable, which this transaction has locked, is ended, or that it is not, and why.
pub async fn end_receivable(
    tx: &Tx,
    area: &AreaCode,
    id: ReceivableId,
    ended: Option<End>,
    (reason, now): (&str, Instant),
) -> Result<(), Stop> {
    let at = |how: End| {
        let this = ended == Some(how);
        Set(this.then_some(now.micros()))
    };
    let row = receivable::ActiveModel {
        cancelled_at: at(End::Cancelled),
        written_off_at: at(End::WrittenOff),
        end_reason: Set(Some(reason.to_string())),
        ..Default::default()
    };
    receivable::Entity::update_many()
        .set(row)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReceivableId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Receivables of an area in the order of their ids, behind one; of a state, those that may be in it:
/// what a revision of the settlement changed is not looked at here.
pub async fn receivables(
    db: &Db,
    area: &AreaCode,
    which: &WhichReceivables,
    after: &str,
    size: u64,
) -> Result<Vec<Receivable>, Stop> {
    let mut wanted = Condition::all().add(Column::ReceivableId.gt(after));
    if let Some(institution) = &which.institution {
        wanted = wanted.add(Column::InstitutionCode.eq(institution.as_str()));
    }
    if let Some(day) = which.overdue {
        wanted = wanted.add(Column::DueDay.lt(day.to_string())).add(owing());
    }
    let (cancelled, written_off) = (Column::CancelledAt, Column::WrittenOffAt);
    wanted = match which.state {
        Some(ReceivableState::Open) => wanted.add(owing()),
        Some(ReceivableState::WrittenOff) => wanted.add(written_off.is_not_null()),
        Some(ReceivableState::Paid) => wanted.add(cancelled.is_null()),
        Some(ReceivableState::Cancelled) => {
            let reversed = Expr::exists(standing()).not();
            wanted.add(Condition::any().add(cancelled.is_not_null()).add(reversed))
        }
        None => wanted,
    };
    page(db, area, wanted, size).await
}

/// Receivables whose patient is to be reminded on a day, in the order of their ids, behind one.
pub async fn due_reminders(
    db: &Db,
    area: &AreaCode,
    (institution, day): (Option<&InstitutionCode>, Day),
    after: &str,
    size: u64,
) -> Result<Vec<Receivable>, Stop> {
    let step = |step: Step| {
        let (later_than, until) = step.due_days(day);
        let later_than = later_than.map(|day| Column::DueDay.gt(day.to_string()));
        Condition::all()
            .add(Column::DueDay.lte(until.to_string()))
            .add_option(later_than)
            .add(Expr::exists(answered(step)).not())
    };
    let any = Step::ALL.into_iter().map(step);
    let mut wanted = Condition::all()
        .add(Column::ReceivableId.gt(after))
        .add(owing())
        .add(any.fold(Condition::any(), Condition::add));
    if let Some(institution) = institution {
        wanted = wanted.add(Column::InstitutionCode.eq(institution.as_str()));
    }
    page(db, area, wanted, size).await
}

/// Receivables of a person that something may remain of and that were due before a day.
pub async fn overdue_of(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    today: Day,
) -> Result<Vec<Receivable>, Stop> {
    let rows = receivable::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(overdue(person, today))
        .order_by_asc(Column::ReceivableId)
        .limit(ARREARS_MAX)
        .all(&**tx)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse).collect();
    Ok(parsed?)
}

/// The statement that tells one of them, for use inside another.
pub fn one_overdue(area: &AreaCode, person: PersonId, today: Day) -> SelectStatement {
    Query::select()
        .expr(Expr::col((receivable::Entity, Column::ReceivableId)).min())
        .from(receivable::Entity)
        .cond_where(
            Condition::all()
                .add(Column::Area.eq(area.as_str()))
                .add(overdue(person, today)),
        )
        .to_owned()
}

fn overdue(person: PersonId, today: Day) -> Condition {
    Condition::all()
        .add(Column::PersonId.eq(person.to_string()))
        .add(Column::DueDay.lt(today.to_string()))
        .add(owing())
}

/// Neither ended nor reversed nor paid; a revision of the settlement is not looked at.
fn owing() -> Condition {
    use receivable_payment::Column as Payment;
    let of_this = |other| Expr::col((receivable::Entity, Column::ReceivableId)).equals(other);
    let paid = Query::select()
        .expr(Expr::col(Payment::AmountFen).sum())
        .from(receivable_payment::Entity)
        .cond_where(
            Condition::all()
                .add(
                    Expr::col((receivable_payment::Entity, Payment::Area))
                        .equals((receivable::Entity, Column::Area)),
                )
                .add(of_this((receivable_payment::Entity, Payment::ReceivableId)))
                .add(Payment::RevokedAt.is_null()),
        )
        .to_owned();
    let paid = Func::coalesce([Expr::from(paid), Expr::value(0_i64)]);
    Condition::all()
        .add(Column::CancelledAt.is_null())
        .add(Column::WrittenOffAt.is_null())
        .add(Expr::col((receivable::Entity, Column::UnpaidFen)).gt(paid))
        .add(Expr::exists(standing()))
}

/// The settlement of a receivable, unless it is reversed.
fn standing() -> SelectStatement {
    let of_settlement =
        |column, of| Expr::col((settlement::Entity, column)).equals((receivable::Entity, of));
    Query::select()
        .expr(Expr::value(1))
        .from(settlement::Entity)
        .cond_where(
            Condition::all()
                .add(of_settlement(settlement::Column::Area, Column::Area))
                .add(of_settlement(
                    settlement::Column::SettlementId,
                    Column::SettlementId,
                ))
                .add(settlement::Column::ReversedAt.is_null()),
        )
        .to_owned()
}

async fn page(
    db: &Db,
    area: &AreaCode,
    wanted: Condition,
    size: u64,
) -> Result<Vec<Receivable>, Stop> {
    let rows = receivable::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(wanted)
        .order_by_asc(Column::ReceivableId)
        .limit(size)
        .all(db.reader())
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse).collect();
    Ok(parsed?)
}

/// What was paid of each of these, as far as it stands; those of which nothing was are missing.
pub async fn paid_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    ids: &[ReceivableId],
) -> Result<BTreeMap<String, Fen>, Stop> {
    use receivable_payment::Column;
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = Func::cast_as(Column::AmountFen.sum(), Alias::new("bigint"));
    let rows: Vec<(String, i64)> = receivable_payment::Entity::find()
        .select_only()
        .column(Column::ReceivableId)
        .expr_as(sum, "paid")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReceivableId.is_in(ids.iter().map(ToString::to_string)))
        .filter(Column::RevokedAt.is_null())
        .group_by(Column::ReceivableId)
        .into_tuple()
        .all(on)
        .await?;
    Ok(rows.into_iter().map(|(id, paid)| (id, Fen(paid))).collect())
}

/// Writes a payment.
pub async fn insert_payment(tx: &Tx, area: &AreaCode, new: &Payment) -> Result<(), Stop> {
    let row = receivable_payment::ActiveModel {
        area: Set(area.to_string()),
        payment_id: Set(new.id.to_string()),
        receivable_id: Set(new.receivable.to_string()),
        amount_fen: Set(new.amount.0),
        paid_day: Set(new.day.to_string()),
        recorded_by: Set(new.recorded.0.clone()),
        recorded_at: Set(new.recorded.1.micros()),
        revoked_at: Set(None),
        revoke_reason: Set(None),
    };
    let inserted = receivable_payment::Entity::insert(row);
    inserted.exec_without_returning(&**tx).await?;
    Ok(())
}

/// A payment, if the area has it.
pub async fn find_payment(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: PaymentId,
) -> Result<Option<Payment>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = receivable_payment::Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse_payment).transpose()?)
}

/// The newest payments of a receivable, oldest first, revoked ones too.
pub async fn payments_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: ReceivableId,
) -> Result<Vec<Payment>, Stop> {
    use receivable_payment::Column;
    let rows = receivable_payment::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReceivableId.eq(id.to_string()))
        .order_by_desc(Column::RecordedAt)
        .order_by_desc(Column::PaymentId)
        .limit(SHOWN_MAX)
        .all(on)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().rev().map(parse_payment).collect();
    Ok(parsed?)
}

/// Marks a payment revoked, whose receivable this transaction has locked.
pub async fn revoke_payment(
    tx: &Tx,
    area: &AreaCode,
    id: PaymentId,
    (reason, now): (&str, Instant),
) -> Result<(), Stop> {
    use receivable_payment::Column;
    receivable_payment::Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now.micros()))
        .col_expr(Column::RevokeReason, Expr::value(reason))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PaymentId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// What stands in the way of a guarantee: the settlement of the visit, and, maybe, what the person
/// owes.
#[derive(FromQueryResult)]
pub struct InTheWay {
    /// The standing settlement of the visit.
    pub settled: Option<String>,
    /// A receivable of the person that was due before today.
    pub overdue: Option<String>,
}

/// Both in one statement: who owes nothing costs nothing.
pub async fn in_the_way(
    tx: &Tx,
    area: &AreaCode,
    (institution, visit): (&InstitutionCode, &str),
    (person, today): (PersonId, Day),
) -> Result<InTheWay, Stop> {
    use settlement::Column;
    let settled = Query::select()
        .expr(Expr::col(Column::SettlementId).min())
        .from(settlement::Entity)
        .and_where(Column::Area.eq(area.as_str()))
        .and_where(Column::InstitutionCode.eq(institution.as_str()))
        .and_where(Column::VisitNumber.eq(visit))
        .and_where(Column::ReversedAt.is_null())
        .to_owned();
    let both = Query::select()
        .expr_as(Expr::from(settled), "settled")
        .expr_as(Expr::from(one_overdue(area, person, today)), "overdue")
        .to_owned();
    let backend = tx.get_database_backend();
    let found = InTheWay::find_by_statement(backend.build(&both));
    let found = found.one(&**tx).await?;
    Ok(found.ok_or_else(|| unreadable("receivable", visit))?)
}

fn parse(row: receivable::Model) -> Result<Receivable, Refusal> {
    let parsed = || {
        let how = match (row.cancelled_at, row.written_off_at) {
            (Some(_), _) => Some(End::Cancelled),
            (None, Some(_)) => Some(End::WrittenOff),
            (None, None) => None,
        };
        Some(Receivable {
            id: ReceivableId::parse(&row.receivable_id).ok()?,
            settlement: SettlementId::parse(&row.settlement_id).ok()?,
            institution: InstitutionCode::parse(&row.institution_code).ok()?,
            person: PersonId::parse(&row.person_id).ok()?,
            unpaid: Fen(row.unpaid_fen),
            due: Day::parse(&row.due_day).ok()?,
            opened: (row.opened_by.clone(), Instant::from_micros(row.opened_at)),
            ended: how.map(|how| (how, row.end_reason.clone().unwrap_or_default())),
        })
    };
    parsed().ok_or_else(|| unreadable("receivable", &row.receivable_id))
}

pub(super) fn revoked(at: Option<i64>, reason: Option<String>) -> Option<Revoked> {
    at.map(|at| Revoked {
        at: Instant::from_micros(at),
        reason: reason.unwrap_or_default(),
    })
}

fn parse_payment(row: receivable_payment::Model) -> Result<Payment, Refusal> {
    let bad = || unreadable("receivable_payment", &row.payment_id);
    Ok(Payment {
        id: PaymentId::parse(&row.payment_id).map_err(|_| bad())?,
        receivable: ReceivableId::parse(&row.receivable_id).map_err(|_| bad())?,
        amount: Fen(row.amount_fen),
        day: Day::parse(&row.paid_day).map_err(|_| bad())?,
        recorded: (row.recorded_by, Instant::from_micros(row.recorded_at)),
        revoked: revoked(row.revoked_at, row.revoke_reason),
    })
}
