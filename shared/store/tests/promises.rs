//! The promises of the store, on the database the run is for: a request takes effect once, a "no"
//! is remembered unless it passes, keys are withdrawn and burned at any moment, events are sealed
//! without gaps, and the ways in which the databases differ do not show.

#[path = "promises/access.rs"]
mod access;
#[path = "promises/led.rs"]
mod led;
#[path = "promises/migrating.rs"]
mod migrating;

use kernel::refusal::{CONTENTION, REQUEST_ID_REUSED, UNAVAILABLE};
use kernel::{AreaCode, Digest, Instant, OutcomeState, Refusal, RequestId, Spec};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::entity::event as event_table;
use store::event::{self, Event};
use store::testing::TestDatabase;
use store::{Call, Db, DbConfig, Done, Key, Made, Stop, Tx, new_id};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        store::migration::common()
    }
}

static CLOSED: Spec = Spec {
    code: "CLOSED",
    kind: kernel::Kind::Precondition,
    text: "{door} 已关闭。",
    remedy: "请另择他处。",
};
const LISTS: &[&[&Spec]] = &[&[&CLOSED], kernel::refusal::ALL];

struct World {
    database: TestDatabase,
    db: Db,
}

async fn open() -> World {
    let database = TestDatabase::open().await.unwrap();
    let db = Db::open::<Migrator>(&config(&database)).await.unwrap();
    World { database, db }
}

fn config(database: &TestDatabase) -> DbConfig {
    DbConfig {
        url: database.url("store"),
        schema: "store".into(),
        connections: 8,
    }
}

fn call(id: &str, content: &str) -> Call {
    Call {
        key: Key {
            area: AreaCode::parse("999999").unwrap(),
            caller: "tester".into(),
            method: "Open".into(),
            request_id: RequestId::parse(id).unwrap(),
        },
        origin: Digest::of(content.as_bytes()),
        now: now(),
    }
}

fn now() -> Instant {
    Instant::from_micros(1_488_384_000_123_456)
}

/// Work that leaves one event behind, so that what took effect can be counted.
async fn leave(tx: Tx, call: &Call, subject: &str) -> Result<Made<()>, Stop> {
    let area = call.key.area.clone();
    let told = Event {
        area,
        kind: "left",
        subject: subject.into(),
        facts: serde_json::json!({}),
    };
    event::record(&tx, call.now, told).await?;
    Ok(Made {
        subject: subject.into(),
        value: (),
    })
}

async fn once(db: &Db, call: &Call) -> Result<Done<()>, Refusal> {
    db.once(call, LISTS, |tx| leave(tx, call, "S1")).await
}

async fn effects(db: &Db) -> u64 {
    event_table::Entity::find()
        .count(db.reader())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_request_takes_effect_once() {
    let World {
        db,
        database: _database,
    } = open().await;
    let first = once(&db, &call("R1", "a")).await.unwrap();
    let again = once(&db, &call("R1", "a")).await.unwrap();
    assert!(!first.replayed() && again.replayed());
    assert_eq!(
        (first.subject.as_str(), again.subject.as_str()),
        ("S1", "S1")
    );
    let other = once(&db, &call("R1", "b")).await.err().unwrap();
    assert!(other.is(&REQUEST_ID_REUSED) && !other.remembered);
    assert_eq!(effects(&db).await, 1);
}

#[tokio::test]
async fn a_hundred_attempts_at_once_take_effect_once() {
    let World {
        db,
        database: _database,
    } = open().await;
    let attempts = (0..100).map(|_| {
        let db = db.clone();
        tokio::spawn(async move {
            let call = call("R1", "a");
            loop {
                match once(&db, &call).await {
                    Ok(done) => return done.replayed(),
                    Err(no) => assert!(no.is(&CONTENTION) || no.is(&UNAVAILABLE), "{no}"),
                }
            }
        })
    });
    let mut fresh = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        fresh += usize::from(!attempt.await.unwrap());
    }
    assert_eq!((fresh, effects(&db).await), (1, 1));
}

