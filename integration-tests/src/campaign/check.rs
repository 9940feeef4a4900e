//! What must hold in the end: the tills' record, the tables and the services' own words, each
//! against the others. One function for each sentence.

use super::books::{Books, Key, Settled, Word};
use super::effects::{admitted, ended, enrolled, freed, nothing_left, suspended, used, whole};
use super::kinds::{Effect, decoded, named};
use super::ledger::{balanced, counted, events, folded, posted, subsidised};
use super::record::{Answer, Bill, Entries, Entry, Made, WITHDRAWN};
use proto::common::Claim;
use proto::common::outcome::State;
use proto::orchestrator::SettleRequest;
use proto::orchestrator::get_outcome_request::Method;
use std::collections::{BTreeMap, BTreeSet};

/// Refusals that say that the suite itself failed.
const FAILURES: &[&str] = &["INTERNAL", "SAGA_STUCK", "SAGA_ABANDONED"];

/// States of a key row.
const PENDING: i16 = 0;
const DONE: i16 = 1;

/// Everything that is judged.
pub struct Evidence {
    /// The tills' record.
    pub entries: Entries,
    /// The tables.
    pub books: Books,
    /// What the services say; none when they were not asked.
    pub words: Option<BTreeMap<String, Word>>,
}

/// What a check found.
pub struct Finding {
    /// What must hold.
    pub check: &'static str,
    /// At how many things it looked.
    pub looked_at: usize,
    /// What does not hold.
    pub problems: Vec<String>,
}

type Check = (&'static str, fn(&Evidence, &mut Look));

/// Every check.
#[rustfmt::skip]
pub const CHECKS: &[Check] = &[
    ("every request is concluded, without a person", concluded),
    ("a request was only ever told one answer, or that it was withdrawn", one_answer),
    ("every refusal is one that its request may meet", expected),
    ("nobody was answered that the suite itself failed", explained),
    ("a settlement that had a quote costs what was quoted", quoted),
    ("GetOutcome says what the till was told", outcomes),
    ("GetSettlement shows the amounts the till was told", shown),
    ("every acknowledged settlement is there once, with its amounts", present),
    ("nothing is there that nobody was told of", told),
    ("nothing refused is there", refused),
    ("nothing is left of what was withdrawn", nothing_left),
    ("a settlement is reversed if and only if a till was told so, once", reversed),
    ("a batch is settled as a whole or not at all", whole),
    ("no hold is open, and nobody's year is held", freed),
    ("no saga is left running or stuck", ended),
    ("a guarantee is open if and only if its stay was admitted and is not settled", admitted),
    ("a referral is used if and only if what used it stands, and then once", used),
    ("a subsidy and its coverage stand if and only if their enrolment is done", enrolled),
    ("a suspension and its bar stand if and only if their request is done", suspended),
    ("every key says what the till was told", keys),
    ("every transaction of the ledger sums to zero, and so does all of it", balanced),
    ("every settlement is in the ledger once, and its reversal once", posted),
    ("every subsidy is in the ledger once, and its withdrawal once", subsidised),
    ("accumulators are the fold of the standing settlements' deltas", folded),
    ("ordinals have no gap, and versions count every change", counted),
    ("every change has one event, and sealed events have no gap", events),
];

/// Judges.
pub fn judge(evidence: &Evidence) -> Vec<Finding> {
    let judged = CHECKS.iter().map(|(check, look)| {
        let mut found = Look::default();
        look(evidence, &mut found);
        Finding {
            check,
            looked_at: found.looked_at,
            problems: found.problems,
        }
    });
    judged.collect()
}

/// What one check has looked at so far.
#[derive(Default)]
pub struct Look {
    looked_at: usize,
    problems: Vec<String>,
}

impl Look {
    /// Looks at one thing.
    pub(super) fn at(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        self.looked_at += 1;
        if !holds {
            self.problems.push(problem());
        }
    }
}

impl Evidence {
    /// Requests of this effect.
    pub(super) fn asked(&self, effect: Effect) -> impl Iterator<Item = &Entry> {
        let of_effect = move |entry: &&Entry| {
            named(&entry.order.kind).is_some_and(|kind| kind.door.effect == effect)
        };
        self.entries.values().filter(of_effect)
    }

    /// Requests of this effect that stand, with what they made.
    pub(super) fn standing(&self, effect: Effect) -> impl Iterator<Item = (&Entry, &Made)> {
        let entries = self.asked(effect);
        entries.filter_map(|entry| Some((entry, entry.stands()?)))
    }

    /// Every settlement that a till was told of.
    pub(super) fn bills(&self) -> impl Iterator<Item = (&Entry, &Bill)> {
        let entries = self.entries.values();
        entries.flat_map(|entry| entry.bills().iter().map(move |bill| (entry, bill)))
    }

    /// Every settlement that was taken back, by its till or by the reversal of any, as often as it
    /// was told.
    fn taken_back(&self) -> BTreeMap<&str, usize> {
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, made) in self.standing(Effect::Reverses) {
            *times.entry(&made.subject).or_default() += 1;
        }
        for (_, bill) in self.bills().filter(|(entry, _)| entry.is_withdrawn()) {
            *times.entry(&bill.settlement_id).or_default() += 1;
        }
        times
    }

    /// Settlements that no till was told of, but for those that were withdrawn before one heard of
    /// them.
    fn untold(&self) -> Vec<&Settled> {
        let told: BTreeSet<_> = self.bills().map(|(_, bill)| &bill.settlement_id).collect();
        let withdrawn = self.entries.values().filter(|entry| entry.is_withdrawn());
        let gone: BTreeSet<_> = withdrawn
            .flat_map(claims)
            .map(|claim| claim.visit_number)
            .collect();
        let taken_back =
            |row: &Settled| row.reversed_at.is_some() && gone.contains(&row.visit_number);
        let rows = self.books.settled.iter();
        rows.filter(|row| !told.contains(&row.settlement_id) && !taken_back(row))
            .collect()
    }
}

