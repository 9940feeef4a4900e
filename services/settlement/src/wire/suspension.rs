//! 暂停联网结算.

use crate::domain::{Suspension, Whom};
use kernel::refusal::invalid;
use kernel::{Instant, InstitutionCode, OnlineSuspensionId, PersonId, Refusal};
use proto::settlement as pb;
use runtime::{parse, render};

/// A suspension to record, under this id.
pub fn new_suspension(
    message: &pb::SuspendOnlineRequest,
    id: OnlineSuspensionId,
    now: Instant,
) -> Result<Suspension, Refusal> {
    let (code, person) = (&message.institution_code, &message.person_id);
    let whom = match (code.as_str(), person.as_str()) {
        ("", "") => return Err(invalid("person_id", "机构与人员二者之一")),
        (code, "") => {
            let code = InstitutionCode::parse(code);
            Whom::Institution(parse::field("institution_code", code)?)
        }
        ("", person) => Whom::Person(parse::field("person_id", PersonId::parse(person))?),
        _ => return Err(invalid("person_id", "机构与人员只填其一")),
    };
    Ok(Suspension {
        id,
        whom,
        from: parse::day("from_day", &message.from_day)?,
        until: parse::day("until_day", &message.until_day)?,
        decision: parse::text("decision_number", &message.decision_number, 100)?,
        reason: parse::text("reason", &message.reason, 200)?,
        recorded_at: now,
    })
}

/// A suspension that may be recorded: what must be right in it is what SuspendOnline reads.
pub fn wanted_suspension(
    message: pb::CheckSuspensionRequest,
    id: OnlineSuspensionId,
    now: Instant,
) -> Result<Suspension, Refusal> {
    let wanted = pb::SuspendOnlineRequest {
        institution_code: message.institution_code,
        person_id: message.person_id,
        from_day: message.from_day,
        until_day: message.until_day,
        decision_number: message.decision_number,
        reason: message.reason,
        ..Default::default()
    };
    new_suspension(&wanted, id, now)
}

/// A suspension as the wire shows it.
pub fn suspension(suspension: Suspension) -> pb::Suspension {
    let (institution, person) = match suspension.whom {
        Whom::Institution(code) => (code.to_string(), String::new()),
        Whom::Person(id) => (String::new(), id.to_string()),
    };
    pb::Suspension {
        suspension_id: suspension.id.to_string(),
        institution_code: institution,
        person_id: person,
        from_day: suspension.from.to_string(),
        until_day: suspension.until.to_string(),
        decision_number: suspension.decision,
        reason: suspension.reason,
        recorded_time: Some(render::timestamp(suspension.recorded_at)),
    }
}
