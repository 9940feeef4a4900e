//! 参保资助: one subsidy of a year's fee, never two, never above what is to be paid (就高不就低).

use super::{Amount, reason};
use crate::package::Package;
use crate::reason::Reason;
use crate::terms::{Clause, Group, membership};
use kernel::{Fen, IdentityKind, Rate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// 个人缴费标准 of a year and tier.
#[derive(Clone, Debug)]
pub(crate) struct FeeRule {
    pub year: i32,
    /// 缴费档次; none where the area has only one.
    pub tier: Option<String>,
    /// What the tier is called, such as 一档.
    pub title: Option<String>,
    pub fee: Fen,
    pub clause: Clause,
}

/// 参保资助 of a group: a part of a fee, or a fixed amount.
#[derive(Clone, Debug)]
pub(crate) struct SubsidyRule {
    pub groups: Vec<Arc<Group>>,
    /// The tiers a person may have chosen; empty admits any.
    pub tiers: Vec<String>,
    pub from_year: Option<i32>,
    pub to_year: Option<i32>,
    pub aid: Aid,
    /// Stated for this row only.
    pub timing: Option<AidTiming>,
    pub clause: Clause,
}

#[derive(Clone, Debug)]
pub(crate) enum Aid {
    /// A part of the fee of a tier; of the chosen one when none is named.
    Rate {
        rate: Rate,
        of: Option<String>,
    },
    Amount(Fen),
}

/// What holds for all rows.
#[derive(Clone, Debug)]
pub(crate) struct SubsidyTerms {
    pub choice: Choice,
    pub timing: Option<AidTiming>,
    pub change: ChangeEffect,
    pub clause: Clause,
}

/// 就高不就低: what is highest of several rows that apply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choice {
    /// The highest identity that has a row.
    #[default]
    Identity,
    /// The highest amount.
    Amount,
    /// The first row of the file.
    Row,
}

/// When the subsidy is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AidTiming {
    /// 同缴同补: the person pays the rest only.
    #[default]
    AtOnce,
    /// 事后资助: the person pays the whole fee and is given the subsidy later.
    Afterwards,
}

/// What follows when a person who has paid gets an identity that would have given more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeEffect {
    /// 不补差: what counts is the day of payment.
    #[default]
    None,
    /// 补差: the difference is paid.
    Difference,
    /// 次年资助: nothing for this year, the subsidy begins with the next.
    NextYear,
}

/// As the package writes it.
impl fmt::Display for AidTiming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AidTiming::AtOnce => "at_once",
            AidTiming::Afterwards => "afterwards",
        })
    }
}

/// As the package writes it.
impl fmt::Display for ChangeEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ChangeEffect::None => "none",
            ChangeEffect::Difference => "difference",
            ChangeEffect::NextYear => "next_year",
        })
    }
}

/// Whose fee, of which year and tier.
#[derive(Clone, Copy, Debug)]
pub struct FeeFacts<'a> {
    /// 年度: the year of the benefit.
    pub year: i32,
    /// 缴费档次 the person chose; the first the package states for the year when none is named.
    pub tier: Option<&'a str>,
    /// 身份 on the day of payment, in any order.
    pub identities: &'a [IdentityKind],
}

/// 参保资助: what is paid for a person towards one year's fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsidy {
    /// 年度: the year of the benefit.
    pub year: i32,
    /// 缴费档次; none where the area has only one.
    pub tier: Option<String>,
    /// 资助身份: the highest identity that counts, if the person has any.
    pub identity: Option<IdentityKind>,
    /// 个人缴费标准.
    pub personal_fee: Fen,
    /// 资助金额, never above the fee.
    pub subsidy: Fen,
    /// 个人实缴金额: what stays with the person in the end.
    pub to_pay: Fen,
    /// 同缴同补 or 事后资助.
    pub timing: AidTiming,
    /// 缴费时应缴: the rest, or the whole fee when the subsidy comes afterwards.
    pub pay_now: Fen,
    /// Why.
    pub reason: Reason,
}

