//! What the whole suite holds, in numbers: everything a saga can make or take back.

use integration_tests::World;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeMap;

/// Names and numbers; what is zero is not named.
pub type Books = BTreeMap<String, i64>;

/// What is counted where. Rows that were reversed, withdrawn or released do not count.
const COUNTED: [(&str, &str, &str); 11] = [
    (
        "settlement",
        "settlements",
        "COUNT(*) FROM settlement WHERE reversed_at IS NULL",
    ),
    (
        "settlement",
        "settled_fen",
        "CAST(COALESCE(SUM(funds_fen), 0) AS bigint) FROM settlement WHERE reversed_at IS NULL",
    ),
    (
        "settlement",
        "fund_fen",
        "CAST(COALESCE(SUM(amount_fen), 0) AS bigint) FROM posting WHERE account LIKE 'fund:%'",
    ),
    (
        "settlement",
        "assistance_fen",
        "CAST(COALESCE(SUM(amount_fen), 0) AS bigint) FROM posting WHERE account = 'fund:610100'",
    ),
    (
        "settlement",
        "holds_open",
        "COUNT(*) FROM hold WHERE released_at IS NULL AND posted_at IS NULL",
    ),
    (
        "settlement",
        "years_held",
        "COUNT(*) FROM person_year WHERE held_by IS NOT NULL",
    ),
    (
        "settlement",
        "guarantees_open",
        "COUNT(*) FROM guarantee WHERE withdrawn_at IS NULL AND closed_at IS NULL",
    ),
    (
        "settlement",
        "subsidies",
        "COUNT(*) FROM subsidy WHERE withdrawn_at IS NULL",
    ),
    (
        "settlement",
        "suspensions",
        "COUNT(*) FROM online_suspension WHERE withdrawn_at IS NULL",
    ),
    (
        "referral",
        "referrals_used",
        "COUNT(*) FROM referral WHERE used_by IS NOT NULL",
    ),
    (
        "referral",
        "bars",
        "COUNT(*) FROM bar WHERE withdrawn_at IS NULL",
    ),
];

/// The books as they stand; the ledger must balance whenever it is looked at.
pub async fn books(world: &World, people: &[String]) -> Books {
    let mut books = Books::new();
    for (service, name, what) in COUNTED {
        books.insert(name.into(), number(world, service, what).await);
    }
    let coverages = "COUNT(*) FROM coverage WHERE withdrawn_at IS NULL";
    books.insert(
        "coverages".into(),
        number(world, "enrollment", coverages).await,
    );
    for (n, person) in people.iter().enumerate() {
        let year = world.accumulators(person).await;
        for accumulator in year.accumulators {
            books.insert(
                format!("person {n} {}", accumulator.name),
                accumulator.value,
            );
        }
    }
    world.ledger().await;
    books.retain(|_, number| *number != 0);
    books
}

/// What changed between two looks.
pub fn change(before: &Books, after: &Books) -> Books {
    let names = before.keys().chain(after.keys());
    let of = |books: &Books, name: &String| books.get(name).copied().unwrap_or(0);
    let changed = names.map(|name| (name.clone(), of(after, name) - of(before, name)));
    changed.filter(|(_, change)| *change != 0).collect()
}

/// The keys of a saga's steps that say "done", by service.
pub async fn keys_done(world: &World, saga_id: &str) -> Vec<String> {
    let mut done = Vec::new();
    for service in ["enrollment", "referral", "settlement"] {
        let what = format!(
            "request_id FROM request_key WHERE state = 1 AND request_id LIKE '{saga_id}-%' \
             AND request_id NOT LIKE '{saga_id}-r%' ORDER BY request_id"
        );
        for row in rows(world, service, &what).await {
            let key: String = row.try_get("", "request_id").unwrap();
            done.push(format!("{service} {}", &key[saga_id.len() + 1..]));
        }
    }
    done
}

/// The saga of a request, if it has a row: its id and its state's number.
pub async fn saga_of(world: &World, request_id: &str) -> Option<(String, i16)> {
    let what = format!("saga_id, state FROM saga WHERE request_id = '{request_id}'");
    let row = rows(world, "orchestrator", &what)
        .await
        .into_iter()
        .next()?;
    let state = row.try_get("", "state").unwrap();
    Some((row.try_get("", "saga_id").unwrap(), state))
}

/// Sagas that have not come to an end.
pub async fn sagas_open(world: &World) -> i64 {
    number(
        world,
        "orchestrator",
        "COUNT(*) FROM saga WHERE state IN (0, 4)",
    )
    .await
}

async fn number(world: &World, service: &str, what: &str) -> i64 {
    let (expression, from) = what.split_once(" FROM ").expect("a table");
    let what = format!("{expression} AS number FROM {from}");
    let rows = rows(world, service, &what).await;
    rows.first().expect("a row").try_get("", "number").unwrap()
}

async fn rows(world: &World, service: &str, what: &str) -> Vec<sea_orm::QueryResult> {
    let database = world.suite.database(service).expect("a database").reader();
    let statement =
        Statement::from_string(database.get_database_backend(), format!("SELECT {what}"));
    database.query_all_raw(statement).await.expect("an answer")
}
