//! 代表性的费用: claims made of a package's own conditions, one for every row that may count, to
//! look at what happens around its numbers.

use super::region::{Region, crossed, uncovered};
use super::space::Space;
use crate::accumulators::Accumulators;
use crate::claim::{Claim, ClaimFacts, Filing, Line, Place, Restriction};
use crate::outline::{self, Table};
use crate::package::Package;
use crate::settle::settle_amounts;
use crate::settlement::Settlement;
use crate::terms::{Layer, When};
use kernel::{CLAIM_FEN_MAX, Day, Fen, ItemClass, ItemCode, Quantity, Rate, UnitPrice};

/// Cases looked at in one package at most.
const CASES_MAX: usize = 120;
/// Pairs of rows of one layer that are tried for a case at most.
const PAIRS_MAX: usize = 2_000;
/// 家庭年收入 of a case, so that layers that ask for it apply.
const INCOME: Fen = Fen::yuan(50_000);
/// What a case has on its account, so that account layers apply.
const ACCOUNT: Fen = Fen::yuan(500);

/// A claim whose cost is still open.
pub(super) struct Case {
    pub facts: ClaimFacts,
    /// The line whose price is the cost.
    line: Line,
}

impl Case {
    /// What the claim comes to at this cost.
    pub fn at(&self, package: &Package, cost: Fen) -> Option<Settlement> {
        self.changed(package, cost, |_| {})
    }

    /// Likewise with other facts.
    pub fn changed(
        &self,
        package: &Package,
        cost: Fen,
        change: impl FnOnce(&mut ClaimFacts),
    ) -> Option<Settlement> {
        let mut facts = self.facts.clone();
        facts.lines = vec![Line {
            unit_price: UnitPrice::fen(cost.0.min(CLAIM_FEN_MAX.0)),
            amount: cost.min(CLAIM_FEN_MAX),
            ..self.line.clone()
        }];
        change(&mut facts);
        let claim = Claim::new(facts).ok()?;
        Some(settle_amounts(package, &claim))
    }

    /// What others than the person pay.
    pub fn paid(settlement: &Settlement) -> Fen {
        settlement.funds() + settlement.hospital
    }

    /// Who and where, in words.
    pub fn words(&self) -> String {
        let facts = &self.facts;
        let mut words = vec![
            facts.med_type.term().to_string(),
            format!("{}{}", facts.tier.term(), facts.kind.term()),
        ];
        if facts.place != Place::District {
            words.push(facts.place.term().to_string());
        }
        if facts.filing != Filing::None {
            words.push(facts.filing.term().to_string());
        }
        if !facts.contracted {
            words.push("非协议机构".to_string());
        }
        words.extend(facts.identities.iter().map(|kind| kind.term().to_string()));
        words.extend(facts.person.iter().map(|person| person.term().to_string()));
        words.extend(
            facts
                .covered_by
                .iter()
                .map(|scheme| format!("另参加{}", scheme.term())),
        );
        words.extend(
            facts
                .diseases
                .iter()
                .map(|disease| format!("病种 {disease}")),
        );
        words.extend(facts.diagnosis.iter().map(|code| format!("诊断 {code}")));
        words.extend(self.line.marks.iter().map(|mark| mark.term().to_string()));
        words.join("，")
    }
}

/// The cases of a package.
pub(super) fn of(package: &Package) -> Vec<Case> {
    let (Some(space), Some(day), Some(line)) = (Space::of(package), a_day(package), plain_line())
    else {
        return Vec::new();
    };
    let tables = outline::tables(package);
    let mut made = Made {
        package,
        space: &space,
        day,
        line,
        cases: Vec::new(),
    };
    let of_layer = |layer: &Layer| -> Vec<&Table<'_>> {
        let own = |of: &Layer| of.rule == layer.rule;
        tables
            .iter()
            .filter(|table| table.layer.is_some_and(own))
            .collect()
    };
    for layer in package.layers() {
        made.by_rows(layer, &of_layer(layer));
    }
    for layer in package.layers() {
        made.by_pairs(layer, &of_layer(layer));
    }
    made.cases
}

