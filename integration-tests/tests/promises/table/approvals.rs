//! 双人复核.

use super::{NOBODY, SUBJECT, good};
use crate::bench::{Bench, Good};
use kernel::Role::{Clerk, Supervisor};
use serde_json::{Value, json};

const GET: (&str, &str) = ("approval", "GetApproval");
/// Who agrees, and proposes nothing.
const HEAD: &str = "head-9";

pub async fn approval_proposed(bench: &Bench) -> Good {
    let good = good(proposal(bench), "/reason", json!("其他原因"));
    good.seen(GET, json!({ "approval_id": SUBJECT }), "STATE_PROPOSED")
}

fn proposal(bench: &Bench) -> Value {
    let subject = json!({ "end_agreement": { "institution_code": "H15250100001",
        "from_day": format!("{}-07-07", 2100 + bench.number()), "reason": "测试终止" } });
    json!({ "subject": subject, "reason": "测试复核" })
}

/// What one person proposed: the id, and the digest to agree by.
async fn proposed(bench: &Bench, content: &Value) -> Value {
    let asked = ("approval", "ProposeApproval");
    let made = bench.done_by("clerk-9", Clerk, asked, content).await;
    json!({ "approval_id": made["approval"]["approval_id"],
        "digest": made["approval"]["digest"] })
}

/// What another person agrees to; its id.
pub async fn approved(bench: &Bench, subject: &Value) -> String {
    let content = json!({ "subject": subject, "reason": "测试复核" });
    let waiting = proposed(bench, &content).await;
    let asked = ("approval", "GiveApproval");
    let given = bench.done_by(HEAD, Supervisor, asked, &waiting).await;
    given["approval"]["approval_id"]
        .as_str()
        .unwrap()
        .to_string()
}

pub async fn approval_given(bench: &Bench) -> Good {
    let waiting = proposed(bench, &proposal(bench)).await;
    let asked = json!({ "approval_id": waiting["approval_id"] });
    let good = good(waiting, "/digest", json!("0".repeat(64)));
    good.seen(GET, asked, "STATE_GIVEN")
}

pub async fn approval_revoked(bench: &Bench) -> Good {
    let subject = proposal(bench)["subject"].take();
    let given = json!({ "approval_id": approved(bench, &subject).await });
    let good = good(given.clone(), "/approval_id", json!(NOBODY));
    good.seen(GET, given, "STATE_PROPOSED")
}

pub async fn approval_cancelled(bench: &Bench) -> Good {
    let waiting = proposed(bench, &proposal(bench)).await;
    let asked = json!({ "approval_id": waiting["approval_id"] });
    let mut content = asked.clone();
    content["reason"] = json!("测试撤回");
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(GET, asked, "STATE_CANCELLED")
}
