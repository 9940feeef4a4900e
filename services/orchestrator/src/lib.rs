//! 一站式结算: one claim, coordinated over enrollment, inspection and settlement. The only service
//! that calls others, and the one that hospitals, platforms and other regions call.
//!
//! It decides in which order peers are asked, when to ask again, and what may be concluded from
//! their silence. It refuses to know prices, rules and persons: what a claim costs is settlement's,
//! who is insured is enrollment's, what is suspicious is inspection's. Their messages pass through
//! unread, but for what stands in `wire::Claim`.
//!
//! ```text
//! Settle:   CheckEligibility ─┐
//!           GetClaimHistory ──┴▶ Screen ──▶ PostSettlement ──▶ settled
//!              │ no                │ no        │ no, remembered: told as it is
//!              └────────▶ Burn ◀───┘           │ silence: asked again with the same key,
//!                          │                   └ at the deadline: "unknown, ask GetOutcome"
//!                          ├ withdrawn: the no is told, and holds for ever
//!                          ├ done or refused by an earlier attempt: that outcome is told
//!                          └ silence: "unknown, ask GetOutcome", never the no
//! Reverse:  ReverseSettlement ──▶ reversed
//! ```
//!
//! `PreSettle` and `WhatWouldChange` ask the same of enrollment and inspection, then settlement for a
//! price, or for two of them, and change nothing.
//!
//! Both sagas have one effect each, their pivot, and so write no row of their own: the pivot's key
//! at settlement, named by the caller's request id, is the outcome. This service has no database;
//! its replicas can be killed at any time.

pub mod refusal;
mod rpc;
mod sagas;
mod steps;
mod wire;

pub use steps::{Peers, PeersError};

use proto::orchestrator::orchestrator_service_server::OrchestratorServiceServer;
use runtime::{Service, Settings};

/// The service's name in configuration, and to its peers.
pub const NAME: &str = "orchestrator";

/// Makes the service over its peers.
pub fn build(settings: &Settings, peers: Peers) -> Service {
    let server = OrchestratorServiceServer::new(rpc::Rpc(peers));
    Service::new(NAME, server, rpc::ACCESS, settings)
}
