//! 先行支付与追偿: what third parties pay back of what the funds paid first.
//!
//! A recovery is decided and posted under the lock of the settlement's person-year: a reversal, a
//! correction and another recovery wait for it.

use super::{App, LISTS, in_progress, opposites_of, page_of, unknown as unknown_settlement};
use crate::domain::{Advance, Posted, Received, Recovering, Recovery, Revised, stands};
use crate::ledger::{self, Transaction};
use crate::refusal::{ADVANCE_NONE, RECOVERY_UNKNOWN};
use crate::store;
use ::store::{Call, Made, Stop, Tx, new_id};
use kernel::refusal::BAD_PAGE_TOKEN;
use kernel::{AreaCode, Day, Fen, Instant, RecoveryId, Refusal, SettlementId};
use sea_orm::ConnectionTrait;
use serde_json::json;

/// A settlement with its advance.
pub struct Advanced {
    /// The settlement as it stands.
    pub posted: Posted,
    /// What each fund paid first, and got back.
    pub advance: Advance,
    /// The newest recoveries, oldest first; empty in lists.
    pub recoveries: Vec<Recovery>,
}

impl App {
    /// Records what a third party paid; answers its id, and whether an earlier attempt had done it.
    pub async fn record_recovery(
        &self,
        call: &Call,
        what: &Recovering,
    ) -> Result<(Advanced, String, bool), Refusal> {
        let work = |tx| self.record_recovery_in(tx, call, what);
        let done = self.db.once(call, LISTS, work).await?;
        let advanced = self.advance_of(&call.key.area, &done.subject).await?;
        let replayed = done.replayed();
        Ok((advanced, done.subject, replayed))
    }

    async fn record_recovery_in(
        &self,
        tx: Tx,
        call: &Call,
        what: &Recovering,
    ) -> Result<Made<()>, Stop> {
        let area = &call.key.area;
        let posted = locked(&tx, area, what.settlement).await?;
        let received = store::received_of(&*tx, area, &[posted.id]).await?;
        let advance = self.advance(&*tx, area, &posted, &received).await?;
        advance.recoverable(&posted, what, call.now.day())?;
        let new = Recovery {
            id: RecoveryId(new_id(call.now)),
            settlement: posted.id,
            payer: what.payer.clone(),
            amount: what.amount,
            day: what.day,
            document: what.document.clone(),
            recorded: (call.key.caller.clone(), call.now),
            revoked: None,
        };
        store::insert_recovery(&tx, area, &new).await?;
        let subject = new.id.to_string();
        let postings = ledger::recovery(new.amount, advance.parts(new.amount));
        let moved = Transaction::new(subject.clone(), postings);
        store::insert_transactions(&tx, area, &[moved], call.now).await?;
        let facts = json!({ "settlement_id": posted.id, "amount_fen": new.amount,
            "remaining_fen": advance.remaining() - new.amount, "by": call.key.caller });
        self.tell(&tx, call, "recovery.recorded", &subject, facts)
            .await?;
        Ok(Made { subject, value: () })
    }

    /// Revokes a recovery: the opposite entry is posted; true when an earlier attempt had done it.
    pub async fn revoke_recovery(
        &self,
        call: &Call,
        id: RecoveryId,
        reason: &str,
    ) -> Result<(Advanced, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let seen = store::find_recovery(&*tx, area, id).await?;
            let seen = seen.ok_or_else(|| unknown(id))?;
            locked(&tx, area, seen.settlement).await?;
            // Seen before the lock; only under it is it known to stand.
            let recovery = store::find_recovery(&*tx, area, id).await?;
            let stands = recovery.filter(|recovery| recovery.revoked.is_none());
            let recovery = stands.ok_or_else(|| unknown(id))?;
            store::revoke_recovery(&tx, area, id, (reason, call.now)).await?;
            let subject = id.to_string();
            let opposite = opposites_of(&tx, area, vec![subject.clone()], call.now).await?;
            store::insert_transactions(&tx, area, &opposite, call.now).await?;
            let facts = json!({ "settlement_id": recovery.settlement,
                "amount_fen": recovery.amount, "by": call.key.caller });
            self.tell(&tx, call, "recovery.revoked", &subject, facts)
                .await?;
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let advanced = self.advance_of(area, &done.subject).await?;
        Ok((advanced, done.replayed()))
    }

    /// The advance of a settlement that has one, or of which something came back.
    pub async fn advance_at(&self, area: &AreaCode, id: SettlementId) -> Result<Advanced, Refusal> {
        let advanced = self.advanced(area, id).await?;
        let some = !advanced.recoveries.is_empty() || advanced.posted.evidence.bill.has_advance();
        match some {
            true => Ok(advanced),
            false => {
                let no = ADVANCE_NONE.refuse().at("settlement_id");
                Err(no.with("settlement_id", id))
            }
        }
    }

