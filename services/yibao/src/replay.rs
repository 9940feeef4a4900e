//! 复算: has the settlements of a running suite computed again, page by page, tells which of them are
//! not what they were and why, and can go on where it stopped. Nothing is written.

use crate::cli::{ENDPOINT, Trouble};
use crate::progress::Progress;
use crate::reach::Reach;
use crate::receipt::{heard, patient, receipts};
use crate::story::sheet::{Sheet, Side, yuan};
use clap::Args;
use proto::orchestrator as pb;
use proto::orchestrator::flaw::Cause;
use runtime::stop_signal;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::process::ExitCode;

/// Who asks unless told otherwise.
const CLERK: &str = "replay";

/// Which settlements to compute again; all that is said holds.
#[derive(Debug, Args)]
pub struct Replay {
    /// This settlement.
    #[arg(long, value_name = "ID", default_value = "")]
    settlement: String,
    /// Those of this person.
    #[arg(long, value_name = "ID", default_value = "")]
    person: String,
    /// Those of this year.
    #[arg(
        long,
        value_name = "YEAR",
        default_value_t = 0,
        hide_default_value = true
    )]
    year: i32,
    /// Those of this institution.
    #[arg(long, value_name = "CODE", default_value = "")]
    institution: String,
    /// Posted on this day or later, such as 2018-03-01.
    #[arg(long = "from", value_name = "DAY", default_value = "")]
    from_day: String,
    /// Posted on this day or earlier.
    #[arg(long = "to", value_name = "DAY", default_value = "")]
    to_day: String,
    /// The pooling area, where it is not the suite's own.
    #[arg(long, value_name = "CODE")]
    area: Option<String>,
    /// Where an earlier replay stopped.
    #[arg(long, value_name = "TOKEN", default_value = "")]
    after: String,
    /// Settlements asked for at a time, at most 500.
    #[arg(long, value_name = "N", default_value_t = 100)]
    page_size: i32,
    #[command(flatten)]
    reach: Reach,
    /// Who asks.
    #[arg(long = "as", value_name = "CALLER", default_value = CLERK)]
    caller: String,
}

/// What was found so far.
#[derive(Default)]
struct Found {
    equal: i64,
    differing: i64,
    /// How many revisions were looked at with them.
    revisions: i64,
    /// How many settlements differ for each cause.
    causes: BTreeMap<i32, i64>,
}

impl Replay {
    fn page(&self, token: &str, counted: bool) -> pb::ReplaySettlementsRequest {
        pb::ReplaySettlementsRequest {
            only_settlement_id: self.settlement.clone(),
            only_person_id: self.person.clone(),
            institution_code: self.institution.clone(),
            year: self.year,
            from_day: self.from_day.clone(),
            to_day: self.to_day.clone(),
            counted,
            page_size: self.page_size,
            page_token: token.to_string(),
        }
    }

    /// The command that goes on behind what was computed.
    fn follow(&self, token: &str) -> String {
        let mut command = "yibao replay".to_string();
        let mut said = |name: &str, value: &str| {
            if !value.is_empty() {
                command.push_str(&format!(" --{name} {value}"));
            }
        };
        said("settlement", &self.settlement);
        said("person", &self.person);
        said("institution", &self.institution);
        let year = self.year.to_string();
        said("year", if self.year == 0 { "" } else { &year });
        said("from", &self.from_day);
        said("to", &self.to_day);
        said("area", self.area.as_deref().unwrap_or_default());
        let endpoint = if self.reach.endpoint == ENDPOINT {
            ""
        } else {
            &self.reach.endpoint
        };
        said("endpoint", endpoint);
        said(
            "as",
            if self.caller == CLERK {
                ""
            } else {
                &self.caller
            },
        );
        said("after", token);
        command
    }
}

