//! 明细与整单: sections 4 and 5 of the format document. A bill becomes pots, one for each kind of
//! cost, and a pot is what the layers pay from.

use super::claim::{Claim, Line};
use super::read::*;
use super::when::{first, holds};

/// What the costs of a pot are.
#[derive(Clone, Debug, PartialEq)]
pub enum Costs {
    /// 政策范围内, of one group of lines.
    InScope(String),
    /// 先行自付.
    FirstPay,
    /// 转外自理.
    Referral,
    /// 超限价.
    OverLimit,
    /// 全自费.
    OwnPay,
}

/// Costs of one kind: how much there was and what nobody has paid yet.
#[derive(Clone, Debug)]
pub struct Pot {
    /// Which costs.
    pub costs: Costs,
    /// 原额.
    pub whole: i128,
    /// 余额.
    pub left: i128,
}

/// The bill by classes, before any layer.
#[derive(Clone, Debug, Default)]
pub struct Bill {
    /// 医疗费总额.
    pub total: i128,
    /// 全自费.
    pub own_pay: i128,
    /// 超限价.
    pub over_limit: i128,
    /// 先行自付.
    pub first_pay: i128,
    /// 符合政策范围.
    pub in_scope: i128,
    /// What the layers look at.
    pub pots: Vec<Pot>,
}

/// Divides the bill.
pub fn divide(package: &Row, claim: &Claim) -> Bill {
    let mut bill = Bill::default();
    let groups = groups(package);
    let mut in_scope = vec![0; groups.len()];
    for line in &claim.lines {
        let group = group_of(package, line);
        // 元 to fen and 10⁻⁶ × 10⁻⁴: eight places away.
        let amount = half_up(line.price * line.quantity, 100_000_000);
        bill.total += amount;
        if own_pay(line) {
            bill.own_pay += amount;
            continue;
        }
        let above = line.limit.map_or(0, |limit| (line.price - limit).max(0));
        let over_limit = half_up(above * line.quantity, 100_000_000);
        let rest = amount - over_limit;
        let first_pay = at(rest, first_pay_rate(package, claim, line, &group));
        bill.over_limit += over_limit;
        bill.first_pay += first_pay;
        bill.in_scope += rest - first_pay;
        let place = groups.iter().position(|name| *name == group).unwrap();
        in_scope[place] += rest - first_pay;
    }
    bill.pots = pots(package, claim, &bill, groups, in_scope);
    bill
}

/// What belongs to no group, and the groups in the order of the file.
fn groups(package: &Row) -> Vec<String> {
    let rows = rows(package, "lines").into_iter();
    let named = rows.map(|group| name(group, "name").to_string());
    ["others".to_string()].into_iter().chain(named).collect()
}

fn group_of(package: &Row, line: &Line) -> String {
    for group in rows(package, "lines") {
        let marks = texts(group, "marks");
        let classes = texts(group, "classes");
        let items = texts(group, "items");
        let marked = marks.is_none_or(|marks| line.marks.iter().any(|m| marks.contains(&&m[..])));
        let classed = classes.is_none_or(|classes| classes.contains(&&line.class[..]));
        let item = |start: &&str| line.item.starts_with(*start);
        if marked && classed && items.is_none_or(|items| items.iter().any(item)) {
            return name(group, "name").to_string();
        }
    }
    "others".to_string()
}

/// 全自费: denied, class C or not known, restricted and not approved, or judged so by the hospital.
fn own_pay(line: &Line) -> bool {
    let class_pays = ["01", "02"].contains(&&line.class[..]);
    let use_pays = [None, Some("approved")].contains(&line.restricted.as_deref());
    line.denied.is_some() || !class_pays || !use_pays
}

fn first_pay_rate(package: &Row, claim: &Claim, line: &Line, group: &str) -> i128 {
    for instead in rows(package, "first_pay") {
        let here = texts(instead, "lines").is_none_or(|lines| lines.contains(&group));
        if here && holds(package, row(instead, "when"), claim) {
            return rate(instead, "rate").unwrap();
        }
    }
    line.first_pay
}

/// Third party first, then the referral; what they take goes out of the groups in proportion.
fn pots(
    package: &Row,
    claim: &Claim,
    bill: &Bill,
    groups: Vec<String>,
    mut in_scope: Vec<i128>,
) -> Vec<Pot> {
    if !claim.advance {
        let third_party = at(bill.in_scope, claim.third_party);
        take(third_party, &mut in_scope);
    }
    let referral = first(package, rows(package, "referral"), claim);
    let referral = referral.map_or(0, |line| rate(line, "first_pay").unwrap());
    let referral = at(in_scope.iter().sum(), referral);
    take(referral, &mut in_scope);

    let pot = |costs, amount| Pot {
        costs,
        whole: amount,
        left: amount,
    };
    let in_scope = groups.into_iter().zip(in_scope);
    let mut pots: Vec<Pot> = in_scope
        .map(|(group, amount)| pot(Costs::InScope(group), amount))
        .collect();
    pots.push(pot(Costs::FirstPay, bill.first_pay));
    pots.push(pot(Costs::Referral, referral));
    pots.push(pot(Costs::OverLimit, bill.over_limit));
    pots.push(pot(Costs::OwnPay, bill.own_pay));
    pots
}

/// Takes an amount out of several in proportion to what they have.
pub fn take(amount: i128, from: &mut [i128]) {
    let portions = portions(amount, from);
    from.iter_mut().zip(portions).for_each(|(one, portion)| {
        *one -= portion;
    });
}
