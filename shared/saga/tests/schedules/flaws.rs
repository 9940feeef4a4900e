//! Promises broken on purpose: the exploration finds each, and within how few faults.

use crate::bodies::{Alone, Long, Short, Toy};
use crate::world::{Flaw, Scope};
use crate::{ALL, FAULTS, explore};

/// The fewest faults within which this flaw breaks something.
fn found_within<T: Toy>(flaw: Flaw, scope: Scope) -> Option<usize> {
    (0..=3).find(|faults| explore::<T>(*faults, flaw, scope).broken.is_some())
}

/// Asserts within how many faults a flaw is found.
#[track_caller]
fn found<T: Toy>(flaw: Flaw, scope: Scope, faults: usize) {
    assert_eq!(
        found_within::<T>(flaw, scope),
        Some(faults),
        "{} {flaw:?}",
        T::KIND
    );
}

#[test]
fn peers() {
    found::<Short>(Flaw::NotOnce, FAULTS, 1);
    found::<Short>(Flaw::NoTombstone, FAULTS, 2);
    found::<Short>(Flaw::NoBurn, FAULTS, 1);
    found::<Alone>(Flaw::NoBurn, FAULTS, 1);
    found::<Short>(Flaw::ForgottenRefusal, FAULTS, 2);
    found::<Short>(Flaw::PassingMarkedRemembered, FAULTS, 2);
    found::<Short>(Flaw::ReversalNotOnce, ALL, 2);
}

#[test]
fn steps() {
    found::<Short>(Flaw::PassingBelieved, FAULTS, 1);
    found::<Short>(Flaw::KeyPerAttempt, FAULTS, 1);
    found::<Short>(Flaw::UndoGivenUp, FAULTS, 2);
    found::<Short>(Flaw::UnansweredNotTakenBack, FAULTS, 2);
    found::<Short>(Flaw::PivotNotBurned, ALL, 1);
    found::<Long>(Flaw::FinishGivenUp, FAULTS, 1);
}

#[test]
fn journals() {
    found::<Short>(Flaw::LateRow, FAULTS, 1);
    found::<Long>(Flaw::LateAnswers, FAULTS, 2);
    found::<Short>(Flaw::LostFence, ALL, 1);
}
