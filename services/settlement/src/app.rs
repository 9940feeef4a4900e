//! One method per RPC: load, decide, store.
//!
//! Statements of one `post` on a person who has claims in the year: key, institution, catalogue
//! version, person-year lock, settlement, postings, person-year, event, key: nine, and one commit.

mod pricing;
mod registers;

use crate::catalogue::Catalogue;
use crate::domain::{
    Basis, Bill, Evidence, Finding, Institution, Member, PersonYear, Posted, admit, holds, price,
};
use crate::refusal::{
    ALREADY_REVERSED, CLAIM_IN_PROGRESS, DUPLICATE_CLAIM, INSTITUTION_UNKNOWN, NO_CATALOGUE,
    NOT_NEWEST, SETTLEMENT_UNKNOWN, VISIT_SETTLED,
};
use crate::shelf::Catalogues;
use crate::{ledger, refusal, store};
use ::store::document::{Documents, Register};
use ::store::event::{self, Event};
use ::store::{Call, Db, Done, Key, Made, Stop, Tx, lock_timed_out, new_id};
use kernel::refusal::NO_PACKAGE;
use kernel::{
    AreaCode, Clock, Instant, InstitutionCode, Outcome, PersonId, Refusal, Scheme, SealedEvent,
    SettlementId, Spec,
};
use policy::{Law, Library, Package};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::sync::Arc;

/// Refusals that may stand in this service's key rows.
pub const LISTS: &[&[&Spec]] = &[
    refusal::ALL,
    policy::refusal::ALL,
    ::store::refusal::ALL,
    kernel::refusal::ALL,
];

/// What the policy packages are called among the service's documents.
pub const PACKAGE: &str = "package";

/// The service's decisions over its store.
pub struct App {
    db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// 政策包: proposed and activated at run time; which one decides is [`policy::Law`]'s to say.
    pub packages: Register<Law>,
    catalogues: Catalogues,
}

/// A claim to post, with what others say of it.
pub struct Order {
    /// The bill.
    pub bill: Bill,
    /// The person; may be missing only when the key has an outcome already.
    pub member: Option<Member>,
    /// What screening found.
    pub findings: Vec<Finding>,
    /// The amounts must still be these.
    pub basis: Option<Basis>,
}

/// A settlement to reverse.
pub struct Reversal {
    /// Which.
    pub settlement: SettlementId,
    /// Why.
    pub reason: String,
    /// Only if it is of this institution.
    pub institution: Option<InstitutionCode>,
}

impl Reversal {
    /// An institution is not told where else the person was.
    fn not_newest(&self, newest: &store::Standing) -> Refusal {
        let own = |code: &InstitutionCode| code.as_str() == newest.institution;
        let told = match self.institution.as_ref().is_none_or(own) {
            true => newest.id.as_str(),
            false => "(由其他机构办理)",
        };
        let no = NOT_NEWEST.refuse().with("settlement_id", self.settlement);
        no.with("newest_id", told)
    }
}

