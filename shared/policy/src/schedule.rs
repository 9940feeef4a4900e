//! The arithmetic all layers share: how much of an amount is deducted and how much lies in each
//! band, as a difference of two positions on a running base. It knows no clause and no person.

use crate::terms::{Band, BandOrigin, Change, DeductibleAs, DeductibleFrom, Over};
use kernel::{Fen, Rate};

/// What a claim moves on the running base of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    /// The position before.
    before: Fen,
    /// The position after.
    after: Fen,
    /// Nothing below it is paid.
    floor: Fen,
    /// Where the first band begins.
    origin: Fen,
    /// 起付线 (act_pay_dedc): charged this time.
    pub charged: Fen,
}

/// How a layer runs and how far a person has come in the year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub bands_over: Over,
    pub deductible_per: Over,
    pub deductible_as: DeductibleAs,
    pub deductible_from: DeductibleFrom,
    pub origin: BandOrigin,
    /// 本年已进入 (base_fen).
    pub year_base: Fen,
    /// 本年已收起付线 (deductible_fen).
    pub year_deductible: Fen,
    /// 起付线 as a position on the year's base.
    pub standard: Fen,
    /// 起付线 still to be charged.
    pub due: Fen,
}

impl Course {
    /// Where `base` takes a person.
    pub fn of(running: &Running, base: Fen) -> Course {
        let by_position =
            running.deductible_per == Over::Year && running.deductible_as == DeductibleAs::Position;
        let (before, floor) = match (running.bands_over, by_position) {
            (Over::Stay, _) => (Fen::ZERO, running.due),
            (Over::Year, true) => (running.year_base, running.standard),
            (Over::Year, false) => return Course::over_the_year(running, base),
        };
        if running.deductible_from == DeductibleFrom::Payment {
            return Course {
                before: Fen::ZERO,
                after: base,
                floor: Fen::ZERO,
                origin: Fen::ZERO,
                charged: base.min(running.due),
            };
        }
        let after = before + base;
        let origin = match running.origin {
            BandOrigin::FromZero => Fen::ZERO,
            BandOrigin::AboveDeductible => floor,
        };
        let charged = after.min(floor) - before.min(floor);
        Course {
            before,
            after,
            floor,
            origin,
            charged,
        }
    }

    /// Bands of the year of which each claim's deductible takes the first part it reaches, or none.
    fn over_the_year(running: &Running, base: Fen) -> Course {
        let charged = base.min(running.due);
        let (before, after) = match running.origin {
            BandOrigin::FromZero => (running.year_base + charged, running.year_base + base),
            BandOrigin::AboveDeductible => {
                let before = running.year_base.less(running.year_deductible);
                (before, before + (base - charged))
            }
        };
        Course {
            before,
            after,
            floor: Fen::ZERO,
            origin: Fen::ZERO,
            charged,
        }
    }

    /// What this claim has in `band`, and what `rate` of it comes to. Both are differences of
    /// rounded positions, so that claims one after another give what one claim gives.
    pub fn in_band(&self, band: &Band, rate: Rate) -> (Fen, Fen) {
        let (before, after) = (self.reach(band, self.before), self.reach(band, self.after));
        (after - before, after.at(rate) - before.at(rate))
    }

    /// How much of the way from nothing to `position` lies above the floor and in `band`.
    fn reach(&self, band: &Band, position: Fen) -> Fen {
        let from = (band.from + self.origin).max(self.floor);
        let end = band
            .to
            .map_or(position, |to| position.min(to + self.origin));
        end.less(from)
    }
}

/// A ratio after one adjustment: within 0 and 100 %, and below the ceiling unless it was above it
/// already.
pub(crate) fn adjusted(rate: Rate, change: Change, max_rate: Rate) -> Rate {
    let changed = match change {
        Change::Points(points) => Rate(rate.0.saturating_add(points.0)),
        Change::Factor(factor) => times(rate, factor),
        // The ratio is what is rounded, not the own share.
        Change::OwnFactor(factor) => {
            let exact = i64::from(Rate::ONE.0) * i64::from(Rate::ONE.0)
                - i64::from(rate.rest().0) * i64::from(factor.0);
            let whole = (exact + i64::from(Rate::ONE.0) / 2).div_euclid(i64::from(Rate::ONE.0));
            Rate(i32::try_from(whole).unwrap_or(0))
        }
        Change::Rate(rate) => return rate,
    };
    let within = changed.clamp(Rate::ZERO, Rate::ONE);
    match within > rate {
        true => within.min(max_rate).max(rate),
        false => within,
    }
}

