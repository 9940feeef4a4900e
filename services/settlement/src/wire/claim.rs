//! A claim, and what others say of it, from protobuf.

use super::member::{identities, member};
use crate::app::Order;
use crate::domain::{
    AccountUse, Approval, Basis, Bill, BillLine, Effect, FINDINGS_MAX, Finding, Registration,
    StayPart,
};
use kernel::refusal::invalid;
use kernel::{
    BadText, CLAIM_FEN_MAX, CatalogueId, Day, DiagnosisCode, Digest, DiseaseCode, Fen, GuaranteeId,
    InstitutionCode, InstitutionKind, InstitutionTier, ItemCode, MedType, PersonId, Quantity, Rate,
    ReferralId, Refusal, ReimbursementId, Scheme, SettlementId, UnitPrice, VisitId,
};
use policy::{Change, FILINGS_MAX, Filing, LINES_MAX, Place, ThirdParty};
use proto::{common, settlement as pb};
use runtime::parse;

/// A claim.
pub fn bill(claim: Option<&common::Claim>) -> Result<Bill, Refusal> {
    let claim = parse::message("claim", claim)?;
    if !(1..=LINES_MAX).contains(&claim.lines.len()) {
        return Err(invalid("claim.lines", format!("1至{LINES_MAX}行")));
    }
    let institution = InstitutionCode::parse(&claim.institution_code);
    let diagnosis = DiagnosisCode::parse(&claim.diagnosis_code);
    let end = parse::day("claim.end_day", &claim.end_day)?;
    let lines = claim.lines.iter().enumerate();
    let lines = lines.map(|(index, line)| bill_line(index, line, end));
    Ok(Bill {
        person: parse::field("claim.person_id", PersonId::parse(&claim.person_id))?,
        institution: parse::field("claim.institution_code", institution)?,
        visit: parse::token("claim.visit_number", &claim.visit_number, 30)?,
        scheme: parse::code("claim.scheme", Scheme::parse(&claim.scheme))?,
        med_type: parse::code("claim.med_type", MedType::parse(&claim.med_type))?,
        begin: parse::day("claim.begin_day", &claim.begin_day)?,
        end,
        diagnosis: parse::field("claim.diagnosis_code", diagnosis)?,
        diseases: diseases("claim.disease_codes", &claim.disease_codes)?,
        third_party: third_party_of("claim.", claim.third_party_share_bp, claim.advance_payment)?,
        filing: filing("claim.filing", claim.filing)?.unwrap_or_default(),
        decided: decided(&claim.decided_day, end)?,
        household_income: household_income(
            "claim.household_income_fen",
            claim.household_income_fen,
        )?,
        referral: optional_id("claim.referral_id", &claim.referral_id, ReferralId::parse)?,
        guarantee: optional_id(
            "claim.guarantee_id",
            &claim.guarantee_id,
            GuaranteeId::parse,
        )?,
        reimbursement: optional_id(
            "claim.reimbursement_id",
            &claim.reimbursement_id,
            ReimbursementId::parse,
        )?,
        registration: None,
        part: part(claim)?,
        year: None,
        account: account_use("claim.account_use", claim.account_use)?,
        lines: lines.collect::<Result<_, _>>()?,
    })
}

/// A bill as the wire shows it.
pub fn claim_message(bill: &Bill) -> common::Claim {
    let third_party = bill.third_party.as_ref();
    let text = |id: Option<String>| id.unwrap_or_default();
    common::Claim {
        person_id: bill.person.to_string(),
        institution_code: bill.institution.to_string(),
        visit_number: bill.visit.clone(),
        scheme: bill.scheme.to_string(),
        med_type: bill.med_type.to_string(),
        begin_day: bill.begin.to_string(),
        end_day: bill.end.to_string(),
        diagnosis_code: bill.diagnosis.to_string(),
        lines: bill.lines.iter().map(line_message).collect(),
        disease_codes: bill.diseases.iter().map(ToString::to_string).collect(),
        third_party_share_bp: third_party.map_or(0, |party| party.share.0),
        advance_payment: third_party.is_some_and(|party| party.advance),
        filing: filing_message(bill.filing).into(),
        decided_day: text(bill.decided.map(|day| day.to_string())),
        household_income_fen: bill.household_income.map(|fen| fen.0),
        referral_id: text(bill.referral.map(|id| id.to_string())),
        guarantee_id: text(bill.guarantee.map(|id| id.to_string())),
        reimbursement_id: text(bill.reimbursement.map(|id| id.to_string())),
        part_number: bill
            .part
            .map_or(0, |part| i32::try_from(part.number).unwrap_or(i32::MAX)),
        part_continues: bill.continues(),
        stay_begin_day: text(bill.part.map(|part| part.admission.to_string())),
        account_use: account_use_message(bill.account).into(),
    }
}

