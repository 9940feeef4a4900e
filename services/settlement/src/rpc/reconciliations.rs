//! 对账: the public interface to comparisons and closes, for institutions and the bureau.

use super::{ANYWHERE, BUREAU, Rpc, own_institution, whose_institution};
use crate::app::{DayOf, Explain};
use crate::refusal::REASON_OF_BUREAU;
use crate::wire::reconciliation as wire;
use kernel::refusal::{BAD_PAGE_TOKEN, invalid};
use kernel::{Day, Principal, Refusal};
use proto::orchestrator as pb;
use proto::orchestrator::reconciliation_service_server::ReconciliationService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("ReconcileTotals", ANYWHERE, Reads),
    ("ReconcileLines", ANYWHERE, Changes),
    ("WithdrawReconcileLines", ANYWHERE, Changes),
    ("ListDifferences", ANYWHERE, ReadsPeople),
    ("ExplainDifference", ANYWHERE, Changes),
    ("WithdrawExplainDifference", ANYWHERE, Changes),
    ("CloseDay", ANYWHERE, Changes),
    ("WithdrawCloseDay", ANYWHERE, Changes),
    ("ListDays", ANYWHERE, Reads),
    ("CloseMonth", BUREAU, Changes),
    ("WithdrawCloseMonth", BUREAU, Changes),
    ("GetMonth", BUREAU, Reads),
    ("GetOutcome", ANYWHERE, Reads),
    ("Burn", ANYWHERE, Changes),
];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    "ReconcileLines",
    "ExplainDifference",
    "CloseDay",
    "CloseMonth",
];

/// Days one question covers at most.
const DAYS_MAX: i64 = 31;

fn range(from: &str, to: &str) -> Result<(Day, Day), Refusal> {
    let from = parse::day("from_day", from)?;
    let to = parse::day("to_day", to)?;
    match (0..DAYS_MAX).contains(&from.days_until(to)) {
        true => Ok((from, to)),
        false => {
            let expected = format!("不早于 from_day,且连同首日至多 {DAYS_MAX} 天");
            Err(invalid("to_day", expected))
        }
    }
}

fn day_of(principal: &Principal, institution: &str, day: &str) -> Result<DayOf, Refusal> {
    Ok(DayOf {
        institution: whose_institution(principal, institution)?,
        day: parse::day("day", day)?,
    })
}

#[tonic::async_trait]
impl ReconciliationService for Rpc {
    async fn reconcile_totals(
        &self,
        request: Request<pb::ReconcileTotalsRequest>,
    ) -> Answer<pb::ReconcileTotalsResponse> {
        answer(request, |context, message| async move {
            let code = whose_institution(&context.principal, &message.institution_code)?;
            let days = range(&message.from_day, &message.to_day)?;
            let totals = wire::totals(&message.totals)?;
            let area = &context.principal.area;
            let refunds = message.refunds_included;
            let lines = self
                .0
                .reconcile_totals(area, &code, days, refunds, totals)
                .await?;
            Ok(wire::compared_totals(lines))
        })
        .await
    }

    async fn reconcile_lines(
        &self,
        request: Request<pb::ReconcileLinesRequest>,
    ) -> Answer<pb::ReconcileLinesResponse> {
        answer(request, |context, message| async move {
            let of = day_of(&context.principal, &message.institution_code, &message.day)?;
            let rows = wire::rows(&message.rows)?;
            let method = "ReconcileLines";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (told, replayed) = self.0.reconcile_lines(&call, &of, &rows).await?;
            Ok(wire::compared_lines(told, replayed))
        })
        .await
    }

