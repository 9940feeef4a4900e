//! 待遇追溯: what is known of a person now, and what it moves in the settlements of a year.
//!
//! Enrollment is asked once for each day on which entitlement decided. What moves, and whether it is
//! what was shown, settlement says under the person's lock; so a saga of one effect needs no row.

use super::Told;
use crate::steps::enrollment::CheckEligibility;
use crate::steps::late_facts::{
    Corrected, ListSettledDays, PostLateFacts, Previewed, PriceLateFacts,
};
use crate::steps::{Kept, Ports};
use crate::wire::{LateFacts, Member};
use saga::{Body, Halt, Inquiry, Saga};
use std::sync::Arc;

/// 待遇追溯, once for the caller's request id.
pub struct SettleLateFacts(Arc<LateFacts>);

impl SettleLateFacts {
    /// Of this request.
    pub fn new(facts: LateFacts) -> SettleLateFacts {
        SettleLateFacts(Arc::new(facts))
    }
}

impl Body for SettleLateFacts {
    const KIND: &'static str = "settle_late_facts.v1";
    const TOLD_BY_PIVOT: bool = true;
    type Ports = Ports;
    type Pivot = PostLateFacts;
    type Output = Kept<Corrected>;

    fn bare(&self) -> PostLateFacts {
        PostLateFacts {
            facts: self.0.clone(),
            members: Vec::new(),
        }
    }

    fn told(&self, corrected: Kept<Corrected>) -> Kept<Corrected> {
        corrected
    }

    async fn steps<'a>(&'a self, mut saga: Saga<'a, Ports>) -> Result<Kept<Corrected>, Halt> {
        let members = members(&mut saga, &self.0).await?;
        let facts = self.0.clone();
        saga.conclude(PostLateFacts { facts, members }).await
    }
}

impl Told for Kept<Corrected> {
    fn is_replayed(&self) -> bool {
        self.replayed
    }
}

/// What the facts would move.
pub struct PreviewLateFacts(pub Arc<LateFacts>);

impl Inquiry for PreviewLateFacts {
    type Ports = Ports;
    type Output = Previewed;

    async fn ask<'a>(&'a self, mut saga: Saga<'a, Ports>) -> Result<Previewed, Halt> {
        let members = members(&mut saga, &self.0).await?;
        let facts = self.0.clone();
        Ok(saga.read(PriceLateFacts { facts, members }).await?.0)
    }
}

/// What enrollment says, for each day that decided: a year has no more of them.
async fn members(
    saga: &mut Saga<'_, Ports>,
    facts: &Arc<LateFacts>,
) -> Result<Vec<Kept<Member>>, Halt> {
    let days = saga.read(ListSettledDays(facts.clone())).await?;
    let mut members = Vec::with_capacity(days.len());
    for day in days {
        members.push(saga.read(CheckEligibility::once_more(facts, day)).await?);
    }
    Ok(members)
}
