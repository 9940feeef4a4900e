//! What one layer pays of what earlier layers leave, with a reason for every amount. 居民医保,
//! 大病保险, 医疗救助, 个人账户 are the same code with other numbers.

mod bands;
mod caps;
mod deductible;

use crate::reason::{Reason, Said, Tell};
use crate::settlement::Finding;
use crate::terms::{
    Adjust, BaseOf, CapKind, Clause, Deductible, DeductibleFrom, Layer, Member, POTS, PartOf, Pots,
    Row, ScheduleBody, Standard, first,
};
use crate::till::{Books, Till};
use bands::expenses;
use kernel::{Fen, Rate};
use std::sync::Arc;

/// The bill as every layer sees it.
pub(crate) struct Visit<'a> {
    pub facts: &'a crate::claim::ClaimFacts,
    pub total: Fen,
    /// 符合政策范围, before third party and referral.
    pub in_scope: Fen,
    /// What each pot had before any layer.
    pub whole: [Fen; POTS],
    /// 住院天数, at least one.
    pub days: i64,
    /// 当年第几次住院.
    pub ordinal: i64,
}

/// What a layer comes to for one visit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Priced {
    /// False when the layer does not concern the visit at all.
    pub applies: bool,
    pub base: Fen,
    /// 起付线 charged this time.
    pub charged: Fen,
    /// The deductible was not used up.
    pub unfinished: bool,
    pub paid: Fen,
    /// What caps kept from being paid.
    pub cut: Fen,
    /// What was paid only since years without a claim raised the cap.
    pub rewarded: Fen,
}

/// What an alternative would pay for the visit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Other<'a> {
    pub title: &'a Arc<str>,
    pub paid: Fen,
}

/// Adjustment names of one layer at most.
pub(crate) const ADJUSTS_MAX: usize = 16;

/// The adjustments that count for a visit, in their order.
type Active<'a> = [Option<(&'a Row<Adjust>, &'a std::sync::Arc<str>)>; ADJUSTS_MAX];

/// One layer at work on one visit.
pub(crate) struct Pricing<'a, 'b, T> {
    pub layer: &'a Layer,
    pub visit: &'a Visit<'a>,
    pub till: &'b Till,
    pub books: &'b Books<'a>,
    pub story: &'b mut T,
    pub findings: &'b mut Vec<Finding>,
}

