//! 连接: where a suite is reached and as whom: every command that calls one takes the same options.

use crate::call::{CallError, innermost};
use crate::cli::ENDPOINT;
use crate::desk::{Desk, Wires};
use clap::Args;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use kernel::Secret;
use runtime::{Address, ClientTls, Wire, connect, loopback_caller};
use std::convert::Infallible;
use std::path::PathBuf;
use tonic::body::Body;
use tower::ServiceExt;

/// Where the suite listens, and what shows who asks.
#[derive(Clone, Debug, Args)]
pub struct Reach {
    /// Where the suite listens.
    #[arg(long, value_name = "URL", default_value = ENDPOINT)]
    pub endpoint: String,
    /// A token that says who asks, where the suite believes no word: see `yibao token`.
    #[arg(long, value_name = "TOKEN", env = "YIBAO_TOKEN", hide_env_values = true,
          value_parser = token, hide_short_help = true)]
    token: Option<Secret<String>>,
    /// The authorities an https suite is believed by, PEM.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    authorities: Option<PathBuf>,
    /// The client's certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "key", hide_short_help = true)]
    certificate: Option<PathBuf>,
    /// The certificate's private key, PEM.
    #[arg(
        long,
        value_name = "FILE",
        requires = "certificate",
        hide_short_help = true
    )]
    key: Option<PathBuf>,
}

fn token(text: &str) -> Result<Secret<String>, Infallible> {
    Ok(Secret::new(text.to_string()))
}

impl Reach {
    /// A connection, made now: an operator who types a wrong endpoint hears it at once.
    pub async fn wire(&self) -> Result<Wire, CallError> {
        let address = Address::of(&self.endpoint, self.tls()?.as_ref())?;
        let reached = address.connect().await;
        let wire = reached.map_err(|error| CallError::Unreachable {
            endpoint: self.endpoint.clone(),
            reason: innermost(&error),
        })?;
        self.bearing(wire)
    }

    /// Clients for this caller.
    pub async fn desk(&self, caller: &str) -> Result<Desk, CallError> {
        sound(caller)?;
        Ok(Desk::new(&Wires::all(self.wire().await?), caller))
    }

    /// The same, connected at the first call: for who tells of each service apart whether it answers.
    pub fn desk_at_first_call(&self, caller: &str) -> Result<Desk, CallError> {
        sound(caller)?;
        let wire = connect(&self.endpoint, self.tls()?.as_ref())?;
        Ok(Desk::new(&Wires::all(self.bearing(wire)?), caller))
    }

    fn tls(&self) -> Result<Option<ClientTls>, CallError> {
        let own = self.certificate.as_deref().zip(self.key.as_deref());
        let open = |authorities: &PathBuf| ClientTls::open(authorities, own);
        let tls = self.authorities.as_ref().map(open).transpose();
        tls.map_err(CallError::Tls)
    }

    fn bearing(&self, wire: Wire) -> Result<Wire, CallError> {
        match &self.token {
            Some(token) => bearing(wire, token.expose()),
            None => Ok(wire),
        }
    }
}

/// Nobody acts under a name that a header cannot carry.
fn sound(caller: &str) -> Result<(), CallError> {
    match loopback_caller(caller) {
        Some(_) => Ok(()),
        None => Err(CallError::BadCaller(caller.to_string())),
    }
}

/// The wire with this token on every request.
fn bearing(wire: Wire, token: &str) -> Result<Wire, CallError> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value = value.map_err(|_| CallError::BadToken)?;
    value.set_sensitive(true);
    Ok(Wire::new(wire.map_request(
        move |mut request: Request<Body>| {
            request.headers_mut().insert(AUTHORIZATION, value.clone());
            request
        },
    )))
}
