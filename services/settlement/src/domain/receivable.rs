//! 先诊疗后付费欠费: what a patient under a guarantee did not pay at discharge, and what becomes of it.
//!
//! It decides what may be recorded as unpaid, what of it stands, what may be paid, and when the patient
//! is reminded. What stands is not kept: it follows from the receivable, its payments, and the
//! settlement as that stands now. It refuses to know who collects, and how.
//!
//! ```text
//! open ──payments──▶ paid ──a payment revoked──▶ open;   open ◀──▶ written off
//!   └──cancelled, or its settlement reversed──▶ cancelled: what was paid is to be returned
//! ```

use super::{Cause, Payee, Posted, Revision};
use crate::refusal::{
    ALREADY_REVERSED, PAYMENT_TOO_MUCH, RECEIVABLE_NO_GUARANTEE, RECEIVABLE_NOT_OPEN,
    RECEIVABLE_NOT_WRITTEN_OFF, RECEIVABLE_TOO_MUCH, REMINDER_TOO_EARLY,
};
use kernel::refusal::invalid;
use kernel::{
    Day, Fen, Instant, InstitutionCode, PaymentId, PersonId, ReceivableId, Refusal, ReminderId,
    SettlementId, Spec,
};

/// 应付日期: days after discharge, where nobody said another day.
const DUE_DAYS: u32 = 30;
/// Months after discharge at most.
const DUE_MONTHS_MAX: u32 = 36;

/// A receivable to open.
pub struct Opening {
    /// Of which settlement.
    pub settlement: SettlementId,
    /// 欠费金额.
    pub unpaid: Fen,
    /// 应付日期; [`DUE_DAYS`] after discharge when nobody said.
    pub due: Option<Day>,
    /// Only if the settlement is of this institution.
    pub institution: Option<InstitutionCode>,
}

/// 欠费.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receivable {
    /// Its id.
    pub id: ReceivableId,
    /// 结算ID (setl_id): of which settlement.
    pub settlement: SettlementId,
    /// 定点医药机构编号 (fixmedins_code): whom it is owed to.
    pub institution: InstitutionCode,
    /// 人员编号 (psn_no): who owes it.
    pub person: PersonId,
    /// 欠费金额: what was unpaid when it was opened.
    pub unpaid: Fen,
    /// 应付日期.
    pub due: Day,
    /// Who opened it, and when.
    pub opened: (String, Instant),
    /// How it was ended, and why; payments do not end it.
    pub ended: Option<(End, String)>,
}

/// How a receivable is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// 撤销: it was recorded in error.
    Cancelled,
    /// 核销: what remains is not collected.
    WrittenOff,
}

/// Where a receivable stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceivableState {
    /// 未结清.
    Open,
    /// 已结清.
    Paid,
    /// 已核销.
    WrittenOff,
    /// 已撤销.
    Cancelled,
}

/// What a receivable comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Where it stands.
    pub state: ReceivableState,
    /// 应付金额.
    pub owed: Fen,
    /// 已付金额.
    pub paid: Fen,
    /// 未付金额, also when it is written off.
    pub remaining: Fen,
    /// 应退金额: what was paid beyond what is owed.
    pub to_return: Fen,
}

/// Something that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: String,
}

/// A payment to record.
pub struct Paying {
    /// Of which receivable.
    pub receivable: ReceivableId,
    /// 金额.
    pub amount: Fen,
    /// The day on which it was paid.
    pub day: Day,
}

/// 还款.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Of which receivable.
    pub receivable: ReceivableId,
    /// 金额.
    pub amount: Fen,
    /// The day on which it was paid.
    pub day: Day,
    /// Who recorded it, and when.
    pub recorded: (String, Instant),
    /// Whether it was taken back.
    pub revoked: Option<Revoked>,
}

/// 催缴环节: when a patient is reminded, in the order of the days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// 到期前七日.
    SevenBefore,
    /// 到期当日.
    DueDay,
    /// 逾期七日.
    SevenAfter,
    /// 逾期三十日.
    ThirtyAfter,
}

/// 催缴方式.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// 信函.
    Letter,
    /// 电话.
    Phone,
    /// 短信.
    Sms,
    /// 上门.
    Visit,
}

