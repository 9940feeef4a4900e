//! 同批提交: what several sagas write at the same time, in one transaction.
//!
//! SQLite has one writer and waits for the disk at every commit: whoever's turn it is writes for all
//! who wait. PostgreSQL gathers commits by itself, and there every saga writes for itself: `yibao
//! bench saga --both` shows a gain of four times and more on SQLite with 64 in flight, and none to
//! speak of on PostgreSQL until far more sagas than connections are under way.

use super::{Beginning, Holder, begin, renew, write};
use kernel::Instant;
use saga::{Change, Entry, Lost, Wish};
use sea_orm::DbBackend;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Db, Stop, Tx};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Mutex as Turn, oneshot};

/// Writes in one transaction at most: a commit's wait is shared, the statements are not.
const TOGETHER_MAX: usize = 64;

/// One write of one saga.
pub enum Write {
    /// Its row, ours for so long, and the lines it has already.
    Begin(Beginning, Arc<str>, Duration, Vec<Entry>, Instant),
    /// Lines and a change; how long it is ours from then on, and how long it rests.
    Append(Holder, Vec<Entry>, Change, (Duration, Duration), Instant),
    /// It is ours for longer.
    Renew(Holder, Duration),
}

/// Writes the journals of all sagas of this replica.
#[derive(Clone)]
pub struct Writer {
    db: Db,
    together: bool,
    waiting: Arc<Mutex<VecDeque<Waiting>>>,
    turn: Arc<Turn<()>>,
}

/// A write, and who waits for what comes of it.
struct Waiting(Write, oneshot::Sender<Result<Wish, Lost>>);

