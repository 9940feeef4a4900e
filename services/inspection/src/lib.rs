//! 基金监管: what the supervision rules find in a claim.
//!
//! It decides what is suspicious and what the funds do not pay for; a finding is a clue, never a
//! penalty. It refuses to know money: what a denial does to the amounts is settlement's. It reads
//! the person's history from the request and keeps nothing. Leads, draws, penalty cases and
//! sanctions grow here.
//!
//! ```text
//! claim, member, history ──rules of the claim's last day──▶ findings
//!
//! finding:  note ─ told, the amounts stay │ deny line │ deny claim
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
pub mod refusal;
mod rpc;
mod rules;
mod wire;

pub use rules::RulesError;

use kernel::Clock;
use proto::inspection::inspection_service_server::InspectionServiceServer;
use runtime::{Service, Settings};
use std::sync::Arc;

/// The service's name in configuration.
pub const NAME: &str = "inspection";

/// Reads the rules and makes the service. It keeps no data, so its health depends on nothing.
pub fn build(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Service, RulesError> {
    let app = app::App {
        book: rules::RuleBook::builtin()?,
        clock,
    };
    let server = InspectionServiceServer::new(rpc::Rpc(app));
    Ok(Service::new(NAME, server, rpc::ACCESS, settings))
}
