//! 先诊疗后付费欠费: what patients did not pay at discharge: opened, paid, written off, reminded of.
//!
//! A receivable is opened under the lock of its settlement's person-year, so that a reversal does not pass
//! it by; everything after is decided under the receivable's own lock. What stands of it is derived
//! whenever it is wanted.

use super::{App, LISTS, in_progress, page_of, unknown as unknown_settlement};
use crate::domain::{
    Balance, Bill, End, Opening, Paying, Payment, Posted, Receivable, ReceivableState, Reminder,
    Reminding, Revision, Step, due_at_institution,
};
use crate::refusal::{GUARANTEE_ARREARS, PAYMENT_UNKNOWN, RECEIVABLE_UNKNOWN, REMINDER_UNKNOWN};
use crate::store;
use ::store::{Call, Made, Stop, Tx, new_id};
use kernel::{
    AreaCode, Day, Fen, InstitutionCode, PaymentId, PersonId, ReceivableId, Refusal, ReminderId,
    SettlementId,
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::BTreeMap;

/// A receivable with what it comes to.
pub struct Owed {
    /// The receivable.
    pub receivable: Receivable,
    /// What it comes to.
    pub balance: Balance,
    /// The newest payments, oldest first; empty in lists.
    pub payments: Vec<Payment>,
    /// The newest reminders, oldest first; empty in lists.
    pub reminders: Vec<Reminder>,
}

/// Who asks: an institution sees and touches its own alone.
pub type Own<'a> = Option<&'a InstitutionCode>;

impl App {
    /// Opens a receivable; true when an earlier attempt had done it.
    pub async fn open_receivable(
        &self,
        call: &Call,
        opening: &Opening,
    ) -> Result<(Owed, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let id = opening.settlement.to_string();
            let own = opening.institution.as_ref();
            let seen = store::find_posted(&*tx, area, &id).await?;
            let seen = seen.filter(|posted| posted.evidence.bill.is_of(own));
            let seen = seen.ok_or_else(|| unknown_settlement(&id))?;
            let whose = seen.evidence.bill.year_key();
            let locked = store::lock_person_year(&tx, area, &whose).await;
            locked.map_err(in_progress)?;
            // Seen before the lock; only under it is it known to stand, and for how much.
            let posted = store::find_posted(&*tx, area, &id).await?;
            let posted = posted.ok_or_else(|| unknown_settlement(&id))?;
            let guaranteed = is_guaranteed(&tx, area, &posted.evidence.bill).await?;
            let due = dues(&*tx, area, std::slice::from_ref(&posted)).await?;
            let cash = due.get(&posted.id).copied().unwrap_or_default();
            let by = (call.key.caller.as_str(), call.now);
            let id = ReceivableId(new_id(call.now));
            let new = opening.opened(&posted, id, (guaranteed, cash), by)?;
            store::insert_receivable(&tx, area, &new).await?;
            let facts = json!({ "settlement_id": new.settlement,
                "institution_code": new.institution, "unpaid_fen": new.unpaid, "due_day": new.due });
            self.tell_receivable(&tx, call, "receivable.opened", &new, facts)
                .await?;
            let subject = new.id.to_string();
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let owed = self.owed_by_name(area, &done.subject).await?;
        Ok((owed, done.replayed()))
    }

    /// Cancels a receivable, or writes it off; true when an earlier attempt had done it.
    pub async fn end_receivable(
        &self,
        call: &Call,
        id: ReceivableId,
        own: Own<'_>,
        (how, reason): (End, &str),
    ) -> Result<(Owed, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let (receivable, balance) = locked(&tx, area, id, own).await?;
            receivable.endable(how, &balance)?;
            store::end_receivable(&tx, area, id, Some(how), (reason, call.now)).await?;
            let kind = match how {
                End::Cancelled => "receivable.cancelled",
                End::WrittenOff => "receivable.written_off",
            };
            let facts = json!({ "paid_fen": balance.paid, "remaining_fen": balance.remaining });
            self.tell_receivable(&tx, call, kind, &receivable, facts)
                .await?;
            let subject = id.to_string();
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let owed = self.owed_by_name(area, &done.subject).await?;
        Ok((owed, done.replayed()))
    }

    /// Revokes a write-off; true when an earlier attempt had done it.
    pub async fn revoke_write_off(
        &self,
        call: &Call,
        id: ReceivableId,
        own: Own<'_>,
        reason: &str,
    ) -> Result<(Owed, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let (receivable, balance) = locked(&tx, area, id, own).await?;
            receivable.owed_again(&balance)?;
            store::end_receivable(&tx, area, id, None, (reason, call.now)).await?;
            let facts = json!({ "remaining_fen": balance.remaining });
            let kind = "receivable.write_off_revoked";
            self.tell_receivable(&tx, call, kind, &receivable, facts)
                .await?;
            let subject = id.to_string();
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let owed = self.owed_by_name(area, &done.subject).await?;
        Ok((owed, done.replayed()))
    }

    /// Records a payment; answers its id, and whether an earlier attempt had done it.
    pub async fn record_payment(
        &self,
        call: &Call,
        what: &Paying,
        own: Own<'_>,
    ) -> Result<(Owed, String, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let (receivable, balance) = locked(&tx, area, what.receivable, own).await?;
            receivable.payable(&balance, what, call.now.day())?;
            let new = Payment {
                id: PaymentId(new_id(call.now)),
                receivable: what.receivable,
                amount: what.amount,
                day: what.day,
                recorded: (call.key.caller.clone(), call.now),
                revoked: None,
            };
            store::insert_payment(&tx, area, &new).await?;
            let facts = json!({ "payment_id": new.id, "amount_fen": new.amount,
                "remaining_fen": balance.remaining - new.amount });
            self.tell_receivable(&tx, call, "receivable.paid", &receivable, facts)
                .await?;
            let subject = new.id.to_string();
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let owed = self.owed_of_payment(area, &done.subject).await?;
        let replayed = done.replayed();
        Ok((owed, done.subject, replayed))
    }

    /// Revokes a payment; true when an earlier attempt had done it.
    pub async fn revoke_payment(
        &self,
        call: &Call,
        id: PaymentId,
        own: Own<'_>,
        reason: &str,
    ) -> Result<(Owed, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let seen = store::find_payment(&*tx, area, id).await?;
            let seen = seen.ok_or_else(|| unknown_payment(id))?;
            let locked = locked(&tx, area, seen.receivable, own).await;
            let (receivable, _) = as_unknown(locked, || unknown_payment(id))?;
            // Seen before the lock; only under it is it known to stand.
            let payment = store::find_payment(&*tx, area, id).await?;
            let stands = payment.filter(|payment| payment.revoked.is_none());
            let payment = stands.ok_or_else(|| unknown_payment(id))?;
            store::revoke_payment(&tx, area, id, (reason, call.now)).await?;
            let facts = json!({ "payment_id": id, "amount_fen": payment.amount });
            let kind = "receivable.payment_revoked";
            self.tell_receivable(&tx, call, kind, &receivable, facts)
                .await?;
            let subject = id.to_string();
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let owed = self.owed_of_payment(area, &done.subject).await?;
        Ok((owed, done.replayed()))
    }

    /// Records a reminder; answers its id, and whether an earlier attempt had done it.
    pub async fn record_reminder(
        &self,
        call: &Call,
        what: &Reminding,
        own: Own<'_>,
    ) -> Result<(Owed, String, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let (receivable, balance) = locked(&tx, area, what.receivable, own).await?;
            receivable.remindable(&balance, what, call.now.day())?;
            let new = Reminder {
                id: ReminderId(new_id(call.now)),
                receivable: what.receivable,
                step: what.step,
                channel: what.channel,
                day: what.day,
                note: what.note.clone(),
                recorded: (call.key.caller.clone(), call.now),
                revoked: None,
            };
            store::insert_reminder(&tx, area, &new).await?;
            let facts = json!({ "reminder_id": new.id, "step": new.step.number(),
                "channel": new.channel.name(), "reminded_day": new.day });
            self.tell_receivable(&tx, call, "receivable.reminded", &receivable, facts)
                .await?;
            let subject = new.id.to_string();
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let owed = self.owed_of_reminder(area, &done.subject).await?;
        let replayed = done.replayed();
        Ok((owed, done.subject, replayed))
    }

    /// Revokes a reminder; true when an earlier attempt had done it.
    pub async fn revoke_reminder(
        &self,
        call: &Call,
        id: ReminderId,
        own: Own<'_>,
        reason: &str,
    ) -> Result<(Owed, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let seen = store::find_reminder(&*tx, area, id).await?;
            let seen = seen.ok_or_else(|| unknown_reminder(id))?;
            let locked = locked(&tx, area, seen.receivable, own).await;
            let (receivable, _) = as_unknown(locked, || unknown_reminder(id))?;
            // Seen before the lock; only under it is it known to stand.
            let reminder = store::find_reminder(&*tx, area, id).await?;
            let stands = reminder.filter(|reminder| reminder.revoked.is_none());
            let reminder = stands.ok_or_else(|| unknown_reminder(id))?;
            store::revoke_reminder(&tx, area, id, (reason, call.now)).await?;
            let facts = json!({ "reminder_id": id, "step": reminder.step.number() });
            let kind = "receivable.reminder_revoked";
            self.tell_receivable(&tx, call, kind, &receivable, facts)
                .await?;
            let subject = id.to_string();
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let owed = self.owed_of_reminder(area, &done.subject).await?;
        Ok((owed, done.replayed()))
    }

    /// One receivable, if it is of this institution.
    pub async fn receivable(
        &self,
        area: &AreaCode,
        id: ReceivableId,
        own: Own<'_>,
    ) -> Result<Owed, Refusal> {
        let found = store::find_receivable(self.db.reader(), area, id).await?;
        let found = found.filter(|one| own.is_none_or(|own| *own == one.institution));
        self.with_all(area, found.ok_or_else(|| unknown(id))?).await
    }

    /// A page of receivables and the token of the next. What a revision of the settlement changed is
    /// seen here alone: of such the page may be short.
    pub async fn receivables(
        &self,
        area: &AreaCode,
        which: &store::WhichReceivables,
        after: &str,
        size: u64,
    ) -> Result<(Vec<Owed>, String), Refusal> {
        let rows = store::receivables(&self.db, area, which, after, size + 1).await?;
        let (rows, next) = page_of(rows, size, |one| one.id.to_string());
        let owed = balanced(self.db.reader(), area, rows).await?;
        let wanted = |one: &Owed| {
            let overdue = which.overdue.is_none() || one.balance.state == ReceivableState::Open;
            which.state.is_none_or(|state| state == one.balance.state) && overdue
        };
        Ok((owed.into_iter().filter(wanted).collect(), next))
    }

    /// A page of receivables whose patient is to be reminded on a day, each with the step, and the token
    /// of the next.
    pub async fn due_reminders(
        &self,
        area: &AreaCode,
        (own, day): (Own<'_>, Day),
        after: &str,
        size: u64,
    ) -> Result<(Vec<(Step, Owed)>, String), Refusal> {
        let rows = store::due_reminders(&self.db, area, (own, day), after, size + 1).await?;
        let (rows, next) = page_of(rows, size, |one| one.id.to_string());
        let owed = balanced(self.db.reader(), area, rows).await?.into_iter();
        let with_step = owed
            .filter(|one| one.balance.state == ReceivableState::Open)
            .filter_map(|one| Some((Step::on(one.receivable.due, day)?, one)));
        Ok((with_step.collect(), next))
    }

    /// A guarantee stands for nobody who is in arrears. Asked only when the statement that looks for the
    /// visit's settlement has found something that may be.
    pub(super) async fn not_in_arrears(
        &self,
        tx: &Tx,
        area: &AreaCode,
        (person, today): (PersonId, Day),
    ) -> Result<(), Stop> {
        let rows = store::overdue_of(tx, area, person, today).await?;
        let owed = balanced(&**tx, area, rows).await?;
        let open = |one: &Owed| one.balance.state == ReceivableState::Open;
        match owed.iter().any(open) {
            true => Err(GUARANTEE_ARREARS.refuse().at("stay.person_id").into()),
            false => Ok(()),
        }
    }

    async fn owed_of_payment(&self, area: &AreaCode, id: &str) -> Result<Owed, Refusal> {
        let id = PaymentId::parse(id).map_err(|_| kernel::refusal::INTERNAL.refuse())?;
        let found = store::find_payment(self.db.reader(), area, id).await?;
        let found = found.ok_or_else(|| unknown_payment(id))?;
        self.receivable(area, found.receivable, None).await
    }

    async fn owed_of_reminder(&self, area: &AreaCode, id: &str) -> Result<Owed, Refusal> {
        let id = ReminderId::parse(id).map_err(|_| kernel::refusal::INTERNAL.refuse())?;
        let found = store::find_reminder(self.db.reader(), area, id).await?;
        let found = found.ok_or_else(|| unknown_reminder(id))?;
        self.receivable(area, found.receivable, None).await
    }

    async fn owed_by_name(&self, area: &AreaCode, id: &str) -> Result<Owed, Refusal> {
        let id = ReceivableId::parse(id).map_err(|_| kernel::refusal::INTERNAL.refuse())?;
        self.receivable(area, id, None).await
    }

    async fn with_all(&self, area: &AreaCode, receivable: Receivable) -> Result<Owed, Refusal> {
        let (reader, id) = (self.db.reader(), receivable.id);
        let balance = balance_of(reader, area, &receivable).await?;
        Ok(Owed {
            receivable,
            balance,
            payments: store::payments_of(reader, area, id).await?,
            reminders: store::reminders_of(reader, area, id).await?,
        })
    }

    async fn tell_receivable(
        &self,
        tx: &Tx,
        call: &Call,
        kind: &'static str,
        of: &Receivable,
        mut facts: serde_json::Value,
    ) -> Result<(), Stop> {
        facts["person_id"] = json!(of.person);
        facts["by"] = json!(call.key.caller);
        self.tell(tx, call, kind, &of.id.to_string(), facts).await
    }
}

/// Locks a receivable, if it is of this institution; answers it with what it comes to.
async fn locked(
    tx: &Tx,
    area: &AreaCode,
    id: ReceivableId,
    own: Own<'_>,
) -> Result<(Receivable, Balance), Stop> {
    let found = store::lock_receivable(tx, area, id).await?;
    let found = found.filter(|one| own.is_none_or(|own| *own == one.institution));
    let found = found.ok_or_else(|| unknown(id))?;
    let balance = balance_of(&**tx, area, &found).await?;
    Ok((found, balance))
}

async fn balance_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &Receivable,
) -> Result<Balance, Stop> {
    let owed = balanced(on, area, vec![of.clone()]).await?;
    let balance = owed.first().map(|one| one.balance);
    Ok(balance.ok_or_else(|| unknown(of.id))?)
}

/// What each of these comes to, in their order.
async fn balanced(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    all: Vec<Receivable>,
) -> Result<Vec<Owed>, Stop> {
    let ids: Vec<ReceivableId> = all.iter().map(|one| one.id).collect();
    let settlements: Vec<_> = all.iter().map(|one| one.settlement).collect();
    let paid = store::paid_of(on, area, &ids).await?;
    let posted = store::find_all_posted(on, area, &settlements).await?;
    let standing = posted.into_iter().filter(|one| one.reversed_at.is_none());
    let standing: Vec<Posted> = standing.collect();
    let cash = dues(on, area, &standing).await?;
    let owed = |receivable: Receivable| {
        let cash = cash.get(&receivable.settlement).copied();
        let paid = paid.get(&receivable.id.to_string()).copied();
        Owed {
            balance: receivable.balance(cash, paid.unwrap_or_default()),
            receivable,
            payments: Vec::new(),
            reminders: Vec::new(),
        }
    };
    Ok(all.into_iter().map(owed).collect())
}

/// What the patient bears of each of these at the institution. Only what was corrected is asked about.
async fn dues(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    standing: &[Posted],
) -> Result<BTreeMap<SettlementId, Fen>, Stop> {
    let as_they_stand = standing.iter().map(|one| (one.id, one.amounts.cash));
    let mut dues: BTreeMap<_, _> = as_they_stand.collect();
    let corrected = standing.iter().filter(|one| one.revision > 0);
    let corrected: Vec<SettlementId> = corrected.map(|one| one.id).collect();
    if corrected.is_empty() {
        return Ok(dues);
    }
    let corrections = store::corrections_of(on, area, &corrected).await?;
    for posted in store::as_posted(on, area, &corrected).await? {
        let of_it = corrections.iter().filter(|one| one.settlement == posted.id);
        let of_it: Vec<&Revision> = of_it.collect();
        dues.insert(posted.id, due_at_institution(posted.amounts.cash, &of_it));
    }
    Ok(dues)
}

/// Whether a bill is of a guaranteed stay; a part that others follow does not close its guarantee.
async fn is_guaranteed(tx: &Tx, area: &AreaCode, bill: &Bill) -> Result<bool, Stop> {
    match bill.registration {
        Some(read) if bill.continues() => {
            let visit = store::find_visit(&**tx, area, &read.visit.to_string()).await?;
            Ok(visit.is_some_and(|visit| visit.facts.guarantee.is_some()))
        }
        _ => Ok(bill.guarantee.is_some()),
    }
}

/// What belongs to another institution does not exist, by the name it was asked for.
fn as_unknown<T>(found: Result<T, Stop>, no: impl FnOnce() -> Refusal) -> Result<T, Stop> {
    match found {
        Err(Stop::Refused(other)) if other.code == RECEIVABLE_UNKNOWN.code => Err(no().into()),
        found => found,
    }
}

fn unknown(id: ReceivableId) -> Refusal {
    let no = RECEIVABLE_UNKNOWN.refuse().at("receivable_id");
    no.with("receivable_id", id)
}

fn unknown_payment(id: PaymentId) -> Refusal {
    let no = PAYMENT_UNKNOWN.refuse().at("payment_id");
    no.with("payment_id", id)
}

fn unknown_reminder(id: ReminderId) -> Refusal {
    let no = REMINDER_UNKNOWN.refuse().at("reminder_id");
    no.with("reminder_id", id)
}
