//! 一站式结算: what needs several services, coordinated. The only service that calls others, and the
//! one that hospitals, platforms and other regions call.
//!
//! It decides in which order peers are asked, when to ask again, what may be concluded from their
//! silence, and when all is taken back. It refuses to know prices, rules and persons: what a claim
//! costs is settlement's, who is insured is enrollment's, what is suspicious is inspection's. Their
//! messages pass through unread, but for what stands in `wire`.
//!
//! ```text
//! Settle:          read CheckEligibility, GetClaimHistory, Screen ─▶ run UseReferral, if there is one
//!                  ─▶ pivot PostSettlement (which closes the guarantee of a stay); of a registered
//!                  visit read GetVisitClaim first
//! SettleBatch:     Settle of every claim of a stream, or SettleTogether of all
//! SettleTogether:  read of every claim ─▶ run HoldClaims of every person-year ─▶ pivot PostHolds
//! Reverse:         read GetSettlement ─▶ pivot ReverseSettlement ─▶ finish ReleaseReferral
//! Admit:           read CheckEligibility ─▶ run UseReferral ─▶ pivot OpenGuarantee
//! Enrol:           run EnrolPerson ─▶ pivot PostSubsidy
//! Suspend…:        read CheckSuspension ─▶ run BarInstitution ─▶ pivot SuspendOnline; of a person
//!                  read GetPerson ─▶ pivot SuspendOnline
//! PostLateFacts:   read ListSettledDays, CheckEligibility of every day ─▶ pivot PostLateFacts
//!
//! Exchange:        the call of an envelope, for whom its sender acts as, by any of the above or of a peer's
//!
//! saga:  running ─▶ done ─▶ (withdrawn by its caller) running ─▶ withdrawn, or done as it was
//!          ├─▶ refused, withdrawn: all of it taken back
//!          └─▶ stuck ─▶ (resumed) running, (abandoned by two) abandoned
//! ```
//!
//! The pivots are settlement's, and their keys are named by the caller's request id. A saga whose
//! only effect is its pivot writes no row here until it is refused: the pivot's key is its outcome.
//! All others have a row and a journal (`saga`): replicas can be killed at any time, and others take
//! up what they left.

// Whatever comes from outside is refused in words; nothing outside the tests ends a thread.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]

mod edge;
mod entity;
mod envelopes;
mod executor;
mod journal;
mod measure;
mod metrics;
mod migration;
mod operations;
pub mod refusal;
mod rpc;
mod sagas;
mod steps;
mod store;
mod wire;

pub use edge::passing_on;
pub use executor::{Executor, Request, Taken, Times};
pub use journal::Patience;
pub use sagas::{Asked, Told};
pub use steps::{Peers, PeersError, Ports};

use ::store::{Db, DbConfig, OpenError, access, event, heads};
use envelopes::Envelopes;
use operations::Operations;
use proto::orchestrator::batch_service_server::BatchServiceServer;
use proto::orchestrator::envelope_service_server::EnvelopeServiceServer;
use proto::orchestrator::orchestrator_service_server::OrchestratorServiceServer;
use proto::orchestrator::saga_service_server::SagaServiceServer;
use runtime::{Service, Settings};
use std::sync::Arc;

/// The service's name in configuration, and to its peers.
pub const NAME: &str = "orchestrator";

/// Opens the journals.
pub async fn open(settings: &Settings) -> Result<Db, OpenError> {
    let config = DbConfig {
        url: settings.database_url.clone(),
        schema: NAME.into(),
        connections: settings.database_connections,
    };
    Db::open::<migration::Migrator>(&config).await
}

/// Makes the service over its executor.
pub fn build(settings: &Settings, executor: Executor) -> Service {
    let server = OrchestratorServiceServer::new(rpc::Rpc(executor.clone()));
    let operations = Operations {
        executor: executor.clone(),
    };
    let operators = SagaServiceServer::new(rpc::operations::Rpc(operations));
    let (db, clock) = (executor.db.clone(), executor.clock.clone());
    let probed = db.clone();
    let log = access::Log::new(&db, clock.clone());
    let (batches, streaming) = rpc::batch::Rpc::over(executor.clone(), log.witness());
    let batches = BatchServiceServer::new(batches);
    let (period, kinds) = (settings.sample_period(), executor.kinds());
    let peers = executor.peers.clone();
    let service = Service::new(NAME, server, rpc::ACCESS, settings)
        .with_also(batches, rpc::batch::ACCESS, settings)
        .with_also(operators, rpc::operations::ACCESS, settings)
        .with_background(streaming)
        .with_background(executor.keep_working())
        .with_witness(log.witness())
        .with_background(event::keep_sealing(db.clone(), clock.clone()))
        .with_background(heads::keep_publishing(db.clone(), NAME, settings.heads()))
        .with_background(store::sampling::keep(
            db.clone(),
            clock.clone(),
            period,
            kinds,
        ))
        .with_probe(Arc::new(move || {
            let db = probed.clone();
            Box::pin(async move { db.is_reachable().await })
        }));
    let keys = settings.envelope_keys.clone();
    let envelopes = Envelopes { db, clock, keys };
    let exchange = rpc::envelopes::Rpc {
        envelopes: envelopes.clone(),
        // Without itself: an envelope goes in none.
        own: service.wire(),
        peers,
        log,
    };
    let exchange = EnvelopeServiceServer::new(exchange);
    service
        .with_also(exchange, rpc::envelopes::ACCESS, settings)
        .with_background(envelopes.keep_sweeping())
}
