//! 先行支付与追偿.

use super::receivable::{amount, revoked};
use crate::app::Advanced;
use crate::domain::{Recovering, Recovery};
use kernel::{Refusal, SettlementId};
use proto::orchestrator as pb;
use runtime::{parse, render};

/// What a third party paid.
pub fn recovering(message: &pb::RecordRecoveryRequest) -> Result<Recovering, Refusal> {
    let settlement = SettlementId::parse(&message.settlement_id);
    Ok(Recovering {
        settlement: parse::field("settlement_id", settlement)?,
        payer: parse::text("payer_name", &message.payer_name, 100)?,
        amount: amount("amount_fen", message.amount_fen)?,
        day: parse::day("received_day", &message.received_day)?,
        document: parse::text("document_number", &message.document_number, 100)?,
    })
}

/// An advance as the wire shows it.
pub fn advance(of: &Advanced) -> pb::Advance {
    let (posted, advance) = (&of.posted, &of.advance);
    let bill = &posted.evidence.bill;
    let funds = advance
        .funds
        .iter()
        .map(|(fund, paid, back)| pb::FundAdvance {
            fund: fund.clone(),
            advanced_fen: paid.0,
            recovered_fen: back.0,
        });
    pb::Advance {
        settlement_id: posted.id.to_string(),
        institution_code: bill.institution.to_string(),
        person_id: bill.person.to_string(),
        end_day: bill.end.to_string(),
        third_party_share_bp: bill.third_party.map_or(0, |party| party.share.0),
        advanced_fen: advance.advanced().0,
        recovered_fen: advance.recovered().0,
        remaining_fen: advance.remaining().0,
        funds: funds.collect(),
        recoveries: of.recoveries.iter().map(recovery).collect(),
        posted_time: Some(render::timestamp(posted.posted_at)),
    }
}

fn recovery(of: &Recovery) -> pb::Recovery {
    let (revoked_at, revoke_reason) = revoked(of.revoked.as_ref());
    pb::Recovery {
        recovery_id: of.id.to_string(),
        payer_name: of.payer.clone(),
        amount_fen: of.amount.0,
        received_day: of.day.to_string(),
        document_number: of.document.clone(),
        recorded_by: of.recorded.0.clone(),
        recorded_time: Some(render::timestamp(of.recorded.1)),
        revoked_time: revoked_at.map(render::timestamp),
        revoke_reason,
    }
}
