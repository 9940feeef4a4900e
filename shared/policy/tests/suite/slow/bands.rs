//! 分段与调整: section 6.2 of the format document.

use super::deductible::{Regime, regime};
use super::layer::{Adjusts, World};
use super::read::*;

/// A share of a layer's base.
pub struct Part {
    /// The group that adjusts single out; none for everything else.
    pub group: Option<String>,
    /// What of the base it is.
    pub base: i128,
    /// What of the deductible it bears.
    pub deductible: i128,
}

/// Where a claim lies on the bands of its layer.
pub struct Place {
    /// The year's base before this claim.
    pub base_before: i128,
    /// The deductibles the year has paid before this claim.
    pub deductible_before: i128,
    /// 基数 of this claim.
    pub base: i128,
    /// 应付起付线, where the deductible is a place.
    pub due: i128,
    /// What this claim is charged.
    pub charged: i128,
}

/// What lies in one band of one part, and what is paid for it.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The costs.
    pub costs: i128,
    /// The rate, after every adjust.
    pub rate: i128,
    /// The payment, rounded by itself.
    pub paid: i128,
}

/// What the bands of a schedule pay: band by band, in each part by part.
pub fn pay(
    world: &World,
    layer: &Row,
    bands: &[&Row],
    adjusts: &Adjusts,
    place: &Place,
    parts: &[Part],
) -> Vec<Piece> {
    let mut pieces = vec![];
    let net: Vec<i128> = parts
        .iter()
        .map(|part| part.base - part.deductible)
        .collect();
    for band in bands {
        let (before, after) = amounts(layer, band, place);
        let rate = |part: &Part| band_rate(world, layer, band, adjusts, part.group.as_deref());
        if let [one] = parts {
            let rate = rate(one);
            pieces.push(Piece {
                costs: after - before,
                rate,
                paid: at(after, rate) - at(before, rate),
            });
            continue;
        }
        let portions = portions(after - before, &net);
        for (part, costs) in parts.iter().zip(portions) {
            let rate = rate(part);
            let paid = at(costs, rate);
            pieces.push(Piece { costs, rate, paid });
        }
    }
    pieces
}

/// How much lies in the band before this claim and after it.
fn amounts(layer: &Row, band: &Row, place: &Place) -> (i128, i128) {
    let from_zero = text(layer, "origin") == Some("from_zero");
    let lower = fen(band, "from").unwrap();
    let upper = fen(band, "to").unwrap_or(i128::MAX);
    let within = |start: i128, end: i128| (end.min(upper) - start.max(lower)).max(0);
    let (before, now) = (place.base_before, place.base);
    match regime(layer) {
        Regime::EachTimeWhole => (0, within(0, now)),
        Regime::EachTime if from_zero => (0, within(place.charged, now)),
        Regime::EachTime => (0, within(0, now - place.charged)),
        Regime::YearOverCharged if from_zero => {
            (within(0, before + place.charged), within(0, before + now))
        }
        Regime::YearOverCharged => {
            let start = (before - place.deductible_before).max(0);
            let end = start + now - place.charged;
            (within(0, start), within(0, end))
        }
        Regime::YearFromPlace => {
            let up_to = |position: i128| match from_zero {
                true => within(place.due, position),
                false => within(0, (position - place.due).max(0)),
            };
            (up_to(before), up_to(before + now))
        }
    }
}

/// The rate of a band for the lines of a group, after every adjust.
fn band_rate(
    world: &World,
    layer: &Row,
    band: &Row,
    adjusts: &Adjusts,
    group: Option<&str>,
) -> i128 {
    let between = |rate: i128| rate.clamp(0, ONE);
    let mut rate_now = rate(band, "rate").unwrap();
    if let (Some(points), Some(age)) = (rate(band, "age_points"), world.claim.age) {
        rate_now = between(rate_now + points * age);
    }
    for adjust in adjusts.of_lines(group) {
        let before = rate_now;
        if let Some(points) = rate(adjust, "points") {
            rate_now = between(before + points);
        }
        if let Some(factor) = rate(adjust, "factor") {
            rate_now = between(at(before, factor));
        }
        if let Some(factor) = rate(adjust, "own_factor") {
            // 1 − (1 − r) × f, rounded once.
            rate_now = between(half_up(ONE * ONE - (ONE - before) * factor, ONE));
        }
        if let Some(instead) = rate(adjust, "rate") {
            rate_now = instead;
        }
        if let Some(most) = rate(adjust, "max_rate") {
            rate_now = rate_now.min(most.max(before));
        }
    }
    match rate(layer, "max_rate") {
        Some(most) => rate_now.min(most),
        None => rate_now,
    }
}

/// The base in parts, each with its deductible: first everything no adjust singles out, then the
/// groups of lines that are singled out.
pub fn parts(
    layer: &Row,
    adjusts: &Adjusts,
    entered: &[(Option<String>, i128)],
    base: i128,
    deductible: i128,
) -> Vec<Part> {
    let singled = |entry: &&(Option<String>, i128)| adjusts.single_out(entry.0.as_deref());
    let together: i128 = entered
        .iter()
        .filter(|e| !singled(e))
        .map(|(_, amount)| amount)
        .sum();
    let mut groups = vec![None];
    let mut weights = vec![together];
    for (group, amount) in entered.iter().filter(singled) {
        groups.push(group.clone());
        weights.push(*amount);
    }
    let bases = portions(base, &weights);
    let deductibles = match text(layer, "deductible_split") {
        Some("others_first") => in_turn(deductible, &bases),
        _ => portions(deductible, &bases),
    };
    let parts = groups.into_iter().zip(bases).zip(deductibles);
    parts
        .map(|((group, base), deductible)| Part {
            group,
            base,
            deductible,
        })
        .collect()
}

fn in_turn(deductible: i128, bases: &[i128]) -> Vec<i128> {
    let mut rest = deductible;
    let mut borne = vec![];
    for base in bases {
        borne.push(rest.min(*base));
        rest -= rest.min(*base);
    }
    borne
}
