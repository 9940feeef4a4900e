//! 柜台: what a hospital's billing desk, a pharmacy and a bureau's clerk do in a day.

mod receipts;
mod reconciliation;
mod reimbursements;
mod revisions;
mod visits;
