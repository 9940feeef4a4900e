//! Protobuf to domain and back.

use crate::domain::{Bar, NewBar, NewReferral, Referral, ReferralType, State, Stay};
use kernel::{DiagnosisCode, InstitutionCode, PersonId, ReferralId, Refusal};
use proto::referral as pb;
use runtime::parse;

/// 转院原因 (refl_rea) and 审核意见 (refl_opnn), in characters.
const REMARK_MAX: usize = 200;
/// 就诊ID (mdtrt_id), in characters.
const VISIT_NUMBER_MAX: usize = 30;
/// 处理决定书文号, in characters.
const DECISION_NUMBER_MAX: usize = 100;

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
    Ok(Stay {
        person: parse::field("person_id", PersonId::parse(&message.person_id))?,
        institution: institution_code(&message.institution_code)?,
        visit_number: visit_number(&message.visit_number)?,
        admission: parse::day("admission_day", &message.admission_day)?,
    })
}

/// 就诊ID (mdtrt_id).
pub fn visit_number(text: &str) -> Result<String, Refusal> {
    parse::token("visit_number", text, VISIT_NUMBER_MAX)
}

/// An institution to bar.
pub fn new_bar(message: &pb::BarInstitutionRequest) -> Result<NewBar, Refusal> {
    let number = &message.decision_number;
    Ok(NewBar {
        institution: institution_code(&message.institution_code)?,
        from: parse::day("from_day", &message.from_day)?,
        until: parse::day("until_day", &message.until_day)?,
        decision_number: parse::text("decision_number", number, DECISION_NUMBER_MAX)?,
        reason: parse::text("reason", &message.reason, REMARK_MAX)?,
    })
}

/// 定点医药机构编号 (fixmedins_code), or nothing when it is empty.
pub fn optional_institution(text: &str) -> Result<Option<InstitutionCode>, Refusal> {
    match text {
        "" => Ok(None),
        text => institution_code(text).map(Some),
    }
}

fn institution_code(text: &str) -> Result<InstitutionCode, Refusal> {
    parse::field("institution_code", InstitutionCode::parse(text))
}

/// A bar as the wire shows it.
pub fn bar(bar: Bar) -> pb::Bar {
    let wanted = bar.wanted;
    pb::Bar {
        bar_id: bar.id.to_string(),
        institution_code: wanted.institution.to_string(),
        from_day: wanted.from.to_string(),
        until_day: wanted.until.to_string(),
        decision_number: wanted.decision_number,
        reason: wanted.reason,
    }
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
