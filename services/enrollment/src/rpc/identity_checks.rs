//! 就诊凭证 and 人证核验: the public interface to who is at the desk.

use super::access::BUREAU;
use super::{Rpc, original};
use crate::wire;
use crate::wire::identity_check as own_wire;
use kernel::Role;
use proto::orchestrator as pb;
use proto::orchestrator::identity_service_server::IdentityService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, own_institution, parse, render, whose_institution};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("RegisterCard", BUREAU, Changes),
    ("WithdrawRegisterCard", BUREAU, Changes),
    ("RevokeCard", BUREAU, Changes),
    ("RestoreCard", BUREAU, Changes),
    ("IssueToken", BUREAU, Changes),
    ("WithdrawIssueToken", BUREAU, Changes),
    ("VerifyIdentity", ANYWHERE, Changes),
    ("WithdrawVerifyIdentity", ANYWHERE, Changes),
    ("ClearDoubt", BUREAU, Changes),
    ("WithdrawClearDoubt", BUREAU, Changes),
    ("GetIdentityCheck", ANYWHERE, ReadsPeople),
    ("ListDoubts", BUREAU, ReadsPeople),
    ("GetOutcome", ANYWHERE, Reads),
    // A key has its caller in it: nobody burns another's.
    ("Burn", ANYWHERE, Changes),
];
/// Institutions too, each for its own.
const ANYWHERE: &[Role] = &[Role::Service, Role::Clerk, Role::Institution];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    "RegisterCard",
    "RevokeCard",
    "RestoreCard",
    "IssueToken",
    "VerifyIdentity",
    "ClearDoubt",
];

#[tonic::async_trait]
impl IdentityService for Rpc {
    async fn register_card(
        &self,
        request: Request<pb::RegisterCardRequest>,
    ) -> Answer<pb::RegisterCardResponse> {
        answer(request, |context, message| async move {
            let person = wire::person_id(&message.person_id)?;
            let number = own_wire::card_number(&message.card_number)?;
            let call = self.call(&context, "RegisterCard", &message.request_id, &message)?;
            let (card, replayed) = self.0.register_card(&call, person, &number).await?;
            let card = Some(own_wire::card(card));
            Ok(pb::RegisterCardResponse { card, replayed })
        })
        .await
    }

    async fn withdraw_register_card(
        &self,
        request: Request<pb::WithdrawRegisterCardRequest>,
    ) -> Answer<pb::WithdrawRegisterCardResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "RegisterCard", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_card(&key).await?));
            Ok(pb::WithdrawRegisterCardResponse { outcome })
        })
        .await
    }

    async fn revoke_card(
        &self,
        request: Request<pb::RevokeCardRequest>,
    ) -> Answer<pb::RevokeCardResponse> {
        answer(request, |context, message| async move {
            let number = own_wire::card_number(&message.card_number)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let call = self.call(&context, "RevokeCard", &message.request_id, &message)?;
            let (card, replayed) = self.0.revoke_card(&call, &number, &reason).await?;
            let card = Some(own_wire::card(card));
            Ok(pb::RevokeCardResponse { card, replayed })
        })
        .await
    }

    async fn restore_card(
        &self,
        request: Request<pb::RestoreCardRequest>,
    ) -> Answer<pb::RestoreCardResponse> {
        answer(request, |context, message| async move {
            let number = own_wire::card_number(&message.card_number)?;
            let call = self.call(&context, "RestoreCard", &message.request_id, &message)?;
            let (card, replayed) = self.0.restore_card(&call, &number).await?;
            let card = Some(own_wire::card(card));
            Ok(pb::RestoreCardResponse { card, replayed })
        })
        .await
    }

    async fn issue_token(
        &self,
        request: Request<pb::IssueTokenRequest>,
    ) -> Answer<pb::IssueTokenResponse> {
        answer(request, |context, message| async move {
            let new = own_wire::new_token(&message)?;
            let call = self.call(&context, "IssueToken", &message.request_id, &message)?;
            let (issued, replayed) = self.0.issue_token(&call, &new).await?;
            Ok(own_wire::issued(issued, replayed))
        })
        .await
    }

    async fn withdraw_issue_token(
        &self,
        request: Request<pb::WithdrawIssueTokenRequest>,
    ) -> Answer<pb::WithdrawIssueTokenResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "IssueToken", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_token(&key).await?));
            Ok(pb::WithdrawIssueTokenResponse { outcome })
        })
        .await
    }

    async fn verify_identity(
        &self,
        request: Request<pb::VerifyIdentityRequest>,
    ) -> Answer<pb::VerifyIdentityResponse> {
        answer(request, |context, message| async move {
            let whose = whose_institution(&context.principal, &message.institution_code)?;
            let new = own_wire::new_check(&message, whose)?;
            let call = self.call(&context, "VerifyIdentity", &message.request_id, &message)?;
            let (shown, replayed) = self.0.verify_identity(&call, &new).await?;
            let check = Some(own_wire::shown(shown));
            Ok(pb::VerifyIdentityResponse { check, replayed })
        })
        .await
    }

    async fn withdraw_verify_identity(
        &self,
        request: Request<pb::WithdrawVerifyIdentityRequest>,
    ) -> Answer<pb::WithdrawVerifyIdentityResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "VerifyIdentity", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_verify(&key).await?));
            Ok(pb::WithdrawVerifyIdentityResponse { outcome })
        })
        .await
    }

    async fn clear_doubt(
        &self,
        request: Request<pb::ClearDoubtRequest>,
    ) -> Answer<pb::ClearDoubtResponse> {
        answer(request, |context, message| async move {
            let id = own_wire::check_id(&message.identity_check_id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let call = self.call(&context, "ClearDoubt", &message.request_id, &message)?;
            let (shown, replayed) = self.0.clear_doubt(&call, id, &reason).await?;
            let check = Some(own_wire::shown(shown));
            Ok(pb::ClearDoubtResponse { check, replayed })
        })
        .await
    }

    async fn withdraw_clear_doubt(
        &self,
        request: Request<pb::WithdrawClearDoubtRequest>,
    ) -> Answer<pb::WithdrawClearDoubtResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "ClearDoubt", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_clear_doubt(&key).await?));
            Ok(pb::WithdrawClearDoubtResponse { outcome })
        })
        .await
    }

    async fn get_identity_check(
        &self,
        request: Request<pb::GetIdentityCheckRequest>,
    ) -> Answer<pb::GetIdentityCheckResponse> {
        answer(request, |context, message| async move {
            let id = own_wire::check_id(&message.identity_check_id)?;
            let own = own_institution(&context.principal);
            let area = &context.principal.area;
            let shown = self.0.identity_check(area, own.as_ref(), id).await?;
            let check = Some(own_wire::shown(shown));
            Ok(pb::GetIdentityCheckResponse { check })
        })
        .await
    }

    async fn list_doubts(
        &self,
        request: Request<pb::ListDoubtsRequest>,
    ) -> Answer<pb::ListDoubtsResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let (area, all) = (&context.principal.area, message.with_cleared);
            let (found, next_page_token) = self.0.doubts(area, all, size, &after).await?;
            let checks = found.into_iter().map(own_wire::without_person);
            Ok(pb::ListDoubtsResponse {
                checks: checks.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::IdentityServiceGetOutcomeRequest>,
    ) -> Answer<pb::IdentityServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::IdentityServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::IdentityServiceBurnRequest>,
    ) -> Answer<pb::IdentityServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let key = original(&context, method, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::IdentityServiceBurnResponse { outcome })
        })
        .await
    }
}
