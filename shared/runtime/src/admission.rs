//! 准入层: before a request is worked on, its caller's share, its message and a place among those
//! worked on are its own. Whoever is refused here may ask again with the same request id: nothing was
//! begun.

use crate::body::{self, Unread};
use crate::callers::{Callers, Seat};
use crate::context::{Deadline, Trusted};
use crate::gate::{Arrival, Asker, Bounds, Class, Gate, Shed, Taken};
use crate::limits::Limits;
use crate::metrics;
use crate::recent::Recent;
use crate::refusal::{REQUEST_TOO_LARGE, REQUEST_TOO_SLOW};
use crate::settings::Settings;
use crate::stack::{Layers, deadline, method_of, patience, refuse};
use crate::status::RETRY_MS;
use crate::told::Told;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use kernel::metric::{RPC_IN_FLIGHT, RPC_LIMIT, RPC_QUEUE_WAIT, RPC_SHED};
use kernel::refusal::{DEADLINE_EXCEEDED, OVERLOADED, UNAUTHENTICATED};
use kernel::{Clock, Instant, Principal, Refusal, Role};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{timeout, timeout_at};

/// How long who is shed should wait, one after the other, so that not all come again at once. They are
/// few: a connection that told each of them once tells it again in a byte (HPACK).
const COME_AGAIN_MILLIS: [u64; 4] = [600, 1_100, 850, 1_350];

/// What they are told. Under overload it is the most frequent answer of all, and is made once.
static COME_AGAIN: LazyLock<[HeaderMap; 4]> = LazyLock::new(|| {
    COME_AGAIN_MILLIS.map(|millis| {
        let no = OVERLOADED.refuse().with(RETRY_MS, millis);
        refuse(&no).into_parts().0.headers
    })
});

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// From outside: what its caller takes is counted here.
    Edge,
    /// From a service of the suite, which counted it.
    Inside,
}

/// Decides what one service works on; all its interfaces share it.
#[derive(Clone)]
pub(crate) struct Admission(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    limits: Arc<Limits>,
    callers: Arc<Callers>,
    gate: Mutex<Gate<oneshot::Sender<Place>>>,
    recent: Recent,
    refused: AtomicUsize,
    shed: Counter<u64>,
    in_flight: UpDownCounter<i64>,
    limit: UpDownCounter<i64>,
    waited: Histogram<f64>,
}

/// A place among the requests worked on at once.
pub(crate) struct Place {
    admission: Admission,
    taken: Option<Taken>,
}

impl Admission {
    /// For a service with these settings.
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Admission {
        let limits = Arc::new(settings.limits.clone());
        let micros = |millis: u64| i64::try_from(millis.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let gate = Gate::new(Bounds {
            least: limits.in_flight_min.min(settings.concurrent_max),
            most: settings.concurrent_max,
            reserved: limits.reserved,
            queue: limits.queue_max,
            wait_micros: micros(limits.queue_ms),
            target_micros: micros(limits.latency_target_ms),
        });
        let limit = metrics::level(&RPC_LIMIT);
        limit.add(signed(gate.limit()), &[]);
        Admission(Arc::new(Inner {
            callers: Callers::new(clock.clone(), limits.clone()),
            clock,
            limits,
            gate: Mutex::new(gate),
            recent: Recent::default(),
            refused: AtomicUsize::new(0),
            shed: metrics::counter(&RPC_SHED),
            in_flight: metrics::level(&RPC_IN_FLIGHT),
            limit,
            waited: metrics::seconds(&RPC_QUEUE_WAIT),
        }))
    }

    fn gate(&self) -> MutexGuard<'_, Gate<oneshot::Sender<Place>>> {
        self.0.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place, at once or after a wait.
    async fn place(&self, asker: Asker) -> Result<Place, Shed> {
        let now = self.0.clock.now();
        let (told, mut hears) = oneshot::channel();
        let arrival = self.gate().arrive(now, asker, told);
        let (ticket, until) = match arrival {
            Arrival::Enter(taken) => return Ok(self.taken(taken)),
            Arrival::Shed(why) => return Err(why),
            // Who was displaced hears of it by this being dropped.
            Arrival::Wait(ticket, until, _displaced) => (ticket, until),
        };
        let _ticket = Ticket(self, ticket);
        let wait = until.micros().saturating_sub(now.micros());
        let wait = Duration::from_micros(u64::try_from(wait).unwrap_or(0));
        let heard = timeout(wait, &mut hears).await;
        let waited = self.0.clock.now().micros().saturating_sub(now.micros());
        let waited = Duration::from_micros(u64::try_from(waited).unwrap_or(0));
        self.0.waited.record(waited.as_secs_f64(), &[]);
        match heard {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(Shed::Queue),
            // It may have come with the last tick.
            Err(_) => hears.try_recv().map_err(|_| Shed::Wait),
        }
    }

    fn taken(&self, taken: Taken) -> Place {
        self.0.in_flight.add(1, &[]);
        Place {
            admission: self.clone(),
            taken: Some(taken),
        }
    }

    /// The answer of a refusal, which is counted.
    fn refused(
        &self,
        layers: &Layers,
        request: &Request,
        reason: &'static str,
        no: Refusal,
    ) -> Response {
        self.count(layers, request, reason);
        refuse(&no)
    }

    fn count(&self, layers: &Layers, request: &Request, reason: &'static str) {
        let method = KeyValue::new("rpc.method", layers.rule.label(request));
        let labels = [method, KeyValue::new("reason", reason)];
        self.0.shed.add(1, &labels);
    }

    /// Come again, but not all at once.
    fn overloaded(&self, layers: &Layers, request: &Request, why: Shed) -> Response {
        self.count(layers, request, why.reason());
        let number = self.0.refused.fetch_add(1, Ordering::Relaxed);
        let turn = number % COME_AGAIN.len();
        let mut response = Response::new(Body::empty());
        if let Some(headers) = COME_AGAIN.get(turn) {
            response.headers_mut().clone_from(headers);
        }
        response
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(taken) = self.taken.take() else {
            return;
        };
        let admission = &self.admission;
        admission.0.in_flight.add(-1, &[]);
        let now = admission.0.clock.now();
        let mut gate = admission.gate();
        let before = gate.limit();
        let called = gate.leave(now, taken);
        let after = gate.limit();
        drop(gate);
        if before != after {
            let change = signed(after) - signed(before);
            admission.0.limit.add(change, &[]);
        }
        for (told, taken) in called {
            // Who does not listen any more gives its place on by dropping it.
            drop(told.send(admission.taken(taken)));
        }
    }
}

/// A place in the queue, given up when its caller goes away.
struct Ticket<'a>(&'a Admission, u64);

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.0.gate().give_up(self.1);
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The layer: a request that comes out of it has all it needs to be worked on.
pub(crate) async fn admitted(
    layers: &Arc<Layers>,
    (mut request, method): (Request, Arc<str>),
    via: Via,
    next: Next,
) -> Response {
    let patience = patience(&layers.settings, request.headers());
    if patience.is_zero() {
        return refuse(&DEADLINE_EXCEEDED.refuse());
    }
    let until = tokio::time::Instant::now() + patience;
    let Some(Trusted(principal)) = request.extensions().get::<Trusted>().cloned() else {
        return refuse(&UNAUTHENTICATED.refuse());
    };
    let admission = &layers.admission;
    // Two areas may have callers of one name, and neither has the other's places or repeats.
    let caller: Arc<str> = format!("{}/{}", principal.area, principal.caller).into();
    let (mut seat, mut class, mut number) = (None, Class::Step, None);
    if via == Via::Edge {
        let seated = match seated(layers, (&principal, &caller), request, until).await {
            Ok(seated) => seated,
            Err(response) => return *response,
        };
        number = seated.number;
        let is_known = number.is_some_and(|number| admission.0.recent.knows(number));
        class = class_of(method_of(&seated.request), &principal, is_known);
        (request, seat) = (seated.request, Some(Arc::new(seated.seat)));
    }
    let left = until.saturating_duration_since(tokio::time::Instant::now());
    let left = i64::try_from(left.as_micros()).unwrap_or(i64::MAX);
    let asker = Asker {
        caller,
        method,
        class,
        until: Instant::from_micros(admission.0.clock.now().micros().saturating_add(left)),
    };
    match admission.place(asker).await {
        Ok(place) => {
            if let Some(number) = number {
                admission.0.recent.remember(number);
            }
            request.extensions_mut().insert(Deadline(until));
            let held = (place, seat.clone());
            let response = deadline(layers.clone(), request, (until, held), next).await;
            // Who takes no answers has them under way.
            response.map(|body| Body::new(Told::keeping(body, seat)))
        }
        Err(why) => admission.overloaded(layers, &request, why),
    }
}

