//! Single lives: what is written, what is told, and what a journal that differs comes to.

use crate::bodies::{Alone, Long, Short, Toy};
use crate::book::wish;
use crate::office::{Came, live_once};
use crate::world::{Flaw, Row, RowState, Shared, lock};
use crate::{FAULTS, world_of};
use saga::refusal::{JOURNAL_DIFFERS, PROMISE_BROKEN, STEP_UNANSWERED};
use saga::{ATTEMPTS_MAX, Entry, What};

/// A world without faults, where the saga has these lines behind it.
fn world(lines: &[(u32, &'static str, &str)], rested: Option<(u32, u32)>) -> Shared {
    let world = world_of(0, Flaw::None, FAULTS);
    lock(&world).calm = true;
    if lines.is_empty() {
        return world;
    }
    lock(&world).state.row = Some(Row {
        id: "S1".into(),
        owner: 1,
        state: RowState::Open,
        is_withdrawn: false,
        is_tombstone: false,
        rested,
        stood: 0,
        lines: 0,
    });
    let entry = |(step, name, json): &(u32, &'static str, &str)| Entry {
        step: *step,
        name: (*name).into(),
        what: What::Answered((*json).into()),
    };
    lock(&world).lines = lines.iter().map(entry).collect();
    world
}

fn is_stuck_at(came: Came, code: &str) -> bool {
    matches!(came, Came::Stuck(no) if no.starts_with(code))
}

#[track_caller]
fn writes<T: Toy>(expected: usize) {
    let world = world(&[], None);
    assert_eq!(live_once::<T>(&world), Came::Done(1));
    assert_eq!(lock(&world).writes, expected, "{}", T::KIND);
}

#[test]
fn writes_without_faults() {
    // Begin, the answers before the pivot, Done.
    writes::<Short>(3);
    // Before each call with an effect one, and Done.
    writes::<Long>(6);
}

#[test]
fn a_saga_without_a_row_writes_nothing() {
    writes::<Alone>(0);
    let refused = world(&[], None);
    lock(&refused).unreadable = Some("K".into());
    assert_eq!(
        live_once::<Alone>(&refused),
        Came::Refused("INVALID_FIELD".into())
    );
    assert_eq!(lock(&refused).writes, 0);
}

#[test]
fn another_step_than_the_journal_s_is_stuck() {
    let differs = world(&[(0, "other", "1")], None);
    assert!(is_stuck_at(
        live_once::<Short>(&differs),
        JOURNAL_DIFFERS.code
    ));
    assert_eq!(lock(&differs).calls, 0);
}

#[test]
fn an_answer_that_cannot_be_read_is_stuck() {
    for json in ["", "x", "\"1\"", "-1", "[1"] {
        let unreadable = world(&[(0, "ask", json)], None);
        assert!(is_stuck_at(
            live_once::<Short>(&unreadable),
            JOURNAL_DIFFERS.code
        ));
    }
}

#[test]
fn silence_is_told_after_all_attempts() {
    let silent = world(&[(0, "ask", "1")], None);
    lock(&silent).state.away = Some("S1-1".into());
    let told = Came::Refused(STEP_UNANSWERED.code.into());
    assert_eq!(live_once::<Short>(&silent), told);
    // All attempts, the burning and the taking back.
    assert_eq!(lock(&silent).calls, ATTEMPTS_MAX as usize + 2);
}

#[test]
fn attempts_are_counted_over_all_lives() {
    let silent = world(&[(0, "ask", "1")], Some((1, ATTEMPTS_MAX - 2)));
    lock(&silent).state.away = Some("S1-1".into());
    let told = Came::Refused(STEP_UNANSWERED.code.into());
    assert_eq!(live_once::<Short>(&silent), told);
    assert_eq!(lock(&silent).calls, 2 + 2);
}

#[test]
fn a_pivot_that_cannot_be_read_is_refused_for_its_own_reason() {
    let unread = world(&[(0, "ask", "1"), (1, "run", "1")], None);
    lock(&unread).unreadable = Some("K".into());
    assert_eq!(
        live_once::<Short>(&unread),
        Came::Refused("INVALID_FIELD".into())
    );
    // Told again, it is the same.
    assert_eq!(
        live_once::<Short>(&unread),
        Came::Refused("INVALID_FIELD".into())
    );
}

#[test]
fn a_reversal_that_cannot_be_read_is_no_refusal() {
    let done = world(&[], None);
    assert_eq!(live_once::<Short>(&done), Came::Done(1));
    wish(&mut lock(&done));
    lock(&done).unreadable = Some("S1-r0".into());
    assert!(is_stuck_at(live_once::<Short>(&done), PROMISE_BROKEN.code));
}
