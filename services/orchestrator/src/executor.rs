//! 执行: drives sagas, for callers who wait and, with the worker, for those who do not any more.
//!
//! It decides who drives a saga and how long a caller is kept; what a saga does is its body's.

mod worker;

pub use worker::Taken;

use crate::journal::{Patience, SqlJournal};
use crate::metrics::Metrics;
use crate::refusal::{SAGA_ABANDONED, SAGA_STUCK};
use crate::sagas::{self, Asked, Bodies, Told};
use crate::steps::{Peers, Ports};
use crate::store::{self, Beginning, Row, State, Which, Writer};
use ::store::{Db, Key, new_id};
use kernel::refusal::{DEADLINE_EXCEEDED, REQUEST_ID_REUSED, REQUEST_WITHDRAWN};
use kernel::{AreaCode, Clock, Digest, Fault, Outcome, Principal, Refusal, RequestId};
use runtime::{Context, Settings, trace};
use saga::{Body, End, Inquiry, Past, Run, Step, Wish, drive, inquire};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The end of the caller's time that is kept for telling the answer.
const TELLING: Duration = Duration::from_millis(50);
/// How often a caller's saga is looked at that another replica has.
const LOOK_FIRST: Duration = Duration::from_millis(10);
/// The longest time between two looks.
const LOOK_MAX: Duration = Duration::from_millis(250);

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How long a saga is a replica's after each write. A dead replica's sagas are taken up by others
    /// after this. Zero: by anybody at once, and the journal's fence alone keeps them apart.
    pub lease: Duration,
    /// How long one call of a saga with a row may take.
    pub call: Duration,
    /// The pause before the second attempt; each further one is twice as long.
    pub pause: Duration,
}

impl Times {
    /// With calls that a lease outlives.
    pub fn of(lease: Duration) -> Times {
        Times {
            lease,
            call: lease / 2,
            pause: Duration::from_millis(20),
        }
    }

    /// As configured.
    pub fn configured(settings: &Settings) -> Times {
        Times::of(Duration::from_millis(settings.saga_lease_ms))
    }
}

/// Drives sagas.
#[derive(Clone)]
pub struct Executor {
    /// The journals.
    pub db: Db,
    pub(crate) writer: Writer,
    /// The clock of what is told; leases go by the database's.
    pub clock: Arc<dyn Clock>,
    pub(crate) peers: Peers,
    owner: Arc<str>,
    times: Times,
    identity_required: bool,
    bodies: Bodies,
    metrics: Arc<Metrics>,
    /// Rung when a saga may be due.
    bell: Arc<Notify>,
}

/// A request on its way to its saga.
pub struct Request<B> {
    /// The saga.
    pub body: B,
    /// Which method asks for it.
    pub asked: Asked,
    /// The caller's name for it.
    pub request_id: RequestId,
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// The request encoded, if it may need a row.
    pub row: Option<Vec<u8>>,
}

impl Executor {
    /// An executor over its journals and peers.
    pub fn new(db: Db, clock: Arc<dyn Clock>, peers: Peers, times: Times) -> Executor {
        // One name for each life of each replica: a fence of its own besides the number.
        let owner = format!("{}-{}", std::process::id(), new_id(clock.now()));
        Executor {
            writer: Writer::new(db.clone()),
            db,
            clock,
            peers,
            owner: owner.into(),
            times,
            identity_required: false,
            bodies: Bodies::all(),
            metrics: Arc::default(),
            bell: Arc::new(Notify::new()),
        }
    }

    /// The same, where institutions must show who was treated before they settle.
    pub fn requiring_identity(self, identity_required: bool) -> Executor {
        Executor {
            identity_required,
            ..self
        }
    }

    /// The same with other bodies: another version of the program.
    #[cfg(test)]
    pub fn with_bodies(self, bodies: Bodies) -> Executor {
        Executor { bodies, ..self }
    }

