//! Protobuf to what this service decides on. A claim stays the message it came as: it goes to three
//! peers, each of which parses what is its own.

mod answers;
pub mod batch;
mod bill;
pub mod carried;
pub mod envelopes;
pub mod operations;

pub use answers::{enrolled, guarantee};
use bill::claim_at;
pub use bill::{Bill, Claim, OfVisit, bill, claim, visit_claim};
pub use proto::common::{Change, Finding, Member};

use crate::sagas::Asked;
use kernel::refusal::invalid;
use kernel::{
    CLAIM_FEN_MAX, Day, DiagnosisCode, Digest, Fen, IdentityCheckId, InstitutionCode, Kind,
    MedType, Outcome, OutcomeState, PersonId, Principal, ReferralId, Refusal, Role, Scheme,
    SettlementId,
};
use proto::common;
use proto::common::finding::Effect;
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use runtime::{origin, parse};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The longest reason of a reversal or a suspension, in characters.
const REASON_MAX: usize = 200;
/// The longest 处理决定书文号, in characters.
const DECISION_NUMBER_MAX: usize = 100;
/// The longest 就诊ID (mdtrt_id).
const VISIT_NUMBER_MAX: usize = 30;
/// The longest name of a 缴费档次.
const TIER_MAX: usize = 20;
/// Insurance years.
const YEARS: RangeInclusive<i32> = 2000..=2100;
/// Broken years that can be repaid.
const REPAID_YEARS: RangeInclusive<i32> = 0..=100;
/// 参保方式; by the scheme when empty.
const WAYS: [&str; 4] = ["", "resident", "employer", "flexible"];
/// Claims of one batch at most.
pub const BATCH_MAX: usize = 200;

/// 结算: a claim or a visit to settle.
#[derive(Debug)]
pub struct Settle {
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// What is settled.
    pub bill: Bill,
    /// From PreSettle: the amounts must still be these.
    pub basis: Option<common::Basis>,
    /// 人证核验 that is shown.
    pub shown: Option<IdentityCheckId>,
}

/// 撤销: a settlement to reverse.
#[derive(Debug)]
pub struct Reverse {
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// 结算ID (setl_id).
    pub settlement: SettlementId,
    /// Why.
    pub reason: String,
    /// 定点医药机构编号 (fixmedins_code): only a settlement of this institution; any when empty.
    pub institution: String,
}

/// 整批结算: claims to settle together.
#[derive(Debug)]
pub struct SettleTogether {
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// The claims.
    pub claims: Vec<Arc<Claim>>,
}

/// 入院: a person to admit.
#[derive(Debug)]
pub struct Admit {
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 入院日期 (begndate).
    pub admission: Day,
    /// 转诊备案编号 (trt_dcla_detl_sn): the referral it uses up.
    pub referral: Option<ReferralId>,
    /// All of it, as it came.
    pub message: pb::Admission,
}

/// 参保缴费: a person to enrol.
#[derive(Debug)]
pub struct Enrol {
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// All of it, as it came: enrollment reads it.
    pub message: pb::EnrolRequest,
}

/// 待遇追溯: whose settlements to look at again.
#[derive(Debug)]
pub struct LateFacts {
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The year.
    pub year: i32,
    /// The digest of what was shown; empty where it is only to be shown.
    pub shown: String,
    /// 复核编号: by whose approval; empty for none.
    pub approval: String,
}

/// 暂停联网结算: whom to suspend.
#[derive(Debug)]
pub struct Suspend {
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// All of it, as it came: settlement reads it.
    pub message: pb::SuspendOnlineSettlementRequest,
}

/// A referral that may be named.
fn referral(path: &str, id: &str) -> Result<Option<ReferralId>, Refusal> {
    match id {
        "" => Ok(None),
        id => parse::field(path, ReferralId::parse(id)).map(Some),
    }
}

/// A claim to settle.
pub fn settle(message: pb::SettleRequest) -> Result<Settle, Refusal> {
    let origin = origin("Settle", &message);
    let bill = bill(message.claim, &message.visit_id, &message.through_day)?;
    if let Bill::Claim(claim) = &bill {
        referral_fits(claim)?;
    }
    Ok(Settle {
        origin,
        bill,
        basis: message.basis,
        shown: shown_check(&message.identity_check_id)?,
    })
}

/// 人证核验 that may be shown.
pub fn shown_check(id: &str) -> Result<Option<IdentityCheckId>, Refusal> {
    match id {
        "" => Ok(None),
        id => parse::field("identity_check_id", IdentityCheckId::parse(id)).map(Some),
    }
}

/// What a claim with a referral must say besides.
fn referral_fits(claim: &Claim) -> Result<(), Refusal> {
    let referral = referral("claim.referral_id", &claim.message.referral_id)?;
    if referral.is_some() && claim.message.filing() != common::Filing::Referred {
        return Err(invalid(
            "claim.filing",
            "FILING_REFERRED:有转诊备案编号的即已转诊备案",
        ));
    }
    if referral.is_some() && !claim.message.guarantee_id.is_empty() {
        return Err(invalid("claim.referral_id", "空:转诊已在入院时使用"));
    }
    Ok(())
}

