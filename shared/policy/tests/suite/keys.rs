//! The keys of the format: what the parser says it knows is what a package with every key has, and
//! what the format document speaks of.

use policy::Package;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// A package with every key.
pub const EVERY: &str = include_str!("every.toml");

type Keys = BTreeMap<String, BTreeSet<String>>;

/// Tables whose keys are names a package gives itself, below `example` and its `expect`.
const NAMED: [&str; 8] = [
    "prior",
    "continues",
    "base",
    "net",
    "paid",
    "reasons",
    "rates",
    "after",
];

/// The kind of table that stands at a key of a table of another kind: a condition is the same
/// everywhere, and so are the layers of another scheme.
pub fn kind_at(kind: &str, key: &str) -> String {
    match (kind, key) {
        ("alternative", "layer") => "layer".to_string(),
        ("enrolment.start", "when") => "enrolment.start.when".to_string(),
        ("when", "not") | (_, "when") => "when".to_string(),
        ("", key) => key.to_string(),
        (kind, key) => format!("{kind}.{key}"),
    }
}

/// Visits every table of a package with its kind.
fn visit(table: &Table, kind: &str, see: &mut impl FnMut(&str, &Table)) {
    see(kind, table);
    for (key, value) in table {
        let inner = kind_at(kind, key);
        match value {
            Value::Table(_) if kind.starts_with("example") && NAMED.contains(&key.as_str()) => {}
            Value::Table(table) => visit(table, &inner, see),
            Value::Array(rows) => rows
                .iter()
                .filter_map(Value::as_table)
                .for_each(|table| visit(table, &inner, see)),
            _ => {}
        }
    }
}

/// The keys a package has, by the kind of table.
pub fn keys_of(package: &Table) -> Keys {
    let mut keys = Keys::new();
    visit(package, "", &mut |kind, table| {
        keys.entry(kind.to_string())
            .or_default()
            .extend(table.keys().cloned());
    });
    keys
}

/// What the parser says it knows in a table of this kind, when it meets a key that it does not.
fn asked(package: &Table, kind: &str) -> BTreeSet<String> {
    let mut package = package.clone();
    assert!(add_unknown(&mut package, "", kind), "no table {kind}");
    let error = Package::parse("every.toml", &toml::to_string(&package).unwrap()).unwrap_err();
    let known = error.message.strip_prefix("unknown field `zzz`, expected ");
    let known = known.unwrap_or_else(|| panic!("{kind}: {error}"));
    known
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_string)
        .collect()
}

/// Puts a key nobody knows into the first table of this kind.
fn add_unknown(table: &mut Table, kind: &str, wanted: &str) -> bool {
    if kind == wanted {
        table.insert("zzz".to_string(), 1.into());
        return true;
    }
    table.iter_mut().any(|(key, value)| {
        let inner = kind_at(kind, key);
        match value {
            Value::Table(table) => add_unknown(table, &inner, wanted),
            Value::Array(rows) => rows
                .iter_mut()
                .filter_map(Value::as_table_mut)
                .any(|table| add_unknown(table, &inner, wanted)),
            _ => false,
        }
    })
}

/// Everything the parser knows.
pub fn known() -> Keys {
    let package: Table = toml::from_str(EVERY).unwrap();
    let kinds = keys_of(&package).into_keys();
    kinds
        .map(|kind| (asked(&package, &kind), kind))
        .map(|(keys, kind)| (kind, keys))
        .collect()
}

#[test]
fn a_package_has_every_key_and_holds_its_examples() {
    let package = Package::parse("every.toml", EVERY).unwrap_or_else(|error| panic!("{error}"));
    let failures: Vec<String> = package
        .check_examples()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(failures, Vec::<String>::new());
    // One thing is said in two ways, which do not stand together: `waiting_months` or rows.
    let mut has = keys_of(&toml::from_str(EVERY).unwrap());
    for (kind, keys) in keys_of(&toml::from_str(crate::PLACE).unwrap()) {
        has.get_mut(&kind).unwrap().extend(keys);
    }
    for (kind, known) in known() {
        assert_eq!(has[&kind], known, "of [{kind}]");
    }
}
