//! 门诊慢特病备案.

use super::good;
use crate::bench::{Bench, Good, SUBJECT};
use integration_tests::{CLINIC, HOSPITAL};
use serde_json::json;

const GET: (&str, &str) = ("filing", "GetFiling");

pub async fn filing(bench: &Bench) -> Good {
    let content = json!({ "person_id": bench.world.person().await, "scheme": "390",
        "kind": "KIND_CHRONIC", "disease_code": "M03900", "disease_name": "高血压",
        "first_day": "2017-01-01", "material": "诊断证明" });
    let good = good(content, "/material", json!("住院病历"));
    good.seen(GET, json!({ "filing_id": SUBJECT }), "M03900")
}

/// A filing of somebody, fixed to the hospital.
async fn filed(bench: &Bench) -> String {
    let person = bench.world.person().await;
    bench.world.filed(&person, "M03900", &[HOSPITAL]).await
}

pub async fn filing_changed(bench: &Bench) -> Good {
    let id = filed(bench).await;
    let content = json!({ "filing_id": id, "first_day": "2017-06-01",
        "institution_codes": [CLINIC], "reason": "迁居" });
    let good = good(content, "/reason", json!("其他"));
    good.seen(GET, json!({ "filing_id": id }), CLINIC)
}

pub async fn filing_ended(bench: &Bench) -> Good {
    let id = filed(bench).await;
    let content = json!({ "filing_id": id, "last_day": "2017-06-01", "reason": "复查不符合条件" });
    let good = good(content, "/reason", json!("其他"));
    good.seen(GET, json!({ "filing_id": id }), "复查不符合条件")
}
