//! Deny by default: every method has a rule, and the rules are these.

use crate::{caller, methods, package, path, send, short, wire};
use integration_tests::child::workspace;
use integration_tests::{HOSPITAL, World, code};
use kernel::Role;
use std::collections::BTreeSet;
use tonic::{Code, Status};

/// What an institution may call.
const OF_INSTITUTIONS: &[&str] = &[
    "batch/SettleBatch",
    "envelope/Exchange",
    "envelope/GetAnswerKeys",
    "filing/ListFilings",
    "identity/Burn",
    "identity/GetIdentityCheck",
    "identity/GetOutcome",
    "identity/VerifyIdentity",
    "identity/WithdrawVerifyIdentity",
    "inspection/ListRules",
    "orchestrator/Admit",
    "orchestrator/GetOutcome",
    "orchestrator/PreSettle",
    "orchestrator/Reverse",
    "orchestrator/Settle",
    "orchestrator/SettleTogether",
    "orchestrator/WhatWouldChange",
    "orchestrator/Withdraw",
    "receipt/GetReceipt",
    "receipt/GetSettlement",
    "receipt/ListSettlements",
    "receivable/Burn",
    "receivable/CancelReceivable",
    "receivable/GetOutcome",
    "receivable/GetReceivable",
    "receivable/ListDueReminders",
    "receivable/ListReceivables",
    "receivable/OpenReceivable",
    "receivable/RecordPayment",
    "receivable/RecordReminder",
    "receivable/RevokePayment",
    "receivable/RevokeReminder",
    "receivable/RevokeWriteOff",
    "receivable/WriteOff",
    "reconciliation/Burn",
    "reconciliation/CloseDay",
    "reconciliation/ExplainDifference",
    "reconciliation/GetOutcome",
    "reconciliation/ListDays",
    "reconciliation/ListDifferences",
    "reconciliation/ReconcileLines",
    "reconciliation/ReconcileTotals",
    "reconciliation/WithdrawCloseDay",
    "reconciliation/WithdrawExplainDifference",
    "reconciliation/WithdrawReconcileLines",
    "visit/Burn",
    "visit/CancelDischarge",
    "visit/CancelVisit",
    "visit/ChangeVisit",
    "visit/Discharge",
    "visit/GetOutcome",
    "visit/GetVisit",
    "visit/ListUnmapped",
    "visit/ListVisitLines",
    "visit/ListVisits",
    "visit/RecordAccidentCheck",
    "visit/RegisterVisit",
    "visit/RevokeLines",
    "visit/UploadLines",
    "receipt/PrintReceipt",
    "receipt/VerifyReceipt",
    "revision/Burn",
    "revision/GetOutcome",
    "revision/ListRevisions",
    "revision/RefundLines",
    "revision/WithdrawRefundLines",
];
/// What an operator may call: the law and what became of it, and sagas.
const OF_OPERATORS: &[&str] = &[
    "enrollment/ActivatePackage",
    "enrollment/Burn",
    "enrollment/GetOutcome",
    "enrollment/ListPackages",
    "enrollment/ProposePackage",
    "enrollment/WithdrawActivatePackage",
    "enrollment/WithdrawProposePackage",
    "envelope/GetAnswerKeys",
    "envelope/GetSender",
    "envelope/ListSenders",
    "receipt/VerifyReceipt",
    "saga/ApproveAbandonment",
    "saga/Burn",
    "saga/DirectSaga",
    "saga/DirectSagas",
    "saga/GetOutcome",
    "saga/GetSaga",
    "saga/ListEvents",
    "saga/ListSagas",
    "saga/ProposeAbandonment",
    "saga/ReckonSaga",
    "settlement/ActivatePackage",
    "settlement/Burn",
    "settlement/GetOutcome",
    "settlement/ListPackages",
    "settlement/ProposePackage",
    "settlement/WithdrawActivatePackage",
    "settlement/WithdrawProposePackage",
];
/// What a clerk may not call: money moves through the orchestrator alone, and neither the law nor
/// sagas are a clerk's; and whoever works is not who audits.
const NOT_OF_CLERKS: &[&str] = &[
    "approval/GiveApproval",
    "approval/RevokeApproval",
    "enrollment/ActivatePackage",
    "enrollment/ProposePackage",
    "enrollment/WithdrawActivatePackage",
    "enrollment/WithdrawProposePackage",
    "envelope/Burn",
    "envelope/EndSender",
    "envelope/Exchange",
    "envelope/GetAnswerKeys",
    "envelope/GetOutcome",
    "envelope/GetSender",
    "envelope/ListSenders",
    "envelope/RegisterSender",
    "envelope/RotateSenderKey",
    "envelope/WithdrawEndSender",
    "envelope/WithdrawRegisterSender",
    "envelope/WithdrawRotateSenderKey",
    "saga/ApproveAbandonment",
    "saga/Burn",
    "saga/DirectSaga",
    "saga/DirectSagas",
    "saga/GetOutcome",
    "saga/GetSaga",
    "saga/ListEvents",
    "saga/ListSagas",
    "saga/ProposeAbandonment",
    "saga/ReckonSaga",
    "settlement/ActivatePackage",
    "settlement/CancelCorrection",
    "settlement/CancelGuarantee",
    "settlement/CancelSubsidy",
    "settlement/HoldClaims",
    "settlement/OpenGuarantee",
    "settlement/PostHolds",
    "settlement/PostLateFacts",
    "settlement/PostSettlement",
    "settlement/PostSubsidy",
    "settlement/ProposePackage",
    "settlement/ReverseHolds",
    "settlement/ReverseSettlement",
    "settlement/SuspendOnline",
    "settlement/WithdrawActivatePackage",
    "settlement/WithdrawHoldClaims",
    "settlement/WithdrawOpenGuarantee",
    "settlement/WithdrawPostSubsidy",
    "settlement/WithdrawProposePackage",
    "settlement/WithdrawSuspendOnline",
];

