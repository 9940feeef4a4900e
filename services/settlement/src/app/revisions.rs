//! 差额结算: settlements of a person-year priced again in one transaction, all of them or none.
//!
//! Whatever the cause, it goes one way: the person-year is locked, its standing settlements from the
//! first affected one on are read as they stand, priced one after the other, and those that come to
//! something else get a revision each, whose ledger transaction is the difference. Together they are a
//! correction, which its request can withdraw while nothing was built upon it.

mod third_party;

pub use third_party::ThirdPartyFound;

use super::accounts::{On, accounts_of};
use super::past::EarlierYears;
use super::recoveries::none_recovered;
use super::{
    App, ELSEWHERE, LISTS, in_progress, lock_year, not_newest, opposites_of, page_of, told, unknown,
};
use crate::domain::{
    Accounts, Amendment, CHAIN_MAX, Cause, Denied, EntryKind, Link, Member, Payee, PersonYear,
    Posted, RefundedLine, Revised, Revision, Second, YearKey, accumulators_before, chain, left,
    movements, preview_digest,
};
use crate::ledger::{self, Transaction};
use crate::refusal::{
    CHAIN_TOO_LONG, CORRECTED_REVERSED, CORRECTION_BUILT_UPON, CORRECTION_UNKNOWN,
    NOTHING_TO_REVISE, PREVIEW_CHANGED, REPLAY_DIFFERS,
};
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Stop, Tx, new_id};
use kernel::refusal::INTERNAL;
use kernel::{
    ApprovalId, AreaCode, CorrectionId, Day, Digest, Instant, InstitutionCode, Outcome, Refusal,
    RevisionId, SettlementId,
};
use policy::{Refund as Order, Settlement};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// 部分退费: lines of a settlement that are refunded.
pub struct Refund {
    /// Which settlement.
    pub settlement: SettlementId,
    /// Which lines, and how much of each.
    pub lines: Vec<RefundedLine>,
    /// Why.
    pub reason: String,
    /// Only if it is of this institution.
    pub institution: Option<InstitutionCode>,
}

/// 核查: lines of a settlement that an inspection denies.
pub struct FindingWanted {
    /// Which settlement.
    pub settlement: SettlementId,
    /// Which lines, and why.
    pub denied: Vec<Denied>,
    /// Who repays what was paid for them.
    pub from: Payee,
    /// Why.
    pub reason: String,
    /// 案号; empty when none.
    pub case_reference: String,
    /// What was shown of it, if anything: exactly that moves then.
    pub shown: Option<Digest>,
}

/// 待遇追溯: what enrollment says of a person now.
pub struct LateFacts {
    /// Whose year.
    pub whose: YearKey,
    /// The person, by the day the answer is about.
    pub members: BTreeMap<Day, Member>,
}

/// A revision beside what the settlement came to before it.
pub struct Shown {
    /// The revision.
    pub revision: Revision,
    /// What the settlement came to before.
    pub before: Settlement,
}

/// Settlements of a year that stand, one after the other.
struct Standing {
    /// From the first that a correction is about to the newest.
    whole: Vec<Posted>,
    /// The first of them, as many as are priced again.
    again: Vec<Posted>,
    /// When the accounts are looked at.
    now: Instant,
}

impl Standing {
    fn all(whole: Vec<Posted>, now: Instant) -> Standing {
        let again = whole.clone();
        Standing { whole, again, now }
    }
}

/// What a correction moves.
struct Moved {
    revised: Vec<Revised>,
    accounts: Accounts,
}

/// Prices settlements of a year again, and moves the accounts that they drew on.
async fn moved<C: ConnectionTrait>(
    on: &On<'_, C>,
    area: &AreaCode,
    year: &PersonYear,
    standing: &Standing,
    links: &[Link],
    amendment: &Amendment,
) -> Result<Moved, Stop> {
    let before = accumulators_before(year, &standing.whole);
    let mut accounts = accounts_of(on, area, &standing.again, standing.now)
        .await
        .map_err(in_progress)?;
    let revised = chain(before, year.version, links, amendment, &mut accounts)?;
    Ok(Moved { revised, accounts })
}

