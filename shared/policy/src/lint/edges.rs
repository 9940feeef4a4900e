//! 岁数、天数、次数和累计的陡降: where somebody gets less for being a year older, staying a day
//! longer, coming once more, or having used one fen more of the year.

use super::cases::Case;
use super::cliff::ROUNDING;
use super::{Lint, Severity};
use crate::claim::ClaimFacts;
use crate::outline;
use crate::package::{Package, Place};
use crate::terms::{Body, Counter, Over, ScheduleBody, Standard, When, first};
use crate::words::yuan;
use kernel::{Day, Fen, Rate};
use std::collections::BTreeMap;

/// Bills that are looked at, in yuan.
const BILLS: &[i64] = &[1_000, 10_000, 100_000, 1_000_000];
/// Stays of a year that are told apart at most.
const ORDINALS_MAX: i64 = 12;
/// Two ages between which every ratio that falls with age falls.
const AGES_APART: (u32, u32) = (60, 61);

pub(super) fn lints(package: &Package, cases: &[Case]) -> Vec<Lint> {
    let mut found: BTreeMap<(usize, usize, String), (Fen, Lint)> = BTreeMap::new();
    let ages = age_edges(package);
    for case in cases {
        let edges = Edges { package, case };
        let mut steps = edges.ages(&ages);
        for layer in package.layers() {
            if let Body::Schedule(body) = &layer.body {
                steps.extend(edges.of_layer(body, &layer.base));
            }
        }
        for step in steps {
            let Some((bill, before, after)) = edges.worst(&step) else {
                continue;
            };
            let lost = before - after;
            let key = (step.at.line, step.at.column, step.what.clone());
            if found.get(&key).is_some_and(|(known, _)| *known >= lost) {
                continue;
            }
            let text = format!(
                "{}，费用 {} 的，基金和医院支付由 {} 减为 {}，少 {}（{}）。",
                step.what,
                yuan(bill),
                yuan(before),
                yuan(after),
                yuan(lost),
                case.words()
            );
            let lint = Lint::new(Lint::CLIFF, Severity::Warning, step.at, text);
            found.insert(key, (lost, lint));
        }
    }
    found.into_values().map(|(_, lint)| lint).collect()
}

/// A step that should take nothing away: the facts before it and after it.
struct Step {
    at: Place,
    what: String,
    before: Box<dyn Fn(&mut ClaimFacts)>,
    after: Box<dyn Fn(&mut ClaimFacts)>,
}

/// One case under one package.
struct Edges<'a> {
    package: &'a Package,
    case: &'a Case,
}

impl Edges<'_> {
    /// The bill at which a step takes the most, and what is paid before and after it.
    fn worst(&self, step: &Step) -> Option<(Fen, Fen, Fen)> {
        let paid = |bill: Fen, change: &dyn Fn(&mut ClaimFacts)| {
            let settlement = self.case.changed(self.package, bill, change)?;
            Some(Case::paid(&settlement))
        };
        let both = BILLS.iter().filter_map(|bill| {
            let bill = Fen::yuan(*bill);
            Some((bill, paid(bill, &*step.before)?, paid(bill, &*step.after)?))
        });
        let fallen = both.filter(|(_, before, after)| *before - *after > ROUNDING);
        fallen.max_by_key(|(_, before, after)| *before - *after)
    }

    /// A year older.
    fn ages(&self, edges: &[(u32, Place, &When)]) -> Vec<Step> {
        let mut steps = Vec::new();
        for (age, at, when) in edges {
            // The edge belongs to a row of this case's, were it for the age alone.
            let mut facts = self.case.facts.clone();
            let admits = |facts: &ClaimFacts| when.admits(facts).is_some();
            facts.age = Some(age - 1);
            let before = admits(&facts);
            facts.age = Some(*age);
            if before != admits(&facts) {
                steps.push(aged(
                    *at,
                    format!("由 {} 周岁到 {age} 周岁", age - 1),
                    age - 1,
                    *age,
                ));
            }
        }
        steps
    }

    fn of_layer(&self, body: &ScheduleBody, base: &Counter) -> Vec<Step> {
        let facts = &self.case.facts;
        let mut steps = Vec::new();
        let schedule = first(&body.schedules, facts).map(|(row, _)| &row.value);
        for band in schedule.into_iter().flatten() {
            if band.age_points < Rate::ZERO {
                let (young, old) = AGES_APART;
                steps.push(aged(
                    band.at,
                    "比例随年龄降低：每长一岁".to_string(),
                    young,
                    old,
                ));
            }
        }
        let mut due = Fen::ZERO;
        if let Some((row, _)) = first(&body.deductibles, facts) {
            if let Standard::Fixed(standard) = row.value.standard {
                due = standard;
            }
            if let Some(days) = row.value.per_days {
                steps.push(longer(row.at, facts.day, i64::from(days)));
            }
            let factors = &row.value.ordinal_factors;
            let pairs = factors.windows(2).zip(1..=ORDINALS_MAX);
            for (_, ordinal) in pairs.filter(|(pair, _)| matches!(pair, [a, b] if a < b)) {
                steps.push(once_more(row.at, ordinal));
            }
        }
        if let (Over::Year, Counter::Slot(slot)) = (body.bands_over, base) {
            let name = self.package.slots().name(*slot);
            for band in schedule
                .into_iter()
                .flatten()
                .filter(|band| band.from > Fen::ZERO)
            {
                for position in [band.from, band.from + due] {
                    steps.push(further(band.at, name, position));
                }
            }
        }
        steps
    }
}

