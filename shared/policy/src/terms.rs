//! The parts a package is made of once it is checked: clauses, groups, conditions, rows, layers.
//! Only data here; what they come to for one visit is decided in `layer` and `schedule`.

mod pots;
mod when;

pub(crate) use pots::{FIRST_PAY, LINE_GROUPS_MAX, OVER_LIMIT, OWN_PAY, POTS, Pots, REFERRAL};
pub(crate) use when::{Group, LineGroup, Member, Row, When, first, membership};

use crate::package::Place;
use kernel::{Fen, Fund, Rate};
use serde::Deserialize;
use std::ops::Range;
use std::sync::Arc;

/// 假定: a number or a reading no public source gives, named so that it can be seen and replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The name numbers refer to.
    pub name: String,
    /// What is assumed and why, in Chinese.
    pub text: String,
    pub(crate) at: Place,
}

/// Where a number comes from: the words of a source, an assumption, or words read in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// The words, or the name of the assumption that stands in for them, or both.
    pub text: Arc<str>,
    /// The assumption's name.
    pub assumed: Option<Arc<str>>,
}

impl Clause {
    pub fn new(source: Option<&str>, assumed: Option<&str>) -> Clause {
        let text = match (source, assumed) {
            (Some(source), Some(name)) => format!("{source}〔读法：{name}〕"),
            (Some(source), None) => source.to_string(),
            (None, Some(name)) => name.to_string(),
            (None, None) => String::new(),
        };
        Clause {
            text: text.into(),
            assumed: assumed.map(Arc::from),
        }
    }
}
/// 先行自付: a ratio that replaces the catalogue's, for some lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FirstPay {
    pub lines: Pots,
    pub rate: Rate,
}

/// 分段: a part of the running base and the ratio paid of it.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    pub from: Fen,
    pub to: Option<Fen>,
    pub rate: Rate,
    /// Points for every completed year of age.
    pub age_points: Rate,
    pub clause: Clause,
    pub at: Place,
    /// `basic.band1`.
    pub rule: Arc<str>,
    /// `basic.band1_tcm`, by the pot of the line group; only where a rule is scoped to lines.
    pub rules: Vec<Arc<str>>,
}

/// What a base or a deductible runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Over {
    Stay,
    Year,
}

/// Where bands are counted from: the two readings of the same words give different money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BandOrigin {
    /// The deductible cuts into the first bands.
    FromZero,
    /// The first band begins where the deductible ends.
    AboveDeductible,
}

/// 支付方: from whose money a layer pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    /// 基金.
    #[default]
    Fund,
    /// 个人账户 (acct_pay).
    Account,
    /// 医院负担 (hosp_part_amt).
    Hospital,
}

/// Which part of the account pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Draw {
    Current,
    Past,
    Shared,
}

/// What enters a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    InScope,
    FirstPay,
    Referral,
    OverLimit,
    OwnPay,
}

/// Whether a layer looks at what is left, or at the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BaseOf {
    #[default]
    Rest,
    Whole,
}

/// 起付线: the standard, and how it depends on the ordinal and the length of the stay.
#[derive(Clone, Debug)]
pub(crate) struct Deductible {
    pub standard: Standard,
    /// By the ordinal of the stay in the year; the last goes on. Empty: always whole.
    pub ordinal_factors: Vec<Rate>,
    /// Once for every so many days begun.
    pub per_days: Option<u32>,
    /// The 统计数字 the standard is a part of, and which part.
    pub figure: Option<Figured>,
}

/// An amount that is written as a part of a 统计数字: the place of the figure, and the part.
pub(crate) type Figured = (usize, Rate);

/// What the standard of a deductible is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standard {
    Fixed(Fen),
    Part {
        of: PartOf,
        rate: Rate,
        at_least: Fen,
        at_most: Option<Fen>,
    },
}

/// Of what a deductible is a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartOf {
    /// 医疗费总额.
    Total,
    /// What enters the layer.
    Base,
    /// 家庭年收入.
    Income,
}

/// From what the deductible is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeductibleFrom {
    /// From the base, before the bands.
    #[default]
    Base,
    /// From what the bands pay.
    Payment,
}

/// How a deductible of the year stands before bands of the year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeductibleAs {
    /// A position on the year's base.
    #[default]
    Position,
    /// What has been charged; a dearer place tops it up.
    Charged,
}

