//! How a peer is reached: a channel in production, the server itself in one process, or either
//! behind a fault layer in a test. Generated clients cannot tell the difference.

use crate::context::Trusted;
use crate::stack::{PRINCIPAL_HEADER, SECRET_HEADER};
use http::{HeaderValue, Request, Response};
use std::time::Duration;
use tonic::body::Body;
use tonic::transport::Endpoint;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

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

/// An endpoint or secret that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use peer {endpoint:?}: {reason}")]
pub struct WireError {
    /// The endpoint as configured.
    pub endpoint: String,
    /// Why not.
    pub reason: String,
}

/// A wire to a peer at `endpoint` (`http://host:port`). Connects at the first call, and again when
/// the connection is lost. The principal of a request goes as headers, vouched for by `secret`.
pub fn connect(endpoint: &str, secret: &str) -> Result<Wire, WireError> {
    let failed = |reason: String| WireError {
        endpoint: endpoint.to_string(),
        reason,
    };
    let secret = HeaderValue::from_str(secret).map_err(|e| failed(e.to_string()))?;
    let channel = Endpoint::from_shared(endpoint.to_string())
        .map_err(|e| failed(e.to_string()))?
        .connect_timeout(Duration::from_secs(3))
        .tcp_nodelay(true)
        // A peer whose line is cut without a word is given up after these two.
        .http2_keep_alive_interval(Duration::from_secs(5))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(true)
        .connect_lazy();
    let wire = channel
        .map_request(move |mut request: Request<Body>| {
            if let Some(Trusted(principal)) = request.extensions_mut().remove::<Trusted>()
                && let Ok(json) = serde_json::to_string(&principal)
                && let Ok(value) = HeaderValue::from_bytes(json.as_bytes())
            {
                request.headers_mut().insert(PRINCIPAL_HEADER, value);
                request.headers_mut().insert(SECRET_HEADER, secret.clone());
            }
            request
        })
        .map_err(Broken::new);
    Ok(Wire::new(wire))
}

/// A wire to a router in this process, through the same layers as from the network.
pub(crate) fn local(router: axum::Router) -> Wire {
    let wire = router
        .map_request(|request: Request<Body>| request.map(axum::body::Body::new))
        .map_response(|response: Response<axum::body::Body>| response.map(Body::new))
        .map_err(|never: std::convert::Infallible| match never {});
    Wire::new(wire)
}
