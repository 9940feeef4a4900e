//! What a saga's author writes: steps, and the body that puts them in order.

use crate::verbs::{Halt, Saga};
use kernel::Fault;
use serde::{Serialize, de::DeserializeOwned};
use std::future::Future;

/// One call to a peer. The value holds what is asked, so that asking again asks the same.
pub trait Step: Send + Sync + 'static {
    /// Its name in journals, such as `referral.use_referral`.
    const NAME: &'static str;
    /// How peers are reached.
    type Ports: Send + Sync + 'static;
    /// What the peer answers.
    type Output: Send + 'static;

    /// Asks once, under this key.
    fn run(
        &self,
        ports: &Self::Ports,
        key: &str,
    ) -> impl Future<Output = Result<Self::Output, Fault>> + Send;
}

/// A step that can be taken back. Taking back knows only the key of the call, so it is right
/// whether that call succeeded, was refused, never arrived, or arrives later.
pub trait Undo: Step {
    /// Takes back whatever was or will be done under this key. Never refused.
    fn undo(
        &self,
        ports: &Self::Ports,
        key: &str,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// What burning a pivot's key found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Burned {
    /// Nothing: it never happened, and never will.
    Never,
    /// It had been refused.
    Refused,
    /// It had happened, and made the thing of this id.
    Done(String),
}

/// 提交点: the step after which there is no way back. It changes the world once for its key, and
/// its key remembers how that ended.
pub trait Pivot: Step {
    /// The id of what it made.
    fn subject(output: &Self::Output) -> String;

    /// 作废: marks the key so that it can never take effect, and hears what became of it if something
    /// has already. Never refused.
    fn burn(
        &self,
        ports: &Self::Ports,
        key: &str,
    ) -> impl Future<Output = Result<Burned, Fault>> + Send;

    /// 冲正: reverses what was done under `key`, which made `subject`. It is a request of its own,
    /// under `own_key`, and may be refused.
    fn reverse(
        &self,
        ports: &Self::Ports,
        key: &str,
        own_key: &str,
        subject: &str,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// One saga: its request, and what is asked of whom in which order.
pub trait Body: Send + Sync {
    /// Its name and version, such as `settle.v1`. A changed body is a new version beside the old: a
    /// journal is only ever read by the version that wrote it.
    const KIND: &'static str;
    /// True when its pivot alone tells all it came to: a repeat then hears how that stands by now, and
    /// not how it stood.
    const TOLD_BY_PIVOT: bool = false;
    /// How its peers are reached.
    type Ports: Send + Sync + 'static;
    /// Its point of no return.
    type Pivot: Pivot<Ports = Self::Ports>;
    /// What it comes to.
    type Output: Send;

    /// The pivot with nothing behind it but its key: enough to burn it, to be told what stands under
    /// it, and to reverse it.
    fn bare(&self) -> Self::Pivot;

    /// What the saga came to, known only from its pivot.
    fn told(&self, answer: <Self::Pivot as Step>::Output) -> Self::Output;

    /// The steps.
    fn steps<'a>(
        &'a self,
        saga: Saga<'a, Self::Ports>,
    ) -> impl Future<Output = Result<Self::Output, Halt>> + Send + 'a;
}

/// A saga without an effect: its questions change nothing, so every "no" is told as it came.
pub trait Inquiry: Send + Sync {
    /// How its peers are reached.
    type Ports: Send + Sync + 'static;
    /// What it comes to.
    type Output: Send;

    /// The questions.
    fn ask<'a>(
        &'a self,
        saga: Saga<'a, Self::Ports>,
    ) -> impl Future<Output = Result<Self::Output, Halt>> + Send + 'a;
}

/// What a journal can keep of an answer.
pub trait Kept: Serialize + DeserializeOwned {}
impl<T: Serialize + DeserializeOwned> Kept for T {}
