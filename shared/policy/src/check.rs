//! From the shape of a package file to a package: references are followed, rows that never count
//! are found, and every number must say where it comes from. Whatever is wrong is said with its
//! place. Layers are checked in `check_layer`, examples in `check_example`.

use crate::check_example;
use crate::enrolment;
use crate::package::{Figure, PACKAGE_BYTES_MAX, Package, PackageError, Place, Slots, Text};
use crate::shape::{
    AgesShape, FigureShape, FirstPayShape, GroupShape, LinesShape, PackageShape, ReferralShape,
    Sourced, WhenShape,
};
use crate::terms::{
    Assumption, Clause, Figured, FirstPay, Group, LINE_GROUPS_MAX, LineGroup, Pots, Row, When,
};
use kernel::{Digest, Period, Rate};
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;

const ROWS_MAX: usize = 200;
const ASSUMPTIONS_MAX: usize = 500;
/// Accumulators one package may keep: a person-year has far more room.
const COUNTERS_MAX: usize = 300;

pub(crate) type Checked<T> = Result<T, PackageError>;

/// Reads the text and checks what it says.
pub(crate) fn package(text: &Text<'_>) -> Checked<Package> {
    let shape: PackageShape = read(text)?;
    let effective = period(text, &shape)?;
    let mut checker = Checker::new(text, assumptions(text, &shape)?);
    checker.groups = checker.rows(&shape.group, Checker::group)?;
    checker.figures = checker.rows(&shape.figure, Checker::figure)?;
    checker.lines = checker.line_groups(&shape.lines)?;
    checker.distinct()?;
    let mut rules = Vec::new();
    let alternatives = checker.alternatives(&shape.alternative, &mut rules)?;
    let layers = checker.layers(&shape.layer, &alternatives, &mut rules)?;
    checker.purses(&layers, &alternatives)?;
    let counters = layers.iter().flat_map(|layer| layer.counters()).count();
    if counters > COUNTERS_MAX {
        let message = format!("expected caps with at most {COUNTERS_MAX} accumulators in all");
        return Err(text.error(0..0, message));
    }
    let first_pays = checker.ordered_over(&shape.first_pay, Checker::first_pay)?;
    let referrals = checker.ordered(&shape.referral, Checker::referral)?;
    let mut package = Package {
        file: text.file.to_string(),
        digest: Digest::of(text.text.as_bytes()),
        name: Package::name_of(&shape.area, &shape.scheme, effective.from),
        effective,
        effective_at: text.place(shape.from.span().start),
        cross_year: shape.cross_year,
        refund: shape.refund,
        count_unfinished_stay: shape.count_unfinished_stay.unwrap_or(true),
        enrolment: enrolment::check(&checker, &shape)?,
        title: shape.title,
        document: shape.document,
        area: shape.area,
        scheme: shape.scheme,
        assumptions: checker.assumptions,
        groups: checker.groups,
        figures: checker.figures,
        lines: checker.lines,
        first_pays,
        referrals,
        layers,
        alternatives,
        slots: Slots::new(checker.slots),
        examples: Vec::new(),
    };
    check_example::read(text, &shape.example, &mut package)?;
    Ok(package)
}

/// The text as a shape, or where it is none.
pub(crate) fn read<T: DeserializeOwned>(text: &Text<'_>) -> Checked<T> {
    if text.text.len() > PACKAGE_BYTES_MAX {
        return Err(text.error(0..0, format!("expected at most {PACKAGE_BYTES_MAX} bytes")));
    }
    let place = |error: toml::de::Error| {
        text.error(error.span().unwrap_or(0..0), expected(error.message()))
    };
    toml::from_str(text.text).map_err(place)
}

/// The parser's message; whoever wrote a bare day or number is told of the quotes.
fn expected(message: &str) -> String {
    // What the parser calls a table is not what an author calls it.
    let mut words = message.split("struct ");
    let mut told = words.next().unwrap_or_default().to_string();
    for part in words {
        told.push_str("a table");
        told.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric()));
    }
    for number in ["u32", "i32", "i64"] {
        told = told.replace(number, "a whole number");
    }
    match told.contains("expected a string") {
        true => format!("{told} in quotes, such as \"2017-01-01\" or \"500\""),
        false => told,
    }
}

