//! From the shape of a worked example to a claim and the amounts it must come to.

use crate::claim::{Accumulators, Claim, ClaimFacts, Line};
use crate::example::{Example, Expect};
use crate::package::{PackageError, Text};
use crate::shape::{ExampleShape, ExpectShape, LineExampleShape, Yuan};
use crate::terms::Layer;
use kernel::{Fen, ItemClass, ItemCode, Quantity, Rate, Scheme, UnitPrice};
use std::collections::BTreeMap;
use toml::Spanned;

const EXAMPLES_MAX: usize = 1_000;

/// Checks every example; `layers` are those its expectations may name.
pub(crate) fn examples(
    text: &Text<'_>,
    shapes: &[Spanned<ExampleShape>],
    layers: &[Layer],
    scheme: &Scheme,
) -> Result<Vec<Example>, PackageError> {
    if let Some(extra) = shapes.get(EXAMPLES_MAX) {
        return Err(text.error(
            extra.span(),
            format!("expected at most {EXAMPLES_MAX} examples"),
        ));
    }
    shapes
        .iter()
        .map(|shape| example(text, shape, layers, scheme))
        .collect()
}

fn example(
    text: &Text<'_>,
    spanned: &Spanned<ExampleShape>,
    layers: &[Layer],
    scheme: &Scheme,
) -> Result<Example, PackageError> {
    let shape = spanned.get_ref();
    let lines = match (shape.bill, shape.line.is_empty()) {
        (Some(bill), true) => vec![plain_line(text, spanned, bill)?],
        (None, false) => lines(text, spanned, &shape.line)?,
        _ => return Err(text.error(spanned.span(), "expected either bill or [[example.line]]")),
    };
    let facts = ClaimFacts {
        day: shape.day,
        scheme: scheme.clone(),
        med_type: shape.care.clone(),
        tier: shape.tier.clone(),
        kind: shape.kind.clone(),
        identities: shape.identities.clone(),
        payable: true,
        not_payable_reason: None,
        lines,
        accumulators: Accumulators(shape.prior.clone()),
    };
    let claim = Claim::new(facts).map_err(|bad| text.error(spanned.span(), bad.to_string()))?;
    Ok(Example {
        name: shape.name.clone(),
        source: shape.source.clone(),
        place: text.place(spanned.span().start),
        claim,
        expect: expect(text, shape.expect.get_ref(), layers)?,
    })
}

/// A bill given as one sum: one line of class A without a limit.
fn plain_line(
    text: &Text<'_>,
    spanned: &Spanned<ExampleShape>,
    Yuan(bill): Yuan,
) -> Result<Line, PackageError> {
    Ok(Line {
        number: 1,
        item: item(text, spanned)?,
        class: ItemClass::A,
        first_pay: Rate::ZERO,
        price_limit: None,
        unit_price: UnitPrice::fen(bill.0),
        quantity: Quantity::whole(1),
        amount: bill,
        ethnic_medicine: false,
        denied: None,
    })
}

fn lines(
    text: &Text<'_>,
    spanned: &Spanned<ExampleShape>,
    shapes: &[LineExampleShape],
) -> Result<Vec<Line>, PackageError> {
    let numbered = (1u32..).zip(shapes);
    numbered
        .map(|(number, shape)| {
            let (unit_price, quantity) = (shape.price.0, shape.quantity.0);
            Ok(Line {
                number,
                item: item(text, spanned)?,
                class: shape.class.clone(),
                first_pay: shape.first_pay.map_or(Rate::ZERO, |rate| rate.0),
                price_limit: shape.limit.map(|limit| limit.0),
                unit_price,
                quantity,
                // A product beyond bounds is refused when the claim is built.
                amount: unit_price.times(quantity).unwrap_or(Fen::ZERO),
                ethnic_medicine: shape.ethnic,
                denied: shape.denied.clone(),
            })
        })
        .collect()
}

fn item(text: &Text<'_>, spanned: &Spanned<ExampleShape>) -> Result<ItemCode, PackageError> {
    ItemCode::parse("EXAMPLE").map_err(|bad| text.error(spanned.span(), bad.to_string()))
}

fn expect(text: &Text<'_>, shape: &ExpectShape, layers: &[Layer]) -> Result<Expect, PackageError> {
    let of = |amount: Option<Yuan>| amount.map(|amount| amount.0);
    Ok(Expect {
        total: of(shape.total),
        own_pay: of(shape.own_pay),
        over_limit: of(shape.over_limit),
        first_pay: of(shape.first_pay),
        in_scope: of(shape.in_scope),
        deductible: of(shape.deductible),
        cash: of(shape.cash),
        base: by_rule(text, &shape.base, layers)?,
        paid: by_rule(text, &shape.paid, layers)?,
        findings: shape.findings.clone(),
    })
}

fn by_rule(
    text: &Text<'_>,
    amounts: &BTreeMap<Spanned<String>, Yuan>,
    layers: &[Layer],
) -> Result<BTreeMap<String, Fen>, PackageError> {
    let mut known = BTreeMap::new();
    for (rule, amount) in amounts {
        if !layers.iter().any(|layer| layer.rule == *rule.get_ref()) {
            let message = format!("expected the rule of a [[layer]], got {:?}", rule.get_ref());
            return Err(text.error(rule.span(), message));
        }
        known.insert(rule.get_ref().clone(), amount.0);
    }
    Ok(known)
}
