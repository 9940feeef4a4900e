//! The law as pure functions: [`settle`] a claim, [`subsidy`] a fee, [`benefit_start`] of a
//! payment, each by a [`Package`] of dated rules chosen from the [`Library`].
//!
//! Everything here is a value computed from values. The crate refuses to know clocks, randomness,
//! files, networks, databases and floating point. A package that parses and a claim that was built
//! always give an answer; a "no" of the law is an answer with a finding, not an error.

mod check;
mod check_example;
mod claim;
mod example;
mod layer;
mod library;
mod package;
mod schedule;
mod settle;
mod settlement;
mod shape;
mod subsidy;
mod terms;

pub use claim::{
    ACCUMULATOR_MAX, ACCUMULATORS_MAX, Accumulators, BadClaim, Claim, ClaimFacts, IDENTITIES_MAX,
    LINES_MAX, Line,
};
pub use example::{Example, ExampleFailure};
pub use library::Library;
pub use package::{PACKAGE_BYTES_MAX, Package, PackageError};
pub use settle::{ENGINE_VERSION, settle};
pub use settlement::{Finding, LineShare, Reason, Settlement, Share};
pub use subsidy::{BenefitStart, EnrolmentFacts, Subsidy, benefit_start, subsidy};
pub use terms::Assumption;
