//! 总账: the day in double entry: all accounts together are zero, what is owed to an institution is
//! what its rows come to, and what a fund paid is what the summary says.

use super::CountyDay;
use crate::area::COUNTY;
use crate::story::Halted;
use crate::story::sheet::{Side, yuan};
use crate::story::show::account_name;
use std::collections::BTreeMap;

/// Accounts of what is owed to people.
const OWED_TO_PEOPLE: &str = "payable:person:";
/// 追偿收款.
const RECEIVED: &str = "recovery:received";
/// 个人账户.
const ACCOUNTS: &str = "account:person:";

impl CountyDay<'_> {
    /// All of it.
    pub(super) async fn balance(&mut self) -> Result<(), Halted> {
        let balance = self.story.trial_balance().await?;
        let accounts = balance.accounts.iter();
        let accounts: BTreeMap<&str, i64> = accounts
            .map(|account| (account.account.as_str(), account.balance_fen))
            .collect();
        let people = accounts
            .iter()
            .filter(|(name, _)| name.starts_with(OWED_TO_PEOPLE));
        let (count, owed) = people.fold((0, 0), |(count, owed), (_, fen)| (count + 1, owed + fen));
        let own = accounts
            .iter()
            .filter(|(name, _)| name.starts_with(ACCOUNTS));
        let (owners, saved) = own.fold((0, 0), |(count, saved), (_, fen)| (count + 1, saved + fen));
        let of_people = |name: &str| name.starts_with(OWED_TO_PEOPLE) || name.starts_with(ACCOUNTS);
        let shown = accounts.iter().filter(|(name, _)| !of_people(name));
        let mut rows: Vec<Vec<String>> = shown
            .map(|(name, fen)| vec![name.to_string(), account_name(name), yuan(*fen)])
            .collect();
        rows.push(vec![
            OWED_TO_PEOPLE.into(),
            format!("应付个人 {count} 人（零星报销、追溯）"),
            yuan(owed),
        ]);
        rows.push(vec![
            ACCOUNTS.into(),
            format!("职工 {owners} 人的个人账户"),
            yuan(saved),
        ]);
        rows.push(vec!["Σ".into(), "合计".into(), yuan(balance.sum_fen)]);
        let headings = [
            ("科目", Side::Left),
            ("名称", Side::Left),
            ("余额（元）", Side::Right),
        ];
        self.story.sheet.table(&headings, &rows)?;
        let sum: i64 = accounts.values().sum();
        self.story
            .expect(sum == 0 && balance.sum_fen == 0, "所有科目余额之和为零")?;
        let books = &self.books;
        let payable = COUNTY.institutions.iter().all(|site| {
            let owed = accounts.get(format!("payable:{}", site.0).as_str());
            let sums = books.sums(site.0).1;
            owed.copied().unwrap_or_default() == sums.funds_fen + sums.account_fen
        });
        self.story.expect(
            payable,
            "应付每家机构的，都等于它各行基金支付与账户支付之和",
        )?;
        let whole = self.tally.whole();
        let told = format!(
            "个人账户结余 {} = 划入 {} - 支付 {}",
            yuan(saved),
            yuan(self.credited),
            yuan(whole.account)
        );
        let kept = saved == self.credited - whole.account;
        self.story.expect(kept && whole.account > 0, told)?;
        let funds = whole.funds.iter().all(|(fund, paid)| {
            let moved = accounts.get(format!("fund:{fund}").as_str());
            let back = self.recovered.get(fund).copied().unwrap_or_default();
            moved.copied().unwrap_or_default() == back - paid
        });
        let back: i64 = self.recovered.values().sum();
        let received = accounts.get(RECEIVED).copied().unwrap_or_default();
        let told = "每个基金的支出，都等于汇总表中的支付额减去向第三方追回的";
        self.story
            .expect(funds && back > 0 && received == -back, told)
    }
}
