//! 表的体检: cases no row fits, rows no case gets to, rows whose order decides.

use super::region::{Overlap, Region, crossed, uncovered};
use super::space::Space;
use super::{Lint, Severity};
use crate::outline::{self, Kind, Table, TableRow};
use crate::package::{Package, Place};
use crate::terms::{Adjust, Band, Body, CapRow, Change, Deductible, Layer, Pots, Row, Standard};
use crate::words;

/// Cases of one gap that are told at most.
const TOLD_MAX: usize = 3;

pub(super) fn lints(package: &Package) -> Vec<Lint> {
    let Some(space) = Space::of(package) else {
        return Vec::new();
    };
    let mut lints = Vec::new();
    for table in outline::tables(package) {
        let admitted = match table.layer {
            Some(layer) => space.admitted(&layer.when),
            None => vec![space.whole()],
        };
        let look = Look {
            space: &space,
            table: &table,
            admitted,
        };
        look.dead_rows(&mut lints);
        look.gaps(&mut lints);
        look.overlaps(&mut lints);
    }
    for layer in outline::all_layers(package) {
        lower_first(&space, layer, &mut lints);
    }
    lints
}

/// One table, and the cases its layer admits.
struct Look<'a> {
    space: &'a Space,
    table: &'a Table<'a>,
    admitted: Vec<Region>,
}

impl Look<'_> {
    /// 居民基本医保的起付线.
    fn title(&self) -> String {
        match self.table.layer {
            Some(layer) => format!("{}的{}", layer.name, self.table.title),
            None => self.table.title.clone(),
        }
    }

    fn dead_rows(&self, lints: &mut Vec<Lint>) {
        for (index, row) in self.table.rows.iter().enumerate() {
            let asked = self.space.asked(row.when);
            let target = crossed(&self.admitted, &asked);
            let earlier = || self.table.rows.iter().take(index);
            let text = if target.is_empty() {
                let condition = words::condition(row.when);
                format!(
                    "{}：本层的适用范围里没有“{condition}”的情形，这一行永远轮不到。",
                    self.title()
                )
            } else if let Some(same) = earlier().find(|other| same(other, row)) {
                format!(
                    "{}：与第 {} 行的条件相同，这一行永远轮不到。",
                    self.title(),
                    same.at.line
                )
            } else if self.is_covered(&target, row, index) {
                let lines = earlier().map(|other| other.at.line.to_string());
                let lines = lines.collect::<Vec<_>>().join("、");
                format!(
                    "{}：前面第 {lines} 行合起来已经包括所有符合的情形，这一行永远轮不到。",
                    self.title()
                )
            } else {
                continue;
            };
            lints.push(Lint::new(Lint::DEAD_ROW, Severity::Error, row.at, text));
        }
    }

    /// Whether earlier rows take every case of a row, for each of the lines it is about.
    fn is_covered(&self, target: &[Region], row: &TableRow<'_>, index: usize) -> bool {
        let covered = |pot: Option<usize>| {
            let about = |other: &&TableRow<'_>| match (other.scope, pot) {
                (Some(scope), Some(pot)) => scope.has(pot),
                _ => true,
            };
            let earlier = self.table.rows.iter().take(index).filter(about);
            self.space.is_taken(target, earlier.map(|other| other.when))
        };
        match row.scope {
            None => covered(None),
            Some(Pots(0)) => false,
            Some(scope) => scope.iter().all(|pot| covered(Some(pot))),
        }
    }

    /// Cases the layer admits and no row fits.
    fn gaps(&self, lints: &mut Vec<Lint>) {
        let (code, severity) = match self.table.kind {
            Kind::Schedule => (Lint::NO_RATE, Severity::Warning),
            Kind::Deductible | Kind::Cap => (Lint::LEFT_OUT, Severity::Note),
            _ => return,
        };
        let (Some(layer), Some(first)) = (self.table.layer, self.table.rows.first()) else {
            return;
        };
        let rows = self.table.rows.iter().map(|row| row.when);
        let (left, target) = self.space.left(&self.admitted, rows);
        let Some(left) = self
            .with_a_rate(left, layer)
            .filter(|left| !left.is_empty())
        else {
            return;
        };
        let told = left
            .iter()
            .take(TOLD_MAX)
            .map(|case| self.space.words(case, &target));
        let told = told.collect::<Vec<_>>().join("；");
        let more = if left.len() > TOLD_MAX {
            "；等等"
        } else {
            ""
        };
        let (at, text) = match self.table.kind {
            Kind::Schedule => (
                layer.at,
                format!(
                    "{}适用于下列情形，却没有规定支付比例，遇到时本层不支付（NO_RATE）：{told}{more}。",
                    layer.name
                ),
            ),
            _ => (
                first.at,
                format!(
                    "{}不适用于下列情形，遇到时没有这一项：{told}{more}。",
                    self.title()
                ),
            ),
        };
        lints.push(Lint::new(code, severity, at, text));
    }

    /// Of these cases those for which the layer has a ratio: another table need not speak of the
    /// others.
    fn with_a_rate(&self, cases: Vec<Region>, layer: &Layer) -> Option<Vec<Region>> {
        let Body::Schedule(body) = &layer.body else {
            return Some(cases);
        };
        if self.table.kind == Kind::Schedule {
            return Some(cases);
        }
        let rated = body
            .schedules
            .iter()
            .flat_map(|row| self.space.met_by_one(&row.when));
        let without = uncovered(cases.clone(), &rated.collect::<Vec<_>>())?;
        uncovered(cases, &without)
    }

    /// Rows that say different things of one case.
    fn overlaps(&self, lints: &mut Vec<Lint>) {
        for (index, row) in self.table.rows.iter().enumerate() {
            if row.when.open {
                continue;
            }
            let decided = |other: &&TableRow<'_>| {
                let lines = other
                    .scope
                    .zip(row.scope)
                    .is_none_or(|(a, b)| a.0 & b.0 != 0);
                lines
                    && !other.when.open
                    && other.parts != row.parts
                    && !same(other, row)
                    && self.space.overlap(&self.admitted, other.when, row.when) == Overlap::Plain
            };
            let earlier = self.table.rows.iter().take(index).filter(decided);
            let lines: Vec<String> = earlier.map(|other| other.at.line.to_string()).collect();
            if lines.is_empty() {
                continue;
            }
            let text = format!(
                "{}：有的情形同时符合第 {} 行和这一行，适用写在前面的一行。",
                self.title(),
                lines.join("、")
            );
            lints.push(Lint::new(Lint::OVERLAP, Severity::Note, row.at, text));
        }
    }
}

