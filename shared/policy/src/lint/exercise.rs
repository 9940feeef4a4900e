//! 算例是否用到: rules that no worked example comes to. What no example shows, nobody has checked.

use super::{Lint, Severity};
use crate::claim::Claim;
use crate::outline;
use crate::package::{Package, Place};
use crate::reason::Reason;
use crate::settle::settle;
use crate::settlement::Settlement;
use crate::terms::{Band, Body, CapKind, Clause, Layer, Row, first};
use std::sync::Arc;

pub(super) fn lints(package: &Package) -> Vec<Lint> {
    let start = Place { line: 1, column: 1 };
    if package.examples().is_empty() {
        let text = "没有一个算例：至少为每一层写一个。".to_string();
        return vec![Lint::new(Lint::NO_EXAMPLE, Severity::Warning, start, text)];
    }
    let worked = package.examples().iter().map(|example| Worked {
        claim: example.claim(),
        settlement: settle(package, example.claim()),
    });
    let worked: Vec<Worked<'_>> = worked.collect();
    let mut lints = Vec::new();
    let mut add = |at: Place, what: String| {
        let text = format!("没有算例用到{what}。");
        lints.push(Lint::new(Lint::NO_EXAMPLE, Severity::Warning, at, text));
    };
    for row in package.referrals() {
        if !worked.iter().any(|one| one.rests_on("bill.", &row.clause)) {
            add(row.at, "这一行转外自理".to_string());
        }
    }
    for row in package.first_pays() {
        if !worked.iter().any(|one| one.pays_first(package, row)) {
            add(row.at, "这一行先行自付".to_string());
        }
    }
    for layer in outline::all_layers(package) {
        if !worked.iter().any(|one| one.applies(layer)) {
            add(layer.at, format!("{}这一层", layer.name));
            continue;
        }
        for (at, what) in unexercised(layer, &worked) {
            add(at, format!("{}的{what}", layer.name));
        }
    }
    lints
}

/// One example, settled.
struct Worked<'a> {
    claim: &'a Claim,
    settlement: Settlement,
}

impl Worked<'_> {
    /// The reasons of one layer.
    fn of<'a>(&'a self, layer: &'a Layer) -> impl Iterator<Item = &'a Reason> {
        let own = |reason: &&Reason| {
            let rest = reason.rule.strip_prefix(&*layer.rule);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        self.settlement.reasons.iter().filter(own)
    }

    /// Whether something entered the layer.
    fn applies(&self, layer: &Layer) -> bool {
        let entered = |reason: &Reason| {
            *reason.rule == *layer.rules.base && reason.output != kernel::Fen::ZERO
        };
        self.of(layer).any(entered)
    }

    /// Whether a reason rests on this very clause, not on equal words elsewhere.
    fn rests_on(&self, rule: &str, clause: &Clause) -> bool {
        let rests = |reason: &Reason| {
            reason.rule.starts_with(rule) && Arc::ptr_eq(&reason.clause, &clause.text)
        };
        self.settlement.reasons.iter().any(rests)
    }

    /// Whether this row of a table is the one that counts.
    fn counts<T>(&self, rows: &[Row<T>], row: &Row<T>) -> bool {
        let counting = first(rows, self.claim.facts());
        counting.is_some_and(|(counting, _)| counting.at == row.at)
    }

    fn pays_first(&self, package: &Package, row: &Row<crate::terms::FirstPay>) -> bool {
        let facts = self.claim.facts();
        self.claim.lines().iter().any(|line| {
            let pot = package.pot_of(line);
            let fits = |row: &&Row<crate::terms::FirstPay>| {
                row.value.lines.has(pot) && row.when.admits(facts).is_some()
            };
            package
                .first_pays()
                .iter()
                .find(fits)
                .is_some_and(|counting| counting.at == row.at)
        })
    }

    /// Whether a cap of the layer kept something from being paid, or from entering.
    fn is_held(&self, layer: &Layer, on: CapKind, row: &Clause) -> bool {
        let rule = match on {
            CapKind::Fund => &layer.rules.cap,
            CapKind::Expense => &layer.rules.expense_cap,
        };
        // A raised cap rests on the clause that raised it.
        let clauses = layer
            .caps
            .iter()
            .flat_map(|cap| &cap.rows)
            .map(|row| &row.clause.text);
        let another = |reason: &Reason| {
            let own = Arc::ptr_eq(&reason.clause, &row.text);
            !own && clauses
                .clone()
                .any(|clause| Arc::ptr_eq(clause, &reason.clause))
        };
        self.of(layer)
            .any(|reason| reason.rule == *rule && !another(reason))
    }
}

/// The rules of a layer that no example comes to.
fn unexercised(layer: &Layer, worked: &[Worked<'_>]) -> Vec<(Place, String)> {
    let applied: Vec<&Worked<'_>> = worked.iter().filter(|one| one.applies(layer)).collect();
    let rests = |clause: &Clause| applied.iter().any(|one| one.rests_on(&layer.rule, clause));
    let mut found = Vec::new();
    if let Body::Schedule(body) = &layer.body {
        let rows = body.deductibles.iter().filter(|row| !rests(&row.clause));
        found.extend(rows.map(|row| (row.at, "这一行起付线".to_string())));
        for schedule in &body.schedules {
            let bands = schedule.value.iter().zip(1..);
            let bands = bands.filter(|(band, _): &(&Band, i32)| !rests(&band.clause));
            found.extend(bands.map(|(band, number)| (band.at, format!("第 {number} 段"))));
        }
        for group in &body.adjusts {
            let counts = |row| applied.iter().any(|one| one.counts(&group.rows, row));
            let rows = group.rows.iter().filter(|row| !counts(*row));
            found.extend(rows.map(|row| (row.at, "这一行调整".to_string())));
        }
        let rows = body.floors.iter().filter(|row| !rests(&row.clause));
        found.extend(rows.map(|row| (row.at, "这一行保底".to_string())));
    }
    for cap in &layer.caps {
        for row in &cap.rows {
            let shown = |one: &&Worked<'_>| {
                let held = row.value.amount.is_none() || one.is_held(layer, cap.on, &row.clause);
                one.counts(&cap.rows, row) && held
            };
            if !applied.iter().any(shown) {
                let what = match row.value.amount {
                    Some(_) => "这一行封顶线（没有达到过）",
                    None => "这一行不设封顶",
                };
                found.push((row.at, what.to_string()));
            }
        }
    }
    found
}
