//! 整批结算: all claims of several holds posted, or reversed, in one transaction or none.
//!
//! A batch takes the same dozen statements however many claims it has: person-years are locked in
//! one statement in the order person, scheme, year, and written in one; guarantees alone are
//! closed and opened one by one.

use super::holds::in_order;
use super::{
    App, LISTS, in_progress, not_newest, opposites, settled_already, told, told_posted,
    told_reversed,
};
use crate::domain::{BATCH_MAX, Bill, Hold, HoldState, PersonYear, Posted, YearKey};
use crate::ledger::Transaction;
use crate::refusal::{ALREADY_REVERSED, HOLD_NOT_POSTED, HOLD_UNKNOWN};
use crate::store::{self, Batch};
use ::store::event;
use ::store::{Call, Made, Stop, Tx, new_id};
use kernel::refusal::{INTERNAL, invalid};
use kernel::{BatchId, HoldId, InstitutionCode, Refusal, SettlementId};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// 整批撤销: holds whose settlements are to be reversed.
pub struct BatchReversal {
    /// Which.
    pub holds: Vec<HoldId>,
    /// Why.
    pub reason: String,
    /// Who asks, where it may not hear of other institutions' settlements.
    pub institution: Option<InstitutionCode>,
}

impl App {
    /// Posts the claims of holds; true when an earlier attempt had done it. Holds may be missing
    /// only when the key has an outcome already.
    pub async fn post_holds(
        &self,
        call: &Call,
        ids: &[HoldId],
    ) -> Result<(Vec<Posted>, bool), Refusal> {
        let work = |tx| async move {
            some(ids)?;
            self.post_holds_in(tx, call, ids).await
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(posted) => Ok((posted, false)),
            None => self.batch_of(call, Batch::Posting, &done.subject).await,
        }
    }

    async fn post_holds_in(
        &self,
        tx: Tx,
        call: &Call,
        ids: &[HoldId],
    ) -> Result<Made<Vec<Posted>>, Stop> {
        let area = &call.key.area;
        // The years first: whatever becomes of a hold happens under the lock of its year, so that
        // what the next statement reads stays true.
        let years = store::lock_held_years(&tx, area, ids)
            .await
            .map_err(in_progress)?;
        let holds = known(&tx, call, ids).await?;
        let has_year = |hold: &Hold| {
            let year = years.get(&hold.whose);
            year.is_some_and(|year| year.is_held_by(hold.id))
        };
        for hold in &holds {
            hold.postable(has_year(hold), call.now).map_err(at_holds)?;
        }
        let posted = self.claims_to_post(&tx, call, ids).await?;
        if !store::insert(&tx, area, &posted).await? {
            return Err(match settled_already(&tx, area, &posted).await {
                Stop::Refused(no) => at_holds(no).into(),
                fault => fault,
            });
        }
        let moved: Vec<Transaction> = posted.iter().map(Transaction::of).collect();
        store::insert_transactions(&tx, area, &moved, call.now).await?;
        store::save_person_years(&tx, area, &after(years, &posted, PersonYear::posted)).await?;
        let batch = BatchId(new_id(call.now));
        store::mark_batch(&tx, area, Batch::Posting, batch, ids, call.now).await?;
        self.close_guarantees(&tx, call, &posted).await?;
        let mut events: Vec<_> = posted.iter().map(|one| told_posted(call, one)).collect();
        let facts = json!({ "holds": ids.len(), "settlements": posted.len() });
        events.push(told(call, "batch.posted", &batch.to_string(), facts));
        event::record_all(&tx, call.now, events).await?;
        Ok(Made {
            subject: batch.to_string(),
            value: posted,
        })
    }

    /// The claims of holds, in their order, as they are posted now; their guarantees are locked.
    async fn claims_to_post(
        &self,
        tx: &Tx,
        call: &Call,
        ids: &[HoldId],
    ) -> Result<Vec<Posted>, Stop> {
        let area = &call.key.area;
        let mut held = store::held_claims(&**tx, area, ids, call.now).await?;
        let claims = |id: &HoldId| held.remove(id).unwrap_or_default();
        let posted: Vec<Posted> = ids.iter().flat_map(claims).collect();
        within_batch(posted.len())?;
        let bills: Vec<&Bill> = posted.iter().map(|posted| &posted.evidence.bill).collect();
        // Since they were held, the institution or the person may have been suspended.
        let suspended = store::suspended_on(tx, area, &bills, call.now.day()).await?;
        suspended.check().map_err(at_holds)?;
        self.unregistered(tx, area, &bills, |_, no| at_holds(no))
            .await?;
        let mut guarantees = self.lock_guarantees(tx, area, &bills).await?;
        for bill in bills {
            guarantees.close(bill, call.now).map_err(at_holds)?;
        }
        Ok(posted)
    }

