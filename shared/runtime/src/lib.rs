//! How a service runs, once for all of them: configuration, telemetry, the layers every request
//! passes, how a peer is reached, health and drain.
//!
//! It decides nothing about insurance and knows no database.

pub mod clock;
mod context;
pub mod fault;
mod forward;
mod institution;
mod origin;
pub mod parse;
mod process;
pub mod render;
mod serve;
mod settings;
mod shared_cache;
mod stack;
mod status;
mod telemetry;
mod wire;
mod witness;

pub use context::{Answer, Context, answer, answer_streaming};
pub use institution::{own_institution, whose_institution};
pub use origin::{carried_origin, origin};
pub use process::{run, stop_signal};
pub use serve::{Probe, ServeError, Server, Service};
pub use settings::{Identity, Needs, Settings, SettingsError};
pub use shared_cache::SharedCache;
pub use stack::{Access, Does, LoopbackCaller, loopback_caller};
pub use status::{fault_of, status_of};
pub use telemetry::Telemetry;
pub use wire::{Broken, Wire, WireError, connect};
pub use witness::{PURPOSE_MAX, Witness};
