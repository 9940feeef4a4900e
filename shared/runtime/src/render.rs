//! From the domain's words to the messages all services share.

use kernel::seal::{Block, Cause, Flaw};
use kernel::{
    AccessEntry, Day, Document, Instant, Outcome, OutcomeState, Refusal, SealedEvent, SeenKind,
    Standing,
};
use proto::common;

/// An instant as the wire writes it.
pub fn timestamp(instant: Instant) -> prost_types::Timestamp {
    let (seconds, micros) = (
        instant.micros().div_euclid(1_000_000),
        instant.micros().rem_euclid(1_000_000),
    );
    prost_types::Timestamp {
        seconds,
        nanos: i32::try_from(micros * 1_000).unwrap_or(0),
    }
}

/// A day, or an empty text.
pub fn optional_day(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// What became of a request.
pub fn outcome(outcome: Outcome) -> common::Outcome {
    use common::outcome::State;
    let state = match outcome.state {
        OutcomeState::Pending => State::Pending,
        OutcomeState::Done => State::Done,
        OutcomeState::Refused => State::Refused,
        OutcomeState::Withdrawn => State::Withdrawn,
        OutcomeState::UnknownHere => State::UnknownHere,
    };
    common::Outcome {
        state: state.into(),
        subject_id: outcome.subject.unwrap_or_default(),
        refused: outcome.refusal.as_ref().map(refused),
        recorded_time: outcome.recorded.map(timestamp),
    }
}

/// A remembered "no".
pub fn refused(refusal: &Refusal) -> common::Refused {
    common::Refused {
        code: refusal.code.to_string(),
        sentence: refusal.sentence(),
        remedy: refusal.remedy.to_string(),
        field: refusal.field.clone().unwrap_or_default(),
    }
}

/// A sealed event.
pub fn event(event: SealedEvent) -> common::Event {
    common::Event {
        position: event.position,
        event_id: event.id,
        area_code: event.area.to_string(),
        kind: event.kind,
        subject_id: event.subject,
        facts_json: event.facts,
        occurred_time: Some(timestamp(event.occurred)),
    }
}

/// An entry of the access log.
pub fn access_entry(entry: AccessEntry) -> common::AccessEntry {
    use common::access_entry::Kind;
    let kind = match entry.kind {
        SeenKind::Read => Kind::Read,
        SeenKind::Denied => Kind::Denied,
    };
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    common::AccessEntry {
        entry_id: entry.id,
        area_code: entry.area.to_string(),
        seen_time: Some(timestamp(entry.at)),
        caller: entry.caller,
        roles: entry.roles,
        method: entry.method,
        kind: kind.into(),
        subject_ids: entry.subjects,
        subject_count: count(entry.subject_count),
        purpose: entry.purpose,
        outcome: entry.outcome,
        trace_id: entry.trace_id,
        attempt_count: count(entry.times),
    }
}

/// How far a chain holds.
pub fn chain_check(held: Option<Block>, flaw: Option<Flaw>, more: bool) -> common::ChainCheck {
    common::ChainCheck {
        block_number: held.as_ref().map_or(0, |held| held.number),
        last_position: held.as_ref().map_or(0, |held| held.last_position),
        block_hash: held.map_or(String::new(), |held| held.hash().to_string()),
        flaw: flaw.map(chain_flaw),
        more,
    }
}

fn chain_flaw(flaw: Flaw) -> common::ChainFlaw {
    use common::chain_flaw::Cause as Told;
    let cause = match flaw.cause {
        Cause::Edited => Told::Edited,
        Cause::Deleted => Told::Deleted,
        Cause::Reordered => Told::Reordered,
        Cause::Inserted => Told::Inserted,
        Cause::BlockEdited => Told::BlockEdited,
        Cause::BlockDeleted => Told::BlockDeleted,
        Cause::Rewritten => Told::Rewritten,
        Cause::TailCut => Told::TailCut,
    };
    common::ChainFlaw {
        cause: cause.into(),
        block_number: flaw.block,
        first_position: flaw.first_position,
        last_position: flaw.last_position,
        position: flaw.position,
    }
}

/// A policy package and where it stands.
pub fn package(document: Document, standing: Standing) -> common::PolicyPackage {
    use common::policy_package::State;
    let state = match standing {
        Standing::Proposed => State::Proposed,
        Standing::Scheduled => State::Scheduled,
        Standing::InForce => State::InForce,
        Standing::Superseded => State::Superseded,
    };
    let described = document.described;
    let mut package = common::PolicyPackage {
        package_digest: described.digest.to_string(),
        name: described.name,
        title: described.title,
        scheme: described.series,
        first_day: described.period.from.to_string(),
        until_day: optional_day(described.period.until),
        builtin: document.proposal.is_none(),
        state: state.into(),
        ..Default::default()
    };
    if let Some(proposal) = document.proposal {
        package.proposal_id = proposal.id;
        package.proposed_by = proposal.by;
        package.proposed_time = Some(timestamp(proposal.at));
    }
    if let Some(activation) = document.activation {
        package.activation_id = activation.id;
        package.activated_by = activation.by;
        package.activated_time = Some(timestamp(activation.at));
        package.activates_time = Some(timestamp(activation.since));
        package.reason = activation.reason;
    }
    package
}
