//! 就诊: the public interface to visits, for their institution and the bureau.

use super::receipts::LIST_DAYS_MAX;
use super::{ANYWHERE, Rpc, own_institution, whose_institution};
use crate::app::Which;
use crate::domain::VisitFacts;
use crate::wire;
use kernel::refusal::{BAD_PAGE_TOKEN, invalid};
use kernel::{InstitutionCode, Refusal, VisitId};
use proto::orchestrator as pb;
use proto::orchestrator::visit_service_server::VisitService;
use proto::settlement;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, Context, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    (REGISTER, ANYWHERE, Changes),
    (CHANGE, ANYWHERE, Changes),
    (CANCEL, ANYWHERE, Changes),
    (DISCHARGE, ANYWHERE, Changes),
    (CANCEL_DISCHARGE, ANYWHERE, Changes),
    (UPLOAD, ANYWHERE, Changes),
    (REVOKE, ANYWHERE, Changes),
    (CHECK, ANYWHERE, Changes),
    ("GetVisit", ANYWHERE, ReadsPeople),
    ("ListVisits", ANYWHERE, ReadsPeople),
    ("ListVisitLines", ANYWHERE, ReadsPeople),
    ("ListUnmapped", ANYWHERE, Reads),
    ("GetOutcome", ANYWHERE, Reads),
    ("Burn", ANYWHERE, Changes),
];
const REGISTER: &str = "RegisterVisit";
const CHANGE: &str = "ChangeVisit";
const CANCEL: &str = "CancelVisit";
const DISCHARGE: &str = "Discharge";
const CANCEL_DISCHARGE: &str = "CancelDischarge";
const UPLOAD: &str = "UploadLines";
const REVOKE: &str = "RevokeLines";
const CHECK: &str = "RecordAccidentCheck";
/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    REGISTER,
    CHANGE,
    CANCEL,
    DISCHARGE,
    CANCEL_DISCHARGE,
    UPLOAD,
    REVOKE,
    CHECK,
];

#[tonic::async_trait]
impl VisitService for Rpc {
    async fn register_visit(
        &self,
        request: Request<pb::RegisterVisitRequest>,
    ) -> Answer<pb::RegisterVisitResponse> {
        answer(request, |context, message| async move {
            let facts = facts(&context, message.visit.as_ref())?;
            let origin = origin(REGISTER, &message);
            let call = self.call(&context, REGISTER, &message.request_id, origin)?;
            let (visit, replayed) = self.0.register_visit(&call, &facts).await?;
            let visit = Some(wire::registered(visit));
            Ok(pb::RegisterVisitResponse { visit, replayed })
        })
        .await
    }

