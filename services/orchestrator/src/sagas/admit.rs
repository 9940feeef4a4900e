//! 先诊疗后付费: admits a person without a deposit. The stay is paid for when its claim is settled
//! under the guarantee.

use super::Told;
use crate::steps::enrollment::CheckEligibility;
use crate::steps::guarantee::{OpenGuarantee, Opened};
use crate::steps::referral::UseReferral;
use crate::steps::{Kept, Ports};
use crate::wire::Admit;
use saga::{Body, Halt, Saga};
use std::sync::Arc;

/// 入院: a person admitted under a guarantee.
pub struct AdmitPerson(Arc<Admit>);

impl AdmitPerson {
    /// Of this request.
    pub fn new(admit: Admit) -> AdmitPerson {
        AdmitPerson(Arc::new(admit))
    }
}

impl Body for AdmitPerson {
    const KIND: &'static str = "admit.v1";
    const TOLD_BY_PIVOT: bool = true;
    type Ports = Ports;
    type Pivot = OpenGuarantee;
    type Output = Kept<Opened>;

    fn bare(&self) -> OpenGuarantee {
        OpenGuarantee {
            admit: self.0.clone(),
            member: None,
        }
    }

    fn told(&self, opened: Kept<Opened>) -> Kept<Opened> {
        opened
    }

    async fn steps<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<Kept<Opened>, Halt> {
        admit_person(saga, self.0.clone()).await
    }
}

impl Told for Kept<Opened> {
    fn is_replayed(&self) -> bool {
        self.replayed
    }
}

async fn admit_person(mut saga: Saga<'_, Ports>, admit: Arc<Admit>) -> Result<Kept<Opened>, Halt> {
    let member = saga.read(CheckEligibility::on_admission(&admit)).await?;
    if let Some(referral) = admit.referral {
        saga.run(UseReferral::on_admission(referral, &admit))
            .await?;
    }
    let member = Some(member);
    saga.conclude(OpenGuarantee { admit, member }).await
}
