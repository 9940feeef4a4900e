//! What the orchestrator decides alone: what it refuses before anybody is asked, and what it tells
//! when nobody answers. What it does with its peers is tested with the real ones, in
//! `integration-tests`.

use kernel::{AreaCode, Principal, Role};
use orchestrator::{Executor, Peers, Times, build};
use proto::common::outcome::State;
use proto::common::{Change, Claim};
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use runtime::clock::SystemClock;
use runtime::{Context, Settings, Wire};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::Db;
use store::testing::TestDatabase;
use tonic::body::Body;
use tonic::{Code, Status};

const PERSON: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
const HOSPITAL: &str = "H15250100001";

/// The orchestrator among peers that never answer.
struct Alone {
    client: OrchestratorServiceClient<Wire>,
    asked: Arc<AtomicUsize>,
    journals: Db,
    _database: TestDatabase,
}

impl Alone {
    async fn new() -> Alone {
        let asked = Arc::new(AtomicUsize::new(0));
        let silent = || {
            let asked = asked.clone();
            Wire::new(tower::service_fn(move |_: http::Request<Body>| {
                asked.fetch_add(1, Ordering::SeqCst);
                async { Err::<http::Response<Body>, _>(runtime::Broken::new("silence")) }
            }))
        };
        let peers = Peers {
            enrollment: silent(),
            inspection: silent(),
            referral: silent(),
            settlement: silent(),
        };
        let database = TestDatabase::open().await.unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let settings = Settings::embedded(address, area(), database.url(orchestrator::NAME));
        let journals = orchestrator::open(&settings).await.unwrap();
        let times = Times::configured(&settings);
        let executor = Executor::new(journals.clone(), Arc::new(SystemClock), peers, times);
        let service = build(&settings, executor);
        Alone {
            client: OrchestratorServiceClient::new(service.wire()),
            asked,
            journals,
            _database: database,
        }
    }

    async fn settle(&mut self, who: &Context, message: pb::SettleRequest) -> Status {
        self.client.settle(who.own(message)).await.unwrap_err()
    }

