//! 访问记录: who read what is known of whom, of all services of a running suite, by time.

use crate::cli::Trouble;
use crate::desk::Desk;
use crate::reach::Reach;
use crate::saga::{heard, patient};
use crate::story::sheet::{Sheet, Side};
use clap::Args;
use kernel::{Day, Instant};
use proto::common::access_entry::Kind;
use proto::common::{AccessEntry, AccessFilter};
use proto::{enrollment, interregional, orchestrator, referral, settlement};
use std::io::{self, Write};

/// Pages of one service that are read at most.
const PAGES_MAX: usize = 100;
/// Subjects that are shown of an entry.
const SHOWN_MAX: usize = 3;

/// Whose accesses, to whom, when.
#[derive(Debug, Args)]
pub struct Asked {
    /// Only those of this caller.
    #[arg(long, value_name = "CALLER")]
    caller: Option<String>,
    /// Only those that showed this person, settlement or visit.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// The first day, such as 2018-03-01.
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<Day>,
    /// The last day.
    #[arg(long, value_name = "DAY", value_parser = day, requires = "from")]
    to: Option<Day>,
    #[command(flatten)]
    reach: Reach,
    /// Who asks: an auditor; @330523 behind the name is the area.
    #[arg(long = "as", value_name = "CALLER", default_value = "auditor+auditor")]
    asking: String,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).map_err(|bad| bad.to_string())
}

/// Asks every service, and prints to `out`.
pub async fn obey(asked: Asked, out: &mut dyn Write) -> Result<(), Trouble> {
    let desk = asked.reach.desk(&asked.asking).await?;
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let filter = AccessFilter {
        caller: asked.caller.unwrap_or_default(),
        subject_id: asked.subject.unwrap_or_default(),
        from_day: day(asked.from),
        to_day: day(asked.to),
    };
    let (mut all, whole) = merged(&desk, &filter).await?;
    all.sort_by(|one, other| one.1.entry_id.cmp(&other.1.entry_id));
    Ok(show(&all, whole, out)?)
}

/// The pages of one service behind one another, into `$all`; false where there are more.
macro_rules! read {
    ($client:expr, $package:ident, $name:literal, $filter:expr, $all:expr) => {{
        let mut client = $client;
        let mut request = $package::ListAccessRequest {
            filter: Some($filter.clone()),
            page_size: 0,
            page_token: String::new(),
        };
        let mut pages = 0;
        loop {
            let page = heard(client.list_access(patient(request.clone())).await)?;
            $all.extend(page.entries.into_iter().map(|entry| ($name, entry)));
            request.page_token = page.next_page_token;
            pages += 1;
            if request.page_token.is_empty() || pages == PAGES_MAX {
                break request.page_token.is_empty();
            }
        }
    }};
}

type Entries = Vec<(&'static str, AccessEntry)>;

async fn merged(desk: &Desk, filter: &AccessFilter) -> Result<(Entries, bool), Trouble> {
    let mut all = Vec::new();
    let whole = [
        read!(desk.enrollment(), enrollment, "参保", filter, all),
        read!(desk.settlement(), settlement, "结算", filter, all),
        read!(desk.referral(), referral, "转诊", filter, all),
        read!(desk.interregional(), interregional, "异地", filter, all),
        read!(desk.sagas(), orchestrator, "一站式", filter, all),
    ];
    Ok((all, whole.iter().all(|whole| *whole)))
}

fn show(all: &Entries, whole: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
    sheet.heading("访问记录")?;
    let headings = [
        ("时间", Side::Whole),
        ("服务", Side::Whole),
        ("查阅人", Side::Whole),
        ("方法", Side::Whole),
        ("结果", Side::Whole),
        ("目的", Side::Whole),
        ("当事人", Side::Whole),
    ];
    let rows: Vec<Vec<String>> = all.iter().map(|(service, one)| row(service, one)).collect();
    if !rows.is_empty() {
        sheet.gap()?;
        sheet.records(&headings, &rows)?;
    }
    sheet.gap()?;
    let more = if whole {
        ""
    } else {
        "以上仅为前部分，"
    };
    sheet.line(&format!("{more}共 {} 条。", all.len()))
}

fn row(service: &str, one: &AccessEntry) -> Vec<String> {
    let seconds = one.seen_time.map_or(0, |time| time.seconds);
    let at = Instant::from_micros(seconds.saturating_mul(1_000_000));
    let times = match one.attempt_count {
        0 | 1 => String::new(),
        times => format!(" ×{times}"),
    };
    let denied = match one.kind() {
        Kind::Denied => "拒绝 ",
        _ => "",
    };
    let mut subjects: Vec<String> = one.subject_ids.iter().take(SHOWN_MAX).cloned().collect();
    if usize::try_from(one.subject_count).is_ok_and(|count| count > subjects.len()) {
        subjects.push(format!("等 {} 项", one.subject_count));
    }
    vec![
        at.in_shanghai(),
        service.to_string(),
        one.caller.clone(),
        one.method
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_string(),
        format!("{denied}{}{times}", one.outcome),
        one.purpose.clone(),
        subjects.join(" "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_who_what_and_whose() {
        let read = AccessEntry {
            caller: "clerk-7".into(),
            method: "/yibao.enrollment.v1.EnrollmentService/GetPerson".into(),
            kind: Kind::Read.into(),
            subject_ids: ["p1", "p2", "p3", "p4"].map(String::from).to_vec(),
            subject_count: 4,
            outcome: "OK".into(),
            purpose: "CASE-1".into(),
            attempt_count: 1,
            ..Default::default()
        };
        let denied = AccessEntry {
            kind: Kind::Denied.into(),
            outcome: "PERMISSION_DENIED".into(),
            attempt_count: 490,
            ..Default::default()
        };
        let mut out = Vec::new();
        show(&vec![("参保", read), ("结算", denied)], true, &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        let parts = [
            "clerk-7",
            "GetPerson",
            "CASE-1",
            "等 4 项",
            "拒绝",
            "×490",
            "共 2 条",
        ];
        for part in parts {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
