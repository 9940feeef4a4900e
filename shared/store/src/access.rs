//! 访问记录: who read what is known of whom. Entries are appended in groups: whoever comes while a
//! group is being written waits for the next one, so that many reads share a commit; and nobody is
//! answered before their entry is durable.
//!
//! Nothing here changes or deletes an entry.

mod denied;
mod read;

pub use read::page;

use crate::db::{Db, Stop, Tx};
use crate::entity::{access_entry, access_subject};
use crate::new_id;
use denied::{Denied, Verdict};
use kernel::refusal::{ACCESS_LOG_UNAVAILABLE, OVERLOADED};
use kernel::{Clock, Instant, Refusal, Seen, SeenKind};
use sea_orm::ActiveValue::Set;
use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedMutexGuard, oneshot};

/// Entries that wait to be written at most; who comes then is refused as at overload.
const WAITING_MAX: usize = 4_096;
/// Entries of one group at most: so long one commit may be, beside other writers.
const GROUP_MAX: usize = 256;
/// How long a group may take to be written: a database that is gone without a word must not keep all
/// readers waiting for ever.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// Ids of one group at most, for the same reason; a single entry may have as many alone.
const GROUP_SUBJECTS_MAX: usize = 4_000;

/// What calls the log: `runtime` names the same type, and neither crate knows the other.
pub type Witness =
    Arc<dyn Fn(Seen) -> Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send>> + Send + Sync>;

/// The access log of one database.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held while a group is written.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// True while a task writes what waits.
    writing: bool,
    denied: Denied,
}

/// An entry to be written, and who waits for it.
struct Waiting {
    seen: Seen,
    times: u32,
    done: Option<oneshot::Sender<bool>>,
}

impl Log {
    /// The log in `db`.
    pub fn new(db: &Db, clock: Arc<dyn Clock>) -> Log {
        Log(Arc::new(Inner {
            db: db.without_faults(),
            clock,
            state: Mutex::default(),
            turn: Arc::default(),
        }))
    }

    /// What a service's layers call.
    pub fn witness(&self) -> Witness {
        let log = self.clone();
        Arc::new(move |seen| {
            let log = log.clone();
            Box::pin(async move { log.append(seen).await })
        })
    }

    /// Writes an entry and answers when it is durable. Of denied attempts of one caller and method
    /// only some a minute are written each; the others are counted in one entry.
    pub async fn append(&self, seen: Seen) -> Result<(), Refusal> {
        let Some(done) = self.enqueue(seen)? else {
            return Ok(());
        };
        match done.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(ACCESS_LOG_UNAVAILABLE.refuse()),
        }
    }

    /// How many entries wait, those that are being written not among them.
    pub fn waiting(&self) -> usize {
        self.0.state().waiting.len()
    }

    /// Holds the writing of groups for as long as the guard lives: what a test proves the grouping
    /// with.
    pub async fn hold(&self) -> OwnedMutexGuard<()> {
        self.0.turn.clone().lock_owned().await
    }

    /// Puts an entry in the queue, and sees that somebody writes; nothing to wait for where it is
    /// only counted.
    fn enqueue(&self, seen: Seen) -> Result<Option<oneshot::Receiver<bool>>, Refusal> {
        let now = self.0.clock.now();
        let mut state = self.0.state();
        // What was counted in minutes that are over comes first, as long as there is room.
        let room = WAITING_MAX.saturating_sub(state.waiting.len());
        let counted = state.denied.ended(now, room);
        state
            .waiting
            .extend(counted.into_iter().map(Waiting::counted));
        let verdict = match seen.kind {
            SeenKind::Read => Verdict::Write,
            SeenKind::Denied => state.denied.judge(&seen, now),
        };
        let mut answer = Ok(None);
        if verdict == Verdict::Write {
            if state.waiting.len() >= WAITING_MAX {
                answer = Err(OVERLOADED.refuse());
            } else {
                let (done, waits) = oneshot::channel();
                let (times, done) = (1, Some(done));
                state.waiting.push_back(Waiting { seen, times, done });
                answer = Ok(Some(waits));
            }
        }
        if !state.writing && !state.waiting.is_empty() {
            state.writing = true;
            // A task of its own: whoever waits may give up, and the others must not wait with them.
            tokio::spawn(write_all(self.0.clone()));
        }
        answer
    }
}

