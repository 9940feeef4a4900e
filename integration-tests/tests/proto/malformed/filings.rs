//! Filed diseases, malformed.

use super::{Wrong, long, pointer, wrong};
use integration_tests::CLINIC;
use serde_json::json;

/// What is wrong in a filing, its change or its end.
#[rustfmt::skip]
pub fn of_filings() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| {
        wrong(&format!("filing/{method}"), &pointer(field), value, field)
    };
    let file = |field: &str, value| at("FileDisease", field, value);
    let change = |field: &str, value| at("ChangeFilingInstitutions", field, value);
    let end = |field: &str, value| at("EndFiling", field, value);
    let mut all = vec![
        file("scheme", json!("")), file("kind", json!(0)), file("kind", json!(9)),
        file("disease_code", json!("")), file("disease_code", json!("病种")), file("disease_code", long(31)),
        file("disease_name", json!(" ")), file("disease_name", long(101)),
        file("first_day", json!("")), file("first_day", json!("2017-02-29")),
        file("last_day", json!("never")), file("last_day", json!("2016-12-31")),
        file("material", json!("")), file("material", long(201)),
        change("first_day", json!("")), change("reason", json!("")), change("reason", long(201)),
        end("last_day", json!("")), end("last_day", json!("2019-6-1")),
        end("reason", json!("")), end("reason", long(201)),
    ];
    for method in ["FileDisease", "ChangeFilingInstitutions"] {
        all.push(at(method, "institution_codes[0]", json!("H1")));
        all.push(at(method, "institution_codes", json!(vec![CLINIC; 11])));
        // CLINIC is the first already.
        all.push(at(method, "institution_codes[1]", json!(CLINIC)));
    }
    for method in ["ChangeFilingInstitutions", "EndFiling", "GetFiling"] {
        all.push(at(method, "filing_id", json!("")));
        all.push(at(method, "filing_id", json!("1")));
    }
    all
}
