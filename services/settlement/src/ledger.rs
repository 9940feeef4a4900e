//! 基金账: double entry, append only. A settlement takes from each fund that pays and owes the sum
//! to the institution, or to the patient who has paid it; a subsidy takes from 医疗救助 what it brings to the scheme's fund; a reversal
//! is the opposite entry, linked. Every transaction sums to zero.

use crate::domain::Posted;
use kernel::{Fen, Instant, Scheme};
use policy::{Payer, Settlement};

/// 医疗救助基金 (fund_pay_type 610100) pays every subsidy, whatever the identity: 资助参保 is its
/// task, and an identity that another purse answers for is settled between the purses.
const ASSISTANCE: &str = "fund:610100";

/// One posting: positive adds to the account, negative takes from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Such as `fund:390100` or `payable:H15250100001`.
    pub account: String,
    /// The amount.
    pub amount: Fen,
}

/// Postings that stand or fall together, and sum to zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its id: that of its subject, or one of its own when it reverses.
    pub id: String,
    /// The settlement or the subsidy it is of.
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
        let bill = &posted.evidence.bill;
        // 零星报销: the patient has paid the institution.
        let owed_to = match bill.reimbursement {
            Some(_) => format!("payable:person:{}", bill.person),
            None => format!("payable:{}", bill.institution),
        };
        Transaction::new(posted.id.to_string(), postings(&posted.amounts, owed_to))
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

/// The postings of a settlement; none when no fund pays.
fn postings(settlement: &Settlement, owed_to: String) -> Vec<Posting> {
    let mut postings: Vec<Posting> = settlement
        .shares
        .iter()
        .filter(|share| share.payer == Payer::Fund && share.paid != Fen::ZERO)
        .map(|share| Posting {
            account: format!("fund:{}", share.fund),
            amount: -share.paid,
        })
        .collect();
    let owed = settlement.funds();
    if owed != Fen::ZERO {
        postings.push(Posting {
            account: owed_to,
            amount: owed,
        });
    }
    debug_assert_eq!(postings.iter().map(|p| p.amount).sum::<Fen>(), Fen::ZERO);
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
