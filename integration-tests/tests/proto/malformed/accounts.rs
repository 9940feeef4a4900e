//! Personal accounts, malformed.

use super::{Wrong, long, pointer, wrong};
use serde_json::json;

/// What is wrong in credits and authorizations.
#[rustfmt::skip]
pub fn of_accounts() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| {
        wrong(&format!("account/{method}"), &pointer(field), value, field)
    };
    let credit = |field: &str, value| at("CreditAccount", field, value);
    let authorize = |field: &str, value| at("AuthorizeFamilyMember", field, value);
    let mut all = vec![
        credit("scheme", json!("")), credit("scheme", json!("390")),
        credit("amount_fen", json!(0)), credit("amount_fen", json!(-1)),
        credit("amount_fen", json!(10_000_001)),
        credit("period", json!("")), credit("period", json!("2018-13")),
        credit("period", json!("2018-3")), credit("period", json!("2018-03-01")),
        credit("reason", json!("")), credit("reason", long(201)),
        authorize("holder_id", json!("")), authorize("member_id", json!("x")),
        authorize("relation", json!(0)), authorize("relation", json!(99)),
        authorize("from_day", json!("")), authorize("until_day", json!("2018-02-30")),
        authorize("limit_fen", json!(0)), authorize("limit_fen", json!(-1)),
        at("EndFamilyAuthorization", "authorization_id", json!("")),
        at("EndFamilyAuthorization", "reason", json!("")),
        at("EndFamilyAuthorization", "reason", long(201)),
    ];
    for method in ["CreditAccount", "GetAccount", "ListAccountEntries"] {
        all.push(at(method, "person_id", json!("")));
    }
    all
}
