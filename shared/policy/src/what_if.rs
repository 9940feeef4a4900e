//! 如果改变: the same claim with facts changed, and what that changes, line by line. It compares
//! answers; it prices nothing itself.

use crate::claim::{Filing, Place};
use crate::reason::{Reason, Subject};
use crate::settlement::{Settlement, Share};
use kernel::{Fen, IdentityKind, InstitutionKind, InstitutionTier, Rate};
use std::sync::Arc;

/// Facts to change; what is not given stays as it is. Whoever holds the facts changes them, since
/// prices and limits of the lines may follow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// 转诊备案.
    pub filing: Option<Filing>,
    /// 就医地.
    pub place: Option<Place>,
    /// 协议机构.
    pub contracted: Option<bool>,
    /// 医院等级 (dedc_hosp_lv).
    pub tier: Option<InstitutionTier>,
    /// 机构类别.
    pub kind: Option<InstitutionKind>,
    /// 人员身份 (psn_idet_type): all that shall hold.
    pub identities: Option<Vec<IdentityKind>>,
}

/// Two settlements of one bill and all that differs between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// As it is.
    pub before: Settlement,
    /// As it would be.
    pub after: Settlement,
    /// What differs: totals, then layers, then reasons in the order of the settlement. Empty when
    /// nothing does.
    pub differences: Vec<Difference>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is of: a total of the bill, a layer, or the reason of this rule.
    pub of: Differing,
    /// The amount as it is; nothing where there is none.
    pub before: Option<Fen>,
    /// The amount as it would be; nothing where there would be none.
    pub after: Option<Fen>,
    /// The rates, where a reason has one.
    pub rates: (Option<Rate>, Option<Rate>),
    /// One Chinese sentence.
    pub text: String,
}

/// What a difference is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differing {
    /// A total of the settlement, by the name it has in the national interface.
    Total(&'static str),
    /// What a layer pays.
    Layer(Arc<str>),
    /// What a rule does.
    Rule(Subject, Arc<str>),
}

impl Comparison {
    /// Compares two settlements.
    pub fn of(before: Settlement, after: Settlement) -> Comparison {
        let mut differences = totals(&before, &after);
        differences.extend(layers(&before.shares, &after.shares));
        differences.extend(reasons(&before.reasons, &after.reasons));
        Comparison {
            before,
            after,
            differences,
        }
    }
}

fn totals(before: &Settlement, after: &Settlement) -> Vec<Difference> {
    let of = |s: &Settlement| {
        [
            ("medfee_sumamt", "医疗费总额", s.total),
            ("fulamt_ownpay_amt", "全自费", s.own_pay),
            ("overlmt_selfpay", "超限价自费", s.over_limit),
            ("preselfpay_amt", "先行自付", s.first_pay),
            ("inscp_scp_amt", "政策范围内", s.in_scope),
            ("act_pay_dedc", "起付线", s.deductible),
            ("fund_pay_sumamt", "基金支付", s.funds()),
            ("acct_pay", "个人账户", s.account),
            ("hosp_part_amt", "医院负担", s.hospital),
            ("psn_cash_pay", "个人现金", s.cash),
        ]
    };
    let pairs = of(before).into_iter().zip(of(after));
    let differ = |((name, term, one), (.., other)): ((&'static str, &str, Fen), (_, _, Fen))| {
        (one != other).then(|| Difference {
            of: Differing::Total(name),
            before: Some(one),
            after: Some(other),
            rates: (None, None),
            text: moved(term, one, other),
        })
    };
    pairs.filter_map(differ).collect()
}

fn layers(before: &[Share], after: &[Share]) -> Vec<Difference> {
    let differ = |share: &Share| {
        let other = after.iter().find(|other| other.rule == share.rule)?;
        (share.paid != other.paid).then(|| Difference {
            of: Differing::Layer(share.rule.clone()),
            before: Some(share.paid),
            after: Some(other.paid),
            rates: (None, None),
            text: moved(&share.layer, share.paid, other.paid),
        })
    };
    before.iter().filter_map(differ).collect()
}

/// Reasons are the same when they are of one subject and rule and come in the same place among
/// those; what only one side has stands where it stood there.
fn reasons(before: &[Reason], after: &[Reason]) -> Vec<Difference> {
    let mut left: Vec<Option<&Reason>> = after.iter().map(Some).collect();
    let mut differences = Vec::new();
    for reason in before {
        let same = |other: &&mut Option<&Reason>| {
            other.is_some_and(|other| {
                (&other.subject, &other.rule) == (&reason.subject, &reason.rule)
            })
        };
        let other = left.iter_mut().find(same).and_then(Option::take);
        if other != Some(reason) {
            differences.extend(reasoned(Some(reason), other));
        }
    }
    differences.extend(
        left.into_iter()
            .flatten()
            .flat_map(|other| reasoned(None, Some(other))),
    );
    differences
}

fn reasoned(before: Option<&Reason>, after: Option<&Reason>) -> Option<Difference> {
    let reason = before.or(after)?;
    let text = match (before, after) {
        (Some(one), Some(other)) => {
            format!(
                "{}：原为“{}”，变为“{}”",
                one.subject.term(),
                one.text(),
                other.text()
            )
        }
        (Some(one), None) => format!("{}：不再有“{}”", one.subject.term(), one.text()),
        _ => format!("{}：新增“{}”", reason.subject.term(), reason.text()),
    };
    Some(Difference {
        of: Differing::Rule(reason.subject.clone(), reason.rule.clone()),
        before: before.map(|reason| reason.output),
        after: after.map(|reason| reason.output),
        rates: (before.and_then(|r| r.rate), after.and_then(|r| r.rate)),
        text,
    })
}

fn moved(term: &str, before: Fen, after: Fen) -> String {
    let (word, by) = match after > before {
        true => ("增加", after - before),
        false => ("减少", before - after),
    };
    format!("{term}由 {before} 元变为 {after} 元，{word} {by} 元。")
}
