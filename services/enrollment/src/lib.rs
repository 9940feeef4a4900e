//! 参保: who is insured, as what, since when, and who pays the fee.
//!
//! It decides whether a payment insures a person for a year, which identity the subsidy follows,
//! whether the funds may pay for a person on a day, with which diseases a person is filed, what of
//! another area counts for who comes from it, and whether who was at a visit is that person. It
//! refuses to know claims and money in the
//! funds: what a claim costs and what the fund ledger says is settlement's. The numbers of the law
//! (fees, rates, waiting months) are the policy packages', not ours.
//!
//! ```text
//! household:   registered ──withdrawn──▶ gone; its members stay, without a household
//! person:      registered ◀──registered again── gone for everybody, and with them the identities,
//!                 │ ▲   └──────withdrawn────▶ coverages and suspensions that stood
//!           death ▼ │ death withdrawn
//!                dead
//! identity:    recorded ──withdrawn──▶ gone        at most one of a kind on any day
//! coverage:    enrolled ──withdrawn──▶ gone        at most one of a person and year
//! standing:    changed ──withdrawn──▶ gone         at most one change of a coverage and day; goes with
//!                 the coverage
//! certificate: issued, and the coverage ends ──withdrawn──▶ gone, and the coverage goes on
//! transfer in: applied ──accepted by another person──▶ accepted, and the years count
//!                 │ ──rejected by another person──▶ rejected      either ──withdrawn──▶ applied
//!                 ╰──withdrawn, from wherever it stands──▶ gone, and the certificate may be used again
//! suspension:  suspended ──withdrawn──▶ gone       may overlap others
//! card:        registered ◀──restored── revoked ◀──▶ …; either ──withdrawn──▶ gone
//! token:       issued ──used once by a check──▶ used; either ──time──▶ expired, ──withdrawn──▶ gone
//! check:       matched ──withdrawn──▶ gone
//!              not matched (a doubt) ◀──▶ cleared, by a look at the person or by the bureau
//! filing:      filed ──withdrawn──▶ gone           at most one of a disease and day; its institutions
//!                                                  change and it ends by dated rows, each withdrawn
//! package:     proposed ──activated by another person──▶ scheduled ──its instant──▶ in force
//!
//! a day of a coverage's year:   … waiting … │ benefit_from … benefits run … │ until (1 January)
//! ```
//!
//! A person who is registered again under the number of a withdrawn registration is the same person:
//! claims, accumulators and a recorded death follow the human; what was withdrawn stays withdrawn.
//!
//! Row locks are taken in one order: key → household → person → what is recorded of the person,
//! applications last → token → doubts. Every change of a person's data grows the person's version, and growing it is the
//! lock; a check changes nothing of the person and locks its token alone.

// Whatever comes from outside is refused in words; nothing outside the tests ends a thread.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)
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
use domain::TokenKey;
use kernel::Clock;
use proto::enrollment::enrollment_service_server::EnrollmentServiceServer;
use proto::orchestrator::filing_service_server::FilingServiceServer;
use proto::orchestrator::identity_service_server::IdentityServiceServer;
use proto::orchestrator::transfer_service_server::TransferServiceServer;
use runtime::{Identity, Service, Settings};
use std::sync::Arc;

/// The service's name in configuration, and its schema.
pub const NAME: &str = "enrollment";

/// Opens the service's database.
pub async fn open(settings: &Settings) -> Result<Db, OpenError> {
    let config = DbConfig {
        url: settings.database_url.clone(),
        schema: NAME.into(),
        connections: settings.database_connections,
    };
    Db::open::<migration::Migrator>(&config).await
}

/// Makes the service over its open database; `library` has the packages that come with the suite.
pub fn build(
    db: Db,
    settings: &Settings,
    clock: Arc<dyn Clock>,
    library: Arc<policy::Library>,
) -> Service {
    let app = app::App::new(db.clone(), clock.clone(), library, token_key(settings));
    let rpc = rpc::Rpc(Arc::new(app));
    let server = EnrollmentServiceServer::new(rpc.clone());
    let filings = FilingServiceServer::new(rpc.clone());
    let checks = IdentityServiceServer::new(rpc.clone());
    let transfers = TransferServiceServer::new(rpc);
    let probed = db.clone();
    let log = access::Log::new(&db, clock.clone());
    Service::new(NAME, server, rpc::ACCESS, settings)
        .with_also(filings, rpc::filings::ACCESS, settings)
        .with_also(checks, rpc::identity_checks::ACCESS, settings)
        .with_also(transfers, rpc::transfers::ACCESS, settings)
        .with_witness(log.witness())
        .with_background(event::keep_sealing(db.clone(), clock.clone()))
        .with_background(heads::keep_publishing(db.clone(), NAME, settings.heads()))
        .with_background(keep_sampling_events(db, clock, settings.sample_period()))
        .with_probe(Arc::new(move || {
            let db = probed.clone();
            Box::pin(async move { db.is_reachable().await })
        }))
}

/// What tokens are made with: the secret that all replicas know. A process without one makes tokens
/// that only it can tell again.
fn token_key(settings: &Settings) -> Option<TokenKey> {
    if let Some(secret) = &settings.visit_token_secret {
        return Some(TokenKey::of(secret.as_bytes()));
    }
    if settings.identity == Identity::Verified {
        tracing::warn!("visit_token_secret is not set: replicas do not tell each other's tokens");
    }
    let mut random = [0; 32];
    match getrandom::fill(&mut random) {
        Ok(()) => Some(TokenKey::of(&random)),
        Err(error) => {
            tracing::error!(%error, "the system gives no random bytes: no token is issued");
            None
        }
    }
}
