//! 双人复核: the public interface to what one person prepares and another agrees to.

use super::Rpc;
use crate::domain::DualApproval;
use crate::wire;
use kernel::Role;
use proto::orchestrator as pb;
use proto::orchestrator::approval_service_server::ApprovalService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("ProposeApproval", CLERKS, Changes),
    ("CancelApproval", BOTH, Changes),
    ("GiveApproval", SUPERVISORS, Changes),
    ("RevokeApproval", SUPERVISORS, Changes),
    ("GetApproval", BOTH, ReadsPeople),
    ("ListApprovals", BOTH, Reads),
    ("GetOutcome", BOTH, Reads),
    // A key has its caller in it: nobody burns another's.
    ("Burn", BOTH, Changes),
];
/// 经办人. No service: what people agree to is theirs.
const CLERKS: &[Role] = &[Role::Clerk];
/// 负责人.
const SUPERVISORS: &[Role] = &[Role::Supervisor];
const BOTH: &[Role] = &[Role::Service, Role::Clerk, Role::Supervisor];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    "ProposeApproval",
    "CancelApproval",
    "GiveApproval",
    "RevokeApproval",
];

#[tonic::async_trait]
impl ApprovalService for Rpc {
    async fn propose_approval(
        &self,
        request: Request<pb::ProposeApprovalRequest>,
    ) -> Answer<pb::ProposeApprovalResponse> {
        answer(request, |context, message| async move {
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "ProposeApproval";
            let origin = origin(method, &message);
            let subject = wire::approval_subject(message.subject)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (found, replayed) = self.0.propose_approval(&call, (&subject, &reason)).await?;
            let approval = self.shown(&found);
            Ok(pb::ProposeApprovalResponse { approval, replayed })
        })
        .await
    }

    async fn cancel_approval(
        &self,
        request: Request<pb::CancelApprovalRequest>,
    ) -> Answer<pb::CancelApprovalResponse> {
        answer(request, |context, message| async move {
            let id = wire::approval_id_of(&message.approval_id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "CancelApproval";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (found, replayed) = self.0.cancel_approval(&call, id, &reason).await?;
            let approval = self.shown(&found);
            Ok(pb::CancelApprovalResponse { approval, replayed })
        })
        .await
    }

    async fn give_approval(
        &self,
        request: Request<pb::GiveApprovalRequest>,
    ) -> Answer<pb::GiveApprovalResponse> {
        answer(request, |context, message| async move {
            let id = wire::approval_id_of(&message.approval_id)?;
            let seen = parse::digest("digest", &message.digest)?;
            let method = "GiveApproval";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (found, replayed) = self.0.give_approval(&call, id, seen).await?;
            let approval = self.shown(&found);
            Ok(pb::GiveApprovalResponse { approval, replayed })
        })
        .await
    }

    async fn revoke_approval(
        &self,
        request: Request<pb::RevokeApprovalRequest>,
    ) -> Answer<pb::RevokeApprovalResponse> {
        answer(request, |context, message| async move {
            let id = wire::approval_id_of(&message.approval_id)?;
            let method = "RevokeApproval";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (found, replayed) = self.0.revoke_approval(&call, id).await?;
            let approval = self.shown(&found);
            Ok(pb::RevokeApprovalResponse { approval, replayed })
        })
        .await
    }

    async fn get_approval(
        &self,
        request: Request<pb::GetApprovalRequest>,
    ) -> Answer<pb::GetApprovalResponse> {
        answer(request, |context, message| async move {
            let id = wire::approval_id_of(&message.approval_id)?;
            let found = self.0.approval(&context.principal.area, id).await?;
            let approval = self.shown(&found);
            Ok(pb::GetApprovalResponse { approval })
        })
        .await
    }

    async fn list_approvals(
        &self,
        request: Request<pb::ListApprovalsRequest>,
    ) -> Answer<pb::ListApprovalsResponse> {
        answer(request, |context, message| async move {
            let state = wire::approval_state(message.state)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (found, next_page_token) = self.0.approvals(area, state, size, &after).await?;
            let now = self.0.clock.now();
            let listed = found.iter().map(|one| wire::approval_in_list(one, now));
            Ok(pb::ListApprovalsResponse {
                approvals: listed.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::ApprovalServiceGetOutcomeRequest>,
    ) -> Answer<pb::ApprovalServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::ApprovalServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::ApprovalServiceBurnRequest>,
    ) -> Answer<pb::ApprovalServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::ApprovalServiceBurnResponse { outcome })
        })
        .await
    }
}

impl Rpc {
    fn shown(&self, of: &DualApproval) -> Option<pb::Approval> {
        Some(wire::approval(of, self.0.clock.now()))
    }
}
