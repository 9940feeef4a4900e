//! 参保口径变更: in what standing somebody is insured from a day on.

use super::{App, LISTS, tell, withdrawn};
use crate::domain::{NewStanding, StandingChange};
use crate::store;
use crate::store::recorded::{self, Recorded, With};
use ::store::{Call, Key, Made, Tx, new_id};
use kernel::{Outcome, Refusal, StandingChangeId};
use serde_json::json;

impl App {
    /// 参保口径变更; true when an earlier attempt had done it.
    pub async fn change_standing(
        &self,
        call: &Call,
        new: &NewStanding,
    ) -> Result<(StandingChange, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let person = store::person::touch(&tx, area, new.person).await?;
            let coverages = store::coverage::of(&*tx, area, new.person, None).await?;
            let changes = store::standing::of(&*tx, area, new.person).await?;
            let change = StandingChange {
                id: StandingChangeId(new_id(call.now)),
                coverage: new.decide(&person, &coverages, &changes)?,
                from: new.from,
                standing: new.standing.clone(),
            };
            store::standing::insert(&tx, area, new.person, &change).await?;
            let subject = change.id.to_string();
            let told = ("standing.changed", subject.clone());
            let facts = json!({ "person_id": new.person, "coverage_id": change.coverage,
                "from_day": change.from, "person_type": change.standing.person_type,
                "covered_by": change.standing.covered_by });
            tell(&tx, area, call.now, told, facts).await?;
            Ok(Made {
                subject,
                value: change,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(change) => Ok((change, false)),
            None => {
                let change = store::standing::find(&self.db, area, &done.subject).await?;
                Ok((change, true))
            }
        }
    }

    /// Withdraws a change: what held before holds again.
    pub async fn withdraw_change_standing(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.undo_recorded(key, Recorded::Standing).await
    }

    /// Withdraws a coverage, and with it the changes of its standing: the year may be insured again.
    pub async fn withdraw_enrol(&self, key: &Key) -> Result<Outcome, Refusal> {
        let area = &key.area;
        let undo = |tx: Tx, id: String, now| async move {
            let what = Recorded::Coverage;
            let Some(person) = recorded::withdraw(&tx, area, what, &id, now).await? else {
                return Ok(None);
            };
            let facts = json!({ "person_id": person });
            let (what, with) = (Recorded::Standing, With::Coverage(&id));
            for one in recorded::withdraw_all(&tx, area, what, with, now).await? {
                let told = (withdrawn(what), one);
                tell(&tx, area, now, told, facts.clone()).await?;
            }
            Ok(Some(facts))
        };
        self.undo(key, withdrawn(Recorded::Coverage), undo).await
    }
}
