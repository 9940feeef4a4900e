//! What enrollment says of a person, from protobuf.

use crate::domain::{FiledDisease, Member};
use kernel::refusal::invalid;
use kernel::{
    Day, DiseaseCode, FilingId, FilingKind, IdentityKind, InstitutionCode, Period, PersonId,
    PersonType, Refusal, Scheme,
};
use policy::{FILINGS_MAX, IDENTITIES_MAX, YEARS_MAX};
use proto::common;
use runtime::parse;
use std::ops::RangeInclusive;

/// Years insured that a person brings at most.
const INSURED_YEARS_MAX: usize = 100;
/// Filed diseases that a person brings at most, by days at the same institutions.
const FILED_MAX: usize = 1_000;
/// What is a year of insurance at all.
const YEARS: RangeInclusive<i32> = 1900..=2200;

/// What enrollment says of a person.
pub fn member(member: &common::Member) -> Result<Member, Refusal> {
    member_at("member", member)
}

/// What enrollment says of a person, named so by the caller.
pub fn member_at(place: &str, member: &common::Member) -> Result<Member, Refusal> {
    let path = |field: &str| format!("{place}.{field}");
    let years = u32::try_from(member.continuous_years);
    let years = years.ok().filter(|years| *years <= YEARS_MAX);
    let expected = format_args!("0至{YEARS_MAX}年");
    let kind = Some(member.person_type.as_str()).filter(|code| !code.is_empty());
    let person_type = kind.map(|code| parse::code(path("person_type"), PersonType::parse(code)));
    Ok(Member {
        person: parse::field(path("person_id"), PersonId::parse(&member.person_id))?,
        version: member.person_version,
        scheme: parse::code(path("scheme"), Scheme::parse(&member.scheme))?,
        as_of: parse::day(path("as_of_day"), &member.as_of_day)?,
        eligible: member.eligible,
        reason: member
            .ineligibilities
            .first()
            .map(|reason| reason.sentence.clone()),
        identities: identities(&path("identity_kinds"), &member.identity_kinds)?,
        birth: parse::optional_day(path("birth_day"), &member.birth_day)?,
        continuous_years: parse::wanted(path("continuous_years"), years, expected)?,
        person_type: person_type.transpose()?,
        covered_by: covered_by(&path("covered_by"), &member.covered_by)?,
        insured_years: insured_years(&path("insured_years"), &member.insured_years)?,
        elsewhere_claim_years: insured_years(
            &path("elsewhere_claim_years"),
            &member.elsewhere_claim_years,
        )?,
        filed_diseases: Some(filed_diseases(
            &path("filed_diseases"),
            &member.filed_diseases,
        )?),
    })
}

fn filed_diseases(
    path: &str,
    filed: &[common::FiledDisease],
) -> Result<Vec<FiledDisease>, Refusal> {
    if filed.len() > FILED_MAX {
        return Err(invalid(path, format!("至多{FILED_MAX}条")));
    }
    let filed = filed.iter().enumerate();
    let one = |(index, one)| filed_disease(&format!("{path}[{index}]"), one);
    filed.map(one).collect()
}

fn filed_disease(place: &str, filed: &common::FiledDisease) -> Result<FiledDisease, Refusal> {
    use common::filed_disease::Kind;
    let path = |field: &str| format!("{place}.{field}");
    let kind = match filed.kind() {
        Kind::Chronic => Some(FilingKind::Chronic),
        Kind::TwoDiseases => Some(FilingKind::TwoDiseases),
        Kind::Unspecified => None,
    };
    let first = parse::day(path("first_day"), &filed.first_day)?;
    let last = parse::optional_day(path("last_day"), &filed.last_day)?;
    let period = Period::new(first, last.map(Day::next));
    let institution = |(index, code): (usize, &String)| {
        let path = path(&format!("institution_codes[{index}]"));
        parse::field(path, InstitutionCode::parse(code))
    };
    let institutions = filed.institution_codes.iter().enumerate();
    let disease = DiseaseCode::parse(&filed.disease_code);
    Ok(FiledDisease {
        filing: parse::field(path("filing_id"), FilingId::parse(&filed.filing_id))?,
        kind: parse::wanted(path("kind"), kind, "已知的备案类别")?,
        disease: parse::field(path("disease_code"), disease)?,
        period: parse::wanted(path("last_day"), period, "不早于 first_day 的日期,或不填")?,
        institutions: institutions.map(institution).collect::<Result<_, _>>()?,
    })
}

/// 人员身份类别.
pub fn identities(path: &str, kinds: &[String]) -> Result<Vec<IdentityKind>, Refusal> {
    if kinds.len() > IDENTITIES_MAX {
        return Err(invalid(path, format!("至多{IDENTITIES_MAX}种身份")));
    }
    let kind = |(index, kind): (usize, &String)| {
        parse::code(format!("{path}[{index}]"), IdentityKind::parse(kind))
    };
    kinds.iter().enumerate().map(kind).collect()
}

fn covered_by(path: &str, codes: &[String]) -> Result<Vec<Scheme>, Refusal> {
    if codes.len() > FILINGS_MAX {
        return Err(invalid(path, format!("至多{FILINGS_MAX}个险种")));
    }
    let scheme = |(index, code): (usize, &String)| {
        parse::code(format!("{path}[{index}]"), Scheme::parse(code))
    };
    codes.iter().enumerate().map(scheme).collect()
}

fn insured_years(path: &str, years: &[i32]) -> Result<Vec<i32>, Refusal> {
    let fits = years.len() <= INSURED_YEARS_MAX && years.iter().all(|year| YEARS.contains(year));
    let expected = format_args!("至多{INSURED_YEARS_MAX}个年份");
    parse::wanted(path, fits.then(|| years.to_vec()), expected)
}
