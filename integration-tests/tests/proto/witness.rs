//! 访问记录: every method that answers what is known of people says so, and who called it, and who was
//! turned away, is found in the log of its service by an auditor.

use crate::requests::Ground;
use crate::{
    ask, caller, deliver, encoded, entitled, method, methods, package, path, send, short, wire,
};
use integration_tests::{World, code};
use kernel::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tonic::Code;

/// What answers what is known of people, alphabetically. Whoever adds a method decides.
const READS_PEOPLE: &[&str] = &[
    "account/GetAccount",
    "account/ListAccountEntries",
    "approval/GetApproval",
    "enrollment/CheckEligibility",
    "enrollment/GetPerson",
    "enrollment/ListAccess",
    "enrollment/ListCoverages",
    "enrollment/ListEvents",
    "enrollment/ListPersons",
    "enrollment/QuoteSubsidy",
    "enrollment/RevealPerson",
    "filing/GetFiling",
    "filing/ListFilings",
    "identity/GetIdentityCheck",
    "identity/ListDoubts",
    "indicator/ListInCountyVisits",
    "interregional/ListAccess",
    "orchestrator/PreSettle",
    "orchestrator/PreviewLateFacts",
    "orchestrator/WhatWouldChange",
    "payerfile/ListPayerFileLines",
    "payerfile/ReconcilePayerFile",
    "receipt/GetReceipt",
    "receipt/GetSettlement",
    "receipt/GetStatement",
    "receipt/ListSettlements",
    "receipt/PrintReceipt",
    "receipt/ReplaySettlements",
    "receivable/GetReceivable",
    "receivable/ListDueReminders",
    "receivable/ListReceivables",
    "reconciliation/ListDifferences",
    "recovery/GetAdvance",
    "recovery/ListAdvances",
    "referral/GetReferral",
    "referral/ListAccess",
    "referral/ListEvents",
    "reimbursement/GetReimbursement",
    "reimbursement/ListReimbursements",
    "revision/ListRevisions",
    "revision/PreviewFinding",
    "revision/PreviewThirdParty",
    "saga/GetSaga",
    "saga/ListAccess",
    "saga/ListEvents",
    "saga/ListSagas",
    "saga/ReckonSaga",
    "settlement/CheckSuspension",
    "settlement/ExplainChange",
    "settlement/ExplainSettlement",
    "settlement/GetAccumulators",
    "settlement/GetClaimHistory",
    "settlement/GetGuarantee",
    "settlement/GetLedgerEntries",
    "settlement/GetSettlement",
    "settlement/GetTrialBalance",
    "settlement/GetVisitClaim",
    "settlement/ListAccess",
    "settlement/ListEvents",
    "settlement/ListGuarantees",
    "settlement/ListHolds",
    "settlement/ListSettledDays",
    "settlement/ListSuspensions",
    "settlement/PriceClaim",
    "settlement/PriceLateFacts",
    "settlement/QuoteChange",
    "transfer/GetTransfer",
    "transfer/GetTransferCertificate",
    "transfer/ListTransfers",
    "visit/GetVisit",
    "visit/ListVisitLines",
    "visit/ListVisits",
];

/// Answered in the sound world, though nobody's data is in it: nothing is sealed, nothing is there, or no
/// settlement is other than it was.
const NOBODYS: &[&str] = &[
    "enrollment/ListEvents",
    "indicator/ListInCountyVisits",
    "payerfile/ListPayerFileLines",
    "payerfile/ReconcilePayerFile",
    "receipt/ListSettlements",
    "receipt/ReplaySettlements",
    "recovery/ListAdvances",
    "reconciliation/ListDifferences",
    "referral/ListEvents",
    "saga/ListEvents",
    "saga/ListSagas",
    "settlement/CheckSuspension",
    "settlement/GetTrialBalance",
    "settlement/ListEvents",
    "settlement/ListSuspensions",
];

/// The services that keep a log, each by the short name of the interface that shows it.
const LOGS: [&str; 5] = [
    "enrollment",
    "interregional",
    "referral",
    "saga",
    "settlement",
];

