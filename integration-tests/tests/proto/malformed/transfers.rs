//! Changes of standings, certificates and applications, malformed.

use super::{Wrong, long, pointer, wrong};
use serde_json::json;

/// What is wrong in a change, in somebody who leaves and in somebody who comes.
#[rustfmt::skip]
pub fn of_transfers() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| {
        wrong(&format!("transfer/{method}"), &pointer(field), value, field)
    };
    let change = |field: &str, value| wrong("enrollment/ChangeStanding", &pointer(field), value, field);
    let leaving = |field: &str, value| at("IssueTransferCertificate", field, value);
    let coming = |field: &str, value| at("ApplyTransferIn", field, value);
    let mut all = vec![
        change("from_day", json!("")), change("from_day", json!("2017-06-31")),
        change("person_type", json!("退休")), change("covered_by", json!(vec!["320"; 11])),
        change("covered_by[0]", json!("")),
        leaving("scheme", json!("")), leaving("end_day", json!("")), leaving("end_day", json!("2017/12/01")),
        leaving("zero_claim_years", json!([1999])), leaving("zero_claim_years", json!(vec![2017; 201])),
        leaving("account_balance_fen", json!(-1)),
        coming("id_number", json!("")), coming("id_number", json!("99999919700101000Y")),
        coming("certificate", json!(null)),
        coming("certificate.certificate_id", json!("1")), coming("certificate.from_area_code", json!("33052")),
        coming("certificate.issued_day", json!("")), coming("certificate.scheme", json!("居民")),
        coming("certificate.id_number_digest", json!("00")), coming("certificate.periods", json!([])),
        coming("certificate.periods[0].area_code", json!("")), coming("certificate.periods[0].scheme", json!("")),
        coming("certificate.periods[0].year", json!(1999)), coming("certificate.periods[0].from_day", json!("")),
        coming("certificate.periods[0].from_day", json!("2014-12-31")),
        coming("certificate.periods[0].until_day", json!("2015-01-01")),
        coming("certificate.periods[0].paid_months", json!(11)),
        coming("certificate.end_day", json!("")), coming("certificate.zero_claim_years", json!([2101])),
        coming("certificate.account_balance_fen", json!(-1)), coming("certificate.digest", json!("")),
        coming("certificate.interruptions[0].from_day", json!("")),
        coming("certificate.interruptions[0].until_day", json!("2016-01-01")),
        at("RejectTransferIn", "reason", json!("")), at("RejectTransferIn", "reason", long(201)),
        at("ListTransfers", "state", json!(9)),
        at("GetTransferCertificate", "certificate_id", json!("")),
    ];
    for method in ["AcceptTransferIn", "RejectTransferIn", "GetTransfer"] {
        all.push(at(method, "transfer_id", json!("")));
        all.push(at(method, "transfer_id", json!("1")));
    }
    all
}
