//! 转诊: who may be treated where on whose referral, for how long, and whether it was used.
//!
//! It decides whether a stay may rest on a referral: three months, one stay, and no institution
//! that is barred today. It refuses to know money: what a referral is worth in the bill is
//! settlement's, who is insured is enrollment's, why an institution is barred is inspection's.
//!
//! ```text
//! referral:  requested ──approved──▶ approved ──used by a stay──▶ used
//!                │                       │                          │
//!                └──── the request for it withdrawn: withdrawn ─────┘   (for ever)
//! ```
//!
//! Withdrawing the use leads back to approved, withdrawing the approval back to requested. A
//! referral whose approval is withdrawn while a stay has used it stays used, because the stay has
//! happened; when that use is withdrawn too, it is requested and must be approved again.
//!
//! 释放: when the settlement of the stay is reversed, the stay's use is ended, and another may use
//! the referral. Withdrawing the use undoes a request; releasing is a request of its own, which can
//! be withdrawn in its turn.

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
use proto::referral::referral_service_server::ReferralServiceServer;
use runtime::{Service, Settings};
use std::sync::Arc;

/// The service's name in configuration, and its schema.
pub const NAME: &str = "referral";

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
    let server = ReferralServiceServer::new(rpc::Rpc(app));
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
