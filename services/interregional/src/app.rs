//! One method per RPC: load, decide, store.

use crate::domain::{NewParticipant, Participant};
use crate::{refusal, store};
use ::store::access;
use ::store::chain::Checked;
use ::store::event::{self, Event};
use ::store::{Call, Db, Key, Made, new_id, page};
use kernel::{
    AccessEntry, AccessFilter, AreaCode, Clock, Outcome, ParticipantId, Refusal, SealedEvent, Spec,
};
use std::sync::Arc;

/// Refusals that may stand in this service's key rows.
pub const LISTS: &[&[&Spec]] = &[refusal::ALL, kernel::refusal::ALL];

/// The service's decisions over its store.
pub struct App {
    /// The service's database.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl App {
    /// Registers a participant; true when an earlier attempt had done it.
    pub async fn register(
        &self,
        call: &Call,
        new: &NewParticipant,
    ) -> Result<(Participant, bool), Refusal> {
        let area = &call.key.area;
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                let participant = Participant {
                    id: ParticipantId(new_id(call.now)),
                    region: new.region.clone(),
                    name: new.name.clone(),
                    from: new.from,
                };
                store::insert(&tx, area, &participant).await?;
                let told = Event {
                    area: area.clone(),
                    kind: "participant.registered",
                    subject: participant.id.to_string(),
                    facts: serde_json::json!({ "region_code": new.region }),
                };
                event::record(&tx, call.now, told).await?;
                Ok(Made {
                    subject: participant.id.to_string(),
                    value: participant,
                })
            })
            .await?;
        match done.made {
            Some(participant) => Ok((participant, false)),
            None => Ok((store::find(&self.db, area, &done.subject).await?, true)),
        }
    }

    /// Withdraws a registration.
    pub async fn withdraw_register(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx, id: String| async move {
            store::withdraw(&tx, &key.area, &id, now).await?;
            let told = Event {
                area: key.area.clone(),
                kind: "participant.withdrawn",
                subject: id,
                facts: serde_json::json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// A page of participants and the token of the next.
    pub async fn list(
        &self,
        area: &AreaCode,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Participant>, String), Refusal> {
        let rows = store::list(&self.db, area, after, size + 1).await?;
        Ok(page::cut(rows, size, |participant| {
            participant.region.as_str()
        }))
    }

    /// What became of a request.
    pub async fn outcome(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.outcome(key, LISTS).await
    }

    /// Burns a key.
    pub async fn burn(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.burn(key, self.clock.now(), LISTS).await
    }

    /// Sealed events.
    pub async fn events(
        &self,
        area: &AreaCode,
        after: i64,
        size: u64,
    ) -> Result<Vec<SealedEvent>, Refusal> {
        event::list(&self.db, area, after, size).await
    }

    /// 访问记录: who read what is known of people.
    pub async fn accesses(
        &self,
        area: &AreaCode,
        filter: &AccessFilter,
        place: (u64, &str),
    ) -> Result<(Vec<AccessEntry>, String), Refusal> {
        access::page(&self.db, area, filter, place).await
    }

    /// 验链: how far the chain of events holds.
    pub async fn chain(&self, after: i64, blocks: u64) -> Result<Checked, Refusal> {
        event::check(&self.db, after, blocks).await
    }
}