/// What a correction is for.
struct Why<'a> {
    cause: Cause,
    /// Whose the difference of the settlement is that it is about.
    payee: Payee,
    reason: &'a str,
    case_reference: &'a str,
    /// Whether nobody but the caller agreed to it who would have to, did it move more.
    alone: bool,
}

impl App {
    /// Refunds lines of a settlement; answers the settlement, the revisions, and whether an earlier
    /// attempt had done it.
    pub async fn refund_lines(
        &self,
        call: &Call,
        what: &Refund,
    ) -> Result<(Posted, Vec<Shown>, bool), Refusal> {
        let work = |tx| self.refund_lines_in(tx, call, what);
        let done = self.db.once(call, LISTS, work).await?;
        let area = &call.key.area;
        let shown = self.correction(area, &done.subject).await?;
        let settlement = self.settlement(area, what.settlement).await?;
        Ok((settlement, shown, done.replayed()))
    }

    async fn refund_lines_in(&self, tx: Tx, call: &Call, what: &Refund) -> Result<Made<()>, Stop> {
        let (area, own) = (&call.key.area, what.institution.as_ref());
        let (year, standing) = self.locked_from(&tx, call, what.settlement, own).await?;
        let target = standing.first().ok_or_else(|| INTERNAL.refuse())?;
        self.lock_last_part(&tx, area, target).await?;
        let lines = left(target.id, &target.evidence.bill.lines, &what.lines)?;
        let order = self.terms_of(&*tx, area, target).await?.package.refund();
        let priced_again = match (order, standing.get(1)) {
            (Order::NewestFirst, Some(_)) => {
                let whose = target.evidence.bill.year_key();
                let newest = store::newest_standing(&tx, area, &whose).await?;
                let newest = newest.ok_or_else(|| INTERNAL.refuse())?;
                return Err(not_newest(target.id, &newest, own).into());
            }
            (Order::Accept, _) => 1,
            (Order::NewestFirst | Order::Replay, _) => standing.len(),
        };
        let amendment = Amendment::Bill(target.id, lines);
        let again = standing.iter().take(priced_again).cloned().collect();
        let chain = Standing {
            whole: standing,
            again,
            now: call.now,
        };
        let on = On::locked(&*tx);
        let moved = self.chain_of(&on, area, &year, &chain, &amendment).await?;
        let why = Why {
            cause: Cause::RefundLines,
            payee: Payee::Institution,
            reason: &what.reason,
            case_reference: "",
            // 退费 is the institution's own business, and no second person's.
            alone: false,
        };
        self.correct(&tx, call, &year, moved, &why).await
    }

    /// 核查: what denying lines would move.
    pub async fn preview_finding(
        &self,
        area: &AreaCode,
        what: &FindingWanted,
    ) -> Result<(Vec<Revised>, Digest), Refusal> {
        let reader = self.db.reader();
        let posted = self.settlement(area, what.settlement).await?;
        let whose = posted.evidence.bill.year_key();
        let year = store::accumulators(&self.db, area, &whose).await?;
        let standing = self.standing_from(reader, area, &posted).await?;
        let findings = Denied::findings(&what.denied, &posted)?;
        let amendment = Amendment::Denied(posted.id, findings);
        let on = On::read(reader);
        let chain = Standing::all(standing, self.clock.now());
        let moved = self.chain_of(&on, area, &year, &chain, &amendment).await?;
        let digest = preview_digest(&moved.revised);
        Ok((moved.revised, digest))
    }

    /// Denies lines of a settlement; answers the revisions, and whether an earlier attempt had done it.
    pub async fn post_finding(
        &self,
        call: &Call,
        what: &FindingWanted,
        second: &Second,
    ) -> Result<(Vec<Shown>, bool), Refusal> {
        let work = |tx| self.post_finding_in(tx, call, what, second);
        let done = self.db.once(call, LISTS, work).await?;
        let shown = self.correction(&call.key.area, &done.subject).await?;
        Ok((shown, done.replayed()))
    }

