//! 被改坏的数据: what stands in the databases is read with no more trust than what comes from outside. Texts
//! of one table after another are replaced by others; whoever reads them is told that something is
//! wrong, and nothing panics.

use super::anybody;
use crate::requests::Ground;
use crate::{deliver, encoded, method, package, path, wire};
use futures_util::StreamExt;
use futures_util::stream;
use integration_tests::tables::SERVICES;
use integration_tests::{PATIENCE, World, code, hostile};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde_json::Value;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use tonic::Code;

/// What stands there instead. Nothing of it is what any column has.
const OTHERS: &[&str] = &[
    "",
    "{",
    "null",
    "[[[[[[[[",
    "\"Undone\"",
    "-262143-01-01 00:00",
    "9999-12-31",
    "２０１８-01-01",
    "9223372036854775808",
    "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398",
    "{\"Answered\":\"{\\\"id\\\":1}\"}",
    "张\u{202e}三",
];
/// How many of ten columns of a table are replaced.
const OF_TEN: u32 = 4;
/// Tables that are looked at in the suite: every so many-th, from a place that the seed says.
const EVERY: usize = 2;

/// Panics of the suite's own code so far; those of a test on purpose are not.
static PANICS: AtomicUsize = AtomicUsize::new(0);
static HOOK: Once = Once::new();

fn watch() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let ours = |file: &str| file.starts_with("services/") || file.starts_with("shared/");
            if panic.location().is_some_and(|place| ours(place.file())) {
                PANICS.fetch_add(1, Ordering::SeqCst);
            }
            before(panic);
        }));
    });
}

async fn texts(database: &DatabaseConnection, query: &str) -> Vec<String> {
    let query = Statement::from_string(DbBackend::Sqlite, query);
    let rows = database.query_all_raw(query).await.expect("a database");
    let text = |row: &sea_orm::QueryResult| row.try_get_by_index(0).expect("a text");
    rows.iter().map(text).collect()
}

/// The columns of a table that have texts or bytes, but the area, without which nothing is found.
async fn columns(database: &DatabaseConnection, table: &str) -> Vec<String> {
    let query = format!(
        "SELECT name FROM pragma_table_info('{table}') WHERE name <> 'area' \
         AND (upper(type) LIKE '%CHAR%' OR upper(type) LIKE '%TEXT%' OR upper(type) LIKE '%BLOB%')"
    );
    texts(database, &query).await
}

async fn tell(database: &DatabaseConnection, statement: String) -> bool {
    database.execute_unprepared(&statement).await.is_ok()
}

/// Every method that changes nothing, and what it is asked.
fn reads(ground: &Ground) -> Vec<(&'static str, Value)> {
    let mut all = ground.sound();
    all.retain(|(_, request)| request.get("request_id").is_none());
    all
}

/// Asks all of them; answers what is wrong with the answers.
async fn asked(world: &World, reads: &[(&'static str, Value)]) -> Vec<String> {
    let who = anybody();
    let answers = stream::iter(reads).map(|(name, request)| {
        let method = method(name);
        let request = who.own(encoded(&method, request));
        let (wire, path) = (wire(world, &package(&method)), path(&method));
        async move {
            let answer = tokio::time::timeout(PATIENCE, deliver(wire, &path, request)).await;
            match answer {
                Err(_) => Some(format!("{name} hangs")),
                Ok(Err(no)) if no.code() == Code::Unknown || code(&no).is_empty() => {
                    Some(format!("{name}: {no}"))
                }
                Ok(_) => None,
            }
        }
    });
    answers
        .buffer_unordered(8)
        .filter_map(|fault| async { fault })
        .collect()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_rows_are_told_and_nobody_panics() {
    println!("seed {}", hostile::seed());
    let world = World::open().await;
    if Database::connect(world.database.url("settlement"))
        .await
        .expect("a database")
        .get_database_backend()
        != DbBackend::Sqlite
    {
        println!("rows are read by the same code from both stores: tried on SQLite");
        return;
    }
    watch();
    let ground = Ground::lay(&world).await;
    let reads = reads(&ground);
    let mut random = StdRng::seed_from_u64(hostile::seed());
    let mut place = random.random_range(0..EVERY);
    let (mut replaced, mut faults) = (0, Vec::new());
    for service in SERVICES {
        let database = Database::connect(world.database.url(service))
            .await
            .expect("a database");
        let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'seaql%' \
                      AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'before_%'";
        for table in texts(&database, tables).await {
            place += 1;
            if !place.is_multiple_of(EVERY) && std::env::var("YIBAO_FUZZ_CASES").is_err() {
                continue;
            }
            let kept =
                format!("CREATE TABLE before_{table} AS SELECT rowid AS place, * FROM {table}");
            // One without rows of its own numbers is left alone.
            if !tell(&database, kept).await {
                continue;
            }
            let mut altered = Vec::new();
            for column in columns(&database, &table).await {
                let other = OTHERS[random.random_range(0..OTHERS.len())].replace('\'', "''");
                let alter = format!("UPDATE {table} SET {column} = '{other}'");
                // Some columns can hold no other, and some rows cannot be altered at all.
                if random.random_range(0..10) < OF_TEN && tell(&database, alter).await {
                    altered.push((column, other));
                }
            }
            replaced += altered.len();
            let before = PANICS.load(Ordering::SeqCst);
            let mut wrong = asked(&world, &reads).await;
            if PANICS.load(Ordering::SeqCst) != before {
                wrong.push("something panics".into());
            }
            faults.extend(
                wrong
                    .iter()
                    .map(|wrong| format!("{service}.{table} {altered:?}: {wrong}")),
            );
            if !altered.is_empty() {
                let back = |(column, _): &(String, String)| {
                    format!(
                        "{column} = (SELECT {column} FROM before_{table} b \
                         WHERE b.place = {table}.rowid)"
                    )
                };
                let back: Vec<String> = altered.iter().map(back).collect();
                // What goes on in the background may have made a row anew meanwhile that it did not find:
                // that one gives way.
                let back = format!(
                    "UPDATE OR REPLACE {table} SET {} WHERE rowid IN (SELECT place FROM before_{table})",
                    back.join(", ")
                );
                assert!(tell(&database, back).await, "{table}");
            }
            tell(&database, format!("DROP TABLE before_{table}")).await;
        }
    }
    println!("{replaced} columns replaced");
    assert!(replaced > 50, "is it vandalism?");
    assert!(faults.is_empty(), "{}", super::told(&faults));
    // What was put back is as it was.
    let left = asked(&world, &reads).await;
    assert!(left.is_empty(), "{left:?}");
    world.ledger().await;
}
