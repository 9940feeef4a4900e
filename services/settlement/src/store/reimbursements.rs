//! Bills that were paid by the patient.

use super::{of_json, to_json, unreadable};
use crate::domain::{ExpenseReceipt, Reimbursement, ReimbursementState, Submission};
use crate::entity::{expense_receipt, reimbursement};
use crate::refusal::RECEIPT_USED;
use kernel::{AreaCode, Instant, Refusal, ReimbursementId, SettlementId};
use reimbursement::Column;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use store::{Db, Stop, Tx};

/// Inserts a reimbursement with its receipts; one that is taken is refused.
pub async fn insert_reimbursement(
    tx: &Tx,
    area: &AreaCode,
    new: &Reimbursement,
) -> Result<(), Stop> {
    let submission = &new.submission;
    let row = reimbursement::ActiveModel {
        area: Set(area.to_string()),
        reimbursement_id: Set(new.id.to_string()),
        person_id: Set(submission.bill.person.to_string()),
        bill: Set(to_json(&submission.bill)?),
        receipts: Set(to_json(&submission.receipts)?),
        outside: Set(submission.outside.as_ref().map(to_json).transpose()?),
        needs_second: Set(new.needs_second),
        submitted_by: Set(new.submitted.0.clone()),
        submitted_at: Set(new.submitted.1.micros()),
        approved_by: Set(None),
        approved_at: Set(None),
        rejection: Set(None),
        withdrawn_at: Set(None),
        settlement_id: Set(None),
    };
    let inserted = reimbursement::Entity::insert(row);
    inserted.exec_without_returning(&**tx).await?;
    let receipt = |(place, receipt): (usize, &ExpenseReceipt)| expense_receipt::ActiveModel {
        area: Set(area.to_string()),
        reimbursement_id: Set(new.id.to_string()),
        number: Set(i32::try_from(place).unwrap_or(i32::MAX)),
        receipt_code: Set(receipt.code.clone()),
        receipt_number: Set(receipt.number.clone()),
        freed_at: Set(None),
    };
    let receipts = submission.receipts.iter().enumerate().map(receipt);
    // Without a target: what is taken is left out, and the transaction stays usable.
    let taken = OnConflict::new().do_nothing().to_owned();
    let inserted = expense_receipt::Entity::insert_many(receipts).on_conflict(taken);
    let inserted = inserted.exec_without_returning(&**tx).await?;
    match usize::try_from(inserted).is_ok_and(|inserted| inserted == submission.receipts.len()) {
        true => Ok(()),
        false => Err(used(tx, area, new).await?.into()),
    }
}

/// The first receipt that another reimbursement has.
async fn used(tx: &Tx, area: &AreaCode, new: &Reimbursement) -> Result<Refusal, Stop> {
    use expense_receipt::Column;
    for (place, receipt) in new.submission.receipts.iter().enumerate() {
        let found = expense_receipt::Entity::find()
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::ReceiptCode.eq(receipt.code.as_str()))
            .filter(Column::ReceiptNumber.eq(receipt.number.as_str()))
            .filter(Column::FreedAt.is_null())
            .filter(Column::ReimbursementId.ne(new.id.to_string()))
            .one(&**tx)
            .await?;
        if found.is_some() {
            let no = RECEIPT_USED.refuse().at(format!("receipts[{place}]"));
            let no = no.with("receipt_code", &receipt.code);
            return Ok(no.with("receipt_number", &receipt.number));
        }
    }
    // It was freed a moment ago: asked again, it is taken.
    Ok(kernel::refusal::CONTENTION.refuse())
}

/// A reimbursement, if the area has it.
pub async fn find_reimbursement(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<Reimbursement>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = reimbursement::Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse).transpose()?)
}

/// Locks a reimbursement, if the area has it.
pub async fn lock_reimbursement(
    tx: &Tx,
    area: &AreaCode,
    id: ReimbursementId,
) -> Result<Option<Reimbursement>, Stop> {
    let key = (area.to_string(), id.to_string());
    let locked = reimbursement::Entity::find_by_id(key).lock_exclusive();
    let row = locked.one(&**tx).await?;
    Ok(row.map(parse).transpose()?)
}

/// Reimbursements of an area in the order of their ids, behind one.
pub async fn reimbursements(
    db: &Db,
    area: &AreaCode,
    state: Option<ReimbursementState>,
    after: &str,
    size: u64,
) -> Result<Vec<Reimbursement>, Stop> {
    let rows = reimbursement::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReimbursementId.gt(after))
        .filter(state.map_or(Condition::all(), in_state))
        .order_by_asc(Column::ReimbursementId)
        .limit(size)
        .all(db.reader())
        .await?;
    let parsed: Result<Vec<_>, Refusal> = rows.into_iter().map(parse).collect();
    Ok(parsed?)
}

