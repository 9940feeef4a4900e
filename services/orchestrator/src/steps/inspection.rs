//! What is asked of inspection.

use super::settlement::History;
use super::{Kept, Ports};
use crate::wire::{Claim, Member};
use kernel::Fault;
use proto::inspection as pb;
use proto::inspection::inspection_service_client::InspectionServiceClient;
use saga::Step;
use std::sync::Arc;

/// What screening found.
pub type Screened = pb::ScreenResponse;

/// 事前审核: what the supervision rules find in the claim. A finding is an answer, not a refusal.
pub struct Screen {
    /// The claim.
    pub claim: Arc<Claim>,
    /// Its person.
    pub member: Member,
    /// What the person's other settlements are.
    pub history: History,
}

impl Step for Screen {
    const NAME: &'static str = "inspection.screen";
    type Ports = Ports;
    type Output = Kept<Screened>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Kept<Screened>, Fault> {
        let request = pb::ScreenRequest {
            claim: Some(self.claim.message.clone()),
            member: Some(self.member.clone()),
            history: self.history.history.clone(),
            fingerprint: self.history.fingerprint.clone(),
        };
        let mut inspection = InspectionServiceClient::new(ports.peers.inspection.clone());
        let answer = ports.ask(request, |request| inspection.screen(request));
        answer.await.map(Kept)
    }
}
