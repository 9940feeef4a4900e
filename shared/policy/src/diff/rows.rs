//! 逐行比较: the rows of two tables, matched by their conditions, else by what they say.

use super::{origin, parts};
use crate::outline::{Kind, Section, Table, TableRow};
use crate::terms::{Clause, When};
use crate::words;

/// The sentences about all tables of a section.
pub(super) fn tables(old: &Section<'_>, new: &Section<'_>) -> Vec<String> {
    let mut texts = Vec::new();
    let none = |title: &str, kind: Kind| Table {
        kind,
        title: title.to_string(),
        layer: None,
        rows: Vec::new(),
    };
    for table in &new.tables {
        let before = old.tables.iter().find(|other| other.title == table.title);
        match before {
            Some(before) => compare(old, new, before, table, &mut texts),
            None => {
                let before = none(&table.title, table.kind);
                compare(old, new, &before, table, &mut texts);
            }
        }
    }
    for table in &old.tables {
        if !new.tables.iter().any(|other| other.title == table.title) {
            let after = none(&table.title, table.kind);
            compare(old, new, table, &after, &mut texts);
        }
    }
    let adjusts = |section: &Section<'_>, other: &Section<'_>| -> Vec<String> {
        let shared = |table: &&Table<'_>| {
            let same = |other: &Table<'_>| other.title == table.title;
            table.kind == Kind::Adjust && other.tables.iter().any(same)
        };
        section
            .tables
            .iter()
            .filter(shared)
            .map(|table| table.title.clone())
            .collect()
    };
    let (before, after) = (adjusts(old, new), adjusts(new, old));
    if before != after {
        let (before, after) = (before.join("、"), after.join("、"));
        texts.push(format!("各项调整的次序由 {before} 改为 {after}"));
    }
    texts
}

/// The sentences about one table.
fn compare(
    old: &Section<'_>,
    new: &Section<'_>,
    before: &Table<'_>,
    after: &Table<'_>,
    texts: &mut Vec<String>,
) {
    let mut left: Vec<Option<&TableRow<'_>>> = before.rows.iter().map(Some).collect();
    let mut take = |same: &dyn Fn(&TableRow<'_>) -> bool| {
        let place = left.iter().position(|row| row.is_some_and(same))?;
        left.get_mut(place)?.take().map(|row| (place, row))
    };
    // For every row of the new table the row of the old one it goes back to.
    let mut pairs: Vec<Option<(usize, &TableRow<'_>)>> = Vec::new();
    for row in &after.rows {
        let key = condition(row);
        pairs.push(take(&|other| condition(other) == key));
    }
    for (row, pair) in after.rows.iter().zip(&mut pairs) {
        if pair.is_none() {
            *pair = take(&|other| other.parts == row.parts);
        }
    }
    for (row, pair) in after.rows.iter().zip(&pairs) {
        let whom = words::whom(new.when, row.when);
        match pair {
            Some((_, earlier)) => changed(old, new, after, (earlier, row), texts),
            None => texts.push(format!("{whom}：新增{}，{}", after.title, row.words())),
        }
    }
    for row in left.into_iter().flatten() {
        let whom = words::whom(old.when, row.when);
        texts.push(format!(
            "{whom}：取消{}（原为{}）",
            before.title,
            row.words()
        ));
    }
    let order: Vec<(usize, &When)> = after
        .rows
        .iter()
        .zip(&pairs)
        .filter_map(|(row, pair)| pair.map(|(place, _)| (place, row.when)))
        .collect();
    if swapped(&order) {
        let title = &after.title;
        texts.push(format!(
            "{title}各行的先后次序有改动，同时符合几行的人适用先符合的一行"
        ));
    }
}

/// The same for rows with the same conditions and the same scope.
fn condition(row: &TableRow<'_>) -> (String, Option<u32>) {
    (words::condition_key(row.when), row.scope.map(|pots| pots.0))
}

/// The sentences about a row that is in both tables.
fn changed(
    old: &Section<'_>,
    new: &Section<'_>,
    table: &Table<'_>,
    (before, after): (&TableRow<'_>, &TableRow<'_>),
    texts: &mut Vec<String>,
) {
    let whom = words::whom(new.when, after.when);
    if words::condition_key(before.when) != words::condition_key(after.when) {
        let (earlier, later) = (words::whom(old.when, before.when), &whom);
        let row = after.words();
        let conditions = (words::condition(before.when), words::condition(after.when));
        texts.push(format!(
            "{}（{row}）由适用于{earlier}改为适用于{later}（条件由“{}”改为“{}”）",
            table.title, conditions.0, conditions.1
        ));
    }
    let of = match table.kind {
        Kind::Schedule => String::new(),
        _ => format!("{}的", table.title),
    };
    for text in parts(&before.parts, &after.parts) {
        texts.push(format!("{whom}：{of}{text}"));
    }
    let find = |label: &str| {
        let found = before.clauses.iter().find(|(other, _)| other == label);
        found.map(|(_, clause)| *clause)
    };
    for (label, clause) in &after.clauses {
        let earlier: Option<&Clause> = find(label);
        let title = match label.is_empty() {
            true => table.title.as_str(),
            false => label.as_str(),
        };
        if let Some(text) = earlier.and_then(|earlier| origin(title, earlier, clause)) {
            texts.push(format!("{whom}：{text}"));
        }
    }
}

/// Whether two rows that one person may both meet changed places.
fn swapped(order: &[(usize, &When)]) -> bool {
    let pairs = order.iter().enumerate();
    pairs.clone().any(|(index, (place, when))| {
        let behind = order.iter().skip(index + 1);
        behind
            .into_iter()
            .any(|(other, then)| other < place && !apart(when, then))
    })
}

/// True when nobody can meet both conditions.
fn apart(one: &When, other: &When) -> bool {
    fn none_of<T: PartialEq>(one: &[T], other: &[T]) -> bool {
        !one.is_empty() && !other.is_empty() && !one.iter().any(|value| other.contains(value))
    }
    let ages = one.ages.zip(other.ages);
    let ages = ages.is_some_and(|(one, other)| one.1 < other.0 || other.1 < one.0);
    let differ = |one: Option<bool>, other: Option<bool>| {
        one.zip(other).is_some_and(|(one, other)| one != other)
    };
    none_of(&one.care, &other.care)
        || none_of(&one.tiers, &other.tiers)
        || none_of(&one.kinds, &other.kinds)
        || none_of(&one.places, &other.places)
        || none_of(&one.filing, &other.filing)
        || none_of(&one.persons, &other.persons)
        || none_of(&one.diseases, &other.diseases)
        || ages
        || differ(one.contracted, other.contracted)
        || differ(one.same_year, other.same_year)
}
