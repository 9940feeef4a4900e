//! 多一分费用的陡降: where others pay less because the bill is one fen higher. The engine itself is
//! asked, on both sides of every number of the package and wherever the sum falls between them.

use super::cases::{self, Case};
use super::{Lint, Severity};
use crate::claim::ClaimFacts;
use crate::package::{Package, Place};
use crate::settlement::Settlement;
use crate::terms::{Body, CapKind, Layer, first};
use crate::words::yuan;
use kernel::Fen;
use std::cell::Cell;
use std::collections::BTreeMap;

/// A fall up to this is rounding between bands and lines, not law.
pub(super) const ROUNDING: Fen = Fen(10);
/// The highest bill that is looked at.
const HIGHEST: Fen = Fen::yuan(20_000_000);
/// Bills that are looked at besides the numbers of the package, in yuan.
const GRID: &[i64] = &[
    1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 2_000_000, 5_000_000, 10_000_000,
];
/// Settlements that are tried for one package at most.
const ASKED_MAX: usize = 400_000;
/// Bills of a second claim, in yuan.
const NEXT: &[i64] = &[1_000, 20_000];

pub(super) fn lints(package: &Package, cases: &[Case]) -> Vec<Lint> {
    let (falls, all) = falls(package, cases);
    let told = |fall: Fall| Lint::new(Lint::CLIFF, Severity::Warning, fall.at, fall.text);
    let mut lints: Vec<Lint> = falls.into_iter().map(told).collect();
    if !all {
        let text = format!("多一分费用的陡降只查了一部分情形：已试算 {ASKED_MAX} 次。");
        let start = Place { line: 1, column: 1 };
        lints.push(Lint::new(Lint::CLIFF, Severity::Note, start, text));
    }
    lints
}

/// 陡降: a bill of which one fen more leaves a person worse off, and whose bill it is.
#[derive(Clone, Debug)]
pub struct Cliff {
    /// The line of the package's text that makes it.
    pub line: usize,
    /// The least bill behind it.
    pub cost: Fen,
    /// What is lost there.
    pub lost: Fen,
    /// What it is, in Chinese.
    pub text: String,
    of: ClaimFacts,
}

impl Cliff {
    /// Whether a claim is of the kind that meets it: the care, the institution, the person.
    pub fn is_of(&self, claim: &ClaimFacts) -> bool {
        let of = &self.of;
        let care = of.med_type == claim.med_type && of.tier == claim.tier && of.kind == claim.kind;
        let place = of.place == claim.place
            && of.filing == claim.filing
            && of.contracted == claim.contracted;
        let same = of.identities.len() == claim.identities.len();
        let person = same
            && of
                .identities
                .iter()
                .all(|one| claim.identities.contains(one))
            && of
                .person
                .iter()
                .all(|one| claim.person.as_ref() == Some(one))
            && of
                .covered_by
                .iter()
                .all(|one| claim.covered_by.contains(one));
        care && place
            && person
            && of.diseases.iter().all(|one| claim.diseases.contains(one))
            && of
                .diagnosis
                .iter()
                .all(|one| claim.diagnosis.as_ref() == Some(one))
    }
}

/// 陡降: every bill of a package of which one fen more leaves a person worse off, by its cost.
pub fn cliffs(package: &Package) -> Vec<Cliff> {
    let (falls, _) = falls(package, &cases::of(package));
    let cliff = |fall: Fall| Cliff {
        line: fall.at.line,
        cost: fall.cost,
        lost: fall.lost,
        text: fall.text,
        of: fall.of,
    };
    let mut cliffs: Vec<Cliff> = falls.into_iter().map(cliff).collect();
    cliffs.sort_by_key(|cliff| (cliff.cost, cliff.line));
    cliffs
}

/// The worst fall at each place of the text; false when only a part of the cases was tried.
fn falls(package: &Package, cases: &[Case]) -> (Vec<Fall>, bool) {
    let mut falls: BTreeMap<(usize, usize, bool), Fall> = BTreeMap::new();
    let asked = Cell::new(0);
    for case in cases {
        let probe = Probe {
            package,
            case,
            asked: &asked,
        };
        for fall in probe.falls() {
            let key = (fall.at.line, fall.at.column, fall.next);
            let known = falls.get(&key).is_some_and(|known| known.lost >= fall.lost);
            if !known {
                falls.insert(key, fall);
            }
        }
    }
    (falls.into_values().collect(), asked.get() <= ASKED_MAX)
}