/// A settlement to reverse, for whom.
pub fn reverse(principal: &Principal, message: &pb::ReverseRequest) -> Result<Reverse, Refusal> {
    let settlement = SettlementId::parse(&message.settlement_id);
    // For an institution other institutions' settlements do not exist.
    let institution = match principal.has(Role::Institution) {
        true => principal.caller.clone(),
        false => String::new(),
    };
    Ok(Reverse {
        origin: origin("Reverse", message),
        settlement: parse::field("settlement_id", settlement)?,
        reason: parse::text("reason", &message.reason, REASON_MAX)?,
        institution,
    })
}

/// Claims to settle together.
pub fn settle_together(message: pb::SettleTogetherRequest) -> Result<SettleTogether, Refusal> {
    let origin = origin("SettleTogether", &message);
    if !(1..=BATCH_MAX).contains(&message.claims.len()) {
        return Err(invalid("claims", format_args!("1至{BATCH_MAX}张费用单")));
    }
    let mut claims = Vec::with_capacity(message.claims.len());
    for (place, message) in message.claims.into_iter().enumerate() {
        let path = format!("claims[{place}]");
        let claim = claim_at(&path, Some(message))?;
        if !claim.message.referral_id.is_empty() {
            return Err(invalid(
                format!("{path}.referral_id"),
                "空:有转诊的费用单请单独结算",
            ));
        }
        if !claim.message.reimbursement_id.is_empty() {
            return Err(invalid(
                format!("{path}.reimbursement_id"),
                "空:零星报销请单独结算",
            ));
        }
        claims.push(Arc::new(claim));
    }
    Ok(SettleTogether { origin, claims })
}

/// A person to admit.
pub fn admit(message: pb::AdmitRequest) -> Result<Admit, Refusal> {
    let origin = origin("Admit", &message);
    let message = parse::message("admission", message.admission)?;
    let institution = InstitutionCode::parse(&message.institution_code);
    let diagnosis = DiagnosisCode::parse(&message.diagnosis_code);
    let of_stay = MedType::parse(&message.med_type).filter(MedType::is_stay);
    let estimate = Some(Fen(message.estimate_fen));
    let estimate = estimate.filter(|fen| (Fen(1)..=CLAIM_FEN_MAX).contains(fen));
    parse::token(
        "admission.visit_number",
        &message.visit_number,
        VISIT_NUMBER_MAX,
    )?;
    parse::wanted("admission.med_type", of_stay, "住院的医疗类别")?;
    parse::field("admission.diagnosis_code", diagnosis)?;
    parse::wanted(
        "admission.estimate_fen",
        estimate,
        "大于零、不超过一张费用单上限的金额",
    )?;
    Ok(Admit {
        origin,
        person: parse::field("admission.person_id", PersonId::parse(&message.person_id))?,
        institution: parse::field("admission.institution_code", institution)?,
        scheme: parse::code("admission.scheme", Scheme::parse(&message.scheme))?,
        admission: parse::day("admission.begin_day", &message.begin_day)?,
        referral: referral("admission.referral_id", &message.referral_id)?,
        message,
    })
}

/// A person to enrol. What enrollment could not read it would refuse after the saga has begun.
pub fn enrol(message: pb::EnrolRequest) -> Result<Enrol, Refusal> {
    let year = Some(message.year).filter(|year| YEARS.contains(year));
    let repaid = Some(message.repaid_years).filter(|years| REPAID_YEARS.contains(years));
    let way = Some(message.enrolment_way.as_str()).filter(|way| WAYS.contains(way));
    parse::field("person_id", PersonId::parse(&message.person_id))?;
    parse::code("scheme", Scheme::parse(&message.scheme))?;
    parse::wanted("year", year, "2000至2100的年份")?;
    parse::day("paid_day", &message.paid_day)?;
    parse::not_negative("paid_fen", message.paid_fen)?;
    if !message.fee_tier.is_empty() {
        parse::token("fee_tier", &message.fee_tier, TIER_MAX)?;
    }
    parse::wanted("repaid_years", repaid, "0至100的年数")?;
    parse::wanted("enrolment_way", way, "resident、employer、flexible 或不填")?;
    Ok(Enrol {
        origin: origin("Enrol", &message),
        message,
    })
}

