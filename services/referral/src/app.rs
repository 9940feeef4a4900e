//! One method per RPC: load, decide, store. Releases and bars each have a file.

mod bar;
mod release;

use crate::domain::{Approval, Author, NewReferral, Referral, Stay};
use crate::refusal::REFERRAL_UNKNOWN;
use crate::{refusal, store};
use ::store::access;
use ::store::chain::Checked;
use ::store::event::{self, Event};
use ::store::{Call, Db, Done, Key, Made, Stop, Tx, new_id};
use kernel::refusal::INTERNAL;
use kernel::{
    AccessEntry, AccessFilter, AreaCode, Clock, Day, Instant, Outcome, ReferralId, Refusal,
    SealedEvent, Spec,
};
use std::sync::Arc;

/// Refusals that may stand in this service's key rows.
pub const LISTS: &[&[&Spec]] = &[refusal::ALL, kernel::refusal::ALL];

/// The service's decisions over its store.
pub struct App {
    /// The service's database.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl App {
    /// Requests a referral; true when an earlier attempt had done it.
    pub async fn request(
        &self,
        call: &Call,
        new: &NewReferral,
    ) -> Result<(Referral, bool), Refusal> {
        let done = self.db.once(call, LISTS, |tx| async move {
            let (to, today) = (&new.to_institution, call.now.day());
            let barred = store::bar::until(&tx, &call.key.area, to, today).await?;
            let referral = Referral::request(ReferralId(new_id(call.now)), new.clone(), barred)?;
            store::referral::insert(&tx, &call.key.area, &referral).await?;
            made(&tx, call, "referral.requested", referral).await
        });
        self.answer(call, done.await?).await
    }

    /// Withdraws a request for a referral.
    pub async fn withdraw_request(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |referral: Referral| referral.without_request(now);
        self.withdraw(key, now, "referral.withdrawn", undo).await
    }

    /// Approves a referral; true when an earlier attempt had done it.
    pub async fn approve(
        &self,
        call: &Call,
        id: ReferralId,
        opinion: &str,
    ) -> Result<(Referral, bool), Refusal> {
        let done = self.db.once(call, LISTS, |tx| async move {
            let approval = Approval {
                by: author(&call.key),
                opinion: opinion.to_string(),
            };
            let (referral, barred) = locked(&tx, call, id).await?;
            let referral = referral.approve(approval, barred)?;
            store::referral::update(&tx, &call.key.area, &referral).await?;
            made(&tx, call, "referral.approved", referral).await
        });
        self.answer(call, done.await?).await
    }

    /// Withdraws an approval. A referral that a stay has used meanwhile stays used.
    pub async fn withdraw_approve(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |referral: Referral| referral.without_approval(&author(key));
        let kind = "referral.approval_withdrawn";
        self.withdraw(key, now, kind, undo).await
    }

    /// Uses a referral for a stay; true when an earlier attempt had done it.
    pub async fn put_to_use(
        &self,
        call: &Call,
        id: ReferralId,
        stay: &Stay,
    ) -> Result<(Referral, bool), Refusal> {
        let done = self.db.once(call, LISTS, |tx| async move {
            let (referral, barred) = locked(&tx, call, id).await?;
            let referral = referral.put_to_use(author(&call.key), stay, barred)?;
            store::referral::update(&tx, &call.key.area, &referral).await?;
            made(&tx, call, "referral.used", referral).await
        });
        self.answer(call, done.await?).await
    }

