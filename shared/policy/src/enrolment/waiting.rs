//! 待遇等待期: from which day a payment counts. The first row of the package that fits the payment
//! decides where the day is counted from and how much is added (国办发〔2024〕38号 and before).

use super::continuity::{BrokenCount, ContinuityRule};
pub(super) use super::continuity::{NeverInsured, Past};
use super::shape::WindowYear;
use super::subsidy::fee_of;
use super::transfer::{TransferRule, Transferred};
use super::{Amount, reason};
use crate::package::Package;
use crate::reason::Reason;
use crate::terms::{Clause, Group, membership};
use kernel::{Day, Fen, IdentityKind};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// 集中缴费期 and what follows inside and outside of it.
#[derive(Clone, Debug)]
pub(crate) struct EnrolmentRule {
    pub opens: Option<Cut>,
    pub closes: Option<Cut>,
    pub broken: BrokenCount,
    /// The last one has no condition.
    pub starts: Vec<StartRule>,
    pub continuity: Option<ContinuityRule>,
    pub transfer: Option<TransferRule>,
    pub clause: Clause,
}

/// A day of every year, in the year of the benefit or in the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub month: u32,
    pub day: u32,
    pub year: WindowYear,
}

/// 待遇起始: one row.
#[derive(Clone, Debug)]
pub(crate) struct StartRule {
    pub rule: String,
    pub title: String,
    pub when: StartWhen,
    pub from: Origin,
    pub delay: Delay,
    pub clause: Clause,
}

/// What a payment must be; an empty list or none admits everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct StartWhen {
    pub payment: Vec<PaidWhen>,
    pub history: Vec<Past>,
    pub groups: Vec<Arc<Group>>,
    pub ways: Vec<EnrolmentWay>,
    pub age_days: Option<DaysRange>,
    pub arrears_days: Option<DaysRange>,
    pub exempt: Option<bool>,
}

/// Days from and to, both inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DaysRange {
    pub from: u32,
    pub to: Option<u32>,
}

/// The time of a payment and the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaidWhen {
    Early,
    Window,
    Late,
}

/// 参保方式: through whom a person is insured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentWay {
    /// 城乡居民.
    #[default]
    Resident,
    /// 用人单位.
    Employer,
    /// 灵活就业.
    Flexible,
}

/// The day a wait is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// The day of payment, but not before the year that is paid for.
    #[default]
    Coverage,
    /// The day of payment.
    Payment,
    /// The day of birth.
    Birth,
    /// The day benefits stopped for arrears.
    Arrears,
}

/// Which month a natural month is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MonthCount {
    /// The month of payment is the first.
    PaymentMonth,
    /// The month after it is the first.
    FollowingMonth,
}

/// What is added to the day a wait is counted from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delay {
    Days(u32),
    Months(u32),
    /// 自然月: the first day of the month that lies so many months later.
    MonthsToFirst(u32),
    /// 国办发〔2024〕38号.
    Broken {
        fixed: u32,
        rule: BrokenRule,
    },
}

/// 变动待遇等待期: what broken years add, what repaid ones take away.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BrokenRule {
    pub months_per_further_year: u32,
    pub months_per_repaid_year: u32,
    /// From so many broken years on, not less than so many months in all.
    pub floor: Option<(u32, u32)>,
}

/// What decides from which day a payment counts.
#[derive(Clone, Copy, Debug)]
pub struct EnrolmentFacts<'a> {
    /// 参保年度: the year the payment is for.
    pub year: i32,
    /// 缴费日期.
    pub paid_day: Day,
    /// 缴费档次: what a repaid year costs; the first the package states when none is named.
    pub tier: Option<&'a str>,
    /// 身份 on the day of payment.
    pub identities: &'a [IdentityKind],
    /// 出生日期, where known.
    pub birth_day: Option<Day>,
    /// 参保方式.
    pub way: EnrolmentWay,
    /// 免等待: the bureau has found a reason that no row of the package names.
    pub exempt: bool,
    /// 参保年度: all years insured for so far, in any order.
    pub insured_years: &'a [i32],
    /// 缴费修复: how many broken years are paid for as well.
    pub repaid_years: u32,
    /// 欠费停保日期: the day benefits stopped for arrears that this payment settles.
    pub arrears_from: Option<Day>,
    /// 关系转移接续: the area the person comes from, where that was accepted.
    pub transferred: Option<Transferred>,
}

