//! 双人复核.

use super::account::new_credit;
use super::revision::third_party_found;
use super::year_key;
use crate::app::FindingWanted;
use crate::domain::{ApprovalState, DualApproval, Second, Subject, withdrawal_digest};
use kernel::refusal::invalid;
use kernel::{ApprovalId, CreditId, Day, Instant, InstitutionCode, Refusal};
use prost::Message;
use proto::orchestrator as pb;
use proto::orchestrator::approval::State;
use proto::orchestrator::approval_subject::Subject as Wire;
use runtime::{origin, parse, render};

/// What is to be done, and by whose approval; the digest leaves out both ids.
pub fn second(approval_id: &str, does: Wire) -> Result<Second, Refusal> {
    Ok(Second {
        approval: approval_brought(approval_id)?,
        digest: subject_of(does).digest,
    })
}

/// The id of an approval.
pub fn approval_id_of(text: &str) -> Result<ApprovalId, Refusal> {
    parse::field("approval_id", ApprovalId::parse(text))
}

/// The approval that a request brings, if any.
pub fn approval_brought(text: &str) -> Result<Option<ApprovalId>, Refusal> {
    match text {
        "" => Ok(None),
        id => approval_id_of(id).map(Some),
    }
}

fn used_approval(message: &pb::ApprovedWithdrawal) -> Result<ApprovalId, Refusal> {
    let id = ApprovalId::parse(&message.used_approval_id);
    parse::field("used_approval_id", id)
}

/// What is proposed: it must be sound, as its own method would have it.
pub fn approval_subject(message: Option<pb::ApprovalSubject>) -> Result<Subject, Refusal> {
    let does = message.and_then(|message| message.subject);
    let does = parse::message("subject", does)?;
    let within = |no: Refusal| match &no.field {
        Some(field) => {
            let field = format!("subject.{}.{field}", field_of(&does));
            no.at(field)
        }
        None => no,
    };
    is_sound(&does).map_err(within)?;
    Ok(subject_of(does))
}

fn is_sound(does: &Wire) -> Result<(), Refusal> {
    match does {
        Wire::PostFinding(message) => {
            FindingWanted::parse(message)?;
            parse::digest("preview_digest", &message.preview_digest).map(drop)
        }
        Wire::PostThirdParty(message) => {
            parse::text("document_number", &message.document_number, 100)?;
            parse::digest("preview_digest", &message.preview_digest)?;
            let (share, advance) = (message.third_party_share_bp, message.advance_payment);
            third_party_found(&message.settlement_id, share, advance).map(drop)
        }
        Wire::PostLateFacts(message) => {
            parse::digest("preview_digest", &message.preview_digest)?;
            year_key(&message.person_id, &message.scheme, message.year).map(drop)
        }
        Wire::CreditAccount(message) => {
            let nobody = CreditId(Default::default());
            new_credit(message, nobody, Instant::from_micros(0)).map(drop)
        }
        Wire::EndAgreement(message) => {
            let code = InstitutionCode::parse(&message.institution_code);
            parse::field("institution_code", code)?;
            parse::text("reason", &message.reason, 200)?;
            parse::day("from_day", &message.from_day).map(|_: Day| ())
        }
        Wire::Withdrawal(message) => used_approval(message).map(drop),
    }
}

/// The content without what names the request itself.
fn subject_of(mut does: Wire) -> Subject {
    match &mut does {
        Wire::PostFinding(message) => cleared(&mut message.request_id, &mut message.approval_id),
        Wire::PostThirdParty(message) => {
            cleared(&mut message.request_id, &mut message.approval_id);
        }
        Wire::PostLateFacts(message) => cleared(&mut message.request_id, &mut message.approval_id),
        Wire::CreditAccount(message) => cleared(&mut message.request_id, &mut message.approval_id),
        Wire::EndAgreement(_) | Wire::Withdrawal(_) => {}
    }
    let withdrawn = match &does {
        Wire::Withdrawal(message) => used_approval(message).ok(),
        _ => None,
    };
    let method = method_of(&does);
    let message = pb::ApprovalSubject {
        subject: Some(does),
    };
    Subject {
        method,
        // The request brings no content of its own, but what it used.
        digest: withdrawn.map_or_else(|| origin(method, &message), withdrawal_digest),
        content: message.encode_to_vec(),
    }
}

fn cleared(request_id: &mut String, approval_id: &mut String) {
    request_id.clear();
    approval_id.clear();
}

fn method_of(does: &Wire) -> &'static str {
    match does {
        Wire::PostFinding(_) => "PostFinding",
        Wire::PostThirdParty(_) => "PostThirdParty",
        Wire::PostLateFacts(_) => "PostLateFacts",
        Wire::CreditAccount(_) => "CreditAccount",
        Wire::EndAgreement(_) => "EndAgreement",
        Wire::Withdrawal(_) => "Withdrawal",
    }
}

fn field_of(does: &Wire) -> &'static str {
    match does {
        Wire::PostFinding(_) => "post_finding",
        Wire::PostThirdParty(_) => "post_third_party",
        Wire::PostLateFacts(_) => "post_late_facts",
        Wire::CreditAccount(_) => "credit_account",
        Wire::EndAgreement(_) => "end_agreement",
        Wire::Withdrawal(_) => "withdrawal",
    }
}

/// Which state to list.
pub fn approval_state(number: i32) -> Result<Option<ApprovalState>, Refusal> {
    match State::try_from(number) {
        Ok(State::Unspecified) => Ok(None),
        Ok(State::Proposed) => Ok(Some(ApprovalState::Proposed)),
        Ok(State::Given) => Ok(Some(ApprovalState::Given)),
        Ok(State::Used) => Ok(Some(ApprovalState::Used)),
        Ok(State::Cancelled) => Ok(Some(ApprovalState::Cancelled)),
        Ok(State::Expired) => Ok(Some(ApprovalState::Expired)),
        Err(_) => Err(invalid("state", "已知的复核状态")),
    }
}

/// An approval as the wire shows it, with what it is for.
pub fn approval(of: &DualApproval, now: Instant) -> pb::Approval {
    pb::Approval {
        // What was written here is read here.
        subject: pb::ApprovalSubject::decode(of.content.as_slice()).ok(),
        ..approval_in_list(of, now)
    }
}

/// An approval as a list shows it.
pub fn approval_in_list(of: &DualApproval, now: Instant) -> pb::Approval {
    let by = |who: &Option<(String, Instant)>| match who.clone() {
        Some((by, at)) => (by, Some(render::timestamp(at))),
        None => (String::new(), None),
    };
    let (given_by, given_time) = by(&of.given);
    let used = of.used.clone().map(|(by, at, _)| (by, at));
    let (used_by, used_time) = by(&used);
    let (cancelled_by, cancel_reason) = match of.cancelled.clone() {
        Some((by, _, reason)) => (by, reason),
        None => Default::default(),
    };
    pb::Approval {
        approval_id: of.id.to_string(),
        state: state(of.state(now)).into(),
        method: of.method.clone(),
        subject: None,
        digest: of.digest.to_string(),
        reason: of.reason.clone(),
        proposed_by: of.proposed.0.clone(),
        proposed_time: Some(render::timestamp(of.proposed.1)),
        given_by,
        given_time,
        used_by,
        used_time,
        cancelled_by,
        cancel_reason,
    }
}

fn state(of: ApprovalState) -> State {
    match of {
        ApprovalState::Proposed => State::Proposed,
        ApprovalState::Given => State::Given,
        ApprovalState::Used => State::Used,
        ApprovalState::Cancelled => State::Cancelled,
        ApprovalState::Expired => State::Expired,
    }
}
