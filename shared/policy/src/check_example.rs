//! From the shape of a worked example to a claim and the amounts it must come to.

use crate::accumulators::Accumulators;
use crate::claim::{AccountFacts, Claim, ClaimFacts, Line, Restriction, ThirdParty};
use crate::example::{Example, Expect};
use crate::package::{Package, PackageError, Text};
use crate::settle::settle_amounts;
use crate::shape::{ExampleShape, ExpectShape, LineExampleShape, Yuan};
use crate::terms::Layer;
use kernel::{Fen, ItemClass, ItemCode, Quantity, Rate, UnitPrice};
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

const EXAMPLES_MAX: usize = 1_000;

type Checked<T> = Result<T, PackageError>;

/// Checks every example and gives it to the package. One that follows another begins where that
/// one ends, if both are of one year.
pub(crate) fn read(
    text: &Text<'_>,
    shapes: &[Spanned<ExampleShape>],
    package: &mut Package,
) -> Checked<()> {
    if let Some(extra) = shapes.get(EXAMPLES_MAX) {
        let message = format!("expected at most {EXAMPLES_MAX} examples");
        return Err(text.error(extra.span(), message));
    }
    let followed: BTreeSet<&str> = shapes
        .iter()
        .filter_map(|shape| shape.get_ref().follows.as_ref())
        .map(|name| name.get_ref().as_str())
        .collect();
    for shape in shapes {
        let mut example = example(text, shape, package)?;
        if followed.contains(example.name.as_str()) {
            let deltas = settle_amounts(package, &example.claim).deltas;
            example.after = Some(example.claim.accumulators().plus(&deltas));
        }
        package.examples.push(example);
    }
    Ok(())
}

fn example(
    text: &Text<'_>,
    spanned: &Spanned<ExampleShape>,
    package: &Package,
) -> Checked<Example> {
    let shape = spanned.get_ref();
    let (Some(name), Some(source)) = (&shape.name, &shape.source) else {
        return Err(text.error(spanned.span(), "expected name and source"));
    };
    if name.get_ref().trim().is_empty() || source.trim().is_empty() {
        return Err(text.error(spanned.span(), "expected words in name and source"));
    }
    if package
        .examples
        .iter()
        .any(|other| other.name == *name.get_ref())
    {
        return Err(text.error(name.span(), "expected a name no other example has"));
    }
    Ok(Example {
        name: name.get_ref().clone(),
        source: source.clone(),
        place: text.place(spanned.span().start),
        follows: shape.follows.as_ref().map(|name| name.get_ref().clone()),
        prior: prior(shape),
        claim: claim(text, spanned, package)?,
        after: None,
        expect: expect(text, &shape.expect, package)?,
    })
}

/// The claim of an example, or of a file that has the keys of one.
pub(crate) fn claim(
    text: &Text<'_>,
    spanned: &Spanned<ExampleShape>,
    package: &Package,
) -> Checked<Claim> {
    let shape = spanned.get_ref();
    if !package.effective.contains(*shape.day.get_ref()) {
        let message = "expected a day on which the package holds";
        return Err(text.error(shape.day.span(), message));
    }
    let lines = match (shape.bill, shape.line.is_empty()) {
        (Some(bill), true) => vec![plain_line(text, spanned, bill)?],
        (None, false) => lines(text, spanned, &shape.line)?,
        _ => return Err(text.error(spanned.span(), "expected either bill or [[example.line]]")),
    };
    known_names(text, shape, package)?;
    let mut claim = facts(shape, package, lines);
    claim.accumulators = before(text, shape, package, &claim)?;
    Claim::new(claim).map_err(|bad| text.error(spanned.span(), bad.to_string()))
}

/// Names of nothing would be amounts that silently do not count.
fn known_names(text: &Text<'_>, shape: &ExampleShape, package: &Package) -> Checked<()> {
    let stated = shape.prior.keys().chain(shape.expect.after.keys());
    for name in stated {
        if !package.keeps(name.get_ref()) {
            let message = format!(
                "expected the name of an accumulator, got {:?}",
                name.get_ref()
            );
            return Err(text.error(name.span(), message));
        }
    }
    for rule in shape.continues.iter().flatten().map(|(rule, _)| rule) {
        let others = package.alternatives.iter().flat_map(|other| &other.layers);
        let mut layers = package.layers.iter().chain(others);
        let known = layers.any(|layer: &Layer| *layer.rule == **rule.get_ref());
        if rule.get_ref() != "deductible" && !known {
            let message = "expected \"deductible\" or the rule of a layer";
            return Err(text.error(rule.span(), message));
        }
    }
    Ok(())
}

/// The accumulators the example states itself.
fn prior(shape: &ExampleShape) -> Accumulators {
    let prior = shape.prior.iter();
    prior
        .map(|(name, value)| (name.get_ref().as_str(), *value))
        .collect()
}

fn facts(shape: &ExampleShape, package: &Package, lines: Vec<Line>) -> ClaimFacts {
    let yuan = |amount: Option<Yuan>| amount.map_or(Fen::ZERO, |amount| amount.0);
    let charged = |charged: &BTreeMap<Spanned<String>, Yuan>| {
        let entries = charged.iter();
        entries
            .map(|(rule, amount)| (rule.get_ref().clone(), amount.0))
            .collect()
    };
    ClaimFacts {
        begin: shape.begin.unwrap_or(*shape.day.get_ref()),
        decided: shape.applied.unwrap_or(*shape.day.get_ref()),
        place: shape.place,
        filing: shape.filing,
        contracted: shape.contracted.unwrap_or(true),
        identities: shape.identities.clone(),
        person: shape.person.clone(),
        age: shape.age,
        covered_by: shape.covered_by.clone(),
        diseases: shape.diseases.clone(),
        diagnosis: shape.diagnosis.clone(),
        third_party: shape.third_party.map(|share| ThirdParty {
            share: share.0,
            advance: shape.advance,
        }),
        account: AccountFacts {
            current: yuan(shape.account.current),
            past: yuan(shape.account.past),
            shared: yuan(shape.account.shared),
        },
        continuous_years: shape.continuous_years,
        zero_claim_years: shape.zero_claim_years,
        household_income: shape.income.map(|income| income.0),
        continues: shape.continues.as_ref().map(charged),
        ordinal: shape.ordinal,
        payable: shape.payable.unwrap_or(true),
        ..ClaimFacts::new(
            *shape.day.get_ref(),
            package.scheme.clone(),
            shape.care.clone(),
            shape.tier.clone(),
            shape.kind.clone(),
            lines,
        )
    }
}

