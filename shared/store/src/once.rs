//! A request takes effect once. Key row, work and outcome are one transaction; a "no" is remembered
//! unless it is a passing one; a key can be withdrawn or burned before, after or instead of the
//! request it belongs to.
//!
//! Row locks are taken in one order: the key first, then what the work locks.

use crate::db::{Db, Stop, Tx};
use crate::entity::request_key::{ActiveModel, Column, Entity, Model};
use crate::fault::told;
use crate::led::Unwritten;
use kernel::refusal::{INTERNAL, REQUEST_ID_REUSED, REQUEST_WITHDRAWN, StoredRefusal};
use kernel::{
    AreaCode, Digest, Instant, Outcome, OutcomeState, Principal, Refusal, RequestId, Spec,
};
use sea_orm::sea_query::{InsertStatement, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    TryInsertResult,
};
use std::future::Future;

/// Which request: two callers never collide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The caller's pooling area.
    pub area: AreaCode,
    /// The caller.
    pub caller: String,
    /// The method's name.
    pub method: String,
    /// The caller's name for the request.
    pub request_id: RequestId,
}

impl Key {
    /// The key of a caller's request.
    pub fn of(principal: &Principal, method: &str, request_id: RequestId) -> Key {
        Key {
            area: principal.area.clone(),
            caller: principal.key_name(),
            method: method.to_string(),
            request_id,
        }
    }
}

/// A mutating request on its way in.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which request.
    pub key: Key,
    /// Digest of the outer caller's request.
    pub origin: Digest,
    /// When it came.
    pub now: Instant,
}

/// What the work made.
pub struct Made<T> {
    /// Its id: how a repeat finds it.
    pub subject: String,
    /// The thing itself, so that the first answer needs no second look.
    pub value: T,
}

/// A request that took effect, now or earlier.
pub struct Done<T> {
    /// The id of what it made.
    pub subject: String,
    /// What it made just now; absent when it had been made by an earlier attempt.
    pub made: Option<T>,
}

impl<T> Done<T> {
    /// True when an earlier attempt had done it.
    pub fn replayed(&self) -> bool {
        self.made.is_none()
    }
}

const PENDING: i16 = 0;
const DONE: i16 = 1;
const REFUSED: i16 = 2;
const WITHDRAWN: i16 = 3;

