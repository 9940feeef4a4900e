//! 断保 and 连续参保: how many years a person was not insured before a payment, and how many years
//! without a break and without a claim stand behind it. Only years here, no months and no money.

use super::reason;
use crate::package::Package;
use crate::reason::Reason;
use crate::terms::Clause;
use kernel::Day;
use serde::Deserialize;
use std::collections::BTreeSet;

/// 连续参保年数 and 零报销年数: from when they count and what ends them.
#[derive(Clone, Debug)]
pub(crate) struct ContinuityRule {
    /// No year before it counts.
    pub from_year: Option<i32>,
    /// Whether a break leaves the years without a claim as they are.
    pub break_keeps_zero_claim: bool,
    pub clause: Clause,
}

/// What decides how many years count.
#[derive(Clone, Copy, Debug)]
pub struct InsuredHistory<'a> {
    /// The year that is looked at.
    pub year: i32,
    /// 参保年度: all years the person was insured for, in any order.
    pub insured_years: &'a [i32],
    /// 零报销年度: those in which no fund paid, in any order.
    pub zero_claim_years: &'a [i32],
    /// The last year in which the raised cap was drawn upon: what was gathered until then is spent.
    pub reward_used: Option<i32>,
}

/// 连续参保: what the incentives of 大病保险 look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuity {
    /// 连续参保年数, with the year itself; zero when it is not insured.
    pub continuous_years: u32,
    /// 零报销年数 before the year that are not spent.
    pub zero_claim_years: u32,
    /// Why.
    pub reason: Reason,
}

/// 连续参保年数 and 零报销年数. A year not insured starts both anew; a package that says nothing of
/// it counts every year. Repaid years (缴费修复) shorten a wait and mend no break.
pub fn continuity(package: &Package, history: &InsuredHistory<'_>) -> Continuity {
    let start = package.enrolment.start.as_ref();
    let rule = start.and_then(|start| start.continuity.as_ref());
    let from = rule.and_then(|rule| rule.from_year).unwrap_or(i32::MIN);
    let keeps = rule.is_some_and(|rule| rule.break_keeps_zero_claim);
    let insured: BTreeSet<i32> = history.insured_years.iter().copied().collect();
    let mut first = None;
    let mut year = history.year;
    let mut continuous_years = 0_u32;
    while year >= from && insured.contains(&year) {
        first = Some(year);
        continuous_years += 1;
        match year.checked_sub(1) {
            Some(before) => year = before,
            None => break,
        }
    }
    let unbroken = |year: &i32| keeps || first.is_some_and(|first| first <= *year);
    let unspent = |year: &i32| history.reward_used.is_none_or(|used| used < *year);
    let zero_claim: BTreeSet<i32> = history
        .zero_claim_years
        .iter()
        .copied()
        .filter(|year| from <= *year && *year < history.year && insured.contains(year))
        .filter(|year| unbroken(year) && unspent(year))
        .collect();
    let zero_claim_years = u32::try_from(zero_claim.len()).unwrap_or(u32::MAX);
    let text = format!(
        "截至 {} 年已连续参保 {continuous_years} 年，零报销 {zero_claim_years} 年。",
        history.year
    );
    let unstated = Clause::new(Some("政策包未规定连续参保的起算，自有记录起计"), None);
    let clause = rule.map_or(&unstated, |rule| &rule.clause);
    Continuity {
        continuous_years,
        zero_claim_years,
        reason: reason("enrolment.continuity", clause, Default::default(), text),
    }
}

/// Whether somebody never insured before has a break behind them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NeverInsured {
    /// 首次参保 is no break.
    #[default]
    New,
    /// Every year since the count began, or since birth, is one.
    Broken,
}

/// 参保经历 before a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Past {
    /// 首次参保.
    First,
    /// 连续参保, or broken only in years that do not count.
    Continuous,
    /// 断保.
    Broken,
}

/// From which year broken years count; without it none does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BrokenCount {
    pub from_year: Option<i32>,
    pub never_insured: NeverInsured,
}

impl BrokenCount {
    /// What lies behind a payment for `year`, and the broken years just before it.
    pub fn before(&self, year: i32, insured_years: &[i32], birth_day: Option<Day>) -> (Past, u32) {
        let last = insured_years
            .iter()
            .copied()
            .filter(|insured| *insured < year)
            .max();
        let Some(from) = self.from_year else {
            return (last.map_or(Past::First, |_| Past::Continuous), 0);
        };
        let since = match (last, self.never_insured) {
            (Some(last), _) => i64::from(last) + 1,
            (None, NeverInsured::New) => return (Past::First, 0),
            // Nobody can have been insured before birth.
            (None, NeverInsured::Broken) => birth_day.map_or(i64::MIN, |day| day.year().into()),
        };
        let broken = i64::from(year).saturating_sub(since.max(i64::from(from)));
        match (u32::try_from(broken).unwrap_or(0), last) {
            (0, None) => (Past::First, 0),
            (0, Some(_)) => (Past::Continuous, 0),
            (years, _) => (Past::Broken, years),
        }
    }
}
