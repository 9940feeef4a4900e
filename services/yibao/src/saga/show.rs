//! What an operator is shown of sagas: tables that fit a terminal.

use super::age;
use crate::story::sheet::{Sheet, Side, yuan};
use kernel::Instant;
use proto::common::{Outcome, Refused, outcome};
use proto::orchestrator as pb;
use proto::orchestrator::reckon_saga_response::{Entry, Standing};
use proto::orchestrator::saga::State;
use proto::orchestrator::saga_line::Event;
use std::io::{self, Write};

/// A page of sagas, below how many there are of each kind and version.
pub(super) fn page(
    page: &pb::ListSagasResponse,
    now: Instant,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out);
    if page.tallies.is_empty() {
        return sheet.line("没有符合条件的长事务。");
    }
    let tallies: Vec<Vec<String>> = page.tallies.iter().map(tally).collect();
    let headings = [
        ("流程", Side::Left),
        ("状态", Side::Left),
        ("件数", Side::Right),
    ];
    sheet.table(&headings, &tallies)?;
    sheet.gap()?;
    let headings = [
        // An id is never broken.
        ("编号", Side::Right),
        ("流程", Side::Left),
        ("状态", Side::Left),
        ("历时", Side::Right),
        ("尝试", Side::Right),
        ("最近故障", Side::Left),
    ];
    let rows: Vec<Vec<String>> = page.sagas.iter().map(|saga| row(saga, now)).collect();
    sheet.grid(&headings, &rows)?;
    match page.next_page_token.is_empty() {
        true => Ok(()),
        false => {
            sheet.line("还有更多：请用 --limit、--state、--kind、--older-than、--fault 缩小范围。")
        }
    }
}

fn tally(tally: &pb::SagaTally) -> Vec<String> {
    let sagas = tally.sagas.to_string();
    vec![tally.kind.clone(), state(tally.state()).to_string(), sagas]
}

fn row(saga: &pb::Saga, now: Instant) -> Vec<String> {
    let fault = saga.last_fault.as_ref().map(|fault| fault.code.clone());
    vec![
        saga.saga_id.clone(),
        saga.kind.clone(),
        state(saga.state()).to_string(),
        ago(saga.began_time.as_ref(), now),
        saga.attempts.to_string(),
        fault.unwrap_or_default(),
    ]
}

/// One saga with its journal.
pub(super) fn saga(
    told: &pb::GetSagaResponse,
    now: Instant,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out);
    let Some(saga) = &told.saga else {
        return Ok(());
    };
    sheet.heading(&format!("长事务 {}  {}", saga.saga_id, state(saga.state())))?;
    for (name, text) in facts(saga, now) {
        if !text.is_empty() {
            sheet.hanging(&format!("{name}  "), &text)?;
        }
    }
    sheet.heading("流程日志")?;
    if told.lines.is_empty() {
        return sheet.line("无。");
    }
    let headings = [
        ("行", Side::Right),
        ("步骤", Side::Right),
        ("名称", Side::Left),
        ("结果", Side::Left),
        ("时刻", Side::Right),
    ];
    let rows: Vec<Vec<String>> = told.lines.iter().map(line).collect();
    sheet.grid(&headings, &rows)
}

fn facts(saga: &pb::Saga, now: Instant) -> Vec<(&'static str, String)> {
    let proposal = match saga.abandonment_proposed_by.as_str() {
        "" => String::new(),
        by => format!("由 {by} 申请：{}", saga.abandonment_reason),
    };
    let withdrawing = match saga.withdrawing {
        true => "申请方已要求冲正",
        false => "",
    };
    vec![
        ("流程    ", saga.kind.clone()),
        (
            "请求    ",
            format!("{} {} {}", saga.caller, saga.method, saga.request_id),
        ),
        ("结果编号", saga.subject_id.clone()),
        ("拒绝原因", said(saga.refused.as_ref())),
        ("最近故障", said(saga.last_fault.as_ref())),
        ("冲正    ", withdrawing.to_string()),
        ("开始    ", at(saga.began_time.as_ref(), now)),
        ("最近写入", at(saga.changed_time.as_ref(), now)),
        ("下次处理", local(saga.due_time.as_ref())),
        (
            "处理次数",
            format!("{} 次接手，当前步骤已尝试 {} 次", saga.lives, saga.attempts),
        ),
        ("处理节点", saga.owner.clone()),
        ("放弃申请", proposal),
    ]
}

fn line(line: &pb::SagaLine) -> Vec<String> {
    let what = match line.event() {
        Event::Unspecified => "未知",
        Event::Answered => "已答复",
        Event::Refused => "被拒绝",
        Event::Unanswered => "无答复",
        Event::Undone => "已撤回",
        Event::Reversed => "已冲正",
    };
    let why = said(line.refused.as_ref());
    let told = match why.is_empty() {
        true => what.to_string(),
        false => format!("{what}：{why}"),
    };
    vec![
        line.number.to_string(),
        line.step.to_string(),
        line.name.clone(),
        told,
        local(line.written_time.as_ref()),
    ]
}

