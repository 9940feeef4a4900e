//! 整批结算: claims of several people that are settled all together, or not at all. Every person-year
//! is held first; all holds are posted in one transaction.

use super::Told;
use crate::steps::holds::{HoldClaims, PostHolds, Posted};
use crate::steps::settlement::Assessment;
use crate::steps::together::AssessAll;
use crate::steps::{Kept, Ports};
use crate::wire::{Claim, SettleTogether};
use kernel::Digest;
use proto::common::Settlement;
use saga::{Body, Halt, Saga};
use std::collections::BTreeMap;
use std::sync::Arc;

/// 整批结算.
pub struct SettleBatch(Arc<SettleTogether>);

impl SettleBatch {
    /// Of this request.
    pub fn new(batch: SettleTogether) -> SettleBatch {
        SettleBatch(Arc::new(batch))
    }
}

/// Claims of one person, scheme and year, each with its place in the batch and what is known of it.
type Group = Vec<(usize, Arc<Claim>, Assessment)>;

impl Body for SettleBatch {
    const KIND: &'static str = "settle_together.v1";
    type Ports = Ports;
    type Pivot = PostHolds;
    /// The settlements in the order of the claims.
    type Output = Vec<Settlement>;

    fn bare(&self) -> PostHolds {
        PostHolds {
            origin: self.0.origin,
            holds: Vec::new(),
        }
    }

    fn told(&self, posted: Kept<Posted>) -> Vec<Settlement> {
        let unknown = |claim: &Arc<Claim>| (claim.clone(), Assessment::default());
        let groups = grouped(self.0.claims.iter().map(unknown).collect());
        in_order(&groups, posted.0.settlements)
    }

    async fn steps<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<Vec<Settlement>, Halt> {
        settle_together(saga, self.0.origin, &self.0.claims).await
    }
}

impl Told for Vec<Settlement> {
    /// It always has a row, and that tells.
    fn is_replayed(&self) -> bool {
        false
    }
}

async fn settle_together(
    mut saga: Saga<'_, Ports>,
    origin: Digest,
    claims: &[Arc<Claim>],
) -> Result<Vec<Settlement>, Halt> {
    let assessments = saga.read(AssessAll(claims.to_vec())).await?;
    let groups = grouped(claims.iter().cloned().zip(assessments).collect());
    let mut holds = Vec::with_capacity(groups.len());
    for claims in groups.clone() {
        holds.push(saga.run(HoldClaims { origin, claims }).await?);
    }
    let posted = saga.conclude(PostHolds { origin, holds }).await?;
    Ok(in_order(&groups, posted.0.settlements))
}

/// The claims by person, scheme and year, in the order of those: two batches that hold the same people
/// wait for each other, and not each for the other.
fn grouped(claims: Vec<(Arc<Claim>, Assessment)>) -> Vec<Group> {
    let mut groups: BTreeMap<_, Group> = BTreeMap::new();
    for (place, (claim, assessment)) in claims.into_iter().enumerate() {
        let scheme = claim.scheme.to_string();
        let whose = (claim.person.to_string(), scheme, claim.last_day.year());
        groups
            .entry(whose)
            .or_default()
            .push((place, claim, assessment));
    }
    groups.into_values().collect()
}

/// The settlements, which come in the order of the groups, in the order of the claims.
fn in_order(groups: &[Group], settlements: Vec<Settlement>) -> Vec<Settlement> {
    let places = groups.iter().flatten().map(|(place, ..)| *place);
    let mut placed: Vec<(usize, Settlement)> = places.zip(settlements).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed
        .into_iter()
        .map(|(_, settlement)| settlement)
        .collect()
}
