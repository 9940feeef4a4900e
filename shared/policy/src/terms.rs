//! The parts a package is made of once it is checked: clauses, groups, conditions, rows, layers.
//! Only data here; what they come to for one visit is decided in `layer` and `schedule`.

use crate::claim::Accumulators;
use kernel::{Fen, Fund, IdentityKind, InstitutionKind, InstitutionTier, MedType, Rate};
use serde::Deserialize;

/// 假定: a number or a reading no public source gives, named so that it can be seen and replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The name numbers refer to.
    pub name: String,
    /// What is assumed and why, in Chinese.
    pub text: String,
}

/// Where a number comes from: the words of a source, an assumption, or words read in one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clause {
    pub source: Option<String>,
    pub assumed: Option<String>,
}

impl Clause {
    pub fn text(&self) -> String {
        match (&self.source, &self.assumed) {
            (Some(source), Some(name)) => format!("{source}〔读法：{name}〕"),
            (Some(source), None) => source.clone(),
            (None, Some(name)) => name.clone(),
            (None, None) => String::new(),
        }
    }
}

/// 人群: identities that a clause treats alike.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub title: String,
    pub identities: Vec<IdentityKind>,
    pub clause: Clause,
}

/// 适用条件: an empty list admits everything; all lists must admit.
#[derive(Clone, Debug, Default)]
pub(crate) struct When {
    pub care: Vec<MedType>,
    pub tiers: Vec<InstitutionTier>,
    pub kinds: Vec<InstitutionKind>,
    pub groups: Vec<Group>,
}

/// The visit as a layer sees it.
pub(crate) struct Visit<'a> {
    pub care: &'a MedType,
    pub tier: &'a InstitutionTier,
    pub kind: &'a InstitutionKind,
    pub identities: &'a [IdentityKind],
    pub accumulators: &'a Accumulators,
    /// In-scope amount of the whole bill.
    pub in_scope: Fen,
    /// Of which Mongolian and Chinese medicines.
    pub ethnic: Fen,
}

/// The group and the identity by which a person meets a condition, when it asks for one.
pub(crate) type Member<'a> = Option<(&'a Group, &'a IdentityKind)>;

impl When {
    /// Whether there is no condition at all.
    pub fn admits_all(&self) -> bool {
        self.care.is_empty()
            && self.tiers.is_empty()
            && self.kinds.is_empty()
            && self.groups.is_empty()
    }

    /// Whether the condition holds, and through which identity.
    pub fn admits<'a>(&'a self, visit: &Visit<'a>) -> Option<Member<'a>> {
        let admitted = admits(&self.care, visit.care)
            && admits(&self.tiers, visit.tier)
            && admits(&self.kinds, visit.kind);
        if !admitted {
            return None;
        }
        if self.groups.is_empty() {
            return Some(None);
        }
        membership(&self.groups, visit.identities).map(Some)
    }
}

/// 就高不就低: the first group that has one of the identities, by the highest of them.
pub(crate) fn membership<'a>(
    groups: &'a [Group],
    identities: &'a [IdentityKind],
) -> Option<(&'a Group, &'a IdentityKind)> {
    groups.iter().find_map(|group| {
        let held = identities
            .iter()
            .filter(|kind| group.identities.contains(kind));
        held.min_by_key(|kind| kind.precedence())
            .map(|kind| (group, kind))
    })
}

fn admits<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

/// One row of a table: the first whose condition holds is the one that counts, and only it.
#[derive(Clone, Debug)]
pub(crate) struct Row<T> {
    pub when: When,
    pub value: T,
    pub clause: Clause,
}

/// The row that counts for a visit.
pub(crate) fn first<'a, T>(
    rows: &'a [Row<T>],
    visit: &Visit<'a>,
) -> Option<(&'a Row<T>, Member<'a>)> {
    rows.iter()
        .find_map(|row| row.when.admits(visit).map(|member| (row, member)))
}

/// 分段: a part of the running base and the ratio paid of it.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    pub from: Fen,
    pub to: Option<Fen>,
    pub rate: Rate,
    pub clause: Clause,
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

/// 封顶线: the most of a year, on what the fund pays or on the expenses that enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cap {
    pub on: CapKind,
    pub amount: Fen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CapKind {
    Fund,
    Expense,
}

/// 倾斜: what a group has better than others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tilt {
    pub deductible_factor: Rate,
    pub points: Rate,
    pub max_rate: Rate,
    pub cap_plus: Fen,
}

/// 蒙中药提高比例: points on the lines of Mongolian and Chinese medicine only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineUplift {
    pub points: Rate,
    pub max_rate: Rate,
    pub split: DeductibleSplit,
}

/// How the deductible is divided between those lines and the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeductibleSplit {
    Proportional,
    OtherLinesFirst,
}

/// Which official policy item codes (polItemCode) a layer's reasons carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trace {
    /// S001, C001 to C004; its deductible is the act_pay_dedc of the settlement.
    Pool,
    /// S001, C000; likewise.
    Outpatient,
    /// PS01, PL01 to PL07.
    Critical,
    /// None in the national list.
    Unlisted,
}

impl Trace {
    pub fn deductible_code(self) -> Option<String> {
        match self {
            Trace::Pool | Trace::Outpatient => Some("S001".to_string()),
            Trace::Critical => Some("PS01".to_string()),
            Trace::Unlisted => None,
        }
    }

    /// The code of band `number`, counted from one.
    pub fn band_code(self, number: usize) -> Option<String> {
        match self {
            Trace::Pool => (number <= 4).then(|| format!("C00{number}")),
            Trace::Outpatient => Some("C000".to_string()),
            Trace::Critical => (number <= 7).then(|| format!("PL0{number}")),
            Trace::Unlisted => None,
        }
    }

    pub fn is_basic(self) -> bool {
        matches!(self, Trace::Pool | Trace::Outpatient)
    }
}

/// 支付层: one fund's part, a piecewise-linear schedule over what earlier layers leave.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub rule: String,
    pub name: String,
    pub fund: Fund,
    pub trace: Trace,
    pub when: When,
    pub bands_over: Over,
    pub deductible_per: Over,
    pub origin: BandOrigin,
    pub clause: Clause,
    pub deductibles: Vec<Row<Fen>>,
    pub schedules: Vec<Row<Vec<Band>>>,
    pub tilts: Vec<Row<Tilt>>,
    pub caps: Vec<Row<Cap>>,
    pub line_uplift: Option<Row<LineUplift>>,
}
