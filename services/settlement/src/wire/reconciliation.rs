//! 对账: rows, sums, differences, closed days and months.

use crate::app::{ListedDay, SENT_MAX, Told, TotalLine};
use crate::domain::closing::{ClosedMonth, Frozen, Groups, Month};
use crate::domain::reconcile::{
    Amounts, BothSums, Row, RowKind, Sent, Shares, Sums, Verdict, advise,
};
use crate::store::Listed;
use kernel::refusal::invalid;
use kernel::{CLAIM_FEN_MAX, FEN_PER_YUAN, Fen, MedType, Refusal, Scheme};
use proto::orchestrator as pb;
use runtime::{parse, render};
use std::collections::BTreeMap;

/// Lines of one comparison of sums at most.
const TOTALS_MAX: usize = 500;
/// Funds of one row at most.
const FUNDS_MAX: usize = 32;
/// The largest sum that is compared: no month of an institution comes near it.
const SUM_FEN_MAX: Fen = Fen(100_000_000_000_000_000);

/// Sums as an institution sends them.
pub fn totals(messages: &[pb::ReconciledTotal]) -> Result<Groups, Refusal> {
    if messages.len() > TOTALS_MAX {
        return Err(invalid("totals", format!("至多 {TOTALS_MAX} 项")));
    }
    let mut groups = Groups::new();
    for (n, message) in messages.iter().enumerate() {
        let at = |field: &str| format!("totals[{n}].{field}");
        let scheme = parse::code(at("scheme"), Scheme::parse(&message.scheme))?;
        let clr_type = parse::code(at("clr_type"), MedType::parse(&message.clr_type))?;
        let sums = Sums {
            rows: parse::not_negative(at("rows"), message.rows)?,
            amounts: amounts(&at("amounts"), message.amounts.as_ref(), SUM_FEN_MAX)?,
        };
        let key = (scheme.to_string(), clr_type.to_string());
        if groups.insert(key, sums).is_some() {
            return Err(invalid(at("clr_type"), "每个险种与清算类别一项"));
        }
    }
    Ok(groups)
}

fn amounts(
    path: &str,
    message: Option<&pb::ReconciledAmounts>,
    max: Fen,
) -> Result<Amounts, Refusal> {
    let message = parse::message(path, message)?;
    let one = |field, fen| amount(format!("{path}.{field}"), fen, max);
    Ok(Amounts {
        total: one("medfee_fen", message.medfee_fen)?,
        funds: one("funds_fen", message.funds_fen)?,
        account: one("account_fen", message.account_fen)?,
        cash: one("cash_fen", message.cash_fen)?,
    })
}

/// An amount of one bill, below zero where money came back.
pub fn of_claim(path: String, fen: i64) -> Result<Fen, Refusal> {
    amount(path, fen, CLAIM_FEN_MAX)
}

/// 清算期 (clr_ym).
pub fn clearing_month(text: &str) -> Result<Month, Refusal> {
    parse::wanted("month", Month::parse(text), "YYYY-MM 格式的月份")
}

fn amount(path: String, fen: i64, max: Fen) -> Result<Fen, Refusal> {
    let fits = (-max..=max).contains(&Fen(fen));
    let yuan = max.0 / FEN_PER_YUAN;
    let expected = format_args!("绝对值不超过{yuan}元的金额(以分计)");
    parse::wanted(path, fits.then_some(Fen(fen)), expected)
}

/// Rows as an institution sends them.
pub fn rows(messages: &[pb::InstitutionRow]) -> Result<Vec<Sent>, Refusal> {
    if messages.len() > SENT_MAX {
        return Err(invalid("rows", format!("至多 {SENT_MAX} 行")));
    }
    (1..).zip(messages).map(row).collect()
}

fn row((number, message): (i32, &pb::InstitutionRow)) -> Result<Sent, Refusal> {
    let at = |field: &str| format!("rows[{}].{field}", number - 1);
    let token = |field: &str, text: &str| match text {
        "" => Ok(String::new()),
        text => parse::token(at(field), text, 64),
    };
    let (settlement, request) = (
        token("settlement_id", &message.settlement_id)?,
        token("request_id", &message.request_id)?,
    );
    if settlement.is_empty() && request.is_empty() {
        return Err(invalid(at("settlement_id"), "结算编号,或原请求编号"));
    }
    let sum = amounts(&at("amounts"), message.amounts.as_ref(), CLAIM_FEN_MAX)?;
    Ok(Sent {
        number,
        settlement,
        request,
        kind: kind(at("kind"), message.kind)?,
        scheme: parse::code(at("scheme"), Scheme::parse(&message.scheme))?,
        amounts: sum,
        shares: shares(&at("funds"), &message.funds)?,
    })
}

