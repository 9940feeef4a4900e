//! What is to be priced. A [`Claim`] is checked once, when it is built, so that settling it cannot
//! fail or overflow; it knows nothing of who asked, of institutions' names or of rules of law.

use kernel::{
    CLAIM_FEN_MAX, Day, Fen, IdentityKind, InstitutionKind, InstitutionTier, ItemClass, ItemCode,
    MedType, Quantity, Rate, Scheme, UnitPrice,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The most lines one claim may have.
pub const LINES_MAX: usize = 10_000;
/// The most identities one person may bring to a claim.
pub const IDENTITIES_MAX: usize = 100;
/// The most accumulators a claim may carry.
pub const ACCUMULATORS_MAX: usize = 1_000;
/// The largest value of an accumulator: ten thousand claims of the largest size.
pub const ACCUMULATOR_MAX: i64 = 100_000_000_000_000_000;

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
    /// 蒙药、中药: a Mongolian or Chinese medicine, which may have a higher ratio.
    pub ethnic_medicine: bool,
    /// 审核不予支付: the code of the screening rule that denies fund payment of this line.
    pub denied: Option<String>,
}

/// What is said of a claim before it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimFacts {
    /// 结算日期 (setl_time): the day whose rules hold.
    pub day: Day,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 医疗类别 (med_type).
    pub med_type: MedType,
    /// 医院等级 (dedc_hosp_lv).
    pub tier: InstitutionTier,
    /// 机构类别.
    pub kind: InstitutionKind,
    /// 人员身份 (psn_idet_type): those that hold on the day.
    pub identities: Vec<IdentityKind>,
    /// 待遇享受标志 (trt_enjymnt_flag): when false every fund pays nothing.
    pub payable: bool,
    /// 检查结果 (trt_chk_rslt): why it is not payable, one Chinese sentence.
    pub not_payable_reason: Option<String>,
    /// 费用明细.
    pub lines: Vec<Line>,
    /// 年度累计 (cum): the person's accumulators of the year before this claim.
    pub accumulators: Accumulators,
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
        facts.lines.sort_by_key(|line| line.number);
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

    /// 险种类型 (insutype).
    pub fn scheme(&self) -> &Scheme {
        &self.facts.scheme
    }

    /// 医疗类别 (med_type).
    pub fn med_type(&self) -> &MedType {
        &self.facts.med_type
    }

    /// 医院等级 (dedc_hosp_lv).
    pub fn tier(&self) -> &InstitutionTier {
        &self.facts.tier
    }

    /// 机构类别.
    pub fn kind(&self) -> &InstitutionKind {
        &self.facts.kind
    }

    /// 人员身份 (psn_idet_type).
    pub fn identities(&self) -> &[IdentityKind] {
        &self.facts.identities
    }

    /// 待遇享受标志 (trt_enjymnt_flag).
    pub fn payable(&self) -> bool {
        self.facts.payable
    }

    /// 检查结果 (trt_chk_rslt).
    pub fn not_payable_reason(&self) -> Option<&str> {
        self.facts.not_payable_reason.as_deref()
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
    let count = accumulators.0.len();
    if count > ACCUMULATORS_MAX {
        return Err(BadClaim::AccumulatorCount { count });
    }
    let mut entries = accumulators.0.iter();
    match entries.find(|(_, value)| !(0..=ACCUMULATOR_MAX).contains(*value)) {
        Some((name, _)) => Err(BadClaim::Accumulator { name: name.clone() }),
        None => Ok(()),
    }
}

/// Facts that are no claim. `index` counts the lines as they were given, from zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadClaim {
    /// No lines, or too many.
    LineCount {
        /// How many there were.
        count: usize,
    },
    /// Too many identities.
    IdentityCount {
        /// How many there were.
        count: usize,
    },
    /// Too many accumulators.
    AccumulatorCount {
        /// How many there were.
        count: usize,
    },
    /// An accumulator below zero or above [`ACCUMULATOR_MAX`].
    Accumulator {
        /// Its name.
        name: String,
    },
    /// A line whose number an earlier line has.
    NumberTwice {
        /// The later line.
        index: usize,
    },
    /// A unit price below zero.
    NegativePrice {
        /// The line.
        index: usize,
    },
    /// A quantity below zero: a return is netted before a claim is made.
    NegativeQuantity {
        /// The line.
        index: usize,
    },
    /// A price limit below zero.
    NegativeLimit {
        /// The line.
        index: usize,
    },
    /// A first-pay rate outside 0 to 100 %.
    FirstPay {
        /// The line.
        index: usize,
    },
    /// An amount that is not unit price times quantity.
    Amount {
        /// The line.
        index: usize,
        /// What the product is.
        product: Fen,
    },
    /// An amount above what a whole claim may have.
    AmountTooLarge {
        /// The line.
        index: usize,
    },
    /// A total above [`CLAIM_FEN_MAX`].
    TotalTooLarge,
}