fn in_state(state: ReimbursementState) -> Condition {
    use ReimbursementState::{Approved, Paid, Rejected, Submitted, Withdrawn};
    let (paid, withdrawn) = (Column::SettlementId, Column::WithdrawnAt);
    let open = Condition::all()
        .add(paid.is_null())
        .add(withdrawn.is_null())
        .add(Column::Rejection.is_null());
    match state {
        Paid => Condition::all().add(paid.is_not_null()),
        Withdrawn => Condition::all()
            .add(paid.is_null())
            .add(withdrawn.is_not_null()),
        Rejected => Condition::all()
            .add(paid.is_null())
            .add(withdrawn.is_null())
            .add(Column::Rejection.is_not_null()),
        Approved => open.add(Column::ApprovedBy.is_not_null()),
        Submitted => open.add(Column::ApprovedBy.is_null()),
    }
}

/// Writes what became of a reimbursement, which this transaction has locked.
pub async fn save_reimbursement(tx: &Tx, area: &AreaCode, now: &Reimbursement) -> Result<(), Stop> {
    let (by, at) = now.approved.clone().unzip();
    let row = reimbursement::ActiveModel {
        approved_by: Set(by),
        approved_at: Set(at.map(Instant::micros)),
        rejection: Set(now.rejection.clone()),
        withdrawn_at: Set(now.withdrawn_at.map(Instant::micros)),
        settlement_id: Set(now.settlement.map(|id| id.to_string())),
        ..Default::default()
    };
    reimbursement::Entity::update_many()
        .set(row)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReimbursementId.eq(now.id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Its receipts can be brought again.
pub async fn free_receipts(
    tx: &Tx,
    area: &AreaCode,
    id: ReimbursementId,
    now: Instant,
) -> Result<(), Stop> {
    use expense_receipt::Column;
    expense_receipt::Entity::update_many()
        .col_expr(Column::FreedAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReimbursementId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// The reimbursements that these settlements paid are not paid any more; of those that were withdrawn
/// meanwhile the receipts can be brought again.
pub async fn unpay_reimbursements(
    tx: &Tx,
    area: &AreaCode,
    settlements: &[SettlementId],
    now: Instant,
) -> Result<(), Stop> {
    use expense_receipt::Column as Receipt;
    let of_these = || {
        let ids = settlements.iter().map(ToString::to_string);
        Condition::all()
            .add(Column::Area.eq(area.as_str()))
            .add(Column::SettlementId.is_in(ids))
    };
    // Locked before it is looked at: a withdrawal at the same moment is then seen, or sees that it is
    // not paid any more.
    let paid = reimbursement::Entity::find()
        .filter(of_these())
        .order_by_asc(Column::ReimbursementId)
        .lock_exclusive()
        .all(&**tx)
        .await?;
    let withdrawn = paid.iter().filter(|row| row.withdrawn_at.is_some());
    let withdrawn: Vec<&str> = withdrawn.map(|row| row.reimbursement_id.as_str()).collect();
    if !withdrawn.is_empty() {
        expense_receipt::Entity::update_many()
            .col_expr(Receipt::FreedAt, Expr::value(now.micros()))
            .filter(Receipt::Area.eq(area.as_str()))
            .filter(Receipt::ReimbursementId.is_in(withdrawn))
            .exec(&**tx)
            .await?;
    }
    reimbursement::Entity::update_many()
        .col_expr(Column::SettlementId, Expr::value(None::<String>))
        .filter(of_these())
        .exec(&**tx)
        .await?;
    Ok(())
}

fn parse(row: reimbursement::Model) -> Result<Reimbursement, Refusal> {
    let id = row.reimbursement_id.as_str();
    let bad = || unreadable("reimbursement", id);
    let settlement = row.settlement_id.as_deref().map(SettlementId::parse);
    let outside = row.outside.as_deref();
    let outside = outside.map(|json| of_json(json, "reimbursement", id));
    let approved_at = row.approved_at.map(Instant::from_micros);
    Ok(Reimbursement {
        id: ReimbursementId::parse(id).map_err(|_| bad())?,
        submission: Submission {
            bill: of_json(&row.bill, "reimbursement", id)?,
            receipts: of_json(&row.receipts, "reimbursement", id)?,
            outside: outside.transpose()?,
        },
        needs_second: row.needs_second,
        submitted: (
            row.submitted_by.clone(),
            Instant::from_micros(row.submitted_at),
        ),
        approved: row.approved_by.clone().zip(approved_at),
        rejection: row.rejection.clone(),
        withdrawn_at: row.withdrawn_at.map(Instant::from_micros),
        settlement: settlement.transpose().map_err(|_| bad())?,
    })
}
