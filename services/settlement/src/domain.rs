//! A bill, what others say of it, and the decision what it costs: pure.

mod account;
mod approval;
pub mod closing;
mod filed;
mod guarantee;
mod hold;
pub mod indicator;
mod past;
pub mod payer_file;
mod person_year;
mod price;
mod receipt;
mod receivable;
pub mod reconcile;
mod recovery;
mod reimbursement;
mod replay;
mod revision;
mod settled_year;
mod statement;
mod subsidy;
mod suspension;
mod visit;

pub use account::{
    Account, AccountEntry, AccountUse, Accounts, Authorization, By, CREDIT_MAX, Credit, Drawn,
    EntryKind, Movement, Offered, Purse, Relation, differences, movements, offered_again,
};
pub use approval::{
    ApprovalState, DualApproval, Second, Subject, VALID_DAYS, needed, withdrawal_digest,
};
pub use filed::FiledDisease;
pub use guarantee::{Admission, Cancellation, Guarantee, GuaranteeState, Guarantees, Stay, named};
pub use hold::{BATCH_MAX, Hold, HoldState, Taken, expiry, holdable, within};
pub use past::PastYears;
pub use person_year::{Held, PersonYear, YearKey};
pub use price::{claim_of, price};
pub use receipt::{Receipt, Verdict, masked, receipt_digest, receipt_text, verdict};
pub use receivable::{
    Balance, Channel, End, Opening, Paying, Payment, Receivable, ReceivableState, Reminder,
    Reminding, Revoked, Step, due_at_institution,
};
pub use recovery::{Advance, Received, Recovering, Recovery, stands};
pub use reimbursement::{
    ExpenseReceipt, RECEIPTS_MAX, Reimbursement, ReimbursementState, Submission,
};
pub use replay::{Flaw, FlawCause, Found, flaws, numbering, revision_flaws};
pub use revision::{
    Amendment, CHAIN_MAX, Cause, Denied, Link, Payee, RefundedLine, Revised, Revision,
    accumulators_before, chain, comes_to_the_same, is_news, left, preview_digest,
};
pub use settled_year::{Saw, SettledClaim, SettledYear, settled_year};
pub use statement::{ColumnSums, Mismatch, OfYear, Statement, Sums};
pub use subsidy::{Grant, Subsidy};
pub use suspension::{Suspended, Suspension, Whom};
pub use visit::{
    Accident, AccidentCheck, CheckItem, Conclusion, Listing, SettledPart, StayPart, UPLOAD_MAX,
    Upload, Visit, VisitFacts, VisitLine, VisitState, accept, of_part, remaining, revocable,
    so_far, unchanged, unregistered,
};

use crate::refusal::{
    BASIS_CHANGED, CLAIM_DAYS_REVERSED, CLAIM_DENIED, CLAIM_IN_FUTURE, CLAIM_TOO_LONG,
};
use kernel::refusal::invalid;
use kernel::{
    CatalogueId, Day, DiagnosisCode, Digest, Digester, DiseaseCode, Fen, GuaranteeId, IdentityKind,
    Instant, InstitutionCode, InstitutionKind, InstitutionTier, ItemCode, MedType, PersonId,
    PersonType, Quantity, Rate, ReferralId, Refusal, ReimbursementId, Scheme, SettlementId,
    UnitPrice, VisitId,
};
use policy::{Accumulators, Change, Filing, Place, SoFar, ThirdParty};
use serde::{Deserialize, Serialize};

/// Days of one stay's bill at most: longer stays are settled in parts, at least once a year
/// (benefits.md 4.2).
pub const STAY_DAYS_MAX: i64 = 366;
/// Days of one outpatient bill at most: a month of treatments.
pub const VISIT_DAYS_MAX: i64 = 31;
/// Findings one claim may bring at most: some for each of its lines.
pub const FINDINGS_MAX: usize = 20_000;

