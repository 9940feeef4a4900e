//! Sound requests of personal accounts.

use super::{Ground, NOBODY, ask};
use integration_tests::World;
use serde_json::{Value, json};

/// Who shares an account, and by which authorization.
pub struct Shared {
    holder: String,
    authorization: String,
}

pub(super) async fn shared(world: &World) -> Shared {
    let holder = world.person().await;
    let name = "account/AuthorizeFamilyMember";
    let given = ask(
        world,
        &world.service(),
        name,
        &authorization("ground", &holder),
    )
    .await;
    let id = &given.unwrap()["authorization"]["authorizationId"];
    Shared {
        authorization: id.as_str().unwrap().to_string(),
        holder,
    }
}

fn authorization(id: &str, holder: &str) -> Value {
    json!({"request_id": id, "holder_id": holder, "member_id": NOBODY,
        "relation": "RELATION_CHILD", "from_day": "2018-01-01", "until_day": "2030-01-01",
        "limit_fen": 10_000})
}

impl Ground {
    /// What a clerk does about accounts.
    pub(super) fn accounts(&self) -> Vec<(&'static str, Value)> {
        let Shared {
            holder,
            authorization: id,
        } = &self.accounts;
        vec![
            (
                "account/CreditAccount",
                json!({"request_id": "S", "person_id": holder, "scheme": "310",
                    "amount_fen": 10_000, "period": "2018-03", "reason": "测试"}),
            ),
            (
                "account/AuthorizeFamilyMember",
                authorization("S", &self.insured),
            ),
            (
                "account/EndFamilyAuthorization",
                json!({"request_id": "S", "authorization_id": id, "reason": "测试"}),
            ),
            ("account/GetAccount", json!({"person_id": holder})),
            (
                "account/ListAccountEntries",
                json!({"person_id": holder, "page_size": 1, "page_token": ""}),
            ),
        ]
    }
}
