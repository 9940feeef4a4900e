//! 结算查询: the public interface to settlements, for their institution and the bureau.

use super::{ANYWHERE, BUREAU, Rpc, own_institution};
use crate::wire;
use kernel::SettlementId;
use kernel::refusal::invalid;
use proto::orchestrator as pb;
use proto::orchestrator::receipt_service_server::ReceiptService;
use runtime::{Access, Answer, answer, parse};
use store::page;
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("GetSettlement", ANYWHERE),
    ("ListSettlements", ANYWHERE),
    ("ReplaySettlements", BUREAU),
];

/// Days one list covers at most.
pub(super) const LIST_DAYS_MAX: i64 = 366;

#[tonic::async_trait]
impl ReceiptService for Rpc {
    async fn get_settlement(
        &self,
        request: Request<pb::ReceiptServiceGetSettlementRequest>,
    ) -> Answer<pb::ReceiptServiceGetSettlementResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let own = own_institution(&context.principal);
            let area = &context.principal.area;
            let posted = self.0.settlement_at(area, id, own.as_ref()).await?;
            Ok(pb::ReceiptServiceGetSettlementResponse {
                settlement: Some(wire::settlement(&posted)),
            })
        })
        .await
    }

    async fn list_settlements(
        &self,
        request: Request<pb::ListSettlementsRequest>,
    ) -> Answer<pb::ListSettlementsResponse> {
        answer(request, |context, message| async move {
            let code = super::whose_institution(&context.principal, &message.institution_code)?;
            let from = parse::day("from_day", &message.from_day)?;
            let to = parse::day("to_day", &message.to_day)?;
            if !(0..=LIST_DAYS_MAX).contains(&from.days_until(to)) {
                let expected = format!("不早于 from_day,且至多晚 {LIST_DAYS_MAX} 天");
                return Err(invalid("to_day", expected));
            }
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (posted, next) = self
                .0
                .settlements_posted_at(area, &code, (from, to), &after, size)
                .await?;
            Ok(pb::ListSettlementsResponse {
                settlements: posted.iter().map(wire::settlement).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn replay_settlements(
        &self,
        request: Request<pb::ReplaySettlementsRequest>,
    ) -> Answer<pb::ReplaySettlementsResponse> {
        answer(request, |context, message| async move {
            let which = wire::replayed_settlements(&message)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let place = (after.as_str(), size);
            let replayed = self.0.replay_page(area, &which, place, message.counted);
            Ok(wire::replayed(replayed.await?))
        })
        .await
    }
}