/// A claim as an institution sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id): the institution's number of the visit.
    pub visit: String,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 医疗类别 (med_type).
    pub med_type: MedType,
    /// 开始日期 (begndate).
    pub begin: Day,
    /// 结束日期 (enddate): decides year, package and prices.
    pub end: Day,
    /// 诊断代码 (diag_code).
    pub diagnosis: DiagnosisCode,
    /// 门诊慢特病病种编码 (opsp_dise_code): that of the bill first.
    #[serde(default)]
    pub diseases: Vec<DiseaseCode>,
    /// 第三方责任 (ttp_pay_prop, pre_pay_flag).
    #[serde(default)]
    pub third_party: Option<ThirdParty>,
    /// 转诊备案.
    #[serde(default)]
    pub filing: Filing,
    /// 经办日期, when it is not the last day.
    #[serde(default)]
    pub decided: Option<Day>,
    /// 家庭年收入, where somebody said.
    #[serde(default)]
    pub household_income: Option<Fen>,
    /// 转诊备案编号 (trt_dcla_detl_sn): the referral that the visit used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<ReferralId>,
    /// 先诊疗后付费: the guarantee that the settlement closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarantee: Option<GuaranteeId>,
    /// 零星报销: what the patient paid already, so that the funds owe it to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reimbursement: Option<ReimbursementId>,
    /// 就诊登记: the registered visit that the bill was read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<Registration>,
    /// 分段结算: which part of a stay it is; nothing for the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<StayPart>,
    /// 归属年度, where the package counts the bill to another year than that of its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// 个人账户使用标志 (acct_used_flag).
    #[serde(default, skip_serializing_if = "AccountUse::is_none")]
    pub account: AccountUse,
    /// 费用明细.
    pub lines: Vec<BillLine>,
}

/// 就诊登记: of which registered visit a bill is, and as it was when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The visit.
    pub visit: VisitId,
    /// Its version when the bill was read.
    pub version: i64,
}

/// 费用明细: one line of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillLine {
    /// Its number in the bill.
    pub number: u32,
    /// 医保目录编码 (med_list_codg).
    pub item: ItemCode,
    /// 单价 (pric).
    pub unit_price: UnitPrice,
    /// 数量 (cnt).
    pub quantity: Quantity,
    /// 明细项目费用总额 (det_item_fee_sumamt).
    pub amount: Fen,
    /// 医院审批标志 (hosp_appr_flag).
    #[serde(default, skip_serializing_if = "Approval::is_unsaid")]
    pub approval: Approval,
    /// 费用发生日期 (fee_ocur_time), when somebody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Day>,
}

/// 医院审批标志 (hosp_appr_flag): the hospital's word on an item of restricted use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// 未审批.
    #[default]
    Unsaid,
    /// 审批通过.
    Approved,
    /// 审批不通过.
    Refused,
}

impl Approval {
    fn is_unsaid(&self) -> bool {
        *self == Approval::Unsaid
    }
}

/// What enrollment said of the person on the bill's last day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// Version of the person's data.
    pub version: i64,
    /// 险种类型 (insutype) the answer is about.
    pub scheme: Scheme,
    /// The day the answer is about.
    pub as_of: Day,
    /// 待遇享受标志 (trt_enjymnt_flag).
    pub eligible: bool,
    /// 检查结果 (trt_chk_rslt): why not.
    pub reason: Option<String>,
    /// 人员身份类别 (psn_idet_type) valid on the day.
    pub identities: Vec<IdentityKind>,
    /// 出生日期 (brdy); unknown in what was stored before it was asked for.
    #[serde(default)]
    pub birth: Option<Day>,
    /// 连续参保年数.
    #[serde(default)]
    pub continuous_years: u32,
    /// 人员类别 (psn_type); nothing when nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_type: Option<PersonType>,
    /// 另参加的险种 in force on the day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub covered_by: Vec<Scheme>,
    /// 参保年度 of the scheme, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub insured_years: Vec<i32>,
    /// 门诊慢特病备案 around the day; nothing in what was stored before they were recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_diseases: Option<Vec<FiledDisease>>,
    /// 关系转移接续: those of them in which a fund elsewhere paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere_claim_years: Vec<i32>,
}

/// What a finding does to the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// 可疑: kept with the settlement.
    Note,
    /// 明确违规: no fund pays for the line.
    DenyLine,
    /// 明确违规: the claim is not settled.
    DenyClaim,
}

/// What screening found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// What it does.
    pub effect: Effect,
    /// The line; 0 for the whole claim.
    pub line: u32,
    /// What was found, in Chinese.
    pub sentence: String,
    /// The settlement it was compared with.
    pub other: Option<SettlementId>,
}

/// 定点医药机构.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Institution {
    /// 定点医药机构编号 (fixmedins_code).
    pub code: InstitutionCode,
    /// 定点医药机构名称 (fixmedins_name).
    pub name: String,
    /// 起付线医院等级 (dedc_hosp_lv).
    pub tier: InstitutionTier,
    /// 机构类别.
    pub kind: InstitutionKind,
    /// First day of its agreement.
    pub agreement_from: Day,
    /// 终止协议: the first day without one, once it is known.
    pub agreement_until: Option<Day>,
    /// 就医地 (refl_type), seen from the area.
    pub place: Place,
    /// 协议机构.
    pub contracted: bool,
}

