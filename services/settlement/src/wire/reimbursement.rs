//! 零星报销.

use super::claim::{bill, claim_message, place};
use crate::domain::{
    ExpenseReceipt, Institution, RECEIPTS_MAX, Reimbursement, ReimbursementState, Submission,
};
use kernel::refusal::invalid;
use kernel::{CLAIM_FEN_MAX, Day, Fen, InstitutionCode, InstitutionKind, InstitutionTier, Refusal};
use proto::common;
use proto::orchestrator as pb;
use proto::orchestrator::reimbursement::State;
use runtime::{parse, render};

/// A bill to reimburse.
pub fn submission(message: &pb::SubmitReimbursementRequest) -> Result<Submission, Refusal> {
    let bill = bill(message.claim.as_ref())?;
    if bill.part.is_some() {
        return Err(invalid("claim.part_number", "空:零星报销不分段"));
    }
    let empty = [
        ("referral_id", bill.referral.is_some()),
        ("guarantee_id", bill.guarantee.is_some()),
        ("reimbursement_id", bill.reimbursement.is_some()),
    ];
    if let Some((field, _)) = empty.iter().find(|(_, named)| *named) {
        return Err(invalid(format!("claim.{field}"), "空"));
    }
    if !(1..=RECEIPTS_MAX).contains(&message.receipts.len()) {
        return Err(invalid("receipts", format!("1至{RECEIPTS_MAX}张票据")));
    }
    let receipts = message.receipts.iter().enumerate();
    let receipts: Result<_, Refusal> = receipts
        .map(|(place, receipt)| expense_receipt(place, receipt))
        .collect();
    let outside = message.outside_institution.as_ref();
    let outside = outside.map(|outside| institution(outside, &bill.institution, bill.begin));
    Ok(Submission {
        receipts: receipts?,
        outside: outside.transpose()?,
        bill,
    })
}

fn expense_receipt(place: usize, receipt: &pb::ExpenseReceipt) -> Result<ExpenseReceipt, Refusal> {
    let field = |name: &str| format!("receipts[{place}].{name}");
    let amount = Fen(receipt.amount_fen);
    let fits = Fen::ZERO < amount && amount <= CLAIM_FEN_MAX;
    let expected = format_args!("大于零、不超过{CLAIM_FEN_MAX}元的金额(以分计)");
    Ok(ExpenseReceipt {
        code: parse::token(field("receipt_code"), &receipt.receipt_code, 20)?,
        number: parse::token(field("receipt_number"), &receipt.receipt_number, 20)?,
        issued: parse::day(field("issued_day"), &receipt.issued_day)?,
        amount: parse::wanted(field("amount_fen"), fits.then_some(amount), expected)?,
    })
}

fn institution(
    outside: &pb::OutsideInstitution,
    code: &InstitutionCode,
    day: Day,
) -> Result<Institution, Refusal> {
    let field = |name: &str| format!("outside_institution.{name}");
    let where_it_lies = place(&field("place"), outside.place)?;
    Ok(Institution {
        code: code.clone(),
        name: parse::text(field("name"), &outside.name, 100)?,
        tier: parse::code(field("tier"), InstitutionTier::parse(&outside.tier))?,
        kind: parse::code(field("kind"), InstitutionKind::parse(&outside.kind))?,
        agreement_from: day,
        agreement_until: None,
        place: parse::wanted(field("place"), where_it_lies, "已知的就医地")?,
        contracted: outside.contracted,
    })
}

/// The state a list is about; any when it is not set.
pub fn reimbursement_state(number: i32) -> Result<Option<ReimbursementState>, Refusal> {
    match State::try_from(number) {
        Ok(State::Unspecified) => Ok(None),
        Ok(State::Submitted) => Ok(Some(ReimbursementState::Submitted)),
        Ok(State::Approved) => Ok(Some(ReimbursementState::Approved)),
        Ok(State::Paid) => Ok(Some(ReimbursementState::Paid)),
        Ok(State::Rejected) => Ok(Some(ReimbursementState::Rejected)),
        Ok(State::Withdrawn) => Ok(Some(ReimbursementState::Withdrawn)),
        Err(_) => Err(invalid("state", "已知的状态")),
    }
}

/// A reimbursement as the wire shows it.
pub fn reimbursement(found: &Reimbursement) -> pb::Reimbursement {
    let state = match found.state() {
        ReimbursementState::Submitted => State::Submitted,
        ReimbursementState::Approved => State::Approved,
        ReimbursementState::Paid => State::Paid,
        ReimbursementState::Rejected => State::Rejected,
        ReimbursementState::Withdrawn => State::Withdrawn,
    };
    let submission = &found.submission;
    let receipt = |receipt: &ExpenseReceipt| pb::ExpenseReceipt {
        receipt_code: receipt.code.clone(),
        receipt_number: receipt.number.clone(),
        issued_day: receipt.issued.to_string(),
        amount_fen: receipt.amount.0,
    };
    let (approved_by, approved_at) = found.approved.clone().unzip();
    pb::Reimbursement {
        reimbursement_id: found.id.to_string(),
        state: state.into(),
        claim: Some(claim_message(&submission.bill)),
        receipts: submission.receipts.iter().map(receipt).collect(),
        outside_institution: submission.outside.as_ref().map(outside_message),
        digest: submission.digest().to_string(),
        needs_second_person: found.needs_second,
        submitted_by: found.submitted.0.clone(),
        submitted_time: Some(render::timestamp(found.submitted.1)),
        approved_by: approved_by.unwrap_or_default(),
        approved_time: approved_at.map(render::timestamp),
        rejection_reason: found.rejection.clone().unwrap_or_default(),
        settlement_id: found
            .settlement
            .map(|id| id.to_string())
            .unwrap_or_default(),
    }
}

fn outside_message(outside: &Institution) -> pb::OutsideInstitution {
    use policy::Place;
    let place = match outside.place {
        Place::District => common::Place::District,
        Place::City => common::Place::City,
        Place::Province => common::Place::Province,
        Place::Outside => common::Place::Outside,
    };
    pb::OutsideInstitution {
        name: outside.name.clone(),
        tier: outside.tier.to_string(),
        kind: outside.kind.to_string(),
        place: place.into(),
        contracted: outside.contracted,
    }
}
