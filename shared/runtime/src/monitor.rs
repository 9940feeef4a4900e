//! 监控端口: a port of its own, plain HTTP, for those who watch: `/metrics` for Prometheus, `/live`
//! and `/ready` for whoever cannot ask gRPC's health service. It changes nothing and knows nobody.

use crate::Telemetry;
use crate::metrics::METER;
use crate::serve::ServeError;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use kernel::metric::REPLICA_READY;
use opentelemetry::global;
use prometheus::{Encoder, Registry, TextEncoder};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;

/// The port of those who watch, taken.
pub struct Monitor {
    listener: TcpListener,
    watched: Watched,
}

#[derive(Clone)]
struct Watched {
    registry: Registry,
    ready: Ready,
}

/// Whether all of a server's services can work.
#[derive(Clone, Default)]
pub(crate) struct Ready(Arc<AtomicBool>);

impl Ready {
    pub(crate) fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Monitor {
    /// Takes the port.
    pub async fn bind(address: SocketAddr, telemetry: &Telemetry) -> Result<Monitor, ServeError> {
        let bound = TcpListener::bind(address).await;
        let listener = bound.map_err(|source| ServeError::Bind { address, source })?;
        if !address.ip().is_loopback() {
            tracing::warn!(
                %address,
                "metrics are told to whoever reaches this port: a firewall or a network policy must keep it"
            );
        }
        let ready = Ready::default();
        let asked = ready.clone();
        let meter = global::meter(METER);
        let gauge = meter.i64_observable_gauge(REPLICA_READY.name);
        let gauge = gauge.with_unit(REPLICA_READY.unit);
        gauge
            .with_description(REPLICA_READY.means)
            .with_callback(move |told| told.observe(i64::from(asked.get()), &[]))
            .build();
        let registry = telemetry.registry();
        let watched = Watched { registry, ready };
        Ok(Monitor { listener, watched })
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    pub(crate) fn ready(&self) -> Ready {
        self.watched.ready.clone()
    }

    /// Answers for ever.
    pub(crate) async fn serve(self) {
        let router = Router::new()
            .route("/metrics", get(metrics))
            .route("/live", get(async || "live\n"))
            .route("/ready", get(ready))
            .with_state(self.watched);
        if let Err(error) = axum::serve(self.listener, router).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    }
}

async fn metrics(State(watched): State<Watched>) -> Response {
    // Encoding thousands of rows is work: not on a thread that answers calls.
    let encoded = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        let families = watched.registry.gather();
        TextEncoder::new()
            .encode(&families, &mut text)
            .map(|()| text)
    });
    match encoded.await {
        Ok(Ok(text)) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        _ => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(State(watched): State<Watched>) -> (StatusCode, &'static str) {
    match watched.ready.get() {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}
