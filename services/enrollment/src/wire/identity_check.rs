//! 就诊凭证 and 人证核验: the public interface's messages.

use crate::app::Shown;
use crate::domain::{
    AtVisit, Card, Certificate, CheckedPerson, Clearance, CredentialToken, IdentityCheck,
    IssuedToken, Manner, NewCheck, NewToken, Purpose, Seen, TokenText,
};
use kernel::refusal::invalid;
use kernel::{
    CardNumber, IdNumber, IdentityCheckId, Instant, InstitutionCode, PersonName, Refusal,
};
use proto::enrollment as internal;
use proto::orchestrator as pb;
use runtime::{parse, render};

/// The longest 就诊ID (mdtrt_id).
const VISIT_NUMBER_MAX: usize = 30;
/// The longest 经办人 (opter).
const OPERATOR_MAX: usize = 30;

/// 卡号 (mdtrt_cert_no).
pub fn card_number(text: &str) -> Result<CardNumber, Refusal> {
    parse::wanted("card_number", CardNumber::parse(text), CardNumber::EXPECTED)
}

/// A check that is named.
pub fn check_id(text: &str) -> Result<IdentityCheckId, Refusal> {
    parse::field("identity_check_id", IdentityCheckId::parse(text))
}

/// A token to issue.
pub fn new_token(message: &pb::IssueTokenRequest) -> Result<NewToken, Refusal> {
    let institution = InstitutionCode::parse(&message.institution_code);
    let seconds = match i64::from(message.lifetime_seconds) {
        0 => Some(NewToken::SECONDS_DEFAULT),
        seconds => Some(seconds).filter(|asked| (1..=NewToken::SECONDS_MAX).contains(asked)),
    };
    let expected = format_args!("1至{}秒,或0", NewToken::SECONDS_MAX);
    Ok(NewToken {
        person: super::person_id(&message.person_id)?,
        institution: parse::field("institution_code", institution)?,
        purpose: purpose(message.purpose)?,
        seconds: parse::wanted("lifetime_seconds", seconds, expected)?,
    })
}

/// A check to make, for this institution.
pub fn new_check(
    message: &pb::VerifyIdentityRequest,
    institution: InstitutionCode,
) -> Result<NewCheck, Refusal> {
    let manner = manner(message.manner)?;
    let name = match message.name.as_str() {
        "" => None,
        name => {
            let name = PersonName::parse(name);
            Some(parse::wanted("name", name, PersonName::EXPECTED)?)
        }
    };
    let certificate = certificate(&message.certificate_type, &message.certificate_number)?;
    if matches!(certificate, Certificate::IdNumber(_)) && name.is_none() {
        return Err(invalid("name", "凭身份证核验须填姓名"));
    }
    Ok(NewCheck {
        institution,
        visit_number: parse::token("visit_number", &message.visit_number, VISIT_NUMBER_MAX)?,
        purpose: purpose(message.purpose)?,
        certificate,
        name,
        manner,
        seen: seen(manner, message.seen())?,
        operator: parse::token("operator_code", &message.operator_code, OPERATOR_MAX)?,
    })
}

fn certificate(kind: &str, number: &str) -> Result<Certificate, Refusal> {
    let path = "certificate_number";
    match kind {
        "01" => {
            let text = parse::wanted(path, TokenText::parse(number), TokenText::EXPECTED)?;
            Ok(Certificate::Token(text))
        }
        "02" => {
            let number = parse::wanted(path, IdNumber::parse(number), IdNumber::EXPECTED)?;
            Ok(Certificate::IdNumber(number))
        }
        "03" => {
            let number = parse::wanted(path, CardNumber::parse(number), CardNumber::EXPECTED)?;
            Ok(Certificate::Card(number))
        }
        _ => Err(invalid(
            "certificate_type",
            "01 电子凭证、02 身份证、03 社保卡 之一",
        )),
    }
}

/// What was seen: by whoever looked, and by a query what the certificate says.
fn seen(manner: Manner, told: pb::identity_check::Result) -> Result<Seen, Refusal> {
    use pb::identity_check::Result as Told;
    let seen = match (manner.looked(), told) {
        (false, Told::Unspecified) | (true, Told::Matched) => Some(Seen::Matched),
        (true, Told::NotMatched) => Some(Seen::NotMatched),
        _ => None,
    };
    let expected = "人工、视频核验为 RESULT_MATCHED 或 RESULT_NOT_MATCHED,联网查询不填";
    parse::wanted("seen", seen, expected)
}

fn purpose(number: i32) -> Result<Purpose, Refusal> {
    use pb::identity_check::Purpose as Told;
    let purpose = match Told::try_from(number) {
        Ok(Told::Register) => Some(Purpose::Register),
        Ok(Told::Admit) => Some(Purpose::Admit),
        Ok(Told::Settle) => Some(Purpose::Settle),
        Ok(Told::Unspecified) | Err(_) => None,
    };
    parse::wanted(
        "purpose",
        purpose,
        "PURPOSE_REGISTER、PURPOSE_ADMIT、PURPOSE_SETTLE 之一",
    )
}

