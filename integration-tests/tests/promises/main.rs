//! The promises, line by line for every changing method of the suite: it takes effect; repeated, it
//! is replayed; its id serves nothing else and is its caller's own; a no is remembered, a passing
//! one is not; withdrawn before or after, it has no effect and never will. And a proof that no
//! method is missing.
//!
//! A new method is one entry in `table.rs`.

mod bench;
mod table;

use bench::{Bad, Bench, Mend, No, Rpc, Staged, full_name, must};
use integration_tests::{code, remembered};
use kernel::{Principal, Role};
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor, MethodDescriptor};
use serde_json::{Value, json};
use std::rc::Rc;
use table::TABLE;
use tokio::task::{LocalSet, spawn_local};
use tonic::{Code, Status};

type Line = for<'a> fn(&'a Bench, &'a Rpc) -> Staged<'a, ()>;

/// Holds a line against every entry of the table, and tells every one that breaks it.
async fn hold(line: Line) {
    let held = async {
        let bench = Rc::new(Bench::open().await);
        let mut broken = Vec::new();
        for rpc in TABLE {
            let bench = bench.clone();
            // A task of its own: one that panics does not hide the next.
            if let Err(error) = spawn_local(async move { line(&bench, rpc).await }).await {
                broken.push(format!("{}.{}: {error}", rpc.service, rpc.method));
            }
        }
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    };
    LocalSet::new().run_until(held).await;
}

#[tokio::test]
async fn it_takes_effect() {
    async fn line(bench: &Bench, rpc: &Rpc) {
        let (good, id) = ((rpc.good)(bench).await, bench.id());
        assert_eq!(bench.outcome(rpc, &id).await["state"], "STATE_UNKNOWN_HERE");
        let before = bench.stored(false).await;
        let answer = must(bench.ask(rpc, &id, &good.content).await);
        assert!(!replayed(&answer));
        assert!(bench.stored(false).await != before, "nothing is stored");
        let subject = done(bench, rpc, &id).await;
        if let Some(seen) = &good.seen {
            assert!(bench.sees(seen, &subject).await, "its effect is not seen");
        }
    }
    hold(|bench, rpc| Box::pin(line(bench, rpc))).await;
}

#[tokio::test]
async fn repeated_it_is_replayed() {
    async fn line(bench: &Bench, rpc: &Rpc) {
        let (good, id) = ((rpc.good)(bench).await, bench.id());
        let first = must(bench.ask(rpc, &id, &good.content).await);
        let before = bench.stored(true).await;
        for _ in 0..2 {
            let mut again = must(bench.ask(rpc, &id, &good.content).await);
            assert!(replayed(&again));
            again.as_object_mut().unwrap().remove("replayed");
            assert_eq!(again, first);
        }
        same(&before, &bench.stored(true).await);
    }
    hold(|bench, rpc| Box::pin(line(bench, rpc))).await;
}

#[tokio::test]
async fn its_id_serves_nothing_else() {
    async fn line(bench: &Bench, rpc: &Rpc) {
        let (good, id) = ((rpc.good)(bench).await, bench.id());
        must(bench.ask(rpc, &id, &good.content).await);
        let before = bench.stored(true).await;
        let no = bench.ask(rpc, &id, &good.other()).await.unwrap_err();
        assert_eq!(
            (no.code(), code(&no).as_str(), remembered(&no)),
            (Code::AlreadyExists, "REQUEST_ID_REUSED", false)
        );
        same(&before, &bench.stored(true).await);
        assert!(replayed(&must(bench.ask(rpc, &id, &good.content).await)));
    }
    hold(|bench, rpc| Box::pin(line(bench, rpc))).await;
}

#[tokio::test]
async fn its_id_is_its_callers_own() {
    async fn line(bench: &Bench, rpc: &Rpc) {
        let (good, id) = ((rpc.good)(bench).await, bench.id());
        must(bench.ask(rpc, &id, &good.content).await);
        let outcome = bench.outcome(rpc, &id).await;
        let other = rpc.other_caller();
        let unknown = bench.outcome_by(other.clone(), rpc, &id).await;
        assert_eq!(unknown["state"], "STATE_UNKNOWN_HERE");
        let another = (rpc.good)(bench).await.content;
        let answer = bench.ask_by(other.clone(), rpc, &id, &another).await;
        assert!(!replayed(&must(answer)));
        let others = bench.outcome_by(other, rpc, &id).await;
        assert_eq!(others["state"], "STATE_DONE");
        assert_ne!(others["subject_id"], outcome["subject_id"]);
        assert_eq!(bench.outcome(rpc, &id).await, outcome);
    }
    hold(|bench, rpc| Box::pin(line(bench, rpc))).await;
}

