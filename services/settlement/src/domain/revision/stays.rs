//! 分段结算: what revising a part of a stay moves in the later parts of the same stay and year. Parts in
//! another year rest on what the stay had used up when they were settled: a correction stays within
//! its year.

use crate::domain::{Evidence, Posted};
use kernel::{CLAIM_FEN_MAX, Fen, VisitId};
use policy::Settlement;
use std::collections::BTreeMap;

/// By how much the parts of each stay differ from what they came to, as far as a chain has priced them
/// again.
#[derive(Default)]
pub struct Stays(BTreeMap<VisitId, Moved>);

#[derive(Default)]
struct Moved {
    /// 住院次序, where the first part is among them.
    ordinal: Option<u32>,
    /// 起付线, by the rule of the layer.
    charged: BTreeMap<String, i64>,
    /// 住院次数.
    stays: i64,
}

impl Stays {
    /// The evidence of a part, after those before it.
    pub fn carry(&self, evidence: &mut Evidence) {
        let moved = visit(evidence).and_then(|visit| self.0.get(&visit));
        let (Some(moved), Some(stay)) = (moved, evidence.stay.as_mut()) else {
            return;
        };
        stay.ordinal = moved.ordinal.or(stay.ordinal);
        for (rule, more) in moved.charged.iter().filter(|(_, more)| **more != 0) {
            let charged = stay.charged.entry(rule.clone()).or_default();
            // Where everything counts as charged, it does whatever was charged.
            if *charged < CLAIM_FEN_MAX {
                *charged = Fen(charged.0.saturating_add(*more)).clamp(Fen::ZERO, CLAIM_FEN_MAX);
            }
        }
        match moved.stays {
            0 => {}
            more => stay.counts = more < 0,
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
            let ordinal = evidence.accumulators.get("stays_count").saturating_add(1);
            moved.ordinal = u32::try_from(ordinal).ok();
        }
        for (settlement, sign) in [(was, -1), (now, 1)] {
            for share in &settlement.shares {
                let charged = moved.charged.entry(share.rule.to_string()).or_default();
                *charged += sign * share.deductible.0;
            }
            moved.stays += sign * settlement.deltas.get("stays_count");
        }
    }
}

fn visit(evidence: &Evidence) -> Option<VisitId> {
    evidence.bill.registration.map(|read| read.visit)
}
