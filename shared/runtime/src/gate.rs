//! 准入: who may begin now, who waits, and who is told at once to come again. It refuses to know what
//! the time is, what a task is and what a call does: it is told when one arrives and when it ends.
//!
//! Of so many calls at once the gate learns how many are too many from how long they take: when many
//! are slow, a tenth fewer are let in; when none are and the places are used, a few more (additive
//! increase, multiplicative decrease, as TCP does it). A queue that is short in length and in time
//! takes up what comes unevenly; it is no longer than what can be called up in that time, by how fast
//! calls end while others wait, so that most of who is told to come again is told at once. A place that becomes free goes to whoever has the fewest, so one
//! caller's flood waits behind its own calls and not before others'. Two reserves stay beside these
//! places: for operators, and for asking what became of a request.

use kernel::Instant;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Calls after which the limit is thought over.
const WINDOW_CALLS: u64 = 16;
/// It is thought over no more often than this.
const WINDOW_MICROS: i64 = 100_000;
/// One caller may have this part of a reserve.
const RESERVE_SHARE: usize = 4;
/// A new time counts for this part of what is usual.
const SMOOTHING: i64 = 16;
/// Slow is what takes so many times what is usual.
const SLOW_TIMES: i64 = 3;
/// Calm is when no more than this part of the least is under way.
const CALM_PART: usize = 2;
/// Who would wait longer than this part of the longest wait does not begin to: three of four.
const WAIT_PART: (i64, i64) = (3, 4);
/// What is known of how fast calls end holds for so many times the wait.
const STALE_TIMES: i64 = 10;
/// Where the limit begins, in times of the least.
const START_TIMES: usize = 4;

/// Between which bounds the gate works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub least: usize,
    pub most: usize,
    pub reserved: usize,
    pub queue: usize,
    pub wait_micros: i64,
    pub target_micros: i64,
}

/// What kind of call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Everybody's.
    Ordinary,
    /// 查询结果、冲正: what became of a request, and taking it back.
    Answers,
    /// 运维: an operator's.
    Operators,
    /// What a service does in the course of somebody's call: that one was let in already, and what
    /// it began is not left half done.
    Step,
}

/// Who asks for what, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    /// By area and name.
    pub caller: Arc<str>,
    pub method: Arc<str>,
    pub class: Class,
    /// When its caller stops waiting.
    pub until: Instant,
}

/// A place, and what the gate will want to know of it.
#[derive(Debug)]
pub(crate) struct Taken {
    caller: Arc<str>,
    method: Arc<str>,
    of: Class,
    since: Instant,
    /// How many were under way with it.
    beside: usize,
}

/// What becomes of one that arrives.
#[derive(Debug)]
pub(crate) enum Arrival<W> {
    /// It may begin.
    Enter(Taken),
    /// It waits, until then at most; whoever it displaced is told that it does not wait any more.
    Wait(u64, Instant, Option<W>),
    /// It is told to come again.
    Shed(Shed),
}

/// Why somebody is told to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shed {
    /// The queue is full, and nobody in it has more than the one that arrived.
    Queue,
    /// No place became free in time.
    Wait,
    /// It would not be answered before its caller stops waiting.
    Deadline,
    /// Steps have all the places there are for them.
    Steps,
}

impl Shed {
    /// What it is counted under.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Shed::Queue => "queue",
            Shed::Wait => "wait",
            Shed::Deadline => "deadline",
            Shed::Steps => "steps",
        }
    }
}

/// What one caller has.
#[derive(Default)]
struct Own {
    running: usize,
    waiting: usize,
    /// Of a reserve.
    reserved: usize,
}

struct Waiting<W> {
    ticket: u64,
    asker: Asker,
    until: Instant,
    told: W,
}

/// What was seen since the limit was thought over.
#[derive(Default)]
struct Window {
    since: Option<Instant>,
    calls: u64,
    slow: u64,
    busiest: usize,
}

/// The gate; `W` is how one that waits is told.
pub(crate) struct Gate<W> {
    bounds: Bounds,
    limit: usize,
    running: usize,
    steps: usize,
    answers: usize,
    operators: usize,
    callers: HashMap<Arc<str>, Own>,
    queue: VecDeque<Waiting<W>>,
    tickets: u64,
    /// What a method takes when few are under way, in microseconds. Methods are those of a table.
    usual: HashMap<Arc<str>, i64>,
    window: Window,
    pace: Pace,
}

/// How fast calls of everybody's places end while others wait for them.
#[derive(Default)]
struct Pace {
    /// Microseconds from one end to the next, summed up over so many; 0 as long as nobody waited.
    smoothed: i64,
    /// The last end, if somebody has waited since.
    last: Option<Instant>,
    /// When it was last learned.
    learned: Option<Instant>,
}

