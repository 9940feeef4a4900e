//! Envelopes and who sends them, malformed.

use super::{Wrong, long, pointer, wrong};
use serde_json::{Value, json};

/// What is wrong in an envelope, a sender or a key.
#[rustfmt::skip]
pub fn of_envelopes() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| {
        wrong(&format!("envelope/{method}"), &pointer(field), value, field)
    };
    let exchange = |field: &str, value| at("Exchange", field, value);
    let register = |field: &str, value| at("RegisterSender", field, value);
    let mut all = vec![
        exchange("envelope", Value::Null),
        exchange("envelope.app_id", json!("")), exchange("envelope.app_id", json!("张三")),
        exchange("envelope.version", json!("")), exchange("envelope.version", json!("3.0")),
        exchange("envelope.method", json!("")),
        exchange("envelope.nonce", json!("")), exchange("envelope.nonce", json!("short")),
        exchange("envelope.nonce", json!("with a space")), exchange("envelope.nonce", long(65)),
        exchange("envelope.timestamp", json!("")), exchange("envelope.timestamp", json!("now")),
        exchange("envelope.sign_type", json!("RSA")), exchange("envelope.sign_data", json!("AAAA")),
        exchange("envelope.data", json!("")), exchange("envelope.data", json!("[]")),
        exchange("envelope.data", json!("{")),
        register("app_secret", json!("")), register("app_secret", long(31)),
        register("app_secret", long(65)), register("app_secret", json!("-".repeat(40))),
        register("acts_as", json!("")), register("acts_as", json!("service/settlement")),
        register("acts_as", json!("institution/H")), register("acts_as", json!("platform/A~b")),
        register("acts_as", json!("H15250100001")),
        register("convention.signed_as", json!(99)),
    ];
    for method in ["RegisterSender", "RotateSenderKey"] {
        all.extend([
            at(method, "public_key", json!("")), at(method, "public_key", json!("04".repeat(65))),
            at(method, "from_day", json!("")), at(method, "from_day", json!("2018-02-30")),
        ]);
    }
    for method in ["RegisterSender", "RotateSenderKey", "EndSender", "GetSender"] {
        all.extend([
            at(method, "app_id", json!("")), at(method, "app_id", long(15)),
            at(method, "app_id", long(65)), at(method, "app_id", json!("a b c d e f g h i")),
        ]);
    }
    all.push(at("RotateSenderKey", "previous_until_day", json!("")));
    all.push(at("EndSender", "reason", json!("")));
    all.push(at("EndSender", "reason", long(201)));
    all
}
