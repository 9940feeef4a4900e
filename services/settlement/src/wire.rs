//! Protobuf to domain and back.

use crate::app::{Order, Reversal};
use crate::catalogue::{ITEMS_MAX, Item};
use crate::domain::{
    Basis, Bill, BillLine, Effect, FINDINGS_MAX, Finding, Institution, Member, PersonYear, Posted,
    Priced,
};
use crate::store::{Account, Past};
use kernel::refusal::invalid;
use kernel::{
    CatalogueId, Day, DiagnosisCode, Digest, Fen, IdentityKind, InstitutionCode, InstitutionKind,
    InstitutionTier, ItemClass, ItemCode, MedType, PersonId, Quantity, Rate, Refusal, Scheme,
    SettlementId, UnitPrice,
};
use policy::{IDENTITIES_MAX, LINES_MAX, Reason};
use proto::{common, settlement as pb};
use runtime::{parse, render};
use std::collections::BTreeSet;

/// A claim.
pub fn bill(claim: Option<&common::Claim>) -> Result<Bill, Refusal> {
    let claim = parse::message("claim", claim)?;
    if !(1..=LINES_MAX).contains(&claim.lines.len()) {
        return Err(invalid("claim.lines", format!("1至{LINES_MAX}行")));
    }
    let lines = claim
        .lines
        .iter()
        .enumerate()
        .map(|(index, line)| bill_line(index, line));
    let institution = InstitutionCode::parse(&claim.institution_code);
    let diagnosis = DiagnosisCode::parse(&claim.diagnosis_code);
    Ok(Bill {
        person: parse::field("claim.person_id", PersonId::parse(&claim.person_id))?,
        institution: parse::field("claim.institution_code", institution)?,
        visit: parse::token("claim.visit_number", &claim.visit_number, 30)?,
        scheme: parse::code("claim.scheme", Scheme::parse(&claim.scheme))?,
        med_type: parse::code("claim.med_type", MedType::parse(&claim.med_type))?,
        begin: parse::day("claim.begin_day", &claim.begin_day)?,
        end: parse::day("claim.end_day", &claim.end_day)?,
        diagnosis: parse::field("claim.diagnosis_code", diagnosis)?,
        lines: lines.collect::<Result<_, _>>()?,
    })
}

fn bill_line(index: usize, line: &common::ClaimLine) -> Result<BillLine, Refusal> {
    let path = |field: &str| format!("claim.lines[{index}].{field}");
    let number = u32::try_from(line.number).ok().filter(|number| *number > 0);
    let positive = |value: i64| (value > 0).then_some(value);
    let price = (line.unit_price_micro_yuan >= 0).then_some(line.unit_price_micro_yuan);
    Ok(BillLine {
        number: parse::wanted(path("number"), number, "大于零的行号")?,
        item: parse::field(path("item_code"), ItemCode::parse(&line.item_code))?,
        unit_price: UnitPrice(parse::wanted(
            path("unit_price_micro_yuan"),
            price,
            "不小于零",
        )?),
        quantity: Quantity(parse::wanted(
            path("quantity_e4"),
            positive(line.quantity_e4),
            "大于零",
        )?),
        amount: Fen(line.amount_fen),
    })
}

fn member(member: &common::Member) -> Result<Member, Refusal> {
    if member.identity_kinds.len() > IDENTITIES_MAX {
        let expected = format!("至多{IDENTITIES_MAX}种身份");
        return Err(invalid("member.identity_kinds", expected));
    }
    let kinds = member
        .identity_kinds
        .iter()
        .enumerate()
        .map(|(index, kind)| {
            parse::code(
                format!("member.identity_kinds[{index}]"),
                IdentityKind::parse(kind),
            )
        });
    Ok(Member {
        person: parse::field("member.person_id", PersonId::parse(&member.person_id))?,
        version: member.person_version,
        scheme: parse::code("member.scheme", Scheme::parse(&member.scheme))?,
        as_of: parse::day("member.as_of_day", &member.as_of_day)?,
        eligible: member.eligible,
        reason: member
            .ineligibilities
            .first()
            .map(|reason| reason.sentence.clone()),
        identities: kinds.collect::<Result<_, _>>()?,
    })
}

