//! How a service runs, once for all of them: configuration, telemetry, the layers every request
//! passes, how a peer is reached, health and drain.
//!
//! It decides nothing about insurance and knows no database.

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

mod admission;
mod background;
mod body;
mod callers;
pub mod certificate;
pub mod clock;
mod connections;
mod context;
mod conversation;
pub mod envelope;
pub mod fault;
mod forward;
mod gate;
mod identity;
mod institution;
mod limits;
mod line;
mod log;
pub mod metrics;
mod monitor;
mod origin;
pub mod parse;
mod process;
mod recent;
pub mod refusal;
pub mod render;
mod serve;
mod settings;
mod shared_cache;
mod stack;
mod status;
mod telemetry;
mod tls;
mod token;
mod told;
pub mod trace;
mod unread;
mod watched;
mod wire;
mod witness;

pub use context::{Answer, Context, answer, answer_streaming};
pub use identity::{Door, LoopbackCaller, loopback_caller};
pub use institution::{own_institution, whose_institution};
pub use limits::{CallerLimits, Limits};
pub use monitor::Monitor;
pub use origin::{carried_origin, origin};
pub use process::{run, stop_signal, workers};
pub use serve::{Probe, ServeError, Server, Service};
pub use settings::{Identity, Needs, Settings, SettingsError};
pub use shared_cache::SharedCache;
pub use stack::{Access, Does};
pub use status::{code_name, fault_of, is_fault, status_of};
pub use telemetry::{Scraped, Telemetry};
pub use tls::{ClientTls, Profile, TlsFiles};
pub use token::{TokenSettings, roles_of_a_person};
pub use unread::unread;
pub use wire::{Address, Broken, Wire, WireError, connect};
pub use witness::{PURPOSE_MAX, Witness, purpose_of, seen_in_stream};
