//! What a security officer says of who sends envelopes.

use super::good;
use crate::bench::{Bench, Good};
use integration_tests::HOSPITAL;
use integration_tests::envelopes::SECRET;
use kernel::Role::Security;
use kernel::sm2::{PrivateKey, Signer};
use serde_json::{Value, json};

const GET: (&str, &str) = ("envelope", "GetSender");

/// A key that nobody has.
fn public_key(bench: &Bench) -> String {
    let mut bytes = [9; 32];
    bytes[28..].copy_from_slice(&bench.number().to_be_bytes());
    let key = PrivateKey::from_bytes(&bytes).unwrap();
    key.public_key().to_string()
}

fn registration(bench: &Bench) -> Value {
    json!({ "app_id": format!("promise-sender-{:06}", bench.number()), "app_secret": SECRET,
        "acts_as": format!("institution/{HOSPITAL}"), "public_key": public_key(bench),
        "from_day": "2018-01-01" })
}

/// A sender that is registered.
async fn registered(bench: &Bench) -> String {
    let content = registration(bench);
    let asked = ("envelope", "RegisterSender");
    bench.done(Security, asked, &content).await;
    content["app_id"].as_str().unwrap().to_string()
}

pub async fn sender_registered(bench: &Bench) -> Good {
    let content = registration(bench);
    let app_id = content["app_id"].clone();
    let text = app_id.as_str().unwrap().to_string();
    let good = good(content, "/from_day", json!("2018-02-01"));
    good.seen(GET, json!({ "app_id": app_id }), &text)
}

pub async fn key_rotated(bench: &Bench) -> Good {
    let (app_id, key) = (registered(bench).await, public_key(bench));
    let content = json!({ "app_id": app_id, "public_key": key, "from_day": "2018-03-01",
        "previous_until_day": "2018-02-28" });
    let good = good(content, "/previous_until_day", json!("2018-03-02"));
    good.seen(GET, json!({ "app_id": app_id }), &key)
}

pub async fn sender_ended(bench: &Bench) -> Good {
    let app_id = registered(bench).await;
    let content = json!({ "app_id": app_id, "reason": "合同到期" });
    let good = good(content, "/reason", json!("其他"));
    good.seen(GET, json!({ "app_id": app_id }), "合同到期")
}
