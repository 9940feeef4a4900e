//! 承办机构对账文件: what a fund paid in a month, line by line, and a payer's lines against it: pure.
//!
//! A file is written from the postings of the fund's account and from nothing else, so that its total is
//! the ledger's. It refuses to know who the payer is: a fund has one account, whoever pays from it.

use super::closing::Month;
use super::reconcile::{Amounts, Difference, Row, RowKind, Sent, Shares, Verdict, reconcile};
use crate::refusal::PAYER_FILE_DIFFERS;
use kernel::{Day, Digest, Digester, Fen, Fund, Instant, MedType, Refusal, Scheme};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Lines of one file at most.
pub const FILE_LINES_MAX: u64 = 100_000;

/// What a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// 结算.
    Settlement,
    /// 撤销.
    Reversal,
    /// 差额结算.
    Revision,
    /// A correction withdrawn, or reversed with its settlement.
    RevisionTakenBack,
    /// 追偿.
    Recovery,
    /// A recovery revoked.
    RecoveryRevoked,
    /// 其他: of no bill.
    Other,
}

impl LineKind {
    const ALL: [LineKind; 7] = [
        LineKind::Settlement,
        LineKind::Reversal,
        LineKind::Revision,
        LineKind::RevisionTakenBack,
        LineKind::Recovery,
        LineKind::RecoveryRevoked,
        LineKind::Other,
    ];

    /// Its name in the store.
    pub fn name(self) -> &'static str {
        match self {
            LineKind::Settlement => "settlement",
            LineKind::Reversal => "reversal",
            LineKind::Revision => "revision",
            LineKind::RevisionTakenBack => "revision_taken_back",
            LineKind::Recovery => "recovery",
            LineKind::RecoveryRevoked => "recovery_revoked",
            LineKind::Other => "other",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<LineKind> {
        LineKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// As a comparison of books knows it: there, what takes something back is a reversal of its subject.
    fn row(self) -> RowKind {
        match self {
            LineKind::Settlement => RowKind::Settlement,
            LineKind::Revision | LineKind::Recovery | LineKind::Other => RowKind::Revision,
            LineKind::Reversal | LineKind::RevisionTakenBack | LineKind::RecoveryRevoked => {
                RowKind::Reversal
            }
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerLine {
    /// 序号, from 1.
    pub number: i64,
    /// The ledger transaction it is of.
    pub transaction: String,
    /// What it is of.
    pub kind: LineKind,
    /// The settlement, the revision, the recovery or what else moved the account.
    pub subject: String,
    /// The bill it belongs to.
    pub bill: Option<LineBill>,
    /// 人员编号 (psn_no); empty where nobody's is known.
    pub person: String,
    /// When it was posted.
    pub posted_at: Instant,
    /// 基金支付金额 (fund_payamt): what the payer pays.
    pub amount: Fen,
}

/// The bill that a line belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineBill {
    /// 结算ID (setl_id).
    pub settlement: String,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: String,
    /// 结束日期 (enddate).
    pub end: Day,
}

/// What lines of one kind come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindTotal {
    /// Their kind.
    pub kind: LineKind,
    /// How many.
    pub rows: i64,
    /// Their sum.
    pub amount: Fen,
}

/// A file without its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerFile {
    /// Its id.
    pub id: String,
    /// 基金支付类型 (fund_pay_type).
    pub fund: Fund,
    /// 清算期 (clr_ym).
    pub month: Month,
    /// What the lines come to, by kind.
    pub totals: Vec<KindTotal>,
    /// Digest over the lines.
    pub digest: Digest,
    /// Who prepared it.
    pub by: String,
    /// When.
    pub at: Instant,
}

impl PayerFile {
    /// How many lines.
    pub fn rows(&self) -> i64 {
        self.totals.iter().map(|one| one.rows).sum()
    }

    /// What they come to.
    pub fn total(&self) -> Fen {
        self.totals.iter().map(|one| one.amount).sum()
    }

    /// The file of these lines; `ledger` is what the fund's account paid in the month, and the lines must
    /// come to it.
    pub fn of(
        (id, fund, month): (String, Fund, Month),
        lines: &[PayerLine],
        ledger: Fen,
        (by, at): (String, Instant),
    ) -> Result<PayerFile, Refusal> {
        let file = PayerFile {
            id,
            totals: totals(lines),
            digest: lines_digest(lines),
            fund,
            month,
            by,
            at,
        };
        match file.total() == ledger {
            true => Ok(file),
            false => Err(PAYER_FILE_DIFFERS
                .refuse()
                .at("month")
                .with("fund", &file.fund)
                .with("month", month)),
        }
    }

    /// Whether lines and ledger are what they were.
    pub fn agrees(&self, lines: &[PayerLine], ledger: Fen) -> bool {
        totals(lines) == self.totals && lines_digest(lines) == self.digest && self.total() == ledger
    }
}

/// What lines come to, by kind.
fn totals(lines: &[PayerLine]) -> Vec<KindTotal> {
    let mut sums: BTreeMap<LineKind, (i64, Fen)> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(line.kind).or_default();
        *sum = (sum.0 + 1, sum.1 + line.amount);
    }
    let total = |(kind, (rows, amount))| KindTotal { kind, rows, amount };
    sums.into_iter().map(total).collect()
}

fn lines_digest(lines: &[PayerLine]) -> Digest {
    let mut digester = Digester::new();
    for line in lines {
        digester.number(line.number);
        digester.part(line.transaction.as_bytes());
        digester.part(line.kind.name().as_bytes());
        digester.part(line.subject.as_bytes());
        if let Some(bill) = &line.bill {
            digester.part(bill.settlement.as_bytes());
            digester.part(bill.institution.as_bytes());
            digester.part(bill.end.to_string().as_bytes());
        }
        digester.part(line.person.as_bytes());
        digester.number(line.posted_at.micros());
        digester.number(line.amount.0);
    }
    digester.finish()
}

/// A line as the payer has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What it is of.
    pub subject: String,
    /// Of which kind.
    pub kind: LineKind,
    /// What the payer has.
    pub amount: Fen,
}

