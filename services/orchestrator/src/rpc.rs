//! The generated trait: parse, run the saga, render.

use crate::Peers;
use crate::sagas::pivot::Saga;
use crate::sagas::{reverse_settlement, settle_claim};
use crate::steps::settlement::GetOutcome;
use crate::wire;
use kernel::Role;
use proto::orchestrator as pb;
use proto::orchestrator::orchestrator_service_server::OrchestratorService;
use runtime::{Access, Answer, answer, parse};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("PreSettle", EVERYBODY),
    ("WhatWouldChange", EVERYBODY),
    ("Settle", EVERYBODY),
    ("Reverse", EVERYBODY),
    ("GetOutcome", EVERYBODY),
];
const EVERYBODY: &[Role] = &[Role::Institution, Role::Clerk, Role::Service];

/// The service over its peers.
pub struct Rpc(pub Peers);

#[tonic::async_trait]
impl OrchestratorService for Rpc {
    async fn pre_settle(
        &self,
        request: Request<pb::PreSettleRequest>,
    ) -> Answer<pb::PreSettleResponse> {
        answer(request, |context, message| async move {
            let claim = wire::claim(message.claim)?;
            let (quote, assessment) = settle_claim::price(&self.0, &context, &claim).await?;
            Ok(pb::PreSettleResponse {
                quote: Some(quote),
                member: Some(assessment.member),
                findings: wire::shown(&context.principal, assessment.findings),
            })
        })
        .await
    }

    async fn what_would_change(
        &self,
        request: Request<pb::WhatWouldChangeRequest>,
    ) -> Answer<pb::WhatWouldChangeResponse> {
        answer(request, |context, message| async move {
            let claim = wire::claim(message.claim)?;
            let change = parse::message("change", message.change)?;
            let compared = settle_claim::compare(&self.0, &context, &claim, &change).await?;
            let (comparison, assessment) = compared;
            Ok(pb::WhatWouldChangeResponse {
                comparison: Some(comparison),
                member: Some(assessment.member),
                findings: wire::shown(&context.principal, assessment.findings),
            })
        })
        .await
    }

    async fn settle(&self, request: Request<pb::SettleRequest>) -> Answer<pb::SettleResponse> {
        answer(request, |context, message| async move {
            let settle = wire::settle(message)?;
            let settled = settle_claim::settle(&self.0, &context, &settle).await?;
            Ok(pb::SettleResponse {
                settlement: wire::shown_settlement(&context.principal, settled.settlement),
                replayed: settled.replayed,
            })
        })
        .await
    }

    async fn reverse(&self, request: Request<pb::ReverseRequest>) -> Answer<pb::ReverseResponse> {
        answer(request, |context, message| async move {
            let reverse = wire::reverse(&message)?;
            let reversed = reverse_settlement::reverse(&self.0, &context, &reverse).await?;
            Ok(pb::ReverseResponse {
                settlement: wire::shown_settlement(&context.principal, reversed.settlement),
                replayed: reversed.replayed,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::GetOutcomeRequest>,
    ) -> Answer<pb::GetOutcomeResponse> {
        answer(request, |context, message| async move {
            let request_id = parse::request_id(&message.request_id)?;
            let method = wire::pivot_method(message.method)?;
            let asked = GetOutcome { method, request_id };
            let outcome = Saga::new(&self.0, &context).read(&asked).await?;
            Ok(pb::GetOutcomeResponse {
                outcome: Some(outcome),
            })
        })
        .await
    }
}