impl EnrolmentFacts<'_> {
    /// A resident's first payment, nothing else known.
    pub fn of(year: i32, paid_day: Day) -> EnrolmentFacts<'static> {
        EnrolmentFacts {
            year,
            paid_day,
            tier: None,
            identities: &[],
            birth_day: None,
            way: EnrolmentWay::Resident,
            exempt: false,
            insured_years: &[],
            repaid_years: 0,
            arrears_from: None,
            transferred: None,
        }
    }
}

/// 待遇起始日: the first day of the benefit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenefitStart {
    /// The first day. A wait may carry it past the end of the year that was paid for.
    pub day: Day,
    /// 待遇等待期 (months) that were added.
    pub waiting_months: u32,
    /// What the months are made of; they add up to them.
    pub parts: Vec<WaitingPart>,
    /// 断保年数 that count.
    pub broken_years: u32,
    /// 缴费修复, where the row that applies knows it.
    pub repair: Option<Repair>,
    /// Why.
    pub reason: Reason,
}

/// A part of a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingPart {
    /// `fixed` 固定, `variable` 变动, `repaid` 修复, `floor` 不少于.
    pub rule: String,
    /// Months; negative where they are taken away.
    pub months: i64,
}

/// 缴费修复: broken years that are paid for to shorten a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// How many years it helps to repay.
    pub repairable_years: u32,
    /// How many of them are repaid.
    pub repaid_years: u32,
    /// 参保当年个人缴费标准: what each costs, without subsidy; unknown where the package states none.
    pub fee_per_year: Option<Fen>,
    /// What they cost together.
    pub fee: Option<Fen>,
    /// Why.
    pub reason: Reason,
}

/// How many months, of what, and what repaying does.
#[derive(Default)]
struct Wait {
    months: u32,
    parts: Vec<WaitingPart>,
    /// Years it helps to repay, and how many of them are.
    repair: Option<(u32, u32)>,
}

/// 待遇起始日 by the first row of the package that fits, never before 1 January of the year paid for, nor
/// before a coverage elsewhere has ended. A package without rows lets every payment count at once, and
/// who comes from elsewhere within its limit does not wait, whatever the row.
pub fn benefit_start(package: &Package, facts: &EnrolmentFacts<'_>) -> BenefitStart {
    let start = by_rows(package, facts);
    match &facts.transferred {
        Some(transferred) => transferred.start(package, facts, start),
        None => start,
    }
}

fn by_rows(package: &Package, facts: &EnrolmentFacts<'_>) -> BenefitStart {
    let Some(rule) = &package.enrolment.start else {
        return at_once(facts);
    };
    let (past, broken_years) = rule
        .broken
        .before(facts.year, facts.insured_years, facts.birth_day);
    let fits = |row: &&StartRule| row.when.admits(facts, rule.paid_when(facts), past);
    let Some(row) = rule.starts.iter().find(fits) else {
        return at_once(facts);
    };
    let first = Day::first_of(facts.year).unwrap_or(facts.paid_day);
    let origin = match row.from {
        Origin::Coverage => first.max(facts.paid_day),
        Origin::Payment => facts.paid_day,
        Origin::Birth => facts.birth_day.unwrap_or(facts.paid_day),
        Origin::Arrears => facts.arrears_from.unwrap_or(facts.paid_day),
    };
    let wait = row.delay.wait(broken_years, facts.repaid_years);
    let later = match row.delay {
        Delay::Days(days) => origin.plus_days(days),
        Delay::MonthsToFirst(months) => month_first(origin).plus_months(months),
        Delay::Months(_) | Delay::Broken { .. } => origin.plus_months(wait.months),
    };
    let day = first.max(later);
    let why = wait.sentence(row, broken_years);
    let text = format!("{why}，待遇自 {day} 起享受。");
    let name = format!("enrolment.{}", row.rule);
    BenefitStart {
        day,
        waiting_months: wait.months,
        broken_years,
        repair: wait.repair.map(|years| repair(package, facts, row, years)),
        parts: wait.parts,
        reason: reason(&name, &row.clause, Amount::default(), text),
    }
}

