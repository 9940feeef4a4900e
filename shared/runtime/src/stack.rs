//! The layers every request passes, in process and from the network alike. Outermost first:
//!
//! 1. trace and count: sees everything below it, refusals of the other layers too;
//! 2. identity: before any work is done for a stranger;
//! 3. access: deny by default, before a place is taken;
//! 4. limit: load is shed at once, per service, before the deadline's task exists;
//! 5. deadline: answers DEADLINE_EXCEEDED (tonic's own answers CANCELLED) and runs the handler in
//!    a task of its own, so that a dropped call never leaves a half-done transaction. A panic ends
//!    that task and becomes INTERNAL here;
//! 6. witness: what is read of people leaves the handler after it is written down who read it.
//!
//! A handler that streams its answer is done, for 4 and 5, with the answer's head: what follows has
//! places, deadlines and tasks of its own.

use crate::context::{Deadline, Trusted};
use crate::settings::{Identity, Settings};
use crate::status_of;
use crate::witness::{Attempt, WitnessPlace, turn_away, witnessed};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::{HeaderMap, HeaderValue};
use kernel::refusal::{
    DEADLINE_EXCEEDED, INTERNAL, OVERLOADED, PERMISSION_DENIED, UNAUTHENTICATED,
};
use kernel::{AreaCode, InstitutionCode, Principal, Refusal, Role};
use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::propagation::Extractor;
use opentelemetry::{KeyValue, global};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Code;
use tower::ServiceBuilder;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

pub(crate) const PRINCIPAL_HEADER: &str = "yibao-principal";
pub(crate) const SECRET_HEADER: &str = "yibao-service-secret";
/// Whom a development client says it is.
const CALLER_HEADER: &str = "yibao-caller";

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

#[derive(Clone)]
pub(crate) struct Layers {
    pub(crate) settings: Arc<Settings>,
    pub(crate) rule: Rule,
    pub(crate) witness: WitnessPlace,
    places: Arc<Semaphore>,
    calls: Counter<u64>,
    seconds: Histogram<f64>,
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
        Some(self.label(request)).filter(|label| label != UNKNOWN)
    }

    /// What a call is counted under. A stranger may invent paths without end; a label may not.
    fn label(self, request: &Request) -> String {
        let path = request.uri().path();
        match self {
            Rule::Table(access) => {
                let known = access.iter().any(|(name, ..)| *name == method_of(request));
                if known { path } else { UNKNOWN }.to_string()
            }
            Rule::Elsewhere(interface) => interface.to_string(),
        }
    }
}

/// `router` behind all layers.
pub(crate) fn layered(
    router: axum::Router,
    rule: Rule,
    settings: &Settings,
    witness: WitnessPlace,
) -> axum::Router {
    let meter = global::meter("yibao");
    let layers = Layers {
        settings: Arc::new(settings.clone()),
        rule,
        witness,
        places: Arc::new(Semaphore::new(settings.concurrent_max)),
        calls: meter.u64_counter("rpc.server.calls").build(),
        seconds: meter
            .f64_histogram("rpc.server.duration")
            .with_unit("s")
            .build(),
    };
    router.layer(
        ServiceBuilder::new()
            .layer(from_fn_with_state(layers.clone(), trace))
            .layer(from_fn_with_state(layers.clone(), identity))
            .layer(from_fn_with_state(layers.clone(), access_rule))
            .layer(from_fn_with_state(layers.clone(), limit))
            .layer(from_fn_with_state(layers.clone(), deadline))
            .layer(from_fn_with_state(layers, witnessed)),
    )
}

pub(crate) fn refuse(refusal: &Refusal) -> Response {
    status_of(refusal).into_http()
}

/// The last part of `/package.Service/Method`.
pub(crate) fn method_of(request: &Request) -> &str {
    request.uri().path().rsplit('/').next().unwrap_or_default()
}

async fn trace(State(layers): State<Layers>, request: Request, next: Next) -> Response {
    let path = layers.rule.label(&request);
    let span = tracing::info_span!("rpc", path, code = tracing::field::Empty);
    let parent = global::get_text_map_propagator(|p| p.extract(&Headers(request.headers())));
    if span.set_parent(parent).is_err() {
        tracing::debug!("the span had begun before its parent was known");
    }
    let begun = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let code = response
        .headers()
        .get("grpc-status")
        .and_then(|c| c.to_str().ok())
        .unwrap_or("0");
    span.record("code", code);
    let labels = [
        KeyValue::new("path", path),
        KeyValue::new("code", code.to_string()),
    ];
    layers.calls.add(1, &labels);
    layers
        .seconds
        .record(begun.elapsed().as_secs_f64(), &labels);
    response
}

async fn identity(State(layers): State<Layers>, mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    let principal = headers.remove(PRINCIPAL_HEADER);
    let secret = headers.remove(SECRET_HEADER);
    let caller = headers.remove(CALLER_HEADER);
    if request.extensions().get::<Trusted>().is_none() {
        let settings = &layers.settings;
        let believed = vouched(settings, principal, secret).or_else(|| developer(settings, caller));
        let Some(principal) = believed else {
            let attempt = Attempt::of(&layers, &request, Code::Unauthenticated);
            return turn_away(&layers, attempt, UNAUTHENTICATED.refuse()).await;
        };
        request.extensions_mut().insert(Trusted(principal));
    }
    next.run(request).await
}

