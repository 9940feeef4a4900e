//! From the shape of what a package says of enrolment to rules: tiers must have fees, rows must be
//! reached, every payment must find a row, every number must say where it comes from.

use super::Enrolment;
use super::continuity::{BrokenCount, ContinuityRule};
use super::example::{SubsidyExample, WaitingExample};
use super::shape::{
    BrokenShape, ContinuityShape, EnrolmentShape, FeeShape, NaturalMonthShape, RangeShape,
    StartShape, StartWhenShape, SubsidyShape, SubsidyTermsShape, TransferShape, WindowYear,
};
use super::subsidy::{Aid, FeeRule, SubsidyRule, SubsidyTerms};
use super::transfer::TransferRule;
use super::waiting::{
    BrokenRule, Cut, DaysRange, Delay, EnrolmentRule, MonthCount, Origin, PaidWhen, StartRule,
    StartWhen,
};
use crate::check::{Checked, Checker};
use crate::shape::{MonthDay, PackageShape};
use crate::terms::Clause;
use std::ops::Range;
use toml::Spanned;

const WAITING_MONTHS_MAX: u32 = 24;
const WAITING_DAYS_MAX: u32 = 366;
const TIER_BYTES_MAX: usize = 20;

/// Checks all a package says of enrolment.
pub(crate) fn check(checker: &Checker<'_>, shape: &PackageShape) -> Checked<Enrolment> {
    let fees = fees(checker, &shape.fee)?;
    let subsidies = checker.rows(&shape.subsidy, subsidy)?;
    for (row, shape) in subsidies.iter().zip(&shape.subsidy) {
        tiers_have_fees(checker, row, shape, &fees)?;
    }
    let terms = shape.subsidy_terms.as_ref();
    let start = shape.enrolment.as_ref();
    let subsidy_examples = checker.rows(&shape.subsidy_example, |checker, shape, span| {
        stated(checker, &shape.source, &span)?;
        Ok(SubsidyExample::new(shape, checker.place(&span)))
    })?;
    let waiting_examples = checker.rows(&shape.waiting_example, |checker, shape, span| {
        stated(checker, &shape.source, &span)?;
        Ok(WaitingExample::new(shape, checker.place(&span)))
    })?;
    Ok(Enrolment {
        terms: terms
            .map(|terms| subsidy_terms(checker, terms))
            .transpose()?,
        start: start.map(|start| enrolment(checker, start)).transpose()?,
        fees,
        subsidies,
        subsidy_examples,
        waiting_examples,
    })
}

fn stated(checker: &Checker<'_>, source: &str, span: &Range<usize>) -> Checked<()> {
    match source.trim().is_empty() {
        false => Ok(()),
        true => checker.error(
            span.clone(),
            "expected source = where the numbers come from",
        ),
    }
}

fn fees(checker: &Checker<'_>, shapes: &[Spanned<FeeShape>]) -> Checked<Vec<FeeRule>> {
    let mut fees: Vec<FeeRule> = Vec::new();
    for fee in checker.rows(shapes, fee)?.into_iter().zip(shapes) {
        let (fee, shape) = fee;
        let mut others = fees.iter().filter(|other| other.year == fee.year);
        let known = others.clone().any(|other| other.tier == fee.tier);
        if known || !(1900..3000).contains(&fee.year) {
            let message = "expected a year from 1900 to 2999 that no other fee has";
            let message = match fee.tier {
                None => message.to_string(),
                Some(_) => format!("{message} with this tier"),
            };
            return checker.error(shape.span(), message);
        }
        if others.any(|other| other.tier.is_none() || fee.tier.is_none()) {
            let message = "expected a tier on every fee of the year, or one fee without tier";
            return checker.error(shape.span(), message);
        }
        fees.push(fee);
    }
    Ok(fees)
}