/// Nothing in the package makes the payment wait.
fn at_once(facts: &EnrolmentFacts<'_>) -> BenefitStart {
    let first = Day::first_of(facts.year).unwrap_or(facts.paid_day);
    let day = first.max(facts.paid_day);
    let clause = Clause::new(Some("政策包未规定集中缴费期"), None);
    let text = format!("未规定集中缴费期，待遇自 {day} 起享受。");
    BenefitStart {
        day,
        waiting_months: 0,
        parts: Vec::new(),
        broken_years: 0,
        repair: None,
        reason: reason("enrolment.no_window", &clause, Amount::default(), text),
    }
}

/// A repaid year costs the fee of the year that is enrolled for, and no subsidy is paid for it.
fn repair(
    package: &Package,
    facts: &EnrolmentFacts<'_>,
    row: &StartRule,
    (repairable_years, repaid_years): (u32, u32),
) -> Repair {
    let fee_per_year = fee_of(package, facts.year, facts.tier).map(|fee| fee.fee);
    let times = i64::from(repaid_years);
    let fee = fee_per_year.map(|fee| Fen(fee.0.saturating_mul(times)));
    let text = match (fee_per_year, fee) {
        (Some(each), Some(fee)) => format!(
            "可修复 {repairable_years} 年，已修复 {repaid_years} 年，每年 {each} 元，共 {fee} 元。"
        ),
        _ => format!("可修复 {repairable_years} 年，已修复 {repaid_years} 年，缴费标准未规定。"),
    };
    let amount = Amount {
        input: fee_per_year.unwrap_or(Fen::ZERO),
        rate: None,
        output: fee.unwrap_or(Fen::ZERO),
    };
    Repair {
        repairable_years,
        repaid_years,
        fee_per_year,
        fee,
        reason: reason("enrolment.repair", &row.clause, amount, text),
    }
}

fn month_first(day: Day) -> Day {
    Day::new(day.year(), day.month(), 1).unwrap_or(day)
}

impl EnrolmentRule {
    /// A year no calendar has is never over: its payments are in time.
    fn paid_when(&self, facts: &EnrolmentFacts<'_>) -> PaidWhen {
        let cut = |cut: &Option<Cut>| cut.and_then(|cut| cut.of(facts.year));
        if cut(&self.opens).is_some_and(|opens| facts.paid_day < opens) {
            return PaidWhen::Early;
        }
        match cut(&self.closes).is_some_and(|closes| closes < facts.paid_day) {
            true => PaidWhen::Late,
            false => PaidWhen::Window,
        }
    }
}

impl Cut {
    fn of(self, year: i32) -> Option<Day> {
        let year = match self.year {
            WindowYear::Same => Some(year),
            WindowYear::Previous => year.checked_sub(1),
        };
        Day::new(year?, self.month, self.day)
    }
}

impl DaysRange {
    /// Whether `on` lies so many days after `start`.
    fn contains(&self, start: Option<Day>, on: Day) -> bool {
        let days = start.map(|start| start.days_until(on));
        days.is_some_and(|days| {
            i64::from(self.from) <= days && self.to.is_none_or(|to| days <= i64::from(to))
        })
    }
}

impl StartWhen {
    /// Whether there is no condition at all.
    pub fn admits_all(&self) -> bool {
        self.payment.is_empty()
            && self.history.is_empty()
            && self.groups.is_empty()
            && self.ways.is_empty()
            && self.age_days.is_none()
            && self.arrears_days.is_none()
            && self.exempt.is_none()
    }

