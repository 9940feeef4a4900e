//! 编写政策: what the author of a policy package types: check it, see how a claim is priced by it,
//! compare it with another, begin a new one. It reads files and prints; what a package means is for
//! the policy crate, and no running suite is asked.

mod check;
mod difference;
mod explain;

use crate::story::sheet::Sheet;
use clap::Subcommand;
use kernel::AreaCode;
use policy::{PACKAGE_BYTES_MAX, Package, PackageError, skeleton};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use unicode_width::UnicodeWidthStr;

/// Exit status: what was asked about is not in order.
const NOT_IN_ORDER: u8 = 1;
/// Exit status: what was typed cannot be done, such as reading a file that is not there.
const NOT_POSSIBLE: u8 = 2;
/// Columns of a line of a package that are shown at most.
const SHOWN_MAX: usize = 80;

/// What can be done with the file of a package.
#[derive(Debug, Subcommand)]
pub enum Authoring {
    /// Run the examples of packages and look for gaps, dead rows, cliffs and other oversights.
    #[command(after_help = "\
Several files are taken for versions: days that none of an area and scheme covers are told.
Exit status: 0 every package can be used; 1 one cannot be read as a package, an example does not
hold, or something is an error (错误); 2 wrong usage or a file that cannot be read.")]
    Check {
        /// The packages, TOML files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Print how a claim is priced by a package, rule by rule.
    #[command(after_help = "\
The claim is the name of an example of the package, or a TOML file with the keys of an [[example]];
name, source and expect may be left out, follows may name an example of the package.
Exit status: 0 explained; 1 the package or the claim is not in order; 2 wrong usage, no such file
and no such example.")]
    Explain {
        /// The package.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// A file, or the name of an example.
        #[arg(value_name = "CLAIM")]
        claim: String,
    },
    /// Say what changed from one package to another, for whom, and what it means for the examples.
    #[command(after_help = "\
Exit status: 0 compared, whether or not anything changed; 1 one of the two is no package; 2 wrong
usage or a file that cannot be read.")]
    Diff {
        /// The old package.
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The new package.
        #[arg(value_name = "NEW")]
        new: PathBuf,
    },
    /// Print a commented package to begin with; `check` accepts it as it stands.
    #[command(after_help = "\
Exit status: 0 written; 2 wrong usage, or the file is there already or cannot be written.")]
    New {
        /// 统筹区: the six digits of the area.
        #[arg(value_parser = area)]
        area: AreaCode,
        /// Write a new file instead of standard output; one that is there is never overwritten.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

fn area(text: &str) -> Result<AreaCode, String> {
    AreaCode::parse(text).map_err(|_| "write the six digits of an area, such as 330523".to_string())
}

/// Why something typed could not be done.
#[derive(Debug)]
enum Stopped {
    /// It cannot be printed.
    Print(io::Error),
    /// A file cannot be read or written, or there is no such example.
    NotPossible(String),
    /// A text is no package, or no claim: the error, and the text.
    NotInOrder(PackageError, String),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Stopped {
        Stopped::Print(error)
    }
}

/// Does what the command line says, and prints to `out`.
pub fn obey(command: &Authoring, out: &mut dyn Write) -> io::Result<ExitCode> {
    let done = match command {
        Authoring::Check { files } => check::run(files, out),
        Authoring::Explain { file, claim } => explain::run(file, claim, out),
        Authoring::Diff { old, new } => difference::run(old, new, out),
        Authoring::New { area, out: file } => begin(area, file.as_deref(), out),
    };
    match done {
        Ok(code) => Ok(code),
        Err(Stopped::Print(error)) => Err(error),
        Err(Stopped::NotPossible(why)) => {
            // Where even standard error is closed, the status still tells.
            writeln!(io::stderr(), "yibao: {why}").ok();
            Ok(ExitCode::from(NOT_POSSIBLE))
        }
        Err(Stopped::NotInOrder(error, text)) => {
            point_at(&error, &text, out)?;
            Ok(ExitCode::from(NOT_IN_ORDER))
        }
    }
}

/// 空白政策包.
fn begin(area: &AreaCode, file: Option<&Path>, out: &mut dyn Write) -> Result<ExitCode, Stopped> {
    let text = skeleton(area);
    let Some(file) = file else {
        out.write_all(text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    let written = opened.and_then(|mut opened| opened.write_all(text.as_bytes()));
    let told = |error| Stopped::NotPossible(format!("无法新建 {}：{error}", file.display()));
    written.map_err(told)?;
    let name = file.display();
    writeln!(
        out,
        "已写入 {name}。先把示范数字换成原文，再检查：\n\n  yibao policy check {name}\n"
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The text of a file, and the name it has in errors.
fn read(file: &Path) -> Result<(String, String), Stopped> {
    let name = file.display().to_string();
    let mut text = String::new();
    // One byte more than is allowed, for the parser to say so.
    let most = u64::try_from(PACKAGE_BYTES_MAX).map_or(u64::MAX, |most| most + 1);
    let read = File::open(file).and_then(|file| file.take(most).read_to_string(&mut text));
    match read {
        Ok(_) => Ok((name, text)),
        Err(error) => Err(Stopped::NotPossible(format!("无法读取 {name}：{error}"))),
    }
}

/// The package in a file.
fn package(file: &Path) -> Result<Package, Stopped> {
    let (name, text) = read(file)?;
    Package::parse(&name, &text).map_err(|error| Stopped::NotInOrder(error, text))
}

/// An error as a compiler prints it: the place, the line itself, and a caret below it.
fn point_at(error: &PackageError, text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}:{}:{}: 错误", error.file, error.line, error.column)?;
    if let Some(line) = text.lines().nth(error.line.saturating_sub(1)) {
        let number = error.line.to_string();
        let margin = " ".repeat(number.len());
        let (line, caret) = shown(line, error.column);
        writeln!(out, " {margin} |")?;
        writeln!(out, " {number} | {line}")?;
        writeln!(out, " {margin} | {}^", " ".repeat(caret))?;
    }
    Sheet::new(out).line(&error.message)
}

/// A part of a line that has the column in it, and how far the caret lies from its left.
fn shown(line: &str, column: usize) -> (String, usize) {
    // A tab has no width of its own; it is shown as one space, so that the caret stands right.
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let chars: Vec<char> = line.chars().map(plain).collect();
    let at = column.saturating_sub(1).min(chars.len());
    let mut begin = at;
    let width = |from: usize, to: usize| {
        let part: String = chars
            .iter()
            .skip(from)
            .take(to.saturating_sub(from))
            .collect();
        part.width()
    };
    while begin > 0 && width(begin - 1, at) <= SHOWN_MAX / 2 {
        begin -= 1;
    }
    let mut end = at;
    while end < chars.len() && width(begin, end + 1) <= SHOWN_MAX {
        end += 1;
    }
    let part: String = chars.iter().skip(begin).take(end - begin).collect();
    (part, width(begin, at))
}

#[cfg(test)]
mod tests;
