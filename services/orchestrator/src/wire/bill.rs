//! A bill: a claim as it is sent, or what of a registered visit is settled.

use kernel::refusal::invalid;
use kernel::{Day, InstitutionCode, PersonId, ReferralId, Refusal, Scheme, VisitId};
use proto::common;
use runtime::parse;
use std::sync::Arc;

/// A bill to settle, read as far as this service must.
#[derive(Debug)]
pub struct Claim {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 开始日期 (begndate).
    pub first_day: Day,
    /// 结束日期 (enddate): the day on which the person must be entitled.
    pub last_day: Day,
    /// All of it, as it came.
    pub message: common::Claim,
}

impl Claim {
    /// 转诊备案编号 (trt_dcla_detl_sn): the referral it uses up. What was read of it before is one.
    pub fn referral(&self) -> Option<ReferralId> {
        ReferralId::parse(&self.message.referral_id).ok()
    }
}

/// What a caller wants priced or settled.
#[derive(Clone, Debug)]
pub enum Bill {
    /// A claim, as it is sent.
    Claim(Arc<Claim>),
    /// 就诊: a registered visit, by the lines that settlement has of it.
    Visit(OfVisit),
}

/// 就诊: what of a registered visit is priced or settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfVisit {
    /// The visit.
    pub visit: VisitId,
    /// 中途结算: up to and including this day; nothing for all that is left.
    pub through: Option<Day>,
}

/// A claim or a visit: one of them, not both; only of a visit up to a day.
pub fn bill(
    message: Option<common::Claim>,
    visit_id: &str,
    through_day: &str,
) -> Result<Bill, Refusal> {
    let through = parse::optional_day("through_day", through_day)?;
    match (message, visit_id) {
        (Some(_), id) if !id.is_empty() => Err(invalid("visit_id", "空:已有费用单")),
        (None, id) if !id.is_empty() => {
            let visit = parse::field("visit_id", VisitId::parse(id))?;
            Ok(Bill::Visit(OfVisit { visit, through }))
        }
        (message, _) => {
            let claim = claim(message)?;
            match through {
                None => Ok(Bill::Claim(Arc::new(claim))),
                Some(_) => Err(invalid(
                    "through_day",
                    "空:中途结算以就诊登记编号(visit_id)办理",
                )),
            }
        }
    }
}

/// A claim that must be there, and must say whose it is, who brings it, and of which day.
pub fn claim(message: Option<common::Claim>) -> Result<Claim, Refusal> {
    claim_at("claim", message)
}

/// A claim as a caller sends it: the whole of what it is of.
pub(super) fn claim_at(path: &str, message: Option<common::Claim>) -> Result<Claim, Refusal> {
    let message = parse::message(path, message)?;
    let said = [
        ("part_number", message.part_number != 0),
        ("part_continues", message.part_continues),
        ("stay_begin_day", !message.stay_begin_day.is_empty()),
    ];
    if let Some((field, _)) = said.into_iter().find(|(_, said)| *said) {
        let expected = "空:中途结算以就诊登记编号(visit_id)办理";
        return Err(invalid(format!("{path}.{field}"), expected));
    }
    read_claim(path, message)
}

/// A claim as settlement reads it from a visit, which may be a part of a stay.
pub fn visit_claim(message: Option<common::Claim>) -> Result<Claim, Refusal> {
    read_claim("claim", parse::message("claim", message)?)
}

fn read_claim(path: &str, message: common::Claim) -> Result<Claim, Refusal> {
    let field = |name: &str| format!("{path}.{name}");
    let institution = InstitutionCode::parse(&message.institution_code);
    Ok(Claim {
        person: parse::field(field("person_id"), PersonId::parse(&message.person_id))?,
        institution: parse::field(field("institution_code"), institution)?,
        scheme: parse::code(field("scheme"), Scheme::parse(&message.scheme))?,
        first_day: parse::day(field("begin_day"), &message.begin_day)?,
        last_day: parse::day(field("end_day"), &message.end_day)?,
        message,
    })
}
