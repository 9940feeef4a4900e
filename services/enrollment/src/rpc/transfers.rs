//! 关系转移接续: the public interface to those who leave an area and those who come.

use super::access::BUREAU;
use super::{Rpc, original};
use crate::wire::transfer as own_wire;
use kernel::{Principal, Role};
use proto::orchestrator as pb;
use proto::orchestrator::transfer_service_server::TransferService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("IssueTransferCertificate", BUREAU, Changes),
    ("WithdrawIssueTransferCertificate", BUREAU, Changes),
    ("GetTransferCertificate", BUREAU, ReadsPeople),
    ("ApplyTransferIn", REMOTELY, Changes),
    ("WithdrawApplyTransferIn", REMOTELY, Changes),
    ("AcceptTransferIn", BUREAU, Changes),
    ("WithdrawAcceptTransferIn", BUREAU, Changes),
    ("RejectTransferIn", BUREAU, Changes),
    ("WithdrawRejectTransferIn", BUREAU, Changes),
    ("GetTransfer", REMOTELY, ReadsPeople),
    ("ListTransfers", BUREAU, ReadsPeople),
    ("GetOutcome", REMOTELY, Reads),
    // A key has its caller in it: nobody burns another's.
    ("Burn", REMOTELY, Changes),
];
/// 零跑腿: platforms too, for the person, each for what it applied for.
const REMOTELY: &[Role] = &[Role::Service, Role::Clerk, Role::Platform];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    "IssueTransferCertificate",
    "ApplyTransferIn",
    "AcceptTransferIn",
    "RejectTransferIn",
];

/// Who has applied for what they may see, where the caller sees no more than that.
fn own_applications(principal: &Principal) -> Option<String> {
    let of_the_bureau = BUREAU.iter().any(|role| principal.has(*role));
    (!of_the_bureau).then(|| principal.key_name())
}

impl Rpc {
    fn shown(&self, transfer: &crate::domain::Transfer) -> Option<pb::Transfer> {
        Some(own_wire::transfer(transfer, self.0.clock.today()))
    }
}

#[tonic::async_trait]
impl TransferService for Rpc {
    async fn issue_transfer_certificate(
        &self,
        request: Request<pb::IssueTransferCertificateRequest>,
    ) -> Answer<pb::IssueTransferCertificateResponse> {
        answer(request, |context, message| async move {
            let new = own_wire::new_certificate(&message)?;
            let method = "IssueTransferCertificate";
            let call = self.call(&context, method, &message.request_id, &message)?;
            let (certificate, replayed) = self.0.issue_certificate(&call, &new).await?;
            let certificate = Some(own_wire::certificate(&certificate));
            Ok(pb::IssueTransferCertificateResponse {
                certificate,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_issue_transfer_certificate(
        &self,
        request: Request<pb::WithdrawIssueTransferCertificateRequest>,
    ) -> Answer<pb::WithdrawIssueTransferCertificateResponse> {
        answer(request, |context, message| async move {
            let method = "IssueTransferCertificate";
            let key = original(&context, method, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_certificate(&key).await?));
            Ok(pb::WithdrawIssueTransferCertificateResponse { outcome })
        })
        .await
    }

    async fn get_transfer_certificate(
        &self,
        request: Request<pb::GetTransferCertificateRequest>,
    ) -> Answer<pb::GetTransferCertificateResponse> {
        answer(request, |context, message| async move {
            let id = own_wire::certificate_id(&message.certificate_id)?;
            let area = &context.principal.area;
            let certificate = self.0.certificate(area, id).await?;
            let certificate = Some(own_wire::certificate(&certificate));
            Ok(pb::GetTransferCertificateResponse { certificate })
        })
        .await
    }

    async fn apply_transfer_in(
        &self,
        request: Request<pb::ApplyTransferInRequest>,
    ) -> Answer<pb::ApplyTransferInResponse> {
        answer(request, |context, message| async move {
            let new = own_wire::application(&message)?;
            let call = self.call(&context, "ApplyTransferIn", &message.request_id, &message)?;
            let (transfer, replayed) = self.0.apply_transfer(&call, &new).await?;
            let transfer = self.shown(&transfer);
            Ok(pb::ApplyTransferInResponse { transfer, replayed })
        })
        .await
    }

    async fn withdraw_apply_transfer_in(
        &self,
        request: Request<pb::WithdrawApplyTransferInRequest>,
    ) -> Answer<pb::WithdrawApplyTransferInResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "ApplyTransferIn", &message.original_request_id)?;
            let outcome = self.0.withdraw_apply_transfer(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawApplyTransferInResponse { outcome })
        })
        .await
    }

