//! An orchestrator whose peers never answer, and what operators ask it.

use kernel::{AreaCode, Clock, Instant, Principal, RequestId, Role};
use orchestrator::{Asked, Executor, Peers, Times, build};
use proto::orchestrator as pb;
use proto::orchestrator::saga_service_client::SagaServiceClient;
use runtime::clock::ManualClock;
use runtime::{Broken, Context, Settings, Wire};
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use std::time::Duration;
use store::testing::TestDatabase;
use tonic::Status;
use tonic::body::Body;

/// 2018-03-01 in Asia/Shanghai.
pub const NOON: i64 = 1_519_862_400_000_000;

/// An orchestrator whose peers are silent, and its journals.
pub struct Office {
    pub sagas: SagaServiceClient<Wire>,
    pub executor: Executor,
    pub clock: Arc<ManualClock>,
    _database: TestDatabase,
}

impl Office {
    pub async fn open() -> Office {
        let silent = || {
            Wire::new(tower::service_fn(|_: http::Request<Body>| async {
                Err::<http::Response<Body>, _>(Broken::new("silence"))
            }))
        };
        let peers = Peers {
            enrollment: silent(),
            inspection: silent(),
            referral: silent(),
            settlement: silent(),
        };
        let database = TestDatabase::open().await.unwrap();
        let url = database.url(orchestrator::NAME);
        let settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), area("152501"), url);
        let journals = orchestrator::open(&settings).await.unwrap();
        let clock = Arc::new(ManualClock::at(Instant::from_micros(NOON)));
        let times = Times::configured(&settings);
        let executor = Executor::new(journals, clock.clone(), peers, times);
        let service = build(&settings, executor.clone());
        Office {
            sagas: SagaServiceClient::new(service.wire()),
            executor,
            clock,
            _database: database,
        }
    }

    /// A millisecond later: ids are in the order of time.
    pub fn tick(&self) {
        self.clock
            .set(Instant::from_micros(self.clock.now().micros() + 1_000));
    }

    /// Leaves an open saga of this method and request id, due in an hour.
    pub async fn leave(&self, area: &str, asked: Asked, request_id: &str) -> String {
        self.tick();
        let clerk = who("clerk-1", area, Role::Clerk).principal;
        let request = vec![(RequestId::parse(request_id).unwrap(), b"nothing".to_vec())];
        let hour = Duration::from_secs(3_600);
        self.executor
            .leave_open(&clerk, asked, request, hour)
            .await
            .unwrap();
        let operator = who("operator-1", area, Role::Operator);
        let all = self.list(&operator, pb::SagaFilter::default()).await;
        let left = all
            .sagas
            .into_iter()
            .find(|saga| saga.request_id == request_id);
        left.unwrap().saga_id
    }

    /// As a broken promise would have left it.
    pub async fn break_off(&self, saga: &str, changes: &str) {
        let heard =
            r#"{"code":"PROMISE_BROKEN","kind":"internal","sentence":"步骤。","remedy":"请。"}"#;
        let sql = format!(
            "UPDATE saga SET heard = '{heard}', heard_code = 'PROMISE_BROKEN', {changes} \
             WHERE saga_id = '{saga}'"
        );
        let sql = &sql;
        let broken = self.executor.db.write(|tx| async move {
            tx.execute_unprepared(sql).await?;
            Ok(())
        });
        broken.await.unwrap();
    }

    pub async fn stuck(&self, request_id: &str) -> String {
        let saga = self.leave("152501", Asked::Enrol, request_id).await;
        self.break_off(&saga, "state = 4").await;
        saga
    }

    pub async fn list(&self, who: &Context, filter: pb::SagaFilter) -> pb::ListSagasResponse {
        let request = pb::ListSagasRequest {
            filter: Some(filter),
            ..Default::default()
        };
        self.sagas
            .clone()
            .list_sagas(who.own(request))
            .await
            .unwrap()
            .into_inner()
    }

    pub async fn direct(
        &self,
        who: &Context,
        request_id: &str,
        saga_id: &str,
        action: pb::SagaAction,
    ) -> Result<pb::DirectSagaResponse, Status> {
        self.tick();
        let request = pb::DirectSagaRequest {
            request_id: request_id.into(),
            saga_id: saga_id.into(),
            action: action.into(),
            reason: "已核对".into(),
        };
        Ok(self
            .sagas
            .clone()
            .direct_saga(who.own(request))
            .await?
            .into_inner())
    }

    pub async fn propose(&self, who: &Context, id: &str, saga: &str) -> Result<pb::Saga, Status> {
        self.tick();
        let request = pb::ProposeAbandonmentRequest {
            request_id: id.into(),
            saga_id: saga.into(),
            reason: "账已核对".into(),
        };
        let answer = self
            .sagas
            .clone()
            .propose_abandonment(who.own(request))
            .await?;
        Ok(answer.into_inner().saga.unwrap())
    }

    pub async fn approve(&self, who: &Context, id: &str, saga: &str) -> Result<pb::Saga, Status> {
        self.tick();
        let request = pb::ApproveAbandonmentRequest {
            request_id: id.into(),
            saga_id: saga.into(),
        };
        let answer = self
            .sagas
            .clone()
            .approve_abandonment(who.own(request))
            .await?;
        Ok(answer.into_inner().saga.unwrap())
    }

    /// What was told of what operators did: its kind, and who did it.
    pub async fn events(&self, who: &Context) -> Vec<(String, String)> {
        while store::event::seal(&self.executor.db, self.clock.now())
            .await
            .unwrap()
            > 0
        {}
        let request = pb::SagaServiceListEventsRequest::default();
        let answer = self
            .sagas
            .clone()
            .list_events(who.own(request))
            .await
            .unwrap();
        let told = |event: proto::common::Event| {
            let facts: serde_json::Value = serde_json::from_str(&event.facts_json).unwrap();
            assert_eq!(
                facts["reason_digest"].as_str().unwrap().len(),
                64,
                "{facts}"
            );
            assert!(facts.get("reason").is_none(), "{facts}");
            (event.kind, facts["by"].as_str().unwrap().to_string())
        };
        answer.into_inner().events.into_iter().map(told).collect()
    }
}

pub fn area(code: &str) -> AreaCode {
    AreaCode::parse(code).unwrap()
}

pub fn who(name: &str, in_area: &str, role: Role) -> Context {
    let principal = Principal {
        caller: name.into(),
        on_behalf_of: None,
        area: area(in_area),
        roles: vec![role],
    };
    Context::of(principal, Duration::from_secs(30))
}

pub fn operator(name: &str) -> Context {
    who(name, "152501", Role::Operator)
}

pub fn code(no: &Status) -> String {
    no.message()
        .split(':')
        .next()
        .unwrap_or_default()
        .to_string()
}

pub fn ids(page: &pb::ListSagasResponse) -> Vec<&str> {
    page.sagas
        .iter()
        .map(|saga| saga.saga_id.as_str())
        .collect()
}