fn finding(index: usize, finding: &common::Finding) -> Result<Finding, Refusal> {
    use common::finding::Effect as Wire;
    let path = |field: &str| format!("findings[{index}].{field}");
    let effect = match finding.effect() {
        Wire::Note => Some(Effect::Note),
        Wire::DenyLine => Some(Effect::DenyLine),
        Wire::DenyClaim => Some(Effect::DenyClaim),
        Wire::Unspecified => None,
    };
    let other = match finding.other_settlement_id.as_str() {
        "" => None,
        id => Some(parse::field(
            path("other_settlement_id"),
            SettlementId::parse(id),
        )?),
    };
    let line = u32::try_from(finding.line_number).ok();
    Ok(Finding {
        rule: parse::token(path("rule_code"), &finding.rule_code, 20)?,
        effect: parse::wanted(path("effect"), effect, "已知的处理方式")?,
        line: parse::wanted(path("line_number"), line, "不小于零")?,
        sentence: parse::text(path("sentence"), &finding.sentence, 500)?,
        other,
    })
}

fn basis(basis: &common::Basis) -> Result<Basis, Refusal> {
    let digest = |field: &str, text: &str| {
        let digest = Digest::parse(text).map(|digest| digest.to_string());
        parse::wanted(format!("basis.{field}"), digest, "64位十六进制摘要")
    };
    let catalogue = CatalogueId::parse(&basis.catalogue_id);
    Ok(Basis {
        package: parse::text("basis.package_name", &basis.package_name, 100)?,
        package_digest: digest("package_digest", &basis.package_digest)?,
        catalogue: parse::field("basis.catalogue_id", catalogue)?,
        person_version: basis.person_version,
        accumulator_version: basis.accumulator_version,
        day: parse::day("basis.day", &basis.day)?,
        funds: Fen(basis.funds_fen),
        cash: Fen(basis.cash_fen),
        amounts_digest: digest("amounts_digest", &basis.amounts_digest)?,
    })
}

/// A claim with what others say of it.
pub fn order(
    claim: Option<&common::Claim>,
    snapshot: Option<&common::Member>,
    findings: &[common::Finding],
    expected: Option<&common::Basis>,
) -> Result<Order, Refusal> {
    if findings.len() > FINDINGS_MAX {
        return Err(invalid("findings", format!("至多{FINDINGS_MAX}条")));
    }
    let findings = findings
        .iter()
        .enumerate()
        .map(|(index, f)| finding(index, f));
    Ok(Order {
        bill: bill(claim)?,
        member: snapshot.map(member).transpose()?,
        findings: findings.collect::<Result<_, _>>()?,
        basis: expected.map(basis).transpose()?,
    })
}

/// A settlement to reverse.
pub fn reversal(message: &pb::ReverseSettlementRequest) -> Result<Reversal, Refusal> {
    let institution = match message.institution_code.as_str() {
        "" => None,
        code => Some(parse::field(
            "institution_code",
            InstitutionCode::parse(code),
        )?),
    };
    let settlement = SettlementId::parse(&message.settlement_id);
    Ok(Reversal {
        settlement: parse::field("settlement_id", settlement)?,
        reason: parse::text("reason", &message.reason, 200)?,
        institution,
    })
}

/// An institution.
pub fn new_institution(message: Option<&pb::Institution>) -> Result<Institution, Refusal> {
    let message = parse::message("institution", message)?;
    let code = InstitutionCode::parse(&message.institution_code);
    Ok(Institution {
        code: parse::field("institution.institution_code", code)?,
        name: parse::text("institution.name", &message.name, 100)?,
        tier: parse::code("institution.tier", InstitutionTier::parse(&message.tier))?,
        kind: parse::code("institution.kind", InstitutionKind::parse(&message.kind))?,
        agreement_from: parse::day(
            "institution.agreement_from_day",
            &message.agreement_from_day,
        )?,
    })
}

