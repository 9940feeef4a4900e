//! 结算测速: settlements through gRPC, mixed as on a real day, offered at their time whatever becomes of
//! those before; beside them pgbench with the very statements, on the same server; and then the rows are
//! counted.

pub(super) mod day;
pub(super) mod load;
mod pgbench;
pub(super) mod town;

use self::day::{Hand, Kind};
use self::load::{Load, Measured};
use self::pgbench::{Heard, Known};
use self::town::Town;
use super::apart::Apart;
use super::{BenchError, grouped, hundredths, machine, millis};
use crate::area;
use crate::desk::Wires;
use crate::suite::{Databases, Suite, SuiteConfig};
use clap::Args;
use kernel::Clock;
use policy::Library;
use runtime::clock::SystemClock;
use runtime::connect;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::{Db, new_id};
use tokio::sync::oneshot;

/// Seconds that may be asked for.
const SECONDS_MAX: u64 = 3_600;
/// Requests a second that may be asked for.
const RATE_MAX: i64 = 100_000;
/// Before what is measured, each time.
const WARM_UP: Duration = Duration::from_secs(5);
/// After it, each time.
const TRIM: Duration = Duration::from_secs(1);
/// Connections of the generator to the suite.
const CHANNELS: usize = 8;
/// Requests of each kind before the one that is looked at: it meets what the first ones made.
const BEFORE_HEARD: usize = 3;
/// A saga of a stay is ended a moment after its answer.
const REST: Duration = Duration::from_millis(300);

/// How settlements are measured.
#[derive(Debug, Args)]
pub struct SettleBench {
    /// An empty PostgreSQL database, instead of SQLite in a temporary folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Settlements offered a second, one measurement after the other.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [208, 1_215],
          value_parser = clap::value_parser!(u32).range(1..=RATE_MAX))]
    rate: Vec<u32>,
    /// Seconds that are measured, after 5 that are not.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,
    /// In flight where as many are settled as can be, and connections of pgbench.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    in_flight: u32,
    /// People who go to a doctor; a fifth as many are filed with a disease.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(10..=300_000))]
    people: u32,
    /// Afterwards the services as separate processes too: their programs are in this folder, by default
    /// in this program's.
    #[arg(long, value_name = "DIR", num_args = 0..=1, requires = "database")]
    apart: Option<Option<PathBuf>>,
    /// The program pgbench; without it only the suite is measured.
    #[arg(long, value_name = "FILE")]
    pgbench: Option<PathBuf>,
    /// Keep the statements of each kind, as pgbench runs them, in this folder.
    #[arg(long, value_name = "DIR")]
    scripts: Option<PathBuf>,
}

/// Measures, and tells what came out.
pub async fn obey(asked: &SettleBench, out: &mut impl Write) -> Result<(), BenchError> {
    let folder = tempfile::tempdir()?;
    let (store, databases) = match &asked.database {
        Some(url) => ("PostgreSQL", Databases::Url(url.clone())),
        None => ("SQLite", Databases::Folder(folder.path().to_path_buf())),
    };
    let library = Arc::new(Library::builtin()?);
    let config = SuiteConfig::new(databases, area::code(), library);
    let suite = Suite::open(config).await?;
    let databases: BTreeMap<&'static str, Db> = SERVICES
        .iter()
        .filter_map(|name| Some((*name, suite.database(name)?.clone())))
        .collect();
    writeln!(
        out,
        "{store}, every commit durable; {}, commit {}\n",
        machine::name(),
        machine::commit()
    )?;
    let run = Run { asked, databases };
    let told = run.through(suite, out).await;
    for database in run.databases.values() {
        database.close().await;
    }
    told
}

/// Those with a database.
const SERVICES: [&str; 5] = [
    "enrollment",
    "settlement",
    "referral",
    "interregional",
    "orchestrator",
];

struct Run<'a> {
    asked: &'a SettleBench,
    databases: BTreeMap<&'static str, Db>,
}

