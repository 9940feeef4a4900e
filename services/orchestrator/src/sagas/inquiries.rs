//! 查询: what is asked across peers and changes nothing.

use super::settle_claim::{self, Priced};
use crate::steps::Ports;
use crate::steps::settlement::{Assessment, Comparison, GetOutcome};
use crate::wire::{self, Bill, Change, Claim};
use kernel::{IdentityCheckId, Outcome, RequestId};
use saga::{Halt, Inquiry, Saga};
use std::sync::Arc;

/// 预结算: what a claim would cost, with the check of who was treated, where one is shown.
pub struct Price(pub Bill, pub Option<IdentityCheckId>);

impl Inquiry for Price {
    type Ports = Ports;
    type Output = Priced;

    async fn ask<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<Self::Output, Halt> {
        settle_claim::price(saga, &self.0, self.1).await
    }
}

/// 如果改变: what a claim would cost if facts were others.
pub struct Compare(pub Arc<Claim>, pub Change);

impl Inquiry for Compare {
    type Ports = Ports;
    type Output = (Comparison, Assessment);

    async fn ask<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<Self::Output, Halt> {
        settle_claim::compare(saga, self.0.clone(), self.1.clone()).await
    }
}

/// What became of a pivot's key, as settlement remembers it.
pub struct PivotOutcome {
    /// The pivot's method.
    pub method: &'static str,
    /// The key.
    pub request_id: RequestId,
}

impl Inquiry for PivotOutcome {
    type Ports = Ports;
    type Output = Outcome;

    async fn ask<'a>(&'a self, mut saga: Saga<'a, Ports>) -> Result<Outcome, Halt> {
        let asked = GetOutcome {
            method: self.method,
            request_id: self.request_id.clone(),
        };
        Ok(wire::outcome(saga.read(asked).await?.0))
    }
}
