//! One method per RPC: load, decide, store.
//!
//! Statements of one `post` on a person who has claims in the year: key with its outcome, institution (with
//! who is suspended, what guarantee is open, and the catalogue version), person-year lock (with who holds
//! it), and what is written: settlement, postings, person-year, event, which is one statement on PostgreSQL.
//! Four there, and one commit. A guarantee adds three, a personal account three, one of the family two or
//! three more, a package that asks for years without a claim one.

mod accounts;
mod approvals;
mod batches;
mod closing;
mod guarantees;
mod holds;
mod indicators;
mod parts;
mod past;
mod payer_files;
mod pricing;
mod receipts;
mod receivables;
mod reconciliations;
mod recoveries;
mod registers;
mod reimbursements;
mod replays;
mod revisions;
mod subsidies;
mod suspensions;
mod visits;
mod years;

use self::accounts::On;
use self::past::EarlierYears;
use crate::catalogue::Catalogue;
use crate::domain::{
    Basis, Bill, Evidence, Finding, Institution, Member, Offered, PersonYear, Posted, Taken,
    YearKey, admit, kept, named, price, still_holds, unregistered,
};
use crate::ledger::Transaction;
use crate::refusal::{
    ALREADY_REVERSED, CLAIM_IN_PROGRESS, CORRECTED_BY_FINDING, INSTITUTION_UNKNOWN, NO_CATALOGUE,
    NOT_NEWEST, SETTLEMENT_UNKNOWN,
};
use crate::shelf::Catalogues;
use crate::{refusal, store};
use ::store::access;
use ::store::chain::Checked;
use ::store::document::{Documents, Register};
use ::store::event::{self, Event};
use ::store::{Call, Db, Done, Key, Made, Stop, Tx, Unwritten, lock_timed_out, new_id, page};
use kernel::refusal::{NO_PACKAGE, invalid};
use kernel::{
    AccessEntry, AccessFilter, AreaCode, Clock, Day, Fen, GuaranteeId, Instant, InstitutionCode,
    Outcome, Refusal, SealedEvent, SettlementId, Spec, VisitId,
};
use policy::{Law, Library, Package, SoFar};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::sync::Arc;

pub use accounts::{ShownAccount, Used};
pub use batches::BatchReversal;
pub use closing::ListedDay;
pub use holds::Set;
pub use payer_files::{ComparedFile, ShownFile};
pub use receipts::StatementPage;
pub use receivables::Owed;
pub use reconciliations::{DayOf, Explain, SENT_MAX, Told, TotalLine};
pub use recoveries::Advanced;
pub use registers::InForce;
pub use replays::{Differing, Replayed};
pub use revisions::{FindingWanted, LateFacts, Refund, Shown, ThirdPartyFound};
pub use visits::{Summed, Which};
pub use years::YearPage;

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
    /// 零星报销 above this total needs a second person.
    second_person_above: Fen,
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

/// What an institution is told in place of the id of what is not its own.
const ELSEWHERE: &str = "(由其他机构办理)";

/// Why a settlement cannot be reversed before the newest. An institution that asks is not told where
/// else the person was.
fn not_newest(
    id: SettlementId,
    newest: &store::Standing,
    institution: Option<&InstitutionCode>,
) -> Refusal {
    let own = |code: &InstitutionCode| code.as_str() == newest.institution;
    let told = match institution.is_none_or(own) {
        true => newest.id.as_str(),
        false => ELSEWHERE,
    };
    let no = NOT_NEWEST.refuse().with("settlement_id", id);
    no.with("newest_id", told)
}

/// What a bill is priced by.
#[derive(Clone)]
struct Terms {
    package: Arc<Package>,
    catalogue: Arc<Catalogue>,
    institution: Institution,
    /// The open guarantee of the bill's visit.
    guarantee: Option<GuaranteeId>,
    /// The registered visit of the bill's number.
    visit: Option<VisitId>,
    /// How the documents of a settlement by them are written, where the tables were asked.
    form: Option<store::Form>,
}

impl Terms {
    /// The order's bill in the year that it belongs to.
    fn decided(&self, order: &Order) -> Result<Bill, Refusal> {
        let entitled = order.member.as_ref().is_some_and(|member| member.eligible);
        order.bill.in_its_year(&self.package, entitled)
    }
}

