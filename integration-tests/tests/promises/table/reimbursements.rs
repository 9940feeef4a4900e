//! 零星报销.

use super::{SETTLE, claim, good, mend, no, reversing};
use crate::bench::{Bench, Good, No, SUBJECT};
use kernel::Role::Clerk;
use serde_json::{Value, json};

const SUBMIT: (&str, &str) = ("reimbursement", "SubmitReimbursement");
const GET: (&str, &str) = ("reimbursement", "GetReimbursement");

fn submission(bench: &Bench, claim: Value) -> Value {
    let total: i64 = claim["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(fen)
        .sum();
    let receipt = json!({ "receipt_code": "R", "receipt_number": format!("N-{}", bench.number()),
        "issued_day": "2017-06-01", "amount_fen": total });
    json!({ "claim": claim, "receipts": [receipt] })
}

fn fen(line: &Value) -> i64 {
    let amount = &line["amount_fen"];
    let text = amount.as_str().and_then(|text| text.parse().ok());
    amount.as_i64().or(text).expect("an amount")
}

pub async fn reimbursement(bench: &Bench) -> Good {
    let content = submission(bench, claim(bench).await);
    let good = good(content, "/claim/visit_number", json!("OTHER"));
    let asked = json!({ "reimbursement_id": SUBJECT });
    good.seen(GET, asked, "STATE_SUBMITTED")
}

/// A bill that the institution has settled.
pub async fn settled_bill(bench: &Bench) -> No {
    let claim = claim(bench).await;
    let settled = json!({ "claim": claim });
    let (_, settled) = bench.done(Clerk, SETTLE, &settled).await;
    let reverse = reversing(&settled["settlement"]["settlement_id"]);
    no(
        submission(bench, claim),
        mend(bench, Clerk, "Reverse", reverse),
    )
}

async fn submitted_by(bench: &Bench, name: &str) -> Value {
    let content = reimbursement(bench).await.content;
    let mut answer = bench.done_by(name, Clerk, SUBMIT, &content).await;
    answer["reimbursement"].take()
}

pub async fn approval(bench: &Bench) -> Good {
    let found = submitted_by(bench, "clerk-9").await;
    let content =
        json!({ "reimbursement_id": found["reimbursement_id"], "digest": found["digest"] });
    let good = good(content, "/digest", json!("00".repeat(32)));
    let asked = json!({ "reimbursement_id": SUBJECT });
    good.seen(GET, asked, "STATE_APPROVED")
}

/// By whoever submitted it: another must.
pub async fn of_its_own(bench: &Bench) -> No {
    let found = submitted_by(bench, "clerk-1").await;
    let content =
        json!({ "reimbursement_id": found["reimbursement_id"], "digest": found["digest"] });
    No {
        content,
        mend: None,
    }
}

pub async fn rejection(bench: &Bench) -> Good {
    let found = submitted_by(bench, "clerk-9").await;
    let content = json!({ "reimbursement_id": found["reimbursement_id"], "reason": "测试退回" });
    let good = good(content, "/reason", json!("其他原因"));
    let asked = json!({ "reimbursement_id": SUBJECT });
    good.seen(GET, asked, "STATE_REJECTED")
}
