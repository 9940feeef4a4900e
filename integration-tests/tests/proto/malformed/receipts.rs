//! What is read back of settlements, asked for in malformed words.

use super::{Wrong, wrong};
use serde_json::json;

/// What is wrong in an institution or in days.
#[rustfmt::skip]
pub fn of_receipts() -> Vec<Wrong> {
    let list = |at, value| wrong("receipt/ListSettlements", &format!("/{at}"), value, at);
    vec![
        list("institution_code", json!("")), list("institution_code", json!("H1")),
        list("from_day", json!("")), list("from_day", json!("2018-3-1")),
        list("to_day", json!("")), list("to_day", json!("2018-02-28")),
        list("to_day", json!("2019-03-03")),
    ]
}
