//! Every query of the service.

mod accounts;
mod approvals;
mod claims;
mod closes;
mod guarantees;
mod holds;
mod indicators;
mod ledger;
mod packed;
mod payer_files;
mod person_years;
mod post;
mod receivables;
mod reconciliations;
mod recoveries;
mod registers;
mod reimbursements;
mod reminders;
mod replays;
mod revisions;
pub mod sampling;
mod statements;
mod suspensions;
mod visits;
mod years;

pub use accounts::{
    account_entries, credited_alone, drawn_by, end_authorization, find_authorization, find_credit,
    insert_authorization, insert_credit, lock_accounts, make_accounts, mark_credit_withdrawn,
    read_accounts, save_accounts, shown_authorizations, standing_authorizations, used_by,
};
pub use approvals::{
    approvals, find_approval, free_approval, insert_approval, lock_approval, lock_used_approval,
    save_approval,
};
pub use claims::{
    Past, Standing, as_posted, find_all_posted, find_posted, find_row, history, insert,
    mark_reversed, newer_standing, newest_standing, point_to_revision, posted_between,
    posting_order, settled_days, settled_visit, standing_from, taken,
};
pub use closes::{
    closed_days, closed_month, find_closed_day, find_closed_month, insert_closed_day,
    insert_closed_month, lock_closed_month, moved_in, rows_by_day, withdraw_closed_day,
    withdraw_closed_month,
};
pub use guarantees::{
    cancel_guarantee, close_guarantee, find_guarantee, guarantees, insert_guarantee,
    lock_guarantees, lock_guarantees_of, reopen_guarantee, withdraw_guarantee,
};
pub use holds::{
    Batch, find_holds, held_claims, held_settlements, holds, holds_of_batch, insert_hold,
    mark_batch, release_hold,
};
pub use indicators::{CountedVisit, VisitFilter, counted_visits, visit_cells};
pub use ledger::{
    Account, entries, entries_of, find_subsidy, insert_subsidy, insert_transactions, postings_of,
    subsidy_if_any, trial_balance, withdraw_subsidy,
};
pub use packed::{Documents, Form};
pub use payer_files::{
    exists as payer_file_exists, find_payer_file, insert_payer_file, lines_moved, paid_elsewhere,
    paid_in, payer_file_of, payer_lines, withdraw_payer_file,
};
pub use person_years::{
    accumulators, earlier_years, free_held_year, lock_held_years, lock_person_year,
    lock_person_years, save_person_year, save_person_years,
};
pub use post::{Moved, post, unpost};
pub use receivables::{
    WhichReceivables, due_reminders, end_receivable, find_payment, find_receivable, in_the_way,
    insert_payment, insert_receivable, lock_receivable, overdue_of, paid_of, payments_of,
    receivables, revoke_payment,
};
pub use reconciliations::{
    Explanation, Found, Listed, difference_digest, differences, elsewhere, find_reconciliation,
    insert_explanation, insert_reconciliation, last_reconciliations, open_subjects, rows_between,
    withdraw_explanation, withdraw_reconciliation,
};
pub use recoveries::{
    advances_between, find_recovery, insert_recovery, received_of, recoveries_of, revoke_recovery,
};
pub use registers::{
    Beside, Found as FoundTerms, InForce, catalogue_in_force, count_in_force, count_out_of_force,
    end_agreement, find_registration, insert_catalogue, insert_institution, institution_on,
    institutions, institutions_as_of, is_registered, load_catalogue, name_of, registration_of,
    resume_agreement, terms_led, terms_on, withdraw_institution,
};
pub use reimbursements::{
    find_reimbursement, free_receipts, insert_reimbursement, lock_reimbursement, reimbursements,
    save_reimbursement, unpay_reimbursements,
};
pub use reminders::{find_reminder, insert_reminder, reminders_of, revoke_reminder};
pub use replays::{
    Stored, StoredRevision, Unlike, Which, count_stored, stored, stored_again, stored_revisions,
};
pub use revisions::{
    corrected_alone, corrections_of, found_against, insert_revisions, later_in_year,
    newest_numbers, of_correction, of_numbers, revisions_of, standing_revisions,
    withdraw_revisions,
};
pub use statements::{column_sums, settlements_of_year};
pub use suspensions::{
    earlier, find_suspension, insert_suspension, suspended_on, suspensions, withdraw_suspension,
};
pub use visits::{
    Registered, Unmapped, count_revoked, find_visit, find_visit_of, free_lines, insert_lines,
    insert_visit, lines_behind, lock_visit, lock_visit_of, registered_visits, revoke_lines,
    save_visit, settle_lines, settle_rest, standing_lines, unmapped, unmapped_order,
    uploaded_lines, visits,
};
pub use years::{YearMark, count_of_year, standing_of_year};

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

/// What a column has as JSON; or its name.
fn json_of<T: DeserializeOwned>(json: &str, column: &'static str) -> Result<T, &'static str> {
    serde_json::from_str(json).map_err(|_| column)
}

fn of_json<T: DeserializeOwned>(json: &str, table: &str, id: &str) -> Result<T, Refusal> {
    serde_json::from_str(json).map_err(|_| unreadable(table, id))
}
