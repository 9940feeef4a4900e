//! 先诊疗后付费欠费.

use crate::app::Owed;
use crate::domain::{
    Channel, Opening, Paying, Payment, ReceivableState, Reminder, Reminding, Revoked, Step,
};
use crate::store::WhichReceivables;
use kernel::refusal::invalid;
use kernel::{CLAIM_FEN_MAX, Fen, Instant, InstitutionCode, ReceivableId, Refusal, SettlementId};
use proto::orchestrator as pb;
use proto::orchestrator::receivable::State;
use proto::orchestrator::reminder::{Channel as WireChannel, Step as WireStep};
use runtime::{parse, render};

/// What is unpaid; only of a settlement of this institution, if one asks.
pub fn opening(
    message: &pb::OpenReceivableRequest,
    institution: Option<InstitutionCode>,
) -> Result<Opening, Refusal> {
    let settlement = SettlementId::parse(&message.settlement_id);
    Ok(Opening {
        settlement: parse::field("settlement_id", settlement)?,
        unpaid: amount("unpaid_fen", message.unpaid_fen)?,
        due: parse::optional_day("due_day", &message.due_day)?,
        institution,
    })
}

/// An amount that is paid, or is not: above nothing.
pub(super) fn amount(path: &str, fen: i64) -> Result<Fen, Refusal> {
    let amount = Fen(fen);
    let fits = Fen::ZERO < amount && amount <= CLAIM_FEN_MAX;
    let expected = format_args!("大于零、不超过{CLAIM_FEN_MAX}元的金额(以分计)");
    parse::wanted(path, fits.then_some(amount), expected)
}

/// Which receivable.
pub fn receivable_id(text: &str) -> Result<ReceivableId, Refusal> {
    parse::field("receivable_id", ReceivableId::parse(text))
}

/// A payment to record.
pub fn paying(message: &pb::RecordPaymentRequest) -> Result<Paying, Refusal> {
    Ok(Paying {
        receivable: receivable_id(&message.receivable_id)?,
        amount: amount("amount_fen", message.amount_fen)?,
        day: parse::day("paid_day", &message.paid_day)?,
    })
}

/// A reminder to record.
pub fn reminding(message: &pb::RecordReminderRequest) -> Result<Reminding, Refusal> {
    let step = match WireStep::try_from(message.step) {
        Ok(WireStep::SevenDaysBefore) => Step::SevenBefore,
        Ok(WireStep::DueDay) => Step::DueDay,
        Ok(WireStep::SevenDaysAfter) => Step::SevenAfter,
        Ok(WireStep::ThirtyDaysAfter) => Step::ThirtyAfter,
        Ok(WireStep::Unspecified) | Err(_) => return Err(invalid("step", "已知的催缴环节")),
    };
    let channel = match WireChannel::try_from(message.channel) {
        Ok(WireChannel::Letter) => Channel::Letter,
        Ok(WireChannel::Phone) => Channel::Phone,
        Ok(WireChannel::Sms) => Channel::Sms,
        Ok(WireChannel::Visit) => Channel::Visit,
        Ok(WireChannel::Unspecified) | Err(_) => {
            return Err(invalid("channel", "已知的催缴方式"));
        }
    };
    Ok(Reminding {
        receivable: receivable_id(&message.receivable_id)?,
        step,
        channel,
        day: parse::day("reminded_day", &message.reminded_day)?,
        note: parse::optional_text("note", &message.note, 200)?,
    })
}

/// Which receivables are listed; of this institution, if it is one that asks or is asked about.
pub fn which_receivables(
    message: &pb::ListReceivablesRequest,
    institution: Option<InstitutionCode>,
) -> Result<WhichReceivables, Refusal> {
    let state = match State::try_from(message.state) {
        Ok(State::Unspecified) => None,
        Ok(State::Open) => Some(ReceivableState::Open),
        Ok(State::Paid) => Some(ReceivableState::Paid),
        Ok(State::WrittenOff) => Some(ReceivableState::WrittenOff),
        Ok(State::Cancelled) => Some(ReceivableState::Cancelled),
        Err(_) => return Err(invalid("state", "已知的状态")),
    };
    Ok(WhichReceivables {
        institution,
        state,
        overdue: parse::optional_day("overdue_as_of_day", &message.overdue_as_of_day)?,
    })
}

