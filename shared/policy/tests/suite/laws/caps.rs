//! No cap is passed: what the layers of a bucket paid in a period, or took in, is not above the
//! highest amount any row of the cap could have allowed. Rows are not chosen here, so that the law
//! knows nothing of conditions; a cap that may be open is not looked at.

use super::{any, law};
use crate::slow::read::{Row, fen, flag, rate, row, rows, text};
use policy::{Claim, Settlement, Share};
use std::cell::Cell;
use std::collections::BTreeMap;

/// Bucket, kind, period, whether each disease has its own.
type Key = (String, String, String, bool);

/// The caps of a package that are never open, with the layers that count towards each.
fn closed(package: &Row) -> BTreeMap<Key, Vec<(String, Cap)>> {
    let mut caps: BTreeMap<Key, Vec<(String, Cap)>> = BTreeMap::new();
    for layer in rows(package, "layer") {
        let rule = text(layer, "rule").unwrap();
        let diseases = flag(layer, "per_disease").unwrap_or(false);
        let mut own: BTreeMap<Key, Vec<&Row>> = BTreeMap::new();
        for cap in rows(layer, "cap") {
            let word = |key: &str, default: &str| text(cap, key).unwrap_or(default).to_string();
            let each = flag(cap, "per_disease").unwrap_or(diseases);
            let key = (
                word("bucket", rule),
                word("on", ""),
                word("per", "year"),
                each,
            );
            own.entry(key).or_default().push(cap);
        }
        for (key, rows) in own {
            let cap = Cap::of(package, layer, &rows);
            caps.entry(key).or_default().push((rule.to_string(), cap));
        }
    }
    caps.retain(|_, caps| caps.iter().all(|(_, cap)| !cap.open));
    caps
}

/// The most a layer's rows of one kind may come to.
struct Cap {
    /// Whether there may be no limit at all.
    open: bool,
    amount: i128,
    /// For each further disease.
    further: i128,
}

impl Cap {
    fn of(package: &Row, layer: &Row, caps: &[&Row]) -> Cap {
        let last = caps.last().unwrap();
        let none = |cap: &&Row| flag(cap, "none").unwrap_or(false);
        let lifted = |adjust: &&Row| flag(adjust, "no_cap").unwrap_or(false);
        let adjusts = rows(layer, "adjust");
        let plus: i128 = adjusts
            .iter()
            .filter_map(|adjust| fen(adjust, "cap_plus"))
            .sum();
        let further = caps
            .iter()
            .filter_map(|cap| fen(cap, "per_further_disease"))
            .max();
        Cap {
            open: last.contains_key("when") || caps.iter().any(none) || adjusts.iter().any(lifted),
            amount: caps.iter().map(|cap| highest(package, cap)).max().unwrap() + plus,
            further: further.unwrap_or(0),
        }
    }

    fn most(&self, claim: &Claim, per: &str) -> i128 {
        let facts = claim.facts();
        let further = facts.diseases.len().saturating_sub(1) as i128;
        let amount = self.amount + self.further * further;
        match per {
            "day" => amount * i128::from(facts.begin.days_until(facts.day).max(1)),
            _ => amount,
        }
    }
}

/// The amount of a row with all that an incentive may add.
fn highest(package: &Row, cap: &Row) -> i128 {
    let figures = rows(package, "figure");
    let figure = |name: &str| {
        let figure = figures
            .iter()
            .find(|figure| text(figure, "name") == Some(name))
            .unwrap();
        fen(figure, "yuan").unwrap() * rate(cap, "rate").unwrap() / 10_000 + 1
    };
    let amount = fen(cap, "yuan")
        .or_else(|| text(cap, "figure").map(figure))
        .unwrap_or(0);
    let share = row(cap, "incentive").and_then(|incentive| rate(incentive, "max_share"));
    amount + amount * share.unwrap_or(0) / 10_000 + 1
}

#[test]
fn no_cap_is_passed() {
    let reached = Cell::new(0);
    law(150, any, |year| {
        let done = year.settled();
        for ((bucket, on, per, each), caps) in closed(&year.table) {
            let mut used: BTreeMap<String, i128> = BTreeMap::new();
            let mut most: BTreeMap<String, i128> = BTreeMap::new();
            for (number, (claim, settlement)) in done.iter().enumerate() {
                let period = period(claim, &per, each, number);
                for (rule, cap) in &caps {
                    let share = share(settlement, rule);
                    let amount = if on == "fund" { share.paid } else { share.base };
                    *used.entry(period.clone()).or_default() += i128::from(amount.0);
                    let allowed = most.entry(period.clone()).or_default();
                    *allowed = (*allowed).max(cap.most(claim, &per));
                }
            }
            for (period, used) in used {
                reached.set(reached.get() + u32::from(used + 200 > most[&period] && used > 0));
                if used > most[&period] {
                    let most = most[&period];
                    return Err(format!(
                        "{bucket} {on} {per} {period}: {used} fen of {most}"
                    ));
                }
            }
        }
        Ok(())
    });
    assert!(
        reached.get() > 30,
        "only {} caps were reached",
        reached.get()
    );
}

fn share<'a>(settlement: &'a Settlement, rule: &str) -> &'a Share {
    settlement
        .shares
        .iter()
        .find(|share| *share.rule == *rule)
        .unwrap()
}

/// What a claim counts towards, by day and disease.
fn period(claim: &Claim, per: &str, each: bool, number: usize) -> String {
    let (facts, month) = (claim.facts(), claim.day().month());
    let time = match per {
        "year" => "year".to_string(),
        "quarter" => format!("quarter {}", month.div_ceil(3)),
        "month" => format!("month {month}"),
        _ => format!("claim {number}"),
    };
    let disease = facts
        .diseases
        .first()
        .map_or("-", |disease| disease.as_str());
    if each {
        format!("{time} {disease}")
    } else {
        time
    }
}
