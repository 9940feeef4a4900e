//! 异地就医: which regions take part in interregional settlement, and from which day.
//!
//! It decides whether a region's cards are settled here. It refuses to know claims: what a claim
//! costs is settlement's, who is insured is enrollment's. Filing, positions, reconciliation and
//! clearing grow here.
//!
//! ```text
//! participant:  registered ──withdrawn by its request──▶ gone
//! ```

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

mod app;
mod domain;
mod entity;
mod migration;
pub mod refusal;
mod rpc;
mod store;
mod wire;

use ::store::sample::keep_sampling_events;
use ::store::{Db, DbConfig, OpenError, access, event, heads};
use kernel::Clock;
use proto::interregional::interregional_service_server::InterregionalServiceServer;
use runtime::{Service, Settings};
use std::sync::Arc;

/// The service's name in configuration, and its schema.
pub const NAME: &str = "interregional";

/// Opens the service's database.
pub async fn open(settings: &Settings) -> Result<Db, OpenError> {
    let config = DbConfig {
        url: settings.database_url.clone(),
        schema: NAME.into(),
        connections: settings.database_connections,
    };
    Db::open::<migration::Migrator>(&config).await
}

/// Makes the service over its open database.
pub fn build(db: Db, settings: &Settings, clock: Arc<dyn Clock>) -> Service {
    let app = app::App {
        db: db.clone(),
        clock: clock.clone(),
    };
    let server = InterregionalServiceServer::new(rpc::Rpc(app));
    let probed = db.clone();
    let log = access::Log::new(&db, clock.clone());
    Service::new(NAME, server, rpc::ACCESS, settings)
        .with_witness(log.witness())
        .with_background(event::keep_sealing(db.clone(), clock.clone()))
        .with_background(heads::keep_publishing(db.clone(), NAME, settings.heads()))
        .with_background(keep_sampling_events(db, clock, settings.sample_period()))
        .with_probe(Arc::new(move || {
            let db = probed.clone();
            Box::pin(async move { db.is_reachable().await })
        }))
}
