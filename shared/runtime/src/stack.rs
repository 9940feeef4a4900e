//! The layers every request passes, in process and from the network alike, each of which calls the next.
//! Outermost first:
//!
//! 1. trace and count: sees everything below it, refusals of the other layers too;
//! 2. identity: before any work is done for a stranger;
//! 3. access: deny by default, before a place is taken;
//! 4. admission: a caller's share, a whole message and a place, before the deadline's task exists:
//!    load is shed before anything was begun;
//! 5. deadline: answers DEADLINE_EXCEEDED (tonic's own answers CANCELLED) and runs the handler in
//!    a task of its own, so that a dropped call never leaves a half-done transaction. A panic ends
//!    that task and becomes INTERNAL here;
//! 6. witness: what is read of people leaves the handler after it is written down who read it.
//!
//! A handler that streams its answer is done, for 4 and 5, with the answer's head: what follows has
//! places, deadlines and tasks of its own.

use crate::admission::{Admission, Via, admitted};
use crate::clock::SystemClock;
use crate::context::Trusted;
use crate::identity::{PRINCIPAL_HEADER, who};
use crate::settings::Settings;
use crate::witness::{Attempt, WitnessPlace, turn_away, witnessed};
use crate::{code_name, is_fault, metrics, status_of, trace};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::HeaderMap;
use kernel::metric::RPC_SERVER_DURATION;
use kernel::refusal::{DEADLINE_EXCEEDED, INTERNAL, PERMISSION_DENIED};
use kernel::{Clock, Principal, Refusal, Role};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::Code;
use tracing::Instrument;

/// What a call is counted under whose method nobody has.
const UNKNOWN: &str = "unknown";

/// How much of its time a request gives up for the answer, at most.
const ANSWER_FIRST: Duration = Duration::from_millis(20);

/// Which roles may call a method, and what it does. A method without a line may not be called at all.
pub type Access = &'static [(&'static str, &'static [Role], Does)];

/// What a method does, as far as those who watch over it must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// 办理: changes something, and its events say what.
    Changes,
    /// 查阅个人信息: answers what is known of people; who read it is recorded.
    ReadsPeople,
    /// 查询: answers nothing that is about a person.
    Reads,
}

pub(crate) struct Layers {
    pub(crate) settings: Arc<Settings>,
    pub(crate) rule: Rule,
    pub(crate) witness: WitnessPlace,
    pub(crate) admission: Admission,
    seconds: Histogram<f64>,
}

/// What all interfaces of a service have in common.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) witness: WitnessPlace,
    pub(crate) admission: Admission,
}

impl Shared {
    /// For a service with these settings; nobody writes down yet who reads.
    pub(crate) fn new(settings: &Settings) -> Shared {
        Shared {
            witness: WitnessPlace::default(),
            admission: Admission::new(settings, Arc::new(SystemClock)),
        }
    }
}

/// Who may call what.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// This table says.
    Table(Access),
    /// The server of this interface says, which is elsewhere.
    Elsewhere(&'static str),
}

impl Rule {
    fn allows(self, method: &str, principal: &Principal) -> bool {
        match self {
            Rule::Table(access) => access.iter().any(|(name, roles, _)| {
                *name == method && roles.iter().any(|role| principal.has(*role))
            }),
            Rule::Elsewhere(_) => true,
        }
    }

    /// True when the method answers what is known of people; elsewhere its server says so.
    pub(crate) fn reads_people(self, method: &str) -> bool {
        match self {
            Rule::Table(access) => access
                .iter()
                .any(|(name, _, does)| *name == method && *does == Does::ReadsPeople),
            Rule::Elsewhere(_) => false,
        }
    }

    /// What a call is, if it is known here: its path, or its interface where the methods are
    /// elsewhere.
    pub(crate) fn known(self, request: &Request) -> Option<String> {
        let label = self.label(request);
        (*label != *UNKNOWN).then(|| match self {
            Rule::Table(_) => format!("/{label}"),
            Rule::Elsewhere(_) => label.to_string(),
        })
    }

    /// What a call is counted under. A stranger may invent paths without end; a label may not.
    pub(crate) fn label(self, request: &Request) -> Arc<str> {
        let path = request.uri().path();
        match self {
            Rule::Table(access) => {
                let known = access.iter().any(|(name, ..)| *name == method_of(request));
                let known = known.then(|| path.trim_start_matches('/'));
                known.unwrap_or(UNKNOWN).into()
            }
            Rule::Elsewhere(interface) => interface.into(),
        }
    }
}

/// `router` behind all layers.
pub(crate) fn layered(
    router: axum::Router,
    rule: Rule,
    settings: &Settings,
    shared: &Shared,
) -> axum::Router {
    let layers = Layers {
        settings: Arc::new(settings.clone()),
        rule,
        witness: shared.witness.clone(),
        admission: shared.admission.clone(),
        seconds: metrics::seconds(&RPC_SERVER_DURATION),
    };
    router.layer(from_fn_with_state(Arc::new(layers), told))
}

pub(crate) fn refuse(refusal: &Refusal) -> Response {
    status_of(refusal).into_http()
}

/// The last part of `/package.Service/Method`.
pub(crate) fn method_of(request: &Request) -> &str {
    request.uri().path().rsplit('/').next().unwrap_or_default()
}

