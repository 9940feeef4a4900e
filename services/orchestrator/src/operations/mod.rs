//! 长事务运维: what operators see of sagas and do about them: one method per RPC, load, decide, store.
//!
//! It decides who may leave a saga as it stands; what a saga does is its own body's.
//! An operator is never told what a caller sent or a peer answered.

mod decide;
mod reckon;

pub use decide::Action;
pub use reckon::{Reckoning, Standing};

use crate::executor::Executor;
use crate::refusal::{self, SAGA_UNKNOWN};
use crate::steps::bare::Bare;
use crate::store::operations::{self as store, Filter, Seen, Tally};
use crate::store::{Line, line, lines_of};
use ::store::access;
use ::store::chain::Checked;
use ::store::event::{self, Event};
use ::store::{Call, Done, Key, Made, Stop, Tx, new_id, page};
use kernel::refusal::UNAVAILABLE;
use kernel::{
    AccessEntry, AccessFilter, AreaCode, Digest, Outcome, Refusal, SagaId, SealedEvent, Spec,
};
use runtime::Context;
use saga::{Body, Burned, Pivot};
use serde_json::json;

/// Refusals that may stand in this service's key rows.
const LISTS: &[&[&Spec]] = &[refusal::ALL, kernel::refusal::ALL];

/// What operators do, over the sagas' executor.
#[derive(Clone)]
pub struct Operations {
    /// What drives the sagas.
    pub executor: Executor,
}

/// A page of sagas.
pub struct Page {
    /// The sagas.
    pub sagas: Vec<Seen>,
    /// For the next page.
    pub next: String,
    /// How many there are in all; on the first page.
    pub tallies: Vec<Tally>,
}

impl Operations {
    /// Sagas that meet the filter, behind an id.
    pub async fn list(
        &self,
        area: &AreaCode,
        filter: &Filter,
        size: u64,
        after: &str,
    ) -> Result<Page, Refusal> {
        let db = &self.executor.db;
        let rows = store::page(db, area, filter, after, size.saturating_add(1)).await?;
        let (sagas, next) = page::cut(rows, size, |seen| &seen.saga_id);
        let tallies = match after {
            "" => store::tallies(db, area, filter).await?,
            _ => Vec::new(),
        };
        Ok(Page {
            sagas,
            next,
            tallies,
        })
    }

    /// One saga with its journal.
    pub async fn get(&self, area: &AreaCode, id: SagaId) -> Result<(Seen, Vec<Line>), Refusal> {
        let db = &self.executor.db;
        let seen = self.found(area, &id.to_string()).await?;
        let lines = lines_of(db.reader(), area.as_str(), &seen.saga_id).await?;
        let lines = lines.into_iter().map(line).collect();
        Ok((seen, lines))
    }

    /// Takes up a saga; true when an earlier attempt had done it.
    pub async fn direct(
        &self,
        call: &Call,
        id: SagaId,
        action: Action,
        reason: &str,
    ) -> Result<(Seen, bool), Refusal> {
        let done = self.executor.db.once(call, LISTS, |tx| async move {
            let (area, seen) = (&call.key.area, locked(&tx, call, id).await?);
            decide::direct(&seen, action)?;
            let (saga, note) = (&seen.saga_id, note(call, action, reason));
            match action {
                Action::Retry => store::retry(&tx, area, saga, &note).await?,
                Action::Resume => store::resume(&tx, area, saga, (&note, call.now)).await?,
            }
            made(&tx, call, action.event(), seen, reason).await
        });
        let answer = self.answer(call, done.await?).await?;
        self.executor.ring();
        Ok(answer)
    }

    /// How many sagas an action fits of those that meet the filter.
    pub async fn count(
        &self,
        area: &AreaCode,
        filter: &Filter,
        action: Action,
    ) -> Result<i64, Refusal> {
        match decide::fitting(filter, action) {
            Some(fitting) => Ok(store::count(&self.executor.db, area, &fitting).await?),
            None => Ok(0),
        }
    }

    /// Takes up all sagas that meet the filter and that the action fits; answers how many, and true
    /// when an earlier attempt had done it.
    pub async fn direct_all(
        &self,
        call: &Call,
        filter: &Filter,
        action: Action,
        reason: &str,
    ) -> Result<(i64, bool), Refusal> {
        let fitting = &decide::fitting(filter, action);
        let done = self.executor.db.once(call, LISTS, |tx| async move {
            let area = &call.key.area;
            let sagas = match fitting {
                Some(fitting) => {
                    let note = note(call, action, reason);
                    store::take_up_many(&tx, area, fitting, (&note, call.now)).await?
                }
                None => 0,
            };
            // The count is part of what was made: a repeat is told the same.
            let subject = format!("{}/{sagas}", new_id(call.now));
            let facts = json!({
                "by": call.key.caller,
                "reason_digest": digest_of(reason),
                "kind": filter.kind,
                "fault_code": filter.fault_code,
                "caller": filter.caller,
                "request_id": filter.request_id,
                "began_until": filter.began_until.map(|until| until.micros()),
                "sagas": sagas,
            });
            tell(&tx, call, action.event_of_many(), &subject, facts).await?;
            Ok(Made {
                subject,
                value: sagas,
            })
        });
        let done = done.await?;
        self.executor.ring();
        let told = done
            .subject
            .rsplit('/')
            .next()
            .and_then(|count| count.parse().ok());
        Ok((told.unwrap_or(0), done.replayed()))
    }

