//! What is to be priced. A [`Claim`] is checked once, when it is built, so that settling it cannot
//! fail or overflow; it knows nothing of who asked, of institutions' names or of rules of law.

mod bad;

pub use bad::BadClaim;

use crate::accumulators::Accumulators;
use kernel::{
    CLAIM_FEN_MAX, Day, DiagnosisCode, DiseaseCode, Fen, IdentityKind, InstitutionKind,
    InstitutionTier, ItemClass, ItemCode, ItemMark, MedType, PersonType, Quantity, Rate, Scheme,
    UnitPrice,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most lines one claim may have.
pub const LINES_MAX: usize = 10_000;
/// The most identities one person may bring to a claim.
pub const IDENTITIES_MAX: usize = 100;
/// The most diseases a person may be filed with, and schemes that cover besides.
pub const FILINGS_MAX: usize = 100;
/// The most accumulators a claim may carry.
pub const ACCUMULATORS_MAX: usize = 10_000;
/// The largest value of an accumulator: ten thousand claims of the largest size.
pub const ACCUMULATOR_MAX: i64 = 100_000_000_000_000_000;
/// The oldest age and the most years of a standing that are believed.
pub const YEARS_MAX: u32 = 200;

/// 费用明细 (feedetl): one line of the bill, with what catalogue and prices say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// 明细序号 (feedetl_sn): unique within the claim.
    pub number: u32,
    /// 医保目录编码 (med_list_codg).
    pub item: ItemCode,
    /// 收费项目等级 (chrgitm_lv): class A, B or C.
    pub class: ItemClass,
    /// 先行自付比例 (selfpay_prop): first paid by the patient, before any fund.
    pub first_pay: Rate,
    /// 限价 (pric_uplmt_amt): what is above it is the patient's.
    pub price_limit: Option<UnitPrice>,
    /// 单价 (pric).
    pub unit_price: UnitPrice,
    /// 数量 (cnt).
    pub quantity: Quantity,
    /// 金额 (det_item_fee_sumamt): unit price times quantity, half-up to the fen.
    pub amount: Fen,
    /// 目录标记: what the catalogue says of the item, such as 蒙药中药.
    pub marks: Vec<ItemMark>,
    /// 限制使用 (lmt_used_flag, hosp_appr_flag).
    pub restriction: Restriction,
    /// 费用发生日期 (fee_ocur_time): the claim's day when not known. Divides a stay over two years.
    pub day: Option<Day>,
    /// 审核不予支付: the code of the screening rule that denies fund payment of this line.
    pub denied: Option<String>,
}

/// 限制使用: whether the fund may pay an item here, by its restriction and the hospital's word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restriction {
    /// Not restricted, and the hospital says nothing against it.
    #[default]
    None,
    /// 审批通过: restricted, and the hospital says the patient meets the restriction.
    Approved,
    /// 审批不通过: restricted, and the patient does not meet it.
    Refused,
    /// 未审批: restricted, and nobody has said anything.
    Pending,
    /// 转自费: not restricted, but the hospital bills it as own-pay.
    OwnPay,
}

/// 就医地 (refl_type): where the institution lies, seen from the person's area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// 本区县.
    #[default]
    District,
    /// 统筹区（市）内其他区县.
    City,
    /// 省内异地.
    Province,
    /// 省外.
    Outside,
}

/// 转诊备案: by what right the person was treated away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filing {
    /// 未备案.
    #[default]
    None,
    /// 转诊备案.
    Referred,
    /// 急诊, which counts as filed.
    Emergency,
    /// 长期异地居住.
    Resident,
}

/// 第三方责任 (ttp_pay_prop): somebody else answers for a part of the cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThirdParty {
    /// The share that was determined.
    pub share: Rate,
    /// 先行支付 (pre_pay_flag): the fund pays first and recovers.
    pub advance: bool,
}

/// 个人账户: what may be drawn, as `acct_used_flag` allows; zero where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// 当年结存.
    pub current: Fen,
    /// 历年结存.
    pub past: Fen,
    /// 家庭共济 (acct_mulaid_pay): a relative's account.
    pub shared: Fen,
}