impl Db {
    /// Does `work` once for the key. A repeat gets the first outcome; the same key with another
    /// origin, or a withdrawn one, is refused. A refusal of `work` is rolled back and remembered,
    /// unless it is a passing one. `lists` are the refusals that may have been remembered.
    pub async fn once<T, F, Fut>(
        &self,
        call: &Call,
        lists: &[&[&'static Spec]],
        work: F,
    ) -> Result<Done<T>, Refusal>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<Made<T>, Stop>>,
    {
        let work = &work;
        let outcome = self
            .write_as(&call.key.method, |tx| async move {
                if !claim(&tx, &call.key, Some(call.origin), call.now, State::Pending).await? {
                    return Ok(Err(standing(&tx, &call.key).await?));
                }
                let made = work(tx.clone()).await?;
                write_state(&tx, &call.key, DONE, Some(made.subject.clone()), call.now).await?;
                Ok(Ok(made))
            })
            .await;
        self.became(call, lists, outcome).await
    }

    /// The same for what has its id before it is made: the key row is written once, as it will stand when
    /// the transaction is committed, and by the work's first question. Work that finds the key taken there
    /// answers nothing. No other attempt has this `subject`: by it a key row is known as this one's.
    pub async fn once_led<'a, T, F, Fut>(
        &self,
        call: &'a Call,
        lists: &[&[&'static Spec]],
        subject: &'a str,
        work: F,
    ) -> Result<Done<T>, Refusal>
    where
        F: Fn(Tx, Unwritten<'a>) -> Fut,
        Fut: Future<Output = Result<Option<T>, Stop>>,
    {
        let work = &work;
        let outcome = self
            .write_as(&call.key.method, |tx| async move {
                let made = work(tx.clone(), Unwritten::new(call, subject)).await?;
                let subject = subject.to_string();
                match made {
                    Some(value) => Ok(Ok(Made { subject, value })),
                    None => Ok(Err(standing(&tx, &call.key).await?)),
                }
            })
            .await;
        self.became(call, lists, outcome).await
    }

    /// The answer to what became of the work, or of the row that stood in its place.
    async fn became<T>(
        &self,
        call: &Call,
        lists: &[&[&'static Spec]],
        outcome: Result<Result<Made<T>, Model>, Stop>,
    ) -> Result<Done<T>, Refusal> {
        let (answer, again) = match outcome {
            Ok(Ok(made)) => {
                let (subject, made) = (made.subject, Some(made.value));
                (Ok(Done { subject, made }), false)
            }
            Ok(Err(row)) => (recall(row, call, lists), true),
            Err(Stop::Fault(fault)) => (Err(told(&fault)), false),
            Err(Stop::Refused(no)) if no.kind.is_passing() => (Err(no), false),
            Err(Stop::Refused(no)) => (self.remember(call, lists, no).await, false),
        };
        let method = call.key.method.as_str();
        self.metrics().became(method, result_of(&answer, again));
        answer
    }

    /// Stores a refusal under its key if nothing stands there, and answers what stands there.
    async fn remember<T>(
        &self,
        call: &Call,
        lists: &[&[&'static Spec]],
        no: Refusal,
    ) -> Result<Done<T>, Refusal> {
        let json = serde_json::to_string(&no.stored()).map_err(|_| INTERNAL.refuse())?;
        let json = &json;
        let row = self
            .write_as(&call.key.method, |tx| async move {
                let refused = State::Refused(json);
                if !claim(&tx, &call.key, Some(call.origin), call.now, refused).await? {
                    return Ok(Some(standing(&tx, &call.key).await?));
                }
                Ok(None)
            })
            .await?;
        match row {
            Some(row) => recall(row, call, lists),
            None => Err(no.remember()),
        }
    }

    /// Withdraws a request, whether it succeeded (then `undo` runs with the id of what it made),
    /// was refused, never arrived, or arrives later. It is never refused itself.
    pub async fn withdraw<F, Fut>(
        &self,
        key: &Key,
        now: Instant,
        lists: &[&[&'static Spec]],
        undo: F,
    ) -> Result<Outcome, Refusal>
    where
        F: Fn(Tx, String) -> Fut,
        Fut: Future<Output = Result<(), Stop>>,
    {
        let undo = &undo;
        let row = self
            .write_as(&key.method, |tx| async move {
                if claim(&tx, key, None, now, State::Withdrawn).await? {
                    return standing(&tx, key).await;
                }
                let row = standing(&tx, key).await?;
                if row.state != DONE {
                    return Ok(row);
                }
                undo(tx.clone(), row.subject.clone().unwrap_or_default()).await?;
                write_state(&tx, key, WITHDRAWN, row.subject, now).await?;
                standing(&tx, key).await
            })
            .await?;
        self.metrics().became(&key.method, "withdrawn");
        Ok(outcome(row, lists))
    }

    /// Marks a key so that it can never take effect, and answers the earlier outcome if there is
    /// one.
    pub async fn burn(
        &self,
        key: &Key,
        now: Instant,
        lists: &[&[&'static Spec]],
    ) -> Result<Outcome, Refusal> {
        let row = self
            .write_as(&key.method, |tx| async move {
                claim(&tx, key, None, now, State::Withdrawn).await?;
                standing(&tx, key).await
            })
            .await?;
        self.metrics().became(&key.method, "burned");
        Ok(outcome(row, lists))
    }

    /// What became of a request.
    pub async fn outcome(&self, key: &Key, lists: &[&[&'static Spec]]) -> Result<Outcome, Refusal> {
        let row = find(key)
            .one(self.reader())
            .await
            .map_err(|fault| told(&fault))?;
        Ok(match row {
            Some(row) => outcome(row, lists),
            None => {
                let state = OutcomeState::UnknownHere;
                Outcome {
                    state,
                    subject: None,
                    refusal: None,
                    recorded: None,
                }
            }
        })
    }
}

/// What a key row says as soon as it is written.
enum State<'a> {
    /// The work is under way.
    Pending,
    /// The work makes this.
    Done(&'a str),
    /// The stored refusal.
    Refused(&'a str),
    /// It can never take effect.
    Withdrawn,
}

/// Inserts the key if it is free. On PostgreSQL a concurrent holder of the same key is waited for.
async fn claim(
    tx: &Tx,
    key: &Key,
    origin: Option<Digest>,
    now: Instant,
    state: State<'_>,
) -> Result<bool, DbErr> {
    // On a conflict `exec` would be an error and `exec_without_returning` counts no rows (differs).
    let inserted = Entity::insert(key_row(key, origin, now, state)).on_conflict_do_nothing();
    Ok(matches!(
        inserted.exec_without_returning(&**tx).await?,
        TryInsertResult::Inserted(1..)
    ))
}

/// The same for a call that makes this.
pub(crate) async fn claim_as(tx: &Tx, call: &Call, subject: &str) -> Result<bool, DbErr> {
    let state = State::Done(subject);
    claim(tx, &call.key, Some(call.origin), call.now, state).await
}

/// The statement that inserts the key of a call that makes this, if it is free.
pub(crate) fn key_insert(call: &Call, subject: &str) -> InsertStatement {
    let row = key_row(&call.key, Some(call.origin), call.now, State::Done(subject));
    Entity::insert_many([row])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .into_query()
}

fn key_row(key: &Key, origin: Option<Digest>, now: Instant, state: State<'_>) -> ActiveModel {
    let (state, subject, refusal) = match state {
        State::Pending => (PENDING, None, None),
        State::Done(subject) => (DONE, Some(subject.to_string()), None),
        State::Refused(json) => (REFUSED, None, Some(json.to_string())),
        State::Withdrawn => (WITHDRAWN, None, None),
    };
    ActiveModel {
        area: Set(key.area.to_string()),
        caller: Set(key.caller.clone()),
        method: Set(key.method.clone()),
        request_id: Set(key.request_id.to_string()),
        origin: Set(origin.map(|o| o.to_string()).unwrap_or_default()),
        state: Set(state),
        subject: Set(subject),
        refusal: Set(refusal),
        recorded_at: Set(now.micros()),
    }
}

impl Model {
    pub(crate) fn subject_is(&self, subject: &str) -> bool {
        self.subject.as_deref() == Some(subject)
    }
}

pub(crate) async fn standing(tx: &Tx, key: &Key) -> Result<Model, Stop> {
    match find(key).lock_exclusive().one(&**tx).await? {
        Some(row) => Ok(row),
        // Rows are never deleted inside their retention: somebody edited the table.
        None => Err(INTERNAL.refuse().into()),
    }
}

async fn write_state(
    tx: &Tx,
    key: &Key,
    state: i16,
    subject: Option<String>,
    now: Instant,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        state: Set(state),
        subject: Set(subject),
        recorded_at: Set(now.micros()),
        ..Default::default()
    };
    let update = Entity::update_many()
        .set(row)
        .filter(Column::Area.eq(key.area.as_str()))
        .filter(Column::Caller.eq(key.caller.as_str()))
        .filter(Column::Method.eq(key.method.as_str()))
        .filter(Column::RequestId.eq(key.request_id.as_str()));
    update.exec(&**tx).await.map(drop)
}

fn find(key: &Key) -> sea_orm::Select<Entity> {
    Entity::find_by_id((
        key.area.to_string(),
        key.caller.clone(),
        key.method.clone(),
        key.request_id.to_string(),
    ))
}

/// What became of a keyed request, as it is counted.
fn result_of<T>(answer: &Result<Done<T>, Refusal>, again: bool) -> &'static str {
    match answer {
        Ok(done) if done.replayed() => "replayed",
        Ok(_) => "done",
        Err(no) if no.is(&REQUEST_ID_REUSED) => "reused",
        Err(_) if again => "replayed",
        Err(no) if no.kind.is_passing() => "passing",
        Err(_) => "refused",
    }
}

/// The answer to a repeat.
fn recall<T>(row: Model, call: &Call, lists: &[&[&'static Spec]]) -> Result<Done<T>, Refusal> {
    let id = call.key.request_id.as_str();
    if row.state == WITHDRAWN {
        let no = REQUEST_WITHDRAWN
            .refuse()
            .with("request_id", id)
            .at("request_id");
        return Err(no.remember());
    }
    if row.origin != call.origin.to_string() {
        return Err(REQUEST_ID_REUSED
            .refuse()
            .with("request_id", id)
            .at("request_id"));
    }
    match (row.state, row.subject, row.refusal) {
        (DONE, Some(subject), _) => Ok(Done {
            subject,
            made: None,
        }),
        (REFUSED, _, Some(json)) => Err(stored(&json, lists)),
        _ => Err(INTERNAL.refuse()),
    }
}

fn outcome(row: Model, lists: &[&[&'static Spec]]) -> Outcome {
    let state = match row.state {
        DONE => OutcomeState::Done,
        REFUSED => OutcomeState::Refused,
        _ => OutcomeState::Withdrawn,
    };
    Outcome {
        state,
        subject: row.subject.filter(|_| state == OutcomeState::Done),
        refusal: row.refusal.map(|json| stored(&json, lists)),
        recorded: Some(Instant::from_micros(row.recorded_at)),
    }
}

fn stored(json: &str, lists: &[&[&'static Spec]]) -> Refusal {
    match serde_json::from_str::<StoredRefusal>(json) {
        Ok(stored) => stored.recall(lists),
        Err(_) => INTERNAL.refuse(),
    }
}
