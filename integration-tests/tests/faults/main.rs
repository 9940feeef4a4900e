//! The sagas on every schedule of up to two faults between the orchestrator and the real services:
//! calls lost, answers lost, calls that arrive late. Whatever was lost, a request takes effect once
//! or, after a definite no, never; what was answered is never contradicted; and the books say so.
//! And a test of that test: callers and a saga that break the rules are caught by the same checks.

mod books;
mod script;
mod stage;

use runtime::fault::Fate;
use script::{Place, Schedule};
use stage::{Arrival, Flaw, Known, Mood, Play, Stage, Work};

/// The ways in which a call fails.
const FATES: [Fate; 3] = [Fate::LoseCall, Fate::LoseAnswer, Fate::Late];
/// Faults in one schedule.
const FAULTS_MAX: usize = 2;
/// The times a method's call may fail in one schedule: on a slow machine sagas ask more often.
const CALLS_MAX: usize = 4;

/// What exploring came to.
#[derive(Default)]
struct Report {
    /// The methods called where nothing fails.
    methods: Vec<String>,
    /// The schedules played.
    schedules: Vec<Schedule>,
    /// What was wrong, and under which schedule.
    broken: Vec<String>,
}

/// Plays every schedule of up to `faults_max` faults. The calls that may fail are those that were
/// seen: at first in the schedule without faults, then after each fault those that it led to.
async fn explore(play: Play, faults_max: usize) -> Report {
    let stage = Stage::open(play.flaw).await;
    let (mut report, mut known) = (Report::default(), Vec::new());
    let mut waiting = vec![Schedule::new()];
    while let Some(schedule) = waiting.pop() {
        let (calls, end) = stage.play(play, &schedule).await;
        match end {
            Ok(end) => known.push(end),
            Err(wrong) => report.broken.push(format!("{schedule:?}: {wrong}")),
        }
        if schedule.is_empty() {
            let first = calls.iter().filter(|(_, count)| *count == 1);
            report.methods = first.map(|(method, _)| method.clone()).collect();
        }
        if schedule.len() < faults_max {
            waiting.extend(with_one_more(&schedule, &calls));
        }
        report.schedules.push(schedule);
        waiting.retain(|next| !report.schedules.contains(next) && matters(play, next));
    }
    // However much happened since: what was known is still so.
    for Known { job, id, outcome } in known {
        let now = stage.outcome(&job, &id).await;
        if now != outcome {
            report.broken.push(format!("{outcome:?} became {now:?}"));
        }
    }
    println!("{play:?}: {} schedules", report.schedules.len());
    report
}

/// The schedule with one more of its calls failing, in every way.
fn with_one_more(schedule: &Schedule, calls: &[Place]) -> Vec<Schedule> {
    let fails = |place: &Place| schedule.iter().any(|(at, _)| at == place);
    let free = calls
        .iter()
        .filter(|place| place.1 <= CALLS_MAX && !fails(place));
    let next = |place: &Place, fate| {
        let mut next = schedule.clone();
        next.push((place.clone(), fate));
        next.sort_by(|(one, _), (other, _)| one.cmp(other));
        next
    };
    free.flat_map(|place| FATES.map(|fate| next(place, fate)))
        .collect()
}

/// Where nothing is late, it does not matter when late calls arrive; only what a first fault leads
/// to must be seen.
fn matters(play: Play, schedule: &Schedule) -> bool {
    let late = schedule.iter().any(|(_, fate)| *fate == Fate::Late);
    late || schedule.len() < FAULTS_MAX || play.arrival == Arrival::AfterAnswer
}

/// Explores, and nothing may be wrong.
async fn holds(work: Work, mood: Mood, arrival: Arrival) -> Report {
    let play = Play {
        work,
        mood,
        arrival,
        flaw: Flaw::None,
    };
    let report = explore(play, FAULTS_MAX).await;
    let broken = &report.broken;
    assert!(
        broken.is_empty(),
        "{} wrong\n{}",
        broken.len(),
        broken.join("\n")
    );
    report
}

/// Whether the saga asks its peers again or the caller asks the saga, and whenever late calls come.
async fn holds_in_every_mood(work: Work, calls: &[&str]) {
    let report = holds(work, Mood::Patient, Arrival::AfterAnswer).await;
    assert_eq!(report.methods, calls);
    // Each call alone in each way, and each pair.
    let (ways, calls) = (FATES.len(), calls.len());
    let pairs = calls * (calls - 1) / 2 * ways * ways;
    assert!(report.schedules.len() > 1 + calls * ways + pairs);
    holds(work, Mood::Hasty, Arrival::AfterAnswer).await;
    holds(work, Mood::Hasty, Arrival::BetweenAttempts).await;
}

const SETTLE: [&str; 4] = [
    "CheckEligibility",
    "GetClaimHistory",
    "Screen",
    "PostSettlement",
];
const REVERSE: [&str; 2] = ["GetSettlement", "ReverseSettlement"];

#[tokio::test]
async fn a_claim_is_settled_once() {
    holds_in_every_mood(Work::Settle, &SETTLE).await;
}

#[tokio::test]
async fn a_claim_that_is_settled_already_is_refused() {
    holds_in_every_mood(Work::SettleTwice, &SETTLE).await;
}

#[tokio::test]
async fn a_claim_of_nobody_is_refused() {
    let calls = ["CheckEligibility", "GetClaimHistory", "Burn"];
    holds_in_every_mood(Work::SettleNobody, &calls).await;
}

#[tokio::test]
async fn a_claim_that_the_pivot_cannot_read_is_refused() {
    let report = holds(Work::SettleUnreadable, Mood::Patient, Arrival::AfterAnswer).await;
    assert_eq!(report.methods, [SETTLE.as_slice(), &["Burn"]].concat());
}

#[tokio::test]
async fn a_no_found_later_contradicts_nothing() {
    holds(Work::SettleVanishing, Mood::Hasty, Arrival::AfterAnswer).await;
    holds(Work::SettleVanishing, Mood::Hasty, Arrival::BetweenAttempts).await;
}

#[tokio::test]
async fn a_settlement_is_reversed_once() {
    holds_in_every_mood(Work::Reverse, &REVERSE).await;
}

#[tokio::test]
async fn a_settlement_that_is_reversed_already_is_refused() {
    holds_in_every_mood(Work::ReverseTwice, &REVERSE).await;
}

/// Each flaw is caught under the fault that reveals it: a no was told, and yet it took effect.
#[tokio::test]
async fn flaws_are_caught() {
    for (flaw, work, revealed_by) in [
        (Flaw::NewIdEachTime, Work::Settle, Fate::LoseAnswer),
        (Flaw::NewIdEachTime, Work::Reverse, Fate::LoseAnswer),
        (Flaw::SilenceIsNo, Work::Settle, Fate::Late),
        (Flaw::SilenceIsNo, Work::Reverse, Fate::Late),
        (Flaw::BurnsNothing, Work::SettleVanishing, Fate::Late),
    ] {
        let play = Play {
            work,
            mood: Mood::Hasty,
            arrival: Arrival::AfterAnswer,
            flaw,
        };
        let broken = explore(play, 1).await.broken;
        let revealed = format!("{revealed_by:?})]: told No(");
        assert!(
            broken.iter().any(|wrong| wrong.contains(&revealed)),
            "{play:?} is not caught: {broken:#?}"
        );
    }
}
