//! A package: the law of one area and scheme for a period, as an official wrote it down, checked
//! and immutable. It is named by its text: whoever has the digest has the rules.

use crate::check;
use crate::claim::Line;
use crate::enrolment::Enrolment;
use crate::example::{self, Example, ExampleFailure};
use crate::shape::{CrossYear, Refund};
use crate::terms::{
    Alternative, Assumption, Clause, Counter, FirstPay, Group, Layer, LineGroup, Per, Row,
};
use kernel::{AreaCode, Day, Digest, Fen, Period, Rate, Scheme, mask};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The largest package text that is read, in bytes.
pub const PACKAGE_BYTES_MAX: usize = 1 << 20;

/// Characters of one message at most.
const MESSAGE_CHARS_MAX: usize = 800;

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
    pub(crate) cross_year: CrossYear,
    pub(crate) refund: Refund,
    pub(crate) count_unfinished_stay: bool,
    pub(crate) assumptions: Vec<Assumption>,
    pub(crate) groups: Vec<Arc<Group>>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) lines: Vec<LineGroup>,
    pub(crate) first_pays: Vec<Row<FirstPay>>,
    pub(crate) referrals: Vec<Row<Rate>>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) alternatives: Vec<Alternative>,
    pub(crate) slots: Slots,
    pub(crate) enrolment: Enrolment,
    pub(crate) examples: Vec<Example>,
}

impl Package {
    /// Reads and checks the text of a package; `file` is only for the message of an error.
    pub fn parse(file: &str, text: &str) -> Result<Package, PackageError> {
        check::package(&Text::new(file, text))
    }

    /// The area and the first day: `152501/2017-01-01`; a scheme other than that of residents behind.
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

    /// 假设施行: the same rules as if they held on these days.
    pub fn during(&self, days: Period) -> Package {
        Package {
            effective: days,
            ..self.clone()
        }
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

    /// 参保算例: name and source of each worked example of a subsidy or a wait.
    pub fn enrolment_examples(&self) -> impl Iterator<Item = (&str, &str)> {
        self.enrolment.examples()
    }

    /// Works out every example; empty when all hold.
    pub fn check_examples(&self) -> Vec<ExampleFailure> {
        let mut failures = example::check(self);
        failures.extend(self.enrolment.check_examples(self));
        failures
    }

    /// 跨年住院: to which year a stay over 31 December belongs.
    pub fn cross_year(&self) -> CrossYear {
        self.cross_year
    }

    /// 按次或按住院天数的封顶: whether a cap counts each stay, or its days, by itself.
    pub fn caps_stays(&self) -> bool {
        let others = self.alternatives.iter().flat_map(|other| &other.layers);
        let mut caps = self
            .layers
            .iter()
            .chain(others)
            .flat_map(|layer| &layer.caps);
        caps.any(|cap| matches!(cap.per, Per::Stay | Per::Day))
    }

    /// 撤销次序: which settlements of a person-year may be taken back.
    pub fn refund(&self) -> Refund {
        self.refund
    }

    pub(crate) fn counts_unfinished_stay(&self) -> bool {
        self.count_unfinished_stay
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    pub(crate) fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }

    pub(crate) fn first_pays(&self) -> &[Row<FirstPay>] {
        &self.first_pays
    }

    pub(crate) fn referrals(&self) -> &[Row<Rate>] {
        &self.referrals
    }

    /// Whether a claim may move an accumulator of this name.
    pub(crate) fn keeps(&self, name: &str) -> bool {
        let others = self.alternatives.iter().flat_map(|other| &other.layers);
        let counters = self.layers.iter().chain(others).flat_map(Layer::counters);
        name == "stays_count" || counters.into_iter().any(|c| c.may_be(name, &self.slots))
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The pot of a line: that of the first group that has it, or of no group.
    #[inline]
    pub(crate) fn pot_of(&self, line: &Line) -> usize {
        let group = self.lines.iter().position(|group| group.has(line));
        group.map_or(0, |index| index + 1)
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

    /// The name of a package of this area and scheme from this day.
    pub(crate) fn name_of(area: &AreaCode, scheme: &Scheme, from: Day) -> String {
        match scheme {
            Scheme::Resident => format!("{area}/{from}"),
            other => format!("{area}/{from}-{other}"),
        }
    }
}

/// 统计数字: an amount deductibles are a part of.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub name: String,
    pub title: String,
    pub amount: Fen,
    pub clause: Clause,
    pub at: Place,
}

/// The accumulators every claim of a package may move, each at a place of its own.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    names: Vec<Arc<str>>,
    /// The slots in the order of their names.
    order: Vec<usize>,
    stays: Counter,
}

impl Slots {
    /// Slots of these names; that of the stays is added.
    pub fn new(mut names: Vec<Arc<str>>) -> Slots {
        let stays = Counter::Slot(names.len());
        names.push("stays_count".into());
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_key(|slot| names.get(*slot));
        Slots {
            names,
            order,
            stays,
        }
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn name(&self, slot: usize) -> &str {
        self.names.get(slot).map_or("", |name| name)
    }

    pub fn shared_name(&self, slot: usize) -> Arc<str> {
        self.names.get(slot).cloned().unwrap_or_default()
    }

    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// 住院次数.
    pub fn stays(&self) -> &Counter {
        &self.stays
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
    /// Where each line begins, found once.
    lines: Vec<usize>,
}

impl<'a> Text<'a> {
    pub fn new(file: &'a str, text: &'a str) -> Text<'a> {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0)
            .chain(ends.map(|(end, _)| end + 1))
            .collect();
        Text { file, text, lines }
    }

    pub fn place(&self, offset: usize) -> Place {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let line = self.lines.partition_point(|begin| *begin <= end);
        let begin = line.checked_sub(1).and_then(|index| self.lines.get(index));
        let before = self
            .text
            .get(begin.copied().unwrap_or(0)..end)
            .unwrap_or("");
        Place {
            line,
            column: before.chars().count() + 1,
        }
    }

    pub fn error(&self, span: Range<usize>, message: impl Into<String>) -> PackageError {
        self.error_at(self.place(span.start), message)
    }

    pub fn error_at(&self, place: Place, message: impl Into<String>) -> PackageError {
        PackageError {
            file: self.file.to_string(),
            line: place.line,
            column: place.column,
            // It quotes what was written; a value of many pages would drown it.
            message: mask::told(&message.into(), MESSAGE_CHARS_MAX),
        }
    }
}
