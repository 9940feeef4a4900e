//! 先诊疗后付费: whether the funds stand for a stay that begins, and which settlement ends that.
//!
//! ```text
//! open ──settled──▶ closed ──its settlement reversed──▶ open
//!   └──withdrawn by its request, or cancelled──▶ withdrawn
//! ```

use super::{Bill, Member};
use crate::refusal::{
    GUARANTEE_CLOSED, GUARANTEE_FOR_OTHERS, GUARANTEE_IN_FUTURE, GUARANTEE_NOT_ENTITLED,
    GUARANTEE_NOT_NAMED, GUARANTEE_UNKNOWN, VISIT_SETTLED,
};
use kernel::refusal::invalid;
use kernel::{
    Day, DiagnosisCode, Fen, GuaranteeId, Instant, InstitutionCode, MedType, PersonId, ReferralId,
    Refusal, Scheme, SettlementId, Spec,
};

/// 住院: a stay as it is known on the day of admission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id).
    pub visit: String,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 医疗类别 (med_type).
    pub med_type: MedType,
    /// 入院日期 (begndate).
    pub begin: Day,
    /// 入院诊断代码 (diag_code).
    pub diagnosis: DiagnosisCode,
    /// 转诊备案编号 (trt_dcla_detl_sn).
    pub referral: Option<ReferralId>,
}

impl Stay {
    /// There is nothing to guarantee for a visit that is settled.
    pub fn unsettled(&self, settlement: Option<&str>) -> Result<(), Refusal> {
        let Some(settlement) = settlement else {
            return Ok(());
        };
        let no = VISIT_SETTLED.refuse().at("stay.visit_number");
        let no = no.with("institution_code", &self.institution);
        let no = no.with("visit_number", &self.visit);
        Err(no.with("settlement_id", settlement))
    }
}

/// A guarantee to open.
pub struct Admission {
    /// The stay.
    pub stay: Stay,
    /// 预计费用.
    pub estimate: Fen,
    /// The person; may be missing only when the key has an outcome already.
    pub member: Option<Member>,
}

impl Admission {
    /// The funds stand only for whom they may pay on the day of admission.
    pub fn entitled(&self, today: Day) -> Result<(), Refusal> {
        let stay = &self.stay;
        let Some(member) = &self.member else {
            return Err(invalid("member", "必填"));
        };
        if member.person != stay.person
            || member.scheme != stay.scheme
            || member.as_of != stay.begin
        {
            let expected = "与住院同一人员、险种与入院日期的参保快照";
            return Err(invalid("member", expected));
        }
        if stay.begin > today {
            let no = GUARANTEE_IN_FUTURE.refuse().at("stay.begin_day");
            return Err(no.with("day", stay.begin).with("today", today));
        }
        if !member.eligible {
            let no = GUARANTEE_NOT_ENTITLED.refuse().at("stay.person_id");
            let no = no.with("day", stay.begin);
            return Err(no.with("reason", member.reason.as_deref().unwrap_or_default()));
        }
        Ok(())
    }
}

/// 撤回入院: a guarantee to cancel.
pub struct Cancellation {
    /// Which.
    pub guarantee: GuaranteeId,
    /// Why.
    pub reason: String,
}

/// Where a guarantee stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuaranteeState {
    /// It stands for a stay that is not settled.
    Open,
    /// The stay was settled.
    Closed,
    /// The admission was withdrawn.
    Withdrawn,
}

/// 担保: instead of a deposit, until the stay is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarantee {
    /// Its id.
    pub id: GuaranteeId,
    /// The stay it stands for.
    pub stay: Stay,
    /// 预计费用.
    pub estimate: Fen,
    /// The settlement that closed it.
    pub settlement: Option<SettlementId>,
    /// When it was opened.
    pub opened_at: Instant,
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// When its request was withdrawn, or it was cancelled. What a settlement closed before stays closed.
    pub withdrawn_at: Option<Instant>,
}

impl Guarantee {
    /// Where it stands.
    pub fn state(&self) -> GuaranteeState {
        match (self.closed_at, self.withdrawn_at) {
            (Some(_), _) => GuaranteeState::Closed,
            (None, Some(_)) => GuaranteeState::Withdrawn,
            (None, None) => GuaranteeState::Open,
        }
    }

    /// Whether it may be cancelled; `settled` while the settlement that closed it stands. One that was
    /// not opened again, because another was open, stands for nothing any more.
    pub fn cancellable(&self, settled: bool) -> Result<(), Refusal> {
        let no = match self.state() {
            GuaranteeState::Withdrawn => &GUARANTEE_UNKNOWN,
            GuaranteeState::Closed if settled => &GUARANTEE_CLOSED,
            GuaranteeState::Closed | GuaranteeState::Open => return Ok(()),
        };
        let no = no.refuse().with("guarantee_id", self.id);
        Err(no.at("guarantee_id"))
    }

    /// Whether this is the guarantee of the bill's stay, and open. The kind of stay may have become
    /// another since the admission.
    fn covers(&self, bill: &Bill) -> Result<(), &'static Spec> {
        let stay = &self.stay;
        let same = stay.person == bill.person
            && self.is_of_visit(bill)
            && (&stay.scheme, stay.begin) == (&bill.scheme, bill.admission())
            && bill.med_type.is_stay();
        match self.state() {
            GuaranteeState::Withdrawn => Err(&GUARANTEE_UNKNOWN),
            _ if !same => Err(&GUARANTEE_FOR_OTHERS),
            GuaranteeState::Closed => Err(&GUARANTEE_CLOSED),
            GuaranteeState::Open => Ok(()),
        }
    }

    fn is_of_visit(&self, bill: &Bill) -> bool {
        (&self.stay.institution, &self.stay.visit) == (&bill.institution, &bill.visit)
    }
}

/// A bill must name the open guarantee of its visit: settled without it, the stay would leave the
/// guarantee open for ever. While the stay goes on after a part the guarantee stands.
pub fn named(bill: &Bill, open: Option<GuaranteeId>) -> Result<(), Refusal> {
    let (None, Some(open)) = (bill.guarantee, open.filter(|_| !bill.continues())) else {
        return Ok(());
    };
    let no = GUARANTEE_NOT_NAMED.refuse().at("claim.guarantee_id");
    let no = no.with("institution_code", &bill.institution);
    let no = no.with("visit_number", &bill.visit);
    Err(no.with("guarantee_id", open))
}

/// The guarantees that claims name, as far as they are found, and those of their visits.
pub struct Guarantees(pub Vec<Guarantee>);

impl Guarantees {
    /// The guarantee that a bill names must be its own and open; the next bill finds it closed. One
    /// that is open must be named.
    pub fn close(&mut self, bill: &Bill, now: Instant) -> Result<(), Refusal> {
        let Some(id) = bill.guarantee else {
            let open =
                |one: &&Guarantee| one.is_of_visit(bill) && one.state() == GuaranteeState::Open;
            return named(bill, self.0.iter().find(open).map(|one| one.id));
        };
        let found = self.0.iter_mut().find(|found| found.id == id);
        let covered = match found {
            None => Err(&GUARANTEE_UNKNOWN),
            Some(guarantee) => guarantee.covers(bill).map(|()| guarantee),
        };
        let no = |spec: &'static Spec| spec.refuse().with("guarantee_id", id);
        let guarantee = covered.map_err(|spec| no(spec).at("claim.guarantee_id"))?;
        guarantee.closed_at = Some(now);
        Ok(())
    }
}