/// A request from outside with its whole message, and its caller's seat.
struct Seated {
    request: Request,
    seat: Seat,
    /// By which it is known when it comes again.
    number: Option<u64>,
}

async fn seated(
    layers: &Layers,
    (principal, caller): (&Principal, &str),
    request: Request,
    until: tokio::time::Instant,
) -> Result<Seated, Box<Response>> {
    let admission = &layers.admission;
    let limits = &admission.0.limits;
    let mut seat = match admission.0.callers.take(principal) {
        Ok(seat) => seat,
        Err(beyond) => {
            let no = beyond.refusal();
            return Err(Box::new(admission.refused(
                layers,
                &request,
                beyond.reason(),
                no,
            )));
        }
    };
    if !body::is_one_message(request.uri().path()) {
        let number = None;
        return Ok(Seated {
            request,
            seat,
            number,
        });
    }
    let (head, body) = request.into_parts();
    let most = limits.message_bytes_max;
    let seconds = Duration::from_secs(limits.message_seconds);
    let come_until = until.min(tokio::time::Instant::now() + seconds);
    let come = timeout_at(come_until, body::read(body, most, &mut seat)).await;
    let (reason, no) = match come {
        Ok(Ok(whole)) => {
            let recent = &admission.0.recent;
            let number = recent.number(caller, head.uri.path(), &whole);
            let request = Request::from_parts(head, Body::from(whole));
            return Ok(Seated {
                request,
                seat,
                number,
            });
        }
        Ok(Err(Unread::Large)) => ("large", REQUEST_TOO_LARGE.refuse()),
        Ok(Err(Unread::Beyond(beyond))) => (beyond.reason(), beyond.refusal()),
        // Nobody hears it.
        Ok(Err(Unread::Broken)) | Err(_) => {
            let seconds = limits.message_seconds;
            ("slow", REQUEST_TOO_SLOW.refuse().with("seconds", seconds))
        }
    };
    let request = Request::from_parts(head, Body::empty());
    Err(Box::new(admission.refused(layers, &request, reason, no)))
}

/// What kind of call from outside it is; a known one was let in before.
fn class_of(method: &str, principal: &Principal, is_known: bool) -> Class {
    let answers = ["GetOutcome", "Burn", "Withdraw"];
    match method {
        _ if principal.has(Role::Operator) => Class::Operators,
        _ if is_known => Class::Answers,
        method if answers.iter().any(|name| method.starts_with(name)) => Class::Answers,
        _ => Class::Ordinary,
    }
}
