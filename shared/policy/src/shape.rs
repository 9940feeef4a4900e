//! The shape of a package file, key by key. An unknown key is an error, so that a misspelt one is
//! never a number that silently does not count. What the values mean together is for `check`.

mod example;

pub(crate) use example::{ExampleShape, ExpectShape, LineExampleShape};

use crate::claim::{Filing, Place};
use crate::enrolment::{
    EnrolmentShape, FeeShape, SubsidyExampleShape, SubsidyShape, SubsidyTermsShape,
    WaitingExampleShape,
};
use crate::terms::{
    BandOrigin, BaseOf, CapKind, DeductibleAs, DeductibleFrom, DeductibleSplit, Draw, Entry,
    FloorOf, Over, PartOf, Payer, Per, Trace,
};
use kernel::{
    CLAIM_FEN_MAX, Day, DiagnosisCode, DiseaseCode, Fen, IdentityKind, InstitutionKind,
    InstitutionTier, ItemClass, ItemMark, MedType, PersonType, Quantity, Rate, Scheme, UnitPrice,
};
use serde::{Deserialize, Deserializer, de::Error};
use toml::Spanned;

/// An amount from zero to [`CLAIM_FEN_MAX`], written as yuan in a string: `"229000"`, `"0.05"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Yuan(pub Fen);

/// A rate from 0 % to 100 %, written as `"75%"` or `"75.29%"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Percent(pub Rate);

/// Percentage points that may be negative, from −100 % to 100 %.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Points(pub Rate);

/// A factor from 0 % to 1000 %.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factor(pub Rate);

/// A unit price in yuan with at most six decimals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PriceText(pub UnitPrice);

/// A quantity with at most four decimals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuantityText(pub Quantity);

/// A month and a day of it, written as `"02-28"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MonthDay {
    pub month: u32,
    pub day: u32,
}

fn read<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom(format!("expected {expected}, got {text:?}")))
}

impl<'de> Deserialize<'de> for Yuan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Yuan, D::Error> {
        let expected = "yuan from 0 to 100000000000 with at most two decimals, such as \"229000\"";
        read(deserializer, expected, |text| {
            let amount = Fen::parse_yuan(text)?;
            (Fen::ZERO..=CLAIM_FEN_MAX)
                .contains(&amount)
                .then_some(Yuan(amount))
        })
    }
}

/// A basis point is a hundredth of a percent, as a fen is of a yuan.
fn percent(text: &str, least: i32, most: i32) -> Option<Rate> {
    let points = Fen::parse_yuan(text.strip_suffix('%')?)?;
    let rate = i32::try_from(points.0).ok()?;
    (least..=most).contains(&rate).then_some(Rate(rate))
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        let expected = "a rate from 0% to 100% with at most two decimals, such as \"75%\"";
        read(deserializer, expected, |text| {
            percent(text, 0, 10_000).map(Percent)
        })
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Points, D::Error> {
        let expected = "percentage points from -100% to 100%, such as \"5%\" or \"-10%\"";
        read(deserializer, expected, |text| {
            percent(text, -10_000, 10_000).map(Points)
        })
    }
}

impl<'de> Deserialize<'de> for Factor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Factor, D::Error> {
        let expected = "a factor from 0% to 1000%, such as \"115%\"";
        read(deserializer, expected, |text| {
            percent(text, 0, 100_000).map(Factor)
        })
    }
}

impl<'de> Deserialize<'de> for PriceText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PriceText, D::Error> {
        let expected = "a price in yuan with at most six decimals";
        read(deserializer, expected, |text| {
            UnitPrice::parse_yuan(text).map(PriceText)
        })
    }
}

impl<'de> Deserialize<'de> for QuantityText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<QuantityText, D::Error> {
        let expected = "a quantity with at most four decimals";
        read(deserializer, expected, |text| {
            Quantity::parse(text).map(QuantityText)
        })
    }
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MonthDay, D::Error> {
        let expected = "a month and a day that every year has, such as \"02-28\"";
        read(deserializer, expected, |text| {
            // 2017 is no leap year: a day it has, every year has.
            let day = Day::parse(&format!("2017-{text}")).ok()?;
            let (_, number) = text.split_once('-')?;
            Some(MonthDay {
                month: day.month(),
                day: number.parse().ok()?,
            })
        })
    }
}

/// Where a number comes from: both keys stand beside every number of a package.
macro_rules! sourced {
    ($($(#[$doc:meta])* struct $name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[$attr])* pub $field: $type,)*
            pub source: Option<String>,
            pub assumed: Option<Spanned<String>>,
        }

        impl Sourced for $name {
            fn origin(&self) -> (&Option<String>, &Option<Spanned<String>>) {
                (&self.source, &self.assumed)
            }
        }
    )*};
}

pub(crate) use sourced;

