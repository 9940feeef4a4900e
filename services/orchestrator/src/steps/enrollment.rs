//! What is asked of enrollment.

use super::{ASKING, NAME, Peers, Step, heard, present};
use crate::wire::{Claim, Member};
use proto::enrollment as pb;
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use runtime::{Context, Fault};

/// 待遇检查 (2001): what enrollment says of the claim's person on its last day. That the funds may
/// not pay is an answer, not a refusal.
pub struct CheckEligibility<'a>(pub &'a Claim);

impl Step for CheckEligibility<'_> {
    type Answer = Member;

    async fn ask(&self, peers: &Peers, context: &Context) -> Result<Member, Fault> {
        let Self(claim) = self;
        let request = pb::CheckEligibilityRequest {
            person_id: claim.person.to_string(),
            scheme: claim.scheme.to_string(),
            as_of_day: claim.last_day.to_string(),
        };
        let mut enrollment = EnrollmentServiceClient::new(peers.enrollment.clone());
        let call = enrollment.check_eligibility(context.through(NAME, request));
        present(heard(call, context, ASKING).await?.member, "member")
    }
}
