//! What the orchestrator is asked, malformed: it tells before a saga begins what a peer would tell
//! after.

use super::{Wrong, long, pointer, wrong};
use crate::requests::NOBODY;
use serde_json::{Value, json};

/// What is wrong in a batch, an admission, an enrolment or a suspension.
#[rustfmt::skip]
pub fn of_sagas() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| wrong(method, &pointer(field), value, field);
    let settle = |field, value| at("orchestrator/Settle", field, value);
    let together = |field, value| at("orchestrator/SettleTogether", field, value);
    let admit = |field, value| at("orchestrator/Admit", field, value);
    let enrol = |field, value| at("orchestrator/Enrol", field, value);
    let suspend = |field, value| at("orchestrator/SuspendOnlineSettlement", field, value);
    vec![
        settle("claim.referral_id", json!("1")),
        settle("claim.part_number", json!(1)), settle("claim.part_continues", json!(true)),
        settle("claim.stay_begin_day", json!("2017-06-01")),
        settle("through_day", json!("2017-07-32")), settle("through_day", json!("2017-07-01")),
        at("orchestrator/PreSettle", "through_day", json!("2017-07-01")),
        at("orchestrator/WhatWouldChange", "claim.part_number", json!(1)),
        together("claims[0].part_number", json!(1)),
        settle("claim.visit_number", json!("号")), settle("identity_check_id", json!("1")),
        at("orchestrator/PreSettle", "identity_check_id", json!("1")),
        together("claims", json!([])), together("claims[0].person_id", json!("1")),
        together("claims[0].end_day", json!("")), together("claims[0].referral_id", json!(NOBODY)),
        together("claims[0].med_type", json!("")), together("claims[0].lines", json!([])),
        admit("admission", Value::Null), admit("admission.person_id", json!("1")),
        admit("admission.institution_code", json!("H1")), admit("admission.scheme", json!("")),
        admit("admission.visit_number", json!("号")), admit("admission.med_type", json!("11")),
        admit("admission.begin_day", json!("")), admit("admission.diagnosis_code", json!("")),
        admit("admission.referral_id", json!("1")), admit("admission.estimate_fen", json!(0)),
        admit("admission.estimate_fen", json!(i64::MAX)),
        enrol("scheme", json!("")), enrol("year", json!(1999)), enrol("year", json!(2101)),
        enrol("paid_day", json!("2016/11/15")), enrol("paid_fen", json!(-1)),
        enrol("fee_tier", json!("一档")), enrol("repaid_years", json!(-1)),
        enrol("repaid_years", json!(101)), enrol("enrolment_way", json!("Resident")),
        suspend("from_day", json!("")), suspend("until_day", json!("2030-02-29")),
        suspend("decision_number", json!("")), suspend("reason", long(201)),
        wrong("orchestrator/SuspendOnlineSettlement", "/institution_code", json!("H1"), "person_id"),
    ]
}

/// What a method is called where its outcome is asked: `METHOD_SETTLE_TOGETHER`.
pub fn method(name: &str) -> String {
    let mut called = "METHOD".to_string();
    for c in name.chars() {
        if c.is_uppercase() {
            called.push('_');
        }
        called.push(c.to_ascii_uppercase());
    }
    called
}
