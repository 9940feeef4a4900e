//! Laws of one settlement and of a chain of them, for every package.

use super::{Year, any, law};
use kernel::*;
use policy::{
    Accumulators, Claim, Line, LineShare, Reason, Settlement, Share, settle, settle_amounts,
};

/// True of the rules whose outputs are a share, as the format document names them.
fn moves(rule: &str, layer: &str) -> bool {
    let Some(rest) = rule
        .strip_prefix(layer)
        .and_then(|rest| rest.strip_prefix('.'))
    else {
        return false;
    };
    let others = [
        "deductible_taken",
        "floor",
        "limit",
        "cap",
        "balance",
        "difference",
    ];
    rest.starts_with("band") || others.contains(&rest)
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(what()),
    }
}

#[test]
fn the_identities_hold() {
    law(150, any, |year| {
        for (claim, settlement) in year.settled() {
            settlement.check()?;
            let totals = settlement.totals();
            let classes = totals.own_pay + totals.over_limit + totals.first_pay + totals.in_scope;
            ensure(
                totals.total == classes && totals.total == claim.total(),
                || format!("{totals:?}"),
            )?;
            let payers = totals.funds + totals.account + totals.cash + totals.hospital;
            ensure(totals.total == payers, || format!("{totals:?}"))?;
            let paid: Fen = settlement.shares.iter().map(|share| share.paid).sum();
            ensure(settlement.cash == totals.total - paid, || {
                "cash".to_string()
            })?;
        }
        Ok(())
    });
}

#[test]
fn a_share_is_between_nothing_and_its_base() {
    law(150, any, |year| {
        for (_, settlement) in year.settled() {
            for share in &settlement.shares {
                let within = Fen::ZERO <= share.paid
                    && share.paid <= share.base
                    && share.base <= settlement.total;
                ensure(within, || format!("{share:?} of {}", settlement.total))?;
            }
            let named = [settlement.cash, settlement.balance, settlement.deductible];
            ensure(named.iter().all(|amount| *amount >= Fen::ZERO), || {
                format!("cash, balance, deductible: {named:?}")
            })?;
        }
        Ok(())
    });
}

#[test]
fn nobody_listening_changes_nothing() {
    law(150, any, |year| {
        for (claim, heard) in year.settled() {
            let unheard = settle_amounts(&year.package, &claim);
            let reasons = vec![];
            ensure(unheard == Settlement { reasons, ..heard }, || {
                "the amounts without reasons are others".to_string()
            })?;
        }
        Ok(())
    });
}

#[test]
fn reasons_come_to_the_share_and_say_it_in_chinese() {
    law(150, any, |year| {
        for (_, settlement) in year.settled() {
            for share in &settlement.shares {
                let own = settlement
                    .reasons
                    .iter()
                    .filter(|r| moves(&r.rule, &share.rule));
                let sum: Fen = own.map(|reason| reason.output).sum();
                ensure(sum == share.paid, || {
                    format!("{}: {sum} {}", share.rule, share.paid)
                })?;
            }
            for reason in &settlement.reasons {
                let text = reason.text();
                sentence(&text).map_err(|why| format!("{}: {why}: {text}", reason.rule))?;
                ensure(!reason.clause.trim().is_empty(), || {
                    format!("{} has no clause", reason.rule)
                })?;
                let assumptions = year.package.assumptions();
                let known = |name: &str| assumptions.iter().any(|other| other.name == name);
                ensure(reason.assumed.as_deref().is_none_or(known), || {
                    format!("{} assumes {:?}", reason.rule, reason.assumed)
                })?;
            }
            for finding in &settlement.findings {
                sentence(&finding.text).map_err(|why| format!("{finding:?}: {why}"))?;
            }
        }
        Ok(())
    });
}

/// Whether a text is one finished Chinese sentence.
fn sentence(text: &str) -> Result<(), &'static str> {
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let Some(body) = text.strip_suffix('。') else {
        return Err("does not end");
    };
    if !body.contains(chinese) || body.starts_with(['，', '、', ' ']) {
        return Err("is no Chinese sentence");
    }
    let joined = [
        "，，", "，。", "、、", "。。", "  ", "（）", "()", "{", "}", "\"", "--",
    ];
    match body.contains('。') || joined.iter().any(|bad| body.contains(bad)) {
        true => Err("is badly joined"),
        false => Ok(()),
    }
}

#[test]
fn the_order_of_lines_changes_no_amount() {
    law(150, any, |year| {
        for (claim, one) in year.settled() {
            // As given in another order: nothing at all changes.
            let mut facts = claim.facts().clone();
            facts.lines.reverse();
            let turned = settle(&year.package, &Claim::new(facts.clone()).unwrap());
            ensure(turned == one, || "the order of giving matters".to_string())?;
            // Numbered in another order: only what names the lines does.
            facts
                .lines
                .iter_mut()
                .zip(1..)
                .for_each(|(line, number)| line.number = number);
            let other = settle(&year.package, &Claim::new(facts).unwrap());
            ensure(other.shares == one.shares, || {
                "the order of numbers matters".to_string()
            })?;
            let same = other.deltas == one.deltas && other.totals() == one.totals();
            ensure(same, || "the order of numbers matters".to_string())?;
        }
        Ok(())
    });
}

