//! From a bill to who pays: lines first, then the layers of the package in its order, then the
//! patient with the exact remainder. It always answers; a "no" is an answer with a finding.

use crate::accumulators::Accumulators;
use crate::claim::{AccountFacts, Claim};
use crate::layer::{Other, Priced, Pricing, Visit};
use crate::lines::{self, Divided};
use crate::package::Package;
use crate::reason::{Reason, Silent, Tell};
use crate::settlement::{Finding, Settlement, Share};
use crate::terms::{Body, Layer, Payer, runs};
use crate::till::{Books, Till};
use kernel::{Fen, InstitutionTier};
use std::ops::Range;

/// The version of this engine: a settlement is recomputed by the version that made it.
pub const ENGINE_VERSION: u32 = 2;

/// 结算: prices a claim by a package, with a reason for every amount. Total: a valid package and a
/// valid claim always give a settlement, and the same ones give the same settlement.
pub fn settle(package: &Package, claim: &Claim) -> Settlement {
    let mut story: Vec<Reason> =
        Vec::with_capacity(8 + claim.lines().len() + 8 * package.layers().len());
    let mut settlement = price(package, claim, &mut story);
    settlement.reasons = story;
    debug_assert_eq!(settlement.check(), Ok(()));
    settlement
}

/// The same amounts and findings without the reasons, for where nobody reads them.
pub fn settle_amounts(package: &Package, claim: &Claim) -> Settlement {
    price(package, claim, &mut Silent)
}

fn price<T: Tell>(package: &Package, claim: &Claim, story: &mut T) -> Settlement {
    let mut findings = Vec::new();
    let payable = is_payable(package, claim, &mut findings);
    let divided = lines::divide(package, claim, payable, story, &mut findings);
    let mut settlement = Settlement::of_lines(claim.total(), &divided);
    let facts = claim.facts();
    let mut books = Books::new(facts, package.slots());
    let mut till = Till::new(divided.whole, facts);
    settlement.keep(&till);
    let Divided { lines, whole, .. } = divided;
    settlement.lines = lines;
    if !payable {
        let nothing = |layer: &Layer| share(layer, &Priced::default());
        settlement.shares = package.layers().iter().map(nothing).collect();
        settlement.findings = findings;
        return settlement;
    }
    let before = facts.accumulators.get("stays_count");
    let visit = Visit {
        facts,
        total: claim.total(),
        in_scope: settlement.in_scope,
        whole,
        days: facts.begin.days_until(facts.day).max(1),
        ordinal: match (facts.ordinal, &facts.continues) {
            (Some(ordinal), _) => i64::from(ordinal),
            (None, Some(_)) => before.max(1),
            (None, None) => before.saturating_add(1),
        },
    };
    let others = alternatives(package, &visit, &mut books, story);
    let mut run = Run {
        visit: &visit,
        till: &mut till,
        books: &mut books,
        findings: &mut findings,
        others: &others,
        shared: Fen::ZERO,
    };
    settlement.shares.reserve_exact(package.layers().len());
    let mut course = Course::default();
    run.layers(package.layers(), story, &mut |layer, priced| {
        course.see(layer, priced);
        settlement.add(layer, priced);
        settlement.shares.push(share(layer, priced));
    });
    settlement.account_shared = run.shared;
    settlement.keep(&till);
    if course.counts_as_stay(package, claim) {
        books.add(package.slots().stays(), Fen(1));
    }
    settlement.deltas = books.deltas();
    let told = |finding: &Finding| finding.code == Finding::NO_RATE;
    if !course.covered && !findings.iter().any(told) {
        findings.push(no_layer(claim));
    }
    settlement.findings = findings;
    settlement
}

/// What the layers say of the visit as a whole.
#[derive(Default)]
struct Course {
    covered: bool,
    basic: bool,
    finished: bool,
}

impl Course {
    fn see(&mut self, layer: &Layer, priced: &Priced) {
        self.covered |= priced.applies && layer.payer == Payer::Fund;
        // A difference has no deductible to use up.
        let asked = matches!(layer.body, Body::Schedule(_)) && layer.trace.is_basic();
        if priced.applies && asked {
            self.basic = true;
            self.finished |= !priced.unfinished;
        }
    }

