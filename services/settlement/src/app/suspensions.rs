//! 暂停联网结算: recorded, withdrawn and listed. Whoever settles asks for them with the institution.

use super::{App, LISTS, page_of};
use crate::domain::{Suspension, Whom};
use crate::refusal::INSTITUTION_UNKNOWN;
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Stop, Tx};
use kernel::{AreaCode, Outcome, Refusal};
use sea_orm::ConnectionTrait;
use serde_json::json;

impl App {
    /// Records a suspension; true when an earlier attempt had done it.
    pub async fn suspend_online(
        &self,
        call: &Call,
        new: &Suspension,
    ) -> Result<(Suspension, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let earlier = may_stand(&*tx, area, new).await?;
            store::insert_suspension(&tx, area, new, earlier).await?;
            let id = new.id.to_string();
            let subject = new.whom.to_string();
            let whom = match &new.whom {
                Whom::Institution(_) => "institution_code",
                Whom::Person(_) => "person_id",
            };
            let facts = json!({ whom: subject, "from_day": new.from, "until_day": new.until });
            self.tell(&tx, call, "suspension.recorded", &id, facts)
                .await?;
            Ok(Made {
                subject: id,
                value: new.clone(),
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(suspension) => Ok((suspension, false)),
            None => {
                let reader = self.db.reader();
                let suspension = store::find_suspension(reader, area, &done.subject).await?;
                Ok((suspension, true))
            }
        }
    }

    /// Whether a suspension may be recorded now.
    pub async fn check_suspension(
        &self,
        area: &AreaCode,
        wanted: &Suspension,
    ) -> Result<(), Refusal> {
        may_stand(self.db.reader(), area, wanted).await?;
        Ok(())
    }

    /// Withdraws a suspension: claims are settled again.
    pub async fn withdraw_suspend_online(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::withdraw_suspension(&tx, &key.area, &id, now).await?;
            let told = Event {
                area: key.area.clone(),
                kind: "suspension.withdrawn",
                subject: id,
                facts: json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// A page of suspensions and the token of the next.
    pub async fn suspensions(
        &self,
        area: &AreaCode,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Suspension>, String), Refusal> {
        let rows = store::suspensions(&self.db, area, after, size + 1).await?;
        Ok(page_of(rows, size, |suspension| suspension.id.to_string()))
    }
}

/// Whether a suspension may stand; how many of its subject there were before.
async fn may_stand(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    new: &Suspension,
) -> Result<i64, Stop> {
    new.has_lawful_days(new.recorded_at.day())?;
    if let Whom::Institution(code) = &new.whom
        && !store::is_registered(on, area, code).await?
    {
        let no = INSTITUTION_UNKNOWN.refuse().at("institution_code");
        let no = no.with("institution_code", code);
        return Err(no.with("day", new.from).into());
    }
    let earlier = store::earlier(on, area, new).await?;
    match &earlier.overlapping {
        Some(other) => Err(Suspension::overlapping(other).into()),
        None => Ok(earlier.count),
    }
}