impl App {
    /// The service's decisions over `db`; `library` has the packages that come with the suite.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        library: Arc<Library>,
        catalogues: Catalogues,
    ) -> App {
        let documents = Documents {
            db: db.clone(),
            kind: PACKAGE,
            lists: LISTS,
        };
        App {
            db,
            clock,
            packages: Register::new(documents, Law::new(library)),
            catalogues,
        }
    }

    /// Prices and posts a claim; true when an earlier attempt had done it.
    pub async fn post(&self, call: &Call, order: &Order) -> Result<(Posted, bool), Refusal> {
        let done = self
            .db
            .once(call, LISTS, |tx| self.post_in(tx, call, order))
            .await;
        self.posted(&call.key.area, done?).await
    }

    async fn post_in(&self, tx: Tx, call: &Call, order: &Order) -> Result<Made<Posted>, Stop> {
        let (area, bill) = (&call.key.area, &order.bill);
        admit(bill, order.member.as_ref(), &order.findings, call.now.day())?;
        let (package, catalogue, institution) = self.terms(&*tx, area, bill, call.now).await?;
        let year = bill.year();
        let before = store::lock_person_year(&tx, area, bill.person, &bill.scheme, year)
            .await
            .map_err(in_progress)?;
        let evidence = evidence(order, &institution, &before)?;
        let priced = price(&package, &catalogue, &evidence, before.version)?;
        holds(order.basis.as_ref(), &priced.basis)?;

        let posted = Posted {
            id: SettlementId(new_id(call.now)),
            ordinal: before.last_ordinal + 1,
            evidence,
            basis: priced.basis,
            amounts: kept(priced.settlement),
            posted_at: call.now,
            reversed_at: None,
        };
        let (id, amounts) = (posted.id, &posted.amounts);
        if !store::insert(&tx, area, &posted).await? {
            return Err(settled_already(&tx, area, bill).await);
        }
        let postings = ledger::postings(amounts, &bill.institution);
        store::insert_postings(&tx, area, &id.to_string(), None, id, &postings, call.now).await?;
        let after = PersonYear {
            version: before.version + 1,
            last_ordinal: posted.ordinal,
            accumulators: before.accumulators.plus(&amounts.deltas),
        };
        store::save_person_year(&tx, area, bill.person, &bill.scheme, year, &after).await?;
        let facts = json!({
            "person_id": bill.person, "institution_code": bill.institution,
            "med_type": bill.med_type, "end_day": bill.end, "ordinal": posted.ordinal,
            "total_fen": amounts.total, "funds_fen": amounts.funds(), "cash_fen": amounts.cash,
            "package_digest": posted.basis.package_digest,
            "amounts_digest": posted.basis.amounts_digest,
        });
        self.tell(&tx, call, "settlement.posted", &id.to_string(), facts)
            .await?;
        Ok(Made {
            subject: id.to_string(),
            value: posted,
        })
    }

    /// Reverses a settlement; true when an earlier attempt had done it.
    pub async fn reverse(
        &self,
        call: &Call,
        reversal: &Reversal,
    ) -> Result<(Posted, bool), Refusal> {
        let done = self
            .db
            .once(call, LISTS, |tx| self.reverse_in(tx, call, reversal))
            .await;
        self.posted(&call.key.area, done?).await
    }

    async fn reverse_in(&self, tx: Tx, call: &Call, what: &Reversal) -> Result<Made<Posted>, Stop> {
        let (area, id) = (&call.key.area, what.settlement);
        let of_this = |posted: &Posted| {
            what.institution
                .as_ref()
                .is_none_or(|code| *code == posted.evidence.bill.institution)
        };
        let found = store::find_posted(&*tx, area, &id.to_string())
            .await?
            .filter(of_this);
        let unknown = || {
            SETTLEMENT_UNKNOWN
                .refuse()
                .with("settlement_id", id)
                .at("settlement_id")
        };
        let seen = found.ok_or_else(unknown)?;
        let bill = &seen.evidence.bill;
        let (person, scheme, year) = (bill.person, &bill.scheme, bill.year());
        let before = store::lock_person_year(&tx, area, person, scheme, year)
            .await
            .map_err(in_progress)?;
        // Seen before the lock; only under the lock is it known to stand.
        let newest = store::newest_standing(&tx, area, person, scheme, year).await?;
        if newest
            .as_ref()
            .is_none_or(|newest| newest.id != id.to_string())
        {
            let row = store::find_row(&*tx, area, &id.to_string()).await?;
            let stands = row.is_some_and(|row| row.reversed_at.is_none());
            return Err(match newest.filter(|_| stands) {
                Some(newest) => what.not_newest(&newest),
                None => ALREADY_REVERSED.refuse().with("settlement_id", id),
            }
            .into());
        }
        store::mark_reversed(&tx, area, id, call.now, &what.reason).await?;
        let original = id.to_string();
        let postings = store::postings_of(&tx, area, &original).await?;
        let transaction = new_id(call.now).to_string();
        let opposite = ledger::opposite(postings);
        let link = Some(original.as_str());
        store::insert_postings(&tx, area, &transaction, link, id, &opposite, call.now).await?;
        let after = PersonYear {
            version: before.version + 1,
            last_ordinal: before.last_ordinal,
            accumulators: before.accumulators.minus(&seen.amounts.deltas),
        };
        store::save_person_year(&tx, area, person, scheme, year, &after).await?;
        let facts = json!({ "person_id": person, "funds_fen": seen.amounts.funds() });
        self.tell(&tx, call, "settlement.reversed", &original, facts)
            .await?;
        let reversed = Posted {
            reversed_at: Some(call.now),
            ..seen
        };
        Ok(Made {
            subject: original,
            value: reversed,
        })
    }

    async fn posted(&self, area: &AreaCode, done: Done<Posted>) -> Result<(Posted, bool), Refusal> {
        match done.made {
            Some(posted) => Ok((posted, false)),
            None => Ok((self.settlement_of(area, &done.subject).await?, true)),
        }
    }

    /// One settlement.
    pub async fn settlement(&self, area: &AreaCode, id: SettlementId) -> Result<Posted, Refusal> {
        self.settlement_of(area, &id.to_string()).await
    }

    async fn settlement_of(&self, area: &AreaCode, id: &str) -> Result<Posted, Refusal> {
        let found = store::find_posted(self.db.reader(), area, id).await?;
        found.ok_or_else(|| {
            SETTLEMENT_UNKNOWN
                .refuse()
                .with("settlement_id", id)
                .at("settlement_id")
        })
    }

    /// Standing settlements of the person that share a day with the bill.
    pub async fn history(&self, area: &AreaCode, bill: &Bill) -> Result<Vec<store::Past>, Refusal> {
        Ok(store::history(&self.db, area, bill).await?)
    }

    /// The accumulators of a person-year.
    pub async fn accumulators(
        &self,
        area: &AreaCode,
        person: PersonId,
        scheme: &Scheme,
        year: i32,
    ) -> Result<PersonYear, Refusal> {
        Ok(store::accumulators(&self.db, area, person, scheme, year).await?)
    }

    /// Every account of the area's ledger.
    pub async fn trial_balance(&self, area: &AreaCode) -> Result<Vec<store::Account>, Refusal> {
        Ok(store::trial_balance(&self.db, area).await?)
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

    /// What a bill is priced by: package, catalogue and institution of its last day. Whether the
    /// packages at hand are those of now, the statement that finds the catalogue says.
    async fn terms(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        bill: &Bill,
        now: Instant,
    ) -> Result<(Arc<Package>, Arc<Catalogue>, Institution), Stop> {
        let institution = store::institution_on(on, area, &bill.institution, bill.end).await?;
        let found = store::catalogue_in_force(on, area, bill.end).await?;
        let law = match &found {
            Some(version) => self.packages.current(on, area, version.generation).await?,
            None => self.packages.asked(on, area).await?,
        };
        let package = law.select(area, &bill.scheme, bill.end, now)?;
        let package = package.ok_or_else(|| {
            let no = NO_PACKAGE.refuse().at("claim.scheme");
            no.with("scheme", bill.scheme.term()).with("day", bill.end)
        })?;
        let institution = institution.ok_or_else(|| {
            let no = INSTITUTION_UNKNOWN.refuse().at("claim.institution_code");
            no.with("institution_code", &bill.institution)
                .with("day", bill.end)
        })?;
        let version = found.ok_or_else(|| NO_CATALOGUE.refuse().with("day", bill.end))?;
        let catalogue = self.catalogues.current(on, area, &version).await?;
        Ok((package.clone(), catalogue, institution))
    }

    async fn tell(
        &self,
        tx: &Tx,
        call: &Call,
        kind: &'static str,
        subject: &str,
        facts: serde_json::Value,
    ) -> Result<(), Stop> {
        let area = call.key.area.clone();
        let told = Event {
            area,
            kind,
            subject: subject.to_string(),
            facts,
        };
        Ok(event::record(tx, call.now, told).await?)
    }
}

