//! Sound requests of what the sagas ask of settlement.

use super::{Ground, ask, claim, finding, member};
use integration_tests::{HOSPITAL, World};
use serde_json::{Value, json};

impl Ground {
    /// Guarantees, batches, subsidies and suspensions.
    pub(super) fn together(&self) -> Vec<(&'static str, Value)> {
        let (person, [held, posted]) = (&self.uninsured, &self.holds);
        vec![
            (
                "settlement/OpenGuarantee",
                json!({"request_id": "S", "origin": "",
                "stay": {"person_id": person, "institution_code": HOSPITAL,
                    "visit_number": "V-2", "scheme": "390", "med_type": "21",
                    "begin_day": "2017-06-01", "diagnosis_code": "J18.900", "referral_id": ""},
                "estimate_fen": 500_000, "member": member(person, "2017-06-01")}),
            ),
            (
                "settlement/CancelGuarantee",
                json!({"request_id": "S", "origin": "", "guarantee_id": self.guarantee,
                "reason": "测试"}),
            ),
            (
                "settlement/GetGuarantee",
                json!({"guarantee_id": self.guarantee}),
            ),
            (
                "settlement/ListGuarantees",
                json!({"page_size": 1, "page_token": "", "open_only": true}),
            ),
            ("settlement/HoldClaims", holding("S", person)),
            (
                "settlement/PostHolds",
                json!({"request_id": "S", "origin": "", "hold_ids": [held]}),
            ),
            (
                "settlement/ReverseHolds",
                json!({"request_id": "S", "origin": "", "hold_ids": [posted], "reason": "测试",
                "institution_code": HOSPITAL}),
            ),
            (
                "settlement/CancelSubsidy",
                json!({"request_id": "S", "origin": "", "subsidy_id": self.subsidy}),
            ),
            (
                "settlement/ListHolds",
                json!({"page_size": 1, "page_token": "", "open_only": false}),
            ),
            (
                "settlement/PostSubsidy",
                json!({"request_id": "S", "origin": "", "person_id": person, "scheme": "390",
                "year": 2017, "identity_kind": "2303", "subsidy_fen": 18_000,
                "coverage_id": held}),
            ),
            (
                "settlement/GetLedgerEntries",
                json!({"subject_id": self.posted[0]}),
            ),
            (
                "settlement/SuspendOnline",
                json!({"request_id": "S", "origin": "", "institution_code": "",
                "person_id": person, "from_day": "2030-01-01", "until_day": "2030-07-01",
                "decision_number": "测试决定1号", "reason": "测试"}),
            ),
            (
                "settlement/CheckSuspension",
                json!({"institution_code": "", "person_id": person, "from_day": "2031-01-01",
                "until_day": "2031-07-01", "decision_number": "测试决定2号", "reason": "测试"}),
            ),
            (
                "settlement/ListSuspensions",
                json!({"page_size": 1, "page_token": ""}),
            ),
        ]
    }
}

/// A claim of a person that is held.
fn holding(request_id: &str, person: &str) -> Value {
    let day = "2017-06-01";
    let mut claim = claim(person, day);
    claim["visit_number"] = format!("H-{request_id}").into();
    let held = json!({"claim": claim, "member": member(person, day), "findings": [finding()],
        "basis": null});
    json!({"request_id": request_id, "origin": "", "claims": [held]})
}

/// A hold that is open, and one that was posted.
pub async fn holds(world: &World) -> [String; 2] {
    [
        hold(world, "held", false).await,
        hold(world, "posted", true).await,
    ]
}

/// A hold of somebody's, and where it is wanted posted.
async fn hold(world: &World, request_id: &str, posted: bool) -> String {
    let (who, person) = (world.service(), world.person().await);
    let asked = holding(request_id, &person);
    let answer = ask(world, &who, "settlement/HoldClaims", &asked)
        .await
        .unwrap();
    let id = answer["hold"]["holdId"].as_str().unwrap().to_string();
    if posted {
        let asked = json!({"request_id": request_id, "hold_ids": [id]});
        ask(world, &who, "settlement/PostHolds", &asked)
            .await
            .unwrap();
    }
    id
}

/// A guarantee of somebody's.
pub async fn guarantee(world: &World) -> String {
    let (who, person) = (world.service(), world.person().await);
    let asked = json!({"request_id": "ground", "estimate_fen": 500_000,
        "stay": {"person_id": person, "institution_code": HOSPITAL, "visit_number": "GUARANTEED",
            "scheme": "390", "med_type": "21", "begin_day": "2017-06-01",
            "diagnosis_code": "J18.900"},
        "member": member(&person, "2017-06-01")});
    let answer = ask(world, &who, "settlement/OpenGuarantee", &asked)
        .await
        .unwrap();
    answer["guarantee"]["guaranteeId"]
        .as_str()
        .unwrap()
        .to_string()
}

/// A subsidy of somebody's.
pub async fn subsidy(world: &World) -> String {
    let (who, person) = (world.service(), world.person().await);
    let asked = json!({"request_id": "ground", "person_id": person, "scheme": "390", "year": 2017,
        "identity_kind": "2303", "subsidy_fen": 18_000, "coverage_id": person});
    let answer = ask(world, &who, "settlement/PostSubsidy", &asked)
        .await
        .unwrap();
    answer["subsidy"]["subsidyId"].as_str().unwrap().to_string()
}