#[tokio::test]
async fn a_no_is_remembered_with_nothing_written_and_a_passing_no_is_not() {
    let World {
        db,
        database: _database,
    } = open().await;
    let refused = |no: fn() -> Refusal, id: &'static str| {
        let db = db.clone();
        async move {
            let call = call(id, "a");
            let work = |tx: Tx| {
                let call = &call;
                async move {
                    leave(tx, call, "S1").await?;
                    Err::<Made<()>, _>(Stop::Refused(no()))
                }
            };
            db.once(&call, LISTS, work).await.err().unwrap()
        }
    };
    let no = refused(|| CLOSED.refuse().with("door", "D1"), "R1").await;
    assert!(no.is(&CLOSED) && no.remembered);
    // The same request now finds work that would succeed: the no stands.
    let again = once(&db, &call("R1", "a")).await.err().unwrap();
    assert!(again.remembered);
    assert_eq!(again.sentence(), "D1 已关闭。");
    assert_eq!(effects(&db).await, 0);

    let busy = refused(|| CONTENTION.refuse(), "R2").await;
    assert!(busy.is(&CONTENTION) && !busy.remembered);
    assert!(once(&db, &call("R2", "a")).await.is_ok());
}

#[tokio::test]
async fn a_withdrawal_is_right_before_after_and_instead() {
    let World {
        db,
        database: _database,
    } = open().await;
    let undone = Arc::new(AtomicU64::new(0));
    let withdraw = |id: &'static str| {
        let (db, undone) = (db.clone(), undone.clone());
        async move {
            let undo = |_: Tx, subject: String| {
                let undone = undone.clone();
                async move {
                    assert_eq!(subject, "S1");
                    undone.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                }
            };
            db.withdraw(&call(id, "").key, now(), LISTS, undo)
                .await
                .unwrap()
                .state
        }
    };
    // Before: a late original is refused.
    assert_eq!(withdraw("R1").await, OutcomeState::Withdrawn);
    assert_eq!(
        once(&db, &call("R1", "a")).await.err().unwrap().code,
        "REQUEST_WITHDRAWN"
    );
    assert_eq!(undone.load(Ordering::SeqCst), 0);
    // After, and a second time: undone once.
    once(&db, &call("R2", "a")).await.unwrap();
    assert_eq!(withdraw("R2").await, OutcomeState::Withdrawn);
    assert_eq!(withdraw("R2").await, OutcomeState::Withdrawn);
    assert_eq!(undone.load(Ordering::SeqCst), 1);
    assert_eq!(
        once(&db, &call("R2", "a")).await.err().unwrap().code,
        "REQUEST_WITHDRAWN"
    );
    // Of a refused one: nothing to undo.
    let call3 = call("R3", "a");
    let refuse = |_: Tx| async { Err::<Made<()>, _>(Stop::Refused(CLOSED.refuse())) };
    assert!(db.once(&call3, LISTS, refuse).await.is_err());
    assert_eq!(withdraw("R3").await, OutcomeState::Refused);
}

#[tokio::test]
async fn a_burned_key_is_dead_and_a_done_one_says_so() {
    let World {
        db,
        database: _database,
    } = open().await;
    let key = |id| call(id, "").key;
    assert_eq!(
        db.outcome(&key("R1"), LISTS).await.unwrap().state,
        OutcomeState::UnknownHere
    );
    assert_eq!(
        db.burn(&key("R1"), now(), LISTS).await.unwrap().state,
        OutcomeState::Withdrawn
    );
    assert!(once(&db, &call("R1", "a")).await.is_err());
    once(&db, &call("R2", "a")).await.unwrap();
    let burned = db.burn(&key("R2"), now(), LISTS).await.unwrap();
    assert_eq!(
        (burned.state, burned.subject.as_deref()),
        (OutcomeState::Done, Some("S1"))
    );
    assert_eq!(db.outcome(&key("R2"), LISTS).await.unwrap(), burned);
    assert_eq!(burned.recorded, Some(now()));
}

