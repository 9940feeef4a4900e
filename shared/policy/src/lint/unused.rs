//! 没有用到的名称, and how many numbers rest on assumptions.

use super::{Lint, Severity};
use crate::outline;
use crate::package::Package;
use crate::terms::{Body, Clause, Deductible, Layer, Pots, When};
use std::collections::BTreeMap;

pub(super) fn lints(package: &Package) -> Vec<Lint> {
    let mut lints = Vec::new();
    let mut add = |what: &str, name: &str, at| {
        let text = format!("{what}“{name}”没有任何规则用到。");
        lints.push(Lint::new(Lint::UNUSED, Severity::Warning, at, text));
    };
    let groups = groups_used(package);
    for group in package
        .groups
        .iter()
        .filter(|group| !groups.contains(&group.name.as_str()))
    {
        add("人群", &group.name, group.at);
    }
    let figures = figures_used(package);
    for (index, figure) in package.figures.iter().enumerate() {
        if !figures.contains(&index) {
            add("统计数字", &figure.name, figure.at);
        }
    }
    let sets = pots_named(package);
    for (index, group) in package.lines.iter().enumerate() {
        // A later group may live on what this one takes away from it.
        let told_apart = (index + 1..=package.lines.len()).any(|pot| is_told_apart(&sets, pot));
        if !told_apart {
            add("明细分组", &group.name, group.at);
        }
    }
    for (index, other) in package.alternatives.iter().enumerate() {
        let refers =
            |layer: &Layer| matches!(layer.body, Body::Difference { with, .. } if with == index);
        if !package.layers.iter().any(refers) {
            add("另一套待遇", &other.name, other.at);
        }
    }
    let resting = resting(package);
    for assumption in &package.assumptions {
        if !resting.contains_key(assumption.name.as_str()) {
            add("假定", &assumption.name, assumption.at);
        }
    }
    lints.extend(assumed(package, &resting));
    lints
}

/// 假定: how many numbers rest on which.
fn assumed(package: &Package, resting: &BTreeMap<&str, usize>) -> Option<Lint> {
    let first = package.assumptions.first()?;
    let numbers: usize = resting.values().sum();
    if numbers == 0 {
        return None;
    }
    let named = package.assumptions.iter().filter_map(|assumption| {
        let count = resting.get(assumption.name.as_str())?;
        Some(format!("{} {count} 处", assumption.name))
    });
    let named = named.collect::<Vec<_>>().join("，");
    let text = format!(
        "{numbers} 处规定依据 {} 条假定：{named}。取得正式数字以后逐条换成原文。",
        resting.len()
    );
    Some(Lint::new(Lint::ASSUMED, Severity::Note, first.at, text))
}

/// How many clauses name each assumption.
fn resting(package: &Package) -> BTreeMap<&str, usize> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    let mut see = |clause: &Clause| {
        let name = clause.assumed.as_deref();
        let known = package
            .assumptions
            .iter()
            .find(|one| Some(one.name.as_str()) == name);
        if let Some(assumption) = known {
            *count.entry(assumption.name.as_str()).or_default() += 1;
        }
    };
    for section in outline::of(package)
        .iter()
        .flat_map(|chapter| &chapter.sections)
    {
        if let Some(clause) = section.clause {
            see(clause);
        }
        let rows = section.tables.iter().flat_map(|table| &table.rows);
        rows.flat_map(|row| &row.clauses)
            .for_each(|(_, clause)| see(clause));
    }
    count
}

/// The names of groups that a condition, a subsidy or a start of benefits asks for.
fn groups_used(package: &Package) -> Vec<&str> {
    fn of(when: &When) -> impl Iterator<Item = &str> {
        let in_not = when.not.iter().flat_map(|not| &not.groups);
        when.groups
            .iter()
            .chain(in_not)
            .map(|group| group.name.as_str())
    }
    let mut used: Vec<&str> = Vec::new();
    for layer in outline::all_layers(package) {
        used.extend(of(&layer.when));
    }
    for table in outline::tables(package) {
        used.extend(table.rows.iter().flat_map(|row| of(row.when)));
    }
    let enrolment = &package.enrolment;
    let aided = enrolment.subsidies.iter().flat_map(|rule| &rule.groups);
    let starts = enrolment.start.iter().flat_map(|start| &start.starts);
    let started = starts.flat_map(|row| &row.when.groups);
    used.extend(aided.chain(started).map(|group| group.name.as_str()));
    used
}

fn figures_used(package: &Package) -> Vec<usize> {
    let mut used = Vec::new();
    for layer in outline::all_layers(package) {
        if let Body::Schedule(body) = &layer.body {
            let of = |deductible: &Deductible| deductible.figure.map(|(index, _)| index);
            used.extend(body.deductibles.iter().filter_map(|row| of(&row.value)));
        }
        let caps = layer.caps.iter().flat_map(|cap| &cap.rows);
        used.extend(caps.filter_map(|row| row.value.figure.map(|(index, _)| index)));
    }
    used
}

/// Every set of lines that a rule looks at.
fn pots_named(package: &Package) -> Vec<Pots> {
    let mut sets: Vec<Pots> = package
        .first_pays
        .iter()
        .map(|row| row.value.lines)
        .collect();
    for layer in outline::all_layers(package) {
        sets.push(layer.enters);
        if let Body::Schedule(body) = &layer.body {
            let rows = body.adjusts.iter().flat_map(|group| &group.rows);
            sets.extend(rows.filter_map(|row| row.value.lines));
        }
    }
    sets
}

/// Whether any rule treats the lines of a group otherwise than those of none.
fn is_told_apart(sets: &[Pots], pot: usize) -> bool {
    sets.iter().any(|set| set.has(pot) != set.has(0))
}
