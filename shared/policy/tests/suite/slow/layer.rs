//! 支付层: section 6 of the format document, one layer in its six steps.

use super::bands::{self, Part, Piece, Place};
use super::bill::{Costs, Pot};
use super::caps::purses;
use super::claim::{Claim, Used};
use super::deductible::{self, Regime, regime};
use super::read::*;
use super::when::{first, holds};
use std::collections::BTreeMap;

/// Everything a layer may look at.
#[derive(Clone)]
pub struct World<'a> {
    /// The package.
    pub package: &'a Row,
    /// The claim.
    pub claim: &'a Claim,
    /// What the layers before have left.
    pub pots: Vec<Pot>,
    /// Accumulators, those of the layers before included.
    pub used: Used,
    /// 账户可用余额.
    pub account: BTreeMap<String, i128>,
    /// What the layers before did, in their order.
    pub done: Vec<Done>,
    /// What the other sets of benefits pay in all.
    pub others: BTreeMap<String, i128>,
}

/// What one layer did.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// 代号.
    pub rule: String,
    /// fund, account or hospital.
    pub payer: String,
    /// 政策项目代码.
    pub trace: String,
    /// 基数.
    pub base: i128,
    /// 起付线 of this claim.
    pub deductible: i128,
    /// 支付.
    pub paid: i128,
    /// What caps cut off the payment.
    pub cut: i128,
    /// 因封顶而未支付的部分: the costs, less what later layers paid of them.
    pub above_cap: i128,
    /// Whether the base used the deductible up, where there may be one.
    pub finished: Option<bool>,
    /// What each account paid.
    pub drawn: Vec<(String, i128)>,
    /// What accumulators grow by.
    pub grows: Used,
}

impl Done {
    /// True for the layers of the basic insurance.
    pub fn is_basic(&self) -> bool {
        ["pool", "outpatient"].contains(&&self.trace[..])
    }
}

impl World<'_> {
    /// The value of an accumulator.
    pub fn used(&self, name: &str) -> i128 {
        self.used.get(name).copied().unwrap_or(0)
    }

    /// The name of an accumulator: whose, of which disease, of which part of the year, of what.
    pub fn accumulator(&self, of: &str, period: &str, by_disease: bool, what: &str) -> String {
        let disease = match self.claim.diseases.first() {
            _ if !by_disease => String::new(),
            Some(disease) => format!(".{disease}"),
            None => ".-".to_string(),
        };
        format!("{of}{disease}{period}.{what}_fen")
    }

    /// 统计数字.
    pub fn figure(&self, wanted: &str) -> i128 {
        let figures = rows(self.package, "figure");
        let mut figures = figures.into_iter();
        let figure = figures.find(|figure| name(figure, "name") == wanted);
        fen(figure.unwrap(), "yuan").unwrap()
    }

    /// 当年第几次住院.
    pub fn ordinal(&self) -> i128 {
        let counted = self.claim.prior.get("stays_count").copied().unwrap_or(0);
        match self.claim.continues {
            Some(_) => counted.max(1),
            None => counted + 1,
        }
    }

    /// What the same stay has already paid as a layer's deductible.
    pub fn paid_in_this_stay(&self, layer: &Row) -> i128 {
        let Some(paid) = &self.claim.continues else {
            return 0;
        };
        let basic = ["pool", "outpatient"].contains(&name(layer, "trace"));
        let unnamed = paid.get("deductible").filter(|_| basic);
        paid.get(name(layer, "rule"))
            .or(unnamed)
            .copied()
            .unwrap_or(0)
    }
}

/// The adjusts of a layer that apply: of each name the first whose conditions hold.
pub struct Adjusts<'a>(Vec<&'a Row>);

impl<'a> Adjusts<'a> {
    fn of(world: &World, layer: &'a Row) -> Adjusts<'a> {
        let rows = rows(layer, "adjust");
        let named = |line: &Row| text(line, "name").unwrap_or("tilt").to_string();
        let mut names: Vec<String> = vec![];
        for line in &rows {
            if !names.contains(&named(line)) {
                names.push(named(line));
            }
        }
        let applies = |name: String| {
            let same = rows.iter().filter(|line| named(line) == name);
            first(world.package, same.copied().collect(), world.claim)
        };
        Adjusts(names.into_iter().filter_map(applies).collect())
    }

    /// Those for the lines of a group; `None` stands for everything that no adjust names.
    pub fn of_lines(&self, group: Option<&str>) -> Vec<&'a Row> {
        let rows = self.0.iter().copied();
        let for_it = |line: &&Row| match texts(line, "lines") {
            None => true,
            Some(lines) => group.is_some_and(|group| lines.contains(&group)),
        };
        rows.filter(for_it).collect()
    }

    /// True when one of them is for these lines and not for all.
    pub fn single_out(&self, group: Option<&str>) -> bool {
        let rows = self.of_lines(group);
        rows.iter().any(|line| line.contains_key("lines"))
    }