/// A reminder to record.
pub struct Reminding {
    /// Of which receivable.
    pub receivable: ReceivableId,
    /// Which step it answers.
    pub step: Step,
    /// How.
    pub channel: Channel,
    /// The day on which the patient was reminded.
    pub day: Day,
    /// 备注; may be empty.
    pub note: String,
}

/// 催缴.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Its id.
    pub id: ReminderId,
    /// Of which receivable.
    pub receivable: ReceivableId,
    /// Which step it answers.
    pub step: Step,
    /// How.
    pub channel: Channel,
    /// The day on which the patient was reminded.
    pub day: Day,
    /// 备注; may be empty.
    pub note: String,
    /// Who recorded it, and when.
    pub recorded: (String, Instant),
    /// Whether it was taken back.
    pub revoked: Option<Revoked>,
}

impl Opening {
    /// The receivable, of the settlement as it stands; whether its stay is guaranteed, and what of it the
    /// patient bears at the institution.
    pub fn opened(
        &self,
        of: &Posted,
        id: ReceivableId,
        (guaranteed, cash): (bool, Fen),
        (by, now): (&str, Instant),
    ) -> Result<Receivable, Refusal> {
        let refuse = |spec: &'static Spec| {
            let no = spec.refuse().at("settlement_id");
            no.with("settlement_id", of.id)
        };
        let bill = &of.evidence.bill;
        if of.reversed_at.is_some() {
            return Err(refuse(&ALREADY_REVERSED));
        }
        if !guaranteed {
            return Err(refuse(&RECEIVABLE_NO_GUARANTEE));
        }
        if self.unpaid > cash {
            let no = refuse(&RECEIVABLE_TOO_MUCH).at("unpaid_fen");
            let no = no.with("unpaid_fen", self.unpaid.0);
            return Err(no.with("cash_fen", cash.0));
        }
        let due = self.due.unwrap_or_else(|| bill.end.plus_days(DUE_DAYS));
        if due < bill.end || bill.end.plus_months(DUE_MONTHS_MAX) < due {
            return Err(invalid("due_day", "出院之日起三年内的日期"));
        }
        Ok(Receivable {
            id,
            settlement: of.id,
            institution: bill.institution.clone(),
            person: bill.person,
            unpaid: self.unpaid,
            due,
            opened: (by.to_string(), now),
            ended: None,
        })
    }
}

/// What the patient bears of a settlement at the institution: the cash it was posted with, and what
/// refunds by line moved of it since. What other corrections move is between the patient and the bureau,
/// or is the institution's, which may not ask the patient for it. `corrections` are those that stand.
pub fn due_at_institution(posted: Fen, corrections: &[&Revision]) -> Fen {
    let mut by_number = corrections.to_vec();
    by_number.sort_by_key(|one| one.number);
    let (_, due) = by_number.iter().fold((posted, posted), |(was, due), one| {
        let is = one.amounts.cash;
        match (one.cause, one.payee) {
            (Cause::RefundLines, Payee::Institution) => (is, due + (is - was)),
            _ => (is, due),
        }
    });
    due.max(Fen::ZERO)
}

impl Receivable {
    /// What it comes to, when the patient bears this much of the settlement at the institution (nothing
    /// when that is reversed) and has paid this much. A refund that leaves less to bear than was unpaid lowers what
    /// is owed; what it moves of the part that was paid at discharge is settled there.
    pub fn balance(&self, cash: Option<Fen>, paid: Fen) -> Balance {
        let how = self.ended.as_ref().map(|(how, _)| *how);
        let owed = match (how, cash) {
            (Some(End::Cancelled), _) | (_, None) => Fen::ZERO,
            (_, Some(cash)) => self.unpaid.min(cash),
        };
        let remaining = owed.less(paid);
        let state = match how {
            Some(End::Cancelled) => ReceivableState::Cancelled,
            _ if cash.is_none() => ReceivableState::Cancelled,
            _ if remaining == Fen::ZERO => ReceivableState::Paid,
            Some(End::WrittenOff) => ReceivableState::WrittenOff,
            None => ReceivableState::Open,
        };
        Balance {
            state,
            owed,
            paid,
            remaining,
            to_return: paid.less(owed),
        }
    }

