//! Prices a bill: what the catalogue says of each line, what is known of person and institution,
//! and the package's answer. It knows where the facts come from, and nothing of the rules.

use super::{Approval, Basis, Bill, BillLine, Drawn, Effect, Evidence, Finding, Offered, Priced};
use crate::catalogue::{Catalogue, Item};
use crate::refusal::LINE_AMOUNT_WRONG;
use kernel::refusal::invalid;
use kernel::{CLAIM_FEN_MAX, Fen, InstitutionTier, ItemClass, Rate, Refusal};
use policy::{BadClaim, Claim, ClaimFacts, Line, Package, Restriction};
use std::collections::BTreeMap;

/// Prices a bill: the one way to learn what a claim costs, for PreSettle, Settle and explanations.
pub fn price(
    package: &Package,
    catalogue: &Catalogue,
    evidence: &Evidence,
    accumulator_version: i64,
) -> Result<Priced, Refusal> {
    let bill = &evidence.bill;
    let claim = claim_of(package, catalogue, evidence)?;
    let mut settlement = policy::settle(package, &claim);
    settlement.findings.extend(unlisted(bill, catalogue));
    let drawn = evidence.accounts.as_ref().map_or(Fen::ZERO, |offered| {
        let drawn = offered.drawn(&settlement);
        drawn.iter().map(Drawn::sum).sum()
    });
    let checked = settlement
        .check()
        .and_then(|()| match drawn == settlement.account {
            true => Ok(()),
            false => Err(format!("acct_pay and what was drawn: {drawn}")),
        });
    if let Err(broken) = checked {
        tracing::error!(%broken, package = package.name(), "an identity of the amounts is broken");
        return Err(kernel::refusal::INTERNAL.refuse());
    }
    let basis = Basis {
        package: package.name().to_string(),
        package_digest: package.digest().to_string(),
        catalogue: catalogue.id,
        person_version: evidence.member.version,
        accumulator_version,
        day: bill.end,
        funds: settlement.funds(),
        cash: settlement.cash,
        amounts_digest: settlement.digest().to_string(),
        account_version: evidence.accounts.as_ref().map_or(0, Offered::version),
    };
    Ok(Priced { settlement, basis })
}

/// The claim that a decision's evidence makes by its package and catalogue.
pub fn claim_of(
    package: &Package,
    catalogue: &Catalogue,
    evidence: &Evidence,
) -> Result<Claim, Refusal> {
    let facts = facts(package, catalogue, evidence);
    Claim::new(facts).map_err(|bad| refused(&bad, &evidence.bill))
}

/// All that is known of the claim. Whoever is told of no other scheme is covered by none.
fn facts(package: &Package, catalogue: &Catalogue, evidence: &Evidence) -> ClaimFacts {
    let (bill, member) = (&evidence.bill, &evidence.member);
    let denied = denials(&evidence.findings);
    let past = evidence.past.as_ref();
    let zero_claim_years =
        past.map(|past| past.zero_claim_years(package, member, bill.year_key().year));
    let line =
        |line: &BillLine| priced_line(line, catalogue, &evidence.tier, denied.get(&line.number));
    let facts = ClaimFacts {
        begin: bill.begin,
        decided: bill.decided.unwrap_or(bill.end),
        place: evidence.place,
        filing: bill.filing,
        contracted: evidence.contracted,
        identities: member.identities.clone(),
        person: member.person_type.clone(),
        covered_by: member.covered_by.clone(),
        age: member.birth.map(|birth| birth.age_on(bill.end)),
        diseases: bill.diseases.clone(),
        diagnosis: Some(bill.diagnosis.clone()),
        third_party: bill.third_party,
        continuous_years: member.continuous_years,
        zero_claim_years: zero_claim_years.unwrap_or(0),
        household_income: bill.household_income,
        payable: member.eligible,
        not_payable_reason: member.reason.clone(),
        accumulators: evidence.accumulators.clone(),
        account: evidence
            .accounts
            .as_ref()
            .map(Offered::facts)
            .unwrap_or_default(),
        ..ClaimFacts::new(
            bill.end,
            bill.scheme.clone(),
            bill.med_type.clone(),
            evidence.tier.clone(),
            evidence.kind.clone(),
            bill.lines.iter().map(line).collect(),
        )
    };
    match &evidence.stay {
        Some(stay) => facts.going_on(stay.clone()),
        None => facts,
    }
}

