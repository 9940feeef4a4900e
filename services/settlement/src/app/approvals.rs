//! 双人复核: proposed by one person, agreed to by another, used by one request.

use super::{App, LISTS, page_of};
use crate::domain::{ApprovalState, DualApproval, Second, Subject, needed, withdrawal_digest};
use crate::refusal::APPROVAL_UNKNOWN;
use crate::store;
use ::store::{Call, Key, Made, Stop, Tx, new_id};
use kernel::refusal::INTERNAL;
use kernel::{ApprovalId, AreaCode, Digest, Fen, Instant, Refusal};
use serde_json::json;

impl App {
    /// Keeps a proposal; true when an earlier attempt had done it.
    pub async fn propose_approval(
        &self,
        call: &Call,
        (subject, reason): (&Subject, &str),
    ) -> Result<(DualApproval, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let new = DualApproval {
                id: ApprovalId(new_id(call.now)),
                method: subject.method.to_string(),
                content: subject.content.clone(),
                digest: subject.digest,
                reason: reason.to_string(),
                proposed: (call.key.caller.clone(), call.now),
                given: None,
                used: None,
                cancelled: None,
            };
            store::insert_approval(&tx, area, &new).await?;
            self.tell_approval(&tx, call, "approval.proposed", &new)
                .await?;
            Ok(Made {
                subject: new.id.to_string(),
                value: new,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.approval_made(area, done.made, &done.subject).await
    }

    /// Agrees to what was read; true when an earlier attempt had done it.
    pub async fn give_approval(
        &self,
        call: &Call,
        id: ApprovalId,
        seen: Digest,
    ) -> Result<(DualApproval, bool), Refusal> {
        let decide = |found: DualApproval| found.given(&call.key.caller, seen, call.now);
        self.change_approval(call, id, "approval.given", decide)
            .await
    }

    /// Agrees no longer; true when an earlier attempt had done it.
    pub async fn revoke_approval(
        &self,
        call: &Call,
        id: ApprovalId,
    ) -> Result<(DualApproval, bool), Refusal> {
        let decide = |found: DualApproval| found.revoked(call.now);
        self.change_approval(call, id, "approval.revoked", decide)
            .await
    }

    /// 撤回或退回; true when an earlier attempt had done it.
    pub async fn cancel_approval(
        &self,
        call: &Call,
        id: ApprovalId,
        reason: &str,
    ) -> Result<(DualApproval, bool), Refusal> {
        let decide = |found: DualApproval| found.cancelled(&call.key.caller, reason, call.now);
        self.change_approval(call, id, "approval.cancelled", decide)
            .await
    }

    async fn change_approval(
        &self,
        call: &Call,
        id: ApprovalId,
        kind: &'static str,
        decide: impl Fn(DualApproval) -> Result<DualApproval, Refusal>,
    ) -> Result<(DualApproval, bool), Refusal> {
        let (area, decide) = (&call.key.area, &decide);
        let work = |tx: Tx| async move {
            let found = store::lock_approval(&tx, area, id).await?;
            let changed = decide(found.ok_or_else(|| unknown(id))?)?;
            store::save_approval(&tx, area, &changed).await?;
            self.tell_approval(&tx, call, kind, &changed).await?;
            Ok(Made {
                subject: id.to_string(),
                value: changed,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.approval_made(area, done.made, &done.subject).await
    }

    /// One approval.
    pub async fn approval(&self, area: &AreaCode, id: ApprovalId) -> Result<DualApproval, Refusal> {
        let found = store::find_approval(self.db.reader(), area, id).await?;
        found.ok_or_else(|| unknown(id))
    }

    /// A page of approvals and the token of the next.
    pub async fn approvals(
        &self,
        area: &AreaCode,
        state: Option<ApprovalState>,
        size: u64,
        after: &str,
    ) -> Result<(Vec<DualApproval>, String), Refusal> {
        let now = self.clock.now();
        let rows = store::approvals(&self.db, area, (state, now), after, size + 1).await?;
        Ok(page_of(rows, size, |found| found.id.to_string()))
    }

    /// Nobody moves more than the threshold alone, be it in parts: what this moves, and what of the same
    /// was moved without a second person before, read under a lock that all of it takes. Answers what
    /// this one moves without a second person; nothing when there was one.
    pub(super) async fn second_person_above(
        &self,
        tx: &Tx,
        call: &Call,
        second: &Second,
        (amount, alone): (Fen, Fen),
    ) -> Result<Option<Fen>, Stop> {
        let sum = amount.0.saturating_add(alone.0);
        let much = amount > Fen::ZERO && Fen(sum) > self.second_person_above;
        match second.approval.is_some() || much {
            true => self.second_person(tx, call, second).await.map(|()| None),
            false => Ok(Some(amount)),
        }
    }

    /// 冲正: what two agreed to is withdrawn by two, but on the day on which it was done.
    pub(super) async fn second_person_to_withdraw(
        &self,
        tx: &Tx,
        (key, now): (&Key, Instant),
        approval: Option<ApprovalId>,
    ) -> Result<(), Stop> {
        let Some(used) = store::lock_used_approval(tx, key).await? else {
            return Ok(());
        };
        if approval.is_some() || !used.used_today(now) {
            let call = Call {
                key: key.clone(),
                origin: used.digest,
                now,
            };
            let digest = withdrawal_digest(used.id);
            let second = Second { approval, digest };
            self.second_person(tx, &call, &second).await?;
        }
        store::free_approval(tx, key).await
    }

    /// Nobody does it alone: takes the approval that the request brings, which is used by it.
    pub(super) async fn second_person(
        &self,
        tx: &Tx,
        call: &Call,
        second: &Second,
    ) -> Result<(), Stop> {
        let area = &call.key.area;
        let id = second.approval.ok_or_else(needed)?;
        let found = store::lock_approval(tx, area, id).await?;
        let found = found.ok_or_else(|| unknown(id))?;
        let by = (call.key.caller.as_str(), &call.key.request_id);
        let used = found.used(by, second.digest, call.now)?;
        store::save_approval(tx, area, &used).await?;
        self.tell_approval(tx, call, "approval.used", &used).await
    }

    async fn approval_made(
        &self,
        area: &AreaCode,
        made: Option<DualApproval>,
        subject: &str,
    ) -> Result<(DualApproval, bool), Refusal> {
        match made {
            Some(made) => Ok((made, false)),
            None => {
                let id = ApprovalId::parse(subject).map_err(|_| INTERNAL.refuse())?;
                Ok((self.approval(area, id).await?, true))
            }
        }
    }

    async fn tell_approval(
        &self,
        tx: &Tx,
        call: &Call,
        kind: &'static str,
        of: &DualApproval,
    ) -> Result<(), Stop> {
        let facts = json!({ "method": of.method, "digest": of.digest.to_string(),
            "by": call.key.caller, "request_id": call.key.request_id.as_str() });
        self.tell(tx, call, kind, &of.id.to_string(), facts).await
    }
}

fn unknown(id: ApprovalId) -> Refusal {
    let no = APPROVAL_UNKNOWN.refuse().at("approval_id");
    no.with("approval_id", id)
}