fn line_message(line: &BillLine) -> common::ClaimLine {
    common::ClaimLine {
        number: i32::try_from(line.number).unwrap_or(i32::MAX),
        item_code: line.item.to_string(),
        unit_price_micro_yuan: line.unit_price.0,
        quantity_e4: line.quantity.0,
        amount_fen: line.amount.0,
        approval: approval_message(line.approval).into(),
        fee_day: line.day.map(|day| day.to_string()).unwrap_or_default(),
    }
}

/// 医院审批标志 as the wire shows it.
pub fn approval_message(approval: Approval) -> common::claim_line::Approval {
    use common::claim_line::Approval as Wire;
    match approval {
        Approval::Unsaid => Wire::Unspecified,
        Approval::Approved => Wire::Approved,
        Approval::Refused => Wire::Refused,
    }
}

/// 个人账户使用标志 as the wire shows it.
pub fn account_use_message(account: AccountUse) -> common::AccountUse {
    match account {
        AccountUse::None => common::AccountUse::Unspecified,
        AccountUse::Own => common::AccountUse::Own,
        AccountUse::Shared => common::AccountUse::Shared,
    }
}

/// 个人账户使用标志.
pub fn account_use(path: &str, number: i32) -> Result<AccountUse, Refusal> {
    use common::AccountUse as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Ok(AccountUse::None),
        Ok(Wire::Own) => Ok(AccountUse::Own),
        Ok(Wire::Shared) => Ok(AccountUse::Shared),
        Err(_) => Err(invalid(path, "已知的个人账户使用标志")),
    }
}

/// 转诊备案 as the wire shows it.
pub fn filing_message(filing: Filing) -> common::Filing {
    match filing {
        Filing::None => common::Filing::None,
        Filing::Referred => common::Filing::Referred,
        Filing::Emergency => common::Filing::Emergency,
        Filing::Resident => common::Filing::Resident,
    }
}

/// Of which registered visit a claim to post is, and as it was when.
fn registration(message: &pb::PostSettlementRequest) -> Result<Option<Registration>, Refusal> {
    let visit = optional_id("visit_id", &message.visit_id, VisitId::parse)?;
    let version = parse::not_negative("visit_version", message.visit_version)?;
    Ok(visit.map(|visit| Registration { visit, version }))
}

/// A claim to post, with what others say of it.
pub fn posting(message: &pb::PostSettlementRequest) -> Result<Order, Refusal> {
    let (claim, member) = (message.claim.as_ref(), message.member.as_ref());
    let mut order = order(claim, member, &message.findings, message.basis.as_ref())?;
    order.bill.registration = registration(message)?;
    Ok(order)
}

/// An id, or nothing when the text is empty.
pub fn optional_id<T>(
    path: &str,
    text: &str,
    parse: fn(&str) -> Result<T, BadText>,
) -> Result<Option<T>, Refusal> {
    match text {
        "" => Ok(None),
        text => parse::field(path, parse(text)).map(Some),
    }
}

pub fn diseases(path: &str, codes: &[String]) -> Result<Vec<DiseaseCode>, Refusal> {
    if codes.len() > FILINGS_MAX {
        return Err(invalid(path, format!("至多{FILINGS_MAX}种病种")));
    }
    let code = |(index, code): (usize, &String)| {
        parse::field(format!("{path}[{index}]"), DiseaseCode::parse(code))
    };
    codes.iter().enumerate().map(code).collect()
}

/// 第三方责任: an advance of what nobody owes is a slip of the pen. `at` is where it stands, such as
/// `claim.`.
pub fn third_party_of(
    at: &str,
    share_bp: i32,
    advance: bool,
) -> Result<Option<ThirdParty>, Refusal> {
    let share = Rate(share_bp);
    let fits = (Rate::ZERO..=Rate::ONE).contains(&share);
    let path = format!("{at}third_party_share_bp");
    let share = parse::wanted(path, fits.then_some(share), "0至10000")?;
    match (share, advance) {
        (Rate::ZERO, true) => {
            let path = format!("{at}advance_payment");
            Err(invalid(path, "第三方责任比例为零时不先行支付"))
        }
        (Rate::ZERO, false) => Ok(None),
        (share, advance) => Ok(Some(ThirdParty { share, advance })),
    }
}

