//! What is asked of inspection.

use super::settlement::History;
use super::{ASKING, NAME, Peers, Step, heard};
use crate::wire::{Claim, Finding, Member};
use proto::inspection as pb;
use proto::inspection::inspection_service_client::InspectionServiceClient;
use runtime::{Context, Fault};

/// 事前审核: what the supervision rules find in the claim. A finding is an answer, not a refusal.
pub struct Screen<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// Its person.
    pub member: &'a Member,
    /// What the person's other settlements are.
    pub history: &'a History,
}

impl Step for Screen<'_> {
    type Answer = Vec<Finding>;

    async fn ask(&self, peers: &Peers, context: &Context) -> Result<Vec<Finding>, Fault> {
        let request = pb::ScreenRequest {
            claim: Some(self.claim.message.clone()),
            member: Some(self.member.clone()),
            history: self.history.history.clone(),
            fingerprint: self.history.fingerprint.clone(),
        };
        let mut inspection = InspectionServiceClient::new(peers.inspection.clone());
        let call = inspection.screen(context.through(NAME, request));
        Ok(heard(call, context, ASKING).await?.findings)
    }
}
