//! Every schedule of a few faults, of toy sagas among toy peers: at the end all is there or all is
//! gone, whoever crashed, slept, lost or repeated what.
//!
//! `cargo test -p saga --test schedules -- --nocapture` prints how many schedules there were;
//! `cargo test --release -p saga --test schedules -- --ignored --nocapture` plays the long form.

mod bodies;
mod book;
mod flaws;
mod office;
mod peers;
mod promises;
mod single;
mod world;

use bodies::{Alone, Long, Short, Toy};
use saga::testing::Choices;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use world::{Flaw, Scope, Shared, World, lock};

/// Faults, and nothing besides.
const FAULTS: Scope = Scope {
    name: "faults",
    wishes: false,
    sleepers: false,
    is_quick: true,
};
/// And the owner may want it withdrawn at any moment, and a life may sleep while another takes over.
const ALL: Scope = Scope {
    name: "all",
    wishes: true,
    sleepers: true,
    is_quick: true,
};
/// And states are the same only when all that was heard is.
const EXACT: Scope = Scope {
    name: "all, exactly",
    is_quick: false,
    ..ALL
};

/// How an exploration ended.
struct Explored {
    schedules: usize,
    /// How many of them led to where an earlier one had been, and ended there.
    merged: usize,
    /// What did not hold, and how it came about.
    broken: Option<String>,
}

fn world_of(faults_max: usize, flaw: Flaw, scope: Scope) -> Shared {
    Arc::new(Mutex::new(World {
        choices: Choices::upto(faults_max),
        flaw,
        scope,
        ..World::default()
    }))
}

/// Plays every schedule of at most so many faults, until something does not hold.
fn explore<T: Toy>(faults_max: usize, flaw: Flaw, scope: Scope) -> Explored {
    let world = world_of(faults_max, flaw, scope);
    let mut explored = Explored {
        schedules: 0,
        merged: 0,
        broken: None,
    };
    loop {
        lock(&world).reset();
        office::play::<T>(&world);
        explored.schedules += 1;
        let mut seen = lock(&world);
        explored.merged += usize::from(seen.merged);
        if seen.broken.is_some() {
            seen.choices.rewind();
            drop(seen);
            explored.broken = Some(retell::<T>(&world));
            return explored;
        }
        if !seen.choices.next_schedule() {
            return explored;
        }
    }
}

/// Plays the same schedule again, and tells what happens in it.
fn retell<T: Toy>(world: &Shared) -> String {
    lock(world).reset();
    lock(world).story = Some(Vec::new());
    office::play::<T>(world);
    let story = lock(world).story.take();
    story.unwrap_or_default().join("\n")
}

/// No schedule of at most so many faults breaks anything.
fn hold<T: Toy>(faults_max: usize, scope: Scope) {
    for faults in 0..=faults_max {
        let start = Instant::now();
        let explored = explore::<T>(faults, Flaw::None, scope);
        println!(
            "{} ({}), up to {faults}: {} schedules, {} of them merged, {} ms",
            T::KIND,
            scope.name,
            explored.schedules,
            explored.merged,
            start.elapsed().as_millis()
        );
        if let Some(story) = explored.broken {
            panic!("{} within {faults} faults:\n{story}", T::KIND);
        }
    }
}

#[test]
fn alone() {
    hold::<Alone>(4, FAULTS);
    hold::<Alone>(2, ALL);
}

#[test]
fn short() {
    hold::<Short>(4, FAULTS);
    hold::<Short>(2, ALL);
}

#[test]
fn long() {
    hold::<Long>(3, FAULTS);
    hold::<Long>(1, ALL);
}

#[test]
#[ignore = "it takes minutes, in release"]
fn long_form() {
    hold::<Alone>(4, EXACT);
    hold::<Short>(4, ALL);
    hold::<Short>(3, EXACT);
    hold::<Long>(2, EXACT);
    hold::<Long>(4, FAULTS);
    hold::<Long>(4, ALL);
}
