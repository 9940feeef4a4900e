//! Every saga that needs several services, on every schedule of up to two faults between the
//! orchestrator and the real services: calls lost, answers lost, calls that arrive late, passing
//! noes, and the process dying before and after each write of its journal. Found by playing, not
//! listed: whatever is called or written may fail. In the end all of it is there or all of it is
//! gone, under every key, in every book; what was told is never contradicted; nothing is left open.
//!
//! And a test of that test: peers that break a promise are caught by the same checks.

mod books;
mod flaws;
mod ids;
mod script;
mod stage;
mod works;

use books::Books;
use script::{Place, Schedule, faults_of};
use stage::{Caller, Flaw, Play, Stage, Told};
use std::collections::BTreeSet;
use std::sync::Mutex;
use works::Work;

/// Faults in one schedule.
const FAULTS_MAX: usize = 2;
/// The times a place may fail in one schedule.
const TIMES_MAX: usize = 3;
/// Worlds that play at once.
const STAGES: usize = 3;

/// What exploring came to.
#[derive(Default)]
struct Report {
    /// The places met where nothing fails.
    places: Vec<Place>,
    /// What a schedule without faults came to.
    came_to: Option<(Told, Books)>,
    /// The schedules played.
    schedules: usize,
    /// What was wrong, and under which schedule.
    broken: Vec<String>,
}

/// Plays every schedule of up to `faults_max` faults: first the one without, then each with one more
/// at every place that was met.
async fn explore(play: Play, faults_max: usize) -> Report {
    let mut stages = Vec::new();
    for _ in 0..STAGES {
        stages.push(Stage::open(play.flaw).await);
    }
    let mut report = Report::default();
    let mut level = vec![Schedule::new()];
    for faults in 0..=faults_max {
        let waiting = Mutex::new(std::mem::take(&mut level).into_iter());
        let played = Mutex::new(Vec::new());
        let work = async |stage: &Stage| {
            loop {
                let next = waiting.lock().unwrap().next();
                let Some(schedule) = next else { return };
                let (places, end) = stage.play(play, &schedule).await;
                played.lock().unwrap().push((schedule, places, end));
            }
        };
        futures_util::future::join_all(stages.iter().map(&work)).await;
        let mut next = BTreeSet::new();
        for (schedule, places, end) in played.into_inner().unwrap() {
            report.schedules += 1;
            if schedule.is_empty() {
                report.places = places.clone();
                report.came_to = end.as_ref().ok().cloned();
            }
            match end {
                Ok((told, changed)) => {
                    let same = report.came_to.as_ref().is_none_or(|(first, expected)| {
                        told != Told::Yes || *first != Told::Yes || changed == *expected
                    });
                    if !same {
                        let wrong = format!("{schedule:?}: told {told:?}, and {changed:?}");
                        report.broken.push(wrong);
                    }
                }
                Err(wrong) => report.broken.push(format!("{schedule:?}: {wrong}")),
            }
            if faults < faults_max {
                next.extend(with_one_more(&schedule, &places));
            }
        }
        level.extend(next);
    }
    println!(
        "{play:?}: {} schedules, {} places",
        report.schedules,
        report.places.len()
    );
    report
}

/// The schedule with one more of its places failing, in every way.
fn with_one_more(schedule: &Schedule, places: &[Place]) -> Vec<Schedule> {
    let fails = |place: &Place| schedule.iter().any(|(at, _)| at == place);
    let free = places
        .iter()
        .filter(|place| place.1 <= TIMES_MAX && !fails(place));
    let mut more = Vec::new();
    for place in free {
        for fault in faults_of(place) {
            let mut next = schedule.clone();
            next.push((place.clone(), *fault));
            next.sort();
            more.push(next);
        }
    }
    more
}

/// Explores, and nothing may be wrong. Gives what a schedule without faults changed.
async fn holds(work: Work, caller: Caller, told: Told) -> (Books, Vec<Place>) {
    holds_under(FAULTS_MAX, work, caller, told).await
}

async fn holds_under(
    faults_max: usize,
    work: Work,
    caller: Caller,
    told: Told,
) -> (Books, Vec<Place>) {
    let play = Play {
        work,
        caller,
        flaw: Flaw::None,
    };
    let report = explore(play, faults_max).await;
    let broken = &report.broken;
    let shown: Vec<&String> = broken.iter().take(20).collect();
    assert!(broken.is_empty(), "{} wrong\n{shown:#?}", broken.len());
    let (first, changed) = report.came_to.expect("an end");
    // Who gives up on hearing nothing does so on a slow machine without a fault as well.
    let gave_up = caller == Caller::GivesUp && first == no("REQUEST_WITHDRAWN");
    assert!(first == told || gave_up, "{play:?}: {first:?}");
    // Each place alone in each of its ways, and more where two may fail.
    let may_fail = report.places.iter().filter(|place| place.1 <= TIMES_MAX);
    let alone: usize = may_fail.map(|place| faults_of(place).len()).sum();
    let enough = report.schedules >= faults_max + alone;
    assert!(enough, "{} schedules", report.schedules);
    (changed, report.places)
}

