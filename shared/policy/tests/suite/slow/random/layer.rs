//! A random layer, with everything section 6 knows.

use super::super::read::{Row, flag, row, rows};
use super::caps::put_caps;
use super::when::{self, keys};
use super::{Dice, Names, put, put_rows, put_source};

const FUNDS: [&str; 6] = ["390100", "390102", "390200", "610100", "610200", "310100"];
const TRACES: [&str; 6] = [
    "pool",
    "outpatient",
    "large",
    "critical",
    "civil_servant",
    "unlisted",
];

/// What a layer is for.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// A fund pays by bands.
    Fund,
    /// The hospital pays by bands.
    Hospital,
    /// The person's accounts pay.
    Account,
    /// 两种待遇之差.
    Difference,
}

/// Where a layer stands.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// 代号.
    pub rule: &'a str,
    /// What it is for.
    pub kind: Kind,
    /// The rules of the layers before it.
    pub before: &'a [String],
    /// The bucket it may share.
    pub bucket: &'a str,
}

/// A layer in its place.
pub fn layer(dice: &mut Dice, names: &Names, place: Place) -> Row {
    let Place {
        rule,
        kind,
        before,
        bucket,
    } = place;
    let mut layer = Row::new();
    put(&mut layer, "rule", rule);
    put(&mut layer, "name", format!("层{rule}"));
    let (fund, trace) = match kind {
        Kind::Account => ("310200", "account"),
        _ => (dice.pick(&FUNDS), dice.pick(&TRACES)),
    };
    put(&mut layer, "fund", fund);
    put(&mut layer, "trace", trace);
    match kind {
        Kind::Fund if dice.chance(50) => put(&mut layer, "payer", "fund"),
        Kind::Hospital => put(&mut layer, "payer", "hospital"),
        Kind::Account => {
            put(&mut layer, "payer", "account");
            put(
                &mut layer,
                "account",
                dice.some(&["current", "past", "shared"], 3),
            );
        }
        _ => {}
    }
    if dice.chance(45) {
        put(&mut layer, "when", when::when(dice, names, &[]));
    }
    put_base(dice, names, &mut layer, before, kind);
    put_source(dice, names, &mut layer);
    match kind {
        Kind::Difference => {
            let mut difference = Row::new();
            put(&mut difference, "with", dice.pick(&names.alternatives));
            put(&mut difference, "of", dice.some(before, before.len()));
            put(&mut layer, "difference", difference);
        }
        Kind::Account => put_whole_band(dice, names, &mut layer),
        _ => put_insides(dice, names, &mut layer),
    }
    if kind != Kind::Account || dice.chance(30) {
        put_caps(dice, names, &mut layer, bucket, kind == Kind::Account);
    }
    layer
}

fn put_base(dice: &mut Dice, names: &Names, layer: &mut Row, before: &[String], kind: Kind) {
    let all = ["in_scope", "first_pay", "referral", "over_limit", "own_pay"];
    let share = if kind == Kind::Account { 70 } else { 25 };
    if dice.chance(share) {
        let mut enters = dice.some(&all, 5);
        if !enters.contains(&"in_scope") && dice.chance(60) {
            enters.push("in_scope");
        }
        put(layer, "enters", enters);
    }
    let in_scope = layer
        .get("enters")
        .is_none_or(|list| list.to_string().contains("in_scope"));
    if in_scope && names.lines.len() > 1 && dice.chance(25) {
        put(layer, "lines", dice.some(&names.lines, 2));
    }
    if dice.chance(30) {
        put(layer, "base", dice.pick(&["rest", "whole", "whole"]));
    }
    if !before.is_empty() && dice.chance(15) {
        put(layer, "excludes_above_cap_of", dice.some(before, 2));
    }
    if !before.is_empty() && dice.chance(15) && !layer.contains_key("excludes_above_cap_of") {
        put(layer, "only_above_cap_of", dice.some(before, 2));
    }
}