impl Waiting {
    fn counted((seen, times): (Seen, u32)) -> Waiting {
        let done = None;
        Waiting { seen, times, done }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is written next; when nothing waits, nobody writes any more.
    fn next_group(&self) -> Vec<Waiting> {
        let mut state = self.state();
        let mut subjects = 0;
        let fitting = state.waiting.iter().take_while(|waiting| {
            subjects += waiting.seen.subjects.len();
            subjects <= GROUP_SUBJECTS_MAX
        });
        let count = fitting.count().clamp(1, GROUP_MAX);
        let count = count.min(state.waiting.len());
        let group: Vec<Waiting> = state.waiting.drain(..count).collect();
        state.writing = !group.is_empty();
        group
    }
}

/// Whoever writes. When that ends in a panic those who wait hear that nothing was written, and the next
/// who comes finds that nobody writes.
struct Writer(Arc<Inner>);

impl Drop for Writer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut state = self.0.state();
            state.writing = false;
            state.waiting.clear();
        }
    }
}

/// Writes group after group until nothing waits.
async fn write_all(log: Arc<Inner>) {
    let _writer = Writer(log.clone());
    loop {
        let turn = log.turn.lock().await;
        let mut group = log.next_group();
        if group.is_empty() {
            return;
        }
        let waits: Vec<_> = group.iter_mut().map(|w| mem::take(&mut w.done)).collect();
        let now = log.clock.now();
        let rows: Vec<Rows> = group.into_iter().map(|w| rows(w, now)).collect();
        let rows = &rows;
        let writing = log.db.write(|tx| insert(tx, rows));
        let fault = match tokio::time::timeout(WRITE_MAX, writing).await {
            Ok(Ok(())) => None,
            Ok(Err(Stop::Refused(no))) => Some(no.code.to_string()),
            Ok(Err(Stop::Fault(fault))) => Some(fault.to_string()),
            Err(_) => Some("the database did not answer in time".to_string()),
        };
        if let Some(error) = &fault {
            tracing::error!(
                error,
                entries = rows.len(),
                "the access log cannot be written"
            );
        }
        drop(turn);
        for done in waits.into_iter().flatten() {
            // Who gave up does not hear it.
            done.send(fault.is_none()).ok();
        }
    }
}

type Rows = (access_entry::ActiveModel, Vec<access_subject::ActiveModel>);

fn rows(waiting: Waiting, now: Instant) -> Rows {
    let Waiting { seen, times, .. } = waiting;
    let id = new_id(now).to_string();
    let area = seen.area.to_string();
    let roles: Vec<&str> = seen.roles.iter().map(|role| role.name()).collect();
    let entry = access_entry::ActiveModel {
        area: Set(area.clone()),
        entry_id: Set(id.clone()),
        at: Set(now.micros()),
        caller: Set(seen.caller),
        roles: Set(roles.join(" ")),
        method: Set(seen.method),
        kind: Set(match seen.kind {
            SeenKind::Read => 0,
            SeenKind::Denied => 1,
        }),
        subject_count: Set(i32::try_from(seen.subject_count).unwrap_or(i32::MAX)),
        purpose: Set(seen.purpose),
        outcome: Set(seen.outcome.to_string()),
        trace_id: Set(seen.trace_id),
        times: Set(i32::try_from(times).unwrap_or(i32::MAX)),
    };
    let subject = |subject| access_subject::ActiveModel {
        area: Set(area.clone()),
        subject: Set(subject),
        entry_id: Set(id.clone()),
    };
    (entry, seen.subjects.into_iter().map(subject).collect())
}

async fn insert(tx: Tx, rows: &[Rows]) -> Result<(), Stop> {
    let entries = rows.iter().map(|(entry, _)| entry.clone()).collect();
    tx.insert_all::<access_entry::Entity, _>(entries).await?;
    let subjects = rows.iter().flat_map(|(_, subjects)| subjects.clone());
    let subjects: Vec<_> = subjects.collect();
    Ok(tx.insert_all::<access_subject::Entity, _>(subjects).await?)
}
