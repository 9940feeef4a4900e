//! From the shape of a layer to a layer: what it takes in, its deductible, bands, adjustments and
//! caps, and what of these does not go together.

use crate::check::{Checked, Checker};
use crate::shape::{AdjustShape, AlternativeShape, DeductibleShape, LayerShape};
use crate::terms::{
    Alternative, BandOrigin, Body, CapGroup, CapKind, DeductibleAs, DeductibleFrom, Entry,
    FIRST_PAY, Floor, Layer, OVER_LIMIT, OWN_PAY, Over, Payer, Per, Pots, REFERRAL, Rules,
    ScheduleBody, Trace,
};
use crate::till::LAYERS_MAX;
use kernel::Rate;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;

impl Checker<'_> {
    /// Layers in their order; `rules` are the names that are taken.
    pub(crate) fn layers(
        &mut self,
        shapes: &[Spanned<LayerShape>],
        alternatives: &[Alternative],
        rules: &mut Vec<Arc<str>>,
    ) -> Checked<Vec<Layer>> {
        if let Some(extra) = shapes.get(LAYERS_MAX) {
            let message = format!("expected at most {LAYERS_MAX} layers");
            return self.error(extra.span(), message);
        }
        for shape in shapes {
            let rule = self.rule(&shape.get_ref().rule)?;
            if rules.contains(&rule) {
                let span = shape.get_ref().rule.span();
                return self.error(span, "expected a rule no other layer has");
            }
            rules.push(rule);
        }
        let mut layers: Vec<Layer> = Vec::new();
        for shape in shapes {
            let layer = self.layer(shape.get_ref(), shape.span(), &layers, alternatives)?;
            layers.push(layer);
        }
        self.either(&layers, shapes)?;
        let looked_at: Vec<usize> = layers
            .iter()
            .flat_map(|layer| layer.without_cut_of.iter().chain(&layer.only_cut_of))
            .copied()
            .collect();
        for (index, layer) in layers.iter_mut().enumerate() {
            layer.cut_counts = looked_at.contains(&index);
        }
        Ok(layers)
    }

    /// The name of a layer or of a start of benefit: letters only.
    pub(crate) fn rule(&self, name: &Spanned<String>) -> Checked<Arc<str>> {
        let rule = self.name(name)?;
        let reserved = matches!(&*rule, "bill" | "line" | "deductible");
        if reserved || rule.bytes().any(|b| b.is_ascii_digit()) {
            let message = "expected 1 to 32 letters of [a-z_], not bill, line or deductible";
            return self.error(name.span(), message);
        }
        Ok(rule)
    }

    fn layer(
        &mut self,
        shape: &LayerShape,
        span: Range<usize>,
        earlier: &[Layer],
        alternatives: &[Alternative],
    ) -> Checked<Layer> {
        if shape.name.get_ref().trim().is_empty() {
            return self.error(shape.name.span(), "expected words");
        }
        let rule = self.rule(&shape.rule)?;
        let body = self.body(shape, &span, &rule, earlier, alternatives)?;
        if (shape.trace == Trace::Account) != (shape.payer == Payer::Account) {
            let message = "expected trace = \"account\" beside payer = \"account\", and only there";
            return self.error(span, message);
        }
        let mut drawn = shape.account.iter().enumerate();
        if drawn.any(|(index, draw)| shape.account.iter().take(index).any(|other| other == draw)) {
            return self.error(span, "expected each part of the account once");
        }
        let draws = match (shape.payer, shape.account.is_empty()) {
            (Payer::Account, false) | (Payer::Fund | Payer::Hospital, true) => &shape.account,
            _ => {
                let message = "expected account = [\"current\", …] beside payer = \"account\" only";
                return self.error(span, message);
            }
        };
        if let (Some(_), Some(only)) = (
            shape.excludes_above_cap_of.first(),
            shape.only_above_cap_of.first(),
        ) {
            let message = "expected only one of excludes_above_cap_of and only_above_cap_of";
            return self.error(only.span(), message);
        }
        let caps = self.caps(shape, &rule)?;
        let rewards = caps.iter().any(CapGroup::rewards_no_claim);
        let reward =
            rewards.then(|| self.counter(&rule, shape.per_disease, Per::Year, "reward_fen"));
        let layer = Layer {
            rules: Rules::of(&rule),
            name: shape.name.get_ref().as_str().into(),
            fund: shape.fund.clone(),
            trace: shape.trace,
            payer: shape.payer,
            draws: draws.clone(),
            when: self.when(&shape.when)?,
            enters: self.enters(shape)?,
            base_of: shape.base,
            without_cut_of: self.earlier(&shape.excludes_above_cap_of, earlier)?,
            only_cut_of: self.earlier(&shape.only_above_cap_of, earlier)?,
            cut_counts: false,
            either: shape
                .either
                .as_ref()
                .map(|name| name.get_ref().as_str().into()),
            clause: self.clause(span.clone(), shape)?,
            at: self.place(&span),
            base: self.counter(&rule, shape.per_disease, Per::Year, "base_fen"),
            deducted: self.counter(&rule, shape.per_disease, Per::Year, "deductible_fen"),
            paid: self.counter(&rule, shape.per_disease, Per::Year, "paid_fen"),
            reward,
            body,
            caps,
            rule,
        };
        let own_cap = |cap: &CapGroup| cap.own && cap.on == CapKind::Fund;
        let raises =
            |row: &Spanned<AdjustShape>| row.get_ref().no_cap || row.get_ref().cap_plus.is_some();
        let capped = layer.caps.iter().any(own_cap);
        match shape.adjust.iter().find(|row| raises(row) && !capped) {
            Some(row) => {
                let message = "expected cap_plus and no_cap beside a yearly cap of this layer on \
                               = \"fund\" without a bucket";
                self.error(row.span(), message)
            }
            None => Ok(layer),
        }
    }

    /// What enters the layer, as pots.
    fn enters(&self, shape: &LayerShape) -> Checked<Pots> {
        let lines = match &shape.lines {
            None => self.all_lines(),
            Some(names) if names.get_ref().is_empty() => {
                return self.error(names.span(), "expected at least one group of lines");
            }
            Some(names) => self.pots(names.get_ref())?,
        };
        let Some(entries) = &shape.enters else {
            return Ok(lines);
        };
        let pot = |entry: &Entry| match entry {
            Entry::InScope => lines,
            Entry::FirstPay => Pots::one(FIRST_PAY),
            Entry::Referral => Pots::one(REFERRAL),
            Entry::OverLimit => Pots::one(OVER_LIMIT),
            Entry::OwnPay => Pots::one(OWN_PAY),
        };
        if entries.get_ref().is_empty() {
            return self.error(entries.span(), "expected at least one kind of cost");
        }
        if shape.lines.is_some() && !entries.get_ref().contains(&Entry::InScope) {
            return self.error(entries.span(), "expected \"in_scope\" beside lines");
        }
        Ok(entries
            .get_ref()
            .iter()
            .map(pot)
            .fold(Pots::NONE, Pots::and))
    }

    /// The indices of layers that come before this one, each named once.
    fn earlier(&self, names: &[Spanned<String>], earlier: &[Layer]) -> Checked<Vec<usize>> {
        let mut found = Vec::new();
        for name in names {
            let is = |layer: &Layer| *layer.rule == **name.get_ref();
            match earlier.iter().position(is) {
                Some(index) if !found.contains(&index) => found.push(index),
                _ => {
                    let message = "expected the rule of an earlier layer, each once";
                    return self.error(name.span(), message);
                }
            }
        }
        Ok(found)
    }

    fn body(
        &self,
        shape: &LayerShape,
        span: &Range<usize>,
        rule: &Arc<str>,
        earlier: &[Layer],
        alternatives: &[Alternative],
    ) -> Checked<Body> {
        if let Some(difference) = &shape.difference {
            let scheduled = !(shape.schedule.is_empty()
                && shape.deductible.is_empty()
                && shape.deductible_year_max.is_empty()
                && shape.adjust.is_empty()
                && shape.floor.is_empty()
                && shape.bands_over.is_none()
                && shape.deductible_per.is_none()
                && shape.origin.is_none()
                && shape.max_rate.is_none()
                && shape.deductible_split.is_none()
                && shape.deductible_from.is_none()
                && shape.deductible_as.is_none());
            if scheduled {
                let message =
                    "expected nothing of deductible, schedule, adjust and floor beside difference";
                return self.error(difference.span(), message);
            }
            let with = &difference.get_ref().with;
            let is = |other: &Alternative| other.name == *with.get_ref();
            let Some(with) = alternatives.iter().position(is) else {
                return self.error(with.span(), "expected the name of an [[alternative]]");
            };
            let of = self.earlier(&difference.get_ref().of, earlier)?;
            return Ok(Body::Difference { with, of });
        }
        if shape.schedule.is_empty() {
            return self.error(span.clone(), "expected at least one [[layer.schedule]]");
        }
        let scoped = shape
            .adjust
            .iter()
            .any(|row| !row.get_ref().lines.is_empty());
        let body = ScheduleBody {
            bands_over: shape.bands_over.unwrap_or(Over::Stay),
            deductible_per: shape.deductible_per.unwrap_or(Over::Stay),
            origin: shape
                .origin
                .as_ref()
                .map_or(BandOrigin::AboveDeductible, |o| *o.get_ref()),
            max_rate: shape.max_rate.map_or(Rate::ONE, |rate| rate.0),
            split: shape.deductible_split.unwrap_or_default(),
            deductible_from: shape
                .deductible_from
                .as_ref()
                .map(|f| *f.get_ref())
                .unwrap_or_default(),
            deductible_as: shape
                .deductible_as
                .as_ref()
                .map(|f| *f.get_ref())
                .unwrap_or_default(),
            deductibles: self.ordered(&shape.deductible, Checker::deductible)?,
            year_maxima: self.ordered(&shape.deductible_year_max, |checker, row, span| {
                checker.row(&row.when, row.yuan.0, span, row)
            })?,
            schedules: self.ordered(&shape.schedule, |checker, row, span| {
                checker.schedule(row, span, rule, scoped)
            })?,
            adjusts: self.adjusts(&shape.adjust, rule)?,
            floors: self.ordered(&shape.floor, |checker, row, span| {
                let floor = Floor {
                    rate: row.rate.0,
                    of: row.of,
                };
                checker.row(&row.when, floor, span, row)
            })?,
        };
        self.agree(&body, shape)?;
        Ok(Body::Schedule(Box::new(body)))
    }

    /// Parts of a layer that are right by themselves but not together.
    fn agree(&self, body: &ScheduleBody, shape: &LayerShape) -> Checked<()> {
        let both_over_year = (body.bands_over, body.deductible_per) == (Over::Year, Over::Year);
        if let Some(span) = shape
            .deductible_as
            .as_ref()
            .map(Spanned::span)
            .filter(|_| !both_over_year)
        {
            let message = "expected bands_over and deductible_per = \"year\" beside deductible_as";
            return self.error(span, message);
        }
        if body.deductible_from == DeductibleFrom::Payment && body.bands_over == Over::Year {
            let span = shape.deductible_from.as_ref().map_or(0..0, Spanned::span);
            let message = "expected bands_over = \"stay\" beside deductible_from = \"payment\"";
            return self.error(span, message);
        }
        let banded = body.schedules.iter().any(|row| row.value.len() > 1);
        let from_payment = body.deductible_from == DeductibleFrom::Payment;
        if let Some(origin) = shape.origin.as_ref().filter(|_| from_payment) {
            let message = "expected no origin beside deductible_from = \"payment\"";
            return self.error(origin.span(), message);
        }
        let asked = banded && !body.deductibles.is_empty() && !from_payment;
        if shape.origin.is_none() && asked {
            let message = "expected origin = \"above_deductible\" or \"from_zero\": a deductible \
                           before several bands is read in both ways";
            return self.error(shape.rule.span(), message);
        }
        if !both_over_year || body.deductible_as == DeductibleAs::Charged {
            return Ok(());
        }
        if let Some(max) = shape.deductible_year_max.first() {
            let message = "expected no deductible_year_max where bands and deductible run over the \
                           year";
            return self.error(max.span(), message);
        }
        let of_stays = |row: &&Spanned<DeductibleShape>| {
            !row.get_ref().ordinal_factors.is_empty() || row.get_ref().per_days.is_some()
        };
        match shape.deductible.iter().find(of_stays) {
            Some(row) => {
                let message = "expected neither ordinal_factors nor per_days where bands and \
                               deductible run over the year";
                self.error(row.span(), message)
            }
            None => Ok(()),
        }
    }

    /// 不重复享受: layers of one name stand together, at least two of them.
    fn either(&self, layers: &[Layer], shapes: &[Spanned<LayerShape>]) -> Checked<()> {
        let mut seen: Vec<Arc<str>> = Vec::new();
        for run in crate::terms::runs(layers) {
            let Some(name) = layers.get(run.start).and_then(|layer| layer.either.clone()) else {
                continue;
            };
            let span = shapes
                .get(run.start)
                .and_then(|shape| shape.get_ref().either.as_ref());
            let span = span.map_or(0..0, Spanned::span);
            if run.len() < 2 {
                return self.error(span, "expected another layer of this name beside this one");
            }
            if seen.contains(&name) {
                return self.error(span, "expected the layers of this name to stand together");
            }
            seen.push(name);
        }
        Ok(())
    }

    pub(crate) fn alternatives(
        &mut self,
        shapes: &[Spanned<AlternativeShape>],
        rules: &mut Vec<Arc<str>>,
    ) -> Checked<Vec<Alternative>> {
        let mut found: Vec<Alternative> = Vec::new();
        for spanned in shapes {
            let (shape, span) = (spanned.get_ref(), spanned.span());
            let name = shape.name.get_ref();
            if found.iter().any(|other| other.name == *name) {
                let message = "expected a name no other alternative has";
                return self.error(shape.name.span(), message);
            }
            found.push(Alternative {
                name: name.clone(),
                title: shape.title.as_str().into(),
                clause: self.clause(span.clone(), shape)?,
                layers: self.alternative_layers(&shape.layer, rules)?,
                at: self.place(&span),
            });
        }
        Ok(found)
    }

    /// 额度: a purse belongs to the layers of one scheme, and is nobody's rule but its own layer's.
    pub(crate) fn purses(&self, layers: &[Layer], alternatives: &[Alternative]) -> Checked<()> {
        let schemes =
            std::iter::once(layers).chain(alternatives.iter().map(|other| &*other.layers));
        let schemes: Vec<&[Layer]> = schemes.collect();
        for (index, scheme) in schemes.iter().enumerate() {
            for layer in *scheme {
                for cap in layer.caps.iter().filter(|cap| cap.bucket != layer.rule) {
                    let others = schemes
                        .iter()
                        .enumerate()
                        .filter(|(other, _)| *other != index);
                    let mut others = others.flat_map(|(_, other)| other.iter());
                    let taken = others.any(|other| {
                        other.rule == cap.bucket
                            || other.caps.iter().any(|theirs| theirs.bucket == cap.bucket)
                    });
                    if taken || scheme.iter().any(|other| other.rule == cap.bucket) {
                        let at = cap.rows.first().map_or(layer.at, |row| row.at);
                        let message = "expected a bucket that no other layer's rule and no \
                                       alternative has";
                        return Err(self.error_at(at, message));
                    }
                }
            }
        }
        Ok(())
    }

    /// Layers of alternatives are reckoned, never paid: from funds, without further alternatives.
    fn alternative_layers(
        &mut self,
        shapes: &[Spanned<LayerShape>],
        rules: &mut Vec<Arc<str>>,
    ) -> Checked<Vec<Layer>> {
        let layers = self.layers(shapes, &[], rules)?;
        let paid = |layer: &Layer| layer.payer != Payer::Fund;
        match layers
            .iter()
            .position(paid)
            .and_then(|index| shapes.get(index))
        {
            Some(shape) => self.error(shape.span(), "expected payer = \"fund\" in an alternative"),
            None => Ok(layers),
        }
    }
}

impl Rules {
    fn of(rule: &Arc<str>) -> Rules {
        let name = |last: &str| -> Arc<str> { format!("{rule}.{last}").into() };
        Rules {
            group: name("group"),
            base: name("base"),
            expense_cap: name("expense_cap"),
            deductible: name("deductible"),
            deductible_factor: name("deductible_factor"),
            deductible_taken: name("deductible_taken"),
            deductible_max: name("deductible_max"),
            max_rate: name("max_rate"),
            floor: name("floor"),
            cap: name("cap"),
            balance: name("balance"),
            limit: name("limit"),
            either: name("either"),
            difference: name("difference"),
        }
    }
}
