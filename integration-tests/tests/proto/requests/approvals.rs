//! Sound requests of second persons.

use super::{CLINIC, Ground, ask, caller};
use integration_tests::World;
use kernel::Role;
use serde_json::{Value, json};

/// What waits for a second person, and what does not any more.
pub struct Prepared {
    /// Given, for the end of an agreement.
    pub ending: String,
    proposed: (String, String),
    given: String,
    unwanted: String,
}

pub(super) async fn prepared(world: &World) -> Prepared {
    let clerk = caller("clerk-9", &[Role::Clerk]);
    let head = caller("head-9", &[Role::Supervisor]);
    let mut made = Vec::new();
    for id in ["ending", "given", "proposed", "unwanted"] {
        let asked = ask(world, &clerk, "approval/ProposeApproval", &proposal(id)).await;
        let approval = asked.unwrap()["approval"].take();
        let text = |name: &str| approval[name].as_str().unwrap().to_string();
        let (approval, digest) = (text("approvalId"), text("digest"));
        if matches!(id, "ending" | "given") {
            let given = json!({"request_id": id, "approval_id": approval, "digest": digest});
            ask(world, &head, "approval/GiveApproval", &given)
                .await
                .unwrap();
        }
        made.push((approval, digest));
    }
    let [ending, given, proposed, unwanted] = made.try_into().unwrap();
    Prepared {
        ending: ending.0,
        given: given.0,
        proposed,
        unwanted: unwanted.0,
    }
}

fn proposal(id: &str) -> Value {
    let subject = json!({"end_agreement": {
        "institution_code": CLINIC, "from_day": "2019-01-01", "reason": "测试"}});
    json!({"request_id": id, "subject": subject, "reason": "测试"})
}

impl Ground {
    /// What one person proposes and another agrees to.
    pub(super) fn approving(&self) -> Vec<(&'static str, Value)> {
        let Prepared {
            ending: _,
            proposed: (proposed, digest),
            given,
            unwanted,
        } = &self.approvals;
        vec![
            ("approval/ProposeApproval", proposal("S")),
            (
                "approval/GiveApproval",
                json!({"request_id": "S", "approval_id": proposed, "digest": digest}),
            ),
            (
                "approval/RevokeApproval",
                json!({"request_id": "S", "approval_id": given}),
            ),
            (
                "approval/CancelApproval",
                json!({"request_id": "S", "approval_id": unwanted, "reason": "测试"}),
            ),
            ("approval/GetApproval", json!({"approval_id": given})),
            (
                "approval/ListApprovals",
                json!({"state": "STATE_UNSPECIFIED", "page_size": 1, "page_token": ""}),
            ),
        ]
    }
}