/// A line that is not the same, or is at one side only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerDifference {
    /// What it is of.
    pub subject: String,
    /// What is wrong.
    pub verdict: Verdict,
    /// The place of the payer's line, from 1.
    pub sent: Option<i32>,
    /// The place of the line in the file.
    pub number: Option<i64>,
    /// What the payer has.
    pub theirs: Option<Fen>,
    /// What the file has.
    pub ours: Option<Fen>,
    /// 可能原因.
    pub cause: String,
    /// 处理建议.
    pub repair: &'static str,
}

/// Compares a payer's lines with a file's; `elsewhere` is on which day the fund paid for what the file
/// does not have.
pub fn compare(
    fund: &Fund,
    lines: &[PayerLine],
    answered: &[Answered],
    elsewhere: &BTreeMap<String, Day>,
) -> (Vec<Verdict>, Vec<PayerDifference>) {
    let ours: Vec<Row> = lines.iter().map(|line| row(fund, line)).collect();
    let theirs = (1..).zip(answered);
    let theirs: Vec<Sent> = theirs
        .map(|(number, line)| sent(fund, number, line))
        .collect();
    let found = reconcile(&ours, &theirs).differences;
    let mut verdicts = vec![Verdict::Match; answered.len()];
    let mut differences = Vec::with_capacity(found.len());
    for one in found {
        let number = one.sent.as_ref().map(|sent| sent.number);
        let place = number.and_then(|number| usize::try_from(number - 1).ok());
        if let Some(verdict) = place.and_then(|place| verdicts.get_mut(place)) {
            *verdict = one.verdict;
        }
        differences.push(told(&one, elsewhere));
    }
    differences.sort_by_key(|one| (one.number.is_none(), one.number, one.sent));
    (verdicts, differences)
}