/// What is said of a claim before it is checked. [`ClaimFacts::new`] gives the plain case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimFacts {
    /// 结算日期 (setl_time): the day whose rules hold.
    pub day: Day,
    /// 入院日期 (begntime).
    pub begin: Day,
    /// 经办日期: when the claim is decided; later than `day` when applied for afterwards.
    pub decided: Day,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 医疗类别 (med_type).
    pub med_type: MedType,
    /// 医院等级 (dedc_hosp_lv).
    pub tier: InstitutionTier,
    /// 机构类别.
    pub kind: InstitutionKind,
    /// 就医地 (refl_type).
    pub place: Place,
    /// 转诊备案.
    pub filing: Filing,
    /// 协议机构: whether the institution is one of the scheme's.
    pub contracted: bool,
    /// 人员身份 (psn_idet_type): those that hold on the day.
    pub identities: Vec<IdentityKind>,
    /// 人员类别 (psn_type).
    pub person: Option<PersonType>,
    /// 周岁 on the day.
    pub age: Option<u32>,
    /// 另参加的险种: 公务员补助, 大额, 企业补充.
    pub covered_by: Vec<Scheme>,
    /// 门诊慢特病病种 (opsp_dise_code): those the person is filed with, that of the claim first.
    pub diseases: Vec<DiseaseCode>,
    /// 诊断代码 (diag_code).
    pub diagnosis: Option<DiagnosisCode>,
    /// 第三方责任.
    pub third_party: Option<ThirdParty>,
    /// 个人账户.
    pub account: AccountFacts,
    /// 连续参保年数.
    pub continuous_years: u32,
    /// 零报销年数: years without a claim that still count.
    pub zero_claim_years: u32,
    /// 家庭年收入, where a rule looks at it.
    pub household_income: Option<Fen>,
    /// 续同一次住院: what earlier parts of the same stay were charged as deductible, by the rule of
    /// the layer; `deductible` stands for the basic pool. Nothing when the stay begins here.
    pub continues: Option<BTreeMap<String, Fen>>,
    /// 住院次序: which stay of its year this is, where the year in which it began is another one.
    pub ordinal: Option<u32>,
    /// 算作一次住院: counts as a stay of its year though it goes on from one that was settled before.
    #[serde(default)]
    pub counts: bool,
    /// 待遇享受标志 (trt_enjymnt_flag): when false every fund pays nothing.
    pub payable: bool,
    /// 检查结果 (trt_chk_rslt): why it is not payable, one Chinese sentence.
    pub not_payable_reason: Option<String>,
    /// 费用明细.
    pub lines: Vec<Line>,
    /// 年度累计 (cum): the person's accumulators of the year before this claim.
    pub accumulators: Accumulators,
}

impl ClaimFacts {
    /// An ordinary person's claim in the own district, of these lines, with nothing before it.
    pub fn new(
        day: Day,
        scheme: Scheme,
        med_type: MedType,
        tier: InstitutionTier,
        kind: InstitutionKind,
        lines: Vec<Line>,
    ) -> ClaimFacts {
        ClaimFacts {
            day,
            begin: day,
            decided: day,
            scheme,
            med_type,
            tier,
            kind,
            place: Place::District,
            filing: Filing::None,
            contracted: true,
            identities: Vec::new(),
            person: None,
            age: None,
            covered_by: Vec::new(),
            diseases: Vec::new(),
            diagnosis: None,
            third_party: None,
            account: AccountFacts::default(),
            continuous_years: 0,
            zero_claim_years: 0,
            household_income: None,
            continues: None,
            ordinal: None,
            counts: false,
            payable: true,
            not_payable_reason: None,
            lines,
            accumulators: Accumulators::default(),
        }
    }
}

/// A checked claim: 1 to [`LINES_MAX`] lines in the order of their numbers, a total within
/// [`CLAIM_FEN_MAX`], nothing negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    facts: ClaimFacts,
    total: Fen,
}

impl Claim {
    /// Checks the facts; the first thing that is wrong is the answer.
    pub fn new(mut facts: ClaimFacts) -> Result<Claim, BadClaim> {
        let count = facts.lines.len();
        if !(1..=LINES_MAX).contains(&count) {
            return Err(BadClaim::LineCount { count });
        }
        if facts.identities.len() > IDENTITIES_MAX {
            return Err(BadClaim::IdentityCount {
                count: facts.identities.len(),
            });
        }
        check_person(&facts)?;
        check_accumulators(&facts.accumulators)?;
        let mut numbers = BTreeSet::new();
        let mut total = Fen::ZERO;
        for (index, line) in facts.lines.iter().enumerate() {
            check_line(index, line)?;
            if !numbers.insert(line.number) {
                return Err(BadClaim::NumberTwice { index });
            }
            // At most 10⁴ lines of at most 10¹³ fen: the sum stays within an i64.
            total += line.amount;
        }
        if total > CLAIM_FEN_MAX {
            return Err(BadClaim::TotalTooLarge);
        }
        // One order for one claim, so that everything derived from it is the same.
        facts.lines.sort_unstable_by_key(|line| line.number);
        Ok(Claim { facts, total })
    }

