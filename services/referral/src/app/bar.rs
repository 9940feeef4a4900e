//! 暂停转入: to which institutions nobody is referred for some days.

use super::{App, LISTS};
use crate::domain::{Bar, NewBar};
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Stop, Tx, new_id, page};
use kernel::{AreaCode, BarId, Instant, InstitutionCode, Outcome, Refusal};
use serde_json::{Value, json};

impl App {
    /// Bars an institution; true when an earlier attempt had done it.
    pub async fn bar(&self, call: &Call, new: &NewBar) -> Result<(Bar, bool), Refusal> {
        let area = &call.key.area;
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                store::bar::lock(&tx, area, &new.institution).await?;
                let to = &new.institution;
                let standing = store::bar::ending_after(&tx, area, to, new.from).await?;
                let bar = new.decide(BarId(new_id(call.now)), &standing)?;
                store::bar::insert(&tx, area, &bar).await?;
                let subject = bar.id.to_string();
                let told = ("institution.barred", subject.clone());
                tell(&tx, area, call.now, told, facts(new)).await?;
                Ok(Made {
                    subject,
                    value: bar,
                })
            })
            .await?;
        match done.made {
            Some(bar) => Ok((bar, false)),
            None => Ok((store::bar::find(&self.db, area, &done.subject).await?, true)),
        }
    }

    /// Withdraws a bar: the institution receives referrals again.
    pub async fn withdraw_bar(&self, key: &Key) -> Result<Outcome, Refusal> {
        let (area, now) = (&key.area, self.clock.now());
        let undo = |tx: Tx, id: String| async move {
            store::bar::withdraw(&tx, area, &id, now).await?;
            let told = ("institution.bar_withdrawn", id);
            tell(&tx, area, now, told, json!({})).await
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// A page of bars and the token of the next; one institution's where it is given.
    pub async fn bars(
        &self,
        area: &AreaCode,
        institution: Option<&InstitutionCode>,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Bar>, String), Refusal> {
        let rows = store::bar::list(&self.db, area, institution, after, size + 1).await?;
        let (rows, next) = page::cut(rows, size, |(key, _)| key);
        Ok((rows.into_iter().map(|(_, bar)| bar).collect(), next))
    }
}

/// What other services need to know of a bar; the reason is the decision's to tell.
fn facts(new: &NewBar) -> Value {
    json!({
        "institution_code": new.institution,
        "from_day": new.from,
        "until_day": new.until,
        "decision_number": new.decision_number,
    })
}

async fn tell(
    tx: &Tx,
    area: &AreaCode,
    now: Instant,
    (kind, subject): (&'static str, String),
    facts: Value,
) -> Result<(), Stop> {
    let told = Event {
        area: area.clone(),
        kind,
        subject,
        facts,
    };
    Ok(event::record(tx, now, told).await?)
}