/// Of one purse: its code stands for the scheme and the category, which its payer does not ask for. The
/// line's place stands for the visit.
fn row(fund: &Fund, line: &PayerLine) -> Row {
    Row {
        settlement: line.subject.clone(),
        kind: line.kind.row(),
        visit: line.number.to_string(),
        scheme: purse(fund),
        med_type: MedType::Other(fund.to_string()),
        amounts: paid(line.amount),
        shares: Shares::new(),
        posted_at: line.posted_at.micros(),
    }
}

fn sent(fund: &Fund, number: i32, line: &Answered) -> Sent {
    Sent {
        number,
        settlement: line.subject.clone(),
        request: String::new(),
        kind: line.kind.row(),
        scheme: purse(fund),
        amounts: paid(line.amount),
        shares: None,
    }
}

fn purse(fund: &Fund) -> Scheme {
    Scheme::Other(fund.to_string())
}

fn paid(amount: Fen) -> Amounts {
    Amounts {
        funds: amount,
        ..Amounts::default()
    }
}

fn told(one: &Difference, elsewhere: &BTreeMap<String, Day>) -> PayerDifference {
    let subject = one.subject().to_string();
    let (cause, repair) = advise(one, elsewhere.get(&subject));
    PayerDifference {
        verdict: one.verdict,
        sent: one.sent.as_ref().map(|sent| sent.number),
        number: one.ours.as_ref().and_then(|row| row.visit.parse().ok()),
        theirs: one.sent.as_ref().map(|sent| sent.amounts.funds),
        ours: one.ours.as_ref().map(|row| row.amounts.funds),
        cause,
        repair,
        subject,
    }
}

