//! What must hold in the end: the tills' record, the tables and the services' own words, each
//! against the others. One function for each sentence.

use super::books::{Books, Settled, Word};
use super::kinds::{Effect, named};
use super::ledger::{balanced, counted, events, folded, posted};
use super::record::{Answer, Entries, Entry, Made};
use kernel::refusal::INTERNAL;
use prost::Message;
use proto::common::outcome::State;
use proto::orchestrator::SettleRequest;
use std::collections::{BTreeMap, BTreeSet};

/// A no that has no refusal of its own: the key was burned.
pub const WITHDRAWN: &str = "REQUEST_WITHDRAWN";

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
    ("a request was only ever told one answer", one_answer),
    ("every refusal is one that its request may meet", expected),
    ("nobody was answered that the suite itself failed", explained),
    ("a settlement that had a quote costs what was quoted", quoted),
    ("GetOutcome says what the till was told", outcomes),
    ("GetSettlement shows the amounts the till was told", shown),
    ("every acknowledged settlement is there once, with its amounts", present),
    ("nothing is there that nobody was told of", told),
    ("nothing refused is there", refused),
    ("a settlement is reversed if and only if a till was told so, once", reversed),
    ("every key says what the till was told", keys),
    ("every transaction of the ledger sums to zero, and so does all of it", balanced),
    ("every settlement is in the ledger once, and its reversal once", posted),
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
    /// Requests that took effect so, with what they made.
    fn made(&self, effect: Effect) -> impl Iterator<Item = (&Entry, &Made)> {
        let of_effect = move |entry: &&Entry| {
            named(&entry.order.kind).is_some_and(|kind| kind.effect == effect)
        };
        let entries = self.entries.values().filter(of_effect);
        entries.filter_map(|entry| Some((entry, entry.made()?)))
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
        let same = |other: &Answer| match (entry.answer(), other) {
            (Some(Answer::No(one)), Answer::No(two)) => {
                one == two || one == WITHDRAWN || two == WITHDRAWN
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
        look.at(entry.answers.iter().all(may), || {
            format!("{} ({}): {:?}", entry.order.id, kind.name, entry.answers)
        });
    }
}

fn explained(evidence: &Evidence, look: &mut Look) {
    for entry in evidence.entries.values() {
        let internal = entry
            .silences
            .iter()
            .filter(|code| *code == INTERNAL.code)
            .count();
        look.at(internal == 0, || {
            format!("{}: {internal} times", entry.order.id)
        });
    }
}

fn quoted(evidence: &Evidence, look: &mut Look) {
    for (entry, made) in evidence.made(Effect::Settles) {
        let Some(basis) = settle_request(entry).and_then(|request| request.basis) else {
            continue;
        };
        let quoted = (basis.funds_fen, basis.cash_fen, &basis.amounts_digest);
        let settled = (made.funds_fen, made.cash_fen, &made.digest);
        look.at(quoted == settled, || {
            format!("{}: quoted {quoted:?}, settled {settled:?}", entry.order.id)
        });
    }
}

fn settle_request(entry: &Entry) -> Option<SettleRequest> {
    named(&entry.order.kind).filter(|kind| kind.effect == Effect::Settles)?;
    let message = hex::decode(&entry.order.message).ok()?;
    SettleRequest::decode(&*message).ok()
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
                (Some(Answer::Yes(made)), State::Done) => made.subject == outcome.subject_id,
                (Some(Answer::No(no)), State::Refused) => Some(no.as_str()) == code,
                (Some(Answer::No(_)), State::Withdrawn) => true,
                _ => false,
            }
        });
        look.at(agrees, || {
            format!("{id}: told {:?}, and {outcome:?}", entry.answer())
        });
    }
}

fn shown(evidence: &Evidence, look: &mut Look) {
    let Some(words) = &evidence.words else { return };
    let reversed: BTreeSet<_> = evidence
        .made(Effect::Reverses)
        .map(|(_, made)| &made.subject)
        .collect();
    for (entry, made) in evidence.made(Effect::Settles) {
        let id = &entry.order.id;
        let shown = words.get(id).and_then(|word| word.settlement.clone());
        let wanted = Some((made.clone(), reversed.contains(&made.subject)));
        look.at(shown == wanted, || {
            format!("{id}: told {wanted:?}, shown {shown:?}")
        });
    }
}

fn present(evidence: &Evidence, look: &mut Look) {
    let rows = by_id(evidence);
    for (entry, made) in evidence.made(Effect::Settles) {
        let found = rows
            .get(made.subject.as_str())
            .map(Vec::as_slice)
            .unwrap_or_default();
        let told = (made.total_fen, made.funds_fen, made.cash_fen);
        let is_there = match found {
            [row] => told == (row.total_fen, row.funds_fen, row.cash_fen),
            _ => false,
        };
        look.at(is_there, || {
            format!(
                "{}: told {}, {told:?}; found {found:?}",
                entry.order.id, made.subject
            )
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
    let told: BTreeSet<_> = evidence
        .made(Effect::Settles)
        .map(|(_, made)| &made.subject)
        .collect();
    for row in &evidence.books.settled {
        let (id, visit) = (&row.settlement_id, &row.visit_number);
        look.at(told.contains(id), || format!("{id} of visit {visit}"));
    }
}

fn refused(evidence: &Evidence, look: &mut Look) {
    let made: BTreeSet<_> = evidence
        .made(Effect::Settles)
        .map(|(_, made)| &made.subject)
        .collect();
    let mut visits: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in evidence
        .books
        .settled
        .iter()
        .filter(|row| !made.contains(&row.settlement_id))
    {
        visits
            .entry(&row.visit_number)
            .or_default()
            .push(&row.settlement_id);
    }
    for entry in evidence.entries.values() {
        if let Some(Answer::No(code)) = entry.answer()
            && let Some(claim) = settle_request(entry).and_then(|request| request.claim)
        {
            let found = visits.get(claim.visit_number.as_str());
            look.at(found.is_none(), || {
                format!("{} ({code}): {found:?}", entry.order.id)
            });
        }
    }
}

fn reversed(evidence: &Evidence, look: &mut Look) {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, made) in evidence.made(Effect::Reverses) {
        *told.entry(&made.subject).or_default() += 1;
    }
    for row in &evidence.books.settled {
        let times = told.remove(row.settlement_id.as_str()).unwrap_or(0);
        look.at(times == usize::from(row.reversed_at.is_some()), || {
            format!(
                "{}: told {times} times, {:?}",
                row.settlement_id, row.reversed_at
            )
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
        let Some(method) = named(&entry.order.kind).and_then(|kind| kind.pivot) else {
            continue;
        };
        let caller = format!("orchestrator~till-{}", entry.order.till);
        let key = rows.get(&(caller.as_str(), method, entry.order.id.as_str()));
        let agrees = key.is_some_and(|key| match entry.answer() {
            Some(Answer::Yes(made)) => {
                key.state == DONE && key.subject.as_ref() == Some(&made.subject)
            }
            Some(Answer::No(_)) => key.state != DONE,
            None => true,
        });
        look.at(agrees, || {
            format!("{}: {:?}, and {key:?}", entry.order.id, entry.answer())
        });
    }
}
