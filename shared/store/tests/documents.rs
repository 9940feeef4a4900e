//! Dated documents on the database the run is for: a text is kept once and activated once however
//! many try at the same time, withdrawals leave room for the next, and what is made of documents is
//! made anew exactly when they changed.

use kernel::{
    AreaCode, Day, Described, Digest, Document, Instant, OutcomeState, Period, Refusal, RequestId,
    Spec,
};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::document::{Activate, Documents, Shelf, generation_of, load};
use store::testing::TestDatabase;
use store::{Call, Db, DbConfig, Key, refusal};

const KIND: &str = "rules";
const LISTS: &[&[&Spec]] = &[refusal::ALL, kernel::refusal::ALL];
const NOW: Instant = Instant::from_micros(1_519_862_400_000_000);

/// A service before it kept documents.
struct Before;

impl MigratorTrait for Before {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        store::migration::common()
    }
}

/// The same service now.
struct After;

impl MigratorTrait for After {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = store::migration::common();
        all.push(store::migration::documents());
        all
    }
}

fn config(database: &TestDatabase) -> DbConfig {
    DbConfig {
        url: database.url("store"),
        schema: "store".into(),
        connections: 8,
    }
}

async fn open() -> (TestDatabase, Documents) {
    let database = TestDatabase::open().await.unwrap();
    let db = Db::open::<After>(&config(&database)).await.unwrap();
    let documents = Documents {
        db,
        kind: KIND,
        lists: LISTS,
    };
    (database, documents)
}

fn area() -> AreaCode {
    AreaCode::parse("999999").unwrap()
}

fn key(caller: &str, method: &str, id: &str) -> Key {
    Key {
        area: area(),
        caller: caller.into(),
        method: method.into(),
        request_id: RequestId::parse(id).unwrap(),
    }
}

fn call(caller: &str, method: &str, id: &str) -> Call {
    Call {
        key: key(caller, method, id),
        origin: Digest::of(id.as_bytes()),
        now: NOW,
    }
}

fn described(text: &str) -> Described {
    let first = Day::new(2018, 1, 1).unwrap();
    Described {
        series: "390".into(),
        name: "999999/2018-01-01".into(),
        title: "测试".into(),
        period: Period::new(first, None).unwrap(),
        digest: Digest::of(text.as_bytes()),
    }
}

async fn propose(documents: &Documents, id: &str, text: &str) -> Result<Document, Refusal> {
    let call = call("one", "Propose", id);
    let proposed = documents.propose(&call, Ok(described(text)), text).await;
    proposed.map(|(document, _)| document)
}

async fn activate(documents: &Documents, id: &str, text: &str, after: i64) -> Result<(), Refusal> {
    let asked = Activate {
        digest: Digest::of(text.as_bytes()),
        since: NOW.plus_millis(after),
        reason: String::new(),
    };
    let call = call("two", "Activate", id);
    let activated = documents.activate(&call, &asked, |_| Ok(())).await;
    activated.map(drop)
}

