//! 承办机构对账文件: the public interface to what funds paid, for whoever pays from them.

use super::{BUREAU, Rpc};
use crate::wire::payer_file as wire;
use kernel::InstitutionCode;
use proto::orchestrator as pb;
use proto::orchestrator::payer_file_service_server::PayerFileService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("PreparePayerFile", BUREAU, Changes),
    ("WithdrawPreparePayerFile", BUREAU, Changes),
    ("GetPayerFile", BUREAU, Reads),
    ("ListPayerFileLines", BUREAU, ReadsPeople),
    ("ReconcilePayerFile", BUREAU, ReadsPeople),
    ("GetOutcome", BUREAU, Reads),
    ("Burn", BUREAU, Changes),
];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &["PreparePayerFile"];

#[tonic::async_trait]
impl PayerFileService for Rpc {
    async fn prepare_payer_file(
        &self,
        request: Request<pb::PreparePayerFileRequest>,
    ) -> Answer<pb::PreparePayerFileResponse> {
        answer(request, |context, message| async move {
            let (fund, month) = wire::which_file(&message.fund, &message.month)?;
            let method = "PreparePayerFile";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (shown, replayed) = self.0.prepare_payer_file(&call, &fund, month).await?;
            let payer_file = Some(wire::payer_file(shown));
            Ok(pb::PreparePayerFileResponse {
                payer_file,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_prepare_payer_file(
        &self,
        request: Request<pb::WithdrawPreparePayerFileRequest>,
    ) -> Answer<pb::WithdrawPreparePayerFileResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "PreparePayerFile", id);
            let outcome = self.0.withdraw_prepare_payer_file(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawPreparePayerFileResponse { outcome })
        })
        .await
    }

    async fn get_payer_file(
        &self,
        request: Request<pb::GetPayerFileRequest>,
    ) -> Answer<pb::GetPayerFileResponse> {
        answer(request, |context, message| async move {
            let (fund, month) = wire::which_file(&message.fund, &message.month)?;
            let area = &context.principal.area;
            let shown = self.0.payer_file(area, &fund, month).await?;
            let payer_file = Some(wire::payer_file(shown));
            Ok(pb::GetPayerFileResponse { payer_file })
        })
        .await
    }

    async fn list_payer_file_lines(
        &self,
        request: Request<pb::ListPayerFileLinesRequest>,
    ) -> Answer<pb::ListPayerFileLinesResponse> {
        answer(request, |context, message| async move {
            let (fund, month) = wire::which_file(&message.fund, &message.month)?;
            let size = page::size(message.page_size)?;
            let after = crate::wire::number_after(&page::key(&message.page_token)?)?;
            let area = &context.principal.area;
            let of = (&fund, month);
            let (lines, next) = self.0.payer_file_lines(area, of, (after, size)).await?;
            Ok(pb::ListPayerFileLinesResponse {
                lines: lines.into_iter().map(wire::payer_line).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn reconcile_payer_file(
        &self,
        request: Request<pb::ReconcilePayerFileRequest>,
    ) -> Answer<pb::ReconcilePayerFileResponse> {
        answer(request, |context, message| async move {
            let (fund, month) = wire::which_file(&message.fund, &message.month)?;
            let institution = match message.institution_code.as_str() {
                "" => None,
                code => {
                    let code = InstitutionCode::parse(code);
                    Some(parse::field("institution_code", code)?)
                }
            };
            let answered = wire::answered(&message.lines)?;
            let area = &context.principal.area;
            let of = (&fund, month);
            let compared = self
                .0
                .reconcile_payer_file(area, of, institution.as_ref(), &answered)
                .await?;
            Ok(wire::compared_file(compared))
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::PayerFileServiceGetOutcomeRequest>,
    ) -> Answer<pb::PayerFileServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::PayerFileServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::PayerFileServiceBurnRequest>,
    ) -> Answer<pb::PayerFileServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::PayerFileServiceBurnResponse { outcome })
        })
        .await
    }
}
