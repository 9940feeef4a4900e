//! 算例: worked examples inside a package. A package whose examples do not hold is not used: the
//! official who wrote the numbers also wrote what they must come to.

use crate::accumulators::Accumulators;
use crate::claim::Claim;
use crate::package::{Package, Place};
use crate::settle::settle;
use crate::settlement::Settlement;
use kernel::{Fen, Rate};
use std::collections::BTreeMap;
use std::fmt;

/// 算例: a claim and amounts its settlement must have.
#[derive(Clone, Debug)]
pub struct Example {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) place: Place,
    /// The example it goes on from.
    pub(crate) follows: Option<String>,
    /// The accumulators it states itself, beside those of the example it follows.
    pub(crate) prior: Accumulators,
    pub(crate) claim: Claim,
    /// The year's accumulators afterwards, where a later example begins with them.
    pub(crate) after: Option<Accumulators>,
    pub(crate) expect: Expect,
}

/// The amounts that are stated; what is not stated is not compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expect {
    pub amounts: Vec<(&'static str, Fen)>,
    pub pool_rate: Option<Rate>,
    pub base: BTreeMap<String, Fen>,
    pub net: BTreeMap<String, Fen>,
    pub paid: BTreeMap<String, Fen>,
    pub reasons: BTreeMap<String, Fen>,
    pub rates: BTreeMap<String, Rate>,
    pub after: BTreeMap<String, i64>,
    pub findings: Option<Vec<String>>,
}

/// Settles every example of a package; empty when all hold.
pub(crate) fn check(package: &Package) -> Vec<ExampleFailure> {
    let examples = package.examples().iter();
    examples
        .flat_map(|example| example.check(package))
        .collect()
}

impl Example {
    /// What the example shows.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its numbers come from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The claim that is settled.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    fn check(&self, package: &Package) -> Vec<ExampleFailure> {
        let settlement = settle(package, &self.claim);
        let mut failures = Vec::new();
        let mut compare = |what: String, expected: String, actual: String| {
            if expected != actual {
                failures.push(ExampleFailure {
                    example: self.name.clone(),
                    what,
                    expected,
                    actual,
                    place: self.place,
                });
            }
        };
        let Expect {
            amounts,
            base,
            net,
            paid,
            ..
        } = &self.expect;
        if let Some(expected) = self.expect.pool_rate {
            let actual = settlement.pool_rate();
            compare(
                "pool_rate".to_string(),
                expected.to_string(),
                actual.to_string(),
            );
        }
        for (name, expected) in amounts {
            let actual = settlement.amount(name);
            compare(
                (*name).to_string(),
                expected.to_string(),
                actual.to_string(),
            );
        }
        for share in &settlement.shares {
            let amounts = [
                ("base", base, share.base),
                ("net", net, share.base - share.deductible),
                ("paid", paid, share.paid),
            ];
            for (what, stated, actual) in amounts {
                if let Some(expected) = stated.get(&*share.rule) {
                    let what = format!("{what}.{}", share.rule);
                    compare(what, expected.to_string(), actual.to_string());
                }
            }
        }
        for (rule, expected) in &self.expect.reasons {
            let actual = settlement.output_of(rule);
            let what = format!("reasons.{rule}");
            let actual = actual.map_or("no such reason".to_string(), |sum| sum.to_string());
            compare(what, expected.to_string(), actual);
        }
        for (rule, expected) in &self.expect.rates {
            let reason = settlement
                .reasons
                .iter()
                .find(|reason| *reason.rule == **rule);
            let rate = reason.and_then(|reason| reason.rate);
            let actual = rate.map_or("no such rate".to_string(), |rate| rate.to_string());
            compare(format!("rates.{rule}"), expected.to_string(), actual);
        }
        if !self.expect.after.is_empty() {
            let after = self.claim.accumulators().plus(&settlement.deltas);
            for (name, expected) in &self.expect.after {
                let actual = after.get(name).to_string();
                compare(format!("after.{name}"), expected.to_string(), actual);
            }
        }
        if let Some(expected) = &self.expect.findings {
            let codes: Vec<&str> = settlement
                .findings
                .iter()
                .map(|f| f.code.as_str())
                .collect();
            compare(
                "findings".to_string(),
                expected.join(", "),
                codes.join(", "),
            );
        }
        failures
    }
}

impl Settlement {
    /// A total by the name it has in examples.
    fn amount(&self, name: &str) -> Fen {
        match name {
            "total" => self.total,
            "own_pay" => self.own_pay,
            "over_limit" => self.over_limit,
            "first_pay" => self.first_pay,
            "in_scope" => self.in_scope,
            "deductible" => self.deductible,
            "funds" => self.funds(),
            "account" => self.account,
            "hospital" => self.hospital,
            "balance" => self.balance,
            _ => self.cash,
        }
    }

    /// What the reasons of one rule come to; nothing when it was not applied.
    fn output_of(&self, rule: &str) -> Option<Fen> {
        let mut outputs = self.reasons.iter().filter(|reason| &*reason.rule == rule);
        let first = outputs.next()?.output;
        Some(first + outputs.map(|reason| reason.output).sum())
    }
}

/// One amount of one example that does not come out as stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFailure {
    /// The example's name.
    pub example: String,
    /// Which amount: `cash`, `paid.basic`, `findings` …
    pub what: String,
    /// What the package says it is.
    pub expected: String,
    /// What it comes to.
    pub actual: String,
    pub(crate) place: Place,
}

impl ExampleFailure {
    /// The line of the text at which the example begins.
    pub fn line(&self) -> usize {
        self.place.line
    }
}

impl fmt::Display for ExampleFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ExampleFailure {
            example,
            what,
            expected,
            actual,
            ..
        } = self;
        write!(
            f,
            "example {example:?}: {what} expected {expected}, got {actual}"
        )
    }
}
