//! What is asked of referral.

use super::paths::{ADMISSION, CLAIM, told};
use super::{Kept, Ports, carried, gone, present};
use crate::wire::{Admit, Claim, Suspend};
use kernel::{Day, Digest, Fault, InstitutionCode, PersonId, ReferralId};
use proto::referral as pb;
use proto::referral::referral_service_client::ReferralServiceClient;
use runtime::Wire;
use saga::{Step, Undo};
use std::sync::Arc;

/// 使用转诊: a stay uses a referral up.
#[derive(Clone, Debug)]
pub struct UseReferral {
    /// The outer caller's request.
    pub origin: Digest,
    /// 转诊备案编号 (trt_dcla_detl_sn).
    pub referral: ReferralId,
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id).
    pub visit: String,
    /// 入院日期 (begndate).
    pub admission: Day,
    /// What the caller calls the stay.
    pub named: &'static str,
}

impl UseReferral {
    /// By the stay of a claim.
    pub fn of(referral: ReferralId, origin: Digest, claim: &Claim) -> UseReferral {
        UseReferral {
            origin,
            referral,
            person: claim.person,
            institution: claim.institution.clone(),
            visit: claim.message.visit_number.clone(),
            admission: claim.first_day,
            named: CLAIM,
        }
    }

    /// By a stay that begins.
    pub fn on_admission(referral: ReferralId, admit: &Admit) -> UseReferral {
        UseReferral {
            origin: admit.origin,
            referral,
            person: admit.person,
            institution: admit.institution.clone(),
            visit: admit.message.visit_number.clone(),
            admission: admit.admission,
            named: ADMISSION,
        }
    }
}

impl Step for UseReferral {
    const NAME: &'static str = "referral.use_referral";
    type Ports = Ports;
    type Output = Kept<pb::Referral>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<pb::Referral>, Fault> {
        let request = pb::UseReferralRequest {
            request_id: key.to_string(),
            referral_id: self.referral.to_string(),
            person_id: self.person.to_string(),
            institution_code: self.institution.to_string(),
            visit_number: self.visit.clone(),
            admission_day: self.admission.to_string(),
            origin: carried(self.origin),
        };
        let mut referral = client(ports);
        let answer = ports.change(request, |request| referral.use_referral(request));
        let answer = answer.await.map_err(told(self.named))?;
        present(answer.referral, "referral").map(Kept)
    }
}

impl Undo for UseReferral {
    async fn undo(&self, ports: &Ports, key: &str) -> Result<(), Fault> {
        let request = pb::WithdrawUseReferralRequest {
            original_request_id: key.to_string(),
        };
        let mut referral = client(ports);
        let answer = ports.change(request, |r| referral.withdraw_use_referral(r));
        gone(answer.await?.outcome)
    }
}

/// 释放转诊: what a reversed stay used can be used again.
pub struct ReleaseReferral {
    /// The outer caller's request.
    pub origin: Digest,
    /// 转诊备案编号 (trt_dcla_detl_sn), as the settlement tells it.
    pub referral_id: String,
    /// 就诊ID (mdtrt_id).
    pub visit: String,
}

impl Step for ReleaseReferral {
    const NAME: &'static str = "referral.release_referral";
    type Ports = Ports;
    type Output = bool;

    async fn run(&self, ports: &Ports, key: &str) -> Result<bool, Fault> {
        let request = pb::ReleaseReferralRequest {
            request_id: key.to_string(),
            referral_id: self.referral_id.clone(),
            visit_number: self.visit.clone(),
            origin: carried(self.origin),
        };
        let mut referral = client(ports);
        let answer = ports.change(request, |request| referral.release_referral(request));
        Ok(answer.await?.released)
    }
}

impl Undo for ReleaseReferral {
    async fn undo(&self, ports: &Ports, key: &str) -> Result<(), Fault> {
        let request = pb::WithdrawReleaseReferralRequest {
            original_request_id: key.to_string(),
        };
        let mut referral = client(ports);
        let answer = ports.change(request, |r| referral.withdraw_release_referral(r));
        gone(answer.await?.outcome)
    }
}

/// 暂停期间不得转入: no referral to a suspended institution is used.
pub struct BarInstitution(pub Arc<Suspend>);

impl Step for BarInstitution {
    const NAME: &'static str = "referral.bar_institution";
    type Ports = Ports;
    type Output = String;

    async fn run(&self, ports: &Ports, key: &str) -> Result<String, Fault> {
        let message = &self.0.message;
        let request = pb::BarInstitutionRequest {
            request_id: key.to_string(),
            institution_code: message.institution_code.clone(),
            from_day: message.from_day.clone(),
            until_day: message.until_day.clone(),
            decision_number: message.decision_number.clone(),
            reason: message.reason.clone(),
            origin: carried(self.0.origin),
        };
        let mut referral = client(ports);
        let answer = ports.change(request, |request| referral.bar_institution(request));
        Ok(present(answer.await?.bar, "bar")?.bar_id)
    }
}

impl Undo for BarInstitution {
    async fn undo(&self, ports: &Ports, key: &str) -> Result<(), Fault> {
        let request = pb::WithdrawBarInstitutionRequest {
            original_request_id: key.to_string(),
        };
        let mut referral = client(ports);
        let answer = ports.change(request, |r| referral.withdraw_bar_institution(r));
        gone(answer.await?.outcome)
    }
}

fn client(ports: &Ports) -> ReferralServiceClient<Wire> {
    ReferralServiceClient::new(ports.peers.referral.clone())
}
