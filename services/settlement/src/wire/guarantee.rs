//! 先诊疗后付费: stays and guarantees.

use super::claim::optional_id;
use super::member::member;
use crate::domain::{Admission, Cancellation, Guarantee, GuaranteeState, Stay};
use kernel::{
    CLAIM_FEN_MAX, DiagnosisCode, Fen, GuaranteeId, InstitutionCode, MedType, PersonId, ReferralId,
    Refusal, Scheme,
};
use proto::settlement as pb;
use runtime::{parse, render};

/// A guarantee to open.
pub fn admission(message: &pb::OpenGuaranteeRequest) -> Result<Admission, Refusal> {
    let estimate = Fen(message.estimate_fen);
    let fits = Fen::ZERO < estimate && estimate <= CLAIM_FEN_MAX;
    let expected = format_args!("大于零、不超过{CLAIM_FEN_MAX}元的金额(以分计)");
    Ok(Admission {
        stay: stay(message.stay.as_ref())?,
        estimate: parse::wanted("estimate_fen", fits.then_some(estimate), expected)?,
        member: message.member.as_ref().map(member).transpose()?,
    })
}

fn stay(message: Option<&pb::Stay>) -> Result<Stay, Refusal> {
    let stay = parse::message("stay", message)?;
    let institution = InstitutionCode::parse(&stay.institution_code);
    let med_type = parse::code("stay.med_type", MedType::parse(&stay.med_type))?;
    let of_stay = med_type.is_stay().then_some(med_type);
    let diagnosis = DiagnosisCode::parse(&stay.diagnosis_code);
    Ok(Stay {
        person: parse::field("stay.person_id", PersonId::parse(&stay.person_id))?,
        institution: parse::field("stay.institution_code", institution)?,
        visit: parse::token("stay.visit_number", &stay.visit_number, 30)?,
        scheme: parse::code("stay.scheme", Scheme::parse(&stay.scheme))?,
        med_type: parse::wanted("stay.med_type", of_stay, "住院的医疗类别")?,
        begin: parse::day("stay.begin_day", &stay.begin_day)?,
        diagnosis: parse::field("stay.diagnosis_code", diagnosis)?,
        referral: optional_id("stay.referral_id", &stay.referral_id, ReferralId::parse)?,
    })
}

/// A guarantee to cancel.
pub fn cancellation(message: &pb::CancelGuaranteeRequest) -> Result<Cancellation, Refusal> {
    let id = GuaranteeId::parse(&message.guarantee_id);
    Ok(Cancellation {
        guarantee: parse::field("guarantee_id", id)?,
        reason: parse::text("reason", &message.reason, 200)?,
    })
}

/// A guarantee as the wire shows it.
pub fn guarantee(guarantee: Guarantee) -> pb::Guarantee {
    use pb::guarantee::State;
    let state = match guarantee.state() {
        GuaranteeState::Open => State::Open,
        GuaranteeState::Closed => State::Closed,
        GuaranteeState::Withdrawn => State::Withdrawn,
    };
    let stay = guarantee.stay;
    let settlement = guarantee.settlement.map(|id| id.to_string());
    pb::Guarantee {
        guarantee_id: guarantee.id.to_string(),
        state: state.into(),
        stay: Some(pb::Stay {
            person_id: stay.person.to_string(),
            institution_code: stay.institution.to_string(),
            visit_number: stay.visit,
            scheme: stay.scheme.to_string(),
            med_type: stay.med_type.to_string(),
            begin_day: stay.begin.to_string(),
            diagnosis_code: stay.diagnosis.to_string(),
            referral_id: stay.referral.map(|id| id.to_string()).unwrap_or_default(),
        }),
        estimate_fen: guarantee.estimate.0,
        settlement_id: settlement.unwrap_or_default(),
        opened_time: Some(render::timestamp(guarantee.opened_at)),
        closed_time: guarantee.closed_at.map(render::timestamp),
    }
}
