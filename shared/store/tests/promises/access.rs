//! 访问记录: many share a commit, nobody is answered before it, and what cannot be written down is
//! not answered.

use super::{Migrator, World, config, open};
use kernel::refusal::{ACCESS_LOG_UNAVAILABLE, OVERLOADED};
use kernel::{
    AccessEntry, AccessFilter, AreaCode, Clock, Day, Instant, Period, Refusal, Role, Seen, SeenKind,
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use store::Db;
use store::access::{self, Log};
use store::testing::TestDatabase;
use tokio::task::JoinHandle;

/// 2017-03-01 16:00 UTC, which is midnight of the second in Shanghai.
const MIDNIGHT: i64 = 1_488_384_000_000_000;
const DAY: i64 = 24 * 3_600_000_000;

struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::SeqCst))
    }
}

struct Bench {
    world: World,
    hands: Arc<Hands>,
    log: Log,
}

impl Bench {
    async fn open() -> Bench {
        let world = open().await;
        let hands = Arc::new(Hands(AtomicI64::new(MIDNIGHT)));
        let log = Log::new(&world.db, hands.clone());
        Bench { world, hands, log }
    }

    fn append(&self, seen: Seen) -> JoinHandle<Result<(), Refusal>> {
        let log = self.log.clone();
        tokio::spawn(async move { log.append(seen).await })
    }

    async fn all(&self, filter: &AccessFilter, size: u64) -> Vec<AccessEntry> {
        let (mut all, mut token) = (Vec::new(), String::new());
        loop {
            let place = (size, token.as_str());
            let page = access::page(&self.world.db, &area(), filter, place).await;
            let (entries, next) = page.unwrap();
            assert!(entries.len() as u64 <= size);
            all.extend(entries);
            if next.is_empty() {
                return all;
            }
            token = next;
        }
    }
}

fn area() -> AreaCode {
    AreaCode::parse("999999").unwrap()
}

fn read(caller: &str, subjects: &[&str]) -> Seen {
    Seen {
        area: area(),
        caller: caller.into(),
        roles: vec![Role::Clerk, Role::Supervisor],
        method: "/yibao.store.v1.Store/Get".into(),
        kind: SeenKind::Read,
        subjects: subjects.iter().map(|id| id.to_string()).collect(),
        subject_count: subjects.len() as u32,
        purpose: "CASE-1".into(),
        outcome: "OK",
        trace_id: "t1".into(),
    }
}

fn denied(caller: &str) -> Seen {
    Seen {
        kind: SeenKind::Denied,
        outcome: "PERMISSION_DENIED",
        ..read(caller, &[])
    }
}

/// The queue is filled while the first group may not be written: then everything that waits is
/// written in groups, and who comes beyond is turned away unanswered.
#[tokio::test]
async fn reads_share_commits_and_the_queue_is_bounded() {
    let bench = Bench::open().await;
    let held = bench.log.hold().await;
    let before = bench.world.db.counts().commits.load(Ordering::SeqCst);
    let mut waiting = Vec::new();
    let full = loop {
        let one = bench.append(read("li", &["p"]));
        while bench.log.waiting() == waiting.len() && !one.is_finished() {
            tokio::task::yield_now().await;
        }
        match one.is_finished() {
            true => break one,
            false => waiting.push(one),
        }
    };
    assert!(full.await.unwrap().is_err_and(|no| no.is(&OVERLOADED)));
    assert!(waiting.iter().all(|one| !one.is_finished()));
    drop(held);
    let reads = waiting.len() as u64;
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    let commits = bench.world.db.counts().commits.load(Ordering::SeqCst) - before;
    println!("{reads} concurrent reads, {commits} commits");
    assert!(commits > 0 && commits <= reads / 200, "{commits}");
    let kept = bench.all(&AccessFilter::default(), 50).await;
    assert_eq!(kept.len() as u64, reads);
}

