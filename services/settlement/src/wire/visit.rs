//! 就诊: visits and their lines.

use super::claim::{
    account_use, account_use_message, approval, approval_message, claim_message, diseases, filing,
    filing_message, household_income, optional_id,
};
use crate::app::Summed;
use crate::domain::{
    Accident, AccidentCheck, Approval, Bill, CheckItem, Conclusion, UPLOAD_MAX, Upload, Visit,
    VisitFacts, VisitLine, VisitState,
};
use crate::store::Unmapped;
use kernel::refusal::invalid;
use kernel::{
    DiagnosisCode, Fen, GuaranteeId, Instant, InstitutionCode, ItemCode, MedType, PersonId,
    Quantity, Rate, ReferralId, Refusal, Scheme, UnitPrice,
};
use policy::{Filing, ThirdParty};
use proto::orchestrator::registered_visit::State;
use proto::orchestrator::uploaded_line::Finding;
use proto::orchestrator::{self as pb, accident_check as check};
use proto::settlement;
use runtime::{parse, render};
use std::collections::BTreeSet;

/// 就诊ID, 费用明细流水号: characters at most.
const NUMBER_MAX: usize = 30;
/// 医药机构目录编码: characters at most.
const LOCAL_CODE_MAX: usize = 40;

/// A visit to register, or as it shall be.
pub fn visit_facts(message: Option<&pb::Visit>) -> Result<VisitFacts, Refusal> {
    let visit = parse::message("visit", message)?;
    let institution = InstitutionCode::parse(&visit.institution_code);
    let diagnosis = DiagnosisCode::parse(&visit.diagnosis_code);
    let referral = ("visit.referral_id", &visit.referral_id);
    let guarantee = ("visit.guarantee_id", &visit.guarantee_id);
    let facts = VisitFacts {
        institution: parse::field("visit.institution_code", institution)?,
        number: parse::token("visit.visit_number", &visit.visit_number, NUMBER_MAX)?,
        person: parse::field("visit.person_id", PersonId::parse(&visit.person_id))?,
        scheme: parse::code("visit.scheme", Scheme::parse(&visit.scheme))?,
        med_type: parse::code("visit.med_type", MedType::parse(&visit.med_type))?,
        begin: parse::day("visit.begin_day", &visit.begin_day)?,
        diagnosis: parse::field("visit.diagnosis_code", diagnosis)?,
        diseases: diseases("visit.disease_codes", &visit.disease_codes)?,
        third_party: third_party(visit)?,
        advance: visit.advance_payment,
        filing: filing("visit.filing", visit.filing)?.unwrap_or_default(),
        household_income: household_income(
            "visit.household_income_fen",
            visit.household_income_fen,
        )?,
        referral: optional_id(referral.0, referral.1, ReferralId::parse)?,
        guarantee: optional_id(guarantee.0, guarantee.1, GuaranteeId::parse)?,
        accident: visit.accident.as_ref().map(accident).transpose()?,
        account: account_use("visit.account_use", visit.account_use)?,
    };
    agree(&facts)?;
    Ok(facts)
}

/// What is said of a visit must be sayable of one visit.
fn agree(facts: &VisitFacts) -> Result<(), Refusal> {
    let filed = matches!(facts.med_type, MedType::Chronic | MedType::TwoDiseases);
    if filed && facts.diseases.is_empty() {
        return Err(invalid(
            "visit.disease_codes",
            "门诊慢特病、两病须有病种编码",
        ));
    }
    if facts.med_type.is_accident() && facts.accident.is_none() {
        return Err(invalid("visit.accident", "外伤须有受伤时间、地点与原因"));
    }
    if facts.referral.is_some() && facts.filing != Filing::Referred {
        let expected = "FILING_REFERRED:有转诊备案编号的即已转诊备案";
        return Err(invalid("visit.filing", expected));
    }
    if facts.referral.is_some() && facts.guarantee.is_some() {
        return Err(invalid("visit.referral_id", "空:转诊已在入院时使用"));
    }
    if facts.guarantee.is_some() && !facts.med_type.is_stay() {
        return Err(invalid("visit.guarantee_id", "空:先诊疗后付费只用于住院"));
    }
    Ok(())
}

