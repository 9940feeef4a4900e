//! 参保资助: what 医疗救助 pays into the scheme's fund, once for a person's fee.

use super::{App, LISTS, lock_year};
use crate::domain::{Grant, Subsidy, YearKey};
use crate::ledger::{self, Entry, Transaction};
use crate::refusal::{BENEFITS_PAID, SUBSIDY_UNKNOWN};
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Stop, Tx, new_id};
use kernel::{AreaCode, Instant, Outcome, Refusal, SubsidyId};
use serde_json::json;

impl App {
    /// Posts a subsidy; true when an earlier attempt had done it.
    pub async fn post_subsidy(
        &self,
        call: &Call,
        grant: &Grant,
    ) -> Result<(Subsidy, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let new = grant.posted(SubsidyId(new_id(call.now)), call.now)?;
            let id = new.id.to_string();
            store::insert_subsidy(&tx, area, &new).await?;
            let postings = ledger::subsidy(new.amount, &new.scheme);
            let moved = Transaction::new(id.clone(), postings);
            store::insert_transactions(&tx, area, &[moved], call.now).await?;
            let facts = json!({ "person_id": new.person, "year": new.year,
                "subsidy_fen": new.amount, "coverage_id": new.coverage });
            self.tell(&tx, call, "subsidy.posted", &id, facts).await?;
            Ok(Made {
                subject: id,
                value: new,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(subsidy) => Ok((subsidy, false)),
            None => {
                let reader = self.db.reader();
                let subsidy = store::find_subsidy(reader, area, &done.subject).await?;
                Ok((subsidy, true))
            }
        }
    }

    /// Withdraws a subsidy: the opposite entry is posted, unless it was cancelled before.
    pub async fn withdraw_post_subsidy(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            if !take_back(&tx, &key.area, &id, now).await? {
                return Ok(());
            }
            let told = Event {
                area: key.area.clone(),
                kind: "subsidy.withdrawn",
                subject: id,
                facts: json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// Cancels a subsidy, unless benefits were paid by its coverage; true when an earlier attempt had
    /// done it. The person-year's lock keeps out a claim that is settled at the same moment.
    pub async fn cancel_subsidy(
        &self,
        call: &Call,
        id: SubsidyId,
    ) -> Result<(Subsidy, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let unknown = || {
                SUBSIDY_UNKNOWN
                    .refuse()
                    .with("subsidy_id", id)
                    .at("subsidy_id")
            };
            let subject = id.to_string();
            let seen = store::subsidy_if_any(&*tx, area, &subject).await?;
            let seen = seen.ok_or_else(unknown)?;
            let whose = YearKey {
                person: seen.person,
                scheme: seen.scheme,
                year: seen.year,
            };
            lock_year(&tx, call, &whose).await?;
            // Seen before the lock; only under it is it known to stand.
            let standing = store::subsidy_if_any(&*tx, area, &subject).await?;
            let subsidy = standing.filter(|subsidy| subsidy.withdrawn_at.is_none());
            let subsidy = subsidy.ok_or_else(unknown)?;
            if let Some(newest) = store::newest_standing(&tx, area, &whose).await? {
                let no = BENEFITS_PAID.refuse().with("settlement_id", newest.id);
                return Err(no.into());
            }
            if !take_back(&tx, area, &subject, call.now).await? {
                return Err(unknown().into());
            }
            let facts = json!({ "person_id": whose.person, "year": whose.year });
            self.tell(&tx, call, "subsidy.cancelled", &subject, facts)
                .await?;
            let value = Subsidy {
                withdrawn_at: Some(call.now),
                ..subsidy
            };
            Ok(Made { subject, value })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(subsidy) => Ok((subsidy, false)),
            None => {
                let reader = self.db.reader();
                let subsidy = store::find_subsidy(reader, area, &done.subject).await?;
                Ok((subsidy, true))
            }
        }
    }

    /// The entries of a settlement or a subsidy.
    pub async fn entries(&self, area: &AreaCode, subject: &str) -> Result<Vec<Entry>, Refusal> {
        Ok(store::entries(&self.db, area, subject).await?)
    }
}

/// Posts the opposite of a subsidy's entry, once: false when it was posted already. That it is marked
/// comes first, so that of two at once the second one waits for the first and sees it.
async fn take_back(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<bool, Stop> {
    if !store::withdraw_subsidy(tx, area, id, now).await? {
        return Ok(false);
    }
    let mut moved = store::postings_of(tx, area, &[id.to_string()]).await?;
    let postings = moved.remove(id).unwrap_or_default();
    let opposite = Transaction::reversal(new_id(now).to_string(), id.to_string(), postings);
    store::insert_transactions(tx, area, &[opposite], now).await?;
    Ok(true)
}