/// A catalogue to publish.
pub fn catalogue(message: &pb::PublishCatalogueRequest) -> Result<(Day, Vec<Item>), Refusal> {
    if !(1..=ITEMS_MAX).contains(&message.items.len()) {
        return Err(invalid("items", format!("1至{ITEMS_MAX}项")));
    }
    let day = parse::day("effective_day", &message.effective_day)?;
    let mut codes = BTreeSet::new();
    let mut items = Vec::with_capacity(message.items.len());
    for (index, wire) in message.items.iter().enumerate() {
        let item = catalogue_item(index, wire)?;
        if !codes.insert(item.code.clone()) {
            return Err(invalid(
                format!("items[{index}].item_code"),
                "目录内不重复的编码",
            ));
        }
        items.push(item);
    }
    Ok((day, items))
}

fn catalogue_item(index: usize, item: &pb::CatalogueItem) -> Result<Item, Refusal> {
    let path = |field: &str| format!("items[{index}].{field}");
    let class = ItemClass::parse(&item.item_class)
        .filter(|class| matches!(class, ItemClass::A | ItemClass::B | ItemClass::C));
    let first_pay = Rate(item.first_pay_bp);
    let fits = match class {
        Some(ItemClass::B) => (0..=Rate::ONE.0).contains(&first_pay.0),
        _ => first_pay == Rate::ZERO,
    };
    let mut limits = std::collections::BTreeMap::new();
    for (at, limit) in item.price_limits.iter().enumerate() {
        let path = |field: &str| format!("items[{index}].price_limits[{at}].{field}");
        let tier = parse::code(path("tier"), InstitutionTier::parse(&limit.tier))?;
        let price = Some(limit.unit_price_micro_yuan).filter(|price| *price >= 0);
        let price = parse::wanted(path("unit_price_micro_yuan"), price, "不小于零")?;
        if limits.insert(tier, UnitPrice(price)).is_some() {
            return Err(invalid(path("tier"), "每个等级至多一个限价"));
        }
    }
    Ok(Item {
        code: parse::field(path("item_code"), ItemCode::parse(&item.item_code))?,
        name: parse::text(path("name"), &item.name, 200)?,
        class: parse::wanted(path("item_class"), class, "01、02 或 03")?,
        first_pay: parse::wanted(
            path("first_pay_bp"),
            fits.then_some(first_pay),
            "乙类为0至10000,其他为0",
        )?,
        limits,
        ethnic_medicine: item.ethnic_medicine,
    })
}

/// An institution as the wire shows it.
pub fn institution(institution: Institution) -> pb::Institution {
    pb::Institution {
        institution_code: institution.code.to_string(),
        name: institution.name,
        tier: institution.tier.to_string(),
        kind: institution.kind.to_string(),
        agreement_from_day: institution.agreement_from.to_string(),
    }
}

/// A price as the wire shows it.
pub fn quote(priced: Priced) -> common::Quote {
    common::Quote {
        amounts: Some(amounts(&priced.settlement)),
        basis: Some(basis_message(&priced.basis)),
        remarks: remarks(&priced.settlement.findings),
    }
}

fn amounts(settlement: &policy::Settlement) -> common::Amounts {
    let share = |share: &policy::Share| common::FundShare {
        fund: share.fund.to_string(),
        layer: share.layer.clone(),
        base_fen: share.base.0,
        paid_fen: share.paid.0,
    };
    common::Amounts {
        total_fen: settlement.total.0,
        own_pay_fen: settlement.own_pay.0,
        over_limit_fen: settlement.over_limit.0,
        first_pay_fen: settlement.first_pay.0,
        in_scope_fen: settlement.in_scope.0,
        deductible_fen: settlement.deductible.0,
        funds_fen: settlement.funds().0,
        account_fen: settlement.account.0,
        cash_fen: settlement.cash.0,
        hospital_fen: settlement.hospital.0,
        shares: settlement.shares.iter().map(share).collect(),
    }
}

