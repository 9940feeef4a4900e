//! What one layer pays of what earlier layers leave, with a reason for every amount. 居民医保,
//! 大病保险 and 医疗救助 are the same code with other numbers.

use crate::schedule::{Course, Running, lifted, proportion};
use crate::settlement::{Finding, Reason};
use crate::terms::{
    Band, Cap, CapKind, Clause, DeductibleSplit, Layer, LineUplift, Member, Row, Tilt, Visit, first,
};
use kernel::{Fen, Rate};

/// What a layer comes to for one visit.
#[derive(Debug, Default)]
pub(crate) struct Priced {
    /// False when the layer does not concern the visit at all.
    pub applies: bool,
    pub base: Fen,
    pub deductible: Fen,
    pub paid: Fen,
    pub reasons: Vec<Reason>,
    pub findings: Vec<Finding>,
}

/// One part of the base at one rate.
struct Piece<'a> {
    rule: String,
    code: Option<String>,
    clause: &'a Clause,
    part: Fen,
    rate: Rate,
    paid: Fen,
    /// The clauses that lifted the rate, with the points each gave.
    lifts: Vec<(&'a Clause, Rate)>,
}

/// A rate on its way up: the rate now, and who lifted it.
#[derive(Clone)]
struct Lifting<'a> {
    rate: Rate,
    lifts: Vec<(&'a Clause, Rate)>,
}

impl<'a> Lifting<'a> {
    fn lift(mut self, clause: &'a Clause, points: Rate, max_rate: Rate) -> Lifting<'a> {
        let rate = lifted(self.rate, points, max_rate);
        if rate != self.rate {
            self.lifts.push((clause, Rate(rate.0 - self.rate.0)));
        }
        self.rate = rate;
        self
    }
}

impl Layer {
    /// 按层计算: what this layer pays of `rest`, the in-scope amount nobody has paid yet.
    pub fn price(&self, visit: &Visit<'_>, rest: Fen) -> Priced {
        let mut priced = Priced::default();
        let Some(member) = self.when.admits(visit) else {
            return priced;
        };
        priced.applies = true;
        self.tell_member(&mut priced, "group", member);
        let Some((schedule, _)) = first(&self.schedules, visit) else {
            let text = format!("{}没有规定该医院等级的支付比例，本层不支付。", self.name);
            priced.findings.push(Finding::new(Finding::NO_RATE, text));
            return priced;
        };
        let tilt = first(&self.tilts, visit);
        if let Some((_, member)) = tilt {
            self.tell_member(&mut priced, "tilt", member);
        }
        let tilt = tilt.map(|(row, _)| row);
        let cap = first(&self.caps, visit).map(|(row, _)| row);
        priced.base = self.entering(&mut priced, visit, cap, rest);
        let course = self.deduct(&mut priced, visit, tilt);
        let pieces = self.pieces(visit, &schedule.value, tilt, &course, priced.base);
        for piece in pieces.into_iter().filter(|piece| piece.part != Fen::ZERO) {
            self.tell_piece(&mut priced, piece);
        }
        self.hold_to_cap(&mut priced, visit, cap, tilt);
        priced
    }

    fn tell_member(&self, priced: &mut Priced, rule: &str, member: Member<'_>) {
        if let Some((group, identity)) = member {
            let text = format!("按{}（{}）享受本层待遇。", group.title, identity.term());
            priced.reasons.push(self.reason(rule, &group.clause, text));
        }
    }

