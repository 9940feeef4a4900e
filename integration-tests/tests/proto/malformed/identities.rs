//! Certificates and identity checks, malformed.

use super::{Wrong, long, pointer, wrong};
use serde_json::json;

/// What is wrong in a card, a token, a check or a clearance.
#[rustfmt::skip]
pub fn of_identities() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| {
        wrong(&format!("identity/{method}"), &pointer(field), value, field)
    };
    let token = |field: &str, value| at("IssueToken", field, value);
    let check = |field: &str, value| at("VerifyIdentity", field, value);
    let asked = |field: &str, value| wrong("enrollment/CheckEligibility", &pointer(field), value, field);
    let mut all = vec![
        token("institution_code", json!("")), token("institution_code", json!("H1")),
        token("purpose", json!(0)), token("purpose", json!(9)),
        token("lifetime_seconds", json!(-1)), token("lifetime_seconds", json!(901)),
        check("institution_code", json!("")), check("institution_code", json!("H1")),
        check("visit_number", json!("")), check("visit_number", json!("号")), check("visit_number", long(31)),
        check("purpose", json!(0)), check("purpose", json!(9)),
        check("certificate_type", json!("")), check("certificate_type", json!("04")),
        check("certificate_number", json!("")), check("certificate_number", json!("卡号一二三四")),
        check("name", json!(" ")), check("name", long(51)),
        check("manner", json!(0)), check("manner", json!(9)),
        // A query sees nobody, and whoever looks says what was seen.
        check("seen", json!("RESULT_MATCHED")),
        wrong("identity/VerifyIdentity", "/manner", json!("MANNER_VIDEO"), "seen"),
        // What a token, or an identity number, does not look like; and that needs a name.
        wrong("identity/VerifyIdentity", "/certificate_type", json!("01"), "certificate_number"),
        wrong("identity/VerifyIdentity", "/certificate_type", json!("02"), "certificate_number"),
        check("operator_code", json!("")), check("operator_code", json!("员")), check("operator_code", long(31)),
        at("RevokeCard", "reason", json!("")), at("RevokeCard", "reason", long(201)),
        at("ClearDoubt", "reason", json!("")), at("ClearDoubt", "reason", long(201)),
        asked("institution_code", json!("H1")), asked("visit_number", json!("")),
        asked("visit_number", long(31)), asked("identity_check_id", json!("1")),
    ];
    for method in ["RegisterCard", "RevokeCard", "RestoreCard"] {
        all.push(at(method, "card_number", json!("12345")));
        all.push(at(method, "card_number", json!("卡1234567")));
        all.push(at(method, "card_number", long(31)));
    }
    for method in ["ClearDoubt", "GetIdentityCheck"] {
        all.push(at(method, "identity_check_id", json!("")));
        all.push(at(method, "identity_check_id", json!("1")));
    }
    all
}
