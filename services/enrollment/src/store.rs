//! Every query of the service, by table; `eligibility` reads across them in one statement.

pub mod card;
pub mod coverage;
pub mod disease_filing;
pub mod eligibility;
pub mod guess;
pub mod household;
pub mod identity;
pub mod identity_check;
pub mod person;
pub mod recorded;
pub mod standing;
pub mod suspension;
pub mod token;
pub mod transfer;
pub mod transfer_certificate;

use kernel::refusal::INTERNAL;
use kernel::{Day, Period, Refusal};

/// A row that does not say what its table promises: somebody edited it.
fn unreadable(table: &'static str, id: &str) -> Refusal {
    tracing::error!(table, id, "a row cannot be read");
    INTERNAL.refuse()
}

/// A period from its two columns.
fn period(from: &str, until: Option<&str>) -> Option<Period> {
    let until = until.map(Day::parse).transpose().ok()?;
    Period::new(Day::parse(from).ok()?, until)
}
