//! A key that is written by the work's first question: the same promises.

use super::{CLOSED, LISTS, World, call, effects, event_table, leave, now, open};
use kernel::refusal::{CONTENTION, REQUEST_ID_REUSED, REQUEST_WITHDRAWN, UNAVAILABLE};
use kernel::{OutcomeState, Refusal};
use sea_orm::sea_query::{Expr, JoinType, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use store::{Call, Db, Done, Led, Stop, new_id};

/// The event of this subject, beside which another is looked for and locked.
fn question(subject: &str, beside: &str) -> (SelectStatement, SelectStatement) {
    let of = |subject: &str| {
        let column = event_table::Column::Subject;
        event_table::Entity::find().filter(column.eq(subject))
    };
    let mut question = of(subject).into_query();
    question.join(JoinType::LeftJoin, "other", Expr::cust("TRUE"));
    question.expr_as(
        Expr::col(("other", event_table::Column::Subject)),
        "other_subject",
    );
    (question, of(beside).lock_exclusive().into_query())
}

/// What one attempt found: the two subjects, or nothing.
async fn attempt(
    db: &Db,
    call: &Call,
    (subject, beside): (&str, &str),
    refusal: Option<fn() -> Refusal>,
) -> Result<Done<Option<Option<String>>>, Refusal> {
    // What is made has an id of its own in each attempt.
    let id = new_id(now()).to_string();
    db.once_led(call, LISTS, &id, |tx, key| async move {
        let (question, other) = question(subject, beside);
        let found = match key.lead(&tx, question, ("other", other)).await? {
            Led::Taken => return Ok(None),
            Led::Found(row) => Some(row.try_get::<Option<String>>("", "other_subject")?),
            Led::Nothing => None,
        };
        leave(tx, call, "S1").await?;
        match refusal {
            Some(no) => Err(Stop::Refused(no())),
            None => Ok(Some(found)),
        }
    })
    .await
}

async fn both_there(db: &Db) {
    for (id, subject) in [("E1", "one"), ("E2", "two")] {
        let call = call(id, "a");
        let left = |tx| leave(tx, &call, subject);
        db.once(&call, LISTS, left).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_that_leads_takes_effect_once() {
    let World {
        db,
        database: _database,
    } = open().await;
    both_there(&db).await;
    let asked = [
        ("R1", ("one", "two"), Some(Some("two".to_string()))),
        ("R2", ("one", "none"), Some(None)),
        ("R3", ("none", "two"), None),
    ];
    for (id, subjects, found) in asked {
        let first = attempt(&db, &call(id, "a"), subjects, None).await.unwrap();
        assert_eq!(first.made, Some(found), "{id}");
        let again = attempt(&db, &call(id, "a"), subjects, None).await.unwrap();
        assert!(again.replayed() && again.subject == first.subject, "{id}");
        let other = attempt(&db, &call(id, "b"), subjects, None).await;
        assert!(other.err().unwrap().is(&REQUEST_ID_REUSED), "{id}");
        let outcome = db.outcome(&call(id, "a").key, LISTS).await.unwrap();
        assert_eq!(outcome.state, OutcomeState::Done);
        assert_eq!(outcome.subject, Some(first.subject));
    }
    assert_eq!(effects(&db).await, 5);
}

#[tokio::test]
async fn a_no_after_a_key_that_led_is_remembered_with_nothing_written() {
    let World {
        db,
        database: _database,
    } = open().await;
    let no = || CLOSED.refuse().with("door", "D1");
    let subjects = ("none", "none");
    let said = attempt(&db, &call("R1", "a"), subjects, Some(no)).await;
    assert!(said.err().unwrap().is(&CLOSED));
    let again = attempt(&db, &call("R1", "a"), subjects, None).await;
    assert!(again.err().unwrap().remembered);
    let busy = attempt(
        &db,
        &call("R2", "a"),
        subjects,
        Some(|| CONTENTION.refuse()),
    )
    .await;
    assert!(busy.err().unwrap().is(&CONTENTION));
    assert_eq!(effects(&db).await, 0);
    assert!(attempt(&db, &call("R2", "a"), subjects, None).await.is_ok());
    assert_eq!(effects(&db).await, 1);
}

#[tokio::test]
async fn a_withdrawn_key_leads_nowhere() {
    let World {
        db,
        database: _database,
    } = open().await;
    both_there(&db).await;
    let call = call("R1", "a");
    let nothing = |_, _| async { Ok(()) };
    db.withdraw(&call.key, call.now, LISTS, nothing)
        .await
        .unwrap();
    let said = attempt(&db, &call, ("one", "two"), None).await;
    assert!(said.err().unwrap().is(&REQUEST_WITHDRAWN));
    assert_eq!(effects(&db).await, 2);
}

#[tokio::test]
async fn many_attempts_at_once_lead_once() {
    let World {
        db,
        database: _database,
    } = open().await;
    both_there(&db).await;
    let attempts = (0..40).map(|n| {
        let db = db.clone();
        tokio::spawn(async move {
            // Half of them find no row, by which alone a key could not be told from another's.
            let subjects = if n % 2 == 0 {
                ("one", "two")
            } else {
                ("none", "two")
            };
            loop {
                match attempt(&db, &call("R1", "a"), subjects, None).await {
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
    assert_eq!((fresh, effects(&db).await), (1, 3));
}
