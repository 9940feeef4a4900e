//! From the shape of a layer's rows to rows: deductibles, bands, adjustments and caps.

use crate::check::{Checked, Checker};
use crate::claim::YEARS_MAX;
use crate::layer::ADJUSTS_MAX;
use crate::shape::{
    AdjustShape, BandShape, CapShape, DeductibleShape, LayerShape, ScheduleShape, Yuan,
};
use crate::terms::{
    Adjust, AdjustGroup, Band, CapGroup, CapKind, CapRow, Change, Clause, Counter, Deductible,
    Incentive, Per, Row, Standard,
};
use kernel::{Fen, Rate};
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;

const BANDS_MAX: usize = 50;
const DAYS_MAX: u32 = 366;

impl Checker<'_> {
    pub(crate) fn deductible(
        &self,
        shape: &DeductibleShape,
        span: Range<usize>,
    ) -> Checked<Row<Deductible>> {
        let least = shape.at_least.map_or(Fen::ZERO, |yuan| yuan.0);
        let most = shape.at_most.map(|yuan| yuan.0);
        let bounded = shape.at_least.is_some() || most.is_some();
        let standard = match (shape.yuan, &shape.figure, shape.rate, shape.of) {
            (Some(yuan), None, None, None) if !bounded => Standard::Fixed(yuan.0),
            (None, Some(name), Some(rate), None) if !bounded => {
                Standard::Fixed(self.figure_at(name, rate.0)?)
            }
            (None, None, Some(rate), Some(of)) if most.is_none_or(|most| least <= most) => {
                Standard::Part {
                    of,
                    rate: rate.0,
                    at_least: least,
                    at_most: most,
                }
            }
            _ => {
                let message = "expected either yuan, or figure and rate, or of and rate with \
                               at_least ≤ at_most";
                return self.error(span, message);
            }
        };
        let per_days = match &shape.per_days {
            Some(days) if !(1..=DAYS_MAX).contains(days.get_ref()) => {
                return self.error(days.span(), format!("expected 1 to {DAYS_MAX} days"));
            }
            days => days.as_ref().map(|days| *days.get_ref()),
        };
        let deductible = Deductible {
            standard,
            ordinal_factors: shape
                .ordinal_factors
                .iter()
                .map(|factor| factor.0)
                .collect(),
            per_days,
            figure: self.figured(&shape.figure, shape.rate.map(|rate| rate.0)),
        };
        self.row(&shape.when, deductible, span, shape)
    }

    pub(crate) fn schedule(
        &self,
        shape: &ScheduleShape,
        span: Range<usize>,
        rule: &Arc<str>,
        scoped: bool,
    ) -> Checked<Row<Vec<Band>>> {
        Ok(Row {
            when: self.when(&shape.when)?,
            value: self.bands(&shape.band, &span, rule, scoped)?,
            clause: Clause::new(None, None),
            at: self.place(&span),
        })
    }

    /// 分段: from zero, each where the one before ends, only the last one open.
    fn bands(
        &self,
        shapes: &[Spanned<BandShape>],
        span: &Range<usize>,
        rule: &Arc<str>,
        scoped: bool,
    ) -> Checked<Vec<Band>> {
        if shapes.is_empty() || shapes.len() > BANDS_MAX {
            let message = format!("expected 1 to {BANDS_MAX} [[layer.schedule.band]]");
            return self.error(span.clone(), message);
        }
        let mut bands: Vec<Band> = Vec::new();
        let mut end = Some(Fen::ZERO);
        for (shape, number) in shapes.iter().zip(1..) {
            let band = shape.get_ref();
            let Yuan(from) = *band.from.get_ref();
            match end {
                None => {
                    let message = "expected no band after one without \"to\"";
                    return self.error(shape.span(), message);
                }
                Some(end) if end != from => {
                    let message = format!(
                        "expected the band to begin at {end}, where the one before it ends, got \
                         {from}"
                    );
                    return self.error(band.from.span(), message);
                }
                Some(_) => {}
            }
            end = band.to.as_ref().map(|to| to.get_ref().0);
            if let Some(to) = band.to.as_ref().filter(|to| to.get_ref().0 <= from) {
                return self.error(to.span(), format!("expected more than {from}"));
            }
            let names = std::iter::once("others").chain(self.lines.iter().map(|l| &*l.name));
            let named = |name: &str| format!("{rule}.band{number}_{name}").into();
            bands.push(Band {
                from,
                to: end,
                rate: band.rate.0,
                age_points: band.age_points.map_or(Rate::ZERO, |points| points.0),
                clause: self.clause(shape.span(), band)?,
                at: self.place(&shape.span()),
                rule: format!("{rule}.band{number}").into(),
                rules: match scoped {
                    true => names.map(named).collect(),
                    false => Vec::new(),
                },
            });
        }
        Ok(bands)
    }

    /// Adjustments by their names, in the order in which the names appear.
    pub(crate) fn adjusts(
        &self,
        shapes: &[Spanned<AdjustShape>],
        rule: &Arc<str>,
    ) -> Checked<Vec<AdjustGroup>> {
        let mut names: Vec<(Arc<str>, Vec<Row<Adjust>>)> = Vec::new();
        for row in self.rows(shapes, Checker::adjust)? {
            let (name, row) = row;
            match names.iter_mut().find(|(other, _)| *other == name) {
                Some((_, rows)) => {
                    if rows.iter().any(|other| other.when.open) {
                        let message = "expected the row without conditions to be the last of its \
                                       name: this one never counts; give it another name";
                        return Err(self.error_at(row.at, message));
                    }
                    rows.push(row);
                }
                None => names.push((name, vec![row])),
            }
        }
        if let Some((_, rows)) = names.get(ADJUSTS_MAX) {
            let at = rows.first().map(|row| row.at);
            let message = format!("expected at most {ADJUSTS_MAX} names of adjustments");
            return Err(self.error_at(
                at.unwrap_or(crate::package::Place { line: 1, column: 1 }),
                message,
            ));
        }
        let group = |(name, rows): (Arc<str>, Vec<Row<Adjust>>)| AdjustGroup {
            rule: format!("{rule}.adjust_{name}").into(),
            rows,
        };
        Ok(names.into_iter().map(group).collect())
    }

    fn adjust(&self, shape: &AdjustShape, span: Range<usize>) -> Checked<(Arc<str>, Row<Adjust>)> {
        let changes = [
            shape.points.map(|points| Change::Points(points.0)),
            shape.factor.map(|factor| Change::Factor(factor.0)),
            shape.own_factor.map(|factor| Change::OwnFactor(factor.0)),
            shape.rate.map(|rate| Change::Rate(rate.0)),
        ];
        let mut changes = changes.into_iter().flatten();
        let change = changes.next();
        if changes.next().is_some() {
            let message = "expected at most one of points, factor, own_factor and rate";
            return self.error(span, message);
        }
        let whole = shape.deductible_factor.is_some() || shape.cap_plus.is_some() || shape.no_cap;
        if change.is_none() && !whole {
            let message = "expected points, factor, own_factor, rate, deductible_factor, cap_plus \
                           or no_cap";
            return self.error(span, message);
        }
        if !shape.lines.is_empty() && whole {
            let message = "expected no deductible_factor, cap_plus or no_cap beside lines";
            return self.error(span, message);
        }
        if shape.max_rate.is_some() && matches!(change, None | Some(Change::Rate(_))) {
            return self.error(
                span,
                "expected points, factor or own_factor beside max_rate",
            );
        }
        let adjust = Adjust {
            lines: match shape.lines.is_empty() {
                true => None,
                false => Some(self.pots(&shape.lines)?),
            },
            change,
            max_rate: shape.max_rate.map_or(Rate::ONE, |rate| rate.0),
            deductible_factor: shape.deductible_factor.map(|factor| factor.0),
            cap_plus: shape.cap_plus.map_or(Fen::ZERO, |amount| amount.0),
            no_cap: shape.no_cap,
        };
        let name = match &shape.name {
            Some(name) => self.name(name)?,
            None => "tilt".into(),
        };
        Ok((name, self.row(&shape.when, adjust, span, shape)?))
    }

    /// Caps by what they count together.
    pub(crate) fn caps(&mut self, shape: &LayerShape, rule: &Arc<str>) -> Checked<Vec<CapGroup>> {
        let mut groups: Vec<CapGroup> = Vec::new();
        for spanned in &shape.cap {
            let (cap, span) = (spanned.get_ref(), spanned.span());
            let bucket = match &cap.bucket {
                None => rule.clone(),
                Some(name) => self.name(name)?,
            };
            let per_disease = cap.per_disease.unwrap_or(shape.per_disease);
            let own = bucket == *rule && cap.per == Per::Year && per_disease == shape.per_disease;
            let row = self.cap(cap, span.clone(), own)?;
            let same = |group: &&mut CapGroup| {
                group.bucket == bucket
                    && (group.on, group.per, group.per_disease) == (cap.on, cap.per, per_disease)
            };
            if let Some(group) = groups.iter_mut().find(same) {
                if group.rows.iter().any(|row| row.when.open) {
                    let message = "expected the cap without conditions to be the last of its \
                                   kind: this one never counts";
                    return self.error(span, message);
                }
                group.rows.push(row);
                continue;
            }
            let unit = match cap.on {
                CapKind::Fund => "paid_fen",
                CapKind::Expense => "base_fen",
            };
            groups.push(CapGroup {
                on: cap.on,
                per: cap.per,
                per_disease,
                own,
                used: self.counter(&bucket, per_disease, cap.per, unit),
                bucket,
                rows: vec![row],
            });
        }
        Ok(groups)
    }

    fn cap(&self, shape: &CapShape, span: Range<usize>, own: bool) -> Checked<Row<CapRow>> {
        let amount = match (shape.yuan, shape.none, &shape.figure, shape.rate) {
            (Some(yuan), false, None, None) => Some(yuan.0),
            (None, false, Some(name), Some(rate)) => Some(self.figure_at(name, rate.0)?),
            (None, true, None, None) => None,
            _ => {
                let message = "expected either yuan, or figure and rate, or none = true";
                return self.error(span, message);
            }
        };
        let incentive = match shape.incentive {
            Some(_) if !own || shape.on != CapKind::Fund => {
                let message = "expected incentive at a yearly cap on = \"fund\" without a bucket";
                return self.error(span, message);
            }
            Some(incentive) if incentive.after_years > YEARS_MAX => {
                let message = format!("expected after_years of at most {YEARS_MAX}");
                return self.error(span, message);
            }
            incentive => incentive.map(|incentive| Incentive {
                after_years: incentive.after_years,
                per_year: incentive.per_year.0,
                zero_claim: incentive.zero_claim.map_or(Fen::ZERO, |yuan| yuan.0),
                max_share: incentive.max_share.0,
            }),
        };
        let row = CapRow {
            amount,
            per_further_disease: shape.per_further_disease.map_or(Fen::ZERO, |yuan| yuan.0),
            incentive,
            figure: self.figured(&shape.figure, shape.rate.map(|rate| rate.0)),
        };
        self.row(&shape.when, row, span, shape)
    }

    /// The accumulator of this name: a slot, unless the name depends on the claim.
    pub(crate) fn counter(
        &mut self,
        stem: &Arc<str>,
        per_disease: bool,
        per: Per,
        unit: &'static str,
    ) -> Counter {
        if per_disease || matches!(per, Per::Quarter | Per::Month) {
            return Counter::Named {
                stem: stem.clone(),
                per_disease,
                per,
                unit,
            };
        }
        let name: Arc<str> = format!("{stem}.{unit}").into();
        let slot = self.slots.iter().position(|other| *other == name);
        Counter::Slot(slot.unwrap_or_else(|| {
            self.slots.push(name);
            self.slots.len() - 1
        }))
    }
}