    async fn post_finding_in(
        &self,
        tx: Tx,
        call: &Call,
        what: &FindingWanted,
        second: &Second,
    ) -> Result<Made<()>, Stop> {
        let area = &call.key.area;
        let (year, standing) = self.locked_from(&tx, call, what.settlement, None).await?;
        let target = standing.first().ok_or_else(|| INTERNAL.refuse())?;
        let findings = Denied::findings(&what.denied, target)?;
        if let Some(read) = target.evidence.bill.registration {
            // The next part of the stay, maybe of another year, is settled before it or after it.
            store::lock_visit(&tx, area, read.visit).await?;
        }
        let amendment = Amendment::Denied(target.id, findings);
        let (on, chain) = (On::locked(&*tx), Standing::all(standing, call.now));
        let moved = self.chain_of(&on, area, &year, &chain, &amendment).await?;
        if what
            .shown
            .is_some_and(|shown| preview_digest(&moved.revised) != shown)
        {
            return Err(PREVIEW_CHANGED.refuse().at("preview_digest").into());
        }
        let why = Why {
            cause: Cause::Finding,
            payee: what.from,
            reason: &what.reason,
            case_reference: &what.case_reference,
            alone: self.agreed(&tx, call, second, &moved).await?,
        };
        self.correct(&tx, call, &year, moved, &why).await
    }

    /// The last days of a person-year's standing settlements.
    pub async fn settled_days(
        &self,
        area: &AreaCode,
        whose: &YearKey,
    ) -> Result<Vec<String>, Refusal> {
        Ok(store::settled_days(self.db.reader(), area, whose).await?)
    }

    /// 待遇追溯: what facts would move in a year; answers it with its digest.
    pub async fn preview_late_facts(
        &self,
        area: &AreaCode,
        facts: &LateFacts,
    ) -> Result<(Vec<Revised>, Digest), Refusal> {
        let reader = self.db.reader();
        let year = store::accumulators(&self.db, area, &facts.whose).await?;
        let (on, now) = (On::read(reader), self.clock.now());
        let moved = self.late_facts_of(&on, area, &year, facts, now).await?;
        let digest = preview_digest(&moved.revised);
        Ok((moved.revised, digest))
    }

    async fn late_facts_of<C: ConnectionTrait>(
        &self,
        on: &On<'_, C>,
        area: &AreaCode,
        year: &PersonYear,
        facts: &LateFacts,
        now: Instant,
    ) -> Result<Moved, Stop> {
        let standing =
            store::standing_from(on.connection(), area, &facts.whose, 0, one_more()).await?;
        let chain = Standing::all(within_chain(standing)?, now);
        let links = self.links(on.connection(), area, &chain.again).await?;
        let asking = links.iter().map(|link| &*link.package);
        let (whose, members) = (&facts.whose, facts.members.values());
        let earlier = EarlierYears::read(on.connection(), area, whose, asking, members).await?;
        let amendment = Amendment::Members(facts.members.clone(), earlier.into_years());
        moved(on, area, year, &chain, &links, &amendment).await
    }

    /// Settles what facts move in a year, if it is what was shown; answers the revisions, and whether
    /// an earlier attempt had done it. Facts may be missing only when the key has an outcome already.
    pub async fn post_late_facts(
        &self,
        call: &Call,
        facts: &LateFacts,
        (shown, second): (Digest, &Second),
    ) -> Result<(CorrectionId, Vec<Shown>, bool), Refusal> {
        let work = |tx| self.post_late_facts_in(tx, call, facts, (shown, second));
        let done = self.db.once(call, LISTS, work).await?;
        let revisions = self.correction(&call.key.area, &done.subject).await?;
        let id = CorrectionId::parse(&done.subject).map_err(|_| INTERNAL.refuse())?;
        Ok((id, revisions, done.replayed()))
    }

