//! A year of claims is one claim: where bands and deductible of every layer run over the year, it
//! does not matter how the bills of a person are cut into claims. That holds for packages without
//! cliffs (`fen`) that keep nothing by the stay: no line adjustments, no floors, no caps on
//! expenses or of a shorter period, no account, no referral, no third party.

use super::fen::level;
use super::{after, law, tables};
use crate::slow::random::Dice;
use crate::slow::read::{Row, text};
use kernel::Fen;
use policy::{Accumulators, Claim, settle};
use std::cell::Cell;
use std::collections::BTreeMap;
use toml::Value;

/// Lets every layer of a package run over the year, and the same person come with every claim on
/// the same day to the same place.
fn over_the_year(dice: &mut Dice, package: &mut Row, examples: &mut Row) {
    if let Some(Value::Array(layers)) = package.get_mut("layer") {
        layers.retain_mut(|layer| run_over_the_year(layer.as_table_mut().unwrap()));
    }
    level(dice, package, examples);
    package.remove("referral");
    let mut first: Option<Row> = None;
    for claim in tables(examples, "example") {
        ["third_party", "account", "continues"]
            .iter()
            .for_each(|key| drop(claim.remove(*key)));
        let first = first.get_or_insert_with(|| claim.clone());
        let own = ["name", "bill", "line"]
            .iter()
            .filter_map(|key| claim.remove_entry(*key));
        let own: Vec<(String, Value)> = own.collect();
        *claim = first.clone();
        ["bill", "line"]
            .iter()
            .for_each(|key| drop(claim.remove(*key)));
        claim.extend(own);
    }
}

fn run_over_the_year(layer: &mut Row) -> bool {
    for key in ["bands_over", "deductible_per"] {
        layer.insert(key.to_string(), "year".into());
    }
    if !layer.contains_key("origin") {
        layer.insert("origin".to_string(), "from_zero".into());
    }
    for key in [
        "floor",
        "deductible_year_max",
        "deductible_as",
        "deductible_from",
    ] {
        layer.remove(key);
    }
    for deductible in tables(layer, "deductible") {
        ["ordinal_factors", "per_days"]
            .iter()
            .for_each(|key| drop(deductible.remove(*key)));
    }
    let mut raised = false;
    if let Some(Value::Array(caps)) = layer.get_mut("cap") {
        let yearly = |cap: &Row| {
            text(cap, "on") == Some("fund") && text(cap, "per").is_none_or(|per| per == "year")
        };
        caps.retain(|cap| cap.as_table().is_some_and(yearly));
        raised = !caps.is_empty();
    }
    if !raised {
        for adjust in tables(layer, "adjust") {
            ["cap_plus", "no_cap"]
                .iter()
                .for_each(|key| drop(adjust.remove(*key)));
            if !adjust.keys().any(|key| CHANGES.contains(&key.as_str())) {
                adjust.insert("points".to_string(), "0%".into());
            }
        }
    }
    text(layer, "payer") != Some("account")
}

const CHANGES: [&str; 5] = [
    "points",
    "factor",
    "own_factor",
    "rate",
    "deductible_factor",
];

#[test]
fn a_year_of_claims_is_one_claim() {
    let several = Cell::new(0);
    law(150, over_the_year, |year| {
        let mut used = Accumulators::default();
        let mut paid: BTreeMap<String, Fen> = BTreeMap::new();
        let mut paying = 0;
        for claim in &year.claims {
            let settlement = settle(&year.package, &after(claim, &used));
            used = used.plus(&settlement.deltas);
            paying += u32::from(settlement.funds() > Fen::ZERO);
            for share in &settlement.shares {
                *paid.entry(share.rule.to_string()).or_default() += share.paid;
            }
        }
        several.set(several.get() + u32::from(paying > 1));
        let whole = settle(&year.package, &joined(&year.claims));
        for share in &whole.shares {
            let parts = paid[&*share.rule];
            if parts != share.paid {
                return Err(format!(
                    "{}: {parts} in parts, {} at once",
                    share.rule, share.paid
                ));
            }
        }
        for (name, value) in whole
            .deltas
            .iter()
            .filter(|(name, _)| *name != "stays_count")
        {
            if used.get(name) != value {
                return Err(format!(
                    "{name}: {} in parts, {value} at once",
                    used.get(name)
                ));
            }
        }
        Ok(())
    });
    assert!(
        several.get() > 30,
        "only {} years of several payments",
        several.get()
    );
}

/// All the bills in one claim.
fn joined(claims: &[Claim]) -> Claim {
    let mut facts = claims[0].facts().clone();
    facts.lines = claims
        .iter()
        .flat_map(|claim| claim.lines().to_vec())
        .collect();
    facts
        .lines
        .iter_mut()
        .zip(1..)
        .for_each(|(line, number)| line.number = number);
    Claim::new(facts).unwrap()
}
