//! 对账: an institution's rows of a day against the bureau's, row by row.
//!
//! It decides what became of each row and what probably happened; every difference of the sums is the
//! sum of the differences it lists. It refuses to know where rows come from and who mends them.

mod advice;
#[cfg(test)]
mod tests;

pub use advice::{Elsewhere, advise};

use kernel::{Digest, Digester, Fen, Instant, MedType, Scheme};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{Add, Sub};

/// What a row is of. Another source of rows is one more kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// 正行: a settlement.
    Settlement,
    /// 负行: its reversal.
    Reversal,
    /// 更正行: what a correction added to it or took from it.
    Revision,
}

/// The amounts that are compared, and their sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Amounts {
    /// 医疗费总额 (medfee_sumamt).
    pub total: Fen,
    /// 基金支付总额 (fund_pay_sumamt).
    pub funds: Fen,
    /// 个人账户 (acct_pay).
    pub account: Fen,
    /// 个人现金 (cash_payamt).
    pub cash: Fen,
}

/// 基金分项: what each fund pays, by fund_pay_type; funds that pay nothing are left out.
pub type Shares = BTreeMap<String, Fen>;

/// A row as the bureau has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// 结算ID (setl_id).
    pub settlement: String,
    /// What it is of.
    pub kind: RowKind,
    /// The institution's visit number.
    pub visit: String,
    /// 险种 (insutype).
    pub scheme: Scheme,
    /// 医疗类别 (med_type), for its clearing type.
    pub med_type: MedType,
    /// Its amounts; below zero in a reversal.
    pub amounts: Amounts,
    /// What each fund pays.
    pub shares: Shares,
    /// When it was posted, in microseconds of [`Instant`].
    pub posted_at: i64,
}

/// A row as the institution has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its place among those sent, from 1.
    pub number: i32,
    /// 结算ID; empty when the institution never learned it.
    pub settlement: String,
    /// 原发送方报文ID (omsgid): the request id it used.
    pub request: String,
    /// What it is of.
    pub kind: RowKind,
    /// 险种 (insutype).
    pub scheme: Scheme,
    /// Its amounts.
    pub amounts: Amounts,
    /// What each fund pays, where the institution keeps it.
    pub shares: Option<Shares>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 相符.
    Match,
    /// 院端少账.
    OnlyAtBureau,
    /// 院端多账.
    OnlyAtInstitution,
    /// 金额不符.
    AmountDiffers,
    /// 状态不符: one side has reversed what both have.
    StatusDiffers,
    /// 符号不符.
    SignDiffers,
    /// 重复.
    Duplicate,
}

/// A row that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What is wrong.
    pub verdict: Verdict,
    /// The institution's row.
    pub sent: Option<Sent>,
    /// The bureau's row.
    pub ours: Option<Row>,
    /// True when somebody must act: not where rows of one side cancel each other.
    pub open: bool,
}

/// Rows counted and summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// How many.
    pub rows: i64,
    /// Their sums.
    pub amounts: Amounts,
}

/// One scheme's sums at both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothSums {
    /// The institution's.
    pub institution: Sums,
    /// The bureau's.
    pub bureau: Sums,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What is not the same, by settlement, as far as the institution's row numbers go.
    pub differences: Vec<Difference>,
    /// Sums by scheme.
    pub schemes: BTreeMap<String, BothSums>,
}

/// Compares the bureau's rows with the institution's, in whatever order they come.
pub fn reconcile(ours: &[Row], theirs: &[Sent]) -> Compared {
    let mut pairs: BTreeMap<&str, Pair> = BTreeMap::new();
    for row in ours {
        pairs.entry(&row.settlement).or_default().ours.push(row);
    }
    for row in theirs {
        pairs.entry(row.key()).or_default().theirs.push(row);
    }
    let differences: Vec<Difference> = pairs.into_values().flat_map(Pair::compared).collect();
    let compared = Compared {
        schemes: by_scheme(ours, theirs),
        differences,
    };
    debug_assert!(compared.explains_itself());
    compared
}