/// A principal in headers is believed only with the services' secret.
fn vouched(
    settings: &Settings,
    principal: Option<HeaderValue>,
    secret: Option<HeaderValue>,
) -> Option<Principal> {
    let ours = settings
        .service_secret
        .as_deref()
        .filter(|ours| !ours.is_empty())?;
    let same = kernel::Digest::of(ours.as_bytes()) == kernel::Digest::of(secret?.as_bytes());
    same.then(|| serde_json::from_slice(principal?.as_bytes()).ok())
        .flatten()
}

/// In development, on loopback only, a caller is who it says it is.
fn developer(settings: &Settings, caller: Option<HeaderValue>) -> Option<Principal> {
    let Identity::Development = settings.identity else {
        return None;
    };
    let who = match caller {
        None => loopback_caller("developer")?,
        Some(caller) => loopback_caller(caller.to_str().ok()?)?,
    };
    let roles = who
        .roles
        .unwrap_or_else(|| match InstitutionCode::parse(&who.caller) {
            Ok(_) => vec![Role::Institution],
            Err(_) => vec![Role::Clerk, Role::Operator],
        });
    Some(Principal {
        caller: who.caller,
        on_behalf_of: None,
        area: who.area.unwrap_or_else(|| settings.area.clone()),
        roles,
    })
}

/// What a development caller says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopbackCaller {
    /// Its name as a key can carry it. `~` joins the names of a chain and is nobody's own.
    pub caller: String,
    /// The pooling area it works in, where that is not the configured one.
    pub area: Option<AreaCode>,
    /// Its roles, where they are not those that its name suggests.
    pub roles: Option<Vec<Role>>,
}

/// `name`, `name@330523`, `name+auditor` or `name@330523+clerk+supervisor`: what a development caller
/// may say of itself, and what a client may send. Nobody says that it is a service.
pub fn loopback_caller(text: &str) -> Option<LoopbackCaller> {
    let mut parts = text.split('+');
    let named = parts.next()?;
    let roles: Vec<Role> = parts.map(role).collect::<Option<_>>()?;
    let (caller, area) = match named.split_once('@') {
        None => (named, None),
        Some((caller, area)) => (caller, Some(AreaCode::parse(area).ok()?)),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let fits = (1..=64).contains(&caller.len()) && caller.bytes().all(plain);
    fits.then(|| LoopbackCaller {
        caller: caller.to_string(),
        area,
        roles: Some(roles).filter(|roles| !roles.is_empty()),
    })
}

fn role(name: &str) -> Option<Role> {
    let role = serde_json::from_value(serde_json::Value::from(name)).ok()?;
    Some(role).filter(|role| *role != Role::Service)
}

async fn access_rule(State(layers): State<Layers>, request: Request, next: Next) -> Response {
    let method = method_of(&request);
    let principal = request.extensions().get::<Trusted>();
    if !principal.is_some_and(|Trusted(principal)| layers.rule.allows(method, principal)) {
        let no = PERMISSION_DENIED.refuse().with("method", method);
        let attempt = Attempt::of(&layers, &request, Code::PermissionDenied);
        return turn_away(&layers, attempt, no).await;
    }
    next.run(request).await
}

/// A place among the requests worked on at once. It is given back when the work ends, which may be
/// after its caller was told that the time is over.
#[derive(Clone)]
struct Place(#[allow(dead_code)] Arc<OwnedSemaphorePermit>);

async fn limit(State(layers): State<Layers>, mut request: Request, next: Next) -> Response {
    match layers.places.clone().try_acquire_owned() {
        Ok(place) => {
            request.extensions_mut().insert(Place(Arc::new(place)));
            next.run(request).await
        }
        Err(_) => refuse(&OVERLOADED.refuse()),
    }
}

async fn deadline(State(layers): State<Layers>, mut request: Request, next: Next) -> Response {
    let asked = grpc_timeout(request.headers());
    let most = Duration::from_millis(layers.settings.deadline_max_ms);
    let patience = asked
        .unwrap_or(Duration::from_millis(layers.settings.deadline_ms))
        .min(most);
    if patience.is_zero() {
        return refuse(&DEADLINE_EXCEEDED.refuse());
    }
    // tonic has a timer of its own outside these layers, begun earlier and answering CANCELLED: ours
    // must be first.
    let patience = patience - (patience / 10).min(ANSWER_FIRST);
    let until = tokio::time::Instant::now() + patience;
    request.extensions_mut().insert(Deadline(until));
    let place = request.extensions_mut().remove::<Place>();
    let work = async move {
        let response = next.run(request).await;
        drop(place);
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

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|key| key.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(caller: &str) -> LoopbackCaller {
        let caller = caller.to_string();
        LoopbackCaller {
            caller,
            area: None,
            roles: None,
        }
    }

    #[test]
    fn a_caller_cannot_name_itself_a_chain() {
        let name = loopback_caller;
        assert_eq!(name("clerk-7"), Some(plain("clerk-7")));
        for bad in ["", "orchestrator~clerk-7", "a b"] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_caller_in_development_may_work_in_another_area() {
        let name = loopback_caller;
        let area = AreaCode::parse("330523").ok();
        assert!(area.is_some());
        let anji = LoopbackCaller {
            area,
            ..plain("clerk-7")
        };
        assert_eq!(name("clerk-7@330523"), Some(anji));
        for bad in ["clerk-7@", "@330523", "clerk-7@33052", "clerk-7@330523@1"] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_caller_in_development_may_choose_its_roles_but_not_be_a_service() {
        let name = loopback_caller;
        let two = LoopbackCaller {
            roles: Some(vec![Role::Clerk, Role::Auditor]),
            ..plain("li")
        };
        assert_eq!(name("li+clerk+auditor"), Some(two));
        for bad in ["li+", "li+service", "li+Clerk", "li+nobody", "+clerk"] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }

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
}
