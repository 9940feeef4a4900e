//! A day's overload in simulated time: eight workers behind the gate, twenty milliseconds each, so
//! four hundred calls a second and no more; what is let in beyond eight waits for them, as it would
//! for a database.

use super::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

const WORKERS: usize = 8;
const WORK: i64 = 20 * MILLI;
/// Calls a second that the workers can do.
const ABLE: i64 = 400;
const SECOND: i64 = 1_000 * MILLI;
/// How long a caller waits.
const PATIENCE: i64 = 2 * SECOND;

type Call = usize;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Arrives(Call),
    /// A worker has done a call.
    Done(Call),
    /// One in the queue hears that it waited too long.
    Late(u64, Call),
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
struct Fate {
    caller: &'static str,
    arrived: i64,
    done: Option<i64>,
    shed: Option<i64>,
}

struct World {
    gate: Gate<Call>,
    events: BinaryHeap<Reverse<(i64, usize, Happens)>>,
    /// Events of the same moment happen in the order in which they were foreseen.
    foreseen: usize,
    calls: Vec<Fate>,
    inside: HashMap<Call, Taken>,
    idle: usize,
    backlog: VecDeque<Call>,
}

impl World {
    fn new() -> World {
        let bounds = Bounds {
            least: 8,
            most: 1_024,
            reserved: 4,
            queue: 64,
            wait_micros: 200 * MILLI,
            target_micros: 100 * MILLI,
        };
        World {
            gate: Gate::new(bounds),
            events: BinaryHeap::new(),
            foreseen: 0,
            calls: Vec::new(),
            inside: HashMap::new(),
            idle: WORKERS,
            backlog: VecDeque::new(),
        }
    }

    fn foresee(&mut self, at: i64, what: Happens) {
        self.foreseen += 1;
        self.events.push(Reverse((at, self.foreseen, what)));
    }

    /// So many calls a second of one caller, from and until a second.
    fn offer(&mut self, caller: &'static str, rate: i64, from: i64, until: i64) {
        for n in 0..rate * (until - from) {
            let arrived = from * SECOND + n * SECOND / rate;
            let call = self.calls.len();
            let (done, shed) = (None, None);
            self.calls.push(Fate {
                caller,
                arrived,
                done,
                shed,
            });
            self.foresee(arrived, Happens::Arrives(call));
        }
    }

    fn run(&mut self) {
        while let Some(Reverse((now, _, what))) = self.events.pop() {
            match what {
                Happens::Arrives(call) => self.arrives(now, call),
                Happens::Late(ticket, call) => {
                    if self.gate.give_up(ticket) {
                        self.calls[call].shed = Some(now);
                    }
                }
                Happens::Done(call) => {
                    self.calls[call].done = Some(now);
                    self.idle += 1;
                    let taken = self.inside.remove(&call).unwrap();
                    for (call, taken) in self.gate.leave(Instant::from_micros(now), taken) {
                        self.begin(call, taken);
                    }
                    self.work(now);
                }
            }
        }
    }

    fn arrives(&mut self, now: i64, call: Call) {
        let asker = Asker {
            caller: self.calls[call].caller.into(),
            method: "m".into(),
            class: Class::Ordinary,
            until: Instant::from_micros(now + PATIENCE),
        };
        match self.gate.arrive(Instant::from_micros(now), asker, call) {
            Arrival::Enter(taken) => self.begin(call, taken),
            Arrival::Shed(_) => self.calls[call].shed = Some(now),
            Arrival::Wait(ticket, until, displaced) => {
                self.foresee(until.micros() + 1, Happens::Late(ticket, call));
                if let Some(displaced) = displaced {
                    self.calls[displaced].shed = Some(now);
                }
            }
        }
        self.work(now);
    }

    fn begin(&mut self, call: Call, taken: Taken) {
        self.inside.insert(call, taken);
        self.backlog.push_back(call);
    }

    fn work(&mut self, now: i64) {
        while self.idle > 0
            && let Some(call) = self.backlog.pop_front()
        {
            self.idle -= 1;
            self.foresee(now + WORK, Happens::Done(call));
        }
    }

    fn of(&self, caller: &str, from: i64, until: i64) -> Vec<Fate> {
        let within = from * SECOND..until * SECOND;
        let arrived = self
            .calls
            .iter()
            .filter(|call| within.contains(&call.arrived));
        arrived
            .filter(|call| call.caller == caller)
            .copied()
            .collect()
    }
}

/// The number of calls that were done, and what all but one of a hundred of them took at most.
fn done(calls: &[Fate]) -> (i64, i64) {
    let took = calls
        .iter()
        .filter_map(|call| Some(call.done? - call.arrived));
    let mut took: Vec<i64> = took.collect();
    took.sort_unstable();
    let p99 = took.get(took.len().saturating_sub(1) * 99 / 100).copied();
    (i64::try_from(took.len()).unwrap(), p99.unwrap_or(0))
}

#[test]
fn at_twice_the_capacity_as_much_is_done_as_at_once_and_then_it_is_over() {
    let mut world = World::new();
    for (rate, from, until) in [(200, 0, 10), (400, 10, 20), (800, 20, 40), (200, 40, 50)] {
        world.offer("a", rate, from, until);
    }
    world.run();
    let (half, quick) = done(&world.of("a", 0, 10));
    assert_eq!((half, quick), (2_000, WORK), "nobody waits for anybody");
    let (peak, _) = done(&world.of("a", 10, 20));
    let (twice, p99) = done(&world.of("a", 20, 40));
    assert!(twice * 10 >= peak * 2 * 9, "{twice} of twice {peak}");
    assert!(twice * 10 >= ABLE * 20 * 9, "{twice}");
    // The queue's wait, and what the limit lets pile up behind the gate.
    assert!(p99 <= 400 * MILLI, "{p99}");
    let shed = world
        .of("a", 40, 50)
        .into_iter()
        .filter_map(|call| call.shed)
        .max();
    assert!(shed.is_none_or(|last| last < 41 * SECOND), "{shed:?}");
    let (after, quick) = done(&world.of("a", 42, 50));
    assert_eq!(
        (after, quick),
        (1_600, WORK),
        "two seconds later it is as before"
    );
}

#[test]
fn one_caller_s_flood_costs_another_nothing() {
    let mut world = World::new();
    world.offer("flood", 2 * ABLE, 0, 20);
    world.offer("quiet", 20, 5, 20);
    world.run();
    let quiet = world.of("quiet", 5, 20);
    let (served, p99) = done(&quiet);
    assert_eq!(served, 300, "every one");
    assert!(p99 <= 250 * MILLI, "{p99}");
    let (flood, _) = done(&world.of("flood", 5, 20));
    assert!(flood >= (ABLE - 20) * 15 * 9 / 10, "{flood}");
}