fn by_scheme(ours: &[Row], theirs: &[Sent]) -> BTreeMap<String, BothSums> {
    let mut schemes: BTreeMap<String, BothSums> = BTreeMap::new();
    for row in ours {
        let sums = schemes.entry(row.scheme.to_string()).or_default();
        sums.bureau.count(row.amounts);
    }
    for row in theirs {
        let sums = schemes.entry(row.scheme.to_string()).or_default();
        sums.institution.count(row.amounts);
    }
    schemes
}

impl Compared {
    /// Every scheme's difference is the sum over the listed differences.
    pub fn explains_itself(&self) -> bool {
        let listed = |scheme: &str| -> (i64, Amounts) {
            let parts = self.differences.iter().map(|one| one.part_of(scheme));
            parts.fold((0, Amounts::default()), |sum, part| {
                (sum.0 + part.0, sum.1 + part.1)
            })
        };
        self.schemes.iter().all(|(scheme, sums)| {
            let rows = sums.institution.rows - sums.bureau.rows;
            listed(scheme) == (rows, sums.difference())
        })
    }
}

impl Difference {
    /// What it adds to a scheme's difference: rows and amounts.
    fn part_of(&self, scheme: &str) -> (i64, Amounts) {
        let sent = self.sent.iter().filter(|row| row.scheme.as_str() == scheme);
        let ours = self.ours.iter().filter(|row| row.scheme.as_str() == scheme);
        let mut part = (0, Amounts::default());
        for row in sent {
            part = (part.0 + 1, part.1 + row.amounts);
        }
        for row in ours {
            part = (part.0 - 1, part.1 - row.amounts);
        }
        part
    }

    /// The settlement it is about, or the request where the institution has no settlement.
    pub fn subject(&self) -> &str {
        match (&self.ours, &self.sent) {
            (Some(row), _) => &row.settlement,
            (None, Some(row)) => row.key(),
            (None, None) => "",
        }
    }

    /// What it is of.
    pub fn kind(&self) -> RowKind {
        let sent = self.sent.as_ref().map(|row| row.kind);
        let ours = self.ours.as_ref().map(|row| row.kind);
        ours.or(sent).unwrap_or(RowKind::Settlement)
    }

    /// The fields that differ: national name, the institution's amount, the bureau's.
    pub fn fields(&self) -> Vec<(String, Fen, Fen)> {
        let (sent, ours) = (self.sent.as_ref(), self.ours.as_ref());
        let theirs = sent.map(|row| row.amounts).unwrap_or_default();
        let bureaus = ours.map(|row| row.amounts).unwrap_or_default();
        let mut fields: Vec<(String, Fen, Fen)> = [
            ("medfee_sumamt", theirs.total, bureaus.total),
            ("fund_pay_sumamt", theirs.funds, bureaus.funds),
            ("acct_pay", theirs.account, bureaus.account),
            ("cash_payamt", theirs.cash, bureaus.cash),
        ]
        .map(|(name, theirs, ours)| (name.to_string(), theirs, ours))
        .into();
        if let (
            Some(Sent {
                shares: Some(theirs),
                ..
            }),
            Some(ours),
        ) = (sent, ours)
        {
            let part =
                |shares: &Shares, fund: &String| shares.get(fund).copied().unwrap_or_default();
            let mut funds: Vec<&String> = theirs.keys().chain(ours.shares.keys()).collect();
            funds.sort();
            funds.dedup();
            let of = |fund: &String| (fund.clone(), part(theirs, fund), part(&ours.shares, fund));
            fields.extend(funds.into_iter().map(of));
        }
        fields.retain(|(_, theirs, ours)| theirs != ours);
        fields
    }

    /// Digest over what differs: an explanation is of this and nothing else.
    pub fn digest_into(&self, digester: &mut Digester) {
        digester.number(self.verdict as i64);
        if let Some(row) = &self.sent {
            digester.number(row.kind as i64);
            digester.part(row.scheme.as_str().as_bytes());
            row.amounts.digest_into(digester);
            shares_into(&row.shares.clone().unwrap_or_default(), digester);
        }
        digester.part(b"/");
        if let Some(row) = &self.ours {
            digester.number(row.kind as i64);
            digester.part(row.scheme.as_str().as_bytes());
            row.amounts.digest_into(digester);
            shares_into(&row.shares, digester);
        }
    }
}

