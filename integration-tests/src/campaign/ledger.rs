//! The checks of the ledger and the accumulators: from the tables alone, by nothing but addition.

use super::books::{PersonYear, Posting, Settled};
use super::check::{Evidence, Look};
use settlement::Documents;
use std::collections::{BTreeMap, BTreeSet};

/// 医疗救助基金.
const ASSISTANCE: &str = "fund:610100";

/// 每笔分录: each transaction sums to zero, and so do all of them.
pub fn balanced(evidence: &Evidence, look: &mut Look) {
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for posting in &evidence.books.postings {
        *sums.entry(&posting.transaction_id).or_default() += posting.amount_fen;
    }
    let all: i64 = sums.values().sum();
    look.at(all == 0, || format!("all postings sum to {all}"));
    for (transaction, sum) in sums {
        look.at(sum == 0, || {
            format!("transaction {transaction} sums to {sum}")
        });
    }
}

/// Each settlement is one transaction of the ledger; its reversal is the opposite one.
pub fn posted(evidence: &Evidence, look: &mut Look) {
    let mut of: BTreeMap<&str, Vec<&Posting>> = BTreeMap::new();
    for posting in &evidence.books.postings {
        of.entry(&posting.settlement_id).or_default().push(posting);
    }
    for row in &evidence.books.settled {
        let id = row.settlement_id.as_str();
        let postings = of.remove(id).unwrap_or_default();
        let (back, forth): (Vec<_>, Vec<_>) = postings
            .into_iter()
            .partition(|posting| posting.reverses.is_some());
        let is_reversed = row.reversed_at.is_some();
        let backward = if is_reversed { -row.funds_fen } else { 0 };
        look.at(moves(&forth, row, row.funds_fen), || {
            format!("{id}: {forth:?} of {row:?}")
        });
        look.at(moves(&back, row, backward), || {
            format!("{id}: {back:?} back of {row:?}")
        });
    }
    for subsidy in &evidence.books.subsidies {
        of.remove(subsidy.subsidy_id.as_str());
    }
    for (id, postings) in of {
        look.at(false, || format!("{id} is not there, and {postings:?}"));
    }
}

/// Each subsidy is one transaction from 医疗救助 to the scheme's fund; its withdrawal is the opposite
/// one.
pub fn subsidised(evidence: &Evidence, look: &mut Look) {
    let mut moved: BTreeMap<(&str, bool), Vec<(&str, i64)>> = BTreeMap::new();
    for posting in &evidence.books.postings {
        let of = moved.entry((&posting.settlement_id, posting.reverses.is_some()));
        of.or_default().push((&posting.account, posting.amount_fen));
    }
    for row in &evidence.books.subsidies {
        for (back, times) in [(false, 1), (true, i64::from(row.withdrawn_at.is_some()))] {
            let found = moved
                .remove(&(row.subsidy_id.as_str(), back))
                .unwrap_or_default();
            let sign = if back { -times } else { times };
            let brings = row.subsidy_fen * sign;
            let mut wanted = vec![("fund:390100", brings), (ASSISTANCE, -brings)];
            wanted.retain(|(_, fen)| *fen != 0);
            let mut sorted = found.clone();
            sorted.sort_unstable();
            look.at(sorted == wanted, || format!("{found:?} of {row:?}"));
        }
    }
}

/// True when the postings are one transaction that moves `fen` from funds to the institution.
fn moves(postings: &[&Posting], row: &Settled, fen: i64) -> bool {
    let transactions: BTreeSet<_> = postings
        .iter()
        .map(|posting| &posting.transaction_id)
        .collect();
    let sum = |begin: &str| -> (i64, usize) {
        let of = postings
            .iter()
            .filter(|posting| posting.account.starts_with(begin));
        of.fold((0, 0), |(sum, count), posting| {
            (sum + posting.amount_fen, count + 1)
        })
    };
    let (funds, from) = sum("fund:");
    let (payable, to) = sum(&format!("payable:{}", row.institution_code));
    let once = (transactions.len(), to) == if fen == 0 { (0, 0) } else { (1, 1) };
    once && funds == -fen && payable == fen && from + to == postings.len()
}

