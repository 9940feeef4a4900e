//! 连接: one connection from its first request to its end, and all of a listener. A connection over
//! which nothing is asked for long is told to go, as all are when the server stops; one whose other
//! end is silently gone is found out by pings.

use crate::identity::Peer;
use crate::limits::Limits;
use crate::line::{Line, Lines};
use crate::told::Told;
use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::ServiceExt;

/// Serves connections until `stop` changes, and then those that are left to their ends.
pub(crate) async fn serve(
    mut lines: Lines,
    router: Router,
    limits: Arc<Limits>,
    mut stop: watch::Receiver<bool>,
) {
    let builder = builder(&limits);
    let mut open = JoinSet::new();
    loop {
        let line = tokio::select! {
            line = lines.next() => line,
            _ = stop.changed() => None,
            Some(_) = open.join_next() => continue,
        };
        let Some(line) = line else {
            break;
        };
        let serving = converse(
            builder.clone(),
            line,
            router.clone(),
            limits.idle(),
            stop.clone(),
        );
        open.spawn(serving);
    }
    // Nobody is heard any more who comes now.
    drop(lines);
    while open.join_next().await.is_some() {}
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(limits.keepalive_seconds))
        .keep_alive_timeout(Duration::from_secs(limits.keepalive_answer_seconds))
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(limits.header_bytes_max)
        .max_pending_accept_reset_streams(limits.resets_max)
        .max_local_error_reset_streams(limits.resets_max.saturating_mul(4));
    builder
}

async fn converse(
    builder: Builder<TokioExecutor>,
    line: Line,
    router: Router,
    idle: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let (peer, counted) = (line.peer(), line.counted());
    let busy = Busy::default();
    let asked = busy.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, peer, under_way) = (router.clone(), peer.clone(), asked.begin());
        async move { answer(router, peer, under_way, request).await }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(line), service));
    let mut is_ending = *stop.borrow();
    if is_ending {
        connection.as_mut().graceful_shutdown();
    }
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            _ = stop.changed(), if !is_ending => is_ending = true,
            () = busy.idle(idle), if !is_ending => {
                counted.tell("idle");
                is_ending = true;
            }
        }
        connection.as_mut().graceful_shutdown();
    }
}

async fn answer(
    router: Router,
    peer: Peer,
    under_way: UnderWay,
    request: Request<Incoming>,
) -> Result<Response<Told<UnderWay>>, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| Told::keeping(body, under_way)))
}

/// How many requests are under way over a connection, and since when none is.
#[derive(Clone)]
struct Busy(Arc<Mutex<(usize, Instant)>>);

impl Default for Busy {
    fn default() -> Busy {
        Busy(Arc::new(Mutex::new((0, Instant::now()))))
    }
}

impl Busy {
    fn begin(&self) -> UnderWay {
        self.state().0 += 1;
        UnderWay(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, (usize, Instant)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when nothing was under way for so long.
    async fn idle(&self, long: Duration) {
        loop {
            let (under_way, since) = *self.state();
            let now = Instant::now();
            let until = match under_way {
                0 => since + long,
                _ => now + long,
            };
            if until <= now {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }
}

/// A request, until its answer is told to the end.
struct UnderWay(Busy);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.0.state();
        *state = (state.0.saturating_sub(1), Instant::now());
    }
}
