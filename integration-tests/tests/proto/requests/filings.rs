//! Sound requests of filed diseases.

use super::Ground;
use integration_tests::{CLINIC, HOSPITAL, World};
use serde_json::{Value, json};

/// The filing of whose claims name a disease.
pub(super) async fn kept(world: &World, person: &str) -> String {
    world.filed(person, "M03900", &[]).await
}

impl Ground {
    /// What the bureau does about filed diseases.
    pub(super) fn filing_diseases(&self) -> Vec<(&'static str, Value)> {
        let (person, filing) = (&self.uninsured, &self.filing);
        vec![
            (
                "filing/FileDisease",
                json!({"request_id": "S", "person_id": person, "scheme": "390",
                    "kind": "KIND_CHRONIC", "disease_code": "M01600", "disease_name": "糖尿病",
                    "first_day": "2017-01-01", "last_day": "2019-12-31",
                    "institution_codes": [CLINIC, HOSPITAL], "material": "诊断证明"}),
            ),
            (
                "filing/ChangeFilingInstitutions",
                json!({"request_id": "S", "filing_id": filing, "first_day": "2018-06-01",
                    "institution_codes": [CLINIC, HOSPITAL], "reason": "迁居"}),
            ),
            (
                "filing/EndFiling",
                json!({"request_id": "S", "filing_id": filing, "last_day": "2019-06-01",
                    "reason": "复查不符合条件"}),
            ),
            ("filing/GetFiling", json!({"filing_id": filing})),
            (
                "filing/ListFilings",
                json!({"person_id": person, "page_size": 1, "page_token": ""}),
            ),
        ]
    }
}
