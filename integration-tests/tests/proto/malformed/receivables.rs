//! What is owed and what comes back, in malformed words.

use super::{Wrong, long, pointer, wrong};
use serde_json::json;

/// What is wrong in a receivable, a payment, a reminder, a recovery or a third party.
#[rustfmt::skip]
pub fn of_receivables() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| wrong(method, &pointer(field), value, field);
    let owe = |method: &str, field: &str, value| at(&format!("receivable/{method}"), field, value);
    let back = |field, value| at("recovery/RecordRecovery", field, value);
    let post = |field, value| at("revision/PostThirdParty", field, value);
    let look = |field, value| at("revision/PreviewThirdParty", field, value);
    let mut all = vec![
        owe("OpenReceivable", "settlement_id", json!("")),
        owe("OpenReceivable", "unpaid_fen", json!(0)), owe("OpenReceivable", "unpaid_fen", json!(-1)),
        owe("OpenReceivable", "unpaid_fen", json!(1_000_000_000_000_001_i64)),
        owe("OpenReceivable", "due_day", json!("2017-6-1")),
        owe("RecordPayment", "amount_fen", json!(0)), owe("RecordPayment", "paid_day", json!("")),
        owe("RecordReminder", "step", json!(0)), owe("RecordReminder", "step", json!(9)),
        owe("RecordReminder", "channel", json!(0)), owe("RecordReminder", "channel", json!(9)),
        owe("RecordReminder", "reminded_day", json!("")), owe("RecordReminder", "note", long(201)),
        owe("RevokePayment", "payment_id", json!("1")), owe("RevokeReminder", "reminder_id", json!("")),
        owe("ListReceivables", "state", json!(99)),
        owe("ListReceivables", "institution_code", json!("H1")),
        owe("ListReceivables", "overdue_as_of_day", json!("2017")),
        owe("ListDueReminders", "institution_code", json!("H1")), owe("ListDueReminders", "day", json!("")),
        back("settlement_id", json!("1")), back("payer_name", json!("")), back("payer_name", long(101)),
        back("amount_fen", json!(0)), back("received_day", json!("")),
        back("document_number", json!(" ")), back("document_number", long(101)),
        at("recovery/RevokeRecovery", "recovery_id", json!("")),
        at("recovery/RevokeRecovery", "reason", json!("")),
        at("recovery/GetAdvance", "settlement_id", json!("")),
        at("recovery/ListAdvances", "from_day", json!("")), at("recovery/ListAdvances", "to_day", json!("")),
        wrong("recovery/ListAdvances", "/from_day", json!("2018-03-02"), "to_day"),
        post("third_party_share_bp", json!(-1)), post("third_party_share_bp", json!(10_001)),
        wrong("revision/PostThirdParty", "/third_party_share_bp", json!(0), "advance_payment"),
        post("document_number", json!("")), post("document_number", long(101)),
        post("preview_digest", json!("ab")), look("third_party_share_bp", json!(10_001)),
        look("settlement_id", json!("")),
    ];
    for method in ["CancelReceivable", "RecordPayment", "WriteOff", "RevokeWriteOff",
        "RecordReminder", "GetReceivable"] {
        all.push(owe(method, "receivable_id", json!("")));
        all.push(owe(method, "receivable_id", json!("1")));
    }
    for method in ["CancelReceivable", "WriteOff", "RevokeWriteOff", "RevokePayment",
        "RevokeReminder"] {
        all.push(owe(method, "reason", json!("")));
        all.push(owe(method, "reason", long(201)));
    }
    all
}
