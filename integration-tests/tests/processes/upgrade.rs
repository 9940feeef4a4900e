//! 升级: data that an earlier release made, opened by today's programs. They bring the schema up
//! while programs of the earlier release go on, find what those had settled, answer repeats as
//! before, compute it again to the fen, and take up what was half-way.
//!
//! `integration-tests/upgrade/` holds what release f1c0e06 kept after a few requests, as SQL for both
//! databases, and what it told its callers.

use integration_tests::child::workspace;
use integration_tests::{AREA, World, code, patient, stay, visit};
use kernel::AreaCode;
use orchestrator::Patience;
use proto::common::{Claim, Filing};
use proto::orchestrator::{ReplaySettlementsRequest, SettleRequest};
use runtime::Settings;
use sea_orm::sqlx::sqlite::SqliteJournalMode;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use store::event;
use store::testing::TestDatabase;
use tokio::sync::watch;

/// The services that keep data, then as now.
const SERVICES: &[&str] = &[
    "enrollment",
    "interregional",
    "orchestrator",
    "referral",
    "settlement",
];
/// What a program of the earlier release goes on writing, in its own words: a key and an event.
const WRITES: &[&str] = &[
    "INSERT INTO {request_key} (area, caller, method, request_id, origin, state, subject, refusal, \
     recorded_at) VALUES ('152501', 'earlier', 'settle', 'n-{n}', '', 1, NULL, NULL, 0)",
    "INSERT INTO {event} (event_id, area, kind, subject, facts, occurred_at, position) \
     VALUES ('earlier-{n}', '152501', 'earlier.done', 'n-{n}', '{}', 0, NULL)",
];

