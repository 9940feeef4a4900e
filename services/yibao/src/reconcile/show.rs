//! What an institution is shown of a comparison: what differs, why, what to do, and the sums.

use crate::story::sheet::{Sheet, Side, yuan};
use proto::orchestrator as pb;
use proto::orchestrator::{ReconciliationRowKind as Kind, ReconciliationVerdict as Verdict};
use std::io::{self, Write};

/// A comparison with all of its differences.
pub(super) fn compared(
    day: &str,
    request_id: &str,
    told: &pb::ReconcileLinesResponse,
    differences: &[pb::ReconciliationDifference],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
    sheet.heading(&format!("{day} 明细对账（请求编号 {request_id}）"))?;
    let matched = told.verdicts.iter();
    let matched = matched.filter(|one| **one == Verdict::Match as i32).count();
    let open = differences.iter().filter(|one| one.open).count();
    sheet.line(&format!(
        "上传 {} 行，相符 {matched} 行，差异 {} 处，未决 {open} 处。",
        told.verdicts.len(),
        differences.len()
    ))?;
    if !differences.is_empty() {
        sheet.gap()?;
        let headings = [
            ("对账键", Side::Whole),
            ("结果", Side::Whole),
            ("行", Side::Right),
            ("类别", Side::Whole),
            ("院端医疗费", Side::Right),
            ("经办端医疗费", Side::Right),
            ("不符字段", Side::Whole),
            ("可能原因", Side::Whole),
            ("处理建议", Side::Whole),
        ];
        let rows: Vec<Vec<String>> = differences.iter().map(difference).collect();
        sheet.records(&headings, &rows)?;
    }
    sheet.gap()?;
    let headings = [
        ("险种", Side::Left),
        ("院端行数", Side::Right),
        ("经办端行数", Side::Right),
        ("院端医疗费", Side::Right),
        ("经办端医疗费", Side::Right),
        ("差额", Side::Right),
        ("基金差额", Side::Right),
    ];
    let rows: Vec<Vec<String>> = told.schemes.iter().map(scheme).collect();
    sheet.table(&headings, &rows)?;
    sheet.gap()?;
    sheet.line(match open {
        0 => "对账相符或差异均已说明，可以日结。",
        _ => "有未决差异：请按处理建议改正后重新对账，或说明责任人与原因。",
    })
}

fn medfee(amounts: Option<&pb::ReconciledAmounts>) -> String {
    amounts.map_or("—".to_string(), |amounts| yuan(amounts.medfee_fen))
}

fn difference(one: &pb::ReconciliationDifference) -> Vec<String> {
    let theirs = one.institution.as_ref();
    let ours = one.bureau.as_ref();
    let kind = ours.map(|row| row.kind()).or(theirs.map(|row| row.kind()));
    let kind = match kind.unwrap_or_default() {
        Kind::Reversal => "退费",
        Kind::Revision => "更正",
        Kind::Settlement | Kind::Unspecified => "结算",
    };
    let number = match one.row_number {
        0 => "—".to_string(),
        number => number.to_string(),
    };
    let field = |field: &pb::reconciliation_difference::Field| {
        let (theirs, ours) = (yuan(field.institution_fen), yuan(field.bureau_fen));
        format!("{} {theirs}/{ours}", field.name)
    };
    let fields: Vec<String> = match (theirs, ours) {
        (Some(_), Some(_)) => one.fields.iter().map(field).collect(),
        _ => Vec::new(),
    };
    let explained = match one.owner.as_str() {
        "" => one.repair.clone(),
        owner => format!("已说明（{owner}）：{}", one.reason),
    };
    vec![
        one.row_key.clone(),
        verdict(one.verdict()).to_string(),
        number,
        kind.to_string(),
        medfee(theirs.and_then(|row| row.amounts.as_ref())),
        medfee(ours.and_then(|row| row.amounts.as_ref())),
        fields.join("；"),
        one.cause.clone(),
        explained,
    ]
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "相符",
        Verdict::OnlyAtBureau => "院端少账",
        Verdict::OnlyAtInstitution => "院端多账",
        Verdict::AmountDiffers => "金额不符",
        Verdict::StatusDiffers => "状态不符",
        Verdict::SignDiffers => "符号不符",
        Verdict::Duplicate => "重复",
        Verdict::Unspecified => "未知",
    }
}

fn scheme(one: &pb::ReconciledScheme) -> Vec<String> {
    let difference = one.difference.unwrap_or_default();
    vec![
        one.scheme.clone(),
        one.institution_rows.to_string(),
        one.bureau_rows.to_string(),
        medfee(one.institution.as_ref()),
        medfee(one.bureau.as_ref()),
        yuan(difference.medfee_fen),
        yuan(difference.funds_fen),
    ]
}
