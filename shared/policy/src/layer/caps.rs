//! 保底与封顶: the least and the most a layer pays.

use super::{Active, Priced, Pricing};
use crate::reason::{Said, Tell};
use crate::settlement::Finding;
use crate::terms::{CapGroup, CapKind, CapRow, FloorOf, Payer, Per, Row, ScheduleBody, first};
use kernel::Fen;
use std::collections::BTreeSet;

impl<'a, T: Tell> Pricing<'a, '_, T> {
    /// 保底: not less than a ratio of the cost.
    pub(super) fn lift_to_floor(&mut self, body: &'a ScheduleBody, priced: &mut Priced) {
        let Some((row, _)) = first(&body.floors, self.visit.facts) else {
            return;
        };
        let of = match row.value.of {
            FloorOf::Base => priced.base,
            FloorOf::Net => priced.base - priced.charged,
            FloorOf::Total => self.visit.total,
        };
        let least = of.at(row.value.rate).min(priced.base);
        if least > priced.paid {
            let amounts = (of, Some(row.value.rate), least - priced.paid);
            let rule = &self.layer.rules.floor;
            self.tell(rule, &row.clause, None, amounts, || Said::Floor);
            priced.paid = least;
        }
    }

    /// 封顶: not more than is left unpaid, than the account has, than the caps leave.
    pub(super) fn hold(&mut self, active: &Active<'_>, priced: &mut Priced) {
        let layer = self.layer;
        let rest = self.till.rest(layer.enters).min(priced.base);
        if priced.paid > rest {
            let amounts = (priced.paid, None, rest - priced.paid);
            self.tell(&layer.rules.limit, &layer.clause, None, amounts, || {
                Said::Limit
            });
            priced.paid = rest;
        }
        let adjusts = active.iter().flatten().map(|(row, _)| &row.value);
        let plus: Fen = adjusts.clone().map(|adjust| adjust.cap_plus).sum();
        let open = adjusts.clone().any(|adjust| adjust.no_cap);
        // The clause that raised the cap is the one the sum rests on.
        let raised = active
            .iter()
            .flatten()
            .find(|(row, _)| row.value.cap_plus != Fen::ZERO);
        for cap in layer.caps.iter().filter(|cap| cap.on == CapKind::Fund) {
            if cap.own && open {
                continue;
            }
            let Some((row, Some(most))) = self.most(cap, plus) else {
                continue;
            };
            let used = self.used(cap);
            let left = most.less(used);
            if priced.paid <= left {
                continue;
            }
            let text = format!("{}已达{}封顶线 {most} 元。", layer.name, cap.per.term());
            self.findings
                .push(Finding::new(Finding::FUND_CAP_REACHED, text));
            let clause = match raised.filter(|_| cap.own) {
                Some((row, _)) => &row.clause,
                None => &row.clause,
            };
            let (amounts, per) = ((priced.paid, None, left - priced.paid), cap.per);
            let code = layer.trace.cap_code();
            self.tell(&layer.rules.cap, clause, code, amounts, || Said::Cap {
                most,
                used,
                per,
            });
            priced.cut += priced.paid - left;
            priced.paid = left;
        }
        if layer.payer == Payer::Account {
            let left = self.till.balance(&layer.draws);
            if priced.paid > left {
                let amounts = (priced.paid, None, left - priced.paid);
                let rule = &layer.rules.balance;
                self.tell(rule, &layer.clause, None, amounts, || Said::Balance {
                    left,
                });
                priced.paid = left;
            }
        }
        if layer.reward.is_some() && !open {
            priced.rewarded = self.rewarded(plus, priced.paid);
        }
    }

    /// 已用零报销激励: what of a payment lies above the cap as it would be without the reward, as the
    /// difference of two states of the year, so that payments add up.
    fn rewarded(&self, plus: Fen, paid: Fen) -> Fen {
        let mut caps = self.layer.caps.iter();
        let own = caps.find(|cap| cap.own && cap.on == CapKind::Fund);
        let Some((cap, (_, Some(plain)))) =
            own.and_then(|cap| Some((cap, self.most_after(cap, plus, 0)?)))
        else {
            return Fen::ZERO;
        };
        let used = self.used(cap);
        (used + paid).less(plain) - used.less(plain)
    }

    /// The row of a cap that counts, and the most it allows; nothing where it sets no limit.
    pub(super) fn most(
        &self,
        cap: &'a CapGroup,
        plus: Fen,
    ) -> Option<(&'a Row<CapRow>, Option<Fen>)> {
        self.most_after(cap, plus, self.visit.facts.zero_claim_years)
    }

    /// The same after so many years without a claim.
    fn most_after(
        &self,
        cap: &'a CapGroup,
        plus: Fen,
        zero_claim_years: u32,
    ) -> Option<(&'a Row<CapRow>, Option<Fen>)> {
        let facts = self.visit.facts;
        let (row, _) = first(&cap.rows, facts)?;
        let Some(amount) = row.value.amount else {
            return Some((row, None));
        };
        let diseases: BTreeSet<_> = match row.value.per_further_disease {
            Fen::ZERO => BTreeSet::new(),
            _ => facts.diseases.iter().collect(),
        };
        let further = i64::try_from(diseases.len().saturating_sub(1)).unwrap_or(0);
        let mut most = Fen(amount.0 + row.value.per_further_disease.0 * further);
        if cap.own {
            most += plus;
            if let Some(incentive) = row.value.incentive {
                let years = facts.continuous_years.saturating_sub(incentive.after_years);
                let earned = incentive.per_year.0 * i64::from(years)
                    + incentive.zero_claim.0 * i64::from(zero_claim_years);
                most += Fen(earned).min(amount.at(incentive.max_share));
            }
        }
        if cap.per == Per::Day {
            most = Fen(most.0.saturating_mul(self.visit.days));
        }
        Some((row, Some(most)))
    }

    /// What a cap's period has used; a cap of a stay or of its days begins anew.
    pub(super) fn used(&self, cap: &CapGroup) -> Fen {
        match cap.per {
            Per::Stay | Per::Day => Fen::ZERO,
            Per::Year | Per::Quarter | Per::Month => self.books.used(&cap.used),
        }
    }
}
