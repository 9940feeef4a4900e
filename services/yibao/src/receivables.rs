//! 欠费台账: what patients of 先诊疗后付费 have not paid by a day, as a running suite has it.

use crate::cli::Trouble;
use crate::reach::Reach;
use crate::saga::{heard, patient};
use crate::story::sheet::{Sheet, Side, yuan};
use clap::Args;
use kernel::{Day, InstitutionCode};
use proto::orchestrator as pb;
use std::io::{self, Write};

/// Pages that are read at most.
const PAGES_MAX: usize = 200;
/// Receivables on a page.
const PAGE_SIZE: i32 = 500;

/// Of which day, and of whom.
#[derive(Debug, Args)]
pub struct Receivables {
    /// The day, such as 2018-03-01: what was due before it.
    #[arg(long, value_name = "DAY", value_parser = day)]
    as_of: Day,
    /// Only those owed to the institution of this code.
    #[arg(long, value_name = "CODE", value_parser = institution)]
    institution: Option<InstitutionCode>,
    #[command(flatten)]
    reach: Reach,
    /// Who asks; @330523 behind the name is the area.
    #[arg(long = "as", value_name = "CALLER", default_value = "clerk")]
    caller: String,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).map_err(|bad| bad.to_string())
}

fn institution(text: &str) -> Result<InstitutionCode, String> {
    let parsed = InstitutionCode::parse(text);
    parsed.map_err(|_| "write an institution's code, such as H15250100001".to_string())
}

/// Asks, and prints to `out`.
pub async fn obey(asked: Receivables, out: &mut dyn Write) -> Result<(), Trouble> {
    let mut client = asked.reach.desk(&asked.caller).await?.receivables();
    let code = asked.institution.as_ref().map(ToString::to_string);
    let mut request = pb::ListReceivablesRequest {
        institution_code: code.unwrap_or_default(),
        overdue_as_of_day: asked.as_of.to_string(),
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    let mut all = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = heard(client.list_receivables(patient(request.clone())).await)?;
        all.extend(page.receivables);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let whole = request.page_token.is_empty();
    Ok(show(asked.as_of, &all, whole, out)?)
}

fn show(as_of: Day, all: &[pb::Receivable], whole: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
    sheet.heading(&format!("{as_of} 逾期欠费"))?;
    let headings = [
        ("欠费编号", Side::Whole),
        ("机构", Side::Whole),
        ("应付日期", Side::Whole),
        ("逾期天数", Side::Right),
        ("应付", Side::Right),
        ("已付", Side::Right),
        ("未付", Side::Right),
    ];
    let rows: Vec<Vec<String>> = all.iter().map(|one| row(as_of, one)).collect();
    if !rows.is_empty() {
        sheet.gap()?;
        sheet.records(&headings, &rows)?;
    }
    sheet.gap()?;
    let remaining: i64 = all.iter().map(|one| one.remaining_fen).sum();
    let more = if whole {
        ""
    } else {
        "以上仅为前部分，"
    };
    sheet.line(&format!(
        "{more}共 {} 笔，未付 {} 元。",
        all.len(),
        yuan(remaining)
    ))
}

fn row(as_of: Day, one: &pb::Receivable) -> Vec<String> {
    let due = Day::parse(&one.due_day).ok();
    let late = due.map(|due| due.days_until(as_of).to_string());
    vec![
        one.receivable_id.clone(),
        one.institution_code.clone(),
        one.due_day.clone(),
        late.unwrap_or_default(),
        yuan(one.owed_fen),
        yuan(one.paid_fen),
        yuan(one.remaining_fen),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overdue_is_told_with_its_days_and_its_sum() {
        let one = |id: &str, remaining_fen| pb::Receivable {
            receivable_id: id.into(),
            institution_code: "H15250100001".into(),
            due_day: "2018-02-01".into(),
            owed_fen: 100_000,
            paid_fen: 100_000 - remaining_fen,
            remaining_fen,
            ..Default::default()
        };
        let mut out = Vec::new();
        let as_of = Day::parse("2018-03-01").unwrap();
        show(
            as_of,
            &[one("r-1", 100), one("r-2", 100_000)],
            true,
            &mut out,
        )
        .unwrap();
        let told = String::from_utf8(out).unwrap();
        for part in ["r-1", "r-2", "28", "共 2 笔", &yuan(100_100)] {
            assert!(told.contains(part), "{part}: {told}");
        }
        let mut out = Vec::new();
        show(as_of, &[], true, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("共 0 笔"));
    }
}