    /// Something remains of it that is collected.
    pub fn collectible(&self, balance: &Balance) -> Result<(), Refusal> {
        match balance.state {
            ReceivableState::Open => Ok(()),
            _ => Err(self.refuse(&RECEIVABLE_NOT_OPEN)),
        }
    }

    /// Whether it may be ended so: cancelled also when it is paid.
    pub fn endable(&self, how: End, balance: &Balance) -> Result<(), Refusal> {
        match (how, balance.state) {
            (End::Cancelled, ReceivableState::Paid) => Ok(()),
            _ => self.collectible(balance),
        }
    }

    /// Whether its write-off may be revoked.
    pub fn owed_again(&self, balance: &Balance) -> Result<(), Refusal> {
        match balance.state {
            ReceivableState::WrittenOff => Ok(()),
            _ => Err(self.refuse(&RECEIVABLE_NOT_WRITTEN_OFF)),
        }
    }

    /// Whether this may be paid of it: not more than remains, and not tomorrow.
    pub fn payable(&self, balance: &Balance, what: &Paying, today: Day) -> Result<(), Refusal> {
        if what.day > today {
            return Err(invalid("paid_day", "不晚于今天的日期"));
        }
        self.collectible(balance)?;
        match what.amount <= balance.remaining {
            true => Ok(()),
            false => {
                let no = PAYMENT_TOO_MUCH.refuse().at("amount_fen");
                let no = no.with("amount_fen", what.amount.0);
                Err(no.with("remaining_fen", balance.remaining.0))
            }
        }
    }

    /// Whether the patient may have been reminded so: not before the step's day, and not tomorrow.
    pub fn remindable(
        &self,
        balance: &Balance,
        what: &Reminding,
        today: Day,
    ) -> Result<(), Refusal> {
        if what.day > today {
            return Err(invalid("reminded_day", "不晚于今天的日期"));
        }
        self.collectible(balance)?;
        let from = what.step.day(self.due);
        match from <= what.day {
            true => Ok(()),
            false => {
                let no = self.refuse(&REMINDER_TOO_EARLY).at("reminded_day");
                Err(no.with("step_day", from))
            }
        }
    }

    fn refuse(&self, spec: &'static Spec) -> Refusal {
        let no = spec.refuse().at("receivable_id");
        no.with("receivable_id", self.id)
    }
}

impl Step {
    /// All of them, in the order of their days.
    pub const ALL: [Step; 4] = [
        Step::SevenBefore,
        Step::DueDay,
        Step::SevenAfter,
        Step::ThirtyAfter,
    ];

    /// The day on which it comes.
    pub fn day(self, due: Day) -> Day {
        match self {
            Step::SevenBefore => due.minus_days(7),
            Step::DueDay => due,
            Step::SevenAfter => due.plus_days(7),
            Step::ThirtyAfter => due.plus_days(30),
        }
    }

    /// The due days whose step this is on a day: later than the first, up to the second; without a
    /// first for the last step.
    pub fn due_days(self, on: Day) -> (Option<Day>, Day) {
        match self {
            Step::SevenBefore => (Some(on), on.plus_days(7)),
            Step::DueDay => (Some(on.minus_days(7)), on),
            Step::SevenAfter => (Some(on.minus_days(30)), on.minus_days(7)),
            Step::ThirtyAfter => (None, on.minus_days(30)),
        }
    }

    /// The newest step that has come on a day.
    pub fn on(due: Day, day: Day) -> Option<Step> {
        let come = |step: &Step| step.day(due) <= day;
        Step::ALL.into_iter().rev().find(come)
    }

    /// Its place among them, from 1.
    pub fn number(self) -> i16 {
        match self {
            Step::SevenBefore => 1,
            Step::DueDay => 2,
            Step::SevenAfter => 3,
            Step::ThirtyAfter => 4,
        }
    }
}