/// 分段结算: only what was read from a visit says it.
fn part(claim: &common::Claim) -> Result<Option<StayPart>, Refusal> {
    let whole = claim.part_number == 0 && !claim.part_continues && claim.stay_begin_day.is_empty();
    if whole {
        return Ok(None);
    }
    let number = u32::try_from(claim.part_number).ok();
    let number = number.filter(|number| *number > 0);
    Ok(Some(StayPart {
        number: parse::wanted("claim.part_number", number, "大于零")?,
        continues: claim.part_continues,
        admission: parse::day("claim.stay_begin_day", &claim.stay_begin_day)?,
    }))
}

fn decided(day: &str, end: Day) -> Result<Option<Day>, Refusal> {
    let path = "claim.decided_day";
    let decided = parse::optional_day(path, day)?;
    match decided.is_some_and(|decided| decided < end) {
        true => Err(invalid(path, "不早于结束日期的日期")),
        false => Ok(decided),
    }
}

pub fn household_income(path: &str, fen: Option<i64>) -> Result<Option<Fen>, Refusal> {
    let fits = |fen: i64| (Fen::ZERO..=CLAIM_FEN_MAX).contains(&Fen(fen));
    match fen.is_none_or(fits) {
        true => Ok(fen.map(Fen)),
        false => Err(invalid(path, format!("0至{CLAIM_FEN_MAX}元的金额(以分计)"))),
    }
}

/// 转诊备案; nothing when it is not set.
pub fn filing(path: &str, number: i32) -> Result<Option<Filing>, Refusal> {
    use common::Filing as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::None) => Ok(Some(Filing::None)),
        Ok(Wire::Referred) => Ok(Some(Filing::Referred)),
        Ok(Wire::Emergency) => Ok(Some(Filing::Emergency)),
        Ok(Wire::Resident) => Ok(Some(Filing::Resident)),
        Err(_) => Err(invalid(path, "已知的转诊备案情形")),
    }
}

/// 就医地; nothing when it is not set.
pub fn place(path: &str, number: i32) -> Result<Option<Place>, Refusal> {
    use common::Place as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::District) => Ok(Some(Place::District)),
        Ok(Wire::City) => Ok(Some(Place::City)),
        Ok(Wire::Province) => Ok(Some(Place::Province)),
        Ok(Wire::Outside) => Ok(Some(Place::Outside)),
        Err(_) => Err(invalid(path, "已知的就医地")),
    }
}

pub fn approval(path: String, number: i32) -> Result<Approval, Refusal> {
    use common::claim_line::Approval as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Ok(Approval::Unsaid),
        Ok(Wire::Approved) => Ok(Approval::Approved),
        Ok(Wire::Refused) => Ok(Approval::Refused),
        Err(_) => Err(invalid(path, "已知的医院审批标志")),
    }
}

fn bill_line(index: usize, line: &common::ClaimLine, end: Day) -> Result<BillLine, Refusal> {
    let path = |field: &str| format!("claim.lines[{index}].{field}");
    let number = u32::try_from(line.number).ok().filter(|number| *number > 0);
    let positive = |value: i64| (value > 0).then_some(value);
    let price = (line.unit_price_micro_yuan >= 0).then_some(line.unit_price_micro_yuan);
    let day = parse::optional_day(path("fee_day"), &line.fee_day)?;
    if day.is_some_and(|day| day > end) {
        return Err(invalid(path("fee_day"), "不晚于结束日期的日期"));
    }
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
        approval: approval(path("approval"), line.approval)?,
        day,
    })
}

/// 如果改变: what shall be otherwise.
pub fn change(message: Option<&common::Change>) -> Result<Change, Refusal> {
    let message = parse::message("change", message)?;
    let tier = Some(message.tier.as_str()).filter(|tier| !tier.is_empty());
    let tier = tier.map(|tier| parse::code("change.tier", InstitutionTier::parse(tier)));
    let kind = Some(message.kind.as_str()).filter(|kind| !kind.is_empty());
    let kind = kind.map(|kind| parse::code("change.kind", InstitutionKind::parse(kind)));
    let path = "change.identity_kinds.identity_kinds";
    let kinds = message.identity_kinds.as_ref();
    let kinds = kinds.map(|all| identities(path, &all.identity_kinds));
    Ok(Change {
        filing: filing("change.filing", message.filing)?,
        place: place("change.place", message.place)?,
        contracted: message.contracted,
        tier: tier.transpose()?,
        kind: kind.transpose()?,
        identities: kinds.transpose()?,
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
        account_version: parse::not_negative("basis.account_version", basis.account_version)?,
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
