//! 就诊: a visit on its way to a claim, and what may be done to it when: pure.
//!
//! ```text
//! visit: open ──Discharge──▶ discharged ──settled──▶ settled
//!        open, discharged ──a part settled──▶ as before, the part reversed──▶ as before
//!        open ◀──CancelDischarge── discharged ◀──reversed── settled
//!        open, without lines ──CancelVisit──▶ cancelled
//! line:  uploaded ──settled──▶ settled ──reversed──▶ uploaded;  uploaded ──RevokeLines──▶ revoked
//! ```
//!
//! A visit that is no stay may be settled while it is open: its last day is that of its last line.

mod lines;
mod parts;

pub use lines::{Listing, UPLOAD_MAX, Upload, VisitLine, accept, remaining, revocable};
pub use parts::{SettledPart, StayPart, of_part, so_far};

use super::{AccountUse, Bill};
use crate::refusal::{
    ACCIDENT_NONE, ACCIDENT_NOT_COVERED, ACCIDENT_UNVERIFIED, MED_TYPE_UNFIT, VISIT_CHANGED,
    VISIT_DAYS, VISIT_DISCHARGED, VISIT_FIXED, VISIT_HAS_LINES, VISIT_IN_FUTURE,
    VISIT_NOT_DISCHARGED, VISIT_REGISTERED, VISIT_SETTLED,
};
use kernel::{
    Day, DiagnosisCode, DiseaseCode, Fen, GuaranteeId, Instant, InstitutionCode, InstitutionKind,
    MedType, PersonId, Rate, ReferralId, Refusal, Scheme, SettlementId, VisitId,
};
use policy::{Filing, ThirdParty};
use serde::{Deserialize, Serialize};

/// 就诊登记: a visit as the institution knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitFacts {
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id): the institution's number of the visit.
    pub number: String,
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 医疗类别 (med_type).
    pub med_type: MedType,
    /// 开始日期 (begntime).
    pub begin: Day,
    /// 诊断代码 (diag_code).
    pub diagnosis: DiagnosisCode,
    /// 病种编码 (dise_codg): that of the visit first.
    pub diseases: Vec<DiseaseCode>,
    /// 第三方责任 (ttp_pay_prop, pre_pay_flag).
    pub third_party: Option<ThirdParty>,
    /// 先行支付 (pre_pay_flag), also where the share is not known yet.
    pub advance: bool,
    /// 转诊备案.
    pub filing: Filing,
    /// 家庭年收入, where somebody said.
    pub household_income: Option<Fen>,
    /// 转诊备案编号 (trt_dcla_detl_sn).
    pub referral: Option<ReferralId>,
    /// 先诊疗后付费担保.
    pub guarantee: Option<GuaranteeId>,
    /// 意外伤害备案.
    pub accident: Option<Accident>,
    /// 个人账户使用标志 (acct_used_flag).
    #[serde(default)]
    pub account: AccountUse,
}

/// 意外伤害备案 (2507).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accident {
    /// 受伤时间 (trum_time), in microseconds since 1970.
    pub happened_micros: i64,
    /// 受伤地点 (trum_site).
    pub site: String,
    /// 受伤原因 (trum_rea).
    pub cause: String,
}

/// 核查项.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckItem {
    /// 询问经过.
    PatientAsked,
    /// 核对病历.
    RecordRead,
    /// 签署说明.
    StatementSigned,
    /// 核实责任.
    LiabilityAsked,
}

impl CheckItem {
    const ALL: [(CheckItem, &'static str); 4] = [
        (CheckItem::PatientAsked, "询问经过"),
        (CheckItem::RecordRead, "核对病历"),
        (CheckItem::StatementSigned, "签署说明"),
        (CheckItem::LiabilityAsked, "核实责任"),
    ];
}

/// 核查结论.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// 无第三方责任.
    NobodyLiable,
    /// 有第三方责任.
    ThirdParty,
    /// 基金不予支付 (社会保险法 30).
    NotCovered,
}

/// 外伤核查.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccidentCheck {
    /// What is done.
    pub items: Vec<CheckItem>,
    /// 第三方责任比例 (ttp_pay_prop).
    pub share: Rate,
    /// What came of it.
    pub conclusion: Conclusion,
}

