//! The generated trait: parse, run the saga, render.

pub mod batch;
pub mod envelopes;
pub mod operations;

use crate::executor::{Executor, Request};
use crate::sagas::admit::AdmitPerson;
use crate::sagas::enrol::EnrolWithSubsidy;
use crate::sagas::inquiries::{Compare, Price};
use crate::sagas::late_facts::{PreviewLateFacts, SettleLateFacts};
use crate::sagas::reverse_settlement::Reversal;
use crate::sagas::settle_claim::{SettleClaim, may_bring, may_bring_claim};
use crate::sagas::settle_together::SettleBatch;
use crate::sagas::suspend::SuspendOnlineSettlement;
use crate::sagas::{Asked, enrol::Enrolled};
use crate::wire::{self, Bill};
use kernel::{Principal, Refusal, Role};
use prost::Message;
use proto::orchestrator as pb;
use proto::orchestrator::orchestrator_service_server::OrchestratorService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, Context, answer, parse, render};
use std::sync::Arc;

/// Who may call what.
pub const ACCESS: Access = &[
    ("PreSettle", EVERYBODY, ReadsPeople),
    ("WhatWouldChange", EVERYBODY, ReadsPeople),
    ("Settle", EVERYBODY, Changes),
    ("SettleTogether", EVERYBODY, Changes),
    ("Reverse", EVERYBODY, Changes),
    ("Admit", EVERYBODY, Changes),
    ("Enrol", BUREAU, Changes),
    ("SuspendOnlineSettlement", BUREAU, Changes),
    ("PreviewLateFacts", BUREAU, ReadsPeople),
    ("PostLateFacts", BUREAU, Changes),
    ("Withdraw", EVERYBODY, Changes),
    ("GetOutcome", EVERYBODY, Reads),
];
const EVERYBODY: &[Role] = &[Role::Institution, Role::Clerk, Role::Service];
const BUREAU: &[Role] = &[Role::Clerk, Role::Service];

/// The service over its executor.
pub struct Rpc(pub Executor);

/// Whether a caller may bring this; of a visit settlement says whose it is.
fn may_bring_bill(principal: &Principal, bill: &Bill) -> Result<(), Refusal> {
    match bill {
        Bill::Claim(claim) => may_bring_claim(principal, claim),
        Bill::Visit(_) => Ok(()),
    }
}

#[tonic::async_trait]
impl OrchestratorService for Rpc {
    async fn pre_settle(
        &self,
        request: tonic::Request<pb::PreSettleRequest>,
    ) -> Answer<pb::PreSettleResponse> {
        answer(request, |context, message| async move {
            price(&self.0, &context, message).await
        })
        .await
    }

    async fn what_would_change(
        &self,
        request: tonic::Request<pb::WhatWouldChangeRequest>,
    ) -> Answer<pb::WhatWouldChangeResponse> {
        answer(request, |context, message| async move {
            let claim = wire::claim(message.claim)?;
            let change = parse::message("change", message.change)?;
            may_bring_claim(&context.principal, &claim)?;
            let asked = Compare(Arc::new(claim), change);
            let (comparison, assessment) = self.0.inquire(&context, &asked).await?;
            Ok(pb::WhatWouldChangeResponse {
                comparison: Some(comparison),
                findings: wire::shown(&context.principal, assessment.findings()),
                member: Some(wire::shown_member(&context.principal, assessment.member.0)),
            })
        })
        .await
    }

    async fn settle(
        &self,
        request: tonic::Request<pb::SettleRequest>,
    ) -> Answer<pb::SettleResponse> {
        answer(request, |context, message| async move {
            settle(&self.0, &context, message).await
        })
        .await
    }

    async fn settle_together(
        &self,
        request: tonic::Request<pb::SettleTogetherRequest>,
    ) -> Answer<pb::SettleTogetherResponse> {
        answer(request, |context, message| async move {
            settle_together(&self.0, &context, message).await
        })
        .await
    }