/// Does what the command line says: success only when all is what it was.
pub async fn obey(replay: &Replay, out: &mut dyn Write) -> Result<ExitCode, Trouble> {
    let mut client = receipts(&replay.reach, &replay.caller, replay.area.as_deref()).await?;
    let mut stop = std::pin::pin!(stop_signal());
    let progress = Progress::new();
    let (mut found, mut token) = (Found::default(), replay.after.clone());
    let mut counted = true;
    let stopped = loop {
        let request = patient(replay.page(&token, counted));
        let answer = tokio::select! {
            answer = client.replay_settlements(request) => heard(answer),
            () = &mut stop => break Some(Trouble::Interrupted),
        };
        let page = match answer {
            Ok(page) => page,
            Err(no) => break Some(no.into()),
        };
        if counted {
            let count = usize::try_from(page.remaining_count).unwrap_or(usize::MAX);
            progress.begin("复算结算", count);
            counted = false;
        }
        let done = u64::try_from(page.equal_count).unwrap_or(0);
        progress.steps(done + page.differing.len() as u64);
        progress.aside(|| page.differing.iter().try_for_each(|one| tell(one, out)))?;
        found.add(&page);
        token = page.next_page_token;
        if token.is_empty() {
            break None;
        }
    };
    progress.end();
    found.summary(out)?;
    match stopped {
        Some(trouble) => {
            if !token.is_empty() {
                writeln!(out, "续算：{}", replay.follow(&token))?;
            }
            Err(trouble)
        }
        None if found.differing > 0 => Ok(ExitCode::FAILURE),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// One settlement that is not what it was.
fn tell(one: &pb::DifferingSettlement, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "结算 {}（{}）：",
        one.settlement_id, one.institution_code
    )?;
    for flaw in &one.flaws {
        let amounts = match (flaw.stored_fen, flaw.expected_fen) {
            (Some(stored), Some(expected)) => {
                format!("（留存 {}，应为 {}）", yuan(stored), yuan(expected))
            }
            _ => String::new(),
        };
        let (cause, name) = (term(flaw.cause()), &flaw.name);
        let of = match flaw.revision {
            0 => String::new(),
            number => format!("更正{number} "),
        };
        writeln!(out, "  {of}{cause} {name}：{}{amounts}", flaw.sentence)?;
    }
    Ok(())
}

fn term(cause: Cause) -> &'static str {
    match cause {
        Cause::Unspecified => "不明",
        Cause::Unreadable => "无法读取",
        Cause::PackageMissing => "政策包缺失",
        Cause::CatalogueMissing => "目录缺失",
        Cause::Refused => "依据被拒绝",
        Cause::Amounts => "金额不符",
        Cause::Basis => "依据不符",
        Cause::Digest => "摘要不符",
        Cause::Column => "列不符",
        Cause::Ledger => "账务不符",
    }
}

impl Found {
    fn add(&mut self, page: &pb::ReplaySettlementsResponse) {
        self.equal += page.equal_count;
        self.revisions += page.revision_count;
        for one in &page.differing {
            self.differing += 1;
            let causes: BTreeSet<i32> = one.flaws.iter().map(|flaw| flaw.cause).collect();
            for cause in causes {
                *self.causes.entry(cause).or_default() += 1;
            }
        }
    }

    fn summary(&self, out: &mut dyn Write) -> io::Result<()> {
        let row = |name: &str, count: i64| vec![name.to_string(), count.to_string()];
        let mut rows = vec![row("相符", self.equal), row("不符", self.differing)];
        for (cause, count) in &self.causes {
            let cause = Cause::try_from(*cause).unwrap_or_default();
            rows.push(row(&format!("  其中 {}", term(cause)), *count));
        }
        rows.push(row("合计", self.equal + self.differing));
        rows.push(row("  另含差额结算", self.revisions));
        let headings = [("复算结果", Side::Left), ("笔数", Side::Right)];
        Sheet::new(out).table(&headings, &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        replay: Replay,
    }

    #[test]
    fn the_command_to_go_on_is_the_command_that_was_given() {
        let given = [
            "yibao", "--year", "2017", "--area", "330523", "--as", "clerk-7",
        ];
        let replay = Line::parse_from(given).replay;
        let told = replay.follow("00ff");
        assert_eq!(
            told,
            "yibao replay --year 2017 --area 330523 --as clerk-7 --after 00ff"
        );
        let again = Line::parse_from(told.split(' ').skip(1)).replay;
        assert_eq!((again.year, again.after.as_str()), (2017, "00ff"));
        assert_eq!(again.page("00ff", false).page_size, 100);
    }

    #[test]
    fn a_settlement_counts_once_for_each_of_its_causes() {
        let flaw = |cause: Cause| pb::Flaw {
            cause: cause.into(),
            name: "psn_cash_pay".into(),
            stored_fen: Some(1),
            expected_fen: Some(2),
            sentence: "不一致".into(),
            revision: 2,
        };
        let one = pb::DifferingSettlement {
            settlement_id: "s".into(),
            institution_code: "h".into(),
            flaws: vec![
                flaw(Cause::Amounts),
                flaw(Cause::Amounts),
                flaw(Cause::Digest),
            ],
        };
        let (mut found, mut out) = (Found::default(), Vec::new());
        let page = pb::ReplaySettlementsResponse {
            equal_count: 3,
            differing: vec![one],
            revision_count: 2,
            ..Default::default()
        };
        found.add(&page);
        found.summary(&mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        for row in [
            "相符 3",
            "不符 1",
            "其中 金额不符 1",
            "其中 摘要不符 1",
            "合计 4",
            "另含差额结算 2",
        ] {
            let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(row), "{told}");
        }
    }
}
