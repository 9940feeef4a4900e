//! 演练: the suite as processes under load, while whatever can fail fails; and then the question
//! whether anything was lost, doubled or made up.
//!
//! Tills ask for whatever hospitals and the bureau ask for, and withdraw some of it ([`load`],
//! [`kinds`], [`town`]), of services that are killed at random ([`chaos`]) behind lines that cut,
//! delay, half-open and deafen ([`proxy`]), on a PostgreSQL and a Redis that crash ([`servers`]). In
//! the end everything is begun again, the tills ask until they know, and the tills' record, the
//! tables and the services' own words are held against each other ([`check`], [`effects`],
//! [`ledger`]). That these checks can fail is shown by planting what each must find ([`plant`]).
//!
//! Chance comes from one seed. What chance decides is the same for the same seed; how long a
//! machine takes for it is not.

pub mod books;
pub mod chaos;
pub mod check;
pub mod effects;
pub mod failover;
pub mod fleet;
pub mod furnish;
pub mod kinds;
pub mod ledger;
pub mod load;
pub mod plant;
pub mod proxy;
pub mod record;
pub mod report;
pub mod servers;
pub mod town;

use books::{Books, words};
use chaos::{Chaos, Mishap};
use check::{Evidence, judge};
use fleet::{FRONT, Fleet, Surroundings};
use load::Load;
use proxy::{Backend, Line};
use record::Record;
use report::{Tally, Verdict};
use servers::{Postgres, Redis, Tools};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use town::Town;

/// The database of the services.
pub const DATABASE: &str = "yibao";
/// How long the tills may take to know, once everything is up again.
const CONCLUDING: Duration = Duration::from_secs(120);
/// How often it is said where a campaign stands.
const SAYING: Duration = Duration::from_secs(10);

/// What shall go wrong, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where chance begins.
    pub seed: u64,
    /// Processes to kill.
    pub kills: u64,
    /// The time after which no more are killed.
    pub duration: Option<Duration>,
    /// Tills.
    pub tills: usize,
    /// Insured people.
    pub people: u32,
    /// The longest pause between two mishaps.
    pub pause_max: Duration,
    /// What goes wrong first.
    pub tour: &'static [Mishap],
    /// Where the record and the logs stay; in the servers' folder, which goes, when there is none.
    pub keep: Option<PathBuf>,
}

/// Servers, services and tills, ready.
pub struct Stage {
    /// What the servers are made of.
    pub tools: Tools,
    /// The database server.
    pub postgres: Postgres,
    /// The line that the services reach it by.
    pub database: Arc<Line>,
    /// The cache.
    pub redis: Redis,
    /// The services.
    pub fleet: Fleet,
    /// What is counted.
    pub tally: Arc<Tally>,
    /// What the tills share.
    pub load: Arc<Load>,
    /// Where everything lies. The last to go.
    pub folder: TempDir,
    record: PathBuf,
    open: watch::Sender<bool>,
    tills: JoinSet<()>,
    saying: JoinHandle<()>,
}

impl Stage {
    /// Begins servers, services and tills; answers when the first requests are under way.
    pub async fn begin(tools: &Tools, plan: &Plan) -> Stage {
        let folder = tools.folder().expect("a folder");
        let kept = plan.keep.as_deref().unwrap_or(folder.path());
        let logs = kept.join("logs");
        std::fs::create_dir_all(&logs).expect("a folder for the logs");
        let postgres = Postgres::fresh(tools, folder.path(), "one").await;
        plant::make_database(&postgres, DATABASE).await;
        let redis = Redis::fresh(tools, folder.path()).await;
        let database = Arc::new(Line::open("database").await);
        database.add(Backend::Unix(postgres.socket()));
        let around = Surroundings {
            database_url: format!("postgres://postgres@{}/{DATABASE}", database.address()),
            redis_url: redis.url(),
            programs: folder.path().join("programs"),
        };
        let tally = Arc::new(Tally::default());
        let fleet = Fleet::begin(&around, &logs, &tally).await;
        let people = furnish::all(&fleet, plan.people).await;
        let record = kept.join("record.jsonl");
        let load = Arc::new(Load {
            record: Record::begin(&record).expect("a new record"),
            tally: tally.clone(),
            town: Town::of(people, furnish::bureau(&fleet)),
            endpoint: fleet.line(FRONT).endpoint(),
            tls: fleet.certificates().nobody(),
            seed: plan.seed,
        });
        let (open, is_open) = watch::channel(true);
        let tills = load::begin(&load, plan.tills, &is_open);
        Stage {
            saying: say(tally.clone()),
            tools: tools.clone(),
            postgres,
            database,
            redis,
            fleet,
            tally,
            load,
            folder,
            record,
            open,
            tills,
        }
    }

