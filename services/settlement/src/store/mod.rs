//! Every query of the service.

mod claims;
mod registers;

pub use claims::{
    Account, Past, Standing, accumulators, find_posted, find_row, history, insert, insert_postings,
    lock_person_year, mark_reversed, newest_standing, postings_of, save_person_year, standing,
    trial_balance,
};
pub use registers::{
    InForce, catalogue_in_force, find_registration, insert_catalogue, insert_institution,
    institution_on, institutions, load_catalogue, withdraw_institution,
};

use kernel::Refusal;
use kernel::refusal::INTERNAL;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A row of ours that cannot be read: somebody edited the table. The log names it.
fn unreadable(table: &str, id: &str) -> Refusal {
    tracing::error!(table, id, "a row cannot be read");
    INTERNAL.refuse()
}

fn to_json(value: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(value).map_err(|_| INTERNAL.refuse())
}

fn of_json<T: DeserializeOwned>(json: &str, table: &str, id: &str) -> Result<T, Refusal> {
    serde_json::from_str(json).map_err(|_| unreadable(table, id))
}
