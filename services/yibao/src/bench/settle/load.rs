//! 负载: requests sent at their time, whatever became of those before them, and how long each took from
//! the moment when it was due. A generator that falls behind measures nothing, and says so.

use super::day::{Answer, Hand, Kind};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Requests under way at most: more are not sent any more, and the run is void.
const IN_FLIGHT_MAX: usize = 4_096;
/// All but one of a thousand requests must be sent within this of their time.
const LATE_MAX: Duration = Duration::from_millis(10);
/// Of what was offered in the measured time so many of a hundred must be answered in it.
const ANSWERED_MIN: u64 = 98;

/// One request.
struct Sample {
    kind: Kind,
    /// When it was due, from the beginning of the load.
    due: Duration,
    /// How much later it was sent.
    late: Duration,
    /// When it was answered, from the beginning of the load.
    answered: Duration,
    answer: Answer,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Load {
    /// Requests a second.
    pub rate: u32,
    /// What is not measured in the beginning.
    pub warm_up: Duration,
    /// What is measured.
    pub measured: Duration,
    /// What is not measured in the end.
    pub trim: Duration,
}

/// What came of it. Times in microseconds from the moment when a request was due.
#[derive(Default)]
pub struct Measured {
    /// Requests due in the measured time.
    pub offered: u64,
    /// Answered in it.
    pub answered: u64,
    /// In seconds.
    pub seconds: u64,
    /// Sorted.
    pub took: Vec<u64>,
    /// By kind, sorted.
    pub by_kind: BTreeMap<Kind, Vec<u64>>,
    /// How late requests were sent, sorted.
    pub late: Vec<u64>,
    /// Refusals of the whole load by their codes.
    pub codes: BTreeMap<String, u64>,
    /// Settled in the whole load.
    pub settled: u64,
    /// Reversed in the whole load.
    pub reversed: u64,
    /// Why it measures nothing, where it does not.
    pub void: Option<String>,
}

impl Measured {
    /// What so many of ten thousand took at most.
    pub fn at(sorted: &[u64], of_ten_thousand: usize) -> u64 {
        let place = sorted.len().saturating_sub(1) * of_ten_thousand / 10_000;
        sorted.get(place).copied().unwrap_or(0)
    }
}

/// Open load: each request at its time.
pub async fn open(hand: Arc<Hand>, load: Load, name: &str) -> Measured {
    let begin = Instant::now() + Duration::from_millis(50);
    let whole = load.warm_up + load.measured + load.trim;
    let total = u64::from(load.rate) * whole.as_secs();
    let (mut samples, mut working) = (Vec::new(), JoinSet::new());
    let mut unsent = 0;
    for n in 0..total {
        let due = Duration::from_nanos(n * 1_000_000_000 / u64::from(load.rate.max(1)));
        sleep_until(begin + due).await;
        while let Some(done) = working.try_join_next() {
            samples.extend(done);
        }
        if working.len() >= IN_FLIGHT_MAX {
            unsent += 1;
            continue;
        }
        let (hand, id) = (hand.clone(), format!("{name}-{n}"));
        working.spawn(async move {
            let late = begin.elapsed().saturating_sub(due);
            let kind = Kind::of(usize::try_from(n).unwrap_or(0));
            let (kind, answer) = hand.ask(kind, id).await;
            Sample {
                kind,
                due,
                late,
                answered: begin.elapsed(),
                answer,
            }
        });
    }
    while let Some(done) = working.join_next().await {
        samples.extend(done);
    }
    judged(measured(samples, load), unsent)
}

/// Closed load: so many in flight, each followed by the next, as pgbench does it.
pub async fn closed(hand: Arc<Hand>, in_flight: u32, load: Load, name: &str) -> Measured {
    let begin = Instant::now();
    let whole = load.warm_up + load.measured + load.trim;
    let mut working = JoinSet::new();
    for worker in 0..in_flight {
        let (hand, name) = (hand.clone(), name.to_string());
        working.spawn(async move {
            let (mut samples, mut n) = (Vec::new(), 0_usize);
            while begin.elapsed() < whole {
                let due = begin.elapsed();
                let of_day = Kind::of(n.wrapping_mul(7) + usize::try_from(worker).unwrap_or(0));
                let id = format!("{name}-{worker}-{n}");
                let (kind, answer) = hand.ask(of_day, id).await;
                n += 1;
                samples.push(Sample {
                    kind,
                    due,
                    late: Duration::ZERO,
                    answered: begin.elapsed(),
                    answer,
                });
            }
            samples
        });
    }
    let mut samples = Vec::new();
    while let Some(done) = working.join_next().await {
        samples.extend(done.unwrap_or_default());
    }
    measured(samples, load)
}

fn measured(samples: Vec<Sample>, load: Load) -> Measured {
    let (from, until) = (load.warm_up, load.warm_up + load.measured);
    let within = |at: Duration| from <= at && at < until;
    let mut measured = Measured {
        seconds: load.measured.as_secs(),
        ..Measured::default()
    };
    for sample in samples {
        let count = match (&sample.answer, sample.kind) {
            (Ok(_), Kind::Reversal) => &mut measured.reversed,
            (Ok(_), _) => &mut measured.settled,
            (Err(code), _) => measured.codes.entry(code.clone()).or_default(),
        };
        *count += 1;
        if within(sample.answered) && sample.answer.is_ok() {
            measured.answered += 1;
        }
        if within(sample.due) {
            measured.offered += 1;
            let took = micros(sample.answered.saturating_sub(sample.due));
            measured.took.push(took);
            measured.by_kind.entry(sample.kind).or_default().push(took);
            measured.late.push(micros(sample.late));
        }
    }
    measured.took.sort_unstable();
    measured.late.sort_unstable();
    measured
        .by_kind
        .values_mut()
        .for_each(|of| of.sort_unstable());
    measured
}

/// Whether the pipeline kept up.
fn judged(measured: Measured, unsent: u64) -> Measured {
    let late = Measured::at(&measured.late, 9_990);
    let void = if unsent > 0 {
        Some(format!(
            "{unsent} requests were not sent: {IN_FLIGHT_MAX} were under way"
        ))
    } else if late > micros(LATE_MAX) {
        Some(format!("requests were sent up to {} ms late", late / 1_000))
    } else if measured.answered * 100 < measured.offered * ANSWERED_MIN {
        Some(format!(
            "{} of {} were answered",
            measured.answered, measured.offered
        ))
    } else {
        None
    };
    Measured { void, ..measured }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_late_or_not_answered_is_void() {
        let load = Load {
            rate: 10,
            warm_up: Duration::from_secs(1),
            measured: Duration::from_secs(1),
            trim: Duration::from_secs(1),
        };
        let sample = |due: u64, late: u64, answered: u64| Sample {
            kind: Kind::Outpatient,
            due: Duration::from_millis(due),
            late: Duration::from_millis(late),
            answered: Duration::from_millis(answered),
            answer: Ok(String::new()),
        };
        // What is due outside of the measured second counts for nothing but the sums.
        let of = |samples: Vec<Sample>| judged(measured(samples, load), 0);
        let good = of(vec![sample(100, 900, 1_100), sample(1_500, 1, 1_520)]);
        assert_eq!((good.offered, good.settled, good.void), (1, 2, None));
        assert_eq!(Measured::at(&good.took, 5_000), 20_000);
        assert!(of(vec![sample(1_500, 11, 1_520)]).void.is_some());
        assert!(of(vec![sample(1_500, 1, 2_500)]).void.is_some());
        assert!(judged(measured(Vec::new(), load), 1).void.is_some());
    }
}
