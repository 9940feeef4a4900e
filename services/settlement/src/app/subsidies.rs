//! 参保资助: what 医疗救助 pays into the scheme's fund, once for a person's fee.

use super::{App, LISTS};
use crate::domain::{Grant, Subsidy};
use crate::ledger::{self, Entry, Transaction};
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Tx, new_id};
use kernel::{AreaCode, Outcome, Refusal, SubsidyId};
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

    /// Withdraws a subsidy: the opposite entry is posted.
    pub async fn withdraw_post_subsidy(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            let area = &key.area;
            let mut moved = store::postings_of(&tx, area, std::slice::from_ref(&id)).await?;
            let postings = moved.remove(&id).unwrap_or_default();
            store::withdraw_subsidy(&tx, area, &id, now).await?;
            let opposite = Transaction::reversal(new_id(now).to_string(), id.clone(), postings);
            store::insert_transactions(&tx, area, &[opposite], now).await?;
            let told = Event {
                area: area.clone(),
                kind: "subsidy.withdrawn",
                subject: id,
                facts: json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// The entries of a settlement or a subsidy.
    pub async fn entries(&self, area: &AreaCode, subject: &str) -> Result<Vec<Entry>, Refusal> {
        Ok(store::entries(&self.db, area, subject).await?)
    }
}
