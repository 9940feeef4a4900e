//! Sound requests of what operators ask about sagas.

use super::{Ground, ask, caller};
use integration_tests::World;
use kernel::Role;
use serde_json::{Value, json};

/// Stuck sagas; of the last it is proposed that it be abandoned.
pub(super) async fn sagas(world: &World) -> [String; 3] {
    let mut sagas = [(); 3].map(|()| String::new());
    for (n, saga) in sagas.iter_mut().enumerate() {
        *saga = world
            .stuck(&format!("ground-saga-{n}"), "PROMISE_BROKEN")
            .await;
    }
    // Who approves is another than who proposed.
    let proposer = caller("operator-9", &[Role::Operator]);
    let proposal = json!({"request_id": "ground", "saga_id": sagas[2], "reason": "测试"});
    let proposed = ask(world, &proposer, "saga/ProposeAbandonment", &proposal).await;
    proposed.unwrap();
    sagas
}

impl Ground {
    /// What operators ask about sagas.
    pub(super) fn operating(&self) -> Vec<(&'static str, Value)> {
        let [first, second, proposed] = &self.sagas;
        let filter = json!({"states": ["STATE_STUCK"], "kind": "settle", "older_than_seconds": 0,
            "fault_code": "NO_SUCH_FAULT", "caller": "nobody", "request_id": "none"});
        vec![
            (
                "saga/ListSagas",
                json!({"filter": filter, "page_size": 1, "page_token": ""}),
            ),
            ("saga/GetSaga", json!({"saga_id": first})),
            ("saga/ReckonSaga", json!({"saga_id": first})),
            (
                "saga/DirectSaga",
                json!({"request_id": "S", "saga_id": first, "action": "SAGA_ACTION_RESUME",
                "reason": "测试"}),
            ),
            (
                "saga/DirectSagas",
                json!({"request_id": "S", "filter": filter, "action": "SAGA_ACTION_RESUME",
                "reason": "测试", "dry_run": false}),
            ),
            (
                "saga/ProposeAbandonment",
                json!({"request_id": "S", "saga_id": second, "reason": "测试"}),
            ),
            (
                "saga/ApproveAbandonment",
                json!({"request_id": "S", "saga_id": proposed}),
            ),
        ]
    }
}
