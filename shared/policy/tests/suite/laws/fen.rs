//! One more fen of cost lowers no layer's share and not the person's, in packages without cliffs.
//!
//! A cliff, precisely, is any of these, and each is shown below to be one:
//!
//! - `either`: where another layer begins to pay more, the one before it falls to nothing;
//! - `difference`: what the listed layers pay more is paid less;
//! - `lines` in an adjustment: more of the dearer lines moves the others into lower bands, and
//!   parts of a base are rounded against one another;
//! - `base = "whole"` and a floor `of = "total"`: two layers pay for the same fen;
//! - a deductible that is a part of the base or of the total;
//! - a `bucket` of two layers, an account two layers draw on: what one takes the other lacks;
//! - `excludes_above_cap_of` and `only_above_cap_of`, unless they name the one layer directly
//!   before, its caps are on expenses and all its costs enter: costs above a cap on payments begin
//!   with all that lies behind the last fen paid, and what layers between took is not in them;
//! - a layer that takes a part of the costs an earlier layer took from, or `[[referral]]` or a
//!   third party did: what was taken is divided between the costs by rounded proportion.
//!
//! `count_unfinished_stay` is none within one claim: it moves the count of stays only, and that
//! never falls either.

use super::{law, tables};
use crate::slow::random::Dice;
use crate::slow::read::{Row, rows, text, words};
use kernel::*;
use policy::{Claim, Line, Package, Settlement, settle};
use std::cell::Cell;
use std::collections::BTreeSet;
use toml::Value;

/// The costs a layer may take, each followed by itself.
const BESIDES: [&str; 4] = ["first_pay", "referral", "over_limit", "own_pay"];

/// Takes every cliff out of a package.
pub fn level(dice: &mut Dice, package: &mut Row, examples: &mut Row) {
    package.remove("alternative");
    // Who divides the costs of all lines leaves no layer of some lines level.
    let by_lines = dice.chance(50);
    if by_lines {
        package.remove("referral");
        for claim in tables(examples, "example") {
            claim.remove("third_party");
        }
    }
    let names: Vec<String> = rows(package, "lines")
        .iter()
        .filter_map(|row| text(row, "name"))
        .map(str::to_string)
        .collect();
    let mut taken: Vec<BTreeSet<String>> = vec![];
    let mut drawn: BTreeSet<String> = BTreeSet::new();
    let mut before: Option<String> = None;
    let Some(Value::Array(layers)) = package.get_mut("layer") else {
        return;
    };
    layers.retain_mut(|layer| {
        let layer = layer.as_table_mut().unwrap();
        let stays = level_layer(layer, &mut drawn);
        if stays {
            let above_cap = level_cuts(layer, &before);
            nest(layer, &names, by_lines, above_cap, &mut taken);
            let on_fund = |cap: &&Row| text(cap, "on") == Some("fund");
            let capped = rows(layer, "cap").iter().any(on_fund);
            before = (!capped).then(|| text(layer, "rule").unwrap().to_string());
        }
        stays
    });
}

/// Lets a layer speak of costs above a cap only where they are those of the layer before; whether
/// it does.
fn level_cuts(layer: &mut Row, before: &Option<String>) -> bool {
    let mut speaks = false;
    for key in ["excludes_above_cap_of", "only_above_cap_of"] {
        if layer.remove(key).is_some()
            && let Some(before) = before
        {
            layer.insert(key.to_string(), vec![before.clone()].into());
            speaks = true;
        }
    }
    speaks
}

/// Takes the cliffs out of a layer; false when nothing is left of it.
fn level_layer(layer: &mut Row, drawn: &mut BTreeSet<String>) -> bool {
    for key in ["either", "base"] {
        layer.remove(key);
    }
    if let Some(Value::Array(adjusts)) = layer.get_mut("adjust") {
        adjusts.retain(|adjust| adjust.get("lines").is_none());
    }
    for floor in tables(layer, "floor") {
        floor.insert("of".to_string(), "net".into());
    }
    let rule = text(layer, "rule").unwrap().to_string();
    for cap in tables(layer, "cap") {
        if let Some(bucket) = text(cap, "bucket").filter(|bucket| *bucket != rule) {
            let own = format!("{}_{rule}", &bucket[..bucket.len().min(8)]);
            cap.insert("bucket".to_string(), own.into());
        }
    }
    for deductible in tables(layer, "deductible") {
        if text(deductible, "of").is_some_and(|of| of != "income") {
            let key = ["of", "rate", "at_least", "at_most"];
            key.iter().for_each(|key| drop(deductible.remove(*key)));
            deductible.insert("yuan".to_string(), "500".into());
        }
    }
    if let Some(Value::Array(draws)) = layer.get_mut("account") {
        draws.retain(|draw| drawn.insert(draw.as_str().unwrap().to_string()));
        if draws.is_empty() {
            return false;
        }
    }
    !layer.contains_key("difference")
}