fn share(path: &str, bp: i32) -> Result<Rate, Refusal> {
    let fits = (Rate::ZERO..=Rate::ONE).contains(&Rate(bp));
    parse::wanted(path, fits.then_some(Rate(bp)), "0至10000")
}

/// 第三方责任: an advance of what nobody owes is a slip of the pen, unless a check has still to tell.
fn third_party(visit: &pb::Visit) -> Result<Option<ThirdParty>, Refusal> {
    let share = share("visit.third_party_share_bp", visit.third_party_share_bp)?;
    match (share, visit.advance_payment) {
        (Rate::ZERO, true) if visit.accident.is_none() => Err(invalid(
            "visit.advance_payment",
            "第三方责任比例为零时不先行支付",
        )),
        (Rate::ZERO, _) => Ok(None),
        (share, advance) => Ok(Some(ThirdParty { share, advance })),
    }
}

fn accident(accident: &pb::Accident) -> Result<Accident, Refusal> {
    let happened = parse::instant("visit.accident.happened_time", accident.happened_time)?;
    Ok(Accident {
        happened_micros: happened.micros(),
        site: parse::text("visit.accident.site", &accident.site, 200)?,
        cause: parse::text("visit.accident.cause", &accident.cause, 500)?,
    })
}

/// 外伤核查.
pub fn accident_check(message: Option<&pb::AccidentCheck>) -> Result<AccidentCheck, Refusal> {
    let message = parse::message("check", message)?;
    let mut items = BTreeSet::new();
    for (index, item) in message.items.iter().enumerate() {
        let new = item_of(*item).filter(|item| items.insert(*item));
        parse::wanted(format!("check.items[{index}]"), new, "不重复的核查项")?;
    }
    let conclusion = match message.conclusion() {
        check::Conclusion::NobodyLiable => Some(Conclusion::NobodyLiable),
        check::Conclusion::ThirdParty => Some(Conclusion::ThirdParty),
        check::Conclusion::NotCovered => Some(Conclusion::NotCovered),
        check::Conclusion::Unspecified => None,
    };
    let conclusion = parse::wanted("check.conclusion", conclusion, "已知的核查结论")?;
    let path = "check.third_party_share_bp";
    let share = share(path, message.third_party_share_bp)?;
    if (share > Rate::ZERO) != (conclusion == Conclusion::ThirdParty) {
        return Err(invalid(path, "有第三方责任的大于零,其余为零"));
    }
    Ok(AccidentCheck {
        items: items.into_iter().collect(),
        share,
        conclusion,
    })
}

fn item_of(number: i32) -> Option<CheckItem> {
    match check::Item::try_from(number) {
        Ok(check::Item::PatientAsked) => Some(CheckItem::PatientAsked),
        Ok(check::Item::RecordRead) => Some(CheckItem::RecordRead),
        Ok(check::Item::StatementSigned) => Some(CheckItem::StatementSigned),
        Ok(check::Item::LiabilityAsked) => Some(CheckItem::LiabilityAsked),
        Ok(check::Item::Unspecified) | Err(_) => None,
    }
}

/// Lines to upload.
pub fn uploads(lines: &[pb::VisitLine]) -> Result<Vec<Upload>, Refusal> {
    if !(1..=UPLOAD_MAX).contains(&lines.len()) {
        return Err(invalid("lines", format!("1至{UPLOAD_MAX}行")));
    }
    let lines = lines.iter().enumerate();
    lines.map(|(index, line)| upload(index, line)).collect()
}

