//! 年度累计: what the settlements of a person, scheme and year come to, and who may change it.

use super::{Posted, Revised};
use crate::refusal::CLAIM_IN_PROGRESS;
use kernel::{HoldId, Instant, PersonId, Refusal, Scheme};
use policy::Accumulators;

/// Whose year. The order is that in which several are locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearKey {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The year.
    pub year: i32,
}

/// The accumulators of a person, scheme and year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonYear {
    /// Grows with every settlement and reversal.
    pub version: i64,
    /// The ordinal of the newest settlement.
    pub last_ordinal: i64,
    /// The fold of all standing settlements' deltas.
    pub accumulators: Accumulators,
    /// 预留: the hold that set the year aside last, unless it was posted or withdrawn.
    pub held: Option<Held>,
}

/// 预留: by which hold a person-year is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The hold.
    pub by: HoldId,
    /// From which instant on the year is free again.
    pub until: Instant,
}

impl PersonYear {
    /// Nobody settles or reverses in a year that is held.
    pub fn free(&self, now: Instant) -> Result<(), Refusal> {
        match self.held {
            Some(held) if now < held.until => Err(CLAIM_IN_PROGRESS.refuse()),
            _ => Ok(()),
        }
    }

    /// True when this hold has the year, also when its time is over: nobody took it since.
    pub fn is_held_by(&self, hold: HoldId) -> bool {
        self.held.is_some_and(|held| held.by == hold)
    }

    /// The year with one settlement more, and free.
    pub fn posted(&self, posted: &Posted) -> PersonYear {
        PersonYear {
            version: self.version + 1,
            last_ordinal: posted.ordinal,
            accumulators: self.accumulators.plus(&posted.amounts.deltas),
            held: None,
        }
    }

    /// The year with these settlements at other amounts, and free.
    pub fn revised(&self, revised: &[Revised]) -> PersonYear {
        let exchanged = |year: Accumulators, one: &Revised| {
            let less = year.minus(&one.before.amounts.deltas);
            less.plus(&one.settlement.deltas)
        };
        PersonYear {
            version: self.version + 1,
            last_ordinal: self.last_ordinal,
            accumulators: revised.iter().fold(self.accumulators.clone(), exchanged),
            held: None,
        }
    }

    /// The year with one settlement less, and free.
    pub fn reversed(&self, posted: &Posted) -> PersonYear {
        PersonYear {
            version: self.version + 1,
            last_ordinal: self.last_ordinal,
            accumulators: self.accumulators.minus(&posted.amounts.deltas),
            held: None,
        }
    }
}
