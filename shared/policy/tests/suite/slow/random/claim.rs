//! Random claims of one random person, as `[[example]]` writes them: half of the codes are those
//! the package speaks of.

use super::super::read::{Row, name, rows, year_month_date};
use super::when::{
    CARE, COVERED_BY, DIAGNOSES, DISEASES, FILING, IDENTITIES, KINDS, PERSONS, PLACES, TIERS,
};
use super::{Dice, put, put_rows};
use std::collections::BTreeMap;
use toml::Value;

/// The codes a claim may carry, by the key of `when` or `[[lines]]` that asks for them.
#[derive(Clone)]
struct Codes(BTreeMap<String, Vec<String>>);

impl Codes {
    /// The ordinary ones, and those that a package lists.
    fn of(package: &Row) -> Codes {
        let ordinary: [(&str, &[&str]); 12] = [
            ("care", &CARE),
            ("tiers", &TIERS),
            ("kinds", &KINDS),
            ("places", &PLACES),
            ("filing", &FILING),
            ("identities", &IDENTITIES),
            ("persons", &PERSONS),
            ("covered_by", &COVERED_BY),
            ("diseases", &DISEASES),
            ("diagnoses", &DIAGNOSES),
            ("marks", &["ethnic", "targeted", "negotiated", "special"]),
            ("items", &["XL01XE", "XB01", "ZA01", "A001", "A101", "A201"]),
        ];
        let mut codes = Codes(BTreeMap::new());
        for (key, ordinary) in ordinary {
            let ordinary = ordinary.iter().map(|code| code.to_string());
            codes.0.insert(key.to_string(), ordinary.collect());
        }
        codes.gather(package);
        codes
    }

    fn gather(&mut self, table: &Row) {
        for (key, value) in table {
            match (value, self.0.get_mut(key)) {
                (Value::Array(list), Some(codes)) => {
                    codes.extend(list.iter().filter_map(Value::as_str).map(str::to_string));
                }
                (Value::Array(list), None) => {
                    list.iter()
                        .filter_map(Value::as_table)
                        .for_each(|row| self.gather(row));
                }
                (Value::Table(table), _) => self.gather(table),
                _ => {}
            }
        }
    }

    fn one(&self, dice: &mut Dice, key: &str) -> String {
        dice.pick(&self.0[key])
    }

    fn some(&self, dice: &mut Dice, key: &str, most: usize) -> Vec<String> {
        let mut some: Vec<String> = vec![];
        for code in dice.some(&self.0[key], most) {
            if !some.contains(&code) {
                some.push(code);
            }
        }
        some
    }
}

/// What of a person stays the same through the claims of a year.
#[derive(Clone)]
pub struct Person {
    codes: Codes,
    facts: Row,
    year: i64,
    /// The day of the last settlement, counted from the first of January.
    day: i64,
}

/// Somebody, in the first whole year of a package.
pub fn person(dice: &mut Dice, package: &Row) -> Person {
    let codes = Codes::of(package);
    let (year, month, date) = year_month_date(name(package, "from"));
    let later = (month, date) != (1, 1);
    Person {
        facts: facts(dice, &codes),
        codes,
        year: year as i64 + i64::from(later),
        day: 0,
    }
}

fn facts(dice: &mut Dice, codes: &Codes) -> Row {
    let mut facts = Row::new();
    if dice.chance(60) {
        put(&mut facts, "identities", codes.some(dice, "identities", 2));
    }
    if dice.chance(80) {
        put(&mut facts, "person", codes.one(dice, "persons"));
    }
    if dice.chance(85) {
        put(&mut facts, "age", dice.between(0, 100));
    }
    if dice.chance(60) {
        put(&mut facts, "income", dice.yuan(1_000, 30_000));
    }
    if dice.chance(50) {
        put(&mut facts, "covered_by", codes.some(dice, "covered_by", 2));
    }
    if dice.chance(60) {
        put(&mut facts, "diseases", codes.some(dice, "diseases", 3));
    }
    if dice.chance(70) {
        put(&mut facts, "continuous_years", dice.between(0, 15));
        put(&mut facts, "zero_claim_years", dice.between(0, 5));
    }
    facts
}

impl Person {
    /// A later claim of the year.
    pub fn next_claim(&mut self, dice: &mut Dice, package: &Row) -> Row {
        self.day = (self.day + dice.between(1, 90)).min(364);
        let mut example = claim(dice, &self.codes, package);
        if dice.chance(20) {
            self.facts = facts(dice, &self.codes);
        }
        for (key, value) in &self.facts {
            example.insert(key.clone(), value.clone());
        }
        put(&mut example, "day", day(self.year, self.day));
        if dice.chance(60) {
            let begin = (self.day - dice.pick(&[0, 1, 7, 10, 30, 181])).max(0);
            put(&mut example, "begin", day(self.year, begin));
        }
        if dice.chance(15) {
            let applied = [day(self.year, 364), day(self.year + 1, 2)];
            put(&mut example, "applied", dice.pick(&applied));
        }
        example
    }
}

