//! 参保口径 and its changes, protobuf to domain and back.

use super::person_id;
use crate::domain::{NewStanding, SUPPLEMENTS_MAX, Standing, StandingChange};
use kernel::refusal::invalid;
use kernel::{PersonType, Refusal, Scheme};
use proto::enrollment as pb;
use runtime::parse;

/// A change to record.
pub fn new_standing(message: &pb::ChangeStandingRequest) -> Result<NewStanding, Refusal> {
    Ok(NewStanding {
        person: person_id(&message.person_id)?,
        from: parse::day("from_day", &message.from_day)?,
        standing: standing(&message.person_type, &message.covered_by, "")?,
    })
}

/// 参保口径 beside a scheme, which supplements itself by nothing; empty where it is not known here.
pub fn standing(person_type: &str, codes: &[String], scheme: &str) -> Result<Standing, Refusal> {
    let person_type = Some(person_type).filter(|code| !code.is_empty());
    let person_type = person_type.map(|code| parse::code("person_type", PersonType::parse(code)));
    if codes.len() > SUPPLEMENTS_MAX {
        return Err(invalid(
            "covered_by",
            format!("至多{SUPPLEMENTS_MAX}个险种"),
        ));
    }
    let mut covered_by = Vec::with_capacity(codes.len());
    for (index, code) in codes.iter().enumerate() {
        let path = format!("covered_by[{index}]");
        let supplement = parse::code(path.clone(), Scheme::parse(code))?;
        if code == scheme || covered_by.contains(&supplement) {
            return Err(invalid(path, "与所参险种不同、且不重复的险种"));
        }
        covered_by.push(supplement);
    }
    Ok(Standing {
        person_type: person_type.transpose()?,
        covered_by,
    })
}

/// A change as the wire shows it.
pub fn change(change: &StandingChange) -> pb::StandingChange {
    pb::StandingChange {
        standing_change_id: change.id.to_string(),
        coverage_id: change.coverage.to_string(),
        from_day: change.from.to_string(),
        person_type: person_type(&change.standing),
        covered_by: covered_by(&change.standing),
    }
}

/// 人员类别; empty when nobody said.
pub fn person_type(standing: &Standing) -> String {
    let kind = standing.person_type.as_ref();
    kind.map(|kind| kind.to_string()).unwrap_or_default()
}

/// 另参加的险种.
pub fn covered_by(standing: &Standing) -> Vec<String> {
    let schemes = standing.covered_by.iter();
    schemes.map(|scheme| scheme.to_string()).collect()
}