    async fn reverse(&mut self, who: &Context, message: pb::ReverseRequest) -> Status {
        self.client.reverse(who.own(message)).await.unwrap_err()
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Transactions begun in the journals.
    fn begun(&self) -> u64 {
        self.journals.counts().begins.load(Ordering::SeqCst)
    }
}

fn area() -> AreaCode {
    AreaCode::parse("152501").unwrap()
}

/// A caller who waits long enough for whatever a busy machine does.
fn caller(name: &str, role: Role) -> Context {
    waiting(name, role, Duration::from_secs(10))
}

/// A caller of this patience, from now on.
fn waiting(name: &str, role: Role, patience: Duration) -> Context {
    let principal = Principal {
        caller: name.into(),
        on_behalf_of: None,
        area: area(),
        roles: vec![role],
    };
    Context::of(principal, patience)
}

fn settle(change: impl FnOnce(&mut pb::SettleRequest, &mut Claim)) -> pb::SettleRequest {
    let mut claim = Claim {
        person_id: PERSON.into(),
        institution_code: HOSPITAL.into(),
        scheme: "390".into(),
        begin_day: "2017-03-01".into(),
        end_day: "2017-03-01".into(),
        ..Default::default()
    };
    let mut message = pb::SettleRequest {
        request_id: "R-1".into(),
        ..Default::default()
    };
    change(&mut message, &mut claim);
    message.claim = Some(claim);
    message
}

fn reverse(change: impl FnOnce(&mut pb::ReverseRequest)) -> pb::ReverseRequest {
    let mut message = pb::ReverseRequest {
        request_id: "R-2".into(),
        settlement_id: PERSON.into(),
        reason: "录入错误".into(),
    };
    change(&mut message);
    message
}

#[tokio::test]
async fn a_malformed_request_is_refused_before_anybody_is_asked() {
    let mut alone = Alone::new().await;
    let clerk = caller("clerk", Role::Clerk);
    let settles = [
        (
            "request_id",
            settle(|message, _| message.request_id = "R 1".into()),
        ),
        (
            "claim.person_id",
            settle(|_, claim| claim.person_id = "1".into()),
        ),
        (
            "claim.institution_code",
            settle(|_, claim| claim.institution_code = "X".into()),
        ),
        ("claim.scheme", settle(|_, claim| claim.scheme.clear())),
        (
            "claim.end_day",
            settle(|_, claim| claim.end_day = "2017-02-30".into()),
        ),
    ];
    for (field, message) in settles {
        let no = alone.settle(&clerk, message).await;
        assert_eq!(no.code(), Code::InvalidArgument);
        assert!(
            no.message().contains(&format!("字段 {field} ")),
            "{}",
            no.message()
        );
    }
    let mut without = settle(|_, _| ());
    without.claim = None;
    assert!(
        alone
            .settle(&clerk, without)
            .await
            .message()
            .contains("字段 claim ")
    );
    let reverses = [
        ("request_id", reverse(|message| message.request_id.clear())),
        (
            "settlement_id",
            reverse(|message| message.settlement_id = "1".into()),
        ),
        ("reason", reverse(|message| message.reason = " ".into())),
    ];
    for (field, message) in reverses {
        let no = alone.reverse(&clerk, message).await;
        assert!(
            no.message().contains(&format!("字段 {field} ")),
            "{}",
            no.message()
        );
    }
    let unchanged = pb::WhatWouldChangeRequest {
        claim: settle(|_, _| ()).claim,
        change: None,
    };
    let compared = alone.client.what_would_change(clerk.own(unchanged));
    let no = compared.await.unwrap_err();
    assert!(no.message().contains("字段 change "), "{}", no.message());
    let nothing = pb::GetOutcomeRequest {
        request_id: "R-1".into(),
        method: 99,
    };
    let no = alone
        .client
        .get_outcome(clerk.own(nothing))
        .await
        .unwrap_err();
    assert!(no.message().contains("字段 method "));
    // But that somebody wanted to read about a person is written down.
    assert_eq!((alone.asked(), alone.begun()), (0, 1));
}

#[tokio::test]
async fn an_institution_brings_its_own_claims_only() {
    let mut alone = Alone::new().await;
    let other = caller("H15250100002", Role::Institution);
    let no = alone.settle(&other, settle(|_, _| ())).await;
    assert_eq!(no.code(), Code::PermissionDenied);
    assert!(no.message().starts_with("INSTITUTION_MISMATCH: "));
    let claim = settle(|_, _| ()).claim;
    let priced = alone.client.pre_settle(other.own(pb::PreSettleRequest {
        claim,
        ..Default::default()
    }));
    let no = priced.await.unwrap_err();
    assert!(no.message().starts_with("INSTITUTION_MISMATCH: "));
    let request = pb::WhatWouldChangeRequest {
        claim: settle(|_, _| ()).claim,
        change: Some(Change::default()),
    };
    let compared = alone.client.what_would_change(other.own(request));
    let no = compared.await.unwrap_err();
    assert!(no.message().starts_with("INSTITUTION_MISMATCH: "));
    assert_eq!(alone.asked(), 0);
}

#[tokio::test]
async fn when_nobody_answers_a_question_nothing_has_begun() {
    let mut alone = Alone::new().await;
    let (hospital, clerk) = (
        caller(HOSPITAL, Role::Institution),
        caller("clerk", Role::Clerk),
    );
    let no = alone.settle(&hospital, settle(|_, _| ())).await;
    assert_eq!(no.code(), Code::Unavailable);
    // Two questions at once; each is asked three times at most.
    assert!((2..=6).contains(&alone.asked()), "{}", alone.asked());
    let no = alone.reverse(&clerk, reverse(|_| ())).await;
    assert_eq!(no.code(), Code::Unavailable);
    assert_eq!(alone.begun(), 0);
}

#[tokio::test]
async fn when_nobody_answers_a_step_nobody_knows() {
    let mut alone = Alone::new().await;
    let (clerk, soon) = (
        || caller("clerk", Role::Clerk),
        || waiting("clerk", Role::Clerk, Duration::from_secs(2)),
    );
    let enrol = pb::EnrolRequest {
        request_id: "R-3".into(),
        person_id: PERSON.into(),
        scheme: "390".into(),
        year: 2017,
        paid_day: "2016-11-15".into(),
        ..Default::default()
    };
    let told = alone.client.enrol(soon().own(enrol)).await.unwrap_err();
    assert_eq!(told.code(), Code::DeadlineExceeded);
    assert!(told.message().starts_with("DEADLINE_EXCEEDED: "));
    assert!(alone.asked() > 2, "a step is asked again and again");
    let asked = pb::GetOutcomeRequest {
        request_id: "R-3".into(),
        method: Method::Enrol.into(),
    };
    let told = alone.client.get_outcome(clerk().own(asked)).await.unwrap();
    assert_eq!(told.into_inner().outcome.unwrap().state(), State::Pending);
    let withdraw = pb::WithdrawRequest {
        original_request_id: "R-3".into(),
        method: Method::Enrol.into(),
    };
    let told = alone.client.withdraw(soon().own(withdraw)).await.unwrap();
    assert_eq!(told.into_inner().outcome.unwrap().state(), State::Pending);
}

#[tokio::test]
async fn operators_settle_nothing() {
    let mut alone = Alone::new().await;
    let no = alone
        .settle(&caller("root", Role::Operator), settle(|_, _| ()))
        .await;
    assert!(no.message().starts_with("PERMISSION_DENIED: "));
    assert_eq!(alone.asked(), 0);
}