/// The day of a year after so many days.
fn day(year: i64, after: i64) -> String {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let february = if leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut rest = after;
    for (month, length) in lengths.iter().enumerate() {
        if rest < *length {
            return format!("{year}-{:02}-{:02}", month + 1, rest + 1);
        }
        rest -= length;
    }
    panic!("{after} is not in the year");
}

/// A claim of nobody in particular.
fn claim(dice: &mut Dice, codes: &Codes, package: &Row) -> Row {
    let mut example = Row::new();
    put(&mut example, "name", "随机");
    put(&mut example, "care", codes.one(dice, "care"));
    put(&mut example, "tier", codes.one(dice, "tiers"));
    put(&mut example, "kind", codes.one(dice, "kinds"));
    if dice.chance(60) {
        put(&mut example, "place", codes.one(dice, "places"));
    }
    if dice.chance(60) {
        put(&mut example, "filing", codes.one(dice, "filing"));
    }
    if dice.chance(30) {
        put(&mut example, "contracted", dice.chance(50));
    }
    if dice.chance(60) {
        let code = format!(
            "{}{}",
            codes.one(dice, "diagnoses"),
            dice.pick(&["", "4", "0.900"])
        );
        put(&mut example, "diagnosis", code);
    }
    if dice.chance(12) {
        put(&mut example, "third_party", dice.percent(0, 100));
        if dice.chance(30) {
            put(&mut example, "advance", true);
        }
    }
    put_account(dice, &mut example);
    if dice.chance(15) {
        put(&mut example, "continues", continues(dice, package));
    }
    if dice.chance(2) {
        put(&mut example, "payable", false);
    }
    if dice.chance(20) {
        put(&mut example, "bill", dice.yuan(0, 100_000));
    } else {
        let mut lines = vec![];
        for _ in 0..dice.between(1, 7) {
            lines.push(line(dice, codes));
        }
        put_rows(&mut example, "line", lines);
    }
    example
}

fn put_account(dice: &mut Dice, example: &mut Row) {
    if !dice.chance(60) {
        return;
    }
    let mut account = Row::new();
    for kind in ["current", "past", "shared"] {
        if dice.chance(70) {
            put(&mut account, kind, dice.yuan(0, 3_000));
        }
    }
    put(example, "account", account);
}

/// What the stay before paid: one amount for all layers, or some by layer.
fn continues(dice: &mut Dice, package: &Row) -> Row {
    let mut paid = Row::new();
    if dice.chance(50) {
        put(&mut paid, "deductible", dice.yuan(0, 1_500));
    }
    for layer in rows(package, "layer") {
        if dice.chance(30) && !rows(layer, "deductible").is_empty() {
            put(&mut paid, name(layer, "rule"), dice.yuan(0, 1_500));
        }
    }
    paid
}

fn line(dice: &mut Dice, codes: &Codes) -> Row {
    let mut line = Row::new();
    let class = dice.pick(&["01", "01", "01", "02", "02", "02", "03", "99"]);
    put(&mut line, "class", class);
    // Now and then as much as a claim may cost.
    let most = if dice.chance(1) {
        2_000_000_000
    } else {
        dice.pick(&[10, 1_000, 30_000])
    };
    let price = dice.between(0, most * 1_000_000);
    let price = if dice.chance(60) {
        price / 10_000 * 10_000
    } else {
        price
    };
    put(&mut line, "price", decimal(price, 6));
    let quantity = match dice.chance(60) {
        true => dice.between(1, 4) * 10_000,
        false => dice.between(0, 60_000),
    };
    put(&mut line, "quantity", decimal(quantity, 4));
    if dice.chance(20) {
        let limit = dice.between(price / 2, price + price / 4);
        put(&mut line, "limit", decimal(limit, 6));
    }
    if class == "02" && dice.chance(80) {
        put(&mut line, "first_pay", dice.percent(0, 50));
    }
    if dice.chance(45) {
        put(&mut line, "marks", codes.some(dice, "marks", 2));
    }
    if dice.chance(60) {
        put(&mut line, "item", codes.one(dice, "items"));
    }
    if dice.chance(15) {
        let decided = ["approved", "approved", "refused", "pending", "own_pay"];
        put(&mut line, "restricted", dice.pick(&decided));
    }
    if dice.chance(5) {
        put(&mut line, "denied", "R-1");
    }
    line
}

/// A whole number of so many decimal places, written as short as it goes.
fn decimal(value: i64, places: usize) -> String {
    let unit = 10i64.pow(places as u32);
    let text = format!("{}.{:0places$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}