#[tokio::test]
async fn a_no_is_remembered() {
    async fn line(bench: &Bench, rpc: &Rpc) {
        let Some((expected, no)) = refused(bench, rpc).await else {
            return;
        };
        let (id, before) = (bench.id(), bench.stored(false).await);
        let first = bench.ask(rpc, &id, &no.content).await.unwrap_err();
        assert_eq!(
            (code(&first).as_str(), remembered(&first)),
            (expected, true)
        );
        same(&before, &bench.stored(false).await);
        let outcome = bench.outcome(rpc, &id).await;
        assert_eq!(outcome["state"], "STATE_REFUSED");
        assert_eq!(outcome["refused"]["code"], expected);

        let mended = no.mend.is_some();
        if let Some(mend) = no.mend {
            bench.mend(mend).await;
        }
        let before = bench.stored(true).await;
        let again = bench.ask(rpc, &id, &no.content).await.unwrap_err();
        assert_eq!(told(&again), told(&first));
        // What was refused has nothing to withdraw.
        assert_eq!(bench.withdraw(rpc, &id).await, outcome);
        same(&before, &bench.stored(true).await);
        if mended {
            let anew = bench.ask(rpc, &bench.id(), &no.content).await;
            assert!(!replayed(&must(anew)));
        }
    }
    hold(|bench, rpc| Box::pin(line(bench, rpc))).await;
}

#[tokio::test]
async fn a_passing_no_is_not_remembered() {
    async fn line(bench: &Bench, rpc: &Rpc) {
        let (good, id) = ((rpc.good)(bench).await, bench.id());
        let before = bench.stored(true).await;
        let may_not = match rpc.role {
            Role::Service | Role::Operator => Role::Clerk,
            _ => Role::Operator,
        };
        let same_caller = Principal {
            roles: vec![may_not],
            ..rpc.caller()
        };
        let no = bench.ask_by(same_caller, rpc, &id, &good.content).await;
        let no = no.unwrap_err();
        assert_eq!(
            (no.code(), code(&no).as_str(), remembered(&no)),
            (Code::PermissionDenied, "PERMISSION_DENIED", false)
        );
        assert_eq!(bench.outcome(rpc, &id).await["state"], "STATE_UNKNOWN_HERE");
        same(&before, &bench.stored(true).await);
        let answer = must(bench.ask(rpc, &id, &good.content).await);
        assert!(!replayed(&answer));
    }
    hold(|bench, rpc| Box::pin(line(bench, rpc))).await;
}

#[tokio::test]
async fn withdrawn_before_it_never_takes_effect() {
    async fn line(bench: &Bench, rpc: &Rpc) {
        let (good, id) = ((rpc.good)(bench).await, bench.id());
        let before = bench.stored(false).await;
        let outcome = bench.withdraw(rpc, &id).await;
        assert_eq!(outcome["state"], "STATE_WITHDRAWN");
        for content in [&good.content, &good.other()] {
            withdrawn(bench, rpc, &id, content).await;
        }
        assert_eq!(bench.withdraw(rpc, &id).await, outcome);
        assert_eq!(bench.outcome(rpc, &id).await, outcome);
        same(&before, &bench.stored(false).await);
        let anew = bench.ask(rpc, &bench.id(), &good.content).await;
        assert!(!replayed(&must(anew)));
    }
    hold(|bench, rpc| Box::pin(line(bench, rpc))).await;
}

/// What cannot be undone by a withdrawal is not undone by burning its key either; that a saga was to
/// be withdrawn is noted.
#[tokio::test]
async fn withdrawn_after_its_effect_is_gone() {
    async fn line(bench: &Bench, rpc: &Rpc) {
        let (good, id) = ((rpc.good)(bench).await, bench.id());
        must(bench.ask(rpc, &id, &good.content).await);
        let subject = done(bench, rpc, &id).await;
        let keys = bench.saga(rpc).is_none();
        let before = bench.stored(keys).await;
        let outcome = bench.withdraw(rpc, &id).await;
        if !bench.undoable(rpc) {
            assert_eq!(
                (&outcome["state"], &outcome["subject_id"]),
                (&json!("STATE_DONE"), &json!(subject))
            );
            same(&before, &bench.stored(keys).await);
            assert!(replayed(&must(bench.ask(rpc, &id, &good.content).await)));
            assert_eq!(bench.outcome(rpc, &id).await, outcome);
            return;
        }
        assert_eq!(outcome["state"], "STATE_WITHDRAWN");
        if let Some(seen) = &good.seen {
            assert!(
                !bench.sees(seen, &subject).await,
                "its effect is still seen"
            );
        }
        let after = bench.stored(true).await;
        assert_eq!(bench.withdraw(rpc, &id).await, outcome);
        assert_eq!(bench.outcome(rpc, &id).await, outcome);
        withdrawn(bench, rpc, &id, &good.content).await;
        same(&after, &bench.stored(true).await);
        // Nothing stands in the way of doing it again.
        let anew = bench.ask(rpc, &bench.id(), &good.content).await;
        assert!(!replayed(&must(anew)));
    }
    hold(|bench, rpc| Box::pin(line(bench, rpc))).await;
}

