//! Both databases behind one door: PostgreSQL in production, SQLite as the embedded default.
//!
//! [`Db::write`] is the only way to begin a transaction that writes, [`Db::once`] the only way to
//! answer a mutating request, [`event`] the only way to tell what happened, [`chain`] and [`heads`] what
//! shows when that is altered, [`document`] the only way to keep texts that are dated, proposed and
//! activated, [`access`] the only way to write down who read what. The ways in which the two
//! databases differ under sea-orm are closed here, each where it is marked "differs".

// Whatever comes from outside is refused in words; nothing outside the tests ends a thread.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)
)]

pub mod access;
pub mod audit;
pub mod backup;
pub mod chain;
mod db;
pub mod document;
pub mod entity;
pub mod event;
mod fault;
pub mod heads;
mod led;
mod measure;
mod metrics;
pub mod migration;
mod once;
pub mod page;
pub mod refusal;
pub mod sample;
pub mod testing;
mod together;

pub use db::{CommitFaults, Counts, Db, DbConfig, LostCommit, OpenError, Stop, Tx, now_sql};
pub use fault::{lock_timed_out, taken};
pub use led::{Led, Unwritten};
pub use measure::{BEGIN, COMMIT, Table};
pub use once::{Call, Done, Key, Made};
pub use together::Write;

use kernel::Instant;
use uuid::{NoContext, Timestamp, Uuid};

/// A new UUIDv7 of this moment.
pub fn new_id(now: Instant) -> Uuid {
    let (seconds, rest) = (
        now.micros().div_euclid(1_000_000),
        now.micros().rem_euclid(1_000_000),
    );
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let nanos = u32::try_from(rest * 1_000).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos))
}
