//! 算例对照: worked examples priced by two packages, as if both held on the new one's days.

use crate::accumulators::Accumulators;
use crate::claim::{Claim, ClaimFacts};
use crate::example::Example;
use crate::package::Package;
use crate::settle::settle_amounts;
use crate::settlement::Totals;
use kernel::{Day, Fen, Period};
use std::collections::BTreeMap;

/// What one example costs whom, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseChange {
    /// The example's name.
    pub name: String,
    /// Whether the new package has it; else it is the old one's.
    pub is_new: bool,
    /// By the old package.
    pub old: Totals,
    /// By the new package.
    pub new: Totals,
}

impl CaseChange {
    /// 个人多负担: what the person pays more, from the account and in cash; negative when less.
    pub fn burden(&self) -> Fen {
        let own = |totals: &Totals| totals.account + totals.cash;
        own(&self.new) - own(&self.old)
    }
}

/// The new package's examples, then those only the old one has.
pub(super) fn priced(old: &Package, new: &Package) -> Vec<CaseChange> {
    // Both as if they held where the new one holds.
    let mut earlier = old.clone();
    earlier.effective = new.effective;
    earlier.scheme = new.scheme.clone();
    let has = |example: &Example| {
        new.examples()
            .iter()
            .any(|other| other.name() == example.name())
    };
    let mut cases = by_both(&earlier, new, new.examples(), true);
    let own = by_both(&earlier, new, old.examples(), false);
    let gone = old
        .examples()
        .iter()
        .zip(own)
        .filter(|(example, _)| !has(example));
    cases.extend(gone.map(|(_, case)| case));
    cases
}

fn by_both(old: &Package, new: &Package, examples: &[Example], is_new: bool) -> Vec<CaseChange> {
    let (before, after) = (totals(old, examples), totals(new, examples));
    let named = examples.iter().zip(before.into_iter().zip(after));
    let case = |(example, (old, new)): (&Example, (Totals, Totals))| CaseChange {
        name: example.name().to_string(),
        is_new,
        old,
        new,
    };
    named.map(case).collect()
}

/// Each example priced by one package. One that follows another begins where that one ends by the
/// same package, if both are of one year.
fn totals(package: &Package, examples: &[Example]) -> Vec<Totals> {
    let mut ends: BTreeMap<&str, (i32, Accumulators)> = BTreeMap::new();
    let mut found = Vec::with_capacity(examples.len());
    for example in examples {
        let mut facts = example.claim().facts().clone();
        let year = facts.day.year();
        let begun = example.follows.as_deref().and_then(|name| ends.get(name));
        let begun = begun
            .filter(|(ended, _)| *ended == year)
            .map(|(_, state)| state.clone());
        facts.accumulators = begun.unwrap_or_default().plus(&example.prior);
        let state = facts.accumulators.clone();
        moved(&mut facts, package.effective());
        facts.scheme = package.scheme().clone();
        // Days that were moved leave a claim a claim; were it none, it would cost nothing.
        let Ok(claim) = Claim::new(facts) else {
            found.push(Totals::default());
            continue;
        };
        let settlement = settle_amounts(package, &claim);
        ends.insert(example.name(), (year, state.plus(&settlement.deltas)));
        found.push(settlement.totals());
    }
    found
}

/// Moves the days of a claim into a period, by whole years where that is enough; a stay keeps its
/// length, an application its delay.
fn moved(facts: &mut ClaimFacts, period: Period) {
    if period.contains(facts.day) {
        return;
    }
    let first = period.from.year();
    let days = [first, first + 1].map(|year| same_day(facts.day, year));
    let day = days.into_iter().flatten().find(|day| period.contains(*day));
    let day = day.unwrap_or(period.from);
    let length = u32::try_from(facts.begin.days_until(facts.day)).unwrap_or(0);
    let delay = u32::try_from(facts.day.days_until(facts.decided)).unwrap_or(0);
    facts.begin = before(day, length);
    facts.decided = day.plus_days(delay);
    for line in &mut facts.lines {
        line.day = None;
    }
    facts.day = day;
}

/// The same month and day of another year; the day before where the year has none.
fn same_day(day: Day, year: i32) -> Option<Day> {
    let text = day.to_string();
    let number: u32 = text.get(8..)?.parse().ok()?;
    Day::new(year, day.month(), number).or_else(|| Day::new(year, day.month(), number - 1))
}

/// So many days earlier.
fn before(day: Day, days: u32) -> Day {
    let mut year = day.year();
    loop {
        match Day::first_of(year) {
            None => return day,
            Some(first) => {
                let room = first.days_until(day);
                if room >= i64::from(days) {
                    let ahead = u32::try_from(room - i64::from(days)).unwrap_or(0);
                    return first.plus_days(ahead);
                }
            }
        }
        year -= 1;
    }
}