    /// A page of standing settlements with an advance posted between two days, both included, and the
    /// token of the next.
    pub async fn advances(
        &self,
        area: &AreaCode,
        days: (Day, Day),
        after: &str,
        size: u64,
    ) -> Result<(Vec<Advanced>, String), Refusal> {
        let posted = (
            Instant::beginning_of(days.0),
            Instant::beginning_of(days.1.next()),
        );
        let after = place(after)?;
        let rows = store::advances_between(&self.db, area, posted, after, size + 1).await?;
        let (rows, next) = page_of(rows, size, store::posting_order);
        let reader = self.db.reader();
        let ids: Vec<SettlementId> = rows.iter().map(|posted| posted.id).collect();
        let received = store::received_of(reader, area, &ids).await?;
        let mut all = Vec::with_capacity(rows.len());
        for posted in rows {
            let advance = self.advance(reader, area, &posted, &received).await?;
            // A third party that pays itself, or whose advance a revision took away, is none of it.
            if advance.funds.is_empty() {
                continue;
            }
            all.push(Advanced {
                posted,
                advance,
                recoveries: Vec::new(),
            });
        }
        Ok((all, next))
    }

    async fn advance_of(&self, area: &AreaCode, recovery: &str) -> Result<Advanced, Refusal> {
        let id = RecoveryId::parse(recovery).map_err(|_| kernel::refusal::INTERNAL.refuse())?;
        let found = store::find_recovery(self.db.reader(), area, id).await?;
        let found = found.ok_or_else(|| unknown(id))?;
        self.advanced(area, found.settlement).await
    }

    async fn advanced(&self, area: &AreaCode, id: SettlementId) -> Result<Advanced, Refusal> {
        let reader = self.db.reader();
        let posted = self.settlement(area, id).await?;
        let received = store::received_of(reader, area, &[id]).await?;
        Ok(Advanced {
            advance: self.advance(reader, area, &posted, &received).await?,
            recoveries: store::recoveries_of(reader, area, id).await?,
            posted,
        })
    }

    /// What a settlement's funds paid first, as it stands, and got back.
    async fn advance(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        of: &Posted,
        received: &std::collections::BTreeMap<SettlementId, Received>,
    ) -> Result<Advance, Stop> {
        let received = received.get(&of.id).cloned().unwrap_or_default();
        if of.reversed_at.is_some() || !of.evidence.bill.has_advance() {
            return Ok(Advance::none(&received));
        }
        let link = self.terms_of(on, area, of).await?;
        let (package, catalogue) = (&link.package, &link.catalogue);
        let paid = &of.amounts;
        Ok(Advance::of(
            package,
            catalogue,
            &of.evidence,
            paid,
            &received,
        )?)
    }

    /// No revision leaves less advanced than came back. Only what has an advance is asked about.
    pub(super) async fn advances_cover(
        &self,
        tx: &Tx,
        area: &AreaCode,
        revised: &[Revised],
    ) -> Result<(), Stop> {
        let advanced = |one: &&Revised| one.before.evidence.bill.has_advance();
        let advanced: Vec<&Revised> = revised.iter().filter(advanced).collect();
        if advanced.is_empty() {
            return Ok(());
        }
        let ids: Vec<SettlementId> = advanced.iter().map(|one| one.before.id).collect();
        let received = store::received_of(&**tx, area, &ids).await?;
        for one in advanced {
            let id = one.before.id;
            let Some(received) = received.get(&id) else {
                continue;
            };
            let link = self.terms_of(&**tx, area, &one.before).await?;
            let (package, catalogue) = (&link.package, &link.catalogue);
            let paid = &one.settlement;
            let after = Advance::of(package, catalogue, &one.evidence, paid, received)?;
            after.covers(id)?;
        }
        Ok(())
    }
}

/// What came back stays with the settlements it came back for: none of these is reversed, nor comes to
/// what it came to before. Only what has an advance is asked about.
pub(super) async fn none_recovered(
    tx: &Tx,
    area: &AreaCode,
    settlements: &[Posted],
) -> Result<(), Stop> {
    let advanced = |one: &&Posted| one.evidence.bill.has_advance();
    let advanced = settlements.iter().filter(advanced).map(|one| one.id);
    let advanced: Vec<SettlementId> = advanced.collect();
    if advanced.is_empty() {
        return Ok(());
    }
    let received = store::received_of(&**tx, area, &advanced).await?;
    match received.into_iter().next() {
        None => Ok(()),
        Some((id, funds)) => Err(stands(id, funds.values().copied().sum::<Fen>()).into()),
    }
}

/// Locks the year of a settlement; answers it as it stands.
async fn locked(tx: &Tx, area: &AreaCode, id: SettlementId) -> Result<Posted, Stop> {
    let name = id.to_string();
    let seen = store::find_posted(&**tx, area, &name).await?;
    let seen = seen.ok_or_else(|| unknown_settlement(&name))?;
    let whose = seen.evidence.bill.year_key();
    let locked = store::lock_person_year(tx, area, &whose).await;
    locked.map_err(in_progress)?;
    // Seen before the lock; only under it is it known how it stands.
    let posted = store::find_posted(&**tx, area, &name).await?;
    Ok(posted.ok_or_else(|| unknown_settlement(&name))?)
}

fn place(token: &str) -> Result<Option<(i64, String)>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let parts = token.split_once(' ');
    let place = parts.and_then(|(at, id)| Some((at.parse().ok()?, id.to_string())));
    let bad = || BAD_PAGE_TOKEN.refuse().at("page_token");
    place.map(Some).ok_or_else(bad)
}

fn unknown(id: RecoveryId) -> Refusal {
    let no = RECOVERY_UNKNOWN.refuse().at("recovery_id");
    no.with("recovery_id", id)
}
