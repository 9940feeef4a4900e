//! 并排比较: a claim as it is beside two changes of it, with what each changes, for a clerk to see at
//! a glance. It computes nothing but differences of what it was told.

use super::sheet::{Side, yuan};
use super::{Halted, Story};
use kernel::Rate;
use proto::common::{Amounts, Comparison, FundShare};

/// A row: its name, the claim as it is, and as it would be with each change.
type Row = (String, i64, [i64; 2]);

impl Story<'_> {
    /// The table: classes, then each layer with deductible, rate and payment, then the sums. A row
    /// is left out where nothing changes.
    pub(super) fn show_side_by_side(
        &mut self,
        names: [&str; 2],
        changes: [&Comparison; 2],
    ) -> Result<(), Halted> {
        let before = changes[0].before.clone().unwrap_or_default();
        let after = changes.map(|change| change.after.clone().unwrap_or_default());
        let amount = |name: &str, of: &dyn Fn(&Amounts) -> i64| -> Row {
            (name.to_string(), of(&before), after.each_ref().map(of))
        };
        let referral: Row = ("转外先行自理".into(), 0, changes.map(referred));
        let mut rows = vec![
            money(amount("全自费", &|of| of.own_pay_fen)),
            money(amount("超限价", &|of| of.over_limit_fen)),
            money(amount("先行自付", &|of| of.first_pay_fen)),
            money(referral),
        ];
        for layer in &before.shares {
            let part = |name: &str, pick: fn(&FundShare) -> i64| {
                let of_layer = |of: &Amounts| {
                    let mut shares = of.shares.iter();
                    shares
                        .find(|share| share.rule == layer.rule)
                        .map_or(0, pick)
                };
                money(amount(&format!("{}{name}", layer.layer), &of_layer))
            };
            rows.push(part(" 起付线", |share| share.deductible_fen));
            rows.push(rate(layer, changes));
            rows.push(part(" 支付", |share| share.paid_fen));
        }
        rows.push(money(amount("基金合计", &|of| of.funds_fen)));
        rows.push(money(amount("个人现金", &|of| of.cash_fen)));
        let rows: Vec<Vec<String>> = rows.into_iter().flatten().collect();
        let headings = [
            ("元", Side::Left),
            ("本次", Side::Right),
            (names[0], Side::Right),
            ("差额", Side::Right),
            (names[1], Side::Right),
            ("差额", Side::Right),
        ];
        Ok(self.sheet.table(&headings, &rows)?)
    }
}

/// 转外自理: what the patient pays first for going away without a referral.
fn referred(change: &Comparison) -> i64 {
    let mut all = change.differences.iter();
    let found = all.find(|difference| difference.name == "bill.referral");
    found.map_or(0, |difference| difference.after_fen())
}

/// The rate of a layer's first band, where a change changes it.
fn rate(layer: &FundShare, changes: [&Comparison; 2]) -> Option<Vec<String>> {
    let rule = format!("{}.band1", layer.rule);
    let rates = changes.map(|change| {
        let mut all = change.differences.iter();
        let difference = all.find(|difference| difference.name == rule)?;
        Some((difference.before_rate_bp?, difference.after_rate_bp?))
    });
    let (before, _) = rates.iter().flatten().next()?;
    let after = rates.map(|rates| rates.map_or(*before, |(_, after)| after));
    let points = |after: i32| format!("{}点", Rate(after).to_string().trim_end_matches('%'));
    let name = format!("{} 比例", layer.layer);
    let row = (name, i64::from(*before), after.map(i64::from));
    let plain = |bp: i64| Rate(i32::try_from(bp).unwrap_or_default());
    let row = cells(row, |bp| plain(bp).to_string(), |bp| points(plain(bp).0));
    (after != [*before; 2]).then_some(row)
}

/// A row of amounts; none where nothing changes.
fn money(row: Row) -> Option<Vec<String>> {
    let changes = row.2 != [row.1; 2];
    changes.then(|| cells(row, yuan, yuan))
}

/// The name, the value as it is, and each changed value with its difference.
fn cells(
    (name, before, after): Row,
    value: impl Fn(i64) -> String,
    difference: impl Fn(i64) -> String,
) -> Vec<String> {
    let changed = after.into_iter().flat_map(|after| {
        let by = match after - before {
            0 => "-".to_string(),
            more @ 1.. => format!("+{}", difference(more)),
            less => difference(less),
        };
        [value(after), by]
    });
    [name, value(before)].into_iter().chain(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_signs_and_rows_without_one_vanish() {
        let row = |before, after| money(("现金".to_string(), before, after));
        assert_eq!(row(100, [100, 100]), None);
        let expected = ["现金", "1.00", "3.50", "+2.50", "0.00", "-1.00"].map(String::from);
        assert_eq!(row(100, [350, 0]), Some(expected.to_vec()));
        let expected = ["现金", "1.00", "1.00", "-", "1.01", "+0.01"].map(String::from);
        assert_eq!(row(100, [100, 101]), Some(expected.to_vec()));
    }
}