    /// Everything that was said, the lines now in the order of their numbers.
    pub fn facts(&self) -> &ClaimFacts {
        &self.facts
    }

    /// 医疗费总额 (medfee_sumamt).
    pub fn total(&self) -> Fen {
        self.total
    }

    /// 结算日期 (setl_time).
    pub fn day(&self) -> Day {
        self.facts.day
    }

    /// 费用明细, in the order of their numbers.
    pub fn lines(&self) -> &[Line] {
        &self.facts.lines
    }

    /// 年度累计 (cum), before this claim.
    pub fn accumulators(&self) -> &Accumulators {
        &self.facts.accumulators
    }
}

fn check_person(facts: &ClaimFacts) -> Result<(), BadClaim> {
    let fits = |share: Rate| (Rate::ZERO..=Rate::ONE).contains(&share);
    let amount = |fen: &Fen| (Fen::ZERO..=CLAIM_FEN_MAX).contains(fen);
    let account = [
        facts.account.current,
        facts.account.past,
        facts.account.shared,
    ];
    let charged = facts.continues.iter().flat_map(BTreeMap::values);
    let wrong = [
        (
            facts.begin > facts.day,
            "begin",
            "a day not after the claim's day",
        ),
        (
            facts.diseases.len() > FILINGS_MAX,
            "diseases",
            "at most 100 diseases",
        ),
        (
            facts.covered_by.len() > FILINGS_MAX,
            "covered_by",
            "at most 100 schemes",
        ),
        (
            facts.age.is_some_and(|age| age > YEARS_MAX),
            "age",
            "at most 200 years",
        ),
        (
            facts.continuous_years > YEARS_MAX,
            "continuous_years",
            "at most 200 years",
        ),
        (
            facts.zero_claim_years > YEARS_MAX,
            "zero_claim_years",
            "at most 200 years",
        ),
        (
            facts.third_party.is_some_and(|party| !fits(party.share)),
            "third_party",
            "a share from 0% to 100%",
        ),
        (
            !account.iter().all(amount),
            "account",
            "amounts from 0 to 100000000000 yuan",
        ),
        (facts.ordinal == Some(0), "ordinal", "one or more"),
        (
            facts
                .household_income
                .is_some_and(|income| !amount(&income)),
            "household_income",
            "an amount from 0 to 100000000000 yuan",
        ),
        (
            !charged.clone().all(amount) || charged.count() > ACCUMULATORS_MAX,
            "continues",
            "amounts from 0 to 100000000000 yuan",
        ),
    ];
    match wrong.into_iter().find(|(is_wrong, ..)| *is_wrong) {
        Some((_, field, expected)) => Err(BadClaim::Fact { field, expected }),
        None => Ok(()),
    }
}

fn check_line(index: usize, line: &Line) -> Result<(), BadClaim> {
    if line.unit_price < UnitPrice(0) {
        return Err(BadClaim::NegativePrice { index });
    }
    if line.quantity < Quantity(0) {
        return Err(BadClaim::NegativeQuantity { index });
    }
    if line.price_limit.is_some_and(|limit| limit < UnitPrice(0)) {
        return Err(BadClaim::NegativeLimit { index });
    }
    if !(Rate::ZERO..=Rate::ONE).contains(&line.first_pay) {
        return Err(BadClaim::FirstPay { index });
    }
    match line.unit_price.times(line.quantity) {
        None => Err(BadClaim::AmountTooLarge { index }),
        Some(product) if product != line.amount => Err(BadClaim::Amount { index, product }),
        Some(_) => Ok(()),
    }
}

fn check_accumulators(accumulators: &Accumulators) -> Result<(), BadClaim> {
    let count = accumulators.iter().count();
    if count > ACCUMULATORS_MAX {
        return Err(BadClaim::AccumulatorCount { count });
    }
    let mut entries = accumulators.iter();
    match entries.find(|(_, value)| !(0..=ACCUMULATOR_MAX).contains(value)) {
        Some((name, _)) => Err(BadClaim::Accumulator {
            name: name.to_string(),
        }),
        None => Ok(()),
    }
}