impl Sent {
    /// What pairs it with the bureau's rows.
    pub fn key(&self) -> &str {
        match self.settlement.as_str() {
            "" => &self.request,
            id => id,
        }
    }

    fn matches(&self, ours: &Row) -> bool {
        let shares = self.shares.as_ref();
        self.kind == ours.kind
            && self.scheme == ours.scheme
            && self.amounts == ours.amounts
            && shares.is_none_or(|shares| *shares == ours.shares)
    }

    /// The same amounts with the other sign.
    fn opposes(&self, ours: &Row) -> bool {
        let opposite = Amounts::default() - self.amounts;
        self.scheme == ours.scheme && opposite == ours.amounts && self.amounts != ours.amounts
    }

    /// The same amounts, whatever their sign.
    fn mirrors(&self, ours: &Row) -> bool {
        let same = self.scheme == ours.scheme && self.amounts == ours.amounts;
        same || self.opposes(ours)
    }
}

/// The rows of one settlement at both sides.
#[derive(Default)]
struct Pair<'a> {
    ours: Vec<&'a Row>,
    theirs: Vec<&'a Sent>,
}

impl Pair<'_> {
    fn compared(mut self) -> Vec<Difference> {
        // Rows with the same content may stand for each other: their order decides nothing else.
        self.ours
            .sort_by(|a, b| (a.kind, a.amounts, &a.shares).cmp(&(b.kind, b.amounts, &b.shares)));
        let order = |row: &Sent| (row.kind, row.amounts, row.shares.clone(), row.number);
        self.theirs.sort_by_key(|row| order(row));

        let both: Vec<RowKind> = self.ours.iter().map(|row| row.kind).collect();
        let both = move |kind: RowKind| both.contains(&kind);
        let sent: Vec<RowKind> = self.theirs.iter().map(|row| row.kind).collect();
        let sent = move |kind: RowKind| sent.contains(&kind);

        self.pair(Sent::matches);
        let opposite = self.pair(|sent, ours| sent.kind == ours.kind && sent.opposes(ours));
        let other = self.pair(|sent, ours| sent.kind == ours.kind);
        let unmarked = self.pair(|sent, ours| sent.mirrors(ours));

        let mut found = Vec::new();
        let mut tell = |verdict, sent: Option<&Sent>, ours: Option<&Row>, open| {
            found.push(Difference {
                verdict,
                sent: sent.cloned(),
                ours: ours.cloned(),
                open,
            });
        };
        for (sent, ours) in opposite.into_iter().chain(unmarked) {
            tell(Verdict::SignDiffers, Some(sent), Some(ours), true);
        }
        for (sent, ours) in other {
            tell(Verdict::AmountDiffers, Some(sent), Some(ours), true);
        }
        let settled = RowKind::Settlement;
        for row in &self.theirs {
            let verdict = match row.kind {
                kind if both(kind) => Verdict::Duplicate,
                RowKind::Reversal if both(settled) => Verdict::StatusDiffers,
                _ => Verdict::OnlyAtInstitution,
            };
            tell(verdict, Some(row), None, true);
        }
        // 冲正: posted and taken back before the institution ever heard of it.
        let left: Amounts = self.ours.iter().map(|row| row.amounts).sum();
        let unheard = self.theirs.is_empty() && !sent(settled) && self.ours.len() > 1;
        let open = !(unheard && left == Amounts::default());
        for row in &self.ours {
            let verdict = match row.kind {
                RowKind::Reversal if sent(settled) => Verdict::StatusDiffers,
                _ => Verdict::OnlyAtBureau,
            };
            tell(verdict, None, Some(row), open);
        }
        found
    }
}

impl<'a> Pair<'a> {
    /// Takes out the rows that belong together, each with the first that fits.
    fn pair(&mut self, fits: impl Fn(&Sent, &Row) -> bool) -> Vec<(&'a Sent, &'a Row)> {
        let mut pairs = Vec::new();
        let ours = &mut self.ours;
        self.theirs.retain(|sent| {
            let found = ours.iter().position(|row| fits(sent, row));
            if let Some(place) = found {
                pairs.push((*sent, ours.remove(place)));
            }
            found.is_none()
        });
        pairs
    }
}

