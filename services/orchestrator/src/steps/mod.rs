//! What the sagas ask of each peer: one file per peer, one type per call. The value holds what is
//! asked, so that asking again asks the same.
//!
//! These files are to the peers what `wire.rs` is to the callers: with it and `rpc.rs` they are the
//! only ones that name protobuf.

pub mod enrollment;
pub mod inspection;
pub mod settlement;

use crate::NAME;
use kernel::refusal::{DEADLINE_EXCEEDED, INTERNAL};
use kernel::{OutcomeState, RequestId};
use runtime::{Context, Fault, Needs, Settings, Wire, WireError, connect, fault_of};
use std::future::Future;
use tonic::{Response, Status};

/// How the peers are reached. A test puts `runtime::fault::Faults` over any of them.
#[derive(Clone)]
pub struct Peers {
    /// 参保: who is insured.
    pub enrollment: Wire,
    /// 监管: what is suspicious.
    pub inspection: Wire,
    /// 结算: what it costs, and the books.
    pub settlement: Wire,
}

/// A configuration by which a peer cannot be reached, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum PeersError {
    /// No endpoint is configured.
    #[error(
        "`peers.{peer}` is missing: set it to the peer's address, such as http://127.0.0.1:50061, \
         in the file or as YIBAO_ORCHESTRATOR__PEERS__{}",
        peer.to_uppercase()
    )]
    Endpoint {
        /// The peer.
        peer: &'static str,
    },
    /// No secret is configured.
    #[error(
        "`service_secret` is missing: peers believe only a service that knows it; set it in the \
         file or as YIBAO_ORCHESTRATOR__SERVICE_SECRET"
    )]
    Secret,
    /// The endpoint or the secret cannot be used.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl Peers {
    /// What a configuration must name.
    pub const NEEDS: Needs = Needs {
        database: false,
        peers: &["enrollment", "inspection", "settlement"],
    };

    /// Wires to the peers of the configuration. Nothing is connected yet.
    pub fn connect(settings: &Settings) -> Result<Peers, PeersError> {
        let secret = settings.service_secret.as_deref();
        let secret = secret.ok_or(PeersError::Secret)?;
        let wire = |peer: &'static str| {
            let endpoint = settings.peers.get(peer);
            let endpoint = endpoint.ok_or(PeersError::Endpoint { peer })?;
            connect(endpoint, secret).map_err(PeersError::from)
        };
        Ok(Peers {
            enrollment: wire("enrollment")?,
            inspection: wire("inspection")?,
            settlement: wire("settlement")?,
        })
    }
}

/// One call to a peer.
pub trait Step: Send + Sync {
    /// What the peer answers.
    type Answer: Send;

    /// Asks once, in the course of the caller's request and within its time.
    fn ask(
        &self,
        peers: &Peers,
        context: &Context,
    ) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

/// 提交点: the step after which there is no way back. It changes the world once for its key, and
/// its key remembers how that ended.
pub trait Pivot: Step {
    /// The key's name: the caller's request id, unchanged. The peer adds the chain of callers.
    fn request_id(&self) -> &RequestId;

    /// 作废: asks once to mark the key so that it can never take effect, and hears what became of
    /// it if something has already. Never refused.
    fn burn(
        &self,
        peers: &Peers,
        context: &Context,
    ) -> impl Future<Output = Result<OutcomeState, Fault>> + Send;
}

/// A call that changes nothing: its "no" is the answer.
const ASKING: bool = true;
/// A call that may change something: only a remembered "no" is believed.
const CHANGING: bool = false;

/// What came of a call, waited for no longer than the caller waits.
async fn heard<A>(
    call: impl Future<Output = Result<Response<A>, Status>>,
    context: &Context,
    asking: bool,
) -> Result<A, Fault> {
    match tokio::time::timeout(context.left(), call).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(fault_of(status, asking)),
        Err(_) => Err(Fault::Unknown(DEADLINE_EXCEEDED.refuse())),
    }
}

/// A part without which a peer's answer is none.
fn present<T>(part: Option<T>, name: &'static str) -> Result<T, Fault> {
    part.ok_or_else(|| {
        tracing::error!(part = name, "a peer's answer is incomplete");
        Fault::Unknown(INTERNAL.refuse())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::AreaCode;

    #[tokio::test]
    async fn a_missing_key_is_named() {
        let area = AreaCode::parse("152501").unwrap();
        let mut settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), area, String::new());
        let error = |settings: &Settings| match Peers::connect(settings) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        assert!(error(&settings).contains("`service_secret`"));
        settings.service_secret = Some("0123456789abcdef".into());
        for peer in ["enrollment", "inspection", "settlement"] {
            let told = error(&settings);
            let variable = format!("YIBAO_ORCHESTRATOR__PEERS__{}", peer.to_uppercase());
            assert!(told.contains(&format!("`peers.{peer}`")), "{told}");
            assert!(told.contains(&variable), "{told}");
            let endpoint = "http://127.0.0.1:50061";
            settings.peers.insert(peer.into(), endpoint.into());
        }
        assert_eq!(error(&settings), "");
        settings
            .peers
            .insert("settlement".into(), "no address".into());
        assert!(error(&settings).contains("no address"));
    }
}