/// Cases being made.
struct Made<'a> {
    package: &'a Package,
    space: &'a Space,
    day: Day,
    /// A plain line.
    line: Line,
    cases: Vec<Case>,
}

impl Made<'_> {
    fn is_full(&self) -> bool {
        self.cases.len() >= CASES_MAX
    }

    fn add(&mut self, region: &Region, line: Line) {
        let scheme = self.package.scheme();
        let mut facts = self.space.claim(region, self.day, scheme, Vec::new());
        facts.household_income = Some(INCOME);
        facts.account.current = ACCOUNT;
        let known = |case: &Case| case.facts == facts && case.line == line;
        if !self.is_full() && !self.cases.iter().any(known) {
            self.cases.push(Case { facts, line });
        }
    }

    /// Somebody for the layer itself, with lines of each group, and for every row the first one
    /// for whom it is the row that counts.
    fn by_rows(&mut self, layer: &Layer, tables: &[&Table<'_>]) {
        let admitted = self.space.admitted(&layer.when);
        let Some(plain) = admitted.first() else {
            return;
        };
        self.add(plain, self.line.clone());
        for line in lines_of_groups(self.package, &self.line) {
            self.add(plain, line);
        }
        for table in tables {
            let mut earlier: Vec<Region> = Vec::new();
            for row in &table.rows {
                if self.is_full() {
                    return;
                }
                let asked = crossed(&admitted, &self.space.asked(row.when));
                let left = uncovered(asked, &earlier).unwrap_or_default();
                if let Some(region) = left.first() {
                    self.add(region, self.line.clone());
                }
                earlier.extend(self.space.met(row.when));
            }
        }
    }

    /// Rows that count together: a ratio of one table for the people of another.
    fn by_pairs(&mut self, layer: &Layer, tables: &[&Table<'_>]) {
        let admitted = self.space.admitted(&layer.when);
        let rows = tables
            .iter()
            .flat_map(|table| &table.rows)
            .map(|row| row.when);
        let rows: Vec<&When> = rows.filter(|when| !when.open).collect();
        let pairs = rows.iter().enumerate().flat_map(|(index, one)| {
            let others = rows.iter().skip(index + 1);
            others.map(move |other| (*one, *other))
        });
        for (one, other) in pairs.take(PAIRS_MAX) {
            if self.is_full() {
                return;
            }
            let first = crossed(&admitted, &self.space.asked(one));
            let both = crossed(&first, &self.space.asked(other));
            if let Some(region) = both.first() {
                self.add(region, self.line.clone());
            }
        }
    }
}

/// A day in the middle of the package's first year, so that a stay may have begun in it.
fn a_day(package: &Package) -> Option<Day> {
    let period = package.effective();
    let middle = Day::new(period.from.year(), 7, 1)?;
    Some(if period.contains(middle) {
        middle
    } else {
        period.from
    })
}

/// One line of class A.
fn plain_line() -> Option<Line> {
    Some(Line {
        number: 1,
        item: ItemCode::parse("CASE").ok()?,
        class: ItemClass::A,
        first_pay: Rate::ZERO,
        price_limit: None,
        unit_price: UnitPrice(0),
        quantity: Quantity::whole(1),
        amount: Fen::ZERO,
        marks: Vec::new(),
        restriction: Restriction::None,
        day: None,
        denied: None,
    })
}

/// A line of each line group that the lines before do not have.
fn lines_of_groups(package: &Package, plain: &Line) -> Vec<Line> {
    let made = package
        .lines
        .iter()
        .enumerate()
        .filter_map(|(index, group)| {
            let mut line = plain.clone();
            line.marks = group.marks.first().cloned().into_iter().collect();
            line.class = group.classes.first().cloned().unwrap_or(ItemClass::A);
            if let Some(prefix) = group.items.first() {
                line.item = ItemCode::parse(prefix).ok()?;
            }
            (package.pot_of(&line) == index + 1).then_some(line)
        });
    made.collect()
}

/// The state of a year after a settlement.
pub(super) fn after(case: &Case, settlement: &Settlement) -> Accumulators {
    case.facts.accumulators.plus(&settlement.deltas)
}