    async fn accept_transfer_in(
        &self,
        request: Request<pb::AcceptTransferInRequest>,
    ) -> Answer<pb::AcceptTransferInResponse> {
        answer(request, |context, message| async move {
            let id = own_wire::transfer_id(&message.transfer_id)?;
            let call = self.call(&context, "AcceptTransferIn", &message.request_id, &message)?;
            let (transfer, replayed) = self.0.accept_transfer(&call, id).await?;
            let transfer = self.shown(&transfer);
            Ok(pb::AcceptTransferInResponse { transfer, replayed })
        })
        .await
    }

    async fn withdraw_accept_transfer_in(
        &self,
        request: Request<pb::WithdrawAcceptTransferInRequest>,
    ) -> Answer<pb::WithdrawAcceptTransferInResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "AcceptTransferIn", &message.original_request_id)?;
            let outcome = self.0.withdraw_accept_transfer(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawAcceptTransferInResponse { outcome })
        })
        .await
    }

    async fn reject_transfer_in(
        &self,
        request: Request<pb::RejectTransferInRequest>,
    ) -> Answer<pb::RejectTransferInResponse> {
        answer(request, |context, message| async move {
            let id = own_wire::transfer_id(&message.transfer_id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let call = self.call(&context, "RejectTransferIn", &message.request_id, &message)?;
            let (transfer, replayed) = self.0.reject_transfer(&call, id, &reason).await?;
            let transfer = self.shown(&transfer);
            Ok(pb::RejectTransferInResponse { transfer, replayed })
        })
        .await
    }

    async fn withdraw_reject_transfer_in(
        &self,
        request: Request<pb::WithdrawRejectTransferInRequest>,
    ) -> Answer<pb::WithdrawRejectTransferInResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "RejectTransferIn", &message.original_request_id)?;
            let outcome = self.0.withdraw_reject_transfer(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawRejectTransferInResponse { outcome })
        })
        .await
    }

    async fn get_transfer(
        &self,
        request: Request<pb::GetTransferRequest>,
    ) -> Answer<pb::GetTransferResponse> {
        answer(request, |context, message| async move {
            let id = own_wire::transfer_id(&message.transfer_id)?;
            let own = own_applications(&context.principal);
            let area = &context.principal.area;
            let transfer = self.0.transfer(area, id, own.as_deref()).await?;
            let transfer = self.shown(&transfer);
            Ok(pb::GetTransferResponse { transfer })
        })
        .await
    }

    async fn list_transfers(
        &self,
        request: Request<pb::ListTransfersRequest>,
    ) -> Answer<pb::ListTransfersResponse> {
        answer(request, |context, message| async move {
            let state = own_wire::state(message.state)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (found, next_page_token) = self.0.transfers(area, state, size, &after).await?;
            let transfers = found.iter().filter_map(|transfer| self.shown(transfer));
            Ok(pb::ListTransfersResponse {
                transfers: transfers.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::TransferServiceGetOutcomeRequest>,
    ) -> Answer<pb::TransferServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::TransferServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::TransferServiceBurnRequest>,
    ) -> Answer<pb::TransferServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let key = original(&context, method, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::TransferServiceBurnResponse { outcome })
        })
        .await
    }
}