    /// 进入本层的金额, less what an expense cap keeps out.
    fn entering(
        &self,
        priced: &mut Priced,
        visit: &Visit<'_>,
        cap: Option<&Row<Cap>>,
        rest: Fen,
    ) -> Fen {
        let base = match cap {
            Some(row) if row.value.on == CapKind::Expense => {
                let left = row.value.amount.less(self.year(visit, "base_fen"));
                if rest > left {
                    let text = format!(
                        "{}年度费用封顶线为 {} 元，超出的 {} 元不进入本层。",
                        self.name,
                        row.value.amount,
                        rest - left
                    );
                    let finding = Finding::new(Finding::EXPENSE_CAP_REACHED, text.clone());
                    priced.findings.push(finding);
                    priced.reasons.push(Reason {
                        input: rest,
                        output: rest.min(left),
                        ..self.reason("expense_cap", &row.clause, text)
                    });
                }
                rest.min(left)
            }
            _ => rest,
        };
        priced.reasons.push(Reason {
            input: visit.in_scope,
            output: base,
            ..self.reason(
                "base",
                &self.clause,
                format!(
                    "政策范围内费用 {} 元中，{base} 元进入{}。",
                    visit.in_scope, self.name
                ),
            )
        });
        base
    }

    /// 起付线: takes the deductible, with the factor of a tilt.
    fn deduct(&self, priced: &mut Priced, visit: &Visit<'_>, tilt: Option<&Row<Tilt>>) -> Course {
        let row = first(&self.deductibles, visit).map(|(row, _)| row);
        let standard = row.map_or(Fen::ZERO, |row| row.value);
        let mut deductible = standard;
        if let Some(tilt) = tilt.filter(|tilt| tilt.value.deductible_factor != Rate::ONE) {
            let factor = tilt.value.deductible_factor;
            deductible = standard.at(factor);
            let text = format!("起付线 {standard} 元按 {factor} 执行，为 {deductible} 元。");
            priced.reasons.push(Reason {
                input: standard,
                rate: Some(factor),
                output: deductible,
                ..self.reason("deductible_factor", &tilt.clause, text)
            });
        }
        let running = Running {
            bands_over: self.bands_over,
            deductible_per: self.deductible_per,
            origin: self.origin,
            year_base: self.year(visit, "base_fen"),
            year_deductible: self.year(visit, "deductible_fen"),
        };
        let course = Course::of(&running, deductible, priced.base);
        priced.deductible = course.charged;
        if let Some(row) = row {
            let text = format!(
                "起付线 {deductible} 元，本次由个人承担 {} 元。",
                course.charged
            );
            priced.reasons.push(Reason {
                item_code: self.trace.deductible_code(),
                input: priced.base,
                output: course.charged,
                ..self.reason("deductible", &row.clause, text)
            });
        }
        course
    }

