//! Comparisons and closes, asked for in malformed words.

use super::{Wrong, long, wrong};
use serde_json::{Value, json};

/// What is wrong in an institution, in days, in sums or in rows.
#[rustfmt::skip]
pub fn of_reconciliations() -> Vec<Wrong> {
    let at = |method: &str, at: &str, value: Value, field: &str| {
        wrong(&format!("reconciliation/{method}"), at, value, field)
    };
    let mut all = Vec::new();
    for method in ["ReconcileTotals", "ReconcileLines", "ListDifferences", "ExplainDifference", "CloseDay"] {
        all.push(at(method, "/institution_code", json!(""), "institution_code"));
        all.push(at(method, "/institution_code", json!("H1"), "institution_code"));
    }
    for method in ["ReconcileLines", "ListDifferences", "ExplainDifference", "CloseDay"] {
        all.push(at(method, "/day", json!(""), "day"));
        all.push(at(method, "/day", json!("2018-3-1"), "day"));
    }
    for method in ["ReconcileTotals", "ListDays"] {
        all.push(at(method, "/from_day", json!("2018-02-30"), "from_day"));
        all.push(at(method, "/to_day", json!(""), "to_day"));
        all.push(at(method, "/to_day", json!("2018-01-31"), "to_day"));
        all.push(at(method, "/to_day", json!("2018-04-01"), "to_day"));
    }
    for method in ["CloseMonth", "GetMonth"] {
        for month in ["", "2018-1", "2018-13", "201801", "2018-01-01"] {
            all.push(at(method, "/month", json!(month), "month"));
        }
    }
    let lines = |path: &str, value: Value, field: &str| {
        at("ReconcileLines", path, value, &format!("rows[0].{field}"))
    };
    let totals = |path: &str, value: Value, field: &str| {
        at("ReconcileTotals", path, value, &format!("totals[0].{field}"))
    };
    let twice = json!([{"fund_pay_type": "390100"}, {"fund_pay_type": "390100"}]);
    let many = |one: Value, count: usize| Value::Array(vec![one; count]);
    all.extend([
        at("ReconcileLines", "/rows", many(json!({}), 20_001), "rows"),
        lines("/rows/0/settlement_id", json!("a b"), "settlement_id"),
        lines("/rows/0/settlement_id", long(65), "settlement_id"),
        lines("/rows/0/request_id", json!("请求"), "request_id"),
        lines("/rows/0/kind", json!(0), "kind"),
        lines("/rows/0/kind", json!(9), "kind"),
        lines("/rows/0/scheme", json!(""), "scheme"),
        lines("/rows/0/amounts", json!(null), "amounts"),
        lines("/rows/0/amounts/medfee_fen", json!(i64::MIN), "amounts.medfee_fen"),
        lines("/rows/0/amounts/cash_fen", json!(i64::MAX), "amounts.cash_fen"),
        lines("/rows/0/funds/0/fund_pay_type", json!(""), "funds[0].fund_pay_type"),
        lines("/rows/0/funds/0/paid_fen", json!(i64::MIN), "funds[0].paid_fen"),
        lines("/rows/0/funds", twice, "funds[1].fund_pay_type"),
        lines("/rows/0/funds", many(json!({"fund_pay_type": "1"}), 33), "funds"),
        at("ReconcileLines", "/rows/1/request_id", json!(""), "rows[1].settlement_id"),
        at("ReconcileTotals", "/totals", many(json!({}), 501), "totals"),
        totals("/totals/0/scheme", json!("职工"), "scheme"),
        totals("/totals/0/clr_type", json!(""), "clr_type"),
        totals("/totals/0/rows", json!(-1), "rows"),
        totals("/totals/0/amounts", json!(null), "amounts"),
        totals("/totals/0/amounts/account_fen", json!(i64::MIN), "amounts.account_fen"),
        at("ListDays", "/institution_code", json!("H1"), "institution_code"),
        at("ExplainDifference", "/row_key", json!(""), "row_key"),
        at("ExplainDifference", "/row_key", json!("a b"), "row_key"),
        at("ExplainDifference", "/owner", json!(" "), "owner"),
        at("ExplainDifference", "/owner", long(51), "owner"),
        at("ExplainDifference", "/reason", json!(""), "reason"),
        at("ExplainDifference", "/reason", long(201), "reason"),
        at("CloseDay", "/unreconciled_reason", long(201), "unreconciled_reason"),
    ]);
    all
}
