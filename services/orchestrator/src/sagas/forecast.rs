//! 先看账: what a stored request would move in the ledger, as far as it says so itself.

use super::{Asked, read};
use crate::wire::{self, Bill, Claim, Enrol, OfVisit};
use kernel::{Principal, SettlementId};
use std::sync::Arc;

/// What a request would move.
pub enum Forecast {
    /// What these claims cost the funds.
    Claims(Vec<Arc<Claim>>),
    /// What this visit costs the funds, by its lines as they stand.
    Visit(OfVisit),
    /// The opposite of what this settlement moved.
    Opposite(SettlementId),
    /// The subsidy of an enrolment.
    Subsidy(Box<Enrol>),
    /// Nothing: no money is in it.
    Nothing,
}

impl Forecast {
    /// Of a request as it is stored; none when it cannot be read.
    pub fn of(asked: Asked, principal: &Principal, request: &[u8]) -> Option<Forecast> {
        Some(match asked {
            Asked::Settle => match wire::settle(read(request)?).ok()?.bill {
                Bill::Claim(claim) => Forecast::Claims(vec![claim]),
                Bill::Visit(visit) => Forecast::Visit(visit),
            },
            Asked::SettleTogether => {
                Forecast::Claims(wire::settle_together(read(request)?).ok()?.claims)
            }
            Asked::Reverse => {
                Forecast::Opposite(wire::reverse(principal, &read(request)?).ok()?.settlement)
            }
            Asked::Enrol => Forecast::Subsidy(Box::new(wire::enrol(read(request)?).ok()?)),
            Asked::Admit | Asked::SuspendOnlineSettlement => Forecast::Nothing,
            // It never has a row: only what was withdrawn by its key alone is seen here.
            Asked::PostLateFacts => Forecast::Nothing,
        })
    }
}