    fn admits(&self, facts: &EnrolmentFacts<'_>, paid: PaidWhen, past: Past) -> bool {
        let days = |range: &Option<DaysRange>, start: Option<Day>| {
            range.is_none_or(|range| range.contains(start, facts.paid_day))
        };
        (self.payment.is_empty() || self.payment.contains(&paid))
            && (self.history.is_empty() || self.history.contains(&past))
            && (self.groups.is_empty() || membership(&self.groups, facts.identities).is_some())
            && (self.ways.is_empty() || self.ways.contains(&facts.way))
            && days(&self.age_days, facts.birth_day)
            && days(&self.arrears_days, facts.arrears_from)
            && self.exempt.is_none_or(|exempt| exempt == facts.exempt)
    }
}

impl Delay {
    fn wait(&self, broken_years: u32, repaid_years: u32) -> Wait {
        match *self {
            Delay::Days(_) | Delay::Months(0) => Wait::default(),
            Delay::Months(months) | Delay::MonthsToFirst(months) => Wait {
                months,
                parts: vec![part("fixed", months.into())],
                repair: None,
            },
            Delay::Broken { fixed, rule } => rule.wait(fixed, broken_years, repaid_years),
        }
    }
}

impl BrokenRule {
    /// The fixed months, one more for each further broken year, less those of repaid years, and not
    /// less than the floor. Repaying more years than can still take months away has no effect.
    fn wait(&self, fixed: u32, broken_years: u32, repaid_years: u32) -> Wait {
        let further = broken_years.saturating_sub(1);
        let variable = further.saturating_mul(self.months_per_further_year);
        let floor = self.floor.filter(|(from, _)| *from <= broken_years);
        let least = floor.map_or(0, |(_, months)| months).max(fixed);
        let full = fixed.saturating_add(variable);
        let removable = full.saturating_sub(least);
        let repairable_years = match self.months_per_repaid_year {
            0 => 0,
            each => removable.div_ceil(each).min(broken_years),
        };
        let repaid_years = repaid_years.min(repairable_years);
        let repaid = repaid_years
            .saturating_mul(self.months_per_repaid_year)
            .min(removable);
        let months = (full - repaid).max(least);
        let lifted = months - (full - repaid);
        let parts = [
            ("fixed", i64::from(fixed)),
            ("variable", i64::from(full - fixed)),
            ("repaid", -i64::from(repaid)),
            ("floor", i64::from(lifted)),
        ];
        let moving = parts.into_iter().filter(|(_, months)| *months != 0);
        Wait {
            months,
            parts: moving.map(|(rule, months)| part(rule, months)).collect(),
            repair: (broken_years > 0).then_some((repairable_years, repaid_years)),
        }
    }
}

fn part(rule: &str, months: i64) -> WaitingPart {
    WaitingPart {
        rule: rule.to_string(),
        months,
    }
}

impl Wait {
    /// Why the wait is as long as it is, without the day.
    fn sentence(&self, row: &StartRule, broken_years: u32) -> String {
        let title = &row.title;
        match row.delay {
            _ if self.months == 0 => title.clone(),
            Delay::MonthsToFirst(_) | Delay::Days(_) => title.clone(),
            Delay::Broken { .. } if broken_years > 0 => {
                let said = self.parts.iter().map(|part| match part.rule.as_str() {
                    "fixed" => format!("固定 {} 个月", part.months),
                    "variable" => format!("断保 {broken_years} 年增加 {} 个月", part.months),
                    "repaid" => format!("缴费修复减少 {} 个月", -part.months),
                    _ => format!("不足最低月数补 {} 个月", part.months),
                });
                let said = said.collect::<Vec<_>>().join("，");
                format!("{title}，{said}，共等待 {} 个月", self.months)
            }
            Delay::Broken { .. } | Delay::Months(_) => {
                format!("{title}，等待 {} 个月", self.months)
            }
        }
    }
}
