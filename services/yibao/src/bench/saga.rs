//! 长事务测速: sagas of four steps that ask nobody, through the real engine and the real journal, with
//! so many in flight.

use super::blank::Blank;
use super::{BenchError, grouped, hundredths, machine, millis};
use crate::area;
use clap::Args;
use kernel::{Clock, Digest, Principal, Role};
use orchestrator::{Asked, Executor, Peers, Request, Times};
use runtime::clock::SystemClock;
use runtime::{Context, Settings, connect};
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use store::{Counts, new_id};

/// What was measured on earlier commits.
const RECORDED: &str = include_str!("../../bench/saga.tsv");
/// Sagas before the first that counts, at each number in flight.
const WARM_UP: u32 = 512;
/// Sagas that count may be asked for.
const SAGAS_MAX: u32 = 1_000_000;
/// Sagas in flight may be asked for.
const IN_FLIGHT_MAX: u32 = 10_000;
/// The request a row keeps: as long as that of a small claim.
const REQUEST_BYTES: usize = 512;
/// How long one saga may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the engine and its journal are measured.
#[derive(Debug, Args)]
pub struct SagaBench {
    /// An empty PostgreSQL database, measured besides SQLite in a temporary folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Sagas in flight, one measurement after the other.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 16, 64, 256],
          value_parser = clap::value_parser!(u32).range(1..=IN_FLIGHT_MAX as i64))]
    in_flight: Vec<u32>,
    /// Sagas that count, each time.
    #[arg(long, default_value_t = 2_000,
          value_parser = clap::value_parser!(u32).range(1..=SAGAS_MAX as i64))]
    sagas: u32,
    /// A file to append what was measured to, such as services/yibao/bench/saga.tsv.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Measure also with commits that are shared where they are not, and the other way round.
    #[arg(long)]
    both: bool,
}

/// Whether what several sagas write at the same time is one commit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commits {
    Own,
    Shared,
}

/// One measurement.
struct Measured {
    store: &'static str,
    writes: Commits,
    in_flight: u32,
    /// Sagas a second.
    speed: u64,
    /// Half of the sagas took at most so many microseconds.
    p50: u64,
    /// All but one of a hundred did.
    p99: u64,
    /// Commits of a hundred sagas.
    commits: u64,
    /// Statements of a hundred sagas.
    statements: u64,
}

/// Measures, and tells what came out.
pub async fn obey(asked: &SagaBench, out: &mut impl Write) -> Result<(), BenchError> {
    writeln!(
        out,
        "sagas of four steps that ask nobody; {} each time after {WARM_UP}; {}\n",
        grouped(asked.sagas.into()),
        machine::name()
    )?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("orchestrator.db");
    let sqlite = format!("sqlite://{}", file.display());
    let mut stores = vec![("SQLite", sqlite, Commits::Shared, Commits::Own)];
    let postgres = asked.database.clone();
    stores.extend(postgres.map(|url| ("PostgreSQL", url, Commits::Own, Commits::Shared)));
    writeln!(out, "{}", laid(HEADINGS))?;
    let commit = machine::commit();
    for (store, url, usual, other) in stores {
        let executor = executor(url).await?;
        for in_flight in &asked.in_flight {
            for writes in [usual, other].into_iter().take(1 + usize::from(asked.both)) {
                let shared = writes == Commits::Shared;
                let executor = executor.clone().with_shared_commits(shared);
                let measured = measure(&executor, *in_flight, asked.sagas).await?;
                let measured = Measured {
                    store,
                    writes,
                    ..measured
                };
                writeln!(out, "{}", measured.row())?;
                if let Some(file) = &asked.record {
                    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
                    writeln!(file, "{commit}\t{}\t{}", machine::name(), measured.record())?;
                }
            }
        }
        executor.db.close().await;
    }
    recorded(out)
}

/// One number in flight on one store.
async fn measure(executor: &Executor, in_flight: u32, sagas: u32) -> Result<Measured, BenchError> {
    drive(executor, in_flight, sagas.min(WARM_UP)).await?;
    let before = asked_so_far(executor.db.counts());
    let (took, mut each) = drive(executor, in_flight, sagas).await?;
    let after = asked_so_far(executor.db.counts());
    each.sort_unstable();
    let sagas = u64::from(sagas);
    let of_hundred = |after: u64, before: u64| (after - before) * 100 / sagas;
    Ok(Measured {
        store: "",
        writes: Commits::Own,
        in_flight,
        speed: per_second(sagas, took),
        p50: at(&each, 50),
        p99: at(&each, 99),
        commits: of_hundred(after.0, before.0),
        statements: of_hundred(after.1, before.1),
    })
}

/// What the columns are.
const HEADINGS: [&str; 8] = [
    "store",
    "commits",
    "in flight",
    "sagas/s",
    "p50 ms",
    "p99 ms",
    "commits/saga",
    "stmts/saga",
];

fn laid(
    [
        store,
        writes,
        in_flight,
        speed,
        p50,
        p99,
        commits,
        statements,
    ]: [&str; 8],
) -> String {
    format!(
        "{store:<11} {writes:<8} {in_flight:>9} {speed:>9} {p50:>9} {p99:>9} {commits:>13} \
         {statements:>11}"
    )
}

