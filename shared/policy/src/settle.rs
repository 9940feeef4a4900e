//! From a bill to who pays: lines first, then the layers of the package in its order, then the
//! patient with the exact remainder. It always answers; a "no" is an answer with a finding.

use crate::claim::{Accumulators, Claim, Line};
use crate::layer::Priced;
use crate::package::Package;
use crate::settlement::{Finding, LineShare, Reason, Settlement, Share};
use crate::terms::Visit;
use kernel::{Fen, InstitutionTier, ItemClass, Rate, UnitPrice};

/// The version of this engine: a settlement is recomputed by the version that made it.
pub const ENGINE_VERSION: u32 = 1;

/// The clause of the line rules, which are national.
const LINE_CLAUSE: &str = "国家医保信息平台接口规范：甲类全额、乙类先行自付、丙类自费、超限价自费";

/// 结算: prices a claim by a package. Total: a valid package and a valid claim always give a
/// settlement, and the same ones give the same settlement.
pub fn settle(package: &Package, claim: &Claim) -> Settlement {
    let mut story = Story::default();
    let lines: Vec<LineShare> = claim
        .lines()
        .iter()
        .map(|line| story.divide(line))
        .collect();
    let mut settlement = Settlement {
        total: claim.total(),
        own_pay: lines.iter().map(|line| line.own_pay).sum(),
        over_limit: lines.iter().map(|line| line.over_limit).sum(),
        first_pay: lines.iter().map(|line| line.first_pay).sum(),
        in_scope: lines.iter().map(|line| line.in_scope).sum(),
        deductible: Fen::ZERO,
        shares: Vec::new(),
        account: Fen::ZERO,
        cash: claim.total(),
        hospital: Fen::ZERO,
        lines,
        reasons: Vec::new(),
        findings: Vec::new(),
        deltas: Accumulators::default(),
    };
    story.tell_totals(&settlement);
    pay(package, claim, &mut settlement, &mut story);
    settlement.reasons = story.reasons;
    settlement.findings = story.findings;
    debug_assert_eq!(settlement.check(), Ok(()));
    settlement
}

/// Lets every layer pay its part of what the earlier ones left.
fn pay(package: &Package, claim: &Claim, settlement: &mut Settlement, story: &mut Story) {
    let payable = story.is_payable(package, claim);
    let ethnic = claim.lines().iter().zip(&settlement.lines);
    let visit = Visit {
        care: claim.med_type(),
        tier: claim.tier(),
        kind: claim.kind(),
        identities: claim.identities(),
        accumulators: claim.accumulators(),
        in_scope: settlement.in_scope,
        ethnic: ethnic
            .filter(|(line, _)| line.ethnic_medicine)
            .map(|(_, share)| share.in_scope)
            .sum(),
    };
    let mut rest = settlement.in_scope;
    let mut covered = false;
    for layer in package.layers() {
        let priced = match payable {
            true => layer.price(&visit, rest),
            false => Priced::default(),
        };
        rest -= priced.paid;
        settlement.cash -= priced.paid;
        covered |= priced.applies;
        if layer.trace.is_basic() {
            settlement.deductible += priced.deductible;
        }
        let mut add = |name: &str, amount: Fen| {
            settlement
                .deltas
                .add(format!("{}.{name}", layer.rule), amount.0);
        };
        add("base_fen", priced.base);
        add("deductible_fen", priced.deductible);
        add("paid_fen", priced.paid);
        settlement.shares.push(Share {
            fund: layer.fund.clone(),
            layer: layer.name.clone(),
            rule: layer.rule.clone(),
            base: priced.base,
            paid: priced.paid,
        });
        story.reasons.extend(priced.reasons);
        story.findings.extend(priced.findings);
    }
    if covered && claim.med_type().is_stay() {
        settlement.deltas.add("stays_count".to_string(), 1);
    }
    if payable && !covered {
        let (care, kind) = (claim.med_type().term(), claim.kind().term());
        let tier = claim.tier().term();
        let text = format!("{care}在{kind}（{tier}）没有可适用的基金待遇，全部由个人承担。");
        story.findings.push(Finding::new(Finding::NO_LAYER, text));
    }
}

/// The reasons and findings as they are collected.
#[derive(Default)]
struct Story {
    reasons: Vec<Reason>,
    findings: Vec<Finding>,
}

