//! Protobuf to domain and back.

use crate::domain::{
    Coverage, FeeShare, Household, Identity, Ineligibility, InsuranceYear, Member, NewHousehold,
    NewIdentity, NewPerson, NewSuspension, Payment, Person, PersonFile, Suspension,
};
use kernel::refusal::invalid;
use kernel::{
    AreaCode, Fen, HouseholdId, IdNumber, IdentityKind, Period, PersonId, PersonName, Refusal,
    Scheme, Sex,
};
use policy::{Library, Reason};
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
        scheme: scheme(&message.scheme)?,
        year: year(message.year)?,
        paid_day: parse::day("paid_day", &message.paid_day)?,
        paid: parse::wanted("paid_fen", paid, "不小于零的金额")?,
        exempt: message.exempt_from_waiting,
    })
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

/// An identity as the wire shows it.
pub fn identity(identity: Identity) -> pb::Identity {
    pb::Identity {
        identity_id: identity.id.to_string(),
        kind: identity.kind.to_string(),
        from_day: identity.period.from.to_string(),
        until_day: render::optional_day(identity.period.until),
    }
}

/// A coverage as the wire shows it, the reason of its subsidy computed again.
pub fn coverage(library: &Library, coverage: Coverage) -> pb::Coverage {
    let reason = coverage.reason(library);
    let terms = coverage.terms;
    pb::Coverage {
        coverage_id: coverage.id.to_string(),
        scheme: coverage.scheme.to_string(),
        year: coverage.year.number,
        paid_day: coverage.paid_day.to_string(),
        benefit_from_day: terms.benefit_from.to_string(),
        until_day: terms.until.to_string(),
        subsidy: Some(subsidy(coverage.year, terms.share, reason)),
    }
}

/// A subsidy as the wire shows it.
pub fn subsidy(year: InsuranceYear, share: FeeShare, why: Option<Reason>) -> pb::Subsidy {
    let identity = share.identity.map(|kind| kind.to_string());
    pb::Subsidy {
        year: year.number,
        identity_kind: identity.unwrap_or_default(),
        personal_fee_fen: share.fee.0,
        subsidy_fen: share.subsidy.0,
        to_pay_fen: share.to_pay.0,
        reason: why.map(reason),
    }
}

fn reason(reason: Reason) -> common::Reason {
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
pub fn person_file(library: &Library, file: PersonFile) -> pb::GetPersonResponse {
    let coverages = file.coverages.into_iter();
    pb::GetPersonResponse {
        person: Some(person(file.person)),
        identities: file.identities.into_iter().map(identity).collect(),
        coverages: coverages.map(|one| coverage(library, one)).collect(),
        suspensions: file.suspensions.into_iter().map(suspension).collect(),
    }
}

/// What enrollment says of a person on a day, as the wire shows it.
pub fn member(area: &AreaCode, member: Member) -> common::Member {
    let why = |one: &Ineligibility| ineligibility(one, &member.scheme);
    let kinds = member.identities.iter();
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