impl Sums {
    /// Counts a row.
    pub fn count(&mut self, amounts: Amounts) {
        self.rows += 1;
        self.amounts = self.amounts + amounts;
    }
}

impl BothSums {
    /// The institution's less the bureau's.
    pub fn difference(&self) -> Amounts {
        self.institution.amounts - self.bureau.amounts
    }
}

impl Amounts {
    fn digest_into(&self, digester: &mut Digester) {
        digester.number(self.total.0).number(self.funds.0);
        digester.number(self.account.0).number(self.cash.0);
    }
}

impl Add for Amounts {
    type Output = Amounts;
    fn add(self, other: Amounts) -> Amounts {
        Amounts {
            total: self.total + other.total,
            funds: self.funds + other.funds,
            account: self.account + other.account,
            cash: self.cash + other.cash,
        }
    }
}

impl Sub for Amounts {
    type Output = Amounts;
    fn sub(self, other: Amounts) -> Amounts {
        Amounts {
            total: self.total - other.total,
            funds: self.funds - other.funds,
            account: self.account - other.account,
            cash: self.cash - other.cash,
        }
    }
}

impl Sum for Amounts {
    fn sum<I: Iterator<Item = Amounts>>(all: I) -> Amounts {
        all.fold(Amounts::default(), Add::add)
    }
}

/// Digest over rows, in whatever order they come: what a close freezes.
pub fn digest(rows: &[Row]) -> Digest {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by(|a, b| {
        let key = |row: &Row| (row.posted_at, row.kind, row.amounts);
        (&a.settlement, key(a)).cmp(&(&b.settlement, key(b)))
    });
    let mut digester = Digester::new();
    for row in rows {
        digester.part(row.settlement.as_bytes());
        digester.number(row.kind as i64).number(row.posted_at);
        digester.part(row.scheme.as_str().as_bytes());
        digester.part(row.med_type.as_str().as_bytes());
        row.amounts.digest_into(&mut digester);
        shares_into(&row.shares, &mut digester);
    }
    digester.finish()
}

fn shares_into(shares: &Shares, digester: &mut Digester) {
    digester.number(i64::try_from(shares.len()).unwrap_or(i64::MAX));
    for (fund, paid) in shares {
        digester.part(fund.as_bytes()).number(paid.0);
    }
}

impl Row {
    /// When it was posted.
    pub fn posted(&self) -> Instant {
        Instant::from_micros(self.posted_at)
    }

    /// The row that takes it back at an instant.
    pub fn reversed(self, at: Instant) -> Row {
        let shares = self.shares.into_iter();
        Row {
            kind: RowKind::Reversal,
            amounts: Amounts::default() - self.amounts,
            shares: shares.map(|(fund, paid)| (fund, -paid)).collect(),
            posted_at: at.micros(),
            ..self
        }
    }

    /// What a correction added: this is what it came to, the other what it came to before.
    pub fn correcting(self, before: &Row) -> Row {
        let mut shares = self.shares;
        for (fund, paid) in &before.shares {
            *shares.entry(fund.clone()).or_default() -= *paid;
        }
        shares.retain(|_, paid| *paid != Fen::ZERO);
        Row {
            kind: RowKind::Revision,
            amounts: self.amounts - before.amounts,
            shares,
            ..self
        }
    }

    /// 医院负担: a correction that is the person's, of which the institution sees that the funds owe it
    /// what it bears less; what it was paid by the patient stays. Of which fund is not told.
    pub fn bearing_less(self, moved: Fen) -> Row {
        let amounts = Amounts {
            funds: moved,
            ..Amounts::default()
        };
        Row {
            amounts,
            shares: Shares::new(),
            ..self
        }
    }

    /// This and what a correction of it added.
    pub fn with(mut self, correction: &Row) -> Row {
        for (fund, paid) in &correction.shares {
            *self.shares.entry(fund.clone()).or_default() += *paid;
        }
        self.shares.retain(|_, paid| *paid != Fen::ZERO);
        self.amounts = self.amounts + correction.amounts;
        self
    }

    /// The row that takes a correction back at an instant.
    pub fn withdrawn(self, at: Instant) -> Row {
        let kind = self.kind;
        Row {
            kind,
            ..self.reversed(at)
        }
    }
}