    /// The bodies and versions it knows.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.bodies.kinds()
    }

    /// Says that a saga may be due.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Asks what changes nothing.
    pub async fn inquire<Q>(&self, context: &Context, inquiry: &Q) -> Result<Q::Output, Refusal>
    where
        Q: Inquiry<Ports = Ports>,
    {
        let until = deadline(context);
        let ports = self.ports(context.principal.clone(), Some(until), None);
        let journal = self.journal(Patience::Caller(until), None);
        inquire(inquiry, Run::new("", "", ports, journal)).await
    }

    /// Does what is asked once for the caller's request id; true when it had been done before.
    pub async fn perform<B>(
        &self,
        context: &Context,
        request: Request<B>,
    ) -> Result<(B::Output, bool), Refusal>
    where
        B: Body<Ports = Ports, Output: Told>,
    {
        let key = key_of(&context.principal, request.asked, &request.request_id);
        let (id, until) = (request.request_id.as_str(), deadline(context));
        let may_begin = request.row.is_some();
        if may_begin && let Some(row) = self.telling(&key).await? {
            return self
                .standing(&request.body, request.origin, row, until)
                .await;
        }
        let new = Beginning {
            key: key.clone(),
            saga_id: new_id(self.clock.now()).to_string(),
            kind: B::KIND,
            origin: Some(request.origin),
            request: request.row.unwrap_or_default(),
            principal: context.principal.clone(),
            trace: trace::here(),
        };
        let call_max = may_begin.then_some(self.times.call);
        let ports = self.ports(context.principal.clone(), Some(until), call_max);
        let journal = self.journal(Patience::Caller(until), may_begin.then(|| new.clone()));
        let run = Run::new(&new.saga_id, id, ports, journal);
        let end = drive(&request.body, run).await;
        self.metrics.ended(B::KIND, &end);
        let (row, told) = match end {
            End::Done(output) if !output.is_replayed() => return Ok((output, false)),
            // It may have been withdrawn since.
            End::Done(output) | End::Stands(output, _) => {
                (self.telling(&key).await?, Ok((output, true)))
            }
            End::Refused(no) => (self.refused(&new, &no).await?, Err(no)),
            End::Told(no) => return Err(no),
            End::Withdrawn => return Err(withdrawn(id)),
            End::Stuck(_) => return Err(SAGA_STUCK.refuse()),
            End::Rests(_) => return Err(unknown(id)),
            End::Lost => (self.telling(&key).await?, Err(unknown(id))),
            End::Taken => match self.telling(&key).await? {
                Some(row) => (Some(row), Err(unknown(id))),
                // A row that tells nothing: the pivot's key does.
                None => {
                    let principal = context.principal.clone();
                    let told = self.told_by_key(&request.body, principal, id, until);
                    return told.await;
                }
            },
        };
        match row {
            Some(row) => {
                self.standing(&request.body, request.origin, row, until)
                    .await
            }
            None => told,
        }
    }

    /// The saga of a key, if it tells what became of its request. The withdrawal of a request without
    /// a row tells nothing when it was refused: the pivot's key does.
    async fn telling(&self, key: &Key) -> Result<Option<Row>, Refusal> {
        let row = store::find(&self.db, key).await?;
        Ok(row.filter(|row| !row.is_tombstone() || row.state() != State::Done))
    }

    /// Keeps a "no" under its key: where no pivot said it, the pivot's key knows no more than that it
    /// is burned. Answers the saga that has the key already.
    async fn refused(&self, new: &Beginning, no: &Refusal) -> Result<Option<Row>, Refusal> {
        if !no.remembered || no.is(&REQUEST_WITHDRAWN) {
            return self.telling(&new.key).await;
        }
        let now = self.clock.now();
        let kept = self
            .db
            .write(|tx| async move { store::refuse(&tx, new, no, now).await });
        match kept.await? {
            true => Ok(None),
            false => self.telling(&new.key).await,
        }
    }

    /// What stands under a key that has a saga: its outcome, once it has one.
    async fn standing<B>(
        &self,
        body: &B,
        origin: Digest,
        row: Row,
        until: tokio::time::Instant,
    ) -> Result<(B::Output, bool), Refusal>
    where
        B: Body<Ports = Ports>,
    {
        let request_id = row.0.request_id.clone();
        let reused = !row.is_tombstone() && row.0.origin != origin.to_string();
        if reused {
            let no = REQUEST_ID_REUSED.refuse().at("request_id");
            return Err(no.with("request_id", request_id));
        }
        let row = self.settled(row, until).await?;
        match row.state() {
            State::Done if B::TOLD_BY_PIVOT || row.0.kind != B::KIND => {
                self.told_by_pivot(body, &row, until).await
            }
            State::Done => {
                let run = self.retold(row, until).await?;
                match drive(body, run).await {
                    End::Done(output) | End::Stands(output, _) => Ok((output, true)),
                    _ => Err(unknown(&request_id)),
                }
            }
            State::Refused => match row.refusal() {
                Some(no) => Err(no.remember()),
                None => Err(SAGA_STUCK.refuse()),
            },
            State::Withdrawn => Err(withdrawn(&request_id)),
            State::Abandoned if row.0.subject.is_some() => {
                self.told_by_pivot(body, &row, until).await
            }
            State::Abandoned => Err(SAGA_ABANDONED.refuse().remember()),
            State::Stuck => Err(SAGA_STUCK.refuse()),
            State::Running => Err(unknown(&request_id)),
        }
    }

    /// Brings a saga as far as it gets until then: drives it when nobody has it, waits for whoever
    /// has it otherwise.
    async fn settled(&self, row: Row, until: tokio::time::Instant) -> Result<Row, Refusal> {
        let (mut row, mut pause) = (row, LOOK_FIRST);
        let key = key_of_row(&row)?;
        while row.state() == State::Running {
            let which = Which::One(row.0.area.clone(), row.0.saga_id.clone());
            if let Some(taken) = self.adopt(which).await?.into_iter().next() {
                // Its caller's time is over: asking again at once would only use up its attempts.
                if self.work_on(taken, Patience::Caller(until)).await {
                    break;
                }
            } else {
                if tokio::time::Instant::now() + pause + TELLING >= until {
                    break;
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LOOK_MAX);
            }
            row = store::find(&self.db, &key).await?.unwrap_or(row);
            if tokio::time::Instant::now() + TELLING >= until {
                break;
            }
        }
        Ok(row)
    }

    /// What a saga came to, as far as its pivot tells it: how that stands by now, and, where another
    /// version of the body ended it, all that can be told, since its journal is that version's.
    async fn told_by_pivot<B>(
        &self,
        body: &B,
        row: &Row,
        until: tokio::time::Instant,
    ) -> Result<(B::Output, bool), Refusal>
    where
        B: Body<Ports = Ports>,
    {
        let principal = row.principal().ok_or_else(|| SAGA_STUCK.refuse())?;
        self.told_by_key(body, principal, &row.0.request_id, until)
            .await
    }

    /// What stands under the pivot's key of a request.
    async fn told_by_key<B>(
        &self,
        body: &B,
        principal: Principal,
        request_id: &str,
        until: tokio::time::Instant,
    ) -> Result<(B::Output, bool), Refusal>
    where
        B: Body<Ports = Ports>,
    {
        let ports = self.ports(principal, Some(until), None);
        match body.bare().run(&ports, request_id).await {
            Ok(answer) => Ok((body.told(answer), true)),
            Err(Fault::Refused(no)) => Err(no),
            Err(Fault::Unknown(no)) if no.is(&REQUEST_ID_REUSED) => Err(no),
            Err(Fault::Unknown(_)) => Err(unknown(request_id)),
        }
    }

    /// A saga that has ended, to be told again from its journal.
    async fn retold(&self, row: Row, until: tokio::time::Instant) -> Result<Run<Ports>, Refusal> {
        let principal = row.principal().ok_or_else(|| SAGA_STUCK.refuse())?;
        let ports = self.ports(principal, Some(until), None);
        let past = self.past(&row).await?;
        let past = Past {
            ended: true,
            ..past.ok_or_else(|| SAGA_STUCK.refuse())?
        };
        let journal = self.journal(Patience::Caller(until), None);
        Ok(Run::new(row.0.saga_id, row.0.request_id, ports, journal).resumed(past))
    }

    /// Withdraws a whole request by its key, and says what became of it by then.
    pub async fn withdraw(
        &self,
        context: &Context,
        asked: Asked,
        request_id: &RequestId,
    ) -> Result<Outcome, Refusal> {
        let key = key_of(&context.principal, asked, request_id);
        let (until, now) = (deadline(context), self.clock.now());
        let tombstone = Beginning {
            key: key.clone(),
            saga_id: new_id(now).to_string(),
            kind: asked.kind(),
            origin: None,
            request: Vec::new(),
            principal: context.principal.clone(),
            trace: trace::here(),
        };
        let (key_in, new) = (&key, &tombstone);
        self.db
            .write(|tx| async move {
                if store::wish_withdrawn(&tx, key_in, now).await?.is_some() {
                    return Ok(());
                }
                // Not ours yet: whoever takes it up burns the key.
                let free = Duration::ZERO;
                if !store::begin(&tx, new, "", free, &[], now).await? {
                    store::wish_withdrawn(&tx, key_in, now).await?;
                }
                Ok(())
            })
            .await?;
        let row = store::find(&self.db, &key)
            .await?
            .ok_or_else(|| unknown(request_id.as_str()))?;
        let row = self.settled(row, until).await?;
        match (row.state(), row.stood_for()) {
            // Its reversal is refused for now, not for ever.
            (State::Done, Some(mut no)) => {
                no.remembered = false;
                Err(no)
            }
            _ => Ok(row.outcome()),
        }
    }

    /// What became of a request, at this moment.
    pub async fn outcome(
        &self,
        context: &Context,
        asked: Asked,
        request_id: &RequestId,
    ) -> Result<Outcome, Refusal> {
        let key = key_of(&context.principal, asked, request_id);
        if let Some(row) = self.telling(&key).await? {
            return Ok(row.outcome());
        }
        let inquiry = sagas::inquiries::PivotOutcome {
            method: asked.pivot(),
            request_id: request_id.clone(),
        };
        let outcome = self.inquire(context, &inquiry).await?;
        // It may have begun, or have been withdrawn, while the pivot's key was asked.
        match self.telling(&key).await? {
            Some(row) => Ok(row.outcome()),
            None => Ok(outcome),
        }
    }

    /// What a saga has behind it; none when its journal cannot be read.
    async fn past(&self, row: &Row) -> Result<Option<Past>, Refusal> {
        let lines = store::lines_of(self.db.reader(), &row.0.area, &row.0.saga_id).await?;
        let attempts = u32::try_from(row.0.rest_attempts).unwrap_or(u32::MAX);
        let step = row.0.rest_step.and_then(|step| u32::try_from(step).ok());
        let lines: Result<Vec<_>, Refusal> = lines.into_iter().map(store::entry).collect();
        Ok(lines.ok().map(|lines| Past {
            lines,
            wish: match row.0.withdraw {
                true => Wish::Withdraw,
                false => Wish::GoOn,
            },
            rested: step.map(|step| (step, attempts)),
            stood: u32::try_from(row.0.stood).unwrap_or(0),
            ended: false,
        }))
    }

    pub(crate) fn ports(
        &self,
        principal: Principal,
        until: Option<tokio::time::Instant>,
        call_max: Option<Duration>,
    ) -> Arc<Ports> {
        Arc::new(Ports {
            peers: self.peers.clone(),
            principal,
            until,
            call_max,
            identity_required: self.identity_required,
            calls: self.metrics.calls.clone(),
        })
    }

    fn journal(&self, patience: Patience, beginning: Option<Beginning>) -> Box<SqlJournal> {
        Box::new(self.sql_journal(patience, beginning))
    }

    fn sql_journal(&self, patience: Patience, beginning: Option<Beginning>) -> SqlJournal {
        SqlJournal::unbegun(
            self.writer.clone(),
            self.clock.clone(),
            self.owner.clone(),
            self.times,
            patience,
            beginning,
        )
    }
}

fn key_of(principal: &Principal, asked: Asked, request_id: &RequestId) -> Key {
    Key::of(principal, asked.method(), request_id.clone())
}

fn key_of_row(row: &Row) -> Result<Key, Refusal> {
    let stuck = || SAGA_STUCK.refuse();
    Ok(Key {
        area: AreaCode::parse(&row.0.area).map_err(|_| stuck())?,
        caller: row.0.caller.clone(),
        method: row.0.method.clone(),
        request_id: RequestId::parse(&row.0.request_id).map_err(|_| stuck())?,
    })
}

fn deadline(context: &Context) -> tokio::time::Instant {
    tokio::time::Instant::now() + context.left()
}

fn withdrawn(request_id: &str) -> Refusal {
    let no = REQUEST_WITHDRAWN.refuse().at("request_id");
    no.with("request_id", request_id).remember()
}

/// What is told when nobody knows: ask GetOutcome, or again with the same request id.
fn unknown(request_id: &str) -> Refusal {
    DEADLINE_EXCEEDED.refuse().with("request_id", request_id)
}
