//! 先行支付与追偿: what the funds paid first of what a third party answers for, and what came back.
//!
//! An advance is what the funds pay of a bill with `advance` more than they would pay of the same bill
//! without it: only that was paid for the third party, who answers for a share of the costs and not
//! for what the funds owe anyway. It is computed by the engine whenever it is wanted, from the settlement
//! as it stands. It decides what may come back, and to which fund.

use super::{Evidence, Posted, Priced, price};
use crate::catalogue::Catalogue;
use crate::ledger::fund_differences;
use crate::refusal::{ADVANCE_NONE, ALREADY_REVERSED, RECOVERY_STANDS, RECOVERY_TOO_MUCH};
use kernel::refusal::invalid;
use kernel::{Day, Fen, Instant, RecoveryId, Refusal, SettlementId, Spec};
use policy::{Package, Settlement, ThirdParty};
use std::collections::BTreeMap;

/// A payment of a third party to record.
pub struct Recovering {
    /// Of which settlement.
    pub settlement: SettlementId,
    /// 付款人.
    pub payer: String,
    /// 金额.
    pub amount: Fen,
    /// The day on which it was paid.
    pub day: Day,
    /// 文书号.
    pub document: String,
}

/// 追偿: one payment of a third party.
#[derive(Clone)]
pub struct Recovery {
    /// Its id, and that of what it moves.
    pub id: RecoveryId,
    /// Of which settlement.
    pub settlement: SettlementId,
    /// 付款人.
    pub payer: String,
    /// 金额.
    pub amount: Fen,
    /// The day on which it was paid.
    pub day: Day,
    /// 文书号.
    pub document: String,
    /// Who recorded it, and when.
    pub recorded: (String, Instant),
    /// Whether it was taken back.
    pub revoked: Option<super::Revoked>,
}

/// What came back to each fund; those that got nothing are missing.
pub type Received = BTreeMap<String, Fen>;

/// 先行支付: what each fund paid first, and got back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// Each fund: its name, what it paid first, what it got back.
    pub funds: Vec<(String, Fen, Fen)>,
}

impl Advance {
    /// The advance of a settlement as its evidence has it; all nothing without one.
    pub fn of(
        package: &Package,
        catalogue: &Catalogue,
        evidence: &Evidence,
        paid: &Settlement,
        received: &Received,
    ) -> Result<Advance, Refusal> {
        let mut advanced = BTreeMap::new();
        if evidence.bill.has_advance() {
            let without = without_advance(package, catalogue, evidence)?;
            advanced = more_paid(&without.settlement, paid);
        }
        Ok(Advance::new(advanced, received))
    }

    /// No advance, whatever came back.
    pub fn none(received: &Received) -> Advance {
        Advance::new(BTreeMap::new(), received)
    }

    fn new(mut advanced: BTreeMap<String, Fen>, received: &Received) -> Advance {
        for fund in received.keys() {
            advanced.entry(fund.clone()).or_default();
        }
        let fund = |(fund, advanced): (String, Fen)| {
            let back = received.get(&fund).copied().unwrap_or_default();
            (fund, advanced, back)
        };
        Advance {
            funds: advanced.into_iter().map(fund).collect(),
        }
    }

    /// 先行支付金额.
    pub fn advanced(&self) -> Fen {
        self.funds.iter().map(|(_, advanced, _)| *advanced).sum()
    }

    /// 已追偿金额.
    pub fn recovered(&self) -> Fen {
        self.funds.iter().map(|(_, _, back)| *back).sum()
    }

    /// 待追偿金额.
    pub fn remaining(&self) -> Fen {
        self.advanced().less(self.recovered())
    }

    /// What each fund gets of a payment: in proportion to what it still misses, to the fen by the
    /// largest remainder; so that no fund gets more than it paid, and the last payment makes all whole.
    pub fn parts(&self, amount: Fen) -> Vec<(String, Fen)> {
        let missing = |(_, advanced, back): &(String, Fen, Fen)| advanced.less(*back);
        let weights: Vec<Fen> = self.funds.iter().map(missing).collect();
        let funds = self.funds.iter().map(|(fund, _, _)| fund.clone());
        let parts = funds.zip(apportioned(amount, &weights));
        parts.filter(|(_, part)| *part != Fen::ZERO).collect()
    }

    /// Whether this may come back: not more than is missing, and not tomorrow.
    pub fn recoverable(&self, of: &Posted, what: &Recovering, today: Day) -> Result<(), Refusal> {
        let refuse = |spec: &'static Spec, field: &str| {
            let no = spec.refuse().at(field);
            no.with("settlement_id", of.id)
        };
        if what.day > today {
            return Err(invalid("received_day", "不晚于今天的日期"));
        }
        if of.reversed_at.is_some() {
            return Err(refuse(&ALREADY_REVERSED, "settlement_id"));
        }
        if self.advanced() == Fen::ZERO {
            return Err(refuse(&ADVANCE_NONE, "settlement_id"));
        }
        match what.amount <= self.remaining() {
            true => Ok(()),
            false => {
                let no = refuse(&RECOVERY_TOO_MUCH, "amount_fen");
                let no = no.with("amount_fen", what.amount.0);
                Err(no.with("remaining_fen", self.remaining().0))
            }
        }
    }

    /// Whether the settlement may come to this: not less advanced than came back.
    pub fn covers(&self, id: SettlementId) -> Result<(), Refusal> {
        match self.recovered() <= self.advanced() {
            true => Ok(()),
            false => Err(stands(id, self.recovered())),
        }
    }
}

