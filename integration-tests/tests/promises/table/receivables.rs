//! What patients did not pay at discharge, and what third parties pay back.

use super::sagas::admitted;
use super::{SETTLE, claim, good};
use crate::bench::{Bench, Good, SUBJECT};
use kernel::Role::Clerk;
use serde_json::{Value, json};

const GET: (&str, &str) = ("receivable", "GetReceivable");
const GET_ADVANCE: (&str, &str) = ("recovery", "GetAdvance");

/// What is left unpaid of a stay that was admitted without a deposit.
pub async fn receivable(bench: &Bench) -> Good {
    let mut claim = claim(bench).await;
    let admission = admitted(&claim).content;
    let admit = ("orchestrator", "Admit");
    let (_, opened) = bench.done(Clerk, admit, &admission).await;
    claim["guarantee_id"] = opened["guarantee"]["guarantee_id"].clone();
    let (_, settled) = bench.done(Clerk, SETTLE, &json!({ "claim": claim })).await;
    let content = json!({
        "settlement_id": settled["settlement"]["settlement_id"],
        "unpaid_fen": 1_000,
    });
    let good = good(content, "/unpaid_fen", json!(999));
    good.seen(GET, json!({ "receivable_id": SUBJECT }), "STATE_OPEN")
}

async fn opened(bench: &Bench) -> Value {
    let content = receivable(bench).await.content;
    let open = ("receivable", "OpenReceivable");
    let (_, mut answer) = bench.done(Clerk, open, &content).await;
    answer["receivable"]["receivable_id"].take()
}

fn ended(receivable_id: &Value, text: &str) -> Good {
    let content = json!({ "receivable_id": receivable_id, "reason": "测试" });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(GET, json!({ "receivable_id": receivable_id }), text)
}

pub async fn receivable_cancelled(bench: &Bench) -> Good {
    ended(&opened(bench).await, "STATE_CANCELLED")
}

pub async fn written_off(bench: &Bench) -> Good {
    ended(&opened(bench).await, "STATE_WRITTEN_OFF")
}

pub async fn write_off_revoked(bench: &Bench) -> Good {
    let content = written_off(bench).await.content;
    bench
        .done(Clerk, ("receivable", "WriteOff"), &content)
        .await;
    ended(&content["receivable_id"], "STATE_OPEN")
}

pub async fn payment(bench: &Bench) -> Good {
    let id = opened(bench).await;
    let content = json!({ "receivable_id": id, "amount_fen": 1_000, "paid_day": "2018-02-01" });
    let good = good(content, "/paid_day", json!("2018-02-02"));
    good.seen(GET, json!({ "receivable_id": id }), SUBJECT)
}

fn revoked(path: &str, id: &Value, of: (&'static str, &'static str), asked: Value) -> Good {
    let mut content = json!({ "reason": "测试" });
    content[path] = id.clone();
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(of, asked, "revoked_time")
}

pub async fn payment_revoked(bench: &Bench) -> Good {
    let content = payment(bench).await.content;
    let asked = ("receivable", "RecordPayment");
    let (_, paid) = bench.done(Clerk, asked, &content).await;
    let of = json!({ "receivable_id": content["receivable_id"] });
    revoked("payment_id", &paid["payment_id"], GET, of)
}

pub async fn reminder(bench: &Bench) -> Good {
    let id = opened(bench).await;
    let content = json!({
        "receivable_id": id,
        "step": "STEP_DUE_DAY",
        "channel": "CHANNEL_PHONE",
        "reminded_day": "2018-02-01",
    });
    let good = good(content, "/channel", json!("CHANNEL_LETTER"));
    good.seen(GET, json!({ "receivable_id": id }), SUBJECT)
}

pub async fn reminder_revoked(bench: &Bench) -> Good {
    let content = reminder(bench).await.content;
    let asked = ("receivable", "RecordReminder");
    let (_, reminded) = bench.done(Clerk, asked, &content).await;
    let of = json!({ "receivable_id": content["receivable_id"] });
    revoked("reminder_id", &reminded["reminder_id"], GET, of)
}

/// All that the funds paid first of a stay.
pub async fn recovery(bench: &Bench) -> Good {
    let mut claim = claim(bench).await;
    claim["third_party_share_bp"] = json!(4_000);
    claim["advance_payment"] = json!(true);
    let (_, settled) = bench.done(Clerk, SETTLE, &json!({ "claim": claim })).await;
    let of = json!({ "settlement_id": settled["settlement"]["settlement_id"] });
    let found = bench.told(GET_ADVANCE, of.clone()).await;
    let content = json!({
        "settlement_id": of["settlement_id"],
        "payer_name": "测试保险公司",
        "amount_fen": found["advance"]["remaining_fen"],
        "received_day": "2018-02-01",
        "document_number": "PAY-1",
    });
    let good = good(content, "/document_number", json!("PAY-2"));
    good.seen(GET_ADVANCE, of, SUBJECT)
}

pub async fn recovery_revoked(bench: &Bench) -> Good {
    let content = recovery(bench).await.content;
    let asked = ("recovery", "RecordRecovery");
    let (_, recovered) = bench.done(Clerk, asked, &content).await;
    let of = json!({ "settlement_id": content["settlement_id"] });
    revoked("recovery_id", &recovered["recovery_id"], GET_ADVANCE, of)
}