impl Story {
    /// 明细分割: own-pay, over the limit, first-pay, and the rest in scope.
    fn divide(&mut self, line: &Line) -> LineShare {
        let own_pay = if self.is_own_pay(line) {
            line.amount
        } else {
            Fen::ZERO
        };
        let covered = line.amount - own_pay;
        let over_limit = over_limit(line).min(covered);
        let within = covered - over_limit;
        let first_pay = within.at(line.first_pay);
        if over_limit != Fen::ZERO {
            let limit = line.price_limit.unwrap_or_default();
            let text = format!(
                "单价 {} 元高于限价 {limit} 元，超出部分自费。",
                line.unit_price
            );
            self.tell_line(line, "line.over_limit", covered, None, over_limit, text);
        }
        if first_pay != Fen::ZERO {
            let text = format!(
                "{within} 元先行自付 {}，计 {first_pay} 元。",
                line.first_pay
            );
            let rate = Some(line.first_pay);
            self.tell_line(line, "line.first_pay", within, rate, first_pay, text);
        }
        LineShare {
            number: line.number,
            amount: line.amount,
            own_pay,
            over_limit,
            first_pay,
            in_scope: within - first_pay,
        }
    }

    /// 全自费: denied by a rule, class C, or of a class nobody knows.
    fn is_own_pay(&mut self, line: &Line) -> bool {
        let text = match (&line.denied, &line.class) {
            (Some(rule), _) => {
                let text = format!("第 {} 行按审核规则 {rule} 不予支付。", line.number);
                let finding = Finding::of_line(Finding::LINE_DENIED, line.number, text.clone());
                self.findings.push(finding);
                text
            }
            (None, ItemClass::A | ItemClass::B) => return false,
            (None, ItemClass::C) => "丙类项目，全部自费。".to_string(),
            (None, ItemClass::Other(class)) => {
                let text = format!("第 {} 行项目等级 {class} 不明，按自费处理。", line.number);
                let finding = Finding::of_line(Finding::CLASS_UNKNOWN, line.number, text.clone());
                self.findings.push(finding);
                text
            }
        };
        if line.amount != Fen::ZERO {
            self.tell_line(line, "line.own_pay", line.amount, None, line.amount, text);
        }
        true
    }

    fn tell_line(
        &mut self,
        line: &Line,
        rule: &str,
        input: Fen,
        rate: Option<Rate>,
        output: Fen,
        text: String,
    ) {
        let denied = line.denied.as_ref().filter(|_| rule == "line.own_pay");
        self.reasons.push(Reason {
            subject: format!("line {}", line.number),
            rule: rule.to_string(),
            clause: denied.map_or(LINE_CLAUSE.to_string(), |rule| rule.clone()),
            item_code: None,
            input,
            rate,
            output,
            text,
            assumed: false,
        });
    }

    /// The official totals 101, 102 and 103, which name what no fund looks at.
    fn tell_totals(&mut self, settlement: &Settlement) {
        let totals = [
            ("bill.own_pay", "101", "自费", settlement.own_pay),
            ("bill.first_pay", "102", "先行自付", settlement.first_pay),
            (
                "bill.over_limit",
                "103",
                "超限价自费",
                settlement.over_limit,
            ),
        ];
        for (rule, code, term, amount) in totals {
            if amount == Fen::ZERO {
                continue;
            }
            self.reasons.push(Reason {
                subject: "bill".to_string(),
                rule: rule.to_string(),
                clause: LINE_CLAUSE.to_string(),
                item_code: Some(code.to_string()),
                input: settlement.total,
                rate: None,
                output: amount,
                text: format!("{term}合计 {amount} 元，不进入基金支付范围。"),
                assumed: false,
            });
        }
    }

    /// 待遇检查: whether any fund may pay; says why not.
    fn is_payable(&mut self, package: &Package, claim: &Claim) -> bool {
        if let InstitutionTier::Other(tier) = claim.tier() {
            let text = format!("医院等级 {tier} 不在已知范围内。");
            self.findings
                .push(Finding::new(Finding::TIER_UNKNOWN, text));
        }
        if claim.scheme() != package.scheme() || !package.effective().contains(claim.day()) {
            let text = format!(
                "政策包 {} 不适用于该险种或该日期，基金不支付。",
                package.name()
            );
            self.findings
                .push(Finding::new(Finding::PACKAGE_NOT_APPLICABLE, text));
            return false;
        }
        if !claim.payable() {
            let reason = claim.not_payable_reason().unwrap_or("当前不享受医保待遇");
            // The reason comes as a finished sentence; here it goes on.
            let reason = reason.trim_end_matches('。');
            let text = format!("{reason}，本次费用全部由个人承担。");
            self.findings.push(Finding::new(Finding::NOT_PAYABLE, text));
            return false;
        }
        true
    }
}

/// 超限价: what the unit price has above its limit, for the whole quantity.
fn over_limit(line: &Line) -> Fen {
    let over = line
        .price_limit
        .map_or(0, |limit| line.unit_price.0.saturating_sub(limit.0));
    // Not above the line's own amount, which is within bounds, since the limit is not negative.
    UnitPrice(over.max(0))
        .times(line.quantity)
        .unwrap_or(line.amount)
}
