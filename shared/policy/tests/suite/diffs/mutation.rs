//! Packages that differ from another in one value.

use kernel::Fen;
use policy::Package;
use toml::Value;

/// Where a value stands: keys and places.
pub type Path = Vec<Step>;

#[derive(Clone, Debug)]
pub enum Step {
    Key(String),
    Index(usize),
}

/// Every value that has no values inside.
pub fn leaves(value: &Value, path: &mut Path, found: &mut Vec<Path>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                path.push(Step::Key(key.clone()));
                leaves(value, path, found);
                path.pop();
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                path.push(Step::Index(index));
                leaves(value, path, found);
                path.pop();
            }
        }
        _ => found.push(path.clone()),
    }
}

/// Every list of tables, by its path.
pub fn lists(value: &Value, path: &mut Path, found: &mut Vec<Path>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                path.push(Step::Key(key.clone()));
                lists(value, path, found);
                path.pop();
            }
        }
        Value::Array(values) => {
            found.push(path.clone());
            for (index, value) in values.iter().enumerate() {
                path.push(Step::Index(index));
                lists(value, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

pub fn at<'a>(root: &'a mut Value, path: &[Step]) -> &'a mut Value {
    path.iter().fold(root, |value, step| match step {
        Step::Key(key) => value.get_mut(key.as_str()).unwrap(),
        Step::Index(index) => value.get_mut(*index).unwrap(),
    })
}

/// Words that may stand for each other somewhere.
const WORDS: &[&[&str]] = &[
    &["district", "city", "province", "outside"],
    &["none", "referred", "emergency", "resident"],
    &["fund", "account", "hospital", "expense"],
    &["current", "past", "shared"],
    &["in_scope", "first_pay", "referral", "over_limit", "own_pay"],
    &["others", "tcm", "targeted"],
    &["rest", "whole"],
    &["stay", "year", "month", "quarter"],
    &["from_zero", "above_deductible"],
    &["base", "payment", "net", "total", "income"],
    &["position", "charged"],
    &["proportional", "others_first"],
    &[
        "pool",
        "outpatient",
        "large",
        "critical",
        "civil_servant",
        "account",
        "unlisted",
    ],
    &["discharge", "admission", "accept"],
    &["newest_first", "replay", "accept"],
    &["new", "broken", "first", "continuous"],
    &["previous", "same"],
    &["coverage", "payment", "birth", "arrears"],
    &["resident", "employer", "flexible"],
    &["early", "window", "late"],
    &["payment_month", "following_month"],
    &["at_once", "afterwards"],
    &["identity", "amount", "row"],
    &["none", "difference", "next_year"],
    &["poor", "veterans"],
    &["basic", "critical", "chronic"],
    &["resident", "rural"],
    &["approved", "refused"],
];

/// Other values in the place of one.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Boolean(is) => vec![Value::Boolean(!is)],
        Value::Integer(number) => vec![Value::Integer(number + 1), Value::Integer(number - 1)],
        Value::String(text) => strings(text).into_iter().map(Value::String).collect(),
        _ => vec![],
    }
}

fn strings(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(number) = text.strip_suffix('%') {
        let whole = number.split('.').next().unwrap();
        let whole: i32 = whole.parse().unwrap();
        found.extend([format!("{}%", whole + 1), format!("{}%", whole - 1)]);
    } else if let Ok(number) = text.parse::<i64>() {
        found.extend([(number + 1).to_string(), (number - 1).to_string()]);
    } else if let Some(fen) = Fen::parse_yuan(text) {
        found.push(format!("{}.{:02}", fen.0 / 100, fen.0 % 100 + 1));
    } else if kernel::Day::parse(text).is_ok() {
        let (month, _) = text.rsplit_once('-').unwrap();
        found.extend([format!("{month}-02"), format!("{month}-28")]);
    } else if text.len() == 5 && text.as_bytes()[2] == b'-' {
        found.push("10-20".to_string());
    }
    let kinds = WORDS.iter().filter(|kind| kind.contains(&text));
    found.extend(
        kinds
            .flat_map(|kind| kind.iter())
            .map(|word| word.to_string()),
    );
    found.extend([format!("{text}x"), format!("{text}1")]);
    found.retain(|other| other != text);
    found
}

/// Keys whose values are free text.
const TEXTS: &[&str] = &["source", "title", "document", "text"];

/// A change of one value that is still a package: the value alone, or the name everywhere.
pub fn mutation(root: &Value, path: &[Step]) -> Option<Package> {
    let value = at(&mut root.clone(), path).clone();
    let parse = |root: &Value| Package::parse("mutant", &toml::to_string(root).unwrap()).ok();
    let is_text = matches!(path.last(), Some(Step::Key(key)) if TEXTS.contains(&key.as_str()));
    let others = match (is_text, &value) {
        (true, Value::String(text)) => vec![Value::String(format!("{text}x"))],
        _ => others(&value),
    };
    for other in others {
        let mut mutant = root.clone();
        *at(&mut mutant, path) = other;
        if let Some(mutant) = parse(&mutant) {
            return Some(mutant);
        }
    }
    let Value::String(name) = &value else {
        return None;
    };
    let text = toml::to_string(root).unwrap();
    let renamed = text.replace(&format!("\"{name}\""), &format!("\"{name}x\""));
    let renamed = renamed.replace(&format!("{name}."), &format!("{name}x."));
    let renamed = renamed.replace(&format!("\n{name} = "), &format!("\n{name}x = "));
    Package::parse("mutant", &renamed).ok()
}