/// Where a visit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitState {
    /// 已登记, 在院.
    Open,
    /// 已出院.
    Discharged,
    /// 已结算.
    Settled,
    /// 已撤销.
    Cancelled,
}

/// A registered visit.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its id.
    pub id: VisitId,
    /// What the institution says of it.
    pub facts: VisitFacts,
    /// 出院日期 (endtime).
    pub end: Option<Day>,
    /// 外伤核查.
    pub check: Option<AccidentCheck>,
    /// Its standing settlement: the last one, where it is settled in parts.
    pub settlement: Option<SettlementId>,
    /// 分段结算: its standing parts in their order, also the last one.
    pub parts: Vec<SettledPart>,
    /// Grows with every change of the visit or of its lines.
    pub version: i64,
    /// The number of the line that was uploaded last.
    pub last_line: u32,
    /// When it was registered.
    pub registered_at: Instant,
    /// When it was cancelled.
    pub cancelled_at: Option<Instant>,
}

impl VisitFacts {
    /// Whether such a visit can be had at an institution of this kind, and has begun.
    pub fn admissible(&self, kind: &InstitutionKind, today: Day) -> Result<(), Refusal> {
        if self.begin > today {
            let no = VISIT_IN_FUTURE.refuse().at("visit.begin_day");
            return Err(no.with("day", self.begin).with("today", today));
        }
        let shop = *kind == InstitutionKind::PharmacyShop;
        let care = self.med_type.is_stay()
            || matches!(self.med_type, MedType::Emergency | MedType::AccidentVisit);
        let unfit = (shop && care) || (!shop && self.med_type == MedType::Pharmacy);
        if unfit {
            let no = MED_TYPE_UNFIT.refuse().at("visit.med_type");
            let no = no.with("med_type", self.med_type.term());
            return Err(no.with("kind", kind.term()));
        }
        Ok(())
    }
}

impl Visit {
    /// Where it stands.
    pub fn state(&self) -> VisitState {
        match (self.cancelled_at, self.settlement, self.end) {
            (Some(_), _, _) => VisitState::Cancelled,
            (None, Some(_), _) => VisitState::Settled,
            (None, None, Some(_)) => VisitState::Discharged,
            (None, None, None) => VisitState::Open,
        }
    }

    /// What is settled is reversed before anything of it is changed.
    pub fn unsettled(&self) -> Result<(), Refusal> {
        match self.settlement {
            None => Ok(()),
            Some(_) => {
                let no = VISIT_SETTLED.refuse().at("visit_id");
                let no = no.with("institution_code", &self.facts.institution);
                Err(no.with("visit_number", &self.facts.number))
            }
        }
    }

    /// The visit with other facts; `lines` are its standing ones.
    pub fn changed(&self, facts: VisitFacts, lines: &[VisitLine]) -> Result<Visit, Refusal> {
        self.unsettled()?;
        let fixed = |facts: &VisitFacts| {
            let who = (facts.person, facts.scheme.clone());
            (facts.institution.clone(), facts.number.clone(), who)
        };
        if fixed(&facts) != fixed(&self.facts) {
            return Err(VISIT_FIXED.refuse().at("visit"));
        }
        self.keeps_parts(&facts)?;
        let first = lines.iter().map(|line| line.day).chain(self.end).min();
        within_days(facts.begin, first, "visit.begin_day")?;
        // Another accident is checked anew.
        let same = facts.accident == self.facts.accident;
        let check = self.check.clone().filter(|_| same);
        Ok(Visit {
            facts,
            check,
            ..self.clone()
        })
    }

    /// Whether it may be cancelled: undone is first what was done last.
    pub fn cancellable(&self, lines: &[VisitLine]) -> Result<(), Refusal> {
        self.unsettled()?;
        let spec = match (lines.is_empty(), self.end) {
            (false, _) => &VISIT_HAS_LINES,
            (true, Some(_)) => &VISIT_DISCHARGED,
            (true, None) => return Ok(()),
        };
        Err(self.no(spec))
    }

