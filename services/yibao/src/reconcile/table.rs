//! The institution's rows, read from a table of tabs and lines.

use crate::files::beginning;
use kernel::Fen;
use proto::orchestrator as pb;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of a file at most: more than 20,000 rows have.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Why a file is no table of rows.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// It cannot be read.
    #[error("cannot read {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is too long.
    #[error("{0} is longer than {FILE_BYTES_MAX} bytes: is it one day of one institution?")]
    Long(PathBuf),
    /// It has no first line.
    #[error("the file is empty: its first line names the fields")]
    Empty,
    /// A field is missing from the first line.
    #[error("line 1: there is no field {0}")]
    Missing(&'static str),
    /// A field's name is none, or stands twice.
    #[error("line 1: {0:?} stands twice, or is neither a field nor a fund_pay_type")]
    Heading(String),
    /// A line has more or fewer fields.
    #[error("line {line}: it has {found} fields, and line 1 names {named}")]
    Fields {
        /// Which line, from 1.
        line: usize,
        /// How many it has.
        found: usize,
        /// How many it should have.
        named: usize,
    },
    /// A field cannot be read.
    #[error("line {line}, {field}: {found:?} is not {expected}")]
    Field {
        /// Which line, from 1.
        line: usize,
        /// Which field.
        field: String,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
}

/// Fields that must be there.
const NEEDED: [&str; 7] = [
    "setl_id",
    "refd_setl_flag",
    "insutype",
    "medfee_sumamt",
    "fund_pay_sumamt",
    "acct_pay",
    "cash_payamt",
];

/// Reads a file.
pub(super) fn read(file: &Path) -> Result<Vec<pb::InstitutionRow>, SheetError> {
    let unread = |source| SheetError::File {
        file: file.to_path_buf(),
        source,
    };
    let mut text = String::new();
    let opened = File::open(file).map_err(unread)?;
    let length = opened.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    match length.map_err(unread)? as u64 > FILE_BYTES_MAX {
        true => Err(SheetError::Long(file.to_path_buf())),
        false => rows(&text),
    }
}

/// The rows of a text.
pub(crate) fn rows(text: &str) -> Result<Vec<pb::InstitutionRow>, SheetError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..).zip(text.lines());
    let (_, heading) = lines.next().ok_or(SheetError::Empty)?;
    let names: Vec<&str> = heading.split('\t').map(str::trim).collect();
    check(&names)?;
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    filled.map(|(line, text)| row(line, &names, text)).collect()
}

fn check(names: &[&str]) -> Result<(), SheetError> {
    let fund = |name: &str| name.len() == 6 && name.bytes().all(|b| b.is_ascii_digit());
    let mut seen = HashSet::new();
    for name in names {
        let known = NEEDED.contains(name) || *name == "omsgid" || fund(name);
        if !known || !seen.insert(*name) {
            return Err(SheetError::Heading(beginning(name)));
        }
    }
    let missing = NEEDED.into_iter().find(|name| !seen.contains(name));
    missing.map_or(Ok(()), |name| Err(SheetError::Missing(name)))
}

fn row(line: usize, names: &[&str], text: &str) -> Result<pb::InstitutionRow, SheetError> {
    let cells: Vec<&str> = text.split('\t').map(str::trim).collect();
    if cells.len() != names.len() {
        return Err(SheetError::Fields {
            line,
            found: cells.len(),
            named: names.len(),
        });
    }
    let wrong = |field: &str, found: &str, expected| SheetError::Field {
        line,
        field: field.to_string(),
        found: beginning(found),
        expected,
    };
    let yuan = |field: &str, cell: &str| {
        let fen = Fen::parse_yuan(cell).map(|fen| fen.0);
        fen.ok_or_else(|| wrong(field, cell, "an amount in yuan, such as 171178.20"))
    };
    let mut row = pb::InstitutionRow::default();
    let mut amounts = pb::ReconciledAmounts::default();
    for (name, cell) in names.iter().zip(cells) {
        match *name {
            "setl_id" => row.settlement_id = cell.to_string(),
            "omsgid" => row.request_id = cell.to_string(),
            "insutype" => row.scheme = cell.to_string(),
            "refd_setl_flag" => {
                let kind = match cell {
                    "0" => pb::ReconciliationRowKind::Settlement,
                    "1" => pb::ReconciliationRowKind::Reversal,
                    _ => return Err(wrong(name, cell, "0 or 1")),
                };
                row.kind = kind.into();
            }
            "medfee_sumamt" => amounts.medfee_fen = yuan(name, cell)?,
            "fund_pay_sumamt" => amounts.funds_fen = yuan(name, cell)?,
            "acct_pay" => amounts.account_fen = yuan(name, cell)?,
            "cash_payamt" => amounts.cash_fen = yuan(name, cell)?,
            // A fund that did not pay may be left empty.
            fund if !cell.is_empty() => row.funds.push(pb::ReconciledFund {
                fund_pay_type: fund.to_string(),
                paid_fen: yuan(fund, cell)?,
            }),
            _ => {}
        }
    }
    row.amounts = Some(amounts);
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "setl_id\tomsgid\trefd_setl_flag\tinsutype\tmedfee_sumamt\t\
        fund_pay_sumamt\tacct_pay\tcash_payamt\t390100";

    #[test]
    fn rows_are_read_with_their_funds() {
        let text = format!(
            "\u{feff}{HEADING}\r\ns1\tr1\t0\t390\t25.00\t10\t0\t15\t10\r\n\r\n\
             s1\tr2\t1\t390\t-25.00\t-10\t0\t-15\t\r\n"
        );
        let rows = rows(&text).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].kind(), pb::ReconciliationRowKind::Settlement);
        assert_eq!(rows[0].amounts.unwrap().medfee_fen, 2_500);
        assert_eq!(rows[0].funds[0].paid_fen, 1_000);
        assert_eq!(rows[1].kind(), pb::ReconciliationRowKind::Reversal);
        assert_eq!(rows[1].amounts.unwrap().cash_fen, -1_500);
        assert!(rows[1].funds.is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let told = |text: &str| rows(text).unwrap_err().to_string();
        assert!(told("").contains("first line"));
        assert!(told("setl_id").contains("refd_setl_flag"));
        assert!(told("setl_id\tsetl_id").contains("twice"));
        assert!(told("name").contains("\"name\""));
        let line = |row: &str| told(&format!("{HEADING}\n{row}"));
        assert!(line("s1").contains("line 2"));
        assert!(line("s1\t\t2\t390\t1\t1\t0\t0\t").contains("refd_setl_flag"));
        assert!(line("s1\t\t0\t390\t1.234\t1\t0\t0\t").contains("medfee_sumamt"));
        assert!(line("s1\t\t0\t390\t1\t1\t0\t0\t1e3").contains("390100"));
    }
}