#[tokio::test]
async fn what_is_written_is_found_by_caller_subject_and_day() {
    let bench = Bench::open().await;
    bench.log.append(read("li", &["p1", "p2"])).await.unwrap();
    bench.log.append(read("wang", &["p2"])).await.unwrap();
    bench.hands.0.store(MIDNIGHT + DAY, Ordering::SeqCst);
    bench.log.append(read("li", &[])).await.unwrap();
    bench.log.append(denied("")).await.unwrap();
    let other = Seen {
        area: AreaCode::parse("999998").unwrap(),
        ..read("li", &["p1"])
    };
    bench.log.append(other).await.unwrap();

    let all = bench.all(&AccessFilter::default(), 1).await;
    let callers: Vec<&str> = all.iter().map(|entry| entry.caller.as_str()).collect();
    assert_eq!(callers.len(), 4);
    let first = all.iter().find(|entry| entry.subject_count == 2).unwrap();
    assert_eq!(first.subjects, ["p1", "p2"]);
    assert_eq!(first.roles, ["clerk", "supervisor"]);
    assert_eq!((first.at, first.times), (Instant::from_micros(MIDNIGHT), 1));
    assert_eq!(
        (first.purpose.as_str(), first.trace_id.as_str()),
        ("CASE-1", "t1")
    );
    assert_eq!((first.kind, first.outcome.as_str()), (SeenKind::Read, "OK"));

    let found = async |filter: AccessFilter| bench.all(&filter, 1).await.len();
    let of = |caller: &str| AccessFilter {
        caller: Some(caller.into()),
        ..Default::default()
    };
    assert_eq!(found(of("li")).await, 2);
    assert_eq!(found(of("nobody")).await, 0);
    let about = |subject: &str| AccessFilter {
        subject: Some(subject.into()),
        ..Default::default()
    };
    assert_eq!(found(about("p2")).await, 2);
    assert_eq!(found(about("p1")).await, 1);
    let on = |from: &str, until| AccessFilter {
        days: Period::new(Day::parse(from).unwrap(), until),
        ..Default::default()
    };
    let (second, third) = ("2017-03-02", "2017-03-03");
    assert_eq!(found(on(second, Day::parse(third).ok())).await, 2);
    assert_eq!(found(on(third, None)).await, 2);
    assert_eq!(found(on("2017-03-04", None)).await, 0);
}

/// Who is turned away without end fills no disk: ten a minute, and one entry for the rest.
#[tokio::test]
async fn a_flood_of_denied_calls_is_counted() {
    let bench = Bench::open().await;
    for _ in 0..500 {
        bench.log.append(denied("stranger")).await.unwrap();
    }
    bench.hands.0.store(MIDNIGHT + 60_000_000, Ordering::SeqCst);
    bench.log.append(read("li", &[])).await.unwrap();
    let kept = bench.all(&AccessFilter::default(), 50).await;
    let attempts = kept.iter().filter(|entry| entry.caller == "stranger");
    assert_eq!(attempts.clone().count(), 11);
    assert_eq!(attempts.map(|entry| entry.times).sum::<u32>(), 500);
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_answered() {
    let bench = Bench::open().await;
    let table = match bench.world.db.reader().get_database_backend() {
        DbBackend::Postgres => "store.access_entry",
        _ => "access_entry",
    };
    let sql = format!("ALTER TABLE {table} RENAME TO hidden");
    let db = bench.world.db.reader();
    db.execute_unprepared(&sql).await.unwrap();
    for _ in 0..2 {
        let no = bench.log.append(read("li", &["p"])).await.unwrap_err();
        assert!(no.is(&ACCESS_LOG_UNAVAILABLE), "{no}");
        assert!(no.kind.is_passing());
    }
    let table = table.replace("access_entry", "hidden");
    let sql = format!("ALTER TABLE {table} RENAME TO access_entry");
    db.execute_unprepared(&sql).await.unwrap();
    bench.log.append(read("li", &["p"])).await.unwrap();
}

/// Who gives up waiting leaves the others where they were.
#[tokio::test]
async fn a_dropped_read_stops_nobody() {
    let bench = Bench::open().await;
    let held = bench.log.hold().await;
    let gone = bench.append(read("gone", &[]));
    let stays = bench.append(read("stays", &[]));
    while bench.log.waiting() < 2 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    drop(held);
    stays.await.unwrap().unwrap();
    assert_eq!(bench.all(&AccessFilter::default(), 50).await.len(), 2);
}

/// As it was before there was an access log.
struct Older;

impl MigratorTrait for Older {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = store::migration::common();
        all.truncate(1);
        all.push(store::migration::documents());
        all
    }
}

struct Newer;

impl MigratorTrait for Newer {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = Migrator::migrations();
        all.push(store::migration::documents());
        all
    }
}

#[tokio::test]
async fn a_database_from_before_gets_its_log() {
    let database = TestDatabase::open().await.unwrap();
    let older = Db::open::<Older>(&config(&database)).await.unwrap();
    let count = |db: &Db| {
        let backend = db.reader().get_database_backend();
        Statement::from_string(backend, "SELECT * FROM access_entry")
    };
    assert!(older.reader().query_all_raw(count(&older)).await.is_err());
    older.close().await;
    let newer = Db::open::<Newer>(&config(&database)).await.unwrap();
    assert!(newer.reader().query_all_raw(count(&newer)).await.is_ok());
}