    async fn post_late_facts_in(
        &self,
        tx: Tx,
        call: &Call,
        facts: &LateFacts,
        (shown, second): (Digest, &Second),
    ) -> Result<Made<()>, Stop> {
        let area = &call.key.area;
        let year = lock_year(&tx, call, &facts.whose).await?;
        let on = On::locked(&*tx);
        let moved = self
            .late_facts_of(&on, area, &year, facts, call.now)
            .await?;
        if moved.revised.is_empty() {
            return Err(NOTHING_TO_REVISE.refuse().into());
        }
        if preview_digest(&moved.revised) != shown {
            return Err(PREVIEW_CHANGED.refuse().at("preview_digest").into());
        }
        let why = Why {
            cause: Cause::LateFact,
            payee: Payee::Person,
            reason: "",
            case_reference: "",
            alone: self.agreed(&tx, call, second, &moved).await?,
        };
        self.correct(&tx, call, &year, moved, &why).await
    }

    /// Whether a correction is one person's: with what was corrected in this year by one person alone,
    /// whose lock is held, it moves no more than the threshold.
    async fn agreed(
        &self,
        tx: &Tx,
        call: &Call,
        second: &Second,
        moved: &Moved,
    ) -> Result<bool, Stop> {
        let first = moved.revised.first().ok_or_else(|| INTERNAL.refuse())?;
        let whose = first.evidence.bill.year_key();
        let before = store::corrected_alone(tx, &call.key.area, &whose).await?;
        let amount = moved.revised.iter().map(ledger::moved).sum();
        let alone = self.second_person_above(tx, call, second, (amount, before));
        Ok(alone.await?.is_some())
    }

    /// Locks the year of a settlement; answers it with the settlement and all that stand after it.
    async fn locked_from(
        &self,
        tx: &Tx,
        call: &Call,
        id: SettlementId,
        own: Option<&InstitutionCode>,
    ) -> Result<(PersonYear, Vec<Posted>), Stop> {
        let area = &call.key.area;
        let found = store::find_posted(&**tx, area, &id.to_string()).await?;
        let of_own = |posted: &Posted| posted.evidence.bill.is_of(own);
        let seen = found
            .filter(of_own)
            .ok_or_else(|| unknown(&id.to_string()))?;
        let year = lock_year(tx, call, &seen.evidence.bill.year_key()).await?;
        let standing = self.standing_from(&**tx, area, &seen).await?;
        Ok((year, standing))
    }

    /// A settlement, if it stands, and all that stand after it in its year.
    async fn standing_from(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        seen: &Posted,
    ) -> Result<Vec<Posted>, Stop> {
        let whose = seen.evidence.bill.year_key();
        let standing = store::standing_from(on, area, &whose, seen.ordinal, one_more()).await?;
        match standing.first().is_some_and(|first| first.id == seen.id) {
            true => Ok(within_chain(standing)?),
            false => {
                let no = CORRECTED_REVERSED.refuse().with("settlement_id", seen.id);
                Err(no.at("settlement_id").into())
            }
        }
    }

    /// Prices settlements of a year again, and moves the accounts that they drew on.
    async fn chain_of<C: ConnectionTrait>(
        &self,
        on: &On<'_, C>,
        area: &AreaCode,
        year: &PersonYear,
        standing: &Standing,
        amendment: &Amendment,
    ) -> Result<Moved, Stop> {
        let links = self.links(on.connection(), area, &standing.again).await?;
        moved(on, area, year, standing, &links, amendment).await
    }

    /// Settlements with what they were priced by.
    async fn links(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        settlements: &[Posted],
    ) -> Result<Vec<Link>, Stop> {
        let mut links = Vec::with_capacity(settlements.len());
        for posted in settlements {
            links.push(self.terms_of(on, area, posted).await?);
        }
        Ok(links)
    }

    /// A settlement with the package and the catalogue that it was priced by.
    pub(super) async fn terms_of(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        posted: &Posted,
    ) -> Result<Link, Stop> {
        let differs = || REPLAY_DIFFERS.refuse().with("settlement_id", posted.id);
        let digest = Digest::parse(&posted.basis.package_digest).ok_or_else(differs)?;
        let law = self.packages.asked(on, area).await?;
        let package = law.by_digest(digest).ok_or_else(differs)?.clone();
        let id = posted.basis.catalogue;
        Ok(Link {
            posted: posted.clone(),
            package,
            catalogue: self.catalogues.version(on, area, id).await?,
        })
    }

