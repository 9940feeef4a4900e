//! 明细分割: each line into own-pay, over the limit, first-pay and in scope; then what of the bill
//! enters no layer at all, because a third party or the patient answers for it first.

use crate::claim::{Claim, Line, Restriction};
use crate::package::Package;
use crate::reason::{Reason, Said, Tell, national};
use crate::schedule;
use crate::settlement::{Finding, LineShare};
use crate::terms::{FIRST_PAY, FirstPay, OVER_LIMIT, OWN_PAY, POTS, REFERRAL, Row, first};
use kernel::{Fen, ItemClass, Rate, UnitPrice};

/// A bill, divided.
pub(crate) struct Divided {
    pub lines: Vec<LineShare>,
    pub own_pay: Fen,
    pub over_limit: Fen,
    pub first_pay: Fen,
    pub in_scope: Fen,
    /// What layers may look at, by pot.
    pub whole: [Fen; POTS],
}

/// Divides a bill. Where no fund may pay, third party and referral do not come into it.
pub(crate) fn divide<T: Tell>(
    package: &Package,
    claim: &Claim,
    payable: bool,
    story: &mut T,
    findings: &mut Vec<Finding>,
) -> Divided {
    let mut divided = Divided {
        lines: Vec::with_capacity(claim.lines().len()),
        own_pay: Fen::ZERO,
        over_limit: Fen::ZERO,
        first_pay: Fen::ZERO,
        in_scope: Fen::ZERO,
        whole: [Fen::ZERO; POTS],
    };
    let fits = |row: &&Row<FirstPay>| row.when.admits(claim.facts()).is_some();
    let first_pays: Vec<FirstPay> = package
        .first_pays()
        .iter()
        .filter(fits)
        .map(|r| r.value)
        .collect();
    for line in claim.lines() {
        let pot = package.pot_of(line);
        // 先行自付比例: the package's where it has a row for the line, else the catalogue's.
        let row = first_pays.iter().find(|row| row.lines.has(pot));
        let rate = row.map_or(line.first_pay, |row| row.rate);
        let share = one_line(line, rate, story, findings);
        divided.own_pay += share.own_pay;
        divided.over_limit += share.over_limit;
        divided.first_pay += share.first_pay;
        divided.in_scope += share.in_scope;
        if let Some(whole) = divided.whole.get_mut(pot) {
            *whole += share.in_scope;
        }
        divided.lines.push(share);
    }
    let pots = [
        (FIRST_PAY, divided.first_pay),
        (OVER_LIMIT, divided.over_limit),
        (OWN_PAY, divided.own_pay),
    ];
    for (pot, amount) in pots {
        if let Some(whole) = divided.whole.get_mut(pot) {
            *whole = amount;
        }
    }
    tell_totals(claim, &divided, story);
    if payable {
        third_party(claim, &mut divided, story, findings);
        referral(package, claim, &mut divided, story);
    }
    divided
}

