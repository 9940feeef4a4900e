//! 基金账: subsidies, entries and the trial balance.

use super::Rpc;
use crate::wire;
use kernel::{SettlementId, SubsidyId};
use proto::settlement as pb;
use runtime::{Answer, answer, carried_origin, parse, render};
use store::Key;
use tonic::Request;

impl Rpc {
    pub(super) async fn post_subsidy(
        &self,
        request: Request<pb::PostSubsidyRequest>,
    ) -> Answer<pb::PostSubsidyResponse> {
        answer(request, |context, message| async move {
            let grant = wire::grant(&message)?;
            let method = "PostSubsidy";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (subsidy, replayed) = self.0.post_subsidy(&call, &grant).await?;
            let subsidy = Some(wire::subsidy(subsidy));
            Ok(pb::PostSubsidyResponse { subsidy, replayed })
        })
        .await
    }

    pub(super) async fn withdraw_post_subsidy(
        &self,
        request: Request<pb::WithdrawPostSubsidyRequest>,
    ) -> Answer<pb::WithdrawPostSubsidyResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "PostSubsidy", id);
            let outcome = Some(render::outcome(self.0.withdraw_post_subsidy(&key).await?));
            Ok(pb::WithdrawPostSubsidyResponse { outcome })
        })
        .await
    }

    pub(super) async fn cancel_subsidy(
        &self,
        request: Request<pb::CancelSubsidyRequest>,
    ) -> Answer<pb::CancelSubsidyResponse> {
        answer(request, |context, message| async move {
            let id = parse::field("subsidy_id", SubsidyId::parse(&message.subsidy_id))?;
            let method = "CancelSubsidy";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (subsidy, replayed) = self.0.cancel_subsidy(&call, id).await?;
            let subsidy = Some(wire::subsidy(subsidy));
            Ok(pb::CancelSubsidyResponse { subsidy, replayed })
        })
        .await
    }

    pub(super) async fn get_ledger_entries(
        &self,
        request: Request<pb::GetLedgerEntriesRequest>,
    ) -> Answer<pb::GetLedgerEntriesResponse> {
        answer(request, |context, message| async move {
            // A subsidy's id has the same shape.
            let id = SettlementId::parse(&message.subject_id);
            let id = parse::field("subject_id", id)?.to_string();
            let entries = self.0.entries(&context.principal.area, &id).await?;
            Ok(pb::GetLedgerEntriesResponse {
                entries: entries.into_iter().map(wire::entry).collect(),
            })
        })
        .await
    }

    pub(super) async fn get_trial_balance(
        &self,
        request: Request<pb::GetTrialBalanceRequest>,
    ) -> Answer<pb::GetTrialBalanceResponse> {
        answer(request, |context, _| async move {
            let accounts = self.0.trial_balance(&context.principal.area).await?;
            Ok(wire::trial_balance(accounts))
        })
        .await
    }
}
