//! 先行支付与追偿: the public interface to what third parties pay back.

use super::{BUREAU, Rpc};
use crate::wire;
use kernel::refusal::invalid;
use kernel::{RecoveryId, SettlementId};
use proto::orchestrator as pb;
use proto::orchestrator::recovery_service_server::RecoveryService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("RecordRecovery", BUREAU, Changes),
    ("RevokeRecovery", BUREAU, Changes),
    ("GetAdvance", BUREAU, ReadsPeople),
    ("ListAdvances", BUREAU, ReadsPeople),
    ("GetOutcome", BUREAU, Reads),
    ("Burn", BUREAU, Changes),
];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &["RecordRecovery", "RevokeRecovery"];

#[tonic::async_trait]
impl RecoveryService for Rpc {
    async fn record_recovery(
        &self,
        request: Request<pb::RecordRecoveryRequest>,
    ) -> Answer<pb::RecordRecoveryResponse> {
        answer(request, |context, message| async move {
            let recovering = wire::recovering(&message)?;
            let method = "RecordRecovery";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let done = self.0.record_recovery(&call, &recovering).await?;
            let (advanced, recovery_id, replayed) = done;
            Ok(pb::RecordRecoveryResponse {
                advance: Some(wire::advance(&advanced)),
                recovery_id,
                replayed,
            })
        })
        .await
    }

    async fn revoke_recovery(
        &self,
        request: Request<pb::RevokeRecoveryRequest>,
    ) -> Answer<pb::RevokeRecoveryResponse> {
        answer(request, |context, message| async move {
            let id = RecoveryId::parse(&message.recovery_id);
            let id = parse::field("recovery_id", id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "RevokeRecovery";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (advanced, replayed) = self.0.revoke_recovery(&call, id, &reason).await?;
            Ok(pb::RevokeRecoveryResponse {
                advance: Some(wire::advance(&advanced)),
                replayed,
            })
        })
        .await
    }

    async fn get_advance(
        &self,
        request: Request<pb::GetAdvanceRequest>,
    ) -> Answer<pb::GetAdvanceResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let found = self.0.advance_at(&context.principal.area, id).await?;
            Ok(pb::GetAdvanceResponse {
                advance: Some(wire::advance(&found)),
            })
        })
        .await
    }

    async fn list_advances(
        &self,
        request: Request<pb::ListAdvancesRequest>,
    ) -> Answer<pb::ListAdvancesResponse> {
        answer(request, |context, message| async move {
            let from = parse::day("from_day", &message.from_day)?;
            let to = parse::day("to_day", &message.to_day)?;
            if to < from {
                return Err(invalid("to_day", "不早于开始日期的日期"));
            }
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (found, next_page_token) = self.0.advances(area, (from, to), &after, size).await?;
            Ok(pb::ListAdvancesResponse {
                advances: found.iter().map(wire::advance).collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::RecoveryServiceGetOutcomeRequest>,
    ) -> Answer<pb::RecoveryServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::RecoveryServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::RecoveryServiceBurnRequest>,
    ) -> Answer<pb::RecoveryServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::RecoveryServiceBurnResponse { outcome })
        })
        .await
    }
}
