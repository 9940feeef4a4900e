//! 分段支付: the sum over bands, and over the parts of the base that have ratios of their own.

use super::{Active, Pricing};
use crate::reason::{Said, Tell};
use crate::schedule::{Course, adjusted, divide};
use crate::terms::{Adjust, Band, DeductibleFrom, DeductibleSplit, POTS, Pots, Row, ScheduleBody};
use kernel::{Fen, Rate};

impl<'a, T: Tell> Pricing<'a, '_, T> {
    /// 分段支付: the sum over bands, and over the parts of the base that have ratios of their own.
    pub(super) fn bands(
        &mut self,
        body: &'a ScheduleBody,
        bands: &'a [Band],
        active: &Active<'a>,
        course: &Course,
        base: Fen,
        pieces: &mut Vec<Paid>,
    ) -> Fen {
        let keeps = self.layer.cut_counts;
        let scoped = active
            .iter()
            .flatten()
            .filter_map(|(row, _)| row.value.lines);
        let scoped = scoped.fold(Pots::NONE, Pots::and).0 & self.layer.enters.0;
        let mut paid = Fen::ZERO;
        if scoped == 0 {
            for (index, band) in bands.iter().enumerate() {
                let (plain, rate) = self.rates(body, band, active, None);
                let (part, amount) = course.in_band(band, rate);
                paid += amount;
                if keeps {
                    pieces.push(Paid {
                        part,
                        rate,
                        paid: amount,
                    });
                }
                let piece = Piece {
                    index,
                    band,
                    pot: None,
                    part,
                    plain,
                    rate,
                    paid: amount,
                };
                self.tell_piece(active, &piece);
            }
            return paid;
        }
        // A deductible taken from the payment leaves the base whole.
        let from_base = match body.deductible_from {
            DeductibleFrom::Base => course.charged,
            DeductibleFrom::Payment => Fen::ZERO,
        };
        let parts = Parts::of(self, Pots(scoped), body.split, from_base, base);
        for (index, band) in bands.iter().enumerate() {
            let (whole, _) = course.in_band(band, Rate::ZERO);
            let shares = divide(whole, parts.net.iter().copied());
            for (pot, part) in parts.pots.iter().copied().zip(shares) {
                let Some(pot) = pot else { continue };
                let group = (pot != REMAINDER).then_some(pot);
                let (plain, rate) = self.rates(body, band, active, group);
                let amount = part.at(rate);
                paid += amount;
                if keeps {
                    pieces.push(Paid {
                        part,
                        rate,
                        paid: amount,
                    });
                }
                let piece = Piece {
                    index,
                    band,
                    pot: group,
                    part,
                    plain,
                    rate,
                    paid: amount,
                };
                self.tell_piece(active, &piece);
            }
        }
        paid
    }

    /// The ratio of a band before and after its adjustments.
    fn rates(
        &self,
        body: &ScheduleBody,
        band: &Band,
        active: &Active<'_>,
        pot: Option<usize>,
    ) -> (Rate, Rate) {
        let years = self.visit.facts.age.unwrap_or(0);
        let age = i64::from(band.age_points.0) * i64::from(years);
        let with_age = (i64::from(band.rate.0) + age).clamp(0, i64::from(Rate::ONE.0));
        let plain = Rate(i32::try_from(with_age).unwrap_or(Rate::ONE.0));
        let mut rate = plain;
        for (row, _) in active
            .iter()
            .flatten()
            .filter(|(row, _)| concerns(row, pot))
        {
            if let Some(change) = row.value.change {
                rate = adjusted(rate, change, row.value.max_rate);
            }
        }
        (plain, rate.min(body.max_rate))
    }

    fn tell_piece(&mut self, active: &Active<'_>, piece: &Piece<'_>) {
        if piece.part == Fen::ZERO {
            return;
        }
        let (band, part) = (piece.band, piece.part);
        let mut rate = piece.plain;
        for (row, rule) in active
            .iter()
            .flatten()
            .filter(|(row, _)| concerns(row, piece.pot))
        {
            let Some(change) = row.value.change else {
                continue;
            };
            let from = rate;
            rate = adjusted(rate, change, row.value.max_rate);
            self.tell(
                rule,
                &row.clause,
                None,
                (part, Some(rate), Fen::ZERO),
                || Said::Adjusted { change, from },
            );
        }
        if rate != piece.rate {
            let (from, amounts) = (rate, (part, Some(piece.rate), Fen::ZERO));
            let layer = self.layer;
            let rule = &layer.rules.max_rate;
            self.tell(rule, &layer.clause, None, amounts, || Said::MaxRate {
                from,
            });
        }
        let rule = match piece.pot.and_then(|pot| band.rules.get(pot)) {
            Some(rule) => rule,
            None => &band.rule,
        };
        let code = self.layer.trace.band_code(piece.index);
        let amounts = (part, Some(piece.rate), piece.paid);
        self.tell(rule, &band.clause, code, amounts, || Said::Paid);
    }
}