    /// Writes a correction: the revisions, what they move, and the year.
    async fn correct(
        &self,
        tx: &Tx,
        call: &Call,
        year: &PersonYear,
        moved: Moved,
        why: &Why<'_>,
    ) -> Result<Made<()>, Stop> {
        let area = &call.key.area;
        let Moved { revised, accounts } = moved;
        self.advances_cover(tx, area, &revised).await?;
        let after = year.revised(&revised);
        let correction = CorrectionId(new_id(call.now));
        let ids: Vec<SettlementId> = revised.iter().map(|one| one.before.id).collect();
        let numbers = store::newest_numbers(tx, area, &ids).await?;
        let first = revised.first().ok_or_else(|| INTERNAL.refuse())?;
        let whose = first.evidence.bill.year_key();
        let (mut revisions, mut moved, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for (place, one) in (1..).zip(revised) {
            let number = numbers.get(&one.before.id).copied().unwrap_or(0) + 1;
            // Later ones are moved by their place in the year alone: no institution answers for it. Nor
            // does it for a bill that the patient has paid (零星报销).
            let payee = match (place, one.evidence.bill.reimbursement) {
                (1, None) => why.payee,
                _ => Payee::Person,
            };
            let id = RevisionId(new_id(call.now));
            let postings = ledger::revision(&one, payee);
            let hospital_moved = one.hospital_moved(payee);
            let moved_alone = why.alone.then(|| ledger::moved(&one));
            moved.push(Transaction::new(id.to_string(), postings));
            let (before, now) = (&one.before.amounts, &one.settlement);
            let facts = json!({
                "revision_id": id, "number": number, "correction_id": correction,
                "cause": why.cause.name(), "payee": payee.name(), "person_id": whose.person,
                "funds_before_fen": before.funds(), "funds_fen": now.funds(),
                "cash_before_fen": before.cash, "cash_fen": now.cash,
                "account_before_fen": before.account, "account_fen": now.account,
                "hospital_moved_fen": hospital_moved,
            });
            let settlement = one.before.id;
            events.push(told(
                call,
                "settlement.revised",
                &settlement.to_string(),
                facts,
            ));
            revisions.push(Revision {
                id,
                settlement,
                number,
                replaces: one.before.revision,
                correction: (correction, place),
                year: (after.version, after.last_ordinal),
                cause: why.cause,
                payee,
                hospital_moved,
                moved_alone,
                reason: why.reason.to_string(),
                case_reference: why.case_reference.to_string(),
                evidence: one.evidence,
                basis: one.basis,
                amounts: super::kept(one.settlement),
                posted_at: call.now,
                withdrawn_at: None,
            });
        }
        store::insert_revisions(tx, area, &revisions).await?;
        for revision in &revisions {
            store::point_to_revision(tx, area, revision.settlement, revision.number).await?;
        }
        store::insert_transactions(tx, area, &moved, call.now).await?;
        store::save_accounts(tx, area, &accounts).await?;
        store::save_person_year(tx, area, &whose, &after).await?;
        event::record_all(tx, call.now, events).await?;
        Ok(Made {
            subject: correction.to_string(),
            value: (),
        })
    }

    /// Withdraws a correction: the settlements come to what they came to before, unless something was
    /// settled or corrected in the year since. Those that were reversed since have nothing to take back.
    pub async fn withdraw_correction(
        &self,
        key: &Key,
        own: Option<&InstitutionCode>,
        approval: Option<ApprovalId>,
    ) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            // Nothing is left of it where it was cancelled since.
            take_back(&tx, &key.area, &id, now, own).await?;
            self.second_person_to_withdraw(&tx, (key, now), approval)
                .await
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// Cancels a correction, likewise; true when an earlier attempt had done it.
    pub async fn cancel_correction(&self, call: &Call, id: CorrectionId) -> Result<bool, Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let subject = id.to_string();
            if !take_back(&tx, area, &subject, call.now, None).await? {
                let no = CORRECTION_UNKNOWN.refuse().with("correction_id", id);
                return Err(no.at("correction_id").into());
            }
            Ok(Made { subject, value: () })
        };
        Ok(self.db.once(call, LISTS, work).await?.replayed())
    }

    /// A page of a settlement's revisions behind a number, if the settlement is of this institution,
    /// and the token of the next.
    pub async fn revisions(
        &self,
        area: &AreaCode,
        id: SettlementId,
        own: Option<&InstitutionCode>,
        (after, size): (i64, u64),
    ) -> Result<(Vec<Shown>, String), Refusal> {
        self.settlement_at(area, id, own).await?;
        let reader = self.db.reader();
        let rows = store::revisions_of(reader, area, id, (after, size + 1)).await?;
        let (revisions, next) = page_of(rows, size, |one| one.number.to_string());
        Ok((self.shown(area, revisions).await?, next))
    }

    async fn correction(&self, area: &AreaCode, id: &str) -> Result<Vec<Shown>, Refusal> {
        let revisions = store::of_correction(self.db.reader(), area, id).await?;
        self.shown(area, revisions).await
    }

    /// Revisions beside what their settlements came to before.
    async fn shown(&self, area: &AreaCode, all: Vec<Revision>) -> Result<Vec<Shown>, Refusal> {
        let reader = self.db.reader();
        let first = all.iter().filter(|one| one.replaces == 0);
        let first: Vec<SettlementId> = first.map(|one| one.settlement).collect();
        let posted = store::as_posted(reader, area, &first).await?.into_iter();
        let mut before: BTreeMap<(SettlementId, i64), Settlement> =
            posted.map(|one| ((one.id, 0), one.amounts)).collect();
        let later = all.iter().filter(|one| one.replaces > 0);
        let later: Vec<(SettlementId, i64)> =
            later.map(|one| (one.settlement, one.replaces)).collect();
        let earlier = store::of_numbers(reader, area, &later).await?.into_iter();
        before.extend(earlier.map(|one| ((one.settlement, one.number), one.amounts)));
        let shown = |revision: Revision| {
            let was = before.get(&(revision.settlement, revision.replaces));
            Ok(Shown {
                before: was.ok_or_else(|| INTERNAL.refuse())?.clone(),
                revision,
            })
        };
        all.into_iter().map(shown).collect()
    }
}

