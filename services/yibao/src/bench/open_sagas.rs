//! 未了事务: what a hundred thousand open sagas cost an orchestrator that starts among them. It must
//! serve at once, take up those that are due a few at a time, and keep the rest out of its memory.

use super::{BenchError, grouped, machine, millis};
use crate::area;
use crate::desk::{Desk, Wires};
use crate::suite::{Databases, Suite, SuiteConfig};
use crate::told::Told;
use clap::Args;
use kernel::{Clock, Principal, RequestId, Role};
use orchestrator::{Asked, Executor};
use policy::Library;
use prost::Message;
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::{EnrolRequest, GetOutcomeRequest};
use runtime::clock::SystemClock;
use runtime::connect;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::new_id;
use tokio::sync::oneshot;

/// What was measured on earlier commits.
const RECORDED: &str = include_str!("../../bench/open-sagas.tsv");
/// Open sagas that may be asked for.
const OPEN_MAX: u32 = 10_000_000;
/// Sagas written in one transaction.
const AT_ONCE: usize = 500;
/// When those that only rest are due.
const REST: Duration = Duration::from_secs(24 * 60 * 60);
/// How often open sagas and memory are looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long the due ones may take.
const DRAIN_MAX: Duration = Duration::from_secs(900);
/// Who asked for the sagas.
const CALLER: &str = "bench-clerk";
/// The end they all come to: nobody knows the person.
const NOBODY: &str = "PERSON_UNKNOWN";

/// How open sagas are measured.
#[derive(Debug, Args)]
pub struct OpenSagasBench {
    /// An empty PostgreSQL database, instead of SQLite in a temporary folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Open sagas that rest, due tomorrow.
    #[arg(long, default_value_t = 100_000,
          value_parser = clap::value_parser!(u32).range(1..=OPEN_MAX as i64))]
    open: u32,
    /// Open sagas that are due when the orchestrator starts.
    #[arg(long, default_value_t = 1_000,
          value_parser = clap::value_parser!(u32).range(1..=OPEN_MAX as i64))]
    due: u32,
    /// A file to append what was measured to, such as services/yibao/bench/open-sagas.tsv.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// What was measured; times in microseconds from before the databases were opened, memory in KiB.
#[derive(Default)]
struct Measured {
    serving: u64,
    first: u64,
    drained: u64,
    resident: [u64; 4],
}

/// Measures, and tells what came out.
pub async fn obey(asked: &OpenSagasBench, out: &mut impl Write) -> Result<(), BenchError> {
    let folder = tempfile::tempdir()?;
    let (store, databases) = match &asked.database {
        Some(url) => ("PostgreSQL", Databases::Url(url.clone())),
        None => ("SQLite", Databases::Folder(folder.path().to_path_buf())),
    };
    let library = Arc::new(Library::builtin()?);
    let config = SuiteConfig::new(databases, area::code(), library);
    writeln!(
        out,
        "{store}: {} sagas rest until tomorrow, {} are due; {}\n\
         Each enrols a person nobody knows: asked again, refused, its pivot's key burned, ended.\n",
        grouped(asked.open.into()),
        grouped(asked.due.into()),
        machine::name()
    )?;
    let since = Instant::now();
    fill(&config, asked).await?;
    writeln!(out, "{:<46} {:>12} ms", "written in", millis(micros(since)))?;
    let measured = measure(&config, asked).await?;
    measured.tell(asked, out)?;
    if let Some(file) = &asked.record {
        let mut file = OpenOptions::new().create(true).append(true).open(file)?;
        let (commit, machine) = (machine::commit(), machine::name());
        writeln!(
            file,
            "{commit}\t{machine}\t{store}\t{}",
            measured.record(asked)
        )?;
    }
    recorded(out)
}

/// What the columns are: sagas, milliseconds until it happened, and memory.
const HEADINGS: [&str; 10] = [
    "store",
    "resting",
    "due",
    "port ms",
    "first ms",
    "ended ms",
    "MiB before",
    "MiB port",
    "MiB most",
    "MiB after",
];

