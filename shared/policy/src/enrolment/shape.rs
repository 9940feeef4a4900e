//! The shape of what a package file says of enrolment, key by key. What the values mean together is
//! for `check`.

use super::subsidy::{AidTiming, ChangeEffect, Choice};
use super::waiting::{EnrolmentWay, MonthCount, NeverInsured, Origin, PaidWhen, Past};
use crate::shape::{MonthDay, Percent, Sourced, Yuan};
use kernel::{Day, IdentityKind};
use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeeShape {
    pub year: i32,
    pub tier: Option<Spanned<String>>,
    pub title: Option<String>,
    pub yuan: Yuan,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

/// A range whose ends are both inside; an end that is not written is open.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeShape<T> {
    pub from: Option<T>,
    pub to: Option<T>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubsidyShape {
    pub groups: Vec<Spanned<String>>,
    #[serde(default)]
    pub tiers: Vec<Spanned<String>>,
    pub years: Option<Spanned<RangeShape<i32>>>,
    pub rate: Option<Percent>,
    pub yuan: Option<Yuan>,
    pub of: Option<Spanned<String>>,
    pub timing: Option<AidTiming>,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubsidyTermsShape {
    pub choose: Option<Choice>,
    pub timing: Option<AidTiming>,
    pub change_after_payment: Option<ChangeEffect>,
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
    pub opens: Option<Spanned<MonthDay>>,
    pub opens_in: Option<WindowYear>,
    pub closes: Option<Spanned<MonthDay>>,
    pub closes_in: Option<WindowYear>,
    pub waiting_months: Option<Spanned<u32>>,
    pub broken_from_year: Option<i32>,
    pub never_insured: Option<NeverInsured>,
    #[serde(default)]
    pub start: Vec<Spanned<StartShape>>,
    pub continuity: Option<Spanned<ContinuityShape>>,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartShape {
    pub rule: Spanned<String>,
    pub title: String,
    #[serde(default)]
    pub when: StartWhenShape,
    pub from: Option<Spanned<Origin>>,
    pub days: Option<u32>,
    pub months: Option<Spanned<u32>>,
    pub natural_month: Option<Spanned<NaturalMonthShape>>,
    pub broken: Option<Spanned<BrokenShape>>,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StartWhenShape {
    pub payment: Vec<PaidWhen>,
    pub history: Vec<Past>,
    pub groups: Vec<Spanned<String>>,
    pub ways: Vec<EnrolmentWay>,
    pub age_days: Option<RangeShape<u32>>,
    pub arrears_days: Option<RangeShape<u32>>,
    pub exempt: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NaturalMonthShape {
    pub number: u32,
    pub first: MonthCount,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrokenShape {
    pub months_per_further_year: u32,
    #[serde(default)]
    pub months_per_repaid_year: u32,
    pub floor: Option<FloorShape>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FloorShape {
    pub from_years: u32,
    pub months: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContinuityShape {
    pub from_year: Option<i32>,
    #[serde(default)]
    pub break_keeps_zero_claim: bool,
    pub source: Option<String>,
    pub assumed: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubsidyExampleShape {
    pub name: String,
    pub source: String,
    pub year: i32,
    pub tier: Option<String>,
    #[serde(default)]
    pub identities: Vec<IdentityKind>,
    pub changed_to: Option<Vec<IdentityKind>>,
    pub expect: Spanned<SubsidyExpectShape>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubsidyExpectShape {
    pub fee: Option<Yuan>,
    pub subsidy: Option<Yuan>,
    pub to_pay: Option<Yuan>,
    pub pay_now: Option<Yuan>,
    pub identity: Option<String>,
    pub timing: Option<AidTiming>,
    pub change: Option<ChangeEffect>,
    pub top_up: Option<Yuan>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitingExampleShape {
    pub name: String,
    pub source: String,
    pub year: i32,
    pub paid_day: Day,
    pub tier: Option<String>,
    #[serde(default)]
    pub identities: Vec<IdentityKind>,
    pub birth_day: Option<Day>,
    pub way: Option<EnrolmentWay>,
    #[serde(default)]
    pub exempt: bool,
    #[serde(default)]
    pub insured_years: Vec<i32>,
    #[serde(default)]
    pub repaid_years: u32,
    pub arrears_from: Option<Day>,
    #[serde(default)]
    pub zero_claim_years: Vec<i32>,
    pub reward_used: Option<i32>,
    pub expect: Spanned<WaitingExpectShape>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitingExpectShape {
    pub benefit_from: Option<Day>,
    pub months: Option<u32>,
    pub rule: Option<String>,
    pub broken_years: Option<u32>,
    pub repairable_years: Option<u32>,
    pub repair_fee: Option<Yuan>,
    pub continuous_years: Option<u32>,
    pub zero_claim_years: Option<u32>,
}

/// Says of each shape where its two keys are.
macro_rules! sources {
    ($($shape:ident),*) => {$(
        impl Sourced for $shape {
            fn origin(&self) -> (&Option<String>, &Option<Spanned<String>>) {
                (&self.source, &self.assumed)
            }
        }
    )*};
}

sources!(
    FeeShape,
    SubsidyShape,
    SubsidyTermsShape,
    EnrolmentShape,
    StartShape,
    ContinuityShape
);
