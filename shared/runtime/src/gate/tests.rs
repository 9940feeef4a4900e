#[path = "tests/simulated.rs"]
mod simulated;

use super::*;

const MILLI: i64 = 1_000;

fn at(millis: i64) -> Instant {
    Instant::from_micros(millis * MILLI)
}

fn bounds() -> Bounds {
    Bounds {
        least: 2,
        most: 8,
        reserved: 4,
        queue: 4,
        wait_micros: 200 * MILLI,
        target_micros: 100 * MILLI,
    }
}

fn gate(change: impl FnOnce(&mut Bounds)) -> Gate<&'static str> {
    let mut bounds = bounds();
    change(&mut bounds);
    Gate::new(bounds)
}

fn asks(caller: &str, class: Class, until: i64) -> Asker {
    Asker {
        caller: caller.into(),
        method: "m".into(),
        class,
        until: at(until),
    }
}

fn ordinary(caller: &str) -> Asker {
    asks(caller, Class::Ordinary, 10_000)
}

fn entered<W: std::fmt::Debug>(arrival: Arrival<W>) -> Taken {
    match arrival {
        Arrival::Enter(taken) => taken,
        other => panic!("{other:?}"),
    }
}

fn shed<W: std::fmt::Debug>(arrival: Arrival<W>) -> Shed {
    match arrival {
        Arrival::Shed(why) => why,
        other => panic!("{other:?}"),
    }
}

/// A gate of eight places that this caller fills.
fn full(change: impl FnOnce(&mut Bounds), caller: &str) -> (Gate<&'static str>, Vec<Taken>) {
    let mut gate = gate(change);
    let taken = (0..8)
        .map(|_| entered(gate.arrive(at(0), ordinary(caller), "")))
        .collect();
    (gate, taken)
}

#[test]
fn a_free_place_goes_to_whoever_has_the_fewest() {
    let (mut gate, mut taken) = full(|_| {}, "flood");
    for (caller, name) in [("flood", "f1"), ("flood", "f2"), ("quiet", "q1")] {
        let arrival = gate.arrive(at(1), ordinary(caller), name);
        assert!(matches!(arrival, Arrival::Wait(_, until, None) if until == at(201)));
    }
    let called = gate.leave(at(2), taken.pop().unwrap());
    assert_eq!(
        called.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["q1"]
    );
    let called = gate.leave(at(3), taken.pop().unwrap());
    assert_eq!(called.len(), 1);
    assert_eq!(called[0].0, "f1", "among its own who waits longest");
}

#[test]
fn a_full_queue_displaces_the_newest_of_whoever_has_the_most() {
    let (mut gate, _taken) = full(|_| {}, "flood");
    for name in ["f1", "f2", "f3", "f4"] {
        gate.arrive(at(1), ordinary("flood"), name);
    }
    assert_eq!(
        shed(gate.arrive(at(2), ordinary("flood"), "f5")),
        Shed::Queue
    );
    let arrival = gate.arrive(at(2), ordinary("quiet"), "q1");
    assert!(
        matches!(arrival, Arrival::Wait(_, _, Some("f4"))),
        "{arrival:?}"
    );
}

#[test]
fn no_more_wait_than_are_called_up_in_time() {
    let change = |bounds: &mut Bounds| (bounds.queue, bounds.target_micros) = (64, 500 * MILLI);
    let (mut gate, mut taken) = full(change, "a");
    assert_eq!(gate.room(at(0)), 64, "nothing is known yet");
    // One ends each twenty milliseconds: in three quarters of the wait, seven.
    let mut now = 0;
    for _ in 0..200 {
        let arrival = gate.arrive(at(now), ordinary("a"), "");
        assert!(matches!(arrival, Arrival::Wait(..)), "{arrival:?}");
        now += 20;
        let called = gate.leave(at(now), taken.remove(0));
        taken.extend(called.into_iter().map(|(_, taken)| taken));
    }
    let mut waits = || matches!(gate.arrive(at(now), ordinary("a"), ""), Arrival::Wait(..));
    assert_eq!((0..64).filter(|_| waits()).count(), 7);
    // What operators give back is no place for who waits.
    let operator = entered(gate.arrive(at(now), asks("op", Class::Operators, 10_000), ""));
    gate.leave(at(now + 1), operator);
    assert_eq!(gate.room(at(now + 1)), 7);
    // When nobody waits, what passes from one end to the next is no pace; and it is soon forgotten.
    gate.queue.clear();
    gate.leave(at(now + 20), taken.remove(0));
    gate.leave(at(now + 1_020), taken.remove(0));
    assert_eq!(gate.room(at(now + 1_020)), 7);
    assert_eq!(gate.room(at(now + 2_000)), 64);
}

#[test]
fn who_waited_too_long_or_went_away_is_not_called() {
    let (mut gate, mut taken) = full(|_| {}, "a");
    let Arrival::Wait(first, ..) = gate.arrive(at(0), ordinary("b"), "b1") else {
        panic!("a place was free")
    };
    gate.arrive(at(0), ordinary("c"), "c1");
    gate.arrive(at(150), ordinary("d"), "d1");
    assert!(gate.give_up(first));
    assert!(!gate.give_up(first), "once");
    let called = gate.leave(at(300), taken.pop().unwrap());
    assert_eq!(called.len(), 1);
    assert_eq!(called[0].0, "d1", "b went away, and c waited 300 ms");
}

