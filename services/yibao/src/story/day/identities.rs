//! 人证核验: a token that is issued, checked at the desk and shown when it is settled, and somebody who
//! comes with another person's.

use super::claims::Planned;
use super::{CountyDay, patient};
use crate::desk::Desk;
use crate::story::{CLERK, Halted};
use proto::common::{Claim, Settlement};
use proto::orchestrator as pb;
use proto::orchestrator::IdentityCheck;
use proto::orchestrator::identity_check::{Manner, Purpose, Result as Seen};
use tonic::Status;

/// 电子凭证.
const TOKEN: &str = "01";
/// The kind whose patient's visit somebody else comes to.
const CHECKED: &str = "普通门诊（人证核验）";
/// Of that visit.
const STRANGER: &str = "W-95";

/// 结算 with the check of who is there.
pub async fn checked(desk: &Desk, id: &str, claim: Claim) -> Result<Settlement, Status> {
    let check = check(desk, id, &claim, Seen::Matched).await?;
    settle(desk, id, claim, check.identity_check_id).await
}

async fn settle(
    desk: &Desk,
    id: &str,
    claim: Claim,
    identity_check_id: String,
) -> Result<Settlement, Status> {
    let request = pb::SettleRequest {
        request_id: id.into(),
        identity_check_id,
        claim: Some(claim.clone()),
        ..pb::SettleRequest::default()
    };
    let hospital = desk.of(&claim.institution_code);
    let answer = hospital.orchestrator().settle(patient(request)).await?;
    Ok(answer.into_inner().settlement.unwrap_or_default())
}

/// 电子凭证 of the claim's person, and what the institution's clerk sees when it is shown.
async fn check(desk: &Desk, id: &str, claim: &Claim, seen: Seen) -> Result<IdentityCheck, Status> {
    let request = pb::IssueTokenRequest {
        request_id: format!("{id}-token"),
        person_id: claim.person_id.clone(),
        institution_code: claim.institution_code.clone(),
        purpose: Purpose::Settle.into(),
        lifetime_seconds: 0,
    };
    let mut bureau = desk.of(CLERK).identities();
    let issued = bureau.issue_token(patient(request)).await?.into_inner();
    let request = pb::VerifyIdentityRequest {
        request_id: format!("{id}-check"),
        institution_code: claim.institution_code.clone(),
        visit_number: claim.visit_number.clone(),
        purpose: Purpose::Settle.into(),
        certificate_type: TOKEN.into(),
        certificate_number: issued.token,
        name: String::new(),
        manner: Manner::Manual.into(),
        seen: seen.into(),
        operator_code: "op-1".into(),
    };
    let mut front = desk.of(&claim.institution_code).identities();
    let answer = front.verify_identity(patient(request)).await?;
    Ok(answer.into_inner().check.unwrap_or_default())
}

impl CountyDay<'_> {
    /// 冒名就医: the clerk sees somebody else than the token is of, and nothing is settled.
    pub(super) async fn see_a_stranger(&mut self) -> Result<(), Halted> {
        for one in self.some_of(CHECKED, 1) {
            let Planned { mut claim, .. } = one.planned;
            claim.visit_number = STRANGER.into();
            let id = "day-wrong-95";
            let doubt = check(&self.desk, id, &claim, Seen::NotMatched).await;
            let doubt = self.heard("VerifyIdentity", doubt)?;
            let told = "冒名就医：核验人证不符，记为存疑，不说出凭证是谁的";
            let silent = doubt.result() == Seen::NotMatched && doubt.person.is_none();
            self.story.expect(silent, told)?;
            let answer = settle(&self.desk, id, claim, String::new()).await;
            self.refused_with("IDENTITY_DOUBTED", answer)?;
        }
        Ok(())
    }
}
