//! Random caps of a layer.

use super::super::read::{Row, flag, row, rows};
use super::when::{self, keys};
use super::{Dice, Names, put, put_rows, put_source};

/// What the rows of one purse have in common.
#[derive(Clone, Copy, PartialEq)]
struct Purse {
    on: &'static str,
    per: &'static str,
    shared: bool,
    by_disease: bool,
}

impl Purse {
    /// The one that adjusts and standing may raise.
    const PLAIN: Purse = Purse {
        on: "fund",
        per: "year",
        shared: false,
        by_disease: false,
    };
}

/// Writes up to three purses of one to three rows; the shared ones in this bucket.
pub fn put_caps(dice: &mut Dice, names: &Names, layer: &mut Row, bucket: &str, account: bool) {
    let taken = keys(row(layer, "when"));
    let raised = rows(layer, "adjust")
        .iter()
        .any(|row| row.contains_key("cap_plus") || row.contains_key("no_cap"));
    let layer_by_disease = flag(layer, "per_disease").unwrap_or(false);
    let mut purses = if raised { vec![Purse::PLAIN] } else { vec![] };
    for _ in 0..dice.pick(&[0, 1, 1, 1, 2, 3]) {
        let purse = purse(dice, layer_by_disease, account);
        if !purses.contains(&purse) {
            purses.push(purse);
        }
    }
    let mut caps = vec![];
    for purse in purses {
        let plain = purse == Purse::PLAIN && !layer_by_disease;
        caps.push(when::rows(dice, names, &taken, 3, |dice| {
            let mut cap = cap(dice, names, purse.per, plain);
            put(&mut cap, "on", purse.on);
            if purse.per != "year" || dice.chance(30) {
                put(&mut cap, "per", purse.per);
            }
            if purse.shared {
                put(&mut cap, "bucket", bucket);
            }
            if purse.by_disease != layer_by_disease || dice.chance(10) {
                put(&mut cap, "per_disease", purse.by_disease);
            }
            cap
        }));
    }
    let caps = dice.mingled(caps);
    put_rows(layer, "cap", caps);
}

fn purse(dice: &mut Dice, layer_by_disease: bool, account: bool) -> Purse {
    let per = dice.pick(&["year", "year", "quarter", "month", "stay", "day"]);
    let lasts = per != "stay" && per != "day";
    Purse {
        on: dice.pick(&["fund", "fund", "expense"]),
        per,
        shared: lasts && !account && dice.chance(25),
        by_disease: layer_by_disease != (lasts && dice.chance(12)),
    }
}

fn cap(dice: &mut Dice, names: &Names, per: &str, plain: bool) -> Row {
    let mut row = Row::new();
    put_source(dice, names, &mut row);
    if dice.chance(10) {
        put(&mut row, "none", true);
        return row;
    }
    let most = match per {
        "year" => dice.pick(&[500, 8_000, 60_000]),
        "day" => 1_000,
        _ => 10_000,
    };
    if !names.figures.is_empty() && dice.chance(15) {
        put(&mut row, "figure", dice.pick(&names.figures));
        put(&mut row, "rate", dice.percent(1, 600));
    } else {
        put(&mut row, "yuan", dice.yuan(100, most));
    }
    if dice.chance(10) {
        put(&mut row, "per_further_disease", dice.yuan(10, 1_000));
    }
    if plain && dice.chance(30) {
        let mut incentive = Row::new();
        put(&mut incentive, "after_years", dice.between(1, 6));
        put(&mut incentive, "per_year", dice.yuan(0, 3_000));
        put(&mut incentive, "zero_claim", dice.yuan(0, 3_000));
        put(&mut incentive, "max_share", dice.percent(5, 40));
        put(&mut row, "incentive", incentive);
    }
    row
}
