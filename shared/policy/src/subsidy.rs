//! What a person pays to be insured, and from which day that counts. One subsidy a year, for the
//! highest identity, never two (就高不就低).

use crate::package::Package;
use crate::settlement::Reason;
use crate::terms::{Clause, Group, membership};
use kernel::{Day, Fen, IdentityKind, Rate};
use serde::{Deserialize, Serialize};

/// 个人缴费标准 of a year.
#[derive(Clone, Debug)]
pub(crate) struct FeeRule {
    pub year: i32,
    pub fee: Fen,
    pub clause: Clause,
}

/// 参保资助 of a group: a part of the fee, or a fixed amount.
#[derive(Clone, Debug)]
pub(crate) struct SubsidyRule {
    pub groups: Vec<Group>,
    pub aid: Aid,
    pub clause: Clause,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Aid {
    Rate(Rate),
    Amount(Fen),
}

/// 集中缴费期 and 待遇等待期.
#[derive(Clone, Debug)]
pub(crate) struct EnrolmentRule {
    /// The last day of the window, every year: month and day.
    pub closes: (u32, u32),
    /// Whether that is in the year of the benefit, or in the one before.
    pub closes_same_year: bool,
    pub waiting_months: u32,
    pub clause: Clause,
}

/// 参保资助: what is paid for a person towards one year's fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subsidy {
    /// 年度: the year of the benefit.
    pub year: i32,
    /// 资助身份: the highest identity that counts, if the person has any.
    pub identity: Option<IdentityKind>,
    /// 个人缴费标准.
    pub personal_fee: Fen,
    /// 资助金额, never above the fee.
    pub subsidy: Fen,
    /// 个人实缴金额.
    pub to_pay: Fen,
    /// Why.
    pub reason: Reason,
}

/// 参保资助: the subsidy of one year's fee by the highest identity. Nothing when the package
/// states no fee for the year.
///
/// An identity that no row of the package names does not hide a lower one that is named: the
/// person gets the better of the two.
pub fn subsidy(package: &Package, year: i32, identities: &[IdentityKind]) -> Option<Subsidy> {
    let fee = package.fees.iter().find(|fee| fee.year == year)?;
    let mut ranked: Vec<&IdentityKind> = identities.iter().collect();
    ranked.sort_by_key(|kind| kind.precedence());
    let named = ranked.iter().find_map(|kind| {
        let one = std::slice::from_ref(*kind);
        let has = |rule: &&SubsidyRule| membership(&rule.groups, one).is_some();
        package.subsidies.iter().find(has).map(|rule| (*kind, rule))
    });
    let Some((identity, rule)) = named else {
        let text = format!("{year} 年个人缴费 {} 元，没有可适用的参保资助。", fee.fee);
        let rate = Some(Rate::ZERO);
        return Some(Subsidy {
            year,
            identity: ranked.first().map(|kind| (*kind).clone()),
            personal_fee: fee.fee,
            subsidy: Fen::ZERO,
            to_pay: fee.fee,
            reason: reason("subsidy.none", &fee.clause, fee.fee, rate, Fen::ZERO, text),
        });
    };
    let (rate, aid) = match rule.aid {
        Aid::Rate(rate) => (Some(rate), fee.fee.at(rate)),
        Aid::Amount(amount) => (None, amount.min(fee.fee)),
    };
    let text = format!(
        "{}：{year} 年个人缴费 {} 元，资助 {aid} 元。",
        identity.term(),
        fee.fee
    );
    Some(Subsidy {
        year,
        identity: Some(identity.clone()),
        personal_fee: fee.fee,
        subsidy: aid,
        to_pay: fee.fee - aid,
        reason: reason("subsidy.aid", &rule.clause, fee.fee, rate, aid, text),
    })
}

/// What decides from which day a payment counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnrolmentFacts {
    /// 参保年度: the year the payment is for.
    pub year: i32,
    /// 缴费日期.
    pub paid_day: Day,
    /// 免等待: a newborn or a person of a special group.
    pub exempt: bool,
}

/// 待遇起始日: the first day of the benefit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenefitStart {
    /// The first day. A wait may carry it past the end of the year that was paid for.
    pub day: Day,
    /// 待遇等待期 (months) that were added.
    pub waiting_months: u32,
    /// Why.
    pub reason: Reason,
}

/// 待遇起始日: 1 January for a payment inside the window, or the day of payment when the window
/// reaches into the year; after it the day of payment plus the wait; no wait for the exempt. A
/// package that states no window lets every payment count from its day.
pub fn benefit_start(package: &Package, facts: &EnrolmentFacts) -> BenefitStart {
    let first = Day::first_of(facts.year).unwrap_or(facts.paid_day);
    let at_once = first.max(facts.paid_day);
    let start = |day: Day, months: u32, name: &str, clause: &Clause, why: &str| BenefitStart {
        day,
        waiting_months: months,
        reason: reason(
            name,
            clause,
            Fen::ZERO,
            None,
            Fen::ZERO,
            format!("{why}，待遇自 {day} 起享受。"),
        ),
    };
    let Some(rule) = &package.enrolment else {
        let clause = Clause {
            source: Some("政策包未规定集中缴费期".to_string()),
            assumed: None,
        };
        return start(
            at_once,
            0,
            "enrolment.no_window",
            &clause,
            "未规定集中缴费期",
        );
    };
    let closing_year = match rule.closes_same_year {
        true => Some(facts.year),
        false => facts.year.checked_sub(1),
    };
    let closing = closing_year.and_then(|year| Day::new(year, rule.closes.0, rule.closes.1));
    if closing.is_none_or(|closing| facts.paid_day <= closing) {
        return start(
            at_once,
            0,
            "enrolment.window",
            &rule.clause,
            "在集中缴费期内缴费",
        );
    }
    if facts.exempt {
        let why = "新生儿或特殊人群免等待期";
        return start(at_once, 0, "enrolment.exempt", &rule.clause, why);
    }
    let months = rule.waiting_months;
    let day = first.max(facts.paid_day.plus_months(months));
    let why = format!("集中缴费期后缴费，等待 {months} 个月");
    start(day, months, "enrolment.waiting", &rule.clause, &why)
}

fn reason(
    rule: &str,
    clause: &Clause,
    input: Fen,
    rate: Option<Rate>,
    output: Fen,
    text: String,
) -> Reason {
    Reason {
        subject: "enrolment".to_string(),
        rule: rule.to_string(),
        clause: clause.text(),
        item_code: None,
        input,
        rate,
        output,
        text,
        assumed: clause.assumed.is_some(),
    }
}
