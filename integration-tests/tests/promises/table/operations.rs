//! What operators ask about sagas.

use super::good;
use crate::bench::{Bench, Good, No};
use kernel::Role::Operator;
use serde_json::{Value, json};

const GET_SAGA: (&str, &str) = ("saga", "GetSaga");

/// A saga that is stuck with a fault like no other.
async fn stuck(bench: &Bench) -> (Value, String) {
    let (id, fault) = (bench.id(), format!("FAULT_{}", bench.number()));
    (json!(bench.world.stuck(&id, &fault).await), fault)
}

pub async fn resumption(bench: &Bench) -> Good {
    let (saga, _) = stuck(bench).await;
    let content = json!({ "saga_id": saga, "action": "SAGA_ACTION_RESUME", "reason": "已修复" });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(GET_SAGA, json!({ "saga_id": saga }), "STATE_RUNNING")
}

pub async fn resumption_of_many(bench: &Bench) -> Good {
    let (saga, fault) = stuck(bench).await;
    let content = json!({
        "filter": { "fault_code": fault },
        "action": "SAGA_ACTION_RESUME",
        "reason": "已修复",
    });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(GET_SAGA, json!({ "saga_id": saga }), "STATE_RUNNING")
}

pub async fn proposal_to_abandon(bench: &Bench) -> Good {
    let (saga, _) = stuck(bench).await;
    let content = json!({ "saga_id": saga, "reason": "账已核对" });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(GET_SAGA, json!({ "saga_id": saga }), "账已核对")
}

/// A saga that has come to its end never is abandoned.
pub async fn of_an_ended_saga(bench: &Bench) -> No {
    let mut content = abandonment(bench).await.content;
    let asked = ("saga", "ApproveAbandonment");
    bench.done(Operator, asked, &content).await;
    content["reason"] = json!("账已核对");
    No {
        content,
        mend: None,
    }
}

/// What another operator proposed.
pub async fn abandonment(bench: &Bench) -> Good {
    let (saga, _) = stuck(bench).await;
    let asked = ("saga", "ProposeAbandonment");
    let content = json!({ "saga_id": saga, "reason": "账已核对" });
    bench.done_by_operator("operator-9", asked, &content).await;
    let (other, _) = stuck(bench).await;
    let content = json!({ "saga_id": saga });
    let good = good(content, "/saga_id", other);
    good.seen(GET_SAGA, json!({ "saga_id": saga }), "STATE_ABANDONED")
}