/// Takes back what stands of a correction; false when there is no such correction, or not any more. An
/// institution that asks is not told where else the person was.
async fn take_back(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
    own: Option<&InstitutionCode>,
) -> Result<bool, Stop> {
    let seen = store::of_correction(&**tx, area, id).await?;
    let Some(first) = seen.first() else {
        return Ok(false);
    };
    let whose = first.evidence.bill.year_key();
    let locked = store::lock_person_year(tx, area, &whose).await;
    let year = locked.map_err(in_progress)?;
    year.free(now)?;
    // Seen before the lock; only under it is it known to stand.
    let mut revisions = store::of_correction(&**tx, area, id).await?;
    revisions.retain(|one| one.withdrawn_at.is_none());
    let Some(first) = revisions.first() else {
        return Ok(false);
    };
    let ids: Vec<SettlementId> = revisions.iter().map(|one| one.settlement).collect();
    let settlements = store::find_all_posted(&**tx, area, &ids).await?;
    let standing = settlements.into_iter();
    let standing: Vec<Posted> = standing.filter(|one| one.reversed_at.is_none()).collect();
    if standing.is_empty() {
        return Ok(true);
    }
    let built_upon = |newer: String, may_know: bool| {
        let no = CORRECTION_BUILT_UPON.refuse().with("correction_id", id);
        match may_know {
            true => no.with("newer_id", newer),
            false => no.with("newer_id", ELSEWHERE),
        }
    };
    if let Some(later) = store::later_in_year(tx, area, &whose, first.year.0).await? {
        return Err(built_upon(later, own.is_none()).into());
    }
    let newer = store::standing_from(&**tx, area, &whose, first.year.1 + 1, 1).await?;
    if let Some(newer) = newer.first() {
        let may_know = newer.evidence.bill.is_of(own);
        return Err(built_upon(newer.id.to_string(), may_know).into());
    }
    if first.cause == Cause::RefundLines
        && let Some(later) = later_part(tx, area, first).await?
    {
        return Err(built_upon(later.to_string(), true).into());
    }
    none_recovered(tx, area, &standing).await?;
    let stands: BTreeSet<SettlementId> = standing.iter().map(|one| one.id).collect();
    let of_standing = |one: &&Revision| stands.contains(&one.settlement);
    let taken: Vec<&Revision> = revisions.iter().filter(of_standing).collect();
    let taken_ids: Vec<RevisionId> = taken.iter().map(|one| one.id).collect();
    store::withdraw_revisions(tx, area, &taken_ids, now).await?;
    for one in &taken {
        store::point_to_revision(tx, area, one.settlement, one.replaces).await?;
    }
    let subjects = taken_ids.iter().map(ToString::to_string).collect();
    let opposite = opposites_of(tx, area, subjects, now).await?;
    store::insert_transactions(tx, area, &opposite, now).await?;
    let ids: Vec<SettlementId> = stands.into_iter().collect();
    let restored = store::find_all_posted(&**tx, area, &ids).await?;
    take_from_accounts(tx, area, (&standing, &restored), (id, now)).await?;
    let after = restored_year(&year, &taken, &restored);
    store::save_person_year(tx, area, &whose, &after).await?;
    let facts = json!({ "person_id": whose.person, "revisions": taken.len() });
    let told = Event {
        area: area.clone(),
        kind: "correction.withdrawn",
        subject: id.to_string(),
        facts,
    };
    event::record(tx, now, told).await?;
    Ok(true)
}

