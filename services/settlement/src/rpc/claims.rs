//! Claims: priced, posted, reversed and explained.

use super::Rpc;
use crate::wire;
use kernel::SettlementId;
use proto::settlement as pb;
use runtime::{Answer, answer, carried_origin, parse};
use tonic::Request;

impl Rpc {
    pub(super) async fn price_claim(
        &self,
        request: Request<pb::PriceClaimRequest>,
    ) -> Answer<pb::PriceClaimResponse> {
        answer(request, |context, message| async move {
            let (claim, member) = (message.claim.as_ref(), message.member.as_ref());
            let order = wire::order(claim, member, &message.findings, None)?;
            let priced = self.0.quote(&context.principal.area, order).await?;
            Ok(pb::PriceClaimResponse {
                quote: Some(wire::quote(priced)),
            })
        })
        .await
    }

    pub(super) async fn quote_change(
        &self,
        request: Request<pb::QuoteChangeRequest>,
    ) -> Answer<pb::QuoteChangeResponse> {
        answer(request, |context, message| async move {
            let (claim, member) = (message.claim.as_ref(), message.member.as_ref());
            let order = wire::order(claim, member, &message.findings, None)?;
            let change = wire::change(message.change.as_ref())?;
            let area = &context.principal.area;
            let (compared, basis) = self.0.quote_change(area, order, &change).await?;
            Ok(pb::QuoteChangeResponse {
                comparison: Some(wire::comparison(compared, &basis)),
            })
        })
        .await
    }

    pub(super) async fn post_settlement(
        &self,
        request: Request<pb::PostSettlementRequest>,
    ) -> Answer<pb::PostSettlementResponse> {
        answer(request, |context, message| async move {
            let method = "PostSettlement";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            // Of a visit whose claim could not be read, only the key is asked.
            let by_key = message.claim.is_none() && !message.visit_id.is_empty();
            let (posted, replayed) = match by_key {
                true => self.0.posted_before(&call).await?,
                false => self.0.post(&call, &wire::posting(&message)?).await?,
            };
            let settlement = Some(wire::settlement(&posted));
            Ok(pb::PostSettlementResponse {
                settlement,
                replayed,
            })
        })
        .await
    }

    pub(super) async fn reverse_settlement(
        &self,
        request: Request<pb::ReverseSettlementRequest>,
    ) -> Answer<pb::ReverseSettlementResponse> {
        answer(request, |context, message| async move {
            let reversal = wire::reversal(&message)?;
            let method = "ReverseSettlement";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (posted, replayed) = self.0.reverse(&call, &reversal).await?;
            let settlement = Some(wire::settlement(&posted));
            Ok(pb::ReverseSettlementResponse {
                settlement,
                replayed,
            })
        })
        .await
    }

    pub(super) async fn get_settlement(
        &self,
        request: Request<pb::GetSettlementRequest>,
    ) -> Answer<pb::GetSettlementResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let posted = self.0.settlement(&context.principal.area, id).await?;
            Ok(pb::GetSettlementResponse {
                settlement: Some(wire::settlement(&posted)),
            })
        })
        .await
    }

    pub(super) async fn explain_settlement(
        &self,
        request: Request<pb::ExplainSettlementRequest>,
    ) -> Answer<pb::ExplainSettlementResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let (posted, title, reasons) = self.0.explain(&context.principal.area, id).await?;
            Ok(pb::ExplainSettlementResponse {
                settlement: Some(wire::settlement(&posted)),
                package_title: title,
                reasons: reasons.into_iter().map(wire::reason).collect(),
            })
        })
        .await
    }

    pub(super) async fn explain_change(
        &self,
        request: Request<pb::ExplainChangeRequest>,
    ) -> Answer<pb::ExplainChangeResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let change = wire::change(message.change.as_ref())?;
            let area = &context.principal.area;
            let (compared, basis) = self.0.explain_change(area, id, &change).await?;
            Ok(pb::ExplainChangeResponse {
                comparison: Some(wire::comparison(compared, &basis)),
            })
        })
        .await
    }

    pub(super) async fn get_claim_history(
        &self,
        request: Request<pb::GetClaimHistoryRequest>,
    ) -> Answer<pb::GetClaimHistoryResponse> {
        answer(request, |context, message| async move {
            let bill = wire::bill(message.claim.as_ref())?;
            let history = self.0.history(&context.principal.area, &bill).await?;
            Ok(pb::GetClaimHistoryResponse {
                fingerprint: bill.fingerprint().to_string(),
                history: history.into_iter().map(wire::past).collect(),
            })
        })
        .await
    }

    pub(super) async fn get_accumulators(
        &self,
        request: Request<pb::GetAccumulatorsRequest>,
    ) -> Answer<pb::GetAccumulatorsResponse> {
        answer(request, |context, message| async move {
            let whose = wire::year_key(&message.person_id, &message.scheme, message.year)?;
            let area = &context.principal.area;
            let year = self.0.accumulators(area, &whose).await?;
            Ok(wire::accumulators(year))
        })
        .await
    }
}
