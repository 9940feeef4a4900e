//! The toys of the crate's documentation.

use crate::{Burned, Pivot, Step, Undo};
use kernel::Fault;

/// Ports to nowhere.
pub struct Toys;

/// A step that can be anything.
pub struct Toy;

/// A step that only asks.
pub struct Question;

impl Step for Toy {
    const NAME: &'static str = "toy";
    type Ports = Toys;
    type Output = ();

    async fn run(&self, _: &Toys, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

impl Undo for Toy {
    async fn undo(&self, _: &Toys, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

impl Pivot for Toy {
    fn subject((): &()) -> String {
        "toy".into()
    }

    async fn burn(&self, _: &Toys, _: &str) -> Result<Burned, Fault> {
        Ok(Burned::Never)
    }

    async fn reverse(&self, _: &Toys, _: &str, _: &str, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

impl Step for Question {
    const NAME: &'static str = "question";
    type Ports = Toys;
    type Output = ();

    async fn run(&self, _: &Toys, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}
