//! 撤销: reverses a settlement, and frees the referral it used. A guarantee it closed stands again:
//! that is settlement's, in the same transaction; the referral of an admission stays used then.
//!
//! It decides nothing: whether the settlement may be reversed is settlement's, all at its pivot.

use super::Told;
use crate::steps::referral::ReleaseReferral;
use crate::steps::settlement::{FindSettlement, ReverseSettlement, Reversed};
use crate::steps::{Kept, Ports};
use crate::wire::Reverse;
use saga::{Body, Halt, Saga};
use std::sync::Arc;

/// 撤销, once for the caller's request id.
pub struct Reversal(Arc<Reverse>);

impl Reversal {
    /// Of this request.
    pub fn new(reverse: Reverse) -> Reversal {
        Reversal(Arc::new(reverse))
    }
}

impl Body for Reversal {
    const KIND: &'static str = "reverse.v1";
    const TOLD_BY_PIVOT: bool = true;
    type Ports = Ports;
    type Pivot = ReverseSettlement;
    type Output = Kept<Reversed>;

    fn bare(&self) -> ReverseSettlement {
        ReverseSettlement {
            reverse: self.0.clone(),
        }
    }

    fn told(&self, reversed: Kept<Reversed>) -> Kept<Reversed> {
        reversed
    }

    async fn steps<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<Kept<Reversed>, Halt> {
        reverse(saga, self.0.clone()).await
    }
}

impl Told for Kept<Reversed> {
    fn is_replayed(&self) -> bool {
        self.replayed
    }
}

async fn reverse(mut saga: Saga<'_, Ports>, reverse: Arc<Reverse>) -> Result<Kept<Reversed>, Halt> {
    let origin = reverse.origin;
    let found = saga.read(FindSettlement(reverse.settlement)).await?;
    let used = found.filter(|found| !found.referral_id.is_empty());
    let pivot = ReverseSettlement { reverse };
    let Some(settlement) = used else {
        return saga.conclude(pivot).await;
    };
    let (reversed, mut saga) = saga.pivot(pivot).await?;
    saga.finish(ReleaseReferral {
        origin,
        referral_id: settlement.referral_id.clone(),
        visit: settlement.visit_number.clone(),
    })
    .await?;
    Ok(reversed)
}
