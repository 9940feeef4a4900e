//! What became of a batch, for a terminal.

use super::How;
use crate::story::sheet::{Sheet, Side, yuan};
use proto::common::Refused;
use proto::orchestrator as pb;
use proto::orchestrator::settle_batch_response::Told;
use std::io::{self, Write};
use std::process::ExitCode;

/// Columns of a terminal at least.
const COLUMNS: usize = 80;

/// A claim that is not done, in a few lines; one that is done says nothing.
pub(super) fn answer(answer: &pb::SettleBatchResponse, out: &mut dyn Write) -> io::Result<()> {
    let told = match &answer.told {
        Some(Told::Refused(no)) => format!("拒绝 {}", said(no.refused.as_ref())),
        Some(Told::NotTried(no)) => format!("未办理 因第{}行未办成而停止", no.number),
        Some(Told::Unknown(no)) => format!(
            "结果未知 {}（{}）",
            said(no.heard.as_ref()),
            match &no.ask {
                Some(ask) => format!(
                    "GetOutcome {} {}",
                    ask.method().as_str_name(),
                    ask.request_id
                ),
                None => "未作任何办理".to_string(),
            }
        ),
        Some(Told::Settlement(_) | Told::Priced(_) | Told::Summary(_)) | None => return Ok(()),
    };
    let mark = format!("第{}行 {} ", answer.number, answer.request_id);
    Sheet::wide(out, COLUMNS).line(&format!("{mark}{told}"))
}

fn said(no: Option<&Refused>) -> String {
    no.map_or_else(String::new, |no| {
        format!("{} {}{}", no.code, no.sentence, no.remedy)
    })
}

/// The table at the end.
pub(super) fn summary(sums: &pb::BatchSummary, how: How, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::wide(out, COLUMNS);
    sheet.heading(match how {
        How::Continue | How::Stop => "批量结算汇总",
        How::All => "整批结算汇总",
        How::Preflight => "批量预结算汇总",
    })?;
    let rows = [
        ("本次结算", sums.settled_claims),
        ("此前已结算", sums.replayed_claims),
        ("预结算", sums.priced_claims),
        ("拒绝", sums.refused_claims),
        ("未办理", sums.untried_claims),
        ("结果未知", sums.unknown_claims),
    ];
    let rows = rows.iter().filter(|(_, claims)| *claims > 0);
    let rows: Vec<Vec<String>> = rows
        .map(|(what, claims)| vec![what.to_string(), claims.to_string()])
        .collect();
    sheet.table(&[("结果", Side::Left), ("张数", Side::Right)], &rows)?;
    sheet.gap()?;
    let headings = ["医疗费总额", "基金支付", "个人账户", "个人现金"];
    let sums = [
        sums.total_fen,
        sums.funds_fen,
        sums.account_fen,
        sums.cash_fen,
    ];
    sheet.records(
        &headings.map(|heading| (heading, Side::Right)),
        &[sums.map(yuan).to_vec()],
    )
}

/// Success when every claim is done.
pub(super) fn verdict(sums: &pb::BatchSummary) -> ExitCode {
    match sums.refused_claims + sums.untried_claims + sums.unknown_claims {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
