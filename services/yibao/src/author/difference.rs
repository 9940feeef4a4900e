//! 差异: what changed from one package to another, for whom, and what the examples cost under both.

use super::{Stopped, package};
use crate::story::sheet::{Sheet, Side};
use kernel::Fen;
use policy::{CaseChange, PackageDiff, Totals, diff};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(old: &Path, new: &Path, out: &mut dyn Write) -> Result<ExitCode, Stopped> {
    let (before, after) = (package(old)?, package(new)?);
    let difference = diff(&before, &after);
    let mut sheet = Sheet::new(out);
    sheet.gap()?;
    sheet.hanging("旧  ", &format!("{}  {}", before.name(), before.title()))?;
    sheet.hanging("新  ", &format!("{}  {}", after.name(), after.title()))?;
    if difference.changes.is_empty() {
        sheet.heading("没有变化。")?;
        return Ok(ExitCode::SUCCESS);
    }
    changes(&difference, &mut sheet)?;
    cases(&difference.cases, &mut sheet)?;
    Ok(ExitCode::SUCCESS)
}

fn changes(difference: &PackageDiff, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.heading(&format!("一、改了什么（{} 处）", difference.changes.len()))?;
    let mut subject = "";
    for change in &difference.changes {
        if change.subject != subject {
            subject = &change.subject;
            sheet.line(subject)?;
        }
        sheet.hanging("  · ", &change.text)?;
    }
    Ok(())
}

/// Examples that cost somebody else than before, those of the person first.
fn cases(cases: &[CaseChange], sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.heading("二、算例的对照（两个政策包的算例，都按新政策包的日期结算）")?;
    let changed: Vec<&CaseChange> = cases.iter().filter(|case| case.old != case.new).collect();
    if changed.is_empty() {
        return sheet.line(&format!("{} 个算例的结果都没有变化。", cases.len()));
    }
    let headings = [
        ("算例", Side::Left),
        ("基金 原", Side::Right),
        ("基金 新", Side::Right),
        ("个人 原", Side::Right),
        ("个人 新", Side::Right),
        ("个人增减", Side::Right),
    ];
    let person = |totals: &Totals| (totals.account + totals.cash).to_string();
    let row = |case: &&CaseChange| {
        let mark = if case.is_new {
            ""
        } else {
            "（旧包的算例）"
        };
        vec![
            format!("{}{mark}", case.name),
            case.old.funds.to_string(),
            case.new.funds.to_string(),
            person(&case.old),
            person(&case.new),
            signed(case.burden()),
        ]
    };
    sheet.grid(&headings, &changed.iter().map(row).collect::<Vec<_>>())?;
    let count = |is: fn(Fen) -> bool| cases.iter().filter(|case| is(case.burden())).count();
    let (more, less) = (count(|fen| fen > Fen::ZERO), count(|fen| fen < Fen::ZERO));
    sheet.line(&format!(
        "共 {} 个算例：个人多负担的 {more} 个，少负担的 {less} 个，不变的 {} 个。",
        cases.len(),
        cases.len().saturating_sub(more + less)
    ))
}

fn signed(amount: Fen) -> String {
    match amount > Fen::ZERO {
        true => format!("+{amount}"),
        false => amount.to_string(),
    }
}