/// The part of the same stay that was settled after the one that a refund is of: in another year, since
/// in its own nothing is newer.
async fn later_part(
    tx: &Tx,
    area: &AreaCode,
    refund: &Revision,
) -> Result<Option<SettlementId>, Stop> {
    let Some(read) = refund.evidence.bill.registration else {
        return Ok(None);
    };
    let visit = store::lock_visit(tx, area, read.visit).await?;
    Ok(visit.and_then(|visit| visit.behind(refund.settlement)))
}

/// The accounts as they are without a correction; what it gave back and was spent since is refused.
async fn take_from_accounts(
    tx: &Tx,
    area: &AreaCode,
    (revised, restored): (&[Posted], &[Posted]),
    (correction, now): (&str, Instant),
) -> Result<(), Stop> {
    let both: Vec<Posted> = revised.iter().chain(restored).cloned().collect();
    let mut accounts = accounts_of(&On::locked(&**tx), area, &both, now)
        .await
        .map_err(in_progress)?;
    // Newest first: so the balances go back over what they came by.
    let mut newest_first: Vec<&Posted> = restored.iter().collect();
    newest_first.sort_by_key(|one| std::cmp::Reverse(one.ordinal));
    for was in newest_first {
        let is = revised.iter().find(|one| one.id == was.id);
        let (Some(is), Some(offered)) = (is, &was.evidence.accounts) else {
            continue;
        };
        for one in movements(offered, &is.drawn(), &was.drawn()) {
            accounts.move_by(EntryKind::Revised, correction, &one)?;
        }
    }
    store::save_accounts(tx, area, &accounts).await
}

/// The year without these revisions, and free; the settlements are as they are without them.
fn restored_year(year: &PersonYear, taken: &[&Revision], restored: &[Posted]) -> PersonYear {
    let less = taken.iter().fold(year.accumulators.clone(), |left, one| {
        left.minus(&one.amounts.deltas)
    });
    let accumulators = restored
        .iter()
        .fold(less, |sum, one| sum.plus(&one.amounts.deltas));
    PersonYear {
        version: year.version + 1,
        last_ordinal: year.last_ordinal,
        accumulators,
        held: None,
    }
}

/// One more than a chain may have, so that a longer one is seen.
fn one_more() -> u64 {
    u64::try_from(CHAIN_MAX)
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}

fn within_chain(standing: Vec<Posted>) -> Result<Vec<Posted>, Refusal> {
    match standing.len() <= CHAIN_MAX {
        true => Ok(standing),
        false => Err(CHAIN_TOO_LONG.refuse().with("max", CHAIN_MAX)),
    }
}
