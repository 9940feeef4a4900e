//! The toy sagas.

use crate::peers::{Ask, Commit, Follow, Make, Peers};
use saga::{Body, Halt, Saga};

/// A toy saga, and what stands when all of it is there.
pub trait Toy: Body<Ports = Peers, Output = u32> + 'static {
    /// The saga.
    const TOY: Self;
    /// The steps with an effect, in order.
    const EFFECTS: &'static [&'static str];
}

/// read, run, run, pivot, finish, finish.
pub struct Long;

/// read, conclude: its only effect is its pivot, and it needs no row.
pub struct Alone;

/// read, run, conclude.
pub struct Short;

impl Toy for Long {
    const TOY: Long = Long;
    const EFFECTS: &'static [&'static str] = &["run", "run", "commit", "finish", "finish"];
}

impl Toy for Alone {
    const TOY: Alone = Alone;
    const EFFECTS: &'static [&'static str] = &["commit"];
}

impl Toy for Short {
    const TOY: Short = Short;
    const EFFECTS: &'static [&'static str] = &["run", "commit"];
}

impl Body for Long {
    const KIND: &'static str = "long.v1";
    type Ports = Peers;
    type Pivot = Commit;
    type Output = u32;

    fn bare(&self) -> Commit {
        Commit { value: 0 }
    }

    fn told(&self, answer: u32) -> u32 {
        answer
    }

    async fn steps(&self, mut saga: Saga<'_, Peers>) -> Result<u32, Halt> {
        let value = saga.read(Ask).await?;
        let value = saga.run(Make { value }).await?;
        let value = saga.run(Make { value }).await?;
        let (_, mut saga) = saga.pivot(Commit { value }).await?;
        saga.finish(Follow { value }).await?;
        saga.finish(Follow { value }).await
    }
}

impl Body for Alone {
    const KIND: &'static str = "alone.v1";
    type Ports = Peers;
    type Pivot = Commit;
    type Output = u32;

    fn bare(&self) -> Commit {
        Commit { value: 0 }
    }

    fn told(&self, answer: u32) -> u32 {
        answer
    }

    async fn steps(&self, mut saga: Saga<'_, Peers>) -> Result<u32, Halt> {
        let value = saga.read(Ask).await?;
        saga.conclude(Commit { value }).await
    }
}

impl Body for Short {
    const KIND: &'static str = "short.v1";
    type Ports = Peers;
    type Pivot = Commit;
    type Output = u32;

    fn bare(&self) -> Commit {
        Commit { value: 0 }
    }

    fn told(&self, answer: u32) -> u32 {
        answer
    }

    async fn steps(&self, mut saga: Saga<'_, Peers>) -> Result<u32, Halt> {
        let value = saga.read(Ask).await?;
        saga.run(Make { value }).await?;
        saga.conclude(Commit { value }).await
    }
}
