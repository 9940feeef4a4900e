//! 先诊疗后付费: guarantees.

use super::Rpc;
use crate::wire;
use kernel::GuaranteeId;
use proto::settlement as pb;
use runtime::{Answer, answer, carried_origin, parse, render};
use store::{Key, page};
use tonic::Request;

impl Rpc {
    pub(super) async fn open_guarantee(
        &self,
        request: Request<pb::OpenGuaranteeRequest>,
    ) -> Answer<pb::OpenGuaranteeResponse> {
        answer(request, |context, message| async move {
            let admission = wire::admission(&message)?;
            let method = "OpenGuarantee";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (guarantee, replayed) = self.0.open_guarantee(&call, &admission).await?;
            let guarantee = Some(wire::guarantee(guarantee));
            Ok(pb::OpenGuaranteeResponse {
                guarantee,
                replayed,
            })
        })
        .await
    }

    pub(super) async fn withdraw_open_guarantee(
        &self,
        request: Request<pb::WithdrawOpenGuaranteeRequest>,
    ) -> Answer<pb::WithdrawOpenGuaranteeResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "OpenGuarantee", id);
            let outcome = Some(render::outcome(self.0.withdraw_open_guarantee(&key).await?));
            Ok(pb::WithdrawOpenGuaranteeResponse { outcome })
        })
        .await
    }

    pub(super) async fn cancel_guarantee(
        &self,
        request: Request<pb::CancelGuaranteeRequest>,
    ) -> Answer<pb::CancelGuaranteeResponse> {
        answer(request, |context, message| async move {
            let cancellation = wire::cancellation(&message)?;
            let method = "CancelGuarantee";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (guarantee, replayed) = self.0.cancel_guarantee(&call, &cancellation).await?;
            let guarantee = Some(wire::guarantee(guarantee));
            Ok(pb::CancelGuaranteeResponse {
                guarantee,
                replayed,
            })
        })
        .await
    }

    pub(super) async fn get_guarantee(
        &self,
        request: Request<pb::GetGuaranteeRequest>,
    ) -> Answer<pb::GetGuaranteeResponse> {
        answer(request, |context, message| async move {
            let id = GuaranteeId::parse(&message.guarantee_id);
            let id = parse::field("guarantee_id", id)?;
            let guarantee = self.0.guarantee(&context.principal.area, id).await?;
            let guarantee = Some(wire::guarantee(guarantee));
            Ok(pb::GetGuaranteeResponse { guarantee })
        })
        .await
    }

    pub(super) async fn list_guarantees(
        &self,
        request: Request<pb::ListGuaranteesRequest>,
    ) -> Answer<pb::ListGuaranteesResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let (area, open) = (&context.principal.area, message.open_only);
            let (rows, next) = self.0.guarantees(area, open, size, &after).await?;
            Ok(pb::ListGuaranteesResponse {
                guarantees: rows.into_iter().map(wire::guarantee).collect(),
                next_page_token: next,
            })
        })
        .await
    }
}
