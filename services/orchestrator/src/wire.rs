//! Protobuf to what this service decides on. A claim stays the message it came as: it goes to three
//! peers, each of which parses what is its own.

pub use proto::common::{Change, Finding, Member};

use crate::steps::settlement::{PostSettlement, ReverseSettlement};
use kernel::refusal::invalid;
use kernel::{
    Day, Digest, InstitutionCode, PersonId, Principal, Refusal, RequestId, Role, Scheme,
    SettlementId,
};
use proto::common;
use proto::common::finding::Effect;
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use runtime::{origin, parse};

/// The longest reason of a reversal, in characters.
const REASON_MAX: usize = 200;

/// A bill to settle, read as far as this service must.
#[derive(Debug)]
pub struct Claim {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 结束日期 (enddate): the day on which the person must be entitled.
    pub last_day: Day,
    /// All of it, as it came.
    pub message: common::Claim,
}

/// 结算: a claim to settle.
#[derive(Debug)]
pub struct Settle {
    /// The caller's name for the request, and unchanged that of the pivot.
    pub request_id: RequestId,
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// The claim.
    pub claim: Claim,
    /// From PreSettle: the amounts must still be these.
    pub basis: Option<common::Basis>,
}

/// 撤销: a settlement to reverse.
#[derive(Debug)]
pub struct Reverse {
    /// The caller's name for the request, and unchanged that of the pivot.
    pub request_id: RequestId,
    /// What makes a repeat the same request.
    pub origin: Digest,
    /// 结算ID (setl_id).
    pub settlement: SettlementId,
    /// Why.
    pub reason: String,
}

/// A claim that must be there, and must say whose it is, who brings it, and of which day.
pub fn claim(message: Option<common::Claim>) -> Result<Claim, Refusal> {
    let message = parse::message("claim", message)?;
    let institution = InstitutionCode::parse(&message.institution_code);
    Ok(Claim {
        person: parse::field("claim.person_id", PersonId::parse(&message.person_id))?,
        institution: parse::field("claim.institution_code", institution)?,
        scheme: parse::code("claim.scheme", Scheme::parse(&message.scheme))?,
        last_day: parse::day("claim.end_day", &message.end_day)?,
        message,
    })
}

/// A claim to settle.
pub fn settle(message: pb::SettleRequest) -> Result<Settle, Refusal> {
    Ok(Settle {
        request_id: parse::request_id(&message.request_id)?,
        origin: origin("Settle", &message),
        claim: claim(message.claim)?,
        basis: message.basis,
    })
}

/// A settlement to reverse.
pub fn reverse(message: &pb::ReverseRequest) -> Result<Reverse, Refusal> {
    let settlement = SettlementId::parse(&message.settlement_id);
    Ok(Reverse {
        request_id: parse::request_id(&message.request_id)?,
        origin: origin("Reverse", message),
        settlement: parse::field("settlement_id", settlement)?,
        reason: parse::text("reason", &message.reason, REASON_MAX)?,
    })
}

/// The pivot that stands for the method a caller asks about.
pub fn pivot_method(number: i32) -> Result<&'static str, Refusal> {
    match Method::try_from(number) {
        Ok(Method::Settle) => Ok(PostSettlement::METHOD),
        Ok(Method::Reverse) => Ok(ReverseSettlement::METHOD),
        Ok(Method::Unspecified) | Err(_) => {
            Err(invalid("method", "METHOD_SETTLE 或 METHOD_REVERSE"))
        }
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
