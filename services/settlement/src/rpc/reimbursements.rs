//! 零星报销: the public interface to bills that were paid by the patient.

use super::{BUREAU, Rpc};
use crate::wire;
use kernel::ReimbursementId;
use proto::orchestrator as pb;
use proto::orchestrator::reimbursement_service_server::ReimbursementService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("SubmitReimbursement", BUREAU, Changes),
    ("WithdrawSubmitReimbursement", BUREAU, Changes),
    ("ApproveReimbursement", BUREAU, Changes),
    ("RejectReimbursement", BUREAU, Changes),
    ("GetReimbursement", BUREAU, ReadsPeople),
    ("ListReimbursements", BUREAU, ReadsPeople),
    ("GetOutcome", BUREAU, Reads),
    ("Burn", BUREAU, Changes),
];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    "SubmitReimbursement",
    "ApproveReimbursement",
    "RejectReimbursement",
];

#[tonic::async_trait]
impl ReimbursementService for Rpc {
    async fn submit_reimbursement(
        &self,
        request: Request<pb::SubmitReimbursementRequest>,
    ) -> Answer<pb::SubmitReimbursementResponse> {
        answer(request, |context, message| async move {
            let submission = wire::submission(&message)?;
            let method = "SubmitReimbursement";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (found, replayed) = self.0.submit_reimbursement(&call, &submission).await?;
            let reimbursement = Some(wire::reimbursement(&found));
            Ok(pb::SubmitReimbursementResponse {
                reimbursement,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_submit_reimbursement(
        &self,
        request: Request<pb::WithdrawSubmitReimbursementRequest>,
    ) -> Answer<pb::WithdrawSubmitReimbursementResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "SubmitReimbursement", id);
            let outcome = self.0.withdraw_submit_reimbursement(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawSubmitReimbursementResponse { outcome })
        })
        .await
    }

    async fn approve_reimbursement(
        &self,
        request: Request<pb::ApproveReimbursementRequest>,
    ) -> Answer<pb::ApproveReimbursementResponse> {
        answer(request, |context, message| async move {
            let id = ReimbursementId::parse(&message.reimbursement_id);
            let id = parse::field("reimbursement_id", id)?;
            let seen = parse::digest("digest", &message.digest)?;
            let method = "ApproveReimbursement";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (found, replayed) = self.0.approve_reimbursement(&call, id, seen).await?;
            let reimbursement = Some(wire::reimbursement(&found));
            Ok(pb::ApproveReimbursementResponse {
                reimbursement,
                replayed,
            })
        })
        .await
    }

    async fn reject_reimbursement(
        &self,
        request: Request<pb::RejectReimbursementRequest>,
    ) -> Answer<pb::RejectReimbursementResponse> {
        answer(request, |context, message| async move {
            let id = ReimbursementId::parse(&message.reimbursement_id);
            let id = parse::field("reimbursement_id", id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "RejectReimbursement";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (found, replayed) = self.0.reject_reimbursement(&call, id, &reason).await?;
            let reimbursement = Some(wire::reimbursement(&found));
            Ok(pb::RejectReimbursementResponse {
                reimbursement,
                replayed,
            })
        })
        .await
    }

    async fn get_reimbursement(
        &self,
        request: Request<pb::GetReimbursementRequest>,
    ) -> Answer<pb::GetReimbursementResponse> {
        answer(request, |context, message| async move {
            let id = ReimbursementId::parse(&message.reimbursement_id);
            let id = parse::field("reimbursement_id", id)?;
            let found = self.0.reimbursement(&context.principal.area, id).await?;
            Ok(pb::GetReimbursementResponse {
                reimbursement: Some(wire::reimbursement(&found)),
            })
        })
        .await
    }

    async fn list_reimbursements(
        &self,
        request: Request<pb::ListReimbursementsRequest>,
    ) -> Answer<pb::ListReimbursementsResponse> {
        answer(request, |context, message| async move {
            let state = wire::reimbursement_state(message.state)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (found, next_page_token) = self.0.reimbursements(area, state, size, &after).await?;
            Ok(pb::ListReimbursementsResponse {
                reimbursements: found.iter().map(wire::reimbursement).collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::ReimbursementServiceGetOutcomeRequest>,
    ) -> Answer<pb::ReimbursementServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::ReimbursementServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::ReimbursementServiceBurnRequest>,
    ) -> Answer<pb::ReimbursementServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::ReimbursementServiceBurnResponse { outcome })
        })
        .await
    }
}