/// Whether two rows ask for the same.
fn same(one: &TableRow<'_>, other: &TableRow<'_>) -> bool {
    let scopes = |scope: Option<Pots>| scope.map(|pots| pots.0);
    scopes(one.scope) == scopes(other.scope)
        && words::condition_key(one.when) == words::condition_key(other.when)
}

/// 就高不就低: rows for identities of which an earlier one gives less.
fn lower_first(space: &Space, layer: &Layer, lints: &mut Vec<Lint>) {
    let mut look = |what: &str, found: Vec<(Place, usize, String)>| {
        for (at, line, whom) in found {
            let text = format!(
                "{}的{what}：{whom}适用写在前面的这一行，不如第 {line} 行；就高不就低的，把待遇高的写在前面。",
                layer.name
            );
            lints.push(Lint::new(Lint::LOWER_FIRST, Severity::Warning, at, text));
        }
    };
    let admitted = space.admitted(&layer.when);
    if let Body::Schedule(body) = &layer.body {
        let dearer = |one: &Deductible, other: &Deductible| match (one.standard, other.standard) {
            (Standard::Fixed(one), Standard::Fixed(other)) => one > other,
            _ => false,
        };
        look("起付线", worse(space, &admitted, &body.deductibles, dearer));
        look(
            "分段比例",
            worse(space, &admitted, &body.schedules, |one, other| {
                lower(one, other)
            }),
        );
        for group in &body.adjusts {
            look("调整", worse(space, &admitted, &group.rows, less_raised));
        }
        look(
            "保底",
            worse(space, &admitted, &body.floors, |one, other| {
                one.of == other.of && one.rate < other.rate
            }),
        );
    }
    for cap in &layer.caps {
        let tighter = |one: &CapRow, other: &CapRow| match (one.amount, other.amount) {
            (Some(one), Some(other)) => one < other,
            (Some(_), None) => true,
            (None, _) => false,
        };
        look("封顶线", worse(space, &admitted, &cap.rows, tighter));
    }
}

/// Rows that give less than a later one to people who have an identity for both.
fn worse<T>(
    space: &Space,
    admitted: &[Region],
    rows: &[Row<T>],
    less: impl Fn(&T, &T) -> bool,
) -> Vec<(Place, usize, String)> {
    let mut found = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let later = rows
            .iter()
            .skip(index + 1)
            .filter(|later| less(&row.value, &later.value));
        for later in later {
            let overlap = space.overlap(admitted, &row.when, &later.when);
            if overlap == Overlap::ByTwoIdentities {
                let names = |row: &Row<T>| words::listed(&row.when.groups, |g| g.title.to_string());
                let whom = format!("兼为“{}”和“{}”的人", names(row), names(later));
                found.push((row.at, later.at.line, whom));
            }
        }
    }
    found
}

/// Whether the same bands pay less.
fn lower(one: &[Band], other: &[Band]) -> bool {
    let same = |(one, other): (&Band, &Band)| (one.from, one.to) == (other.from, other.to);
    let not_more =
        |(one, other): (&Band, &Band)| one.rate <= other.rate && one.age_points <= other.age_points;
    let differ = |(one, other): (&Band, &Band)| one.rate < other.rate;
    one.len() == other.len()
        && one.iter().zip(other).all(same)
        && one.iter().zip(other).all(not_more)
        && one.iter().zip(other).any(differ)
}

/// Whether an adjustment of the same kind raises less.
fn less_raised(one: &Adjust, other: &Adjust) -> bool {
    let comparable = one.lines == other.lines
        && one.deductible_factor == other.deductible_factor
        && one.cap_plus == other.cap_plus
        && one.no_cap == other.no_cap;
    let less = match (one.change, other.change) {
        (Some(Change::Points(one)), Some(Change::Points(other))) => one < other,
        (Some(Change::Factor(one)), Some(Change::Factor(other))) => one < other,
        (Some(Change::OwnFactor(one)), Some(Change::OwnFactor(other))) => one > other,
        (Some(Change::Rate(one)), Some(Change::Rate(other))) => one < other,
        _ => false,
    };
    comparable && less
}