fn manner(number: i32) -> Result<Manner, Refusal> {
    use pb::identity_check::Manner as Told;
    let manner = match Told::try_from(number) {
        Ok(Told::Query) => Some(Manner::Query),
        Ok(Told::Manual) => Some(Manner::Manual),
        Ok(Told::Video) => Some(Manner::Video),
        Ok(Told::Unspecified) | Err(_) => None,
    };
    parse::wanted(
        "manner",
        manner,
        "MANNER_QUERY、MANNER_MANUAL、MANNER_VIDEO 之一",
    )
}

/// Of which visit eligibility is asked; of none where it names no institution.
pub fn at_visit(message: &internal::CheckEligibilityRequest) -> Result<Option<AtVisit>, Refusal> {
    if message.institution_code.is_empty() {
        return Ok(None);
    }
    let institution = InstitutionCode::parse(&message.institution_code);
    let shown = match message.identity_check_id.as_str() {
        "" => None,
        id => Some(check_id(id)?),
    };
    Ok(Some(AtVisit {
        institution: parse::field("institution_code", institution)?,
        visit_number: parse::token("visit_number", &message.visit_number, VISIT_NUMBER_MAX)?,
        shown,
        required: message.identity_required,
    }))
}

/// A card as the wire shows it: its number masked.
pub fn card(card: Card) -> pb::Card {
    use pb::card::State;
    let state = match card.revoked {
        None => State::Valid,
        Some(_) => State::Revoked,
    };
    let (at, reason) = card
        .revoked
        .map(|revoked| (revoked.at, revoked.reason))
        .unzip();
    pb::Card {
        card_id: card.id.to_string(),
        person_id: card.person.to_string(),
        masked_card_number: card.number.masked(),
        state: state.into(),
        revoked_time: at.map(render::timestamp),
        revocation_reason: reason.unwrap_or_default(),
    }
}

/// A token as the wire shows it.
pub fn issued(issued: IssuedToken, replayed: bool) -> pb::IssueTokenResponse {
    let text = issued.text.map(|text| text.expose().to_string());
    pb::IssueTokenResponse {
        token: text.unwrap_or_default(),
        issued: Some(token(issued.token)),
        replayed,
    }
}

fn token(token: CredentialToken) -> pb::CredentialToken {
    pb::CredentialToken {
        token_id: token.id.to_string(),
        person_id: token.person.to_string(),
        institution_code: token.institution.to_string(),
        purpose: told_purpose(token.purpose).into(),
        expires_time: Some(render::timestamp(token.expires)),
        used_time: token.used.map(render::timestamp),
    }
}

fn told_purpose(purpose: Purpose) -> pb::identity_check::Purpose {
    use pb::identity_check::Purpose as Told;
    match purpose {
        Purpose::Register => Told::Register,
        Purpose::Admit => Told::Admit,
        Purpose::Settle => Told::Settle,
    }
}

/// A check as the wire shows it, with the person where they were seen.
pub fn shown((check, checked): Shown) -> pb::IdentityCheck {
    pb::IdentityCheck {
        person: checked.map(person),
        ..without_person(check)
    }
}

/// A check as the wire shows it in a list.
pub fn without_person(check: IdentityCheck) -> pb::IdentityCheck {
    use pb::identity_check::{Manner as ToldManner, Result as ToldResult};
    let manner = match check.manner {
        Manner::Query => ToldManner::Query,
        Manner::Manual => ToldManner::Manual,
        Manner::Video => ToldManner::Video,
    };
    let result = match check.seen {
        Seen::Matched => ToldResult::Matched,
        Seen::NotMatched => ToldResult::NotMatched,
    };
    let (_, at): (String, Instant) = check.made;
    pb::IdentityCheck {
        identity_check_id: check.id.to_string(),
        institution_code: check.institution.to_string(),
        visit_number: check.visit_number,
        purpose: told_purpose(check.purpose).into(),
        certificate_type: check.certificate,
        manner: manner.into(),
        result: result.into(),
        operator_code: check.operator,
        checked_time: Some(render::timestamp(at)),
        valid_until_time: check.settles_until.map(render::timestamp),
        person: None,
        clearance: check.cleared.map(clearance),
    }
}

fn clearance(cleared: Clearance) -> pb::Clearance {
    let check = cleared.check.map(|id| id.to_string());
    pb::Clearance {
        cleared_time: Some(render::timestamp(cleared.at)),
        cleared_by: cleared.by,
        identity_check_id: check.unwrap_or_default(),
        reason: cleared.reason,
    }
}

fn person(checked: CheckedPerson) -> pb::CheckedPerson {
    let CheckedPerson { person, schemes } = checked;
    pb::CheckedPerson {
        person_id: person.id.to_string(),
        masked_name: person.name.masked(),
        sex: person.sex.to_string(),
        birth_day: person.birth_day.to_string(),
        schemes: schemes.iter().map(ToString::to_string).collect(),
    }
}