/// What says where it comes from.
pub(crate) trait Sourced {
    /// The words of a source, and the name of an assumption.
    fn origin(&self) -> (&Option<String>, &Option<Spanned<String>>);
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageShape {
    #[serde(deserialize_with = "words")]
    pub title: String,
    pub area: kernel::AreaCode,
    pub scheme: Scheme,
    pub from: Spanned<Day>,
    pub until: Option<Spanned<Day>>,
    #[serde(deserialize_with = "words")]
    pub document: String,
    #[serde(default)]
    pub cross_year: CrossYear,
    #[serde(default)]
    pub refund: Refund,
    pub count_unfinished_stay: Option<bool>,
    #[serde(default)]
    pub assumption: Vec<AssumptionShape>,
    #[serde(default)]
    pub group: Vec<Spanned<GroupShape>>,
    #[serde(default)]
    pub figure: Vec<Spanned<FigureShape>>,
    #[serde(default)]
    pub lines: Vec<Spanned<LinesShape>>,
    #[serde(default)]
    pub first_pay: Vec<Spanned<FirstPayShape>>,
    #[serde(default)]
    pub referral: Vec<Spanned<ReferralShape>>,
    #[serde(default)]
    pub layer: Vec<Spanned<LayerShape>>,
    #[serde(default)]
    pub alternative: Vec<Spanned<AlternativeShape>>,
    #[serde(default)]
    pub fee: Vec<Spanned<FeeShape>>,
    #[serde(default)]
    pub subsidy: Vec<Spanned<SubsidyShape>>,
    pub subsidy_terms: Option<Spanned<SubsidyTermsShape>>,
    pub enrolment: Option<Spanned<EnrolmentShape>>,
    #[serde(default)]
    pub subsidy_example: Vec<Spanned<SubsidyExampleShape>>,
    #[serde(default)]
    pub waiting_example: Vec<Spanned<WaitingExampleShape>>,
    #[serde(default)]
    pub example: Vec<Spanned<ExampleShape>>,
}

/// 跨年住院: to which year a stay over 31 December belongs (benefits.md 4.2, a to e).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossYear {
    /// (a) The whole bill belongs to the year of discharge.
    #[default]
    Discharge,
    /// (b) Two settlements by the days of the costs; one deductible, one stay.
    SplitDeductibleOnce,
    /// (c) Two settlements; stays and deductible go on from the year before.
    SplitAsOneStay,
    /// (d) Who is not insured next year settles on 31 December and is admitted again without a
    /// deductible; for others the year of discharge.
    SettleAtYearEnd,
    /// (e) The whole bill belongs to the year of admission.
    Admission,
}

/// 撤销次序: which settlements of a person-year may be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refund {
    /// Only the newest one.
    #[default]
    NewestFirst,
    /// Any; the later ones stay as they were priced.
    Accept,
    /// Any; the later ones are priced again and the differences are settled.
    Replay,
}

/// Words that are not empty.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    read(deserializer, "words", |text| {
        (!text.trim().is_empty()).then(|| text.to_string())
    })
}

/// Values of one list at most, so that what a package costs to apply is bounded.
const VALUES_MAX: usize = 500;

