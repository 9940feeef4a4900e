//! Sound requests of payers' files and of indicators.

use super::Ground;
use integration_tests::HOSPITAL;
use serde_json::{Value, json};

impl Ground {
    /// What a payer is told of a month, which is closed by then, and what is counted.
    #[rustfmt::skip]
    pub(super) fn counting(&self) -> Vec<(&'static str, Value)> {
        let line = json!({"subject_id": self.posted[0], "amount_fen": 1,
            "kind": "PAYER_FILE_LINE_KIND_SETTLEMENT"});
        let filter = json!({"from_day": "2017-01-01", "to_day": "2017-12-31", "scheme": "390",
            "identity": "IDENTITY_CLASS_POOR", "tier": "2", "institution_code": HOSPITAL,
            "care": "CARE_CLASS_INPATIENT"});
        vec![
            ("payerfile/PreparePayerFile", json!({"request_id": "S", "fund": "390200",
                "month": "2018-01"})),
            ("payerfile/GetPayerFile", json!({"fund": "390200", "month": "2018-01"})),
            ("payerfile/ListPayerFileLines", json!({"fund": "390200", "month": "2018-01",
                "page_size": 1, "page_token": ""})),
            ("payerfile/ReconcilePayerFile", json!({"fund": "390200", "month": "2018-01",
                "institution_code": HOSPITAL, "lines": [line]})),
            ("indicator/GetInCountyShare", json!({"filter": filter})),
            ("indicator/ListInCountyVisits", json!({"filter": filter, "where": "WHERE_AWAY",
                "page_size": 1, "page_token": ""})),
        ]
    }
}
