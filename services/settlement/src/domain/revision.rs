//! 差额结算: settlements priced again after they were posted, and what that moves: pure.
//!
//! Refunds by line (部分退费), facts and third parties that became known late, and findings of an
//! inspection are one thing: other evidence for a settlement that stands. It is priced by the package,
//! the catalogue and the institution it was priced by first, and only the difference moves. What was
//! decided:
//!
//! - The accumulators before the first settlement of a chain are those of the year less the deltas of
//!   it and of all later ones. What stands in its own evidence may be older: a settlement whose amounts
//!   an earlier revision left as they were has no revision of its own.
//! - A settlement is revised when its amounts or its deltas differ. Facts that change neither are not
//!   kept; they may be asked for again at any time.
//! - Each settlement of a chain must first come to what was stored, so that a difference is always that
//!   of the cause.
//! - A refund moves what the institution is owed. Later settlements are moved by their place in the
//!   year alone, which no institution answers for: their difference is the person's.
//! - What a person is owed or owes is what they pay less or more in cash: what a personal account pays
//!   less or more moves the account, as [`super::account`] says. A part that the hospital bears stays
//!   between fund and hospital, and is a row of the hospital's books.
//! - A later part of the same stay sees what an earlier one is charged now. A part in another year is
//!   left as it was settled. A refund by line is refused while a later part stands.
//! - A third party that became known later has paid the person: what the funds paid too much for it is
//!   the person's to repay.
//! - A finding that is recovered from the institution leaves the denied part in the settlement's cash,
//!   as the package says; the revision's payee says that the institution repays it, and may not ask the
//!   patient for it.

mod stays;

use self::stays::Stays;
use super::{
    Accounts, BillLine, Drawn, Effect, Evidence, Finding, Member, Offered, PastYears, PersonYear,
    Posted, Priced, offered_again, price,
};
use crate::catalogue::Catalogue;
use crate::refusal::{
    LINE_NOT_BILLED, MORE_THAN_BILLED, NOTHING_LEFT, NOTHING_TO_REVISE, PREVIEW_CHANGED,
    REPLAY_DIFFERS,
};
use kernel::refusal::INTERNAL;
use kernel::{
    CorrectionId, Day, Digest, Digester, Fen, Instant, Quantity, Refusal, RevisionId, SettlementId,
};
use policy::{Accumulators, Package, Settlement, ThirdParty};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Settlements of one chain at most.
pub const CHAIN_MAX: usize = 500;

/// Why settlements are revised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// 部分退费.
    RefundLines,
    /// 待遇追溯: what enrollment learnt late.
    LateFact,
    /// 核查: an inspection found something.
    Finding,
    /// 第三方责任: a third party was found, or paid, later.
    ThirdParty,
}

impl Cause {
    /// Its name in the store and in events.
    pub fn name(self) -> &'static str {
        match self {
            Cause::RefundLines => "refund_lines",
            Cause::LateFact => "late_fact",
            Cause::Finding => "finding",
            Cause::ThirdParty => "third_party",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Cause> {
        use Cause::{Finding, LateFact, RefundLines, ThirdParty};
        let all = [RefundLines, LateFact, Finding, ThirdParty];
        all.into_iter().find(|cause| cause.name() == name)
    }
}

/// Who is owed, or owes, the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payee {
    /// The settlement's institution.
    Institution,
    /// The person.
    Person,
}