/// A list with something in it: an empty one would look like a condition and be none.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::deserialize(deserializer)?;
    match list.len() {
        0 => Err(D::Error::custom("expected at least one value")),
        1..=VALUES_MAX => Ok(list),
        _ => Err(D::Error::custom(format!(
            "expected at most {VALUES_MAX} values"
        ))),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssumptionShape {
    pub name: Spanned<String>,
    #[serde(deserialize_with = "words")]
    pub text: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WhenShape {
    #[serde(deserialize_with = "some")]
    pub care: Vec<MedType>,
    #[serde(deserialize_with = "some")]
    pub tiers: Vec<InstitutionTier>,
    #[serde(deserialize_with = "some")]
    pub kinds: Vec<InstitutionKind>,
    #[serde(deserialize_with = "some")]
    pub places: Vec<Place>,
    #[serde(deserialize_with = "some")]
    pub filing: Vec<Filing>,
    pub contracted: Option<bool>,
    #[serde(deserialize_with = "some")]
    pub groups: Vec<Spanned<String>>,
    #[serde(deserialize_with = "some")]
    pub persons: Vec<PersonType>,
    pub ages: Option<Spanned<AgesShape>>,
    #[serde(deserialize_with = "some")]
    pub covered_by: Vec<Scheme>,
    #[serde(deserialize_with = "some")]
    pub diseases: Vec<DiseaseCode>,
    #[serde(deserialize_with = "some")]
    pub diagnoses: Vec<DiagnosisCode>,
    pub same_year: Option<bool>,
    pub not: Option<Box<Spanned<WhenShape>>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgesShape {
    pub from: Option<u32>,
    pub to: Option<u32>,
}

sourced! {
    struct GroupShape {
        name: Spanned<String>,
        #[serde(deserialize_with = "words")]
        title: String,
        #[serde(deserialize_with = "some")]
        identities: Vec<IdentityKind>,
    }

    struct FigureShape {
        name: Spanned<String>,
        #[serde(deserialize_with = "words")]
        title: String,
        yuan: Yuan,
    }

    struct LinesShape {
        name: Spanned<String>,
        #[serde(deserialize_with = "words")]
        title: String,
        #[serde(default, deserialize_with = "some")]
        marks: Vec<ItemMark>,
        #[serde(default, deserialize_with = "some")]
        classes: Vec<ItemClass>,
        #[serde(default, deserialize_with = "some")]
        items: Vec<String>,
    }

    struct FirstPayShape {
        #[serde(default)]
        when: WhenShape,
        #[serde(default, deserialize_with = "some")]
        lines: Vec<Spanned<String>>,
        rate: Percent,
    }

    struct ReferralShape {
        #[serde(default)]
        when: WhenShape,
        first_pay: Percent,
    }

    struct AlternativeShape {
        name: Spanned<String>,
        #[serde(deserialize_with = "words")]
        title: String,
        layer: Vec<Spanned<LayerShape>>,
    }

    struct LayerShape {
        rule: Spanned<String>,
        name: Spanned<String>,
        fund: kernel::Fund,
        trace: Trace,
        #[serde(default)]
        payer: Payer,
        #[serde(default, deserialize_with = "some")]
        account: Vec<Draw>,
        #[serde(default)]
        when: WhenShape,
        enters: Option<Spanned<Vec<Entry>>>,
        lines: Option<Spanned<Vec<Spanned<String>>>>,
        #[serde(default)]
        base: BaseOf,
        #[serde(default, deserialize_with = "some")]
        excludes_above_cap_of: Vec<Spanned<String>>,
        #[serde(default, deserialize_with = "some")]
        only_above_cap_of: Vec<Spanned<String>>,
        bands_over: Option<Over>,
        deductible_per: Option<Over>,
        origin: Option<Spanned<BandOrigin>>,
        #[serde(default)]
        per_disease: bool,
        either: Option<Spanned<String>>,
        max_rate: Option<Percent>,
        deductible_split: Option<DeductibleSplit>,
        deductible_from: Option<Spanned<DeductibleFrom>>,
        deductible_as: Option<Spanned<DeductibleAs>>,
        #[serde(default)]
        deductible: Vec<Spanned<DeductibleShape>>,
        #[serde(default)]
        deductible_year_max: Vec<Spanned<YearMaxShape>>,
        #[serde(default)]
        schedule: Vec<Spanned<ScheduleShape>>,
        #[serde(default)]
        adjust: Vec<Spanned<AdjustShape>>,
        #[serde(default)]
        cap: Vec<Spanned<CapShape>>,
        #[serde(default)]
        floor: Vec<Spanned<FloorShape>>,
        difference: Option<Spanned<DifferenceShape>>,
    }

    struct DeductibleShape {
        #[serde(default)]
        when: WhenShape,
        yuan: Option<Yuan>,
        figure: Option<Spanned<String>>,
        rate: Option<Factor>,
        of: Option<PartOf>,
        at_least: Option<Yuan>,
        at_most: Option<Yuan>,
        #[serde(default, deserialize_with = "some")]
        ordinal_factors: Vec<Percent>,
        per_days: Option<Spanned<u32>>,
    }

    struct YearMaxShape {
        #[serde(default)]
        when: WhenShape,
        yuan: Yuan,
    }

    struct BandShape {
        from: Spanned<Yuan>,
        to: Option<Spanned<Yuan>>,
        rate: Percent,
        age_points: Option<Points>,
    }

    struct AdjustShape {
        name: Option<Spanned<String>>,
        #[serde(default)]
        when: WhenShape,
        #[serde(default, deserialize_with = "some")]
        lines: Vec<Spanned<String>>,
        points: Option<Points>,
        factor: Option<Factor>,
        own_factor: Option<Factor>,
        rate: Option<Percent>,
        max_rate: Option<Percent>,
        deductible_factor: Option<Factor>,
        cap_plus: Option<Yuan>,
        #[serde(default)]
        no_cap: bool,
    }

    struct CapShape {
        #[serde(default)]
        when: WhenShape,
        on: CapKind,
        yuan: Option<Yuan>,
        figure: Option<Spanned<String>>,
        rate: Option<Factor>,
        #[serde(default)]
        none: bool,
        #[serde(default)]
        per: Per,
        bucket: Option<Spanned<String>>,
        per_disease: Option<bool>,
        per_further_disease: Option<Yuan>,
        incentive: Option<IncentiveShape>,
    }

    struct FloorShape {
        #[serde(default)]
        when: WhenShape,
        rate: Percent,
        of: FloorOf,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleShape {
    #[serde(default)]
    pub when: WhenShape,
    pub band: Vec<Spanned<BandShape>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IncentiveShape {
    pub after_years: u32,
    pub per_year: Yuan,
    pub zero_claim: Option<Yuan>,
    pub max_share: Percent,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifferenceShape {
    pub with: Spanned<String>,
    #[serde(deserialize_with = "some")]
    pub of: Vec<Spanned<String>>,
}
