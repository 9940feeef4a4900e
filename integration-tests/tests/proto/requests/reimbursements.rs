//! Sound requests of bills that the patient paid.

use super::{Ground, ask, caller, claim};
use integration_tests::World;
use kernel::Role;
use serde_json::{Value, json};

/// Reimbursements somebody else submitted: one to approve, one to send back.
pub struct Kept {
    approved: (String, String),
    rejected: String,
}

pub(super) async fn kept(world: &World) -> Kept {
    let submitter = caller("clerk-9", &[Role::Clerk]);
    let mut kept = Vec::new();
    for n in ["1", "2"] {
        let person = world.insured(None).await;
        let request = submission(&format!("ground-{n}"), &person, &format!("G-{n}"));
        let name = "reimbursement/SubmitReimbursement";
        let answer = ask(world, &submitter, name, &request).await.unwrap();
        let found = &answer["reimbursement"];
        let text = |field: &str| found[field].as_str().unwrap().to_string();
        kept.push((text("reimbursementId"), text("digest")));
    }
    let [approved, (rejected, _)] = kept.try_into().unwrap();
    Kept { approved, rejected }
}

fn submission(id: &str, person: &str, receipt: &str) -> Value {
    let mut claim = claim(person, "2017-06-11");
    claim["visit_number"] = format!("R-{receipt}").into();
    let receipt = json!({"receipt_code": "R", "receipt_number": receipt,
        "issued_day": "2017-06-11", "amount_fen": 5_000});
    let outside = json!({"name": "外省医院", "tier": "3", "kind": "A1", "place": "PLACE_OUTSIDE",
        "contracted": false});
    json!({"request_id": id, "claim": claim, "receipts": [receipt], "outside_institution": outside})
}

impl Ground {
    /// What a clerk does about bills that the patient paid.
    pub(super) fn reimbursing(&self) -> Vec<(&'static str, Value)> {
        let Kept { approved, rejected } = &self.reimbursements;
        vec![
            (
                "reimbursement/SubmitReimbursement",
                submission("S", &self.insured, "S-1"),
            ),
            (
                "reimbursement/ApproveReimbursement",
                json!({"request_id": "S", "reimbursement_id": approved.0, "digest": approved.1}),
            ),
            (
                "reimbursement/RejectReimbursement",
                json!({"request_id": "S", "reimbursement_id": rejected, "reason": "测试"}),
            ),
            (
                "reimbursement/GetReimbursement",
                json!({"reimbursement_id": rejected}),
            ),
            (
                "reimbursement/ListReimbursements",
                json!({"state": "STATE_SUBMITTED", "page_size": 1, "page_token": ""}),
            ),
        ]
    }
}
