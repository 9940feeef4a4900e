//! Protobuf to domain and back.

use crate::domain::{NewReferral, Referral, ReferralType, State, Stay};
use kernel::{DiagnosisCode, InstitutionCode, PersonId, ReferralId, Refusal};
use proto::referral as pb;
use runtime::parse;

/// 转院原因 (refl_rea) and 审核意见 (refl_opnn), in characters.
const REMARK_MAX: usize = 200;
/// 就诊ID (mdtrt_id), in characters.
const VISIT_NUMBER_MAX: usize = 30;

/// A referral to request.
pub fn new_referral(message: &pb::RequestReferralRequest) -> Result<NewReferral, Refusal> {
    let from = &message.from_institution_code;
    let to = &message.to_institution_code;
    let kind = ReferralType::parse(&message.referral_type);
    let diagnosis = DiagnosisCode::parse(&message.diagnosis_code);
    Ok(NewReferral {
        person: parse::field("person_id", PersonId::parse(&message.person_id))?,
        from_institution: parse::field("from_institution_code", InstitutionCode::parse(from))?,
        to_institution: parse::field("to_institution_code", InstitutionCode::parse(to))?,
        kind: parse::wanted("referral_type", kind, "1、2 或 3")?,
        diagnosis: parse::field("diagnosis_code", diagnosis)?,
        reason: parse::text("reason", &message.reason, REMARK_MAX)?,
        from: parse::day("from_day", &message.from_day)?,
    })
}

/// Which referral.
pub fn referral_id(text: &str) -> Result<ReferralId, Refusal> {
    parse::field("referral_id", ReferralId::parse(text))
}

/// 审核意见 (refl_opnn).
pub fn opinion(message: &pb::ApproveReferralRequest) -> Result<String, Refusal> {
    parse::text("opinion", &message.opinion, REMARK_MAX)
}

/// The stay that wants to use a referral.
pub fn stay(message: &pb::UseReferralRequest) -> Result<Stay, Refusal> {
    let institution = InstitutionCode::parse(&message.institution_code);
    Ok(Stay {
        person: parse::field("person_id", PersonId::parse(&message.person_id))?,
        institution: parse::field("institution_code", institution)?,
        visit_number: parse::token("visit_number", &message.visit_number, VISIT_NUMBER_MAX)?,
        admission: parse::day("admission_day", &message.admission_day)?,
    })
}

/// A referral as the wire shows it.
pub fn referral(referral: Referral) -> pb::Referral {
    let state = match referral.state() {
        State::Requested => pb::referral::State::Requested,
        State::Approved => pb::referral::State::Approved,
        State::Used => pb::referral::State::Used,
        State::Withdrawn => pb::referral::State::Withdrawn,
    };
    let wanted = referral.wanted;
    let used_by = referral.usage.map(|usage| usage.visit_number);
    pb::Referral {
        referral_id: referral.id.to_string(),
        state: state.into(),
        person_id: wanted.person.to_string(),
        from_institution_code: wanted.from_institution.to_string(),
        to_institution_code: wanted.to_institution.to_string(),
        referral_type: wanted.kind.as_str().to_string(),
        diagnosis_code: wanted.diagnosis.to_string(),
        from_day: wanted.from.to_string(),
        until_day: referral.until.to_string(),
        used_by_visit_number: used_by.unwrap_or_default(),
    }
}
