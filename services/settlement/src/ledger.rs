//! 基金账: double entry, append only. A settlement takes from each fund that pays, and from each personal
//! account, and owes the sum to the institution, or to the patient who has paid it; a subsidy takes from
//! 医疗救助 what it brings to the scheme's fund; a reversal is the opposite entry, linked. A revision moves
//! the difference, fund by fund and account by account, between them and whoever it is owed to or owed
//! by. What a third party pays back goes to the funds that paid first. Every transaction sums to zero.
//!
//! Personal accounts are in the bureau's keeping: a credit moves money from 个人账户基金 to
//! `account:person:…`, and what such an account pays is cleared with the institution like what a fund
//! pays. What is owed to an institution is therefore fund_pay_sumamt and acct_pay together.

use crate::domain::{Bill, Credit, Drawn, Payee, Posted, Revised, differences};
use kernel::{Fen, Instant, Scheme};
use policy::{Payer, Settlement};
use std::collections::BTreeMap;

/// 医疗救助基金 (fund_pay_type 610100) pays every subsidy, whatever the identity: 资助参保 is its
/// task, and an identity that another purse answers for is settled between the purses.
const ASSISTANCE: &str = "fund:610100";

/// One posting: positive adds to the account, negative takes from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Such as `fund:390100`, `payable:H15250100001` or, with a person's id, `payable:person:…`.
    pub account: String,
    /// The amount.
    pub amount: Fen,
}

/// Postings that stand or fall together, and sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its id: that of its subject, or one of its own when it reverses.
    pub id: String,
    /// The settlement, the revision, the recovery or the subsidy it is of.
    pub subject: String,
    /// The transaction it is the opposite of.
    pub reverses: Option<String>,
    /// What it moves; nothing when no fund pays.
    pub postings: Vec<Posting>,
}

/// One posting as the ledger has it.
pub struct Entry {
    /// The transaction's id.
    pub transaction: String,
    /// Its place there, from 1.
    pub number: i32,
    /// What it moves.
    pub posting: Posting,
    /// The transaction that this one is the opposite of.
    pub reverses: Option<String>,
    /// When it was posted.
    pub posted_at: Instant,
}

impl Transaction {
    /// What a settlement moves.
    pub fn of(posted: &Posted) -> Transaction {
        let owed_to = owed_to(&posted.evidence.bill);
        let postings = postings(&posted.amounts, &posted.drawn(), owed_to);
        Transaction::new(posted.id.to_string(), postings)
    }

    /// What belongs to a subject and has its id.
    pub fn new(subject: String, postings: Vec<Posting>) -> Transaction {
        Transaction {
            id: subject.clone(),
            subject,
            reverses: None,
            postings,
        }
    }

    /// What takes back the transaction of a subject, which had these postings.
    pub fn reversal(id: String, subject: String, postings: Vec<Posting>) -> Transaction {
        Transaction {
            id,
            reverses: Some(subject.clone()),
            subject,
            postings: opposite(postings),
        }
    }
}

/// The postings of a subsidy: into the scheme's pool (fund_pay_type is the scheme's code and 100:
/// 390100 for residents, 310100 for employees).
pub fn subsidy(amount: Fen, scheme: &Scheme) -> Vec<Posting> {
    if amount == Fen::ZERO {
        return Vec::new();
    }
    let pool = format!("fund:{scheme}100");
    let moved = |account: String, amount| Posting { account, amount };
    vec![moved(ASSISTANCE.to_string(), -amount), moved(pool, amount)]
}

/// The postings of a credit: from 个人账户基金 (fund_pay_type is the scheme's code and 200: 310200 for
/// employees) into the account.
pub fn credit(credit: &Credit) -> Vec<Posting> {
    let fund = format!("fund:{}200", credit.scheme);
    let moved = |account: String, amount| Posting { account, amount };
    vec![
        moved(fund, -credit.amount),
        moved(format!("account:person:{}", credit.person), credit.amount),
    ]
}

/// What is drawn from personal accounts.
fn from_accounts(drawn: &[Drawn]) -> impl Iterator<Item = (String, Fen)> {
    drawn
        .iter()
        .map(|one| (format!("account:person:{}", one.person), -one.sum()))
}

/// 追偿款: what third parties paid, on its way to the funds that paid first.
const RECEIVED: &str = "recovery:received";

