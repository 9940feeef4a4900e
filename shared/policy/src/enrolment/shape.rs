//! The shape of what a package file says of enrolment, key by key. What the values mean together is
//! for `check`.

use super::subsidy::{AidTiming, ChangeEffect, Choice};
use super::transfer::Transferred;
use super::waiting::{EnrolmentWay, MonthCount, NeverInsured, Origin, PaidWhen, Past};
use crate::shape::{MonthDay, Percent, Sourced, Yuan, sourced};
use kernel::{Day, IdentityKind};
use serde::Deserialize;
use toml::Spanned;

sourced! {
    struct FeeShape {
        year: i32,
        tier: Option<Spanned<String>>,
        title: Option<String>,
        yuan: Yuan,
    }
}

/// A range whose ends are both inside; an end that is not written is open.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeShape<T> {
    pub from: Option<T>,
    pub to: Option<T>,
}

sourced! {
    struct SubsidyShape {
        groups: Vec<Spanned<String>>,
        #[serde(default)]
        tiers: Vec<Spanned<String>>,
        years: Option<Spanned<RangeShape<i32>>>,
        rate: Option<Percent>,
        yuan: Option<Yuan>,
        of: Option<Spanned<String>>,
        timing: Option<AidTiming>,
    }
}

sourced! {
    struct SubsidyTermsShape {
        choose: Option<Choice>,
        timing: Option<AidTiming>,
        change_after_payment: Option<ChangeEffect>,
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WindowYear {
    Previous,
    Same,
}

sourced! {
    struct EnrolmentShape {
        opens: Option<Spanned<MonthDay>>,
        opens_in: Option<WindowYear>,
        closes: Option<Spanned<MonthDay>>,
        closes_in: Option<WindowYear>,
        waiting_months: Option<Spanned<u32>>,
        broken_from_year: Option<i32>,
        never_insured: Option<NeverInsured>,
        #[serde(default)]
        start: Vec<Spanned<StartShape>>,
        continuity: Option<Spanned<ContinuityShape>>,
        transfer: Option<Spanned<TransferShape>>,
    }
}

sourced! {
    struct StartShape {
        rule: Spanned<String>,
        title: String,
        #[serde(default)]
        when: StartWhenShape,
        from: Option<Spanned<Origin>>,
        days: Option<u32>,
        months: Option<Spanned<u32>>,
        natural_month: Option<Spanned<NaturalMonthShape>>,
        broken: Option<Spanned<BrokenShape>>,
    }
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

sourced! {
    struct ContinuityShape {
        from_year: Option<i32>,
        #[serde(default)]
        break_keeps_zero_claim: bool,
    }
}

sourced! {
    struct TransferShape {
        gap_months: Spanned<u32>,
        #[serde(default)]
        switch_years: u32,
    }
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
    pub transferred: Option<Transferred>,
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