fn basis_message(basis: &Basis) -> common::Basis {
    common::Basis {
        package_name: basis.package.clone(),
        package_digest: basis.package_digest.clone(),
        catalogue_id: basis.catalogue.to_string(),
        person_version: basis.person_version,
        accumulator_version: basis.accumulator_version,
        day: basis.day.to_string(),
        funds_fen: basis.funds.0,
        cash_fen: basis.cash.0,
        amounts_digest: basis.amounts_digest.clone(),
    }
}

fn remarks(findings: &[policy::Finding]) -> Vec<common::Remark> {
    let remark = |finding: &policy::Finding| common::Remark {
        code: finding.code.clone(),
        sentence: finding.text.clone(),
        line_number: finding
            .line
            .and_then(|line| i32::try_from(line).ok())
            .unwrap_or(0),
    };
    findings.iter().map(remark).collect()
}

/// A settlement as the wire shows it.
pub fn settlement(posted: &Posted) -> common::Settlement {
    use common::settlement::State;
    let bill = &posted.evidence.bill;
    let state = if posted.reversed_at.is_some() {
        State::Reversed
    } else {
        State::Posted
    };
    common::Settlement {
        settlement_id: posted.id.to_string(),
        state: state.into(),
        person_id: bill.person.to_string(),
        institution_code: bill.institution.to_string(),
        visit_number: bill.visit.clone(),
        scheme: bill.scheme.to_string(),
        med_type: bill.med_type.to_string(),
        begin_day: bill.begin.to_string(),
        end_day: bill.end.to_string(),
        ordinal: posted.ordinal,
        amounts: Some(amounts(&posted.amounts)),
        basis: Some(basis_message(&posted.basis)),
        remarks: remarks(&posted.amounts.findings),
        findings: posted
            .evidence
            .findings
            .iter()
            .map(finding_message)
            .collect(),
        posted_time: Some(render::timestamp(posted.posted_at)),
        reversed_time: posted.reversed_at.map(render::timestamp),
    }
}

fn finding_message(finding: &Finding) -> common::Finding {
    use common::finding::Effect as Wire;
    let effect = match finding.effect {
        Effect::Note => Wire::Note,
        Effect::DenyLine => Wire::DenyLine,
        Effect::DenyClaim => Wire::DenyClaim,
    };
    common::Finding {
        rule_code: finding.rule.clone(),
        effect: effect.into(),
        line_number: i32::try_from(finding.line).unwrap_or(0),
        sentence: finding.sentence.clone(),
        other_settlement_id: finding.other.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// A reason as the wire shows it.
pub fn reason(reason: Reason) -> common::Reason {
    common::Reason {
        subject: reason.subject,
        rule: reason.rule,
        clause: reason.clause,
        policy_item_code: reason.item_code.unwrap_or_default(),
        input_fen: reason.input.0,
        rate_bp: reason.rate.map(|rate| rate.0),
        output_fen: reason.output.0,
        sentence: reason.text,
        assumed: reason.assumed,
    }
}

/// An earlier settlement as screening sees it.
pub fn past(past: Past) -> common::PastClaim {
    common::PastClaim {
        settlement_id: past.id.to_string(),
        institution_code: past.institution,
        visit_number: past.visit,
        med_type: past.med_type,
        begin_day: past.begin,
        end_day: past.end,
        fingerprint: past.fingerprint,
    }
}

/// The accumulators as the wire shows them.
pub fn accumulators(year: PersonYear) -> pb::GetAccumulatorsResponse {
    use pb::get_accumulators_response::Accumulator;
    let entry = |(name, value)| Accumulator { name, value };
    let accumulators = year.accumulators.0.into_iter().map(entry).collect();
    pb::GetAccumulatorsResponse {
        accumulators,
        version: year.version,
    }
}

/// The ledger's accounts as the wire shows them.
pub fn trial_balance(accounts: Vec<Account>) -> pb::GetTrialBalanceResponse {
    use pb::get_trial_balance_response::Account as Wire;
    let sum_fen = accounts.iter().map(|account| account.balance.0).sum();
    let account = |account: Account| Wire {
        account: account.name,
        balance_fen: account.balance.0,
        postings: account.postings,
    };
    pb::GetTrialBalanceResponse {
        accounts: accounts.into_iter().map(account).collect(),
        sum_fen,
    }
}