/// Everything a decision rested on; stored with it, so that it can be repeated and explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The bill.
    pub bill: Bill,
    /// The person.
    pub member: Member,
    /// What screening found.
    pub findings: Vec<Finding>,
    /// The institution's tier on the day.
    pub tier: InstitutionTier,
    /// The institution's kind on the day.
    pub kind: InstitutionKind,
    /// 就医地 (refl_type) of the institution.
    #[serde(default)]
    pub place: Place,
    /// 协议机构.
    #[serde(default = "yes")]
    pub contracted: bool,
    /// The accumulators before.
    pub accumulators: Accumulators,
    /// 续前次结算: what earlier parts of the stay used up; nothing where none was settled before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stay: Option<SoFar>,
    /// 个人账户: what accounts offered; nothing when the claim uses none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Offered>,
    /// 往年, when the package asks for years without a claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<PastYears>,
}

/// What stood before it was asked for was all of contracted institutions.
fn yes() -> bool {
    true
}

impl Evidence {
    /// 如果改变: the evidence as it would be. Price limits follow the tier, since lines are priced
    /// from it.
    pub fn changed(&self, change: &Change) -> Evidence {
        let Change {
            filing,
            place,
            contracted,
            tier,
            kind,
            identities,
        } = change.clone();
        let mut changed = self.clone();
        changed.bill.filing = filing.unwrap_or(changed.bill.filing);
        changed.place = place.unwrap_or(changed.place);
        changed.contracted = contracted.unwrap_or(changed.contracted);
        changed.tier = tier.unwrap_or(changed.tier);
        changed.kind = kind.unwrap_or(changed.kind);
        changed.member.identities = identities.unwrap_or(changed.member.identities);
        changed
    }
}

/// What a price rests on, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Name of the package.
    pub package: String,
    /// Digest of the package.
    pub package_digest: String,
    /// The catalogue version.
    pub catalogue: CatalogueId,
    /// Version of the person's data.
    pub person_version: i64,
    /// Version of the person-year before.
    pub accumulator_version: i64,
    /// The claim's last day.
    pub day: Day,
    /// 基金支付总额.
    pub funds: Fen,
    /// 个人现金支出.
    pub cash: Fen,
    /// Digest over all amounts and codes.
    pub amounts_digest: String,
    /// 个人账户: the versions, summed, of the accounts that were offered.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub account_version: i64,
}

fn is_zero(version: &i64) -> bool {
    *version == 0
}

/// A claim priced.
#[derive(Clone, Debug)]
pub struct Priced {
    /// The amounts, with their reasons.
    pub settlement: policy::Settlement,
    /// What they rest on.
    pub basis: Basis,
}

/// A settlement as it is stored.
#[derive(Clone, Debug)]
pub struct Posted {
    /// 结算ID (setl_id).
    pub id: SettlementId,
    /// Its place in the person-year.
    pub ordinal: i64,
    /// What it rested on.
    pub evidence: Evidence,
    /// Package, catalogue, versions, totals.
    pub basis: Basis,
    /// Shares, amounts and remarks; its reasons are empty, they are computed when asked for.
    pub amounts: policy::Settlement,
    /// When it was posted.
    pub posted_at: Instant,
    /// When it was reversed.
    pub reversed_at: Option<Instant>,
    /// 差额结算: which revision evidence, basis and amounts are of; 0 for those it was posted with.
    pub revision: i64,
}

impl Bill {
    /// What makes two bills the same bill: who, where, when and what; not the visit's number.
    pub fn fingerprint(&self) -> Digest {
        let mut lines: Vec<&BillLine> = self.lines.iter().collect();
        lines.sort_by_key(|line| (&line.item, line.unit_price, line.quantity));
        let mut digester = Digester::new();
        digester.part(self.person.to_string().as_bytes());
        digester.part(self.institution.as_str().as_bytes());
        digester.part(self.begin.to_string().as_bytes());
        digester.part(self.end.to_string().as_bytes());
        for line in lines {
            digester.part(line.item.as_str().as_bytes());
            digester.number(line.unit_price.0).number(line.quantity.0);
        }
        digester.finish()
    }

