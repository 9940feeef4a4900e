//! What is sent: the sound request of a method, otherwise.

use crate::{encoded, method, package, path};
use integration_tests::hostile::{DAYS, NUMBERS, ODDITIES, Wound, arbitrary, hurt, runner, wounds};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use std::fmt;

/// What the ids of the cases are told by; the digits follow.
const ID: &str = "HOSTILE-";
/// Digits of an id.
const DIGITS: usize = 6;
/// Items of a list that was repeated.
const ITEMS: usize = 1_500;

/// One hostile request.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    pub body: Vec<u8>,
    /// How it was made, for whoever looks for the reason.
    pub made: String,
}

impl Case {
    pub fn package(&self) -> &'static str {
        self.name.split('/').next().unwrap_or_default()
    }

    pub fn path(&self) -> String {
        path(&method(self.name))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body: String = hex::encode(&self.body).chars().take(600).collect();
        write!(f, "{} {}: {body}", self.name, self.made)
    }
}

/// How a field is made hostile.
#[derive(Clone, Debug)]
enum Field {
    Number(Index),
    Text(Index),
    Long(u32),
    Wounds(Vec<Wound>),
    Nothing,
    Repeated,
}

#[derive(Clone, Debug)]
enum Make {
    Noise(Vec<u8>),
    Bytes(Vec<Wound>),
    Fields(Vec<(Index, Field)>),
}

fn make() -> impl Strategy<Value = Make> {
    let at = any::<Index>;
    let field = prop_oneof![
        4 => at().prop_map(Field::Number),
        4 => at().prop_map(Field::Text),
        1 => (1..100_000u32).prop_map(Field::Long),
        2 => wounds().prop_map(Field::Wounds),
        1 => Just(Field::Nothing),
        1 => Just(Field::Repeated),
    ];
    prop_oneof![
        1 => arbitrary().prop_map(Make::Noise),
        2 => wounds().prop_map(Make::Bytes),
        5 => prop::collection::vec((at(), field), 1..4).prop_map(Make::Fields),
    ]
}

/// As many as are wanted of one method, each under an id of its own where it has one.
pub fn of_method(name: &'static str, request: &Value, count: u32) -> Vec<Case> {
    assert_eq!(
        package(&method(name)),
        name.split('/').next().unwrap_or_default()
    );
    let mut runner = runner(name, count);
    let strategy = make();
    let cases = (0..count).map(|n| {
        let tree = strategy.new_tree(&mut runner).expect("a case");
        let make = tree.current();
        let mut request = request.clone();
        if request.get("request_id").is_some() {
            request["request_id"] = format!("{ID}{n:0DIGITS$}").into();
        }
        let made: String = format!("{make:?}").chars().take(400).collect();
        Case {
            name,
            body: body(name, request, make),
            made,
        }
    });
    cases.collect()
}

fn body(name: &str, request: Value, make: Make) -> Vec<u8> {
    match make {
        Make::Noise(bytes) => bytes,
        Make::Bytes(wounds) => {
            let sound = encoded(&method(name), &request);
            hurt(sound, &wounds)
        }
        Make::Fields(fields) => hostile(name, request, &fields),
    }
}

/// The request with hostile fields; what the message cannot hold is left as it was.
fn hostile(name: &str, mut request: Value, fields: &[(Index, Field)]) -> Vec<u8> {
    let input = method(name).input();
    for (at, field) in fields {
        let mut places = Vec::new();
        leaves("", &request, &mut places);
        places.retain(|place| place != "/request_id");
        if places.is_empty() {
            continue;
        }
        let place = &places[at.index(places.len())];
        for value in values(field, request.pointer(place).unwrap_or(&Value::Null)) {
            let mut other = request.clone();
            if let Some(place) = other.pointer_mut(place) {
                *place = value;
            }
            if DynamicMessage::deserialize(input.clone(), &other).is_ok() {
                request = other;
                break;
            }
        }
    }
    let message = DynamicMessage::deserialize(input, &request).expect("it was one before");
    message.encode_to_vec()
}

/// Every field and item, by its pointer.
fn leaves(at: &str, value: &Value, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.to_string());
    }
    match value {
        Value::Array(items) => {
            let each = items.iter().enumerate();
            each.for_each(|(n, item)| leaves(&format!("{at}/{n}"), item, found));
        }
        Value::Object(fields) => {
            let each = fields.iter();
            each.for_each(|(name, field)| leaves(&format!("{at}/{name}"), field, found));
        }
        _ => {}
    }
}

/// What may stand in its place, the first that the message can hold.
fn values(field: &Field, before: &Value) -> Vec<Value> {
    let numbers = [
        i64::MIN,
        i64::MAX,
        i64::MIN + 1,
        i64::MAX / 2 + 1,
        10_000_000_000_000,
        10_000_000_000_001,
        -10_000_000_000_000,
        i64::from(i32::MIN),
        i64::from(i32::MAX),
        i64::from(u32::MAX),
        -1,
        0,
    ];
    match field {
        Field::Number(which) => {
            let from = which.index(numbers.len());
            let turned = numbers[from..].iter().chain(&numbers[..from]);
            let all = turned.map(|number| json!(number));
            all.chain([json!({"seconds": i64::MAX, "nanos": -1})])
                .collect()
        }
        Field::Text(which) => {
            let odd = ODDITIES
                .iter()
                .filter_map(|odd| std::str::from_utf8(odd).ok());
            let all: Vec<&str> = NUMBERS.iter().chain(DAYS).copied().chain(odd).collect();
            vec![json!(all[which.index(all.len())])]
        }
        Field::Long(length) => vec![json!("9".repeat(*length as usize))],
        Field::Wounds(wounds) => {
            let text = before.as_str().unwrap_or("2018-01-01").as_bytes().to_vec();
            let bytes = hurt(text, wounds);
            vec![json!(String::from_utf8_lossy(&bytes))]
        }
        Field::Nothing => vec![Value::Null, json!([]), json!({}), json!("")],
        Field::Repeated => match before {
            Value::Array(items) if !items.is_empty() => {
                vec![json!(items.iter().cycle().take(ITEMS).collect::<Vec<_>>())]
            }
            Value::String(text) => vec![json!(text.repeat(100))],
            _ => vec![json!([])],
        },
    }
}

/// The same under another id, where the id is still in it.
pub fn renewed(case: &Case, round: usize) -> Case {
    let mut case = case.clone();
    let of_round = format!("RENEW-{round}-");
    let places = case
        .body
        .windows(ID.len())
        .position(|at| at == ID.as_bytes());
    if let Some(at) = places {
        case.body[at..at + ID.len()].copy_from_slice(of_round.as_bytes());
    }
    case
}
