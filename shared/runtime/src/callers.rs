//! 调用方限额: what each caller has under way, how fast it asks, and how many bytes of its messages are
//! held. One that goes beyond its share is refused before anything is done for it.

use crate::limits::Limits;
use crate::refusal::{CALLER_BYTES_EXCEEDED, CALLER_IN_FLIGHT_EXCEEDED, CALLER_RATE_EXCEEDED};
use crate::status::RETRY_MS;
use kernel::refusal::OVERLOADED;
use kernel::{AreaCode, Clock, Instant, Principal, Refusal};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A call, in millionths: what a bucket is filled with in a microsecond is then its rate.
const CALL: i64 = 1_000_000;
/// How long the table of callers is not swept again after it was.
const SWEEP_MICROS: i64 = 1_000_000;
/// One caller's messages may take this part of what all may.
const SHARE: usize = 4;

/// Whose share it is. A platform's people share the platform's.
pub(crate) type Caller = (AreaCode, Arc<str>);

/// What callers take.
pub(crate) struct Callers {
    clock: Arc<dyn Clock>,
    limits: Arc<Limits>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    callers: HashMap<Caller, Held>,
    /// Bytes of all.
    bytes: usize,
    swept: Option<Instant>,
}

/// What one caller holds.
struct Held {
    in_flight: usize,
    bytes: usize,
    /// What is in its bucket, as of then.
    level: i64,
    at: Instant,
}

/// Why a caller has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// It asks too fast; after so many milliseconds it may again.
    Rate(u32, i64),
    /// It has too much under way.
    InFlight(usize),
    /// Its messages, or everybody's, take too much room.
    Bytes,
    /// There are too many callers.
    Callers,
}

impl Beyond {
    /// What it is counted under.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Beyond::Rate(..) => "rate",
            Beyond::InFlight(_) => "in_flight",
            Beyond::Bytes => "bytes",
            Beyond::Callers => "callers",
        }
    }

    /// How the caller is told.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Beyond::Rate(rate, millis) => CALLER_RATE_EXCEEDED
                .refuse()
                .with("rate", rate)
                .with(RETRY_MS, millis),
            Beyond::InFlight(limit) => CALLER_IN_FLIGHT_EXCEEDED.refuse().with("limit", limit),
            Beyond::Bytes => CALLER_BYTES_EXCEEDED.refuse(),
            Beyond::Callers => OVERLOADED.refuse(),
        }
    }
}

/// A caller's call under way, and the bytes it holds; given back when dropped.
pub(crate) struct Seat {
    callers: Arc<Callers>,
    caller: Caller,
    bytes: usize,
}

impl Callers {
    pub(crate) fn new(clock: Arc<dyn Clock>, limits: Arc<Limits>) -> Arc<Callers> {
        let table = Mutex::default();
        Arc::new(Callers {
            clock,
            limits,
            table,
        })
    }