fn evidence(
    order: &Order,
    institution: &Institution,
    year: &PersonYear,
) -> Result<Evidence, Refusal> {
    let member = order.member.clone();
    Ok(Evidence {
        bill: order.bill.clone(),
        member: member.ok_or_else(|| kernel::refusal::invalid("member", "必填"))?,
        findings: order.findings.clone(),
        tier: institution.tier.clone(),
        kind: institution.kind.clone(),
        place: institution.place,
        contracted: institution.contracted,
        accumulators: year.accumulators.clone(),
    })
}

/// What of a computed settlement is stored: lines and reasons are computed again when asked for.
fn kept(settlement: policy::Settlement) -> policy::Settlement {
    policy::Settlement {
        lines: Vec::new(),
        reasons: Vec::new(),
        ..settlement
    }
}

/// A visit or bill that is settled already: which of the two, and the settlement that stands. The
/// visit goes first, whichever constraint the database found first.
async fn settled_already(tx: &Tx, area: &AreaCode, bill: &Bill) -> Stop {
    let mut standing = match store::standing(tx, area, bill).await {
        Ok(standing) => standing,
        Err(stop) => return stop,
    };
    standing.sort_by_key(|(_, same_visit)| !same_visit);
    let (no, id) = match standing.first() {
        Some((id, true)) => (VISIT_SETTLED.refuse().at("claim.visit_number"), id),
        Some((id, false)) => (DUPLICATE_CLAIM.refuse().at("claim.lines"), id),
        // It was reversed a moment ago: asked again, the claim is settled.
        None => return CLAIM_IN_PROGRESS.refuse().into(),
    };
    let no = no.with("institution_code", &bill.institution);
    let no = no.with("visit_number", &bill.visit);
    no.with("settlement_id", id).into()
}

/// Waiting in vain for the person-year has a name of its own.
fn in_progress(stop: Stop) -> Stop {
    if lock_timed_out(&stop) {
        CLAIM_IN_PROGRESS.refuse().into()
    } else {
        stop
    }
}
