//! 算例 of subsidies and waits: what the package's own rows must come to.

use super::continuity::{InsuredHistory, continuity};
use super::shape::{
    SubsidyExampleShape, SubsidyExpectShape, WaitingExampleShape, WaitingExpectShape,
};
use super::subsidy::{FeeFacts, subsidy, subsidy_after_change};
use super::transfer::Transferred;
use super::waiting::{EnrolmentFacts, EnrolmentWay, benefit_start};
use crate::example::ExampleFailure;
use crate::package::{Package, Place};
use crate::shape::Yuan;
use kernel::{Day, IdentityKind};
use std::fmt::Display;

/// 资助算例.
#[derive(Clone, Debug)]
pub(crate) struct SubsidyExample {
    pub name: String,
    pub source: String,
    place: Place,
    year: i32,
    tier: Option<String>,
    identities: Vec<IdentityKind>,
    changed_to: Option<Vec<IdentityKind>>,
    expect: SubsidyExpectShape,
}

/// 等待期算例.
#[derive(Clone, Debug)]
pub(crate) struct WaitingExample {
    pub name: String,
    pub source: String,
    place: Place,
    year: i32,
    paid_day: Day,
    tier: Option<String>,
    identities: Vec<IdentityKind>,
    birth_day: Option<Day>,
    way: EnrolmentWay,
    exempt: bool,
    insured_years: Vec<i32>,
    repaid_years: u32,
    arrears_from: Option<Day>,
    transferred: Option<Transferred>,
    zero_claim_years: Vec<i32>,
    reward_used: Option<i32>,
    expect: WaitingExpectShape,
}

/// What of an example does not come out as stated; what is not stated is not compared.
struct Comparison<'a> {
    name: &'a str,
    place: Place,
    failures: Vec<ExampleFailure>,
}

impl Comparison<'_> {
    fn compare<T: PartialEq + Display>(&mut self, what: &str, expected: Option<T>, actual: T) {
        if let Some(expected) = expected.filter(|expected| *expected != actual) {
            self.differ(what, expected.to_string(), actual.to_string());
        }
    }

    /// Likewise something that need not be there.
    fn compare_optional<T: PartialEq + Display>(
        &mut self,
        what: &str,
        expected: Option<T>,
        actual: Option<T>,
    ) {
        let Some(expected) = expected else {
            return;
        };
        match actual {
            Some(actual) => self.compare(what, Some(expected), actual),
            None => self.differ(what, expected.to_string(), "none".to_string()),
        }
    }

    fn differ(&mut self, what: &str, expected: String, actual: String) {
        self.failures.push(ExampleFailure {
            example: self.name.to_string(),
            what: what.to_string(),
            expected,
            actual,
            place: self.place,
        });
    }
}

fn fen(amount: Option<Yuan>) -> Option<kernel::Fen> {
    amount.map(|Yuan(amount)| amount)
}

impl SubsidyExample {
    /// Everything it says, but not where it stands.
    pub fn said(&self) -> String {
        let place = Place { line: 1, column: 1 };
        format!(
            "{:?}",
            SubsidyExample {
                place,
                ..self.clone()
            }
        )
    }

    pub fn new(shape: &SubsidyExampleShape, place: Place) -> SubsidyExample {
        SubsidyExample {
            name: shape.name.clone(),
            source: shape.source.clone(),
            place,
            year: shape.year,
            tier: shape.tier.clone(),
            identities: shape.identities.clone(),
            changed_to: shape.changed_to.clone(),
            expect: shape.expect.get_ref().clone(),
        }
    }

