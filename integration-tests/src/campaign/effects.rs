//! The checks of whole requests: what several services did for one must be all there or all gone.

use super::check::{Evidence, Look, claims, message};
use super::kinds::{Effect, decoded, named};
use super::record::Entry;
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use std::collections::{BTreeMap, BTreeSet};

/// States of a saga's row that are no end, and 5, which is one by hand.
const NO_ENDS: &[i16] = &[0, 4, 5];

/// Holds end with their batch.
pub fn freed(evidence: &Evidence, look: &mut Look) {
    for hold in &evidence.books.holds {
        let ended = hold.posted_at.is_some() != hold.released_at.is_some();
        look.at(ended, || format!("{hold:?}"));
    }
    for year in &evidence.books.years {
        look.at(year.held_by.is_none(), || format!("{year:?}"));
    }
}

/// Every saga came to its end by itself.
pub fn ended(evidence: &Evidence, look: &mut Look) {
    for saga in &evidence.books.sagas {
        look.at(!NO_ENDS.contains(&saga.state), || format!("{saga:?}"));
    }
}

/// 整批结算: all of a batch's claims, or none; and likewise its reversal when it was withdrawn.
pub fn whole(evidence: &Evidence, look: &mut Look) {
    let mut rows: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for row in &evidence.books.settled {
        let of_visit = rows.entry(&row.visit_number).or_default();
        of_visit.push(row.reversed_at.is_some());
    }
    let is_batch = |entry: &&Entry| {
        named(&entry.order.kind).is_some_and(|kind| kind.door.method == Method::SettleTogether)
    };
    for entry in evidence.entries.values().filter(is_batch) {
        let claims = claims(entry);
        let found = claims
            .iter()
            .filter_map(|claim| rows.get(claim.visit_number.as_str()));
        let found: Vec<bool> = found.flatten().copied().collect();
        let all = found.len() == claims.len();
        let gone = found.iter().all(|reversed| *reversed) && (all || found.is_empty());
        let agrees = match entry.stands() {
            Some(_) => all,
            None => gone,
        };
        look.at(agrees, || {
            let answer = entry.answer();
            format!("{}: {answer:?}, reversed {found:?}", entry.order.id)
        });
    }
}