/// The claims of a request.
pub(super) fn claims(entry: &Entry) -> Vec<Claim> {
    let Some(kind) = named(&entry.order.kind) else {
        return Vec::new();
    };
    (kind.door.claims)(&message(entry))
}

/// A request as it went over the wire.
pub(super) fn message(entry: &Entry) -> Vec<u8> {
    hex::decode(&entry.order.message).unwrap_or_default()
}

/// Hears out whoever was told that it stands while an earlier withdrawal may still have been on its
/// way: what GetOutcome says in the end is the last word.
pub fn hear_out(entries: &mut Entries, words: &BTreeMap<String, Word>) {
    for entry in entries.values_mut().filter(|entry| entry.wavers()) {
        let outcome = words
            .get(&entry.order.id)
            .and_then(|word| word.outcome.as_ref());
        if outcome.is_some_and(|outcome| outcome.state() == State::Withdrawn) {
            entry.answers.push(Answer::No(WITHDRAWN.into()));
        }
    }
}

fn concluded(evidence: &Evidence, look: &mut Look) {
    for entry in evidence.entries.values() {
        let id = &entry.order.id;
        look.at(entry.answer().is_some(), || {
            format!("{id} is in doubt: {:?}", entry.silences.last())
        });
    }
}

fn one_answer(evidence: &Evidence, look: &mut Look) {
    for entry in evidence.entries.values() {
        let withdrawn = |no: &str| no == WITHDRAWN;
        let same = |other: &Answer| match (entry.answers.first(), other) {
            (Some(Answer::No(one)), Answer::No(two)) => {
                one == two || withdrawn(one) || withdrawn(two)
            }
            (Some(Answer::Yes(_)), Answer::No(no)) | (Some(Answer::No(no)), Answer::Yes(_)) => {
                withdrawn(no) && entry.is_withdrawn()
            }
            (one, two) => one == Some(two),
        };
        look.at(entry.answers.iter().all(same), || {
            format!("{}: {:?}", entry.order.id, entry.answers)
        });
    }
}

