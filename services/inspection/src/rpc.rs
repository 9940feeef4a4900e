//! The generated trait: parse, call the app, render.

use crate::app::App;
use crate::wire;
use kernel::Role;
use proto::inspection as pb;
use proto::inspection::inspection_service_server::InspectionService;
use runtime::Does::Reads;
use runtime::{Access, Answer, answer, parse};
use tonic::Request;

/// Who may call what. The rules are public to those they are applied to.
pub const ACCESS: Access = &[
    // It answers what it finds in what the caller brings, and nothing else that is known of a person.
    ("Screen", &[Role::Service, Role::Clerk], Reads),
    (
        "ListRules",
        &[Role::Service, Role::Clerk, Role::Institution],
        Reads,
    ),
];

/// The service over its app.
pub struct Rpc(pub App);

#[tonic::async_trait]
impl InspectionService for Rpc {
    async fn screen(&self, request: Request<pb::ScreenRequest>) -> Answer<pb::ScreenResponse> {
        answer(request, |_, message| async move {
            let (findings, digest) = self.0.screen(&wire::case(message)?)?;
            Ok(pb::ScreenResponse {
                findings: findings.into_iter().map(wire::finding).collect(),
                rules_digest: digest.to_string(),
            })
        })
        .await
    }

    async fn list_rules(
        &self,
        request: Request<pb::ListRulesRequest>,
    ) -> Answer<pb::ListRulesResponse> {
        answer(request, |_, message| async move {
            let as_of = parse::optional_day("as_of_day", &message.as_of_day)?;
            Ok(wire::rules(self.0.rules(as_of)?))
        })
        .await
    }
}
