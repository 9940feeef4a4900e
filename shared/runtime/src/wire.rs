//! How a peer is reached: a channel in production, the server itself in one process, or either
//! behind a fault layer in a test. Generated clients cannot tell the difference.

use crate::context::Trusted;
use crate::identity::PRINCIPAL_HEADER;
use crate::tls::ClientTls;
use http::{HeaderValue, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

/// One way to reach a peer.
pub type Wire = BoxCloneSyncService<Request<Body>, Response<Body>, Broken>;

/// A call that did not come back. A type of its own, because of a boxed error the compiler cannot
/// prove inside a `Send` future that it turns into a status (rust-lang/rust#110338).
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Broken(Box<dyn std::error::Error + Send + Sync>);

impl Broken {
    /// Broken for this reason.
    pub fn new(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Broken {
        Broken(reason.into())
    }
}

/// An endpoint that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use peer {endpoint:?}: {reason}")]
pub struct WireError {
    /// The endpoint as configured.
    pub endpoint: String,
    /// Why not.
    pub reason: String,
}

/// Where a server is reached, and how.
pub struct Address {
    endpoint: Endpoint,
    host: String,
    port: u16,
    tls: Option<ClientTls>,
}

impl Address {
    /// `http://host:port`, or with TLS `https://host:port`.
    pub fn of(text: &str, tls: Option<&ClientTls>) -> Result<Address, WireError> {
        let failed = |reason: &str| WireError {
            endpoint: text.to_string(),
            reason: reason.to_string(),
        };
        let unlike = || failed("write it as http://127.0.0.1:50051");
        let uri: Uri = text.parse().map_err(|_| unlike())?;
        let (host, authority) = uri.host().zip(uri.authority()).ok_or_else(unlike)?;
        let (tls, port) = match (uri.scheme_str(), tls) {
            (Some("http"), _) => (None, 80),
            (Some("https"), Some(tls)) => (Some(tls.clone()), 443),
            (Some("https"), None) => return Err(failed("https needs authorities to believe")),
            _ => return Err(unlike()),
        };
        // tonic makes the TLS of an `https` endpoint itself, from files it reads once: here the
        // connector does, and tonic only tells the scheme to the other end.
        let built = Endpoint::from_shared(format!("http://{authority}"));
        let endpoint = built
            .map_err(|e| failed(&e.to_string()))?
            .origin(uri.clone())
            .connect_timeout(Duration::from_secs(3))
            .tcp_nodelay(true)
            // A peer whose line is cut without a word is given up after these two.
            .http2_keep_alive_interval(Duration::from_secs(5))
            .keep_alive_timeout(Duration::from_secs(5))
            .keep_alive_while_idle(true);
        Ok(Address {
            endpoint,
            host: host.trim_matches(['[', ']']).to_string(),
            port: uri.port_u16().unwrap_or(port),
            tls,
        })
    }

    /// Connects now: who types a wrong address hears it at once.
    pub async fn connect(&self) -> Result<Wire, tonic::transport::Error> {
        let channel = match &self.tls {
            None => self.endpoint.connect().await?,
            Some(tls) => {
                let connector = self.connector(tls);
                self.endpoint.connect_with_connector(connector).await?
            }
        };
        Ok(self.wire(channel))
    }

    /// Connects at the first call, and again when the connection is lost.
    fn lazily(&self) -> Wire {
        let channel = match &self.tls {
            None => self.endpoint.connect_lazy(),
            Some(tls) => self
                .endpoint
                .connect_with_connector_lazy(self.connector(tls)),
        };
        self.wire(channel)
    }

    /// Where no certificate can be shown nobody would believe the header.
    fn wire(&self, channel: Channel) -> Wire {
        let is_secured = self.tls.is_some();
        let wire = channel.map_request(move |mut request: Request<Body>| {
            if let Some(Trusted(principal)) = request.extensions_mut().remove::<Trusted>()
                && is_secured
                && let Ok(json) = serde_json::to_string(&principal)
                && let Ok(value) = HeaderValue::from_bytes(json.as_bytes())
            {
                request.headers_mut().insert(PRINCIPAL_HEADER, value);
            }
            request
        });
        Wire::new(wire.map_err(Broken::new))
    }

    /// Each connection begins with the certificate that the files have then.
    fn connector(&self, tls: &ClientTls) -> impl Connect + use<> {
        let (tls, host, port) = (tls.clone(), self.host.clone(), self.port);
        tower::service_fn(move |_: Uri| {
            let (config, host) = (tls.config(), host.clone());
            async move {
                let stream = TcpStream::connect((host.as_str(), port)).await?;
                stream.set_nodelay(true)?;
                let name = ServerName::try_from(host).map_err(io::Error::other)?;
                let stream = TlsConnector::from(config).connect(name, stream).await?;
                Ok(TokioIo::new(stream))
            }
        })
    }
}

/// What makes connections for tonic.
trait Connect:
    Service<Uri, Response = TokioIo<TlsStream<TcpStream>>, Error = io::Error, Future: Send>
    + Send
    + 'static
{
}

impl<C> Connect for C where
    C: Service<Uri, Response = TokioIo<TlsStream<TcpStream>>, Error = io::Error, Future: Send>
        + Send
        + 'static
{
}

/// A wire to a peer at `endpoint`, which connects at the first call, and again when the connection is
/// lost. Over TLS the principal of a request goes in a header, vouched for by the certificate.
pub fn connect(endpoint: &str, tls: Option<&ClientTls>) -> Result<Wire, WireError> {
    Ok(Address::of(endpoint, tls)?.lazily())
}

/// A wire to a router in this process, through the same layers as from the network.
pub(crate) fn local(router: axum::Router) -> Wire {
    let wire = router
        .map_request(|request: Request<Body>| request.map(axum::body::Body::new))
        .map_response(|response: Response<axum::body::Body>| response.map(Body::new))
        .map_err(|never: std::convert::Infallible| match never {});
    Wire::new(wire)
}
