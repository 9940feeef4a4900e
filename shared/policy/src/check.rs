//! From the shape of a package file to a package: references are followed, bands must join, and
//! every number must say where it comes from. Whatever is wrong is said with its place.

use crate::check_example;
use crate::package::{PACKAGE_BYTES_MAX, Package, PackageError, Text};
use crate::shape::{
    BandShape, EnrolmentShape, FeeShape, GroupShape, LayerShape, LineUpliftShape, PackageShape,
    SubsidyShape, TiltShape, WhenShape, WindowYear, Yuan,
};
use crate::subsidy::{Aid, EnrolmentRule, FeeRule, SubsidyRule};
use crate::terms::{
    Assumption, Band, BandOrigin, Cap, CapKind, Clause, Group, Layer, LineUplift, Over, Row, Tilt,
    When,
};
use kernel::{Digest, Fen, Period, Rate};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

const LAYERS_MAX: usize = 20;
const BANDS_MAX: usize = 50;
const ROWS_MAX: usize = 200;
const WAITING_MONTHS_MAX: u32 = 24;

type Checked<T> = Result<T, PackageError>;

/// Reads the text and checks what it says.
pub(crate) fn package(text: &Text<'_>) -> Checked<Package> {
    if text.text.len() > PACKAGE_BYTES_MAX {
        return Err(text.error(0..0, format!("expected at most {PACKAGE_BYTES_MAX} bytes")));
    }
    let shape: PackageShape = toml::from_str(text.text)
        .map_err(|error| text.error(error.span().unwrap_or(0..0), error.message()))?;
    let effective = period(text, &shape)?;
    let mut checker = Checker {
        text,
        assumptions: assumptions(text, &shape)?,
        groups: BTreeMap::new(),
    };
    for group in &shape.group {
        checker.add_group(group)?;
    }
    let layers = checker.layers(&shape.layer)?;
    let examples = check_example::examples(text, &shape.example, &layers, &shape.scheme)?;
    Ok(Package {
        file: text.file.to_string(),
        digest: Digest::of(text.text.as_bytes()),
        name: Package::name_of(&shape.area, effective.from),
        effective,
        effective_at: text.place(shape.from.span().start),
        fees: checker.fees(&shape.fee)?,
        subsidies: checker.rows(&shape.subsidy, Checker::subsidy)?,
        enrolment: shape
            .enrolment
            .as_ref()
            .map(|e| checker.enrolment(e))
            .transpose()?,
        assumptions: checker.assumptions,
        title: shape.title,
        document: shape.document,
        area: shape.area,
        scheme: shape.scheme,
        layers,
        examples,
    })
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
    let mut found: Vec<Assumption> = Vec::new();
    for entry in &shape.assumption {
        let name = entry.name.get_ref();
        if found.iter().any(|other| other.name == *name) {
            return Err(text.error(entry.name.span(), "expected a name no other assumption has"));
        }
        found.push(Assumption {
            name: name.clone(),
            text: entry.text.clone(),
        });
    }
    Ok(found)
}

struct Checker<'a> {
    text: &'a Text<'a>,
    assumptions: Vec<Assumption>,
    groups: BTreeMap<String, Group>,
}

