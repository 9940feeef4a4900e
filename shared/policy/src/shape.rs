//! The shape of a package file, key by key. An unknown key is an error, so that a misspelt one is
//! never a number that silently does not count. What the values mean together is for `check`.

use crate::terms::{BandOrigin, CapKind, DeductibleSplit, Over, Trace};
use kernel::{
    CLAIM_FEN_MAX, Day, Fen, IdentityKind, InstitutionKind, InstitutionTier, ItemClass, MedType,
    Quantity, Rate, Scheme, UnitPrice,
};
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;
use toml::Spanned;

/// An amount from zero to [`CLAIM_FEN_MAX`], written as yuan in a string: `"229000"`, `"0.05"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Yuan(pub Fen);

/// A rate from 0 % to 100 %, written as `"75%"` or `"75.29%"`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Percent(pub Rate);

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

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        let expected = "a rate from 0% to 100% with at most two decimals, such as \"75%\"";
        read(deserializer, expected, |text| {
            // A basis point is a hundredth of a percent, as a fen is of a yuan.
            let points = Fen::parse_yuan(text.strip_suffix('%')?)?;
            let rate = Rate(i32::try_from(points.0).ok()?);
            (Rate::ZERO..=Rate::ONE)
                .contains(&rate)
                .then_some(Percent(rate))
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackageShape {
    pub title: String,
    pub area: kernel::AreaCode,
    pub scheme: Scheme,
    pub from: Spanned<Day>,
    pub until: Option<Spanned<Day>>,
    pub document: String,
    #[serde(default)]
    pub assumption: Vec<AssumptionShape>,
    #[serde(default)]
    pub group: Vec<Spanned<GroupShape>>,
    pub layer: Vec<Spanned<LayerShape>>,
    #[serde(default)]
    pub fee: Vec<Spanned<FeeShape>>,
    #[serde(default)]
    pub subsidy: Vec<Spanned<SubsidyShape>>,
    pub enrolment: Option<Spanned<EnrolmentShape>>,
    #[serde(default)]
    pub example: Vec<Spanned<ExampleShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssumptionShape {
    pub name: Spanned<String>,
    pub text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupShape {
    pub name: Spanned<String>,
    pub title: String,
    pub identities: Vec<IdentityKind>,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WhenShape {
    pub care: Vec<MedType>,
    pub tiers: Vec<InstitutionTier>,
    pub kinds: Vec<InstitutionKind>,
    pub groups: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LayerShape {
    pub rule: Spanned<String>,
    pub name: Spanned<String>,
    pub fund: kernel::Fund,
    pub trace: Trace,
    #[serde(default)]
    pub when: WhenShape,
    pub bands_over: Over,
    pub deductible_per: Over,
    pub origin: Spanned<BandOrigin>,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
    #[serde(default)]
    pub deductible: Vec<Spanned<DeductibleShape>>,
    pub schedule: Vec<Spanned<ScheduleShape>>,
    #[serde(default)]
    pub tilt: Vec<Spanned<TiltShape>>,
    #[serde(default)]
    pub cap: Vec<Spanned<CapShape>>,
    pub line_uplift: Option<Spanned<LineUpliftShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeductibleShape {
    #[serde(default)]
    pub when: WhenShape,
    pub yuan: Yuan,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleShape {
    #[serde(default)]
    pub when: WhenShape,
    pub band: Vec<Spanned<BandShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BandShape {
    pub from: Spanned<Yuan>,
    pub to: Option<Spanned<Yuan>>,
    pub rate: Percent,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TiltShape {
    #[serde(default)]
    pub when: WhenShape,
    pub deductible_factor: Option<Percent>,
    pub points: Option<Percent>,
    pub max_rate: Option<Percent>,
    pub cap_plus: Option<Yuan>,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapShape {
    #[serde(default)]
    pub when: WhenShape,
    pub on: CapKind,
    pub yuan: Yuan,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineUpliftShape {
    #[serde(default)]
    pub when: WhenShape,
    pub points: Percent,
    pub max_rate: Percent,
    pub deductible_split: DeductibleSplit,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeShape {
    pub year: i32,
    pub yuan: Yuan,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubsidyShape {
    pub groups: Vec<Spanned<String>>,
    pub rate: Option<Percent>,
    pub yuan: Option<Yuan>,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WindowYear {
    Previous,
    Same,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrolmentShape {
    pub closes: MonthDay,
    pub closes_in: WindowYear,
    pub waiting_months: Spanned<u32>,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExampleShape {
    pub name: String,
    pub source: String,
    pub day: Day,
    pub care: MedType,
    pub tier: InstitutionTier,
    pub kind: InstitutionKind,
    #[serde(default)]
    pub identities: Vec<IdentityKind>,
    pub bill: Option<Yuan>,
    #[serde(default)]
    pub line: Vec<LineExampleShape>,
    #[serde(default)]
    pub prior: BTreeMap<String, i64>,
    pub expect: Spanned<ExpectShape>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineExampleShape {
    pub class: ItemClass,
    pub price: PriceText,
    pub quantity: QuantityText,
    pub limit: Option<PriceText>,
    pub first_pay: Option<Percent>,
    #[serde(default)]
    pub ethnic: bool,
    pub denied: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExpectShape {
    pub total: Option<Yuan>,
    pub own_pay: Option<Yuan>,
    pub over_limit: Option<Yuan>,
    pub first_pay: Option<Yuan>,
    pub in_scope: Option<Yuan>,
    pub deductible: Option<Yuan>,
    pub cash: Option<Yuan>,
    pub base: BTreeMap<Spanned<String>, Yuan>,
    pub paid: BTreeMap<Spanned<String>, Yuan>,
    pub findings: Option<Vec<String>>,
}