/// Every entry of these callers, by the method's path.
async fn seen(world: &World, of: &str) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let auditor = caller("auditor-9", &[Role::Auditor]);
    for log in LOGS {
        let mut token = Value::from("");
        loop {
            let request = json!({"filter": {"caller": of}, "page_size": 7, "page_token": token});
            let name = format!("{log}/ListAccess");
            let page = ask(world, &auditor, &name, &request).await.unwrap();
            for entry in page["entries"].as_array().into_iter().flatten() {
                let path = entry["method"].as_str().unwrap().to_string();
                all.entry(path).or_default().push(entry.clone());
            }
            match page.get("nextPageToken") {
                Some(next) => token = next.clone(),
                None => break,
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_of_people_is_in_the_log() {
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    // Who calls on nobody's behalf is written down by their own name.
    let roles = [Role::Service, Role::Clerk, Role::Supervisor, Role::Auditor];
    let reader = caller("reader-1", &roles);
    for (name, request) in ground.sound() {
        let answer = ask(&world, &reader, name, &request).await;
        assert!(answer.is_ok(), "{name}: {answer:?}");
    }
    let told = seen(&world, "reader-1").await;
    let all = methods();
    let named: BTreeSet<String> = all
        .iter()
        .filter(|method| told.contains_key(&path(method)))
        .map(short)
        .collect();
    let expected: BTreeSet<String> = READS_PEOPLE.iter().map(|name| name.to_string()).collect();
    assert_eq!(named, expected);
    for name in READS_PEOPLE {
        let method = method(name);
        assert!(
            !method.is_server_streaming(),
            "{name}: whose data will come?"
        );
        let entry = &told[&path(&method)][0];
        assert_eq!(
            (entry["kind"].as_str(), entry["outcome"].as_str()),
            (Some("KIND_READ"), Some("OK"))
        );
        assert_eq!(
            entry["roles"],
            json!(["service", "clerk", "supervisor", "auditor"]),
            "{name}"
        );
        let whose = entry.get("subjectIds").is_some();
        assert!(
            whose || NOBODYS.contains(name),
            "{name}: whose data? {entry}"
        );
    }
}

/// What a service reads in the course of a call is one with the call; what a caller does is not a read.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_somebodys_request_is_not_written_down_again() {
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    let priced = ground.of("orchestrator/PreSettle");
    let clerk = caller("clerk-7", &[Role::Clerk]);
    ask(&world, &clerk, "orchestrator/PreSettle", &priced)
        .await
        .unwrap();
    let told = seen(&world, "clerk-7").await;
    let paths: Vec<&str> = told.keys().map(String::as_str).collect();
    assert_eq!(paths, [path(&method("orchestrator/PreSettle"))]);
    assert!(seen(&world, "orchestrator~clerk-7").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_and_failed_attempts_are_told_apart_and_purposes_are_kept() {
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    let name = "enrollment/GetPerson";
    let whose = ground.of(name);
    let stranger = caller("stranger-1", &[Role::Institution]);
    let no = ask(&world, &stranger, name, &whose).await.unwrap_err();
    assert_eq!(no.code(), Code::PermissionDenied);
    let clerk = caller("clerk-7", &[Role::Clerk]);
    let nobody = json!({"person_id": crate::requests::NOBODY});
    let no = ask(&world, &clerk, name, &nobody).await.unwrap_err();
    assert_eq!(no.code(), Code::NotFound);

    for (purpose, code) in [
        ("CASE-7", Code::NotFound),
        ("for me", Code::InvalidArgument),
    ] {
        let method = method(name);
        let mut request = clerk.own(encoded(&method, &nobody));
        let stated = purpose.parse().unwrap();
        request.metadata_mut().insert("yibao-purpose", stated);
        let answer = deliver(wire(&world, "enrollment"), &path(&method), request).await;
        assert_eq!(answer.unwrap_err().code(), code, "{purpose}");
    }

    let told = seen(&world, "stranger-1").await;
    let entry = &told[&path(&method(name))][0];
    assert_eq!(entry["kind"], "KIND_DENIED");
    assert_eq!(entry["outcome"], "PERMISSION_DENIED");
    let told = seen(&world, "clerk-7").await;
    let entries = &told[&path(&method(name))];
    let purposes: Vec<_> = entries.iter().map(|entry| entry.get("purpose")).collect();
    assert_eq!(purposes.len(), 2);
    assert!(purposes.contains(&Some(&json!("CASE-7"))), "{purposes:?}");
    let entry = &entries[0];
    assert_eq!(
        (&entry["kind"], &entry["outcome"]),
        (&"KIND_READ".into(), &"NOT_FOUND".into())
    );
    assert_eq!(entry["subjectIds"], json!([crate::requests::NOBODY]));
}

/// Reading the log is an access like others, and nobody but auditors reads it.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_for_auditors_and_has_them_in_it() {
    let world = World::open().await;
    for log in LOGS {
        let name = format!("{log}/ListAccess");
        let everything = json!({});
        ask(&world, &entitled(&world, &name), &name, &everything)
            .await
            .unwrap();
        let told = seen(&world, "auditor-1").await;
        assert!(told.contains_key(&path(&method(&name))), "{name}");
        let method = method(&name);
        let service = wire(&world, &package(&method));
        let no = send(service, &world.service(), &path(&method), Vec::new()).await;
        assert_eq!(code(&no.unwrap_err()), "PERMISSION_DENIED", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_is_not_answered() {
    let world = World::open().await;
    let person = json!({"person_id": world.person().await});
    let db = world.suite.database("enrollment").unwrap().reader();
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    db.execute_unprepared(&rename("access_entry", "hidden"))
        .await
        .unwrap();
    let clerk = caller("clerk-7", &[Role::Clerk]);
    let name = "enrollment/GetPerson";
    let no = ask(&world, &clerk, name, &person).await.unwrap_err();
    assert_eq!(
        (no.code(), code(&no).as_str()),
        (Code::Unavailable, "ACCESS_LOG_UNAVAILABLE")
    );
    // Who is not let in is told so all the same.
    let stranger = caller("stranger-1", &[Role::Institution]);
    let no = ask(&world, &stranger, name, &person).await.unwrap_err();
    assert_eq!(no.code(), Code::PermissionDenied);
    db.execute_unprepared(&rename("hidden", "access_entry"))
        .await
        .unwrap();
    ask(&world, &clerk, name, &person).await.unwrap();
}
