//! 暂停联网结算.

use super::Rpc;
use crate::wire;
use kernel::OnlineSuspensionId;
use proto::settlement as pb;
use runtime::{Answer, answer, carried_origin, parse, render};
use store::{Key, new_id, page};
use tonic::Request;

impl Rpc {
    pub(super) async fn suspend_online(
        &self,
        request: Request<pb::SuspendOnlineRequest>,
    ) -> Answer<pb::SuspendOnlineResponse> {
        answer(request, |context, message| async move {
            let method = "SuspendOnline";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let id = OnlineSuspensionId(new_id(call.now));
            let new = wire::new_suspension(&message, id, call.now)?;
            let (suspension, replayed) = self.0.suspend_online(&call, &new).await?;
            let suspension = Some(wire::suspension(suspension));
            Ok(pb::SuspendOnlineResponse {
                suspension,
                replayed,
            })
        })
        .await
    }

    pub(super) async fn withdraw_suspend_online(
        &self,
        request: Request<pb::WithdrawSuspendOnlineRequest>,
    ) -> Answer<pb::WithdrawSuspendOnlineResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "SuspendOnline", id);
            let outcome = Some(render::outcome(self.0.withdraw_suspend_online(&key).await?));
            Ok(pb::WithdrawSuspendOnlineResponse { outcome })
        })
        .await
    }

    pub(super) async fn check_suspension(
        &self,
        request: Request<pb::CheckSuspensionRequest>,
    ) -> Answer<pb::CheckSuspensionResponse> {
        answer(request, |context, message| async move {
            let (area, now) = (&context.principal.area, self.0.clock.now());
            let id = OnlineSuspensionId(new_id(now));
            let wanted = wire::wanted_suspension(message, id, now)?;
            self.0.check_suspension(area, &wanted).await?;
            Ok(pb::CheckSuspensionResponse {})
        })
        .await
    }

    pub(super) async fn list_suspensions(
        &self,
        request: Request<pb::ListSuspensionsRequest>,
    ) -> Answer<pb::ListSuspensionsResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (rows, next) = self.0.suspensions(area, size, &after).await?;
            Ok(pb::ListSuspensionsResponse {
                suspensions: rows.into_iter().map(wire::suspension).collect(),
                next_page_token: next,
            })
        })
        .await
    }
}