fn expected(evidence: &Evidence, look: &mut Look) {
    for entry in evidence.entries.values() {
        let Some(kind) = named(&entry.order.kind) else {
            continue;
        };
        let may = |answer: &Answer| match answer {
            Answer::Yes(_) => kind.may_succeed,
            Answer::No(code) => kind.may_meet.contains(&code.as_str()) || code == WITHDRAWN,
        };
        let may_stand = |code: &String| kind.door.may_stand.contains(&code.as_str());
        let may_all = entry.answers.iter().all(may) && entry.stood.iter().all(may_stand);
        look.at(may_all, || {
            let (id, stood) = (&entry.order.id, &entry.stood);
            format!("{id} ({}): {:?}, {stood:?}", kind.name, entry.answers)
        });
    }
}

fn explained(evidence: &Evidence, look: &mut Look) {
    for entry in evidence.entries.values() {
        let failed = |code: &&String| FAILURES.contains(&code.as_str());
        let failures: Vec<_> = entry.silences.iter().filter(failed).collect();
        look.at(failures.is_empty(), || {
            format!("{}: {failures:?}", entry.order.id)
        });
    }
}

fn quoted(evidence: &Evidence, look: &mut Look) {
    for (entry, bill) in evidence.bills() {
        if named(&entry.order.kind).is_none_or(|kind| kind.door.method != Method::Settle) {
            continue;
        }
        let request: SettleRequest = decoded(&message(entry));
        let Some(basis) = request.basis else {
            continue;
        };
        let quoted = (basis.funds_fen, basis.cash_fen, &basis.amounts_digest);
        let settled = (bill.funds_fen, bill.cash_fen, &bill.digest);
        look.at(quoted == settled, || {
            format!("{}: quoted {quoted:?}, settled {settled:?}", entry.order.id)
        });
    }
}

fn outcomes(evidence: &Evidence, look: &mut Look) {
    let Some(words) = &evidence.words else { return };
    for entry in evidence.entries.values() {
        let id = &entry.order.id;
        let outcome = words.get(id).and_then(|word| word.outcome.clone());
        let agrees = outcome.as_ref().is_some_and(|outcome| {
            let code = outcome
                .refused
                .as_ref()
                .map(|refused| refused.code.as_str());
            match (entry.answer(), outcome.state()) {
                (Some(Answer::Yes(made)), State::Done) => names(made, &outcome.subject_id),
                // Burned before it was refused, and refused for good when it was asked again.
                (Some(Answer::No(no)), State::Refused) => {
                    Some(no.as_str()) == code || no == WITHDRAWN && !entry.is_withdrawn()
                }
                (Some(Answer::No(no)), State::Withdrawn) => no == WITHDRAWN,
                _ => false,
            }
        });
        look.at(agrees, || {
            format!("{id}: told {:?}, and {outcome:?}", entry.answer())
        });
    }
}

/// True when this is what was made: of a batch, one of its settlements stands for all.
fn names(made: &Made, id: &str) -> bool {
    made.subject == id || made.bills.iter().any(|bill| bill.settlement_id == id)
}

fn shown(evidence: &Evidence, look: &mut Look) {
    let Some(words) = &evidence.words else { return };
    let reversed = evidence.taken_back();
    for entry in evidence.asked(Effect::Settles) {
        let id = &entry.order.id;
        let shown = words.get(id).map(|word| word.settlements.clone());
        let is_reversed = |bill: &Bill| reversed.contains_key(bill.settlement_id.as_str());
        let told = entry.bills().iter();
        let wanted: Vec<_> = told.map(|bill| (bill.clone(), is_reversed(bill))).collect();
        look.at(shown.as_ref() == Some(&wanted), || {
            format!("{id}: told {wanted:?}, shown {shown:?}")
        });
    }
}

