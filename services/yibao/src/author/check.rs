//! 检查: the examples and the lints of packages, with file and line.

use super::{NOT_IN_ORDER, Stopped, package, point_at};
use crate::story::sheet::{Sheet, Side};
use policy::{ExampleFailure, Lint, Package, Severity, lint, lint_versions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

pub(super) fn run(files: &[PathBuf], out: &mut dyn Write) -> Result<ExitCode, Stopped> {
    let mut usable = true;
    let mut packages: Vec<Package> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for file in files {
        match package(file) {
            Ok(package) => {
                let name = file.display().to_string();
                usable &= one(&name, &package, out)?;
                packages.push(package);
                names.push(name);
            }
            Err(Stopped::NotInOrder(error, text)) => {
                point_at(&error, &text, out)?;
                usable = false;
            }
            Err(other) => return Err(other),
        }
    }
    let between = lint_versions(&packages);
    if !between.is_empty() {
        let mut sheet = Sheet::new(out);
        sheet.heading("各版本的衔接")?;
        for (index, lint) in &between {
            tell(
                names.get(*index).map_or("", String::as_str),
                lint,
                &mut sheet,
            )?;
        }
    }
    Ok(match usable {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(NOT_IN_ORDER),
    })
}

/// Whether one package can be used.
fn one(name: &str, package: &Package, out: &mut dyn Write) -> Result<bool, Stopped> {
    let mut sheet = Sheet::new(out);
    sheet.heading(name)?;
    sheet.line(package.title())?;
    let count = package.examples().len() + package.enrolment_examples().count();
    let failures = package.check_examples();
    examples(count, &failures, &mut sheet)?;
    let lints = lint(package);
    let of = |severity| {
        lints
            .iter()
            .filter(move |lint| lint.severity == severity)
            .count()
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let notes = of(Severity::Note);
    sheet.line(&format!(
        "体检：错误 {errors} 处，提醒 {warnings} 处，说明 {notes} 处。"
    ))?;
    for lint in &lints {
        tell(name, lint, &mut sheet)?;
    }
    let usable = failures.is_empty() && errors == 0;
    sheet.line(match usable {
        true => "结论：可以启用。",
        false => "结论：不能启用，请改正不符的算例和错误。",
    })?;
    Ok(usable)
}

fn examples(count: usize, failures: &[ExampleFailure], sheet: &mut Sheet<'_>) -> io::Result<()> {
    let mut failed: Vec<&str> = failures
        .iter()
        .map(|failure| failure.example.as_str())
        .collect();
    failed.dedup();
    if failed.is_empty() {
        return sheet.line(&format!("算例：{count} 个，全部相符。"));
    }
    let good = count.saturating_sub(failed.len());
    sheet.line(&format!(
        "算例：{count} 个，{good} 个相符，{} 个不符：",
        failed.len()
    ))?;
    let headings = [
        ("算例", Side::Left),
        ("行", Side::Right),
        ("项目", Side::Left),
        ("应为", Side::Right),
        ("实为", Side::Right),
    ];
    let row = |failure: &ExampleFailure| {
        vec![
            failure.example.clone(),
            failure.line().to_string(),
            failure.what.clone(),
            failure.expected.clone(),
            failure.actual.clone(),
        ]
    };
    sheet.grid(&headings, &failures.iter().map(row).collect::<Vec<_>>())
}

/// One thing to look at, the place first, as editors understand it.
fn tell(name: &str, lint: &Lint, sheet: &mut Sheet<'_>) -> io::Result<()> {
    let Lint {
        code,
        severity,
        line,
        column,
        text,
    } = lint;
    sheet.plain(&format!("{name}:{line}:{column}: {severity} {code}"))?;
    sheet.hanging("   ", text)
}
