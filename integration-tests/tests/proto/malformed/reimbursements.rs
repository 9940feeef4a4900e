//! Bills that the patient paid, malformed.

use super::{Wrong, long, pointer, wrong};
use serde_json::json;

/// What is wrong in receipts, an institution or a digest.
#[rustfmt::skip]
pub fn of_reimbursements() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| {
        wrong(&format!("reimbursement/{method}"), &pointer(field), value, field)
    };
    let submit = |field: &str, value| at("SubmitReimbursement", field, value);
    let mut all = vec![
        submit("receipts", json!([])),
        submit("receipts[0].receipt_code", json!("")), submit("receipts[0].receipt_code", long(21)),
        submit("receipts[0].receipt_number", json!("号")),
        submit("receipts[0].issued_day", json!("")),
        submit("receipts[0].amount_fen", json!(0)), submit("receipts[0].amount_fen", json!(-1)),
        submit("outside_institution.name", json!(" ")), submit("outside_institution.name", long(101)),
        submit("outside_institution.tier", json!("")), submit("outside_institution.kind", json!("a b")),
        submit("outside_institution.place", json!(0)), submit("outside_institution.place", json!(9)),
        submit("claim.person_id", json!("1")),
        at("ApproveReimbursement", "digest", json!("")), at("ApproveReimbursement", "digest", json!("00")),
        at("RejectReimbursement", "reason", json!("")), at("RejectReimbursement", "reason", long(201)),
        at("ListReimbursements", "state", json!(99)),
    ];
    for method in ["ApproveReimbursement", "RejectReimbursement", "GetReimbursement"] {
        all.push(at(method, "reimbursement_id", json!("")));
    }
    all
}
