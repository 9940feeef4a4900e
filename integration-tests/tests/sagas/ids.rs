//! One request id for different requests, withdrawals in vain, and callers whose time runs out: what
//! is known under an id stays known.

use crate::works::{Job, Work};
use integration_tests::{World, code, patient, stay};
use proto::common::outcome::State;
use proto::common::{Claim, Filing, Outcome};
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use runtime::Broken;
use runtime::Wire;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tonic::body::Body;
use tonic::{Request, Status};
use tower::ServiceExt;

fn referred(claim: Claim, referral_id: String) -> Claim {
    Claim {
        referral_id,
        filing: Filing::Referred.into(),
        ..claim
    }
}

async fn outcome(world: &World, id: &str) -> Outcome {
    let request = pb::GetOutcomeRequest {
        request_id: id.into(),
        method: Method::Settle.into(),
    };
    let answer = world.clerk().orchestrator().get_outcome(request).await;
    answer.unwrap().into_inner().outcome.unwrap()
}

async fn withdraw(world: &World, id: &str) -> Result<State, Status> {
    let request = pb::WithdrawRequest {
        original_request_id: id.into(),
        method: Method::Settle.into(),
    };
    let mut client = world.clerk().orchestrator();
    let answer = client.withdraw(patient(request)).await?;
    Ok(answer.into_inner().outcome.unwrap().state())
}

/// The first request leaves no row, the second does: what the first came to stands.
#[tokio::test]
async fn an_id_used_again_with_a_referral_takes_nothing_from_the_first() {
    let world = World::open().await;
    let (person, other) = (world.insured(None).await, world.insured(None).await);
    let referral = world.referred(&other).await;
    let claim = stay(&person, "V1", 3_000);
    let settled = world.settle("R1", claim.clone()).await.unwrap();
    let again = referred(stay(&other, "V2", 3_000), referral.clone());
    for _ in 0..2 {
        let no = world.settle("R1", again.clone()).await.unwrap_err();
        assert_eq!(code(&no), "REQUEST_ID_REUSED");
        let now = outcome(&world, "R1").await;
        assert_eq!(
            (now.state(), &now.subject_id),
            (State::Done, &settled.settlement_id)
        );
    }
    assert_eq!(world.settle("R1", claim).await.unwrap(), settled);
    // The referral was given back.
    world.settle("R2", again).await.unwrap();
    assert_eq!(withdraw(&world, "R1").await.unwrap(), State::Withdrawn);
    assert_eq!(outcome(&world, "R1").await.state(), State::Withdrawn);
}

/// A withdrawal in vain leaves a row that tells nothing; another request with the id is told so.
#[tokio::test]
async fn an_id_withdrawn_in_vain_serves_nothing_else() {
    let world = World::open().await;
    let (person, other) = (world.insured(None).await, world.insured(None).await);
    let referral = world.referred(&other).await;
    let settled = world
        .settle("R1", stay(&person, "V1", 3_000))
        .await
        .unwrap();
    world.reverse("X", &settled.settlement_id).await.unwrap();
    let no = withdraw(&world, "R1").await.unwrap_err();
    assert_eq!(code(&no), "ALREADY_REVERSED");
    let again = referred(stay(&other, "V2", 3_000), referral);
    let no = world.settle("R1", again).await.unwrap_err();
    assert_eq!(code(&no), "REQUEST_ID_REUSED");
}

/// A peer that is away: the caller's time runs out, and what is left of the saga's attempts is not
/// used up in its last moments.
#[tokio::test]
async fn a_caller_whose_time_is_over_leaves_the_saga_its_attempts() {
    let (calls, away) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(true)),
    );
    let (counted, gone) = (calls.clone(), away.clone());
    let world = World::wrapped(move |name, wire| {
        if name != "referral" {
            return wire;
        }
        let (counted, gone) = (counted.clone(), gone.clone());
        Wire::new(tower::service_fn(move |request: http::Request<Body>| {
            let (wire, counted, gone) = (wire.clone(), counted.clone(), gone.clone());
            async move {
                counted.fetch_add(1, Ordering::SeqCst);
                match gone.load(Ordering::SeqCst) {
                    true => Err(Broken::new("nobody listens")),
                    false => wire.oneshot(request).await,
                }
            }
        }))
    })
    .await;
    let person = world.insured(None).await;
    let referral = world.referred(&person).await;
    let claim = referred(stay(&person, "V1", 3_000), referral);
    let mut request = Request::new(pb::SettleRequest {
        request_id: "R1".into(),
        claim: Some(claim.clone()),
        basis: None,
        ..Default::default()
    });
    request.set_timeout(Duration::from_secs(3));
    let no = world.clerk().orchestrator().settle(request).await;
    assert_eq!(code(&no.unwrap_err()), "DEADLINE_EXCEEDED");
    // Pauses double up to half a second: a caller of this patience asks a dozen times, and never all
    // that are left.
    assert!(calls.load(Ordering::SeqCst) <= 14, "{calls:?} calls");
    assert_eq!(outcome(&world, "R1").await.state(), State::Pending);
    away.store(false, Ordering::SeqCst);
    world.settle("R1", claim).await.unwrap();
    assert_eq!(outcome(&world, "R1").await.state(), State::Done);
}

/// What was paid by a coverage cannot stand without it.
#[tokio::test]
async fn an_enrolment_by_which_a_claim_is_settled_stands() {
    let world = World::open().await;
    let job = Job::prepare(&world, Work::Enrol, 0).await;
    job.send(&world, patient(())).await.unwrap();
    let claim = stay(&job.people[0], "V1", 3_000);
    let settled = world.settle("R1", claim).await.unwrap();
    let withdraw = || {
        patient(pb::WithdrawRequest {
            original_request_id: job.id.clone(),
            method: job.method.into(),
        })
    };
    let mut clerk = world.clerk().orchestrator();
    for _ in 0..2 {
        let no = clerk.withdraw(withdraw()).await.unwrap_err();
        assert_eq!(code(&no), "BENEFITS_PAID");
        // It is asked for again, and tells what it made.
        assert!(job.send(&world, patient(())).await.unwrap());
    }
    world.reverse("R2", &settled.settlement_id).await.unwrap();
    let gone = clerk.withdraw(withdraw()).await.unwrap().into_inner();
    assert_eq!(gone.outcome.unwrap().state(), State::Withdrawn);
    world.ledger().await;
}