/// 封顶线: the most of a period, on what the fund pays or on the expenses that enter.
#[derive(Clone, Debug)]
pub(crate) struct CapGroup {
    pub on: CapKind,
    pub per: Per,
    pub per_disease: bool,
    /// The layer's own yearly cap, whose used part is the layer's accumulator.
    pub own: bool,
    pub bucket: Arc<str>,
    /// Where the used part stands.
    pub used: Counter,
    pub rows: Vec<Row<CapRow>>,
}

impl CapGroup {
    /// 零报销激励: whether years without a claim raise the cap.
    pub fn rewards_no_claim(&self) -> bool {
        let mut incentives = self.rows.iter().filter_map(|row| row.value.incentive);
        incentives.any(|incentive| incentive.zero_claim != Fen::ZERO)
    }

    /// Whether the cap keeps an accumulator of its own.
    pub fn accumulates(&self) -> bool {
        !self.own && !matches!(self.per, Per::Stay | Per::Day)
    }
}

/// One amount of a cap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CapRow {
    /// Nothing: 不设封顶.
    pub amount: Option<Fen>,
    pub per_further_disease: Fen,
    pub incentive: Option<Incentive>,
    /// The 统计数字 the amount is a part of, and which part.
    pub figure: Option<Figured>,
}

/// 连续参保和零报销激励 (国办发〔2024〕38号).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incentive {
    pub after_years: u32,
    pub per_year: Fen,
    pub zero_claim: Fen,
    pub max_share: Rate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CapKind {
    Fund,
    Expense,
}

/// The period of a cap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Per {
    #[default]
    Year,
    Quarter,
    Month,
    Stay,
    Day,
}

/// 保底: the least a layer pays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    pub rate: Rate,
    pub of: FloorOf,
}

/// Of what the least is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FloorOf {
    Base,
    Net,
    Total,
}

/// How an adjustment changes a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Points(Rate),
    Factor(Rate),
    /// A factor on what the patient pays.
    OwnFactor(Rate),
    /// Another ratio instead.
    Rate(Rate),
}

/// 调整: what a group, a place or a kind of line has better or worse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Adjust {
    /// The lines whose ratio it changes; nothing means all.
    pub lines: Option<Pots>,
    pub change: Option<Change>,
    pub max_rate: Rate,
    pub deductible_factor: Option<Rate>,
    pub cap_plus: Fen,
    pub no_cap: bool,
}

/// Adjustments of one name: alternatives, of which the first that fits counts.
#[derive(Clone, Debug)]
pub(crate) struct AdjustGroup {
    /// `basic.adjust_tilt`.
    pub rule: Arc<str>,
    pub rows: Vec<Row<Adjust>>,
}

/// How the deductible is divided between the parts of a base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeductibleSplit {
    #[default]
    Proportional,
    OthersFirst,
}

/// Which official policy item codes (polItemCode) a layer's reasons carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trace {
    /// S001, C001 to C004; its deductible is the act_pay_dedc of the settlement.
    Pool,
    /// S001, C000; likewise.
    Outpatient,
    /// L001 to L004.
    Large,
    /// PS01, PL01 to PL07.
    Critical,
    /// GBS1, GB01 to GB04.
    CivilServant,
    /// TA01.
    Account,
    /// None in the national list.
    Unlisted,
}

impl Trace {
    pub fn deductible_code(self) -> Option<&'static str> {
        match self {
            Trace::Pool | Trace::Outpatient => Some("S001"),
            Trace::Critical => Some("PS01"),
            Trace::CivilServant => Some("GBS1"),
            Trace::Large | Trace::Account | Trace::Unlisted => None,
        }
    }

    /// The code of the band at `index`, counted from zero.
    pub fn band_code(self, index: usize) -> Option<&'static str> {
        let codes: &[&str] = match self {
            Trace::Pool => &["C001", "C002", "C003", "C004"],
            Trace::Large => &["L001", "L002", "L003", "L004"],
            Trace::Critical => &["PL01", "PL02", "PL03", "PL04", "PL05", "PL06", "PL07"],
            Trace::CivilServant => &["GB01", "GB02", "GB03", "GB04"],
            Trace::Outpatient => return Some("C000"),
            Trace::Account => return Some("TA01"),
            Trace::Unlisted => &[],
        };
        codes.get(index).copied()
    }

    /// 超封顶: the part above the cap of the basic pool.
    pub fn cap_code(self) -> Option<&'static str> {
        self.is_basic().then_some("EC01")
    }

    pub fn is_basic(self) -> bool {
        matches!(self, Trace::Pool | Trace::Outpatient)
    }
}

