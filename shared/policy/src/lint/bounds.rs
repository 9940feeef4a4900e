//! 界限的体检: bands nothing reaches, deductibles that swallow a band, caps nothing meets. A bound
//! is named only where it holds for every claim; where it depends on the claim, nothing is said.

use super::region::{Overlap, Region, crossed};
use super::space::Space;
use super::{Lint, Severity};
use crate::outline;
use crate::package::Package;
use crate::schedule::adjusted;
use crate::terms::{
    AdjustGroup, Band, BandOrigin, Body, CapGroup, CapKind, CapRow, Counter, Deductible,
    DeductibleFrom, FloorOf, Layer, Over, Per, Row, ScheduleBody, Standard, When,
};
use crate::words::yuan;
use kernel::{Fen, Rate};

pub(super) fn lints(package: &Package) -> Vec<Lint> {
    let Some(space) = Space::of(package) else {
        return Vec::new();
    };
    let mut lints = Vec::new();
    for layer in outline::all_layers(package) {
        let Body::Schedule(body) = &layer.body else {
            continue;
        };
        let limits = Limits {
            space: &space,
            layer,
            body,
            admitted: space.admitted(&layer.when),
        };
        for schedule in &body.schedules {
            limits.dead_bands(schedule, &mut lints);
        }
        limits.swallowed_bands(&mut lints);
        limits.idle_caps(&mut lints);
        limits.looser_caps(&mut lints);
    }
    lints
}

/// One layer, and the cases it admits.
struct Limits<'a> {
    space: &'a Space,
    layer: &'a Layer,
    body: &'a ScheduleBody,
    admitted: Vec<Region>,
}