/// One ratio of another, half-up to the basis point.
fn times(rate: Rate, factor: Rate) -> Rate {
    let points = Fen(i64::from(rate.0)).at(factor).0;
    Rate(i32::try_from(points).unwrap_or(i32::MAX))
}

/// Parts of `amount` in proportion to `weights`, as differences of rounded sums, so that they come
/// to it exactly; nothing when all weights are nothing.
pub(crate) fn divide(
    amount: Fen,
    weights: impl Iterator<Item = Fen> + Clone,
) -> impl Iterator<Item = Fen> {
    let whole: Fen = weights.clone().sum();
    let mut sum = Fen::ZERO;
    let mut given = Fen::ZERO;
    weights.map(move |weight| {
        sum += weight;
        let reached = amount.proportion(sum, whole);
        let part = reached - given;
        given = reached;
        part
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Place;
    use crate::terms::Clause;

    fn band(from: i64, to: Option<i64>) -> Band {
        Band {
            from: Fen(from),
            to: to.map(Fen),
            rate: Rate::ZERO,
            age_points: Rate::ZERO,
            clause: Clause::new(None, None),
            at: Place { line: 1, column: 1 },
            rule: "x.band1".into(),
            rules: Vec::new(),
        }
    }

    fn running(bands_over: Over, deductible_per: Over, origin: BandOrigin, due: i64) -> Running {
        Running {
            bands_over,
            deductible_per,
            deductible_as: DeductibleAs::Position,
            deductible_from: DeductibleFrom::Base,
            origin,
            year_base: Fen(0),
            year_deductible: Fen(0),
            standard: Fen(due),
            due: Fen(due),
        }
    }

    #[test]
    fn the_origin_decides_what_the_deductible_cuts() {
        let (low, high) = (band(0, Some(300)), band(300, None));
        let from_zero = running(Over::Stay, Over::Stay, BandOrigin::FromZero, 100);
        let course = Course::of(&from_zero, Fen(500));
        assert_eq!(course.in_band(&low, Rate::ONE).0, Fen(200));
        assert_eq!(course.in_band(&high, Rate::ONE).0, Fen(200));
        let above = running(Over::Stay, Over::Stay, BandOrigin::AboveDeductible, 100);
        let course = Course::of(&above, Fen(500));
        assert_eq!(course.in_band(&low, Rate::ONE).0, Fen(300));
        assert_eq!(course.in_band(&high, Rate::ONE).0, Fen(100));
    }

    #[test]
    fn bands_of_a_year_go_on_above_the_deductible_of_each_stay() {
        let mut year = running(Over::Year, Over::Stay, BandOrigin::AboveDeductible, 50);
        year.year_base = Fen(1_000);
        year.year_deductible = Fen(100);
        let course = Course::of(&year, Fen(250));
        assert_eq!(course.charged, Fen(50));
        assert_eq!(course.in_band(&band(0, Some(1_000)), Rate::ONE).0, Fen(100));
        assert_eq!(course.in_band(&band(1_000, None), Rate::ONE).0, Fen(100));
    }

    #[test]
    fn adjustments_stop_at_the_ceiling_and_never_lower() {
        let points =
            |rate, points, max| adjusted(Rate(rate), Change::Points(Rate(points)), Rate(max));
        // Checklist S4: 92 % + 5 points and 92 % + 15 points are both 95 %.
        assert_eq!(points(9_200, 500, 9_500), Rate(9_500));
        assert_eq!(points(9_200, 1_500, 9_500), Rate(9_500));
        assert_eq!(points(7_500, 500, 9_500), Rate(8_000));
        assert_eq!(points(9_800, 500, 9_500), Rate(9_800));
        assert_eq!(points(500, -1_000, 9_500), Rate::ZERO);
        // +15 % as a factor: 70 % becomes 80.5 %; retired: 60 % of the own 20 %.
        let factor = Change::Factor(Rate(11_500));
        assert_eq!(adjusted(Rate(7_000), factor, Rate::ONE), Rate(8_050));
        let own = Change::OwnFactor(Rate(6_000));
        assert_eq!(adjusted(Rate(8_000), own, Rate::ONE), Rate(8_800));
    }

    #[test]
    fn parts_come_to_the_whole() {
        let parts = |amount, weights: &[i64]| -> Vec<i64> {
            let weights = weights.iter().map(|weight| Fen(*weight));
            divide(Fen(amount), weights).map(|part| part.0).collect()
        };
        assert_eq!(parts(100, &[1, 1, 1]), [33, 34, 33]);
        assert_eq!(parts(2, &[1, 0, 1, 1]), [1, 0, 0, 1]);
        assert_eq!(parts(5, &[0, 0]), [0, 0]);
    }
}
