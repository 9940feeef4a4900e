//! Over real sockets: what one peer or one caller does to a server, and that another is served all
//! the same.

#[path = "tests/raw.rs"]
mod raw;

use super::*;
use crate::limits::{CallerLimits, Limits};
use crate::stack::Does;
use crate::wire::connect;
use axum::body::Body as Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, Request, Response};
use kernel::{AreaCode, Role};
use raw::Raw;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::task::{Context, Poll};
use tokio::sync::{Semaphore, mpsc};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use tower::ServiceExt;

const ALL: &[Role] = &[Role::Institution, Role::Operator];
const ACCESS: Access = &[
    ("Do", ALL, Does::Reads),
    ("Hold", ALL, Does::Reads),
    ("Much", ALL, Does::Reads),
    ("GetOutcome", ALL, Does::Reads),
];
/// An institution, another, and somebody who is none.
const ONE: &str = "H99999900001";
const OTHER: &str = "H99999900002";
const THIRD: &str = "H99999900003";
const OPERATOR: &str = "op+operator";
/// A message with a request id.
const KEYED: &[u8] = b"\0\0\0\0\x05\x0a\x03abc";
/// An empty message.
const EMPTY: &[u8] = &[0; 5];

/// Answers at once, or when it is let go.
#[derive(Clone)]
struct Toy {
    came: mpsc::UnboundedSender<()>,
    go: Arc<Semaphore>,
}

impl NamedService for Toy {
    const NAME: &'static str = "toy.Toy";
}

impl tower::Service<Request<Body>> for Toy {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let toy = self.clone();
        Box::pin(async move {
            if request.uri().path().ends_with("/Hold") {
                toy.came.send(()).ok();
                toy.go.acquire().await.unwrap().forget();
            }
            let mut answer = Status::new(Code::Ok, "").into_http();
            if request.uri().path().ends_with("/Much") {
                // More than a window of HTTP/2, and then, as trailers do, something that waits for
                // room in it.
                let parts = [vec![0; 8 << 20], vec![0]].map(Ok::<_, Infallible>);
                *answer.body_mut() = Body::new(Bytes::from_stream(stream::iter(parts)));
            }
            Ok(answer)
        })
    }
}

/// A server of the toy.
struct Stage {
    address: SocketAddr,
    came: mpsc::UnboundedReceiver<()>,
    go: Arc<Semaphore>,
}

impl Stage {
    async fn with(change: impl FnOnce(&mut Limits)) -> Stage {
        let mut limits = Limits {
            caller: CallerLimits {
                rate: 0,
                ..CallerLimits::default()
            },
            ..Limits::default()
        };
        change(&mut limits);
        let area = AreaCode::parse("999999").unwrap();
        let settings = Settings {
            limits,
            concurrent_max: 64,
            deadline_max_ms: 50_000,
            deadline_ms: 50_000,
            ..Settings::embedded((Ipv4Addr::LOCALHOST, 0).into(), area, String::new())
        };
        settings.limits.check().unwrap();
        let (told, came) = mpsc::unbounded_channel();
        let go = Arc::new(Semaphore::new(0));
        let toy = Toy {
            came: told,
            go: go.clone(),
        };
        let server = Server::bind(&settings).await.unwrap();
        let address = server.address().unwrap();
        let server = server.with(Service::new("toy", toy, ACCESS, &settings));
        tokio::spawn(server.serve(std::future::pending()));
        Stage { address, came, go }
    }

    fn wire(&self) -> Wire {
        connect(&format!("http://{}", self.address), None).unwrap()
    }

    async fn call(&self, caller: &str, method: &str) -> Result<(), Status> {
        call(self.wire(), caller, method, EMPTY.into()).await
    }

    /// Begins a call that holds its place, and waits until it does.
    async fn hold(&mut self, caller: &'static str) -> tokio::task::JoinHandle<Result<(), Status>> {
        let wire = self.wire();
        let held = tokio::spawn(call(wire, caller, "Hold", EMPTY.into()));
        self.came.recv().await.unwrap();
        held
    }

    async fn raw(&self) -> Raw {
        Raw::connect(self.address, Ipv4Addr::LOCALHOST).await
    }
}