/// A receivable as the wire shows it.
pub fn receivable(owed: &Owed) -> pb::Receivable {
    let (of, balance) = (&owed.receivable, &owed.balance);
    let state = match balance.state {
        ReceivableState::Open => State::Open,
        ReceivableState::Paid => State::Paid,
        ReceivableState::WrittenOff => State::WrittenOff,
        ReceivableState::Cancelled => State::Cancelled,
    };
    let why = of.ended.as_ref().map(|(_, reason)| reason.clone());
    pb::Receivable {
        receivable_id: of.id.to_string(),
        state: state.into(),
        settlement_id: of.settlement.to_string(),
        institution_code: of.institution.to_string(),
        person_id: of.person.to_string(),
        unpaid_fen: of.unpaid.0,
        owed_fen: balance.owed.0,
        paid_fen: balance.paid.0,
        remaining_fen: balance.remaining.0,
        to_return_fen: balance.to_return.0,
        due_day: of.due.to_string(),
        opened_by: of.opened.0.clone(),
        opened_time: Some(render::timestamp(of.opened.1)),
        end_reason: why.unwrap_or_default(),
        payments: owed.payments.iter().map(payment).collect(),
        reminders: owed.reminders.iter().map(reminder).collect(),
    }
}

fn payment(of: &Payment) -> pb::Payment {
    let (revoked_at, revoke_reason) = revoked(of.revoked.as_ref());
    pb::Payment {
        payment_id: of.id.to_string(),
        amount_fen: of.amount.0,
        paid_day: of.day.to_string(),
        recorded_by: of.recorded.0.clone(),
        recorded_time: Some(render::timestamp(of.recorded.1)),
        revoked_time: revoked_at.map(render::timestamp),
        revoke_reason,
    }
}

fn reminder(of: &Reminder) -> pb::Reminder {
    let (revoked_at, revoke_reason) = revoked(of.revoked.as_ref());
    pb::Reminder {
        reminder_id: of.id.to_string(),
        step: step(of.step).into(),
        channel: channel(of.channel).into(),
        reminded_day: of.day.to_string(),
        note: of.note.clone(),
        recorded_by: of.recorded.0.clone(),
        recorded_time: Some(render::timestamp(of.recorded.1)),
        revoked_time: revoked_at.map(render::timestamp),
        revoke_reason,
    }
}

/// When something was taken back, and why.
pub(super) fn revoked(of: Option<&Revoked>) -> (Option<Instant>, String) {
    let at = of.map(|revoked| revoked.at);
    let why = of.map(|revoked| revoked.reason.clone());
    (at, why.unwrap_or_default())
}

fn step(of: Step) -> WireStep {
    match of {
        Step::SevenBefore => WireStep::SevenDaysBefore,
        Step::DueDay => WireStep::DueDay,
        Step::SevenAfter => WireStep::SevenDaysAfter,
        Step::ThirtyAfter => WireStep::ThirtyDaysAfter,
    }
}

fn channel(of: Channel) -> WireChannel {
    match of {
        Channel::Letter => WireChannel::Letter,
        Channel::Phone => WireChannel::Phone,
        Channel::Sms => WireChannel::Sms,
        Channel::Visit => WireChannel::Visit,
    }
}

/// Whose patient is to be reminded, and of which step, as the wire shows it.
pub fn due_reminder((of, owed): &(Step, Owed)) -> pb::DueReminder {
    pb::DueReminder {
        step: step(*of).into(),
        step_day: of.day(owed.receivable.due).to_string(),
        receivable: Some(receivable(owed)),
    }
}
