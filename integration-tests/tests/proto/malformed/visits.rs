//! What a billing desk sends, in malformed words.

use super::{Wrong, long, wrong};
use serde_json::{Value, json};

fn pointer(field: &str) -> String {
    format!(
        "/{}",
        field.replace('[', "/").replace(']', "").replace('.', "/")
    )
}

/// What is wrong in a visit, in its lines, in a check, and in what is asked.
#[rustfmt::skip]
pub fn of_visits() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value: Value| {
        wrong(&format!("visit/{method}"), &pointer(field), value, field)
    };
    let mut all = Vec::new();
    for method in ["RegisterVisit", "ChangeVisit"] {
        let mut of = |field: &str, value| all.push(at(method, field, value));
        of("visit", Value::Null);
        of("visit.institution_code", json!("H1")); of("visit.person_id", json!("1"));
        of("visit.visit_number", json!("")); of("visit.visit_number", long(31));
        of("visit.scheme", json!("居民")); of("visit.med_type", json!(""));
        of("visit.begin_day", json!("2017-6-1")); of("visit.diagnosis_code", json!(""));
        of("visit.disease_codes[0]", json!("病")); of("visit.filing", json!(9));
        of("visit.account_use", json!(-1));
        of("visit.third_party_share_bp", json!(-1)); of("visit.third_party_share_bp", json!(10_001));
        of("visit.household_income_fen", json!(-1));
        of("visit.referral_id", json!("1")); of("visit.guarantee_id", json!("1"));
        of("visit.accident", Value::Null); of("visit.accident.happened_time", Value::Null);
        of("visit.accident.site", json!(" ")); of("visit.accident.site", long(201));
        of("visit.accident.cause", json!("")); of("visit.accident.cause", long(501));
    }
    for method in ["ChangeVisit", "CancelVisit", "Discharge", "CancelDischarge", "UploadLines",
        "RevokeLines", "RecordAccidentCheck", "GetVisit", "ListVisitLines"] {
        all.push(at(method, "visit_id", json!("")));
        all.push(at(method, "visit_id", json!("1")));
    }
    let line = |field: &str, value| at("UploadLines", &format!("lines[0].{field}"), value);
    let list = |field: &str, value| at("ListUnmapped", field, value);
    all.extend([
        at("UploadLines", "lines", json!([])),
        line("line_code", json!("")), line("line_code", long(31)),
        line("item_code", json!("药")), line("local_code", json!("药")), line("local_code", long(41)),
        line("local_name", long(201)), line("unit_price_micro_yuan", json!(-1)),
        line("quantity_e4", json!(0)), line("quantity_e4", json!(-10_000)),
        line("approval", json!(9)), line("fee_day", json!("")),
        line("original_line_code", json!("行")),
        at("RevokeLines", "line_codes[0]", json!("")),
        at("CancelVisit", "reason", json!("")), at("CancelVisit", "reason", long(201)),
        at("Discharge", "end_day", json!("")),
        at("RecordAccidentCheck", "check", Value::Null),
        at("RecordAccidentCheck", "check.items[0]", json!(0)),
        at("RecordAccidentCheck", "check.conclusion", json!(0)),
        at("RecordAccidentCheck", "check.third_party_share_bp", json!(1)),
        at("RecordAccidentCheck", "check.third_party_share_bp", json!(10_001)),
        at("ListVisits", "state", json!(99)), at("ListVisits", "institution_code", json!("")),
        list("institution_code", json!("H1")), list("from_day", json!("")),
        list("to_day", json!("2017-05-31")), list("to_day", json!("2018-06-03")),
        wrong("settlement/GetVisitClaim", "/visit_id", json!("1"), "visit_id"),
        wrong("settlement/GetVisitClaim", "/institution_code", json!("H1"), "institution_code"),
        wrong("settlement/GetVisitClaim", "/through_day", json!("2017-02-30"), "through_day"),
        wrong("settlement/PriceClaim", "/claim/part_number", json!(-1), "claim.part_number"),
        wrong("settlement/PriceClaim", "/claim/part_number", json!(1), "claim.stay_begin_day"),
        wrong("settlement/PostSettlement", "/claim/part_continues", json!(true), "claim.part_number"),
    ]);
    all
}