/// The one band of an account layer.
fn put_whole_band(dice: &mut Dice, names: &Names, layer: &mut Row) {
    put(layer, "bands_over", "stay");
    let mut band = Row::new();
    put(&mut band, "from", "0");
    put(&mut band, "rate", "100%");
    put_source(dice, names, &mut band);
    let mut schedule = Row::new();
    put(&mut schedule, "band", vec![band]);
    put(layer, "schedule", vec![schedule]);
}

fn put_insides(dice: &mut Dice, names: &Names, layer: &mut Row) {
    let taken = keys(row(layer, "when"));
    let bands_over = dice.pick(&["stay", "year"]);
    let deductible_per = dice.pick(&["stay", "year"]);
    let by_year = (bands_over, deductible_per) == ("year", "year");
    let charged = by_year && dice.chance(40);
    let places = by_year && !charged;
    put(layer, "bands_over", bands_over);
    put(layer, "deductible_per", deductible_per);
    if charged {
        put(layer, "deductible_as", "charged");
    } else if bands_over == "stay" && dice.chance(15) {
        put(layer, "deductible_from", "payment");
    }
    let from_payment = layer.contains_key("deductible_from");
    let from_zero = !from_payment && dice.chance(40);
    if from_zero {
        put(layer, "origin", "from_zero");
    } else if !from_payment {
        put(layer, "origin", "above_deductible");
    }
    if dice.chance(12) {
        put(layer, "per_disease", true);
    }
    if dice.chance(30) {
        put(layer, "max_rate", dice.percent(50, 100));
    }
    if dice.chance(70) {
        put_deductibles(dice, names, layer, &taken, places);
    }
    let schedules = when::rows(dice, names, &taken, 3, |dice| {
        schedule(dice, names, from_zero)
    });
    put_rows(layer, "schedule", schedules);
    if dice.chance(45) {
        put_adjusts(dice, names, layer, &taken);
    }
    if dice.chance(20) {
        let floors = when::rows(dice, names, &taken, 2, |dice| {
            let mut row = Row::new();
            put(&mut row, "rate", dice.percent(10, 90));
            put(&mut row, "of", dice.pick(&["base", "net", "total"]));
            put_source(dice, names, &mut row);
            row
        });
        put_rows(layer, "floor", floors);
    }
}

fn put_deductibles(
    dice: &mut Dice,
    names: &Names,
    layer: &mut Row,
    taken: &[String],
    places: bool,
) {
    let rows = when::rows(dice, names, taken, 3, |dice| {
        let mut row = Row::new();
        if !names.figures.is_empty() && dice.chance(25) {
            put(&mut row, "figure", dice.pick(&names.figures));
            put(&mut row, "rate", dice.percent(1, 6));
        } else if dice.chance(20) {
            put_share(dice, &mut row);
        } else {
            put(&mut row, "yuan", dice.yuan(0, 2_500));
        }
        if !places && dice.chance(35) {
            let count = dice.between(1, 4);
            let mut factors = vec![];
            for _ in 0..count {
                factors.push(dice.percent(0, 100));
            }
            put(&mut row, "ordinal_factors", factors);
        }
        if !places && dice.chance(20) {
            put(&mut row, "per_days", dice.pick(&[10, 30, 180]));
        }
        put_source(dice, names, &mut row);
        row
    });
    put_rows(layer, "deductible", rows);
    if !places && dice.chance(30) {
        let rows = when::rows(dice, names, taken, 2, |dice| {
            let mut row = Row::new();
            put(&mut row, "yuan", dice.yuan(100, 5_000));
            put_source(dice, names, &mut row);
            row
        });
        put_rows(layer, "deductible_year_max", rows);
    }
}

/// A deductible that is a share of something.
fn put_share(dice: &mut Dice, row: &mut Row) {
    put(row, "of", dice.pick(&["total", "base", "income"]));
    put(row, "rate", dice.percent(1, 30));
    if dice.chance(40) {
        put(row, "at_least", dice.yuan(0, 1_000));
    }
    if dice.chance(40) {
        put(row, "at_most", dice.yuan(1_000, 2_500));
    }
}

