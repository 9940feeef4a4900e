//! 起付线: what is due after ordinal, length of stay, factors and the year's total, and where the
//! base takes the person.

use super::{Active, Priced, Pricing};
use crate::reason::{Said, Tell};
use crate::schedule::{Course, Running};
use crate::terms::{Deductible, Over, PartOf, Row, ScheduleBody, Standard, first};
use kernel::Fen;

impl<'a, T: Tell> Pricing<'a, '_, T> {
    /// 起付线: what is due after ordinal, length of stay, factors and the year's total, and where
    /// the base takes the person.
    pub(super) fn deduct(
        &mut self,
        body: &'a ScheduleBody,
        row: Option<&'a Row<Deductible>>,
        active: &Active<'a>,
        priced: &mut Priced,
    ) -> Course {
        let layer = self.layer;
        let mut due = Fen::ZERO;
        if let Some(row) = row {
            due = self.standard(row, priced.base);
            for (adjust, _) in active.iter().flatten() {
                if let Some(factor) = adjust.value.deductible_factor {
                    let before = due;
                    due = due.at(factor).min(kernel::CLAIM_FEN_MAX);
                    let amounts = (before, Some(factor), due);
                    let rule = &layer.rules.deductible_factor;
                    self.tell(rule, &adjust.clause, None, amounts, || {
                        Said::DeductibleFactor
                    });
                }
            }
        }
        let standard = due;
        let over_year = body.bands_over == Over::Year;
        // Looked up only where the year counts.
        let charged_counts =
            over_year || body.deductible_per == Over::Year || !body.year_maxima.is_empty();
        let year_deductible = match charged_counts {
            true => self.books.used(&layer.deducted),
            false => Fen::ZERO,
        };
        due = due.less(match body.deductible_per {
            Over::Stay => self.charged_before(),
            Over::Year => year_deductible,
        });
        if let Some((max, _)) = first(&body.year_maxima, self.visit.facts) {
            let left = max.value.less(year_deductible);
            if due > left {
                let amounts = (due, None, left);
                let (rule, most) = (&layer.rules.deductible_max, max.value);
                self.tell(rule, &max.clause, None, amounts, || Said::DeductibleMax {
                    most,
                });
                due = left;
            }
        }
        let running = Running {
            bands_over: body.bands_over,
            deductible_per: body.deductible_per,
            deductible_as: body.deductible_as,
            deductible_from: body.deductible_from,
            origin: body.origin,
            year_base: match over_year {
                true => self.books.used(&layer.base),
                false => Fen::ZERO,
            },
            year_deductible,
            standard,
            due,
        };
        let course = Course::of(&running, priced.base);
        priced.charged = course.charged;
        priced.unfinished = course.charged < due;
        if let Some(row) = row {
            let amounts = (priced.base, None, course.charged);
            let code = layer.trace.deductible_code();
            self.tell(&layer.rules.deductible, &row.clause, code, amounts, || {
                Said::Deductible { standard }
            });
        }
        course
    }

    /// The standard by the ordinal and the length of the stay.
    fn standard(&mut self, row: &'a Row<Deductible>, base: Fen) -> Fen {
        let (rules, deductible) = (&self.layer.rules, &row.value);
        let mut due = match deductible.standard {
            Standard::Fixed(standard) => standard,
            Standard::Part {
                of,
                rate,
                at_least,
                at_most,
            } => {
                let (amount, of) = match of {
                    PartOf::Total => (self.visit.total, "医疗费总额"),
                    PartOf::Base => (base, "进入本层费用"),
                    PartOf::Income => (
                        self.visit.facts.household_income.unwrap_or_default(),
                        "家庭年收入",
                    ),
                };
                let most = at_most.unwrap_or(kernel::CLAIM_FEN_MAX);
                let part = amount.at(rate).max(at_least).min(most);
                let amounts = (amount, Some(rate), part);
                self.tell(&rules.deductible_factor, &row.clause, None, amounts, || {
                    Said::DeductiblePart { of }
                });
                part
            }
        };
        let factors = &deductible.ordinal_factors;
        let ordinal = self.visit.ordinal;
        let index = usize::try_from(ordinal.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(factor) = factors.get(index).or(factors.last()) {
            let before = due;
            due = due.at(*factor);
            let amounts = (before, Some(*factor), due);
            self.tell(&rules.deductible_factor, &row.clause, None, amounts, || {
                Said::DeductibleOrdinal { ordinal }
            });
        }
        if let Some(per_days) = deductible.per_days {
            let days = self.visit.days;
            let times = (days - 1) / i64::from(per_days.max(1)) + 1;
            let before = due;
            due = Fen(due.0.saturating_mul(times)).min(kernel::CLAIM_FEN_MAX);
            let amounts = (before, None, due);
            self.tell(&rules.deductible_factor, &row.clause, None, amounts, || {
                Said::DeductibleTimes { days, times }
            });
        }
        due
    }

    /// What earlier parts of the same stay were charged.
    fn charged_before(&self) -> Fen {
        let Some(charged) = &self.visit.facts.continues else {
            return Fen::ZERO;
        };
        let basic = || match self.layer.trace.is_basic() {
            true => charged.get("deductible"),
            false => None,
        };
        charged
            .get(&*self.layer.rule)
            .or_else(basic)
            .copied()
            .unwrap_or_default()
    }
}