fn upload(index: usize, line: &pb::VisitLine) -> Result<Upload, Refusal> {
    let path = |field: &str| format!("lines[{index}].{field}");
    let item = match line.item_code.as_str() {
        "" => None,
        code => Some(parse::field(path("item_code"), ItemCode::parse(code))?),
    };
    let local = match line.local_code.as_str() {
        "" => None,
        code => Some(parse::field(path("local_code"), ItemCode::parse(code))?),
    };
    let short = line.local_code.len() <= LOCAL_CODE_MAX && (item.is_some() || local.is_some());
    let expected = format_args!("至多{LOCAL_CODE_MAX}个字符;没有医保目录编码的必填");
    parse::wanted(path("local_code"), short.then_some(()), expected)?;
    let returns = match line.original_line_code.as_str() {
        "" => None,
        code => Some(parse::token(path("original_line_code"), code, NUMBER_MAX)?),
    };
    let quantity = line.quantity_e4;
    let signed = quantity != 0 && (quantity < 0) == returns.is_some();
    let expected = "大于零;退费的小于零,并注明原明细流水号";
    parse::wanted(path("quantity_e4"), signed.then_some(()), expected)?;
    let price = Some(line.unit_price_micro_yuan).filter(|price| *price >= 0);
    let price = parse::wanted(path("unit_price_micro_yuan"), price, "不小于零")?;
    Ok(Upload {
        code: parse::token(path("line_code"), &line.line_code, NUMBER_MAX)?,
        item,
        local_code: line.local_code.clone(),
        local_name: parse::optional_text(path("local_name"), &line.local_name, 200)?,
        unit_price: UnitPrice(price),
        quantity: Quantity(quantity),
        amount: Fen(line.amount_fen),
        approval: approval(path("approval"), line.approval)?,
        day: parse::day(path("fee_day"), &line.fee_day)?,
        returns,
    })
}

/// Lines to withdraw.
pub fn line_codes(codes: &[String]) -> Result<Vec<String>, Refusal> {
    if codes.len() > UPLOAD_MAX {
        return Err(invalid("line_codes", format!("至多{UPLOAD_MAX}行")));
    }
    let codes = codes.iter().enumerate();
    let code =
        |(at, code): (usize, &String)| parse::token(format!("line_codes[{at}]"), code, NUMBER_MAX);
    codes.map(code).collect()
}

/// The state that a list asks for.
pub fn check_state(number: i32) -> Result<Option<VisitState>, Refusal> {
    match State::try_from(number) {
        Ok(State::Unspecified) => Ok(None),
        Ok(State::Open) => Ok(Some(VisitState::Open)),
        Ok(State::Discharged) => Ok(Some(VisitState::Discharged)),
        Ok(State::Settled) => Ok(Some(VisitState::Settled)),
        Ok(State::Cancelled) => Ok(Some(VisitState::Cancelled)),
        Err(_) => Err(invalid("state", "已知的就诊状态")),
    }
}

/// A visit with what its lines come to, as the wire shows it.
pub fn summed(summed: Summed) -> pb::GetVisitResponse {
    pb::GetVisitResponse {
        visit: Some(registered(summed.visit)),
        line_count: i32::try_from(summed.lines).unwrap_or(i32::MAX),
        total_fen: summed.total.0,
    }
}

/// A visit as the wire shows it.
pub fn registered(visit: Visit) -> pb::RegisteredVisit {
    let state = match visit.state() {
        VisitState::Open => State::Open,
        VisitState::Discharged => State::Discharged,
        VisitState::Settled => State::Settled,
        VisitState::Cancelled => State::Cancelled,
    };
    let settlement = visit.settlement.map(|id| id.to_string());
    let settled_through_day = render::optional_day(visit.settled_through());
    let parts = visit.parts.iter().map(|part| part.settlement.to_string());
    pb::RegisteredVisit {
        visit_id: visit.id.to_string(),
        state: state.into(),
        visit: Some(facts(visit.facts)),
        end_day: render::optional_day(visit.end),
        accident_check: visit.check.map(checked),
        settlement_id: settlement.unwrap_or_default(),
        version: visit.version,
        registered_time: Some(render::timestamp(visit.registered_at)),
        settled_through_day,
        part_count: i32::try_from(visit.parts.len()).unwrap_or(i32::MAX),
        part_settlement_ids: parts.collect(),
    }
}