#[test]
fn a_reversal_gives_back_the_exact_state() {
    law(150, any, |year| {
        let done = year.settled();
        let mut state = done
            .last()
            .map_or_else(Accumulators::default, |(claim, settlement)| {
                claim.accumulators().plus(&settlement.deltas)
            });
        for (claim, settlement) in done.iter().rev() {
            state = state.minus(&settlement.deltas);
            ensure(state == *claim.accumulators(), || {
                format!("{state:?} is not {:?}", claim.accumulators())
            })?;
            // Settled again from there it is the same settlement.
            let again = settle(&year.package, claim);
            ensure(again == *settlement, || {
                "settled again it differs".to_string()
            })?;
        }
        Ok(())
    });
}

#[test]
fn the_digest_is_stable_and_covers_every_amount() {
    law(8, any, |year| {
        for (claim, settlement) in year.settled() {
            let digest = settlement.digest();
            ensure(settle(&year.package, &claim).digest() == digest, || {
                "the digest is not stable".to_string()
            })?;
            for (what, forged) in forgeries(&settlement) {
                ensure(forged.digest() != digest, || {
                    format!("{what} is not in the digest")
                })?;
            }
            let mut reworded = settlement.clone();
            reworded
                .findings
                .iter_mut()
                .for_each(|finding| finding.text.clear());
            ensure(reworded.digest() == digest, || {
                "the digest covers prose".to_string()
            })?;
        }
        Ok(())
    });
}

/// The settlement with one thing in it wrong, for every thing in it.
fn forgeries(settlement: &Settlement) -> Vec<(String, Settlement)> {
    let mut forged = vec![];
    let mut forge = |what: String, change: &dyn Fn(&mut Settlement)| {
        let mut other = settlement.clone();
        change(&mut other);
        forged.push((what, other));
    };
    for (what, amount) in TOTALS {
        forge(what.to_string(), &|s| *amount(s) += Fen(1));
    }
    for index in 0..settlement.shares.len() {
        for (what, amount) in OF_SHARE {
            let forged = |s: &mut Settlement| *amount(&mut s.shares[index]) += Fen(1);
            forge(format!("shares[{index}].{what}"), &forged);
        }
    }
    for index in 0..settlement.lines.len() {
        for (what, amount) in OF_LINE {
            let forged = |s: &mut Settlement| *amount(&mut s.lines[index]) += Fen(1);
            forge(format!("lines[{index}].{what}"), &forged);
        }
    }
    for index in 0..settlement.reasons.len() {
        for (what, change) in OF_REASON {
            let forged = |s: &mut Settlement| change(&mut s.reasons[index]);
            forge(format!("reasons[{index}].{what}"), &forged);
        }
    }
    for index in 0..settlement.findings.len() {
        let forged = |s: &mut Settlement| s.findings[index].code.push('X');
        forge(format!("findings[{index}].code"), &forged);
    }
    for (name, value) in settlement.deltas.iter() {
        let forged = |s: &mut Settlement| s.deltas.set(name, value + 1);
        forge(format!("deltas[{name}]"), &forged);
    }
    forge("deltas".to_string(), &|s| s.deltas.set("x_fen", 1));
    if !settlement.reasons.is_empty() {
        forge("one reason less".to_string(), &|s| drop(s.reasons.pop()));
    }
    forged
}

/// A part of an answer, and where it stands.
type Part<T, A> = (&'static str, fn(&mut T) -> &mut A);

const TOTALS: [Part<Settlement, Fen>; 11] = [
    ("total", |s| &mut s.total),
    ("own_pay", |s| &mut s.own_pay),
    ("over_limit", |s| &mut s.over_limit),
    ("first_pay", |s| &mut s.first_pay),
    ("in_scope", |s| &mut s.in_scope),
    ("deductible", |s| &mut s.deductible),
    ("account", |s| &mut s.account),
    ("account_shared", |s| &mut s.account_shared),
    ("balance", |s| &mut s.balance),
    ("cash", |s| &mut s.cash),
    ("hospital", |s| &mut s.hospital),
];

const OF_SHARE: [Part<Share, Fen>; 2] = [("base", |s| &mut s.base), ("paid", |s| &mut s.paid)];

const OF_LINE: [Part<LineShare, Fen>; 5] = [
    ("amount", |l| &mut l.amount),
    ("own_pay", |l| &mut l.own_pay),
    ("over_limit", |l| &mut l.over_limit),
    ("first_pay", |l| &mut l.first_pay),
    ("in_scope", |l| &mut l.in_scope),
];

/// A part of a reason, and how it is made wrong.
type Wrong = (&'static str, fn(&mut Reason));

const OF_REASON: [Wrong; 4] = [
    ("input", |reason| reason.input += Fen(1)),
    ("output", |reason| reason.output += Fen(1)),
    ("rate", |reason| reason.rate = Some(Rate(12_345))),
    ("rule", |reason| reason.rule = "another".into()),
];

#[test]
fn the_largest_claims_settle() {
    law(40, any, |year: &Year| {
        for claim in &year.claims {
            let mut facts = claim.facts().clone();
            let share = CLAIM_FEN_MAX.0 / i64::try_from(facts.lines.len()).unwrap();
            facts.lines.iter_mut().for_each(|line| enlarge(line, share));
            let claim = Claim::new(facts.clone()).unwrap();
            let deltas = settle(&year.package, &claim).deltas;
            let most = policy::ACCUMULATOR_MAX;
            facts.accumulators = deltas.iter().map(|(name, _)| (name, most)).collect();
            let settlement = settle(&year.package, &Claim::new(facts).unwrap());
            settlement.check()?;
        }
        Ok(())
    });
}

fn enlarge(line: &mut Line, fen: i64) {
    (line.unit_price, line.quantity) = (UnitPrice::fen(fen), Quantity::whole(1));
    line.amount = Fen(fen);
}
