//! 基金账: double entry, append only. A settlement takes from each fund that pays and owes the sum
//! to the institution; a reversal is the opposite entry, linked. Every transaction sums to zero.

use kernel::{Fen, InstitutionCode};
use policy::{Payer, Settlement};

/// One posting: positive adds to the account, negative takes from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Such as `fund:390100` or `payable:H15250100001`.
    pub account: String,
    /// The amount.
    pub amount: Fen,
}

/// The postings of a settlement; none when no fund pays.
pub fn postings(settlement: &Settlement, institution: &InstitutionCode) -> Vec<Posting> {
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
            account: format!("payable:{institution}"),
            amount: owed,
        });
    }
    debug_assert_eq!(postings.iter().map(|p| p.amount).sum::<Fen>(), Fen::ZERO);
    postings
}

/// The mirror image, last first.
pub fn opposite(postings: Vec<Posting>) -> Vec<Posting> {
    let mirrored = |p: Posting| Posting {
        amount: -p.amount,
        ..p
    };
    postings.into_iter().rev().map(mirrored).collect()
}