    /// Proposes to abandon a stuck saga; true when an earlier attempt had done it.
    pub async fn propose(
        &self,
        call: &Call,
        id: SagaId,
        reason: &str,
    ) -> Result<(Seen, bool), Refusal> {
        let done = self.executor.db.once(call, LISTS, |tx| async move {
            let seen = locked(&tx, call, id).await?;
            decide::stuck(&seen)?;
            let by = call.key.caller.as_str();
            store::propose(&tx, &call.key.area, &seen.saga_id, (by, reason)).await?;
            made(&tx, call, "saga.abandonment_proposed", seen, reason).await
        });
        self.answer(call, done.await?).await
    }

    /// Abandons a stuck saga that another person proposed to abandon; true when an earlier attempt
    /// had done it. Its pivot's key is burned first: what its caller is told then is so for ever.
    pub async fn approve(
        &self,
        context: &Context,
        call: &Call,
        id: SagaId,
    ) -> Result<(Seen, bool), Refusal> {
        let seen = store::seen(self.executor.db.reader(), &call.key.area, &id.to_string()).await?;
        let concluded = match seen {
            Some(seen) if decide::approve(&seen, &call.key.caller).is_ok() => {
                self.concluded(context, id).await?
            }
            // It is refused, or told again: nothing is burned for that.
            _ => None,
        };
        let subject = concluded.as_deref();
        let done = self.executor.db.once(call, LISTS, |tx| async move {
            let seen = locked(&tx, call, id).await?;
            let reason = decide::approve(&seen, &call.key.caller)?.to_string();
            store::abandon(&tx, &call.key.area, &seen.saga_id, subject, call.now).await?;
            made(&tx, call, "saga.abandoned", seen, &reason).await
        });
        self.answer(call, done.await?).await
    }

    /// Nobody can commit a saga any more; the id of what was made, if somebody has and it stands.
    async fn concluded(&self, context: &Context, id: SagaId) -> Result<Option<String>, Refusal> {
        let subject = self.subject(context, id).await?;
        let until = tokio::time::Instant::now() + context.left();
        let ports = self
            .executor
            .ports(subject.principal.clone(), Some(until), None);
        let pivot = Bare(subject.asked).bare();
        let burned = pivot.burn(&ports, &subject.seen.request_id).await;
        let burned = burned.map_err(|fault| {
            let heard = fault.into_refusal();
            UNAVAILABLE.refuse().with("part", heard.code)
        })?;
        match burned {
            Burned::Done(made) if !subject.is_reversed() => Ok(Some(made)),
            Burned::Done(_) | Burned::Never | Burned::Refused => Ok(None),
        }
    }

    /// What became of an operator's request.
    pub async fn outcome(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.executor.db.outcome(key, LISTS).await
    }

    /// Burns the key of an operator's request.
    pub async fn burn(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.executor
            .db
            .burn(key, self.executor.clock.now(), LISTS)
            .await
    }

    /// Sealed events.
    pub async fn events(
        &self,
        area: &AreaCode,
        after: i64,
        size: u64,
    ) -> Result<Vec<SealedEvent>, Refusal> {
        event::list(&self.executor.db, area, after, size).await
    }

    /// 访问记录: who read what is known of people.
    pub async fn accesses(
        &self,
        area: &AreaCode,
        filter: &AccessFilter,
        place: (u64, &str),
    ) -> Result<(Vec<AccessEntry>, String), Refusal> {
        access::page(&self.executor.db, area, filter, place).await
    }

    /// 验链: how far the chain of events holds.
    pub async fn chain(&self, after: i64, blocks: u64) -> Result<Checked, Refusal> {
        event::check(&self.executor.db, after, blocks).await
    }

    /// The saga as it stands now.
    async fn answer(&self, call: &Call, done: Done<()>) -> Result<(Seen, bool), Refusal> {
        let seen = self.found(&call.key.area, &done.subject).await?;
        Ok((seen, done.replayed()))
    }

    async fn found(&self, area: &AreaCode, id: &str) -> Result<Seen, Refusal> {
        let found = store::seen(self.executor.db.reader(), area, id).await?;
        found.ok_or_else(|| unknown(id))
    }
}

async fn locked(tx: &Tx, call: &Call, id: SagaId) -> Result<Seen, Stop> {
    let id = id.to_string();
    let found = store::lock(tx, &call.key.area, &id).await?;
    found.ok_or_else(|| unknown(&id).into())
}

/// What stands with a saga of why an operator took it up, where who reads it is written down.
fn note(call: &Call, action: Action, reason: &str) -> String {
    let at = call.now.in_shanghai();
    format!("{at} {} {}：{reason}\n", call.key.caller, action.event())
}

/// People write what should not be told: an event says by this which words they were.
fn digest_of(reason: &str) -> String {
    Digest::of(reason.as_bytes()).to_string()
}

/// Tells who did what with a saga, when and why.
async fn made(
    tx: &Tx,
    call: &Call,
    kind: &'static str,
    seen: Seen,
    reason: &str,
) -> Result<Made<()>, Stop> {
    let facts = json!({
        "by": call.key.caller,
        "reason_digest": digest_of(reason),
        "kind": seen.kind,
        "method": seen.method,
        "proposed_by": seen.abandon_by,
    });
    tell(tx, call, kind, &seen.saga_id, facts).await?;
    Ok(Made {
        subject: seen.saga_id,
        value: (),
    })
}

async fn tell(
    tx: &Tx,
    call: &Call,
    kind: &'static str,
    subject: &str,
    facts: serde_json::Value,
) -> Result<(), Stop> {
    let told = Event {
        area: call.key.area.clone(),
        kind,
        subject: subject.to_string(),
        facts,
    };
    Ok(event::record(tx, call.now, told).await?)
}

fn unknown(id: &str) -> Refusal {
    SAGA_UNKNOWN.refuse().with("saga_id", id).at("saga_id")
}
