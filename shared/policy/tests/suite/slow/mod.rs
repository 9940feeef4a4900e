//! A second evaluator of policy packages, slow and obvious: the format document read sentence by
//! sentence, on the package's own TOML tables, in whole numbers wide enough for anything. It
//! shares no code with the engine and refuses to know how the engine does it. `random` makes
//! packages and claims for both of them, `shrink` makes a disagreement small.

pub mod claim;
pub mod random;
pub mod read;
pub mod shrink;

mod bands;
mod bill;
mod caps;
mod deductible;
mod layer;
mod when;

use claim::{Claim, Used};
use layer::{Done, World};
use read::*;

/// What a settlement comes to. Amounts in fen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Total, own-pay, over-limit, first-pay, in-scope, deductible, funds, account, cash,
    /// hospital and the balance of the accounts, in this order.
    pub totals: Vec<(&'static str, i128)>,
    /// 政策范围内支付比例 of the basic insurance, in ten-thousandths.
    pub pool_rate: i128,
    /// Each layer in the order of the file: its rule, its base, its deductible, what it pays.
    pub layers: Vec<(String, [i128; 3])>,
    /// Accumulators afterwards; zero is no entry.
    pub after: Used,
}

/// Settles a claim by a package.
pub fn evaluate(package: &Row, claim: &Claim) -> Outcome {
    let bill = bill::divide(package, claim);
    let mut world = World {
        package,
        claim,
        pots: bill.pots.clone(),
        used: claim.prior.clone(),
        account: claim.account.clone(),
        done: vec![],
        others: Default::default(),
    };
    let fresh = world.clone();
    if claim.payable && in_force(package, claim) {
        for other in rows(package, "alternative") {
            if !wanted(&world, name(other, "name")) {
                continue;
            }
            let mut there = World {
                used: world.used.clone(),
                ..fresh.clone()
            };
            run(&mut there, &rows(other, "layer"));
            let paid = there.done.iter().map(|done| done.paid).sum();
            world.others.insert(name(other, "name").to_string(), paid);
            world.used = there.used;
        }
        run(&mut world, &rows(package, "layer"));
        count_stay(&mut world);
    }
    outcome(&world, &bill)
}

/// True between the first and the last day of the package; days as text have the days' order.
fn in_force(package: &Row, claim: &Claim) -> bool {
    let begun = name(package, "from") <= &claim.day[..];
    begun && text(package, "until").is_none_or(|last| &claim.day[..] <= last)
}

/// True when a layer that pays the difference to these benefits is for this claim.
fn wanted(world: &World, benefits: &str) -> bool {
    rows(world.package, "layer").into_iter().any(|layer| {
        let difference = row(layer, "difference");
        difference.is_some_and(|difference| name(difference, "with") == benefits)
            && when::holds(world.package, row(layer, "when"), world.claim)
    })
}

/// Runs layers in their order; of neighbours that exclude one another the best one.
fn run(world: &mut World, layers: &[&Row]) {
    let mut rest = layers;
    while let Some(layer) = rest.first() {
        let either = text(layer, "either");
        let same = |other: &&&Row| either.is_some() && text(other, "either") == either;
        let together = rest.iter().take_while(same).count().max(1);
        let (now, later) = rest.split_at(together);
        rest = later;

        let mut best: Option<(&Row, Done)> = None;
        for layer in now {
            let Some(done) = layer::pay(world, layer) else {
                continue;
            };
            if best.as_ref().is_none_or(|(_, best)| done.paid > best.paid) {
                best = Some((layer, done));
            }
        }
        if let Some((layer, done)) = best {
            layer::apply(world, layer, done);
        }
    }
}

/// 当年住院次数.
fn count_stay(world: &mut World) {
    const STAYS: [&str; 8] = ["21", "2102", "2105", "21303", "22", "23", "24", "28"];
    let stay = STAYS.contains(&&world.claim.care[..]) && world.claim.continues.is_none();
    let applied = world.done.iter().any(|done| done.payer == "fund");
    let basic = world.done.iter().filter(|done| done.is_basic());
    let finished: Vec<bool> = basic.filter_map(|done| done.finished).collect();
    let finished = finished.is_empty() || finished.contains(&true);
    let unfinished_counts = flag(world.package, "count_unfinished_stay").unwrap_or(true);
    if stay && applied && (finished || unfinished_counts) {
        *world.used.entry("stays_count".to_string()).or_insert(0) += 1;
    }
}

fn outcome(world: &World, bill: &bill::Bill) -> Outcome {
    let by = |payer: &str| -> i128 {
        let done = world.done.iter().filter(|done| done.payer == payer);
        done.map(|done| done.paid).sum()
    };
    let basic = || world.done.iter().filter(|done| done.is_basic());
    let deductible = basic().map(|done| done.deductible).sum();
    let pool: i128 = basic().map(|done| done.paid).sum();
    let pool_rate = match bill.in_scope {
        0 => 0,
        in_scope => half_up(pool * ONE, in_scope).min(ONE),
    };
    let (funds, account, hospital) = (by("fund"), by("account"), by("hospital"));
    let layers = rows(world.package, "layer").into_iter().map(|layer| {
        let rule = name(layer, "rule");
        let done = world.done.iter().find(|done| done.rule == rule);
        let amounts = done.map(|done| [done.base, done.deductible, done.paid]);
        (rule.to_string(), amounts.unwrap_or_default())
    });
    let mut after = world.used.clone();
    after.retain(|_, value| *value != 0);
    Outcome {
        totals: vec![
            ("total", bill.total),
            ("own_pay", bill.own_pay),
            ("over_limit", bill.over_limit),
            ("first_pay", bill.first_pay),
            ("in_scope", bill.in_scope),
            ("deductible", deductible),
            ("funds", funds),
            ("account", account),
            ("cash", bill.total - funds - account - hospital),
            ("hospital", hospital),
            ("balance", world.account.values().sum()),
        ],
        pool_rate,
        layers: layers.collect(),
        after,
    }
}