    /// Reverses the settlements of holds; true when an earlier attempt had done it.
    pub async fn reverse_holds(
        &self,
        call: &Call,
        what: &BatchReversal,
    ) -> Result<(Vec<Posted>, bool), Refusal> {
        let work = |tx| self.reverse_holds_in(tx, call, what);
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(reversed) => Ok((reversed, false)),
            None => self.batch_of(call, Batch::Reversal, &done.subject).await,
        }
    }

    async fn reverse_holds_in(
        &self,
        tx: Tx,
        call: &Call,
        what: &BatchReversal,
    ) -> Result<Made<Vec<Posted>>, Stop> {
        let (area, ids) = (&call.key.area, what.holds.as_slice());
        let holds = known(&tx, call, ids).await?;
        let unposted = |hold: &&Hold| hold.state(call.now) != HoldState::Posted;
        if let Some(hold) = holds.iter().find(unposted) {
            let no = HOLD_NOT_POSTED.refuse().with("hold_id", hold.id);
            return Err(at_holds(no).into());
        }
        let settled = store::held_settlements(&*tx, area, ids).await?;
        within_batch(settled.len())?;
        let whose: BTreeSet<YearKey> = holds.into_iter().map(|hold| hold.whose).collect();
        let years = store::lock_person_years(&tx, area, &whose)
            .await
            .map_err(in_progress)?;
        for year in years.values() {
            year.free(call.now)?;
        }
        let standing = self.to_reverse(&tx, call, &settled, what.institution.as_ref());
        let standing = standing.await?;
        store::mark_reversed(&tx, area, &settled, call.now, &what.reason).await?;
        let opposite = opposites(&tx, call, &standing).await?;
        store::insert_transactions(&tx, area, &opposite, call.now).await?;
        store::save_person_years(&tx, area, &after(years, &standing, PersonYear::reversed)).await?;
        let batch = BatchId(new_id(call.now));
        store::mark_batch(&tx, area, Batch::Reversal, batch, ids, call.now).await?;
        self.reopen_guarantees(&tx, call, &standing).await?;
        super::accounts::give_back(&tx, area, &standing, call.now).await?;
        let mut events: Vec<_> = standing
            .iter()
            .map(|one| told_reversed(call, one))
            .collect();
        let facts = json!({ "holds": ids.len(), "settlements": standing.len() });
        events.push(told(call, "batch.reversed", &batch.to_string(), facts));
        event::record_all(&tx, call.now, events).await?;
        let reversed_at = Some(call.now);
        let reversed = standing
            .into_iter()
            .map(|one| Posted { reversed_at, ..one });
        Ok(Made {
            subject: batch.to_string(),
            value: reversed.collect(),
        })
    }

    /// These settlements, if all of them stand and none that stands is newer; their years are
    /// locked.
    async fn to_reverse(
        &self,
        tx: &Tx,
        call: &Call,
        ids: &[SettlementId],
        institution: Option<&InstitutionCode>,
    ) -> Result<Vec<Posted>, Stop> {
        let area = &call.key.area;
        let found = in_order(ids, store::find_all_posted(&**tx, area, ids).await?);
        if let Some(reversed) = found.iter().find(|one| one.reversed_at.is_some()) {
            let no = ALREADY_REVERSED.refuse();
            return Err(at_holds(no.with("settlement_id", reversed.id)).into());
        }
        let here = |stop| match stop {
            Stop::Refused(no) => at_holds(no).into(),
            fault => fault,
        };
        let against = super::not_found_against(tx, area, &found, institution);
        against.await.map_err(here)?;
        let recovered = super::recoveries::none_recovered(tx, area, &found);
        recovered.await.map_err(here)?;
        let Some(newer) = store::newer_standing(tx, area, &found).await? else {
            return Ok(found);
        };
        let of_its_year = |one: &&Posted| one.evidence.bill.year_key() == newer.whose;
        let older = found.iter().find(of_its_year);
        let older = older.ok_or_else(|| INTERNAL.refuse())?;
        Err(at_holds(not_newest(older.id, &newer, institution)).into())
    }

    async fn batch_of(
        &self,
        call: &Call,
        kind: Batch,
        batch: &str,
    ) -> Result<(Vec<Posted>, bool), Refusal> {
        let area = &call.key.area;
        let holds = store::holds_of_batch(self.db.reader(), area, kind, batch).await?;
        Ok((self.settlements_of(area, &holds).await?, true))
    }
}

/// These holds in their order, if the area has all of them.
async fn known(tx: &Tx, call: &Call, ids: &[HoldId]) -> Result<Vec<Hold>, Stop> {
    let found = store::find_holds(&**tx, &call.key.area, ids).await?;
    let mut found: BTreeMap<HoldId, Hold> = found.into_iter().map(|one| (one.id, one)).collect();
    let mut holds = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        holds.push(found.remove(id).ok_or_else(|| {
            let no = HOLD_UNKNOWN.refuse().with("hold_id", id);
            no.at(format!("hold_ids[{index}]"))
        })?);
    }
    Ok(holds)
}

/// The years when each of these settlements has been added or taken away, in this order.
fn after(
    mut years: BTreeMap<YearKey, PersonYear>,
    settlements: &[Posted],
    change: fn(&PersonYear, &Posted) -> PersonYear,
) -> BTreeMap<YearKey, PersonYear> {
    for posted in settlements {
        if let Some(year) = years.get_mut(&posted.evidence.bill.year_key()) {
            *year = change(year, posted);
        }
    }
    years
}

fn some(ids: &[HoldId]) -> Result<(), Refusal> {
    match ids.is_empty() {
        true => Err(invalid("hold_ids", format!("1至{BATCH_MAX}个预留"))),
        false => Ok(()),
    }
}

fn within_batch(claims: usize) -> Result<(), Refusal> {
    match claims <= BATCH_MAX {
        true => Ok(()),
        false => Err(invalid(
            "hold_ids",
            format!("合计至多{BATCH_MAX}张费用单的预留"),
        )),
    }
}

/// The request names holds, whatever of them is refused.
fn at_holds(no: Refusal) -> Refusal {
    no.at("hold_ids")
}