    /// What those for the whole bill write under a key: a text, or `true`.
    pub fn of_the_bill(&self, key: &str) -> Vec<&'a str> {
        let written = self.0.iter().filter_map(|line| line.get(key));
        let words = written.filter_map(|value| match value {
            toml::Value::Boolean(true) => Some("true"),
            value => value.as_str(),
        });
        words.collect()
    }
}

/// What a layer would do; nothing when it is not for this claim.
pub fn pay(world: &World, layer: &Row) -> Option<Done> {
    if !holds(world.package, row(layer, "when"), world.claim) {
        return None;
    }
    if row(layer, "difference").is_some() {
        return Some(pay_difference(world, layer));
    }
    let schedule = first(world.package, rows(layer, "schedule"), world.claim)?;
    let adjusts = Adjusts::of(world, layer);

    // 1 基数
    let entered = entered(world, layer);
    let all = base(world, layer, entered.iter().map(|(_, amount)| amount).sum());
    let base = capped(world, layer, &adjusts, all, "expense");

    // 2 起付线
    let by_disease = flag(layer, "per_disease").unwrap_or(false);
    let mine = |what| world.accumulator(name(layer, "rule"), "", by_disease, what);
    let (base_before, deductible_before) =
        (world.used(&mine("base")), world.used(&mine("deductible")));
    let due = deductible::due(world, layer, &adjusts, base)?;
    let open = match regime(layer) {
        Regime::YearFromPlace => due - due.min(base_before),
        _ => deductible::open(world, layer, due, deductible_before),
    };
    let charged = open.min(base);

    // 3 分段
    let from_payment = regime(layer) == Regime::EachTimeWhole;
    let from_base = if from_payment { 0 } else { charged };
    let parts: Vec<Part> = bands::parts(layer, &adjusts, &entered, base, from_base);
    let place = Place {
        base_before,
        deductible_before,
        base,
        due,
        charged,
    };
    let band_rows = rows(schedule, "band");
    let pieces = bands::pay(world, layer, &band_rows, &adjusts, &place, &parts);
    let mut paid: i128 = pieces.iter().map(|piece| piece.paid).sum();
    if from_payment {
        paid = (paid - charged).max(0);
    }

    // 4 保底
    let mut added = 0;
    if let Some(floor) = first(world.package, rows(layer, "floor"), world.claim) {
        let of = match name(floor, "of") {
            "base" => base,
            "net" => base - charged,
            "total" => world.total(),
            other => panic!("{other} is no floor"),
        };
        let least = at(of, rate(floor, "rate").unwrap()).min(base);
        added = (least - paid).max(0);
        paid += added;
    }

    let mut done = finish(world, layer, &adjusts, base, paid);
    done.above_cap = (all - base) + costs_of_cut(done.cut, added, &pieces);
    done.deductible = charged;
    let unpaid = match regime(layer) {
        Regime::YearFromPlace => due - deductible_before,
        _ => open,
    };
    done.finished = Some(base > 0 && charged >= unpaid);
    done.grows.insert(mine("deductible"), charged);
    Some(done)
}

/// The costs whose payment a cap cut off: what a floor added goes first and stands for no costs,
/// then the pieces from the last one backwards.
fn costs_of_cut(cut: i128, added: i128, pieces: &[Piece]) -> i128 {
    let mut open = (cut - added).max(0);
    let mut costs = 0;
    for piece in pieces.iter().rev() {
        if open == 0 {
            break;
        }
        if piece.paid <= open {
            costs += piece.costs;
            open -= piece.paid;
        } else {
            costs += (piece.costs - least_costs(piece.paid - open, piece.rate)).max(0);
            open = 0;
        }
    }
    costs
}

/// The least costs for which a rate pays so much.
fn least_costs(pays: i128, rate: i128) -> i128 {
    let (mut too_few, mut enough) = (-1, pays * ONE / rate + 1);
    while enough - too_few > 1 {
        let middle = (enough + too_few) / 2;
        match at(middle, rate) >= pays {
            true => enough = middle,
            false => too_few = middle,
        }
    }
    enough
}

impl World<'_> {
    /// 医疗费总额.
    pub fn total(&self) -> i128 {
        let amount = |line: &super::claim::Line| half_up(line.price * line.quantity, 100_000_000);
        self.claim.lines.iter().map(amount).sum()
    }
}

/// 两种待遇之差.
fn pay_difference(world: &World, layer: &Row) -> Done {
    let adjusts = Adjusts(vec![]);
    let entered = entered(world, layer);
    let all = base(world, layer, entered.iter().map(|(_, amount)| amount).sum());
    let base = capped(world, layer, &adjusts, all, "expense");
    let difference = row(layer, "difference").unwrap();
    let here = texts(difference, "of").unwrap();
    let here = world
        .done
        .iter()
        .filter(|done| here.contains(&&done.rule[..]));
    let here: i128 = here.map(|done| done.paid).sum();
    let there = world.others[name(difference, "with")];
    let paid = (there - here).max(0).min(base);
    let mut done = finish(world, layer, &adjusts, base, paid);
    done.above_cap = all - base + done.cut;
    done
}