    async fn reverse(
        &self,
        request: tonic::Request<pb::ReverseRequest>,
    ) -> Answer<pb::ReverseResponse> {
        answer(request, |context, message| async move {
            let request_id = parse::request_id(&message.request_id)?;
            let reverse = wire::reverse(&context.principal, &message)?;
            let asked = Request {
                origin: reverse.origin,
                body: Reversal::new(reverse),
                asked: Asked::Reverse,
                request_id,
                row: Some(message.encode_to_vec()),
            };
            let (reversed, replayed) = self.0.perform(&context, asked).await?;
            Ok(pb::ReverseResponse {
                settlement: wire::shown_settlement(&context.principal, reversed.0.settlement),
                replayed,
            })
        })
        .await
    }

    async fn admit(&self, request: tonic::Request<pb::AdmitRequest>) -> Answer<pb::AdmitResponse> {
        answer(request, |context, message| async move {
            let request_id = parse::request_id(&message.request_id)?;
            let names_referral = |admission: &pb::Admission| !admission.referral_id.is_empty();
            let needs_row = message.admission.as_ref().is_some_and(names_referral);
            let row = needs_row.then(|| message.encode_to_vec());
            let admit = wire::admit(message)?;
            may_bring(&context.principal, &admit.institution)
                .map_err(|no| no.at("admission.institution_code"))?;
            let asked = Request {
                origin: admit.origin,
                body: AdmitPerson::new(admit),
                asked: Asked::Admit,
                request_id,
                row,
            };
            let (opened, replayed) = self.0.perform(&context, asked).await?;
            Ok(pb::AdmitResponse {
                guarantee: opened.0.guarantee.map(wire::guarantee),
                replayed,
            })
        })
        .await
    }

    async fn enrol(&self, request: tonic::Request<pb::EnrolRequest>) -> Answer<pb::EnrolResponse> {
        answer(request, |context, message| async move {
            let request_id = parse::request_id(&message.request_id)?;
            let row = Some(message.encode_to_vec());
            let enrol = wire::enrol(message)?;
            let asked = Request {
                origin: enrol.origin,
                body: EnrolWithSubsidy::new(enrol),
                asked: Asked::Enrol,
                request_id,
                row,
            };
            let (enrolled, replayed) = self.0.perform(&context, asked).await?;
            let Enrolled { coverage, posted } = enrolled;
            Ok(wire::enrolled(
                coverage.map(|kept| kept.0),
                posted.0,
                replayed,
            ))
        })
        .await
    }

    async fn suspend_online_settlement(
        &self,
        request: tonic::Request<pb::SuspendOnlineSettlementRequest>,
    ) -> Answer<pb::SuspendOnlineSettlementResponse> {
        answer(request, |context, message| async move {
            let request_id = parse::request_id(&message.request_id)?;
            let needs_row = !message.institution_code.is_empty();
            let row = needs_row.then(|| message.encode_to_vec());
            let suspend = wire::suspend(message)?;
            let asked = Request {
                origin: suspend.origin,
                body: SuspendOnlineSettlement::new(suspend),
                asked: Asked::SuspendOnlineSettlement,
                request_id,
                row,
            };
            let (suspended, replayed) = self.0.perform(&context, asked).await?;
            let suspension = suspended.0.suspension.unwrap_or_default();
            Ok(pb::SuspendOnlineSettlementResponse {
                suspension_id: suspension.suspension_id,
                replayed,
            })
        })
        .await
    }

    async fn preview_late_facts(
        &self,
        request: tonic::Request<pb::PreviewLateFactsRequest>,
    ) -> Answer<pb::PreviewLateFactsResponse> {
        answer(request, |context, message| async move {
            let facts = Arc::new(wire::whose_late_facts(&message)?);
            let asked = PreviewLateFacts(facts);
            let previewed = self.0.inquire(&context, &asked).await?;
            let revisions = previewed.revisions.iter();
            Ok(pb::PreviewLateFactsResponse {
                funds_difference_fen: revisions.clone().map(|one| one.funds_difference_fen).sum(),
                cash_difference_fen: revisions.map(|one| one.cash_difference_fen).sum(),
                revisions: previewed.revisions,
                preview_digest: previewed.preview_digest,
            })
        })
        .await
    }

