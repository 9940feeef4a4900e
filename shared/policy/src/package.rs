//! A package: the law of one area and scheme for a period, as an official wrote it down, checked
//! and immutable. It is named by its text: whoever has the digest has the rules.

use crate::check;
use crate::example::{Example, ExampleFailure};
use crate::subsidy::{EnrolmentRule, FeeRule, SubsidyRule};
use crate::terms::{Assumption, Layer};
use kernel::{AreaCode, Day, Digest, Period, Scheme};
use std::fmt;
use std::ops::Range;

/// The largest package text that is read, in bytes.
pub const PACKAGE_BYTES_MAX: usize = 1 << 20;

/// 政策包: dated rules of one area and scheme, with their sources, assumptions and examples.
#[derive(Clone, Debug)]
pub struct Package {
    pub(crate) file: String,
    pub(crate) digest: Digest,
    pub(crate) title: String,
    pub(crate) document: String,
    pub(crate) name: String,
    pub(crate) area: AreaCode,
    pub(crate) scheme: Scheme,
    pub(crate) effective: Period,
    pub(crate) effective_at: Place,
    pub(crate) assumptions: Vec<Assumption>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) fees: Vec<FeeRule>,
    pub(crate) subsidies: Vec<SubsidyRule>,
    pub(crate) enrolment: Option<EnrolmentRule>,
    pub(crate) examples: Vec<Example>,
}

impl Package {
    /// Reads and checks the text of a package; `file` is only for the message of an error.
    pub fn parse(file: &str, text: &str) -> Result<Package, PackageError> {
        check::package(&Text { file, text })
    }

    /// The area and the first day: `152501/2017-01-01`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// 标题: what the package is, in Chinese.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// 依据文件: the document the rules were taken from.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// 医保区划 (admdvs): the pooling area whose rules these are.
    pub fn area(&self) -> &AreaCode {
        &self.area
    }

    /// 险种类型 (insutype).
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// 施行期间: the days for which the rules hold.
    pub fn effective(&self) -> Period {
        self.effective
    }

    /// The SM3 digest of the text.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// 假定: the numbers and readings no public source gives.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// 算例: the worked examples.
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// Settles every example; empty when all hold.
    pub fn check_examples(&self) -> Vec<ExampleFailure> {
        self.examples
            .iter()
            .flat_map(|example| example.check(self))
            .collect()
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// An error about this package at a place of its text.
    pub(crate) fn error(&self, place: Place, message: String) -> PackageError {
        PackageError {
            file: self.file.clone(),
            line: place.line,
            column: place.column,
            message,
        }
    }

    /// The name of a package of this area from this day.
    pub(crate) fn name_of(area: &AreaCode, from: Day) -> String {
        format!("{area}/{from}")
    }
}

/// Why a text is no package, and where: line and column are counted from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageError {
    /// The file as it was named to the parser.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )
    }
}

impl std::error::Error for PackageError {}

/// A place in a text, counted from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub line: usize,
    pub column: usize,
}

/// A text and its name, to say where something is wrong in it.
pub(crate) struct Text<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Text<'_> {
    pub fn place(&self, offset: usize) -> Place {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = self.text.get(..end).unwrap_or("");
        let last = before.rsplit('\n').next().unwrap_or("");
        Place {
            line: before.matches('\n').count() + 1,
            column: last.chars().count() + 1,
        }
    }

    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> PackageError {
        let place = self.place(span.start);
        PackageError {
            file: self.file.to_string(),
            line: place.line,
            column: place.column,
            message: message.into(),
        }
    }
}
