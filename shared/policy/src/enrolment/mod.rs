//! 参保: what a person pays to be insured, who pays the rest, and from which day that counts.
//!
//! It decides by tables of the package: [`subsidy()`] of a year and tier, [`subsidy_after_change`] of
//! a person who has paid already, [`benefit_start`] of a payment, [`continuity`] of the years
//! behind it. It refuses to know claims and the fund ledger: which years had no claim is told.

mod check;
mod continuity;
mod example;
mod shape;
mod subsidy;
mod transfer;
mod waiting;

pub(crate) use check::check;
pub(crate) use continuity::{BrokenCount, ContinuityRule, NeverInsured, Past};
pub use continuity::{Continuity, InsuredHistory, continuity};
pub(crate) use example::{SubsidyExample, WaitingExample};
pub(crate) use shape::{
    EnrolmentShape, FeeShape, SubsidyExampleShape, SubsidyShape, SubsidyTermsShape,
    WaitingExampleShape, WindowYear,
};
pub(crate) use subsidy::{Aid, Choice, FeeRule, SubsidyRule, SubsidyTerms};
pub use subsidy::{
    AidTiming, ChangeEffect, FeeFacts, Subsidy, SubsidyChange, subsidy, subsidy_after_change,
};
pub(crate) use transfer::TransferRule;
pub use transfer::Transferred;
pub use waiting::{BenefitStart, EnrolmentFacts, EnrolmentWay, Repair, WaitingPart, benefit_start};
pub(crate) use waiting::{
    BrokenRule, Cut, DaysRange, Delay, EnrolmentRule, Origin, PaidWhen, StartRule, StartWhen,
};

use crate::example::ExampleFailure;
use crate::package::Package;
use crate::reason::Reason;
use crate::terms::Clause;
use kernel::{Fen, Rate};

/// All a package says of enrolment.
#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    pub fees: Vec<subsidy::FeeRule>,
    pub subsidies: Vec<subsidy::SubsidyRule>,
    pub terms: Option<subsidy::SubsidyTerms>,
    /// 集中缴费期 and 待遇等待期; without it every payment counts at once.
    pub start: Option<waiting::EnrolmentRule>,
    pub subsidy_examples: Vec<SubsidyExample>,
    pub waiting_examples: Vec<WaitingExample>,
}

impl Enrolment {
    /// 算例: name and source of each.
    pub fn examples(&self) -> impl Iterator<Item = (&str, &str)> {
        let subsidies = self.subsidy_examples.iter();
        let waits = self.waiting_examples.iter();
        subsidies
            .map(|example| (example.name.as_str(), example.source.as_str()))
            .chain(waits.map(|example| (example.name.as_str(), example.source.as_str())))
    }

    /// What of the worked examples does not come out as stated.
    pub fn check_examples(&self, package: &Package) -> Vec<ExampleFailure> {
        let subsidies = self.subsidy_examples.iter();
        let waits = self.waiting_examples.iter();
        subsidies
            .flat_map(|example| example.check(package))
            .chain(waits.flat_map(|example| example.check(package)))
            .collect()
    }
}

/// An amount of a reason: what the rule was applied to, at which rate, and what came out.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    input: Fen,
    rate: Option<Rate>,
    output: Fen,
}

/// The one place where a reason about enrolment is made.
fn reason(rule: &str, clause: &Clause, amount: Amount, text: String) -> Reason {
    let amounts = (amount.input, amount.rate, amount.output);
    Reason::of_enrolment(rule, clause, amounts, text)
}
