//! Which call or journal write fails, and how: what stands between the orchestrator and everything
//! else in a schedule.

use runtime::fault::Fate;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use store::LostCommit;
use tokio::sync::Notify;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The call never arrives.
    LoseCall,
    /// It takes effect; the answer is lost.
    LoseAnswer,
    /// It arrives when all is over.
    Late,
    /// The peer says that it is too busy: a passing no.
    Overload,
    /// The peer says that the caller may not: a passing no.
    Forbid,
    /// The process dies before a journal write is durable.
    CrashBefore,
    /// The process dies after it.
    CrashAfter,
}

/// A call or a journal write: the method, and which of it in the schedule.
pub type Place = (String, usize);
/// What fails, and how.
pub type Schedule = Vec<(Place, Fault)>;

/// The place of journal writes.
const JOURNAL: &str = "journal";
/// Methods that change nothing: an answer lost is a call lost.
const QUESTIONS: [&str; 4] = [
    "CheckEligibility",
    "GetClaimHistory",
    "Screen",
    "GetSettlement",
];

/// The ways in which a place can fail.
pub fn faults_of((method, _): &Place) -> &'static [Fault] {
    use Fault::*;
    match method.as_str() {
        JOURNAL => &[CrashBefore, CrashAfter],
        question if QUESTIONS.contains(&question) => &[LoseCall, Overload],
        _ => &[LoseCall, LoseAnswer, Late, Overload, Forbid],
    }
}

/// The schedule under way and the places it has seen.
#[derive(Clone, Default)]
pub struct Script {
    running: Arc<Mutex<Option<Running>>>,
    died: Arc<Notify>,
}

#[derive(Default)]
struct Running {
    schedule: Schedule,
    counts: BTreeMap<String, usize>,
    places: Vec<Place>,
}

impl Script {
    /// Begins a schedule.
    pub fn begin(&self, schedule: &Schedule) {
        *self.running.lock().unwrap() = Some(Running {
            schedule: schedule.clone(),
            ..Running::default()
        });
    }

    /// Ends at the next crash: a caller hears nothing from then on.
    pub async fn died(&self) {
        self.died.notified().await;
    }

    /// Ends the schedule; the places that were met under it. From now on nothing fails.
    pub fn end(&self) -> Vec<Place> {
        let running = self.running.lock().unwrap().take();
        running.map(|running| running.places).unwrap_or_default()
    }

    /// What becomes of a call, by its path.
    pub fn fate(&self, path: &str) -> Fate {
        let method = path.rsplit('/').next().unwrap_or_default();
        match self.meet(method) {
            None | Some(Fault::CrashBefore | Fault::CrashAfter) => Fate::Pass,
            Some(Fault::LoseCall) => Fate::LoseCall,
            Some(Fault::LoseAnswer) => Fate::LoseAnswer,
            Some(Fault::Late) => Fate::Late,
            Some(Fault::Overload) => Fate::Overload,
            Some(Fault::Forbid) => Fate::Forbid,
        }
    }

    /// What becomes of a journal write.
    pub fn commit(&self) -> Option<LostCommit> {
        let fault = self.meet(JOURNAL)?;
        self.died.notify_waiters();
        Some(LostCommit {
            happened: fault == Fault::CrashAfter,
        })
    }

    fn meet(&self, method: &str) -> Option<Fault> {
        let mut script = self.running.lock().unwrap();
        let running = script.as_mut()?;
        let count = running.counts.entry(method.to_string()).or_default();
        *count += 1;
        let place = (method.to_string(), *count);
        let planned = running.schedule.iter().find(|(at, _)| *at == place);
        let fault = planned.map(|(_, fault)| *fault);
        running.places.push(place);
        fault
    }
}