fn text(name: &str) -> String {
    let file = workspace().join("integration-tests/upgrade").join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// What the earlier release told its callers.
fn told(database: &TestDatabase) -> Value {
    let name = database.folder().map_or("postgres", |_| "sqlite");
    serde_json::from_str(&text(&format!("{name}.json"))).expect("JSON")
}

fn word(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// A line to a service's tables.
async fn line(database: &TestDatabase, service: &str) -> DatabaseConnection {
    let url = database.url(service);
    let url = match database.folder() {
        Some(_) => format!("{url}?mode=rwc"),
        None => url,
    };
    let mut options = ConnectOptions::new(url);
    // As every release kept its files.
    options.map_sqlx_sqlite_opts(|options| options.journal_mode(SqliteJournalMode::Wal));
    Database::connect(options).await.expect("a database")
}

/// A database as the earlier release left it.
async fn earlier() -> TestDatabase {
    let database = TestDatabase::open().await.expect("a database");
    if database.folder().is_none() {
        let line = line(&database, "").await;
        let loaded = line.execute_unprepared(&text("postgres.sql")).await;
        loaded.expect("the earlier release's tables");
        return database;
    }
    for service in SERVICES {
        let line = line(&database, service).await;
        let script = text(&format!("sqlite-{service}.sql"));
        line.execute_unprepared(&script).await.expect("its tables");
        line.close().await.expect("it closes");
    }
    database
}

/// A program of the earlier release among those of today: writes on until it is told to stop;
/// answers how often it was told that it is done.
async fn write_on(line: DatabaseConnection, written: watch::Sender<i64>) -> i64 {
    let schema = match line.get_database_backend() {
        DbBackend::Postgres => "settlement.",
        _ => "",
    };
    let mut n = 0;
    while !written.is_closed() {
        for write in WRITES {
            let write = write
                .replace("{request_key}", &format!("{schema}request_key"))
                .replace("{event}", &format!("{schema}event"))
                .replace("{n}", &n.to_string());
            line.execute_unprepared(&write).await.expect("it goes on");
        }
        n += 1;
        written.send_replace(n);
    }
    n
}

async fn settle(world: &World, id: &str, claim: &Claim) -> Result<(String, bool), String> {
    let request = SettleRequest {
        request_id: id.into(),
        claim: Some(claim.clone()),
        ..Default::default()
    };
    let answer = world.clerk().orchestrator().settle(patient(request)).await;
    let answer = answer.map_err(|no| code(&no))?.into_inner();
    let settled = answer.settlement.expect("a settlement");
    Ok((settled.settlement_id, answer.replayed))
}

/// The stay of the fixture's people, with their referral.
fn referred(person: &Value, visit: &str, yuan: i64, referral: &Value) -> Claim {
    Claim {
        referral_id: word(referral).into(),
        filing: Filing::Referred.into(),
        ..stay(word(person), visit, yuan)
    }
}

#[tokio::test]
async fn an_earlier_releases_data_are_taken_over_while_it_goes_on() {
    let database = earlier().await;
    let told = told(&database);
    let (written, mut count) = watch::channel(0);
    let other = tokio::spawn(write_on(line(&database, "settlement").await, written));
    count.wait_for(|n| *n > 3).await.unwrap();
    let world = World::reopened(database, |_| {}).await;
    let now = *count.borrow_and_update();
    count.wait_for(|n| *n > now + 3).await.unwrap();
    drop(count);
    let written = other.await.expect("nothing was refused");
    for table in [
        "request_key WHERE caller = 'earlier'",
        "event WHERE kind = 'earlier.done'",
    ] {
        let select = format!("SELECT count(*) AS n FROM {table}");
        let db = world.suite.database("settlement").unwrap().reader();
        let asked = Statement::from_string(db.get_database_backend(), select);
        let row = db.query_one_raw(asked).await.unwrap().expect("a count");
        let kept: i64 = row.try_get("", "n").unwrap();
        assert!(kept >= written, "{table}: {kept} of {written}");
    }

    // What was told is told again: done, refused, withdrawn.
    let person = &told["person_id"];
    let one = visit(word(person), "O-V1", "2017-02-03", 12_345);
    let two = referred(person, "O-V2", 8_000, &told["referral_id"]);
    for (id, claim) in [("O-1", &one), ("O-2", &two)] {
        let again = settle(&world, id, claim).await;
        let id_then = word(&told[id]["settlement_id"]).to_string();
        assert_eq!(again, Ok((id_then, true)), "{id}");
    }
    let nobody = visit(
        "01900000-0000-7000-8000-000000000000",
        "O-V4",
        "2017-05-01",
        100,
    );
    assert_eq!(
        settle(&world, "O-4", &nobody).await,
        Err("PERSON_UNKNOWN".into())
    );
    assert_eq!(
        settle(&world, "O-5", &one).await,
        Err("REQUEST_WITHDRAWN".into())
    );

    // What was half-way comes to its end.
    let executor = world.suite.executor();
    let due = executor.take_due(9).await.unwrap();
    assert_eq!(due.len(), 1);
    for taken in due {
        executor.work_on(taken, Patience::Nobody).await;
    }
    let (person, referral) = (
        &told["half_way"]["person_id"],
        &told["half_way"]["referral_id"],
    );
    let half_way = referred(person, "O-V6", 5_000, referral);
    let (_, replayed) = settle(&world, "O-6", &half_way).await.unwrap();
    assert!(replayed);

    // To the fen; and it goes on.
    let request = ReplaySettlementsRequest {
        year: 2017,
        ..Default::default()
    };
    let mut receipts = world.clerk().receipts();
    let replayed = receipts.replay_settlements(patient(request)).await;
    let replayed = replayed.unwrap().into_inner();
    assert_eq!((replayed.equal_count, replayed.differing), (4, vec![]));
    // Programs of the earlier release are there: documents are not packed until somebody says that none is.
    // A folder has one program.
    let db = world.suite.database("settlement").unwrap().reader();
    let has_one_program = world.database.folder().is_some();
    for (n, is_packed) in [(1, has_one_program), (2, true)] {
        let (id, visit_number) = (format!("N-{n}"), format!("N-{n}"));
        let next = visit(
            word(&told["person_id"]),
            &visit_number,
            "2017-06-01",
            5_000 + n,
        );
        let (settled, replayed) = settle(&world, &id, &next).await.unwrap();
        assert!(!replayed);
        let select = format!(
            "SELECT packed IS NOT NULL AS packed, evidence FROM settlement \
             WHERE settlement_id = '{settled}'"
        );
        let asked = Statement::from_string(db.get_database_backend(), select);
        let row = db.query_one_raw(asked).await.unwrap().expect("a row");
        let packed: bool = row.try_get("", "packed").unwrap();
        let evidence: String = row.try_get("", "evidence").unwrap();
        assert_eq!((packed, evidence.is_empty()), (is_packed, is_packed));
        let contract = "UPDATE settlement_form SET packed = (1 = 1)";
        db.execute_unprepared(contract).await.unwrap();
    }
    let request = ReplaySettlementsRequest {
        year: 2017,
        ..Default::default()
    };
    let replayed = receipts.replay_settlements(patient(request)).await;
    let replayed = replayed.unwrap().into_inner();
    assert_eq!((replayed.equal_count, replayed.differing), (6, vec![]));
    world.ledger().await;
    for service in SERVICES {
        let db = world.suite.database(service).unwrap();
        assert_eq!(event::verify(db).await.unwrap(), None, "{service}");
    }
}

/// What a program may rely on: the type of a column, and whether it must be given.
type Columns = BTreeMap<(String, String), (String, bool)>;

async fn columns(database: &TestDatabase) -> Columns {
    let mut all = Columns::new();
    for service in SERVICES {
        let line = line(database, service).await;
        let select = match line.get_database_backend() {
            DbBackend::Postgres => format!(
                "SELECT table_schema || '.' || table_name AS t, column_name AS c, data_type AS k, \
                 is_nullable = 'NO' AND column_default IS NULL AS must \
                 FROM information_schema.columns WHERE table_schema = '{service}'"
            ),
            _ => format!(
                "SELECT '{service}.' || m.name AS t, p.name AS c, p.type AS k, \
                 p.\"notnull\" = 1 AND p.dflt_value IS NULL AS must \
                 FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p WHERE m.type = 'table'"
            ),
        };
        let asked = Statement::from_string(line.get_database_backend(), select);
        for row in line.query_all_raw(asked).await.expect("columns") {
            let of = |name: &str| row.try_get::<String>("", name).expect("a text");
            let must = row.try_get::<bool>("", "must").expect("a truth");
            all.insert((of("t"), of("c")), (of("k"), must));
        }
        line.close().await.expect("it closes");
    }
    all
}

/// 先扩后缩: a program of the earlier release finds every table and column that it knows, of the type
/// it knows, and need not give what it does not know.
#[tokio::test]
async fn migrations_only_add_what_earlier_programs_need_not_know() {
    let database = earlier().await;
    let before = columns(&database).await;
    let world = World::reopened(database, |_| {}).await;
    let after = columns(&world.database).await;
    assert!(
        before.len() > 200 && after.len() > before.len(),
        "{}",
        before.len()
    );
    let mut broken = Vec::new();
    for (column, (kind, must)) in &before {
        match after.get(column) {
            None => broken.push(format!("{column:?} is gone")),
            Some((now, _)) if now != kind => broken.push(format!("{column:?}: {kind}, now {now}")),
            Some((_, now)) if *now && !must => broken.push(format!("{column:?} must be given now")),
            Some(_) => {}
        }
    }
    let tables: BTreeSet<_> = before.keys().map(|(table, _)| table).collect();
    for (column, (_, must)) in &after {
        if *must && tables.contains(&column.0) && !before.contains_key(column) {
            broken.push(format!("{column:?} is new and must be given"));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// While replicas are replaced, one of the earlier release may begin anew on the schema of the later
/// one; in a folder of one program's own that is a mistake.
#[tokio::test]
async fn an_earlier_replica_begins_anew_among_later_ones() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let claim = visit(&person, "V-1", "2017-05-02", 1_000);
    settle(&world, "one", &claim).await.unwrap();
    let db = world.suite.database("settlement").unwrap();
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    db.reader().execute_unprepared(later).await.unwrap();
    for database in world.suite.databases() {
        database.close().await;
    }
    let area = AreaCode::parse(AREA).expect("six digits");
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let settings = Settings::embedded(listen, area, world.database.url("settlement"));
    let opened = settlement::open(&settings).await;
    match world.database.folder() {
        Some(_) => assert!(opened.is_err_and(|no| no.source.to_string().contains("m9999_later"))),
        None => assert!(opened.is_ok_and(|db| db.counts().commits.load(Ordering::Relaxed) == 0)),
    }
}
