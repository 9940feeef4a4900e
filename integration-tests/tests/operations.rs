//! 长事务运维: a peer breaks its promise, a saga is stuck, and operators see the money first, let it go
//! on, or leave it as it stands, two of them together.

use integration_tests::{PATIENCE, World, code, patient, stay};
use kernel::{AreaCode, Principal, Role};
use proto::common::outcome::State as Stood;
use proto::common::{Claim, Filing};
use proto::orchestrator as pb;
use proto::orchestrator::saga::State;
use proto::orchestrator::saga_line::Event;
use proto::orchestrator::saga_service_client::SagaServiceClient;
use proto::referral::GetReferralRequest;
use proto::referral::referral::State as Referral;
use runtime::{Context, Wire, status_of};
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::ServiceExt;

/// A world in which referral refuses, for a while, what may never be refused.
struct Broken {
    world: World,
    breaks: Arc<AtomicBool>,
}

impl Broken {
    async fn open() -> Broken {
        let breaks = Arc::new(AtomicBool::new(false));
        let broken = breaks.clone();
        let world = World::wrapped(move |peer, wire| match peer {
            "referral" => refusing(wire, broken.clone()),
            _ => wire,
        });
        Broken {
            world: world.await,
            breaks,
        }
    }

    /// A settlement that is refused half-way, and cannot give its referral back; the saga's id, the
    /// referral's, and the claim.
    async fn half_way(&self, id: &str) -> (String, String, Claim) {
        let person = self.world.insured(None).await;
        let mut claim = Claim {
            filing: Filing::Referred.into(),
            ..stay(&person, "V-1", 8_000)
        };
        self.world
            .settle(&format!("{id}-first"), claim.clone())
            .await
            .unwrap();
        // The same bill again, now with a referral.
        claim.visit_number = "V-2".into();
        claim.referral_id = self.world.referred(&person).await;
        self.breaks.store(true, Ordering::SeqCst);
        let no = self.world.settle(id, claim.clone()).await.unwrap_err();
        assert_eq!(
            (no.code(), code(&no).as_str()),
            (Code::Internal, "SAGA_STUCK")
        );
        let listed = self.list(State::Stuck).await;
        let saga = listed
            .into_iter()
            .find(|saga| saga.request_id == id)
            .unwrap();
        assert_eq!(saga.last_fault.unwrap().code, "PROMISE_BROKEN");
        (saga.saga_id, claim.referral_id.clone(), claim)
    }

    fn sagas(&self) -> SagaServiceClient<Wire> {
        SagaServiceClient::new(self.world.suite.wires().orchestrator.clone())
    }

    async fn list(&self, state: State) -> Vec<pb::Saga> {
        self.list_of("settle", state).await
    }

