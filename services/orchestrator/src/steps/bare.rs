//! A request known by its key alone: what is done when it is withdrawn before it came, or when it
//! needed no row.

use super::settlement::burn;
use super::{Ports, guarantee, late_facts, settlement, suspension};
use crate::sagas::Asked;
use kernel::Fault;
use kernel::refusal::INTERNAL;
use saga::{Body, Burned, Halt, Pivot, Saga, Step};

/// A saga of which only the key of its pivot is known.
pub struct Bare(pub Asked);

/// Its pivot.
pub struct BarePivot(Asked);

impl Body for Bare {
    const KIND: &'static str = "bare";
    type Ports = Ports;
    type Pivot = BarePivot;
    type Output = ();

    fn bare(&self) -> BarePivot {
        BarePivot(self.0)
    }

    fn told(&self, (): ()) {}

    async fn steps<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<(), Halt> {
        saga.conclude(self.bare()).await
    }
}

impl Step for BarePivot {
    const NAME: &'static str = "settlement.by_key";
    type Ports = Ports;
    type Output = ();

    /// What a request is cannot be known from its key.
    async fn run(&self, _: &Ports, _: &str) -> Result<(), Fault> {
        Err(Fault::Unknown(INTERNAL.refuse()))
    }
}

impl Pivot for BarePivot {
    fn subject((): &()) -> String {
        String::new()
    }

    async fn burn(&self, ports: &Ports, key: &str) -> Result<Burned, Fault> {
        burn(ports, self.0.pivot(), key).await
    }

    async fn reverse(
        &self,
        ports: &Ports,
        key: &str,
        own_key: &str,
        subject: &str,
    ) -> Result<(), Fault> {
        match self.0 {
            Asked::Settle => settlement::reverse(ports, Vec::new(), own_key, subject).await,
            Asked::Reverse => Err(settlement::stands(subject)),
            Asked::Admit => guarantee::cancel(ports, Vec::new(), own_key, subject).await,
            Asked::SuspendOnlineSettlement => suspension::withdraw(ports, key).await,
            Asked::PostLateFacts => late_facts::cancel(ports, Vec::new(), own_key, subject).await,
            // They always have a row: what their keys made cannot be there without one.
            Asked::Enrol | Asked::SettleTogether => Err(Fault::Unknown(INTERNAL.refuse())),
        }
    }
}
