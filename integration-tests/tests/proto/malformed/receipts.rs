//! What is read back of settlements, asked for in malformed words.

use super::{Wrong, wrong};
use serde_json::json;

/// What is wrong in an institution or in days.
#[rustfmt::skip]
pub fn of_receipts() -> Vec<Wrong> {
    let list = |at, value| wrong("receipt/ListSettlements", &format!("/{at}"), value, at);
    let one = |method: &str, at, value| wrong(&format!("receipt/{method}"), &format!("/{at}"), value, at);
    vec![
        list("institution_code", json!("")), list("institution_code", json!("H1")),
        list("from_day", json!("")), list("from_day", json!("2018-3-1")),
        list("to_day", json!("")), list("to_day", json!("2018-02-28")),
        list("to_day", json!("2019-03-03")),
        one("PrintReceipt", "person_name", json!("长".repeat(51))),
        one("PrintReceipt", "person_name", json!(" ")),
        one("VerifyReceipt", "receipt_digest", json!("")),
        one("VerifyReceipt", "receipt_digest", json!("0".repeat(63))),
        one("GetStatement", "person_id", json!("1")), one("GetStatement", "scheme", json!("")),
        one("GetStatement", "year", json!(1999)), one("GetStatement", "year", json!(2101)),
        one("ReplaySettlements", "only_person_id", json!("1")),
        one("ReplaySettlements", "only_settlement_id", json!("1")),
        one("ReplaySettlements", "institution_code", json!("H1")),
        one("ReplaySettlements", "year", json!(-1)),
        one("ReplaySettlements", "from_day", json!("2018-3-1")),
        one("ReplaySettlements", "to_day", json!("2018-02-30")),
    ]
}