/// 目录外: lines whose item the catalogue does not have. A slip of the pen looks the same as an item
/// nobody pays for, so it is said.
fn unlisted(bill: &Bill, catalogue: &Catalogue) -> Vec<policy::Finding> {
    let unknown = |line: &&BillLine| catalogue.item(&line.item).is_none();
    let remark = |line: &BillLine| policy::Finding {
        code: "ITEM_UNLISTED".to_string(),
        text: format!(
            "第 {} 行 {} 不在医保目录中，按自费处理。",
            line.number, line.item
        ),
        line: Some(line.number),
    };
    bill.lines.iter().filter(unknown).map(remark).collect()
}

/// The rule that denies each denied line.
fn denials(findings: &[Finding]) -> BTreeMap<u32, &str> {
    let denying = findings
        .iter()
        .filter(|finding| finding.effect == Effect::DenyLine);
    // Backwards, so that of several rules the first one found is named.
    denying
        .rev()
        .map(|finding| (finding.line, finding.rule.as_str()))
        .collect()
}

/// A line with what the catalogue says of its item. An item the catalogue does not have is class C:
/// the whole line is the patient's.
fn priced_line(
    line: &BillLine,
    catalogue: &Catalogue,
    tier: &InstitutionTier,
    denied: Option<&&str>,
) -> Line {
    let item = catalogue.item(&line.item);
    Line {
        number: line.number,
        item: line.item.clone(),
        class: item.map_or(ItemClass::C, |item| item.class.clone()),
        first_pay: item.map_or(Rate::ZERO, |item| item.first_pay),
        price_limit: item.and_then(|item| item.limit(tier)),
        unit_price: line.unit_price,
        quantity: line.quantity,
        amount: line.amount,
        marks: item.map(Item::all_marks).unwrap_or_default(),
        restriction: restriction(item.is_some_and(|item| item.restricted), line.approval),
        day: line.day,
        denied: denied.map(|rule| rule.to_string()),
    }
}

/// 限制使用: what the catalogue's flag (lmt_used_flag) and the hospital's word (hosp_appr_flag) say
/// together.
fn restriction(restricted: bool, approval: Approval) -> Restriction {
    match (restricted, approval) {
        (true, Approval::Approved) => Restriction::Approved,
        (true, Approval::Refused) => Restriction::Refused,
        (true, Approval::Unsaid) => Restriction::Pending,
        (false, Approval::Refused) => Restriction::OwnPay,
        (false, Approval::Approved | Approval::Unsaid) => Restriction::None,
    }
}

fn refused(bad: &BadClaim, bill: &Bill) -> Refusal {
    let expected = match bad {
        BadClaim::Amount { index, product } => {
            let line = bill.lines.get(*index);
            return LINE_AMOUNT_WRONG
                .refuse()
                .at(format!("claim.lines[{index}].amount_fen"))
                .with("line", line.map_or(0, |line| line.number))
                .with("expected_fen", product.0)
                .with("amount_fen", line.map_or(0, |line| line.amount.0));
        }
        BadClaim::NumberTwice { .. } => "费用单内不重复的行号".to_string(),
        BadClaim::AmountTooLarge { .. } | BadClaim::TotalTooLarge => {
            format!("合计不超过 {CLAIM_FEN_MAX} 元的费用单")
        }
        // The wire has refused what else there is; this is for whoever reads the log.
        other => other.expected(),
    };
    let field = bad.field();
    let unit = if field.ends_with(".amount") {
        "_fen"
    } else {
        ""
    };
    invalid(format!("claim.{field}{unit}"), expected)
}