fn kind(path: String, number: i32) -> Result<RowKind, Refusal> {
    use pb::ReconciliationRowKind as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Settlement) => Ok(RowKind::Settlement),
        Ok(Wire::Reversal) => Ok(RowKind::Reversal),
        Ok(Wire::Revision) => Ok(RowKind::Revision),
        Ok(Wire::Unspecified) | Err(_) => Err(invalid(path, "SETTLEMENT、REVERSAL 或 REVISION")),
    }
}

fn shares(path: &str, messages: &[pb::ReconciledFund]) -> Result<Option<Shares>, Refusal> {
    if messages.is_empty() {
        return Ok(None);
    }
    if messages.len() > FUNDS_MAX {
        return Err(invalid(path, format!("至多 {FUNDS_MAX} 项")));
    }
    let mut shares = Shares::new();
    for (n, message) in messages.iter().enumerate() {
        let at = |field: &str| format!("{path}[{n}].{field}");
        let fund = parse::token(at("fund_pay_type"), &message.fund_pay_type, 20)?;
        let paid = amount(at("paid_fen"), message.paid_fen, CLAIM_FEN_MAX)?;
        if shares.insert(fund, paid).is_some() {
            return Err(invalid(at("fund_pay_type"), "每项基金一次"));
        }
    }
    // A fund that pays nothing is no difference.
    shares.retain(|_, paid| *paid != Fen::ZERO);
    Ok(Some(shares))
}

/// Sums compared, as the wire shows them.
pub fn compared_totals(lines: Vec<TotalLine>) -> pb::ReconcileTotalsResponse {
    let line = |line: TotalLine| pb::reconcile_totals_response::Line {
        equal: line.institution == line.bureau,
        institution_rows: line.institution.rows,
        bureau_rows: line.bureau.rows,
        institution: Some(shown(line.institution.amounts)),
        bureau: Some(shown(line.bureau.amounts)),
        difference: Some(shown(line.institution.amounts - line.bureau.amounts)),
        scheme: line.scheme,
        clr_type: line.clr_type,
    };
    let lines: Vec<_> = lines.into_iter().map(line).collect();
    pb::ReconcileTotalsResponse {
        equal: lines.iter().all(|line| line.equal),
        lines,
    }
}

fn shown(amounts: Amounts) -> pb::ReconciledAmounts {
    pb::ReconciledAmounts {
        medfee_fen: amounts.total.0,
        funds_fen: amounts.funds.0,
        account_fen: amounts.account.0,
        cash_fen: amounts.cash.0,
    }
}

/// Rows compared, as the wire shows them.
pub fn compared_lines(told: Told, replayed: bool) -> pb::ReconcileLinesResponse {
    let verdict = |one: &Verdict| verdict_of(*one).into();
    pb::ReconcileLinesResponse {
        verdicts: told.verdicts.iter().map(verdict).collect(),
        differences: told.differences.into_iter().map(difference).collect(),
        difference_rows: told.reconciliation.differences,
        schemes: schemes(&told.reconciliation.schemes),
        reconciliation_id: told.reconciliation.id,
        replayed,
    }
}

fn verdict_of(verdict: Verdict) -> pb::ReconciliationVerdict {
    use pb::ReconciliationVerdict as Wire;
    match verdict {
        Verdict::Match => Wire::Match,
        Verdict::OnlyAtBureau => Wire::OnlyAtBureau,
        Verdict::OnlyAtInstitution => Wire::OnlyAtInstitution,
        Verdict::AmountDiffers => Wire::AmountDiffers,
        Verdict::StatusDiffers => Wire::StatusDiffers,
        Verdict::SignDiffers => Wire::SignDiffers,
        Verdict::Duplicate => Wire::Duplicate,
    }
}

fn kind_of(kind: RowKind) -> pb::ReconciliationRowKind {
    use pb::ReconciliationRowKind as Wire;
    match kind {
        RowKind::Settlement => Wire::Settlement,
        RowKind::Reversal => Wire::Reversal,
        RowKind::Revision => Wire::Revision,
    }
}

