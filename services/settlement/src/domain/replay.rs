//! 复算: a stored settlement against itself: its amounts against those computed again from what they
//! rest on, its digest against its amounts, the ledger against its shares; and each of its revisions
//! likewise. Pure; it says what differs and repairs nothing.

mod revisions;

pub use revisions::{Found, numbering, revision_flaws};

use super::{Basis, Posted, Priced, kept};
use crate::ledger::{Entry, Posting, Transaction};
use kernel::Fen;
use policy::{Comparison, Differing, Settlement};
use std::collections::BTreeMap;

/// What one settlement was found to differ in at most: the first ones name the cause.
const FLAWS_MAX: usize = 50;

/// Why a settlement is not what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlawCause {
    /// A stored part cannot be read.
    Unreadable,
    /// Its package is not known any more.
    PackageMissing,
    /// Its catalogue version is not there, or cannot be read.
    CatalogueMissing,
    /// What it rests on is refused.
    Refused,
    /// Its amounts are not those computed again.
    Amounts,
    /// What it says it rests on is not what it was computed from.
    Basis,
    /// Its digest is not that of its amounts.
    Digest,
    /// A column does not say what the document beside it says.
    Column,
    /// The ledger did not move what its shares say.
    Ledger,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Why.
    pub cause: FlawCause,
    /// The field, layer, column or account.
    pub name: String,
    /// As it is stored; nothing where it is no amount, or not there.
    pub stored: Option<Fen>,
    /// As it should be.
    pub expected: Option<Fen>,
    /// One Chinese sentence.
    pub text: String,
    /// 差额结算: the number of the revision that it is of; 0 for the settlement as posted.
    pub revision: i64,
}

impl Flaw {
    /// What is no amount.
    pub fn told(cause: FlawCause, name: impl Into<String>, text: impl Into<String>) -> Flaw {
        Flaw {
            cause,
            name: name.into(),
            stored: None,
            expected: None,
            text: text.into(),
            revision: 0,
        }
    }

    /// The same of a revision.
    pub fn of_revision(self, revision: i64) -> Flaw {
        Flaw { revision, ..self }
    }

    fn of_amount(
        cause: FlawCause,
        name: impl Into<String>,
        (stored, expected): (Fen, Fen),
        what: &str,
    ) -> Flaw {
        Flaw {
            stored: Some(stored),
            expected: Some(expected),
            ..Flaw::told(
                cause,
                name,
                format!("{what}留存为 {stored} 元，应为 {expected} 元"),
            )
        }
    }
}

/// All in which a settlement differs from its price computed again and from what the ledger has of
/// it; empty when it is what it was.
pub fn flaws(posted: &Posted, again: &Priced, entries: &[Entry]) -> Vec<Flaw> {
    let mut flaws = content(&posted.basis, &posted.amounts, again);
    let moved = Transaction::of(posted);
    let stands = posted.reversed_at.is_none();
    flaws.extend(ledger(&moved, stands, entries, "结算"));
    flaws.truncate(FLAWS_MAX);
    flaws
}

/// Amounts, what they rest on and their digest.
fn content(stored: &Basis, amounts: &Settlement, again: &Priced) -> Vec<Flaw> {
    let mut flaws = self::amounts(amounts, &again.settlement);
    flaws.extend(basis(stored, amounts, again));
    flaws.extend(digest(stored, amounts, &again.settlement));
    flaws
}

fn amounts(stored: &Settlement, again: &Settlement) -> Vec<Flaw> {
    let again = kept(again.clone());
    if *stored == again {
        return Vec::new();
    }
    let compared = Comparison::of(stored.clone(), again);
    let mut flaws: Vec<Flaw> = compared
        .differences
        .into_iter()
        .map(of_difference)
        .collect();
    flaws.extend(parts(&compared.before, &compared.after));
    match flaws.is_empty() {
        true => vec![Flaw::told(
            FlawCause::Amounts,
            "setlinfo",
            "留存的结算信息与复算不一致",
        )],
        false => flaws,
    }
}

fn of_difference(difference: policy::Difference) -> Flaw {
    let name = match difference.of {
        Differing::Total(name) => name.to_string(),
        Differing::Layer(rule) | Differing::Rule(_, rule) => rule.to_string(),
    };
    let text = format!("留存与复算：{}", difference.text);
    Flaw {
        stored: difference.before,
        expected: difference.after,
        ..Flaw::told(FlawCause::Amounts, name, text)
    }
}

