//! 接手: takes up sagas that nobody has, and drives each as far as it gets. What a program does not
//! know it leaves to whoever does.

use super::Executor;
use crate::journal::Patience;
use crate::refusal::SAGA_STUCK;
use crate::sagas::Asked;
use crate::steps;
use crate::store::{self, Holder, Row, Which};
use kernel::{Principal, Refusal};
use runtime::trace;
use saga::{Change, End, Journal, Run, withdraw_unbegun};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

/// How often the worker looks for sagas that are due.
const WORK_PERIOD: Duration = Duration::from_millis(250);
/// Sagas taken up at once.
const ADOPTED_MAX: usize = 64;

/// A saga taken up just now.
pub struct Taken {
    row: Row,
    /// From when its lease counts by our own clock: before the database was asked.
    since: Instant,
}

impl Taken {
    /// Its body and version.
    pub fn kind(&self) -> &str {
        &self.row.0.kind
    }
}

impl Executor {
    /// Takes up what nobody has, for ever, off the requests' path.
    pub async fn keep_working(self) {
        let places = Arc::new(Semaphore::new(ADOPTED_MAX));
        let mut working = JoinSet::new();
        loop {
            while working.try_join_next().is_some() {}
            let taken = match self.take_due(places.available_permits()).await {
                Ok(taken) => taken,
                Err(no) => {
                    tracing::warn!(code = %no.code, "sagas cannot be taken up");
                    Vec::new()
                }
            };
            let none = taken.is_empty();
            for row in taken {
                let Ok(place) = places.clone().acquire_owned().await else {
                    return;
                };
                let executor = self.clone();
                working.spawn(async move {
                    executor.work_on(row, Patience::Nobody).await;
                    drop(place);
                });
            }
            if none {
                tokio::select! {
                    () = self.bell.notified() => {}
                    () = tokio::time::sleep(WORK_PERIOD) => {}
                }
            }
        }
    }

    /// Takes up to `most` sagas that are due.
    pub async fn take_due(&self, most: usize) -> Result<Vec<Taken>, Refusal> {
        if most == 0 || !store::due(&self.db, &self.bodies.kinds()).await? {
            return Ok(Vec::new());
        }
        let most = u64::try_from(most).unwrap_or(1);
        self.adopt(Which::Due(most)).await
    }

    pub(super) async fn adopt(&self, which: Which) -> Result<Vec<Taken>, Refusal> {
        let which = &which;
        // What this program does not know it leaves to whoever does: a newer one beside it.
        let (kinds, owner, lease) = (&self.bodies.kinds(), &*self.owner, self.times.lease);
        let since = Instant::now();
        let taken = self
            .db
            .write(|tx| async move { store::adopt(&tx, which, kinds, owner, lease).await });
        let taken = taken.await?;
        for row in &taken {
            self.metrics.taken_up(row);
        }
        let taken = taken.into_iter();
        Ok(taken.map(|row| Taken { row, since }).collect())
    }

    /// Drives a saga that was taken up just now, as far as it gets; true when it rests, and shall be
    /// taken up when it is due.
    pub async fn work_on(&self, taken: Taken, patience: Patience) -> bool {
        let (id, kind) = (taken.row.0.saga_id.clone(), taken.row.0.kind.clone());
        let span = tracing::info_span!(
            target: "trace",
            "saga",
            otel.name = &*kind,
            yibao.saga.id = &*id,
            yibao.saga.fence = taken.row.0.fence,
        );
        // While its caller waits it is a part of what that caller does now; else it goes on where
        // its request was.
        let begun = taken.row.0.trace.as_deref();
        match patience {
            Patience::Nobody => trace::go_on(&span, begun),
            Patience::Caller(_) => trace::point_to(&span, begun),
        }
        let driven = self.driven(taken, patience).instrument(span).await;
        if let Ok(end) = &driven {
            self.metrics.ended(&kind, end);
        }
        match &driven {
            Ok(End::Stuck(no)) => tracing::error!(saga = %id, %kind, code = %no.code, "stuck"),
            Ok(End::Lost) => tracing::warn!(saga = %id, %kind, "lost to another"),
            Ok(_) => {}
            // The database is away, or busy: it is taken up again.
            Err(no) => tracing::warn!(saga = %id, %kind, code = %no.code, "cannot be driven now"),
        }
        matches!(driven, Ok(End::Rests(_)))
    }

    async fn driven(&self, taken: Taken, patience: Patience) -> Result<End<()>, Refusal> {
        let Taken { row, since } = taken;
        let until = match patience {
            Patience::Caller(until) => Some(until),
            Patience::Nobody => None,
        };
        let holder = Holder {
            area: row.0.area.clone(),
            saga_id: row.0.saga_id.clone(),
            owner: self.owner.to_string(),
            fence: row.0.fence,
            lines: row.0.lines,
        };
        let mut journal = self.sql_journal(patience, None).held(holder, since);
        let asked = Asked::of(&row.0.method).filter(|_| row.is_tombstone());
        let read = |principal: Principal| {
            let body = self.bodies.read(&row.0.kind, &principal, &row.0.request);
            (asked.is_some() || body.is_some()).then_some((principal, body))
        };
        let past = self.past(&row).await?;
        let (Some((principal, body)), Some(past)) = (row.principal().and_then(read), past) else {
            // Its version is known, and what is stored is not what that version wrote.
            let no = SAGA_STUCK.refuse();
            let written = journal.write(&[], Change::Stuck(no.clone())).await;
            return Ok(written.map_or(End::Lost, |_| End::Stuck(no)));
        };
        let ports = self.ports(principal, until, Some(self.times.call));
        let run = Run::new(&row.0.saga_id, &row.0.request_id, ports, Box::new(journal));
        let run = run.resumed(past);
        Ok(match (asked, body) {
            (Some(asked), _) => withdraw_unbegun(&steps::bare::Bare(asked), run).await,
            (None, Some(body)) => body.drive(run).await,
            (None, None) => End::Lost,
        })
    }
}
