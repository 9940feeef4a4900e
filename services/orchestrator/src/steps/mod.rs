//! What the sagas ask of each peer: one file per peer or matter, one type per call. The value holds
//! what is asked, so that asking again asks the same.
//!
//! These files are to the peers what `wire.rs` is to the callers: with it and `rpc.rs` they are the
//! only ones that name protobuf.

mod asked;
pub mod bare;
pub mod enrollment;
pub mod guarantee;
pub mod holds;
pub mod inspection;
pub mod late_facts;
mod paths;
pub mod referral;
pub mod settlement;
pub mod standing;
pub mod subsidy;
pub mod suspension;
pub mod together;

use asked::Asked;
use kernel::refusal::{DEADLINE_EXCEEDED, INTERNAL};
use kernel::{Digest, Fault, Principal, Role};
use opentelemetry::metrics::Histogram;
use proto::common;
use proto::common::outcome::State;
use runtime::{Context, Needs, Settings, Wire, WireError, connect, fault_of};
use saga::{Burned, Step};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::future::Future;
use std::ops::Deref;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};
use tracing::Instrument;

/// How the peers are reached. A test puts `runtime::fault::Faults` over any of them.
#[derive(Clone)]
pub struct Peers {
    /// 参保: who is insured.
    pub enrollment: Wire,
    /// 监管: what is suspicious.
    pub inspection: Wire,
    /// 转诊: who was referred where.
    pub referral: Wire,
    /// 结算: what it costs, and the books.
    pub settlement: Wire,
}

/// A configuration by which a peer cannot be reached, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum PeersError {
    /// No endpoint is configured.
    #[error(
        "`peers.{peer}` is missing: set it to the peer's address, such as https://127.0.0.1:50061, \
         in the file or as YIBAO_ORCHESTRATOR__PEERS__{}",
        peer.to_uppercase()
    )]
    Endpoint {
        /// The peer.
        peer: &'static str,
    },
    /// No certificate is configured.
    #[error(
        "`tls` is missing: peers believe only a service's certificate; set it in the file or as \
         YIBAO_ORCHESTRATOR__TLS__CERTIFICATE, __KEY and __AUTHORITIES"
    )]
    Certificate,
    /// The endpoint cannot be used.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl Peers {
    /// What a configuration must name.
    pub const NEEDS: Needs = Needs {
        database: true,
        peers: &["enrollment", "inspection", "referral", "settlement"],
    };

    /// Wires to the peers of the configuration. Nothing is connected yet.
    pub fn connect(settings: &Settings) -> Result<Peers, PeersError> {
        let endpoint = |peer: &'static str| {
            let endpoint = settings.peers.get(peer);
            endpoint.ok_or(PeersError::Endpoint { peer })
        };
        let (enrollment, inspection) = (endpoint("enrollment")?, endpoint("inspection")?);
        let (referral, settlement) = (endpoint("referral")?, endpoint("settlement")?);
        let tls = settings.door.client().ok_or(PeersError::Certificate)?;
        Ok(Peers {
            enrollment: connect(enrollment, Some(&tls))?,
            inspection: connect(inspection, Some(&tls))?,
            referral: connect(referral, Some(&tls))?,
            settlement: connect(settlement, Some(&tls))?,
        })
    }
}

/// How one saga reaches its peers: for whom, and for how long.
pub struct Ports {
    /// The peers.
    pub peers: Peers,
    /// Who asked for the saga: its calls are for them.
    pub principal: Principal,
    /// When its caller stops waiting, while one waits.
    pub until: Option<Instant>,
    /// How long one call may take at most, where a lease must outlive it.
    pub call_max: Option<Duration>,
    /// 人证核验: whether an institution must show who was treated before it settles.
    pub identity_required: bool,
    /// How long calls take.
    pub calls: Histogram<f64>,
}

/// How long a call takes at most that nothing else limits.
const CALL_MAX: Duration = Duration::from_secs(30);

impl Ports {
    /// The context of one call.
    fn context(&self) -> Context {
        let left = self
            .until
            .map(|until| until.saturating_duration_since(Instant::now()));
        let most = self.call_max.unwrap_or(CALL_MAX);
        let patience = left.unwrap_or(most).min(most);
        Context::of(self.principal.clone(), patience)
    }

    /// The institution that asks, for which other institutions' settlements do not exist; empty when
    /// it is somebody else.
    fn institution(&self) -> String {
        match self.principal.has(Role::Institution) {
            true => self.principal.caller.clone(),
            false => String::new(),
        }
    }