impl Payee {
    /// Its name in the store and in events.
    pub fn name(self) -> &'static str {
        match self {
            Payee::Institution => "institution",
            Payee::Person => "person",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Payee> {
        let all = [Payee::Institution, Payee::Person];
        all.into_iter().find(|payee| payee.name() == name)
    }
}

/// A revision as it is stored.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its id, and that of what it moves.
    pub id: RevisionId,
    /// Of which settlement.
    pub settlement: SettlementId,
    /// Its number among the settlement's, from 1.
    pub number: i64,
    /// The number of the revision that it takes the place of; 0 for the settlement as posted.
    pub replaces: i64,
    /// With which others it was posted, and its place among them, from 1.
    pub correction: (CorrectionId, i32),
    /// The version and the newest ordinal of the person-year once it was posted.
    pub year: (i64, i64),
    /// Why.
    pub cause: Cause,
    /// Whose the difference is.
    pub payee: Payee,
    /// 医院负担: what the institution is owed more though the difference is the person's.
    pub hospital_moved: Fen,
    /// What it moves without a second person having agreed; nothing where one had, or none is asked.
    pub moved_alone: Option<Fen>,
    /// Why, in words.
    pub reason: String,
    /// 案号, 文书号: the case that a finding is of, or the document that tells of a third party; empty
    /// when none.
    pub case_reference: String,
    /// What it rests on.
    pub evidence: Evidence,
    /// Package, catalogue, versions, totals.
    pub basis: super::Basis,
    /// What the settlement comes to by it.
    pub amounts: Settlement,
    /// When it was posted.
    pub posted_at: Instant,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Instant>,
}

/// 退费明细: how much of a line is refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundedLine {
    /// The line's number in the bill.
    pub number: u32,
    /// How much of it; nothing for the whole line.
    pub quantity: Option<Quantity>,
}

/// A line that a finding denies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The line's number in the bill.
    pub number: u32,
    /// The rule.
    pub rule: String,
    /// What was found, in Chinese.
    pub sentence: String,
}

/// What is otherwise than a settlement was posted with.
#[derive(Clone, Debug)]
pub enum Amendment {
    /// Only these lines are left of the settlement's bill.
    Bill(SettlementId, Vec<BillLine>),
    /// The person, by the day the answer is about, and what earlier years come to now.
    Members(BTreeMap<Day, Member>, Vec<(i32, PersonYear)>),
    /// These lines of the settlement's bill are denied.
    Denied(SettlementId, Vec<Finding>),
    /// Another third party answers for the settlement's bill, or none.
    ThirdParty(SettlementId, Option<ThirdParty>),
}

impl Amendment {
    /// The settlement that it is about; none when it is about all of a year.
    fn target(&self) -> Option<SettlementId> {
        match self {
            Amendment::Bill(id, _) | Amendment::Denied(id, _) | Amendment::ThirdParty(id, _) => {
                Some(*id)
            }
            Amendment::Members(..) => None,
        }
    }

    fn evidence(&self, of: &Posted, package: &Package) -> Result<Evidence, Refusal> {
        let mut evidence = of.evidence.clone();
        match self {
            Amendment::Bill(id, lines) if *id == of.id => {
                evidence.bill.lines.clone_from(lines);
            }
            Amendment::Denied(id, findings) if *id == of.id => {
                evidence.findings.extend(findings.iter().cloned());
            }
            Amendment::ThirdParty(id, party) if *id == of.id => {
                evidence.bill.third_party = *party;
            }
            Amendment::Bill(..) | Amendment::Denied(..) | Amendment::ThirdParty(..) => {}
            Amendment::Members(members, earlier) => {
                // Posted since the days were asked for: so is the preview of another year.
                let member = members.get(&evidence.bill.end);
                let member = member.ok_or_else(|| PREVIEW_CHANGED.refuse())?.clone();
                evidence.member = as_filed(of, member)?;
                evidence.past = PastYears::by(package, earlier);
            }
        }
        Ok(evidence)
    }
}

/// The person as known now, held against the settlement's bill as when it was settled: a filing that
/// is gone since is for the bureau to weigh, by reversing the settlement or filing anew. Nobody was
/// asked about filings when the oldest were settled.
fn as_filed(of: &Posted, member: Member) -> Result<Member, Refusal> {
    let Evidence {
        bill,
        member: before,
        ..
    } = &of.evidence;
    if before.filed_diseases.is_none() {
        let filed_diseases = None;
        return Ok(Member {
            filed_diseases,
            ..member
        });
    }
    match bill.is_filed(&member) {
        Ok(()) => Ok(member),
        // No filing was asked for, since no fund paid: without one none pays now, and the rest of the
        // year is not kept waiting for it.
        Err(_) if !before.eligible => Ok(before.clone()),
        Err(mut no) => {
            // What was asked is about a year, and names no claim.
            no.field = None;
            Err(no.with("settlement_id", of.id))
        }
    }
}

