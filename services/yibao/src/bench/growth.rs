//! 增长: what a settlement costs among a hundred thousand stored ones, and among a million, how the
//! database goes about its statements then, and what one takes on disk.
//!
//! A few hundred are settled through gRPC; the others are copies of their rows inside the database, with
//! other ids and of other people, for a million calls would take hours. What is measured is settled
//! through gRPC, one after the other.

use super::settle::day::{Hand, Kind};
use super::settle::load::Measured;
use super::settle::town::Town;
use super::{BenchError, grouped, hundredths, machine, millis};
use crate::area;
use crate::suite::{Databases, Suite, SuiteConfig};
use clap::Args;
use kernel::Clock;
use policy::Library;
use runtime::clock::SystemClock;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;
use store::{Db, new_id};

/// Settlements that are copied.
const PATTERNS: u64 = 250;
/// Settled before those that count, at each size.
const WARM_UP: usize = 100;
/// Settlements a database may be filled to.
const STORED_MAX: i64 = 100_000_000;
/// What a copy's ids end in, before its number.
const MARK: &str = "c0ffee";

/// How growth is measured.
#[derive(Debug, Args)]
pub struct GrowthBench {
    /// An empty PostgreSQL database, instead of SQLite in a temporary folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Stored settlements, one measurement after the other.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [100_000, 1_000_000],
          value_parser = clap::value_parser!(u64).range(1_000..=STORED_MAX as u64))]
    stored: Vec<u64>,
    /// Settlements that count at each size.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    settled: u32,
}

/// Measures, and tells what came out.
pub async fn obey(asked: &GrowthBench, out: &mut impl Write) -> Result<(), BenchError> {
    let folder = tempfile::tempdir()?;
    let (store, databases) = match &asked.database {
        Some(url) => ("PostgreSQL", Databases::Url(url.clone())),
        None => ("SQLite", Databases::Folder(folder.path().to_path_buf())),
    };
    let library = Arc::new(Library::builtin()?);
    let suite = Suite::open(SuiteConfig::new(databases, area::code(), library)).await?;
    let db = suite
        .database("settlement")
        .ok_or(BenchError::NoClaim)?
        .clone();
    if rows(&db, "settlement").await? > 0 {
        return Err(BenchError::InUse);
    }
    let wires = suite.wires().clone();
    let town = Arc::new(Town::build(&wires, (200, 10, 0)).await?);
    let hand = Hand::new(std::slice::from_ref(&wires), town);
    writeln!(
        out,
        "{store}, outpatient visits one after the other, without a network; {}, commit {}\n\n{}",
        machine::name(),
        machine::commit(),
        laid(["stored", "p50 ms", "p90 ms", "to the first", "bytes each"])
    )?;
    let mut run = Run {
        db,
        hand,
        asked: 0,
        last: String::new(),
    };
    run.settle(PATTERNS).await?;
    run.last = new_id(SystemClock.now()).to_string();
    let (mut first, mut copied) = (0, 1);
    let empty = run.bytes().await?;
    let begin = rows(&run.db, "settlement").await?;
    for stored in &asked.stored {
        let until = stored / PATTERNS + 1;
        run.multiply((copied, until)).await?;
        copied = until.max(copied);
        run.settle(u64::try_from(WARM_UP).unwrap_or(0)).await?;
        let took = run.settle(asked.settled.into()).await?;
        let (p50, p90) = (Measured::at(&took, 5_000), Measured::at(&took, 9_000));
        first = if first == 0 { p50 } else { first };
        let there = rows(&run.db, "settlement").await?;
        let each = (run.bytes().await? - empty) / (there - begin).max(1);
        let cells = [
            grouped(u64::try_from(there).unwrap_or(0)),
            millis(p50),
            millis(p90),
            hundredths(p50 * 100 / first.max(1)),
            grouped(u64::try_from(each).unwrap_or(0)),
        ];
        let cells = cells.each_ref().map(String::as_str);
        writeln!(out, "{}", laid(cells))?;
    }
    let whole = run.whole().await?;
    for database in suite.databases() {
        database.close().await;
    }
    match whole.is_empty() {
        true => Ok(writeln!(
            out,
            "\nevery statement of a settlement goes by an index"
        )?),
        false => Err(BenchError::Rows(format!("a table is read whole:\n{whole}"))),
    }
}

/// A table, which of its rows are copied, and what is other in a copy, by column.
type Copied<'a> = (&'a str, String, Vec<(&'a str, &'a str)>);

struct Run {
    db: Db,
    hand: Hand,
    asked: u64,
    /// Ids of what is copied are all below it.
    last: String,
}