#[test]
fn one_that_could_not_be_answered_in_time_does_not_wait() {
    let (mut gate, mut taken) = full(|bounds| bounds.least = 8, "a");
    // What the method takes is known from the first that ends.
    gate.leave(at(50), taken.pop().unwrap());
    taken.push(entered(gate.arrive(at(50), ordinary("a"), "")));
    let late = asks("b", Class::Ordinary, 100);
    assert_eq!(shed(gate.arrive(at(50), late, "")), Shed::Deadline);
    let hurried = asks("b", Class::Ordinary, 150);
    let arrival = gate.arrive(at(50), hurried, "");
    assert!(
        matches!(arrival, Arrival::Wait(_, until, _) if until == at(100)),
        "fifty of the hundred that are left are needed: {arrival:?}"
    );
}

#[test]
fn answers_and_operators_have_places_of_their_own() {
    let (mut gate, _taken) = full(|bounds| bounds.queue = 0, "flood");
    assert_eq!(shed(gate.arrive(at(1), ordinary("a"), "")), Shed::Queue);
    let answers = |caller| asks(caller, Class::Answers, 10_000);
    let _first = entered(gate.arrive(at(1), answers("a"), ""));
    // A quarter of the four, for one caller.
    assert_eq!(shed(gate.arrive(at(1), answers("a"), "")), Shed::Queue);
    for caller in ["b", "c", "d"] {
        entered(gate.arrive(at(1), answers(caller), ""));
    }
    assert_eq!(shed(gate.arrive(at(1), answers("e"), "")), Shed::Queue);
    for _ in 0..4 {
        entered(gate.arrive(at(1), asks("op", Class::Operators, 10_000), ""));
    }
    let fifth = gate.arrive(at(1), asks("op", Class::Operators, 10_000), "");
    assert_eq!(shed(fifth), Shed::Queue);
}

#[test]
fn steps_are_never_shed_with_what_callers_ask() {
    let (mut gate, _taken) = full(|bounds| bounds.queue = 0, "flood");
    let step = || asks("orchestrator", Class::Step, 10_000);
    let steps: Vec<_> = (0..8)
        .map(|_| entered(gate.arrive(at(1), step(), "")))
        .collect();
    assert_eq!(shed(gate.arrive(at(1), step(), "")), Shed::Steps);
    for taken in steps {
        assert!(gate.leave(at(2), taken).is_empty());
    }
    assert!(matches!(gate.arrive(at(3), step(), ""), Arrival::Enter(_)));
}

/// Lets rounds of as many calls as may be under way pass, each of which takes as long as so many do.
fn rounds(
    gate: &mut Gate<&'static str>,
    now: &mut i64,
    rounds: usize,
    millis: impl Fn(i64) -> i64,
) {
    for _ in 0..rounds {
        let mut taken = Vec::new();
        while let Arrival::Enter(one) = gate.arrive(at(*now), ordinary("a"), "") {
            taken.push(one);
        }
        *now += millis(i64::try_from(taken.len()).unwrap());
        for one in taken {
            gate.leave(at(*now), one);
        }
    }
}

#[test]
fn the_limit_falls_when_calls_are_slow_and_rises_when_they_are_not() {
    let bounds = |bounds: &mut Bounds| (bounds.most, bounds.queue) = (64, 0);
    let (mut gate, mut now) = (gate(bounds), 0);
    assert_eq!(gate.limit(), 8);
    rounds(&mut gate, &mut now, 200, |_| 50);
    assert_eq!(gate.limit(), 64, "it is used and nothing is slow");
    // One works on them after the other, ten milliseconds each: fifteen fit into three times fifty.
    for _ in 0..20 {
        rounds(&mut gate, &mut now, 20, |calls| calls * 10);
    }
    assert!((12..=17).contains(&gate.limit()), "{}", gate.limit());
    rounds(&mut gate, &mut now, 400, |_| 50);
    assert_eq!(gate.limit(), 64);
}

#[test]
fn the_limit_is_never_below_the_least() {
    let bounds = |bounds: &mut Bounds| (bounds.least, bounds.most, bounds.queue) = (4, 64, 0);
    let (mut gate, mut now) = (gate(bounds), 0);
    rounds(&mut gate, &mut now, 400, |calls| calls * 1_000);
    assert!((4..=5).contains(&gate.limit()), "{}", gate.limit());
}

#[test]
fn a_method_that_is_always_slow_is_no_overload() {
    let bounds = |bounds: &mut Bounds| (bounds.least, bounds.most, bounds.queue) = (8, 16, 0);
    let (mut gate, mut now) = (gate(bounds), 0);
    for _ in 0..200 {
        let one = entered(gate.arrive(at(now), ordinary("a"), ""));
        now += 1_000;
        gate.leave(at(now), one);
    }
    rounds(&mut gate, &mut now, 50, |_| 1_000);
    assert_eq!(gate.limit(), 16, "a second is usual for it");
}

#[test]
fn callers_without_calls_are_not_kept() {
    let mut gate = gate(|_| {});
    for n in 0..1_000 {
        let one = entered(gate.arrive(at(n), ordinary(&format!("c{n}")), ""));
        gate.leave(at(n), one);
    }
    assert!(gate.callers.is_empty());
}