fn aged(at: Place, what: String, young: u32, old: u32) -> Step {
    Step {
        at,
        what,
        before: Box::new(move |facts| facts.age = Some(young)),
        after: Box::new(move |facts| facts.age = Some(old)),
    }
}

/// One day more than a whole number of deductibles pays for.
fn longer(at: Place, day: Day, days: i64) -> Step {
    let begin = |days: i64| {
        let first = Day::first_of(day.year() - 1).unwrap_or(day);
        let ahead = first.days_until(day) - days;
        first.plus_days(u32::try_from(ahead).unwrap_or(0))
    };
    let (short, long) = (begin(days), begin(days + 1));
    Step {
        at,
        what: format!("住院由 {days} 天到 {} 天", days + 1),
        before: Box::new(move |facts| facts.begin = short),
        after: Box::new(move |facts| facts.begin = long),
    }
}

/// The stay after so many.
fn once_more(at: Place, ordinal: i64) -> Step {
    Step {
        at,
        what: format!("由当年第 {ordinal} 次住院到第 {} 次", ordinal + 1),
        before: Box::new(move |facts| facts.accumulators.set("stays_count", ordinal - 1)),
        after: Box::new(move |facts| facts.accumulators.set("stays_count", ordinal)),
    }
}

/// One fen further in the year.
fn further(at: Place, name: &str, position: Fen) -> Step {
    let (before, after) = (name.to_string(), name.to_string());
    Step {
        at,
        what: format!(
            "此前累计由 {} 到 {}，多一分",
            yuan(position - Fen(1)),
            yuan(position)
        ),
        before: Box::new(move |facts| facts.accumulators.set(&before, position.0 - 1)),
        after: Box::new(move |facts| facts.accumulators.set(&after, position.0)),
    }
}

/// The ages at which a condition begins or ends to hold.
fn age_edges(package: &Package) -> Vec<(u32, Place, &When)> {
    let tables = outline::tables(package);
    let rows = tables
        .iter()
        .flat_map(|table| &table.rows)
        .map(|row| (row.when, row.at));
    let layers = package.layers().iter().map(|layer| (&layer.when, layer.at));
    let edges = |(when, at): (_, Place)| {
        let when: &When = when;
        let (from, to) = when.ages.unwrap_or((0, u32::MAX));
        let edges = [from, to.saturating_add(1)];
        edges.into_iter().map(move |age| (age, at, when))
    };
    let all = rows.chain(layers).flat_map(edges);
    all.filter(|(age, ..)| (1..=crate::YEARS_MAX).contains(age))
        .collect()
}