fn no(code: &str) -> Told {
    Told::No(code.into())
}

fn names(places: &[Place]) -> Vec<&str> {
    places.iter().map(|(method, _)| method.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_with_a_referral_is_settled_wholly() {
    let (changed, places) = holds(Work::Settle, Caller::Insists, Told::Yes).await;
    assert_eq!((changed["settlements"], changed["referrals_used"]), (1, 1));
    assert_eq!(changed["settled_fen"], -changed["fund_fen"]);
    assert_eq!(
        names(&places),
        [
            "CheckEligibility",
            "GetClaimHistory",
            "Screen",
            "journal",
            "UseReferral",
            "journal",
            "PostSettlement",
            "journal",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_refused_at_its_pivot_gives_the_referral_back() {
    let told = no("VISIT_SETTLED");
    let (changed, places) = holds(Work::SettleRefused, Caller::Insists, told).await;
    assert!(changed.is_empty());
    assert!(names(&places).contains(&"WithdrawUseReferral"));
    holds(
        Work::SettleUnreferred,
        Caller::Insists,
        no("REFERRAL_NOT_APPROVED"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admission_is_guaranteed_wholly() {
    let (changed, _) = holds(Work::Admit, Caller::Insists, Told::Yes).await;
    assert_eq!(
        (changed["guarantees_open"], changed["referrals_used"]),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discharge_closes_the_guarantee() {
    let (changed, _) = holds(Work::Discharge, Caller::Insists, Told::Yes).await;
    assert_eq!(
        (changed["guarantees_open"], changed["settlements"]),
        (-1, 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reversal_frees_the_referral() {
    let (changed, _) = holds(Work::Reverse, Caller::Insists, Told::Yes).await;
    assert_eq!(
        (changed["settlements"], changed["referrals_used"]),
        (-1, -1)
    );
    assert_eq!(changed["settled_fen"], -changed["fund_fen"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enrolment_is_subsidised_from_the_ledger() {
    let (changed, _) = holds(Work::Enrol, Caller::Insists, Told::Yes).await;
    assert_eq!((changed["coverages"], changed["subsidies"]), (1, 1));
    assert!(changed["assistance_fen"] < 0 && !changed.contains_key("fund_fen"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_settled_all_or_nothing() {
    let (changed, _) = holds(Work::Together, Caller::Insists, Told::Yes).await;
    assert_eq!(changed["settlements"], 3);
    assert!(!changed.contains_key("holds_open") && !changed.contains_key("years_held"));
    let told = no("VISIT_SETTLED");
    let (changed, _) = holds(Work::TogetherRefused, Caller::Insists, told).await;
    assert!(changed.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_stands_wholly() {
    let (changed, _) = holds(Work::SuspendInstitution, Caller::Insists, Told::Yes).await;
    assert_eq!((changed["suspensions"], changed["bars"]), (1, 1));
    let (changed, _) = holds(Work::SuspendPerson, Caller::Insists, Told::Yes).await;
    assert_eq!(changed["suspensions"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_withdrawn_when_it_is_silent_is_gone_wholly() {
    holds(Work::Settle, Caller::GivesUp, Told::Yes).await;
    for work in [Work::Enrol, Work::Together, Work::Reverse] {
        holds_under(1, work, Caller::GivesUp, Told::Yes).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_withdrawn_after_it_is_done_is_gone_wholly() {
    let told = no("REQUEST_WITHDRAWN");
    for (faults, work) in [
        (2, Work::Settle),
        (2, Work::Enrol),
        (1, Work::Together),
        (1, Work::SuspendInstitution),
        (1, Work::Admit),
    ] {
        let (changed, _) = holds_under(faults, work, Caller::Regrets, told.clone()).await;
        assert!(changed.is_empty(), "{work:?}: {changed:?}");
    }
    // What is reversed is settled anew: its reversal stands.
    holds_under(1, Work::Reverse, Caller::Regrets, Told::Yes).await;
    // A stay that is settled was admitted: its referral stays used.
    let discharged = holds_under(1, Work::AdmitDischarged, Caller::Regrets, Told::Yes).await;
    assert!(discharged.0.is_empty(), "{:?}", discharged.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_withdrawn_before_it_came_never_takes_effect() {
    let told = no("REQUEST_WITHDRAWN");
    for work in [Work::Settle, Work::Discharge] {
        let (changed, _) = holds(work, Caller::Forestalls, told.clone()).await;
        assert!(changed.is_empty(), "{work:?}: {changed:?}");
    }
}

/// Each flaw is caught by the checks above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_promises_are_caught() {
    for (work, caller, flaw, faults) in [
        (
            Work::SettleRefused,
            Caller::Insists,
            Flaw::WithdrawsNothing,
            0,
        ),
        (
            Work::TogetherRefused,
            Caller::Insists,
            Flaw::WithdrawsNothing,
            0,
        ),
        (Work::Enrol, Caller::GivesUp, Flaw::BurnsNothing, 2),
    ] {
        let play = Play { work, caller, flaw };
        let broken = explore(play, faults).await.broken;
        assert!(!broken.is_empty(), "{play:?} is not caught");
    }
}
