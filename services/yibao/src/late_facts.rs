//! 待遇追溯: shows what facts of a person that became known late move in the settlements of a year, and
//! pays it only when the digest that was shown comes back.

use crate::cli::Trouble;
use crate::reach::Reach;
use crate::saga::{heard, patient};
use crate::story::sheet::{Sheet, Side, yuan};
use clap::Args;
use kernel::Clock;
use proto::common::{Amounts, Revision, RevisionPreview};
use proto::orchestrator as pb;
use runtime::clock::SystemClock;
use std::io::{self, Write};

/// The previews of a long year may be larger than tonic's 4 MiB.
const MESSAGE_BYTES_MAX: usize = 32 << 20;

/// Whose facts, and whether they are paid.
#[derive(Debug, Args)]
pub struct LateFacts {
    #[command(flatten)]
    reach: Reach,
    /// Who asks; @330523 behind the name is the area.
    #[arg(long = "as", value_name = "CALLER", default_value = "clerk")]
    caller: String,
    /// 人员编号 (psn_no).
    person: String,
    /// 险种类型 (insutype).
    #[arg(long, value_name = "CODE", default_value = "390")]
    scheme: String,
    /// The year.
    #[arg(long)]
    year: i32,
    /// Settle it: the digest that was shown.
    #[arg(long, value_name = "DIGEST")]
    pay: Option<String>,
    /// The request's id, to repeat it by; a new one unless it is given.
    #[arg(long, value_name = "ID", requires = "pay")]
    request_id: Option<String>,
}

/// Does what the command line says, and prints to `out`.
pub async fn obey(asked: LateFacts, out: &mut dyn Write) -> Result<(), Trouble> {
    let desk = asked.reach.desk(&asked.caller).await?;
    let mut client = desk
        .orchestrator()
        .max_decoding_message_size(MESSAGE_BYTES_MAX);
    let Some(digest) = &asked.pay else {
        let request = pb::PreviewLateFactsRequest {
            person_id: asked.person.clone(),
            scheme: asked.scheme.clone(),
            year: asked.year,
        };
        let shown = heard(client.preview_late_facts(patient(request)).await)?;
        return Ok(previewed(&asked, &shown, out)?);
    };
    let fresh = || format!("late-facts-{}", store::new_id(SystemClock.now()));
    let request_id = asked.request_id.clone().unwrap_or_else(fresh);
    let request = pb::PostLateFactsRequest {
        request_id: request_id.clone(),
        person_id: asked.person.clone(),
        scheme: asked.scheme.clone(),
        year: asked.year,
        preview_digest: digest.clone(),
        ..Default::default()
    };
    // Said before it is asked: without it nobody could repeat what was not answered.
    writeln!(out, "请求编号 {request_id}")?;
    let paid = heard(client.post_late_facts(patient(request)).await)?;
    Ok(posted(&paid, out)?)
}

const HEADINGS: [(&str, Side); 7] = [
    ("结束日期", Side::Left),
    ("结算编号", Side::Whole),
    ("基金原付", Side::Right),
    ("基金应付", Side::Right),
    ("基金差额", Side::Right),
    ("现金差额", Side::Right),
    ("各基金差额", Side::Left),
];

fn previewed(
    asked: &LateFacts,
    shown: &pb::PreviewLateFactsResponse,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
    if shown.revisions.is_empty() {
        return sheet.line("没有差额:该年度的结算与目前的参保信息一致。");
    }
    let rows: Vec<Vec<String>> = shown.revisions.iter().map(preview_row).collect();
    sheet.records(&HEADINGS, &rows)?;
    let (funds, cash) = (shown.funds_difference_fen, shown.cash_difference_fen);
    sheet.line(&sum(shown.revisions.len(), funds, cash))?;
    sheet.line("以上仅为预览,未作任何更改。核对后按所示摘要办理:")?;
    let LateFacts {
        person,
        scheme,
        year,
        ..
    } = asked;
    sheet.plain(&format!(
        "yibao late-facts {person} --scheme {scheme} --year {year} --pay {}",
        shown.preview_digest
    ))
}

fn posted(paid: &pb::PostLateFactsResponse, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
    let rows: Vec<Vec<String>> = paid.revisions.iter().map(revision_row).collect();
    sheet.records(&HEADINGS, &rows)?;
    let of = |amounts: &Option<Amounts>, fen: fn(&Amounts) -> i64| amounts.as_ref().map_or(0, fen);
    let difference = |fen: fn(&Amounts) -> i64| -> i64 {
        let each = paid.revisions.iter();
        each.map(|one| of(&one.after, fen) - of(&one.before, fen))
            .sum()
    };
    let funds = difference(|amounts| amounts.funds_fen);
    let cash = difference(|amounts| amounts.cash_fen);
    sheet.line(&sum(paid.revisions.len(), funds, cash))?;
    let done = match paid.replayed {
        true => "此前已办理,未重复入账。更正编号",
        false => "已入账。更正编号",
    };
    sheet.line(&format!("{done} {}", paid.correction_id))
}

fn sum(settlements: usize, funds: i64, cash: i64) -> String {
    let whose = match funds {
        0 => "基金合计不变".to_string(),
        1.. => format!("基金合计应补付 {} 元给参保人", yuan(funds)),
        _ => format!("基金合计应向参保人追回 {} 元", yuan(funds.saturating_neg())),
    };
    format!(
        "{settlements} 笔结算:{whose},个人现金合计 {} 元。",
        signed(cash)
    )
}

fn preview_row(one: &RevisionPreview) -> Vec<String> {
    let compared = one.comparison.clone().unwrap_or_default();
    let amounts = (compared.before.as_ref(), compared.after.as_ref());
    row(&one.end_day, &one.settlement_id, amounts, &one.funds)
}

fn revision_row(one: &Revision) -> Vec<String> {
    let amounts = (one.before.as_ref(), one.after.as_ref());
    row("", &one.settlement_id, amounts, &one.funds)
}

fn row(
    day: &str,
    id: &str,
    (before, after): (Option<&Amounts>, Option<&Amounts>),
    funds: &[proto::common::revision::Fund],
) -> Vec<String> {
    let funds_fen = |amounts: Option<&Amounts>| amounts.map_or(0, |amounts| amounts.funds_fen);
    let cash_fen = |amounts: Option<&Amounts>| amounts.map_or(0, |amounts| amounts.cash_fen);
    let each: Vec<String> = funds
        .iter()
        .filter(|fund| fund.difference_fen != 0)
        .map(|fund| format!("{} {}", fund.fund, signed(fund.difference_fen)))
        .collect();
    vec![
        day.to_string(),
        id.to_string(),
        yuan(funds_fen(before)),
        yuan(funds_fen(after)),
        signed(funds_fen(after) - funds_fen(before)),
        signed(cash_fen(after) - cash_fen(before)),
        each.join("、"),
    ]
}

fn signed(fen: i64) -> String {
    match fen {
        1.. => format!("+{}", yuan(fen)),
        _ => yuan(fen),
    }
}
