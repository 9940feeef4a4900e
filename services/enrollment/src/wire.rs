//! Protobuf to domain and back.

pub mod disease_filing;
pub mod identity_check;
pub mod standing;
pub mod transfer;

use crate::domain::{
    Coverage, FeeShare, Household, Identity, Ineligibility, InsuranceYear, Member, NewHousehold,
    NewIdentity, NewPerson, NewSuspension, Payment, Person, PersonFile, Plan, Quote,
    StandingChange, Suspension,
};
use ::store::document::Activate;
use kernel::refusal::invalid;
use kernel::{
    AreaCode, Fen, HouseholdId, IdNumber, IdentityKind, Period, PersonId, PersonName, Refusal,
    Scheme, Sex,
};
use policy::{BenefitStart, EnrolmentWay, Law, PACKAGE_BYTES_MAX, Reason};
use proto::common;
use proto::enrollment as pb;
use runtime::{parse, render};

/// A household to register.
pub fn new_household(message: &pb::RegisterHouseholdRequest) -> Result<NewHousehold, Refusal> {
    let township = message.township_code.as_str();
    let shaped = (6..=12).contains(&township.len()) && township.bytes().all(|b| b.is_ascii_digit());
    Ok(NewHousehold {
        register_number: parse::token("register_number", &message.register_number, 30)?,
        township_code: parse::wanted(
            "township_code",
            shaped.then(|| township.to_string()),
            "6至12位数字",
        )?,
    })
}

/// A person to register.
pub fn new_person(message: &pb::RegisterPersonRequest) -> Result<NewPerson, Refusal> {
    let name = PersonName::parse(&message.name);
    let number = IdNumber::parse(&message.id_number);
    // Codes of sex are few and final: an unknown one is a slip, not a newer list.
    let sex = Sex::parse(&message.sex).filter(|sex| Sex::KNOWN.contains(sex));
    let household = match message.household_id.as_str() {
        "" => None,
        id => Some(parse::field("household_id", HouseholdId::parse(id))?),
    };
    Ok(NewPerson {
        name: parse::wanted("name", name, PersonName::EXPECTED)?,
        id_number: parse::wanted("id_number", number, IdNumber::EXPECTED)?,
        sex: parse::wanted("sex", sex, "1 男、2 女(0 未知、9 未说明)")?,
        birth_day: parse::day("birth_day", &message.birth_day)?,
        household,
    })
}

/// An identity to record.
pub fn new_identity(message: &pb::RecordIdentityRequest) -> Result<NewIdentity, Refusal> {
    Ok(NewIdentity {
        person: person_id(&message.person_id)?,
        kind: parse::code("kind", IdentityKind::parse(&message.kind))?,
        period: period(&message.from_day, &message.until_day)?,
    })
}

/// A payment that is to insure a person.
pub fn payment(message: &pb::EnrolPersonRequest) -> Result<Payment, Refusal> {
    let paid = Some(Fen(message.paid_fen)).filter(|paid| !paid.is_negative());
    Ok(Payment {
        person: person_id(&message.person_id)?,
        plan: {
            let scheme = scheme(&message.scheme)?;
            Plan {
                year: year(message.year)?,
                paid_day: parse::day("paid_day", &message.paid_day)?,
                tier: fee_tier(&message.fee_tier)?,
                repaid_years: repaid_years(message.repaid_years)?,
                way: enrolment_way(&message.enrolment_way, &scheme)?,
                exempt: message.exempt_from_waiting,
                scheme,
            }
        },
        standing: standing::standing(&message.person_type, &message.covered_by, &message.scheme)?,
        paid: parse::wanted("paid_fen", paid, "不小于零的金额")?,
    })
}

/// A payment that is only thought of.
pub fn plan(message: &pb::QuoteSubsidyRequest) -> Result<Plan, Refusal> {
    let scheme = scheme(&message.scheme)?;
    Ok(Plan {
        year: year(message.year)?,
        paid_day: parse::day("paid_day", &message.paid_day)?,
        tier: fee_tier(&message.fee_tier)?,
        repaid_years: repaid_years(message.repaid_years)?,
        way: enrolment_way(&message.enrolment_way, &scheme)?,
        exempt: message.exempt_from_waiting,
        scheme,
    })
}

fn fee_tier(text: &str) -> Result<Option<String>, Refusal> {
    match text {
        "" => Ok(None),
        tier => Ok(Some(parse::token("fee_tier", tier, 20)?)),
    }
}

fn repaid_years(number: i32) -> Result<u32, Refusal> {
    let years = u32::try_from(number).ok().filter(|years| *years <= 100);
    parse::wanted("repaid_years", years, "0至100的年数")
}