/// 可能原因与处理建议, for a payer.
fn advise(one: &Difference, elsewhere: Option<&Day>) -> (String, &'static str) {
    let said = |cause: &str, repair| (cause.to_string(), repair);
    match (one.verdict, elsewhere) {
        (Verdict::Match, _) => said("两端一致", "无需处理"),
        (Verdict::OnlyAtBureau, _) => match one.kind() {
            RowKind::Settlement => said("承办机构漏记该笔赔付", "承办机构按对账文件补记"),
            RowKind::Reversal => said("承办机构漏记撤销或退回", "承办机构按对账文件补记负向行"),
            RowKind::Revision => said(
                "承办机构漏记差额结算、追偿或其他调整",
                "承办机构按对账文件补记调整行",
            ),
        },
        (Verdict::OnlyAtInstitution, Some(day)) => (
            format!("跨月或跨机构:该笔于 {day} 入账"),
            "该行归入其入账月份、所属机构的核对",
        ),
        (Verdict::OnlyAtInstitution, None) => said(
            "该基金账上没有该笔赔付",
            "核对结算编号;确无此笔的,承办机构冲销",
        ),
        (Verdict::AmountDiffers, _) => said(
            "承办机构记账金额与基金账不一致",
            "以对账文件为准更正;有异议的,以 GetReceipt 查看计算过程后提出复核",
        ),
        (Verdict::SignDiffers, _) => said(
            "正负号或行类别有误",
            "承办机构更正该行:支付记正,撤销与退回记负",
        ),
        (Verdict::StatusDiffers, _) => match one.ours {
            Some(_) => said("经办端已撤销,承办机构漏记", "承办机构补记负向行"),
            None => said(
                "承办机构已撤销,经办端仍有效",
                "承办机构冲回撤销行;确应撤销的,由原机构办理撤销",
            ),
        },
        (Verdict::Duplicate, _) => said("同一笔在承办机构重复记账", "承办机构删除重复的行"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: i64, kind: LineKind, subject: &str, amount: i64) -> PayerLine {
        PayerLine {
            number,
            transaction: format!("t-{number}"),
            kind,
            subject: subject.into(),
            bill: None,
            person: String::new(),
            posted_at: Instant::from_micros(1_519_862_400_000_000),
            amount: Fen(amount),
        }
    }

    fn file(lines: &[PayerLine], ledger: i64) -> Result<PayerFile, Refusal> {
        let month = Month::parse("2018-03").unwrap();
        let of = ("f".to_string(), Fund::CriticalIllness, month);
        let by = ("clerk".to_string(), Instant::from_micros(0));
        PayerFile::of(of, lines, Fen(ledger), by)
    }

    fn echoed(lines: &[PayerLine]) -> Vec<Answered> {
        let echo = |line: &PayerLine| Answered {
            subject: line.subject.clone(),
            kind: line.kind,
            amount: line.amount,
        };
        lines.iter().map(echo).collect()
    }

    fn a_month() -> Vec<PayerLine> {
        vec![
            line(1, LineKind::Settlement, "a", 1_000),
            line(2, LineKind::Settlement, "b", 500),
            line(3, LineKind::Reversal, "b", -500),
            line(4, LineKind::Revision, "r", -200),
            line(5, LineKind::RevisionTakenBack, "r", 200),
            line(6, LineKind::Recovery, "v", -300),
        ]
    }

    #[test]
    fn a_file_comes_to_what_the_ledger_has() {
        let lines = a_month();
        let made = file(&lines, 700).unwrap();
        assert_eq!((made.rows(), made.total()), (6, Fen(700)));
        assert_eq!(made.totals.len(), 6 - 1);
        assert_eq!(file(&lines, 701).unwrap_err().code, "PAYER_FILE_DIFFERS");
        assert!(made.agrees(&lines, Fen(700)));
        assert!(!made.agrees(&lines, Fen(699)));
        let mut other = lines.clone();
        other[0].amount = Fen(999);
        assert!(!made.agrees(&other, Fen(700)));
        // Two changes that cancel each other leave the totals, not the digest.
        other[0] = line(1, LineKind::Settlement, "a", 999);
        other[1] = line(2, LineKind::Settlement, "b", 501);
        assert!(!made.agrees(&other, Fen(700)));
    }

    #[test]
    fn every_kind_has_a_name() {
        for kind in LineKind::ALL {
            assert_eq!(LineKind::parse(kind.name()), Some(kind));
        }
    }

    #[test]
    fn what_a_payer_has_otherwise_is_named() {
        let (fund, lines) = (Fund::CriticalIllness, a_month());
        let compared = |answered: &[Answered]| {
            let day = Day::new(2018, 2, 3).unwrap();
            let elsewhere = BTreeMap::from([("old".to_string(), day)]);
            compare(&fund, &lines, answered, &elsewhere)
        };
        let (verdicts, none) = compared(&echoed(&lines));
        assert!(verdicts.iter().all(|one| *one == Verdict::Match));
        assert_eq!(none, []);

        let mut answered = echoed(&lines);
        answered[0].amount = Fen(900);
        answered[2].amount = Fen(500);
        answered.remove(5);
        answered.push(answered[1].clone());
        let stranger = |subject: &str| Answered {
            subject: subject.into(),
            kind: LineKind::Settlement,
            amount: Fen(7),
        };
        answered.extend([stranger("old"), stranger("nobody")]);
        let (verdicts, found) = compared(&answered);
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.subject.as_str(), one.verdict, one.number, one.sent))
            .collect();
        assert_eq!(
            told,
            [
                ("a", Verdict::AmountDiffers, Some(1), Some(1)),
                ("b", Verdict::SignDiffers, Some(3), Some(3)),
                ("v", Verdict::OnlyAtBureau, Some(6), None),
                ("b", Verdict::Duplicate, None, Some(6)),
                ("old", Verdict::OnlyAtInstitution, None, Some(7)),
                ("nobody", Verdict::OnlyAtInstitution, None, Some(8)),
            ]
        );
        assert!(found[4].cause.contains("2018-02-03"), "{}", found[4].cause);
        assert_eq!(verdicts[0], Verdict::AmountDiffers);
        assert_eq!(verdicts[1], Verdict::Match);
        // What differs is the sum of the differences.
        let theirs: i64 = answered.iter().map(|one| one.amount.0).sum();
        let sum = |of: fn(&PayerDifference) -> Option<Fen>| -> i64 {
            found.iter().filter_map(of).map(|fen| fen.0).sum()
        };
        assert_eq!(theirs - 700, sum(|one| one.theirs) - sum(|one| one.ours));
    }
}
