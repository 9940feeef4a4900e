//! Every query of the service, by table.
//!
//! Rows are locked in one order: an institution, or a referral and then its releases. What is only
//! asked of a bar is asked without a lock: who referred before it was made referred in time.

pub mod bar;
pub mod referral;
pub mod release;

use kernel::Refusal;
use kernel::refusal::INTERNAL;

/// A row that does not say what its table promises: somebody edited it.
fn unreadable(table: &'static str, id: &str) -> Refusal {
    tracing::error!(table, id, "a row cannot be read");
    INTERNAL.refuse()
}