fn enrolment_way(text: &str, scheme: &Scheme) -> Result<EnrolmentWay, Refusal> {
    let way = match (text, scheme) {
        ("", Scheme::Resident) | ("resident", _) => Some(EnrolmentWay::Resident),
        ("", _) | ("employer", _) => Some(EnrolmentWay::Employer),
        ("flexible", _) => Some(EnrolmentWay::Flexible),
        _ => None,
    };
    parse::wanted("enrolment_way", way, "resident、employer、flexible 或不填")
}

/// Benefits to suspend.
pub fn new_suspension(message: &pb::SuspendBenefitRequest) -> Result<NewSuspension, Refusal> {
    Ok(NewSuspension {
        person: person_id(&message.person_id)?,
        period: period(&message.from_day, &message.until_day)?,
        reason: parse::text("reason", &message.reason, 200)?,
    })
}

/// 人员编号 (psn_no).
pub fn person_id(text: &str) -> Result<PersonId, Refusal> {
    parse::field("person_id", PersonId::parse(text))
}

/// 险种类型 (insutype).
pub fn scheme(text: &str) -> Result<Scheme, Refusal> {
    parse::code("scheme", Scheme::parse(text))
}

/// 参保年度.
pub fn year(number: i32) -> Result<InsuranceYear, Refusal> {
    parse::wanted("year", InsuranceYear::new(number), InsuranceYear::EXPECTED)
}

fn period(from: &str, until: &str) -> Result<Period, Refusal> {
    let from = parse::day("from_day", from)?;
    let until = parse::optional_day("until_day", until)?;
    Period::new(from, until).ok_or_else(|| invalid("until_day", "晚于 from_day 的日期,或不填"))
}

/// A household as the wire shows it.
pub fn household(household: Household) -> pb::Household {
    pb::Household {
        household_id: household.id.to_string(),
        register_number: household.register_number,
        township_code: household.township_code,
    }
}

/// A person as the wire shows it: name and number masked.
pub fn person(person: Person) -> pb::Person {
    let household = person.household.map(|id| id.to_string());
    pb::Person {
        person_id: person.id.to_string(),
        masked_name: person.name.masked(),
        masked_id_number: person.id_number.masked(),
        sex: person.sex.to_string(),
        birth_day: person.birth_day.to_string(),
        household_id: household.unwrap_or_default(),
        death_day: render::optional_day(person.death_day),
        version: person.version,
    }
}

/// Who a person is, for who may know.
pub fn revealed(person: &Person) -> pb::RevealPersonResponse {
    pb::RevealPersonResponse {
        name: person.name.expose().into(),
        id_number: person.id_number.expose().into(),
    }
}

/// An identity as the wire shows it.
pub fn identity(identity: Identity) -> pb::Identity {
    pb::Identity {
        identity_id: identity.id.to_string(),
        kind: identity.kind.to_string(),
        from_day: identity.period.from.to_string(),
        until_day: render::optional_day(identity.period.until),
    }
}

/// A coverage as the wire shows it with those of the changes that are its own, the reason of its
/// subsidy computed again.
pub fn coverage(law: &Law, coverage: Coverage, changes: &[StandingChange]) -> pb::Coverage {
    let changes = changes
        .iter()
        .filter(|change| change.coverage == coverage.id);
    let standing_changes = changes.map(standing::change).collect();
    let reason = coverage.reason(law);
    let (terms, first) = (coverage.terms, coverage.standing);
    pb::Coverage {
        coverage_id: coverage.id.to_string(),
        scheme: coverage.scheme.to_string(),
        year: coverage.year.number,
        paid_day: coverage.paid_day.to_string(),
        benefit_from_day: terms.benefit_from.to_string(),
        until_day: terms.until.to_string(),
        subsidy: Some(subsidy(coverage.year, terms.share, reason)),
        repaid_years: i32::try_from(terms.repair.years).unwrap_or(i32::MAX),
        repair_fee_fen: terms.repair.fee.0,
        person_type: standing::person_type(&first),
        covered_by: standing::covered_by(&first),
        standing_changes,
    }
}

/// What a plan comes to, as the wire shows it.
pub fn quoted(year: InsuranceYear, quote: Quote) -> pb::QuoteSubsidyResponse {
    let due_fen = quote.due().0;
    pb::QuoteSubsidyResponse {
        subsidy: Some(subsidy(year, quote.share, Some(quote.reason))),
        start: Some(benefit_start(quote.start)),
        due_fen,
    }
}

fn benefit_start(start: BenefitStart) -> pb::BenefitStart {
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let parts = start.parts.into_iter().map(|part| pb::WaitingPart {
        rule: part.rule,
        added_months: i32::try_from(part.months).unwrap_or(i32::MAX),
    });
    let mut answer = pb::BenefitStart {
        benefit_from_day: start.day.to_string(),
        waiting_months: count(start.waiting_months),
        parts: parts.collect(),
        broken_years: count(start.broken_years),
        reasons: vec![reason(start.reason)],
        ..pb::BenefitStart::default()
    };
    if let Some(repair) = start.repair {
        answer.repairable_years = count(repair.repairable_years);
        answer.repaid_years = count(repair.repaid_years);
        answer.repair_fee_fen = repair.fee.map_or(0, |fee| fee.0);
        answer.reasons.push(reason(repair.reason));
    }
    answer
}

