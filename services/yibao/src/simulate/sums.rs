//! 汇总: what all claims came to by two sets of rules, in whole numbers that can be added in any order,
//! so that the parts of a year give one sum whoever counted them.

use kernel::{Fen, SettlementId};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// The people who are told of one by one at most.
pub const HARDEST_MAX: usize = 20;
/// 增减幅度 in yuan at which one band ends and the next begins.
pub const YUAN_STEPS: [i64; 4] = [100, 500, 1_000, 5_000];
/// Likewise in parts of a hundred of what the person paid before.
pub const SHARE_STEPS: [i64; 4] = [5, 10, 20, 50];
/// The band of those who pay what they paid.
pub const SAME_BAND: i8 = 0;
/// Columns of months: before the year, its twelve, and after it.
pub const MONTHS: usize = 14;

/// By what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum By {
    /// 支付方: each fund, accounts, hospitals, cash; by month.
    Payer,
    /// 医疗类别 (med_type).
    Care,
    /// 人员身份 (psn_idet_type).
    Identity,
    /// 医院等级.
    Tier,
}

/// What a row came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Settlements; none of a payer.
    pub claims: u64,
    /// As it was paid: by the payer, or by the funds.
    pub paid: i128,
    /// As it would be paid.
    pub simulated: i128,
    /// 个人负担, from the account and in cash, as it was paid; none of a payer.
    pub own_paid: i128,
    /// As it would be.
    pub own_simulated: i128,
}

impl Pair {
    /// Adds another.
    pub fn add(&mut self, other: &Pair) {
        self.claims += other.claims;
        self.paid += other.paid;
        self.simulated += other.simulated;
        self.own_paid += other.own_paid;
        self.own_simulated += other.own_simulated;
    }
}

/// Somebody who would pay more: no name, and the settlement that does most of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hit {
    /// How much more, so that the most comes first.
    pub more: Reverse<i64>,
    /// The settlement with the greatest difference.
    pub settlement: SettlementId,
    /// 个人负担 of the year, as it was.
    pub before: i64,
    /// As it would be.
    pub after: i64,
    /// Settlements of the year.
    pub claims: u32,
}

/// 陡降附近: how many people stand how near a cliff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Near {
    /// With a bill that falls off it when it grows by the reach.
    pub before: u64,
    /// With a bill that has just fallen off it.
    pub behind: u64,
}

/// What claims came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Settlements that were priced.
    pub claims: u64,
    /// People.
    pub people: u64,
    /// Settlements of other schemes: as they are.
    pub untouched: u64,
    /// Of which their own package does not make what was paid.
    pub differing: u64,
    /// That saw something of their year that does not stand before them now.
    pub besides: u64,
    /// 零报销年数 that the package asks for and nobody noted.
    pub past_unknown: u64,
    /// By what, row, and month: 0 before the year, 13 after it, and 0 where months do not count.
    pub rows: BTreeMap<(By, String, u8), Pair>,
    /// 增减: people by band of yuan; below zero pays less.
    pub by_yuan: BTreeMap<i8, u64>,
    /// By band of what they paid.
    pub by_share: BTreeMap<i8, u64>,
    /// How much people pay less, and more, in all.
    pub less: i128,
    /// Likewise more.
    pub more: i128,
    /// Who would pay most.
    pub hardest: BTreeSet<Hit>,
    /// By the number of the cliff.
    pub near: BTreeMap<u32, Near>,
}

impl Sums {
    /// Adds other people's.
    pub fn add(&mut self, other: Sums) {
        self.claims += other.claims;
        self.people += other.people;
        self.untouched += other.untouched;
        self.differing += other.differing;
        self.besides += other.besides;
        self.past_unknown += other.past_unknown;
        for (key, pair) in other.rows {
            self.rows.entry(key).or_default().add(&pair);
        }
        for (band, count) in other.by_yuan {
            *self.by_yuan.entry(band).or_default() += count;
        }
        for (band, count) in other.by_share {
            *self.by_share.entry(band).or_default() += count;
        }
        self.less += other.less;
        self.more += other.more;
        for hit in other.hardest {
            self.hit(hit);
        }
        for (cliff, near) in other.near {
            let sum = self.near.entry(cliff).or_default();
            sum.before += near.before;
            sum.behind += near.behind;
        }
    }

    /// One person's year.
    pub fn person(&mut self, hit: Hit) {
        self.people += 1;
        let more = hit.more.0;
        *self.by_yuan.entry(yuan_band(more)).or_default() += 1;
        *self
            .by_share
            .entry(share_band(more, hit.before))
            .or_default() += 1;
        match more {
            0 => {}
            1.. => {
                self.more += i128::from(more);
                self.hit(hit);
            }
            _ => self.less -= i128::from(more),
        }
    }

    fn hit(&mut self, hit: Hit) {
        self.hardest.insert(hit);
        if self.hardest.len() > HARDEST_MAX {
            self.hardest.pop_last();
        }
    }
}

/// 0 for what is the same, 1 up to the first step, and so on; below zero for less.
fn yuan_band(more: i64) -> i8 {
    band(
        more,
        |step| more.unsigned_abs() >= Fen::yuan(step).0.unsigned_abs(),
        YUAN_STEPS,
    )
}

fn share_band(more: i64, before: i64) -> i8 {
    let more_than =
        |step: i64| i128::from(more).abs() * 100 >= i128::from(before) * i128::from(step);
    band(more, more_than, SHARE_STEPS)
}

fn band(more: i64, at_least: impl Fn(i64) -> bool, steps: [i64; 4]) -> i8 {
    let passed = steps.into_iter().filter(|step| at_least(*step)).count();
    let band = i8::try_from(passed + 1).unwrap_or(i8::MAX);
    match more {
        0 => SAME_BAND,
        1.. => band,
        _ => -band,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(more: i64, before: i64, number: i64) -> Hit {
        Hit {
            more: Reverse(more),
            settlement: SettlementId::parse(&format!("01900000-0000-7000-8000-{number:012}"))
                .unwrap(),
            before,
            after: before + more,
            claims: 1,
        }
    }

    #[test]
    fn bands_are_of_yuan_and_of_what_was_paid() {
        for (more, before, yuan, share) in [
            (0, 100, 0, 0),
            (1, 10_000, 1, 1),
            (-1, 10_000, -1, -1),
            (9_999, 1_000_000, 1, 1),
            (10_000, 100_000, 2, 3),
            (-50_000, 100_000, -3, -5),
            (500_000, 50_000_000, 5, 1),
            // Who paid nothing pays infinitely more.
            (1, 0, 1, 5),
        ] {
            let found = (yuan_band(more), share_band(more, before));
            assert_eq!(found, (yuan, share), "{more} {before}");
        }
    }

    #[test]
    fn people_may_be_counted_in_any_order() {
        let people: Vec<Hit> = (0..100)
            .map(|n| hit((n * 37 % 101 - 50) * 100, 9_000, n))
            .collect();
        let count = |people: &mut dyn Iterator<Item = &Hit>| {
            let mut sums = Sums::default();
            people.for_each(|one| sums.person(one.clone()));
            sums
        };
        let whole = count(&mut people.iter());
        let mut backwards = count(&mut people.iter().skip(40).rev());
        backwards.add(count(&mut people.iter().take(40)));
        assert_eq!(whole, backwards);
        assert_eq!((whole.people, whole.hardest.len()), (100, HARDEST_MAX));
        let first = whole.hardest.first().unwrap();
        assert!(
            whole
                .hardest
                .iter()
                .all(|one| one.more.0 <= first.more.0 && one.more.0 > 0)
        );
    }
}