fn period(text: &Text<'_>, shape: &PackageShape) -> Checked<Period> {
    let from = *shape.from.get_ref();
    let (period, span) = match &shape.until {
        None => (Period::new(from, None), shape.from.span()),
        // The law's last day is inside.
        Some(until) => (Period::inclusive(from, *until.get_ref()), until.span()),
    };
    period.ok_or_else(|| text.error(span, format!("expected a day not before {from}")))
}

fn assumptions(text: &Text<'_>, shape: &PackageShape) -> Checked<Vec<Assumption>> {
    if let Some(extra) = shape.assumption.get(ASSUMPTIONS_MAX) {
        let message = format!("expected at most {ASSUMPTIONS_MAX} assumptions");
        return Err(text.error(extra.name.span(), message));
    }
    let mut found: Vec<Assumption> = Vec::new();
    for entry in &shape.assumption {
        let name = entry.name.get_ref();
        if found.iter().any(|other| other.name == *name) {
            return Err(text.error(entry.name.span(), "expected a name no other assumption has"));
        }
        found.push(Assumption {
            name: name.clone(),
            text: entry.text.clone(),
            at: text.place(entry.name.span().start),
        });
    }
    Ok(found)
}

/// What has been read so far, for what refers to it.
pub(crate) struct Checker<'a> {
    text: &'a Text<'a>,
    assumptions: Vec<Assumption>,
    groups: Vec<Arc<Group>>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) lines: Vec<LineGroup>,
    /// Names of accumulators, each the place of its slot.
    pub(crate) slots: Vec<Arc<str>>,
}

