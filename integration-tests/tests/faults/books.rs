//! What must hold of an answer: the books show what was told, once, and GetOutcome says the same.

use crate::stage::{Job, Work};
use proto::common::outcome::State;
use proto::common::{Outcome, Settlement};

/// An answer that a caller believes.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It took effect.
    Yes(Box<Settlement>),
    /// It never will, for the reason with this code.
    No(String),
}

/// The books as far as a job can change them.
#[derive(Debug, PartialEq)]
pub struct Books {
    /// The person's standing settlements around the claim.
    pub standing: Vec<String>,
    /// How often the person's accumulators changed.
    pub version: i64,
    /// What the accumulators say the funds have paid for the person.
    pub accumulated_fen: i64,
    /// What the ledger says the funds have paid.
    pub ledger_fen: i64,
    /// Postings in the ledger.
    pub postings: i64,
}

impl Books {
    /// Between these books and those `after`, what was told happened once, and nothing else.
    pub fn agree(&self, after: &Books, job: &Job, told: &Told) -> Result<(), String> {
        let mut expected = Books {
            standing: self.standing.clone(),
            ..*self
        };
        if let Told::Yes(settlement) = told {
            let amounts = settlement.amounts.clone().unwrap_or_default();
            let paying = amounts.shares.iter().filter(|share| share.paid_fen != 0);
            let id = &settlement.settlement_id;
            let sign = match job.reverse {
                None => {
                    expected.standing.push(id.clone());
                    1
                }
                Some(_) => {
                    expected.standing.retain(|standing| standing != id);
                    -1
                }
            };
            expected.version += 1;
            expected.accumulated_fen += sign * amounts.funds_fen;
            expected.ledger_fen += sign * amounts.funds_fen;
            // Of each fund that pays, and what the institution is owed.
            expected.postings += i64::try_from(paying.count()).unwrap() + 1;
        }
        match *after == expected {
            true => Ok(()),
            false => Err(format!(
                "told {told:?}: expected {expected:?}, found {after:?}"
            )),
        }
    }
}

impl Told {
    /// GetOutcome says the same.
    pub fn agrees(&self, outcome: &Outcome) -> Result<(), String> {
        let refused = outcome.refused.clone().unwrap_or_default();
        let same = match (self, outcome.state()) {
            (Told::Yes(settlement), State::Done) => settlement.settlement_id == outcome.subject_id,
            (Told::No(code), State::Refused) => *code == refused.code,
            (Told::No(_), State::Withdrawn) => true,
            _ => false,
        };
        same.then_some(())
            .ok_or_else(|| format!("told {self:?}, and GetOutcome: {outcome:?}"))
    }

    /// Nothing but what the work is about decided the answer.
    pub fn expected(&self, work: Work) -> Result<(), String> {
        let code = match self {
            Told::Yes(_) => "",
            Told::No(code) => code,
        };
        let expected: &[&str] = match work {
            Work::Settle | Work::Reverse => &[""],
            Work::SettleTwice => &["CLAIM_DENIED"],
            Work::SettleNobody => &["PERSON_UNKNOWN"],
            Work::SettleUnreadable => &["INVALID_FIELD"],
            Work::SettleVanishing => &["", "PERSON_UNKNOWN"],
            Work::ReverseTwice => &["ALREADY_REVERSED"],
        };
        let fits = expected.contains(&code);
        fits.then_some(())
            .ok_or_else(|| format!("{work:?} was answered {self:?}"))
    }
}