impl App {
    /// The service's decisions over `db`; `library` has the packages that come with the suite.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        library: Arc<Library>,
        catalogues: Catalogues,
        second_person_above: Fen,
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
            second_person_above,
        }
    }

    /// Prices and posts a claim; true when an earlier attempt had done it.
    pub async fn post(&self, call: &Call, order: &Order) -> Result<(Posted, bool), Refusal> {
        let id = SettlementId(new_id(call.now));
        let subject = id.to_string();
        let post = |tx, key| self.post_in((tx, key), call, order, id);
        let done = self.db.once_led(call, LISTS, &subject, post).await;
        self.posted(&call.key.area, done?).await
    }

    /// Nothing when the key is taken.
    async fn post_in(
        &self,
        (tx, key): (Tx, Unwritten<'_>),
        call: &Call,
        order: &Order,
        id: SettlementId,
    ) -> Result<Option<Posted>, Stop> {
        let (area, bill) = (&call.key.area, &order.bill);
        admit(bill, order.member.as_ref(), &order.findings, call.now.day())?;
        parts::whole(bill)?;
        // The year that it belongs to, unless the package decides on a later one: person-years are locked in
        // the order of time, by everybody.
        let mut likely = bill.year_key();
        likely.year = likely.year.min(bill.admission().year());
        let asked = (area, bill, call.now.day());
        let led = store::terms_led(&tx, key, asked, &likely).await;
        let Some((found, year)) = led.map_err(in_progress)? else {
            return Ok(None);
        };
        let terms = self
            .terms_as_found(&*tx, area, (bill, found), call.now)
            .await?;
        named(bill, terms.guarantee)?;
        unregistered(bill, terms.visit)?;
        let bill = &terms.decided(order)?;
        let whose = bill.year_key();
        let before = match year.filter(|_| whose == likely) {
            Some(year) => {
                year.free(call.now)?;
                year
            }
            None => lock_year(&tx, call, &whose).await?,
        };
        if bill.guarantee.is_some() {
            let mut guarantees = self.lock_guarantees(&tx, area, &[bill]).await?;
            guarantees.close(bill, call.now)?;
        }
        let visit = self.lock_unchanged(&tx, area, bill).await?;
        let reimbursement = self.payable_reimbursement(&tx, area, bill).await?;
        let package = &terms.package;
        let stay = self
            .so_far(&*tx, area, (bill, package), visit.as_ref())
            .await?;
        let (asking, member) = (std::iter::once(&**package), order.member.iter());
        let earlier = EarlierYears::read(&*tx, area, &whose, asking, member).await?;
        let offered = accounts::offered_to(&On::locked(&*tx), area, bill, call.now).await;
        let (accounts, offered) = offered.map_err(in_progress)?;
        let years = (&before, &earlier);
        let evidence = evidence(order, bill, &terms, years, (stay, offered))?;
        let version = earlier.version(package, &before);
        let priced = price(package, &terms.catalogue, &evidence, version)?;
        still_holds(order.basis.as_ref(), &priced.basis)?;

        let posted = Posted {
            id,
            ordinal: before.last_ordinal + 1,
            evidence,
            basis: priced.basis,
            amounts: kept(priced.settlement),
            posted_at: call.now,
            reversed_at: None,
            revision: 0,
        };
        let all = std::slice::from_ref(&posted);
        let moved = store::Moved {
            ledger: &[Transaction::of(&posted)],
            year: (&whose, &before.posted(&posted)),
            told: event::told(call.now, told_posted(call, &posted)),
        };
        let form = match terms.form {
            Some(form) => form,
            None => store::Form::of(&*tx).await?,
        };
        if !store::post(&tx, area, (&posted, form), moved).await? {
            return Err(settled_already(&tx, area, all).await);
        }
        accounts::pay_from(&tx, area, accounts, &posted).await?;
        self.close_guarantees(&tx, call, all).await?;
        if let Some(reimbursement) = reimbursement {
            let paid = reimbursement.paid(posted.id);
            store::save_reimbursement(&tx, area, &paid).await?;
        }
        if let Some(visit) = visit {
            self.settle_visit(&tx, area, &visit, &posted).await?;
        }
        Ok(Some(posted))
    }

    /// What an earlier attempt posted under this key, for a caller who does not know the bill any more.
    pub async fn posted_before(&self, call: &Call) -> Result<(Posted, bool), Refusal> {
        let work = |_| async { Err(invalid("claim", "必填").into()) };
        self.posted(&call.key.area, self.db.once(call, LISTS, work).await?)
            .await
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
        let of_this = |posted: &Posted| posted.evidence.bill.is_of(what.institution.as_ref());
        let found = store::find_posted(&*tx, area, &id.to_string())
            .await?
            .filter(of_this);
        let seen = found.ok_or_else(|| unknown(&id.to_string()))?;
        let whose = seen.evidence.bill.year_key();
        let before = lock_year(&tx, call, &whose).await?;
        if seen.evidence.bill.guarantee.is_some() {
            self.lock_guarantees(&tx, area, &[&seen.evidence.bill])
                .await?;
        }
        let visit = self.lock_last_part(&tx, area, &seen).await?;
        // Seen before the lock; only under the lock is it known to stand.
        let newest = store::newest_standing(&tx, area, &whose).await?;
        if newest
            .as_ref()
            .is_none_or(|newest| newest.id != id.to_string())
        {
            let row = store::find_row(&*tx, area, &id.to_string()).await?;
            let stands = row.is_some_and(|row| row.reversed_at.is_none());
            return Err(match newest.filter(|_| stands) {
                Some(newest) => not_newest(id, &newest, what.institution.as_ref()),
                None => ALREADY_REVERSED.refuse().with("settlement_id", id),
            }
            .into());
        }
        let seen = match newest.filter(|newest| newest.revision != seen.revision) {
            None => seen,
            // It was revised while the lock was waited for: what stands now is taken back.
            Some(_) => {
                let found = store::find_posted(&*tx, area, &id.to_string()).await?;
                found.ok_or_else(|| unknown(&id.to_string()))?
            }
        };
        not_found_against(
            &tx,
            area,
            std::slice::from_ref(&seen),
            what.institution.as_ref(),
        )
        .await?;
        let all = std::slice::from_ref(&seen);
        recoveries::none_recovered(&tx, area, all).await?;
        let moved = store::Moved {
            ledger: &opposites(&tx, call, all).await?,
            year: (&whose, &before.reversed(&seen)),
            told: event::told(call.now, told_reversed(call, &seen)),
        };
        store::unpost(&tx, area, id, (call.now, &what.reason), moved).await?;
        self.reopen_guarantees(&tx, call, all).await?;
        if seen.evidence.bill.reimbursement.is_some() {
            store::unpay_reimbursements(&tx, area, &[id], call.now).await?;
        }
        if let Some(visit) = visit {
            self.free_visit(&tx, area, &visit, id).await?;
        }
        accounts::give_back(&tx, area, all, call.now).await?;
        let reversed = Posted {
            reversed_at: Some(call.now),
            ..seen
        };
        Ok(Made {
            subject: id.to_string(),
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

    /// One settlement, if it is of this institution.
    pub async fn settlement_at(
        &self,
        area: &AreaCode,
        id: SettlementId,
        own: Option<&InstitutionCode>,
    ) -> Result<Posted, Refusal> {
        let posted = self.settlement(area, id).await?;
        match posted.evidence.bill.is_of(own) {
            true => Ok(posted),
            false => Err(unknown(&id.to_string())),
        }
    }

    /// A page of an institution's settlements posted between two days, both included, and the token
    /// of the next.
    pub async fn settlements_posted_at(
        &self,
        area: &AreaCode,
        institution: &InstitutionCode,
        days: (Day, Day),
        after: &str,
        size: u64,
    ) -> Result<(Vec<Posted>, String), Refusal> {
        let posted = (
            Instant::beginning_of(days.0),
            Instant::beginning_of(days.1.next()),
        );
        let rows =
            store::posted_between(&self.db, area, institution, posted, after, size + 1).await?;
        Ok(page_of(rows, size, store::posting_order))
    }

    async fn settlement_of(&self, area: &AreaCode, id: &str) -> Result<Posted, Refusal> {
        let found = store::find_posted(self.db.reader(), area, id).await?;
        found.ok_or_else(|| unknown(id))
    }

    /// Standing settlements of the person that share a day with the bill.
    pub async fn history(&self, area: &AreaCode, bill: &Bill) -> Result<Vec<store::Past>, Refusal> {
        Ok(store::history(&self.db, area, bill).await?)
    }

    /// The accumulators of a person-year.
    pub async fn accumulators(
        &self,
        area: &AreaCode,
        whose: &YearKey,
    ) -> Result<PersonYear, Refusal> {
        Ok(store::accumulators(&self.db, area, whose).await?)
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

    /// What a bill is priced by: package, catalogue and institution of its last day. Whether the
    /// packages at hand are those of now, the statement that finds the catalogue says.
    async fn terms(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        bill: &Bill,
        now: Instant,
    ) -> Result<Terms, Stop> {
        let found = store::terms_on(on, area, bill, now.day()).await?;
        self.terms_as_found(on, area, (bill, found), now).await
    }

    /// The same where the tables were asked already.
    async fn terms_as_found(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        (bill, (institution, found)): (&Bill, store::FoundTerms),
        now: Instant,
    ) -> Result<Terms, Stop> {
        let at = (&bill.institution, bill.end);
        let outside = match bill.reimbursement {
            Some(id) => self.outside_institution(on, area, bill, id).await?,
            None => None,
        };
        let law = match &found {
            Some(version) => self.packages.current(on, area, version.generation).await?,
            None => self.packages.asked(on, area).await?,
        };
        let package = law.select(area, &bill.scheme, bill.end, now)?;
        let package = package.ok_or_else(|| {
            let no = NO_PACKAGE.refuse().at("claim.scheme");
            no.with("scheme", bill.scheme.term()).with("day", bill.end)
        })?;
        let form = institution.as_ref().map(|(_, beside)| beside.form);
        let (institution, beside) = match bill.reimbursement {
            // What is not settled online is reimbursed: no suspension stands in its way.
            Some(_) => {
                let registered = institution.map(|(institution, _)| institution);
                let institution = registered.or(outside);
                let institution = institution.ok_or_else(|| unknown_institution(at))?;
                (institution, store::Beside::default())
            }
            None => settling(institution, at, "claim.institution_code")?,
        };
        let version = found.ok_or_else(|| NO_CATALOGUE.refuse().with("day", bill.end))?;
        let catalogue = self.catalogues.current(on, area, &version).await?;
        Ok(Terms {
            package: package.clone(),
            catalogue,
            institution,
            guarantee: beside.guarantee,
            visit: beside.visit,
            form,
        })
    }

    async fn tell(
        &self,
        tx: &Tx,
        call: &Call,
        kind: &'static str,
        subject: &str,
        facts: serde_json::Value,
    ) -> Result<(), Stop> {
        Ok(event::record(tx, call.now, told(call, kind, subject, facts)).await?)
    }
}

/// An event of a call.
fn told(call: &Call, kind: &'static str, subject: &str, facts: serde_json::Value) -> Event {
    Event {
        area: call.key.area.clone(),
        kind,
        subject: subject.to_string(),
        facts,
    }
}

fn told_posted(call: &Call, posted: &Posted) -> Event {
    let (bill, amounts) = (&posted.evidence.bill, &posted.amounts);
    let facts = json!({
        "person_id": bill.person, "institution_code": bill.institution,
        "med_type": bill.med_type, "end_day": bill.end, "ordinal": posted.ordinal,
        "total_fen": amounts.total, "funds_fen": amounts.funds(), "cash_fen": amounts.cash,
        "account_fen": amounts.account,
        "package_digest": posted.basis.package_digest,
        "amounts_digest": posted.basis.amounts_digest,
    });
    told(call, "settlement.posted", &posted.id.to_string(), facts)
}

fn told_reversed(call: &Call, posted: &Posted) -> Event {
    let person = posted.evidence.bill.person;
    let (funds, account) = (posted.amounts.funds(), posted.amounts.account);
    let facts = json!({ "person_id": person, "funds_fen": funds, "account_fen": account });
    told(call, "settlement.reversed", &posted.id.to_string(), facts)
}

/// An institution does not reverse what an inspection has corrected: settled anew, it would be paid
/// again.
async fn not_found_against(
    tx: &Tx,
    area: &AreaCode,
    settlements: &[Posted],
    institution: Option<&InstitutionCode>,
) -> Result<(), Stop> {
    let revised = settlements.iter().filter(|posted| posted.revision > 0);
    let revised: Vec<SettlementId> = revised.map(|posted| posted.id).collect();
    if institution.is_none() || revised.is_empty() {
        return Ok(());
    }
    match store::found_against(tx, area, &revised).await? {
        None => Ok(()),
        Some(id) => {
            let no = CORRECTED_BY_FINDING.refuse().at("settlement_id");
            Err(no.with("settlement_id", id).into())
        }
    }
}

fn unknown(id: &str) -> Refusal {
    let no = SETTLEMENT_UNKNOWN.refuse().at("settlement_id");
    no.with("settlement_id", id)
}

/// The institution, if it is known on the day and nobody is suspended, and what was found beside it;
/// `path` is where the institution was named.
fn settling(
    found: Option<(Institution, store::Beside)>,
    (code, day): (&InstitutionCode, Day),
    path: &str,
) -> Result<(Institution, store::Beside), Refusal> {
    let found = found.ok_or_else(|| unknown_institution((code, day)).at(path));
    let (institution, beside) = found?;
    beside.suspended.check()?;
    Ok((institution, beside))
}

fn unknown_institution((code, day): (&InstitutionCode, Day)) -> Refusal {
    let no = INSTITUTION_UNKNOWN.refuse().at("claim.institution_code");
    no.with("institution_code", code).with("day", day)
}

/// Locks a person-year that nobody holds.
async fn lock_year(tx: &Tx, call: &Call, whose: &YearKey) -> Result<PersonYear, Stop> {
    let locked = store::lock_person_year(tx, &call.key.area, whose).await;
    let year = locked.map_err(in_progress)?;
    year.free(call.now)?;
    Ok(year)
}

/// The ledger transactions that take back what these settlements and their revisions moved.
async fn opposites(tx: &Tx, call: &Call, posted: &[Posted]) -> Result<Vec<Transaction>, Stop> {
    let mut ids: Vec<String> = posted.iter().map(|posted| posted.id.to_string()).collect();
    let revised = posted.iter().filter(|posted| posted.revision > 0);
    let revised: Vec<SettlementId> = revised.map(|posted| posted.id).collect();
    if !revised.is_empty() {
        ids.extend(store::standing_revisions(tx, &call.key.area, &revised).await?);
    }
    opposites_of(tx, &call.key.area, ids, call.now).await
}

/// The ledger transactions that take back what these subjects moved.
async fn opposites_of(
    tx: &Tx,
    area: &AreaCode,
    subjects: Vec<String>,
    now: Instant,
) -> Result<Vec<Transaction>, Stop> {
    let mut moved = store::postings_of(tx, area, &subjects).await?;
    let opposite = |subject: String| {
        let postings = moved.remove(&subject).unwrap_or_default();
        Transaction::reversal(new_id(now).to_string(), subject, postings)
    };
    Ok(subjects.into_iter().map(opposite).collect())
}

fn evidence(
    order: &Order,
    bill: &Bill,
    terms: &Terms,
    (year, earlier): (&PersonYear, &EarlierYears),
    (stay, accounts): (Option<SoFar>, Option<Offered>),
) -> Result<Evidence, Refusal> {
    let (member, institution) = (order.member.clone(), &terms.institution);
    Ok(Evidence {
        bill: bill.clone(),
        member: member.ok_or_else(|| kernel::refusal::invalid("member", "必填"))?,
        findings: order.findings.clone(),
        tier: institution.tier.clone(),
        kind: institution.kind.clone(),
        place: institution.place,
        contracted: institution.contracted,
        accumulators: year.accumulators.clone(),
        stay,
        accounts,
        past: earlier.by(&terms.package),
    })
}

/// Of these settlements, which could not all be inserted, the first whose visit or bill is settled
/// already, and the settlement that stands: which may be one of them.
async fn settled_already(tx: &Tx, area: &AreaCode, posted: &[Posted]) -> Stop {
    let bills: Vec<&Bill> = posted.iter().map(|posted| &posted.evidence.bill).collect();
    let taken = match store::taken(tx, area, &bills).await {
        Ok(taken) => taken,
        Err(stop) => return stop,
    };
    let own = |posted: &Posted, taken: &Taken| taken.id == posted.id.to_string();
    let no = |posted: &Posted| {
        let others = taken.iter().filter(|taken| !own(posted, taken));
        Taken::refuse(&posted.evidence.bill, others)
    };
    match posted.iter().find_map(no) {
        Some(no) => no.into(),
        // It was reversed a moment ago: asked again, the claim is settled.
        None => CLAIM_IN_PROGRESS.refuse().into(),
    }
}

/// Waiting in vain for the person-year has a name of its own.
fn in_progress(stop: Stop) -> Stop {
    if lock_timed_out(&stop) {
        CLAIM_IN_PROGRESS.refuse().into()
    } else {
        stop
    }
}

/// Splits off the row read beyond a page of rows in the order of their ids, and gives the token of
/// the next.
fn page_of<T>(rows: Vec<T>, size: u64, id: impl Fn(&T) -> String) -> (Vec<T>, String) {
    let rows = rows.into_iter().map(|row| (id(&row), row)).collect();
    let (rows, next) = page::cut(rows, size, |(id, _): &(String, T)| id);
    (rows.into_iter().map(|(_, row)| row).collect(), next)
}
