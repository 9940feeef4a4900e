//! Sound requests of certificates, and of who was at a visit.

use super::{Ground, ask, caller};
use integration_tests::{CLINIC, World};
use kernel::Role;
use serde_json::{Value, json};

/// A card that is valid, one that is revoked, and a check that saw somebody else.
pub struct Kept {
    valid: String,
    revoked: String,
    doubt: String,
}

pub(super) async fn kept(world: &World) -> Kept {
    let clerk = caller("clerk-9", &[Role::Clerk]);
    let (valid, revoked) = ("GROUND0001".to_string(), "GROUND0002".to_string());
    for number in [&valid, &revoked] {
        let card = json!({"request_id": number, "person_id": world.person().await,
            "card_number": number});
        ask(world, &clerk, "identity/RegisterCard", &card)
            .await
            .unwrap();
    }
    let revocation = json!({"request_id": "ground", "card_number": revoked, "reason": "挂失"});
    ask(world, &clerk, "identity/RevokeCard", &revocation)
        .await
        .unwrap();
    let mut seen = check(&valid);
    seen["manner"] = "MANNER_VIDEO".into();
    seen["seen"] = "RESULT_NOT_MATCHED".into();
    let answer = ask(world, &clerk, "identity/VerifyIdentity", &seen)
        .await
        .unwrap();
    let doubt = &answer["check"]["identityCheckId"];
    let doubt = doubt.as_str().unwrap().to_string();
    Kept {
        valid,
        revoked,
        doubt,
    }
}

fn check(card_number: &str) -> Value {
    json!({"request_id": "S", "institution_code": CLINIC, "visit_number": "S-identity",
        "purpose": "PURPOSE_SETTLE", "certificate_type": "03",
        "certificate_number": card_number, "name": "测试人员", "manner": "MANNER_QUERY",
        "seen": 0, "operator_code": "op-1"})
}

impl Ground {
    /// What the bureau and an institution do about certificates.
    pub(super) fn identifying(&self) -> Vec<(&'static str, Value)> {
        let Kept {
            valid,
            revoked,
            doubt,
        } = &self.identities;
        let person = &self.uninsured;
        vec![
            (
                "identity/RegisterCard",
                json!({"request_id": "S", "person_id": person, "card_number": "SOUND0001"}),
            ),
            (
                "identity/IssueToken",
                json!({"request_id": "S", "person_id": person, "institution_code": CLINIC,
                    "purpose": "PURPOSE_SETTLE", "lifetime_seconds": 300}),
            ),
            ("identity/VerifyIdentity", check(valid)),
            (
                "identity/RevokeCard",
                json!({"request_id": "S", "card_number": valid, "reason": "挂失"}),
            ),
            (
                "identity/RestoreCard",
                json!({"request_id": "S", "card_number": revoked}),
            ),
            (
                "identity/ListDoubts",
                json!({"with_cleared": true, "page_size": 1, "page_token": ""}),
            ),
            (
                "identity/ClearDoubt",
                json!({"request_id": "S", "identity_check_id": doubt, "reason": "当面核实"}),
            ),
            (
                "identity/GetIdentityCheck",
                json!({"identity_check_id": doubt}),
            ),
        ]
    }
}
