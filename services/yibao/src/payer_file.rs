//! 承办机构对账文件: prepared by a running suite, written as CSV, and compared with the payer's own.

use crate::cli::Trouble;
use crate::files::beginning;
use crate::reach::Reach;
use crate::saga::{heard, patient};
use crate::story::sheet::{Sheet, Side, yuan};
use clap::{Args, Subcommand};
use kernel::{Clock, Fen};
use proto::orchestrator as pb;
use proto::orchestrator::payer_file_service_client::PayerFileServiceClient;
use proto::orchestrator::{PayerFileLineKind as Kind, PayerVerdict as Verdict};
use runtime::Wire;
use runtime::clock::SystemClock;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Pages that are read at most: more than a file has.
const PAGES_MAX: usize = 400;
/// Lines on a page.
const PAGE_SIZE: i32 = 500;
/// Bytes of a payer's file at most: more than 20,000 lines have.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// What to do with a file.
#[derive(Debug, Subcommand)]
pub enum PayerFile {
    /// Freeze the lines of a fund and month, which must be closed, and print what they come to.
    Prepare(Prepare),
    /// Write the lines of a prepared file to a CSV file.
    Write(WriteOut),
    /// Compare a payer's lines, from a CSV file with the columns kind, subject_id and fund_payamt (in
    /// yuan); exit status 1 when a line is not the same.
    Reconcile(Compare),
}

/// Whose file, and where.
#[derive(Debug, Args)]
pub struct Which {
    /// 基金支付类型 (fund_pay_type), such as 390200.
    #[arg(long, value_name = "CODE")]
    fund: String,
    /// The month, such as 2018-03.
    #[arg(long, value_name = "MONTH")]
    month: String,
    #[command(flatten)]
    reach: Reach,
    /// Who asks; @330523 behind the name is the area.
    #[arg(long = "as", value_name = "CALLER", default_value = "clerk")]
    caller: String,
}

/// Which file to prepare.
#[derive(Debug, Args)]
pub struct Prepare {
    #[command(flatten)]
    which: Which,
    /// The request's id, to repeat or to withdraw it by; a new one unless it is given.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// Where to write it.
#[derive(Debug, Args)]
pub struct WriteOut {
    #[command(flatten)]
    which: Which,
    /// The file to write.
    file: PathBuf,
}

/// What to compare.
#[derive(Debug, Args)]
pub struct Compare {
    #[command(flatten)]
    which: Which,
    /// Only the lines of the institution of this code, which are all that the file has.
    #[arg(long, value_name = "CODE", default_value = "")]
    institution: String,
    /// The payer's lines.
    file: PathBuf,
}

/// Why a file is no table of lines.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be opened or made.
    #[error("cannot open {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is too long.
    #[error("{0} is longer than {FILE_BYTES_MAX} bytes: is it one month of one fund?")]
    Long(PathBuf),
    /// It cannot be read or written.
    #[error("{file}: {source}")]
    Table {
        /// The file.
        file: PathBuf,
        /// What is wrong, and in which line.
        source: csv::Error,
    },
    /// A field cannot be read.
    #[error("{file}, line {line}: {found:?} is not {expected}")]
    Field {
        /// The file.
        file: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
}

/// A line as the table has it, by the national names where there are any.
#[derive(Debug, Serialize)]
struct Line<'a> {
    number: i64,
    kind: &'a str,
    subject_id: &'a str,
    setl_id: &'a str,
    fixmedins_code: &'a str,
    psn_no: &'a str,
    enddate: &'a str,
    posted_day: &'a str,
    fund_payamt: String,
}

/// What is read of a line; other columns may be there.
#[derive(Debug, Deserialize)]
struct Answer {
    kind: String,
    subject_id: String,
    fund_payamt: String,
}

/// Does what the command line says.
pub async fn obey(asked: &PayerFile, out: &mut dyn Write) -> Result<ExitCode, Trouble> {
    match asked {
        PayerFile::Prepare(asked) => prepare(asked, out).await,
        PayerFile::Write(asked) => write(asked, out).await,
        PayerFile::Reconcile(asked) => reconcile(asked, out).await,
    }
}

async fn client(which: &Which) -> Result<PayerFileServiceClient<Wire>, Trouble> {
    Ok(which.reach.desk(&which.caller).await?.payer_files())
}

