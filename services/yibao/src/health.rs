//! 健康探测: whether somebody serves, as the standard health service of gRPC says it. For supervisors
//! that can only start a program and look at its exit status.

use clap::Args;
use std::path::PathBuf;
use std::time::Duration;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// How long is waited for a connection, and then for the answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom to ask.
#[derive(Debug, Args)]
pub struct Health {
    /// Where it listens: http://host:port, or https://host:port with --authorities.
    #[arg(long, value_name = "URL", env = "YIBAO_HEALTH_ENDPOINT", default_value = crate::cli::ENDPOINT)]
    endpoint: String,
    /// The authorities an https service is believed by, PEM.
    #[arg(long, value_name = "FILE", env = "YIBAO_HEALTH_AUTHORITIES")]
    authorities: Option<PathBuf>,
    /// One interface of it, such as yibao.settlement.v1.SettlementService; all of them otherwise.
    #[arg(long, value_name = "INTERFACE", default_value = "")]
    service: String,
}

/// Why it is not known to serve.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// The authorities' file cannot be read.
    #[error("cannot read {file}: {source}")]
    Authorities {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Nobody answers there, or not by this certificate.
    #[error("cannot reach {endpoint}: {reason}")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// What was in the way.
        reason: String,
    },
    /// It answers that it does not serve.
    #[error("{endpoint} answers {status}")]
    NotServing {
        /// Where.
        endpoint: String,
        /// What it says.
        status: String,
    },
}

/// Asks once.
pub async fn ask(asked: &Health) -> Result<(), HealthError> {
    let unreachable = |reason: String| HealthError::Unreachable {
        endpoint: asked.endpoint.clone(),
        reason,
    };
    let endpoint = Endpoint::from_shared(asked.endpoint.clone());
    let mut endpoint = endpoint.map_err(|e| unreachable(e.to_string()))?;
    endpoint = endpoint.connect_timeout(PATIENCE).timeout(PATIENCE);
    if let Some(file) = &asked.authorities {
        let read = std::fs::read(file).map_err(|source| HealthError::Authorities {
            file: file.clone(),
            source,
        })?;
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read));
        endpoint = endpoint
            .tls_config(tls)
            .map_err(|e| unreachable(e.to_string()))?;
    }
    let channel = endpoint.connect().await;
    let channel = channel.map_err(|e| unreachable(cause(&e)))?;
    let request = HealthCheckRequest {
        service: asked.service.clone(),
    };
    let answer = HealthClient::new(channel).check(request).await;
    let answer = answer.map_err(|no| unreachable(no.to_string()))?;
    match answer.into_inner().status() {
        ServingStatus::Serving => Ok(()),
        other => Err(HealthError::NotServing {
            endpoint: asked.endpoint.clone(),
            status: other.as_str_name().to_string(),
        }),
    }
}

/// The innermost reason: what is around it says only "transport error".
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    innermost.to_string()
}
