//! 结算: what a claim costs, who pays, and that it is paid once.
//!
//! It decides amounts by the package of the claim's last day that is in force at the moment of the
//! decision, keeps the accumulators of each person, scheme and year, personal accounts, and the fund
//! ledger. Claims of several people can be settled together or not at all: each person-year is held
//! first, and all holds are posted in one transaction. It refuses to know who is insured and what is
//! suspicious: the person's snapshot and the findings come with the request and are stored with the
//! decision.
//!
//! ```text
//! settlement:   posted ──ReverseSettlement, ReverseHolds (newest first)──▶ reversed
//! revision:     posted ──withdrawn by its request, newest first──▶ withdrawn; the newest of a
//!               settlement counts, and a reversal takes all of them back with it
//! guarantee:    open ◀──settled, reversed──▶ closed;  open ──withdrawn by its request, cancelled──▶ withdrawn
//! hold:         open ──PostHolds──▶ posted;  open ──withdrawn──▶ released;  open ──time──▶ expired
//! subsidy:      posted ──withdrawn by its request──▶ taken back by the opposite entry
//! suspension:   recorded ──withdrawn by its request──▶ gone;  it counts on its days only
//! reimbursement: submitted ──approved by another person──▶ approved; either ──settled──▶ paid,
//!                ──▶ rejected, withdrawn;  paid ──settlement reversed──▶ as before
//! visit:        open ──Discharge──▶ discharged ──posted──▶ settled ──reversed──▶ discharged, …
//!               its parts: ──posted──▶ standing ──reversed (newest first, whatever the year)──▶ gone
//! receivable:   open ──payments──▶ paid ──one revoked──▶ open;  open ◀──▶ written off;
//!               open ──cancelled, settlement reversed──▶ cancelled
//! approval:     proposed ⇄ given ──used──▶ used by one request; cancelled or expired before
//! recovery:     recorded ──revoked──▶ taken back by the opposite entry
//! institution:  registered ──withdrawn by its request──▶ gone;  in force ──EndAgreement, on its day──▶ ended
//! credit:       posted ──withdrawn by its request──▶ taken back, if the account still has it
//! authorization: given ──ended, or withdrawn by its request──▶ ended; it counts on its days only
//! catalogue:    published (immutable)
//! day, month:   open ──CloseDay, CloseMonth──▶ closed ──withdrawn by its request──▶ open
//! payer file:   prepared (of a closed month) ──withdrawn by its request──▶ gone
//! package:      proposed ──activated by another person──▶ scheduled ──its instant──▶ in force
//! ```
//!
//! Row locks are taken in the order: request key, person-years by person, scheme and year,
//! guarantees by id, the reimbursement, the registered visit, a receivable, personal accounts by person,
//! last of all; a closed month is locked alone, by a file of it; a hold, a revision, or a recovery, is written under the lock of its person-year, an
//! authorization under those of both accounts. Everything else is inserted, or read without a lock
//! because it never changes.

// Whatever comes from outside is refused in words; nothing outside the tests ends a thread.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

mod app;
mod catalogue;
mod domain;
mod entity;
mod ledger;
mod migration;
mod print;
pub mod refusal;
mod rpc;
mod shelf;
mod store;
mod wire;
pub mod year;

pub use store::Documents;

use ::store::{Db, DbConfig, OpenError, access, event, heads};
use kernel::{Clock, Fen};
use policy::Library;
use proto::orchestrator::account_service_server::AccountServiceServer;
use proto::orchestrator::approval_service_server::ApprovalServiceServer;
use proto::orchestrator::indicator_service_server::IndicatorServiceServer;
use proto::orchestrator::payer_file_service_server::PayerFileServiceServer;
use proto::orchestrator::receipt_service_server::ReceiptServiceServer;
use proto::orchestrator::receivable_service_server::ReceivableServiceServer;
use proto::orchestrator::reconciliation_service_server::ReconciliationServiceServer;
use proto::orchestrator::recovery_service_server::RecoveryServiceServer;
use proto::orchestrator::reimbursement_service_server::ReimbursementServiceServer;
use proto::orchestrator::revision_service_server::RevisionServiceServer;
use proto::orchestrator::visit_service_server::VisitServiceServer;
use proto::settlement::settlement_service_server::SettlementServiceServer;
use runtime::{Service, Settings, SharedCache};
use std::sync::Arc;

/// The service's name in configuration, and its schema.
pub const NAME: &str = "settlement";

/// A published catalogue, or a hospital's day, may be larger than tonic's 4 MiB.
const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

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
pub fn build(db: Db, settings: &Settings, clock: Arc<dyn Clock>, library: Arc<Library>) -> Service {
    let catalogues = shelf::Catalogues::new(SharedCache::open(settings.redis_url.as_deref()));
    let second = Fen(settings.second_person_above_fen);
    let app = app::App::new(db.clone(), clock.clone(), library, catalogues, second);
    let rpc = rpc::Rpc(Arc::new(app));
    let server =
        SettlementServiceServer::new(rpc.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let receipts = ReceiptServiceServer::new(rpc.clone());
    let reconciliations =
        ReconciliationServiceServer::new(rpc.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let reimbursements = ReimbursementServiceServer::new(rpc.clone());
    let receivables = ReceivableServiceServer::new(rpc.clone());
    let recoveries = RecoveryServiceServer::new(rpc.clone());
    let visits = VisitServiceServer::new(rpc.clone());
    let revisions = RevisionServiceServer::new(rpc.clone());
    let accounts = AccountServiceServer::new(rpc.clone());
    let approvals = ApprovalServiceServer::new(rpc.clone());
    let payer_files =
        PayerFileServiceServer::new(rpc.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let indicators = IndicatorServiceServer::new(rpc.clone());
    let probed = db.clone();
    let log = access::Log::new(&db, clock.clone());
    Service::new(NAME, server, rpc::ACCESS, settings)
        .with_also(accounts, rpc::accounts::ACCESS, settings)
        .with_also(approvals, rpc::approvals::ACCESS, settings)
        .with_also(receipts, rpc::receipts::ACCESS, settings)
        .with_also(reconciliations, rpc::reconciliations::ACCESS, settings)
        .with_also(reimbursements, rpc::reimbursements::ACCESS, settings)
        .with_also(visits, rpc::visits::ACCESS, settings)
        .with_also(revisions, rpc::revisions::ACCESS, settings)
        .with_also(receivables, rpc::receivables::ACCESS, settings)
        .with_also(recoveries, rpc::recoveries::ACCESS, settings)
        .with_also(indicators, rpc::indicators::ACCESS, settings)
        .with_also(payer_files, rpc::payer_files::ACCESS, settings)
        .with_witness(log.witness())
        .with_background(event::keep_sealing(db.clone(), clock.clone()))
        .with_background(heads::keep_publishing(db.clone(), NAME, settings.heads()))
        .with_background(store::sampling::keep(db, clock, settings.sample_period()))
        .with_probe(Arc::new(move || {
            let db = probed.clone();
            Box::pin(async move { db.is_reachable().await })
        }))
}