fn one_line<T: Tell>(
    line: &Line,
    rate: Rate,
    story: &mut T,
    findings: &mut Vec<Finding>,
) -> LineShare {
    let words = national();
    let own_pay = match own_pay(line, findings) {
        Some(said) => {
            if line.amount != Fen::ZERO {
                let amounts = (line.amount, None, line.amount);
                story.tell(|| Reason::of_line(line.number, &words.own_pay, amounts, said));
            }
            line.amount
        }
        None => Fen::ZERO,
    };
    let covered = line.amount - own_pay;
    let over_limit = over_limit(line).min(covered);
    let within = covered - over_limit;
    let first_pay = within.at(rate);
    if over_limit != Fen::ZERO {
        let (price, limit) = (line.unit_price, line.price_limit.unwrap_or_default());
        let (amounts, said) = (
            (covered, None, over_limit),
            Said::OverLimit { price, limit },
        );
        story.tell(|| Reason::of_line(line.number, &words.over_limit, amounts, said));
    }
    if first_pay != Fen::ZERO {
        let amounts = (within, Some(rate), first_pay);
        story.tell(|| Reason::of_line(line.number, &words.first_pay, amounts, Said::FirstPay));
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

/// 全自费: denied by a rule, class C or of a class nobody knows, or restricted and not approved.
fn own_pay(line: &Line, findings: &mut Vec<Finding>) -> Option<Said> {
    let number = line.number;
    if let Some(rule) = &line.denied {
        let text = format!("第 {number} 行按审核规则 {rule} 不予支付。");
        findings.push(Finding::of_line(Finding::LINE_DENIED, number, text));
        return Some(Said::Denied(rule.as_str().into()));
    }
    match &line.class {
        ItemClass::A | ItemClass::B => {}
        ItemClass::C => return Some(Said::Class(ItemClass::C)),
        ItemClass::Other(class) => {
            let text = format!("第 {number} 行项目等级 {class} 不明，按自费处理。");
            findings.push(Finding::of_line(Finding::CLASS_UNKNOWN, number, text));
            return Some(Said::Class(line.class.clone()));
        }
    }
    match line.restriction {
        Restriction::None | Restriction::Approved => None,
        Restriction::Refused | Restriction::Pending | Restriction::OwnPay => {
            let text = format!("第 {number} 行为限制使用或医院判为自费的项目，按自费处理。");
            findings.push(Finding::of_line(Finding::LINE_RESTRICTED, number, text));
            Some(Said::Restricted)
        }
    }
}

/// 超限价: what the unit price has above its limit, for the whole quantity.
fn over_limit(line: &Line) -> Fen {
    let over = line
        .price_limit
        .map_or(0, |limit| line.unit_price.0.saturating_sub(limit.0));
    if over <= 0 {
        return Fen::ZERO;
    }
    // Not above the line's own amount, which is within bounds, since the limit is not negative.
    UnitPrice(over).times(line.quantity).unwrap_or(line.amount)
}

/// The official totals 101, 102 and 103, which name what no fund looks at.
fn tell_totals<T: Tell>(claim: &Claim, divided: &Divided, story: &mut T) {
    let words = national();
    let totals = [
        (&words.bill_own_pay, "101", "自费", divided.own_pay),
        (&words.bill_first_pay, "102", "先行自付", divided.first_pay),
        (
            &words.bill_over_limit,
            "103",
            "超限价自费",
            divided.over_limit,
        ),
    ];
    for (rule, code, term, amount) in totals {
        if amount != Fen::ZERO {
            let amounts = (claim.total(), None, amount);
            story.tell(|| Reason::of_bill(rule, code, amounts, Said::Total(term)));
        }
    }
}

/// 第三方责任 (S003): the share somebody else answers for leaves the base, unless the fund pays
/// first and recovers.
fn third_party<T: Tell>(
    claim: &Claim,
    divided: &mut Divided,
    story: &mut T,
    findings: &mut Vec<Finding>,
) {
    let Some(party) = claim
        .facts()
        .third_party
        .filter(|party| party.share != Rate::ZERO)
    else {
        return;
    };
    let amount = divided.in_scope.at(party.share);
    if party.advance {
        let text = format!(
            "第三方应负担政策范围内费用的 {}，计 {amount} 元，由基金先行支付，须向第三方追偿。",
            party.share
        );
        findings.push(Finding::new(Finding::THIRD_PARTY_ADVANCE, text));
        return;
    }
    let amounts = (divided.in_scope, Some(party.share), amount);
    let rule = &national().bill_third_party;
    story.tell(|| Reason::of_bill(rule, "S003", amounts, Said::ThirdParty));
    take(&mut divided.whole, amount);
}

/// 转外自理 (S000): the share the patient pays first away from home.
fn referral<T: Tell>(package: &Package, claim: &Claim, divided: &mut Divided, story: &mut T) {
    let Some((row, _)) = first(package.referrals(), claim.facts()) else {
        return;
    };
    let open: Fen = divided.whole.iter().take(FIRST_PAY).copied().sum();
    let amount = open.at(row.value);
    let amounts = (open, Some(row.value), amount);
    let rule = &national().bill_referral;
    story.tell(|| Reason::of_referral(rule, &row.clause, amounts));
    take(&mut divided.whole, amount);
    if let Some(pot) = divided.whole.get_mut(REFERRAL) {
        *pot = amount;
    }
}

/// Takes an amount from the pots in scope, in proportion to what they hold.
fn take(whole: &mut [Fen; POTS], amount: Fen) {
    let before = *whole;
    let parts = schedule::divide(amount, before.iter().copied().take(FIRST_PAY));
    for (pot, part) in whole.iter_mut().zip(parts) {
        *pot -= part;
    }
}
