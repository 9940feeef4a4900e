//! 门诊慢特病备案: filings, their changes and their ends. Each takes the person's row first, then
//! decides on what stands under it.

use super::{App, LISTS, tell};
use crate::domain::{DiseaseFiling, FilingChange, NewFiling, Otherwise};
use crate::store;
use crate::store::recorded::Recorded;
use ::store::{Call, Done, Key, Made, Tx, new_id, page};
use kernel::{
    AreaCode, Day, FilingChangeId, FilingId, InstitutionCode, Outcome, PersonId, Refusal,
};
use serde_json::json;

impl App {
    /// 人员慢特病备案 (2503); true when an earlier attempt had done it.
    pub async fn file_disease(
        &self,
        call: &Call,
        new: &NewFiling,
    ) -> Result<(DiseaseFiling, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let person = store::person::touch(&tx, area, new.person).await?;
            if person.death_day.is_some() {
                return Err(person.dead().into());
            }
            new.decide(&store::disease_filing::of(&*tx, area, person.id).await?)?;
            let value = new.made(FilingId(new_id(call.now)), call.now);
            store::disease_filing::insert(&tx, area, &value, &call.key.caller).await?;
            let subject = value.filed.id.to_string();
            let facts = json!({ "person_id": new.person, "scheme": new.scheme,
                "disease_code": new.disease, "first_day": new.period.from,
                "by": call.key.caller });
            let told = ("disease_filing.filed", subject.clone());
            tell(&tx, area, call.now, told, facts).await?;
            Ok(Made { subject, value })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(filing) => Ok((filing, false)),
            None => {
                let filing = store::disease_filing::find(&self.db, area, &done.subject).await?;
                Ok((filing, true))
            }
        }
    }

    /// Withdraws a filing: the person was never filed by it.
    pub async fn withdraw_filing(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.undo_recorded(key, Recorded::Filing).await
    }

    /// 变更定点: other institutions from a day on; true when an earlier attempt had done it.
    pub async fn change_filing_institutions(
        &self,
        call: &Call,
        (id, from): (FilingId, Day),
        (institutions, reason): (&[InstitutionCode], &str),
    ) -> Result<(DiseaseFiling, bool), Refusal> {
        let what = Otherwise::Institutions(institutions.to_vec());
        let changed = |filing: &DiseaseFiling| {
            filing.filed.changeable(from)?;
            Ok((from, what.clone()))
        };
        let done = self.change_filing(call, (id, reason), changed).await?;
        self.changed(&call.key.area, done).await
    }

    /// 人员慢特病备案撤销 (2504): ends a filing with a day; true when an earlier attempt had done it.
    pub async fn end_filing(
        &self,
        call: &Call,
        (id, last): (FilingId, Day),
        reason: &str,
    ) -> Result<(DiseaseFiling, bool), Refusal> {
        let ended = |filing: &DiseaseFiling| {
            filing.filed.endable(last)?;
            Ok((last.next(), Otherwise::Ended))
        };
        let done = self.change_filing(call, (id, reason), ended).await?;
        self.changed(&call.key.area, done).await
    }

    async fn change_filing(
        &self,
        call: &Call,
        (id, reason): (FilingId, &str),
        decide: impl Fn(&DiseaseFiling) -> Result<(Day, Otherwise), Refusal>,
    ) -> Result<Done<DiseaseFiling>, Refusal> {
        let (area, decide) = (&call.key.area, &decide);
        let work = |tx: Tx| async move {
            let found = store::disease_filing::lock(&tx, area, id).await?;
            let filing = found.ok_or_else(|| DiseaseFiling::unknown(id))?;
            let (from, what) = decide(&filing)?;
            let kind = match &what {
                Otherwise::Institutions(_) => "disease_filing.institutions_changed",
                Otherwise::Ended => "disease_filing.ended",
            };
            let change = FilingChange {
                id: FilingChangeId(new_id(call.now)),
                from,
                what,
            };
            let by = (call.key.caller.as_str(), call.now);
            let why = (&change, reason);
            store::disease_filing::insert_change(&tx, area, &filing, why, by).await?;
            let facts = json!({ "person_id": filing.person, "from_day": from, "by": by.0 });
            tell(&tx, area, call.now, (kind, id.to_string()), facts).await?;
            let subject = change.id.to_string();
            let value = filing.changed(change, reason);
            Ok(Made { subject, value })
        };
        self.db.once(call, LISTS, work).await
    }

    async fn changed(
        &self,
        area: &AreaCode,
        done: Done<DiseaseFiling>,
    ) -> Result<(DiseaseFiling, bool), Refusal> {
        match done.made {
            Some(filing) => Ok((filing, false)),
            None => {
                let filing = store::disease_filing::of_change(&self.db, area, &done.subject);
                Ok((filing.await?, true))
            }
        }
    }

    /// Withdraws a change of institutions: the former remain.
    pub async fn withdraw_filing_change(&self, key: &Key) -> Result<Outcome, Refusal> {
        let undo = |tx: Tx, id: String, now| async move {
            let found = store::disease_filing::lock_changed(&tx, &key.area, &id).await?;
            store::disease_filing::withdraw_change(&tx, &key.area, &id, now).await?;
            Ok(found.map(|filing| json!({ "filing_id": filing.filed.id })))
        };
        self.undo(key, "disease_filing.change_withdrawn", undo)
            .await
    }

    /// Withdraws an end: the filing stands again, but not beside another of the disease.
    pub async fn withdraw_end_filing(&self, key: &Key) -> Result<Outcome, Refusal> {
        let undo = |tx: Tx, id: String, now| async move {
            let area = &key.area;
            let Some(filing) = store::disease_filing::lock_changed(&tx, area, &id).await? else {
                store::disease_filing::withdraw_change(&tx, area, &id, now).await?;
                return Ok(None);
            };
            let all = store::disease_filing::of(&*tx, area, filing.person).await?;
            match filing.ends_before(&id, &all) {
                Some(day) => store::disease_filing::move_end(&tx, area, &id, day).await?,
                None => store::disease_filing::withdraw_change(&tx, area, &id, now).await?,
            }
            Ok(Some(json!({ "filing_id": filing.filed.id })))
        };
        self.undo(key, "disease_filing.end_withdrawn", undo).await
    }

    /// One filing.
    pub async fn filing(&self, area: &AreaCode, id: FilingId) -> Result<DiseaseFiling, Refusal> {
        let found = store::disease_filing::get(&self.db, area, id).await?;
        found.ok_or_else(|| DiseaseFiling::unknown(id))
    }

    /// 慢特病备案查询 (5301): a page of a person's filings and the token of the next; for an institution
    /// those that stand today or later.
    pub async fn filings(
        &self,
        area: &AreaCode,
        (person, own): (PersonId, Option<&InstitutionCode>),
        size: u64,
        after: &str,
    ) -> Result<(Vec<DiseaseFiling>, String), Refusal> {
        let person = store::person::get(&self.db, area, person).await?.id;
        let from = own.map(|_| self.clock.now().day());
        let of = (person, from);
        let rows = store::disease_filing::page(&self.db, area, of, after, size + 1).await?;
        let rows = rows.into_iter().map(|one| (one.filed.id.to_string(), one));
        let (rows, next) = page::cut(rows.collect(), size, |(key, _)| key);
        // What was ended is found by what was filed.
        let goes_on = |one: &DiseaseFiling| {
            let until = one.filed.period().until;
            from.is_none_or(|from| until.is_none_or(|until| from < until))
        };
        let rows = rows.into_iter().map(|(_, filing)| filing);
        Ok((rows.filter(goes_on).collect(), next))
    }
}
