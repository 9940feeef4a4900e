//! 报文保护: who may send envelopes, and whether one is believed: one method per RPC.
//!
//! It decides whom an envelope is from, and that it is opened once; what its call does is for the
//! method it calls. Secrets of senders are kept sealed in the database, under keys that lie in files:
//! who copies the one has not the other, replicas need no file of each sender, and a sender is
//! registered and ended without a restart. A sender's private key is never here.

mod exchange;
mod sender;

pub use exchange::{Admitted, Arrived};
pub use sender::{Ended, Manner, NewSender, Rotation, Sender, SenderKey};

use crate::refusal::{self, ENVELOPES_OFF};
use crate::store::senders as store;
use ::store::event::{self, Event};
use ::store::{Call, Db, Done, Key, Made, Stop, Tx, new_id, page};
use kernel::refusal::INTERNAL;
use kernel::vault::NONCE_BYTES;
use kernel::{AreaCode, Clock, Outcome, Refusal, SenderId, Spec};
use runtime::envelope::EnvelopeKeys;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Refusals that may stand in this service's key rows.
const LISTS: &[&[&Spec]] = &[refusal::ALL, kernel::refusal::ALL];
/// How often nonces are swept.
const SWEEP_PERIOD: Duration = Duration::from_secs(60);
/// How long a nonce is kept beyond its message's time: replicas' clocks may differ.
const KEPT_MILLIS: i64 = 60 * 60 * 1_000;

/// Who sends envelopes, and what they are opened and answered with.
#[derive(Clone)]
pub struct Envelopes {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The keys, where there are any.
    pub keys: Option<Arc<EnvelopeKeys>>,
}

impl Envelopes {
    /// The keys.
    pub fn keys(&self) -> Result<&EnvelopeKeys, Refusal> {
        self.keys.as_deref().ok_or_else(|| ENVELOPES_OFF.refuse())
    }