    async fn post_late_facts(
        &self,
        request: tonic::Request<pb::PostLateFactsRequest>,
    ) -> Answer<pb::PostLateFactsResponse> {
        answer(request, |context, message| async move {
            let request_id = parse::request_id(&message.request_id)?;
            let facts = wire::late_facts(message)?;
            let asked = Request {
                origin: facts.origin,
                body: SettleLateFacts::new(facts),
                asked: Asked::PostLateFacts,
                request_id,
                row: None,
            };
            let (corrected, replayed) = self.0.perform(&context, asked).await?;
            Ok(pb::PostLateFactsResponse {
                correction_id: corrected.0.correction_id,
                revisions: corrected.0.revisions,
                replayed,
            })
        })
        .await
    }

    async fn withdraw(
        &self,
        request: tonic::Request<pb::WithdrawRequest>,
    ) -> Answer<pb::WithdrawResponse> {
        answer(request, |context, message| async move {
            let request_id = parse::original_request_id(&message.original_request_id)?;
            let asked = wire::asked_method(message.method)?;
            let outcome = self.0.withdraw(&context, asked, &request_id).await?;
            Ok(pb::WithdrawResponse {
                outcome: Some(render::outcome(outcome)),
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: tonic::Request<pb::GetOutcomeRequest>,
    ) -> Answer<pb::GetOutcomeResponse> {
        answer(request, |context, message| async move {
            let request_id = parse::request_id(&message.request_id)?;
            let asked = wire::asked_method(message.method)?;
            let outcome = self.0.outcome(&context, asked, &request_id).await?;
            Ok(pb::GetOutcomeResponse {
                outcome: Some(render::outcome(outcome)),
            })
        })
        .await
    }
}

/// 预结算, of a claim alone or in a batch.
async fn price(
    executor: &Executor,
    context: &Context,
    message: pb::PreSettleRequest,
) -> Result<pb::PreSettleResponse, Refusal> {
    let bill = wire::bill(message.claim, &message.visit_id, &message.through_day)?;
    let shown = wire::shown_check(&message.identity_check_id)?;
    may_bring_bill(&context.principal, &bill)?;
    let priced = executor.inquire(context, &Price(bill, shown)).await?;
    Ok(pb::PreSettleResponse {
        quote: Some(priced.quote),
        findings: wire::shown(&context.principal, priced.assessment.findings()),
        member: Some(wire::shown_member(
            &context.principal,
            priced.assessment.member.0,
        )),
    })
}

/// 结算, of a claim alone or in a batch.
async fn settle(
    executor: &Executor,
    context: &Context,
    message: pb::SettleRequest,
) -> Result<pb::SettleResponse, Refusal> {
    let request_id = parse::request_id(&message.request_id)?;
    // Only a referral makes it more than its pivot; whether a visit has one is not known yet.
    let names_referral = |claim: &proto::common::Claim| !claim.referral_id.is_empty();
    let needs_row = message.claim.as_ref().is_none_or(names_referral);
    let row = needs_row.then(|| message.encode_to_vec());
    let settle = wire::settle(message)?;
    may_bring_bill(&context.principal, &settle.bill)?;
    let asked = Request {
        origin: settle.origin,
        body: SettleClaim::new(settle),
        asked: Asked::Settle,
        request_id,
        row,
    };
    let (settled, replayed) = executor.perform(context, asked).await?;
    Ok(pb::SettleResponse {
        settlement: wire::shown_settlement(&context.principal, settled.0.settlement),
        replayed,
    })
}

/// 整批结算, asked for at once or claim by claim.
async fn settle_together(
    executor: &Executor,
    context: &Context,
    message: pb::SettleTogetherRequest,
) -> Result<pb::SettleTogetherResponse, Refusal> {
    let request_id = parse::request_id(&message.request_id)?;
    let row = Some(message.encode_to_vec());
    let batch = wire::settle_together(message)?;
    for (place, claim) in batch.claims.iter().enumerate() {
        let may = may_bring(&context.principal, &claim.institution);
        may.map_err(|no| no.at(format!("claims[{place}].institution_code")))?;
    }
    let asked = Request {
        origin: batch.origin,
        body: SettleBatch::new(batch),
        asked: Asked::SettleTogether,
        request_id,
        row,
    };
    let (settlements, replayed) = executor.perform(context, asked).await?;
    let shown = |settlement| wire::shown_settlement(&context.principal, Some(settlement));
    Ok(pb::SettleTogetherResponse {
        settlements: settlements.into_iter().filter_map(shown).collect(),
        replayed,
    })
}
