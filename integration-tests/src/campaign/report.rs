//! What a campaign says while it runs and in the end.

use super::check::Finding;
use super::record::{Answer, Entries};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Problems of one check that are shown; the rest is counted.
const SHOWN_MAX: usize = 5;

/// What is counted while it runs.
#[derive(Default)]
pub struct Tally {
    /// Processes of ours that were killed.
    pub kills: AtomicU64,
    /// PostgreSQL crashed and begun again, or lost.
    pub postgres: AtomicU64,
    /// Redis crashed and begun again.
    pub redis: AtomicU64,
    /// Bad weather over a line.
    pub weathers: AtomicU64,
    /// Services that ended by themselves after they had served.
    pub died: AtomicU64,
    /// Services that ended by themselves before they served.
    pub gave_up: AtomicU64,
    /// Services that neither served nor ended.
    pub hung: AtomicU64,
    /// Requests that took effect.
    pub settled: AtomicU64,
    /// Requests that were refused for good.
    pub refused: AtomicU64,
    /// Requests in doubt now.
    pub in_doubt: AtomicU64,
    /// Requests that ever were.
    pub doubted: AtomicU64,
    silences: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    /// An attempt after which nobody knows.
    pub fn silent(&self, code: &str) {
        let mut silences = self.silences.lock().unwrap_or_else(PoisonError::into_inner);
        *silences.entry(code.to_string()).or_default() += 1;
    }

    /// What no mishap excuses. That a service gives up while it begins is excused: its supervisor
    /// begins it again.
    pub fn misbehaved(&self) -> Vec<String> {
        let counts = [
            ("ended by themselves while serving", &self.died),
            ("hung", &self.hung),
        ];
        let counts = counts.map(|(what, count)| (what, count.load(Ordering::Relaxed)));
        let some = counts.into_iter().filter(|(_, count)| *count > 0);
        some.map(|(what, count)| format!("{count} {what}"))
            .collect()
    }

    /// One line of where it stands.
    pub fn line(&self, begun: Instant) -> String {
        let now = |count: &AtomicU64| count.load(Ordering::Relaxed);
        format!(
            "{:>5} s  kills {:>4}  PostgreSQL {:>2}  Redis {:>2}  weather {:>4}  done {:>6}  \
             refused {:>5}  in doubt {:>2}",
            begun.elapsed().as_secs(),
            now(&self.kills),
            now(&self.postgres),
            now(&self.redis),
            now(&self.weathers),
            now(&self.settled),
            now(&self.refused),
            now(&self.in_doubt),
        )
    }
}

/// How a campaign ended.
pub struct Verdict {
    /// Where chance began.
    pub seed: u64,
    /// What was counted.
    pub counted: Vec<(&'static str, u64)>,
    /// Requests by kind and end.
    pub requests: BTreeMap<(String, String), u64>,
    /// What attempts met after which nobody knew.
    pub silences: BTreeMap<String, u64>,
    /// What the services complained of.
    pub complaints: BTreeMap<String, u64>,
    /// Every check, and what it found.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Sums up.
    pub fn of(
        seed: u64,
        tally: &Tally,
        entries: &Entries,
        complaints: BTreeMap<String, u64>,
        findings: Vec<Finding>,
    ) -> Verdict {
        let now = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counted = vec![
            ("processes killed", now(&tally.kills)),
            ("crashes or losses of PostgreSQL", now(&tally.postgres)),
            ("crashes of Redis", now(&tally.redis)),
            ("bad weather over a line", now(&tally.weathers)),
            (
                "services that ended by themselves while serving",
                now(&tally.died),
            ),
            ("services that gave up while beginning", now(&tally.gave_up)),
            ("services that hung while beginning", now(&tally.hung)),
            (
                "requests that were in doubt for a while",
                now(&tally.doubted),
            ),
        ];
        let mut requests = BTreeMap::new();
        for entry in entries.values() {
            let end = match entry.answer() {
                Some(Answer::Yes(_)) => "done".to_string(),
                Some(Answer::No(code)) => code.clone(),
                None => "IN DOUBT".to_string(),
            };
            *requests.entry((entry.order.kind.clone(), end)).or_default() += 1;
        }
        let silences = tally
            .silences
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Verdict {
            seed,
            counted,
            requests,
            silences: silences.clone(),
            complaints,
            findings,
        }
    }

    /// True when every check holds.
    pub fn holds(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.problems.is_empty())
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        for (what, count) in &self.counted {
            writeln!(f, "  {count:>7}  {what}")?;
        }
        writeln!(f, "requests")?;
        for ((kind, end), count) in &self.requests {
            writeln!(f, "  {count:>7}  {kind}: {end}")?;
        }
        writeln!(f, "attempts after which nobody knew")?;
        for (code, count) in &self.silences {
            writeln!(f, "  {count:>7}  {code}")?;
        }
        writeln!(f, "errors that services logged")?;
        for (said, count) in &self.complaints {
            writeln!(f, "  {count:>7}  {said}")?;
        }
        writeln!(f, "checks")?;
        for finding in &self.findings {
            let mark = match finding.problems.is_empty() {
                true => "holds",
                false => "FAILS",
            };
            writeln!(f, "  {mark}  {:>7}  {}", finding.looked_at, finding.check)?;
            for problem in finding.problems.iter().take(SHOWN_MAX) {
                writeln!(f, "           - {problem}")?;
            }
            if finding.problems.len() > SHOWN_MAX {
                let more = finding.problems.len() - SHOWN_MAX;
                writeln!(f, "           - and {more} more")?;
            }
        }
        let end = match self.holds() {
            true => "every check holds",
            false => "NOT EVERY CHECK HOLDS",
        };
        writeln!(f, "{end}")
    }
}
