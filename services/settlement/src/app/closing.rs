//! 日结与月结: days and months are closed, opened again and listed.

use super::reconciliations::{DayOf, count, known, last_of, rows_of, withdrawn};
use super::{App, LISTS};
use crate::domain::closing::{
    ClosedDay, ClosedMonth, Month, Reconciliation, day_is_over, frozen, month_digest,
};
use crate::domain::reconcile::digest;
use crate::refusal::{
    DAY_CLOSED, DAY_NOT_RECONCILED, DIFFERENCES_OPEN, MONTH_CLOSED, MONTH_DAYS_OPEN, MONTH_UNKNOWN,
};
use crate::store;
use ::store::{Call, Key, Made, Stop, Tx, event, new_id, page};
use kernel::{AreaCode, Day, Digest, Fen, InstitutionCode, Outcome, Refusal};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// A day as the list shows it.
pub struct ListedDay {
    /// The institution.
    pub institution: InstitutionCode,
    /// The day.
    pub day: Day,
    /// How many rows the bureau has.
    pub rows: i64,
    /// The newest comparison.
    pub reconciliation: Option<Reconciliation>,
    /// How many of its differences are open.
    pub open: i64,
    /// As it is closed.
    pub closed: Option<ClosedDay>,
}

impl App {
    /// Closes a day; true when an earlier attempt had done it. `reason` says why the bureau closes
    /// one that was not reconciled.
    pub async fn close_day(
        &self,
        call: &Call,
        of: &DayOf,
        reason: Option<&str>,
    ) -> Result<(ListedDay, bool), Refusal> {
        let work = |tx: Tx| self.close_day_in(tx, call, of, reason);
        let done = self.db.once(call, LISTS, work).await?;
        let (area, on) = (&call.key.area, self.db.reader());
        let closed = store::find_closed_day(on, area, &done.subject).await?;
        let reconciliation = match &closed.reconciliation {
            Some(id) => Some(store::find_reconciliation(on, area, id).await?),
            None => None,
        };
        let listed = ListedDay {
            institution: closed.institution.clone(),
            day: closed.day,
            rows: closed.rows,
            open: open_of(on, area, reconciliation.as_ref()).await?,
            reconciliation,
            closed: Some(closed),
        };
        Ok((listed, done.made.is_none()))
    }

    async fn close_day_in(
        &self,
        tx: Tx,
        call: &Call,
        of: &DayOf,
        reason: Option<&str>,
    ) -> Result<Made<()>, Stop> {
        let area = &call.key.area;
        day_is_over(of.day, call.now)?;
        known(&*tx, area, of).await?;
        let days = (of.day, of.day);
        let closed = store::closed_days(&*tx, area, Some(&of.institution), days).await?;
        if !closed.is_empty() {
            let no = DAY_CLOSED.refuse().at("day").with("day", of.day);
            return Err(no.with("institution_code", &of.institution).into());
        }
        let rows = rows_of(&*tx, area, of).await?;
        let digest = digest(&rows);
        let last = last_of(&*tx, area, of).await?;
        let last = last.filter(|last| last.digest == digest);
        if last.is_none() && !rows.is_empty() && reason.is_none() {
            let no = DAY_NOT_RECONCILED.refuse().at("day").with("day", of.day);
            let no = no.with("institution_code", &of.institution);
            return Err(no.with("rows", rows.len()).into());
        }
        if let Some(last) = &last {
            nothing_open(&*tx, area, last).await?;
        }
        let unreconciled = reason.filter(|_| last.is_none());
        let new = ClosedDay {
            id: new_id(call.now).to_string(),
            institution: of.institution.clone(),
            day: of.day,
            rows: count(rows.len()),
            sums: frozen(&rows),
            digest,
            reconciliation: last.map(|last| last.id),
            reason: unreconciled.map(str::to_string),
            by: call.key.caller.clone(),
            at: call.now,
        };
        store::insert_closed_day(&tx, area, &new).await?;
        let facts = json!({
            "institution_code": of.institution, "day": of.day, "rows": new.rows,
            "digest": digest.to_string(),
        });
        self.tell(&tx, call, "day.closed", &new.id, facts).await?;
        Ok(Made {
            subject: new.id,
            value: (),
        })
    }