/// What one piece of the base was, at which ratio, and what was paid of it.
#[derive(Clone, Copy)]
pub(super) struct Paid {
    part: Fen,
    rate: Rate,
    paid: Fen,
}

/// 封顶线以上的费用: what lies behind the point at which the payments had reached the cap, the last
/// pieces first; `unpaid` is what the cap cut.
pub(super) fn expenses(pieces: &[Paid], unpaid: Fen) -> Fen {
    let mut left = unpaid;
    let mut sum = Fen::ZERO;
    for Paid { part, rate, paid } in pieces.iter().rev() {
        if left == Fen::ZERO {
            break;
        }
        sum += match *paid <= left {
            true => *part,
            false => part.less(reaching(*paid - left, *rate)),
        };
        left = left.less(*paid);
    }
    sum
}

/// The least amount that comes to `paid` at this rate, half-up.
fn reaching(paid: Fen, rate: Rate) -> Fen {
    let (rate, one) = (i128::from(rate.0.max(1)), i128::from(Rate::ONE.0));
    let least = (i128::from(paid.0) * one - one / 2 + rate - 1).div_euclid(rate);
    Fen(i64::try_from(least.max(0)).unwrap_or(i64::MAX))
}

/// One part of the base at one ratio.
struct Piece<'a> {
    index: usize,
    band: &'a Band,
    pot: Option<usize>,
    part: Fen,
    plain: Rate,
    rate: Rate,
    paid: Fen,
}

/// Whether an adjustment concerns the lines of a pot; nothing stands for those no adjustment names.
fn concerns(row: &Row<Adjust>, pot: Option<usize>) -> bool {
    match (row.value.lines, pot) {
        (None, _) => true,
        (Some(lines), Some(pot)) => lines.has(pot),
        (Some(_), None) => false,
    }
}

/// The place that stands for all pots no adjustment is scoped to.
const REMAINDER: usize = POTS;

/// The parts of a base that have ratios of their own: first all lines no adjustment names, then
/// each named group, less its part of the deductible.
struct Parts {
    pots: [Option<usize>; POTS + 1],
    net: [Fen; POTS + 1],
}

impl Parts {
    fn of<T: Tell>(
        pricing: &Pricing<'_, '_, T>,
        scoped: Pots,
        split: DeductibleSplit,
        charged: Fen,
        base: Fen,
    ) -> Parts {
        let mut pots = [None; POTS + 1];
        let mut weights = [Fen::ZERO; POTS + 1];
        let others = Pots(pricing.layer.enters.0 & !scoped.0);
        let named = scoped.iter().map(|pot| (pot, pricing.weight(pot)));
        let rest = others.iter().map(|pot| pricing.weight(pot)).sum();
        let places = pots.iter_mut().zip(&mut weights);
        for ((pot, weight), (which, amount)) in
            places.zip(std::iter::once((REMAINDER, rest)).chain(named))
        {
            *pot = Some(which);
            *weight = amount;
        }
        let mut net = [Fen::ZERO; POTS + 1];
        for (net, part) in net.iter_mut().zip(divide(base, weights.iter().copied())) {
            *net = part;
        }
        let gross = net;
        match split {
            DeductibleSplit::Proportional => {
                for (net, part) in net.iter_mut().zip(divide(charged, gross.iter().copied())) {
                    *net -= part;
                }
            }
            DeductibleSplit::OthersFirst => {
                let mut left = charged;
                for net in &mut net {
                    let part = left.min(*net);
                    *net -= part;
                    left -= part;
                }
            }
        }
        Parts { pots, net }
    }
}
