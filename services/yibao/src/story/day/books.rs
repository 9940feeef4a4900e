//! 院端账: what each institution's desk writes down of the answers it got. It is kept apart from the
//! bureau's, so that comparing the two can find something.

use proto::common::{Amounts, Settlement};
use proto::orchestrator::{
    InstitutionRow, ReconciledAmounts, ReconciledFund, ReconciliationRowKind as Kind,
};
use std::collections::BTreeMap;

/// The books of all institutions, by their codes.
#[derive(Clone, Debug, Default)]
pub struct Books {
    rows: BTreeMap<String, Vec<InstitutionRow>>,
}

impl Books {
    /// A settlement, under the id it was asked for by.
    pub fn settled(&mut self, request_id: &str, settlement: &Settlement) {
        let amounts = settlement.amounts.clone().unwrap_or_default();
        self.write(
            row(Kind::Settlement, request_id, settlement, &amounts),
            settlement,
        );
    }

    /// Its reversal.
    pub fn reversed(&mut self, request_id: &str, settlement: &Settlement) {
        let amounts = settlement.amounts.clone().unwrap_or_default();
        let mut row = row(Kind::Reversal, request_id, settlement, &amounts);
        opposite(&mut row);
        self.write(row, settlement);
    }

    /// A refund of lines: what the settlement came to less what it had come to.
    pub fn refunded(&mut self, request_id: &str, settlement: &Settlement, before: &Amounts) {
        let after = settlement.amounts.clone().unwrap_or_default();
        let difference = difference(before, &after);
        self.write(
            row(Kind::Revision, request_id, settlement, &difference),
            settlement,
        );
    }

    fn write(&mut self, row: InstitutionRow, of: &Settlement) {
        let code = of.institution_code.clone();
        self.rows.entry(code).or_default().push(row);
    }

    /// The rows of an institution, to be sent, or to be spoilt and mended.
    pub fn of(&mut self, institution: &str) -> &mut Vec<InstitutionRow> {
        self.rows.entry(institution.into()).or_default()
    }

    /// How many rows, and their sums.
    pub fn sums(&self, institution: &str) -> (usize, ReconciledAmounts) {
        let rows = self.rows.get(institution).map_or(&[][..], Vec::as_slice);
        let mut sums = ReconciledAmounts::default();
        for amounts in rows.iter().filter_map(|row| row.amounts.as_ref()) {
            sums.medfee_fen += amounts.medfee_fen;
            sums.funds_fen += amounts.funds_fen;
            sums.account_fen += amounts.account_fen;
            sums.cash_fen += amounts.cash_fen;
        }
        (rows.len(), sums)
    }
}

fn row(kind: Kind, request_id: &str, of: &Settlement, amounts: &Amounts) -> InstitutionRow {
    let paid = amounts.shares.iter().filter(|share| share.paid_fen != 0);
    let mut funds: BTreeMap<&str, i64> = BTreeMap::new();
    for share in paid {
        *funds.entry(&share.fund).or_default() += share.paid_fen;
    }
    let fund = |(fund, paid): (&str, i64)| ReconciledFund {
        fund_pay_type: fund.into(),
        paid_fen: paid,
    };
    InstitutionRow {
        settlement_id: of.settlement_id.clone(),
        request_id: request_id.into(),
        kind: kind.into(),
        scheme: of.scheme.clone(),
        amounts: Some(ReconciledAmounts {
            medfee_fen: amounts.total_fen,
            funds_fen: amounts.funds_fen,
            account_fen: amounts.account_fen,
            cash_fen: amounts.cash_fen,
        }),
        funds: funds.into_iter().map(fund).collect(),
    }
}

/// Turns every amount of a row round.
pub fn opposite(row: &mut InstitutionRow) {
    for amounts in row.amounts.iter_mut() {
        amounts.medfee_fen *= -1;
        amounts.funds_fen *= -1;
        amounts.account_fen *= -1;
        amounts.cash_fen *= -1;
    }
    row.funds.iter_mut().for_each(|fund| fund.paid_fen *= -1);
}

/// After less before; a layer that only one of them has counts as none in the other.
pub fn difference(before: &Amounts, after: &Amounts) -> Amounts {
    let paid = |of: &Amounts, rule: &str| {
        let shares = of.shares.iter().filter(|share| share.rule == rule);
        shares.map(|share| share.paid_fen).sum::<i64>()
    };
    let mut shares = after.shares.clone();
    let gone = |rule: &str| !after.shares.iter().any(|share| share.rule == rule);
    shares.extend(
        before
            .shares
            .iter()
            .filter(|share| gone(&share.rule))
            .cloned(),
    );
    for share in &mut shares {
        share.paid_fen = paid(after, &share.rule) - paid(before, &share.rule);
    }
    Amounts {
        total_fen: after.total_fen - before.total_fen,
        funds_fen: after.funds_fen - before.funds_fen,
        account_fen: after.account_fen - before.account_fen,
        cash_fen: after.cash_fen - before.cash_fen,
        hospital_fen: after.hospital_fen - before.hospital_fen,
        shares,
        ..Amounts::default()
    }
}