    /// Opens a day again.
    pub async fn withdraw_close_day(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::withdraw_closed_day(&tx, &key.area, &id, now).await?;
            Ok(event::record(&tx, now, withdrawn(key, "day.opened", id)).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// A page of days from the first to the second, both included, and the token of the next.
    pub async fn days(
        &self,
        area: &AreaCode,
        institution: Option<&InstitutionCode>,
        (from, to): (Day, Day),
        size: u64,
        after: &str,
    ) -> Result<(Vec<ListedDay>, String), Refusal> {
        let on = self.db.reader();
        let rows = store::rows_by_day(on, area, institution, (from, to.next())).await?;
        let mut compared = store::last_reconciliations(on, area, institution, (from, to)).await?;
        let closed = store::closed_days(on, area, institution, (from, to)).await?;
        let mut closed: BTreeMap<_, _> = closed
            .into_iter()
            .map(|one| ((one.day, one.institution.clone()), one))
            .collect();
        let keys: BTreeSet<(Day, InstitutionCode)> = rows
            .keys()
            .chain(compared.keys())
            .chain(closed.keys())
            .cloned()
            .collect();
        let named = |key: (Day, InstitutionCode)| (format!("{} {}", key.0, key.1), key);
        let keys: Vec<_> = keys
            .into_iter()
            .map(named)
            .filter(|(name, _)| name.as_str() > after)
            .collect();
        let (keys, next) = page::cut(keys, size, |(name, _)| name);
        let mut days = Vec::new();
        for (_, key) in keys {
            let reconciliation = compared.remove(&key);
            days.push(ListedDay {
                rows: rows.get(&key).copied().unwrap_or(0),
                open: open_of(on, area, reconciliation.as_ref()).await?,
                reconciliation,
                closed: closed.remove(&key),
                day: key.0,
                institution: key.1,
            });
        }
        Ok((days, next))
    }

    /// Closes a month; true when an earlier attempt had done it.
    pub async fn close_month(
        &self,
        call: &Call,
        month: Month,
    ) -> Result<(ClosedMonth, bool), Refusal> {
        let work = |tx: Tx| self.close_month_in(tx, call, month);
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(closed) => Ok((closed, false)),
            None => {
                let on = self.db.reader();
                let closed = store::find_closed_month(on, &call.key.area, &done.subject).await?;
                Ok((closed, true))
            }
        }
    }

    async fn close_month_in(
        &self,
        tx: Tx,
        call: &Call,
        month: Month,
    ) -> Result<Made<ClosedMonth>, Stop> {
        let area = &call.key.area;
        month.is_over(call.now)?;
        if store::closed_month(&*tx, area, month).await?.is_some() {
            let no = MONTH_CLOSED.refuse().at("month");
            return Err(no.with("month", month).into());
        }
        let days = all_closed(&*tx, area, month).await?;
        let accounts = store::moved_in(&*tx, area, month).await?;
        debug_assert_eq!(accounts.iter().map(|one| one.moved).sum::<Fen>(), Fen::ZERO);
        let new = ClosedMonth {
            id: new_id(call.now).to_string(),
            month,
            days: count(days.len()),
            digest: month_digest(month, &accounts, &days),
            accounts,
            by: call.key.caller.clone(),
            at: call.now,
        };
        store::insert_closed_month(&tx, area, &new).await?;
        let digest: Digest = new.digest;
        let facts = json!({ "month": month.to_string(), "digest": digest.to_string() });
        self.tell(&tx, call, "month.closed", &new.id, facts).await?;
        Ok(Made {
            subject: new.id.clone(),
            value: new,
        })
    }

    /// Opens a month again.
    pub async fn withdraw_close_month(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::withdraw_closed_month(&tx, &key.area, &id, now).await?;
            Ok(event::record(&tx, now, withdrawn(key, "month.opened", id)).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// A closed month.
    pub async fn month(&self, area: &AreaCode, month: Month) -> Result<ClosedMonth, Refusal> {
        let found = store::closed_month(self.db.reader(), area, month).await?;
        found.ok_or_else(|| MONTH_UNKNOWN.refuse().at("month").with("month", month))
    }
}

/// How many differences of a comparison are open.
async fn open_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: Option<&Reconciliation>,
) -> Result<i64, Stop> {
    match of {
        Some(of) => Ok(count(store::open_subjects(on, area, of).await?.len())),
        None => Ok(0),
    }
}

/// Somebody must answer for every difference.
async fn nothing_open(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &Reconciliation,
) -> Result<(), Stop> {
    let open = store::open_subjects(on, area, of).await?;
    let Some(first) = open.first() else {
        return Ok(());
    };
    let no = DIFFERENCES_OPEN.refuse().at("day").with("day", of.day);
    let no = no.with("institution_code", &of.institution);
    let no = no.with("differences", open.len());
    Err(no.with("row_key", first).into())
}

/// The closed days of a month, if all that have rows are closed with the rows they have now.
async fn all_closed(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    month: Month,
) -> Result<Vec<ClosedDay>, Stop> {
    let rows = store::rows_by_day(on, area, None, (month.first(), month.after())).await?;
    // Days are days: those of the month sort below the first day of the next.
    let mut closed = store::closed_days(on, area, None, (month.first(), month.after())).await?;
    closed.retain(|one| one.day < month.after());
    let frozen: BTreeMap<_, _> = closed
        .iter()
        .map(|one| ((one.day, one.institution.clone()), one.rows))
        .collect();
    let open: Vec<_> = rows
        .iter()
        .filter(|(key, rows)| frozen.get(*key) != Some(*rows))
        .collect();
    let Some(((day, institution), _)) = open.first() else {
        return Ok(closed);
    };
    let no = MONTH_DAYS_OPEN.refuse().at("month").with("month", month);
    let no = no.with("days", open.len());
    let no = no.with("institution_code", institution);
    Err(no.with("day", day).into())
}