    async fn change_visit(
        &self,
        request: Request<pb::ChangeVisitRequest>,
    ) -> Answer<pb::ChangeVisitResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let facts = wire::visit_facts(message.visit.as_ref())?;
            let origin = origin(CHANGE, &message);
            let call = self.call(&context, CHANGE, &message.request_id, origin)?;
            let (visit, replayed) = self.0.change_visit(&call, &which, &facts).await?;
            let visit = Some(wire::registered(visit));
            Ok(pb::ChangeVisitResponse { visit, replayed })
        })
        .await
    }

    async fn cancel_visit(
        &self,
        request: Request<pb::CancelVisitRequest>,
    ) -> Answer<pb::CancelVisitResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let origin = origin(CANCEL, &message);
            let call = self.call(&context, CANCEL, &message.request_id, origin)?;
            let (visit, replayed) = self.0.cancel_visit(&call, &which, &reason).await?;
            let visit = Some(wire::registered(visit));
            Ok(pb::CancelVisitResponse { visit, replayed })
        })
        .await
    }

    async fn discharge(
        &self,
        request: Request<pb::DischargeRequest>,
    ) -> Answer<pb::DischargeResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let end = parse::day("end_day", &message.end_day)?;
            let origin = origin(DISCHARGE, &message);
            let call = self.call(&context, DISCHARGE, &message.request_id, origin)?;
            let (visit, replayed) = self.0.discharge(&call, &which, end).await?;
            let visit = Some(wire::registered(visit));
            Ok(pb::DischargeResponse { visit, replayed })
        })
        .await
    }

    async fn cancel_discharge(
        &self,
        request: Request<pb::CancelDischargeRequest>,
    ) -> Answer<pb::CancelDischargeResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let origin = origin(CANCEL_DISCHARGE, &message);
            let call = self.call(&context, CANCEL_DISCHARGE, &message.request_id, origin)?;
            let (visit, replayed) = self.0.cancel_discharge(&call, &which).await?;
            let visit = Some(wire::registered(visit));
            Ok(pb::CancelDischargeResponse { visit, replayed })
        })
        .await
    }

    async fn record_accident_check(
        &self,
        request: Request<pb::RecordAccidentCheckRequest>,
    ) -> Answer<pb::RecordAccidentCheckResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let check = wire::accident_check(message.check.as_ref())?;
            let origin = origin(CHECK, &message);
            let call = self.call(&context, CHECK, &message.request_id, origin)?;
            let (visit, replayed) = self.0.check_accident(&call, &which, &check).await?;
            let visit = Some(wire::registered(visit));
            Ok(pb::RecordAccidentCheckResponse { visit, replayed })
        })
        .await
    }

    async fn upload_lines(
        &self,
        request: Request<pb::UploadLinesRequest>,
    ) -> Answer<pb::UploadLinesResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let lines = wire::uploads(&message.lines)?;
            let origin = origin(UPLOAD, &message);
            let call = self.call(&context, UPLOAD, &message.request_id, origin)?;
            let (lines, replayed) = self.0.upload_lines(&call, &which, &lines).await?;
            let lines = lines.into_iter().map(wire::uploaded).collect();
            Ok(pb::UploadLinesResponse { lines, replayed })
        })
        .await
    }

    async fn revoke_lines(
        &self,
        request: Request<pb::RevokeLinesRequest>,
    ) -> Answer<pb::RevokeLinesResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let codes = wire::line_codes(&message.line_codes)?;
            let origin = origin(REVOKE, &message);
            let call = self.call(&context, REVOKE, &message.request_id, origin)?;
            let (count, replayed) = self.0.revoke_lines(&call, &which, &codes).await?;
            let line_count = i32::try_from(count).unwrap_or(i32::MAX);
            Ok(pb::RevokeLinesResponse {
                line_count,
                replayed,
            })
        })
        .await
    }

    async fn get_visit(
        &self,
        request: Request<pb::GetVisitRequest>,
    ) -> Answer<pb::GetVisitResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let area = &context.principal.area;
            Ok(wire::summed(self.0.visit(area, &which).await?))
        })
        .await
    }

    async fn list_visits(
        &self,
        request: Request<pb::ListVisitsRequest>,
    ) -> Answer<pb::ListVisitsResponse> {
        answer(request, |context, message| async move {
            let code = whose_institution(&context.principal, &message.institution_code)?;
            let state = wire::check_state(message.state)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (visits, next) = self.0.visits(area, &code, state, size, &after).await?;
            Ok(pb::ListVisitsResponse {
                visits: visits.into_iter().map(wire::registered).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn list_visit_lines(
        &self,
        request: Request<pb::ListVisitLinesRequest>,
    ) -> Answer<pb::ListVisitLinesResponse> {
        answer(request, |context, message| async move {
            let which = which(&context, &message.visit_id)?;
            let size = page::size(message.page_size)?;
            let after = behind(&page::key(&message.page_token)?)?;
            let area = &context.principal.area;
            let (lines, next) = self.0.visit_lines(area, &which, size, after).await?;
            Ok(pb::ListVisitLinesResponse {
                lines: lines.into_iter().map(wire::uploaded).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn list_unmapped(
        &self,
        request: Request<pb::ListUnmappedRequest>,
    ) -> Answer<pb::ListUnmappedResponse> {
        answer(request, |context, message| async move {
            let code = whose_institution(&context.principal, &message.institution_code)?;
            let from = parse::day("from_day", &message.from_day)?;
            let to = parse::day("to_day", &message.to_day)?;
            if !(0..=LIST_DAYS_MAX).contains(&from.days_until(to)) {
                let expected = format!("不早于 from_day,且至多晚 {LIST_DAYS_MAX} 天");
                return Err(invalid("to_day", expected));
            }
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (items, next) = self
                .0
                .unmapped(area, &code, (from, to), size, &after)
                .await?;
            Ok(pb::ListUnmappedResponse {
                items: items.into_iter().map(wire::unmapped).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::VisitServiceGetOutcomeRequest>,
    ) -> Answer<pb::VisitServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::VisitServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::VisitServiceBurnRequest>,
    ) -> Answer<pb::VisitServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::VisitServiceBurnResponse { outcome })
        })
        .await
    }
}

impl Rpc {
    /// The claim of a visit, for the orchestrator.
    pub(super) async fn get_visit_claim(
        &self,
        request: Request<settlement::GetVisitClaimRequest>,
    ) -> Answer<settlement::GetVisitClaimResponse> {
        answer(request, |context, message| async move {
            let own = match message.institution_code.as_str() {
                "" => None,
                code => {
                    let code = InstitutionCode::parse(code);
                    Some(parse::field("institution_code", code)?)
                }
            };
            let visit = visit_id(&message.visit_id)?;
            let which = Which { visit, own };
            let area = &context.principal.area;
            let through = parse::optional_day("through_day", &message.through_day)?;
            let to_settle = message.to_settle;
            let bill = self.0.visit_claim(area, &which, through, to_settle);
            let bill = bill.await?;
            Ok(wire::visit_claim(bill))
        })
        .await
    }
}

fn visit_id(text: &str) -> Result<VisitId, Refusal> {
    parse::field("visit_id", VisitId::parse(text))
}

/// A visit that the caller may see.
fn which(context: &Context, text: &str) -> Result<Which, Refusal> {
    Ok(Which {
        visit: visit_id(text)?,
        own: own_institution(&context.principal),
    })
}

/// An institution registers its own visits.
fn facts(context: &Context, visit: Option<&pb::Visit>) -> Result<VisitFacts, Refusal> {
    let facts = wire::visit_facts(visit)?;
    let own = whose_institution(&context.principal, facts.institution.as_str());
    own.map_err(|no| no.at("visit.institution_code"))?;
    Ok(facts)
}

/// The number of the last line of the page before.
fn behind(key: &str) -> Result<i32, Refusal> {
    match key {
        "" => Ok(0),
        key => {
            let bad = |_| BAD_PAGE_TOKEN.refuse().at("page_token");
            key.parse().map_err(bad)
        }
    }
}
