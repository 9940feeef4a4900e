//! 年度对账单: what the settlements of a person, scheme and year come to, and whether everything that
//! is kept of them says the same. Pure; it sums and compares, and mends nothing.

use super::{PersonYear, Posted};
use kernel::Fen;
use policy::{Accumulators, Payer};
use std::collections::{BTreeMap, BTreeSet};

/// What several settlements come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many.
    pub count: i64,
    /// 医疗费总额 (medfee_sumamt).
    pub total: Fen,
    /// 符合政策范围 (inscp_scp_amt).
    pub in_scope: Fen,
    /// 基金支付总额 (fund_pay_sumamt).
    pub funds: Fen,
    /// 个人账户支出 (acct_pay).
    pub account: Fen,
    /// 家庭共济支付 (acct_mulaid_pay): of it what relatives' accounts paid.
    pub account_shared: Fen,
    /// 个人现金支出 (psn_cash_pay).
    pub cash: Fen,
    /// 医院负担 (hosp_part_amt).
    pub hospital: Fen,
}

impl Sums {
    fn add(&mut self, posted: &Posted) {
        let amounts = &posted.amounts;
        self.count += 1;
        self.total += amounts.total;
        self.in_scope += amounts.in_scope;
        self.funds += amounts.funds();
        self.account += amounts.account;
        self.account_shared += amounts.account_shared;
        self.cash += amounts.cash;
        self.hospital += amounts.hospital;
    }
}

/// What the database says of the standing settlements' columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColumnSums {
    /// How many.
    pub count: i64,
    /// The sum of `total_fen`.
    pub total: Fen,
    /// The sum of `funds_fen`.
    pub funds: Fen,
    /// The sum of `cash_fen`.
    pub cash: Fen,
}

impl ColumnSums {
    /// What a settlement's columns say: what it came to when it was posted.
    pub fn of(written: &Posted) -> ColumnSums {
        ColumnSums {
            count: 1,
            total: written.amounts.total,
            funds: written.amounts.funds(),
            cash: written.amounts.cash,
        }
    }

    fn add(&mut self, other: &ColumnSums) {
        self.count += other.count;
        self.total += other.total;
        self.funds += other.funds;
        self.cash += other.cash;
    }
}

/// A settlement of the year.
pub struct OfYear {
    /// What it came to when it was posted: its columns stay so, whatever revised it since.
    pub written: ColumnSums,
    /// The settlement as it stands.
    pub posted: Posted,
}

/// Something that should be one number and is two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The accumulator, or the total.
    pub name: String,
    /// As it is kept.
    pub kept: i64,
    /// As it comes out of the settlements.
    pub summed: i64,
}

/// The settlements of a year so far, added up.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    /// Those that stand.
    pub standing: Sums,
    /// Those that were reversed.
    pub reversed: Sums,
    /// What each fund paid for those that stand, by its code.
    pub funds: BTreeMap<String, Fen>,
    /// Those that stand by the month of their last day, 1 to 12.
    pub months: BTreeMap<u32, Sums>,
    /// The fold of the deltas of those that stand.
    pub folded: Accumulators,
    /// What those that stand came to when they were posted.
    pub written: ColumnSums,
}

impl Statement {
    /// Adds one settlement.
    pub fn add(&mut self, of_year: &OfYear) {
        let posted = &of_year.posted;
        if posted.reversed_at.is_some() {
            self.reversed.add(posted);
            return;
        }
        self.standing.add(posted);
        self.written.add(&of_year.written);
        let month = posted.evidence.bill.end.month();
        self.months.entry(month).or_default().add(posted);
        let of_fund = |share: &&policy::Share| share.payer == Payer::Fund;
        for share in posted.amounts.shares.iter().filter(of_fund) {
            let paid = self.funds.entry(share.fund.to_string());
            *paid.or_insert(Fen::ZERO) += share.paid;
        }
        self.folded = self.folded.plus(&posted.amounts.deltas);
    }

    /// Everything in which what is kept is not what the settlements come to; nothing when the
    /// statement is right.
    pub fn mismatches(&self, year: &PersonYear, columns: &ColumnSums) -> Vec<Mismatch> {
        let (standing, fen) = (&self.standing, |amount: Fen| amount.0);
        let payers = standing.funds + standing.account + standing.cash + standing.hospital;
        let pairs = [
            ("count", columns.count, standing.count),
            ("medfee_sumamt", fen(columns.total), fen(self.written.total)),
            (
                "fund_pay_sumamt",
                fen(columns.funds),
                fen(self.written.funds),
            ),
            ("psn_cash_pay", fen(columns.cash), fen(self.written.cash)),
            ("payers", fen(standing.total), fen(payers)),
            (
                "setldetail",
                fen(standing.funds),
                fen(self.funds.values().copied().sum()),
            ),
            (
                "months",
                fen(standing.total),
                fen(self.months.values().map(|month| month.total).sum()),
            ),
        ];
        let unequal = |(name, kept, summed): (&str, i64, i64)| {
            let name = name.to_string();
            (kept != summed).then_some(Mismatch { name, kept, summed })
        };
        let kept = &year.accumulators;
        let names: BTreeSet<&str> = kept
            .iter()
            .chain(self.folded.iter())
            .map(|(n, _)| n)
            .collect();
        let accumulators = names
            .into_iter()
            .map(|name| (name, kept.get(name), self.folded.get(name)));
        pairs
            .into_iter()
            .chain(accumulators)
            .filter_map(unequal)
            .collect()
    }
}
