//! 就诊凭证, 人证核验.

use super::{NOBODY, good, no};
use crate::bench::{Bench, Good, Mend, No, SUBJECT};
use integration_tests::CLINIC;
use kernel::Role::Clerk;
use serde_json::{Value, json};

const GET: (&str, &str) = ("identity", "GetIdentityCheck");

async fn new_card(bench: &Bench) -> Value {
    let number = format!("P{:08}", bench.number());
    json!({ "person_id": bench.world.person().await, "card_number": number })
}

/// The number of a registered card.
async fn registered(bench: &Bench) -> Value {
    let card = new_card(bench).await;
    bench.done(Clerk, ("identity", "RegisterCard"), &card).await;
    card["card_number"].clone()
}

async fn revoked(bench: &Bench) -> Value {
    let number = registered(bench).await;
    let revocation = json!({ "card_number": number, "reason": "挂失" });
    bench
        .done(Clerk, ("identity", "RevokeCard"), &revocation)
        .await;
    number
}

fn check(bench: &Bench, card_number: &Value) -> Value {
    json!({
        "institution_code": CLINIC,
        "visit_number": format!("P-{}", bench.number()),
        "purpose": "PURPOSE_SETTLE",
        "certificate_type": "03",
        "certificate_number": card_number,
        "manner": "MANNER_QUERY",
        "operator_code": "op-1",
    })
}

pub async fn card(bench: &Bench) -> Good {
    good(new_card(bench).await, "/card_number", json!("OTHER0001"))
}

pub async fn card_revoked(bench: &Bench) -> Good {
    let content = json!({ "card_number": registered(bench).await, "reason": "挂失" });
    good(content, "/reason", json!("注销"))
}

pub async fn card_restored(bench: &Bench) -> Good {
    let content = json!({ "card_number": revoked(bench).await });
    good(content, "/card_number", json!("OTHER0002"))
}

pub async fn token(bench: &Bench) -> Good {
    let content = json!({ "person_id": bench.world.person().await, "institution_code": CLINIC,
        "purpose": "PURPOSE_SETTLE" });
    good(content, "/lifetime_seconds", json!(60))
}

/// Nobody can be made known: people's ids are ours to give.
pub async fn token_of_nobody(bench: &Bench) -> No {
    let mut content = token(bench).await.content;
    content["person_id"] = json!(NOBODY);
    No {
        content,
        mend: None,
    }
}

pub async fn identity_check(bench: &Bench) -> Good {
    let number = registered(bench).await;
    let good = good(check(bench, &number), "/operator_code", json!("op-2"));
    let asked = json!({ "identity_check_id": SUBJECT });
    good.seen(GET, asked, "RESULT_MATCHED")
}

pub async fn by_a_revoked_card(bench: &Bench) -> No {
    let number = revoked(bench).await;
    let restore = json!({ "request_id": bench.id(), "card_number": number });
    let mend = Mend {
        role: Clerk,
        asked: ("identity", "RestoreCard".to_string()),
        content: restore,
    };
    no(check(bench, &number), mend)
}

pub async fn doubt_cleared(bench: &Bench) -> Good {
    let number = registered(bench).await;
    let mut doubt = check(bench, &number);
    doubt["manner"] = json!("MANNER_VIDEO");
    doubt["seen"] = json!("RESULT_NOT_MATCHED");
    let asked = ("identity", "VerifyIdentity");
    let (_, answer) = bench.done(Clerk, asked, &doubt).await;
    let id = answer["check"]["identity_check_id"].clone();
    let content = json!({ "identity_check_id": id, "reason": "当面核实为本人" });
    let good = good(content, "/reason", json!("其他原因"));
    let asked = json!({ "identity_check_id": SUBJECT });
    good.seen(GET, asked, "当面核实为本人")
}