/// One fall, and where the text makes it.
struct Fall {
    at: Place,
    /// Of the next claim, not of this one.
    next: bool,
    cost: Fen,
    lost: Fen,
    text: String,
    of: ClaimFacts,
}

/// One case under one package.
struct Probe<'a> {
    package: &'a Package,
    case: &'a Case,
    /// Settlements so far, of all cases.
    asked: &'a Cell<usize>,
}

impl Probe<'_> {
    /// Nothing when too much has been asked already.
    fn settle(&self, cost: Fen) -> Option<Settlement> {
        self.asked.set(self.asked.get() + 1);
        match self.asked.get() > ASKED_MAX {
            true => None,
            false => self.case.at(self.package, cost),
        }
    }

    fn paid(&self, cost: Fen) -> Fen {
        self.settle(cost)
            .map_or(Fen::ZERO, |settlement| Case::paid(&settlement))
    }

    fn falls(&self) -> Vec<Fall> {
        let numbers = self.numbers();
        let mut costs: Vec<Fen> = GRID.iter().map(|yuan| Fen::yuan(*yuan)).collect();
        for cost in numbers.keys() {
            costs.extend([*cost - Fen(1), *cost, *cost + Fen(1)]);
        }
        costs.retain(|cost| *cost >= Fen::ZERO);
        costs.sort_unstable();
        costs.dedup();
        let mut falls = Vec::new();
        for pair in costs.windows(2) {
            let &[low, high] = pair else { continue };
            for cost in self.suspects(low, high) {
                falls.extend(self.fall_at(cost, numbers.get(&cost).copied()));
            }
        }
        if !self.package.counts_unfinished_stay() {
            for (cost, at) in &numbers {
                falls.extend(self.next_fall(*cost, *at));
            }
        }
        falls
    }

    /// The bills at which a layer meets one of its numbers, each with the place of the number.
    fn numbers(&self) -> BTreeMap<Fen, Place> {
        let mut found = BTreeMap::new();
        let Some(highest) = self.settle(HIGHEST) else {
            return found;
        };
        for (index, layer) in self.package.layers().iter().enumerate() {
            let share = |settlement: &Settlement| settlement.shares.get(index).cloned();
            let base = |settlement: &Settlement| share(settlement).map_or(Fen::ZERO, |s| s.base);
            let paid = |settlement: &Settlement| share(settlement).map_or(Fen::ZERO, |s| s.paid);
            if base(&highest) == Fen::ZERO {
                continue;
            }
            // What is charged of a high bill: the deductible after its factors.
            let due = share(&highest).map_or(Fen::ZERO, |share| share.deductible);
            for (number, at, of) in self.stated(layer, due) {
                let reached = match of {
                    Of::Base => self.least(&base, number),
                    Of::Paid => self.least(&paid, number),
                };
                if let Some(cost) = reached {
                    found.entry(cost).or_insert(at);
                }
            }
        }
        found
    }

    /// The numbers of the rows of a layer that count for the case.
    fn stated(&self, layer: &Layer, due: Fen) -> Vec<(Fen, Place, Of)> {
        let facts = &self.case.facts;
        let mut numbers = Vec::new();
        for cap in &layer.caps {
            if let Some((row, _)) = first(&cap.rows, facts) {
                let of = match cap.on {
                    CapKind::Fund => Of::Paid,
                    CapKind::Expense => Of::Base,
                };
                numbers.extend(row.value.amount.map(|amount| (amount, row.at, of)));
            }
        }
        let Body::Schedule(body) = &layer.body else {
            return numbers;
        };
        if let Some((row, _)) = first(&body.deductibles, facts) {
            numbers.push((due, row.at, Of::Base));
        }
        if let Some((schedule, _)) = first(&body.schedules, facts) {
            for band in &schedule.value {
                numbers.push((band.from, band.at, Of::Base));
                numbers.push((band.from + due, band.at, Of::Base));
                numbers.extend(band.to.map(|to| (to, band.at, Of::Base)));
                numbers.extend(band.to.map(|to| (to + due, band.at, Of::Base)));
            }
        }
        numbers
    }

    /// The least bill at which an amount of the settlement reaches a number.
    fn least(&self, amount: &dyn Fn(&Settlement) -> Fen, number: Fen) -> Option<Fen> {
        let reaches = |cost: Fen| {
            self.settle(cost)
                .is_some_and(|settlement| amount(&settlement) >= number)
        };
        if number <= Fen::ZERO || !reaches(HIGHEST) {
            return None;
        }
        Some(turn(Fen::ZERO, HIGHEST, reaches))
    }

    /// Bills between two at which something may fall.
    fn suspects(&self, low: Fen, high: Fen) -> Vec<Fen> {
        if high - low == Fen(1) {
            return vec![high];
        }
        let (Some(before), Some(after)) = (self.settle(low), self.settle(high)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        // Another layer pays: of those of one name, the other one was chosen.
        let payers = |settlement: &Settlement| -> Vec<bool> {
            settlement
                .shares
                .iter()
                .map(|share| share.paid > Fen::ZERO)
                .collect()
        };
        let begun = payers(&before);
        if begun != payers(&after) {
            let other = |cost: Fen| self.settle(cost).is_some_and(|s| payers(&s) != begun);
            found.push(turn(low, high, other));
        }
        let most = Case::paid(&before);
        if Case::paid(&after) < most {
            found.push(turn(low, high, |cost| self.paid(cost) < most));
        }
        found
    }

    /// Whether the last fen of a bill makes others pay less.
    fn fall_at(&self, cost: Fen, known: Option<Place>) -> Option<Fall> {
        let before = self.settle(cost - Fen(1))?;
        let after = self.settle(cost)?;
        let lost = Case::paid(&before) - Case::paid(&after);
        if lost <= ROUNDING {
            return None;
        }
        let (at, rule) = self.culprit(&before, &after, known)?;
        let text = format!(
            "费用由 {} 增加到 {}，多一分，基金和医院支付反而由 {} 减为 {}，少 {}：{rule}（{}）。",
            yuan(cost - Fen(1)),
            yuan(cost),
            yuan(Case::paid(&before)),
            yuan(Case::paid(&after)),
            yuan(lost),
            self.case.words()
        );
        Some(Fall {
            at,
            next: false,
            cost,
            lost,
            text,
            of: self.case.facts.clone(),
        })
    }

    /// The rule that pays less: a number of the package, or the layer that is chosen instead.
    fn culprit(
        &self,
        before: &Settlement,
        after: &Settlement,
        known: Option<Place>,
    ) -> Option<(Place, String)> {
        let layers = self.package.layers();
        let pairs = before.shares.iter().zip(&after.shares).zip(layers);
        let fallen = |((before, after), _): &((&crate::Share, &crate::Share), &Layer)| {
            after.paid < before.paid - ROUNDING
        };
        let ((_, _), layer) = pairs.clone().find(fallen)?;
        if layer.either.is_some() {
            let risen = |((before, after), other): &((&crate::Share, &crate::Share), &Layer)| {
                other.either == layer.either && after.paid > before.paid
            };
            if let Some((_, chosen)) = pairs.clone().find(risen) {
                let text = format!("改由{}支付，{}不再支付", chosen.name, layer.name);
                return Some((chosen.at, text));
            }
        }
        Some((known.unwrap_or(layer.at), format!("{}少支付", layer.name)))
    }

    /// Whether the last fen of a bill makes others pay less for it and the next one together: a
    /// stay that now counts may give the next one a higher deductible.
    fn next_fall(&self, cost: Fen, at: Place) -> Option<Fall> {
        let before = self.settle(cost - Fen(1))?;
        let after = self.settle(cost)?;
        let counted = |settlement: &Settlement| settlement.deltas.get("stays_count");
        if counted(&before) == counted(&after) {
            return None;
        }
        let next = |settlement: &Settlement, bill: i64| {
            let state = cases::after(self.case, settlement);
            let changed = self.case.changed(self.package, Fen::yuan(bill), |facts| {
                facts.accumulators = state;
            });
            changed.map_or(Fen::ZERO, |next| Case::paid(settlement) + Case::paid(&next))
        };
        let lost = NEXT
            .iter()
            .map(|bill| next(&before, *bill) - next(&after, *bill))
            .max()?;
        (lost > ROUNDING).then(|| Fall {
            at,
            next: true,
            cost,
            lost,
            of: self.case.facts.clone(),
            text: format!(
                "费用由 {} 增加到 {}，多一分，这次住院计入次数，下一次住院的起付线随之提高，两次合计\
                 少支付 {}（{}）。",
                yuan(cost - Fen(1)),
                yuan(cost),
                yuan(lost),
                self.case.words()
            ),
        })
    }
}

/// What a number is compared with.
#[derive(Clone, Copy)]
enum Of {
    Base,
    Paid,
}

/// The least amount above `low` at which something holds that holds at `high`.
fn turn(low: Fen, high: Fen, holds: impl Fn(Fen) -> bool) -> Fen {
    let (mut below, mut above) = (low.0, high.0);
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        match holds(Fen(middle)) {
            true => above = middle,
            false => below = middle,
        }
    }
    Fen(above)
}