async fn prepare(asked: &Prepare, out: &mut dyn Write) -> Result<ExitCode, Trouble> {
    let fresh = || format!("payer-file-{}", store::new_id(SystemClock.now()));
    let request = pb::PreparePayerFileRequest {
        request_id: asked.request_id.clone().unwrap_or_else(fresh),
        fund: asked.which.fund.clone(),
        month: asked.which.month.clone(),
    };
    let id = request.request_id.clone();
    let mut client = client(&asked.which).await?;
    let prepared = heard(client.prepare_payer_file(patient(request)).await)?;
    let file = prepared.payer_file.unwrap_or_default();
    let mut sheet = Sheet::terminal(out);
    sheet.heading(&format!(
        "{} {} 对账文件（请求编号 {id}）",
        file.month, file.fund_name
    ))?;
    let headings = [
        ("类别", Side::Left),
        ("行数", Side::Right),
        ("基金支付", Side::Right),
    ];
    let total = |one: &pb::PayerFileTotal| {
        let term = term(one.kind()).to_string();
        vec![term, one.rows.to_string(), yuan(one.amount_fen)]
    };
    let mut rows: Vec<Vec<String>> = file.totals.iter().map(total).collect();
    rows.push(vec![
        "合计".into(),
        file.rows.to_string(),
        yuan(file.total_fen),
    ]);
    sheet.table(&headings, &rows)?;
    sheet.gap()?;
    let ledger = yuan(file.ledger_fen);
    sheet.line(&match file.agrees {
        true => format!("与总账 {ledger} 元相符，摘要（SM3）{}", file.digest),
        false => format!("与总账 {ledger} 元不符，请联系运维。"),
    })?;
    Ok(match file.agrees {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn write(asked: &WriteOut, out: &mut dyn Write) -> Result<ExitCode, Trouble> {
    let mut client = client(&asked.which).await?;
    let mut request = pb::ListPayerFileLinesRequest {
        fund: asked.which.fund.clone(),
        month: asked.which.month.clone(),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let mut lines = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = heard(client.list_payer_file_lines(patient(request.clone())).await)?;
        lines.extend(page.lines);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    let made = File::create(&asked.file).map_err(|source| TableError::File {
        file: asked.file.clone(),
        source,
    })?;
    table(&lines, made).map_err(|source| TableError::Table {
        file: asked.file.clone(),
        source,
    })?;
    writeln!(
        out,
        "已写入：{}（{} 行）",
        asked.file.display(),
        lines.len()
    )?;
    Ok(ExitCode::SUCCESS)
}

fn table(lines: &[pb::PayerFileLine], to: impl Write) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(to);
    for line in lines {
        table.serialize(Line {
            number: line.number,
            kind: name(line.kind()),
            subject_id: &line.subject_id,
            setl_id: &line.settlement_id,
            fixmedins_code: &line.institution_code,
            psn_no: &line.person_id,
            enddate: &line.end_day,
            posted_day: &line.posted_day,
            fund_payamt: Fen(line.amount_fen).to_string().replace(',', ""),
        })?;
    }
    Ok(table.flush()?)
}

async fn reconcile(asked: &Compare, out: &mut dyn Write) -> Result<ExitCode, Trouble> {
    let opened = File::open(&asked.file).map_err(|source| TableError::File {
        file: asked.file.clone(),
        source,
    })?;
    let lines = read(&asked.file, opened)?;
    let request = pb::ReconcilePayerFileRequest {
        fund: asked.which.fund.clone(),
        month: asked.which.month.clone(),
        institution_code: asked.institution.clone(),
        lines,
    };
    let mut client = client(&asked.which).await?;
    let compared = heard(client.reconcile_payer_file(patient(request)).await)?;
    show(&compared, out)?;
    Ok(match compared.equal {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The lines of a payer's file.
pub(crate) fn read(file: &Path, from: impl Read) -> Result<Vec<pb::PayerLine>, TableError> {
    let mut bytes = Vec::new();
    // A file that is cut would say of the lines left out that the payer has not paid them.
    let length = from.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes);
    let length = length.map_err(|source| TableError::File {
        file: file.to_path_buf(),
        source,
    })?;
    if length as u64 > FILE_BYTES_MAX {
        return Err(TableError::Long(file.to_path_buf()));
    }
    let mut table = csv::Reader::from_reader(bytes.as_slice());
    let mut lines = Vec::new();
    for (line, row) in (2..).zip(table.deserialize::<Answer>()) {
        let row = row.map_err(|source| TableError::Table {
            file: file.to_path_buf(),
            source,
        })?;
        let wrong = |found: &str, expected| TableError::Field {
            file: file.to_path_buf(),
            line,
            found: beginning(found),
            expected,
        };
        let kind = KINDS.into_iter().find(|kind| name(*kind) == row.kind);
        let kind = kind.ok_or_else(|| wrong(&row.kind, "a kind, such as settlement"))?;
        let amount = Fen::parse_yuan(&row.fund_payamt);
        let amount = amount
            .ok_or_else(|| wrong(&row.fund_payamt, "an amount in yuan, such as 171178.20"))?;
        lines.push(pb::PayerLine {
            subject_id: row.subject_id,
            kind: kind.into(),
            amount_fen: amount.0,
        });
    }
    Ok(lines)
}

const KINDS: [Kind; 7] = [
    Kind::Settlement,
    Kind::Reversal,
    Kind::Revision,
    Kind::RevisionTakenBack,
    Kind::Recovery,
    Kind::RecoveryRevoked,
    Kind::Other,
];

/// How the table writes a kind.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified => "",
        Kind::Settlement => "settlement",
        Kind::Reversal => "reversal",
        Kind::Revision => "revision",
        Kind::RevisionTakenBack => "revision_taken_back",
        Kind::Recovery => "recovery",
        Kind::RecoveryRevoked => "recovery_revoked",
        Kind::Other => "other",
    }
}

fn term(kind: Kind) -> &'static str {
    match kind {
        Kind::Unspecified => "未知",
        Kind::Settlement => "结算",
        Kind::Reversal => "撤销",
        Kind::Revision => "差额结算",
        Kind::RevisionTakenBack => "差额结算撤回",
        Kind::Recovery => "追偿",
        Kind::RecoveryRevoked => "追偿撤销",
        Kind::Other => "其他",
    }
}

fn show(compared: &pb::ReconcilePayerFileResponse, out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
    sheet.heading("承办机构对账")?;
    sheet.line(&format!(
        "回盘 {} 行 {} 元，文件 {} 行 {} 元，差异 {} 处 {} 元。",
        compared.payer_count,
        yuan(compared.payer_fen),
        compared.file_count,
        yuan(compared.file_fen),
        compared.difference_rows,
        yuan(compared.difference_fen)
    ))?;
    if compared.differences.is_empty() {
        return Ok(());
    }
    let headings = [
        ("编号", Side::Whole),
        ("结果", Side::Whole),
        ("回盘行", Side::Right),
        ("文件行", Side::Right),
        ("回盘金额", Side::Right),
        ("文件金额", Side::Right),
        ("可能原因", Side::Whole),
        ("处理建议", Side::Whole),
    ];
    let place = |number: i64| match number {
        0 => "—".to_string(),
        number => number.to_string(),
    };
    let amount = |fen: Option<i64>| fen.map_or("—".to_string(), yuan);
    let row = |one: &pb::PayerDifference| {
        vec![
            one.subject_id.clone(),
            verdict(one.verdict()).to_string(),
            place(one.line_number.into()),
            place(one.number),
            amount(one.payer_fen),
            amount(one.file_fen),
            one.cause.clone(),
            one.repair.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = compared.differences.iter().map(row).collect();
    sheet.gap()?;
    sheet.records(&headings, &rows)
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Match => "相符",
        Verdict::OnlyHere => "承办机构少账",
        Verdict::OnlyThere => "承办机构多账",
        Verdict::AmountDiffers => "金额不符",
        Verdict::SignDiffers => "符号不符",
        Verdict::StatusDiffers => "状态不符",
        Verdict::Duplicate => "重复",
        Verdict::Unspecified => "未知",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<pb::PayerFileLine> {
        let line = |(number, kind): (i64, &Kind)| pb::PayerFileLine {
            number,
            kind: (*kind).into(),
            subject_id: format!("s-{number}"),
            amount_fen: 123_456_789 - number * 100_000_000,
            ..Default::default()
        };
        (1..).zip(&KINDS).map(line).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut written = Vec::new();
        table(&lines(), &mut written).unwrap();
        let text = String::from_utf8(written.clone()).unwrap();
        assert!(
            text.starts_with("number,kind,subject_id,setl_id,"),
            "{text}"
        );
        assert!(text.contains("1,settlement,s-1,,,,,,234567.89"), "{text}");
        assert!(text.contains("-765432.11"), "{text}");
        let read = read(Path::new("f.csv"), written.as_slice()).unwrap();
        let told = |line: &pb::PayerFileLine| pb::PayerLine {
            subject_id: line.subject_id.clone(),
            kind: line.kind,
            amount_fen: line.amount_fen,
        };
        assert_eq!(read, lines().iter().map(told).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let told = |text: &str| {
            let no = read(Path::new("f.csv"), text.as_bytes()).unwrap_err();
            no.to_string()
        };
        let heading = "kind,subject_id,fund_payamt";
        assert!(told("kind,subject_id\nsettlement,s").contains("fund_payamt"));
        let no = told(&format!("{heading}\nsettlement,s,1\nsold,s,1"));
        assert!(no.contains("line 3") && no.contains("sold"), "{no}");
        let no = told(&format!("{heading}\nsettlement,s,1.234"));
        assert!(no.contains("line 2") && no.contains("1.234"), "{no}");
    }
}