impl<'a> Checker<'a> {
    fn new(text: &'a Text<'a>, assumptions: Vec<Assumption>) -> Checker<'a> {
        Checker {
            text,
            assumptions,
            groups: Vec::new(),
            figures: Vec::new(),
            lines: Vec::new(),
            slots: Vec::new(),
        }
    }

    pub(crate) fn error<T>(&self, span: Range<usize>, message: impl Into<String>) -> Checked<T> {
        Err(self.text.error(span, message))
    }

    pub(crate) fn error_at(&self, at: Place, message: impl Into<String>) -> PackageError {
        self.text.error_at(at, message)
    }

    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        self.text.place(span.start)
    }

    /// A table of at most [`ROWS_MAX`] rows, each checked by `check`.
    pub(crate) fn rows<S, T>(
        &self,
        shapes: &[Spanned<S>],
        check: impl Fn(&Self, &S, Range<usize>) -> Checked<T>,
    ) -> Checked<Vec<T>> {
        if let Some(extra) = shapes.get(ROWS_MAX) {
            return self.error(extra.span(), format!("expected at most {ROWS_MAX} rows"));
        }
        shapes
            .iter()
            .map(|shape| check(self, shape.get_ref(), shape.span()))
            .collect()
    }

    /// Rows of which the first that admits counts: none may stand behind one that admits all.
    pub(crate) fn ordered<S, T>(
        &self,
        shapes: &[Spanned<S>],
        check: impl Fn(&Self, &S, Range<usize>) -> Checked<Row<T>>,
    ) -> Checked<Vec<Row<T>>> {
        let rows = self.rows(shapes, check)?;
        let catch_all = rows.iter().position(|row| row.when.open);
        match catch_all.and_then(|index| shapes.get(index + 1)) {
            Some(hidden) => self.error(
                hidden.span(),
                "expected the row without conditions to be the last: this one never counts",
            ),
            None => Ok(rows),
        }
    }

    /// Rows that are chosen by lines as well as by conditions.
    fn ordered_over(
        &self,
        shapes: &[Spanned<FirstPayShape>],
        check: impl Fn(&Self, &FirstPayShape, Range<usize>) -> Checked<Row<FirstPay>>,
    ) -> Checked<Vec<Row<FirstPay>>> {
        let rows = self.rows(shapes, check)?;
        let mut taken = Pots::NONE;
        for (row, shape) in rows.iter().zip(shapes) {
            if row.value.lines.0 & !taken.0 == 0 {
                return self.error(
                    shape.span(),
                    "expected a row for lines no earlier row takes: this one never counts",
                );
            }
            if row.when.open {
                taken = taken.and(row.value.lines);
            }
        }
        Ok(rows)
    }

    /// Where a number comes from.
    pub(crate) fn clause(&self, span: Range<usize>, shape: &impl Sourced) -> Checked<Clause> {
        let (source, assumed) = shape.origin();
        let empty = source
            .as_ref()
            .is_some_and(|source| source.trim().is_empty());
        if empty || (source.is_none() && assumed.is_none()) {
            return self.error(
                span,
                "expected source = the words of the document, or assumed = the name of an \
                 [[assumption]]",
            );
        }
        if let Some(name) = assumed {
            let known = self
                .assumptions
                .iter()
                .any(|entry| entry.name == *name.get_ref());
            if !known {
                let message = format!(
                    "expected the name of an [[assumption]], got {:?}",
                    name.get_ref()
                );
                return self.error(name.span(), message);
            }
        }
        let assumed = assumed.as_ref().map(|name| name.get_ref().as_str());
        Ok(Clause::new(source.as_deref(), assumed))
    }

    /// A row with its condition and its clause.
    pub(crate) fn row<T>(
        &self,
        when: &WhenShape,
        value: T,
        span: Range<usize>,
        shape: &impl Sourced,
    ) -> Checked<Row<T>> {
        Ok(Row {
            when: self.when(when)?,
            value,
            clause: self.clause(span.clone(), shape)?,
            at: self.place(&span),
        })
    }

    fn group(&self, shape: &GroupShape, span: Range<usize>) -> Checked<Arc<Group>> {
        if shape.identities.is_empty() {
            return self.error(span, "expected at least one identity");
        }
        Ok(Arc::new(Group {
            name: shape.name.get_ref().clone(),
            title: shape.title.as_str().into(),
            identities: shape.identities.clone(),
            clause: self.clause(span.clone(), shape)?,
            at: self.place(&span),
        }))
    }

    fn figure(&self, shape: &FigureShape, span: Range<usize>) -> Checked<Figure> {
        Ok(Figure {
            name: shape.name.get_ref().clone(),
            title: shape.title.clone(),
            amount: shape.yuan.0,
            clause: self.clause(span.clone(), shape)?,
            at: self.place(&span),
        })
    }

    fn line_groups(&self, shapes: &[Spanned<LinesShape>]) -> Checked<Vec<LineGroup>> {
        if let Some(extra) = shapes.get(LINE_GROUPS_MAX) {
            let message = format!("expected at most {LINE_GROUPS_MAX} groups of lines");
            return self.error(extra.span(), message);
        }
        self.rows(shapes, Checker::line_group)
    }

    fn line_group(&self, shape: &LinesShape, span: Range<usize>) -> Checked<LineGroup> {
        let name = self.name(&shape.name)?;
        if &*name == "others" {
            return self.error(shape.name.span(), "expected a name other than \"others\"");
        }
        if shape.items.iter().any(String::is_empty) {
            return self.error(span, "expected the beginnings of codes, none of them empty");
        }
        if shape.marks.is_empty() && shape.classes.is_empty() && shape.items.is_empty() {
            return self.error(span, "expected marks, classes or items");
        }
        Ok(LineGroup {
            name,
            title: shape.title.as_str().into(),
            marks: shape.marks.clone(),
            classes: shape.classes.clone(),
            items: shape.items.clone(),
            clause: self.clause(span.clone(), shape)?,
            at: self.place(&span),
        })
    }

    /// Names that are given twice.
    fn distinct(&self) -> Checked<()> {
        let groups = self.groups.iter().map(|g| (g.name.as_str(), g.at));
        let figures = self.figures.iter().map(|f| (f.name.as_str(), f.at));
        let lines = self.lines.iter().map(|l| (&*l.name, l.at));
        for (what, names) in [
            ("group", groups.collect::<Vec<_>>()),
            ("figure", figures.collect()),
            ("group of lines", lines.collect()),
        ] {
            for (index, (name, at)) in names.iter().enumerate() {
                if names.iter().take(index).any(|(other, _)| other == name) {
                    let message = format!("expected a name no other {what} has, got {name:?}");
                    return Err(self.text.error_at(*at, message));
                }
            }
        }
        Ok(())
    }

    /// A stable name, the first part of rules and accumulators.
    pub(crate) fn name(&self, name: &Spanned<String>) -> Checked<Arc<str>> {
        let text = name.get_ref();
        let plain = (1..=32).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        match plain {
            true => Ok(text.as_str().into()),
            false => self.error(name.span(), "expected 1 to 32 characters of [a-z0-9_]"),
        }
    }

    /// The pots of lines a rule names.
    pub(crate) fn pots(&self, names: &[Spanned<String>]) -> Checked<Pots> {
        let mut pots = Pots::NONE;
        for name in names {
            let is = |group: &LineGroup| *group.name == **name.get_ref();
            let pot = match name.get_ref().as_str() {
                "others" => Some(0),
                _ => self.lines.iter().position(is).map(|index| index + 1),
            };
            let Some(pot) = pot else {
                let message = format!(
                    "expected \"others\" or the name of a [[lines]], got {:?}",
                    name.get_ref()
                );
                return self.error(name.span(), message);
            };
            pots = pots.and(Pots::one(pot));
        }
        Ok(pots)
    }

    /// The pots of all lines of the package.
    pub(crate) fn all_lines(&self) -> Pots {
        Pots((1 << (self.lines.len() + 1)) - 1)
    }

    fn first_pay(&self, shape: &FirstPayShape, span: Range<usize>) -> Checked<Row<FirstPay>> {
        let lines = match shape.lines.is_empty() {
            true => self.all_lines(),
            false => self.pots(&shape.lines)?,
        };
        let first_pay = FirstPay {
            lines,
            rate: shape.rate.0,
        };
        self.row(&shape.when, first_pay, span, shape)
    }

    fn referral(&self, shape: &ReferralShape, span: Range<usize>) -> Checked<Row<Rate>> {
        self.row(&shape.when, shape.first_pay.0, span, shape)
    }

    pub(crate) fn named_groups(&self, names: &[Spanned<String>]) -> Checked<Vec<Arc<Group>>> {
        let find = |name: &Spanned<String>| {
            let group = self
                .groups
                .iter()
                .find(|group| group.name == *name.get_ref());
            group.cloned().ok_or_else(|| {
                let message = format!("expected the name of a [[group]], got {:?}", name.get_ref());
                self.text.error(name.span(), message)
            })
        };
        names.iter().map(find).collect()
    }

    pub(crate) fn when(&self, shape: &WhenShape) -> Checked<When> {
        let mut when = When {
            care: shape.care.clone(),
            tiers: shape.tiers.clone(),
            kinds: shape.kinds.clone(),
            places: shape.places.clone(),
            filing: shape.filing.clone(),
            contracted: shape.contracted,
            groups: self.named_groups(&shape.groups)?,
            persons: shape.persons.clone(),
            ages: shape
                .ages
                .as_ref()
                .map(|ages| self.ages(ages))
                .transpose()?,
            covered_by: shape.covered_by.clone(),
            diseases: shape.diseases.clone(),
            diagnoses: shape.diagnoses.clone(),
            same_year: shape.same_year,
            not: shape.not.as_ref().map(|not| self.not(not)).transpose()?,
            open: false,
        };
        when.open = when.is_open();
        Ok(when)
    }

    /// 除外: one condition deep, so that it can be read.
    fn not(&self, shape: &Spanned<WhenShape>) -> Checked<Box<When>> {
        let span = shape.span();
        if shape.get_ref().not.is_some() {
            return self.error(span, "expected no not inside not");
        }
        let when = self.when(shape.get_ref())?;
        match when.open {
            true => self.error(span, "expected at least one condition"),
            false => Ok(Box::new(when)),
        }
    }

    /// Which figure an amount is a part of, where it is one, and which part.
    pub(crate) fn figured(
        &self,
        name: &Option<Spanned<String>>,
        rate: Option<Rate>,
    ) -> Option<Figured> {
        let name = name.as_ref()?.get_ref();
        let index = self
            .figures
            .iter()
            .position(|figure| figure.name == *name)?;
        rate.map(|rate| (index, rate))
    }

    /// The amount of a figure at a rate.
    pub(crate) fn figure_at(&self, name: &Spanned<String>, rate: Rate) -> Checked<kernel::Fen> {
        let figure = self
            .figures
            .iter()
            .find(|figure| figure.name == *name.get_ref());
        match figure {
            Some(figure) => Ok(figure.amount.at(rate).min(kernel::CLAIM_FEN_MAX)),
            None => self.error(name.span(), "expected the name of a [[figure]]"),
        }
    }

    fn ages(&self, ages: &Spanned<AgesShape>) -> Checked<(u32, u32)> {
        let AgesShape { from, to } = *ages.get_ref();
        let (low, high) = (from.unwrap_or(0), to.unwrap_or(u32::MAX));
        let possible = low <= high && low <= crate::claim::YEARS_MAX;
        match possible && (from.is_some() || to.is_some()) {
            true => Ok((low, high)),
            false => self.error(
                ages.span(),
                "expected from, to, or both with from ≤ to ≤ 200",
            ),
        }
    }
}
