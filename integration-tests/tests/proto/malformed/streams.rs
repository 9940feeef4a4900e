//! A stream of claims opened in malformed words, and malformed claims in a sound stream: those are
//! answered one by one, with the paths they have in a request of their own.

use super::{Wrong, committed, is_chinese, of_claims, pointer, wrong};
use crate::method;
use crate::requests::Ground;
use futures_util::stream;
use integration_tests::{World, patient};
use prost::Message;
use prost_reflect::DynamicMessage;
use proto::orchestrator::SettleBatchRequest;
use proto::orchestrator::settle_batch_response::Told;
use serde_json::{Value, json};

const NAME: &str = "batch/SettleBatch";

/// What is wrong in the first message.
#[rustfmt::skip]
pub fn of_openings() -> Vec<Wrong> {
    let at = |field: &str, value| wrong(NAME, &pointer(field), value, field);
    vec![
        at("options", Value::Null),
        at("options.mode", json!(0)), at("options.mode", json!(99)), at("options.mode", json!(-1)),
        at("options.claims", json!(1)), at("options.claims", json!(-1)),
        wrong(NAME, "/options", json!({"mode": "MODE_ALL_OR_NOTHING"}), "options.claims"),
        wrong(NAME, "/options", json!({"mode": "MODE_ALL_OR_NOTHING", "claims": 201}), "options.claims"),
    ]
}

fn message(json: &Value) -> SettleBatchRequest {
    let message = DynamicMessage::deserialize(method(NAME).input(), json).unwrap();
    SettleBatchRequest::decode(message.encode_to_vec().as_slice()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_claim_of_a_stream_is_told_its_field_and_changes_nothing() {
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    let settle = ground.of("orchestrator/Settle");
    let (mut sent, mut fields) = (vec![message(&ground.of(NAME))], Vec::new());
    let mut say = |field: String, value: Value| {
        let id = format!("M-{}", fields.len());
        let mut item = json!({"request_id": id, "claim": settle["claim"], "number": fields.len()});
        *item.pointer_mut(&pointer(&field)).unwrap() = value;
        sent.push(message(&item));
        fields.push(field);
    };
    for id in ["", "a b", "请求", &"x".repeat(65)] {
        say("request_id".into(), json!(id));
    }
    say("claim".into(), Value::Null);
    for (field, value) in of_claims() {
        say(format!("claim.{field}"), value);
    }
    let commits = committed(&world);
    let told = world.clerk().batches();
    let told = { told }.settle_batch(patient(stream::iter(sent))).await;
    let mut told = told.unwrap().into_inner();
    for field in &fields {
        let answer = told.message().await.unwrap().unwrap();
        let Some(Told::Refused(no)) = answer.told else {
            panic!("{field}: {answer:?}");
        };
        let refused = no.refused.unwrap();
        assert_eq!((&refused.field, no.remembered), (field, false));
        assert!(is_chinese(&refused.sentence) && is_chinese(&refused.remedy));
    }
    assert_eq!(committed(&world), commits, "something was committed");
}
