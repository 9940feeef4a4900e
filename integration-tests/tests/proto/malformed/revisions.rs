//! Corrections, asked for in malformed words.

use super::{Wrong, long, pointer, wrong};
use serde_json::json;

/// What is wrong in a refund, a finding or late facts.
#[rustfmt::skip]
pub fn of_revisions() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| wrong(method, &pointer(field), value, field);
    let refund = |field, value| at("revision/RefundLines", field, value);
    let find = |field, value| at("revision/PostFinding", field, value);
    let look = |field, value| at("revision/PreviewFinding", field, value);
    let price = |field, value| at("settlement/PriceLateFacts", field, value);
    let post = |field, value| at("settlement/PostLateFacts", field, value);
    let pay = |field, value| at("orchestrator/PostLateFacts", field, value);
    vec![
        refund("lines", json!([])), refund("lines[0].number", json!(0)),
        refund("lines[0].number", json!(-1)), refund("lines[0].quantity_e4", json!(-1)),
        wrong("revision/RefundLines", "/lines", json!([{"number": 1}, {"number": 1}]), "lines[1].number"),
        refund("reason", json!("")), refund("reason", long(201)),
        find("lines", json!([])), find("lines[0].rule_code", json!("规则")),
        find("lines[0].sentence", json!("")), find("lines[0].sentence", long(501)),
        find("recovered_from", json!(9)), find("reason", json!("")),
        find("case_reference", long(101)), look("lines[0].number", json!(0)),
        at("settlement/ListSettledDays", "scheme", json!("")),
        at("settlement/ListSettledDays", "year", json!(1999)),
        price("scheme", json!("")), price("year", json!(2101)),
        price("members[0].person_id", json!("1")), price("members[0].as_of_day", json!("")),
        price("members[0].scheme", json!("")), post("members[0].birth_day", json!("1980")),
        wrong("settlement/PriceLateFacts", "/members/0/scheme", json!("310"), "members[0]"),
        post("preview_digest", json!("")), post("origin", json!("AA==")),
        at("settlement/CancelCorrection", "correction_id", json!("")),
        at("settlement/CancelCorrection", "correction_id", json!("1")),
        at("orchestrator/PreviewLateFacts", "scheme", json!("")),
        at("orchestrator/PreviewLateFacts", "year", json!(1999)),
        pay("scheme", json!("")), pay("year", json!(2101)), pay("preview_digest", json!("ab")),
    ]
}
