//! One method per RPC: choose the rules of the day, apply them.

use crate::domain::{Case, Finding, Rules, screen};
use crate::refusal::NO_RULES_ON_DAY;
use crate::rules::RuleBook;
use kernel::{Clock, Day, Digest, Refusal};
use std::sync::Arc;

/// The service's decisions over its rules.
pub struct App {
    /// The dated rules.
    pub book: RuleBook,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl App {
    /// What the rules of the claim's last day find in it, and the digest of those rules.
    pub fn screen(&self, case: &Case) -> Result<(Vec<Finding>, Digest), Refusal> {
        let rules = self.on(case.claim.days.end, "claim.end_day")?;
        let findings = screen(rules, &case.claim, &case.member, &case.history);
        Ok((findings, rules.digest))
    }

    /// The rules of a day, today's when none is named.
    pub fn rules(&self, as_of: Option<Day>) -> Result<&Rules, Refusal> {
        let day = as_of.unwrap_or_else(|| self.clock.today());
        self.on(day, "as_of_day")
    }

    fn on(&self, day: Day, field: &str) -> Result<&Rules, Refusal> {
        let rules = self.book.on(day);
        rules.ok_or_else(|| NO_RULES_ON_DAY.refuse().with("day", day).at(field))
    }
}