#[tokio::test]
async fn a_service_that_kept_none_keeps_them_after_its_next_start() {
    let database = TestDatabase::open().await.unwrap();
    let before = Db::open::<Before>(&config(&database)).await.unwrap();
    before.close().await;
    for _ in 0..2 {
        let db = Db::open::<After>(&config(&database)).await.unwrap();
        assert_eq!(generation_of(db.reader(), KIND, &area()).await.unwrap(), 0);
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_is_kept_and_one_activated() {
    let (_database, documents) = open().await;
    let codes = |ends: Vec<Result<(), Refusal>>| {
        let mut codes: Vec<String> = ends
            .into_iter()
            .map(|end| end.map_or_else(|no| no.code.to_string(), |()| "done".into()))
            .collect();
        codes.sort();
        codes
    };
    let mut tasks = Vec::new();
    for n in 0..8 {
        let documents = documents.clone();
        let task = async move {
            propose(&documents, &format!("P{n}"), "text")
                .await
                .map(drop)
        };
        tasks.push(tokio::spawn(task));
    }
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.unwrap());
    }
    let mut expected = vec!["DOCUMENT_EXISTS"; 7];
    expected.push("done");
    assert_eq!(codes(ends), expected);
    let mut tasks = Vec::new();
    for n in 0..8 {
        let documents = documents.clone();
        let task = async move { activate(&documents, &format!("A{n}"), "text", n).await };
        tasks.push(tokio::spawn(task));
    }
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.unwrap());
    }
    let mut expected = vec!["DOCUMENT_ACTIVATED"; 7];
    expected.push("done");
    assert_eq!(codes(ends), expected);
    assert_eq!(documents.generation(&area()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_withdrawal_leaves_room_and_keeps_the_words_of_what_was_activated() {
    let (_database, documents) = open().await;
    propose(&documents, "P1", "text").await.unwrap();
    activate(&documents, "A1", "text", 0).await.unwrap();
    let undone = key("one", "Propose", "P1");
    for _ in 0..2 {
        let outcome = documents.withdraw_proposal(&undone, NOW).await.unwrap();
        assert_eq!(outcome.state, OutcomeState::Withdrawn);
    }
    // The activation went with it, and its own withdrawal finds nothing to do.
    let undone = key("two", "Activate", "A1");
    let outcome = documents.withdraw_activation(&undone, NOW).await.unwrap();
    assert_eq!(outcome.state, OutcomeState::Withdrawn);
    let (generation, all) = load(documents.db.reader(), KIND, &area()).await.unwrap();
    assert_eq!((generation, all.len()), (2, 1));
    assert_eq!((all[0].text.as_str(), all[0].since), ("text", None));
    // The same text again, activated for the same instant.
    propose(&documents, "P2", "text").await.unwrap();
    activate(&documents, "A2", "text", 0).await.unwrap();
    let (generation, all) = load(documents.db.reader(), KIND, &area()).await.unwrap();
    assert_eq!((generation, all.len()), (3, 2));
    assert_eq!(all.iter().filter(|one| one.since == Some(NOW)).count(), 1);
    let (page, next) = documents.page(&area(), vec![], 10, "").await.unwrap();
    assert_eq!((page.len(), next.as_str()), (1, ""));
    // A key that never came is burned.
    let late = key("one", "Propose", "P3");
    documents.withdraw_proposal(&late, NOW).await.unwrap();
    let no = propose(&documents, "P3", "late").await.unwrap_err();
    assert_eq!(no.code, "REQUEST_WITHDRAWN");
}

#[tokio::test]
async fn what_is_made_of_documents_is_made_anew_exactly_when_they_changed() {
    let (_database, documents) = open().await;
    let made = Arc::new(AtomicU32::new(0));
    let counted = made.clone();
    let shelf = Shelf::new(KIND, 0_usize, move |_, all| {
        counted.fetch_add(1, Ordering::SeqCst);
        all.len()
    });
    let statements = || documents.db.counts().statements.load(Ordering::SeqCst);
    let area = area();
    let asked = || async { *shelf.asked(documents.db.reader(), &area).await.unwrap() };
    propose(&documents, "P1", "text").await.unwrap();
    let before = statements();
    assert_eq!((asked().await, made.load(Ordering::SeqCst)), (0, 0));
    assert_eq!(statements() - before, 1);
    activate(&documents, "A1", "text", 1_000).await.unwrap();
    assert_eq!((asked().await, made.load(Ordering::SeqCst)), (1, 1));
    let before = statements();
    for _ in 0..3 {
        assert_eq!((asked().await, *shelf.at_hand(&area)), (1, 1));
    }
    assert_eq!((statements() - before, made.load(Ordering::SeqCst)), (3, 1));
    // A generation that was seen elsewhere, and one that is older than what is at hand.
    let current = |generation| shelf.current(documents.db.reader(), &area, generation);
    assert_eq!(*current(0).await.unwrap(), 1);
    let undone = key("two", "Activate", "A1");
    documents.withdraw_activation(&undone, NOW).await.unwrap();
    assert_eq!(*current(2).await.unwrap(), 1);
    assert_eq!(made.load(Ordering::SeqCst), 2);
    // Another area has none of it.
    let elsewhere = AreaCode::parse("152501").unwrap();
    let there = shelf.asked(documents.db.reader(), &elsewhere).await;
    assert_eq!(*there.unwrap(), 0);
}
