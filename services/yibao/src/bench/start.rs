//! 启动: how long the built program takes until it serves, and what memory it has while nobody asks it
//! anything: in an empty folder, again, and among sagas that were left open. It is ended by SIGKILL each
//! time, so that every start but the first one comes after a crash.

use super::open_sagas::{clerk, nobody, until_it_answers};
use super::{BenchError, grouped, machine, millis};
use crate::area;
use crate::desk::{Desk, Wires};
use crate::suite::{Databases, Suite, SuiteConfig};
use clap::Args;
use orchestrator::Asked;
use policy::Library;
use runtime::connect;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// What the program says its address behind.
const ADDRESS: &str = "http://";
/// Starts of each kind at most.
const STARTS_MAX: i64 = 100;
/// When those that rest are due.
const REST: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a start is measured.
#[derive(Debug, Args)]
pub struct StartBench {
    /// The program; this one by default.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Starts of each kind.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=STARTS_MAX))]
    starts: u32,
    /// Sagas that are left open.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    open: u32,
    /// Seconds until its memory is looked at.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=600))]
    idle: u64,
}

/// Measures, and tells what came out.
pub async fn obey(asked: &StartBench, out: &mut impl Write) -> Result<(), BenchError> {
    let program = match &asked.program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?,
    };
    writeln!(
        out,
        "{} up, all services in one process on SQLite; {}, commit {}\n\n{}",
        program.file_name().unwrap_or_default().display(),
        machine::name(),
        machine::commit(),
        laid(["start", "least ms", "middle ms", "most ms", "idle KiB"])
    )?;
    let folder = tempfile::tempdir()?;
    let mut fresh = Vec::new();
    for n in 0..asked.starts {
        let empty = folder.path().join(format!("empty-{n}"));
        fresh.push(start(&program, &empty, asked.idle).await?);
    }
    tell("in an empty folder", fresh, out)?;
    let data = folder.path().join("empty-0");
    let mut again = Vec::new();
    for _ in 0..asked.starts {
        again.push(start(&program, &data, asked.idle).await?);
    }
    tell("again", again, out)?;
    leave_open(&data, asked.open).await?;
    let mut among = Vec::new();
    for _ in 0..asked.starts {
        among.push(start(&program, &data, asked.idle).await?);
    }
    tell(
        &format!("among {} open sagas", grouped(asked.open.into())),
        among,
        out,
    )
}

/// Microseconds until it answered, and KiB after that.
async fn start(program: &Path, data: &Path, idle: u64) -> Result<(u64, u64), BenchError> {
    let since = Instant::now();
    let mut child = Command::new(program)
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let told = child.stdout.take();
    let serving = tokio::time::timeout(PATIENCE, serving(told)).await;
    // Nothing is read of it any more, but it may go on to write.
    let Ok((endpoint, _reading)) = serving.map_err(std::io::Error::other)? else {
        return Err(BenchError::Other(
            program.into(),
            "it says no address".into(),
        ));
    };
    let wires = Wires::all(connect(&endpoint, None)?);
    until_it_answers(&Desk::new(&wires, "bench-clerk")).await;
    let took = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
    tokio::time::sleep(Duration::from_secs(idle)).await;
    let resident = child.id().map_or(0, machine::resident_kib_of);
    end(child).await?;
    Ok((took, resident))
}

/// The address, as soon as the program says it.
async fn serving(
    told: Option<ChildStdout>,
) -> Result<(String, tokio::io::Lines<BufReader<ChildStdout>>), BenchError> {
    let ended = || std::io::Error::other("it ended");
    let mut lines = BufReader::new(told.ok_or_else(ended)?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(at) = line.find(ADDRESS) {
            let address = line.get(at..).unwrap_or_default();
            let end = address.find(|c: char| !c.is_ascii_graphic());
            let address = address.get(..end.unwrap_or(address.len()));
            return Ok((address.unwrap_or_default().to_string(), lines));
        }
    }
    Err(ended().into())
}

async fn end(mut child: Child) -> Result<(), BenchError> {
    child.start_kill()?;
    child.wait().await?;
    Ok(())
}

/// Sagas of persons whom nobody knows: half of them due at once, the others tomorrow.
async fn leave_open(data: &Path, open: u32) -> Result<(), BenchError> {
    let library = Arc::new(Library::builtin()?);
    let config = SuiteConfig::new(Databases::Folder(data.to_path_buf()), area::code(), library);
    let suite = Suite::open(config).await?;
    for (sagas, due) in [(open / 2, REST), (open - open / 2, Duration::ZERO)] {
        let requests: Result<Vec<_>, _> = (0..sagas).map(|_| nobody()).collect();
        let (executor, whose) = (suite.executor(), clerk());
        let written = executor.leave_open(&whose, Asked::Enrol, requests?, due);
        written.await.map_err(|no| BenchError::Saga(Box::new(no)))?;
    }
    for database in suite.databases() {
        database.close().await;
    }
    Ok(())
}

fn laid([what, least, middle, most, idle]: [&str; 5]) -> String {
    format!("{what:<24} {least:>9} {middle:>10} {most:>9} {idle:>9}")
}

fn tell(what: &str, mut starts: Vec<(u64, u64)>, out: &mut impl Write) -> Result<(), BenchError> {
    starts.sort_unstable();
    let at = |place: usize| starts.get(place).map_or(0, |(took, _)| *took);
    let idle = starts.iter().map(|(_, idle)| *idle).max();
    let cells = [
        what,
        &millis(at(0)),
        &millis(at(starts.len() / 2)),
        &millis(at(starts.len().saturating_sub(1))),
        &grouped(idle.unwrap_or(0)),
    ];
    Ok(writeln!(out, "{}", laid(cells))?)
}
