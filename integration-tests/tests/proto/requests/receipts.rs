//! Sound requests of what is read back of settlements.

use super::Ground;
use integration_tests::HOSPITAL;
use serde_json::{Value, json};

impl Ground {
    /// What an institution and the bureau look at.
    pub(super) fn reading(&self) -> Vec<(&'static str, Value)> {
        vec![
            (
                "receipt/GetSettlement",
                json!({"settlement_id": self.posted[0]}),
            ),
            (
                "receipt/ListSettlements",
                json!({"institution_code": HOSPITAL, "from_day": "2018-03-01",
                "to_day": "2018-03-01", "page_size": 1, "page_token": ""}),
            ),
            (
                "receipt/GetReceipt",
                json!({"settlement_id": self.posted[0]}),
            ),
            (
                "receipt/PrintReceipt",
                json!({"settlement_id": self.posted[0], "person_name": "张三"}),
            ),
            (
                "receipt/VerifyReceipt",
                json!({"settlement_id": self.posted[0], "receipt_digest": "0".repeat(64)}),
            ),
            (
                "receipt/GetStatement",
                json!({"person_id": self.insured, "scheme": "390", "year": 2017,
                "page_size": 1, "page_token": ""}),
            ),
            (
                "receipt/ReplaySettlements",
                json!({"only_settlement_id": self.posted[0], "only_person_id": "",
                "institution_code": HOSPITAL, "year": 2017, "from_day": "2018-03-01",
                "to_day": "2018-03-01", "counted": true, "page_size": 1, "page_token": ""}),
            ),
        ]
    }
}