/// Where an accumulator stands: a slot of the package, or a name that depends on the claim.
#[derive(Clone, Debug)]
pub(crate) enum Counter {
    Slot(usize),
    /// Joined from the stem, the claim's disease, its quarter or month, and the unit.
    Named {
        stem: Arc<str>,
        per_disease: bool,
        per: Per,
        unit: &'static str,
    },
}

/// The rule names of a layer, made once.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub group: Arc<str>,
    pub base: Arc<str>,
    pub expense_cap: Arc<str>,
    pub deductible: Arc<str>,
    pub deductible_factor: Arc<str>,
    pub deductible_max: Arc<str>,
    pub deductible_taken: Arc<str>,
    pub max_rate: Arc<str>,
    pub floor: Arc<str>,
    pub cap: Arc<str>,
    pub balance: Arc<str>,
    pub limit: Arc<str>,
    pub either: Arc<str>,
    pub difference: Arc<str>,
}

/// 支付层: one payer's part, a piecewise-linear schedule over what earlier layers leave.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub rule: Arc<str>,
    pub rules: Rules,
    pub name: Arc<str>,
    pub fund: Fund,
    pub trace: Trace,
    pub payer: Payer,
    pub draws: Vec<Draw>,
    pub when: When,
    pub enters: Pots,
    pub base_of: BaseOf,
    /// Indices of the layers whose cut does not enter, or alone enters.
    pub without_cut_of: Vec<usize>,
    pub only_cut_of: Vec<usize>,
    /// Whether a later layer looks at what caps of this one left open.
    pub cut_counts: bool,
    pub either: Option<Arc<str>>,
    pub clause: Clause,
    pub at: Place,
    pub base: Counter,
    pub deducted: Counter,
    pub paid: Counter,
    /// 已用零报销激励: where years without a claim raise the layer's own cap.
    pub reward: Option<Counter>,
    pub body: Body,
    pub caps: Vec<CapGroup>,
}

impl Layer {
    /// Every accumulator the layer keeps.
    pub fn counters(&self) -> impl Iterator<Item = &Counter> {
        let caps = self.caps.iter().filter(|cap| cap.accumulates());
        let own = [&self.base, &self.deducted, &self.paid];
        let own = own.into_iter().chain(&self.reward);
        own.chain(caps.map(|cap| &cap.used))
    }
}

/// What a layer pays of its base.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Schedule(Box<ScheduleBody>),
    /// 两种待遇之差: what another set of layers would pay, less what these layers pay.
    Difference {
        with: usize,
        of: Vec<usize>,
    },
}

/// 起付线、分段、调整、保底.
#[derive(Clone, Debug)]
pub(crate) struct ScheduleBody {
    pub bands_over: Over,
    pub deductible_per: Over,
    pub origin: BandOrigin,
    pub max_rate: Rate,
    pub split: DeductibleSplit,
    pub deductible_from: DeductibleFrom,
    pub deductible_as: DeductibleAs,
    pub deductibles: Vec<Row<Deductible>>,
    pub year_maxima: Vec<Row<Fen>>,
    pub schedules: Vec<Row<Vec<Band>>>,
    pub adjusts: Vec<AdjustGroup>,
    pub floors: Vec<Row<Floor>>,
}

/// 另一套待遇: layers that are only reckoned, to be compared with.
#[derive(Clone, Debug)]
pub(crate) struct Alternative {
    pub name: String,
    pub title: Arc<str>,
    pub clause: Clause,
    pub layers: Vec<Layer>,
    pub at: Place,
}

/// Which layers are called by one name in `either`, as runs of neighbours.
pub(crate) fn runs(layers: &[Layer]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let first = layers.get(start)?;
        let same = |layer: &&Layer| layer.either.is_some() && layer.either == first.either;
        let rest = layers.iter().skip(start + 1).take_while(same).count();
        let run = start..start + 1 + rest;
        start = run.end;
        Some(run)
    })
}
