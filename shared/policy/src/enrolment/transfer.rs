//! 关系转移接续: from which day a payment counts for somebody who comes from another area. What the law says
//! to all areas holds where a package says nothing else.

use super::waiting::{BenefitStart, EnrolmentFacts};
use super::{Amount, reason};
use crate::package::Package;
use crate::terms::Clause;
use kernel::Day;
use serde::Deserialize;

/// 中断缴费: for how long nothing may have been paid, in months, and how many years without a break must
/// lie behind who changes schemes as well (基本医疗保险关系转移接续暂行办法, 医保办发〔2021〕43号).
const GAP_MONTHS: u32 = 3;
const SWITCH_YEARS: u32 = 2;
const CLAUSE: &str = "医保办发〔2021〕43号：中断缴费3个月以内的，缴费后即可正常享受待遇";

/// 待遇衔接, where a package says otherwise than the state does.
#[derive(Clone, Debug)]
pub(crate) struct TransferRule {
    pub gap_months: u32,
    pub switch_years: u32,
    pub clause: Clause,
}

/// 关系转移接续: the area somebody comes from, as it was certified and accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transferred {
    /// The first day on which nothing insured there.
    pub until: Day,
    /// 制度间转移: there by another scheme.
    #[serde(default)]
    pub switched: bool,
    /// 连续参保年数 there.
    #[serde(default)]
    pub years: u32,
}

impl Transferred {
    /// The first day of the benefit, of which this is known without the transfer.
    pub(super) fn start(
        &self,
        package: &Package,
        facts: &EnrolmentFacts<'_>,
        start: BenefitStart,
    ) -> BenefitStart {
        let first = Day::first_of(facts.year).unwrap_or(facts.paid_day);
        let soonest = first.max(facts.paid_day).max(self.until);
        let stated = package.enrolment.start.as_ref();
        let stated = stated.and_then(|rule| rule.transfer.as_ref());
        let (gap, years) = stated.map_or((GAP_MONTHS, SWITCH_YEARS), |rule| {
            (rule.gap_months, rule.switch_years)
        });
        let in_time = facts.paid_day <= self.until.plus_months(gap);
        let continues = in_time && (!self.switched || years <= self.years);
        let by_law = Clause::new(Some(CLAUSE), None);
        let clause = stated.map_or(&by_law, |rule| &rule.clause);
        let until = self.until;
        let why = |text| reason("enrolment.transfer", clause, Amount::default(), text);
        if start.day <= soonest || !continues {
            // Nothing is gained, but nobody has benefits of two areas on a day.
            let text = format!("转出地参保至 {until}（不含当日），待遇自该日起享受。");
            return match start.day < until {
                false => start,
                true => BenefitStart {
                    day: until,
                    reason: why(text),
                    ..start
                },
            };
        }
        let text = format!(
            "关系转移接续，转出地参保至 {until}（不含当日），中断不超过 {gap} 个月，待遇自 {soonest} 起享受。"
        );
        BenefitStart {
            day: soonest,
            waiting_months: 0,
            parts: Vec::new(),
            broken_years: start.broken_years,
            repair: None,
            reason: why(text),
        }
    }
}
