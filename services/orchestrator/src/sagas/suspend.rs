//! 暂停联网结算: of an institution, to which nobody is referred meanwhile, or of a person. Whether the
//! institution is known and the days are lawful is settlement's; whether the person is, enrollment's.

use super::Told;
use crate::steps::enrollment::FindPerson;
use crate::steps::referral::BarInstitution;
use crate::steps::suspension::{CheckSuspension, SuspendOnline, Suspended};
use crate::steps::{Kept, Ports};
use crate::wire::Suspend;
use saga::{Body, Halt, Saga};
use std::sync::Arc;

/// 暂停联网结算 by a decision of the bureau.
pub struct SuspendOnlineSettlement(Arc<Suspend>);

impl SuspendOnlineSettlement {
    /// Of this request.
    pub fn new(suspend: Suspend) -> SuspendOnlineSettlement {
        SuspendOnlineSettlement(Arc::new(suspend))
    }
}

impl Body for SuspendOnlineSettlement {
    const KIND: &'static str = "suspend_online_settlement.v1";
    const TOLD_BY_PIVOT: bool = true;
    type Ports = Ports;
    type Pivot = SuspendOnline;
    type Output = Kept<Suspended>;

    fn bare(&self) -> SuspendOnline {
        SuspendOnline(self.0.clone())
    }

    fn told(&self, suspended: Kept<Suspended>) -> Kept<Suspended> {
        suspended
    }

    async fn steps<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<Kept<Suspended>, Halt> {
        suspend(saga, self.0.clone()).await
    }
}

impl Told for Kept<Suspended> {
    fn is_replayed(&self) -> bool {
        self.replayed
    }
}

async fn suspend(
    mut saga: Saga<'_, Ports>,
    suspend: Arc<Suspend>,
) -> Result<Kept<Suspended>, Halt> {
    let person = suspend.message.person_id.clone();
    if person.is_empty() {
        // Refused here, nobody is turned away meanwhile.
        saga.read(CheckSuspension(suspend.clone())).await?;
        saga.run(BarInstitution(suspend.clone())).await?;
    } else {
        saga.read(FindPerson(person)).await?;
    }
    saga.conclude(SuspendOnline(suspend)).await
}
