//! 先诊疗后付费: guarantees opened on admission, closed by settlements, reopened by their reversals.

use super::{App, LISTS, page_of, settling, told};
use crate::domain::{Admission, Bill, Cancellation, Guarantee, Guarantees, Posted};
use crate::refusal::GUARANTEE_UNKNOWN;
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Stop, Tx, new_id};
use kernel::{AreaCode, GuaranteeId, Outcome, Refusal};
use serde_json::json;

impl App {
    /// Opens a guarantee; true when an earlier attempt had done it.
    pub async fn open_guarantee(
        &self,
        call: &Call,
        admission: &Admission,
    ) -> Result<(Guarantee, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let stay = &admission.stay;
            admission.entitled(call.now.day())?;
            let (at, who) = (
                (&stay.institution, stay.begin),
                (stay.person, call.now.day()),
            );
            let institution = store::institution_on(&*tx, area, at, who).await?;
            settling(institution, at, "stay.institution_code")?;
            let visit = (&stay.institution, stay.visit.as_str());
            let found = store::in_the_way(&tx, area, visit, who).await?;
            // A stay that goes on after a part of it was settled is not settled.
            let registered = match found.settled {
                Some(_) => store::find_visit_of(&*tx, area, visit).await?,
                None => None,
            };
            let goes_on = registered.is_some_and(|visit| visit.settlement.is_none());
            stay.unsettled(found.settled.filter(|_| !goes_on).as_deref())?;
            if found.overdue.is_some() {
                self.not_in_arrears(&tx, area, who).await?;
            }
            let guarantee = Guarantee {
                id: GuaranteeId(new_id(call.now)),
                stay: stay.clone(),
                estimate: admission.estimate,
                settlement: None,
                opened_at: call.now,
                closed_at: None,
                withdrawn_at: None,
            };
            let id = guarantee.id.to_string();
            store::insert_guarantee(&tx, area, &guarantee).await?;
            let facts = json!({ "person_id": stay.person, "institution_code": stay.institution,
                "begin_day": stay.begin, "estimate_fen": guarantee.estimate });
            self.tell(&tx, call, "guarantee.opened", &id, facts).await?;
            Ok(Made {
                subject: id,
                value: guarantee,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(guarantee) => Ok((guarantee, false)),
            None => Ok((self.guarantee_of(area, &done.subject).await?, true)),
        }
    }

    /// Withdraws the opening of a guarantee. What a settlement closed stays closed, and is not open
    /// again when that is reversed.
    pub async fn withdraw_open_guarantee(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::withdraw_guarantee(&tx, &key.area, &id, now).await?;
            let told = Event {
                area: key.area.clone(),
                kind: "guarantee.withdrawn",
                subject: id,
                facts: json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// Cancels a guarantee, unless the settlement that closed it stands; true when an earlier attempt
    /// had done it.
    pub async fn cancel_guarantee(
        &self,
        call: &Call,
        what: &Cancellation,
    ) -> Result<(Guarantee, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let locked = store::lock_guarantees(&tx, area, &[what.guarantee]).await?;
            let id = what.guarantee.to_string();
            let guarantee = locked.into_iter().next().ok_or_else(|| unknown(&id))?;
            let settled = match guarantee.settlement {
                Some(settlement) => {
                    let row = store::find_row(&*tx, area, &settlement.to_string()).await?;
                    row.is_some_and(|row| row.reversed_at.is_none())
                }
                None => false,
            };
            guarantee.cancellable(settled)?;
            store::cancel_guarantee(&tx, area, &id, call.now, &what.reason).await?;
            let facts = json!({ "person_id": guarantee.stay.person });
            self.tell(&tx, call, "guarantee.cancelled", &id, facts)
                .await?;
            let value = Guarantee {
                settlement: None,
                closed_at: None,
                withdrawn_at: Some(call.now),
                ..guarantee
            };
            Ok(Made { subject: id, value })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(guarantee) => Ok((guarantee, false)),
            None => Ok((self.guarantee_of(area, &done.subject).await?, true)),
        }
    }

    /// One guarantee.
    pub async fn guarantee(&self, area: &AreaCode, id: GuaranteeId) -> Result<Guarantee, Refusal> {
        self.guarantee_of(area, &id.to_string()).await
    }

    async fn guarantee_of(&self, area: &AreaCode, id: &str) -> Result<Guarantee, Refusal> {
        let found = store::find_guarantee(self.db.reader(), area, id).await?;
        found.ok_or_else(|| unknown(id))
    }

    /// A page of guarantees and the token of the next.
    pub async fn guarantees(
        &self,
        area: &AreaCode,
        open_only: bool,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Guarantee>, String), Refusal> {
        let rows = store::guarantees(&self.db, area, open_only, after, size + 1).await?;
        Ok(page_of(rows, size, |guarantee| guarantee.id.to_string()))
    }

    /// Locks the guarantees that these bills name, and the open ones of their visits.
    pub(super) async fn lock_guarantees(
        &self,
        tx: &Tx,
        area: &AreaCode,
        bills: &[&Bill],
    ) -> Result<Guarantees, Stop> {
        let locked = store::lock_guarantees_of(tx, area, bills).await?;
        Ok(Guarantees(locked))
    }

    /// Closes the guarantees of settlements, which this transaction has locked.
    pub(super) async fn close_guarantees(
        &self,
        tx: &Tx,
        call: &Call,
        settled: &[Posted],
    ) -> Result<(), Stop> {
        for posted in settled {
            let Some(id) = posted.evidence.bill.guarantee else {
                continue;
            };
            store::close_guarantee(tx, &call.key.area, id, posted.id, call.now).await?;
            let facts = json!({ "settlement_id": posted.id });
            let told = told(call, "guarantee.closed", &id.to_string(), facts);
            event::record(tx, call.now, told).await?;
        }
        Ok(())
    }

    /// Opens what these settlements closed, unless another guarantee of the person is open.
    pub(super) async fn reopen_guarantees(
        &self,
        tx: &Tx,
        call: &Call,
        reversed: &[Posted],
    ) -> Result<(), Stop> {
        for posted in reversed {
            let bill = &posted.evidence.bill;
            let Some(id) = bill.guarantee else {
                continue;
            };
            let stay = (bill.person, &bill.institution, bill.visit.as_str());
            if store::reopen_guarantee(tx, &call.key.area, id, stay).await? {
                let facts = json!({ "settlement_id": posted.id });
                let told = told(call, "guarantee.reopened", &id.to_string(), facts);
                event::record(tx, call.now, told).await?;
            }
        }
        Ok(())
    }
}

fn unknown(id: &str) -> Refusal {
    let no = GUARANTEE_UNKNOWN.refuse().with("guarantee_id", id);
    no.at("guarantee_id")
}