    /// 分段计算: the parts of the base with their rates, by band or by kind of line.
    fn pieces<'a>(
        &'a self,
        visit: &Visit<'a>,
        bands: &'a [Band],
        tilt: Option<&'a Row<Tilt>>,
        course: &Course,
        base: Fen,
    ) -> Vec<Piece<'a>> {
        let rate_of = |band: &'a Band| {
            let plain = Lifting {
                rate: band.rate,
                lifts: Vec::new(),
            };
            match tilt {
                Some(row) => plain.lift(&row.clause, row.value.points, row.value.max_rate),
                None => plain,
            }
        };
        let uplift = self
            .line_uplift
            .as_ref()
            .filter(|row| row.when.admits(visit).is_some());
        if let (Some(row), [band]) = (uplift, bands) {
            return self.split(visit, row, band, rate_of(band), course, base);
        }
        let numbered = bands.iter().zip(1usize..);
        numbered
            .map(|(band, number)| {
                let Lifting { rate, lifts } = rate_of(band);
                let (part, paid) = course.in_band(band, rate);
                Piece {
                    rule: format!("band{number}"),
                    code: self.trace.band_code(number),
                    clause: &band.clause,
                    part,
                    rate,
                    paid,
                    lifts,
                }
            })
            .collect()
    }

    /// 蒙中药提高比例: the lines with the uplift and the others, each less its part of the
    /// deductible.
    fn split<'a>(
        &self,
        visit: &Visit<'_>,
        row: &'a Row<LineUplift>,
        band: &'a Band,
        rate: Lifting<'a>,
        course: &Course,
        base: Fen,
    ) -> Vec<Piece<'a>> {
        let ethnic = proportion(base, visit.ethnic, visit.in_scope);
        let others = base - ethnic;
        let of_ethnic = match row.value.split {
            DeductibleSplit::Proportional => proportion(course.charged, ethnic, base),
            DeductibleSplit::OtherLinesFirst => course.charged.less(others),
        };
        let of_others = course.charged - of_ethnic;
        let higher = rate
            .clone()
            .lift(&row.clause, row.value.points, row.value.max_rate);
        let piece = |rule: &str, part: Fen, Lifting { rate, lifts }: Lifting<'a>| Piece {
            rule: rule.to_string(),
            code: self.trace.band_code(1),
            clause: &band.clause,
            part,
            rate,
            paid: part.at(rate),
            lifts,
        };
        vec![
            piece("band1", others - of_others, rate),
            piece("band1_ethnic", ethnic - of_ethnic, higher),
        ]
    }

    fn tell_piece(&self, priced: &mut Priced, piece: Piece<'_>) {
        for (clause, points) in piece.lifts {
            let text = format!(
                "{} 元的支付比例提高 {} 个百分点。",
                piece.part,
                percent(points)
            );
            priced.reasons.push(Reason {
                input: piece.part,
                rate: Some(points),
                ..self.reason("points", clause, text)
            });
        }
        priced.paid += piece.paid;
        let (part, rate, paid) = (piece.part, piece.rate, piece.paid);
        let text = format!("{part} 元按 {rate} 支付，计 {paid} 元。");
        priced.reasons.push(Reason {
            item_code: piece.code,
            input: part,
            rate: Some(rate),
            output: paid,
            ..self.reason(&piece.rule, piece.clause, text)
        });
    }

    /// 封顶线: a fund pays no more in a year than its cap.
    fn hold_to_cap(
        &self,
        priced: &mut Priced,
        visit: &Visit<'_>,
        cap: Option<&Row<Cap>>,
        tilt: Option<&Row<Tilt>>,
    ) {
        let Some(row) = cap.filter(|row| row.value.on == CapKind::Fund) else {
            return;
        };
        let plus = tilt.map_or(Fen::ZERO, |tilt| tilt.value.cap_plus);
        let most = row.value.amount + plus;
        let used = self.year(visit, "paid_fen");
        let (computed, left) = (priced.paid, most.less(used));
        if computed <= left {
            return;
        }
        let cut = computed - left;
        let text = format!(
            "{}年度封顶线为 {most} 元，此前已支付 {used} 元，超出的 {cut} 元不再支付。",
            self.name
        );
        priced
            .findings
            .push(Finding::new(Finding::FUND_CAP_REACHED, text.clone()));
        // The clause that raised the cap is the one the sum rests on.
        let clause = match tilt {
            Some(tilt) if plus != Fen::ZERO => &tilt.clause,
            _ => &row.clause,
        };
        priced.reasons.push(Reason {
            input: computed,
            output: -cut,
            ..self.reason("cap", clause, text)
        });
        priced.paid = left;
    }

    /// 年度累计: one of this layer's accumulators before the claim.
    fn year(&self, visit: &Visit<'_>, name: &str) -> Fen {
        Fen(visit.accumulators.get(&format!("{}.{name}", self.rule)))
    }

    fn reason(&self, rule: &str, clause: &Clause, text: String) -> Reason {
        Reason {
            subject: self.name.clone(),
            rule: format!("{}.{rule}", self.rule),
            clause: clause.text(),
            item_code: None,
            input: Fen::ZERO,
            rate: None,
            output: Fen::ZERO,
            text,
            assumed: clause.assumed.is_some(),
        }
    }
}

/// The number of percentage points, without the sign.
fn percent(points: Rate) -> String {
    points.to_string().trim_end_matches('%').to_string()
}