/// Earlier figures, oldest first.
fn recorded(out: &mut impl Write) -> Result<(), BenchError> {
    let mut build = ("", "");
    for line in RECORDED.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [commit, machine, store, ref figures @ ..] = cells[..] else {
            continue;
        };
        let figures: Vec<u64> = figures.iter().flat_map(|cell| cell.parse()).collect();
        let [open, due, port, first, ended, before, serving, most, after] = figures[..] else {
            continue;
        };
        if build != (commit, machine) {
            writeln!(out, "\nrecorded at {commit}, {machine}\n{}", laid(HEADINGS))?;
            build = (commit, machine);
        }
        let [open, due] = [open, due].map(grouped);
        let [port, first, ended] = [port, first, ended].map(millis);
        let memory = [before, serving, most, after].map(|kib| grouped(kib / 1_024));
        let [before, serving, most, after] = memory.each_ref().map(String::as_str);
        let cells = [
            store, &open, &due, &port, &first, &ended, before, serving, most, after,
        ];
        writeln!(out, "{}", laid(cells))?;
    }
    Ok(())
}

fn laid(
    [
        store,
        open,
        due,
        port,
        first,
        ended,
        before,
        serving,
        most,
        after,
    ]: [&str; 10],
) -> String {
    format!(
        "{store:<10} {open:>9} {due:>7} {port:>8} {first:>8} {ended:>9} \
         {before:>10} {serving:>8} {most:>8} {after:>9}"
    )
}

impl Measured {
    fn tell(&self, asked: &OpenSagasBench, out: &mut impl Write) -> Result<(), BenchError> {
        let due = u64::from(asked.due);
        let rate = due * 1_000_000 / (self.drained - self.serving).max(1);
        let times = [
            ("opened, migrated, and the port answers after", self.serving),
            ("a new saga has come to its end after", self.first),
            ("all that were due have ended after", self.drained),
        ];
        for (what, micros) in times {
            writeln!(out, "{what:<46} {:>12} ms", millis(micros))?;
        }
        writeln!(
            out,
            "{:<46} {:>12} sagas/s",
            "taken up and ended",
            grouped(rate)
        )?;
        let memory = [
            "resident before the databases are opened",
            "resident when the port answers",
            "resident at most while the due ones end",
            "resident after that",
        ];
        for (what, kib) in memory.into_iter().zip(self.resident) {
            writeln!(out, "{what:<46} {:>12} KiB", grouped(kib))?;
        }
        let open = u64::from(asked.open);
        Ok(writeln!(
            out,
            "{:<46} {:>12} sagas",
            "still open, none of them in memory",
            grouped(open)
        )?)
    }

    fn record(&self, asked: &OpenSagasBench) -> String {
        let [before, serving, most, after] = self.resident;
        format!(
            "{}\t{}\t{}\t{}\t{}\t{before}\t{serving}\t{most}\t{after}",
            asked.open, asked.due, self.serving, self.first, self.drained
        )
    }
}

/// Writes the open sagas, and closes everything.
async fn fill(config: &SuiteConfig, asked: &OpenSagasBench) -> Result<(), BenchError> {
    let suite = Suite::open(config.clone()).await?;
    let executor = suite.executor();
    if open_sagas(executor).await? > 0 {
        return Err(BenchError::InUse);
    }
    for (sagas, due) in [(asked.open, REST), (asked.due, Duration::ZERO)] {
        let mut left = usize::try_from(sagas).unwrap_or(usize::MAX);
        while left > 0 {
            let some = left.min(AT_ONCE);
            let requests: Result<Vec<_>, _> = (0..some).map(|_| nobody()).collect();
            let written = executor
                .leave_open(&clerk(), Asked::Enrol, requests?, due)
                .await;
            written.map_err(refused)?;
            left -= some;
        }
    }
    close(suite.databases()).await;
    Ok(())
}