/// A standing settlement with what it was priced by.
pub struct Link {
    /// The settlement as it stands.
    pub posted: Posted,
    /// Its package.
    pub package: Arc<Package>,
    /// Its catalogue.
    pub catalogue: Arc<Catalogue>,
}

impl Link {
    fn price(&self, evidence: &Evidence, version: i64) -> Result<Priced, Refusal> {
        price(&self.package, &self.catalogue, evidence, version)
    }

    /// The price as it was stored, with its reasons.
    fn again(&self) -> Result<Priced, Refusal> {
        let Posted {
            evidence, basis, ..
        } = &self.posted;
        let again = self.price(evidence, basis.accumulator_version)?;
        match again.basis == *basis {
            true => Ok(again),
            false => Err(REPLAY_DIFFERS
                .refuse()
                .with("settlement_id", self.posted.id)),
        }
    }
}

/// A settlement that comes to something else.
#[derive(Clone, Debug)]
pub struct Revised {
    /// As it stands.
    pub before: Posted,
    /// What it comes to as it stands, with the reasons.
    pub was: Settlement,
    /// What it rests on now.
    pub evidence: Evidence,
    /// Package, catalogue, versions, totals.
    pub basis: super::Basis,
    /// What it comes to now, with the reasons.
    pub settlement: Settlement,
}

impl Revised {
    /// What it draws from accounts now.
    pub fn drawn(&self) -> Vec<Drawn> {
        let offered = self.evidence.accounts.as_ref();
        offered.map_or_else(Vec::new, |offered| offered.drawn(&self.settlement))
    }

    /// 医院负担: what the institution is owed more, when the difference is the person's: it bears that
    /// much less. A bill that the patient has paid (零星报销) is in no institution's books.
    pub fn hospital_moved(&self, payee: Payee) -> Fen {
        match (payee, self.evidence.bill.reimbursement) {
            (Payee::Person, None) => self.before.amounts.hospital - self.settlement.hospital,
            _ => Fen::ZERO,
        }
    }
}

/// The accumulators before the first of these: all that stand from one place in the year on.
pub fn accumulators_before<'a>(
    year: &PersonYear,
    standing: impl IntoIterator<Item = &'a Posted>,
) -> Accumulators {
    let less = |left: Accumulators, one: &Posted| left.minus(&one.amounts.deltas);
    standing.into_iter().fold(year.accumulators.clone(), less)
}

/// Prices settlements of a year, which follow each other, again; those that come to the same are not
/// among the answers, unless the amendment is about them. The accounts are moved with them.
pub fn chain(
    before: Accumulators,
    year_version: i64,
    links: &[Link],
    amendment: &Amendment,
    accounts: &mut Accounts,
) -> Result<Vec<Revised>, Refusal> {
    let (mut carried, mut revised) = (before, Vec::new());
    let mut stays = Stays::default();
    for link in links {
        let (posted, was) = (&link.posted, link.again()?);
        let mut evidence = amendment.evidence(posted, &link.package)?;
        evidence.accumulators = carried.clone();
        stays.carry(&mut evidence);
        let again = |offered: Option<&Offered>| {
            let evidence = Evidence {
                accounts: offered.cloned(),
                ..evidence.clone()
            };
            let now = link.price(&evidence, year_version)?;
            let amounts = now.settlement.clone();
            Ok(((evidence, now), amounts))
        };
        let ((evidence, now), _) = offered_again(posted, accounts, again)?;
        carried = carried.plus(&now.settlement.deltas);
        stays.see(posted, &evidence, &was.settlement, &now.settlement);
        // What a part rests on is kept also where it moves nothing: the next correction begins with it.
        let same = comes_to_the_same(&was.settlement, &now.settlement)
            && evidence.stay == posted.evidence.stay;
        if same && amendment.target() != Some(posted.id) {
            continue;
        }
        revised.push(Revised {
            before: posted.clone(),
            was: was.settlement,
            evidence,
            basis: now.basis,
            settlement: now.settlement,
        });
    }
    Ok(revised)
}

