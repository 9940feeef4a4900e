//! Settlements corrected after they were posted.

use super::{GET_SETTLEMENT, SETTLE, claim, good};
use crate::bench::{Bench, Good};
use kernel::Role::Clerk;
use serde_json::{Value, json};

/// A settled stay of two lines.
async fn settled(bench: &Bench) -> Value {
    let mut claim = claim(bench).await;
    let mut second = claim["lines"][0].clone();
    second["number"] = json!(2);
    claim["lines"].as_array_mut().unwrap().push(second);
    let (_, mut settled) = bench.done(Clerk, SETTLE, &json!({ "claim": claim })).await;
    settled["settlement"].take()
}

fn revised(good: Good, settled: &Value) -> Good {
    let one = json!({ "settlement_id": settled["settlement_id"] });
    good.seen(GET_SETTLEMENT, one, "\"revision\":1")
}

pub async fn lines_refunded(bench: &Bench) -> Good {
    let settled = settled(bench).await;
    let content = json!({
        "settlement_id": settled["settlement_id"],
        "lines": [{ "number": 2 }],
        "reason": "测试退费",
    });
    let good = good(content, "/reason", json!("其他原因"));
    revised(good, &settled)
}

pub async fn finding_posted(bench: &Bench) -> Good {
    let settled = settled(bench).await;
    let content = json!({
        "settlement_id": settled["settlement_id"],
        "lines": [{ "number": 2, "rule_code": "R-104", "sentence": "与病历不符。" }],
        "reason": "测试核查",
    });
    let good = good(content, "/reason", json!("其他原因"));
    revised(good, &settled)
}

/// A settlement of somebody whose 低保 is recognised afterwards.
async fn recognised(bench: &Bench) -> (Value, Value) {
    let settled = settled(bench).await;
    let identity = json!({
        "person_id": settled["person_id"],
        "kind": "2303",
        "from_day": "2016-01-01",
    });
    let asked = ("enrollment", "RecordIdentity");
    bench.done(Clerk, asked, &identity).await;
    let whose = json!({ "person_id": settled["person_id"], "scheme": "390", "year": 2017 });
    (settled, whose)
}

/// The digest of a settlement that nobody made.
const OTHER: &str = "00000000000000000000000000000000ffffffffffffffffffffffffffffffff";

pub async fn late_facts(bench: &Bench) -> Good {
    let (settled, mut content) = recognised(bench).await;
    let asked = ("orchestrator", "PreviewLateFacts");
    let shown = bench.told(asked, content.clone()).await;
    content["preview_digest"] = shown["preview_digest"].clone();
    revised(good(content, "/preview_digest", json!(OTHER)), &settled)
}

pub async fn late_facts_at_settlement(bench: &Bench) -> Good {
    let (settled, mut content) = recognised(bench).await;
    let of_day = json!({
        "person_id": settled["person_id"],
        "scheme": "390",
        "as_of_day": settled["end_day"],
    });
    let asked = ("enrollment", "CheckEligibility");
    let member = bench.told(asked, of_day).await["member"].take();
    content["members"] = json!([member]);
    let asked = ("settlement", "PriceLateFacts");
    let shown = bench.told(asked, content.clone()).await;
    content["preview_digest"] = shown["preview_digest"].clone();
    revised(good(content, "/preview_digest", json!(OTHER)), &settled)
}

pub async fn correction_cancellation(bench: &Bench) -> Good {
    let content = lines_refunded(bench).await.content;
    let asked = ("revision", "RefundLines");
    let (_, refunded) = bench.done(Clerk, asked, &content).await;
    let revision = &refunded["revisions"][0];
    let content = json!({ "correction_id": revision["correction_id"] });
    let good = good(content, "/correction_id", json!(super::NOBODY));
    let one = json!({ "settlement_id": revision["settlement_id"] });
    good.seen(("revision", "ListRevisions"), one, "withdrawn_time")
}

pub async fn third_party_posted(bench: &Bench) -> Good {
    let settled = settled(bench).await;
    let mut content = json!({
        "settlement_id": settled["settlement_id"],
        "third_party_share_bp": 4_000,
    });
    let asked = ("revision", "PreviewThirdParty");
    let shown = bench.told(asked, content.clone()).await;
    content["preview_digest"] = shown["preview_digest"].clone();
    content["document_number"] = json!("1号");
    revised(good(content, "/document_number", json!("2号")), &settled)
}