/// What was answered in all.
#[derive(Default)]
struct Sum {
    settled: u64,
    reversed: u64,
}

impl Sum {
    fn add(&mut self, measured: &Measured) {
        self.settled += measured.settled;
        self.reversed += measured.reversed;
    }
}

impl Run<'_> {
    /// Before the port is taken nothing is sealed: what is heard then is the request's own.
    async fn through(&self, suite: Suite, out: &mut impl Write) -> Result<(), BenchError> {
        if self.stored("settlement").await? > 0 {
            return Err(BenchError::InUse);
        }
        let local = suite.wires().clone();
        let town = Arc::new(Town::build(&local, self.people()).await?);
        let hand = Hand::new(&[local], town.clone());
        let mut sum = Sum::default();
        let heard = self.listen(&hand, &mut sum).await?;
        tell_costs(&heard, out)?;

        let server = suite.into_server().await?;
        let address = server.address().ok_or(BenchError::NoClaim)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve(async move {
            stopped.await.ok();
        }));
        let endpoint = format!("http://{address}");
        let wires: Result<Vec<Wires>, BenchError> = (0..CHANNELS)
            .map(|_| Ok(Wires::all(connect(&endpoint, None)?)))
            .collect();
        let hand = hand.through(&wires?);
        hand.until_it_serves().await;
        writeln!(out, "{}", laid(HEADINGS))?;
        let (hand, told) = self.load(hand, "one process", &mut sum, out).await;
        stop.send(()).ok();
        if let Ok(ended) = serving.await {
            ended?;
        }
        let mut speeds = vec![("in one process", told?)];
        if let Some(speed) = self.apart(hand, &mut sum, out).await? {
            speeds.push(("as separate processes", speed));
        }
        self.count(&sum, out).await?;
        self.beside(&heard, &town, &speeds, out)
    }

    /// The same loads through services that are processes of their own; nothing where nobody asked for it.
    async fn apart(
        &self,
        hand: Hand,
        sum: &mut Sum,
        out: &mut impl Write,
    ) -> Result<Option<u64>, BenchError> {
        let (Some(programs), Some(database)) = (&self.asked.apart, &self.asked.database) else {
            return Ok(None);
        };
        let mut apart = Apart::of(programs.as_deref())?;
        let endpoint = separately(&mut apart, database).await?;
        let wires: Result<Vec<Wires>, BenchError> = (0..CHANNELS)
            .map(|_| Ok(Wires::all(apart.wire(&endpoint)?)))
            .collect();
        let hand = hand.through(&wires?);
        hand.until_it_serves().await;
        writeln!(out)?;
        let (_, told) = self.load(hand, "separate", sum, out).await;
        told.map(Some)
    }

    /// All loads; as many a second as can be, and the hand as it is then.
    async fn load(
        &self,
        hand: Hand,
        name: &str,
        sum: &mut Sum,
        out: &mut impl Write,
    ) -> (Hand, Result<u64, BenchError>) {
        let hand = Arc::new(hand);
        let told = self.loads(&hand, name, sum, out).await;
        // Every request of a load has ended with it.
        let hand = Arc::try_unwrap(hand).unwrap_or_else(|_| unreachable!("a load that has ended"));
        (hand, told)
    }

    async fn loads(
        &self,
        hand: &Arc<Hand>,
        name: &str,
        sum: &mut Sum,
        out: &mut impl Write,
    ) -> Result<u64, BenchError> {
        writeln!(out, "{name}")?;
        let name = name.replace(' ', "-");
        let whole = Load {
            rate: 0,
            warm_up: WARM_UP,
            measured: Duration::from_secs(self.asked.seconds),
            trim: TRIM,
        };
        let id = format!("{name}-most");
        let most = load::closed(hand.clone(), self.asked.in_flight, whole, &id).await;
        sum.add(&most);
        tell(&format!("{} in flight", self.asked.in_flight), &most, out)?;
        for rate in &self.asked.rate {
            let load = Load {
                rate: *rate,
                ..whole
            };
            let measured = load::open(hand.clone(), load, &format!("{name}-at-{rate}")).await;
            sum.add(&measured);
            tell(
                &format!("offered {}/s", grouped(u64::from(*rate))),
                &measured,
                out,
            )?;
        }
        let (settled, reversed) = hand.resolve().await;
        sum.settled += settled;
        sum.reversed += reversed;
        if settled + reversed > 0 {
            let told = "unknown at their deadline, and done when they were asked again";
            writeln!(out, "  {}: {told}", grouped(settled + reversed))?;
        }
        Ok(most.answered / most.seconds.max(1))
    }

    /// Patients, those with a disease, and stays: as many as the loads can ask for.
    fn people(&self) -> (usize, usize, usize) {
        let patients = usize::try_from(self.asked.people).unwrap_or(0);
        let seconds = self.asked.seconds + (WARM_UP + TRIM).as_secs();
        // Where more are settled than that, a stay without a referral left is an outpatient visit.
        let offered = self
            .asked
            .rate
            .iter()
            .map(|rate| u64::from(*rate))
            .sum::<u64>();
        let stays =
            (offered + OF_ONE_IN_FLIGHT * u64::from(self.asked.in_flight)) * seconds * 4 / 100 + 50;
        let times = 1 + u64::from(self.asked.apart.is_some());
        (
            patients,
            patients / 5 + 10,
            usize::try_from(stays * times).unwrap_or(0),
        )
    }

    async fn stored(&self, service: &str) -> Result<i64, BenchError> {
        let rows = self.rows(service).await?;
        Ok(rows.get("settlement").copied().unwrap_or(0))
    }

    async fn rows(&self, service: &str) -> Result<BTreeMap<String, i64>, BenchError> {
        let Some(db) = self.databases.get(service) else {
            return Ok(BTreeMap::new());
        };
        let tables = db.tables().await;
        let tables = tables.map_err(|fault| BenchError::Tables(fault.to_string()))?;
        let rows = tables.into_iter().map(|table| (table.name, table.rows));
        Ok(rows.collect())
    }

    /// Statements of one request of each kind, by itself.
    async fn listen(
        &self,
        hand: &Hand,
        sum: &mut Sum,
    ) -> Result<BTreeMap<Kind, (Heard, String)>, BenchError> {
        let mut all = BTreeMap::new();
        for kind in Kind::ALL {
            for n in 0..BEFORE_HEARD {
                let id = format!("before-{kind:?}-{n}").to_lowercase();
                let (_, answer) = hand.ask(kind, id).await;
                self.keep(kind, answer, sum)?;
            }
            hand.again(kind);
            tokio::time::sleep(REST).await;
            let since = new_id(SystemClock.now()).to_string();
            let before = self.counts();
            self.databases.values().for_each(Db::listen);
            let (_, answer) = hand
                .ask(kind, format!("heard-{kind:?}").to_lowercase())
                .await;
            self.keep(kind, answer, sum)?;
            tokio::time::sleep(REST).await;
            let mut heard = Heard::default();
            for (name, db) in &self.databases {
                heard.add(name, db.heard_in_time());
            }
            let after = self.counts();
            heard.counts = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
            all.insert(kind, (heard, since));
        }
        Ok(all)
    }

    fn keep(&self, kind: Kind, answer: day::Answer, sum: &mut Sum) -> Result<(), BenchError> {
        let count = match kind {
            Kind::Reversal => &mut sum.reversed,
            _ => &mut sum.settled,
        };
        *count += 1;
        let refused = |code| BenchError::Rows(format!("{}: {code}", kind.name()));
        answer.map(drop).map_err(refused)
    }

    /// Statements of all services, and their transactions begun and committed.
    fn counts(&self) -> (u64, u64, u64) {
        let sum = |of: fn(&store::Counts) -> &AtomicU64| {
            let counts = self.databases.values().map(Db::counts);
            counts
                .map(|counts| of(counts).load(Ordering::Relaxed))
                .sum()
        };
        (
            sum(|counts| &counts.statements),
            sum(|counts| &counts.begins),
            sum(|counts| &counts.commits),
        )
    }

    /// What the database has must be what was answered.
    async fn count(&self, sum: &Sum, out: &mut impl Write) -> Result<(), BenchError> {
        let rows = self.rows("settlement").await?;
        let of = |table: &str| rows.get(table).copied().unwrap_or(0);
        let stored = u64::try_from(of("settlement")).unwrap_or(0);
        let bytes = self.bytes().await?;
        writeln!(
            out,
            "\nanswered: {} settled, {} of them reversed; in the database: {} settlements, \
             {} postings\n{} bytes in all tables and indexes of all services, {} for each settlement",
            grouped(sum.settled),
            grouped(sum.reversed),
            grouped(stored),
            grouped(u64::try_from(of("posting")).unwrap_or(0)),
            grouped(bytes),
            grouped(bytes / stored.max(1)),
        )?;
        match stored == sum.settled {
            true => Ok(()),
            false => Err(BenchError::Rows(format!(
                "{} were answered and {stored} are stored",
                sum.settled
            ))),
        }
    }

    async fn bytes(&self) -> Result<u64, BenchError> {
        let mut bytes = 0;
        for db in self.databases.values() {
            let of = db.bytes().await;
            let of = of.map_err(|fault| BenchError::Tables(fault.to_string()))?;
            bytes += u64::try_from(of).unwrap_or(0);
        }
        Ok(bytes)
    }

    /// pgbench with what was heard.
    fn beside(
        &self,
        heard: &BTreeMap<Kind, (Heard, String)>,
        town: &Town,
        speeds: &[(&str, u64)],
        out: &mut impl Write,
    ) -> Result<(), BenchError> {
        let (Some(program), Some(url)) = (&self.asked.pgbench, &self.asked.database) else {
            return Ok(());
        };
        let folder = tempfile::tempdir()?;
        let kept = self.asked.scripts.as_deref().unwrap_or(folder.path());
        std::fs::create_dir_all(kept)?;
        let scripts: Vec<(Kind, String)> = heard
            .iter()
            .map(|(kind, (heard, since))| {
                let request_id = format!("heard-{kind:?}").to_lowercase();
                let person = self.person_of(*kind, town);
                let known = Known {
                    request_id: &request_id,
                    person,
                    since,
                };
                (*kind, pgbench::script(heard, &known))
            })
            .collect();
        let run = pgbench::Run {
            program,
            url,
            folder: kept,
            clients: self.asked.in_flight,
            seconds: self.asked.seconds,
        };
        for kind in Kind::ALL {
            pgbench::prepare(&run, &pgbench::years(self.person_of(kind, town)))?;
        }
        let (most, _) = pgbench::run(&run, &scripts)?;
        writeln!(
            out,
            "\npgbench with the same statements, {} connections: {}/s",
            self.asked.in_flight,
            grouped(most),
        )?;
        for (how, speed) in speeds {
            let share = hundredths(speed * 100 / most.max(1));
            writeln!(out, "the suite {how}: {}/s, {share} of it", grouped(*speed))?;
        }
        Ok(())
    }

    /// Whose request was heard.
    fn person_of<'a>(&self, kind: Kind, town: &'a Town) -> &'a str {
        let person = match kind {
            Kind::Stay => town.referred.get(BEFORE_HEARD).map(|(person, _)| person),
            _ => day::people(town, kind).first(),
        };
        person.map_or("", String::as_str)
    }
}