type YearKey<'a> = (&'a str, &'a str, i32);

fn of_year(row: &Settled) -> YearKey<'_> {
    (&row.person_id, &row.scheme, row.year)
}

fn years(evidence: &Evidence) -> BTreeMap<YearKey<'_>, &PersonYear> {
    let years = evidence.books.years.iter();
    years
        .map(|year| {
            (
                (year.person_id.as_str(), year.scheme.as_str(), year.year),
                year,
            )
        })
        .collect()
}

/// 年度累计: computed again from the deltas that the settlements keep.
pub fn folded(evidence: &Evidence, look: &mut Look) {
    let mut sums: BTreeMap<YearKey<'_>, BTreeMap<String, i64>> = BTreeMap::new();
    let standing = evidence
        .books
        .settled
        .iter()
        .filter(|row| row.reversed_at.is_none());
    for row in standing {
        let unpacked = row.packed.as_deref().and_then(Documents::unpacked);
        let amounts = unpacked.map_or_else(|| row.amounts.clone(), |all| all.amounts);
        let amounts: serde_json::Value = serde_json::from_str(&amounts).unwrap_or_default();
        let deltas = amounts.get("deltas").and_then(serde_json::Value::as_object);
        look.at(deltas.is_some(), || {
            format!("{} has no deltas", row.settlement_id)
        });
        let sum = sums.entry(of_year(row)).or_default();
        for (name, delta) in deltas.into_iter().flatten() {
            *sum.entry(name.clone()).or_default() += delta.as_i64().unwrap_or(i64::MIN / 2);
        }
    }
    for (key, year) in years(evidence) {
        let mut sum = sums.remove(&key).unwrap_or_default();
        sum.retain(|_, value| *value != 0);
        let kept: BTreeMap<String, i64> =
            serde_json::from_str(&year.accumulators).unwrap_or_default();
        look.at(kept == sum, || {
            format!("{key:?}: {kept:?} is kept, {sum:?} was paid")
        });
    }
    for (key, sum) in sums {
        look.at(false, || format!("{key:?} is missing: {sum:?} was paid"));
    }
}

/// Ordinals and versions: nothing was numbered or changed that is not there.
pub fn counted(evidence: &Evidence, look: &mut Look) {
    let mut rows: BTreeMap<YearKey<'_>, Vec<&Settled>> = BTreeMap::new();
    for row in &evidence.books.settled {
        rows.entry(of_year(row)).or_default().push(row);
    }
    for (key, year) in years(evidence) {
        let rows = rows.remove(&key).unwrap_or_default();
        let reversals = rows.iter().filter(|row| row.reversed_at.is_some()).count();
        let mut ordinals: Vec<i64> = rows.iter().map(|row| row.ordinal).collect();
        ordinals.sort_unstable();
        let gapless = ordinals.iter().copied().eq(1..=year.last_ordinal);
        let versions = i64::try_from(rows.len() + reversals) == Ok(year.version);
        look.at(gapless && versions, || {
            format!("{year:?}: {ordinals:?}, {reversals} reversals")
        });
    }
}

/// Each settlement was told once, each reversal once.
pub fn events(evidence: &Evidence, look: &mut Look) {
    let mut told: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut positions = Vec::new();
    for event in &evidence.books.events {
        *told.entry((&event.kind, &event.subject)).or_default() += 1;
        positions.extend(event.position);
    }
    for row in &evidence.books.settled {
        let id = row.settlement_id.as_str();
        let times = |kind| told.get(&(kind, id)).copied().unwrap_or(0);
        let (posted, back) = (times("settlement.posted"), times("settlement.reversed"));
        let wanted = (1, usize::from(row.reversed_at.is_some()));
        look.at((posted, back) == wanted, || {
            format!("{id}: told {posted} and {back} times")
        });
    }
    positions.sort_unstable();
    let gapless = positions.iter().copied().eq((1..).take(positions.len()));
    look.at(gapless, || {
        format!("{} sealed events have gaps", positions.len())
    });
}