    async fn withdraw_reconcile_lines(
        &self,
        request: Request<pb::WithdrawReconcileLinesRequest>,
    ) -> Answer<pb::WithdrawReconcileLinesResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "ReconcileLines", id);
            let outcome = self.0.withdraw_reconcile_lines(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawReconcileLinesResponse { outcome })
        })
        .await
    }

    async fn list_differences(
        &self,
        request: Request<pb::ListDifferencesRequest>,
    ) -> Answer<pb::ListDifferencesResponse> {
        answer(request, |context, message| async move {
            let of = day_of(&context.principal, &message.institution_code, &message.day)?;
            let size = page::size(message.page_size)?;
            let after = match page::key(&message.page_token)?.as_str() {
                "" => 0,
                number => number
                    .parse()
                    .map_err(|_| BAD_PAGE_TOKEN.refuse().at("page_token"))?,
            };
            let area = &context.principal.area;
            let (id, rows, next) = self.0.differences(area, &of, size, after).await?;
            Ok(pb::ListDifferencesResponse {
                reconciliation_id: id,
                differences: rows.into_iter().map(wire::difference).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn explain_difference(
        &self,
        request: Request<pb::ExplainDifferenceRequest>,
    ) -> Answer<pb::ExplainDifferenceResponse> {
        answer(request, |context, message| async move {
            let word = Explain {
                of: day_of(&context.principal, &message.institution_code, &message.day)?,
                subject: parse::token("row_key", &message.row_key, 64)?,
                owner: parse::text("owner", &message.owner, 50)?,
                reason: parse::text("reason", &message.reason, 200)?,
            };
            let method = "ExplainDifference";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (explanation_id, replayed) = self.0.explain_difference(&call, &word).await?;
            Ok(pb::ExplainDifferenceResponse {
                explanation_id,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_explain_difference(
        &self,
        request: Request<pb::WithdrawExplainDifferenceRequest>,
    ) -> Answer<pb::WithdrawExplainDifferenceResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "ExplainDifference", id);
            let outcome = self.0.withdraw_explain_difference(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawExplainDifferenceResponse { outcome })
        })
        .await
    }

    async fn close_day(
        &self,
        request: Request<pb::CloseDayRequest>,
    ) -> Answer<pb::CloseDayResponse> {
        answer(request, |context, message| async move {
            let of = day_of(&context.principal, &message.institution_code, &message.day)?;
            let path = "unreconciled_reason";
            let reason = parse::optional_text(path, &message.unreconciled_reason, 200)?;
            if !reason.is_empty() && own_institution(&context.principal).is_some() {
                return Err(REASON_OF_BUREAU.refuse().at(path));
            }
            let reason = (!reason.is_empty()).then_some(reason.as_str());
            let method = "CloseDay";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (day, replayed) = self.0.close_day(&call, &of, reason).await?;
            let closed = Some(wire::day(day));
            Ok(pb::CloseDayResponse { closed, replayed })
        })
        .await
    }

    async fn withdraw_close_day(
        &self,
        request: Request<pb::WithdrawCloseDayRequest>,
    ) -> Answer<pb::WithdrawCloseDayResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "CloseDay", id);
            let outcome = Some(render::outcome(self.0.withdraw_close_day(&key).await?));
            Ok(pb::WithdrawCloseDayResponse { outcome })
        })
        .await
    }

    async fn list_days(
        &self,
        request: Request<pb::ListDaysRequest>,
    ) -> Answer<pb::ListDaysResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal).is_some();
            let institution = match message.institution_code.as_str() {
                "" if !own => None,
                code => Some(whose_institution(&context.principal, code)?),
            };
            let days = range(&message.from_day, &message.to_day)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (days, next) = self
                .0
                .days(area, institution.as_ref(), days, size, &after)
                .await?;
            Ok(pb::ListDaysResponse {
                days: days.into_iter().map(wire::day).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn close_month(
        &self,
        request: Request<pb::CloseMonthRequest>,
    ) -> Answer<pb::CloseMonthResponse> {
        answer(request, |context, message| async move {
            let wanted = wire::clearing_month(&message.month)?;
            let method = "CloseMonth";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (month, replayed) = self.0.close_month(&call, wanted).await?;
            let closed = Some(wire::month(month));
            Ok(pb::CloseMonthResponse { closed, replayed })
        })
        .await
    }

    async fn withdraw_close_month(
        &self,
        request: Request<pb::WithdrawCloseMonthRequest>,
    ) -> Answer<pb::WithdrawCloseMonthResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "CloseMonth", id);
            let outcome = Some(render::outcome(self.0.withdraw_close_month(&key).await?));
            Ok(pb::WithdrawCloseMonthResponse { outcome })
        })
        .await
    }

    async fn get_month(
        &self,
        request: Request<pb::GetMonthRequest>,
    ) -> Answer<pb::GetMonthResponse> {
        answer(request, |context, message| async move {
            let wanted = wire::clearing_month(&message.month)?;
            let month = self.0.month(&context.principal.area, wanted).await?;
            let closed = Some(wire::month(month));
            Ok(pb::GetMonthResponse { closed })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::ReconciliationServiceGetOutcomeRequest>,
    ) -> Answer<pb::ReconciliationServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::ReconciliationServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::ReconciliationServiceBurnRequest>,
    ) -> Answer<pb::ReconciliationServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::ReconciliationServiceBurnResponse { outcome })
        })
        .await
    }
}