/// The places of the pots a layer pays from.
fn pots_of(world: &World, layer: &Row) -> Vec<usize> {
    let enters = texts(layer, "enters").unwrap_or(vec!["in_scope"]);
    let lines = texts(layer, "lines");
    let enters = |pot: &Pot| match &pot.costs {
        Costs::InScope(group) => {
            let lines = lines.as_ref();
            enters.contains(&"in_scope") && lines.is_none_or(|l| l.contains(&&group[..]))
        }
        Costs::FirstPay => enters.contains(&"first_pay"),
        Costs::Referral => enters.contains(&"referral"),
        Costs::OverLimit => enters.contains(&"over_limit"),
        Costs::OwnPay => enters.contains(&"own_pay"),
    };
    let places = 0..world.pots.len();
    places.filter(|place| enters(&world.pots[*place])).collect()
}

/// What enters a layer, by groups of lines.
fn entered(world: &World, layer: &Row) -> Vec<(Option<String>, i128)> {
    let whole = text(layer, "base") == Some("whole");
    let places = pots_of(world, layer).into_iter();
    let pots = places.map(|place| &world.pots[place]);
    let mut groups = vec![];
    let mut no_group = 0;
    for pot in pots {
        let amount = if whole { pot.whole } else { pot.left };
        match &pot.costs {
            Costs::InScope(group) => groups.push((Some(group.clone()), amount)),
            _ => no_group += amount,
        }
    }
    groups.push((None, no_group));
    groups
}

/// The sum of what enters, without or only with what earlier layers left because of their caps.
fn base(world: &World, layer: &Row, entered: i128) -> i128 {
    let above = |rules: Vec<&str>| {
        let done = world.done.iter();
        let done = done.filter(|done| rules.contains(&&done.rule[..]));
        done.map(|done| done.above_cap).sum::<i128>()
    };
    let mut base = entered;
    if let Some(rules) = texts(layer, "only_above_cap_of") {
        base = base.min(above(rules));
    }
    if let Some(rules) = texts(layer, "excludes_above_cap_of") {
        base = (base - above(rules)).max(0);
    }
    base
}

/// An amount under every purse on the fund, or on the expense.
fn capped(world: &World, layer: &Row, adjusts: &Adjusts, amount: i128, on: &str) -> i128 {
    let purses = purses(layer).into_iter().filter(|purse| purse.on == on);
    let left = purses.filter_map(|purse| purse.left(world, layer, adjusts));
    left.fold(amount, i128::min)
}

/// 5 封顶, and what the layer leaves in the accumulators.
fn finish(world: &World, layer: &Row, adjusts: &Adjusts, base: i128, paid: i128) -> Done {
    let places = pots_of(world, layer).into_iter();
    let left = places.map(|place| world.pots[place].left).sum();
    let payable = paid.min(left);
    let capped = capped(world, layer, adjusts, payable, "fund");
    let payer = text(layer, "payer").unwrap_or("fund");
    let mut drawn = vec![];
    let mut paid = capped;
    if payer == "account" {
        let mut open = capped;
        for account in texts(layer, "account").unwrap() {
            let draw = open.min(world.account.get(account).copied().unwrap_or(0));
            drawn.push((account.to_string(), draw));
            open -= draw;
        }
        paid -= open;
    }

    let rule = name(layer, "rule");
    let mut grows = Used::new();
    for purse in purses(layer) {
        if let Some(name) = purse.accumulator(world, layer) {
            grows.insert(name, if purse.on == "fund" { paid } else { base });
        }
    }
    let by_disease = flag(layer, "per_disease").unwrap_or(false);
    let rewards = purses(layer).into_iter();
    let reward = rewards.map(|purse| purse.reward(world, layer, adjusts, paid));
    let reward_name = world.accumulator(rule, "", by_disease, "reward");
    grows.insert(reward_name, reward.sum());
    grows.insert(world.accumulator(rule, "", by_disease, "base"), base);
    grows.insert(world.accumulator(rule, "", by_disease, "paid"), paid);
    Done {
        rule: rule.to_string(),
        payer: payer.to_string(),
        trace: text(layer, "trace").unwrap_or("unlisted").to_string(),
        base,
        paid,
        cut: payable - capped,
        drawn,
        grows,
        ..Done::default()
    }
}

/// 6: takes what a layer pays out of its pots, the accounts, and puts it into the accumulators.
pub fn apply(world: &mut World, layer: &Row, done: Done) {
    let places = pots_of(world, layer);
    let left: Vec<i128> = places.iter().map(|place| world.pots[*place].left).collect();
    for (place, portion) in places.iter().zip(portions(done.paid, &left)) {
        world.pots[*place].left -= portion;
    }
    for (account, draw) in &done.drawn {
        *world.account.entry(account.clone()).or_insert(0) -= draw;
    }
    let mut open = done.paid;
    for rule in texts(layer, "only_above_cap_of").unwrap_or_default() {
        for earlier in world.done.iter_mut().filter(|earlier| earlier.rule == rule) {
            let part = open.min(earlier.above_cap);
            earlier.above_cap -= part;
            open -= part;
        }
    }
    for (name, amount) in &done.grows {
        *world.used.entry(name.clone()).or_insert(0) += amount;
    }
    world.done.push(done);
}