/// The postings of a recovery: what each fund gets back of it; the parts come to the amount.
pub fn recovery(amount: Fen, parts: Vec<(String, Fen)>) -> Vec<Posting> {
    let back = parts.into_iter().map(|(fund, part)| Posting {
        account: format!("fund:{fund}"),
        amount: part,
    });
    let received = Posting {
        account: RECEIVED.to_string(),
        amount: -amount,
    };
    std::iter::once(received).chain(back).collect()
}

/// To whom the funds owe what they pay of a bill.
fn owed_to(bill: &Bill) -> String {
    match bill.reimbursement {
        // 零星报销: the patient has paid the institution.
        Some(_) => owed_to_person(bill),
        None => format!("payable:{}", bill.institution),
    }
}

fn owed_to_person(bill: &Bill) -> String {
    format!("payable:person:{}", bill.person)
}

/// The postings of a revision: what each fund pays more or less, and whose that is.
pub fn revision(revised: &Revised, payee: Payee) -> Vec<Posting> {
    let (before, after) = (&revised.before.amounts, &revised.settlement);
    let bill = &revised.evidence.bill;
    let cleared = |one: &Settlement| one.funds() + one.account;
    let more = cleared(after) - cleared(before);
    let institution = match payee {
        Payee::Institution => more,
        // What the hospital bears less or more is between it and the funds.
        Payee::Person => revised.hospital_moved(payee),
    };
    let drawn = differences(&revised.before.drawn(), &revised.drawn());
    let moved = fund_differences(before, after).into_iter();
    let moved = moved
        .map(|(fund, _, _, more)| (format!("fund:{fund}"), -more))
        .chain(from_accounts(&drawn));
    let owed = [
        (owed_to(bill), institution),
        (owed_to_person(bill), more - institution),
    ];
    moved
        .chain(owed)
        .filter(|(_, amount)| *amount != Fen::ZERO)
        .map(|(account, amount)| Posting { account, amount })
        .collect()
}

/// What a revision takes from one payer and leaves with another: the funds, each of them, the accounts,
/// the patient's cash and the hospital. What only one side of it shows, as when a bill gets smaller, counts
/// in full.
pub fn moved(revised: &Revised) -> Fen {
    let (before, after) = (&revised.before.amounts, &revised.settlement);
    let funds = fund_differences(before, after).into_iter();
    let drawn = differences(&revised.before.drawn(), &revised.drawn());
    let (mut more, mut less) = (0_i64, 0_i64);
    let moves = funds
        .map(|(.., more)| more)
        .chain(drawn.iter().map(Drawn::sum))
        .chain([after.cash - before.cash, after.hospital - before.hospital]);
    for one in moves {
        match one.0 >= 0 {
            true => more = more.saturating_add(one.0),
            false => less = less.saturating_sub(one.0),
        }
    }
    Fen(more.max(less))
}

/// What each fund pays by one answer, by another, and the difference; a fund that pays in several
/// layers stands once.
pub fn fund_differences(before: &Settlement, after: &Settlement) -> Vec<(String, Fen, Fen, Fen)> {
    let mut funds: BTreeMap<String, (Fen, Fen)> = BTreeMap::new();
    for share in before.shares.iter().filter(|s| s.payer == Payer::Fund) {
        funds.entry(share.fund.to_string()).or_default().0 += share.paid;
    }
    for share in after.shares.iter().filter(|s| s.payer == Payer::Fund) {
        funds.entry(share.fund.to_string()).or_default().1 += share.paid;
    }
    let with_difference = |(fund, (was, is)): (String, (Fen, Fen))| (fund, was, is, is - was);
    funds.into_iter().map(with_difference).collect()
}

/// The postings of a settlement; none when neither a fund nor an account pays.
fn postings(settlement: &Settlement, drawn: &[Drawn], owed_to: String) -> Vec<Posting> {
    let mut postings: Vec<Posting> = settlement
        .shares
        .iter()
        .filter(|share| share.payer == Payer::Fund && share.paid != Fen::ZERO)
        .map(|share| Posting {
            account: format!("fund:{}", share.fund),
            amount: -share.paid,
        })
        .collect();
    postings.extend(from_accounts(drawn).map(|(account, amount)| Posting { account, amount }));
    let owed = settlement.funds() + settlement.account;
    if owed != Fen::ZERO {
        postings.push(Posting {
            account: owed_to,
            amount: owed,
        });
    }
    postings
}

/// The mirror image, last first.
fn opposite(postings: Vec<Posting>) -> Vec<Posting> {
    let mirrored = |p: Posting| Posting {
        amount: -p.amount,
        ..p
    };
    postings.into_iter().rev().map(mirrored).collect()
}