impl Pace {
    fn end(&mut self, now: Instant, is_waited_for: bool) {
        let since = self.last.filter(|_| is_waited_for);
        if let Some(since) = since {
            let took = now.micros().saturating_sub(since.micros()).max(0);
            self.smoothed = match self.smoothed {
                0 => took.saturating_mul(SMOOTHING),
                sum => sum - sum / SMOOTHING + took,
            };
            self.learned = Some(now);
        }
        self.last = is_waited_for.then_some(now);
    }

    /// How many calls end in so many microseconds, as far as is known: what was learned long ago, by the
    /// same measure, is not.
    fn calls_in(&self, now: Instant, wait: i64) -> Option<usize> {
        let since = now.micros().saturating_sub(self.learned?.micros());
        let is_stale = since > wait.saturating_mul(STALE_TIMES);
        let calls = wait.saturating_mul(SMOOTHING).checked_div(self.smoothed)?;
        usize::try_from(calls).ok().filter(|_| !is_stale)
    }
}

impl<W> Gate<W> {
    pub(crate) fn new(bounds: Bounds) -> Gate<W> {
        Gate {
            limit: (bounds.least * START_TIMES).min(bounds.most),
            bounds,
            running: 0,
            steps: 0,
            answers: 0,
            operators: 0,
            callers: HashMap::new(),
            queue: VecDeque::new(),
            tickets: 0,
            usual: HashMap::new(),
            window: Window::default(),
            pace: Pace::default(),
        }
    }

    /// How many may be under way now.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// One arrives; if it has to wait, it is told so.
    pub(crate) fn arrive(&mut self, now: Instant, asker: Asker, told: W) -> Arrival<W> {
        if asker.class == Class::Step {
            return match self.steps < self.bounds.most {
                true => Arrival::Enter(self.enter(now, &asker, Class::Step)),
                false => Arrival::Shed(Shed::Steps),
            };
        }
        // Who waited too long is out of it, though it may not know yet.
        if self.running < self.limit && self.queue.iter().all(|w| w.until < now) {
            return Arrival::Enter(self.enter(now, &asker, Class::Ordinary));
        }
        if self.has_reserve(&asker) {
            return Arrival::Enter(self.enter(now, &asker, asker.class));
        }
        self.line_up(now, asker, told)
    }

    fn line_up(&mut self, now: Instant, asker: Asker, told: W) -> Arrival<W> {
        let needs = self.usual.get(&asker.method).copied().unwrap_or(0);
        let left = asker.until.micros().saturating_sub(now.micros()) - needs;
        let wait = left.min(self.bounds.wait_micros);
        if left <= 0 {
            return Arrival::Shed(Shed::Deadline);
        }
        let mut displaced = None;
        if self.queue.len() >= self.room(now) {
            match self.displace(&asker.caller) {
                Some(told) => displaced = Some(told),
                None => return Arrival::Shed(Shed::Queue),
            }
        }
        self.tickets += 1;
        let (ticket, until) = (self.tickets, Instant::from_micros(now.micros() + wait));
        self.own(&asker.caller).waiting += 1;
        self.queue.push_back(Waiting {
            ticket,
            asker,
            until,
            told,
        });
        Arrival::Wait(ticket, until, displaced)
    }

    /// How many may wait.
    fn room(&self, now: Instant) -> usize {
        let (part, of) = WAIT_PART;
        let wait = self.bounds.wait_micros / of * part;
        let in_time = self.pace.calls_in(now, wait);
        // As many as work at least may wait: by them the pace is known when it gets better.
        let in_time = in_time.map_or(self.bounds.queue, |calls| calls.max(self.bounds.least));
        in_time.min(self.bounds.queue)
    }

    /// Takes the newest out of the queue of whoever has the most, if that is more than the one that
    /// arrives would have.
    fn displace(&mut self, arriving: &Arc<str>) -> Option<W> {
        let has = |own: &Own| own.running + own.waiting;
        let mine = self.callers.get(arriving).map_or(0, has) + 1;
        let waiting = self.callers.iter().filter(|(_, own)| own.waiting > 0);
        let (most, greedy) = waiting
            .map(|(caller, own)| (has(own), caller.clone()))
            .max()?;
        if most <= mine || greedy == *arriving {
            return None;
        }
        let newest = self.queue.iter().rposition(|w| w.asker.caller == greedy)?;
        self.out(newest).map(|waiting| waiting.told)
    }

    fn out(&mut self, position: usize) -> Option<Waiting<W>> {
        let waiting = self.queue.remove(position)?;
        let own = self.own(&waiting.asker.caller);
        own.waiting = own.waiting.saturating_sub(1);
        self.forget(&waiting.asker.caller);
        Some(waiting)
    }

    fn has_reserve(&self, asker: &Asker) -> bool {
        let own = self.callers.get(&asker.caller);
        let own = own.map_or(0, |own| own.reserved);
        let reserved = self.bounds.reserved;
        match asker.class {
            Class::Operators => self.operators < reserved,
            Class::Answers => self.answers < reserved && own < reserved.div_ceil(RESERVE_SHARE),
            Class::Ordinary | Class::Step => false,
        }
    }

