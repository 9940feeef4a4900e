//! Sound requests of a hospital's billing desk.

use super::{Ground, ask};
use integration_tests::{DRUG, HOSPITAL, World};
use serde_json::{Value, json};

/// Visits as they stand before anything is asked of them.
pub struct Registered {
    person: String,
    open: String,
    empty: String,
    discharged: String,
    with_lines: String,
}

pub(super) async fn registered(world: &World) -> Registered {
    let person = world.insured(None).await;
    let mut ids = Vec::new();
    for number in ["G-1", "G-2", "G-3", "G-4"] {
        let request = json!({"request_id": format!("ground-{number}"),
            "visit": visit(&person, number)});
        let name = "visit/RegisterVisit";
        let answer = ask(world, &world.service(), name, &request).await.unwrap();
        ids.push(answer["visit"]["visitId"].as_str().unwrap().to_string());
    }
    let [open, empty, discharged, with_lines] = ids.try_into().unwrap();
    for (name, request) in [
        (
            "visit/Discharge",
            json!({"request_id": "ground", "visit_id": discharged, "end_day": "2017-06-02"}),
        ),
        ("visit/UploadLines", uploading("ground", &with_lines, "G-1")),
    ] {
        ask(world, &world.service(), name, &request).await.unwrap();
    }
    Registered {
        person,
        open,
        empty,
        discharged,
        with_lines,
    }
}

fn visit(person: &str, number: &str) -> Value {
    json!({"institution_code": HOSPITAL, "visit_number": number, "person_id": person,
        "scheme": "390", "med_type": "9903", "begin_day": "2017-06-01", "diagnosis_code": "J18.900",
        "disease_codes": ["M03900"], "third_party_share_bp": 0, "advance_payment": false,
        "filing": "FILING_NONE", "account_use": "ACCOUNT_USE_UNSPECIFIED", "household_income_fen": 0, "referral_id": "", "guarantee_id": "",
        "accident": {"happened_time": "2017-06-01T00:00:00Z", "site": "家中", "cause": "跌伤"}})
}

fn uploading(id: &str, visit: &str, code: &str) -> Value {
    json!({"request_id": id, "visit_id": visit, "lines": [{"line_code": code, "item_code": DRUG,
        "local_code": "L-1", "local_name": "药品", "unit_price_micro_yuan": 50_000_000,
        "quantity_e4": 10_000, "amount_fen": 5_000, "approval": "APPROVAL_APPROVED",
        "fee_day": "2017-06-01", "original_line_code": ""}]})
}

impl Ground {
    /// What is done about visits, and what is asked of them.
    pub(super) fn visiting(&self) -> Vec<(&'static str, Value)> {
        let at = &self.visits;
        let check = json!({"items": ["ITEM_PATIENT_ASKED"], "third_party_share_bp": 0,
            "conclusion": "CONCLUSION_NOBODY_LIABLE"});
        let of = |visit: &str| json!({"request_id": "S", "visit_id": visit});
        let with = |visit: &str, field: &str, value: Value| {
            let mut request = of(visit);
            request[field] = value;
            request
        };
        let page = json!({"visit_id": at.with_lines, "page_size": 1, "page_token": ""});
        let list = json!({"institution_code": HOSPITAL, "state": "STATE_OPEN", "page_size": 1,
            "page_token": ""});
        let unmapped = json!({"institution_code": HOSPITAL, "from_day": "2017-06-01",
            "to_day": "2017-06-30", "page_size": 1, "page_token": ""});
        vec![
            (
                "visit/RegisterVisit",
                json!({"request_id": "S", "visit": visit(&at.person, "S-1")}),
            ),
            (
                "visit/ChangeVisit",
                with(&at.open, "visit", visit(&at.person, "G-1")),
            ),
            ("visit/UploadLines", uploading("S", &at.open, "S-1")),
            (
                "visit/RevokeLines",
                with(&at.open, "line_codes", json!(["S-1"])),
            ),
            ("visit/RecordAccidentCheck", with(&at.open, "check", check)),
            (
                "visit/Discharge",
                with(&at.open, "end_day", json!("2017-06-03")),
            ),
            ("visit/CancelDischarge", of(&at.discharged)),
            (
                "visit/CancelVisit",
                with(&at.empty, "reason", json!("登记有误")),
            ),
            ("visit/GetVisit", json!({"visit_id": at.with_lines})),
            ("visit/ListVisits", list),
            ("visit/ListVisitLines", page),
            ("visit/ListUnmapped", unmapped),
            (
                "settlement/GetVisitClaim",
                json!({"visit_id": at.with_lines, "institution_code": HOSPITAL,
                    "to_settle": false}),
            ),
        ]
    }
}