impl BadClaim {
    /// The path of the field that is wrong, such as `lines[3].amount`.
    pub fn field(&self) -> String {
        match self {
            BadClaim::LineCount { .. } | BadClaim::TotalTooLarge => "lines".to_string(),
            BadClaim::IdentityCount { .. } => "identities".to_string(),
            BadClaim::AccumulatorCount { .. } => "accumulators".to_string(),
            BadClaim::Accumulator { name } => format!("accumulators[{name}]"),
            BadClaim::NumberTwice { index } => format!("lines[{index}].number"),
            BadClaim::NegativePrice { index } => format!("lines[{index}].unit_price"),
            BadClaim::NegativeQuantity { index } => format!("lines[{index}].quantity"),
            BadClaim::NegativeLimit { index } => format!("lines[{index}].price_limit"),
            BadClaim::FirstPay { index } => format!("lines[{index}].first_pay"),
            BadClaim::Amount { index, .. } | BadClaim::AmountTooLarge { index } => {
                format!("lines[{index}].amount")
            }
        }
    }

    /// What was expected there.
    pub fn expected(&self) -> String {
        match self {
            BadClaim::LineCount { count } => format!("1 to {LINES_MAX} lines, got {count}"),
            BadClaim::IdentityCount { count } => {
                format!("at most {IDENTITIES_MAX} identities, got {count}")
            }
            BadClaim::AccumulatorCount { count } => {
                format!("at most {ACCUMULATORS_MAX} accumulators, got {count}")
            }
            BadClaim::Accumulator { .. } => format!("a value from 0 to {ACCUMULATOR_MAX}"),
            BadClaim::NumberTwice { .. } => "a number no other line has".to_string(),
            BadClaim::NegativePrice { .. }
            | BadClaim::NegativeQuantity { .. }
            | BadClaim::NegativeLimit { .. } => "zero or more".to_string(),
            BadClaim::FirstPay { .. } => "a rate from 0% to 100%".to_string(),
            BadClaim::Amount { product, .. } => {
                format!("unit price times quantity, half-up to the fen: {product}")
            }
            BadClaim::AmountTooLarge { .. } => format!("at most {CLAIM_FEN_MAX} yuan"),
            BadClaim::TotalTooLarge => format!("a total of at most {CLAIM_FEN_MAX} yuan"),
        }
    }
}

impl fmt::Display for BadClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}", self.field(), self.expected())
    }
}

impl std::error::Error for BadClaim {}

/// 年度累计 (cum): what a person has used in a year, by name; the unit is the end of the name.
///
/// Every layer keeps `<rule>.base_fen`, `<rule>.deductible_fen` and `<rule>.paid_fen`; stays are
/// counted in `stays_count`. A fold of the deltas of settlements gives these, and taking the same
/// deltas away gives the state before: an entry of zero is no entry.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accumulators(pub BTreeMap<String, i64>);

impl Accumulators {
    /// The value by this name; zero when there is none.
    pub fn get(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// The state after these deltas.
    pub fn plus(&self, deltas: &Accumulators) -> Accumulators {
        self.changed(deltas, i64::saturating_add)
    }

    /// The state before these deltas.
    pub fn minus(&self, deltas: &Accumulators) -> Accumulators {
        self.changed(deltas, i64::saturating_sub)
    }

    fn changed(&self, deltas: &Accumulators, change: fn(i64, i64) -> i64) -> Accumulators {
        let mut values = self.0.clone();
        for (name, delta) in &deltas.0 {
            let value = values.entry(name.clone()).or_insert(0);
            *value = change(*value, *delta);
        }
        values.retain(|_, value| *value != 0);
        Accumulators(values)
    }

    /// Adds to one value; used while deltas are collected.
    pub(crate) fn add(&mut self, name: String, delta: i64) {
        if delta != 0 {
            let value = self.0.entry(name).or_insert(0);
            *value = value.saturating_add(delta);
        }
    }
}
