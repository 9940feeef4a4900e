//! 先诊疗后付费: what is asked of settlement on admission.

use super::paths::{ADMISSION, told};
use super::settlement::{WITHDRAWN, burn, client, in_the_way};
use super::{Kept, Ports, carried};
use crate::wire::{Admit, Member};
use kernel::Fault;
use proto::settlement as pb;
use saga::{Burned, Pivot, Step};
use std::sync::Arc;

/// A guarantee opened, now or by an earlier attempt.
pub type Opened = pb::OpenGuaranteeResponse;

/// 担保 (pivot): the funds stand for the stay.
pub struct OpenGuarantee {
    /// What the caller asked.
    pub admit: Arc<Admit>,
    /// The person on the day of admission; without it only the key is asked.
    pub member: Option<Kept<Member>>,
}

impl OpenGuarantee {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "OpenGuarantee";
}

impl Step for OpenGuarantee {
    const NAME: &'static str = "settlement.open_guarantee";
    type Ports = Ports;
    type Output = Kept<Opened>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<Opened>, Fault> {
        let admission = &self.admit.message;
        let stay = pb::Stay {
            person_id: admission.person_id.clone(),
            institution_code: admission.institution_code.clone(),
            visit_number: admission.visit_number.clone(),
            scheme: admission.scheme.clone(),
            med_type: admission.med_type.clone(),
            begin_day: admission.begin_day.clone(),
            diagnosis_code: admission.diagnosis_code.clone(),
            referral_id: admission.referral_id.clone(),
        };
        let request = pb::OpenGuaranteeRequest {
            request_id: key.to_string(),
            origin: carried(self.admit.origin),
            stay: Some(stay),
            estimate_fen: admission.estimate_fen,
            member: self.member.as_ref().map(|member| member.0.clone()),
        };
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.open_guarantee(request));
        answer.await.map(Kept).map_err(told(ADMISSION))
    }
}

impl Pivot for OpenGuarantee {
    fn subject(opened: &Kept<Opened>) -> String {
        let guarantee = opened.guarantee.as_ref();
        guarantee
            .map(|g| g.guarantee_id.clone())
            .unwrap_or_default()
    }

    async fn burn(&self, ports: &Ports, key: &str) -> Result<Burned, Fault> {
        burn(ports, Self::METHOD, key).await
    }

    async fn reverse(
        &self,
        ports: &Ports,
        _: &str,
        own_key: &str,
        subject: &str,
    ) -> Result<(), Fault> {
        cancel(ports, carried(self.admit.origin), own_key, subject).await
    }
}

/// 撤回入院: cancels a guarantee because the request for it is withdrawn. Once the stay is settled the
/// admission stands, and with it the referral it used.
pub(super) async fn cancel(
    ports: &Ports,
    origin: Vec<u8>,
    own_key: &str,
    guarantee_id: &str,
) -> Result<(), Fault> {
    let request = pb::CancelGuaranteeRequest {
        request_id: own_key.to_string(),
        origin,
        guarantee_id: guarantee_id.to_string(),
        reason: WITHDRAWN.to_string(),
    };
    let mut settlement = client(ports);
    let answer = ports.change(request, |request| settlement.cancel_guarantee(request));
    answer.await.map(drop).map_err(in_the_way)
}