/// Starts what takes part in a settlement, each by itself, and answers the orchestrator's endpoint.
async fn separately(apart: &mut Apart, database: &str) -> Result<String, BenchError> {
    let area = area::code().to_string();
    let mut told = vec![
        // The generator's callers say who they are, and nobody must be protected from them.
        ("IDENTITY".to_string(), "development".to_string()),
        ("AREA".to_string(), area),
        ("LIMITS__CALLER__RATE".to_string(), "0".to_string()),
        ("LIMITS__CALLER__IN_FLIGHT".to_string(), "4096".to_string()),
    ];
    for peer in ["enrollment", "inspection", "referral", "settlement"] {
        let database = (peer != "inspection").then_some(database);
        let endpoint = apart.start(peer, database, &[]).await?;
        told.push((format!("PEERS__{}", peer.to_uppercase()), endpoint));
    }
    let told: Vec<(&str, &str)> = told.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    apart.start("orchestrator", Some(database), &told).await
}

/// Settlements a second that one in flight is taken to come to, where referrals are laid by.
const OF_ONE_IN_FLIGHT: u64 = 50;

fn tell_costs(
    heard: &BTreeMap<Kind, (Heard, String)>,
    out: &mut impl Write,
) -> Result<(), BenchError> {
    writeln!(
        out,
        "{:<16} {:>10} {:>8} {:>12}",
        "one of a kind", "statements", "commits", "round trips"
    )?;
    for (kind, (heard, _)) in heard {
        let (statements, _, commits) = heard.counts;
        let trips = heard.round_trips();
        writeln!(
            out,
            "{:<16} {statements:>10} {commits:>8} {trips:>12}",
            kind.name()
        )?;
    }
    Ok(writeln!(out)?)
}

