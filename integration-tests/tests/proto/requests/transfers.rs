//! Sound requests of those who leave an area and those who come.

use super::{Ground, ask, caller};
use integration_tests::{World, certificate, id_number};
use kernel::Role;
use prost::Message;
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::{Value, json};

/// Who leaves, who has left, and two who come.
pub struct Moving {
    leaver: String,
    certificate: String,
    accepted: String,
    rejected: String,
}

pub(super) async fn moving(world: &World) -> Moving {
    let clerk = caller("clerk-9", &[Role::Clerk]);
    let gone = leaving("ground-transfer", &world.insured(None).await);
    let name = "transfer/IssueTransferCertificate";
    let answer = ask(world, &clerk, name, &gone).await.unwrap();
    let certificate = &answer["certificate"]["certificateId"];
    let mut come = Vec::new();
    for n in [0, 1] {
        let person = json!({"request_id": format!("ground-comer-{n}"), "name": "测试人员",
            "id_number": id_number(910 + n), "sex": "2", "birth_day": "1980-01-01"});
        let registered = ask(world, &clerk, "enrollment/RegisterPerson", &person).await;
        registered.unwrap();
        let request = coming(&format!("ground-transfer-{n}"), n);
        let answer = ask(world, &clerk, "transfer/ApplyTransferIn", &request).await;
        let id = answer.unwrap()["transfer"]["transferId"].clone();
        come.push(id.as_str().unwrap().to_string());
    }
    let [accepted, rejected] = come.try_into().unwrap();
    Moving {
        leaver: world.insured(None).await,
        certificate: certificate.as_str().unwrap().to_string(),
        accepted,
        rejected,
    }
}

fn leaving(id: &str, person: &str) -> Value {
    json!({"request_id": id, "person_id": person, "scheme": "390", "end_day": "2017-12-01",
        "zero_claim_years": [2017], "account_balance_fen": 100})
}

fn coming(id: &str, n: u32) -> Value {
    let number = id_number(910 + n);
    let brought = certificate(&number, n, "2018-02-01");
    let name = "yibao.orchestrator.v1.TransferCertificate";
    let described = crate::POOL.get_message_by_name(name).unwrap();
    let bytes = brought.encode_to_vec();
    let brought = DynamicMessage::decode(described, bytes.as_slice()).unwrap();
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false);
    let brought = brought.serialize_with_options(serde_json::value::Serializer, &options);
    let brought = brought.unwrap();
    json!({"request_id": id, "id_number": number, "certificate": brought})
}

impl Ground {
    /// What clerks of both areas and a platform do.
    pub(super) fn transferring(&self) -> Vec<(&'static str, Value)> {
        let Moving {
            leaver,
            certificate,
            accepted,
            rejected,
        } = &self.transfers;
        vec![
            ("transfer/IssueTransferCertificate", leaving("S", leaver)),
            (
                "transfer/GetTransferCertificate",
                json!({"certificate_id": certificate}),
            ),
            ("transfer/ApplyTransferIn", coming("S", 2)),
            (
                "transfer/AcceptTransferIn",
                json!({"request_id": "S", "transfer_id": accepted}),
            ),
            (
                "transfer/RejectTransferIn",
                json!({"request_id": "S", "transfer_id": rejected, "reason": "材料不符"}),
            ),
            ("transfer/GetTransfer", json!({"transfer_id": accepted})),
            (
                "transfer/ListTransfers",
                json!({"state": "STATE_ACCEPTED", "page_size": 1, "page_token": ""}),
            ),
        ]
    }
}