fn present(evidence: &Evidence, look: &mut Look) {
    let rows = by_id(evidence);
    for (entry, bill) in evidence.bills() {
        let id = bill.settlement_id.as_str();
        let found = rows.get(id).map(Vec::as_slice).unwrap_or_default();
        let told = (bill.total_fen, bill.funds_fen, bill.cash_fen);
        let is_there = match found {
            [row] => told == (row.total_fen, row.funds_fen, row.cash_fen),
            _ => false,
        };
        look.at(is_there, || {
            format!("{}: told {id}, {told:?}; found {found:?}", entry.order.id)
        });
    }
}

fn by_id(evidence: &Evidence) -> BTreeMap<&str, Vec<&Settled>> {
    let mut rows: BTreeMap<&str, Vec<&Settled>> = BTreeMap::new();
    for row in &evidence.books.settled {
        rows.entry(row.settlement_id.as_str())
            .or_default()
            .push(row);
    }
    rows
}

fn told(evidence: &Evidence, look: &mut Look) {
    let untold: BTreeSet<_> = evidence
        .untold()
        .iter()
        .map(|row| row.settlement_id.as_str())
        .collect();
    for row in &evidence.books.settled {
        let (id, visit) = (row.settlement_id.as_str(), &row.visit_number);
        look.at(!untold.contains(id), || format!("{id} of visit {visit}"));
    }
}

fn refused(evidence: &Evidence, look: &mut Look) {
    let mut visits: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in evidence.untold() {
        let of_visit = visits.entry(&row.visit_number).or_default();
        of_visit.push(&row.settlement_id);
    }
    for entry in evidence.entries.values() {
        if let Some(Answer::No(code)) = entry.answer() {
            for claim in claims(entry) {
                let found = visits.get(claim.visit_number.as_str());
                look.at(found.is_none(), || {
                    format!("{} ({code}): {found:?}", entry.order.id)
                });
            }
        }
    }
}

fn reversed(evidence: &Evidence, look: &mut Look) {
    let mut told = evidence.taken_back();
    let bills: BTreeSet<_> = evidence
        .bills()
        .map(|(_, bill)| bill.settlement_id.as_str())
        .collect();
    for row in &evidence.books.settled {
        let id = row.settlement_id.as_str();
        let times = told.remove(id).unwrap_or(0);
        // What nobody was told of is another check's matter.
        let agrees = times == usize::from(row.reversed_at.is_some()) || !bills.contains(id);
        look.at(agrees, || {
            format!("{id}: told {times} times, {:?}", row.reversed_at)
        });
    }
    for (id, _) in told {
        look.at(false, || {
            format!("{id}: told to be reversed, and not there")
        });
    }
}

fn keys(evidence: &Evidence, look: &mut Look) {
    let mut rows = BTreeMap::new();
    for key in &evidence.books.keys {
        look.at(key.state != PENDING, || {
            format!("{key:?} was never concluded")
        });
        rows.insert(
            (
                key.caller.as_str(),
                key.method.as_str(),
                key.request_id.as_str(),
            ),
            key,
        );
    }
    for entry in evidence.entries.values() {
        let Some(kind) = named(&entry.order.kind) else {
            continue;
        };
        let caller = format!("orchestrator~till-{}", entry.order.till);
        let id = (caller.as_str(), kind.door.pivot, entry.order.id.as_str());
        let key = rows.get(&id);
        // A key at settlement knows a batch by an id of its own.
        let names = |key: &Key, made: &Made| {
            kind.door.method == Method::SettleTogether
                || key.subject.as_ref() == Some(&made.subject)
        };
        // What was reversed or cancelled because it was withdrawn had been done.
        let is_reversible = matches!(
            kind.door.effect,
            Effect::Settles | Effect::Admits | Effect::Enrols
        );
        let may_be_done = entry.is_withdrawn() && is_reversible;
        let agrees = key.is_some_and(|key| match entry.answer() {
            Some(Answer::Yes(made)) => key.state == DONE && names(key, made),
            Some(Answer::No(_)) => key.state != DONE || may_be_done,
            None => true,
        });
        look.at(agrees, || {
            format!("{}: {:?}, and {key:?}", entry.order.id, entry.answer())
        });
    }
}
