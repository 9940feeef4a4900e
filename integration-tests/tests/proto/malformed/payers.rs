//! Payers' files and indicators, asked for in malformed words.

use super::{Wrong, long, wrong};
use serde_json::{Value, json};

/// What is wrong in a fund, a month, a payer's line or a filter.
#[rustfmt::skip]
pub fn of_payers() -> Vec<Wrong> {
    let file = |method: &str, at: &str, value: Value, field: &str| {
        wrong(&format!("payerfile/{method}"), at, value, field)
    };
    let mut all = Vec::new();
    for method in ["PreparePayerFile", "GetPayerFile", "ListPayerFileLines", "ReconcilePayerFile"] {
        for fund in ["", "大病保险", "390 200"] {
            all.push(file(method, "/fund", json!(fund), "fund"));
        }
        for month in ["", "2018-1", "201801"] {
            all.push(file(method, "/month", json!(month), "month"));
        }
    }
    let line = |at: &str, value: Value| {
        let field = format!("lines[0].{at}");
        file("ReconcilePayerFile", &format!("/lines/0/{at}"), value, &field)
    };
    all.extend([
        file("ReconcilePayerFile", "/institution_code", json!("H1"), "institution_code"),
        line("subject_id", json!("")), line("subject_id", long(65)), line("subject_id", json!("甲")),
        line("kind", json!(0)), line("kind", json!(99)),
        line("amount_fen", json!(1_000_000_000_000_001_i64)), line("amount_fen", json!(i64::MIN)),
    ]);
    for method in ["GetInCountyShare", "ListInCountyVisits"] {
        let at = |at: &str, value: Value| {
            let method = format!("indicator/{method}");
            wrong(&method, &format!("/filter/{at}"), value, &format!("filter.{at}"))
        };
        all.extend([
            wrong(&format!("indicator/{method}"), "/filter", Value::Null, "filter"),
            at("from_day", json!("")), at("from_day", json!("2017-1-1")),
            at("to_day", json!("")), at("to_day", json!("2016-12-31")), at("to_day", json!("2018-01-02")),
            at("scheme", json!("居民")), at("tier", json!("三级")), at("institution_code", json!("H1")),
            at("identity", json!(9)), at("care", json!(9)),
        ]);
    }
    all.push(wrong("indicator/ListInCountyVisits", "/where", json!(9), "where"));
    all
}
