//! 空事务: a saga of four steps that ask nobody, to measure the engine and its journal alone.

use kernel::Fault;
use orchestrator::{Ports, Told};
use saga::{Body, Burned, Halt, Pivot, Saga, Step, Undo};

/// Steps before the pivot.
const RUNS: usize = 3;

/// Three steps that can be taken back, and a pivot.
pub struct Blank;

/// What it comes to.
pub struct Done;

impl Told for Done {
    fn is_replayed(&self) -> bool {
        false
    }
}

/// A step that is done as soon as it is asked for.
pub struct Nothing;

impl Step for Nothing {
    const NAME: &'static str = "bench.nothing";
    type Ports = Ports;
    type Output = String;

    async fn run(&self, _: &Ports, key: &str) -> Result<String, Fault> {
        Ok(key.to_string())
    }
}

impl Undo for Nothing {
    async fn undo(&self, _: &Ports, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

impl Pivot for Nothing {
    fn subject(answer: &String) -> String {
        answer.clone()
    }

    async fn burn(&self, _: &Ports, _: &str) -> Result<Burned, Fault> {
        Ok(Burned::Never)
    }

    async fn reverse(&self, _: &Ports, _: &str, _: &str, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

impl Body for Blank {
    const KIND: &'static str = "blank.v1";
    type Ports = Ports;
    type Pivot = Nothing;
    type Output = Done;

    fn bare(&self) -> Nothing {
        Nothing
    }

    fn told(&self, _: String) -> Done {
        Done
    }

    async fn steps<'a>(&'a self, mut saga: Saga<'a, Ports>) -> Result<Done, Halt> {
        for _ in 0..RUNS {
            saga.run(Nothing).await?;
        }
        saga.conclude(Nothing).await.map(|_| Done)
    }
}
