//! Protobuf to domain and back.

use crate::domain::{NewParticipant, Participant};
use kernel::{AreaCode, Refusal};
use proto::interregional as pb;
use runtime::parse;

/// A participant to register.
pub fn new_participant(
    message: &pb::RegisterParticipantRequest,
) -> Result<NewParticipant, Refusal> {
    Ok(NewParticipant {
        region: parse::field("region_code", AreaCode::parse(&message.region_code))?,
        name: parse::text("name", &message.name, 50)?,
        from: parse::day("from_day", &message.from_day)?,
    })
}

/// A participant as the wire shows it.
pub fn participant(participant: Participant) -> pb::Participant {
    pb::Participant {
        participant_id: participant.id.to_string(),
        region_code: participant.region.to_string(),
        name: participant.name,
        from_day: participant.from.to_string(),
    }
}
