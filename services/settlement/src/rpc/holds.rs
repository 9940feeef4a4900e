//! 整批结算: holds, posted and reversed together.

use super::Rpc;
use crate::wire;
use proto::settlement as pb;
use runtime::{Answer, answer, carried_origin, parse, render};
use store::{Key, page};
use tonic::Request;

impl Rpc {
    pub(super) async fn hold_claims(
        &self,
        request: Request<pb::HoldClaimsRequest>,
    ) -> Answer<pb::HoldClaimsResponse> {
        answer(request, |context, message| async move {
            let (whose, orders) = wire::held_claims(&message.claims)?;
            let method = "HoldClaims";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (set, replayed) = self.0.hold(&call, &whose, &orders).await?;
            let hold = Some(wire::set(&set, call.now));
            Ok(pb::HoldClaimsResponse { hold, replayed })
        })
        .await
    }

    pub(super) async fn withdraw_hold_claims(
        &self,
        request: Request<pb::WithdrawHoldClaimsRequest>,
    ) -> Answer<pb::WithdrawHoldClaimsResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "HoldClaims", id);
            let outcome = Some(render::outcome(self.0.withdraw_hold(&key).await?));
            Ok(pb::WithdrawHoldClaimsResponse { outcome })
        })
        .await
    }

    pub(super) async fn post_holds(
        &self,
        request: Request<pb::PostHoldsRequest>,
    ) -> Answer<pb::PostHoldsResponse> {
        answer(request, |context, message| async move {
            let ids = wire::hold_ids(&message.hold_ids)?;
            let method = "PostHolds";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (posted, replayed) = self.0.post_holds(&call, &ids).await?;
            Ok(pb::PostHoldsResponse {
                settlements: posted.iter().map(wire::settlement).collect(),
                replayed,
            })
        })
        .await
    }

    pub(super) async fn reverse_holds(
        &self,
        request: Request<pb::ReverseHoldsRequest>,
    ) -> Answer<pb::ReverseHoldsResponse> {
        answer(request, |context, message| async move {
            let reversal = wire::batch_reversal(&message)?;
            let method = "ReverseHolds";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (reversed, replayed) = self.0.reverse_holds(&call, &reversal).await?;
            Ok(pb::ReverseHoldsResponse {
                settlements: reversed.iter().map(wire::settlement).collect(),
                replayed,
            })
        })
        .await
    }

    pub(super) async fn list_holds(
        &self,
        request: Request<pb::ListHoldsRequest>,
    ) -> Answer<pb::ListHoldsResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let (area, now) = (&context.principal.area, self.0.clock.now());
            let (rows, next) = self.0.holds(area, message.open_only, size, &after).await?;
            Ok(pb::ListHoldsResponse {
                holds: rows.iter().map(|hold| wire::hold(hold, now)).collect(),
                next_page_token: next,
            })
        })
        .await
    }
}