#[test]
fn no_changing_method_is_missing() {
    /// What a method that changes nothing begins with.
    const ASKING: &[&str] = &[
        "Get",
        "List",
        "Check",
        "Count",
        "Quote",
        "Preview",
        "Price",
        "PreSettle",
        // What it carries is a request to another method, under its key: `desk/envelopes.rs`.
        "Exchange",
        "ExplainChange",
        "ExplainSettlement",
        "Reckon",
        "ReconcilePayerFile",
        "ReconcileTotals",
        "Print",
        "Replay",
        "Screen",
        "RevealPerson",
        "VerifyChain",
        "VerifyReceipt",
        "WhatWouldChange",
    ];
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap();
    let ours = pool
        .services()
        .filter(|service| service.full_name().starts_with("yibao."));
    let methods: Vec<MethodDescriptor> =
        ours.flat_map(|s| s.methods().collect::<Vec<_>>()).collect();
    let has = |service: &str, method: &str| {
        let mut own = methods
            .iter()
            .filter(|m| m.parent_service().full_name() == service);
        own.any(|known| known.name() == method)
    };
    let mut changing = Vec::new();
    for method in &methods {
        let (service, name) = (method.parent_service(), method.name());
        let service = service.full_name();
        let first = first_field(&method.input());
        let original = name.strip_prefix("Withdraw");
        if ASKING.iter().any(|verb| name.starts_with(verb)) {
            continue;
        } else if original.is_some() || name == "Burn" {
            assert_eq!(
                first.as_deref(),
                Some("original_request_id"),
                "{service}.{name}"
            );
            assert!(
                // All sagas of the service have one withdrawal.
                original.is_none_or(|original| original.is_empty() || has(service, original)),
                "{service}.{name}"
            );
        } else if method.is_client_streaming() {
            // Each claim of a stream is a request to Settle, under its key: `desk/batch.rs`.
            assert_eq!(first.as_deref(), Some("request_id"), "{service}.{name}");
            assert_eq!(name, "SettleBatch");
        } else {
            assert_eq!(first.as_deref(), Some("request_id"), "{service}.{name}");
            changing.push(format!("{service}.{name}"));
        }
    }
    let named = |rpc: &Rpc| format!("{}.{}", full_name(rpc.service), rpc.method);
    let mut listed: Vec<String> = TABLE.iter().map(named).collect();
    changing.sort();
    listed.sort();
    // Some have an entry for each way they go.
    listed.dedup();
    assert_eq!(listed, changing);
}

/// The name of the field numbered 1, if it is a text.
fn first_field(message: &MessageDescriptor) -> Option<String> {
    let field = message.get_field(1)?;
    (field.kind() == Kind::String && !field.is_list()).then(|| field.name().to_string())
}

/// The code by which a request is refused, and a world in which it is; none where it never is.
async fn refused(bench: &Bench, rpc: &Rpc) -> Option<(&'static str, No)> {
    match &rpc.bad {
        Bad::Never => None,
        Bad::Staged(code, no) => Some((code, no(bench).await)),
        Bad::Twice(code) => {
            let content = (rpc.good)(bench).await.content;
            let first = bench.done(rpc.role, (rpc.service, rpc.method), &content);
            let (first, _) = first.await;
            let (withdraw, original) = bench.withdrawal(rpc, &first);
            let mend = bench.undoable(rpc).then_some(Mend {
                role: rpc.role,
                asked: (rpc.service, withdraw),
                content: original,
            });
            Some((code, No { content, mend }))
        }
    }
}

/// The request took effect; gives the id of what it made.
async fn done(bench: &Bench, rpc: &Rpc, id: &str) -> String {
    let outcome = bench.outcome(rpc, id).await;
    assert_eq!(outcome["state"], "STATE_DONE");
    let subject = outcome["subject_id"].as_str().unwrap_or_default();
    assert!(!subject.is_empty(), "{outcome}");
    subject.to_string()
}

/// The request is refused because it was withdrawn, and always will be.
async fn withdrawn(bench: &Bench, rpc: &Rpc, id: &str, content: &Value) {
    let no = bench.ask(rpc, id, content).await.unwrap_err();
    assert_eq!(
        (no.code(), code(&no).as_str(), remembered(&no)),
        (Code::FailedPrecondition, "REQUEST_WITHDRAWN", true)
    );
}

fn replayed(answer: &Value) -> bool {
    answer["replayed"] == json!(true)
}

/// A refusal as its caller hears it: code, sentence and details.
fn told(status: &Status) -> (Code, String, String, bool) {
    (
        status.code(),
        status.message().into(),
        code(status),
        remembered(status),
    )
}

/// The same rows; tells the ones that are not.
fn same(before: &[String], after: &[String]) {
    let gone: Vec<_> = before.iter().filter(|row| !after.contains(row)).collect();
    let new: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
    assert!(
        before == after,
        "rows that are gone: {gone:#?}\nnew rows: {new:#?}"
    );
}
