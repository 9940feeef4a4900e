//! 分段结算: what revising a part of a stay moves in the later parts of the same stay and year. Parts in
//! another year rest on what the stay had used up when they were settled: a correction stays within
//! its year.

use crate::domain::{Evidence, Posted};
use kernel::VisitId;
use policy::{PartsMoved, Settlement};
use std::collections::BTreeMap;

/// By how much the parts of each stay differ from what they came to, as far as a chain has priced them
/// again.
#[derive(Default)]
pub struct Stays(BTreeMap<VisitId, PartsMoved>);

impl Stays {
    /// The evidence of a part, after those before it.
    pub fn carry(&self, evidence: &mut Evidence) {
        let moved = visit(evidence).and_then(|visit| self.0.get(&visit));
        if let (Some(moved), Some(stay)) = (moved, evidence.stay.as_mut()) {
            moved.carry(stay);
        }
    }

    /// A part comes to something else, or to the same.
    pub fn see(
        &mut self,
        posted: &Posted,
        evidence: &Evidence,
        was: &Settlement,
        now: &Settlement,
    ) {
        let Some(visit) = visit(evidence).filter(|_| posted.evidence.bill.part.is_some()) else {
            return;
        };
        let moved = self.0.entry(visit).or_default();
        if evidence.stay.is_none() {
            moved.begin(evidence.accumulators.get("stays_count"));
        }
        moved.was(was.charged(), was.deltas.get("stays_count"));
        moved.is(now.charged(), now.deltas.get("stays_count"));
    }
}

fn visit(evidence: &Evidence) -> Option<VisitId> {
    evidence.bill.registration.map(|read| read.visit)
}