    /// Waits until everything is up again and the tills know what became of their requests, ends
    /// the services, and judges.
    pub async fn end(mut self, seed: u64) -> Judged {
        self.fleet.is_up().await;
        self.open.send_replace(false);
        let tills = async {
            while self
                .tills
                .join_next()
                .await
                .is_some_and(|till| till.is_ok())
            {}
        };
        // Whoever does not know by then is in doubt, and that is a check of its own.
        timeout(CONCLUDING, tills).await.ok();
        self.saying.abort();
        self.tills.shutdown().await;
        books::quiet(&self.postgres.url(DATABASE), CONCLUDING).await;
        let mut entries = record::read(&self.record).expect("the record");
        let words = words(&entries, &self.fleet).await;
        check::hear_out(&mut entries, &words);
        let complaints = self.fleet.complaints.clone();
        let asked = self.fleet.instances().len();
        let badly_ended = self.fleet.stop().await;
        let books = Books::read(&self.postgres.url(DATABASE))
            .await
            .expect("the books");
        let evidence = Evidence {
            entries,
            books,
            words: Some(words),
        };
        let complaints = complaints.lock().map(|all| all.clone()).unwrap_or_default();
        let mut findings = judge(&evidence);
        findings.push(check::Finding {
            check: "no service ends by itself, hangs, or ends badly when it is asked to",
            looked_at: asked,
            problems: self
                .tally
                .misbehaved()
                .into_iter()
                .chain(badly_ended)
                .collect(),
        });
        let verdict = Verdict::of(seed, &self.tally, &evidence.entries, complaints, findings);
        Judged {
            verdict,
            evidence,
            postgres: self.postgres,
            _folder: self.folder,
        }
    }
}

/// A campaign that is over, with its books still at hand.
pub struct Judged {
    /// How it ended.
    pub verdict: Verdict,
    /// What was judged.
    pub evidence: Evidence,
    /// The database server; no service uses it any more.
    pub postgres: Postgres,
    _folder: TempDir,
}

/// Runs a crash campaign.
pub async fn crash(tools: &Tools, plan: &Plan) -> Judged {
    println!("seed {} on {}", plan.seed, tools.version());
    let mut stage = Stage::begin(tools, plan).await;
    let mut chaos = Chaos {
        fleet: &stage.fleet,
        postgres: &mut stage.postgres,
        database: &stage.database,
        redis: &mut stage.redis,
        tally: &stage.tally,
        rng: Chaos::chance(plan.seed),
    };
    let until = plan.duration.map(|duration| Instant::now() + duration);
    chaos
        .reign(plan.tour, plan.kills, until, plan.pause_max)
        .await;
    stage.end(plan.seed).await
}

/// Says from time to time where the campaign stands.
fn say(tally: Arc<Tally>) -> JoinHandle<()> {
    let begun = Instant::now();
    tokio::spawn(async move {
        loop {
            sleep(SAYING).await;
            println!("{}", tally.line(begun));
        }
    })
}

/// A new folder for what a campaign keeps: never one that has something in it.
pub fn keep_in(folder: &Path) -> Result<PathBuf, String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    match folder.join("record.jsonl").exists() {
        true => Err(format!("{} holds a record already", folder.display())),
        false => Ok(folder.to_path_buf()),
    }
}