    fn enter(&mut self, now: Instant, asker: &Asker, of: Class) -> Taken {
        *self.places(of) += 1;
        let reserved = matches!(of, Class::Answers | Class::Operators);
        if of != Class::Step {
            let own = self.own(&asker.caller);
            own.running += 1;
            own.reserved += usize::from(reserved);
        }
        self.window.busiest = self.window.busiest.max(self.running);
        Taken {
            caller: asker.caller.clone(),
            method: asker.method.clone(),
            of,
            since: now,
            beside: self.running,
        }
    }

    fn places(&mut self, of: Class) -> &mut usize {
        match of {
            Class::Ordinary => &mut self.running,
            Class::Answers => &mut self.answers,
            Class::Operators => &mut self.operators,
            Class::Step => &mut self.steps,
        }
    }

    fn own(&mut self, caller: &Arc<str>) -> &mut Own {
        self.callers.entry(caller.clone()).or_default()
    }

    /// Whoever has nothing is not kept.
    fn forget(&mut self, caller: &Arc<str>) {
        let own = self.callers.get(caller);
        if own.is_some_and(|own| own.running == 0 && own.waiting == 0) {
            self.callers.remove(caller);
        }
    }

    /// A call ended; those who may begin now.
    pub(crate) fn leave(&mut self, now: Instant, taken: Taken) -> Vec<(W, Taken)> {
        let beside = taken.beside.max(self.running);
        let places = self.places(taken.of);
        *places = places.saturating_sub(1);
        if taken.of != Class::Step {
            let reserved = matches!(taken.of, Class::Answers | Class::Operators);
            let own = self.own(&taken.caller);
            own.running = own.running.saturating_sub(1);
            own.reserved = own.reserved.saturating_sub(usize::from(reserved));
            self.forget(&taken.caller);
            if taken.of == Class::Ordinary {
                self.pace.end(now, !self.queue.is_empty());
            }
            self.learn(now, &taken, beside);
        }
        self.call_up(now)
    }

    /// One does not wait any more; false when it was told already.
    pub(crate) fn give_up(&mut self, ticket: u64) -> bool {
        let position = self.queue.iter().position(|w| w.ticket == ticket);
        position.and_then(|position| self.out(position)).is_some()
    }

    /// Free places go to whoever has the fewest, and among equals to who waits longest.
    fn call_up(&mut self, now: Instant) -> Vec<(W, Taken)> {
        let mut called = Vec::new();
        while self.running < self.limit {
            let running = |caller| self.callers.get(caller).map_or(0, |own: &Own| own.running);
            let waiting = self.queue.iter().enumerate();
            // Who waited too long is told so by its own timer.
            let waiting = waiting.filter(|(_, w)| now <= w.until);
            let next = waiting.min_by_key(|(at, w)| (running(&w.asker.caller), *at));
            let Some(next) = next.map(|(at, _)| at).and_then(|at| self.out(at)) else {
                break;
            };
            let taken = self.enter(now, &next.asker, Class::Ordinary);
            called.push((next.told, taken));
        }
        called
    }

    /// What a call that ended, with so many beside it, tells of how many are too many.
    fn learn(&mut self, now: Instant, taken: &Taken, beside: usize) {
        let took = now.micros().saturating_sub(taken.since.micros()).max(0);
        let target = self.bounds.target_micros;
        match self.usual.get_mut(&taken.method) {
            None => drop(self.usual.insert(taken.method.clone(), took.min(target))),
            // In a crowd everything takes long, also in the smallest there is under overload: that is
            // not usual.
            Some(usual) if beside * CALM_PART <= self.bounds.least => {
                *usual += (took - *usual) / SMOOTHING;
            }
            Some(_) => {}
        }
        let usual = self.usual.get(&taken.method).copied().unwrap_or(0);
        let is_slow = took > target.max(usual.saturating_mul(SLOW_TIMES));
        let window = &mut self.window;
        window.calls += 1;
        window.slow += u64::from(is_slow);
        let since = *window.since.get_or_insert(now);
        let lasted = now.micros().saturating_sub(since.micros());
        if window.calls < WINDOW_CALLS || lasted < WINDOW_MICROS {
            return;
        }
        let (least, most) = (self.bounds.least, self.bounds.most);
        if window.slow * 10 > window.calls {
            self.limit = (self.limit * 9 / 10).max(least);
        } else if window.busiest * 4 >= self.limit * 3 {
            self.limit = (self.limit + (self.limit / 16).max(1)).min(most);
        }
        self.window = Window {
            since: Some(now),
            busiest: self.running,
            ..Window::default()
        };
    }
}

#[cfg(test)]
#[path = "gate/tests.rs"]
mod tests;
