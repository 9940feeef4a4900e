//! Serving: services registered with their access rules, one port, reflection, health that starts
//! NOT_SERVING, and a bounded drain.

use crate::background::Background;
use crate::connections::Connections;
use crate::conversation;
use crate::forward::Forward;
use crate::limits::Limits;
use crate::line::Lines;
use crate::monitor::{Monitor, Ready};
use crate::settings::Settings;
use crate::stack::{Access, Rule, Shared, layered};
use crate::tls::ServerTls;
use crate::wire::{Wire, local};
use crate::witness::Witness;
use futures_util::future::BoxFuture;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// How often a service's dependencies are looked at.
const PROBE_PERIOD: Duration = Duration::from_secs(5);
/// How long health says NOT_SERVING before the port closes, so that balancers look away first.
const NOTICE: Duration = Duration::from_millis(200);

/// Answers whether what a service depends on can be reached.
pub type Probe = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// One service, ready to be served or called in process.
pub struct Service {
    name: &'static str,
    grpc_name: &'static str,
    router: axum::Router,
    interfaces: Vec<(&'static str, Access)>,
    background: Vec<BoxFuture<'static, ()>>,
    probe: Option<Probe>,
    shared: Shared,
}

impl Service {
    /// `server` behind the layers every request passes.
    pub fn new<S>(name: &'static str, server: S, access: Access, settings: &Settings) -> Service
    where
        S: tower::Service<
                http::Request<tonic::body::Body>,
                Response: axum::response::IntoResponse,
                Error = std::convert::Infallible,
                Future: Send,
            > + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let shared = Shared::new(settings);
        let router = routed(server, Rule::Table(access), settings, &shared);
        Service {
            name,
            grpc_name: S::NAME,
            router,
            interfaces: vec![(S::NAME, access)],
            background: Vec::new(),
            probe: None,
            shared,
        }
    }

    /// Adds a second interface of the same service.
    pub fn with_also<S>(mut self, server: S, access: Access, settings: &Settings) -> Service
    where
        S: tower::Service<
                http::Request<tonic::body::Body>,
                Response: axum::response::IntoResponse,
                Error = std::convert::Infallible,
                Future: Send,
            > + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let also = routed(server, Rule::Table(access), settings, &self.shared);
        self.router = self.router.merge(also);
        self.interfaces.push((S::NAME, access));
        self
    }

    /// Offers here what another service serves: the interface of the server type `S`, behind a wire.
    pub fn with_passed_on<S>(mut self, wire: Wire, settings: &Settings) -> Service
    where
        S: NamedService + 'static,
    {
        let rule = Rule::Elsewhere(S::NAME);
        let passed_on = routed(Forward::<S>::over(wire), rule, settings, &self.shared);
        self.router = self.router.merge(passed_on);
        self
    }

    /// Adds work that goes on beside the requests until the server stops: it never ends by itself, and
    /// where it does, or panics, the service answers that it is not serving.
    pub fn with_background(mut self, work: impl Future<Output = ()> + Send + 'static) -> Service {
        self.background.push(Box::pin(work));
        self
    }

    /// Adds what decides its health.
    pub fn with_probe(mut self, probe: Probe) -> Service {
        self.probe = Some(probe);
        self
    }

    /// Adds what writes down who read what is known of people: without one, nobody does. The first
    /// stays.
    pub fn with_witness(self, witness: Witness) -> Service {
        self.shared.witness.set(witness).ok();
        self
    }