    async fn list_of(&self, kind: &str, state: State) -> Vec<pb::Saga> {
        let request = pb::ListSagasRequest {
            filter: Some(pb::SagaFilter {
                states: vec![state.into()],
                kind: kind.into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let page = self
            .sagas()
            .list_sagas(operator("operator-1").own(request))
            .await;
        page.unwrap().into_inner().sagas
    }

    async fn reckon(&self, saga: &str) -> pb::ReckonSagaResponse {
        let request = pb::ReckonSagaRequest {
            saga_id: saga.into(),
        };
        let told = self
            .sagas()
            .reckon_saga(operator("operator-1").own(request))
            .await;
        told.unwrap().into_inner()
    }

    async fn get(&self, saga: &str) -> pb::GetSagaResponse {
        let request = pb::GetSagaRequest {
            saga_id: saga.into(),
        };
        let told = self
            .sagas()
            .get_saga(operator("operator-1").own(request))
            .await;
        told.unwrap().into_inner()
    }

    /// What the worker does, which tests do themselves.
    async fn work(&self) {
        let executor = self.world.suite.executor();
        for taken in executor.take_due(9).await.unwrap() {
            executor
                .work_on(taken, orchestrator::Patience::Nobody)
                .await;
        }
    }

    async fn referral(&self, id: &str) -> Referral {
        let request = GetReferralRequest {
            referral_id: id.into(),
        };
        let found = self
            .world
            .clerk()
            .referral()
            .get_referral(request)
            .await
            .unwrap();
        found.into_inner().referral.unwrap().state()
    }
}

/// Withdrawals of uses and releases are refused for good, while it breaks its promise.
fn refusing(wire: Wire, breaks: Arc<AtomicBool>) -> Wire {
    Wire::new(tower::service_fn(move |request: http::Request<Body>| {
        let (wire, breaks) = (wire.clone(), breaks.clone());
        async move {
            let path = request.uri().path();
            let promised =
                path.ends_with("/WithdrawUseReferral") || path.ends_with("/ReleaseReferral");
            if promised && breaks.load(Ordering::SeqCst) {
                let no = referral::refusal::REFERRAL_UNKNOWN.refuse();
                let no = no.with("referral_id", "?").remember();
                return Ok(status_of(&no).into_http());
            }
            wire.oneshot(request).await
        }
    }))
}

fn operator(name: &str) -> Context {
    let principal = Principal {
        caller: name.into(),
        on_behalf_of: None,
        area: AreaCode::parse(integration_tests::AREA).unwrap(),
        roles: vec![Role::Operator],
    };
    Context::of(principal, PATIENCE)
}

/// The steps of a reckoning and what their peers say.
fn stood(told: &pb::ReckonSagaResponse) -> Vec<(&str, Stood)> {
    let outcome = |one: &pb::reckon_saga_response::Standing| {
        one.outcome.as_ref().map(|outcome| outcome.state()).unwrap()
    };
    let all = told.standings.iter();
    all.map(|one| (one.name.as_str(), outcome(one))).collect()
}

#[tokio::test]
async fn a_stuck_saga_is_reckoned_and_resumed() {
    let broken = Broken::open().await;
    let (saga, referral, claim) = broken.half_way("R-1").await;
    let told = broken.get(&saga).await;
    let lines: Vec<_> = told
        .lines
        .iter()
        .map(|line| (line.name.as_str(), line.event()))
        .collect();
    assert!(
        lines.contains(&("referral.use_referral", Event::Answered)),
        "{lines:?}"
    );
    assert!(
        lines.contains(&("settlement.post_settlement", Event::Refused)),
        "{lines:?}"
    );
    // Nothing of the person is told.
    assert!(!format!("{told:?}").contains(&claim.person_id));

    let reckoned = broken.reckon(&saga).await;
    let wanted = [
        ("referral.use_referral", Stood::Done),
        ("settlement.post_settlement", Stood::Refused),
    ];
    assert_eq!(stood(&reckoned), wanted);
    assert!(reckoned.posted.is_empty() && reckoned.would_post.is_empty());
    assert_eq!(reckoned.unpriced, None);
    assert_eq!(broken.referral(&referral).await, Referral::Used);

    // Withdrawn meanwhile it stays stuck, and whoever lets it go on finds the wish.
    let withdraw = pb::WithdrawRequest {
        original_request_id: "R-1".into(),
        method: pb::get_outcome_request::Method::Settle.into(),
    };
    let mut clerk = broken.world.clerk().orchestrator();
    let told = clerk.withdraw(patient(withdraw)).await.unwrap();
    assert_eq!(told.into_inner().outcome.unwrap().state(), Stood::Pending);
    let seen = broken.get(&saga).await.saga.unwrap();
    assert_eq!((seen.state(), seen.withdrawing), (State::Stuck, true));

    // Resumed too early it is stuck again; mended, it is taken back.
    for (id, breaks, state) in [("D-1", true, State::Stuck), ("D-2", false, State::Refused)] {
        broken.breaks.store(breaks, Ordering::SeqCst);
        let request = pb::DirectSagaRequest {
            request_id: id.into(),
            saga_id: saga.clone(),
            action: pb::SagaAction::Resume.into(),
            reason: "转诊服务已修复".into(),
        };
        broken
            .sagas()
            .direct_saga(operator("operator-1").own(request))
            .await
            .unwrap();
        broken.work().await;
        let told = broken.get(&saga).await.saga.unwrap();
        assert_eq!(told.state(), state);
    }
    assert_eq!(broken.referral(&referral).await, Referral::Approved);
    let no = broken.world.settle("R-1", claim).await.unwrap_err();
    assert_eq!(code(&no), "CLAIM_DENIED");
}

#[tokio::test]
async fn two_operators_leave_a_stuck_saga_as_it_stands() {
    let broken = Broken::open().await;
    let (saga, referral, claim) = broken.half_way("R-1").await;
    let propose = pb::ProposeAbandonmentRequest {
        request_id: "P-1".into(),
        saga_id: saga.clone(),
        reason: "转诊已在线下核销".into(),
    };
    let (one, other) = (operator("operator-1"), operator("operator-2"));
    broken
        .sagas()
        .propose_abandonment(one.own(propose))
        .await
        .unwrap();
    let approve = |id: &str| pb::ApproveAbandonmentRequest {
        request_id: id.into(),
        saga_id: saga.clone(),
    };
    let approved = broken
        .sagas()
        .approve_abandonment(one.own(approve("A-1")))
        .await;
    assert_eq!(code(&approved.unwrap_err()), "ABANDONMENT_SAME_PERSON");
    let approved = broken
        .sagas()
        .approve_abandonment(other.own(approve("A-2")))
        .await
        .unwrap();
    assert_eq!(
        approved.into_inner().saga.unwrap().state(),
        State::Abandoned
    );
    broken.breaks.store(false, Ordering::SeqCst);
    broken.work().await;
    assert_eq!(broken.referral(&referral).await, Referral::Used);
    let no: Status = broken.world.settle("R-1", claim).await.unwrap_err();
    assert_eq!(code(&no), "SAGA_ABANDONED");
}

/// What its pivot made stands, whoever leaves the rest as it is; and nobody leaves it while settlement
/// cannot say so.
#[tokio::test]
async fn an_abandoned_saga_is_told_by_what_its_pivot_made() {
    let (breaks, silent) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let (broken, muted) = (breaks.clone(), silent.clone());
    let world = World::wrapped(move |peer, wire| match peer {
        "referral" => refusing(wire, broken.clone()),
        "settlement" => muting(wire, muted.clone()),
        _ => wire,
    });
    let world = world.await;
    let broken = Broken { world, breaks };
    let person = broken.world.insured(None).await;
    let claim = Claim {
        filing: Filing::Referred.into(),
        referral_id: broken.world.referred(&person).await,
        ..stay(&person, "V-1", 8_000)
    };
    let settled = broken.world.settle("R-1", claim).await.unwrap();
    broken.breaks.store(true, Ordering::SeqCst);
    let reverse = pb::ReverseRequest {
        request_id: "R-2".into(),
        settlement_id: settled.settlement_id.clone(),
        reason: "测试撤销".into(),
    };
    let mut clerk = broken.world.clerk().orchestrator();
    let no = clerk.reverse(patient(reverse.clone())).await.unwrap_err();
    assert_eq!(code(&no), "SAGA_STUCK");
    let saga = broken
        .list_of("reverse", State::Stuck)
        .await
        .remove(0)
        .saga_id;
    let propose = pb::ProposeAbandonmentRequest {
        request_id: "P-1".into(),
        saga_id: saga.clone(),
        reason: "转诊已在线下处理".into(),
    };
    let mut sagas = broken.sagas();
    let proposed = operator("operator-1").own(propose);
    sagas.propose_abandonment(proposed).await.unwrap();
    let approve = || {
        let request = pb::ApproveAbandonmentRequest {
            request_id: "A-1".into(),
            saga_id: saga.clone(),
        };
        operator("operator-2").own(request)
    };
    silent.store(true, Ordering::SeqCst);
    let no = broken
        .sagas()
        .approve_abandonment(approve())
        .await
        .unwrap_err();
    assert_eq!(
        (no.code(), code(&no).as_str()),
        (Code::Unavailable, "UNAVAILABLE")
    );
    assert_eq!(broken.get(&saga).await.saga.unwrap().state(), State::Stuck);
    silent.store(false, Ordering::SeqCst);
    let approved = broken.sagas().approve_abandonment(approve()).await.unwrap();
    let approved = approved.into_inner().saga.unwrap();
    assert_eq!(approved.state(), State::Abandoned);
    let asked = pb::GetOutcomeRequest {
        request_id: "R-2".into(),
        method: pb::get_outcome_request::Method::Reverse.into(),
    };
    let outcome = clerk
        .get_outcome(asked)
        .await
        .unwrap()
        .into_inner()
        .outcome
        .unwrap();
    assert_eq!(
        (outcome.state(), outcome.subject_id),
        (Stood::Done, settled.settlement_id)
    );
    // The request itself hears the same.
    assert!(
        clerk
            .reverse(patient(reverse))
            .await
            .unwrap()
            .into_inner()
            .replayed
    );
}

/// Somebody edited the journal: it is shown all the same, and reckoned.
#[tokio::test]
async fn a_line_that_cannot_be_read_says_so() {
    let broken = Broken::open().await;
    let (saga, _, _) = broken.half_way("R-1").await;
    let journals = broken
        .world
        .suite
        .database("orchestrator")
        .unwrap()
        .reader();
    let edit = "UPDATE saga_line SET what = '?' WHERE name = 'referral.use_referral'";
    journals.execute_unprepared(edit).await.unwrap();
    let told = broken.get(&saga).await;
    let named = |line: &&pb::SagaLine| line.name == "referral.use_referral";
    let line = told.lines.iter().find(named).unwrap();
    let refused = line.refused.clone().unwrap();
    assert_eq!(
        (line.event(), refused.code.as_str()),
        (Event::Unanswered, "JOURNAL_DIFFERS")
    );
    let wanted = ("referral.use_referral", Stood::Done);
    assert!(stood(&broken.reckon(&saga).await).contains(&wanted));
}

/// What rests before its pivot would post, is told before it is posted.
#[tokio::test]
async fn what_would_be_posted_is_told_before_and_what_was_posted_after() {
    let silent = Arc::new(AtomicBool::new(true));
    let muted = silent.clone();
    let world = World::wrapped(move |peer, wire| match peer {
        "settlement" => muting(wire, muted.clone()),
        _ => wire,
    });
    let broken = Broken {
        world: world.await,
        breaks: Arc::new(AtomicBool::new(false)),
    };
    let person = broken.world.insured(None).await;
    let claim = Claim {
        filing: Filing::Referred.into(),
        referral_id: broken.world.referred(&person).await,
        ..stay(&person, "V-1", 8_000)
    };
    let request = pb::SettleRequest {
        request_id: "R-1".into(),
        claim: Some(claim.clone()),
        basis: None,
        ..Default::default()
    };
    let mut hasty = patient(request);
    hasty.set_timeout(std::time::Duration::from_secs(6));
    let no = broken
        .world
        .clerk()
        .orchestrator()
        .settle(hasty)
        .await
        .unwrap_err();
    assert_eq!(no.code(), Code::DeadlineExceeded);
    let saga = broken.list(State::Running).await.remove(0).saga_id;
    let before = broken.reckon(&saga).await;
    assert!(
        before.posted.is_empty() && before.unpriced.is_none(),
        "{before:?}"
    );
    assert!(before.would_post.len() >= 2);
    assert_eq!(
        before
            .would_post
            .iter()
            .map(|entry| entry.amount_fen)
            .sum::<i64>(),
        0
    );

    silent.store(false, Ordering::SeqCst);
    let settled = broken.world.settle("R-1", claim).await.unwrap();
    let after = broken.reckon(&saga).await;
    assert_eq!(after.posted, before.would_post);
    assert!(after.would_post.is_empty());
    let pivot = after.standings.last().unwrap().outcome.clone().unwrap();
    assert_eq!(
        (pivot.state(), pivot.subject_id),
        (Stood::Done, settled.settlement_id)
    );
}

/// Settlement's pivot is never reached, nor its key burned, while it is silent.
fn muting(wire: Wire, silent: Arc<AtomicBool>) -> Wire {
    Wire::new(tower::service_fn(move |request: http::Request<Body>| {
        let (wire, silent) = (wire.clone(), silent.clone());
        async move {
            let path = request.uri().path();
            let pivot = path.ends_with("/PostSettlement") || path.ends_with("/Burn");
            if pivot && silent.load(Ordering::SeqCst) {
                return Err(runtime::Broken::new("silence"));
            }
            wire.oneshot(request).await
        }
    }))
}
