//! Makes a disagreement small: takes out of a package and a claim whatever it can do without, and
//! writes plainer numbers, as long as the evaluators still disagree.

use super::read::Row;
use toml::Value;

/// A place in a document: keys, and places in lists.
type Path = Vec<Step>;

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Place(usize),
}

#[derive(Clone, Debug)]
enum Edit {
    Remove(Path),
    Write(Path, Value),
}

/// The smallest pair this finds within so many tries.
pub fn shrink(pair: (Row, Row), tries: usize, still: impl Fn(&Row, &Row) -> bool) -> (Row, Row) {
    let (mut package, mut claim) = pair;
    let mut left = tries;
    loop {
        let smaller = one_pass(&mut package, &mut left, |package| still(package, &claim));
        let plainer = one_pass(&mut claim, &mut left, |claim| still(&package, claim));
        if left == 0 || !(smaller || plainer) {
            return (package, claim);
        }
    }
}

/// Tries every edit once; true when one of them was kept.
fn one_pass(document: &mut Row, left: &mut usize, still: impl Fn(&Row) -> bool) -> bool {
    let mut kept = false;
    let mut next = 0;
    loop {
        let edits = edits(document);
        let Some(edit) = edits.get(next) else {
            return kept;
        };
        if *left == 0 {
            return kept;
        }
        *left -= 1;
        let mut edited = Value::Table(document.clone());
        apply(&mut edited, edit);
        match edited {
            Value::Table(edited) if edited != *document && still(&edited) => {
                *document = edited;
                kept = true;
            }
            _ => next += 1,
        }
    }
}

/// Every edit, the ones near the root first.
fn edits(document: &Row) -> Vec<Edit> {
    let mut found = vec![];
    walk(&Value::Table(document.clone()), &mut vec![], &mut found);
    found.sort_by_key(|edit| match edit {
        Edit::Remove(path) => (0, path.len()),
        Edit::Write(path, _) => (1, path.len()),
    });
    found
}

fn walk(value: &Value, path: &mut Path, found: &mut Vec<Edit>) {
    if !path.is_empty() {
        found.push(Edit::Remove(path.clone()));
    }
    let mut write = |value: Value| found.push(Edit::Write(path.clone(), value));
    match value {
        Value::String(text) if text.ends_with('%') => {
            let plain = ["100%", "50%", "0%"]
                .into_iter()
                .take_while(|plain| plain != text);
            plain.for_each(|plain| write(plain.into()));
        }
        Value::String(text)
            if text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.') =>
        {
            let plain = ["0", "1", "100", "1000", "10000"].into_iter();
            let plain = plain.take_while(|plain| plain != text);
            plain.for_each(|plain| write(plain.into()));
            let whole = text.split('.').next().unwrap_or_default();
            if whole.len() > 1 {
                write(format!("{}{}", &whole[..1], "0".repeat(whole.len() - 1)).into());
            }
        }
        Value::Integer(number) if *number > 1 => [0, 1].into_iter().for_each(|n| write(n.into())),
        Value::Array(list) => {
            for (place, inside) in list.iter().enumerate() {
                path.push(Step::Place(place));
                walk(inside, path, found);
                path.pop();
            }
        }
        Value::Table(table) => {
            for (key, inside) in table {
                path.push(Step::Key(key.clone()));
                walk(inside, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn apply(document: &mut Value, edit: &Edit) {
    let (path, value) = match edit {
        Edit::Remove(path) => (path, None),
        Edit::Write(path, value) => (path, Some(value.clone())),
    };
    let Some((last, way)) = path.split_last() else {
        return;
    };
    let mut place = document;
    for step in way {
        let inside = match step {
            Step::Key(key) => place.get_mut(key),
            Step::Place(index) => place.get_mut(*index),
        };
        let Some(inside) = inside else {
            return;
        };
        place = inside;
    }
    match (last, place, value) {
        (Step::Key(key), Value::Table(table), None) => {
            table.remove(key);
        }
        (Step::Key(key), Value::Table(table), Some(value)) => {
            table.insert(key.clone(), value);
        }
        // A list of nothing says something else than no list.
        (Step::Place(index), Value::Array(list), None) if list.len() > 1 => {
            list.remove(*index);
        }
        (Step::Place(index), Value::Array(list), Some(value)) => list[*index] = value,
        _ => {}
    }
}
