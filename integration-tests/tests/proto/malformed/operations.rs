//! What operators ask about sagas, malformed.

use super::{Wrong, long, pointer, wrong};
use serde_json::json;

/// What is wrong in a filter, an action or a reason.
#[rustfmt::skip]
pub fn of_operations() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| {
        wrong(&format!("saga/{method}"), &pointer(field), value, field)
    };
    let mut all = Vec::new();
    for method in ["ListSagas", "DirectSagas"] {
        all.extend([
            at(method, "filter.states[0]", json!(0)), at(method, "filter.states[0]", json!(99)),
            at(method, "filter.kind", json!("Settle")), at(method, "filter.kind", json!("settle%")),
            at(method, "filter.kind", long(61)), at(method, "filter.older_than_seconds", json!(-1)),
            at(method, "filter.fault_code", json!("a b")),
            at(method, "filter.fault_code", long(61)),
            at(method, "filter.caller", long(101)), at(method, "filter.caller", json!("a\nb")),
            at(method, "filter.request_id", json!("a b")), at(method, "filter.request_id", long(65)),
        ]);
    }
    for method in ["DirectSaga", "DirectSagas"] {
        all.extend([at(method, "action", json!(0)), at(method, "action", json!(3))]);
    }
    for method in ["DirectSaga", "DirectSagas", "ProposeAbandonment"] {
        all.extend([
            at(method, "reason", json!("")), at(method, "reason", json!(" \n")),
            at(method, "reason", long(201)),
        ]);
    }
    all
}