    /// The visit discharged on a day.
    pub fn discharged(&self, end: Day, lines: &[VisitLine], today: Day) -> Result<Visit, Refusal> {
        self.unsettled()?;
        if self.end.is_some() {
            return Err(self.no(&VISIT_DISCHARGED));
        }
        let last = lines.iter().map(|line| line.day).max();
        let last = last.into_iter().chain(self.settled_through());
        let last = last.fold(self.facts.begin, Day::max);
        within_days(last, Some(end), "end_day")?;
        within_days(end, Some(today), "end_day")?;
        Ok(Visit {
            end: Some(end),
            ..self.clone()
        })
    }

    /// The visit as it was before its discharge.
    pub fn undischarged(&self) -> Result<Visit, Refusal> {
        self.unsettled()?;
        if self.end.is_none() {
            return Err(self.no(&VISIT_NOT_DISCHARGED));
        }
        Ok(Visit {
            end: None,
            ..self.clone()
        })
    }

    /// The visit with its accident checked.
    pub fn checked(&self, check: AccidentCheck) -> Result<Visit, Refusal> {
        self.unsettled()?;
        if self.facts.accident.is_none() {
            return Err(self.no(&ACCIDENT_NONE));
        }
        Ok(Visit {
            check: Some(check),
            ..self.clone()
        })
    }

    /// Whether it may be settled, as far as that does not depend on its lines: all that is left of it, or
    /// a part while it goes on.
    pub fn settleable(&self, goes_on: bool) -> Result<(), Refusal> {
        self.unsettled()?;
        if self.facts.med_type.is_stay() && self.end.is_none() && !goes_on {
            return Err(self.no(&VISIT_NOT_DISCHARGED));
        }
        if self.facts.accident.is_none() {
            return Ok(());
        }
        let done = |item: &CheckItem| {
            let check = self.check.as_ref();
            check.is_some_and(|check| check.items.contains(item))
        };
        let missing: Vec<&str> = CheckItem::ALL
            .iter()
            .filter(|(item, _)| !done(item))
            .map(|(_, term)| *term)
            .collect();
        if !missing.is_empty() {
            let no = self.no(&ACCIDENT_UNVERIFIED);
            return Err(no.with("missing", missing.join("、")));
        }
        match self.check.as_ref().map(|check| check.conclusion) {
            Some(Conclusion::NotCovered) => Err(self.no(&ACCIDENT_NOT_COVERED)),
            _ => Ok(()),
        }
    }

    /// What a check found counts before what was said at the registration.
    fn third_party(&self) -> Option<ThirdParty> {
        let Some(check) = &self.check else {
            return self.facts.third_party;
        };
        let share = check.share;
        (share > Rate::ZERO).then_some(ThirdParty {
            share,
            advance: self.facts.advance,
        })
    }

    fn no(&self, spec: &'static kernel::Spec) -> Refusal {
        let no = spec.refuse().at("visit_id");
        no.with("visit_number", &self.facts.number)
    }
}

/// Two days of a visit must be in order.
fn within_days(first: Day, last: Option<Day>, path: &str) -> Result<(), Refusal> {
    match last.filter(|last| *last < first) {
        None => Ok(()),
        Some(last) => {
            let no = VISIT_DAYS.refuse().at(path);
            Err(no.with("first_day", first).with("last_day", last))
        }
    }
}

/// The visit that a bill was read from must be as it was then: what was uploaded since would else be
/// lost. `locked` is the standing visit of the bill's number.
pub fn unchanged(bill: &Bill, locked: Option<&Visit>) -> Result<(), Refusal> {
    let same = |visit: &&Visit| {
        let read = bill.registration.as_ref();
        read.is_some_and(|read| (read.visit, read.version) == (visit.id, visit.version))
    };
    match locked.filter(same) {
        Some(visit) => visit.settleable(bill.continues()),
        None => {
            let no = VISIT_CHANGED.refuse().at("visit_id");
            Err(no.with("visit_number", &bill.visit))
        }
    }
}

/// A claim that was sent with the number of a registered visit, instead of being read from it, would
/// leave the visit's lines behind.
pub fn unregistered(bill: &Bill, visit: Option<VisitId>) -> Result<(), Refusal> {
    let (None, Some(visit)) = (bill.registration, visit) else {
        return Ok(());
    };
    let no = VISIT_REGISTERED.refuse().at("claim.visit_number");
    let no = no.with("visit_number", &bill.visit);
    Err(no.with("visit_id", visit))
}
