//! Which call fails, and how: what stands between the orchestrator and its peers in a schedule.

use runtime::fault::Fate;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// A call: the method, and which call of it in the schedule.
pub type Place = (String, usize);
/// What fails, and how.
pub type Schedule = Vec<(Place, Fate)>;

/// The schedule under way and the calls it has seen.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Option<Running>>>);

#[derive(Default)]
struct Running {
    schedule: Schedule,
    counts: BTreeMap<String, usize>,
    calls: Vec<Place>,
}

impl Script {
    /// Begins a schedule.
    pub fn begin(&self, schedule: &Schedule) {
        *self.0.lock().unwrap() = Some(Running {
            schedule: schedule.clone(),
            ..Running::default()
        });
    }

    /// Ends the schedule; the calls that were made under it. From now on nothing fails.
    pub fn end(&self) -> Vec<Place> {
        let running = self.0.lock().unwrap().take();
        running.map(|running| running.calls).unwrap_or_default()
    }

    /// What becomes of a call, by its path.
    pub fn fate(&self, path: &str) -> Fate {
        let mut script = self.0.lock().unwrap();
        let Some(running) = script.as_mut() else {
            return Fate::Pass;
        };
        let method = path.rsplit('/').next().unwrap_or_default().to_string();
        let count = running.counts.entry(method.clone()).or_default();
        *count += 1;
        let place = (method, *count);
        let planned = running.schedule.iter().find(|(at, _)| *at == place);
        let fate = planned.map_or(Fate::Pass, |(_, fate)| *fate);
        running.calls.push(place);
        fate
    }
}