    /// 住院次数: a covered stay counts once, and one that used up no deductible only if the package
    /// says so.
    fn counts_as_stay(&self, package: &Package, claim: &Claim) -> bool {
        let facts = claim.facts();
        let finished = package.counts_unfinished_stay() || !self.basic || self.finished;
        let counts = facts.continues.is_none() || facts.counts;
        self.covered && facts.med_type.is_stay() && counts && finished
    }
}

/// Layers at work on one visit, one after another.
struct Run<'a, 'b> {
    visit: &'a Visit<'a>,
    till: &'b mut Till,
    books: &'b mut Books<'a>,
    findings: &'b mut Vec<Finding>,
    /// What each alternative would pay.
    others: &'b [Option<Other<'a>>],
    /// 家庭共济 drawn.
    shared: Fen,
}

impl<'a> Run<'a, '_> {
    fn layers<T: Tell>(
        &mut self,
        layers: &'a [Layer],
        story: &mut T,
        done: &mut impl FnMut(&Layer, &Priced),
    ) {
        for run in runs(layers) {
            let best = match run.len() {
                1 => run.start,
                _ => self.best(layers, run.clone()),
            };
            for (index, layer) in layers.iter().enumerate().take(run.end).skip(run.start) {
                let priced = match index == best {
                    true => self.price(layer, story, true),
                    false => self.given_up(layer, layers.get(best), story),
                };
                self.commit(index, layer, &priced);
                done(layer, &priced);
            }
        }
    }

    /// 不重复享受: of layers called by one name the one that pays most, the first of equals.
    fn best(&mut self, layers: &'a [Layer], run: Range<usize>) -> usize {
        let mut best: Option<(usize, Fen)> = None;
        for (index, layer) in layers.iter().enumerate().take(run.end).skip(run.start) {
            let priced = self.price(layer, &mut Silent, false);
            if priced.applies && best.is_none_or(|(_, paid)| priced.paid > paid) {
                best = Some((index, priced.paid));
            }
        }
        best.map_or(run.start, |(index, _)| index)
    }

    fn given_up<T: Tell>(&self, layer: &Layer, chosen: Option<&Layer>, story: &mut T) -> Priced {
        if let (Some(_), Some(chosen)) = (layer.when.admits(self.visit.facts), chosen) {
            story.tell(|| Reason::given_up(layer, chosen));
        }
        Priced::default()
    }

    fn price<T: Tell>(&mut self, layer: &'a Layer, story: &mut T, found: bool) -> Priced {
        let mut unheard = Vec::new();
        let findings = match found {
            true => &mut *self.findings,
            false => &mut unheard,
        };
        match &layer.body {
            Body::Schedule(body) => Pricing {
                layer,
                visit: self.visit,
                till: self.till,
                books: self.books,
                story,
                findings,
            }
            .by_schedule(body),
            Body::Difference { with, of } => {
                let paid = |index: &usize| self.till.paid.get(*index).copied().unwrap_or_default();
                let own = of.iter().map(paid).sum();
                let other = self.others.get(*with).copied().flatten();
                Pricing {
                    layer,
                    visit: self.visit,
                    till: self.till,
                    books: self.books,
                    story,
                    findings,
                }
                .by_difference(other, own)
            }
        }
    }

    /// Takes what was paid from the bill and enters it into the year.
    fn commit(&mut self, index: usize, layer: &Layer, priced: &Priced) {
        if !priced.applies {
            return;
        }
        self.till.take(layer.enters, priced.paid);
        if let Some(paid) = self.till.paid.get_mut(index) {
            *paid = priced.paid;
        }
        if let Some(cut) = self.till.cuts.get_mut(index) {
            *cut = priced.cut;
        }
        // What a layer pays of what caps left open is open no more.
        let mut left = priced.paid;
        for index in &layer.only_cut_of {
            if let Some(cut) = self.till.cuts.get_mut(*index) {
                let part = left.min(*cut);
                *cut -= part;
                left -= part;
            }
        }
        if layer.payer == Payer::Account {
            self.shared += self.till.draw(&layer.draws, priced.paid);
        }
        self.books.add(&layer.base, priced.base);
        self.books.add(&layer.deducted, priced.charged);
        self.books.add(&layer.paid, priced.paid);
        if let Some(reward) = &layer.reward {
            self.books.add(reward, priced.rewarded);
        }
        for cap in layer.caps.iter().filter(|cap| cap.accumulates()) {
            let used = match cap.on {
                crate::terms::CapKind::Fund => priced.paid,
                crate::terms::CapKind::Expense => priced.base,
            };
            self.books.add(&cap.used, used);
        }
    }
}

