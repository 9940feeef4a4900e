//! 标签和值: what is said, part by part, so that two packages can be compared.

use crate::terms::When;
use crate::words;

/// One thing that is said: a label and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub label: String,
    pub value: Value,
    /// What it would be were nothing written: not worth saying of something new.
    pub usual: bool,
}

/// A value in words. Two values are the same when their keys are.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    One {
        words: String,
        key: String,
    },
    /// Members whose order does not matter.
    Set(Vec<String>),
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::One { key: one, .. }, Value::One { key: other, .. }) => one == other,
            (Value::Set(one), Value::Set(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Part {
    pub fn new(label: impl Into<String>, words: impl Into<String>) -> Part {
        let words = words.into();
        Part {
            label: label.into(),
            value: Value::One {
                key: words.clone(),
                words,
            },
            usual: false,
        }
    }

    /// A value that goes without saying when it is the usual one.
    pub fn or_usual(label: &str, words: impl Into<String>, usual: &str) -> Part {
        let words = words.into();
        let usual = words == usual;
        Part {
            usual,
            ..Part::new(label, words)
        }
    }

    /// A value that is too long to be said.
    pub fn unsaid(label: &str, key: String) -> Part {
        let (label, words) = (label.to_string(), String::new());
        Part {
            label,
            value: Value::One { words, key },
            usual: true,
        }
    }

    pub fn set(label: &str, members: impl Iterator<Item = String>) -> Part {
        let mut members: Vec<String> = members.collect();
        members.sort_unstable();
        members.dedup();
        Part {
            label: label.to_string(),
            usual: members.is_empty(),
            value: Value::Set(members),
        }
    }

    /// 适用范围: a part for every condition that is stated.
    pub fn scope(when: &When) -> impl Iterator<Item = Part> {
        words::conditions(when).into_iter().map(|condition| {
            let members = condition.members.iter();
            let label = format!("适用范围的{}", condition.about);
            Part::set(&label, members.map(|(code, term)| words::coded(code, term)))
        })
    }
}

impl Value {
    /// The value as one reads it.
    pub fn words(&self) -> String {
        match self {
            Value::One { words, .. } => words.clone(),
            Value::Set(members) if members.is_empty() => "无".to_string(),
            Value::Set(members) => members.join("、"),
        }
    }
}