impl Commits {
    fn name(self) -> &'static str {
        match self {
            Commits::Own => "own",
            Commits::Shared => "shared",
        }
    }
}

impl Measured {
    fn row(&self) -> String {
        laid([
            self.store,
            self.writes.name(),
            &self.in_flight.to_string(),
            &grouped(self.speed),
            &millis(self.p50),
            &millis(self.p99),
            &hundredths(self.commits),
            &hundredths(self.statements),
        ])
    }

    fn record(&self) -> String {
        let (commits, statements) = (hundredths(self.commits), hundredths(self.statements));
        let numbers = [u64::from(self.in_flight), self.speed, self.p50, self.p99];
        let numbers = numbers.map(|number| number.to_string()).join("\t");
        let (store, writes) = (self.store, self.writes.name());
        format!("{store}\t{writes}\t{numbers}\t{commits}\t{statements}")
    }
}

/// Earlier figures, oldest first.
fn recorded(out: &mut impl Write) -> Result<(), BenchError> {
    let mut build = ("", "");
    for line in RECORDED.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [
            commit,
            machine,
            store,
            writes,
            in_flight,
            speed,
            p50,
            p99,
            commits,
            statements,
        ] = cells[..]
        else {
            continue;
        };
        if build != (commit, machine) {
            writeln!(out, "\nrecorded at {commit}, {machine}")?;
            build = (commit, machine);
        }
        let number = |text: &str| text.parse().unwrap_or(0);
        let speed = grouped(number(speed));
        let (p50, p99) = (millis(number(p50)), millis(number(p99)));
        let cells = [
            store, writes, in_flight, &speed, &p50, &p99, commits, statements,
        ];
        writeln!(out, "{}", laid(cells))?;
    }
    Ok(())
}

/// The real executor over these journals; its peers are nowhere, and nobody asks them.
async fn executor(database_url: String) -> Result<Executor, BenchError> {
    let nowhere: SocketAddr = (Ipv4Addr::LOCALHOST, 9).into();
    let settings = Settings::embedded(nowhere, area::code(), database_url);
    let wire = connect(&format!("http://{nowhere}"), None)?;
    let peers = Peers {
        enrollment: wire.clone(),
        inspection: wire.clone(),
        referral: wire.clone(),
        settlement: wire,
    };
    let journals = orchestrator::open(&settings).await?;
    let times = Times::configured(&settings);
    Ok(Executor::new(journals, Arc::new(SystemClock), peers, times))
}

/// Brings so many sagas to their end; answers how long all took, and each in microseconds.
async fn drive(
    executor: &Executor,
    in_flight: u32,
    sagas: u32,
) -> Result<(Duration, Vec<u64>), BenchError> {
    let run = new_id(SystemClock.now());
    let begun = Arc::new(AtomicU32::new(0));
    let since = Instant::now();
    let working: Vec<_> = (0..in_flight)
        .map(|_| {
            let (executor, begun) = (executor.clone(), begun.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = begun.fetch_add(1, Ordering::Relaxed);
                    if number >= sagas {
                        return Ok(took);
                    }
                    let since = Instant::now();
                    one(&executor, &format!("{run}-{number}")).await?;
                    took.push(micros(since.elapsed()));
                }
            })
        })
        .collect();
    let mut each = Vec::new();
    for worker in working {
        let took: Result<Vec<u64>, BenchError> = match worker.await {
            Ok(took) => took,
            Err(died) => return Err(std::io::Error::other(died).into()),
        };
        each.append(&mut took?);
    }
    Ok((since.elapsed(), each))
}

/// One saga from its request to its end.
async fn one(executor: &Executor, request_id: &str) -> Result<(), BenchError> {
    let refused = |no| BenchError::Saga(Box::new(no));
    let principal = Principal {
        caller: "bench".into(),
        on_behalf_of: None,
        area: area::code(),
        roles: vec![Role::Clerk],
    };
    let request = Request {
        body: Blank,
        asked: Asked::Settle,
        request_id: runtime::parse::request_id(request_id).map_err(refused)?,
        origin: Digest::of(request_id.as_bytes()),
        row: Some(vec![0; REQUEST_BYTES]),
    };
    let context = Context::of(principal, PATIENCE);
    executor.perform(&context, request).await.map_err(refused)?;
    Ok(())
}

/// Commits and statements.
fn asked_so_far(counts: &Counts) -> (u64, u64) {
    let told = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
    (told(&counts.commits), told(&counts.statements))
}

fn per_second(sagas: u64, took: Duration) -> u64 {
    let nanos = took.as_nanos().max(1);
    u64::try_from(u128::from(sagas) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}

/// What so many of a hundred took at most.
fn at(sorted: &[u64], percent: usize) -> u64 {
    let place = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(place).copied().unwrap_or(0)
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_few_sagas_come_to_their_end_and_are_told() {
        let asked = SagaBench {
            database: None,
            in_flight: vec![1, 4],
            sagas: 8,
            record: None,
            both: true,
        };
        let mut out = Vec::new();
        obey(&asked, &mut out).await.unwrap();
        let text = String::from_utf8(out).unwrap();
        // Its beginning, the answers before each further step, and the end: five commits.
        let told = text.lines().filter(|line| line.contains(" 5.00 "));
        assert!(told.count() >= 3, "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
    }
}
