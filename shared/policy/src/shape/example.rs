//! The shape of a worked example: a claim, and the amounts it must come to.

use super::{Percent, Points, PriceText, QuantityText, Yuan};
use crate::claim::{Filing, Place, Restriction};
use kernel::{
    Day, DiagnosisCode, DiseaseCode, IdentityKind, InstitutionKind, InstitutionTier, ItemClass,
    ItemMark, MedType, PersonType, Scheme,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExampleShape {
    /// Asked for in a package; a claim in a file of its own may go without both.
    pub name: Option<Spanned<String>>,
    pub source: Option<String>,
    pub follows: Option<Spanned<String>>,
    pub day: Spanned<Day>,
    pub begin: Option<Day>,
    pub applied: Option<Day>,
    pub care: MedType,
    pub tier: InstitutionTier,
    pub kind: InstitutionKind,
    #[serde(default)]
    pub place: Place,
    #[serde(default)]
    pub filing: Filing,
    pub contracted: Option<bool>,
    #[serde(default)]
    pub identities: Vec<IdentityKind>,
    pub person: Option<PersonType>,
    pub age: Option<u32>,
    #[serde(default)]
    pub covered_by: Vec<Scheme>,
    #[serde(default)]
    pub diseases: Vec<DiseaseCode>,
    pub diagnosis: Option<DiagnosisCode>,
    pub third_party: Option<Percent>,
    #[serde(default)]
    pub advance: bool,
    #[serde(default)]
    pub account: AccountShape,
    #[serde(default)]
    pub continuous_years: u32,
    #[serde(default)]
    pub zero_claim_years: u32,
    pub income: Option<Yuan>,
    pub continues: Option<BTreeMap<Spanned<String>, Yuan>>,
    pub ordinal: Option<u32>,
    pub payable: Option<bool>,
    pub bill: Option<Yuan>,
    #[serde(default)]
    pub line: Vec<LineExampleShape>,
    #[serde(default)]
    pub prior: BTreeMap<Spanned<String>, i64>,
    #[serde(default)]
    pub expect: ExpectShape,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AccountShape {
    pub current: Option<Yuan>,
    pub past: Option<Yuan>,
    pub shared: Option<Yuan>,
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
    pub marks: Vec<ItemMark>,
    pub item: Option<kernel::ItemCode>,
    #[serde(default)]
    pub restricted: Restriction,
    pub denied: Option<String>,
    pub day: Option<Day>,
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
    pub funds: Option<Yuan>,
    pub account: Option<Yuan>,
    pub cash: Option<Yuan>,
    pub hospital: Option<Yuan>,
    pub balance: Option<Yuan>,
    pub pool_rate: Option<Percent>,
    pub base: BTreeMap<Spanned<String>, Yuan>,
    pub net: BTreeMap<Spanned<String>, Yuan>,
    pub paid: BTreeMap<Spanned<String>, Yuan>,
    pub reasons: BTreeMap<Spanned<String>, Yuan>,
    pub rates: BTreeMap<Spanned<String>, Points>,
    pub after: BTreeMap<Spanned<String>, i64>,
    pub findings: Option<Vec<String>>,
}
