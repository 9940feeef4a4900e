//! 整批结算: what is asked of settlement for claims that are settled together.

use super::paths::{told_of_holds, told_of_some};
use super::settlement::{Assessment, WITHDRAWN, burn, client, in_the_way};
use super::{Kept, Ports, carried, gone, present};
use crate::wire::Claim;
use kernel::{Digest, Fault};
use proto::settlement as pb;
use saga::{Burned, Pivot, Step, Undo};
use std::sync::Arc;

/// Holds posted, now or by an earlier attempt.
pub type Posted = pb::PostHoldsResponse;

/// 预留: claims of one person, scheme and year, priced and set aside.
pub struct HoldClaims {
    /// The outer caller's request.
    pub origin: Digest,
    /// The claims in order, each with its place in the batch and what is known of it.
    pub claims: Vec<(usize, Arc<Claim>, Assessment)>,
}

impl Step for HoldClaims {
    const NAME: &'static str = "settlement.hold_claims";
    type Ports = Ports;
    /// The hold's id.
    type Output = String;

    async fn run(&self, ports: &Ports, key: &str) -> Result<String, Fault> {
        let held = |(_, claim, assessment): &(usize, Arc<Claim>, Assessment)| pb::HeldClaim {
            claim: Some(claim.message.clone()),
            member: Some(assessment.member.0.clone()),
            findings: assessment.findings(),
            basis: None,
        };
        let request = pb::HoldClaimsRequest {
            request_id: key.to_string(),
            origin: carried(self.origin),
            claims: self.claims.iter().map(held).collect(),
        };
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.hold_claims(request));
        let places: Vec<usize> = self.claims.iter().map(|(place, ..)| *place).collect();
        let answer = answer.await.map_err(told_of_some(&places))?;
        Ok(present(answer.hold, "hold")?.hold_id)
    }
}

impl Undo for HoldClaims {
    async fn undo(&self, ports: &Ports, key: &str) -> Result<(), Fault> {
        let request = pb::WithdrawHoldClaimsRequest {
            original_request_id: key.to_string(),
        };
        let mut settlement = client(ports);
        let answer = ports.change(request, |r| settlement.withdraw_hold_claims(r));
        gone(answer.await?.outcome)
    }
}

/// 整批入账 (pivot): posts every hold in one transaction.
pub struct PostHolds {
    /// The outer caller's request.
    pub origin: Digest,
    /// The holds, in order; none when only the key is asked.
    pub holds: Vec<String>,
}

impl PostHolds {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "PostHolds";
}

impl Step for PostHolds {
    const NAME: &'static str = "settlement.post_holds";
    type Ports = Ports;
    type Output = Kept<Posted>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<Posted>, Fault> {
        let request = pb::PostHoldsRequest {
            request_id: key.to_string(),
            origin: carried(self.origin),
            hold_ids: self.holds.clone(),
        };
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.post_holds(request));
        answer.await.map(Kept).map_err(told_of_holds)
    }
}

impl Pivot for PostHolds {
    /// The first settlement stands for all of them.
    fn subject(posted: &Kept<Posted>) -> String {
        let first = posted.settlements.first();
        first.map(|s| s.settlement_id.clone()).unwrap_or_default()
    }

    async fn burn(&self, ports: &Ports, key: &str) -> Result<Burned, Fault> {
        burn(ports, Self::METHOD, key).await
    }

    async fn reverse(&self, ports: &Ports, _: &str, own_key: &str, _: &str) -> Result<(), Fault> {
        let request = pb::ReverseHoldsRequest {
            request_id: own_key.to_string(),
            origin: carried(self.origin),
            hold_ids: self.holds.clone(),
            reason: WITHDRAWN.to_string(),
            institution_code: ports.institution(),
        };
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.reverse_holds(request));
        answer.await.map(drop).map_err(in_the_way)
    }
}
