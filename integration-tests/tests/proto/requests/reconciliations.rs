//! Sound requests of comparisons and closes.

use super::Ground;
use integration_tests::{CLINIC, HOSPITAL};
use serde_json::{Value, json};

impl Ground {
    /// What an institution and the bureau compare and close.
    pub(super) fn reconciling(&self) -> Vec<(&'static str, Value)> {
        let amounts = json!({"medfee_fen": 100_000, "funds_fen": 0, "account_fen": 0,
            "cash_fen": 100_000});
        let row = json!({"settlement_id": self.posted[0], "request_id": "r-1",
            "kind": "RECONCILIATION_ROW_KIND_SETTLEMENT", "scheme": "390", "amounts": amounts,
            "funds": [{"fund_pay_type": "390100", "paid_fen": 1}]});
        let unheard = json!({"settlement_id": "", "request_id": "r-2",
            "kind": "RECONCILIATION_ROW_KIND_SETTLEMENT", "scheme": "390", "amounts": amounts});
        let total = json!({"scheme": "390", "clr_type": "21", "rows": 1, "amounts": amounts});
        vec![
            (
                "reconciliation/ReconcileTotals",
                json!({"institution_code": HOSPITAL, "from_day": "2018-03-01",
                "to_day": "2018-03-01", "refunds_included": true, "totals": [total]}),
            ),
            (
                "reconciliation/ReconcileLines",
                json!({"request_id": "S", "institution_code": HOSPITAL, "day": "2018-03-01",
                "rows": [row, unheard]}),
            ),
            (
                "reconciliation/ListDifferences",
                json!({"institution_code": HOSPITAL, "day": "2018-03-01", "page_size": 1,
                "page_token": ""}),
            ),
            (
                "reconciliation/ExplainDifference",
                json!({"request_id": "S", "institution_code": HOSPITAL, "day": "2018-03-01",
                "row_key": "r-2", "owner": "王工", "reason": "次日补传"}),
            ),
            (
                "reconciliation/CloseDay",
                json!({"request_id": "S", "institution_code": CLINIC, "day": "2018-02-01",
                "unreconciled_reason": ""}),
            ),
            (
                "reconciliation/ListDays",
                json!({"institution_code": HOSPITAL, "from_day": "2018-02-01",
                "to_day": "2018-03-01", "page_size": 1, "page_token": ""}),
            ),
            (
                "reconciliation/CloseMonth",
                json!({"request_id": "S", "month": "2018-01"}),
            ),
            ("reconciliation/GetMonth", json!({"month": "2018-01"})),
        ]
    }
}
