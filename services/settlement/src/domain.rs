//! A bill, what others say of it, and the decision what it costs: pure.

use crate::catalogue::Catalogue;
use crate::refusal::{
    BASIS_CHANGED, CLAIM_DAYS_REVERSED, CLAIM_DENIED, CLAIM_IN_FUTURE, CLAIM_TOO_LONG,
    LINE_AMOUNT_WRONG,
};
use kernel::refusal::invalid;
use kernel::{
    CLAIM_FEN_MAX, CatalogueId, Day, DiagnosisCode, Digest, Digester, Fen, IdentityKind, Instant,
    InstitutionCode, InstitutionKind, InstitutionTier, ItemCode, MedType, PersonId, Quantity,
    Refusal, Scheme, SettlementId, UnitPrice,
};
use policy::{Accumulators, BadClaim, Claim, ClaimFacts, Line, Package};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// 费用明细.
    pub lines: Vec<BillLine>,
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// The accumulators of a person, scheme and year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonYear {
    /// Grows with every settlement and reversal.
    pub version: i64,
    /// The ordinal of the newest settlement.
    pub last_ordinal: i64,
    /// The fold of all standing settlements' deltas.
    pub accumulators: Accumulators,
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
    /// The accumulators before.
    pub accumulators: Accumulators,
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

    /// The year whose accumulators count: that of discharge (benefits.md 4.2, variant a).
    pub fn year(&self) -> i32 {
        self.end.year()
    }
}

/// What can be refused before anything is read: the person's snapshot must be about this bill, the
/// days must have come, and no rule may deny the whole claim.
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
    match findings
        .iter()
        .find(|finding| finding.effect == Effect::DenyClaim)
    {
        None => Ok(()),
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

/// Prices a bill: the one way to learn what a claim costs, for PreSettle, Settle and explanations.
pub fn price(
    package: &Package,
    catalogue: &Catalogue,
    evidence: &Evidence,
    accumulator_version: i64,
) -> Result<Priced, Refusal> {
    let (bill, member) = (&evidence.bill, &evidence.member);
    let denied = denials(&evidence.findings);
    let line =
        |line: &BillLine| priced_line(line, catalogue, &evidence.tier, denied.get(&line.number));
    let claim = Claim::new(ClaimFacts {
        day: bill.end,
        scheme: bill.scheme.clone(),
        med_type: bill.med_type.clone(),
        tier: evidence.tier.clone(),
        kind: evidence.kind.clone(),
        identities: member.identities.clone(),
        payable: member.eligible,
        not_payable_reason: member.reason.clone(),
        lines: bill.lines.iter().map(line).collect(),
        accumulators: evidence.accumulators.clone(),
    });
    let claim = claim.map_err(|bad| refused(&bad, bill))?;
    let mut settlement = policy::settle(package, &claim);
    settlement.findings.extend(unlisted(bill, catalogue));
    if let Err(broken) = settlement.check() {
        tracing::error!(%broken, package = package.name(), "an identity of the amounts is broken");
        return Err(kernel::refusal::INTERNAL.refuse());
    }
    let basis = Basis {
        package: package.name().to_string(),
        package_digest: package.digest().to_string(),
        catalogue: catalogue.id,
        person_version: member.version,
        accumulator_version,
        day: bill.end,
        funds: settlement.funds(),
        cash: settlement.cash,
        amounts_digest: settlement.digest().to_string(),
    };
    Ok(Priced { settlement, basis })
}

/// 目录外: lines whose item the catalogue does not have. A slip of the pen looks the same as an item
/// nobody pays for, so it is said.
fn unlisted(bill: &Bill, catalogue: &Catalogue) -> Vec<policy::Finding> {
    let unknown = |line: &&BillLine| catalogue.item(&line.item).is_none();
    let remark = |line: &BillLine| policy::Finding {
        code: "ITEM_UNLISTED".to_string(),
        text: format!(
            "第 {} 行 {} 不在医保目录中，按自费处理。",
            line.number, line.item
        ),
        line: Some(line.number),
    };
    bill.lines.iter().filter(unknown).map(remark).collect()
}

/// The rule that denies each denied line.
fn denials(findings: &[Finding]) -> BTreeMap<u32, &str> {
    let denying = findings
        .iter()
        .filter(|finding| finding.effect == Effect::DenyLine);
    // Backwards, so that of several rules the first one found is named.
    denying
        .rev()
        .map(|finding| (finding.line, finding.rule.as_str()))
        .collect()
}

/// A line with what the catalogue says of its item. An item the catalogue does not have is class C:
/// the whole line is the patient's.
fn priced_line(
    line: &BillLine,
    catalogue: &Catalogue,
    tier: &InstitutionTier,
    denied: Option<&&str>,
) -> Line {
    let item = catalogue.item(&line.item);
    Line {
        number: line.number,
        item: line.item.clone(),
        class: item.map_or(kernel::ItemClass::C, |item| item.class.clone()),
        first_pay: item.map_or(kernel::Rate::ZERO, |item| item.first_pay),
        price_limit: item.and_then(|item| item.limit(tier)),
        unit_price: line.unit_price,
        quantity: line.quantity,
        amount: line.amount,
        ethnic_medicine: item.is_some_and(|item| item.ethnic_medicine),
        denied: denied.map(|rule| rule.to_string()),
    }
}

fn refused(bad: &BadClaim, bill: &Bill) -> Refusal {
    let expected = match bad {
        BadClaim::Amount { index, product } => {
            let line = bill.lines.get(*index);
            return LINE_AMOUNT_WRONG
                .refuse()
                .at(format!("claim.lines[{index}].amount_fen"))
                .with("line", line.map_or(0, |line| line.number))
                .with("expected_fen", product.0)
                .with("amount_fen", line.map_or(0, |line| line.amount.0));
        }
        BadClaim::NumberTwice { .. } => "费用单内不重复的行号".to_string(),
        BadClaim::AmountTooLarge { .. } | BadClaim::TotalTooLarge => {
            format!("合计不超过 {CLAIM_FEN_MAX} 元的费用单")
        }
        // The wire has refused what else there is; this is for whoever reads the log.
        other => other.expected(),
    };
    let field = bad.field();
    let unit = if field.ends_with(".amount") {
        "_fen"
    } else {
        ""
    };
    invalid(format!("claim.{field}{unit}"), expected)
}

/// The amounts must still be those of `expected`.
pub fn holds(expected: Option<&Basis>, now: &Basis) -> Result<(), Refusal> {
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
