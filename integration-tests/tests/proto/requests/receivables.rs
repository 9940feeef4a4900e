//! Sound requests of what patients did not pay, and of what third parties pay back.

use super::{Ground, ask};
use integration_tests::{World, admission, stay};
use proto::common::Claim;
use serde_json::{Value, json};

/// What is owed, and what the funds paid first.
pub struct Owing {
    /// A settlement that something was left unpaid of.
    unpaid: String,
    /// Receivables: one that stands, one to cancel, one that is written off.
    standing: String,
    cancelled: String,
    written_off: String,
    /// A payment and a reminder of the one that stands.
    payment: String,
    reminder: String,
    /// Settlements with an advance: one that is recovered, one that another third party is found of.
    advanced: [String; 2],
    /// A recovery of the first.
    recovery: String,
    /// What another share would move of the second.
    digest: String,
}

/// Stays under a guarantee, and accidents.
pub async fn owing(world: &World) -> Owing {
    let asked = async |id: &str, name: &str, mut request: Value| {
        request["request_id"] = format!("ground-{id}").into();
        let answer = ask(world, &world.service(), name, &request).await;
        answer.unwrap_or_else(|no| panic!("{name}: {no}"))
    };
    let mut settled = Vec::new();
    for n in 0..4 {
        let person = world.insured(None).await;
        let claim = stay(&person, &format!("OWED-{n}"), 8_000);
        let request = proto::orchestrator::AdmitRequest {
            request_id: format!("owed-{n}"),
            admission: Some(admission(&claim)),
        };
        let opened = world.clerk().orchestrator().admit(request).await.unwrap();
        let guarantee_id = opened.into_inner().guarantee.unwrap().guarantee_id;
        let claim = Claim {
            guarantee_id,
            ..claim
        };
        let id = format!("owed-{n}");
        settled.push(world.settle(&id, claim).await.unwrap().settlement_id);
    }
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let mut receivables = Vec::new();
    for (n, settlement) in settled.iter().enumerate().skip(1) {
        let open = json!({"settlement_id": settlement, "unpaid_fen": 1_000});
        let opened = asked(&format!("{n}"), "receivable/OpenReceivable", open).await;
        receivables.push(text(&opened["receivable"]["receivableId"]));
    }
    let [standing, cancelled, written_off] = receivables.try_into().unwrap();
    let pay = json!({"receivable_id": standing, "amount_fen": 1, "paid_day": "2018-02-01"});
    let paid = asked("owing", "receivable/RecordPayment", pay).await;
    let remind = json!({"receivable_id": standing, "step": "STEP_DUE_DAY",
        "channel": "CHANNEL_PHONE", "reminded_day": "2018-02-01", "note": ""});
    let reminded = asked("owing", "receivable/RecordReminder", remind).await;
    let end = json!({"receivable_id": written_off, "reason": "测试"});
    asked("owing", "receivable/WriteOff", end).await;

    let mut advanced = Vec::new();
    for n in 0..2 {
        let person = world.insured(None).await;
        let claim = Claim {
            third_party_share_bp: 4_000,
            advance_payment: true,
            ..stay(&person, &format!("HURT-{n}"), 8_000)
        };
        let id = format!("hurt-{n}");
        advanced.push(world.settle(&id, claim).await.unwrap().settlement_id);
    }
    let recovered = asked("owing", "recovery/RecordRecovery", recovering(&advanced[0])).await;
    let look = json!({"settlement_id": advanced[1], "third_party_share_bp": 5_000,
        "advance_payment": true});
    let who = world.service();
    let shown = ask(world, &who, "revision/PreviewThirdParty", &look).await;
    let digest = text(&shown.unwrap()["previewDigest"]);
    Owing {
        unpaid: settled[0].clone(),
        standing,
        cancelled,
        written_off,
        payment: text(&paid["paymentId"]),
        reminder: text(&reminded["reminderId"]),
        recovery: text(&recovered["recoveryId"]),
        advanced: advanced.try_into().unwrap(),
        digest,
    }
}

fn recovering(settlement: &str) -> Value {
    json!({"settlement_id": settlement, "payer_name": "测试保险公司", "amount_fen": 100,
        "received_day": "2018-02-01", "document_number": "PAY-1"})
}

impl Ground {
    /// What is owed, paid and reminded of, and what comes back.
    #[rustfmt::skip]
    pub(super) fn owing(&self) -> Vec<(&'static str, Value)> {
        let of = &self.owing;
        let end = |id: &str| json!({"request_id": "S", "receivable_id": id, "reason": "测试"});
        let mut recover = recovering(&of.advanced[0]);
        recover["request_id"] = "S".into();
        vec![
            ("receivable/OpenReceivable", json!({"request_id": "S", "settlement_id": of.unpaid,
                "unpaid_fen": 1_000, "due_day": "2017-06-01"})),
            ("receivable/CancelReceivable", end(&of.cancelled)),
            ("receivable/RecordPayment", json!({"request_id": "S", "receivable_id": of.standing,
                "amount_fen": 1, "paid_day": "2018-02-01"})),
            ("receivable/RevokePayment", json!({"request_id": "S", "payment_id": of.payment,
                "reason": "测试"})),
            ("receivable/RecordReminder", json!({"request_id": "S", "receivable_id": of.standing,
                "step": "STEP_SEVEN_DAYS_AFTER", "channel": "CHANNEL_LETTER",
                "reminded_day": "2018-02-01", "note": "无人接听"})),
            ("receivable/RevokeReminder", json!({"request_id": "S", "reminder_id": of.reminder,
                "reason": "测试"})),
            ("receivable/RevokeWriteOff", end(&of.written_off)),
            ("receivable/WriteOff", end(&of.standing)),
            ("receivable/GetReceivable", json!({"receivable_id": of.standing})),
            ("receivable/ListReceivables", json!({"institution_code": "", "state": "STATE_OPEN",
                "overdue_as_of_day": "2018-03-01", "page_size": 1, "page_token": ""})),
            ("receivable/ListDueReminders", json!({"institution_code": "", "day": "2017-04-09",
                "page_size": 1, "page_token": ""})),
            ("recovery/RecordRecovery", recover),
            ("recovery/RevokeRecovery", json!({"request_id": "S", "recovery_id": of.recovery,
                "reason": "测试"})),
            ("recovery/GetAdvance", json!({"settlement_id": of.advanced[0]})),
            ("recovery/ListAdvances", json!({"from_day": "2018-03-01", "to_day": "2018-03-01",
                "page_size": 1, "page_token": ""})),
            ("revision/PreviewThirdParty", json!({"settlement_id": of.advanced[1],
                "third_party_share_bp": 5_000, "advance_payment": true})),
            ("revision/PostThirdParty", json!({"request_id": "S", "settlement_id": of.advanced[1],
                "third_party_share_bp": 5_000, "advance_payment": true, "document_number": "1号",
                "preview_digest": of.digest})),
        ]
    }
}