/// Whom to suspend. What a peer could not read it would refuse after the saga has begun.
pub fn suspend(message: pb::SuspendOnlineSettlementRequest) -> Result<Suspend, Refusal> {
    match (
        message.institution_code.as_str(),
        message.person_id.as_str(),
    ) {
        ("", "") => return Err(invalid("person_id", "机构与人员二者之一")),
        ("", person) => drop(parse::field("person_id", PersonId::parse(person))?),
        (code, "") => drop(parse::field(
            "institution_code",
            InstitutionCode::parse(code),
        )?),
        _ => return Err(invalid("person_id", "机构与人员只填其一")),
    }
    parse::day("from_day", &message.from_day)?;
    parse::day("until_day", &message.until_day)?;
    parse::text(
        "decision_number",
        &message.decision_number,
        DECISION_NUMBER_MAX,
    )?;
    parse::text("reason", &message.reason, REASON_MAX)?;
    Ok(Suspend {
        origin: origin("SuspendOnlineSettlement", &message),
        message,
    })
}

/// Whose settlements to look at again.
pub fn whose_late_facts(message: &pb::PreviewLateFactsRequest) -> Result<LateFacts, Refusal> {
    let year = YEARS.contains(&message.year).then_some(message.year);
    Ok(LateFacts {
        origin: origin("PreviewLateFacts", message),
        person: parse::field("person_id", PersonId::parse(&message.person_id))?,
        scheme: parse::code("scheme", Scheme::parse(&message.scheme))?,
        year: parse::wanted("year", year, "2000至2100的年份")?,
        shown: String::new(),
        approval: String::new(),
    })
}

/// Late facts to settle.
pub fn late_facts(message: pb::PostLateFactsRequest) -> Result<LateFacts, Refusal> {
    let whose = whose_late_facts(&pb::PreviewLateFactsRequest {
        person_id: message.person_id.clone(),
        scheme: message.scheme.clone(),
        year: message.year,
    })?;
    let shown = parse::digest("preview_digest", &message.preview_digest)?;
    Ok(LateFacts {
        origin: origin("PostLateFacts", &message),
        shown: shown.to_string(),
        approval: message.approval_id,
        ..whose
    })
}

/// The method a caller asks about.
pub fn asked_method(number: i32) -> Result<Asked, Refusal> {
    let asked = match Method::try_from(number) {
        Ok(Method::Settle) => Some(Asked::Settle),
        Ok(Method::Reverse) => Some(Asked::Reverse),
        Ok(Method::SettleTogether) => Some(Asked::SettleTogether),
        Ok(Method::Admit) => Some(Asked::Admit),
        Ok(Method::Enrol) => Some(Asked::Enrol),
        Ok(Method::SuspendOnlineSettlement) => Some(Asked::SuspendOnlineSettlement),
        Ok(Method::PostLateFacts) => Some(Asked::PostLateFacts),
        Ok(Method::Unspecified) | Err(_) => None,
    };
    parse::wanted(
        "method",
        asked,
        "METHOD_SETTLE、METHOD_REVERSE 等办理方法之一",
    )
}

/// What settlement says became of a request.
pub fn outcome(message: common::Outcome) -> Outcome {
    use common::outcome::State;
    let state = match message.state() {
        State::Done => OutcomeState::Done,
        State::Refused => OutcomeState::Refused,
        State::Withdrawn => OutcomeState::Withdrawn,
        State::UnknownHere => OutcomeState::UnknownHere,
        State::Pending | State::Unspecified => OutcomeState::Pending,
    };
    let told = |no: common::Refused| {
        let refusal = Refusal::told(no.code, Kind::Precondition, no.sentence, no.remedy);
        match no.field.is_empty() {
            true => refusal,
            false => refusal.at(no.field),
        }
    };
    let time = message.recorded_time;
    Outcome {
        state,
        subject: Some(message.subject_id).filter(|id| !id.is_empty()),
        refusal: message.refused.map(told),
        recorded: time.and_then(|time| parse::instant("recorded_time", Some(time)).ok()),
    }
}

/// Findings as the caller may see them. An institution is not told which settlement of another one
/// they were compared with; a bill it brings again is its own.
pub fn shown(principal: &Principal, mut findings: Vec<Finding>) -> Vec<Finding> {
    if principal.has(Role::Institution) {
        let others = |finding: &&mut Finding| finding.effect() != Effect::DenyClaim;
        for finding in findings.iter_mut().filter(others) {
            finding.other_settlement_id.clear();
        }
    }
    findings
}

/// A person as the caller may see them. An institution is not told where else the patient goes.
pub fn shown_member(principal: &Principal, mut member: common::Member) -> common::Member {
    if principal.has(Role::Institution) {
        for filed in &mut member.filed_diseases {
            let fixed = filed.institution_codes.len();
            filed
                .institution_codes
                .retain(|code| *code == principal.caller);
            filed.elsewhere = filed.institution_codes.len() < fixed;
        }
    }
    member
}

/// A settlement as the caller may see it.
pub fn shown_settlement(
    principal: &Principal,
    settlement: Option<common::Settlement>,
) -> Option<common::Settlement> {
    settlement.map(|mut settlement| {
        settlement.findings = shown(principal, settlement.findings);
        settlement
    })
}