    /// Its name in configuration: `settlement`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its own interfaces, and who may call what of them.
    pub fn interfaces(&self) -> &[(&'static str, Access)] {
        &self.interfaces
    }

    /// A wire to it in this process, through the same layers as from the network.
    pub fn wire(&self) -> Wire {
        local(self.router.clone())
    }
}

/// A server's routes behind the layers every request passes.
fn routed<S>(server: S, rule: Rule, settings: &Settings, shared: &Shared) -> axum::Router
where
    S: tower::Service<
            http::Request<tonic::body::Body>,
            Response: axum::response::IntoResponse,
            Error = std::convert::Infallible,
            Future: Send,
        > + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
{
    let routes = Routes::new(server).prepare().into_axum_router();
    layered(routes.reset_fallback(), rule, settings, shared)
}

/// Why serving could not begin or go on, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port cannot be had.
    #[error("cannot listen on {address}: {source}; choose another port or stop what holds it")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The descriptor set cannot be offered.
    #[error("reflection is not available: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Services with a port.
pub struct Server {
    listener: TcpListener,
    services: Vec<Service>,
    drain: Duration,
    limits: Arc<Limits>,
    tls: Option<ServerTls>,
    monitor: Option<Monitor>,
}

impl Server {
    /// Takes the port that the settings name. Nothing is answered yet.
    pub async fn bind(settings: &Settings) -> Result<Server, ServeError> {
        let address = settings.listen;
        let bound = TcpListener::bind(address).await;
        let listener = bound.map_err(|source| ServeError::Bind { address, source })?;
        if let Some(tls) = &settings.door.tls {
            tls.tell_end();
        }
        Ok(Server {
            listener,
            services: Vec::new(),
            drain: Duration::from_secs(settings.drain_seconds),
            limits: Arc::new(settings.limits.clone()),
            tls: settings.door.tls.clone(),
            monitor: None,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Adds a service.
    pub fn with(mut self, service: Service) -> Server {
        self.services.push(service);
        self
    }

    /// The same, watched at a port of its own.
    pub fn watched(self, monitor: Option<Monitor>) -> Server {
        Server { monitor, ..self }
    }

    /// Serves until `stop`, then drains: health says NOT_SERVING, no new connections, open requests
    /// may go on for the drain time. Answers true when all of them ended.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<bool, ServeError> {
        let (health, health_server) = tonic_health::server::health_reporter();
        health
            .set_service_status("", ServingStatus::NotServing)
            .await;
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(proto::DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        // Clients in the field ask by the old name still, Python's among them.
        let mut router = Routes::new(health_server)
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?)
            .prepare()
            .into_axum_router();
        let mut tasks = JoinSet::new();
        let background = Background::default();
        background.tell();
        let mut names = Vec::new();
        let mut probes = Vec::new();
        for service in self.services {
            health
                .set_service_status(service.grpc_name, ServingStatus::NotServing)
                .await;
            names.push(service.grpc_name);
            probes.push((service.grpc_name, service.probe));
            router = router.merge(service.router);
            for work in service.background {
                tasks.spawn(background.clone().keep(service.grpc_name, work));
            }
        }
        let ready = self
            .monitor
            .as_ref()
            .map(Monitor::ready)
            .unwrap_or_default();
        tasks.spawn(watch(health.clone(), probes, background, ready.clone()));
        // Watched to the end, and no longer.
        let mut watching = JoinSet::new();
        if let Some(monitor) = self.monitor {
            watching.spawn(monitor.serve());
        }

        let (stopping, stopped) = watch::channel(false);
        let connections = Connections::new(self.limits.clone());
        let lines = Lines::of(self.listener, self.tls, connections);
        let server = conversation::serve(lines, router, self.limits, stopped);
        tokio::pin!(server);
        tokio::select! {
            () = &mut server => return Ok(true),
            () = stop => {}
        }
        // None of them goes on behind the drain; one that does not end is left to the process's end.
        let gone = tokio::time::timeout(self.drain, tasks.shutdown()).await;
        if gone.is_err() {
            tracing::warn!("background tasks did not end in the drain time");
        }
        ready.set(false);
        for name in names.into_iter().chain([""]) {
            health
                .set_service_status(name, ServingStatus::NotServing)
                .await;
        }
        // Still serving: whoever looks now must see that it is about to end.
        if tokio::time::timeout(NOTICE, &mut server).await.is_ok() {
            return Ok(true);
        }
        stopping.send_replace(true);
        let ended = tokio::time::timeout(self.drain, server).await;
        Ok(ended.is_ok())
    }
}

/// Looks at every service's dependencies; the whole (`""`) serves when all of them do.
async fn watch(
    health: HealthReporter,
    probes: Vec<(&'static str, Option<Probe>)>,
    background: Background,
    ready: Ready,
) {
    let status = |well| match well {
        true => ServingStatus::Serving,
        false => ServingStatus::NotServing,
    };
    loop {
        let mut all = true;
        for (name, probe) in &probes {
            let well = match probe {
                Some(probe) => tokio::time::timeout(PROBE_PERIOD, probe())
                    .await
                    .unwrap_or(false),
                None => true,
            };
            let well = well && !background.has_stopped(name);
            all &= well;
            health.set_service_status(*name, status(well)).await;
        }
        health.set_service_status("", status(all)).await;
        ready.set(all);
        tokio::select! {
            () = tokio::time::sleep(PROBE_PERIOD) => {}
            () = background.stopping() => {}
        }
    }
}

#[cfg(test)]
#[path = "serve/tests.rs"]
mod tests;