/// A subsidy as the wire shows it.
fn subsidy(year: InsuranceYear, share: FeeShare, why: Option<Reason>) -> pb::Subsidy {
    let identity = share.identity.map(|kind| kind.to_string());
    pb::Subsidy {
        year: year.number,
        identity_kind: identity.unwrap_or_default(),
        personal_fee_fen: share.fee.0,
        subsidy_fen: share.subsidy.0,
        to_pay_fen: share.to_pay.0,
        reason: why.map(reason),
        fee_tier: share.tier.unwrap_or_default(),
        pay_now_fen: share.pay_now.0,
    }
}

fn reason(reason: Reason) -> common::Reason {
    common::Reason {
        subject: reason.subject.to_string(),
        rule: reason.rule.to_string(),
        clause: reason.clause.to_string(),
        policy_item_code: reason.item_code.unwrap_or_default().to_string(),
        input_fen: reason.input.0,
        rate_bp: reason.rate.map(|rate| rate.0),
        output_fen: reason.output.0,
        sentence: reason.text(),
        assumed: reason.assumed.is_some(),
        assumption: reason
            .assumed
            .map(|name| name.to_string())
            .unwrap_or_default(),
    }
}

/// A suspension as the wire shows it.
pub fn suspension(suspension: Suspension) -> pb::Suspension {
    pb::Suspension {
        suspension_id: suspension.id.to_string(),
        from_day: suspension.period.from.to_string(),
        until_day: render::optional_day(suspension.period.until),
        reason: suspension.reason,
    }
}

/// A person with what is recorded of them, as the wire shows it.
pub fn person_file(law: &Law, file: PersonFile) -> pb::GetPersonResponse {
    let coverages = file.coverages.into_iter();
    pb::GetPersonResponse {
        person: Some(person(file.person)),
        identities: file.identities.into_iter().map(identity).collect(),
        coverages: coverages
            .map(|one| coverage(law, one, &file.changes))
            .collect(),
        suspensions: file.suspensions.into_iter().map(suspension).collect(),
    }
}

/// What enrollment says of a person on a day, as the wire shows it.
pub fn member(area: &AreaCode, member: Member) -> common::Member {
    let why = |one: &Ineligibility| ineligibility(one, &member.scheme);
    let kinds = member.identities.iter();
    let filed = member.filed_diseases.into_iter();
    let filed = filed.map(disease_filing::filed_disease);
    common::Member {
        person_id: member.person.to_string(),
        area_code: area.to_string(),
        person_version: member.version,
        scheme: member.scheme.to_string(),
        as_of_day: member.day.to_string(),
        eligible: member.ineligibilities.is_empty(),
        ineligibilities: member.ineligibilities.iter().map(why).collect(),
        sex: member.sex.to_string(),
        birth_day: member.birth_day.to_string(),
        identity_kinds: kinds.map(|kind| kind.to_string()).collect(),
        continuous_years: i32::try_from(member.continuous_years).unwrap_or(i32::MAX),
        person_type: standing::person_type(&member.standing),
        covered_by: standing::covered_by(&member.standing),
        insured_years: member.insured_years,
        filed_diseases: filed.collect(),
        elsewhere_claim_years: member.elsewhere_claim_years,
    }
}

fn ineligibility(one: &Ineligibility, scheme: &Scheme) -> common::Ineligibility {
    use common::ineligibility::Reason;
    let reason = match one {
        Ineligibility::Dead => Reason::Dead,
        Ineligibility::NotInsured { .. } => Reason::NotInsured,
        Ineligibility::Waiting { .. } => Reason::Waiting,
        Ineligibility::Suspended { .. } => Reason::Suspended,
    };
    common::Ineligibility {
        reason: reason.into(),
        sentence: one.sentence(scheme),
        until_day: render::optional_day(one.until()),
    }
}

/// The text of a package; what it says is decided upon later.
pub fn package_text(text: &str) -> Result<(), Refusal> {
    let fits = (1..=PACKAGE_BYTES_MAX).contains(&text.len());
    let expected = format_args!("1至{PACKAGE_BYTES_MAX}字节的政策包文本");
    parse::wanted("text", fits.then_some(()), expected)
}

/// The activation of a package.
pub fn activate(message: &pb::ActivatePackageRequest) -> Result<Activate, Refusal> {
    Ok(Activate {
        digest: parse::digest("package_digest", &message.package_digest)?,
        since: parse::instant("activates_time", message.activates_time)?,
        reason: parse::optional_text("reason", &message.reason, 200)?,
    })
}