/// 身份变更: what follows for a person who had paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubsidyChange {
    /// What follows; [`ChangeEffect::None`] also when the new identities give no more.
    pub effect: ChangeEffect,
    /// 补差金额.
    pub top_up: Fen,
    /// Why.
    pub reason: Reason,
}

/// A row that applies, through which identity, and what it comes to.
struct Found<'a> {
    rule: &'a SubsidyRule,
    identity: &'a IdentityKind,
    rate: Option<Rate>,
    aid: Fen,
}

/// 参保资助 of one year's fee. Nothing when the package states no fee for the year and tier.
///
/// An identity that no row of the package names does not hide a lower one that is named.
pub fn subsidy(package: &Package, facts: &FeeFacts<'_>) -> Option<Subsidy> {
    let fee = fee_of(package, facts.year, facts.tier)?;
    let terms = package.enrolment.terms.as_ref();
    let mut ranked: Vec<&IdentityKind> = facts.identities.iter().collect();
    ranked.sort_by_key(|kind| kind.precedence());
    let Some(found) = chosen(package, fee, facts.identities, &ranked) else {
        let text = format!(
            "{} 年{}个人缴费 {} 元，没有可适用的参保资助。",
            fee.year,
            fee.name(),
            fee.fee
        );
        let amount = Amount {
            input: fee.fee,
            rate: Some(Rate::ZERO),
            output: Fen::ZERO,
        };
        return Some(Subsidy {
            year: fee.year,
            tier: fee.tier.clone(),
            identity: ranked.first().map(|kind| (*kind).clone()),
            personal_fee: fee.fee,
            subsidy: Fen::ZERO,
            to_pay: fee.fee,
            timing: AidTiming::AtOnce,
            pay_now: fee.fee,
            reason: reason("subsidy.none", &fee.clause, amount, text),
        });
    };
    let stated = found.rule.timing.or(terms.and_then(|terms| terms.timing));
    let timing = stated.unwrap_or_default();
    let to_pay = fee.fee - found.aid;
    let amount = Amount {
        input: fee.fee,
        rate: found.rate,
        output: found.aid,
    };
    Some(Subsidy {
        year: fee.year,
        tier: fee.tier.clone(),
        identity: Some(found.identity.clone()),
        personal_fee: fee.fee,
        subsidy: found.aid,
        to_pay,
        timing,
        pay_now: match timing {
            AidTiming::AtOnce => to_pay,
            AidTiming::Afterwards => fee.fee,
        },
        reason: reason(
            "subsidy.aid",
            &found.rule.clause,
            amount,
            sentence(fee, &found, stated),
        ),
    })
}

/// 身份变更后的资助: what follows when somebody who had paid by the identities of `paid` has those of
/// `now`. Nothing when the package states no fee for the year and tier.
pub fn subsidy_after_change(
    package: &Package,
    paid: &FeeFacts<'_>,
    now: &[IdentityKind],
) -> Option<SubsidyChange> {
    let before = subsidy(package, paid)?;
    let after = subsidy(
        package,
        &FeeFacts {
            identities: now,
            ..*paid
        },
    )?;
    let gain = after.subsidy.less(before.subsidy);
    let terms = package.enrolment.terms.as_ref();
    let effect = match gain {
        Fen::ZERO => ChangeEffect::None,
        _ => terms.map_or(ChangeEffect::None, |terms| terms.change),
    };
    let (top_up, follows) = match (effect, gain) {
        (ChangeEffect::None, Fen::ZERO) => (Fen::ZERO, "新身份的资助不高于已享受的资助".into()),
        (ChangeEffect::None, _) => (Fen::ZERO, "按缴费时的身份资助，缴费后身份变更不补差".into()),
        (ChangeEffect::Difference, _) => (gain, format!("缴费后身份变更，补差 {gain} 元")),
        (ChangeEffect::NextYear, _) => (Fen::ZERO, "本年度已缴费，自次年起资助".to_string()),
    };
    let fee = fee_of(package, paid.year, paid.tier)?;
    let clause = terms.map_or(&fee.clause, |terms| &terms.clause);
    let amount = Amount {
        input: after.subsidy,
        rate: None,
        output: top_up,
    };
    Some(SubsidyChange {
        effect,
        top_up,
        reason: reason("subsidy.change", clause, amount, format!("{follows}。")),
    })
}

