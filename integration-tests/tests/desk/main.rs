//! 柜台: what a hospital's billing desk, a pharmacy and a bureau's clerk do in a day.

mod batch;
mod receipts;
mod reconciliation;
mod reimbursements;
mod visits;
