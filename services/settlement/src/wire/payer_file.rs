//! 承办机构对账文件: files, their lines, and a payer's lines.

use crate::app::{ComparedFile, SENT_MAX, ShownFile};
use crate::domain::closing::Month;
use crate::domain::payer_file::{Answered, KindTotal, LineKind, PayerDifference, PayerLine};
use crate::domain::reconcile::Verdict;
use kernel::refusal::invalid;
use kernel::{Fen, Fund, Refusal};
use proto::orchestrator as pb;
use runtime::{parse, render};

/// Differences told with a comparison.
const TOLD_MAX: usize = 500;

/// Which file: the fund and the month.
pub fn which_file(fund: &str, month: &str) -> Result<(Fund, Month), Refusal> {
    let fund = parse::code("fund", Fund::parse(fund))?;
    Ok((fund, super::reconciliation::clearing_month(month)?))
}

/// A file as the wire shows it.
pub fn payer_file(shown: ShownFile) -> pb::PayerFile {
    let file = shown.file;
    let total = |one: &KindTotal| pb::PayerFileTotal {
        kind: kind_of(one.kind).into(),
        rows: one.rows,
        amount_fen: one.amount.0,
    };
    pb::PayerFile {
        fund_name: file.fund.term().to_string(),
        fund: file.fund.to_string(),
        month: file.month.to_string(),
        rows: file.rows(),
        total_fen: file.total().0,
        totals: file.totals.iter().map(total).collect(),
        ledger_fen: shown.ledger.0,
        agrees: shown.agrees,
        digest: file.digest.to_string(),
        prepared_time: Some(render::timestamp(file.at)),
        prepared_by: file.by,
        payer_file_id: file.id,
    }
}

/// A line as the wire shows it.
pub fn payer_line(line: PayerLine) -> pb::PayerFileLine {
    let (settlement_id, institution_code, end_day) = match line.bill {
        Some(bill) => (bill.settlement, bill.institution, bill.end.to_string()),
        None => Default::default(),
    };
    pb::PayerFileLine {
        number: line.number,
        kind: kind_of(line.kind).into(),
        subject_id: line.subject,
        settlement_id,
        institution_code,
        person_id: line.person,
        end_day,
        posted_day: line.posted_at.day().to_string(),
        amount_fen: line.amount.0,
    }
}

/// A payer's lines.
pub fn answered(messages: &[pb::PayerLine]) -> Result<Vec<Answered>, Refusal> {
    if messages.len() > SENT_MAX {
        return Err(invalid("lines", format!("至多 {SENT_MAX} 行")));
    }
    let line = |(n, message): (usize, &pb::PayerLine)| {
        let at = |field: &str| format!("lines[{n}].{field}");
        let amount = super::reconciliation::of_claim(at("amount_fen"), message.amount_fen)?;
        Ok(Answered {
            subject: parse::token(at("subject_id"), &message.subject_id, 64)?,
            kind: kind(at("kind"), message.kind)?,
            amount,
        })
    };
    messages.iter().enumerate().map(line).collect()
}

fn kind(path: String, number: i32) -> Result<LineKind, Refusal> {
    use pb::PayerFileLineKind as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Settlement) => Ok(LineKind::Settlement),
        Ok(Wire::Reversal) => Ok(LineKind::Reversal),
        Ok(Wire::Revision) => Ok(LineKind::Revision),
        Ok(Wire::RevisionTakenBack) => Ok(LineKind::RevisionTakenBack),
        Ok(Wire::Recovery) => Ok(LineKind::Recovery),
        Ok(Wire::RecoveryRevoked) => Ok(LineKind::RecoveryRevoked),
        Ok(Wire::Other) => Ok(LineKind::Other),
        Ok(Wire::Unspecified) | Err(_) => Err(invalid(path, "对账文件中的行类别")),
    }
}

fn kind_of(kind: LineKind) -> pb::PayerFileLineKind {
    use pb::PayerFileLineKind as Wire;
    match kind {
        LineKind::Settlement => Wire::Settlement,
        LineKind::Reversal => Wire::Reversal,
        LineKind::Revision => Wire::Revision,
        LineKind::RevisionTakenBack => Wire::RevisionTakenBack,
        LineKind::Recovery => Wire::Recovery,
        LineKind::RecoveryRevoked => Wire::RecoveryRevoked,
        LineKind::Other => Wire::Other,
    }
}

fn verdict_of(verdict: Verdict) -> pb::PayerVerdict {
    use pb::PayerVerdict as Wire;
    match verdict {
        Verdict::Match => Wire::Match,
        Verdict::OnlyAtBureau => Wire::OnlyHere,
        Verdict::OnlyAtInstitution => Wire::OnlyThere,
        Verdict::AmountDiffers => Wire::AmountDiffers,
        Verdict::SignDiffers => Wire::SignDiffers,
        Verdict::StatusDiffers => Wire::StatusDiffers,
        Verdict::Duplicate => Wire::Duplicate,
    }
}

/// How they compare, as the wire shows it.
pub fn compared_file(compared: ComparedFile) -> pb::ReconcilePayerFileResponse {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (theirs, ours) = (compared.theirs, compared.ours);
    let verdict = |one: &Verdict| verdict_of(*one).into();
    pb::ReconcilePayerFileResponse {
        equal: compared.differences.is_empty(),
        verdicts: compared.verdicts.iter().map(verdict).collect(),
        difference_rows: count(compared.differences.len()),
        differences: compared
            .differences
            .into_iter()
            .take(TOLD_MAX)
            .map(difference)
            .collect(),
        payer_count: count(theirs.0),
        file_count: count(ours.0),
        payer_fen: theirs.1.0,
        file_fen: ours.1.0,
        difference_fen: (theirs.1 - ours.1).0,
    }
}

fn difference(one: PayerDifference) -> pb::PayerDifference {
    let fen = |amount: Option<Fen>| amount.map(|amount| amount.0);
    pb::PayerDifference {
        verdict: verdict_of(one.verdict).into(),
        line_number: one.sent.unwrap_or(0),
        number: one.number.unwrap_or(0),
        payer_fen: fen(one.theirs),
        file_fen: fen(one.ours),
        subject_id: one.subject,
        cause: one.cause,
        repair: one.repair.to_string(),
    }
}