fn asks(caller: &str, method: &str, body: Bytes) -> Request<Body> {
    Request::post(format!("/toy.Toy/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("yibao-caller", caller)
        .body(Body::new(body))
        .unwrap()
}

async fn call(wire: Wire, caller: &str, method: &str, body: Bytes) -> Result<(), Status> {
    let answer = wire.oneshot(asks(caller, method, body)).await;
    let answer = answer.map_err(|broken| Status::from_error(broken.into()))?;
    let status = Status::from_header_map(answer.headers());
    match status.expect("a status in the head") {
        ok if ok.code() == Code::Ok => Ok(()),
        no => Err(no),
    }
}

/// The code of gRPC, of ours, and how long to wait.
fn told(answer: Result<(), Status>) -> (Code, String, Option<Duration>) {
    let no = answer.expect_err("a refusal");
    let details = no.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    let retry = details.retry_info().and_then(|retry| retry.retry_delay);
    (no.code(), reason.unwrap_or_default(), retry)
}

#[tokio::test]
async fn a_message_that_does_not_come_is_not_waited_for() {
    let stage = Stage::with(|limits| limits.message_seconds = 1).await;
    let byte = stream::iter([Ok::<_, Infallible>(&[0_u8][..])]);
    let body = Bytes::from_stream(byte.chain(stream::pending()));
    let (code, reason, retry) = told(call(stage.wire(), ONE, "Do", body).await);
    assert_eq!(
        (code, reason.as_str()),
        (Code::ResourceExhausted, "REQUEST_TOO_SLOW")
    );
    assert!(retry.is_some());
    stage.call(ONE, "Do").await.unwrap();
}

#[tokio::test]
async fn a_message_is_no_longer_than_it_may_be() {
    let stage = Stage::with(|limits| limits.message_bytes_max = 1_024).await;
    let mut whole = vec![0, 0, 0, 4, 0];
    whole.resize(1_029, 0);
    call(stage.wire(), ONE, "Do", whole.clone().into())
        .await
        .unwrap();
    whole.push(0);
    let announced = stream::iter([Ok::<_, Infallible>(&[0_u8, 0, 0, 4, 1][..])]);
    // Of the second nothing more would ever come.
    let announced = Bytes::from_stream(announced.chain(stream::pending()));
    for body in [whole.into(), announced] {
        let (code, reason, retry) = told(call(stage.wire(), ONE, "Do", body).await);
        assert_eq!(
            (code, reason.as_str()),
            (Code::InvalidArgument, "REQUEST_TOO_LARGE")
        );
        assert_eq!(retry, None, "to send it again is of no use");
    }
}

#[tokio::test]
async fn headers_are_no_longer_than_they_may_be() {
    let stage = Stage::with(|limits| limits.header_bytes_max = 2_048).await;
    let request = Request::post("/toy.Toy/Do")
        .header("yibao-caller", ONE)
        .header("bomb", HeaderValue::from_str(&"x".repeat(9_000)).unwrap())
        .body(Body::empty());
    let answer = stage.wire().oneshot(request.unwrap()).await;
    let refused = answer.map_or(true, |answer| answer.status() == 431);
    assert!(refused);
    stage.call(ONE, "Do").await.unwrap();
}

#[tokio::test]
async fn one_peer_s_connections_leave_room_for_another_s() {
    let stage = Stage::with(|limits| limits.connections_of_one_max = 4).await;
    let mut lines = Vec::new();
    for _ in 0..4 {
        let mut line = stage.raw().await;
        line.greet().await;
        line.until(raw::SETTINGS).await.expect("it is served");
        lines.push(line);
    }
    let mut fifth = stage.raw().await;
    assert!(
        fifth.until(raw::SETTINGS).await.is_none(),
        "it is not taken"
    );
    let mut other = Raw::connect(stage.address, Ipv4Addr::new(127, 0, 0, 2)).await;
    other.greet().await;
    other.until(raw::SETTINGS).await.expect("another address");
    drop(lines.pop());
    loop {
        // The server hears of it a moment later.
        let mut line = stage.raw().await;
        line.greet().await;
        if line.until(raw::SETTINGS).await.is_some() {
            break;
        }
    }
}

#[tokio::test]
async fn who_says_nothing_or_too_little_is_not_kept() {
    let stage = Stage::with(|limits| limits.handshake_seconds = 1).await;
    let mut silent = stage.raw().await;
    let mut hesitant = stage.raw().await;
    hesitant.say(b"PRI * HTTP/2.0\r\n").await;
    assert!(silent.until(raw::DATA).await.is_none());
    assert!(hesitant.until(raw::DATA).await.is_none());
    stage.call(ONE, "Do").await.unwrap();
}

#[tokio::test]
async fn who_answers_no_ping_is_gone() {
    let stage = Stage::with(|limits| {
        (limits.keepalive_seconds, limits.keepalive_answer_seconds) = (1, 1);
    })
    .await;
    let mut mute = stage.raw().await;
    mute.greet().await;
    assert!(mute.until(raw::PING).await.is_some());
    assert!(mute.until(raw::DATA).await.is_none(), "its connection ends");
}

#[tokio::test]
async fn a_connection_without_calls_is_told_to_go() {
    let mut stage = Stage::with(|limits| limits.idle_seconds = 1).await;
    let held = stage.hold(ONE).await;
    let mut idle = stage.raw().await;
    idle.greet().await;
    assert!(idle.until(raw::GOAWAY).await.is_some());
    assert!(
        !held.is_finished(),
        "one with a call stays, however long it takes"
    );
    stage.go.add_permits(1);
    held.await.unwrap().unwrap();
}

#[tokio::test]
async fn calls_that_are_taken_back_at_once_end_their_connection() {
    let stage = Stage::with(|limits| limits.resets_max = 20).await;
    let mut rapid = stage.raw().await;
    rapid.greet().await;
    rapid.reset_rapidly(2_000).await;
    let error = rapid.until(raw::GOAWAY).await.expect("to be told to go");
    let calm = [0, 0, 0, 11];
    assert_eq!(error.get(4..8), Some(&calm[..]), "ENHANCE_YOUR_CALM");
    stage.call(OTHER, "Do").await.unwrap();
}

#[tokio::test]
async fn one_caller_has_so_many_calls_under_way() {
    let mut stage = Stage::with(|limits| limits.caller.in_flight = 2).await;
    let held = [stage.hold(ONE).await, stage.hold(ONE).await];
    for _ in 0..50 {
        let (code, reason, retry) = told(stage.call(ONE, "Do").await);
        assert_eq!(code, Code::ResourceExhausted);
        assert_eq!(reason, "CALLER_IN_FLIGHT_EXCEEDED");
        assert!(retry.is_some());
        stage.call(OTHER, "Do").await.unwrap();
    }
    stage.go.add_permits(2);
    for held in held {
        held.await.unwrap().unwrap();
    }
    stage.call(ONE, "Do").await.unwrap();
}

#[tokio::test]
async fn who_takes_no_answers_has_them_under_way() {
    let stage = Stage::with(|limits| limits.caller.in_flight = 2).await;
    let mut untaken = Vec::new();
    for _ in 0..2 {
        let answer = stage.wire().oneshot(asks(ONE, "Much", EMPTY.into())).await;
        untaken.push(answer.unwrap());
    }
    let (_, reason, _) = told(stage.call(ONE, "Do").await);
    assert_eq!(reason, "CALLER_IN_FLIGHT_EXCEEDED");
    stage.call(OTHER, "Do").await.unwrap();
    drop(untaken);
    // The server hears of it a moment later.
    while stage.call(ONE, "Do").await.is_err() {}
}

#[tokio::test]
async fn one_caller_asks_so_often() {
    let stage = Stage::with(|limits| {
        (limits.caller.rate, limits.caller.burst) = (1, 3);
    })
    .await;
    let wire = stage.wire();
    let mut refused = 0;
    for _ in 0..60 {
        if let Err(no) = call(wire.clone(), ONE, "Do", EMPTY.into()).await {
            let (code, reason, retry) = told(Err(no));
            assert_eq!(code, Code::ResourceExhausted);
            assert_eq!(reason, "CALLER_RATE_EXCEEDED");
            assert!(retry.is_some_and(|retry| retry <= Duration::from_secs(2)));
            refused += 1;
        }
    }
    assert!(refused > 0);
    for _ in 0..3 {
        stage.call(OTHER, "Do").await.unwrap();
    }
}

#[tokio::test]
async fn when_all_places_are_taken_operators_and_answers_still_have_some() {
    let mut stage = Stage::with(|limits| {
        (limits.in_flight_min, limits.queue_max) = (1, 0);
    })
    .await;
    // What was let in before may be asked again: its caller may not know what became of it.
    call(stage.wire(), THIRD, "Do", KEYED.into()).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(stage.hold(ONE).await);
    }
    let (code, reason, retry) = told(stage.call(OTHER, "Do").await);
    assert_eq!(
        (code, reason.as_str()),
        (Code::ResourceExhausted, "OVERLOADED")
    );
    assert!(retry.is_some_and(|retry| retry >= Duration::from_millis(500)));
    stage.call(OTHER, "GetOutcome").await.unwrap();
    stage.call(OPERATOR, "Do").await.unwrap();
    call(stage.wire(), THIRD, "Do", KEYED.into()).await.unwrap();
    let other = told(call(stage.wire(), OTHER, "Do", KEYED.into()).await);
    assert_eq!(other.1, "OVERLOADED", "the key is of another caller");
    stage.go.add_permits(4);
    for held in held {
        held.await.unwrap().unwrap();
    }
    stage.call(OTHER, "Do").await.unwrap();
}

#[tokio::test]
async fn a_call_waits_for_a_place_and_one_that_went_away_leaves_its_own() {
    let mut stage = Stage::with(|limits| {
        (limits.in_flight_min, limits.queue_ms) = (1, 60_000);
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(stage.hold(ONE).await);
    }
    let gone = tokio::spawn(call(stage.wire(), OTHER, "Do", EMPTY.into()));
    gone.abort();
    drop(gone.await);
    let waits = tokio::spawn(call(stage.wire(), OTHER, "Do", EMPTY.into()));
    stage.go.add_permits(1);
    waits.await.unwrap().unwrap();
    stage.go.add_permits(3);
    for held in held {
        held.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_service_whose_background_work_stops_is_not_serving() {
    let (health, _server) = tonic_health::server::health_reporter();
    let (background, ready) = (Background::default(), Ready::default());
    let probes = vec![("a", None), ("b", None)];
    let watching = tokio::spawn(watch(health, probes, background.clone(), ready.clone()));
    while !ready.get() {
        tokio::task::yield_now().await;
    }
    background.keep("b", Box::pin(async {})).await;
    // Not at the next period: at once.
    while ready.get() {
        tokio::task::yield_now().await;
    }
    watching.abort();
}