impl Run {
    /// Settles so many, and answers what each took in microseconds, sorted.
    async fn settle(&mut self, count: u64) -> Result<Vec<u64>, BenchError> {
        let mut took = Vec::new();
        for _ in 0..count {
            self.asked += 1;
            let since = Instant::now();
            let id = format!("grown-{}", self.asked);
            let (_, answer) = self.hand.ask(Kind::Outpatient, id).await;
            answer.map_err(BenchError::Rows)?;
            took.push(u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX));
        }
        took.sort_unstable();
        Ok(took)
    }

    /// Copies the first ones for these numbers.
    async fn multiply(&self, numbers: (u64, u64)) -> Result<(), BenchError> {
        if numbers.0 >= numbers.1 {
            return Ok(());
        }
        let other = |column: &str| {
            format!(
                "substr(y.{column}, 1, 24) || '{MARK}' || substr(CAST(1000000 + g.n AS text), 2)"
            )
        };
        let pattern = |column: &str| {
            let last = &self.last;
            format!("substr(y.{column}, 25, 6) <> '{MARK}' AND y.{column} <= '{last}'")
        };
        let (settlement, person) = (other("settlement_id"), other("person_id"));
        let number = "y.visit_number || '-' || CAST(g.n AS text)".to_string();
        let print = "substr(y.fingerprint, 1, 52) || \
                     substr(CAST(1000000000000 + g.n AS text), 2)"
            .to_string();
        let request = format!("y.request_id || '{MARK}' || CAST(g.n AS text)");
        let (event, subject) = (other("event_id"), other("subject"));
        let (moved, of) = (other("transaction_id"), other("settlement_id"));
        let tables: [Copied<'_>; 5] = [
            (
                "settlement",
                pattern("settlement_id"),
                vec![
                    ("settlement_id", &settlement),
                    ("person_id", &person),
                    ("visit_number", &number),
                    ("fingerprint", &print),
                ],
            ),
            (
                "posting",
                pattern("settlement_id"),
                vec![("transaction_id", &moved), ("settlement_id", &of)],
            ),
            (
                "person_year",
                pattern("person_id"),
                vec![("person_id", &person)],
            ),
            (
                "event",
                pattern("event_id"),
                vec![("event_id", &event), ("subject", &subject)],
            ),
            (
                "request_key",
                format!(
                    "y.request_id NOT LIKE '%{MARK}%' AND y.subject <= '{}'",
                    self.last
                ),
                vec![("request_id", &request), ("subject", &subject)],
            ),
        ];
        for (table, condition, changed) in tables {
            let copied = self.db.multiply(table, numbers, &condition, &changed).await;
            copied.map_err(|fault| BenchError::Tables(format!("{table}: {fault}")))?;
        }
        let analyzed = self.db.analyze().await;
        analyzed.map_err(|fault| BenchError::Tables(fault.to_string()))
    }

    async fn bytes(&self) -> Result<i64, BenchError> {
        let bytes = self.db.bytes().await;
        bytes.map_err(|fault| BenchError::Tables(fault.to_string()))
    }

    /// Steps of one settlement's statements that read a whole table of those that grow.
    async fn whole(&mut self) -> Result<String, BenchError> {
        self.db.listen();
        self.settle(1).await?;
        let mut whole = String::new();
        for statement in self.db.heard() {
            let plan = self.db.plan(&statement, false).await;
            let plan = plan.map_err(|fault| BenchError::Tables(fault.to_string()))?;
            for step in plan.iter().filter(|step| reads_whole(step)) {
                whole.push_str(&format!("{step}\n  {statement}\n"));
            }
        }
        Ok(whole)
    }
}

/// Tables that grow with settlements.
const GROWING: [&str; 5] = [
    "settlement",
    "posting",
    "person_year",
    "event",
    "request_key",
];

fn reads_whole(step: &str) -> bool {
    GROWING.iter().any(|table| {
        step.contains(&format!("Seq Scan on {table} ")) || step.trim() == format!("SCAN {table}")
    })
}

async fn rows(db: &Db, table: &str) -> Result<i64, BenchError> {
    let tables = db.tables().await;
    let tables = tables.map_err(|fault| BenchError::Tables(fault.to_string()))?;
    let found = tables.iter().find(|one| one.name == table);
    Ok(found.map_or(0, |table| table.rows))
}

fn laid([stored, p50, p90, ratio, bytes]: [&str; 5]) -> String {
    format!("{stored:>12} {p50:>8} {p90:>8} {ratio:>13} {bytes:>11}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_thousand_stored_ones_are_copied_measured_and_read_by_an_index() {
        let asked = GrowthBench {
            database: None,
            stored: vec![1_000],
            settled: 5,
        };
        let mut out = Vec::new();
        let told = obey(&asked, &mut out).await;
        let text = String::from_utf8(out).unwrap();
        told.unwrap_or_else(|error| panic!("{error}\n{text}"));
        // The patterns with three copies of each, and those that warmed up and counted.
        assert!(text.contains("\n       1,355 "), "{text}");
    }
}
