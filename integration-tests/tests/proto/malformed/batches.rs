//! What the sagas ask of settlement, malformed.

use super::{Wrong, long, pointer, wrong};
use serde_json::{Value, json};

/// What is wrong in a guarantee, a batch, a subsidy or a suspension.
#[rustfmt::skip]
pub fn of_batches() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| wrong(method, &pointer(field), value, field);
    let open = |field, value| at("settlement/OpenGuarantee", field, value);
    let cancel = |field, value| at("settlement/CancelGuarantee", field, value);
    let check = |field, value| at("settlement/CheckSuspension", field, value);
    let hold = |field, value| at("settlement/HoldClaims", field, value);
    let subsidy = |field, value| at("settlement/PostSubsidy", field, value);
    let suspend = |field, value| at("settlement/SuspendOnline", field, value);
    let mut all = vec![
        open("stay", Value::Null), open("stay.person_id", json!("1")), open("stay.scheme", json!("")),
        open("stay.institution_code", json!("")), open("stay.visit_number", json!("号")),
        open("stay.med_type", json!("11")), open("stay.begin_day", json!("")),
        open("stay.diagnosis_code", json!("")), open("stay.referral_id", json!("1")),
        open("estimate_fen", json!(0)), open("estimate_fen", json!(i64::MAX)),
        open("member.as_of_day", json!("")), open("origin", json!("AAAA")),
        at("settlement/GetGuarantee", "guarantee_id", json!("")),
        at("settlement/CancelSubsidy", "subsidy_id", json!("1")),
        at("settlement/CancelSubsidy", "origin", json!("AAAA")),
        cancel("guarantee_id", json!("1")), cancel("reason", json!("")), cancel("origin", json!("AAAA")),
        check("from_day", json!("")), check("until_day", json!("2030-02-29")),
        check("decision_number", json!("")), check("reason", long(201)),
        at("settlement/GetLedgerEntries", "subject_id", json!("1")),
        hold("claims", json!([])), hold("claims[0].claim", Value::Null),
        hold("claims[0].claim.end_day", json!("")), hold("claims[0].findings[0].effect", json!(0)),
        hold("claims[0].claim.guarantee_id", json!("1")), hold("origin", json!("AAAA")),
        subsidy("scheme", json!("")), subsidy("year", json!(1999)), subsidy("year", json!(2101)),
        subsidy("identity_kind", json!("身份")), subsidy("subsidy_fen", json!(-1)),
        subsidy("coverage_id", json!("1")), subsidy("origin", json!("AAAA")),
        suspend("from_day", json!("")), suspend("until_day", json!("2030-02-29")),
        suspend("decision_number", json!("")), suspend("reason", long(201)),
        suspend("origin", json!("AAAA")),
        wrong("settlement/SuspendOnline", "/institution_code", json!("H1"), "person_id"),
        at("settlement/ReverseHolds", "reason", json!("")),
        at("settlement/ReverseHolds", "institution_code", json!("H1")),
        // PostHolds without holds is a repeat's question, as PostSubsidy without a coverage is: a first
        // attempt is refused by decision.
        at("settlement/ReverseHolds", "hold_ids", json!([])),
    ];
    for method in ["settlement/PostHolds", "settlement/ReverseHolds"] {
        all.extend([at(method, "hold_ids[0]", json!("1")), at(method, "origin", json!("AAAA"))]);
    }
    all
}
