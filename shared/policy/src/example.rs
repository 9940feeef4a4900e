//! 算例: worked examples inside a package. A package whose examples do not hold is not used: the
//! official who wrote the numbers also wrote what they must come to.

use crate::claim::Claim;
use crate::package::{Package, Place};
use crate::settle::settle;
use crate::settlement::Settlement;
use kernel::Fen;
use std::collections::BTreeMap;
use std::fmt;

/// 算例: a claim and amounts its settlement must have.
#[derive(Clone, Debug)]
pub struct Example {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) place: Place,
    pub(crate) claim: Claim,
    pub(crate) expect: Expect,
}

/// The amounts that are stated; what is not stated is not compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expect {
    pub total: Option<Fen>,
    pub own_pay: Option<Fen>,
    pub over_limit: Option<Fen>,
    pub first_pay: Option<Fen>,
    pub in_scope: Option<Fen>,
    pub deductible: Option<Fen>,
    pub cash: Option<Fen>,
    pub base: BTreeMap<String, Fen>,
    pub paid: BTreeMap<String, Fen>,
    pub findings: Option<Vec<String>>,
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

    pub(crate) fn check(&self, package: &Package) -> Vec<ExampleFailure> {
        let settlement = settle(package, &self.claim);
        let mut failures = Vec::new();
        let mut compare = |what: String, expected: Option<Fen>, actual: Fen| {
            if let Some(expected) = expected.filter(|expected| *expected != actual) {
                failures.push(self.failure(what, expected.to_string(), actual.to_string()));
            }
        };
        let expect = &self.expect;
        compare("total".to_string(), expect.total, settlement.total);
        compare("own_pay".to_string(), expect.own_pay, settlement.own_pay);
        compare(
            "over_limit".to_string(),
            expect.over_limit,
            settlement.over_limit,
        );
        compare(
            "first_pay".to_string(),
            expect.first_pay,
            settlement.first_pay,
        );
        compare("in_scope".to_string(), expect.in_scope, settlement.in_scope);
        compare(
            "deductible".to_string(),
            expect.deductible,
            settlement.deductible,
        );
        compare("cash".to_string(), expect.cash, settlement.cash);
        for share in &settlement.shares {
            let base = expect.base.get(&share.rule).copied();
            compare(format!("base.{}", share.rule), base, share.base);
            let paid = expect.paid.get(&share.rule).copied();
            compare(format!("paid.{}", share.rule), paid, share.paid);
        }
        failures.extend(self.check_findings(&settlement));
        failures
    }

    fn check_findings(&self, settlement: &Settlement) -> Option<ExampleFailure> {
        let expected = self.expect.findings.as_ref()?;
        let actual: Vec<&str> = settlement
            .findings
            .iter()
            .map(|f| f.code.as_str())
            .collect();
        (*expected != actual).then(|| {
            self.failure(
                "findings".to_string(),
                expected.join(", "),
                actual.join(", "),
            )
        })
    }

    fn failure(&self, what: String, expected: String, actual: String) -> ExampleFailure {
        ExampleFailure {
            example: self.name.clone(),
            what,
            expected,
            actual,
            place: self.place,
        }
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
