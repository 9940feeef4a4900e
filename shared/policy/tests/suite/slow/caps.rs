//! 封顶: section 6.3 of the format document.

use super::layer::{Adjusts, World};
use super::read::*;
use super::when::first;

/// One purse that limits a layer: the rows that share it are asked in their order.
pub struct Purse<'a> {
    bucket: Option<&'a str>,
    /// `fund`, what the layer pays; `expense`, what enters it.
    pub on: &'a str,
    per: &'a str,
    by_disease: bool,
    rows: Vec<&'a Row>,
}

/// The purses of a layer, in the order they are first named.
pub fn purses(layer: &Row) -> Vec<Purse<'_>> {
    let mut purses: Vec<Purse<'_>> = vec![];
    let layer_by_disease = flag(layer, "per_disease").unwrap_or(false);
    for cap in rows(layer, "cap") {
        let bucket = text(cap, "bucket");
        let on = name(cap, "on");
        let per = text(cap, "per").unwrap_or("year");
        let by_disease = flag(cap, "per_disease").unwrap_or(layer_by_disease);
        let same = |purse: &&mut Purse<'_>| {
            (purse.bucket, purse.on, purse.per, purse.by_disease) == (bucket, on, per, by_disease)
        };
        match purses.iter_mut().find(same) {
            Some(purse) => purse.rows.push(cap),
            None => purses.push(Purse {
                bucket,
                on,
                per,
                by_disease,
                rows: vec![cap],
            }),
        }
    }
    purses
}

impl Purse<'_> {
    /// True for the yearly cap that adjusts and standing raise.
    fn is_plain(&self) -> bool {
        self.on == "fund" && self.per == "year" && self.bucket.is_none() && !self.by_disease
    }

    /// The accumulator that counts it; none when it does not outlast the stay.
    pub fn accumulator(&self, world: &World, layer: &Row) -> Option<String> {
        let (_, month, _) = year_month_date(&world.claim.day);
        let period = match self.per {
            "year" => String::new(),
            "quarter" => format!("-q{}", (month + 2) / 3),
            "month" => format!("-m{month:02}"),
            _ => return None,
        };
        let rule = name(layer, "rule");
        let bucket = self.bucket.unwrap_or(rule);
        let of = if self.on == "fund" { "paid" } else { "base" };
        Some(world.accumulator(bucket, &period, self.by_disease, of))
    }

    /// What the purse still gives; none when nothing limits it.
    pub fn left(&self, world: &World, layer: &Row, adjusts: &Adjusts) -> Option<i128> {
        let most = self.most(world, adjusts, world.claim.zero_claim_years)?;
        Some((most - self.used(world, layer)).max(0))
    }

    /// 已用零报销激励: what of a payment goes beyond the purse of nobody's years without a claim.
    pub fn reward(&self, world: &World, layer: &Row, adjusts: &Adjusts, paid: i128) -> i128 {
        let most = self.most(world, adjusts, 0).filter(|_| self.is_plain());
        let Some(most) = most else {
            return 0;
        };
        let beyond = |used: i128| (used - most).max(0);
        let used = self.used(world, layer);
        beyond(used + paid) - beyond(used)
    }

    fn used(&self, world: &World, layer: &Row) -> i128 {
        let used = self.accumulator(world, layer);
        used.map_or(0, |name| world.used(&name))
    }

    fn most(&self, world: &World, adjusts: &Adjusts, zero: i128) -> Option<i128> {
        let cap = first(world.package, self.rows.clone(), world.claim)?;
        if flag(cap, "none") == Some(true) {
            return None;
        }
        let written = match text(cap, "figure") {
            Some(figure) => at(world.figure(figure), rate(cap, "rate").unwrap()),
            None => fen(cap, "yuan").unwrap(),
        };
        let mut most = written;
        if let Some(further) = fen(cap, "per_further_disease") {
            let diseases = world.claim.diseases.len() as i128;
            most += further * (diseases - 1).max(0);
        }
        if self.is_plain() {
            if !adjusts.of_the_bill("no_cap").is_empty() {
                return None;
            }
            most += incentive(world, cap, written, zero);
            let more = adjusts.of_the_bill("cap_plus").into_iter();
            most += more.map(|plus| decimal(plus, 2)).sum::<i128>();
        }
        if self.per == "day" {
            most *= world.claim.days();
        }
        Some(most)
    }
}

/// 连续参保与零报销激励.
fn incentive(world: &World, cap: &Row, written: i128, zero: i128) -> i128 {
    let Some(rule) = row(cap, "incentive") else {
        return 0;
    };
    let years = world.claim.continuous_years - whole(rule, "after_years").unwrap_or(0);
    let per_year = fen(rule, "per_year").unwrap_or(0);
    let zero_claim = fen(rule, "zero_claim").unwrap_or(0);
    let more = years.max(0) * per_year + zero * zero_claim;
    match rate(rule, "max_share") {
        Some(share) => more.min(at(written, share)),
        None => more,
    }
}