/// What the columns are.
const HEADINGS: [&str; 7] = [
    "load",
    "settled/s",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "late ms",
    "refused",
];

fn laid([load, speed, p50, p99, p999, late, refused]: [&str; 7]) -> String {
    format!("{load:<16} {speed:>9} {p50:>9} {p99:>9} {p999:>9} {late:>8}  {refused}")
}

fn tell(name: &str, measured: &Measured, out: &mut impl Write) -> Result<(), BenchError> {
    let at = |of| millis(Measured::at(&measured.took, of));
    let codes = measured
        .codes
        .iter()
        .map(|(code, count)| format!("{code} {count}"));
    let codes: Vec<String> = codes.collect();
    let refused = match codes.is_empty() {
        true => "none".to_string(),
        false => codes.join(", "),
    };
    let cells = [
        name,
        &grouped(measured.answered / measured.seconds.max(1)),
        &at(5_000),
        &at(9_900),
        &at(9_990),
        &millis(Measured::at(&measured.late, 9_990)),
        &refused,
    ];
    writeln!(out, "{}", laid(cells))?;
    for (kind, took) in &measured.by_kind {
        let at = |of| millis(Measured::at(took, of));
        let cells = [
            &format!("  {}", kind.name()),
            &grouped(u64::try_from(took.len()).unwrap_or(0) / measured.seconds.max(1)),
            &at(5_000),
            &at(9_900),
            &at(9_990),
            "",
            "",
        ]
        .map(|cell: &str| cell.to_string());
        let cells = cells.each_ref().map(String::as_str);
        writeln!(out, "{}", laid(cells))?;
    }
    match &measured.void {
        Some(why) => Ok(writeln!(out, "  void: {why}")?),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_short_day_is_settled_counted_and_told() {
        let asked = SettleBench {
            database: None,
            rate: vec![5],
            seconds: 1,
            in_flight: 2,
            people: 10,
            apart: None,
            pgbench: None,
            scripts: None,
        };
        let mut out = Vec::new();
        let told = obey(&asked, &mut out).await;
        let text = String::from_utf8(out).unwrap();
        told.unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(text.contains("stay, referred"), "{text}");
        assert!(text.contains("answered: "), "{text}");
        assert!(!text.contains("_"), "nothing is refused: {text}");
    }
}
