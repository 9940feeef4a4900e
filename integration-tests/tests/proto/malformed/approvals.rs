//! Second persons, malformed.

use super::{Wrong, long, pointer, wrong};
use crate::requests::NOBODY;
use serde_json::{Value, json};

/// What is wrong in what is proposed and agreed to.
#[rustfmt::skip]
pub fn of_approvals() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| {
        wrong(&format!("approval/{method}"), &pointer(field), value, field)
    };
    let propose = |kind: &str, content: Value, field: &str| {
        let subject = json!({ kind: content });
        wrong("approval/ProposeApproval", "/subject", subject, &format!("subject.{kind}.{field}"))
    };
    let digest = "0".repeat(64);
    let mut all = vec![
        at("ProposeApproval", "subject", Value::Null), at("ProposeApproval", "subject", json!({})),
        at("ProposeApproval", "reason", json!("")), at("ProposeApproval", "reason", long(201)),
        at("CancelApproval", "reason", json!("")), at("CancelApproval", "reason", long(201)),
        at("GiveApproval", "digest", json!("")), at("GiveApproval", "digest", json!("g".repeat(64))),
        at("ListApprovals", "state", json!(99)),
        propose("end_agreement", json!({}), "institution_code"),
        propose("end_agreement", json!({"institution_code": "H15250100001", "from_day": "2019-01-01"}), "reason"),
        propose("end_agreement", json!({"institution_code": "H15250100001", "reason": "测试"}), "from_day"),
        propose("credit_account", json!({}), "scheme"),
        propose("post_finding", json!({"reason": "测试"}), "lines"),
        propose("post_finding", json!({}), "reason"),
        propose("post_finding", json!({"reason": "测试", "settlement_id": NOBODY,
            "lines": [{"number": 1, "rule_code": "R-1", "sentence": "测试"}]}), "preview_digest"),
        propose("withdrawal", json!({}), "used_approval_id"),
        propose("withdrawal", json!({"used_approval_id": "1"}), "used_approval_id"),
        propose("post_third_party", json!({"preview_digest": digest}), "document_number"),
        propose("post_third_party", json!({"document_number": "1"}), "preview_digest"),
        propose("post_late_facts", json!({}), "preview_digest"),
        propose("post_late_facts", json!({"preview_digest": digest}), "person_id"),
    ];
    for method in ["CancelApproval", "GiveApproval", "RevokeApproval", "GetApproval"] {
        all.push(at(method, "approval_id", json!("")));
    }
    all.push(wrong("revision/PostFinding", "/preview_digest", json!("1"), "preview_digest"));
    for method in ["account/CreditAccount", "revision/PostFinding", "settlement/PostLateFacts"] {
        all.push(wrong(method, "/approval_id", json!("1"), "approval_id"));
    }
    all
}