/// The fee of a year and tier.
pub(super) fn fee_of<'a>(
    package: &'a Package,
    year: i32,
    tier: Option<&str>,
) -> Option<&'a FeeRule> {
    let mut of_year = package.enrolment.fees.iter().filter(|fee| fee.year == year);
    match tier {
        None => of_year.next(),
        Some(tier) => of_year.find(|fee| fee.tier.as_deref() == Some(tier)),
    }
}

/// The one row that counts.
fn chosen<'a>(
    package: &'a Package,
    fee: &FeeRule,
    identities: &'a [IdentityKind],
    ranked: &[&'a IdentityKind],
) -> Option<Found<'a>> {
    let choice = package.enrolment.terms.as_ref().map(|terms| terms.choice);
    let rows = package.enrolment.subsidies.iter();
    let mut applying = rows.filter(|rule| rule.admits(fee));
    let found = |rule: &'a SubsidyRule, held: &'a [IdentityKind]| {
        let (_, identity) = membership(&rule.groups, held)?;
        let (rate, aid) = rule.aid_of(package, fee)?;
        Some(Found {
            rule,
            identity,
            rate,
            aid,
        })
    };
    match choice.unwrap_or_default() {
        Choice::Identity => ranked.iter().find_map(|identity| {
            let one = std::slice::from_ref(*identity);
            applying.clone().find_map(|rule| found(rule, one))
        }),
        Choice::Row => applying.find_map(|rule| found(rule, identities)),
        // Of equal amounts the earlier row.
        Choice::Amount => {
            applying
                .filter_map(|rule| found(rule, identities))
                .reduce(|best, next| match next.aid > best.aid {
                    true => next,
                    false => best,
                })
        }
    }
}

impl FeeRule {
    /// The tier as a sentence has it; nothing where there is only one.
    fn name(&self) -> &str {
        let title = self.title.as_deref().or(self.tier.as_deref());
        title.unwrap_or("")
    }
}

impl SubsidyRule {
    /// Whether the row is of the fee's year and tier.
    pub fn admits(&self, fee: &FeeRule) -> bool {
        let tier = fee.tier.as_ref();
        self.from_year.is_none_or(|from| from <= fee.year)
            && self.to_year.is_none_or(|to| fee.year <= to)
            && (self.tiers.is_empty() || tier.is_some_and(|tier| self.tiers.contains(tier)))
    }

    /// The rate and what it comes to; a tier without a fee gives nothing, which `check` refuses.
    fn aid_of(&self, package: &Package, fee: &FeeRule) -> Option<(Option<Rate>, Fen)> {
        let (rate, aid) = match &self.aid {
            Aid::Amount(amount) => (None, *amount),
            Aid::Rate { rate, of } => {
                let whole = match of {
                    None => fee.fee,
                    Some(tier) => fee_of(package, fee.year, Some(tier))?.fee,
                };
                (Some(*rate), whole.at(*rate))
            }
        };
        Some((rate, aid.min(fee.fee)))
    }
}

fn sentence(fee: &FeeRule, found: &Found<'_>, stated: Option<AidTiming>) -> String {
    let (year, name, whole, aid) = (fee.year, fee.name(), fee.fee, found.aid);
    let how = match stated {
        None => String::new(),
        Some(AidTiming::AtOnce) => format!("，同缴同补，个人缴费 {} 元", whole - aid),
        Some(AidTiming::Afterwards) => format!("，事后资助，个人先缴 {whole} 元"),
    };
    let who = found.identity.term();
    format!("{who}：{year} 年{name}个人缴费 {whole} 元，资助 {aid} 元{how}。")
}