    /// Withdraws a use: another stay may use the referral. Where a release had ended the use,
    /// nobody brings it back any more.
    pub async fn withdraw_use(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let (area, by) = (&key.area, &author(key));
        let undo = |tx: Tx, id: String| async move {
            let Some(referral) = store::referral::lock(&tx, area, &id).await? else {
                return Ok(());
            };
            match referral.without_use(by) {
                Some(free) => change(&tx, area, now, "referral.use_withdrawn", &free).await,
                None => store::release::forget(&tx, area, &id, by, now).await,
            }
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// One referral.
    pub async fn get(&self, area: &AreaCode, id: ReferralId) -> Result<Referral, Refusal> {
        let found = store::referral::find(&self.db, area, &id.to_string()).await?;
        found.ok_or_else(|| unknown(id))
    }

    /// What became of a request.
    pub async fn outcome(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.outcome(key, LISTS).await
    }

    /// Burns a key.
    pub async fn burn(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.burn(key, self.clock.now(), LISTS).await
    }

    /// Sealed events.
    pub async fn events(
        &self,
        area: &AreaCode,
        after: i64,
        size: u64,
    ) -> Result<Vec<SealedEvent>, Refusal> {
        event::list(&self.db, area, after, size).await
    }

    /// 访问记录: who read what is known of people.
    pub async fn accesses(
        &self,
        area: &AreaCode,
        filter: &AccessFilter,
        place: (u64, &str),
    ) -> Result<(Vec<AccessEntry>, String), Refusal> {
        access::page(&self.db, area, filter, place).await
    }

    /// 验链: how far the chain of events holds.
    pub async fn chain(&self, after: i64, blocks: u64) -> Result<Checked, Refusal> {
        event::check(&self.db, after, blocks).await
    }

    /// What was made just now, or what it has become since an earlier attempt made it.
    async fn answer(&self, call: &Call, done: Done<Referral>) -> Result<(Referral, bool), Refusal> {
        let replayed = done.replayed();
        let referral = match done.made {
            Some(referral) => Some(referral),
            None => store::referral::find(&self.db, &call.key.area, &done.subject).await?,
        };
        // Rows are never deleted: somebody edited the table.
        let referral = referral.ok_or_else(|| INTERNAL.refuse())?;
        Ok((referral, replayed))
    }

    /// Withdraws the request of this key; `undo` takes away what it made, if that still stands.
    async fn withdraw(
        &self,
        key: &Key,
        now: Instant,
        kind: &'static str,
        undo: impl Fn(Referral) -> Option<Referral>,
    ) -> Result<Outcome, Refusal> {
        let (area, undo) = (&key.area, &undo);
        let undo = |tx: Tx, id: String| async move {
            let Some(referral) = store::referral::lock(&tx, area, &id).await?.and_then(undo) else {
                return Ok(());
            };
            change(&tx, area, now, kind, &referral).await
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }
}

/// The referral, and until when its institution is barred where it is.
async fn locked(tx: &Tx, call: &Call, id: ReferralId) -> Result<(Referral, Option<Day>), Stop> {
    let (area, today) = (&call.key.area, call.now.day());
    let found = store::referral::lock_leading(tx, area, &id.to_string(), today).await?;
    found.ok_or_else(|| unknown(id).into())
}

async fn made(
    tx: &Tx,
    call: &Call,
    kind: &'static str,
    referral: Referral,
) -> Result<Made<Referral>, Stop> {
    tell(tx, &call.key.area, call.now, kind, &referral).await?;
    Ok(Made {
        subject: referral.id.to_string(),
        value: referral,
    })
}

/// Writes what became of a locked referral, and tells it.
async fn change(
    tx: &Tx,
    area: &AreaCode,
    now: Instant,
    kind: &'static str,
    referral: &Referral,
) -> Result<(), Stop> {
    store::referral::update(tx, area, referral).await?;
    tell(tx, area, now, kind, referral).await
}

async fn tell(
    tx: &Tx,
    area: &AreaCode,
    now: Instant,
    kind: &'static str,
    referral: &Referral,
) -> Result<(), Stop> {
    let facts = serde_json::json!({
        "state": referral.state().as_str(),
        "person_id": referral.wanted.person,
        "from_institution_code": referral.wanted.from_institution,
        "to_institution_code": referral.wanted.to_institution,
        "from_day": referral.wanted.from,
        "until_day": referral.until,
        "used_by_visit_number": referral.usage.as_ref().map(|usage| &usage.visit_number),
    });
    let told = Event {
        area: area.clone(),
        kind,
        subject: referral.id.to_string(),
        facts,
    };
    Ok(event::record(tx, now, told).await?)
}

fn author(key: &Key) -> Author {
    Author::of(&key.caller, &key.request_id)
}

fn unknown(id: ReferralId) -> Refusal {
    REFERRAL_UNKNOWN
        .refuse()
        .with("referral_id", id)
        .at("referral_id")
}