/// 另一套待遇: what each alternative that a layer of this visit is compared with would pay, as if
/// nobody had paid yet. It keeps its own year.
fn alternatives<'a, T: Tell>(
    package: &'a Package,
    visit: &'a Visit<'a>,
    books: &mut Books<'a>,
    story: &mut T,
) -> Vec<Option<Other<'a>>> {
    let wanted = |index: usize| {
        package.layers().iter().any(|layer| {
            matches!(&layer.body, Body::Difference { with, .. } if *with == index)
                && layer.when.admits(visit.facts).is_some()
        })
    };
    let others = package.alternatives().iter().enumerate();
    others
        .map(|(index, other)| {
            if !wanted(index) {
                return None;
            }
            let mut paid = Fen::ZERO;
            let mut run = Run {
                visit,
                till: &mut Till::new(visit.whole, visit.facts),
                books: &mut *books,
                findings: &mut Vec::new(),
                others: &[],
                shared: Fen::ZERO,
            };
            run.layers(&other.layers, story, &mut |_, priced| paid += priced.paid);
            Some(Other {
                title: &other.title,
                paid,
            })
        })
        .collect()
}

fn share(layer: &Layer, priced: &Priced) -> Share {
    Share {
        fund: layer.fund.clone(),
        payer: layer.payer,
        basic: layer.trace.is_basic(),
        layer: layer.name.clone(),
        rule: layer.rule.clone(),
        base: priced.base,
        deductible: priced.charged,
        paid: priced.paid,
    }
}

fn no_layer(claim: &Claim) -> Finding {
    let facts = claim.facts();
    let (care, kind) = (facts.med_type.term(), facts.kind.term());
    let tier = facts.tier.term();
    let text = format!("{care}在{kind}（{tier}）没有可适用的基金待遇，全部由个人承担。");
    Finding::new(Finding::NO_LAYER, text)
}

/// 待遇检查: whether any fund may pay; says why not.
fn is_payable(package: &Package, claim: &Claim, findings: &mut Vec<Finding>) -> bool {
    let facts = claim.facts();
    if let InstitutionTier::Other(tier) = &facts.tier {
        let text = format!("医院等级 {tier} 不在已知范围内。");
        findings.push(Finding::new(Finding::TIER_UNKNOWN, text));
    }
    if facts.scheme != *package.scheme() || !package.effective().contains(facts.day) {
        let name = package.name();
        let text = format!("政策包 {name} 不适用于该险种或该日期，基金不支付。");
        findings.push(Finding::new(Finding::PACKAGE_NOT_APPLICABLE, text));
        return false;
    }
    if !facts.payable {
        let reason = facts.not_payable_reason.as_deref();
        // The reason comes as a finished sentence; here it goes on.
        let reason = reason
            .unwrap_or("当前不享受医保待遇")
            .trim_end_matches('。');
        let text = format!("{reason}，本次费用全部由个人承担。");
        findings.push(Finding::new(Finding::NOT_PAYABLE, text));
        return false;
    }
    true
}

impl Settlement {
    /// A bill divided into its classes, nobody having paid yet.
    fn of_lines(total: Fen, divided: &Divided) -> Settlement {
        Settlement {
            total,
            own_pay: divided.own_pay,
            over_limit: divided.over_limit,
            first_pay: divided.first_pay,
            in_scope: divided.in_scope,
            deductible: Fen::ZERO,
            shares: Vec::new(),
            account: Fen::ZERO,
            account_shared: Fen::ZERO,
            balance: Fen::ZERO,
            account_left: AccountFacts::default(),
            cash: total,
            hospital: Fen::ZERO,
            lines: Vec::new(),
            reasons: Vec::new(),
            findings: Vec::new(),
            deltas: Accumulators::default(),
        }
    }

    fn keep(&mut self, till: &Till) {
        self.account_left = till.account();
        self.balance = till.whole_balance();
    }

    fn add(&mut self, layer: &Layer, priced: &Priced) {
        self.cash -= priced.paid;
        match layer.payer {
            Payer::Fund => {}
            Payer::Account => self.account += priced.paid,
            Payer::Hospital => self.hospital += priced.paid,
        }
        if layer.trace.is_basic() {
            self.deductible += priced.charged;
        }
    }
}
