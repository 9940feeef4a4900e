//! Random conditions, such that each row of a table can be reached.

use super::super::read::Row;
use super::{Dice, Names, put};
use toml::Value;

pub const CARE: [&str; 6] = ["21", "21", "28", "11", "14", "2102"];
pub const TIERS: [&str; 5] = ["1", "2", "3", "4", "9"];
pub const KINDS: [&str; 7] = ["A1", "A2", "A3", "A4", "B1", "B2", "C1"];
pub const PLACES: [&str; 4] = ["district", "city", "province", "outside"];
pub const FILING: [&str; 4] = ["none", "referred", "emergency", "resident"];
pub const IDENTITIES: [&str; 6] = ["2301", "2302", "2303", "2304", "2306", "2307"];
pub const PERSONS: [&str; 3] = ["11", "12", "13"];
pub const COVERED_BY: [&str; 3] = ["320", "330", "370"];
pub const DISEASES: [&str; 4] = ["M03900", "M00500", "M07800", "M01600"];
pub const DIAGNOSES: [&str; 4] = ["C", "C34", "D0", "I1"];

const KEYS: [&str; 13] = [
    "care",
    "tiers",
    "kinds",
    "places",
    "filing",
    "contracted",
    "groups",
    "persons",
    "ages",
    "covered_by",
    "diseases",
    "diagnoses",
    "same_year",
];

/// The keys that are not taken yet and can be written with these names.
fn free_keys(names: &Names, taken: &[String]) -> Vec<String> {
    let free = KEYS.iter().map(|key| key.to_string());
    let free = free.filter(|key| !taken.contains(key));
    free.filter(|key| key != "groups" || !names.groups.is_empty())
        .collect()
}

/// One or two conditions of keys that are not taken.
pub fn when(dice: &mut Dice, names: &Names, taken: &[String]) -> Row {
    let keys = free_keys(names, taken);
    let mut when = Row::new();
    for key in dice.some(&keys, 2) {
        put(&mut when, &key, condition(dice, names, &key));
    }
    put_not(dice, names, &mut when);
    when
}

/// Sometimes takes a part out again.
fn put_not(dice: &mut Dice, names: &Names, when: &mut Row) {
    if !dice.chance(12) {
        return;
    }
    let taken: Vec<String> = when.keys().cloned().collect();
    let keys = free_keys(names, &taken);
    let mut not = Row::new();
    for key in dice.some(&keys, 2) {
        put(&mut not, &key, condition(dice, names, &key));
    }
    put(when, "not", not);
}

/// The keys a `when` has.
pub fn keys(when: Option<&Row>) -> Vec<String> {
    when.map_or(vec![], |when| {
        when.keys().filter(|key| *key != "not").cloned().collect()
    })
}

/// Up to `most` rows of one table: either each on a key of its own, or all on one key with values
/// of their own; the last one often without any.
pub fn rows(
    dice: &mut Dice,
    names: &Names,
    taken: &[String],
    most: usize,
    make: impl Fn(&mut Dice) -> Row,
) -> Vec<Row> {
    let count = dice.between(1, most as i64) as usize;
    let last_is_open = dice.chance(75);
    let conditional = if last_is_open { count - 1 } else { count };
    let mut whens = match dice.chance(50) {
        true => on_one_key(dice, names, taken, conditional),
        false => on_own_keys(dice, names, taken, conditional),
    };
    whens.truncate(conditional);
    let mut rows = vec![];
    for when in whens {
        let mut row = make(dice);
        put(&mut row, "when", when);
        rows.push(row);
    }
    if last_is_open {
        rows.push(make(dice));
    }
    rows
}

fn on_own_keys(dice: &mut Dice, names: &Names, taken: &[String], count: usize) -> Vec<Row> {
    let keys = dice.some(&free_keys(names, taken), count.max(1));
    let condition = |key: &String| {
        let mut when = Row::new();
        put(&mut when, key, condition(dice, names, key));
        put_not(dice, names, &mut when);
        when
    };
    keys.iter().map(condition).collect()
}

fn on_one_key(dice: &mut Dice, names: &Names, taken: &[String], count: usize) -> Vec<Row> {
    let lists: [(&str, &[&str]); 6] = [
        ("tiers", &TIERS),
        ("kinds", &KINDS),
        ("places", &PLACES),
        ("filing", &FILING),
        ("persons", &PERSONS),
        ("covered_by", &COVERED_BY),
    ];
    let free = lists
        .iter()
        .filter(|(key, _)| !taken.contains(&key.to_string()));
    let free: Vec<_> = free.collect();
    let (key, values) = dice.pick(&free);
    // One value stays unnamed, so that a row after these can be reached.
    let mut values = dice.some(values, values.len());
    values.truncate(values.len().max(2) - 1);
    let mut whens = vec![];
    while whens.len() < count && !values.is_empty() {
        let size = dice.between(1, 2.min(values.len() as i64)) as usize;
        let mine: Vec<&str> = values.drain(..size).collect();
        let mut when = Row::new();
        put(&mut when, key, mine);
        let more = [taken, &[key.to_string()]].concat();
        if dice.chance(20) {
            let keys = free_keys(names, &more);
            let other = dice.pick(&keys);
            put(&mut when, &other, condition(dice, names, &other));
        }
        whens.push(when);
    }
    whens
}

fn condition(dice: &mut Dice, names: &Names, key: &str) -> Value {
    let mut list = |of: &[&str]| -> Value {
        let mut of = of.to_vec();
        of.dedup();
        let most = (of.len() - 1).min(3);
        dice.some(&of, most).into()
    };
    match key {
        "care" => list(&CARE),
        "tiers" => list(&TIERS),
        "kinds" => list(&KINDS),
        "places" => list(&PLACES),
        "filing" => list(&FILING),
        "persons" => list(&PERSONS),
        "covered_by" => list(&COVERED_BY),
        "diseases" => list(&DISEASES),
        "diagnoses" => list(&["C34", "D0", "I1"]),
        "groups" => dice.some(&names.groups, 2).into(),
        "contracted" => dice.chance(70).into(),
        "same_year" => true.into(),
        "ages" => {
            let mut ages = Row::new();
            let from = dice.between(0, 70);
            let shape = dice.between(1, 3);
            if shape != 2 {
                put(&mut ages, "from", from);
            }
            if shape != 1 {
                put(&mut ages, "to", from + dice.between(0, 30));
            }
            ages.into()
        }
        other => panic!("no random condition on {other}"),
    }
}