/// Lets a layer take all or nothing of what each earlier layer took from.
fn nest(
    layer: &mut Row,
    names: &[String],
    by_lines: bool,
    above_cap: bool,
    taken: &mut Vec<BTreeSet<String>>,
) {
    let all = || names.iter().cloned().chain(["others".to_string()]);
    let entries = match layer.contains_key("enters") {
        true => words(layer, "enters"),
        false => vec!["in_scope".to_string()],
    };
    let mut costs: BTreeSet<String> = BTreeSet::new();
    for entry in entries {
        match entry.as_str() {
            "in_scope" if by_lines && layer.contains_key("lines") => {
                costs.extend(words(layer, "lines"));
            }
            "in_scope" => costs.extend(all()),
            _ => drop(costs.insert(entry)),
        }
    }
    // Costs above a cap are of the costs of the layer before.
    if let Some(before) = taken.last().filter(|_| above_cap) {
        costs.extend(before.clone());
    }
    while let Some(more) = taken
        .iter()
        .find(|other| !other.is_disjoint(&costs) && !other.is_subset(&costs))
    {
        costs.extend(more.clone());
    }
    let lines: Vec<String> = all().filter(|name| costs.contains(name)).collect();
    let besides = BESIDES
        .iter()
        .filter(|name| costs.contains(**name))
        .map(|name| name.to_string());
    let mut enters: Vec<String> = besides.collect();
    layer.remove("lines");
    if !lines.is_empty() {
        enters.push("in_scope".to_string());
        layer.insert("lines".to_string(), lines.into());
    }
    layer.insert("enters".to_string(), enters.into());
    taken.push(costs);
}

#[test]
fn one_more_fen_lowers_no_share() {
    let moved = Cell::new(0);
    law(120, level, |year| {
        let edges = edges(&year.table);
        for claim in &year.claims {
            let in_scope = settle(&year.package, claim).in_scope;
            // From nothing, and over every edge the package has.
            let starts = edges
                .iter()
                .map(|edge| edge - in_scope.0 - 2)
                .filter(|fen| *fen > 0);
            for start in std::iter::once(0).chain(starts) {
                let paid = rises(&year.package, claim, start, 5)?;
                moved.set(moved.get() + u32::from(paid));
            }
        }
        Ok(())
    });
    assert!(
        moved.get() > 300,
        "only {} of the fens were paid",
        moved.get()
    );
}

/// Every amount of a package, in fen: where something begins or ends.
fn edges(package: &Row) -> BTreeSet<i64> {
    fn walk(value: &Value, found: &mut BTreeSet<i64>) {
        match value {
            Value::String(text) => found.extend(Fen::parse_yuan(text).map(|fen| fen.0)),
            Value::Array(list) => list.iter().for_each(|value| walk(value, found)),
            Value::Table(table) => table
                .iter()
                .filter(|(key, _)| ["yuan", "from", "to"].contains(&key.as_str()) || found_in(key))
                .for_each(|(_, value)| walk(value, found)),
            _ => {}
        }
    }
    fn found_in(key: &str) -> bool {
        ["layer", "deductible", "schedule", "band", "cap"].contains(&key)
    }
    let mut found = BTreeSet::new();
    walk(&Value::Table(package.clone()), &mut found);
    found
}

/// What falls first while one more line grows by so many fen.
pub fn first_fall(package: &Package, claim: &Claim, fens: i64) -> Option<String> {
    rises(package, claim, 0, fens).err()
}

/// Whether anything is paid of the fens by which one more line grows from this many on; or what
/// falls.
fn rises(package: &Package, claim: &Claim, from: i64, fens: i64) -> Result<bool, String> {
    let mut before: Option<Settlement> = None;
    let mut paid = false;
    for fen in from..=from + fens {
        let settlement = settle(package, &with_line(claim, fen));
        if let Some(before) = &before {
            not_below(before, &settlement).map_err(|what| format!("{what} at {}", Fen(fen)))?;
            paid |= before.cash == settlement.cash;
        }
        before = Some(settlement);
    }
    Ok(paid)
}

/// The claim with one more line.
fn with_line(claim: &Claim, fen: i64) -> Claim {
    let mut facts = claim.facts().clone();
    let number = facts.lines.iter().map(|line| line.number).max().unwrap() + 1;
    let like = facts.lines[facts.lines.len() / 2].clone();
    facts.lines.push(Line {
        number,
        unit_price: UnitPrice::fen(fen),
        quantity: Quantity::whole(1),
        amount: Fen(fen),
        ..like
    });
    Claim::new(facts).unwrap()
}

/// What the second has less of than the first.
fn not_below(before: &Settlement, after: &Settlement) -> Result<(), String> {
    let shares = before.shares.iter().zip(&after.shares);
    let mut amounts: Vec<(&str, Fen, Fen)> = shares
        .map(|(before, after)| (&*before.rule, before.paid, after.paid))
        .collect();
    amounts.push(("cash", before.cash, after.cash));
    for (what, before, after) in amounts {
        if after < before {
            return Err(format!("{what} falls from {before} to {after}"));
        }
    }
    for (name, value) in before.deltas.iter() {
        if after.deltas.get(name) < value {
            return Err(format!(
                "{name} falls from {value} to {}",
                after.deltas.get(name)
            ));
        }
    }
    Ok(())
}