fn fee(checker: &Checker<'_>, shape: &FeeShape, span: Range<usize>) -> Checked<FeeRule> {
    if let Some(tier) = &shape.tier {
        let text = tier.get_ref();
        let plain = (1..=TIER_BYTES_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if !plain {
            let message = format!("expected 1 to {TIER_BYTES_MAX} characters of [A-Za-z0-9_-]");
            return checker.error(tier.span(), message);
        }
    }
    Ok(FeeRule {
        year: shape.year,
        tier: shape.tier.as_ref().map(|tier| tier.get_ref().clone()),
        title: shape.title.clone(),
        fee: shape.yuan.0,
        clause: checker.clause(span, shape)?,
    })
}

fn subsidy(
    checker: &Checker<'_>,
    shape: &SubsidyShape,
    span: Range<usize>,
) -> Checked<SubsidyRule> {
    let of = shape.of.as_ref();
    let aid = match (shape.rate, shape.yuan) {
        (Some(rate), None) => Aid::Rate {
            rate: rate.0,
            of: of.map(|tier| tier.get_ref().clone()),
        },
        (None, Some(yuan)) => Aid::Amount(yuan.0),
        _ => return checker.error(span, "expected either rate or yuan"),
    };
    if let (Aid::Amount(_), Some(of)) = (&aid, of) {
        return checker.error(of.span(), "expected of only beside rate");
    }
    if shape.groups.is_empty() {
        return checker.error(span, "expected at least one group");
    }
    let years = range(checker, shape.years.as_ref())?;
    let tiers = shape.tiers.iter().map(|tier| tier.get_ref().clone());
    Ok(SubsidyRule {
        groups: checker.named_groups(&shape.groups)?,
        tiers: tiers.collect(),
        from_year: years.from,
        to_year: years.to,
        aid,
        timing: shape.timing,
        clause: checker.clause(span, shape)?,
    })
}

/// A row is of some fee, and what it is a part of has a fee in each of its years.
fn tiers_have_fees(
    checker: &Checker<'_>,
    row: &SubsidyRule,
    shape: &Spanned<SubsidyShape>,
    fees: &[FeeRule],
) -> Checked<()> {
    let has = |tier: &str| fees.iter().any(|fee| fee.tier.as_deref() == Some(tier));
    let shape = shape.get_ref();
    let named = shape.tiers.iter().chain(&shape.of);
    if let Some(unknown) = named.into_iter().find(|tier| !has(tier.get_ref())) {
        let message = format!(
            "expected the tier of a [[fee]], got {:?}",
            unknown.get_ref()
        );
        return checker.error(unknown.span(), message);
    }
    let Some(of) = &shape.of else {
        return Ok(());
    };
    let tier = Some(of.get_ref().as_str());
    let priced = |fee: &&FeeRule| {
        let same = |other: &FeeRule| other.year == fee.year && other.tier.as_deref() == tier;
        fees.iter().any(same)
    };
    match fees.iter().find(|fee| row.admits(fee) && !priced(fee)) {
        None => Ok(()),
        Some(fee) => {
            let message = format!(
                "expected a [[fee]] of tier {:?} for {}, or years without it",
                of.get_ref(),
                fee.year
            );
            checker.error(of.span(), message)
        }
    }
}

/// A range with something in it.
fn range<T: Copy + PartialOrd>(
    checker: &Checker<'_>,
    shape: Option<&Spanned<RangeShape<T>>>,
) -> Checked<RangeShape<T>> {
    let Some(spanned) = shape else {
        return Ok(RangeShape {
            from: None,
            to: None,
        });
    };
    let range = *spanned.get_ref();
    match (range.from, range.to) {
        (Some(from), Some(to)) if to < from => {
            checker.error(spanned.span(), "expected from not above to")
        }
        (None, None) => checker.error(spanned.span(), "expected from or to"),
        _ => Ok(range),
    }
}

fn subsidy_terms(
    checker: &Checker<'_>,
    shape: &Spanned<SubsidyTermsShape>,
) -> Checked<SubsidyTerms> {
    let terms = shape.get_ref();
    Ok(SubsidyTerms {
        choice: terms.choose.unwrap_or_default(),
        timing: terms.timing,
        change: terms.change_after_payment.unwrap_or_default(),
        clause: checker.clause(shape.span(), terms)?,
    })
}

fn enrolment(checker: &Checker<'_>, shape: &Spanned<EnrolmentShape>) -> Checked<EnrolmentRule> {
    let rule = shape.get_ref();
    let clause = checker.clause(shape.span(), rule)?;
    let closes = cut(checker, &rule.closes, rule.closes_in, shape.span())?;
    let opens = cut(checker, &rule.opens, rule.opens_in, shape.span())?;
    let order = |cut: &Cut| (matches!(cut.year, WindowYear::Same), cut.month, cut.day);
    if let (Some(first), Some(last)) = (&opens, &closes)
        && order(first) > order(last)
    {
        return checker.error(shape.span(), "expected opens not after closes");
    }
    if opens.is_some() && closes.is_none() {
        return checker.error(shape.span(), "expected closes beside opens");
    }
    let starts = match (&rule.waiting_months, rule.start.is_empty()) {
        (Some(months), true) if closes.is_some() => plain_starts(checker, months, &clause)?,
        (Some(months), true) => {
            return checker.error(months.span(), "expected closes beside waiting_months");
        }
        (None, false) => starts(checker, rule, closes.is_some())?,
        _ => {
            let message = "expected either waiting_months or [[enrolment.start]]";
            return checker.error(shape.span(), message);
        }
    };
    let continuity = rule.continuity.as_ref();
    Ok(EnrolmentRule {
        opens,
        closes,
        broken: BrokenCount {
            from_year: rule.broken_from_year,
            never_insured: rule.never_insured.unwrap_or_default(),
        },
        starts,
        continuity: continuity
            .map(|shape| self::continuity(checker, shape))
            .transpose()?,
        transfer: rule
            .transfer
            .as_ref()
            .map(|shape| transfer(checker, shape))
            .transpose()?,
        clause,
    })
}

fn cut(
    checker: &Checker<'_>,
    day: &Option<Spanned<MonthDay>>,
    year: Option<WindowYear>,
    span: Range<usize>,
) -> Checked<Option<Cut>> {
    match (day.as_ref().map(|day| day.get_ref()), year) {
        (Some(day), Some(year)) => Ok(Some(Cut {
            month: day.month,
            day: day.day,
            year,
        })),
        (None, None) => Ok(None),
        _ => checker.error(
            span,
            "expected opens with opens_in and closes with closes_in: \"same\" or \"previous\"",
        ),
    }
}

fn continuity(checker: &Checker<'_>, shape: &Spanned<ContinuityShape>) -> Checked<ContinuityRule> {
    let rule = shape.get_ref();
    Ok(ContinuityRule {
        from_year: rule.from_year,
        break_keeps_zero_claim: rule.break_keeps_zero_claim,
        clause: checker.clause(shape.span(), rule)?,
    })
}

fn transfer(checker: &Checker<'_>, shape: &Spanned<TransferShape>) -> Checked<TransferRule> {
    let rule = shape.get_ref();
    Ok(TransferRule {
        gap_months: within(checker, &rule.gap_months)?,
        switch_years: rule.switch_years,
        clause: checker.clause(shape.span(), rule)?,
    })
}

/// The short form: no wait inside the window or for the exempt, the months for everybody else.
fn plain_starts(
    checker: &Checker<'_>,
    months: &Spanned<u32>,
    clause: &Clause,
) -> Checked<Vec<StartRule>> {
    let waiting_months = within(checker, months)?;
    let row = |rule: &str, title: &str, when, from, delay| StartRule {
        rule: rule.to_string(),
        title: title.to_string(),
        when,
        from,
        delay,
        clause: clause.clone(),
    };
    let window = StartWhen {
        payment: vec![PaidWhen::Window],
        ..StartWhen::default()
    };
    let exempt = StartWhen {
        exempt: Some(true),
        ..StartWhen::default()
    };
    let (now, late) = (Delay::Months(0), Delay::Months(waiting_months));
    let free = "新生儿或特殊人群免等待期";
    let all = StartWhen::default();
    Ok(vec![
        row(
            "window",
            "在集中缴费期内缴费",
            window,
            Origin::Coverage,
            now,
        ),
        row("exempt", free, exempt, Origin::Coverage, now),
        row("waiting", "集中缴费期后缴费", all, Origin::Payment, late),
    ])
}

fn within(checker: &Checker<'_>, months: &Spanned<u32>) -> Checked<u32> {
    match *months.get_ref() {
        months if months <= WAITING_MONTHS_MAX => Ok(months),
        _ => {
            let message = format!("expected at most {WAITING_MONTHS_MAX} months");
            checker.error(months.span(), message)
        }
    }
}

/// Rows of which the last and only the last takes every payment.
fn starts(checker: &Checker<'_>, shape: &EnrolmentShape, window: bool) -> Checked<Vec<StartRule>> {
    let rows = checker.rows(&shape.start, start)?;
    let span = |index: usize| shape.start.get(index).map_or(0..0, |row| row.span());
    let catch_all = rows.iter().position(|row| row.when.admits_all());
    match catch_all {
        Some(index) if index + 1 < rows.len() => {
            let message =
                "expected the row without conditions to be the last: this one never counts";
            return checker.error(span(index + 1), message);
        }
        None => {
            let message = "expected a last row without conditions: every payment must find one";
            return checker.error(span(rows.len().saturating_sub(1)), message);
        }
        Some(_) => {}
    }
    for (index, row) in rows.iter().enumerate() {
        if !window && !row.when.payment.is_empty() {
            return checker.error(span(index), "expected closes beside payment");
        }
        let asks_history = matches!(row.delay, Delay::Broken { .. })
            || row.when.history.contains(&super::waiting::Past::Broken);
        if asks_history && shape.broken_from_year.is_none() {
            return checker.error(span(index), "expected broken_from_year in [enrolment]");
        }
    }
    Ok(rows)
}

fn start(checker: &Checker<'_>, shape: &StartShape, span: Range<usize>) -> Checked<StartRule> {
    let from = shape.from.as_ref().map(|from| *from.get_ref());
    let from = from.unwrap_or_default();
    let unknown = match from {
        Origin::Birth if shape.when.age_days.is_none() => Some("age_days"),
        Origin::Arrears if shape.when.arrears_days.is_none() => Some("arrears_days"),
        _ => None,
    };
    if let Some(condition) = unknown {
        let at = shape.from.as_ref().map_or(span, |from| from.span());
        let message = format!("expected {condition} in when: the day is not known of everybody");
        return checker.error(at, message);
    }
    Ok(StartRule {
        rule: checker.rule(&shape.rule)?.to_string(),
        title: shape.title.clone(),
        when: start_when(checker, &shape.when, span.clone())?,
        from,
        delay: delay(checker, shape, span.clone())?,
        clause: checker.clause(span, shape)?,
    })
}

fn start_when(
    checker: &Checker<'_>,
    shape: &StartWhenShape,
    span: Range<usize>,
) -> Checked<StartWhen> {
    let days = |shape: &Option<RangeShape<u32>>| match shape {
        None => Ok(None),
        Some(range) => {
            let range = self::range(checker, Some(&Spanned::new(span.clone(), *range)))?;
            Ok(Some(DaysRange {
                from: range.from.unwrap_or(0),
                to: range.to,
            }))
        }
    };
    Ok(StartWhen {
        payment: shape.payment.clone(),
        history: shape.history.clone(),
        groups: checker.named_groups(&shape.groups)?,
        ways: shape.ways.clone(),
        age_days: days(&shape.age_days)?,
        arrears_days: days(&shape.arrears_days)?,
        exempt: shape.exempt,
    })
}

fn delay(checker: &Checker<'_>, shape: &StartShape, span: Range<usize>) -> Checked<Delay> {
    match (
        shape.days,
        &shape.months,
        &shape.natural_month,
        &shape.broken,
    ) {
        (None, None, None, None) => Ok(Delay::Months(0)),
        (Some(days), None, None, None) if days <= WAITING_DAYS_MAX => Ok(Delay::Days(days)),
        (Some(_), None, None, None) => {
            checker.error(span, format!("expected at most {WAITING_DAYS_MAX} days"))
        }
        (None, Some(months), None, None) => Ok(Delay::Months(within(checker, months)?)),
        (None, None, Some(month), None) => natural_month(checker, month),
        (None, Some(months), None, Some(broken)) => Ok(Delay::Broken {
            fixed: within(checker, months)?,
            rule: self::broken(checker, broken)?,
        }),
        _ => checker.error(
            span,
            "expected one of days, months, natural_month; broken only beside months",
        ),
    }
}

fn natural_month(checker: &Checker<'_>, shape: &Spanned<NaturalMonthShape>) -> Checked<Delay> {
    let month = shape.get_ref();
    if !(1..=WAITING_MONTHS_MAX).contains(&month.number) {
        let message = format!("expected a number from 1 to {WAITING_MONTHS_MAX}");
        return checker.error(shape.span(), message);
    }
    Ok(match month.first {
        MonthCount::PaymentMonth => Delay::MonthsToFirst(month.number - 1),
        MonthCount::FollowingMonth => Delay::MonthsToFirst(month.number),
    })
}

fn broken(checker: &Checker<'_>, shape: &Spanned<BrokenShape>) -> Checked<BrokenRule> {
    let rule = shape.get_ref();
    let floor = rule.floor.map(|floor| (floor.from_years, floor.months));
    let months = [
        rule.months_per_further_year,
        rule.months_per_repaid_year,
        floor.map_or(0, |(_, months)| months),
    ];
    if months.iter().any(|months| *months > WAITING_MONTHS_MAX) {
        let message = format!("expected at most {WAITING_MONTHS_MAX} months");
        return checker.error(shape.span(), message);
    }
    Ok(BrokenRule {
        months_per_further_year: rule.months_per_further_year,
        months_per_repaid_year: rule.months_per_repaid_year,
        floor,
    })
}