fn schemes(schemes: &BTreeMap<String, BothSums>) -> Vec<pb::ReconciledScheme> {
    let one = |(scheme, sums): (&String, &BothSums)| pb::ReconciledScheme {
        scheme: scheme.clone(),
        institution_rows: sums.institution.rows,
        bureau_rows: sums.bureau.rows,
        institution: Some(shown(sums.institution.amounts)),
        bureau: Some(shown(sums.bureau.amounts)),
        difference: Some(shown(sums.difference())),
    };
    schemes.iter().map(one).collect()
}

/// A difference as the wire shows it.
pub fn difference(listed: Listed) -> pb::ReconciliationDifference {
    let open = listed.is_open();
    let difference = &listed.found.difference;
    let advice = advise(difference, listed.found.elsewhere);
    let field = |(name, theirs, ours): (String, Fen, Fen)| pb::reconciliation_difference::Field {
        name,
        institution_fen: theirs.0,
        bureau_fen: ours.0,
    };
    let (owner, reason) = listed.explained.clone().unwrap_or_default();
    pb::ReconciliationDifference {
        number: listed.number,
        row_key: listed.subject.clone(),
        verdict: verdict_of(difference.verdict).into(),
        row_number: difference.sent.as_ref().map_or(0, |row| row.number),
        institution: difference.sent.as_ref().map(sent),
        bureau: difference.ours.as_ref().map(ours),
        fields: difference.fields().into_iter().map(field).collect(),
        cause: advice.cause,
        repair: advice.repair,
        open,
        owner,
        reason,
    }
}

fn funds(shares: &Shares) -> Vec<pb::ReconciledFund> {
    let one = |(fund, paid): (&String, &Fen)| pb::ReconciledFund {
        fund_pay_type: fund.clone(),
        paid_fen: paid.0,
    };
    shares.iter().map(one).collect()
}

fn sent(row: &Sent) -> pb::InstitutionRow {
    pb::InstitutionRow {
        settlement_id: row.settlement.clone(),
        request_id: row.request.clone(),
        kind: kind_of(row.kind).into(),
        scheme: row.scheme.to_string(),
        amounts: Some(shown(row.amounts)),
        funds: row.shares.as_ref().map(funds).unwrap_or_default(),
    }
}

fn ours(row: &Row) -> pb::reconciliation_difference::BureauRow {
    pb::reconciliation_difference::BureauRow {
        settlement_id: row.settlement.clone(),
        visit_number: row.visit.clone(),
        kind: kind_of(row.kind).into(),
        scheme: row.scheme.to_string(),
        amounts: Some(shown(row.amounts)),
        funds: funds(&row.shares),
        posted_time: Some(render::timestamp(row.posted())),
    }
}

/// A day as the wire shows it.
pub fn day(listed: ListedDay) -> pb::ReconciledDay {
    use pb::reconciled_day::{Frozen as Wire, State};
    let frozen = |one: Frozen| Wire {
        scheme: one.scheme,
        clr_type: one.clr_type,
        rows: one.sums.rows,
        amounts: Some(shown(one.sums.amounts)),
    };
    let mut day = pb::ReconciledDay {
        institution_code: listed.institution.to_string(),
        day: listed.day.to_string(),
        state: State::Open.into(),
        rows: listed.rows,
        open_rows: listed.open,
        ..Default::default()
    };
    if let Some(reconciliation) = listed.reconciliation {
        day.reconciliation_id = reconciliation.id;
        day.difference_rows = reconciliation.differences;
    }
    if let Some(closed) = listed.closed {
        day.state = State::Closed.into();
        day.rows = closed.rows;
        day.sums = closed.sums.into_iter().map(frozen).collect();
        day.digest = closed.digest.to_string();
        day.unreconciled_reason = closed.reason.unwrap_or_default();
        day.closed_by = closed.by;
        day.closed_time = Some(render::timestamp(closed.at));
    }
    day
}

/// A month as the wire shows it.
pub fn month(closed: ClosedMonth) -> pb::ReconciledMonth {
    use pb::reconciled_month::Account;
    let account = |one: crate::domain::closing::Moved| Account {
        account: one.account,
        moved_fen: one.moved.0,
        of_earlier_months_fen: one.of_earlier.0,
    };
    pb::ReconciledMonth {
        month: closed.month.to_string(),
        days: closed.days,
        accounts: closed.accounts.into_iter().map(account).collect(),
        digest: closed.digest.to_string(),
        closed_by: closed.by,
        closed_time: Some(render::timestamp(closed.at)),
    }
}