/// What people do, and no service for them.
const OF_PEOPLE: &[&str] = &[
    "approval/GiveApproval",
    "approval/ProposeApproval",
    "approval/RevokeApproval",
    "enrollment/RevealPerson",
];

/// What a supervisor may call: to agree, not to propose; and what is filed of diseases.
const OF_SUPERVISORS: &[&str] = &[
    "approval/Burn",
    "approval/CancelApproval",
    "approval/GetApproval",
    "approval/GetOutcome",
    "approval/GiveApproval",
    "approval/ListApprovals",
    "approval/RevokeApproval",
    "filing/Burn",
    "filing/ChangeFilingInstitutions",
    "filing/EndFiling",
    "filing/FileDisease",
    "filing/GetFiling",
    "filing/GetOutcome",
    "filing/ListFilings",
    "filing/WithdrawChangeFilingInstitutions",
    "filing/WithdrawEndFiling",
    "filing/WithdrawFileDisease",
];
/// What a platform may call: it applies for people who are elsewhere.
const OF_PLATFORMS: &[&str] = &[
    "envelope/Exchange",
    "envelope/GetAnswerKeys",
    "transfer/ApplyTransferIn",
    "transfer/Burn",
    "transfer/GetOutcome",
    "transfer/GetTransfer",
    "transfer/WithdrawApplyTransferIn",
];
/// What only an auditor may call, and nothing else: who reads what others did changes nothing.
const OF_AUDITORS: &[&str] = &[
    "enrollment/ListAccess",
    "enrollment/VerifyChain",
    "interregional/ListAccess",
    "interregional/VerifyChain",
    "referral/ListAccess",
    "referral/VerifyChain",
    "saga/ListAccess",
    "saga/VerifyChain",
    "settlement/ListAccess",
    "settlement/VerifyChain",
];

fn is_denied(answer: &Result<Vec<u8>, Status>) -> bool {
    match answer {
        Err(no) => (no.code(), code(no).as_str()) == (Code::PermissionDenied, "PERMISSION_DENIED"),
        Ok(_) => false,
    }
}

