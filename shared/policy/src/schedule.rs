//! The arithmetic all layers share: how much of an amount is deducted and how much lies in each
//! band, as a difference of two positions on a running base. It knows no clause and no person.

use crate::terms::{Band, BandOrigin, Over};
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
    pub origin: BandOrigin,
    /// 本年已进入 (base_fen).
    pub year_base: Fen,
    /// 本年已收起付线 (deductible_fen).
    pub year_deductible: Fen,
}

impl Course {
    /// Where `base` takes a person whose deductible is `deductible`.
    pub fn of(running: &Running, deductible: Fen, base: Fen) -> Course {
        let (before, floor) = match (running.bands_over, running.deductible_per) {
            (Over::Stay, Over::Stay) => (Fen::ZERO, deductible),
            // Once a year: a later stay at a dearer place pays the difference.
            (Over::Stay, Over::Year) => (Fen::ZERO, deductible.less(running.year_deductible)),
            (Over::Year, Over::Year) => (running.year_base, deductible),
            // Bands of the year above the deductibles of its stays.
            (Over::Year, Over::Stay) => {
                let charged = base.min(deductible);
                let before = running.year_base.less(running.year_deductible);
                return Course {
                    before,
                    after: before + (base - charged),
                    floor: Fen::ZERO,
                    origin: Fen::ZERO,
                    charged,
                };
            }
        };
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

/// A rate lifted by points, up to a ceiling that never lowers what it was.
pub(crate) fn lifted(rate: Rate, points: Rate, max_rate: Rate) -> Rate {
    let lifted = Rate(rate.0.saturating_add(points.0));
    lifted.at_most(max_rate).max(rate)
}

/// `part / whole` of `amount`, half-up to the fen; nothing of nothing. Never above `amount` as
/// long as `part` is not above `whole`.
pub(crate) fn proportion(amount: Fen, part: Fen, whole: Fen) -> Fen {
    if whole <= Fen::ZERO {
        return Fen::ZERO;
    }
    let (part, whole) = (i128::from(part.0), i128::from(whole.0));
    let doubled = i128::from(amount.0) * part * 2;
    let share = (doubled + whole).div_euclid(whole * 2);
    Fen(i64::try_from(share).unwrap_or(amount.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Clause;

    fn band(from: i64, to: Option<i64>) -> Band {
        let clause = Clause {
            source: None,
            assumed: None,
        };
        Band {
            from: Fen(from),
            to: to.map(Fen),
            rate: Rate::ZERO,
            clause,
        }
    }

    fn running(bands_over: Over, deductible_per: Over, origin: BandOrigin) -> Running {
        Running {
            bands_over,
            deductible_per,
            origin,
            year_base: Fen(0),
            year_deductible: Fen(0),
        }
    }

    #[test]
    fn the_origin_decides_what_the_deductible_cuts() {
        let (low, high) = (band(0, Some(300)), band(300, None));
        let from_zero = running(Over::Stay, Over::Stay, BandOrigin::FromZero);
        let course = Course::of(&from_zero, Fen(100), Fen(500));
        assert_eq!(course.in_band(&low, Rate::ONE).0, Fen(200));
        assert_eq!(course.in_band(&high, Rate::ONE).0, Fen(200));
        let above = running(Over::Stay, Over::Stay, BandOrigin::AboveDeductible);
        let course = Course::of(&above, Fen(100), Fen(500));
        assert_eq!(course.in_band(&low, Rate::ONE).0, Fen(300));
        assert_eq!(course.in_band(&high, Rate::ONE).0, Fen(100));
    }

    #[test]
    fn a_deductible_once_a_year_is_topped_up_and_not_repeated() {
        let mut once = running(Over::Stay, Over::Year, BandOrigin::AboveDeductible);
        assert_eq!(Course::of(&once, Fen(300), Fen(200)).charged, Fen(200));
        once.year_deductible = Fen(300);
        assert_eq!(Course::of(&once, Fen(300), Fen(200)).charged, Fen(0));
        assert_eq!(Course::of(&once, Fen(500), Fen(1_000)).charged, Fen(200));
    }

    #[test]
    fn bands_of_a_year_go_on_above_the_deductible_of_each_stay() {
        let mut year = running(Over::Year, Over::Stay, BandOrigin::AboveDeductible);
        year.year_base = Fen(1_000);
        year.year_deductible = Fen(100);
        let course = Course::of(&year, Fen(50), Fen(250));
        assert_eq!(course.charged, Fen(50));
        assert_eq!(course.in_band(&band(0, Some(1_000)), Rate::ONE).0, Fen(100));
        assert_eq!(course.in_band(&band(1_000, None), Rate::ONE).0, Fen(100));
    }

    #[test]
    fn points_stop_at_the_ceiling_and_never_lower() {
        // Checklist S4: 92 % + 5 points and 92 % + 15 points are both 95 %.
        assert_eq!(lifted(Rate(9_200), Rate(500), Rate(9_500)), Rate(9_500));
        assert_eq!(lifted(Rate(9_200), Rate(1_500), Rate(9_500)), Rate(9_500));
        assert_eq!(lifted(Rate(7_500), Rate(500), Rate(9_500)), Rate(8_000));
        assert_eq!(lifted(Rate(9_800), Rate(500), Rate(9_500)), Rate(9_800));
    }

    #[test]
    fn proportions_stay_within() {
        assert_eq!(proportion(Fen(500), Fen(1), Fen(3)), Fen(167));
        assert_eq!(proportion(Fen(500), Fen(3), Fen(3)), Fen(500));
        assert_eq!(proportion(Fen(500), Fen(0), Fen(0)), Fen(0));
    }
}