impl Channel {
    /// Its name in the store and in events.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Letter => "letter",
            Channel::Phone => "phone",
            Channel::Sms => "sms",
            Channel::Visit => "visit",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Channel> {
        use Channel::{Letter, Phone, Sms, Visit};
        let all = [Letter, Phone, Sms, Visit];
        all.into_iter().find(|channel| channel.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn receivable(ended: Option<End>) -> Receivable {
        let uuid = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
        Receivable {
            id: ReceivableId::parse(uuid).unwrap(),
            settlement: SettlementId::parse(uuid).unwrap(),
            institution: InstitutionCode::parse("H15250100001").unwrap(),
            person: PersonId::parse(uuid).unwrap(),
            unpaid: Fen(600),
            due: day("2017-04-09"),
            opened: ("clerk".into(), Instant::from_micros(0)),
            ended: ended.map(|how| (how, String::new())),
        }
    }

    #[test]
    fn what_stands_follows_from_settlement_and_payments() {
        use ReceivableState::{Cancelled, Open, Paid, WrittenOff};
        // ended, cash of the settlement as it stands, paid: state, owed, remaining, to return
        let table = [
            (None, Some(1_000), 0, (Open, 600, 600, 0)),
            (None, Some(1_000), 599, (Open, 600, 1, 0)),
            (None, Some(1_000), 600, (Paid, 600, 0, 0)),
            // A refund that leaves more to bear than is unpaid changes nothing.
            (None, Some(600), 200, (Open, 600, 400, 0)),
            (None, Some(300), 200, (Open, 300, 100, 0)),
            (None, Some(150), 200, (Paid, 150, 0, 50)),
            (None, Some(0), 0, (Paid, 0, 0, 0)),
            (None, None, 200, (Cancelled, 0, 0, 200)),
            (
                Some(End::Cancelled),
                Some(1_000),
                200,
                (Cancelled, 0, 0, 200),
            ),
            (
                Some(End::WrittenOff),
                Some(1_000),
                200,
                (WrittenOff, 600, 400, 0),
            ),
            (Some(End::WrittenOff), Some(100), 200, (Paid, 100, 0, 100)),
            (Some(End::WrittenOff), None, 200, (Cancelled, 0, 0, 200)),
        ];
        for (ended, cash, paid, (state, owed, remaining, to_return)) in table {
            let expected = Balance {
                state,
                owed: Fen(owed),
                paid: Fen(paid),
                remaining: Fen(remaining),
                to_return: Fen(to_return),
            };
            let balance = receivable(ended).balance(cash.map(Fen), Fen(paid));
            assert_eq!(balance, expected, "{ended:?} {cash:?} {paid}");
        }
    }

    #[test]
    fn of_several_steps_the_newest_has_come() {
        let due = day("2017-04-09");
        let table = [
            ("2017-04-01", None),
            ("2017-04-02", Some(Step::SevenBefore)),
            ("2017-04-08", Some(Step::SevenBefore)),
            ("2017-04-09", Some(Step::DueDay)),
            ("2017-04-15", Some(Step::DueDay)),
            ("2017-04-16", Some(Step::SevenAfter)),
            ("2017-05-08", Some(Step::SevenAfter)),
            ("2017-05-09", Some(Step::ThirtyAfter)),
            ("2019-01-01", Some(Step::ThirtyAfter)),
        ];
        for (on, expected) in table {
            let on = day(on);
            assert_eq!(Step::on(due, on), expected, "{on}");
            // The store asks by the due days: it must come to the same.
            let asked = Step::ALL.into_iter().filter(|step| {
                let (after, until) = step.due_days(on);
                after.is_none_or(|after| after < due) && due <= until
            });
            assert_eq!(asked.collect::<Vec<_>>(), Vec::from_iter(expected), "{on}");
        }
    }

    #[test]
    fn nobody_is_reminded_before_the_step_comes() {
        let owed = receivable(None);
        let open = owed.balance(Some(Fen(600)), Fen::ZERO);
        let reminding = |on: &str| Reminding {
            receivable: owed.id,
            step: Step::SevenAfter,
            channel: Channel::Phone,
            day: day(on),
            note: String::new(),
        };
        let today = day("2017-04-20");
        let no = |on: &str| owed.remindable(&open, &reminding(on), today).unwrap_err();
        assert_eq!(no("2017-04-15").code, "REMINDER_TOO_EARLY");
        assert_eq!(no("2017-04-21").code, "INVALID_FIELD");
        assert!(
            owed.remindable(&open, &reminding("2017-04-16"), today)
                .is_ok()
        );
        let paid = owed.balance(Some(Fen(600)), Fen(600));
        let no = owed.remindable(&paid, &reminding("2017-04-16"), today);
        assert_eq!(no.unwrap_err().code, "RECEIVABLE_NOT_OPEN");
    }
}
