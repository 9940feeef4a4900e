//! 结算查询: the public interface to settlements, for their institution and the bureau.

use super::{ANYWHERE, BUREAU, EVERYBODY, Rpc, hide_others, own_institution, shown_to};
use crate::domain::{Posted, YearKey, receipt_digest};
use crate::{print, wire};
use kernel::refusal::invalid;
use kernel::{PersonId, PersonName, Scheme, SettlementId};
use proto::orchestrator as pb;
use proto::orchestrator::receipt_service_server::ReceiptService;
use runtime::Does::{Reads, ReadsPeople};
use runtime::{Access, Answer, answer, parse};
use store::page;
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("GetSettlement", ANYWHERE, ReadsPeople),
    ("ListSettlements", ANYWHERE, ReadsPeople),
    ("GetReceipt", ANYWHERE, ReadsPeople),
    ("PrintReceipt", ANYWHERE, ReadsPeople),
    ("VerifyReceipt", EVERYBODY, Reads),
    ("GetStatement", BUREAU, ReadsPeople),
    ("ReplaySettlements", BUREAU, ReadsPeople),
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
                settlement: Some(shown_to(own.as_ref(), &posted)),
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
            let own = own_institution(&context.principal);
            let shown = |posted: &Posted| shown_to(own.as_ref(), posted);
            Ok(pb::ListSettlementsResponse {
                settlements: posted.iter().map(shown).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn get_receipt(
        &self,
        request: Request<pb::GetReceiptRequest>,
    ) -> Answer<pb::GetReceiptResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let own = own_institution(&context.principal);
            let area = &context.principal.area;
            let receipt = self.0.receipt(area, id, own.as_ref()).await?;
            let mut receipt = wire::receipt(receipt);
            if let Some(settlement) = &mut receipt.settlement {
                hide_others(own.as_ref(), settlement);
            }
            Ok(pb::GetReceiptResponse {
                receipt: Some(receipt),
            })
        })
        .await
    }

    async fn print_receipt(
        &self,
        request: Request<pb::PrintReceiptRequest>,
    ) -> Answer<pb::PrintReceiptResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let name = match message.person_name.as_str() {
                "" => None,
                name => {
                    let name = PersonName::parse(name);
                    Some(parse::wanted("person_name", name, PersonName::EXPECTED)?)
                }
            };
            let own = own_institution(&context.principal);
            let area = &context.principal.area;
            let receipt = self.0.receipt(area, id, own.as_ref()).await?;
            Ok(pb::PrintReceiptResponse {
                pdf: print::receipt(&receipt, name.as_ref()),
                receipt_digest: receipt_digest(&receipt.posted).to_string(),
            })
        })
        .await
    }

    async fn verify_receipt(
        &self,
        request: Request<pb::VerifyReceiptRequest>,
    ) -> Answer<pb::VerifyReceiptResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let digest = parse::digest("receipt_digest", &message.receipt_digest)?;
            let area = &context.principal.area;
            Ok(wire::verdict(self.0.verify(area, id, digest).await?))
        })
        .await
    }

    async fn get_statement(
        &self,
        request: Request<pb::GetStatementRequest>,
    ) -> Answer<pb::GetStatementResponse> {
        answer(request, |context, message| async move {
            let whose = YearKey {
                person: parse::field("person_id", PersonId::parse(&message.person_id))?,
                scheme: parse::code("scheme", Scheme::parse(&message.scheme))?,
                year: wire::year(message.year)?,
            };
            let size = page::size(message.page_size)?;
            let after = wire::number_after(&page::key(&message.page_token)?)?;
            let area = &context.principal.area;
            let page = self.0.statement(area, &whose, (after, size)).await?;
            Ok(wire::statement(page))
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