/// Why a settlement of which money came back stays as it is.
pub fn stands(id: SettlementId, recovered: Fen) -> Refusal {
    let no = RECOVERY_STANDS.refuse().at("settlement_id");
    let no = no.with("settlement_id", id);
    no.with("recovered_fen", recovered.0)
}

/// The same bill, if the third party paid its share itself.
fn without_advance(
    package: &Package,
    catalogue: &Catalogue,
    evidence: &Evidence,
) -> Result<Priced, Refusal> {
    let mut evidence = evidence.clone();
    let party = evidence.bill.third_party;
    evidence.bill.third_party = party.map(|party| ThirdParty {
        advance: false,
        ..party
    });
    price(package, catalogue, &evidence, 0)
}

/// What each fund pays more by the second answer. A fund that pays less by it, since others pay more,
/// lowers what the others advanced: together they advanced the difference of the sums.
fn more_paid(without: &Settlement, with: &Settlement) -> BTreeMap<String, Fen> {
    let differences = fund_differences(without, with);
    let whole: Fen = differences.iter().map(|(_, _, _, more)| *more).sum();
    let more: Vec<Fen> = differences
        .iter()
        .map(|(_, _, _, more)| (*more).max(Fen::ZERO))
        .collect();
    let parts = apportioned(whole.max(Fen::ZERO), &more);
    let funds = differences.into_iter().map(|(fund, _, _, _)| fund);
    let parts = funds.zip(parts);
    parts.filter(|(_, part)| *part != Fen::ZERO).collect()
}

/// Parts of an amount in proportion to weights, which are not negative and together not less than it: by
/// the largest remainder, of equal ones the first, so that they come to it exactly and none is above
/// its weight.
fn apportioned(amount: Fen, weights: &[Fen]) -> Vec<Fen> {
    let whole: i128 = weights.iter().map(|weight| i128::from(weight.0)).sum();
    if whole <= 0 {
        return vec![Fen::ZERO; weights.len()];
    }
    let shares = weights.iter().map(|weight| {
        let product = i128::from(amount.0) * i128::from(weight.0);
        (product / whole, product % whole)
    });
    let (mut parts, remainders): (Vec<i128>, Vec<i128>) = shares.unzip();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(remainders.get(*place).copied()));
    let mut left = i128::from(amount.0) - parts.iter().sum::<i128>();
    for place in order {
        if let (1.., Some(part)) = (left, parts.get_mut(place)) {
            *part += 1;
            left -= 1;
        }
    }
    let fen = |part: i128| Fen(i64::try_from(part).unwrap_or(i64::MAX));
    parts.into_iter().map(fen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advance(funds: &[(&str, i64, i64)]) -> Advance {
        let received = funds
            .iter()
            .map(|(fund, _, back)| (fund.to_string(), Fen(*back)));
        let advanced = funds
            .iter()
            .map(|(fund, paid, _)| (fund.to_string(), Fen(*paid)));
        Advance::new(advanced.collect(), &received.collect())
    }

    #[test]
    fn parts_come_to_the_amount_and_to_no_more_than_is_missing() {
        let weights = [Fen(1), Fen(1), Fen(1), Fen(0), Fen(7)];
        for amount in 0..=10 {
            let parts = apportioned(Fen(amount), &weights);
            assert_eq!(parts.iter().copied().sum::<Fen>(), Fen(amount));
            let within = parts
                .iter()
                .zip(&weights)
                .all(|(part, weight)| part <= weight);
            assert!(within, "{amount}: {parts:?}");
        }
        let largest = apportioned(Fen(100), &[Fen(301), Fen(299), Fen(400)]);
        assert_eq!(largest, [Fen(30), Fen(30), Fen(40)]);
    }

    #[test]
    fn the_last_payment_makes_every_fund_whole() {
        let paid = [("390100", 1_001), ("390200", 334), ("610100", 1)];
        let mut back: BTreeMap<&str, i64> = BTreeMap::new();
        let now = |back: &BTreeMap<&str, i64>| {
            let all: Vec<_> = paid
                .iter()
                .map(|(fund, paid)| (*fund, *paid, back.get(fund).copied().unwrap_or(0)))
                .collect();
            advance(&all)
        };
        for amount in [1, 7, 500, 333, 494, 1] {
            let parts = now(&back).parts(Fen(amount));
            for (fund, part) in parts {
                let (name, _) = paid.iter().find(|(name, _)| *name == fund).unwrap();
                *back.entry(name).or_default() += part.0;
            }
        }
        let whole = now(&back);
        assert_eq!(whole.remaining(), Fen::ZERO);
        assert!(whole.funds.iter().all(|(_, paid, back)| paid == back));
    }

    /// The migration finds advances of before by these words of the evidence.
    #[test]
    fn an_advance_is_written_as_the_migration_reads_it() {
        let party = ThirdParty {
            share: kernel::Rate(4_000),
            advance: true,
        };
        let written = serde_json::to_string(&party).unwrap();
        assert_eq!(written, r#"{"share":4000,"advance":true}"#);
    }

    #[test]
    fn what_a_revision_took_from_an_advance_is_seen() {
        let less = advance(&[("390100", 100, 150)]);
        assert_eq!((less.remaining(), less.recovered()), (Fen::ZERO, Fen(150)));
        let id = SettlementId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap();
        assert_eq!(less.covers(id).unwrap_err().code, "RECOVERY_STANDS");
        assert!(advance(&[("390100", 150, 150)]).covers(id).is_ok());
    }
}
