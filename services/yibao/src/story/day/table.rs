//! 汇总表: what a day came to, kind by kind, with a total that is added up again.

use crate::story::Halted;
use crate::story::Story;
use crate::story::sheet::{Side, yuan};
use kernel::{Digest, Digester};
use proto::common::Amounts;
use std::collections::BTreeMap;

/// 基金: what the table has a column for, by 基金支付类型.
const FUNDS: [(&str, &str); 6] = [
    ("390100", "居民医保"),
    ("390200", "大病保险"),
    ("310100", "职工医保"),
    ("610100", "医疗救助"),
    ("610200", "优抚补助"),
    ("640101", "精神残疾救助"),
];

/// 合计: what some claims came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// 笔数.
    pub claims: usize,
    /// 医疗费总额.
    pub total: i64,
    /// 基金支付, by 基金支付类型.
    pub funds: BTreeMap<String, i64>,
    /// 个人账户支出.
    pub account: i64,
    /// 个人现金支出.
    pub cash: i64,
    /// 医院负担.
    pub hospital: i64,
}

impl Sum {
    /// Adds amounts, or takes them away with a factor of −1.
    pub fn add(&mut self, amounts: &Amounts, factor: i64) {
        self.claims += 1;
        self.total += factor * amounts.total_fen;
        for share in &amounts.shares {
            // What the hospital bears has a layer as well, and is no fund's.
            if FUNDS.iter().any(|(fund, _)| *fund == share.fund) {
                *self.funds.entry(share.fund.clone()).or_default() += factor * share.paid_fen;
            }
        }
        self.account += factor * amounts.account_fen;
        self.cash += factor * amounts.cash_fen;
        self.hospital += factor * amounts.hospital_fen;
    }

    fn join(&mut self, other: &Sum) {
        self.claims += other.claims;
        self.total += other.total;
        for (fund, paid) in &other.funds {
            *self.funds.entry(fund.clone()).or_default() += paid;
        }
        self.account += other.account;
        self.cash += other.cash;
        self.hospital += other.hospital;
    }

    /// 基金支付总额.
    pub fn paid(&self) -> i64 {
        self.funds.values().sum()
    }

    /// What one fund pays.
    pub fn fund(&self, fund: &str) -> i64 {
        self.funds.get(fund).copied().unwrap_or_default()
    }

    /// 总额 = 基金 + 账户 + 现金 + 医院.
    pub fn adds_up(&self) -> bool {
        self.total == self.paid() + self.account + self.cash + self.hospital
    }
}

/// 汇总: the rows in their order, each with its name.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    rows: Vec<(&'static str, Sum)>,
    /// How many of them are of claims; those after them correct them.
    kinds: usize,
}

impl Tally {
    /// A row for each of these names, in their order, and none of them with anything in it.
    pub fn of(names: impl Iterator<Item = &'static str>) -> Tally {
        let rows: Vec<_> = names.map(|name| (name, Sum::default())).collect();
        Tally {
            kinds: rows.len(),
            rows,
        }
    }

    /// Adds amounts to the row of this name, which is made where it is missing.
    pub fn add(&mut self, name: &'static str, amounts: &Amounts, factor: i64) {
        if let Some((_, sum)) = self.rows.iter_mut().find(|row| row.0 == name) {
            return sum.add(amounts, factor);
        }
        let mut sum = Sum::default();
        sum.add(amounts, factor);
        self.rows.push((name, sum));
    }

    /// All of it.
    pub fn whole(&self) -> Sum {
        let mut whole = Sum::default();
        self.rows.iter().for_each(|(_, sum)| whole.join(sum));
        whole
    }

    /// The sum of one row; nothing where there is none.
    pub fn row(&self, name: &str) -> Sum {
        let found = self.rows.iter().find(|row| row.0 == name);
        found.map_or_else(Sum::default, |row| row.1.clone())
    }

    /// What came of the claims before any of it was corrected.
    fn brought(&self) -> Sum {
        let mut brought = Sum::default();
        let kinds = self.rows.iter().take(self.kinds);
        kinds.for_each(|(_, sum)| brought.join(sum));
        brought
    }

    /// Every row adds up by itself.
    pub fn each_adds_up(&self) -> bool {
        self.rows.iter().all(|(_, sum)| sum.adds_up())
    }