    pub fn check(&self, package: &Package) -> Vec<ExampleFailure> {
        let mut seen = Comparison {
            name: &self.name,
            place: self.place,
            failures: Vec::new(),
        };
        let facts = FeeFacts {
            year: self.year,
            tier: self.tier.as_deref(),
            identities: &self.identities,
        };
        let Some(got) = subsidy(package, &facts) else {
            let tier = self.tier.as_deref().unwrap_or("");
            let expected = format!("a fee for {} {tier}", self.year);
            seen.differ("fee", expected.trim_end().to_string(), "none".to_string());
            return seen.failures;
        };
        let expect = &self.expect;
        seen.compare("fee", fen(expect.fee), got.personal_fee);
        seen.compare("subsidy", fen(expect.subsidy), got.subsidy);
        seen.compare("to_pay", fen(expect.to_pay), got.to_pay);
        seen.compare("pay_now", fen(expect.pay_now), got.pay_now);
        seen.compare("timing", expect.timing, got.timing);
        let identity = got.identity.map(|kind| kind.to_string());
        seen.compare_optional("identity", expect.identity.clone(), identity);
        let now = self.changed_to.as_deref();
        let changed = now.and_then(|now| subsidy_after_change(package, &facts, now));
        let effect = changed.as_ref().map(|changed| changed.effect);
        seen.compare_optional("change", expect.change, effect);
        let top_up = changed.map(|changed| changed.top_up);
        seen.compare_optional("top_up", fen(expect.top_up), top_up);
        seen.failures
    }
}

impl WaitingExample {
    /// Everything it says, but not where it stands.
    pub fn said(&self) -> String {
        let place = Place { line: 1, column: 1 };
        format!(
            "{:?}",
            WaitingExample {
                place,
                ..self.clone()
            }
        )
    }

    pub fn new(shape: &WaitingExampleShape, place: Place) -> WaitingExample {
        WaitingExample {
            name: shape.name.clone(),
            source: shape.source.clone(),
            place,
            year: shape.year,
            paid_day: shape.paid_day,
            tier: shape.tier.clone(),
            identities: shape.identities.clone(),
            birth_day: shape.birth_day,
            way: shape.way.unwrap_or_default(),
            exempt: shape.exempt,
            insured_years: shape.insured_years.clone(),
            repaid_years: shape.repaid_years,
            arrears_from: shape.arrears_from,
            transferred: shape.transferred,
            zero_claim_years: shape.zero_claim_years.clone(),
            reward_used: shape.reward_used,
            expect: shape.expect.get_ref().clone(),
        }
    }

    pub fn check(&self, package: &Package) -> Vec<ExampleFailure> {
        let mut seen = Comparison {
            name: &self.name,
            place: self.place,
            failures: Vec::new(),
        };
        let facts = EnrolmentFacts {
            year: self.year,
            paid_day: self.paid_day,
            tier: self.tier.as_deref(),
            identities: &self.identities,
            birth_day: self.birth_day,
            way: self.way,
            exempt: self.exempt,
            insured_years: &self.insured_years,
            repaid_years: self.repaid_years,
            arrears_from: self.arrears_from,
            transferred: self.transferred,
        };
        let got = benefit_start(package, &facts);
        let expect = &self.expect;
        seen.compare("benefit_from", expect.benefit_from, got.day);
        seen.compare("months", expect.months, got.waiting_months);
        seen.compare("broken_years", expect.broken_years, got.broken_years);
        let rule = got.reason.rule.strip_prefix("enrolment.").unwrap_or("");
        seen.compare("rule", expect.rule.as_deref(), rule);
        let repair = got.repair.as_ref();
        let repairable = repair.map_or(0, |repair| repair.repairable_years);
        seen.compare("repairable_years", expect.repairable_years, repairable);
        let fee = repair.and_then(|repair| repair.fee);
        seen.compare_optional("repair_fee", fen(expect.repair_fee), fee);
        self.check_continuity(package, &mut seen);
        seen.failures
    }

    /// The years as they stand once this payment has insured its year.
    fn check_continuity(&self, package: &Package, seen: &mut Comparison<'_>) {
        let mut insured_years = self.insured_years.clone();
        insured_years.push(self.year);
        let history = InsuredHistory {
            year: self.year,
            insured_years: &insured_years,
            zero_claim_years: &self.zero_claim_years,
            reward_used: self.reward_used,
        };
        let got = continuity(package, &history);
        let (years, zero) = (got.continuous_years, got.zero_claim_years);
        seen.compare("continuous_years", self.expect.continuous_years, years);
        seen.compare("zero_claim_years", self.expect.zero_claim_years, zero);
    }
}
