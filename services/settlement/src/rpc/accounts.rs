//! 个人账户与家庭共济: the public interface to accounts, for the bureau.

use super::{BUREAU, Rpc};
use crate::wire;
use kernel::refusal::BAD_PAGE_TOKEN;
use kernel::{CreditId, FamilyAuthorizationId, PersonId};
use proto::orchestrator as pb;
use proto::orchestrator::account_service_server::AccountService;
use proto::orchestrator::approval_subject::Subject;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, origin, parse, render};
use store::{Key, new_id, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("CreditAccount", BUREAU, Changes),
    ("WithdrawCreditAccount", BUREAU, Changes),
    ("GetAccount", BUREAU, ReadsPeople),
    ("ListAccountEntries", BUREAU, ReadsPeople),
    ("AuthorizeFamilyMember", BUREAU, Changes),
    ("WithdrawAuthorizeFamilyMember", BUREAU, Changes),
    ("EndFamilyAuthorization", BUREAU, Changes),
    ("GetOutcome", BUREAU, Reads),
    ("Burn", BUREAU, Changes),
];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    "CreditAccount",
    "AuthorizeFamilyMember",
    "EndFamilyAuthorization",
];

#[tonic::async_trait]
impl AccountService for Rpc {
    async fn credit_account(
        &self,
        request: Request<pb::CreditAccountRequest>,
    ) -> Answer<pb::CreditAccountResponse> {
        answer(request, |context, message| async move {
            let method = "CreditAccount";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let id = CreditId(new_id(call.now));
            let new = wire::new_credit(&message, id, call.now)?;
            let approval_id = message.approval_id.clone();
            let second = wire::second(&approval_id, Subject::CreditAccount(message))?;
            let (credit, replayed) = self.0.credit_account(&call, &new, &second).await?;
            let credit = Some(wire::credit(credit));
            Ok(pb::CreditAccountResponse { credit, replayed })
        })
        .await
    }

    async fn withdraw_credit_account(
        &self,
        request: Request<pb::WithdrawCreditAccountRequest>,
    ) -> Answer<pb::WithdrawCreditAccountResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "CreditAccount", id);
            let approval = wire::approval_brought(&message.approval_id)?;
            let outcome = self.0.withdraw_credit(&key, approval).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawCreditAccountResponse { outcome })
        })
        .await
    }

    async fn get_account(
        &self,
        request: Request<pb::GetAccountRequest>,
    ) -> Answer<pb::GetAccountResponse> {
        answer(request, |context, message| async move {
            let person = parse::field("person_id", PersonId::parse(&message.person_id))?;
            let shown = self.0.account(&context.principal.area, person).await?;
            Ok(wire::account(shown))
        })
        .await
    }

    async fn list_account_entries(
        &self,
        request: Request<pb::ListAccountEntriesRequest>,
    ) -> Answer<pb::ListAccountEntriesResponse> {
        answer(request, |context, message| async move {
            let person = parse::field("person_id", PersonId::parse(&message.person_id))?;
            let size = page::size(message.page_size)?;
            let after = match page::key(&message.page_token)?.as_str() {
                "" => 0,
                number => number
                    .parse()
                    .map_err(|_| BAD_PAGE_TOKEN.refuse().at("page_token"))?,
            };
            let area = &context.principal.area;
            let page = self.0.account_entries(area, person, (after, size)).await?;
            let (entries, next_page_token) = page;
            Ok(pb::ListAccountEntriesResponse {
                entries: entries.into_iter().map(wire::account_entry).collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn authorize_family_member(
        &self,
        request: Request<pb::AuthorizeFamilyMemberRequest>,
    ) -> Answer<pb::AuthorizeFamilyMemberResponse> {
        answer(request, |context, message| async move {
            let method = "AuthorizeFamilyMember";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let id = FamilyAuthorizationId(new_id(call.now));
            let new = wire::new_authorization(&message, id, call.now)?;
            let (found, replayed) = self.0.authorize_family_member(&call, &new).await?;
            let authorization = Some(wire::authorization(found));
            Ok(pb::AuthorizeFamilyMemberResponse {
                authorization,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_authorize_family_member(
        &self,
        request: Request<pb::WithdrawAuthorizeFamilyMemberRequest>,
    ) -> Answer<pb::WithdrawAuthorizeFamilyMemberResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "AuthorizeFamilyMember", id);
            let outcome = Some(render::outcome(self.0.withdraw_authorization(&key).await?));
            Ok(pb::WithdrawAuthorizeFamilyMemberResponse { outcome })
        })
        .await
    }

    async fn end_family_authorization(
        &self,
        request: Request<pb::EndFamilyAuthorizationRequest>,
    ) -> Answer<pb::EndFamilyAuthorizationResponse> {
        answer(request, |context, message| async move {
            let id = FamilyAuthorizationId::parse(&message.authorization_id);
            let id = parse::field("authorization_id", id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "EndFamilyAuthorization";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (found, replayed) = self.0.end_authorization(&call, id, &reason).await?;
            let authorization = Some(wire::authorization(found));
            Ok(pb::EndFamilyAuthorizationResponse {
                authorization,
                replayed,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::AccountServiceGetOutcomeRequest>,
    ) -> Answer<pb::AccountServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::AccountServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::AccountServiceBurnRequest>,
    ) -> Answer<pb::AccountServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::AccountServiceBurnResponse { outcome })
        })
        .await
    }
}
