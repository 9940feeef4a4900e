//! 过载: what comes compressed, nested without end or all at once does no harm, and a call that was
//! shed is as if it had never been made.

use crate::{ask, caller, deliver, method, methods, package, path, send, short, wire};
use integration_tests::{
    CLINIC, HOSPITAL, PATIENCE, World, claim, code, patient, remembered, visit,
};
use kernel::Role;
use proto::common::Claim;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::orchestrator::{PreSettleRequest, SettleRequest};
use runtime::{CallerLimits, Limits};
use serde_json::json;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Calls of the flood.
const FLOOD: usize = 60;

/// A world in which one institution may take little.
async fn bounded(own: CallerLimits) -> World {
    World::tuned(|config| {
        let mut limits = Limits::embedded(1_024);
        limits.callers.insert(HOSPITAL.into(), own);
        config.limits = Some(limits);
    })
    .await
}

/// Each on a day and of a sum of its own: none is another's duplicate.
fn at_the_hospital(person: &str, number: usize) -> Claim {
    let day = format!("2017-{:02}-{:02}", 4 + number / 28, 1 + number % 28);
    let fen = 5_000 + i64::try_from(number).expect("a small number") * 100;
    let visit = format!("FLOOD-{number}");
    claim(person, HOSPITAL, "11", &visit, (&day, &day), fen)
}

fn settle(id: &str, claim: Claim) -> Request<SettleRequest> {
    patient(SettleRequest {
        request_id: id.into(),
        claim: Some(claim),
        ..Default::default()
    })
}

/// A refusal that says when to come again, and is remembered nowhere.
fn is_shed(no: &Status) -> bool {
    let details = no.get_error_details();
    let retry = details.retry_info().and_then(|retry| retry.retry_delay);
    no.code() == Code::ResourceExhausted && retry.is_some() && !remembered(no)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_institution_s_flood_harms_nobody_else_and_what_was_shed_was_not_begun() {
    let world = bounded(CallerLimits {
        rate: 2,
        burst: 8,
        in_flight: 4,
    })
    .await;
    let person = world.insured(None).await;
    let flood: Vec<_> = (0..FLOOD)
        .map(|n| {
            let mut client = world.suite.desk(HOSPITAL).orchestrator();
            let request = settle(&format!("flood-{n}"), at_the_hospital(&person, n));
            tokio::spawn(async move { client.settle(request).await })
        })
        .collect();
    let other = world.insured(None).await;
    let mut clinic = world.suite.desk(CLINIC).orchestrator();
    for n in 1..21 {
        let claim = visit(
            &other,
            &format!("CALM-{n}"),
            &format!("2017-03-{n:02}"),
            3_000 + n,
        );
        let priced = PreSettleRequest {
            claim: Some(claim.clone()),
            ..Default::default()
        };
        clinic.pre_settle(patient(priced)).await.expect("a price");
        let settled = clinic.settle(settle(&format!("calm-{n}"), claim)).await;
        settled.expect("a settlement");
    }
    let mut shed = Vec::new();
    for (n, call) in flood.into_iter().enumerate() {
        match call.await.expect("an answer") {
            Ok(_) => {}
            // Of the same person another was just being settled.
            Err(no) if no.code() == Code::Aborted => {}
            Err(no) => {
                assert!(is_shed(&no), "{no:?}");
                let known = ["CALLER_RATE_EXCEEDED", "CALLER_IN_FLIGHT_EXCEEDED"];
                assert!(known.contains(&code(&no).as_str()), "{no:?}");
                shed.push(n);
            }
        }
    }
    assert!(shed.len() > FLOOD / 2, "only {} were shed", shed.len());
    // Nothing was begun, and the same id is free. What comes through a service is counted there.
    let who = caller(HOSPITAL, &[Role::Institution]);
    let mut inside = OrchestratorServiceClient::new(world.suite.wires().orchestrator.clone());
    for n in shed.into_iter().take(3) {
        let id = format!("flood-{n}");
        let asked = json!({"request_id": id, "method": "METHOD_SETTLE"});
        let outcome = ask(&world, &who, "orchestrator/GetOutcome", &asked).await;
        let outcome = outcome.map(|told| told["outcome"]["state"].clone());
        assert_eq!(outcome.expect("an outcome"), "STATE_UNKNOWN_HERE");
        let again = settle(&id, at_the_hospital(&person, n)).into_inner();
        let settled = inside.settle(who.own(again)).await;
        assert!(!settled.expect("a settlement").into_inner().replayed);
    }
    world.ledger().await;
}

/// What is compressed is not unpacked: a bomb stays as small as it came.
#[tokio::test(flavor = "multi_thread")]
async fn no_method_takes_what_is_compressed() {
    let world = World::open().await;
    let who = caller("packer", &[Role::Service]);
    let mut asked = 0;
    for method in methods() {
        let (wire, path) = (wire(&world, &package(&method)), path(&method));
        let mut request = who.own(vec![0; 64]);
        let metadata = request.metadata_mut();
        metadata.insert("grpc-encoding", "gzip".parse().expect("ASCII"));
        let answer = tokio::time::timeout(PATIENCE, deliver(wire, &path, request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("{} hangs", short(&method)));
        let no = code(&answer.expect_err("a refusal"));
        let denied = ["MESSAGE_UNREADABLE", "PERMISSION_DENIED"];
        assert!(denied.contains(&no.as_str()), "{}: {no}", short(&method));
        asked += usize::from(no == "MESSAGE_UNREADABLE");
    }
    assert!(asked > 50, "only {asked} were allowed to try");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_in_groups_without_end_are_refused() {
    let world = World::open().await;
    let who = caller("nester", &[Role::Service]);
    let settle = method("orchestrator/Settle");
    // Field 15 begins a group, and so does each inside it.
    for depth in [101, 1_000_000] {
        let body = vec![0x7b; depth];
        let answer = send(wire(&world, &package(&settle)), &who, &path(&settle), body).await;
        let no = answer.expect_err("a refusal");
        assert!(!no.message().is_empty(), "{no:?}");
    }
    world
        .settle(
            "after",
            visit(&world.insured(None).await, "AFTER", "2017-03-01", 3_000),
        )
        .await
        .expect("it serves on");
}
