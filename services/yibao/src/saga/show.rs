//! What an operator is shown of sagas: tables that fit a terminal.

use super::age;
use crate::story::sheet::{Sheet, Side, yuan};
use kernel::Instant;
use proto::common::{Refused, outcome};
use proto::orchestrator as pb;
use proto::orchestrator::reckon_saga_response::{Entry, Standing};
use proto::orchestrator::saga::State;
use proto::orchestrator::saga_line::Event;
use std::io::{self, Write};

/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// A page of sagas, below how many there are of each kind and version.
pub(super) fn page(
    page: &pb::ListSagasResponse,
    now: Instant,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
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
        ("编号", Side::Whole),
        ("流程", Side::Whole),
        ("状态", Side::Whole),
        ("申请方", Side::Whole),
        ("方法", Side::Whole),
        ("请求编号", Side::Whole),
        ("开始于", Side::Right),
        ("历时", Side::Right),
        ("尝试", Side::Right),
        ("下次处理", Side::Whole),
        ("最近故障", Side::Whole),
    ];
    let rows: Vec<Vec<String>> = page.sagas.iter().map(|saga| row(saga, now)).collect();
    sheet.records(&headings, &rows)?;
    match page.next_page_token.is_empty() {
        true => Ok(()),
        false => sheet.line(
            "还有更多：请用 --limit、--state、--kind、--caller、--request、--older-than、--fault 缩小范围。",
        ),
    }
}

fn tally(tally: &pb::SagaTally) -> Vec<String> {
    let sagas = tally.sagas.to_string();
    vec![kind(&tally.kind), state(tally.state()).to_string(), sagas]
}

fn row(saga: &pb::Saga, now: Instant) -> Vec<String> {
    let fault = saga.last_fault.as_ref().map(|fault| fault.code.clone());
    let attempts = match saga.attempts {
        0 => String::new(),
        attempts => attempts.to_string(),
    };
    vec![
        saga.saga_id.clone(),
        kind(&saga.kind),
        state(saga.state()).to_string(),
        saga.caller.clone(),
        saga.method.clone(),
        saga.request_id.clone(),
        ago(saga.began_time.as_ref(), now),
        took(saga),
        attempts,
        due(saga, now),
        fault.unwrap_or_default(),
    ]
}

/// One saga with its journal.
pub(super) fn saga(
    told: &pb::GetSagaResponse,
    now: Instant,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
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
        ("名称", Side::Whole),
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
    let tries = match saga.attempts {
        0 => String::new(),
        attempts => format!("，当前步骤已尝试 {attempts} 次"),
    };
    let resting = match saga.owner.as_str() {
        "" => due(saga, now),
        _ => String::new(),
    };
    let owner = match saga.owner.as_str() {
        "" => String::new(),
        owner => format!("{owner}（{}）", due(saga, now)),
    };
    vec![
        ("流程    ", kind(&saga.kind)),
        ("申请方  ", saga.caller.clone()),
        ("方法    ", saga.method.clone()),
        ("请求编号", saga.request_id.clone()),
        ("结果编号", saga.subject_id.clone()),
        ("拒绝原因", said(saga.refused.as_ref())),
        ("最近故障", said(saga.last_fault.as_ref())),
        ("冲正    ", withdrawing.to_string()),
        ("开始于  ", at(saga.began_time.as_ref(), now)),
        ("历时    ", took(saga)),
        ("最近写入", at(saga.changed_time.as_ref(), now)),
        ("下次处理", resting),
        ("处理节点", owner),
        ("处理次数", format!("{} 次接手{tries}", saga.lives)),
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
    let told = match &line.refused {
        None => what.to_string(),
        Some(why) => format!("{what} {}", why.code),
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
    let mut sheet = Sheet::terminal(out);
    sheet.heading("各步骤在所办服务中的结果")?;
    for standing in &told.standings {
        sheet.line(&format!("步骤 {}  {}", standing.step, standing.name))?;
        sheet.line(&format!("  请求编号  {}", standing.key))?;
        sheet.hanging("  结果      ", &stood(standing))?;
    }
    sheet.heading("账上已记")?;
    entries(&mut sheet, &told.posted)?;
    sheet.heading("如按现状办完，将记")?;
    match &told.unpriced {
        Some(no) => sheet.line(&format!("无法预先计算：{}", said(Some(no)))),
        None => entries(&mut sheet, &told.would_post),
    }
}

fn stood(standing: &Standing) -> String {
    use outcome::State;
    let Some(outcome) = &standing.outcome else {
        return format!("服务未答复：{}", said(standing.silent.as_ref()));
    };
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
    let mut sheet = Sheet::terminal(out);
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
    let mut sheet = Sheet::terminal(out);
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

/// The body in code and words; `settle.v1 结算`.
fn kind(kind: &str) -> String {
    let body = kind.split_once(".v").map_or(kind, |(body, _)| body);
    let name = match body {
        "settle" => "结算",
        "settle_together" => "整批结算",
        "reverse" => "撤销结算",
        "admit" => "先诊疗后付费入院",
        "enrol" => "参保缴费",
        "suspend_online_settlement" => "暂停联网结算",
        _ => return kind.to_string(),
    };
    format!("{kind} {name}")
}

/// How long one took that has come to its end.
fn took(saga: &pb::Saga) -> String {
    let ended = !matches!(saga.state(), State::Running | State::Stuck);
    match (&saga.began_time, &saga.changed_time) {
        (Some(began), Some(end)) if ended => match micros(end).saturating_sub(micros(began)) {
            ..SECOND => "不足1秒".to_string(),
            took => age::told(took / SECOND),
        },
        _ => String::new(),
    }
}

/// When somebody may take it up: at once, after a rest, or when the replica that has it is silent.
fn due(saga: &pb::Saga, now: Instant) -> String {
    let Some(due) = &saga.due_time else {
        return String::new();
    };
    let left = micros(due).saturating_sub(now.micros());
    let wait = age::told((left.saturating_add(SECOND - 1)) / SECOND);
    match (left > 0, saga.owner.is_empty()) {
        (true, true) => format!("{wait}后"),
        (true, false) => format!("如无续期，{wait}后可接手"),
        (false, true) => "即将".to_string(),
        (false, false) => "已到期，可接手".to_string(),
    }
}

fn at(time: Option<&prost_types::Timestamp>, now: Instant) -> String {
    match time {
        Some(_) => format!("{}（{}）", local(time), ago(time, now)),
        None => String::new(),
    }
}

fn ago(time: Option<&prost_types::Timestamp>, now: Instant) -> String {
    let seconds = |time: &prost_types::Timestamp| now.micros() / SECOND - time.seconds;
    time.map(|time| format!("{}前", age::told(seconds(time))))
        .unwrap_or_default()
}

fn local(time: Option<&prost_types::Timestamp>) -> String {
    time.map(|time| Instant::from_micros(micros(time)).in_shanghai())
        .unwrap_or_default()
}

fn micros(time: &prost_types::Timestamp) -> i64 {
    let whole = time.seconds.saturating_mul(SECOND);
    whole.saturating_add(i64::from(time.nanos) / 1_000)
}

#[cfg(test)]
mod tests;
