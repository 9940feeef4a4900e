//! 起付线: section 6.1 of the format document.

use super::layer::{Adjusts, World};
use super::read::*;
use super::when::first;

/// How a layer's deductible and bands lie in the year.
#[derive(Clone, Copy, PartialEq)]
pub enum Regime {
    /// Bands begin anew each time, above the deductible or with it in the first of them.
    EachTime,
    /// Bands begin anew each time and know no deductible; it is taken from what they pay.
    EachTimeWhole,
    /// Bands run through the year; what was charged as deductible counts.
    YearOverCharged,
    /// Bands run through the year and the deductible is a place on them.
    YearFromPlace,
}

/// Which of the four a layer has.
pub fn regime(layer: &Row) -> Regime {
    let is = |key, value| text(layer, key) == Some(value);
    if !is("bands_over", "year") {
        return match is("deductible_from", "payment") {
            true => Regime::EachTimeWhole,
            false => Regime::EachTime,
        };
    }
    match is("deductible_per", "year") && !is("deductible_as", "charged") {
        true => Regime::YearFromPlace,
        false => Regime::YearOverCharged,
    }
}

/// 应付起付线, before what was already paid: standard, ordinal, long stays, then adjusts. Nothing
/// when it hangs on an income that nobody knows.
pub fn due(world: &World, layer: &Row, adjusts: &Adjusts, base: i128) -> Option<i128> {
    let claim = world.claim;
    let Some(line) = first(world.package, rows(layer, "deductible"), claim) else {
        return Some(0);
    };
    let mut due = standard(world, line, base)?;
    if let Some(factors) = texts(line, "ordinal_factors") {
        let place = (world.ordinal() as usize).min(factors.len()) - 1;
        due = at(due, percent(factors[place]));
    }
    if let Some(days) = whole(line, "per_days") {
        // Each begun period counts.
        due *= (claim.days() + days - 1) / days;
    }
    for factor in adjusts.of_the_bill("deductible_factor") {
        due = at(due, percent(factor));
    }
    Some(due)
}

/// 标准: an amount, or a share of a figure, the bill, the base or the income.
fn standard(world: &World, line: &Row, base: i128) -> Option<i128> {
    if let Some(yuan) = fen(line, "yuan") {
        return Some(yuan);
    }
    let of = match (text(line, "figure"), text(line, "of")) {
        (Some(figure), _) => world.figure(figure),
        (_, Some("total")) => world.total(),
        (_, Some("base")) => base,
        (_, Some("income")) => world.claim.income?,
        other => panic!("{other:?} is no deductible"),
    };
    let standard = at(of, rate(line, "rate").unwrap());
    let standard = fen(line, "at_least").map_or(standard, |least| standard.max(least));
    Some(fen(line, "at_most").map_or(standard, |most| standard.min(most)))
}

/// What of it is still open, when the year has charged `before` already.
pub fn open(world: &World, layer: &Row, due: i128, before: i128) -> i128 {
    let already = if text(layer, "deductible_per") == Some("year") {
        before
    } else {
        world.paid_in_this_stay(layer)
    };
    let open = (due - already).max(0);
    match first(
        world.package,
        rows(layer, "deductible_year_max"),
        world.claim,
    ) {
        Some(most) => open.min((fen(most, "yuan").unwrap() - before).max(0)),
        None => open,
    }
}
