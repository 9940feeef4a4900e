//! 体检: what an author should look at in a package that parses: gaps, rows that never count,
//! numbers nothing reaches, amounts that fall where costs rise. It reads the package and settles
//! claims of its own making; it refuses to know files, and changes nothing.

mod bounds;
mod cases;
mod cliff;
mod edges;
mod exercise;
mod region;
mod space;
mod tables;
mod unused;

pub use cliff::{Cliff, cliffs};

use crate::package::{Package, Place};
use std::fmt;

/// 体检意见: one thing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// A stable code, one of those of [`Lint`].
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The line of the text.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// What it is, in Chinese.
    pub text: String,
}

/// 轻重: an error keeps a package from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// 错误: what is written cannot be meant.
    Error,
    /// 提醒: probably not what is meant.
    Warning,
    /// 说明: worth knowing.
    Note,
}

/// 错误, 提醒, 说明.
impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Error => "错误",
            Severity::Warning => "提醒",
            Severity::Note => "说明",
        })
    }
}

impl Lint {
    /// 空档: a layer admits a case for which it states no ratio, so that it pays nothing.
    pub const NO_RATE: &'static str = "NO_RATE";
    /// 没有起付线或封顶线: a table of them leaves out a case the layer admits.
    pub const LEFT_OUT: &'static str = "LEFT_OUT";
    /// 日期空档: no package holds between two versions.
    pub const DAY_GAP: &'static str = "DAY_GAP";
    /// 日期重叠: two versions hold on one day.
    pub const DAY_OVERLAP: &'static str = "DAY_OVERLAP";
    /// 先后决定: two rows fit the same case and say different things.
    pub const OVERLAP: &'static str = "OVERLAP";
    /// 就高不就低: who has two identities gets the lower benefit, because its row stands first.
    pub const LOWER_FIRST: &'static str = "LOWER_FIRST";
    /// 永远轮不到的行: no case gets to a row.
    pub const DEAD_ROW: &'static str = "DEAD_ROW";
    /// 没有用到: a name nothing refers to.
    pub const UNUSED: &'static str = "UNUSED";
    /// 到不了的分段: nothing ever lies in a band, or nothing is paid of what does.
    pub const DEAD_BAND: &'static str = "DEAD_BAND";
    /// 不起作用的封顶线.
    pub const IDLE_CAP: &'static str = "IDLE_CAP";
    /// 陡降: one fen, one day, one year more, and less is paid.
    pub const CLIFF: &'static str = "CLIFF";
    /// 假定: how many numbers rest on assumptions.
    pub const ASSUMED: &'static str = "ASSUMED";
    /// 没有算例: no worked example touches a rule.
    pub const NO_EXAMPLE: &'static str = "NO_EXAMPLE";

    fn new(code: &'static str, severity: Severity, at: Place, text: String) -> Lint {
        Lint {
            code,
            severity,
            line: at.line,
            column: at.column,
            text,
        }
    }
}

/// 体检: everything worth looking at, the worst first, then in the order of the text.
pub fn lint(package: &Package) -> Vec<Lint> {
    let mut lints = tables::lints(package);
    lints.extend(bounds::lints(package));
    lints.extend(unused::lints(package));
    lints.extend(exercise::lints(package));
    let cases = cases::of(package);
    lints.extend(cliff::lints(package, &cases));
    lints.extend(edges::lints(package, &cases));
    lints.sort_by_key(|lint| (lint.severity, lint.line, lint.column));
    lints
}

/// 版本衔接: days that no version of an area and scheme covers, or two. The number says which of
/// the packages it is about.
pub fn lint_versions(packages: &[Package]) -> Vec<(usize, Lint)> {
    let mut order: Vec<(usize, &Package)> = packages.iter().enumerate().collect();
    let key = |package: &Package| {
        let (area, scheme) = (package.area().as_str(), package.scheme().as_str());
        (
            area.to_string(),
            scheme.to_string(),
            package.effective().from,
        )
    };
    order.sort_by_key(|(_, package)| key(package));
    let mut lints = Vec::new();
    for pair in order.windows(2) {
        let [(_, earlier), (index, later)] = pair else {
            continue;
        };
        if earlier.area() != later.area() || earlier.scheme() != later.scheme() {
            continue;
        }
        let from = later.effective().from;
        let lint = match earlier.effective().until {
            Some(until) if until == from => continue,
            Some(until) if until < from => {
                let text = format!(
                    "{until} 至 {from} 的前一日没有政策包施行：上一版 {} 到 {until} 为止（不含），\
                     本版 {from} 起施行。",
                    earlier.name()
                );
                Lint::new(Lint::DAY_GAP, Severity::Warning, later.effective_at, text)
            }
            _ => {
                let text = format!(
                    "{from} 起上一版 {} 仍在施行，以后施行的本版为准；最好给上一版写上 until。",
                    earlier.name()
                );
                Lint::new(Lint::DAY_OVERLAP, Severity::Note, later.effective_at, text)
            }
        };
        lints.push((*index, lint));
    }
    lints
}