    /// No fund's column is empty, nor the accounts', nor the hospitals'.
    pub fn every_payer_pays(&self) -> bool {
        let whole = self.whole();
        let funds = FUNDS.iter().all(|(fund, _)| whole.fund(fund) > 0);
        funds && whole.account > 0 && whole.cash > 0 && whole.hospital > 0
    }

    /// The rows with the sums below them.
    fn shown(&self) -> Vec<(&'static str, Sum)> {
        let (kinds, corrections) = self.rows.split_at(self.kinds.min(self.rows.len()));
        let mut shown = kinds.to_vec();
        shown.push(("结算小计", self.brought()));
        shown.extend(corrections.iter().cloned());
        shown.push(("合计", self.whole()));
        shown
    }

    /// Over every figure of the table.
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new();
        for (name, sum) in &self.rows {
            digester.part(name.as_bytes());
            digester.part(format!("{sum:?}").as_bytes());
        }
        digester.finish()
    }
}

impl Story<'_> {
    /// The table, in two parts: who pays, and which fund.
    pub(super) fn show_tally(&mut self, tally: &Tally) -> Result<(), Halted> {
        let rows = tally.shown();
        let cells = rows.iter().map(|(name, sum)| {
            let amounts = [sum.total, sum.paid(), sum.account, sum.cash, sum.hospital];
            let named = [name.to_string(), sum.claims.to_string()];
            named.into_iter().chain(amounts.map(yuan)).collect()
        });
        let headings = [
            ("业务种类（元）", Side::Left),
            ("笔数", Side::Right),
            ("总费用", Side::Right),
            ("基金", Side::Right),
            ("个人账户", Side::Right),
            ("现金", Side::Right),
            ("医院负担", Side::Right),
        ];
        self.sheet.table(&headings, &cells.collect::<Vec<_>>())?;
        self.sheet.gap()?;
        let cells = rows.iter().map(|(name, sum)| {
            let funds = FUNDS.map(|(fund, _)| yuan(sum.fund(fund)));
            [name.to_string()].into_iter().chain(funds).collect()
        });
        let mut headings = vec![("其中基金（元）", Side::Left)];
        headings.extend(FUNDS.map(|(_, name)| (name, Side::Right)));
        Ok(self.sheet.table(&headings, &cells.collect::<Vec<_>>())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::common::FundShare;

    fn paid(fund: &str, fen: i64) -> FundShare {
        FundShare {
            fund: fund.into(),
            paid_fen: fen,
            ..FundShare::default()
        }
    }

    fn amounts() -> Amounts {
        Amounts {
            total_fen: 1_000,
            funds_fen: 700,
            cash_fen: 250,
            hospital_fen: 50,
            // What the hospital bears has a layer too.
            shares: vec![paid("390100", 600), paid("610100", 100), paid("630100", 50)],
            ..Amounts::default()
        }
    }

    #[test]
    fn rows_add_up_and_what_is_taken_away_is_gone() {
        let mut tally = Tally::of(["门诊", "住院"].into_iter());
        tally.add("门诊", &amounts(), 1);
        tally.add("住院", &amounts(), 1);
        let (before, digest) = (tally.whole(), tally.digest());
        assert_eq!(
            (before.claims, before.total, before.paid()),
            (2, 2_000, 1_400)
        );
        assert!(tally.each_adds_up() && before.adds_up());
        tally.add("撤销", &amounts(), -1);
        assert_eq!(tally.brought(), before);
        assert_eq!((tally.whole().claims, tally.whole().total), (3, 1_000));
        assert_ne!(tally.digest(), digest);
        let names: Vec<_> = tally.shown().into_iter().map(|row| row.0).collect();
        assert_eq!(names, ["门诊", "住院", "结算小计", "撤销", "合计"]);
    }

    #[test]
    fn a_fen_too_much_is_seen() {
        let mut wrong = amounts();
        wrong.cash_fen += 1;
        let mut tally = Tally::of(["门诊"].into_iter());
        tally.add("门诊", &amounts(), 1);
        tally.add("门诊", &wrong, 1);
        assert!(!tally.each_adds_up() && !tally.whole().adds_up());
        assert!(!tally.every_payer_pays());
    }
}