/// One to four bands that follow one another; the last one mostly open.
fn schedule(dice: &mut Dice, names: &Names, from_zero: bool) -> Row {
    let count = dice.between(1, 4);
    let mut bands = vec![];
    let mut from = 0;
    for place in 1..=count {
        let mut band = Row::new();
        put(&mut band, "from", yuan(from));
        let last = place == count;
        if !last || dice.chance(20) {
            // A deductible lies in the first band of a schedule from zero.
            let least = if from_zero && place == 1 { 300_000 } else { 1 };
            from += dice.between(least, 3_000_000);
            if dice.chance(60) {
                from = (from / 100_000 + 3) * 100_000;
            }
            put(&mut band, "to", yuan(from));
        }
        put(&mut band, "rate", dice.percent(0, 100));
        if dice.chance(15) {
            put(
                &mut band,
                "age_points",
                dice.pick(&["0.2%", "0.05%", "1%", "0.33%"]),
            );
        }
        put_source(dice, names, &mut band);
        bands.push(band);
    }
    let mut schedule = Row::new();
    put(&mut schedule, "band", bands);
    schedule
}

fn yuan(fen: i64) -> String {
    match fen % 100 {
        0 => (fen / 100).to_string(),
        part => format!("{}.{part:02}", fen / 100),
    }
}

fn put_adjusts(dice: &mut Dice, names: &Names, layer: &mut Row, taken: &[String]) {
    let adjust_names = dice.some(&["tilt", "tcm", "age", "local"], 3);
    let of_cap = !flag(layer, "per_disease").unwrap_or(false);
    let mut named = vec![];
    for adjust_name in adjust_names {
        let deductible = row_exists(layer, "deductible");
        let rows = when::rows(dice, names, taken, 3, |dice| {
            let mut adjust = adjust(dice, names, deductible, of_cap);
            if adjust_name != "tilt" || dice.chance(50) {
                put(&mut adjust, "name", adjust_name);
            }
            adjust
        });
        named.push(rows);
    }
    let adjusts = dice.mingled(named);
    let lines = adjusts.iter().any(|row| row.contains_key("lines"));
    if lines && dice.chance(70) {
        put(
            layer,
            "deductible_split",
            dice.pick(&["proportional", "others_first"]),
        );
    }
    put_rows(layer, "adjust", adjusts);
}

fn row_exists(layer: &Row, key: &str) -> bool {
    !rows(layer, key).is_empty()
}

fn adjust(dice: &mut Dice, names: &Names, deductible: bool, of_cap: bool) -> Row {
    let mut row = Row::new();
    match dice.between(1, 10) {
        1..=3 => put(&mut row, "points", dice.percent(0, 30)),
        4 => put(&mut row, "points", format!("-{}", dice.percent(1, 30))),
        5..=6 => put(&mut row, "factor", dice.percent(50, 150)),
        7 => put(&mut row, "factor", dice.percent(0, 1_000)),
        8 => put(&mut row, "own_factor", dice.percent(0, 100)),
        9 => put(&mut row, "rate", dice.percent(0, 100)),
        _ => {}
    }
    if !row.is_empty() && !row.contains_key("rate") && dice.chance(30) {
        put(&mut row, "max_rate", dice.percent(60, 100));
    }
    if !row.is_empty() && names.lines.len() > 1 && dice.chance(35) {
        put(&mut row, "lines", dice.some(&names.lines, 2));
    } else {
        if deductible && dice.chance(30) {
            put(&mut row, "deductible_factor", dice.percent(0, 100));
        }
        if of_cap && dice.chance(25) {
            put(&mut row, "cap_plus", dice.yuan(100, 20_000));
        }
        if of_cap && dice.chance(8) {
            put(&mut row, "no_cap", true);
        }
    }
    if row.is_empty() {
        put(&mut row, "points", "5%");
    }
    put_source(dice, names, &mut row);
    row
}
