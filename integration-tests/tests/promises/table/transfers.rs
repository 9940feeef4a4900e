//! 参保口径变更, 关系转移接续.

use super::{GET_PERSON, good};
use crate::bench::{Bench, Good, SUBJECT};
use integration_tests::{certificate, id_number};
use kernel::Role::Clerk;
use serde_json::{Value, json};

const GET: (&str, &str) = ("transfer", "GetTransfer");

pub async fn standing(bench: &Bench) -> Good {
    let person = bench.world.insured(None).await;
    let content = json!({ "person_id": person, "from_day": "2017-06-01", "person_type": "12" });
    let good = good(content, "/person_type", json!("13"));
    good.seen(GET_PERSON, json!({ "person_id": person }), SUBJECT)
}

pub async fn certified(bench: &Bench) -> Good {
    let person = bench.world.insured(None).await;
    let content = json!({ "person_id": person, "scheme": "390", "end_day": "2017-08-01" });
    let good = good(content, "/end_day", json!("2017-09-01"));
    let asked = json!({ "certificate_id": SUBJECT });
    let get = ("transfer", "GetTransferCertificate");
    good.seen(get, asked, SUBJECT)
}

/// A number that nobody has, beyond those of the world's people and of the bench's, with a certificate
/// of another area.
fn brought(bench: &Bench) -> (String, Value) {
    let n = bench.number();
    let number = id_number(200_000 + n);
    let certificate = certificate(&number, n, "2018-02-01");
    let name = "yibao.orchestrator.v1.TransferCertificate";
    (number, bench.json(name, &certificate))
}

pub async fn application(bench: &Bench) -> Good {
    let (id_number, certificate) = brought(bench);
    let content = json!({ "id_number": id_number, "certificate": certificate });
    let other = "/certificate/account_balance_fen";
    let good = good(content, other, json!(1));
    good.seen(GET, json!({ "transfer_id": SUBJECT }), "STATE_APPLIED")
}

/// An application of somebody registered here, that somebody else took.
async fn applied(bench: &Bench) -> Value {
    let (id_number, certificate) = brought(bench);
    let person = json!({ "name": "测试人员", "id_number": id_number, "sex": "2",
        "birth_day": "1980-01-01" });
    let register = ("enrollment", "RegisterPerson");
    bench.done(Clerk, register, &person).await;
    let content = json!({ "id_number": id_number, "certificate": certificate });
    let apply = ("transfer", "ApplyTransferIn");
    let answer = bench.done_by("clerk-9", Clerk, apply, &content).await;
    answer["transfer"]["transfer_id"].clone()
}

pub async fn accepted(bench: &Bench) -> Good {
    let content = json!({ "transfer_id": applied(bench).await });
    let good = good(content, "/transfer_id", applied(bench).await);
    good.seen(GET, json!({ "transfer_id": SUBJECT }), "STATE_ACCEPTED")
}

pub async fn rejected(bench: &Bench) -> Good {
    let content = json!({ "transfer_id": applied(bench).await, "reason": "材料不符" });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(GET, json!({ "transfer_id": SUBJECT }), "STATE_REJECTED")
}
