//! The law as pure functions: [`settle`] a claim, [`subsidy`] a fee, [`benefit_start`] of a
//! payment, each by a [`Package`] of dated rules chosen from the [`Library`].
//!
//! Everything here is a value computed from values. The crate refuses to know clocks, randomness,
//! files, networks, databases and floating point. A package that parses and a claim that was built
//! always give an answer; a "no" of the law is an answer with a finding, not an error.

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

mod accumulators;
mod case;
mod check;
mod check_example;
mod check_layer;
mod check_rows;
mod claim;
mod diff;
mod enrolment;
mod example;
mod law;
mod layer;
mod library;
mod lines;
mod lint;
mod outline;
mod package;
mod reason;
pub mod refusal;
mod reward;
mod schedule;
mod settle;
mod settlement;
mod shape;
mod skeleton;
mod terms;
pub mod testing;
mod till;
mod what_if;
mod words;
mod years;

pub use accumulators::Accumulators;
pub use claim::{
    ACCUMULATOR_MAX, ACCUMULATORS_MAX, AccountFacts, BadClaim, Claim, ClaimFacts, FILINGS_MAX,
    Filing, IDENTITIES_MAX, LINES_MAX, Line, Place, Restriction, ThirdParty, YEARS_MAX,
};
pub use diff::{CaseChange, PackageChange, PackageDiff, diff};
pub use enrolment::{
    AidTiming, BenefitStart, ChangeEffect, Continuity, EnrolmentFacts, EnrolmentWay, FeeFacts,
    InsuredHistory, Repair, Subsidy, SubsidyChange, Transferred, WaitingPart, benefit_start,
    continuity, subsidy, subsidy_after_change,
};
pub use example::{Example, ExampleFailure};
pub use law::Law;
pub use library::Library;
pub use lint::{Cliff, Lint, Severity, cliffs, lint, lint_versions};
pub use package::{PACKAGE_BYTES_MAX, Package, PackageError};
pub use reason::{Reason, Subject};
pub use settle::{ENGINE_VERSION, settle, settle_amounts};
pub use settlement::{Finding, LineShare, Settlement, Share, Totals};
pub use shape::{CrossYear, Refund};
pub use skeleton::skeleton;
pub use terms::{Assumption, Payer};
pub use what_if::{Change, Comparison, Difference, Differing};
pub use years::{
    NotSettled, NotTaken, Part, PartsMoved, SoFar, Stay, Taken, parts, settle_parts, take_back,
    year_of,
};
