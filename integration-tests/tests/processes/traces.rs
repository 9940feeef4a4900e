//! 链路: one trace from the caller through every service and every journal row, as a collector of
//! OpenTelemetry receives it from real processes.

use crate::sagas::outcome;
use crate::{Fleet, furnish, insure, is_shared, orchestrator_in};
use integration_tests::{PATIENCE, admission, id_number, patient, stay};
use opentelemetry_proto::tonic::collector::metrics::v1 as metrics;
use opentelemetry_proto::tonic::collector::trace::v1 as traces;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use proto::common::Filing;
use proto::common::outcome::State;
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use proto::referral::referral::State as Standing;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// The caller's trace, and its span.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
/// What a span may say: which method, which step, which saga, whose database, and when it was busy.
const SAID: &[&str] = &[
    "db.namespace",
    "level",
    "method",
    "rpc.method",
    "rpc.response.status_code",
    "target",
    "yibao.saga.fence",
    "yibao.saga.id",
];

/// A span as it was received.
#[derive(Clone, Debug)]
struct Span {
    service: String,
    name: String,
    kind: SpanKind,
    trace: String,
    id: String,
    parent: String,
    said: BTreeMap<String, String>,
}

/// What a collector has received.
#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    came: Arc<Notify>,
}

#[tonic::async_trait]
impl traces::trace_service_server::TraceService for Collector {
    async fn export(
        &self,
        request: Request<traces::ExportTraceServiceRequest>,
    ) -> Result<Response<traces::ExportTraceServiceResponse>, Status> {
        for of in request.into_inner().resource_spans {
            let resource = of.resource.unwrap_or_default();
            let service = said(&resource.attributes).remove("service.name");
            let service = service.unwrap_or_default();
            let spans = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
            let span = |span: opentelemetry_proto::tonic::trace::v1::Span| Span {
                service: service.clone(),
                kind: span.kind(),
                name: span.name,
                trace: hex::encode(span.trace_id),
                id: hex::encode(span.span_id),
                parent: hex::encode(span.parent_span_id),
                said: said(&span.attributes),
            };
            self.spans.lock().unwrap().extend(spans.map(span));
        }
        self.came.notify_waiters();
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl metrics::metrics_service_server::MetricsService for Collector {
    async fn export(
        &self,
        _: Request<metrics::ExportMetricsServiceRequest>,
    ) -> Result<Response<metrics::ExportMetricsServiceResponse>, Status> {
        Ok(Response::new(Default::default()))
    }
}

fn said(
    attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue],
) -> BTreeMap<String, String> {
    let text = |value: &opentelemetry_proto::tonic::common::v1::AnyValue| {
        use opentelemetry_proto::tonic::common::v1::any_value::Value;
        match &value.value {
            Some(Value::StringValue(text)) => text.clone(),
            other => format!("{other:?}"),
        }
    };
    let pair = |one: &opentelemetry_proto::tonic::common::v1::KeyValue| {
        (
            one.key.clone(),
            one.value.as_ref().map(text).unwrap_or_default(),
        )
    };
    attributes.iter().map(pair).collect()
}

impl Collector {
    /// Listens; answers where.
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = tonic::transport::Server::builder()
            .add_service(traces::trace_service_server::TraceServiceServer::new(
                self.clone(),
            ))
            .add_service(metrics::metrics_service_server::MetricsServiceServer::new(
                self.clone(),
            ))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        endpoint
    }

    /// The caller's trace, once it has all that is looked for.
    async fn until(&self, complete: impl Fn(&Trace) -> bool) -> Trace {
        let limit = tokio::time::Instant::now() + PATIENCE;
        loop {
            let came = self.came.notified();
            let trace = Trace(self.spans.lock().unwrap().clone());
            if complete(&trace) {
                return trace;
            }
            let waited = tokio::time::timeout_at(limit, came).await;
            assert!(waited.is_ok(), "it is not complete: {trace:#?}");
        }
    }
}

/// Spans of the caller's trace and others.
#[derive(Debug)]
struct Trace(Vec<Span>);

impl Trace {
    fn ours(&self) -> impl Iterator<Item = &Span> {
        self.0.iter().filter(|span| span.trace == TRACE)
    }

    /// The span of a service and name.
    fn find(&self, service: &str, name: &str, kind: SpanKind) -> Option<&Span> {
        let is = |span: &&Span| {
            span.service == service && span.kind == kind && span.name.ends_with(name)
        };
        self.ours().find(is)
    }

    fn parent(&self, span: &Span) -> Option<&Span> {
        self.ours().find(|other| other.id == span.parent)
    }

    /// A peer's method: its transaction in it, it in the call of the step, and that in the
    /// orchestrator's span of this name.
    fn has_step(&self, peer: &str, method: &str, within: &str, writes: bool) -> bool {
        let Some(served) = self.find(peer, method, SpanKind::Server) else {
            return false;
        };
        let wrote = self.ours().any(|span| {
            span.name == "transaction" && span.parent == served.id && span.service == peer
        });
        let Some(call) = self.parent(served) else {
            return false;
        };
        let up = self.parent(call);
        (call.service.as_str(), call.name.as_str(), call.kind)
            == ("orchestrator", method, SpanKind::Client)
            && up.is_some_and(|up| up.name.ends_with(within))
            && wrote == writes
    }

