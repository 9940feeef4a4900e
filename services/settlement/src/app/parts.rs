//! 分段结算: stays settled in parts. What earlier parts used up is derived from the settlements that
//! stand, under the lock of the visit, and kept with the decision that it was for: nowhere else.

use super::App;
use super::holds::in_order;
use crate::domain::{Bill, Posted, Visit, of_part, so_far, unchanged};
use crate::refusal::VISIT_CHANGED;
use crate::store;
use ::store::{Stop, Tx};
use kernel::{AreaCode, Refusal, SettlementId};
use policy::{Package, SoFar};
use sea_orm::ConnectionTrait;

impl App {
    /// Locks the registered visit of a bill, which must be as it was when the bill was read.
    pub(super) async fn lock_unchanged(
        &self,
        tx: &Tx,
        area: &AreaCode,
        bill: &Bill,
    ) -> Result<Option<Visit>, Stop> {
        if bill.registration.is_none() {
            return Ok(None);
        }
        let visit = store::lock_visit_of(tx, area, bill).await?;
        unchanged(bill, visit.as_ref())?;
        Ok(visit)
    }

    /// 续前次结算: what the parts of a bill's stay that stand leave to it; `visit` is its visit, where that
    /// is locked already.
    pub(super) async fn so_far(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        (bill, package): (&Bill, &Package),
        visit: Option<&Visit>,
    ) -> Result<Option<SoFar>, Stop> {
        let Some(part) = bill.part else {
            return Ok(None);
        };
        let found = match visit {
            Some(_) => None,
            None => store::find_visit_of(on, area, (&bill.institution, &bill.visit)).await?,
        };
        let parts = visit.or(found.as_ref()).map(|visit| visit.parts.as_slice());
        let parts = parts.unwrap_or_default();
        if u32::try_from(parts.len()).ok() != part.number.checked_sub(1) {
            let no = VISIT_CHANGED.refuse().at("visit_id");
            return Err(no.with("visit_number", &bill.visit).into());
        }
        let ids: Vec<SettlementId> = parts.iter().map(|part| part.settlement).collect();
        let parts = store::find_all_posted(on, area, &ids).await?;
        let parts = in_order(&ids, parts);
        Ok(so_far(&parts, package, bill.year_key().year))
    }

    /// A visit, which this transaction has locked, and the lines that a settlement of it is of.
    pub(super) async fn settle_visit(
        &self,
        tx: &Tx,
        area: &AreaCode,
        visit: &Visit,
        posted: &Posted,
    ) -> Result<(), Stop> {
        let bill = &posted.evidence.bill;
        let settled = visit.settled(bill, posted.id);
        store::save_visit(tx, area, &settled, None).await?;
        if !bill.continues() {
            return store::settle_rest(tx, area, visit.id, posted.id).await;
        }
        let lines = store::standing_lines(&**tx, area, visit.id).await?;
        let numbers = of_part(&lines, Some(bill.end)).map(|line| line.number);
        let numbers: Vec<u32> = numbers.collect();
        store::settle_lines(tx, area, visit.id, &numbers, posted.id).await
    }

    /// Locks the visit of a settlement that is to be taken back or made less, where it was read from one;
    /// no part of the stay may rest on it.
    pub(super) async fn lock_last_part(
        &self,
        tx: &Tx,
        area: &AreaCode,
        posted: &Posted,
    ) -> Result<Option<Visit>, Stop> {
        let Some(read) = posted.evidence.bill.registration else {
            return Ok(None);
        };
        let visit = store::lock_visit(tx, area, read.visit).await?;
        let rested_on = |visit: &Visit| visit.rested_on(posted.id);
        visit.as_ref().map_or(Ok(()), rested_on)?;
        Ok(visit)
    }

    /// Frees a visit, which this transaction has locked, of a reversed settlement, and its lines.
    pub(super) async fn free_visit(
        &self,
        tx: &Tx,
        area: &AreaCode,
        visit: &Visit,
        settlement: SettlementId,
    ) -> Result<(), Stop> {
        store::save_visit(tx, area, &visit.freed(settlement), None).await?;
        store::free_lines(tx, area, visit.id, settlement).await
    }
}

/// A claim that did not come from a visit is the whole.
pub(super) fn whole(bill: &Bill) -> Result<(), Refusal> {
    match bill.part.is_some() && bill.registration.is_none() {
        false => Ok(()),
        true => Err(kernel::refusal::invalid(
            "claim.part_number",
            "空:分段结算以就诊登记编号办理",
        )),
    }
}