fn facts(facts: VisitFacts) -> pb::Visit {
    let accident = |accident: Accident| {
        let happened = Instant::from_micros(accident.happened_micros);
        pb::Accident {
            happened_time: Some(render::timestamp(happened)),
            site: accident.site,
            cause: accident.cause,
        }
    };
    let share = facts.third_party.map_or(Rate::ZERO, |third| third.share);
    pb::Visit {
        institution_code: facts.institution.to_string(),
        visit_number: facts.number,
        person_id: facts.person.to_string(),
        scheme: facts.scheme.to_string(),
        med_type: facts.med_type.to_string(),
        begin_day: facts.begin.to_string(),
        diagnosis_code: facts.diagnosis.to_string(),
        disease_codes: facts.diseases.iter().map(ToString::to_string).collect(),
        third_party_share_bp: share.0,
        advance_payment: facts.advance,
        filing: filing_message(facts.filing).into(),
        household_income_fen: facts.household_income.map(|fen| fen.0),
        referral_id: text(facts.referral),
        guarantee_id: text(facts.guarantee),
        accident: facts.accident.map(accident),
        account_use: account_use_message(facts.account).into(),
    }
}

fn checked(checked: AccidentCheck) -> pb::AccidentCheck {
    let item = |item: &CheckItem| match item {
        CheckItem::PatientAsked => check::Item::PatientAsked.into(),
        CheckItem::RecordRead => check::Item::RecordRead.into(),
        CheckItem::StatementSigned => check::Item::StatementSigned.into(),
        CheckItem::LiabilityAsked => check::Item::LiabilityAsked.into(),
    };
    let conclusion = match checked.conclusion {
        Conclusion::NobodyLiable => check::Conclusion::NobodyLiable,
        Conclusion::ThirdParty => check::Conclusion::ThirdParty,
        Conclusion::NotCovered => check::Conclusion::NotCovered,
    };
    pb::AccidentCheck {
        items: checked.items.iter().map(item).collect(),
        third_party_share_bp: checked.share.0,
        conclusion: conclusion.into(),
    }
}

/// A line as the wire shows it.
pub fn uploaded(line: VisitLine) -> pb::UploadedLine {
    let listing = &line.listing;
    let unmapped = line.item.is_none();
    let above = listing.limit.is_some_and(|limit| line.unit_price > limit);
    let unapproved = listing.restricted && line.approval != Approval::Approved;
    let findings = [
        (unmapped, Finding::Unmapped),
        (!unmapped && !listing.listed, Finding::Unlisted),
        (unapproved, Finding::NotApproved),
        (above, Finding::AboveLimit),
    ];
    let found = findings.into_iter().filter(|(found, _)| *found);
    pb::UploadedLine {
        number: i32::try_from(line.number).unwrap_or(i32::MAX),
        item_class: listing.class.to_string(),
        first_pay_bp: listing.first_pay.0,
        price_limit_micro_yuan: listing.limit.map(|limit| limit.0),
        findings: found.map(|(_, finding)| finding.into()).collect(),
        settlement_id: text(line.settlement),
        line: Some(shown(line.uploaded)),
    }
}

fn shown(line: Upload) -> pb::VisitLine {
    pb::VisitLine {
        line_code: line.code,
        item_code: text(line.item),
        local_code: line.local_code,
        local_name: line.local_name,
        unit_price_micro_yuan: line.unit_price.0,
        quantity_e4: line.quantity.0,
        amount_fen: line.amount.0,
        approval: approval_message(line.approval).into(),
        fee_day: line.day.to_string(),
        original_line_code: line.returns.unwrap_or_default(),
    }
}

/// An item that was not listed, as the wire shows it.
pub fn unmapped(unmapped: Unmapped) -> pb::list_unmapped_response::Unmapped {
    pb::list_unmapped_response::Unmapped {
        item_code: unmapped.item,
        local_code: unmapped.local,
        line_count: unmapped.lines,
        amount_fen: unmapped.amount.0,
    }
}

/// The claim of a visit.
pub fn visit_claim(bill: Bill) -> settlement::GetVisitClaimResponse {
    let version = bill.registration.map_or(0, |read| read.version);
    settlement::GetVisitClaimResponse {
        claim: Some(claim_message(&bill)),
        version,
    }
}

fn text(id: Option<impl ToString>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