    /// 接入登记; true when an earlier attempt had done it.
    pub async fn register(&self, call: &Call, new: &NewSender) -> Result<(Sender, bool), Refusal> {
        let (area, keys) = (&call.key.area, self.keys()?);
        let work = |tx: Tx| async move {
            let id = SenderId(new_id(call.now));
            let mut nonce = [0; NONCE_BYTES];
            getrandom::fill(&mut nonce).map_err(|error| fault(&error))?;
            let sealed = keys
                .sealing
                .seal(new.secret.expose(), &place(area, id), nonce);
            let by = (call.key.caller.clone(), call.now);
            let sender = Sender {
                id,
                app_id: new.app_id.clone(),
                secret: sealed.map_err(|error| fault(&error))?,
                acts_as: new.acts_as.clone(),
                manner: new.manner,
                keys: vec![SenderKey {
                    number: 1,
                    key: new.key,
                    from: new.from,
                    previous_until: None,
                    added: by.clone(),
                }],
                registered: by,
                ended: None,
            };
            store::insert(&tx, area, &sender).await?;
            let facts = json!({ "app_id": sender.app_id, "acts_as": sender.acts_as,
                "public_key": new.key.to_string(), "from_day": new.from,
                "by": call.key.caller });
            tell(
                &tx,
                call,
                "envelope_sender.registered",
                &id.to_string(),
                facts,
            )
            .await?;
            Ok(Made {
                subject: id.to_string(),
                value: sender,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.answer(area, done).await
    }

    /// The sender never was.
    pub async fn withdraw_register(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::lock_id(&tx, &key.area, &id).await?;
            store::withdraw(&tx, &key.area, &id, now).await?;
            self.taken_back(&tx, key, "envelope_sender.withdrawn", &id)
                .await
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// 更换密钥; true when an earlier attempt had done it.
    pub async fn rotate(
        &self,
        call: &Call,
        app_id: &str,
        rotation: &Rotation,
    ) -> Result<(Sender, bool), Refusal> {
        let work = |tx: Tx| async move {
            let sender = locked(&tx, &call.key.area, app_id).await?;
            sender.may_rotate(rotation, call.now.day())?;
            let number = store::rotate(&tx, call, &sender, rotation).await?;
            let id = sender.id.to_string();
            let facts = json!({ "app_id": app_id, "number": number,
                "public_key": rotation.key.to_string(), "from_day": rotation.from,
                "previous_until_day": rotation.previous_until, "by": call.key.caller });
            tell(&tx, call, "envelope_sender.key_rotated", &id, facts).await?;
            // A withdrawal takes back this key and no other.
            Ok(Made {
                subject: format!("{id}/{number}"),
                value: (),
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.stands(&call.key.area, done).await
    }

    /// The keys before it hold as they did.
    pub async fn withdraw_rotate(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, subject: String| async move {
            let parts = subject.split_once('/');
            let parts = parts.and_then(|(id, number)| Some((id, number.parse().ok()?)));
            let (id, number) = parts.ok_or_else(|| INTERNAL.refuse())?;
            store::lock_id(&tx, &key.area, id).await?;
            store::withdraw_key(&tx, &key.area, (id, number), now).await?;
            self.taken_back(&tx, key, "envelope_sender.key_withdrawn", id)
                .await
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// 停用; true when an earlier attempt had done it.
    pub async fn end(
        &self,
        call: &Call,
        app_id: &str,
        reason: &str,
    ) -> Result<(Sender, bool), Refusal> {
        let work = |tx: Tx| async move {
            let sender = locked(&tx, &call.key.area, app_id).await?;
            sender.is_open()?;
            let id = sender.id.to_string();
            let ended = Ended {
                by: call.key.caller.clone(),
                at: call.now,
                reason: reason.to_string(),
            };
            store::set_ended(&tx, &call.key.area, &id, Some(&ended)).await?;
            // What people write stands with the sender, not in what is told of it.
            let facts = json!({ "app_id": app_id, "by": call.key.caller });
            tell(&tx, call, "envelope_sender.ended", &id, facts).await?;
            Ok(Made {
                subject: id,
                value: (),
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.stands(&call.key.area, done).await
    }

    /// It goes on.
    pub async fn withdraw_end(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::lock_id(&tx, &key.area, &id).await?;
            store::set_ended(&tx, &key.area, &id, None).await?;
            self.taken_back(&tx, key, "envelope_sender.end_withdrawn", &id)
                .await
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// One of them.
    pub async fn sender(&self, area: &AreaCode, app_id: &str) -> Result<Sender, Refusal> {
        let found = store::of(&self.db, area, app_id).await?;
        found.ok_or_else(|| sender::unknown(app_id))
    }

    /// Those of an area, and the token of the next page.
    pub async fn senders(
        &self,
        area: &AreaCode,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Sender>, String), Refusal> {
        let rows = store::page(&self.db, area, after, size.saturating_add(1)).await?;
        Ok(page::cut(rows, size, |sender| &sender.app_id))
    }

    /// What became of a request.
    pub async fn outcome(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.outcome(key, LISTS).await
    }

    /// Burns a key.
    pub async fn burn(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.burn(key, self.clock.now(), LISTS).await
    }

    /// Sweeps nonces for ever.
    pub async fn keep_sweeping(self) {
        loop {
            if let Err(no) = self.sweep().await {
                tracing::warn!(code = %no.code, "nonces are not swept");
            }
            tokio::time::sleep(SWEEP_PERIOD).await;
        }
    }

    /// Forgets the nonces of messages that nobody opens any more; how many.
    pub async fn sweep(&self) -> Result<u64, Refusal> {
        let before = self.clock.now().plus_millis(-KEPT_MILLIS);
        Ok(store::sweep(&self.db, before).await?)
    }

    async fn answer(&self, area: &AreaCode, done: Done<Sender>) -> Result<(Sender, bool), Refusal> {
        match done.made {
            Some(sender) => Ok((sender, false)),
            None => Ok((store::find(&self.db, area, &done.subject).await?, true)),
        }
    }

    /// The sender as it stands now.
    async fn stands(&self, area: &AreaCode, done: Done<()>) -> Result<(Sender, bool), Refusal> {
        let id = done.subject.split('/').next().unwrap_or_default();
        let sender = store::find(&self.db, area, id).await?;
        Ok((sender, done.replayed()))
    }

    async fn taken_back(
        &self,
        tx: &Tx,
        key: &Key,
        kind: &'static str,
        id: &str,
    ) -> Result<(), Stop> {
        let told = Event {
            area: key.area.clone(),
            kind,
            subject: id.to_string(),
            facts: json!({ "by": key.caller }),
        };
        Ok(event::record(tx, self.clock.now(), told).await?)
    }
}

/// Where a sender's secret lies: sealed for this place, it opens at no other.
fn place(area: &AreaCode, id: SenderId) -> String {
    format!("envelope_sender|secret|{area}|{id}")
}

async fn locked(tx: &Tx, area: &AreaCode, app_id: &str) -> Result<Sender, Stop> {
    let found = store::lock(tx, area, app_id).await?;
    found.ok_or_else(|| sender::unknown(app_id).into())
}

async fn tell(
    tx: &Tx,
    call: &Call,
    kind: &'static str,
    id: &str,
    facts: Value,
) -> Result<(), Stop> {
    let told = Event {
        area: call.key.area.clone(),
        kind,
        subject: id.to_string(),
        facts,
    };
    Ok(event::record(tx, call.now, told).await?)
}

/// A fault of ours; what it was names no secret.
fn fault(error: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%error, "a secret cannot be kept");
    INTERNAL.refuse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::Migrator;
    use ::store::DbConfig;
    use ::store::testing::TestDatabase;
    use kernel::Instant;
    use runtime::clock::ManualClock;

    /// A nonce is used once for as long as its message could be opened, and forgotten after.
    #[tokio::test]
    async fn a_nonce_is_kept_as_long_as_it_matters() {
        let database = TestDatabase::open().await.unwrap();
        let config = DbConfig {
            url: database.url("orchestrator"),
            schema: "orchestrator".into(),
            connections: 2,
        };
        let db = Db::open::<Migrator>(&config).await.unwrap();
        let clock = Arc::new(ManualClock::at(Instant::from_micros(1_519_862_400_000_000)));
        let envelopes = Envelopes {
            db: db.clone(),
            clock: clock.clone(),
            keys: None,
        };
        let begun = clock.now();
        let area = AreaCode::parse("152501").unwrap();
        let uses = async |app_id: &str, nonce: &str| {
            let (area, until) = (&area, begun.plus_millis(300_000));
            let used = (app_id, nonce);
            let write =
                db.write(|tx: Tx| async move { store::use_nonce(&tx, area, used, until).await });
            write.await.unwrap()
        };
        assert!(uses("app-1", "0123456789").await && !uses("app-1", "0123456789").await);
        assert!(uses("app-2", "0123456789").await, "another's");
        assert_eq!(envelopes.sweep().await, Ok(0));
        clock.set(begun.plus_millis(300_000 + KEPT_MILLIS));
        assert_eq!(envelopes.sweep().await, Ok(0));
        assert!(!uses("app-1", "0123456789").await);
        clock.set(begun.plus_millis(300_001 + KEPT_MILLIS));
        assert_eq!(envelopes.sweep().await, Ok(2));
        assert!(uses("app-1", "0123456789").await);
        db.close().await;
    }
}