/// Amounts, shares and deltas alone: reasons and remarks follow facts that need not move anything.
pub fn comes_to_the_same(one: &Settlement, other: &Settlement) -> bool {
    one.totals() == other.totals()
        && (one.deductible, one.account_shared, one.balance)
            == (other.deductible, other.account_shared, other.balance)
        && one.account_left == other.account_left
        && one.shares == other.shares
        && one.deltas == other.deltas
}

/// What is left of a bill's lines when these are refunded.
pub fn left(
    id: SettlementId,
    lines: &[BillLine],
    refunded: &[RefundedLine],
) -> Result<Vec<BillLine>, Refusal> {
    let mut left = lines.to_vec();
    for (index, refund) in refunded.iter().enumerate() {
        let place = left.iter().position(|line| line.number == refund.number);
        let billed = place.and_then(|place| left.get_mut(place).map(|line| (place, line)));
        let Some((place, line)) = billed else {
            return Err(unknown_line(id, index, refund.number));
        };
        let quantity = refund.quantity.unwrap_or(line.quantity);
        let rest = Quantity(line.quantity.0 - quantity.0);
        if rest.0 < 0 {
            let no = MORE_THAN_BILLED.refuse().with("line", line.number);
            let no = no.with("left", line.quantity).with("asked", quantity);
            return Err(no.at(format!("lines[{index}].quantity_e4")));
        }
        if rest.0 == 0 {
            left.remove(place);
            continue;
        }
        line.quantity = rest;
        line.amount = line
            .unit_price
            .times(rest)
            .ok_or_else(|| INTERNAL.refuse())?;
    }
    match left.is_empty() {
        true => Err(NOTHING_LEFT.refuse().with("settlement_id", id).at("lines")),
        false => Ok(left),
    }
}

fn unknown_line(id: SettlementId, index: usize, number: u32) -> Refusal {
    let no = LINE_NOT_BILLED.refuse().with("settlement_id", id);
    no.with("line", number).at(format!("lines[{index}].number"))
}

impl Denied {
    /// The findings that these add to a settlement's own; none when every line is denied already.
    pub fn findings(denied: &[Denied], posted: &Posted) -> Result<Vec<Finding>, Refusal> {
        let evidence = &posted.evidence;
        let before = evidence.findings.iter();
        let before = before.filter(|finding| finding.effect == Effect::DenyLine);
        let before: BTreeSet<u32> = before.map(|finding| finding.line).collect();
        let mut findings = Vec::new();
        for (index, one) in denied.iter().enumerate() {
            let mut lines = evidence.bill.lines.iter();
            if !lines.any(|line| line.number == one.number) {
                return Err(unknown_line(posted.id, index, one.number));
            }
            if !before.contains(&one.number) {
                findings.push(Finding {
                    rule: one.rule.clone(),
                    effect: Effect::DenyLine,
                    line: one.number,
                    sentence: one.sentence.clone(),
                    other: None,
                });
            }
        }
        match findings.is_empty() {
            true => Err(NOTHING_TO_REVISE.refuse()),
            false => Ok(findings),
        }
    }
}

/// Whether another third party would be anything new to a settlement: the same one was answered before.
pub fn is_news(of: &Posted, party: Option<ThirdParty>) -> Result<(), Refusal> {
    match of.evidence.bill.third_party == party {
        true => Err(NOTHING_TO_REVISE.refuse()),
        false => Ok(()),
    }
}

/// A digest over all that a chain would move: equal digests, equal money.
pub fn preview_digest(revised: &[Revised]) -> Digest {
    let mut digester = Digester::new();
    for one in revised {
        digester.part(one.before.id.to_string().as_bytes());
        digester.number(one.before.revision);
        digester.part(one.before.basis.amounts_digest.as_bytes());
        digester.part(one.basis.amounts_digest.as_bytes());
    }
    digester.finish()
}

#[cfg(test)]
mod tests;
