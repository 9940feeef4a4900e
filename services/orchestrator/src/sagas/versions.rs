//! Two versions of a body side by side: each journal is read by the version that wrote it, and what
//! a program does not know it leaves to a newer one.

use super::{Asked, Bodies, Reader, Told};
use crate::executor::{Executor, Request, Times};
use crate::journal::Patience;
use crate::steps::{Peers, Ports};
use crate::store::{self, Beginning, Row, State};
use ::store::testing::TestDatabase;
use ::store::{Key, new_id};
use kernel::{AreaCode, Clock, Digest, Fault, Principal, RequestId, Role};
use runtime::clock::SystemClock;
use runtime::{Broken, Context, Settings, Wire};
use saga::{Body, Burned, Entry, Halt, Pivot, Saga, Step, Undo, What};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// A step of the first version.
struct Old;
/// A step that the second version does instead.
struct New;
/// The pivot of both.
struct Last;

macro_rules! steps {
    ($($step:ident $name:literal;)*) => {$(
        impl Step for $step {
            const NAME: &'static str = $name;
            type Ports = Ports;
            type Output = String;

            async fn run(&self, _: &Ports, key: &str) -> Result<String, Fault> {
                Ok(key.to_string())
            }
        }

        impl Undo for $step {
            async fn undo(&self, _: &Ports, _: &str) -> Result<(), Fault> {
                Ok(())
            }
        }
    )*};
}

steps! {
    Old "toy.old";
    New "toy.new";
    Last "toy.last";
}

impl Pivot for Last {
    fn subject(made: &String) -> String {
        made.clone()
    }

    async fn burn(&self, _: &Ports, _: &str) -> Result<Burned, Fault> {
        Ok(Burned::Never)
    }

    async fn reverse(&self, _: &Ports, _: &str, _: &str, _: &str) -> Result<(), Fault> {
        Ok(())
    }
}

impl Told for String {
    fn is_replayed(&self) -> bool {
        false
    }
}

struct First;
struct Second;

macro_rules! versions {
    ($($body:ident $kind:literal $step:ident;)*) => {$(
        impl Body for $body {
            const KIND: &'static str = $kind;
            type Ports = Ports;
            type Pivot = Last;
            type Output = String;

            fn bare(&self) -> Last {
                Last
            }

            fn told(&self, made: String) -> String {
                made
            }

            async fn steps<'a>(&'a self, mut saga: Saga<'a, Ports>) -> Result<String, Halt> {
                saga.run($step).await?;
                saga.conclude(Last).await
            }
        }
    )*};
}

versions! {
    First "toy.v1" Old;
    Second "toy.v2" New;
}

/// A program before the change, and after it.
const BEFORE: &[(&str, Reader)] = &[(First::KIND, |_, _| Some(Box::new(First)))];
const AFTER: &[(&str, Reader)] = &[
    (First::KIND, |_, _| Some(Box::new(First))),
    (Second::KIND, |_, _| Some(Box::new(Second))),
];

fn caller() -> Principal {
    Principal {
        caller: "clerk-1".into(),
        on_behalf_of: None,
        area: AreaCode::parse("152501").unwrap(),
        roles: vec![Role::Clerk],
    }
}

fn key(request_id: &str) -> Key {
    let request_id = RequestId::parse(request_id).unwrap();
    Key::of(&caller(), Asked::Settle.method(), request_id)
}

async fn executor(database: &TestDatabase) -> Executor {
    let silent = || {
        Wire::new(tower::service_fn(
            |_: http::Request<tonic::body::Body>| async {
                Err::<http::Response<tonic::body::Body>, _>(Broken::new("silence"))
            },
        ))
    };
    let peers = Peers {
        enrollment: silent(),
        inspection: silent(),
        referral: silent(),
        settlement: silent(),
    };
    let area = caller().area;
    let url = database.url(crate::NAME);
    let settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), area, url);
    let db = crate::open(&settings).await.unwrap();
    Executor::new(
        db,
        Arc::new(SystemClock),
        peers,
        Times::of(Duration::from_secs(60)),
    )
}

/// A saga that a replica of this version left behind its first step.
async fn left(executor: &Executor, kind: &'static str, step: &'static str, request_id: &str) {
    let now = SystemClock.now();
    let new = &Beginning {
        key: key(request_id),
        saga_id: new_id(now).to_string(),
        kind,
        origin: Some(Digest::of(b"toy")),
        request: b"toy".to_vec(),
        principal: caller(),
        trace: None,
    };
    let line = &[Entry {
        step: 0,
        name: Cow::Borrowed(step),
        what: What::Answered("\"done\"".into()),
    }];
    let begun = executor
        .db
        .write(|tx| async move { store::begin(&tx, new, "", Duration::ZERO, line, now).await });
    assert!(begun.await.unwrap());
}