/// The methods these roles may not call.
async fn denied(world: &World, name: &str, roles: &[Role]) -> BTreeSet<String> {
    let who = caller(name, roles);
    let mut denied = BTreeSet::new();
    for method in methods() {
        let wire = wire(world, &package(&method));
        let answer = send(wire, &who, &path(&method), Vec::new()).await;
        if is_denied(&answer) {
            denied.insert(short(&method));
        }
        let unknown = answer.is_err_and(|no| no.code() == Code::Unimplemented);
        assert!(!unknown, "{} is not there", short(&method));
    }
    denied
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_has_a_rule() {
    let world = World::open().await;
    let all: BTreeSet<String> = methods().iter().map(short).collect();
    let without = |open: &[&str]| -> BTreeSet<String> {
        all.iter()
            .filter(|name| !open.contains(&name.as_str()))
            .cloned()
            .collect()
    };
    assert_eq!(denied(&world, "stranger", &[]).await, all);
    let of_operators = without(OF_OPERATORS);
    assert_eq!(
        denied(&world, "operator-1", &[Role::Operator]).await,
        of_operators
    );
    let of_supervisors = without(OF_SUPERVISORS);
    assert_eq!(
        denied(&world, "head-1", &[Role::Supervisor]).await,
        of_supervisors
    );
    let of_institutions = without(OF_INSTITUTIONS);
    assert_eq!(
        denied(&world, HOSPITAL, &[Role::Institution]).await,
        of_institutions
    );
    let of_platforms = without(OF_PLATFORMS);
    assert_eq!(
        denied(&world, "platform-1", &[Role::Platform]).await,
        of_platforms
    );
    let not_of_clerks = NOT_OF_CLERKS.iter().chain(OF_AUDITORS);
    assert_eq!(
        denied(&world, "clerk-1", &[Role::Clerk]).await,
        not_of_clerks.map(|name| name.to_string()).collect()
    );
    let of_auditors = without(OF_AUDITORS);
    assert_eq!(
        denied(&world, "auditor-1", &[Role::Auditor]).await,
        of_auditors
    );
    let not_of_services = OF_AUDITORS.iter().chain(OF_PEOPLE);
    assert_eq!(
        denied(&world, "orchestrator", &[Role::Service]).await,
        not_of_services.map(|name| name.to_string()).collect()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_rule_may_not_be_called() {
    let world = World::open().await;
    let everything = [
        Role::Service,
        Role::Institution,
        Role::Clerk,
        Role::Operator,
    ];
    let who = caller("orchestrator", &everything);
    for method in methods()
        .iter()
        .filter(|method| method.name().starts_with("Get"))
    {
        let service = method.parent_service().full_name().to_string();
        for unknown in ["NoSuchMethod", "", "getoutcome", "GetOutcome "] {
            let path = format!("/{service}/{}", unknown.replace(' ', "%20"));
            let answer = send(wire(&world, &package(method)), &who, &path, Vec::new()).await;
            assert!(is_denied(&answer), "{path}: {answer:?}");
        }
        // A known method of an unknown service leads nowhere, even where it passes a rule by its name.
        let path = format!("/yibao.nowhere.v1.NoService/{}", method.name());
        let answer = send(wire(&world, &package(method)), &who, &path, Vec::new()).await;
        let code = answer.expect_err(&path).code();
        assert!(
            matches!(code, Code::Unimplemented | Code::PermissionDenied),
            "{path}: {code:?}"
        );
    }
}

/// Set to 1 to write the file anew.
const BLESS: &str = "YIBAO_BLESS";
const WRITTEN: &str = "deploy/ACCESS.md";
const HEAD: &str = "\
# Who may call what

What `yibao access` prints: every method of every interface, what it does, which roles may call it,
and whose a caller of that role sees and touches. A method without a line may not be called; a test
walks the protobuf descriptor and holds this file.

```text
";

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_access_has_every_method_and_is_written_down() {
    let world = World::open().await;
    let lines: BTreeSet<String> = world
        .suite
        .interfaces()
        .flat_map(|(interface, access)| {
            let path = move |(method, ..): &(&str, _, _)| format!("/{interface}/{method}");
            access.iter().map(path)
        })
        .collect();
    let count: usize = world
        .suite
        .interfaces()
        .map(|(_, access)| access.len())
        .sum();
    assert_eq!(count, lines.len(), "a method has two lines");
    // Neither a method without a line, nor a line without a method.
    assert_eq!(lines, methods().iter().map(path).collect());

    let table = yibao::access::table(&world.suite);
    for line in table.lines() {
        assert!(
            line.chars().count() <= 80,
            "{line:?} is wider than a terminal"
        );
    }
    let wanted = format!("{HEAD}{table}```\n");
    let file = workspace().join(WRITTEN);
    if std::env::var(BLESS).is_ok_and(|bless| bless == "1") {
        std::fs::write(&file, &wanted).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == wanted,
        "{WRITTEN} is not what the services say; write it anew with {BLESS}=1"
    );
}