impl<'a, T: Tell> Pricing<'a, '_, T> {
    /// 按层计算: what a layer with a schedule pays of what is left.
    pub fn by_schedule(&mut self, body: &'a ScheduleBody) -> Priced {
        let mut priced = Priced::default();
        let layer = self.layer;
        let Some(member) = layer.when.admits(self.visit.facts) else {
            return priced;
        };
        let facts = self.visit.facts;
        let Some((schedule, _)) = first(&body.schedules, facts) else {
            let text = format!("{}没有规定此种情形的支付比例，本层不支付。", layer.name);
            self.findings.push(Finding::new(Finding::NO_RATE, text));
            return priced;
        };
        let deductible = first(&body.deductibles, facts).map(|(row, _)| row);
        if facts.household_income.is_none() && deductible.is_some_and(by_income) {
            let text = format!("{}要看家庭年收入，而收入不明，本层不支付。", layer.name);
            self.findings
                .push(Finding::new(Finding::INCOME_UNKNOWN, text));
            return priced;
        }
        priced.applies = true;
        self.tell_member(&layer.rules.group, &layer.clause, member);
        priced.base = self.entering(&mut priced.cut);
        if priced.base == Fen::ZERO {
            priced.unfinished = true;
            return priced;
        }
        let active = self.adjusts(body);
        let course = self.deduct(body, deductible, &active, &mut priced);
        let mut pieces = Vec::new();
        let bands = &schedule.value;
        priced.paid = self.bands(body, bands, &active, &course, priced.base, &mut pieces);
        if body.deductible_from == DeductibleFrom::Payment {
            let taken = priced.paid.min(priced.charged);
            if let Some(row) = deductible.filter(|_| taken != Fen::ZERO) {
                let amounts = (priced.paid, None, -taken);
                let rule = &layer.rules.deductible_taken;
                self.tell(rule, &row.clause, None, amounts, || Said::DeductibleTaken);
            }
            priced.paid -= taken;
        }
        let banded = priced.paid;
        self.lift_to_floor(body, &mut priced);
        let lifted = priced.paid - banded;
        let kept_out = priced.cut;
        self.hold(&active, &mut priced);
        if layer.cut_counts {
            // A cap on what the fund pays leaves open the expenses it would have paid for.
            let unpaid = (priced.cut - kept_out).less(lifted);
            priced.cut = kept_out + expenses(&pieces, unpaid);
        }
        priced
    }

    /// 两种待遇之差: what another set of layers pays, less what these layers paid.
    pub fn by_difference(&mut self, other: Option<Other<'a>>, own: Fen) -> Priced {
        let mut priced = Priced::default();
        let layer = self.layer;
        let (Some(member), Some(other)) = (layer.when.admits(self.visit.facts), other) else {
            return priced;
        };
        priced.applies = true;
        self.tell_member(&layer.rules.group, &layer.clause, member);
        priced.base = self.entering(&mut priced.cut);
        if priced.base == Fen::ZERO {
            return priced;
        }
        priced.paid = other.paid.less(own);
        let amounts = (other.paid, None, priced.paid);
        self.tell(
            &layer.rules.difference,
            &layer.clause,
            None,
            amounts,
            || Said::Difference {
                title: other.title.clone(),
                own,
            },
        );
        self.hold(&[None; ADJUSTS_MAX], &mut priced);
        priced
    }

    fn tell(
        &mut self,
        rule: &Arc<str>,
        clause: &Clause,
        code: Option<&'static str>,
        amounts: (Fen, Option<Rate>, Fen),
        said: impl FnOnce() -> Said,
    ) {
        let layer = self.layer;
        self.story
            .tell(|| Reason::of_layer(layer, rule, clause, code, amounts, said()));
    }

    pub fn tell_member(&mut self, rule: &Arc<str>, clause: &Clause, member: Member<'_>) {
        let Some((group, identity)) = member else {
            return;
        };
        // The layer's own clause says what enters; who enters is said by the group's.
        let clause = match group.clause.text.is_empty() {
            true => clause,
            false => &group.clause,
        };
        self.tell(rule, clause, None, (Fen::ZERO, None, Fen::ZERO), || {
            Said::Member {
                title: group.title.clone(),
                identity: identity.clone(),
            }
        });
    }

    /// 进入本层的金额, less what other layers' caps leave out and what an expense cap keeps out.
    fn entering(&mut self, cut: &mut Fen) -> Fen {
        let (layer, visit) = (self.layer, self.visit);
        let open = self.open();
        let cuts = |layers: &[usize]| -> Fen {
            let cut = |index: &usize| self.till.cuts.get(*index).copied().unwrap_or_default();
            layers.iter().map(cut).sum()
        };
        let mut base = open.less(cuts(&layer.without_cut_of));
        if !layer.only_cut_of.is_empty() {
            base = base.min(cuts(&layer.only_cut_of));
        }
        let reached = base;
        for cap in layer.caps.iter().filter(|cap| cap.on == CapKind::Expense) {
            let Some((row, Some(most))) = self.most(cap, Fen::ZERO) else {
                continue;
            };
            let used = self.used(cap);
            let left = most.less(used);
            if base > left {
                let per = cap.per;
                let text = format!("{}的费用已达封顶线 {most} 元。", layer.name);
                self.findings
                    .push(Finding::new(Finding::EXPENSE_CAP_REACHED, text));
                let code = layer.trace.cap_code();
                let rule = &layer.rules.expense_cap;
                self.tell(rule, &row.clause, code, (base, None, left), || {
                    Said::ExpenseCap { most, used, per }
                });
                base = left;
            }
        }
        *cut += reached - base;
        let in_scope = layer.enters.0 & !Pots::IN_SCOPE.0 == 0;
        let whole = match in_scope {
            true => Pots::IN_SCOPE
                .iter()
                .map(|pot| pot_of(&visit.whole, pot))
                .sum(),
            false => open,
        };
        if open != Fen::ZERO {
            let in_scope = in_scope && whole == visit.in_scope;
            let amounts = (whole, None, base);
            self.tell(&layer.rules.base, &layer.clause, None, amounts, || {
                Said::Base {
                    layer: layer.name.clone(),
                    in_scope,
                }
            });
        }
        base
    }

    /// What the layer looks at: what is left in its pots, or what was in them.
    fn open(&self) -> Fen {
        match self.layer.base_of {
            BaseOf::Rest => self.till.rest(self.layer.enters),
            BaseOf::Whole => {
                let pots = self.layer.enters.iter();
                pots.map(|pot| pot_of(&self.visit.whole, pot)).sum()
            }
        }
    }

    fn weight(&self, pot: usize) -> Fen {
        match self.layer.base_of {
            BaseOf::Rest => self.till.pot(pot),
            BaseOf::Whole => pot_of(&self.visit.whole, pot),
        }
    }

    fn adjusts(&mut self, body: &'a ScheduleBody) -> Active<'a> {
        let mut active: Active<'a> = [None; ADJUSTS_MAX];
        for (place, group) in active.iter_mut().zip(&body.adjusts) {
            if let Some((row, member)) = first(&group.rows, self.visit.facts) {
                self.tell_member(&group.rule, &row.clause, member);
                *place = Some((row, &group.rule));
            }
        }
        active
    }
}

/// Whether a deductible is a part of the household's income.
fn by_income(row: &Row<Deductible>) -> bool {
    matches!(
        row.value.standard,
        Standard::Part {
            of: PartOf::Income,
            ..
        }
    )
}

fn pot_of(pots: &[Fen; POTS], pot: usize) -> Fen {
    pots.get(pot).copied().unwrap_or_default()
}