/// The same request, of the new body.
fn asked(request_id: &str) -> Request<Second> {
    Request {
        body: Second,
        asked: Asked::Settle,
        request_id: RequestId::parse(request_id).unwrap(),
        origin: Digest::of(b"toy"),
        row: Some(b"toy".to_vec()),
    }
}

async fn row(executor: &Executor, request_id: &str) -> Row {
    store::find(&executor.db, &key(request_id))
        .await
        .unwrap()
        .unwrap()
}

async fn journal(executor: &Executor, row: &Row) -> Vec<(String, String)> {
    let lines = store::lines_of(executor.db.reader(), &row.0.area, &row.0.saga_id)
        .await
        .unwrap();
    lines
        .into_iter()
        .map(|line| (line.name, line.what))
        .collect()
}

#[tokio::test]
async fn an_old_journal_is_read_by_the_old_body_and_a_new_request_by_the_new() {
    let database = TestDatabase::open().await.unwrap();
    let after = executor(&database).await.with_bodies(Bodies::of(AFTER));
    left(&after, First::KIND, Old::NAME, "R-old").await;
    let context = Context::of(caller(), Duration::from_secs(30));
    let (made, replayed) = after.perform(&context, asked("R-new")).await.unwrap();
    assert_eq!((made.as_str(), replayed), ("R-new", false));
    for taken in after.take_due(9).await.unwrap() {
        after.work_on(taken, Patience::Nobody).await;
    }
    // A repeat of what the old body ended is told what it came to.
    let told = after.perform(&context, asked("R-old")).await.unwrap();
    assert_eq!(told, ("R-old".to_string(), true));
    for (request_id, kind, step) in [
        ("R-old", First::KIND, Old::NAME),
        ("R-new", Second::KIND, New::NAME),
    ] {
        let row = row(&after, request_id).await;
        assert_eq!((row.state(), row.0.kind.as_str()), (State::Done, kind));
        let steps = journal(&after, &row)
            .await
            .into_iter()
            .map(|(name, _)| name);
        assert_eq!(steps.collect::<Vec<_>>(), [step, Last::NAME]);
    }
}

/// Driven by another version, a journal would say another step than the body.
#[tokio::test]
async fn another_version_would_not_have_read_it() {
    const MISTAKEN: &[(&str, Reader)] = &[(First::KIND, |_, _| Some(Box::new(Second)))];
    let database = TestDatabase::open().await.unwrap();
    let mistaken = executor(&database).await.with_bodies(Bodies::of(MISTAKEN));
    left(&mistaken, First::KIND, Old::NAME, "R-1").await;
    for taken in mistaken.take_due(9).await.unwrap() {
        mistaken.work_on(taken, Patience::Nobody).await;
    }
    let row = row(&mistaken, "R-1").await;
    assert_eq!(row.state(), State::Stuck);
    assert_eq!(row.0.heard_code.as_deref(), Some("JOURNAL_DIFFERS"));
}

#[tokio::test]
async fn what_a_program_does_not_know_it_leaves_to_a_newer_one() {
    let database = TestDatabase::open().await.unwrap();
    let before = executor(&database).await.with_bodies(Bodies::of(BEFORE));
    left(&before, Second::KIND, New::NAME, "R-new").await;
    left(&before, First::KIND, Old::NAME, "R-old").await;
    let untouched = row(&before, "R-new").await.0;
    let taken = before.take_due(9).await.unwrap();
    let kinds: Vec<&str> = taken.iter().map(|taken| taken.kind()).collect();
    assert_eq!(kinds, [First::KIND]);
    // Its own are not held up by what it does not know.
    for taken in taken {
        before.work_on(taken, Patience::Nobody).await;
    }
    assert_eq!(row(&before, "R-old").await.state(), State::Done);
    assert!(before.take_due(9).await.unwrap().is_empty());
    assert_eq!(row(&before, "R-new").await.0, untouched);
    let after = before.clone().with_bodies(Bodies::of(AFTER));
    for taken in after.take_due(9).await.unwrap() {
        after.work_on(taken, Patience::Nobody).await;
    }
    assert_eq!(row(&after, "R-new").await.state(), State::Done);
}

/// Known by its kind, and not what that kind's version wrote: a person must look.
#[tokio::test]
async fn a_request_that_cannot_be_read_is_stuck() {
    const BLIND: &[(&str, Reader)] = &[(First::KIND, |_, _| None)];
    let database = TestDatabase::open().await.unwrap();
    let blind = executor(&database).await.with_bodies(Bodies::of(BLIND));
    left(&blind, First::KIND, Old::NAME, "R-1").await;
    for taken in blind.take_due(9).await.unwrap() {
        blind.work_on(taken, Patience::Nobody).await;
    }
    assert_eq!(row(&blind, "R-1").await.state(), State::Stuck);
}