/// Starts anew on that data, and looks until all that was due has ended.
async fn measure(config: &SuiteConfig, asked: &OpenSagasBench) -> Result<Measured, BenchError> {
    let mut measured = Measured::default();
    measured.resident[0] = machine::resident_kib();
    let since = Instant::now();
    let suite = Suite::open(config.clone()).await?;
    let (executor, databases) = (suite.executor().clone(), suite.databases());
    let server = suite.into_server().await?;
    let address = server.address().unwrap_or(config.listen);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(async move {
        stopped.await.ok();
    }));
    let wires = Wires::all(connect(&format!("http://{address}"), None)?);
    let desk = Desk::new(&wires, CALLER);
    until_it_answers(&desk).await;
    measured.serving = micros(since);
    measured.resident[1] = machine::resident_kib();
    enrol_nobody(&desk).await?;
    measured.first = micros(since);
    let mut most = 0;
    loop {
        most = most.max(machine::resident_kib());
        let left = open_sagas(&executor)
            .await?
            .saturating_sub(asked.open.into());
        if left == 0 {
            break;
        }
        if since.elapsed() > DRAIN_MAX {
            return Err(BenchError::Stands(DRAIN_MAX.as_secs(), left));
        }
        tokio::time::sleep(LOOK).await;
    }
    measured.drained = micros(since);
    measured.resident[2] = most;
    measured.resident[3] = machine::resident_kib();
    stop.send(()).ok();
    if let Ok(ended) = serving.await {
        ended?;
    }
    close(databases).await;
    Ok(measured)
}

async fn close(databases: Vec<store::Db>) {
    for database in databases {
        database.close().await;
    }
}

/// Any answer will do, even a no.
pub(super) async fn until_it_answers(desk: &Desk) {
    let asked = GetOutcomeRequest {
        request_id: "never-sent".into(),
        method: Method::Enrol.into(),
    };
    while desk
        .orchestrator()
        .get_outcome(asked.clone())
        .await
        .is_err()
    {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A new saga among the others.
async fn enrol_nobody(desk: &Desk) -> Result<(), BenchError> {
    let request = nobody_to_enrol();
    match desk.orchestrator().enrol(request).await {
        Err(status) if Told::of(&status).code == NOBODY => Ok(()),
        Err(status) => Err(BenchError::Answer(Box::new(status))),
        Ok(_) => Err(BenchError::Answer(Box::new(tonic::Status::ok("enrolled")))),
    }
}

async fn open_sagas(executor: &Executor) -> Result<u64, BenchError> {
    executor.open_sagas().await.map_err(refused)
}

fn refused(no: kernel::Refusal) -> BenchError {
    BenchError::Saga(Box::new(no))
}

pub(super) fn clerk() -> Principal {
    Principal {
        caller: CALLER.into(),
        on_behalf_of: None,
        area: area::code(),
        roles: vec![Role::Clerk],
    }
}

pub(super) fn nobody() -> Result<(RequestId, Vec<u8>), BenchError> {
    let request = nobody_to_enrol();
    let request_id = runtime::parse::request_id(&request.request_id).map_err(refused)?;
    Ok((request_id, request.encode_to_vec()))
}

/// A person nobody has registered.
fn nobody_to_enrol() -> EnrolRequest {
    let id = new_id(SystemClock.now()).to_string();
    EnrolRequest {
        request_id: format!("bench-{id}"),
        person_id: id,
        scheme: kernel::Scheme::Resident.to_string(),
        year: 2017,
        paid_day: "2017-01-09".into(),
        ..EnrolRequest::default()
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_few_due_sagas_end_and_the_others_stay() {
        let asked = OpenSagasBench {
            database: None,
            open: 5,
            due: 3,
            record: None,
        };
        let mut out = Vec::new();
        obey(&asked, &mut out).await.unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("5 sagas\n"), "{text}");
        let recorded = text.lines().filter(|line| line.contains("100,000"));
        assert!(recorded.count() >= 3, "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
    }
}