#[tokio::test]
async fn events_are_sealed_without_gaps() {
    let World {
        db,
        database: _database,
    } = open().await;
    for n in 0..300 {
        let call = call(&format!("R{n}"), "a");
        db.once(&call, LISTS, |tx| leave(tx, &call, "S1"))
            .await
            .unwrap();
    }
    let area = AreaCode::parse("999999").unwrap();
    assert!(event::list(&db, &area, 0, 500).await.unwrap().is_empty());
    while event::seal(&db, now()).await.unwrap() > 0 {}
    let sealed = event::list(&db, &area, 0, 500).await.unwrap();
    let positions: Vec<i64> = sealed.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_sealers_at_once_leave_no_gap() {
    let World {
        db,
        database: _database,
    } = open().await;
    for n in 0..40 {
        let call = call(&format!("R{n}"), "a");
        db.once(&call, LISTS, |tx| leave(tx, &call, "S1"))
            .await
            .unwrap();
    }
    let seal = || {
        let db = db.clone();
        tokio::spawn(async move { event::seal(&db, now()).await })
    };
    for sealer in [seal(), seal(), seal()] {
        sealer.await.unwrap().unwrap();
    }
    while event::seal(&db, now()).await.unwrap() > 0 {}
    let area = AreaCode::parse("999999").unwrap();
    assert_eq!(event::list(&db, &area, 0, 500).await.unwrap().len(), 40);
    let checked = store::chain::check::<event_table::Model>(&db, 0, 500).await;
    assert_eq!(checked.unwrap().flaw, None);
}

#[tokio::test]
async fn the_databases_do_not_differ() {
    let World { db, database } = open().await;
    // Migrating again, as every replica does at its start, changes nothing.
    Db::open::<Migrator>(&config(&database)).await.unwrap();
    // More rows than either database binds variables for.
    let row = |n: i64| event_table::ActiveModel {
        event_id: sea_orm::ActiveValue::Set(new_id(now()).to_string()),
        area: sea_orm::ActiveValue::Set("999999".into()),
        kind: sea_orm::ActiveValue::Set("many".into()),
        subject: sea_orm::ActiveValue::Set(n.to_string()),
        facts: sea_orm::ActiveValue::Set("{}".into()),
        occurred_at: sea_orm::ActiveValue::Set(now().micros()),
        position: sea_orm::ActiveValue::Set(None),
    };
    let insert = |tx: Tx| async move { Ok(tx.insert_all((0..12_000).map(row).collect()).await?) };
    db.write(insert).await.unwrap();
    assert_eq!(effects(&db).await, 12_000);
    // What comes back is what went in, to the microsecond.
    let one = event_table::Entity::find()
        .one(db.reader())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Instant::from_micros(one.occurred_at), now());
    // SQLite is durable and does not block readers; PostgreSQL keeps the service's own schema.
    let (sql, expected) = match db.reader().get_database_backend() {
        DbBackend::Sqlite => ("PRAGMA journal_mode", "wal"),
        _ => ("SELECT current_schema()::text", "store"),
    };
    let statement = Statement::from_string(db.reader().get_database_backend(), sql);
    let answer = db.reader().query_one_raw(statement).await.unwrap().unwrap();
    assert_eq!(answer.try_get_by_index::<String>(0).unwrap(), expected);
}

/// Read, then write what was read plus one, many times at once: lost updates would show.
#[tokio::test]
async fn read_then_write_loses_nothing() {
    let World {
        db,
        database: _database,
    } = open().await;
    once(&db, &call("R0", "a")).await.unwrap();
    let add = || {
        let db = db.clone();
        tokio::spawn(async move {
            let work = |tx: Tx| async move {
                use sea_orm::QuerySelect;
                let row = event_table::Entity::find()
                    .lock_exclusive()
                    .one(&*tx)
                    .await?
                    .unwrap();
                let next = row.occurred_at + 1;
                let sql = format!("UPDATE event SET occurred_at = {next}");
                tx.execute_unprepared(&sql).await?;
                Ok(())
            };
            while let Err(stop) = db.write(work).await {
                assert!(Refusal::from(stop).is(&CONTENTION));
            }
        })
    };
    for task in (0..50).map(|_| add()).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let row = event_table::Entity::find()
        .one(db.reader())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.occurred_at, now().micros() + 50);
    let counts = db.counts();
    assert!(counts.commits.load(Ordering::Relaxed) <= counts.begins.load(Ordering::Relaxed));
}