    /// The most days one bill may cover, both ends counted.
    fn days_max(&self) -> i64 {
        if self.med_type.is_stay() {
            STAY_DAYS_MAX
        } else {
            VISIT_DAYS_MAX
        }
    }

    /// Whether it is in an institution's books, or in anybody's where none is named: what the bureau
    /// reimbursed to the patient is in no institution's.
    pub fn is_of(&self, own: Option<&InstitutionCode>) -> bool {
        own.is_none_or(|own| *own == self.institution && self.reimbursement.is_none())
    }

    /// 先行支付: whether the funds pay first what a third party answers for.
    pub fn has_advance(&self) -> bool {
        let party = self.third_party;
        party.is_some_and(|party| party.advance && party.share > Rate::ZERO)
    }

    /// Whose accumulators count: those of the year of its last day, unless the package says otherwise.
    pub fn year_key(&self) -> YearKey {
        YearKey {
            person: self.person,
            scheme: self.scheme.clone(),
            year: self.year.unwrap_or_else(|| self.end.year()),
        }
    }
}

/// What can be refused before anything is read: the person's snapshot must be about this bill, the
/// days must have come, no rule may deny the whole claim, and its diseases must be filed.
pub fn admit(
    bill: &Bill,
    member: Option<&Member>,
    findings: &[Finding],
    today: Day,
) -> Result<(), Refusal> {
    let Some(member) = member else {
        return Err(invalid("member", "必填"));
    };
    if member.person != bill.person || member.scheme != bill.scheme || member.as_of != bill.end {
        return Err(invalid(
            "member",
            "与费用单同一人员、险种与结束日期的参保快照",
        ));
    }
    if bill.begin > bill.end {
        let no = CLAIM_DAYS_REVERSED.refuse().at("claim.begin_day");
        return Err(no.with("begin_day", bill.begin).with("end_day", bill.end));
    }
    let (days, max) = (bill.begin.days_until(bill.end) + 1, bill.days_max());
    if days > max {
        let no = CLAIM_TOO_LONG.refuse().at("claim.begin_day");
        let no = no.with("begin_day", bill.begin).with("end_day", bill.end);
        return Err(no.with("days", days).with("max_days", max));
    }
    if bill.end > today {
        let no = CLAIM_IN_FUTURE.refuse().at("claim.end_day");
        return Err(no.with("day", bill.end).with("today", today));
    }
    if bill.decided.is_some_and(|decided| decided > today) {
        return Err(invalid("claim.decided_day", "不晚于今天的日期"));
    }
    match findings
        .iter()
        .find(|finding| finding.effect == Effect::DenyClaim)
    {
        None => bill.is_filed(member),
        Some(finding) => {
            let no = CLAIM_DENIED.refuse().with("rule", &finding.rule);
            let no = no.with("found", &finding.sentence);
            Err(match finding.other {
                Some(other) => no.with("other_settlement_id", other),
                None => no,
            })
        }
    }
}

/// The amounts must still be those of `expected`.
pub fn still_holds(expected: Option<&Basis>, now: &Basis) -> Result<(), Refusal> {
    let Some(expected) = expected.filter(|e| e.amounts_digest != now.amounts_digest) else {
        return Ok(());
    };
    let changed = [
        ("政策包", expected.package_digest != now.package_digest),
        ("目录", expected.catalogue != now.catalogue),
        ("参保信息", expected.person_version != now.person_version),
        (
            "年度累计",
            expected.accumulator_version != now.accumulator_version,
        ),
        ("个人账户", expected.account_version != now.account_version),
        ("日期", expected.day != now.day),
    ];
    let changed: Vec<&str> = changed
        .iter()
        .filter(|(_, is)| *is)
        .map(|(name, _)| *name)
        .collect();
    let changed = if changed.is_empty() {
        "费用单".to_string()
    } else {
        changed.join("、")
    };
    Err(BASIS_CHANGED
        .refuse()
        .at("basis")
        .with("changed", changed)
        .with("funds_before_fen", expected.funds.0)
        .with("funds_now_fen", now.funds.0)
        .with("cash_before_fen", expected.cash.0)
        .with("cash_now_fen", now.cash.0))
}

/// What of a computed settlement is stored: lines and reasons are computed again when asked for.
pub fn kept(settlement: policy::Settlement) -> policy::Settlement {
    policy::Settlement {
        lines: Vec::new(),
        reasons: Vec::new(),
        ..settlement
    }
}

#[cfg(test)]
mod tests;