impl Checker<'_> {
    fn error<T>(&self, span: Range<usize>, message: impl Into<String>) -> Checked<T> {
        Err(self.text.error(span, message))
    }

    /// A table of at most [`ROWS_MAX`] rows, each checked by `check`.
    fn rows<S, T>(
        &self,
        shapes: &[Spanned<S>],
        check: fn(&Self, &S, Range<usize>) -> Checked<T>,
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
    fn ordered<S, T>(
        &self,
        shapes: &[Spanned<S>],
        check: fn(&Self, &S, Range<usize>) -> Checked<Row<T>>,
    ) -> Checked<Vec<Row<T>>> {
        let rows = self.rows(shapes, check)?;
        let catch_all = rows.iter().position(|row| row.when.admits_all());
        match catch_all.and_then(|index| shapes.get(index + 1)) {
            Some(hidden) => self.error(
                hidden.span(),
                "expected the row without conditions to be the last: this one never counts",
            ),
            None => Ok(rows),
        }
    }

    fn clause(
        &self,
        span: Range<usize>,
        source: &Option<String>,
        assumed: &Option<Spanned<String>>,
    ) -> Checked<Clause> {
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
                return self.error(
                    name.span(),
                    format!(
                        "expected the name of an [[assumption]], got {:?}",
                        name.get_ref()
                    ),
                );
            }
        }
        Ok(Clause {
            source: source.clone(),
            assumed: assumed.as_ref().map(|name| name.get_ref().clone()),
        })
    }

    fn add_group(&mut self, shape: &Spanned<GroupShape>) -> Checked<()> {
        let group = shape.get_ref();
        let name = group.name.get_ref();
        if self.groups.contains_key(name) {
            return self.error(group.name.span(), "expected a name no other group has");
        }
        if group.identities.is_empty() {
            return self.error(shape.span(), "expected at least one identity");
        }
        let checked = Group {
            title: group.title.clone(),
            identities: group.identities.clone(),
            clause: self.clause(shape.span(), &group.source, &group.assumed)?,
        };
        self.groups.insert(name.clone(), checked);
        Ok(())
    }

    fn named_groups(&self, names: &[Spanned<String>]) -> Checked<Vec<Group>> {
        let find = |name: &Spanned<String>| {
            self.groups.get(name.get_ref()).cloned().ok_or_else(|| {
                let message = format!("expected the name of a [[group]], got {:?}", name.get_ref());
                self.text.error(name.span(), message)
            })
        };
        names.iter().map(find).collect()
    }

    fn when(&self, shape: &WhenShape) -> Checked<When> {
        Ok(When {
            care: shape.care.clone(),
            tiers: shape.tiers.clone(),
            kinds: shape.kinds.clone(),
            groups: self.named_groups(&shape.groups)?,
        })
    }

    fn layers(&self, shapes: &[Spanned<LayerShape>]) -> Checked<Vec<Layer>> {
        if let Some(extra) = shapes.get(LAYERS_MAX) {
            return self.error(
                extra.span(),
                format!("expected at most {LAYERS_MAX} layers"),
            );
        }
        let mut layers: Vec<Layer> = Vec::new();
        for shape in shapes {
            let layer = self.layer(shape.get_ref(), shape.span())?;
            if layers.iter().any(|other| other.rule == layer.rule) {
                let span = shape.get_ref().rule.span();
                return self.error(span, "expected a rule no other layer has");
            }
            layers.push(layer);
        }
        Ok(layers)
    }

    fn layer(&self, shape: &LayerShape, span: Range<usize>) -> Checked<Layer> {
        let layer = Layer {
            rule: self.rule(&shape.rule)?,
            name: shape.name.get_ref().clone(),
            fund: shape.fund.clone(),
            trace: shape.trace,
            when: self.when(&shape.when)?,
            bands_over: shape.bands_over,
            deductible_per: shape.deductible_per,
            origin: *shape.origin.get_ref(),
            clause: self.clause(span.clone(), &shape.source, &shape.assumed)?,
            deductibles: self.ordered(&shape.deductible, |checker, row, span| {
                checker.row(&row.when, row.yuan.0, span, &row.source, &row.assumed)
            })?,
            schedules: self.ordered(&shape.schedule, |checker, row, span| {
                Ok(Row {
                    when: checker.when(&row.when)?,
                    value: checker.bands(&row.band, span)?,
                    clause: Clause::default(),
                })
            })?,
            tilts: self.ordered(&shape.tilt, Checker::tilt)?,
            caps: self.ordered(&shape.cap, |checker, row, span| {
                let cap = Cap {
                    on: row.on,
                    amount: row.yuan.0,
                };
                checker.row(&row.when, cap, span, &row.source, &row.assumed)
            })?,
            line_uplift: match &shape.line_uplift {
                Some(uplift) => Some(self.line_uplift(uplift.get_ref(), uplift.span())?),
                None => None,
            },
        };
        self.agree(&layer, shape, span)?;
        Ok(layer)
    }

    /// Parts of a layer that are right by themselves but not together.
    fn agree(&self, layer: &Layer, shape: &LayerShape, span: Range<usize>) -> Checked<()> {
        if layer.schedules.is_empty() {
            return self.error(span, "expected at least one [[layer.schedule]]");
        }
        let year_of_stays = (layer.bands_over, layer.deductible_per) == (Over::Year, Over::Stay);
        if year_of_stays && layer.origin == BandOrigin::FromZero {
            return self.error(
                shape.origin.span(),
                "expected \"above_deductible\": bands of a year cannot be cut by the deductible \
                 of each stay",
            );
        }
        let lifts_cap = layer
            .tilts
            .iter()
            .any(|tilt| tilt.value.cap_plus != Fen::ZERO);
        if lifts_cap && !layer.caps.iter().all(|cap| cap.value.on == CapKind::Fund) {
            return self.error(span, "expected cap_plus only beside caps on = \"fund\"");
        }
        let Some(uplift) = &shape.line_uplift else {
            return Ok(());
        };
        let flat = |row: &Row<Vec<Band>>| matches!(&row.value[..], [band] if band.to.is_none());
        if layer.bands_over != Over::Stay || !layer.schedules.iter().all(flat) {
            return self.error(
                uplift.span(),
                "expected bands_over = \"stay\" and schedules of one open band beside line_uplift",
            );
        }
        Ok(())
    }

    fn rule(&self, name: &Spanned<String>) -> Checked<String> {
        let text = name.get_ref();
        let plain = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            && !matches!(text.as_str(), "bill" | "line");
        match plain {
            true => Ok(text.clone()),
            false => self.error(
                name.span(),
                "expected 1 to 32 characters of [a-z_], neither \"bill\" nor \"line\"",
            ),
        }
    }

    fn row<T>(
        &self,
        when: &WhenShape,
        value: T,
        span: Range<usize>,
        source: &Option<String>,
        assumed: &Option<Spanned<String>>,
    ) -> Checked<Row<T>> {
        Ok(Row {
            when: self.when(when)?,
            value,
            clause: self.clause(span, source, assumed)?,
        })
    }

    /// 分段: from zero, each where the one before ends, only the last one open.
    fn bands(&self, shapes: &[Spanned<BandShape>], span: Range<usize>) -> Checked<Vec<Band>> {
        if shapes.is_empty() || shapes.len() > BANDS_MAX {
            return self.error(
                span,
                format!("expected 1 to {BANDS_MAX} [[layer.schedule.band]]"),
            );
        }
        let mut bands: Vec<Band> = Vec::new();
        let mut end = Some(Fen::ZERO);
        for shape in shapes {
            let band = shape.get_ref();
            let Yuan(from) = *band.from.get_ref();
            match end {
                None => {
                    let message = "expected no band after one without \"to\"";
                    return self.error(shape.span(), message);
                }
                Some(end) if end != from => {
                    let message = format!(
                        "expected the band to begin at {end}, where the one \
                                           before it ends, got {from}"
                    );
                    return self.error(band.from.span(), message);
                }
                Some(_) => {}
            }
            end = band.to.as_ref().map(|to| to.get_ref().0);
            if let Some(to) = band.to.as_ref().filter(|to| to.get_ref().0 <= from) {
                return self.error(to.span(), format!("expected more than {from}"));
            }
            bands.push(Band {
                from,
                to: end,
                rate: band.rate.0,
                clause: self.clause(shape.span(), &band.source, &band.assumed)?,
            });
        }
        Ok(bands)
    }

    fn tilt(&self, shape: &TiltShape, span: Range<usize>) -> Checked<Row<Tilt>> {
        if shape.deductible_factor.is_none() && shape.points.is_none() && shape.cap_plus.is_none() {
            return self.error(span, "expected deductible_factor, points or cap_plus");
        }
        if shape.max_rate.is_some() && shape.points.is_none() {
            return self.error(span, "expected points beside max_rate");
        }
        let tilt = Tilt {
            deductible_factor: shape.deductible_factor.map_or(Rate::ONE, |rate| rate.0),
            points: shape.points.map_or(Rate::ZERO, |rate| rate.0),
            max_rate: shape.max_rate.map_or(Rate::ONE, |rate| rate.0),
            cap_plus: shape.cap_plus.map_or(Fen::ZERO, |amount| amount.0),
        };
        self.row(&shape.when, tilt, span, &shape.source, &shape.assumed)
    }

    fn line_uplift(&self, shape: &LineUpliftShape, span: Range<usize>) -> Checked<Row<LineUplift>> {
        let uplift = LineUplift {
            points: shape.points.0,
            max_rate: shape.max_rate.0,
            split: shape.deductible_split,
        };
        self.row(&shape.when, uplift, span, &shape.source, &shape.assumed)
    }

    fn fees(&self, shapes: &[Spanned<FeeShape>]) -> Checked<Vec<FeeRule>> {
        let mut fees: Vec<FeeRule> = Vec::new();
        for shape in shapes {
            let fee = shape.get_ref();
            if !(1900..3000).contains(&fee.year) || fees.iter().any(|f| f.year == fee.year) {
                let message = "expected a year from 1900 to 2999 that no other fee has";
                return self.error(shape.span(), message);
            }
            fees.push(FeeRule {
                year: fee.year,
                fee: fee.yuan.0,
                clause: self.clause(shape.span(), &fee.source, &fee.assumed)?,
            });
        }
        Ok(fees)
    }

    fn subsidy(&self, shape: &SubsidyShape, span: Range<usize>) -> Checked<SubsidyRule> {
        let aid = match (shape.rate, shape.yuan) {
            (Some(rate), None) => Aid::Rate(rate.0),
            (None, Some(yuan)) => Aid::Amount(yuan.0),
            _ => return self.error(span, "expected either rate or yuan"),
        };
        if shape.groups.is_empty() {
            return self.error(span, "expected at least one group");
        }
        Ok(SubsidyRule {
            groups: self.named_groups(&shape.groups)?,
            aid,
            clause: self.clause(span, &shape.source, &shape.assumed)?,
        })
    }

    fn enrolment(&self, shape: &Spanned<EnrolmentShape>) -> Checked<EnrolmentRule> {
        let rule = shape.get_ref();
        let months = *rule.waiting_months.get_ref();
        if months > WAITING_MONTHS_MAX {
            let message = format!("expected at most {WAITING_MONTHS_MAX} months");
            return self.error(rule.waiting_months.span(), message);
        }
        Ok(EnrolmentRule {
            closes: (rule.closes.month, rule.closes.day),
            closes_same_year: matches!(rule.closes_in, WindowYear::Same),
            waiting_months: months,
            clause: self.clause(shape.span(), &rule.source, &rule.assumed)?,
        })
    }
}