    /// Nothing is said but what may be, and nobody is named.
    fn names_nobody(&self, secrets: &[&str]) {
        for span in &self.0 {
            for (key, value) in &span.said {
                let allowed = SAID.contains(&key.as_str());
                assert!(allowed, "{key} = {value} is said by {span:?}");
                let secret = secrets.iter().find(|secret| value.contains(**secret));
                assert_eq!(secret, None, "{span:?}");
            }
        }
    }
}

/// A request of somebody whose trace it is.
fn traced<T>(message: T) -> Request<T> {
    let mut request = patient(message);
    let parent = format!("00-{TRACE}-{CALLER}-01").parse().unwrap();
    request.metadata_mut().insert("traceparent", parent);
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_is_one_trace_through_five_services() {
    if !is_shared() {
        return;
    }
    let collector = Collector::default();
    let endpoint = collector.listen().await;
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let fleet = Fleet::watched(&environment).await;
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    let referral_id = fleet.referred(&person).await;
    let mut claim = stay(&person, "V-1", 10_000);
    claim.referral_id = referral_id.clone();
    claim.set_filing(Filing::Referred);
    let request = pb::SettleRequest {
        request_id: "settle-1".into(),
        claim: Some(claim),
        ..Default::default()
    };
    fleet.clerk().settle(traced(request)).await.unwrap();

    const SETTLE: &str = "OrchestratorService/Settle";
    let trace = collector.until(|trace| {
        trace
            .find("orchestrator", SETTLE, SpanKind::Server)
            .is_some()
            && trace.has_step("enrollment", "CheckEligibility", SETTLE, false)
            && trace.has_step("settlement", "GetClaimHistory", SETTLE, false)
            && trace.has_step("inspection", "Screen", SETTLE, false)
            && trace.has_step("referral", "UseReferral", SETTLE, true)
            && trace.has_step("settlement", "PostSettlement", SETTLE, true)
    });
    let trace = trace.await;
    let entry = trace
        .find("orchestrator", SETTLE, SpanKind::Server)
        .unwrap();
    assert_eq!(entry.parent, CALLER);
    // Nothing of it hangs in the air, and every span has one parent in it.
    let ids: BTreeSet<&str> = trace.ours().map(|span| span.id.as_str()).collect();
    assert_eq!(ids.len(), trace.ours().count());
    for span in trace.ours().filter(|span| span.id != entry.id) {
        assert!(ids.contains(span.parent.as_str()), "{span:?}");
    }
    // The journal is written in it as well.
    let journal = |span: &&Span| span.service == "orchestrator" && span.name == "transaction";
    assert!(trace.ours().filter(journal).count() >= 2, "{trace:#?}");
    let identity = id_number(1);
    trace.names_nobody(&[&person, "测试人员", &identity, "V-1"]);

    // What one peer answers alone is a part of the trace of whoever asked.
    let Fleet {
        inner,
        orchestrator,
        ..
    } = fleet;
    orchestrator.stop("orchestrator");
    for (service, process) in inner {
        process.stop(service);
    }
}

/// As in the story of a killed coordinator: what another brings to its end goes on in the trace of the
/// request that began it, at the place where that stood.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_coordinator_left_goes_on_in_its_trace() {
    if !is_shared() {
        return;
    }
    let collector = Collector::default();
    let endpoint = collector.listen().await;
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let mut fleet = Fleet::watched(&environment).await;
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    let referral_id = fleet.referred(&person).await;
    let mut claim = stay(&person, "V-1", 10_000);
    claim.referral_id = referral_id.clone();
    let admit = pb::AdmitRequest {
        request_id: "admit-1".into(),
        admission: Some(admission(&claim)),
    };
    let replica = orchestrator_in(&fleet.database, &fleet.inner, &environment);
    let address = fleet.inner.remove("settlement").unwrap().kill();
    let (mut clerk, asked) = (fleet.clerk(), traced(admit));
    let waiting = tokio::spawn(async move { clerk.admit(asked).await });
    let limit = Instant::now() + PATIENCE;
    while fleet.standing(&referral_id).await != Standing::Used {
        assert!(Instant::now() < limit, "the referral is not used");
    }
    std::mem::replace(&mut fleet.orchestrator, replica).kill();
    waiting.await.unwrap().unwrap_err();
    // Started again as it was, but for the collector: it is told of by its peers' spans.
    let url = fleet.database.url("settlement");
    let mut command = crate::configured("settlement", &address, &url);
    let settlement = crate::Process::start(command.envs(environment), "settlement");
    fleet.inner.insert("settlement", settlement);
    let mut clerk = fleet.clerk();
    let limit = Instant::now() + PATIENCE;
    while outcome(&mut clerk, "admit-1", Method::Admit).await != State::Done {
        assert!(Instant::now() < limit, "nobody takes it up");
    }

    let trace = collector.until(|trace| {
        trace.has_step("settlement", "OpenGuarantee", "admit.v1", true)
            && trace
                .find("referral", "UseReferral", SpanKind::Server)
                .is_some()
    });
    let trace = trace.await;
    let saga = trace
        .find("orchestrator", "admit.v1", SpanKind::Internal)
        .unwrap();
    // The span it goes on from died untold with the first coordinator, whose call the referral was.
    assert!(trace.parent(saga).is_none(), "{saga:?}");
    assert_ne!(saga.parent, CALLER);
    assert_eq!(saga.parent.len(), CALLER.len());
    trace.names_nobody(&[&person, "测试人员", "V-1"]);
    fleet.orchestrator.stop("orchestrator");
}
