//! 零星报销: bills that were paid by the patient: kept, approved, sent back. They are paid by their
//! settlement, which is posted like any other.

use super::{App, LISTS, page_of};
use crate::domain::{Bill, Institution, Reimbursement, ReimbursementState, Submission, Taken};
use crate::refusal::{INSTITUTION_UNKNOWN, REIMBURSEMENT_OTHER_CLAIM, REIMBURSEMENT_UNKNOWN};
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Stop, Tx, new_id};
use kernel::{AreaCode, Digest, Outcome, Refusal, ReimbursementId};
use sea_orm::ConnectionTrait;
use serde_json::json;

impl App {
    /// Keeps a bill with its receipts; true when an earlier attempt had done it.
    pub async fn submit_reimbursement(
        &self,
        call: &Call,
        submission: &Submission,
    ) -> Result<(Reimbursement, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            submission.is_sound(call.now.day())?;
            let bill = &submission.bill;
            if submission.outside.is_none() {
                let registered = store::is_registered(&*tx, area, &bill.institution);
                if !registered.await? {
                    let no = INSTITUTION_UNKNOWN.refuse().at("outside_institution");
                    let no = no.with("institution_code", &bill.institution);
                    return Err(no.with("day", bill.end).into());
                }
            }
            let taken = store::taken(&tx, area, &[bill]).await?;
            if let Some(no) = Taken::refuse(bill, taken.iter()) {
                return Err(no.into());
            }
            let id = ReimbursementId(new_id(call.now));
            let mut kept = submission.clone();
            kept.bill.reimbursement = Some(id);
            let new = Reimbursement {
                id,
                needs_second: kept.total() > self.second_person_above,
                submission: kept,
                submitted: (call.key.caller.clone(), call.now),
                approved: None,
                rejection: None,
                withdrawn_at: None,
                settlement: None,
            };
            store::insert_reimbursement(&tx, area, &new).await?;
            let facts = json!({ "person_id": bill.person, "institution_code": bill.institution,
                "total_fen": submission.total(), "needs_second_person": new.needs_second });
            self.tell_reimbursement(&tx, call, "reimbursement.submitted", id, facts)
                .await?;
            Ok(Made {
                subject: id.to_string(),
                value: new,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(new) => Ok((new, false)),
            None => Ok((self.reimbursement_of(area, &done.subject).await?, true)),
        }
    }

    /// Withdraws a submission. What is paid stays paid: its settlement must be reversed for that, and
    /// then it is gone.
    pub async fn withdraw_submit_reimbursement(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            let parsed = ReimbursementId::parse(&id).map_err(|_| unknown(&id))?;
            let found = store::lock_reimbursement(&tx, &key.area, parsed).await?;
            let found = found.ok_or_else(|| unknown(&id))?;
            let withdrawn = Reimbursement {
                withdrawn_at: Some(now),
                ..found
            };
            store::save_reimbursement(&tx, &key.area, &withdrawn).await?;
            if withdrawn.settlement.is_none() {
                store::free_receipts(&tx, &key.area, parsed, now).await?;
            }
            let told = Event {
                area: key.area.clone(),
                kind: "reimbursement.withdrawn",
                subject: id,
                facts: json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// 复核: a second person agrees to what they saw; true when an earlier attempt had done it.
    pub async fn approve_reimbursement(
        &self,
        call: &Call,
        id: ReimbursementId,
        seen: Digest,
    ) -> Result<(Reimbursement, bool), Refusal> {
        let decide = |found: &Reimbursement| {
            found.approvable(&call.key.caller, seen)?;
            Ok(Reimbursement {
                approved: Some((call.key.caller.clone(), call.now)),
                ..found.clone()
            })
        };
        self.change_reimbursement(call, id, "reimbursement.approved", decide)
            .await
    }

    /// 退回; true when an earlier attempt had done it.
    pub async fn reject_reimbursement(
        &self,
        call: &Call,
        id: ReimbursementId,
        reason: &str,
    ) -> Result<(Reimbursement, bool), Refusal> {
        let decide = |found: &Reimbursement| {
            found.rejectable()?;
            Ok(Reimbursement {
                rejection: Some(reason.to_string()),
                ..found.clone()
            })
        };
        self.change_reimbursement(call, id, "reimbursement.rejected", decide)
            .await
    }

    async fn change_reimbursement(
        &self,
        call: &Call,
        id: ReimbursementId,
        kind: &'static str,
        decide: impl Fn(&Reimbursement) -> Result<Reimbursement, Refusal>,
    ) -> Result<(Reimbursement, bool), Refusal> {
        let (area, decide) = (&call.key.area, &decide);
        let work = |tx: Tx| async move {
            let found = store::lock_reimbursement(&tx, area, id).await?;
            let changed = decide(&found.ok_or_else(|| unknown(&id.to_string()))?)?;
            store::save_reimbursement(&tx, area, &changed).await?;
            if changed.rejection.is_some() {
                store::free_receipts(&tx, area, id, call.now).await?;
            }
            let facts = json!({ "person_id": changed.submission.bill.person });
            self.tell_reimbursement(&tx, call, kind, id, facts).await?;
            Ok(Made {
                subject: id.to_string(),
                value: changed,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(changed) => Ok((changed, false)),
            None => Ok((self.reimbursement_of(area, &done.subject).await?, true)),
        }
    }

    async fn tell_reimbursement(
        &self,
        tx: &Tx,
        call: &Call,
        kind: &'static str,
        id: ReimbursementId,
        mut facts: serde_json::Value,
    ) -> Result<(), Stop> {
        facts["by"] = json!(call.key.caller);
        self.tell(tx, call, kind, &id.to_string(), facts).await
    }

    /// One reimbursement.
    pub async fn reimbursement(
        &self,
        area: &AreaCode,
        id: ReimbursementId,
    ) -> Result<Reimbursement, Refusal> {
        self.reimbursement_of(area, &id.to_string()).await
    }

    async fn reimbursement_of(&self, area: &AreaCode, id: &str) -> Result<Reimbursement, Refusal> {
        let found = store::find_reimbursement(self.db.reader(), area, id).await?;
        found.ok_or_else(|| unknown(id))
    }

    /// A page of reimbursements and the token of the next.
    pub async fn reimbursements(
        &self,
        area: &AreaCode,
        state: Option<ReimbursementState>,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Reimbursement>, String), Refusal> {
        let rows = store::reimbursements(&self.db, area, state, after, size + 1).await?;
        Ok(page_of(rows, size, |found| found.id.to_string()))
    }

    /// The institution of a bill that is reimbursed, where the area has not registered it. The bill
    /// must be the one that was submitted.
    pub(super) async fn outside_institution(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        bill: &Bill,
        id: ReimbursementId,
    ) -> Result<Option<Institution>, Stop> {
        let found = store::find_reimbursement(on, area, &id.to_string()).await?;
        let found = found.ok_or_else(|| unknown(&id.to_string()).at("claim.reimbursement_id"))?;
        if found.submission.bill != *bill {
            let no = REIMBURSEMENT_OTHER_CLAIM.refuse().at("claim");
            return Err(no.with("reimbursement_id", id).into());
        }
        Ok(found.submission.outside)
    }

    /// Locks the reimbursement that a bill pays, which may be paid once, and above the threshold only
    /// when it is approved.
    pub(super) async fn payable_reimbursement(
        &self,
        tx: &Tx,
        area: &AreaCode,
        bill: &Bill,
    ) -> Result<Option<Reimbursement>, Stop> {
        let Some(id) = bill.reimbursement else {
            return Ok(None);
        };
        let path = "claim.reimbursement_id";
        let found = store::lock_reimbursement(tx, area, id).await?;
        let found = found.ok_or_else(|| unknown(&id.to_string()).at(path))?;
        found.payable().map_err(|no| no.at(path))?;
        Ok(Some(found))
    }
}

fn unknown(id: &str) -> Refusal {
    let no = REIMBURSEMENT_UNKNOWN.refuse().at("reimbursement_id");
    no.with("reimbursement_id", id)
}
