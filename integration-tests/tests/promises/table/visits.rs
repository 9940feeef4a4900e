//! 就诊与费用明细.

use super::{GET_SETTLEMENT, good, no};
use crate::bench::{Bench, Good, Mend, No, SUBJECT};
use integration_tests::{DRUG, HOSPITAL};
use kernel::Role::Clerk;
use serde_json::{Value, json};

const GET: (&str, &str) = ("visit", "GetVisit");

async fn new(bench: &Bench) -> Value {
    json!({
        "institution_code": HOSPITAL,
        "visit_number": format!("P-{}", bench.number()),
        "person_id": bench.world.insured(None).await,
        "scheme": "390",
        "med_type": "11",
        "begin_day": "2017-06-01",
        "diagnosis_code": "J18.900",
    })
}

async fn registered(bench: &Bench, visit: Value) -> Value {
    let asked = ("visit", "RegisterVisit");
    let (_, answer) = bench.done(Clerk, asked, &json!({ "visit": visit })).await;
    answer["visit"]["visit_id"].clone()
}

async fn opened(bench: &Bench) -> Value {
    let visit = new(bench).await;
    registered(bench, visit).await
}

fn lines(visit_id: &Value) -> Value {
    let line = json!({ "line_code": "L-1", "item_code": DRUG, "unit_price_micro_yuan": 50_000_000,
        "quantity_e4": 10_000, "amount_fen": 5_000, "fee_day": "2017-06-01" });
    json!({ "visit_id": visit_id, "lines": [line] })
}

async fn with_lines(bench: &Bench) -> Value {
    let id = opened(bench).await;
    bench
        .done(Clerk, ("visit", "UploadLines"), &lines(&id))
        .await;
    id
}

fn seen(good: Good, text: &str) -> Good {
    good.seen(GET, json!({ "visit_id": SUBJECT }), text)
}

pub async fn registration(bench: &Bench) -> Good {
    let content = json!({ "visit": new(bench).await });
    let good = good(content, "/visit/diagnosis_code", json!("J20.900"));
    seen(good, "STATE_OPEN")
}

pub async fn change(bench: &Bench) -> Good {
    let mut visit = new(bench).await;
    let id = registered(bench, visit.clone()).await;
    visit["diagnosis_code"] = json!("J20.900");
    let content = json!({ "visit_id": id, "visit": visit });
    let good = good(content, "/visit/begin_day", json!("2017-06-02"));
    seen(good, "J20.900")
}

/// A visit stays that of its number.
pub async fn of_another_number(bench: &Bench) -> No {
    let mut content = change(bench).await.content;
    content["visit"]["visit_number"] = json!("OTHER");
    No {
        content,
        mend: None,
    }
}

pub async fn cancellation(bench: &Bench) -> Good {
    let content = json!({ "visit_id": opened(bench).await, "reason": "测试撤销" });
    let good = good(content, "/reason", json!("其他原因"));
    seen(good, "STATE_CANCELLED")
}

pub async fn discharge(bench: &Bench) -> Good {
    let content = json!({ "visit_id": opened(bench).await, "end_day": "2017-06-03" });
    let good = good(content, "/end_day", json!("2017-06-04"));
    seen(good, "STATE_DISCHARGED")
}

pub async fn discharge_cancelled(bench: &Bench) -> Good {
    let content = discharge(bench).await.content;
    bench.done(Clerk, ("visit", "Discharge"), &content).await;
    let content = json!({ "visit_id": content["visit_id"] });
    let other = json!(bench.world.person().await);
    seen(good(content, "/visit_id", other), "STATE_OPEN")
}

pub async fn upload(bench: &Bench) -> Good {
    let content = lines(&opened(bench).await);
    let listed = json!({ "visit_id": content["visit_id"] });
    let good = good(content, "/lines/0/line_code", json!("L-2"));
    good.seen(("visit", "ListVisitLines"), listed, "L-1")
}

pub async fn revocation(bench: &Bench) -> Good {
    let content = json!({ "visit_id": with_lines(bench).await, "line_codes": ["L-1"] });
    good(content, "/line_codes", json!([]))
}

async fn hurt(bench: &Bench) -> Value {
    let mut visit = new(bench).await;
    visit["med_type"] = json!("9903");
    visit["accident"] = json!({ "happened_time": "2017-06-01T00:00:00Z", "site": "家中",
        "cause": "跌伤" });
    registered(bench, visit).await
}

fn checking(visit_id: Value) -> Value {
    let check =
        json!({ "items": ["ITEM_PATIENT_ASKED"], "conclusion": "CONCLUSION_NOBODY_LIABLE" });
    json!({ "visit_id": visit_id, "check": check })
}

pub async fn accident_check(bench: &Bench) -> Good {
    let content = checking(hurt(bench).await);
    let good = good(content, "/check/items", json!(["ITEM_RECORD_READ"]));
    seen(good, "ITEM_PATIENT_ASKED")
}

pub async fn check_of_nothing(bench: &Bench) -> No {
    No {
        content: checking(opened(bench).await),
        mend: None,
    }
}

/// 结算 of a visit by its id.
pub async fn settle_visit(bench: &Bench) -> Good {
    let content = json!({ "visit_id": with_lines(bench).await });
    let other = json!(bench.world.person().await);
    let asked = json!({ "settlement_id": SUBJECT });
    good(content, "/visit_id", other).seen(GET_SETTLEMENT, asked, "STATE_POSTED")
}

/// A visit that has no lines yet.
pub async fn settle_without_lines(bench: &Bench) -> No {
    let id = opened(bench).await;
    let mut content = lines(&id);
    content["request_id"] = json!(bench.id());
    let uploaded = Mend {
        role: Clerk,
        asked: ("visit", "UploadLines".into()),
        content,
    };
    no(json!({ "visit_id": id }), uploaded)
}