    /// Asks a question: its "no" is the answer.
    async fn ask<Q, A, F, Fut>(&self, message: Q, call: F) -> Result<A, Fault>
    where
        F: FnOnce(Request<Q>) -> Fut,
        Fut: Future<Output = Result<Response<A>, Status>>,
    {
        self.heard(message, call, true).await
    }

    /// Asks for a change: only a remembered "no" is believed.
    async fn change<Q, A, F, Fut>(&self, message: Q, call: F) -> Result<A, Fault>
    where
        F: FnOnce(Request<Q>) -> Fut,
        Fut: Future<Output = Result<Response<A>, Status>>,
    {
        self.heard(message, call, false).await
    }

    /// What came of a call, waited for no longer than there is time.
    async fn heard<Q, A, F, Fut>(&self, message: Q, call: F, asking: bool) -> Result<A, Fault>
    where
        F: FnOnce(Request<Q>) -> Fut,
        Fut: Future<Output = Result<Response<A>, Status>>,
    {
        let (context, asked) = (self.context(), Asked::begin::<Q>());
        let request = asked
            .span
            .in_scope(|| context.through(crate::NAME, message));
        let call = call(request).instrument(asked.span.clone());
        let answer = tokio::time::timeout(context.left(), call).await;
        let code = match &answer {
            Ok(Ok(_)) => Code::Ok,
            Ok(Err(status)) => status.code(),
            Err(_) => Code::DeadlineExceeded,
        };
        asked.end(&self.calls, code);
        match answer {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(fault_of(status, asking)),
            Err(_) => Err(Fault::Unknown(DEADLINE_EXCEEDED.refuse())),
        }
    }
}

/// A peer's message as a journal keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept<M>(pub M);

impl<M> Deref for Kept<M> {
    type Target = M;
    fn deref(&self) -> &M {
        &self.0
    }
}

impl<M: prost::Message> Serialize for Kept<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0.encode_to_vec()))
    }
}

impl<'de, M: prost::Message + Default> Deserialize<'de> for Kept<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Kept<M>, D::Error> {
        use serde::de::Error;
        let bytes = hex::decode(String::deserialize(deserializer)?).map_err(Error::custom)?;
        M::decode(bytes.as_slice()).map(Kept).map_err(Error::custom)
    }
}

/// Two questions asked at once; the first "no" or silence of either is that of both.
pub struct Both<A, B>(pub A, pub B);

impl<A, B> Step for Both<A, B>
where
    A: Step<Ports = Ports>,
    B: Step<Ports = Ports>,
{
    const NAME: &'static str = A::NAME;
    type Ports = Ports;
    type Output = (A::Output, B::Output);

    async fn run(&self, ports: &Ports, key: &str) -> Result<Self::Output, Fault> {
        tokio::try_join!(self.0.run(ports, key), self.1.run(ports, key))
    }
}

/// A part without which a peer's answer is none.
fn present<T>(part: Option<T>, name: &'static str) -> Result<T, Fault> {
    part.ok_or_else(|| {
        tracing::error!(part = name, "a peer's answer is incomplete");
        Fault::Unknown(INTERNAL.refuse())
    })
}

/// What a peer's answer to a withdrawal must say.
fn gone(outcome: Option<common::Outcome>) -> Result<(), Fault> {
    match present(outcome, "outcome")?.state() {
        State::Withdrawn | State::Refused => Ok(()),
        state => {
            tracing::error!(?state, "a withdrawn request is not gone");
            Err(Fault::Unknown(INTERNAL.refuse()))
        }
    }
}

/// What a peer's answer to a burning says.
fn burned(outcome: Option<common::Outcome>) -> Result<Burned, Fault> {
    let outcome = present(outcome, "outcome")?;
    match outcome.state() {
        State::Done => Ok(Burned::Done(outcome.subject_id)),
        State::Refused => Ok(Burned::Refused),
        State::Withdrawn => Ok(Burned::Never),
        // A burned key is none of these; who says so has not burned it.
        State::Unspecified | State::Pending | State::UnknownHere => {
            Err(Fault::Unknown(INTERNAL.refuse()))
        }
    }
}

/// The outer caller's request, as a step carries it.
fn carried(origin: Digest) -> Vec<u8> {
    origin.0.to_vec()
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
        for peer in Peers::NEEDS.peers {
            let told = error(&settings);
            let variable = format!("YIBAO_ORCHESTRATOR__PEERS__{}", peer.to_uppercase());
            assert!(told.contains(&format!("`peers.{peer}`")), "{told}");
            assert!(told.contains(&variable), "{told}");
            let endpoint = "https://127.0.0.1:50061";
            settings.peers.insert(peer.to_string(), endpoint.into());
        }
        assert!(error(&settings).contains("`tls`"));
    }
}