impl Limits<'_> {
    /// Whether one claim may be of both rows.
    fn meet(&self, one: &When, other: &When) -> bool {
        self.space.overlap(&self.admitted, one, other) != Overlap::None
    }

    /// Whether every case of a row is of one of these rows.
    fn surely<T>(&self, when: &When, rows: &[Row<T>]) -> bool {
        let cases = crossed(&self.admitted, &self.space.asked(when));
        self.space
            .is_taken(&cases, rows.iter().map(|row| &row.when))
    }

    /// The most that a cap lets through in the cases of a row; nothing where it may set no limit.
    fn most(&self, when: &When, cap: &CapGroup) -> Option<Fen> {
        if !self.surely(when, &cap.rows) {
            return None;
        }
        let mut most = Fen::ZERO;
        for row in cap.rows.iter().filter(|row| self.meet(when, &row.when)) {
            let CapRow {
                amount,
                per_further_disease,
                incentive,
                figure: _,
            } = row.value;
            if per_further_disease != Fen::ZERO {
                return None;
            }
            let amount = amount?;
            let earned = incentive.map_or(Fen::ZERO, |one| amount.at(one.max_share));
            most = most.max(amount + earned);
        }
        match cap.own {
            true => self.raised(when, most),
            false => Some(most),
        }
    }

    /// A cap after the adjustments that raise or lift it.
    fn raised(&self, when: &When, most: Fen) -> Option<Fen> {
        let mut raised = most;
        for group in &self.body.adjusts {
            let rows = group.rows.iter().filter(|row| self.meet(when, &row.when));
            let mut plus = Fen::ZERO;
            for row in rows {
                if row.value.no_cap {
                    return None;
                }
                plus = plus.max(row.value.cap_plus);
            }
            raised += plus;
        }
        Some(raised)
    }

    /// The least of several caps in the cases of a row.
    fn least(&self, when: &When, on: CapKind, periods: &[Per]) -> Option<Fen> {
        let per_disease = matches!(
            self.layer.base,
            Counter::Named {
                per_disease: true,
                ..
            }
        );
        let counts = |cap: &&CapGroup| {
            let whole = !cap.per_disease || per_disease || self.body.bands_over == Over::Stay;
            cap.on == on && periods.contains(&cap.per) && whole
        };
        let caps = self.layer.caps.iter().filter(counts);
        caps.filter_map(|cap| self.most(when, cap)).min()
    }

    /// The periods whose caps bound what the bands run over.
    fn periods(&self) -> &'static [Per] {
        match self.body.bands_over {
            Over::Stay => &[Per::Stay, Per::Month, Per::Quarter, Per::Year],
            Over::Year => &[Per::Year],
        }
    }

    fn dead_bands(&self, schedule: &Row<Vec<Band>>, lints: &mut Vec<Lint>) {
        let when = &schedule.when;
        let enters = self.least(when, CapKind::Expense, self.periods());
        let pays = self.least(when, CapKind::Fund, self.periods());
        let mut before = Some(Fen::ZERO);
        for (band, number) in schedule.value.iter().zip(1..) {
            let name = &self.layer.name;
            if let Some(enters) = enters.filter(|enters| band.from >= *enters) {
                let text = format!(
                    "{name}的第 {number} 段自 {} 起，而费用封顶线 {} 以上的不进入本层，永远到不了这一段。",
                    yuan(band.from),
                    yuan(enters)
                );
                lints.push(Lint::new(Lint::DEAD_BAND, Severity::Warning, band.at, text));
                continue;
            }
            if let (Some(before), Some(pays)) = (before, pays) {
                // Each band is rounded for itself.
                if before >= pays + Fen(number) && number > 1 {
                    let text = format!(
                        "{name}的第 {number} 段自 {} 起，而前面各段已至少支付 {}，达到封顶线 {}，\
                         这一段永远不再支付。",
                        yuan(band.from),
                        yuan(before),
                        yuan(pays)
                    );
                    lints.push(Lint::new(Lint::DEAD_BAND, Severity::Warning, band.at, text));
                    continue;
                }
            }
            let paid = band.to.and_then(|to| self.least_paid(when, band, to));
            before = before.zip(paid).map(|(before, paid)| before + paid);
        }
    }

    /// The least that is paid of a whole band, whoever the person is; nothing where the deductible
    /// may take any part of it.
    fn least_paid(&self, when: &When, band: &Band, to: Fen) -> Option<Fen> {
        let whole = self.body.origin == BandOrigin::AboveDeductible
            && self.body.deductible_from == DeductibleFrom::Base;
        if (!whole && !self.body.deductibles.is_empty()) || band.age_points < Rate::ZERO {
            return None;
        }
        let rate = self.after_adjusts(when, band.rate, Ord::min);
        Some((to - band.from).at(rate.min(self.body.max_rate)))
    }

    /// A ratio after the adjustments of each name that may count, the worst or the best of each.
    fn after_adjusts(&self, when: &When, rate: Rate, choose: fn(Rate, Rate) -> Rate) -> Rate {
        let each = |rate: Rate, group: &AdjustGroup| {
            let rows = group.rows.iter().filter(|row| self.meet(when, &row.when));
            let changes = rows.filter_map(|row| Some((row.value.change?, row.value.max_rate)));
            // Where no row counts, the ratio stays what it is.
            changes.fold(rate, |chosen, (change, max)| {
                choose(chosen, adjusted(rate, change, max))
            })
        };
        self.body.adjusts.iter().fold(rate, each)
    }

    /// 起付线落在第一段内: a deductible beyond the first band's end leaves nothing of it.
    fn swallowed_bands(&self, lints: &mut Vec<Lint>) {
        if self.body.origin != BandOrigin::FromZero
            || self.body.deductible_from != DeductibleFrom::Base
        {
            return;
        }
        for row in &self.body.deductibles {
            let Deductible {
                standard: Standard::Fixed(standard),
                ..
            } = row.value
            else {
                continue;
            };
            let swallowed = |schedule: &&Row<Vec<Band>>| {
                let end = schedule.value.first().and_then(|band| band.to);
                end.is_some_and(|end| standard >= end) && self.meet(&row.when, &schedule.when)
            };
            let Some(schedule) = self.body.schedules.iter().find(swallowed) else {
                continue;
            };
            let end = schedule
                .value
                .first()
                .and_then(|band| band.to)
                .unwrap_or_default();
            let text = format!(
                "{}的起付线 {} 不在第一段内（第 {} 行的分段，第一段到 {} 为止），第一段什么也不支付。",
                self.layer.name,
                yuan(standard),
                schedule.at.line,
                yuan(end)
            );
            lints.push(Lint::new(Lint::DEAD_BAND, Severity::Warning, row.at, text));
        }
    }

    /// Caps on the fund that are above everything the bands can pay in their period.
    fn idle_caps(&self, lints: &mut Vec<Lint>) {
        let own = |cap: &&CapGroup| cap.on == CapKind::Fund && cap.bucket == self.layer.rule;
        for cap in self.layer.caps.iter().filter(own) {
            for row in &cap.rows {
                let Some(amount) = row.value.amount else {
                    continue;
                };
                let Some(most) = self.most_paid(&row.when, cap.per) else {
                    continue;
                };
                if amount >= most {
                    let text = format!(
                        "{}最多支付 {}，到不了封顶线 {}，这条封顶线不起作用。",
                        self.layer.name,
                        yuan(most),
                        yuan(amount)
                    );
                    lints.push(Lint::new(Lint::IDLE_CAP, Severity::Warning, row.at, text));
                }
            }
        }
    }

    /// The most the bands pay in a period to people of a cap's row; nothing where it is open.
    fn most_paid(&self, when: &When, per: Per) -> Option<Fen> {
        let period = match (per, self.body.bands_over) {
            (Per::Stay, Over::Stay) | (Per::Year, Over::Year) => true,
            (Per::Year, Over::Stay) | (Per::Stay, Over::Year) => false,
            (Per::Quarter | Per::Month | Per::Day, _) => return None,
        };
        let periods: &[Per] = match per {
            Per::Stay => &[Per::Stay, Per::Month, Per::Quarter, Per::Year],
            _ => &[Per::Year],
        };
        let floors = self
            .body
            .floors
            .iter()
            .filter(|floor| self.meet(when, &floor.when));
        let mut floor = Rate::ZERO;
        for row in floors {
            if row.value.of == FloorOf::Total {
                return None;
            }
            floor = floor.max(row.value.rate);
        }
        let mut most = Fen::ZERO;
        for schedule in self
            .body
            .schedules
            .iter()
            .filter(|row| self.meet(when, &row.when))
        {
            let enters = self.least(&schedule.when, CapKind::Expense, periods);
            let rate = |band: &Band| match band.age_points > Rate::ZERO {
                true => Rate::ONE,
                false => self
                    .after_adjusts(when, band.rate, Ord::max)
                    .min(self.body.max_rate),
            };
            let best = schedule
                .value
                .iter()
                .map(rate)
                .max()
                .unwrap_or_default()
                .max(floor);
            let by_cost = enters.map(|enters| enters.at(best));
            let bands = || -> Option<Fen> {
                let whole = |band: &Band| Some((band.to? - band.from).at(rate(band)) + Fen(1));
                schedule.value.iter().map(whole).sum()
            };
            let by_bands = match period && floor == Rate::ZERO {
                true => bands(),
                false => None,
            };
            most = most.max(by_cost.into_iter().chain(by_bands).min()?);
        }
        Some(most)
    }

    /// A cap of a shorter period that is not below the one of a longer period.
    fn looser_caps(&self, lints: &mut Vec<Lint>) {
        const LONGER: [Per; 4] = [Per::Stay, Per::Month, Per::Quarter, Per::Year];
        let rank = |per: Per| LONGER.iter().position(|other| *other == per);
        for cap in &self.layer.caps {
            let longer = |other: &&CapGroup| {
                other.on == cap.on
                    && rank(cap.per)
                        .zip(rank(other.per))
                        .is_some_and(|(one, two)| one < two)
                    && (!other.per_disease || cap.per_disease)
            };
            for row in &cap.rows {
                let Some(amount) = row.value.amount else {
                    continue;
                };
                let mut others = self.layer.caps.iter().filter(longer);
                let most = others
                    .find_map(|other| self.most(&row.when, other).filter(|most| *most <= amount));
                if let Some(most) = most {
                    let text = format!(
                        "{}的封顶线 {} 不低于更长期间的封顶线 {}，不起作用。",
                        self.layer.name,
                        yuan(amount),
                        yuan(most)
                    );
                    lints.push(Lint::new(Lint::IDLE_CAP, Severity::Warning, row.at, text));
                }
            }
        }
    }
}
