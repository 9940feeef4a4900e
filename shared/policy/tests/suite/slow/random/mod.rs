//! Random packages as TOML text and random claims against them, every key of the format document
//! in random company. The same seed gives the same case on every machine.

mod caps;
mod claim;
mod layer;
mod package;
mod when;

pub use claim::person;
pub use package::package;

use super::read::Row;
use toml::Value;

/// A source of chances: splitmix64.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of one case.
    pub fn of(seed: u64, case: u64) -> Dice {
        let mut dice = Dice(seed ^ case.wrapping_mul(0xd134_2543_de82_ef95));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of the range, both ends included.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = (to - from) as u64 + 1;
        from + (self.next() % width) as i64
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.between(0, of.len() as i64 - 1) as usize].clone()
    }

    /// At least one, at most `most` of several, in a random order.
    pub fn some<T: Clone>(&mut self, of: &[T], most: usize) -> Vec<T> {
        let wanted = self.between(1, most.min(of.len()) as i64) as usize;
        let mut rest = of.to_vec();
        let mut some = vec![];
        while some.len() < wanted {
            let place = self.between(0, rest.len() as i64 - 1) as usize;
            some.push(rest.remove(place));
        }
        some
    }

    /// Several lists as one, each in its own order.
    pub fn mingled<T>(&mut self, lists: Vec<Vec<T>>) -> Vec<T> {
        if self.chance(60) {
            return lists.into_iter().flatten().collect();
        }
        let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
        let mut all = vec![];
        while lists.iter().any(|list| list.len() > 0) {
            let place = self.between(0, lists.len() as i64 - 1) as usize;
            all.extend(lists[place].next());
        }
        all
    }

    /// Yuan between two whole amounts: half of them round, half of them not.
    pub fn yuan(&mut self, from: i64, to: i64) -> String {
        if self.chance(50) {
            let step = if to - from >= 1_000 { 100 } else { 1 };
            return (self.between(from / step, to / step) * step).to_string();
        }
        let fen = self.between(from * 100, to * 100);
        format!("{}.{:02}", fen / 100, fen % 100)
    }

    /// A rate between two whole percentages: mostly round, some with two decimals.
    pub fn percent(&mut self, from: i64, to: i64) -> String {
        match self.between(1, 10) {
            1..=4 if to - from >= 10 => format!("{}%", self.between(from / 5, to / 5) * 5),
            1..=7 => format!("{}%", self.between(from, to)),
            _ => {
                let points = self.between(from * 100, to * 100);
                format!("{}.{:02}%", points / 100, points % 100)
            }
        }
    }
}

/// What is called by name in a package.
#[derive(Clone, Default)]
pub struct Names {
    /// `[[assumption]]`.
    pub assumptions: Vec<String>,
    /// `[[group]]`.
    pub groups: Vec<String>,
    /// `[[figure]]`.
    pub figures: Vec<String>,
    /// `[[lines]]`, and `others`.
    pub lines: Vec<String>,
    /// `[[alternative]]`.
    pub alternatives: Vec<String>,
}

/// Writes a key.
pub fn put(row: &mut Row, key: &str, value: impl Into<Value>) {
    row.insert(key.to_string(), value.into());
}

/// Writes a list of tables unless it is empty.
pub fn put_rows(row: &mut Row, key: &str, rows: Vec<Row>) {
    if !rows.is_empty() {
        put(row, key, rows);
    }
}

/// Writes where a number comes from.
pub fn put_source(dice: &mut Dice, names: &Names, row: &mut Row) {
    let assumed = !names.assumptions.is_empty() && dice.chance(25);
    if assumed {
        put(row, "assumed", dice.pick(&names.assumptions));
    }
    if !assumed || dice.chance(30) {
        put(row, "source", "第一条");
    }
}