    /// Takes one more call of this caller in, if it may have one more.
    pub(crate) fn take(self: &Arc<Callers>, principal: &Principal) -> Result<Seat, Beyond> {
        let own = self.limits.of(&principal.caller);
        let (rate, full) = (i64::from(own.rate), i64::from(own.burst) * CALL);
        let caller = (principal.area.clone(), Arc::from(principal.caller.as_str()));
        let now = self.clock.now();
        let mut table = self.table();
        if !table.callers.contains_key(&caller) {
            table.make_room(now, &self.limits)?;
        }
        let held = table.callers.entry(caller.clone()).or_insert(Held {
            in_flight: 0,
            bytes: 0,
            level: full,
            at: now,
        });
        held.fill(now, rate, full);
        if held.in_flight >= own.in_flight {
            return Err(Beyond::InFlight(own.in_flight));
        }
        if rate > 0 {
            if held.level < CALL {
                let micros = (CALL - held.level).div_euclid(rate) + 1;
                return Err(Beyond::Rate(own.rate, micros / 1_000 + 1));
            }
            held.level -= CALL;
        }
        held.in_flight += 1;
        drop(table);
        Ok(Seat {
            callers: self.clone(),
            caller,
            bytes: 0,
        })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn known(&self) -> usize {
        self.table().callers.len()
    }
}

impl Held {
    /// Fills the bucket. A clock that went back gives nothing.
    fn fill(&mut self, now: Instant, rate: i64, full: i64) {
        let passed = now.micros().saturating_sub(self.at.micros()).max(0);
        let level = self.level.saturating_add(passed.saturating_mul(rate));
        (self.level, self.at) = (level.min(full), now);
    }
}

impl Table {
    /// Forgets whoever has nothing under way and a full bucket, which is what a stranger has, when
    /// there is no room for one more.
    fn make_room(&mut self, now: Instant, limits: &Limits) -> Result<(), Beyond> {
        if self.callers.len() < limits.callers_max {
            return Ok(());
        }
        let rested = |since: Instant| now.micros().abs_diff(since.micros());
        let soon = self
            .swept
            .is_some_and(|swept| rested(swept) < SWEEP_MICROS.unsigned_abs());
        if !soon {
            self.swept = Some(now);
            self.callers.retain(|(_, name), held| {
                let own = limits.of(name);
                let full = i64::from(own.burst) * CALL;
                held.fill(now, i64::from(own.rate), full);
                held.in_flight > 0 || (own.rate > 0 && held.level < full)
            });
        }
        match self.callers.len() < limits.callers_max {
            true => Ok(()),
            false => Err(Beyond::Callers),
        }
    }
}

impl Seat {
    /// So many more bytes came.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Beyond> {
        let most = self.callers.limits.messages_bytes_max;
        let mut table = self.callers.table();
        let all = table.bytes.saturating_add(bytes);
        let held = table.callers.get_mut(&self.caller);
        let held = held.filter(|held| held.bytes.saturating_add(bytes) <= most / SHARE);
        let Some(held) = held.filter(|_| all <= most) else {
            return Err(Beyond::Bytes);
        };
        held.bytes += bytes;
        table.bytes = all;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut table = self.callers.table();
        table.bytes = table.bytes.saturating_sub(self.bytes);
        if let Some(held) = table.callers.get_mut(&self.caller) {
            held.in_flight = held.in_flight.saturating_sub(1);
            held.bytes = held.bytes.saturating_sub(self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::limits::CallerLimits;
    use kernel::Role;

    fn named(caller: &str) -> Principal {
        Principal {
            caller: caller.into(),
            on_behalf_of: None,
            area: AreaCode::parse("999999").unwrap(),
            roles: vec![Role::Institution],
        }
    }

    fn callers(change: impl FnOnce(&mut Limits)) -> (Arc<ManualClock>, Arc<Callers>) {
        let clock = Arc::new(ManualClock::at(Instant::from_micros(0)));
        let mut limits = Limits {
            caller: CallerLimits {
                rate: 10,
                burst: 3,
                in_flight: 2,
            },
            ..Limits::default()
        };
        change(&mut limits);
        (clock.clone(), Callers::new(clock, Arc::new(limits)))
    }

    #[test]
    fn a_burst_then_the_rate_and_the_wait_is_told() {
        let (clock, callers) = callers(|_| {});
        let one = named("a");
        (0..3).for_each(|_| drop(callers.take(&one).expect("the burst")));
        let no = callers.take(&one).err().unwrap();
        assert_eq!(no, Beyond::Rate(10, 101));
        let told = no.refusal();
        assert_eq!(told.fact(RETRY_MS), Some("101"));
        assert!(callers.take(&named("b")).is_ok(), "another has its own");
        clock.set(Instant::from_micros(99_999));
        assert!(callers.take(&one).is_err());
        clock.set(Instant::from_micros(101_000));
        assert!(callers.take(&one).is_ok(), "a tenth of a second later");
        clock.set(Instant::from_micros(-9_000_000));
        assert!(callers.take(&one).is_err(), "the clock went back");
    }

    #[test]
    fn only_so_much_is_under_way_and_what_ends_makes_room() {
        let (_, callers) = callers(|limits| limits.caller.rate = 0);
        let one = named("a");
        let (first, _second) = (callers.take(&one).ok(), callers.take(&one).ok());
        assert_eq!(callers.take(&one).err(), Some(Beyond::InFlight(2)));
        drop(first);
        assert!(callers.take(&one).is_ok());
    }

    #[test]
    fn one_caller_s_messages_take_a_quarter_of_the_room() {
        let (_, callers) = callers(|limits| limits.messages_bytes_max = 400);
        let (mut a, mut b) = (
            callers.take(&named("a")).ok().unwrap(),
            callers.take(&named("a")).ok().unwrap(),
        );
        assert_eq!((a.hold(60), b.hold(41)), (Ok(()), Err(Beyond::Bytes)));
        assert_eq!(b.hold(40), Ok(()));
        let mut other = callers.take(&named("b")).ok().unwrap();
        assert_eq!(other.hold(100), Ok(()));
        drop(a);
        assert_eq!(b.hold(60), Ok(()), "what was given back is free again");
    }

    #[test]
    fn the_table_forgets_whoever_rests_and_grows_no_further() {
        let (clock, callers) = callers(|limits| limits.callers_max = 3);
        for name in ["a", "b", "c"] {
            drop(callers.take(&named(name)).ok().unwrap());
        }
        assert_eq!(callers.take(&named("d")).err(), Some(Beyond::Callers));
        clock.set(Instant::from_micros(2_000_000));
        let _busy = callers.take(&named("a")).ok().unwrap();
        assert!(callers.take(&named("d")).is_ok());
        assert_eq!(callers.known(), 2, "b and c are forgotten, a is busy");
    }

    #[test]
    fn a_caller_that_is_named_has_limits_of_its_own() {
        let (_, callers) = callers(|limits| {
            let own = CallerLimits {
                in_flight: 5,
                burst: 9,
                rate: 1,
            };
            limits.callers.insert("platform.x".into(), own);
        });
        let seats: Vec<_> = (0..6).map(|_| callers.take(&named("platform.x"))).collect();
        assert_eq!(seats.iter().filter(|seat| seat.is_ok()).count(), 5);
    }
}