/// 先诊疗后付费: open from the admission on, but while a settlement of the stay stands.
pub fn admitted(evidence: &Evidence, look: &mut Look) {
    let rows = &evidence.books.guarantees;
    let reversed: BTreeMap<&str, Option<i64>> = evidence
        .books
        .settled
        .iter()
        .map(|row| (row.settlement_id.as_str(), row.reversed_at))
        .collect();
    let mut closed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (entry, made) in evidence.standing(Effect::Settles) {
        for (claim, bill) in claims(entry).into_iter().zip(&made.bills) {
            let id = bill.settlement_id.as_str();
            let stands = reversed.get(id).is_some_and(Option::is_none);
            if !claim.guarantee_id.is_empty() && stands {
                closed.entry(claim.guarantee_id).or_default().push(id);
            }
        }
    }
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (_, made) in evidence.standing(Effect::Admits) {
        told.insert(&made.subject);
        let there = rows.iter().any(|row| row.guarantee_id == made.subject);
        look.at(there, || format!("{made:?} is not there"));
    }
    for row in rows {
        let by: &[&str] = closed
            .get(&row.guarantee_id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        // Reversed, it stays closed while another of the person is open.
        let kept_closed = row.settlement_id.as_deref().is_some_and(|id| {
            let until = reversed.get(id).copied().flatten().unwrap_or(0);
            let after = |other: &i64| *other > row.opened_at && *other < until;
            let others = rows.iter().filter(|other| {
                other.person_id == row.person_id && other.guarantee_id != row.guarantee_id
            });
            others
                .map(|other| other.opened_at)
                .any(|opened| after(&opened))
        });
        let agrees = match (by, told.contains(row.guarantee_id.as_str())) {
            ([], true) => row.withdrawn_at.is_none() && (row.closed_at.is_none() || kept_closed),
            ([one], true) => row.settlement_id.as_deref() == Some(*one) && row.closed_at.is_some(),
            ([], false) => row.withdrawn_at.is_some(),
            _ => false,
        };
        look.at(agrees, || format!("{row:?}, settled by {by:?}"));
    }
}

/// 转诊: used by the one stay that stands, settled or admitted.
pub fn used(evidence: &Evidence, look: &mut Look) {
    let reversed: BTreeSet<&str> = evidence
        .books
        .settled
        .iter()
        .filter(|row| row.reversed_at.is_some())
        .map(|row| row.settlement_id.as_str())
        .collect();
    let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (entry, made) in evidence.standing(Effect::Settles) {
        for (claim, bill) in claims(entry).into_iter().zip(&made.bills) {
            if !reversed.contains(bill.settlement_id.as_str()) {
                let visits = by.entry(claim.referral_id).or_default();
                visits.push(claim.visit_number);
            }
        }
    }
    for (entry, _) in evidence.standing(Effect::Admits) {
        let request: pb::AdmitRequest = decoded(&message(entry));
        let admission = request.admission.unwrap_or_default();
        let visits = by.entry(admission.referral_id).or_default();
        visits.push(admission.visit_number);
    }
    for row in &evidence.books.referrals {
        let visits = by.remove(&row.referral_id).unwrap_or_default();
        let agrees = match visits.as_slice() {
            [] => row.used_by.is_none(),
            [one] => row.used_by.is_some() && row.visit_number.as_ref() == Some(one),
            _ => false,
        };
        look.at(agrees, || format!("{row:?}, used by visits {visits:?}"));
    }
}

/// 参保缴费: coverage and subsidy, both or neither.
pub fn enrolled(evidence: &Evidence, look: &mut Look) {
    let books = &evidence.books;
    for entry in evidence.asked(Effect::Enrols) {
        let request: pb::EnrolRequest = decoded(&message(entry));
        let subsidies = books
            .subsidies
            .iter()
            .filter(|row| row.person_id == request.person_id && row.withdrawn_at.is_none());
        let coverages = books
            .coverages
            .iter()
            .filter(|row| row.person_id == request.person_id && row.withdrawn_at.is_none());
        let (subsidies, coverages): (Vec<_>, Vec<_>) = (subsidies.collect(), coverages.collect());
        let agrees = match (entry.stands(), subsidies.as_slice(), coverages.as_slice()) {
            (Some(made), [subsidy], [coverage]) => {
                let told = (&made.subject, made.subsidy_fen);
                told == (&subsidy.subsidy_id, subsidy.subsidy_fen)
                    && subsidy.coverage_id == coverage.coverage_id
            }
            (None, [], []) => true,
            _ => false,
        };
        look.at(agrees, || {
            let answer = entry.answer();
            format!(
                "{}: {answer:?}; {subsidies:?}, {coverages:?}",
                entry.order.id
            )
        });
    }
    let told: BTreeSet<_> = evidence
        .standing(Effect::Enrols)
        .map(|(_, made)| &made.subject)
        .collect();
    for row in &books.subsidies {
        let agrees = told.contains(&row.subsidy_id) == row.withdrawn_at.is_none();
        look.at(agrees, || format!("{row:?}"));
    }
}

/// 暂停联网结算: of an institution also for referrals to it, of a person in settlement alone.
pub fn suspended(evidence: &Evidence, look: &mut Look) {
    let books = &evidence.books;
    for entry in evidence.asked(Effect::Suspends) {
        let request: pb::SuspendOnlineSettlementRequest = decoded(&message(entry));
        let number = &request.decision_number;
        let standing = |rows: &[super::books::Suspension]| {
            let of_it = rows.iter().filter(|row| row.decision_number == *number);
            of_it.filter(|row| row.withdrawn_at.is_none()).count()
        };
        let found = (standing(&books.suspensions), standing(&books.bars));
        let done = usize::from(entry.stands().is_some());
        let barred = if request.person_id.is_empty() {
            done
        } else {
            0
        };
        look.at(found == (done, barred), || {
            let answer = entry.answer();
            format!("{number}: {answer:?}, and {found:?} stand")
        });
    }
}

/// 冲正: whatever a withdrawn request had done is taken back, by whichever service.
pub fn nothing_left(evidence: &Evidence, look: &mut Look) {
    let books = &evidence.books;
    let told: BTreeSet<&str> = evidence
        .standing(Effect::Settles)
        .flat_map(|(_, made)| &made.bills)
        .map(|bill| bill.settlement_id.as_str())
        .collect();
    let withdrawn = evidence
        .entries
        .values()
        .filter(|entry| entry.is_withdrawn());
    for entry in withdrawn {
        let (id, bytes) = (&entry.order.id, message(entry));
        let visits: BTreeSet<String> = claims(entry)
            .into_iter()
            .map(|claim| claim.visit_number)
            .collect();
        let mut left: Vec<String> = Vec::new();
        for row in books.settled.iter().filter(|row| row.reversed_at.is_none()) {
            let settlement = row.settlement_id.as_str();
            let own = entry
                .bills()
                .iter()
                .any(|bill| bill.settlement_id == settlement);
            if own || visits.contains(&row.visit_number) && !told.contains(settlement) {
                left.push(format!("settlement {settlement}"));
            }
        }
        match named(&entry.order.kind).map(|kind| kind.door.effect) {
            Some(Effect::Admits) => {
                let request: pb::AdmitRequest = decoded(&bytes);
                let visit = request.admission.unwrap_or_default().visit_number;
                let stays = books
                    .guarantees
                    .iter()
                    .filter(|row| row.visit_number == visit);
                let open = stays.filter(|row| row.withdrawn_at.is_none());
                left.extend(open.map(|row| format!("guarantee {}", row.guarantee_id)));
            }
            Some(Effect::Enrols) => {
                let request: pb::EnrolRequest = decoded(&bytes);
                let of_person = books
                    .coverages
                    .iter()
                    .filter(|row| row.person_id == request.person_id && row.withdrawn_at.is_none());
                left.extend(of_person.map(|row| format!("coverage {}", row.coverage_id)));
            }
            Some(Effect::Suspends) => {
                let both = books.suspensions.iter().chain(&books.bars);
                let of_it = both.filter(|row| row.decision_number == *id);
                let standing = of_it.filter(|row| row.withdrawn_at.is_none());
                left.extend(standing.map(|row| format!("suspension {}", row.decision_number)));
            }
            _ => {}
        }
        look.at(left.is_empty(), || format!("{id}: {left:?}"));
    }
}