/// What the year had used before the example.
fn before(
    text: &Text<'_>,
    shape: &ExampleShape,
    package: &Package,
    facts: &ClaimFacts,
) -> Checked<Accumulators> {
    let prior = prior(shape);
    let Some(follows) = &shape.follows else {
        return Ok(prior);
    };
    let mut earlier = package.examples.iter();
    let Some(earlier) = earlier.find(|other| other.name == *follows.get_ref()) else {
        return Err(text.error(follows.span(), "expected the name of an earlier example"));
    };
    if earlier.claim.day().year() != facts.day.year() {
        return Ok(prior);
    }
    let after = match &earlier.after {
        Some(after) => after.clone(),
        // A claim of another file may follow any example.
        None => {
            let deltas = settle_amounts(package, &earlier.claim).deltas;
            earlier.claim.accumulators().plus(&deltas)
        }
    };
    Ok(after.plus(&prior))
}

/// A bill given as one sum: one line of class A without a limit.
fn plain_line(text: &Text<'_>, spanned: &Spanned<ExampleShape>, Yuan(bill): Yuan) -> Checked<Line> {
    Ok(Line {
        number: 1,
        item: item(text, spanned)?,
        class: ItemClass::A,
        first_pay: Rate::ZERO,
        price_limit: None,
        unit_price: UnitPrice::fen(bill.0),
        quantity: Quantity::whole(1),
        amount: bill,
        marks: Vec::new(),
        restriction: Restriction::None,
        day: None,
        denied: None,
    })
}

fn lines(
    text: &Text<'_>,
    spanned: &Spanned<ExampleShape>,
    shapes: &[LineExampleShape],
) -> Checked<Vec<Line>> {
    let numbered = (1u32..).zip(shapes);
    numbered
        .map(|(number, shape)| {
            let (unit_price, quantity) = (shape.price.0, shape.quantity.0);
            Ok(Line {
                number,
                item: match &shape.item {
                    Some(item) => item.clone(),
                    None => item(text, spanned)?,
                },
                class: shape.class.clone(),
                first_pay: shape.first_pay.map_or(Rate::ZERO, |rate| rate.0),
                price_limit: shape.limit.map(|limit| limit.0),
                unit_price,
                quantity,
                // A product beyond bounds is refused when the claim is built.
                amount: unit_price.times(quantity).unwrap_or(Fen::ZERO),
                marks: shape.marks.clone(),
                restriction: shape.restricted,
                day: shape.day,
                denied: shape.denied.clone(),
            })
        })
        .collect()
}

fn item(text: &Text<'_>, spanned: &Spanned<ExampleShape>) -> Checked<ItemCode> {
    ItemCode::parse("EXAMPLE").map_err(|bad| text.error(spanned.span(), bad.to_string()))
}

fn expect(text: &Text<'_>, shape: &ExpectShape, package: &Package) -> Checked<Expect> {
    let amounts = [
        ("total", shape.total),
        ("own_pay", shape.own_pay),
        ("over_limit", shape.over_limit),
        ("first_pay", shape.first_pay),
        ("in_scope", shape.in_scope),
        ("deductible", shape.deductible),
        ("funds", shape.funds),
        ("account", shape.account),
        ("cash", shape.cash),
        ("hospital", shape.hospital),
        ("balance", shape.balance),
    ];
    let stated = |(name, amount): (&'static str, Option<Yuan>)| amount.map(|yuan| (name, yuan.0));
    let plain = |amounts: &BTreeMap<Spanned<String>, Yuan>| {
        let entries = amounts.iter();
        entries
            .map(|(rule, amount)| (rule.get_ref().clone(), amount.0))
            .collect()
    };
    Ok(Expect {
        amounts: amounts.into_iter().filter_map(stated).collect(),
        pool_rate: shape.pool_rate.map(|rate| rate.0),
        base: by_rule(text, &shape.base, package)?,
        net: by_rule(text, &shape.net, package)?,
        paid: by_rule(text, &shape.paid, package)?,
        reasons: plain(&shape.reasons),
        rates: shape
            .rates
            .iter()
            .map(|(rule, rate)| (rule.get_ref().clone(), rate.0))
            .collect(),
        after: shape
            .after
            .iter()
            .map(|(name, value)| (name.get_ref().clone(), *value))
            .collect(),
        findings: shape.findings.clone(),
    })
}

fn by_rule(
    text: &Text<'_>,
    amounts: &BTreeMap<Spanned<String>, Yuan>,
    package: &Package,
) -> Checked<BTreeMap<String, Fen>> {
    let mut known = BTreeMap::new();
    for (rule, amount) in amounts {
        if !package
            .layers
            .iter()
            .any(|layer| *layer.rule == **rule.get_ref())
        {
            let message = format!("expected the rule of a [[layer]], got {:?}", rule.get_ref());
            return Err(text.error(rule.span(), message));
        }
        known.insert(rule.get_ref().clone(), amount.0);
    }
    Ok(known)
}