impl Writer {
    /// A writer as it fits the store.
    pub fn new(db: Db) -> Writer {
        let together = db.reader().get_database_backend() == DbBackend::Sqlite;
        Writer {
            db,
            together,
            waiting: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// The same writer, with commits that are shared or not.
    pub fn with_together(self, together: bool) -> Writer {
        Writer { together, ..self }
    }

    /// Writes durably, or says that nothing may be concluded.
    pub async fn write(&self, write: Write) -> Result<Wish, Lost> {
        if !self.together {
            return self.alone(&write).await;
        }
        let (told, mut heard) = oneshot::channel();
        self.queue(|waiting| waiting.push_back(Waiting(write, told)));
        loop {
            let turn = tokio::select! {
                biased;
                // Written by another; or its writer is gone, and with it the answer.
                answer = &mut heard => return answer.unwrap_or(Err(Lost::Gone)),
                turn = self.turn.lock() => turn,
            };
            match heard.try_recv() {
                // Written while the turn passed on; or its writer is gone, and with it the answer.
                Ok(answer) => return answer,
                Err(TryRecvError::Closed) => return Err(Lost::Gone),
                Err(TryRecvError::Empty) => {}
            }
            let some = |waiting: &mut VecDeque<Waiting>| {
                let many = waiting.len().min(TOGETHER_MAX);
                waiting.drain(..many).collect::<Vec<_>>()
            };
            let batch = self.queue(some);
            self.all(batch).await;
            drop(turn);
        }
    }

    fn queue<T>(&self, change: impl FnOnce(&mut VecDeque<Waiting>) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One transaction for all of them. Where one breaks a constraint, each is tried alone: it is
    /// not the others' fault.
    async fn all(&self, batch: Vec<Waiting>) {
        let answers = match self.at_once(&batch).await {
            Ok(answers) => answers,
            Err(Stop::Fault(fault)) if fault.sql_err().is_some() => {
                let mut answers = Vec::with_capacity(batch.len());
                for Waiting(write, _) in &batch {
                    answers.push(self.alone(write).await);
                }
                answers
            }
            Err(stop) => vec![Err(gone(stop)); batch.len()],
        };
        for (Waiting(_, told), answer) in batch.into_iter().zip(answers) {
            // Whoever asked may be gone; what is written is written.
            told.send(answer).ok();
        }
    }

    async fn at_once(&self, batch: &[Waiting]) -> Result<Vec<Result<Wish, Lost>>, Stop> {
        let written = self.db.write(|tx| async move {
            let mut answers = Vec::with_capacity(batch.len());
            for Waiting(write, _) in batch {
                answers.push(write.perform(&tx).await?);
            }
            Ok(answers)
        });
        written.await
    }

    async fn alone(&self, write: &Write) -> Result<Wish, Lost> {
        let written = self.db.write(|tx| async move { write.perform(&tx).await });
        written.await.unwrap_or_else(|stop| Err(gone(stop)))
    }
}

impl Write {
    async fn perform(&self, tx: &Tx) -> Result<Result<Wish, Lost>, Stop> {
        match self {
            Write::Begin(new, owner, lease, lines, now) => {
                let begun = begin(tx, new, owner, *lease, lines, *now).await?;
                Ok(begun.then_some(Wish::GoOn).ok_or(Lost::Taken))
            }
            Write::Append(holder, lines, change, times, now) => {
                write(tx, holder, lines, change, *times, *now).await
            }
            Write::Renew(holder, lease) => {
                Ok(renew(tx, holder, *lease).await?.map(|()| Wish::GoOn))
            }
        }
    }
}

/// A journal that is silent: nothing may be concluded from what was or was not written.
fn gone(stop: Stop) -> Lost {
    match stop {
        Stop::Refused(no) => tracing::warn!(code = %no.code, "a journal is not written"),
        Stop::Fault(fault) => tracing::warn!(error = %fault, "a journal is not written"),
    }
    Lost::Gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::saga_line;
    use crate::migration::Migrator;
    use crate::store::{find, lines_of};
    use futures_util::future::join_all;
    use kernel::{AreaCode, Digest, Principal, RequestId, Role};
    use saga::What;
    use sea_orm::{ActiveValue::Set, EntityTrait};
    use std::sync::atomic::Ordering;
    use store::testing::TestDatabase;
    use store::{DbConfig, Key};

    const LEASE: Duration = Duration::from_secs(6);
    const SAGAS: usize = 8;

    async fn writer(on: &TestDatabase) -> Writer {
        let config = DbConfig {
            url: on.url(crate::NAME),
            schema: crate::NAME.into(),
            connections: 4,
        };
        Writer::new(Db::open::<Migrator>(&config).await.unwrap()).with_together(true)
    }

    fn saga(number: usize) -> Beginning {
        let principal = Principal {
            caller: "clerk".into(),
            on_behalf_of: None,
            area: AreaCode::parse("152501").unwrap(),
            roles: vec![Role::Clerk],
        };
        let request_id = RequestId::parse(&format!("R{number}")).unwrap();
        Beginning {
            key: Key::of(&principal, "Settle", request_id),
            saga_id: format!("S{number}"),
            kind: "test.v1",
            origin: Some(Digest::of(b"request")),
            request: Vec::new(),
            principal,
            trace: None,
        }
    }

    fn begin(number: usize) -> Write {
        let owner = "owner".into();
        Write::Begin(
            saga(number),
            owner,
            LEASE,
            Vec::new(),
            Instant::from_micros(1),
        )
    }

    fn append(number: usize, fence: i64) -> Write {
        let holder = Holder {
            area: "152501".into(),
            saga_id: format!("S{number}"),
            owner: "owner".into(),
            fence,
            lines: 0,
        };
        let line = Entry {
            step: 0,
            name: "step".into(),
            what: What::Undone,
        };
        let times = (LEASE, Duration::ZERO);
        Write::Append(
            holder,
            vec![line],
            Change::Go,
            times,
            Instant::from_micros(2),
        )
    }

    /// What comes of writes at the same time, and in how many commits.
    async fn at_once(
        writer: &Writer,
        writes: impl Iterator<Item = Write>,
    ) -> (Vec<Result<Wish, Lost>>, u64) {
        let commits = || writer.db.counts().commits.load(Ordering::Relaxed);
        let before = commits();
        let answers = join_all(writes.map(|write| writer.write(write))).await;
        (answers, commits() - before)
    }

    #[tokio::test]
    async fn writes_at_the_same_time_share_a_commit() {
        let on = TestDatabase::open().await.unwrap();
        let writer = writer(&on).await;
        // The first does not wait for others; those that come meanwhile go together.
        let (begun, commits) = at_once(&writer, (0..SAGAS).map(begin)).await;
        assert_eq!((begun, commits), (vec![Ok(Wish::GoOn); SAGAS], 2));
        let (again, _) = at_once(&writer, (0..SAGAS).map(begin)).await;
        assert_eq!(again, vec![Err(Lost::Taken); SAGAS]);
        for number in 0..SAGAS {
            let row = find(&writer.db, &saga(number).key).await.unwrap();
            assert_eq!(row.unwrap().0.saga_id, format!("S{number}"));
        }
    }

    #[tokio::test]
    async fn one_that_fails_fails_alone() {
        let on = TestDatabase::open().await.unwrap();
        let writer = writer(&on).await;
        at_once(&writer, (0..SAGAS).map(begin)).await;
        // Somebody edited the journal: the place of the line is taken, and the statement fails.
        let taken = saga_line::ActiveModel {
            area: Set("152501".into()),
            saga_id: Set("S5".into()),
            number: Set(0),
            step: Set(0),
            name: Set("another".into()),
            what: Set("\"Undone\"".into()),
            written_by: Set("another".into()),
            written_at: Set(0),
        };
        let taken = saga_line::Entity::insert(taken).exec_without_returning(writer.db.reader());
        taken.await.unwrap();
        // And one has been taken up by another replica.
        let fence = |number| if number == 3 { 2 } else { 1 };
        let (answers, _) = at_once(&writer, (0..SAGAS).map(|n| append(n, fence(n)))).await;
        for (number, answer) in answers.into_iter().enumerate() {
            let fails = [3, 5].contains(&number);
            assert_eq!(
                answer,
                if fails {
                    Err(Lost::Gone)
                } else {
                    Ok(Wish::GoOn)
                }
            );
            let id = format!("S{number}");
            let lines = lines_of(writer.db.reader(), "152501", &id).await.unwrap();
            assert_eq!(lines.len(), usize::from(number != 3), "{id}");
        }
    }
}