/// What a comparison of amounts for people leaves out.
fn parts(stored: &Settlement, again: &Settlement) -> Vec<Flaw> {
    let cause = FlawCause::Amounts;
    let mut flaws = Vec::new();
    for (name, term, one, other) in [
        (
            "acct_mulaid_pay",
            "家庭共济支付",
            stored.account_shared,
            again.account_shared,
        ),
        ("balc", "账户余额", stored.balance, again.balance),
    ] {
        if one != other {
            flaws.push(Flaw::of_amount(cause, name, (one, other), term));
        }
    }
    if stored.account_left != again.account_left {
        flaws.push(Flaw::told(
            cause,
            "account_left",
            "留存的账户余额与复算不一致",
        ));
    }
    let paid = |share: &policy::Share| policy::Share {
        paid: Fen::ZERO,
        ..share.clone()
    };
    let shares =
        |settlement: &Settlement| -> Vec<_> { settlement.shares.iter().map(paid).collect() };
    if shares(stored) != shares(again) {
        flaws.push(Flaw::told(
            cause,
            "setldetail",
            "留存的基金分项与复算不一致",
        ));
    }
    if stored.findings != again.findings {
        flaws.push(Flaw::told(cause, "findings", "留存的提示与复算不一致"));
    }
    if stored.deltas != again.deltas {
        flaws.push(Flaw::told(cause, "cum", "留存的年度累计变化与复算不一致"));
    }
    if !stored.lines.is_empty() || !stored.reasons.is_empty() {
        flaws.push(Flaw::told(cause, "detlcutinfo", "留存了不应留存的明细"));
    }
    flaws
}

fn basis(stored: &Basis, amounts: &Settlement, again: &Priced) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (name, term, one, other) in [
        (
            "fund_pay_sumamt",
            "依据中的基金支付",
            stored.funds,
            amounts.funds(),
        ),
        (
            "psn_cash_pay",
            "依据中的个人现金",
            stored.cash,
            amounts.cash,
        ),
    ] {
        if one != other {
            flaws.push(Flaw::of_amount(FlawCause::Basis, name, (one, other), term));
        }
    }
    let again = &again.basis;
    let facts = [
        ("package_name", stored.package != again.package),
        (
            "package_digest",
            stored.package_digest != again.package_digest,
        ),
        ("catalogue_id", stored.catalogue != again.catalogue),
        (
            "person_version",
            stored.person_version != again.person_version,
        ),
        (
            "accumulator_version",
            stored.accumulator_version != again.accumulator_version,
        ),
        ("day", stored.day != again.day),
        (
            "account_version",
            stored.account_version != again.account_version,
        ),
    ];
    for (name, _) in facts.into_iter().filter(|(_, differs)| *differs) {
        let text = format!("依据中的 {name} 与复算所用的不一致");
        flaws.push(Flaw::told(FlawCause::Basis, name, text));
    }
    flaws
}

/// The digest covers lines and reasons too, which are not stored: they are those computed again.
fn digest(stored: &Basis, amounts: &Settlement, again: &Settlement) -> Option<Flaw> {
    let whole = Settlement {
        lines: again.lines.clone(),
        reasons: again.reasons.clone(),
        ..amounts.clone()
    };
    let right = whole.digest().to_string() == stored.amounts_digest;
    let text = "留存的金额摘要不是留存金额与计算过程的摘要";
    (!right).then(|| Flaw::told(FlawCause::Digest, "amounts_digest", text))
}

/// What it moved when it was posted, and what all that was posted of it comes to: the same while it
/// stands, nothing when it was taken back.
fn ledger(moved: &Transaction, stands: bool, entries: &[Entry], what: &str) -> Vec<Flaw> {
    let first = entries.iter().filter(|entry| entry.transaction == moved.id);
    let first = by_account(first.map(|entry| &entry.posting));
    let entered = format!("{what}入账");
    let mut flaws = unlike(&first, &by_account(&moved.postings), &entered);
    let all = by_account(entries.iter().map(|entry| &entry.posting));
    let standing = match stands {
        true => by_account(&moved.postings),
        false => BTreeMap::new(),
    };
    flaws.extend(unlike(&all, &standing, "账户净额"));
    flaws
}

fn by_account<'a>(postings: impl IntoIterator<Item = &'a Posting>) -> BTreeMap<&'a str, Fen> {
    let mut sums = BTreeMap::new();
    for posting in postings {
        let sum: &mut Fen = sums.entry(posting.account.as_str()).or_insert(Fen::ZERO);
        *sum = sum.checked_add(posting.amount).unwrap_or(*sum);
    }
    sums.retain(|_, sum| *sum != Fen::ZERO);
    sums
}

fn unlike(stored: &BTreeMap<&str, Fen>, right: &BTreeMap<&str, Fen>, what: &str) -> Vec<Flaw> {
    let mut accounts: Vec<&str> = stored.keys().chain(right.keys()).copied().collect();
    accounts.sort_unstable();
    accounts.dedup();
    let amount =
        |of: &BTreeMap<&str, Fen>, account: &str| of.get(account).copied().unwrap_or(Fen::ZERO);
    let differ = |account: &str| {
        let pair = (amount(stored, account), amount(right, account));
        let what = format!("{what} {account} ");
        (pair.0 != pair.1).then(|| Flaw::of_amount(FlawCause::Ledger, account, pair, &what))
    };
    accounts.into_iter().filter_map(differ).collect()
}
