//! Why facts are no claim: which field, and what was expected there.

use super::{ACCUMULATOR_MAX, ACCUMULATORS_MAX, IDENTITIES_MAX, LINES_MAX};
use kernel::{CLAIM_FEN_MAX, Fen};
use std::fmt;

/// Facts that are no claim. `index` counts the lines as they were given, from zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadClaim {
    /// No lines, or too many.
    LineCount {
        /// How many there were.
        count: usize,
    },
    /// A fact of the person or the visit that is out of its bounds.
    Fact {
        /// Which.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// Too many identities.
    IdentityCount {
        /// How many there were.
        count: usize,
    },
    /// Too many accumulators.
    AccumulatorCount {
        /// How many there were.
        count: usize,
    },
    /// An accumulator below zero or above [`ACCUMULATOR_MAX`].
    Accumulator {
        /// Its name.
        name: String,
    },
    /// A line whose number an earlier line has.
    NumberTwice {
        /// The later line.
        index: usize,
    },
    /// A unit price below zero.
    NegativePrice {
        /// The line.
        index: usize,
    },
    /// A quantity below zero: a return is netted before a claim is made.
    NegativeQuantity {
        /// The line.
        index: usize,
    },
    /// A price limit below zero.
    NegativeLimit {
        /// The line.
        index: usize,
    },
    /// A first-pay rate outside 0 to 100 %.
    FirstPay {
        /// The line.
        index: usize,
    },
    /// An amount that is not unit price times quantity.
    Amount {
        /// The line.
        index: usize,
        /// What the product is.
        product: Fen,
    },
    /// An amount above what a whole claim may have.
    AmountTooLarge {
        /// The line.
        index: usize,
    },
    /// A total above [`CLAIM_FEN_MAX`].
    TotalTooLarge,
}

impl BadClaim {
    /// The path of the field that is wrong, such as `lines[3].amount`.
    pub fn field(&self) -> String {
        match self {
            BadClaim::LineCount { .. } | BadClaim::TotalTooLarge => "lines".to_string(),
            BadClaim::Fact { field, .. } => (*field).to_string(),
            BadClaim::IdentityCount { .. } => "identities".to_string(),
            BadClaim::AccumulatorCount { .. } => "accumulators".to_string(),
            BadClaim::Accumulator { name } => format!("accumulators[{name}]"),
            BadClaim::NumberTwice { index } => format!("lines[{index}].number"),
            BadClaim::NegativePrice { index } => format!("lines[{index}].unit_price"),
            BadClaim::NegativeQuantity { index } => format!("lines[{index}].quantity"),
            BadClaim::NegativeLimit { index } => format!("lines[{index}].price_limit"),
            BadClaim::FirstPay { index } => format!("lines[{index}].first_pay"),
            BadClaim::Amount { index, .. } | BadClaim::AmountTooLarge { index } => {
                format!("lines[{index}].amount")
            }
        }
    }

    /// What was expected there.
    pub fn expected(&self) -> String {
        match self {
            BadClaim::LineCount { count } => format!("1 to {LINES_MAX} lines, got {count}"),
            BadClaim::Fact { expected, .. } => (*expected).to_string(),
            BadClaim::IdentityCount { count } => {
                format!("at most {IDENTITIES_MAX} identities, got {count}")
            }
            BadClaim::AccumulatorCount { count } => {
                format!("at most {ACCUMULATORS_MAX} accumulators, got {count}")
            }
            BadClaim::Accumulator { .. } => format!("a value from 0 to {ACCUMULATOR_MAX}"),
            BadClaim::NumberTwice { .. } => "a number no other line has".to_string(),
            BadClaim::NegativePrice { .. }
            | BadClaim::NegativeQuantity { .. }
            | BadClaim::NegativeLimit { .. } => "zero or more".to_string(),
            BadClaim::FirstPay { .. } => "a rate from 0% to 100%".to_string(),
            BadClaim::Amount { product, .. } => {
                format!("unit price times quantity, half-up to the fen: {product}")
            }
            BadClaim::AmountTooLarge { .. } => format!("at most {CLAIM_FEN_MAX} yuan"),
            BadClaim::TotalTooLarge => format!("a total of at most {CLAIM_FEN_MAX} yuan"),
        }
    }
}

impl fmt::Display for BadClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}", self.field(), self.expected())
    }
}

impl std::error::Error for BadClaim {}