async fn told(State(layers): State<Arc<Layers>>, request: Request, next: Next) -> Response {
    let method = layers.rule.label(&request);
    let span = tracing::info_span!(
        target: "trace",
        "rpc",
        otel.kind = "server",
        otel.name = &*method,
        otel.status_code = tracing::field::Empty,
        rpc.method = &*method,
        rpc.response.status_code = tracing::field::Empty,
    );
    trace::go_on_from(&span, request.headers());
    let begun = Instant::now();
    let below = identity(&layers, (request, method.clone()), next);
    let response = below.instrument(span.clone()).await;
    let code = code_of(response.headers());
    span.record("rpc.response.status_code", code);
    if is_fault(code) {
        span.record("otel.status_code", "ERROR");
    }
    let labels = [
        KeyValue::new("rpc.method", method),
        KeyValue::new("rpc.response.status_code", code),
    ];
    let seconds = begun.elapsed().as_secs_f64();
    layers.seconds.record(seconds, &labels);
    response
}

/// What an answer says in its head. One that says nothing there is well.
fn code_of(headers: &HeaderMap) -> &'static str {
    match headers.get("grpc-status") {
        None => code_name(tonic::Code::Ok),
        Some(code) => code_name(tonic::Code::from_bytes(code.as_bytes())),
    }
}

async fn identity(
    layers: &Arc<Layers>,
    (mut request, method): (Request, Arc<str>),
    next: Next,
) -> Response {
    let mut via = Via::Inside;
    if request.extensions().get::<Trusted>().is_none() {
        // Only a service is believed with one.
        let is_vouched = request.headers().contains_key(PRINCIPAL_HEADER);
        match who(&layers.settings, &mut request, SystemClock.now()) {
            Ok(principal) => {
                if !is_vouched && !principal.has(Role::Service) {
                    via = Via::Edge;
                }
                request.extensions_mut().insert(Trusted(principal));
            }
            Err(no) => {
                tracing::warn!(code = %no.code, method = method_of(&request), "not believed");
                let attempt = Attempt::of(layers, &request, Code::Unauthenticated);
                return turn_away(layers, attempt, no).await;
            }
        }
    }
    access_rule(layers, (request, method), via, next).await
}

async fn access_rule(
    layers: &Arc<Layers>,
    (request, label): (Request, Arc<str>),
    via: Via,
    next: Next,
) -> Response {
    let method = method_of(&request);
    let principal = request.extensions().get::<Trusted>();
    if !principal.is_some_and(|Trusted(principal)| layers.rule.allows(method, principal)) {
        let no = PERMISSION_DENIED.refuse().with("method", method);
        let attempt = Attempt::of(layers, &request, Code::PermissionDenied);
        return turn_away(layers, attempt, no).await;
    }
    admitted(layers, (request, label), via, next).await
}

/// How long a request may take, of which a part is left for the answer: the caller's own timer, which
/// knows nothing of what became of it, shall not be first.
pub(crate) fn patience(settings: &Settings, headers: &HeaderMap) -> Duration {
    let most = Duration::from_millis(settings.deadline_max_ms);
    let asked = grpc_timeout(headers).unwrap_or(Duration::from_millis(settings.deadline_ms));
    let patience = asked.min(most);
    patience - (patience / 10).min(ANSWER_FIRST)
}

/// Works on a request until then; what it holds is given back when the work ends, which may be after its
/// caller was told that the time is over.
pub(crate) async fn deadline(
    layers: Arc<Layers>,
    request: Request,
    (until, held): (tokio::time::Instant, impl Send + 'static),
    next: Next,
) -> Response {
    let work = async move {
        let response = witnessed(&layers, request, next).await;
        drop(held);
        response
    };
    let handler = tokio::spawn(work.in_current_span());
    match tokio::time::timeout_at(until, handler).await {
        Ok(Ok(response)) => response,
        Ok(Err(failed)) => {
            tracing::error!(panic = failed.is_panic(), "a handler did not end well");
            refuse(&INTERNAL.refuse())
        }
        Err(_) => refuse(&DEADLINE_EXCEEDED.refuse()),
    }
}

/// `grpc-timeout`: at most eight digits and a unit.
fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn reads_the_timeout_header() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", HeaderValue::from_static(text));
            grpc_timeout(&headers)
        };
        assert_eq!(read("100m"), Some(Duration::from_millis(100)));
        assert_eq!(read("2S"), Some(Duration::from_secs(2)));
        for bad in ["", "S", "123456789S", "-1S", "1x"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_stranger_cannot_invent_a_label() {
        const TABLE: Access = &[("Known", &[Role::Clerk], Does::Reads)];
        let label = |rule: Rule, path: &'static str| {
            let request = Request::builder().uri(path).body(axum::body::Body::empty());
            rule.label(&request.unwrap()).to_string()
        };
        let table = Rule::Table(TABLE);
        assert_eq!(label(table, "/a.Service/Known"), "a.Service/Known");
        assert_eq!(label(table, "/a.Service/Invented"), "unknown");
        let elsewhere = Rule::Elsewhere("b.Service");
        assert_eq!(label(elsewhere, "/b.Service/Invented"), "b.Service");
    }
}