/// What stands at the services, and what the ledger says.
pub(super) fn reckoning(told: &pb::ReckonSagaResponse, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(out);
    sheet.heading("各步骤在所办服务中的结果")?;
    let headings = [
        ("步骤", Side::Right),
        ("名称", Side::Left),
        ("结果", Side::Left),
        ("请求编号", Side::Left),
    ];
    let rows: Vec<Vec<String>> = told.standings.iter().map(standing).collect();
    sheet.grid(&headings, &rows)?;
    sheet.heading("账上已记")?;
    entries(&mut sheet, &told.posted)?;
    sheet.heading("如按现状办完，将记")?;
    match &told.unpriced {
        Some(no) => sheet.line(&format!("无法预先计算：{}", said(Some(no)))),
        None => entries(&mut sheet, &told.would_post),
    }
}

fn standing(standing: &Standing) -> Vec<String> {
    let said = match (&standing.outcome, &standing.silent) {
        (Some(outcome), _) => stood(outcome),
        (None, silent) => format!("服务未答复：{}", said(silent.as_ref())),
    };
    vec![
        standing.step.to_string(),
        standing.name.clone(),
        said,
        standing.key.clone(),
    ]
}

fn stood(outcome: &Outcome) -> String {
    use outcome::State;
    match outcome.state() {
        State::Unspecified => "未知".to_string(),
        State::Pending => "办理中".to_string(),
        State::Done => format!("已生效 {}", outcome.subject_id),
        State::Refused => format!("被拒绝：{}", said(outcome.refused.as_ref())),
        State::Withdrawn => "已冲正或作废".to_string(),
        State::UnknownHere => "未收到，仍可能到达".to_string(),
    }
}

fn entries(sheet: &mut Sheet<'_>, entries: &[Entry]) -> io::Result<()> {
    if entries.is_empty() {
        return sheet.line("无。");
    }
    let headings = [
        ("科目", Side::Left),
        ("金额（元）", Side::Right),
        ("", Side::Left),
    ];
    let reversing = |entry: &Entry| match entry.reversing {
        true => "冲销".to_string(),
        false => String::new(),
    };
    let row = |entry: &Entry| {
        vec![
            entry.account.clone(),
            yuan(entry.amount_fen),
            reversing(entry),
        ]
    };
    sheet.table(&headings, &entries.iter().map(row).collect::<Vec<_>>())
}

/// What was done about one saga, now or by an earlier attempt.
pub(super) fn directed(
    (done, replayed): (&str, bool),
    request_id: &str,
    saga: Option<&pb::Saga>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out);
    let again = if replayed { "（此前已办）" } else { "" };
    sheet.line(&format!("{done}{again}。"))?;
    sheet.line(&format!("请求编号  {request_id}"))?;
    match saga {
        Some(saga) => sheet.line(&format!("当前状态  {}", state(saga.state()))),
        None => Ok(()),
    }
}

/// How many sagas there were; under which request id, if it was done.
pub(super) fn many(
    told: &pb::DirectSagasResponse,
    verb: &str,
    done: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out);
    let Some(request_id) = done else {
        let counted = format!("符合条件、可{verb}的长事务 {} 件。", told.sagas);
        return sheet.line(&format!("{counted}仅计数，未办理；加 --go 后办理。"));
    };
    let again = if told.replayed {
        "（此前已办）"
    } else {
        ""
    };
    sheet.line(&format!("已安排{verb}长事务 {} 件{again}。", told.sagas))?;
    sheet.line(&format!("请求编号  {request_id}"))
}

fn state(state: State) -> &'static str {
    match state {
        State::Unspecified => "未知",
        State::Running => "办理中",
        State::Done => "已办结",
        State::Refused => "已拒绝",
        State::Withdrawn => "已冲正",
        State::Stuck => "已中断",
        State::Abandoned => "已放弃",
    }
}

fn said(no: Option<&Refused>) -> String {
    no.map(|no| format!("{} {}", no.code, no.sentence))
        .unwrap_or_default()
}

fn at(time: Option<&prost_types::Timestamp>, now: Instant) -> String {
    match time {
        Some(_) => format!("{}（{}前）", local(time), ago(time, now)),
        None => String::new(),
    }
}

fn ago(time: Option<&prost_types::Timestamp>, now: Instant) -> String {
    let seconds = |time: &prost_types::Timestamp| now.micros() / 1_000_000 - time.seconds;
    time.map(|time| age::told(seconds(time)))
        .unwrap_or_default()
}

fn local(time: Option<&prost_types::Timestamp>) -> String {
    let micros = |time: &prost_types::Timestamp| time.seconds.saturating_mul(1_000_000);
    time.map(|time| Instant::from_micros(micros(time)).in_shanghai())
        .unwrap_or_default()
}
