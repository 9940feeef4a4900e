//! The one place where a refusal becomes a gRPC status and a status becomes a refusal again.

use kernel::refusal::{DEADLINE_EXCEEDED, UNAVAILABLE};
use kernel::{Fault, Kind, Refusal};
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// `ErrorInfo.domain` of every refusal.
const DOMAIN: &str = "yibao";
/// `ErrorInfo.metadata` key that says a refusal was read from a key row.
const REMEMBERED: &str = "remembered";
/// `ErrorInfo.metadata` key of the remedy.
const REMEDY: &str = "remedy";
/// How long a caller should wait before it asks again, where the refusal does not say.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// The fact by which a refusal says it, in milliseconds.
pub(crate) const RETRY_MS: &str = "retry_ms";

/// Kind to code: the only table of it.
const CODES: [(Kind, Code); 11] = [
    (Kind::Invalid, Code::InvalidArgument),
    (Kind::NotFound, Code::NotFound),
    (Kind::Exists, Code::AlreadyExists),
    (Kind::Precondition, Code::FailedPrecondition),
    (Kind::Busy, Code::Aborted),
    (Kind::Unavailable, Code::Unavailable),
    (Kind::Exhausted, Code::ResourceExhausted),
    (Kind::Unauthenticated, Code::Unauthenticated),
    (Kind::Forbidden, Code::PermissionDenied),
    (Kind::Deadline, Code::DeadlineExceeded),
    (Kind::Internal, Code::Internal),
];

/// A code as gRPC writes it, and OpenTelemetry after it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// True of a code that is the suite's fault, not a "no".
pub fn is_fault(code: &str) -> bool {
    let faults = [
        Code::Unknown,
        Code::DeadlineExceeded,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
    ];
    faults.into_iter().any(|fault| code_name(fault) == code)
}

/// The status of a refusal: ErrorInfo (code, facts), LocalizedMessage (zh-CN), BadRequest (field),
/// RetryInfo where asking again helps.
pub fn status_of(refusal: &Refusal) -> Status {
    let code = CODES.iter().find(|(kind, _)| *kind == refusal.kind);
    let code = code.map_or(Code::Internal, |(_, code)| *code);
    let sentence = refusal.sentence();
    let mut facts: HashMap<String, String> = refusal
        .facts
        .iter()
        .map(|(name, value)| (name.to_string(), value.clone()))
        .collect();
    facts.insert(REMEDY.into(), refusal.remedy.to_string());
    if refusal.remembered {
        facts.insert(REMEMBERED.into(), "true".into());
    }
    let mut details = ErrorDetails::new();
    details
        .set_error_info(refusal.code.to_string(), DOMAIN, facts)
        .set_localized_message("zh-CN", format!("{sentence}{}", refusal.remedy));
    if let Some(field) = &refusal.field {
        details.add_bad_request_violation(field.clone(), sentence.clone());
    }
    if matches!(
        refusal.kind,
        Kind::Busy | Kind::Unavailable | Kind::Exhausted
    ) {
        let told = refusal
            .fact(RETRY_MS)
            .and_then(|millis| millis.parse().ok());
        details.set_retry_info(Some(told.map_or(RETRY_AFTER, Duration::from_millis)));
    }
    #[allow(clippy::disallowed_methods)]
    Status::with_error_details(code, format!("{}: {sentence}", refusal.code), details)
}

/// Reads a peer's status. To a mutating call only a remembered "no" is believed; `asking` is true
/// for calls that change nothing, whose answers are believed unless they are passing ones.
pub fn fault_of(status: Status, asking: bool) -> Fault {
    let refusal = refusal_of(&status);
    match refusal.remembered || (asking && !refusal.kind.is_passing()) {
        true => Fault::Refused(refusal),
        false => Fault::Unknown(refusal),
    }
}

fn refusal_of(status: &Status) -> Refusal {
    let details = status.get_error_details();
    let Some(info) = details.error_info().filter(|info| info.domain == DOMAIN) else {
        return match status.code() {
            Code::DeadlineExceeded | Code::Cancelled => DEADLINE_EXCEEDED.refuse(),
            _ => UNAVAILABLE.refuse().with("part", "peer"),
        };
    };
    let kind = CODES.iter().find(|(_, code)| *code == status.code());
    let kind = kind.map_or(Kind::Internal, |(kind, _)| *kind);
    let mut facts = info.metadata.clone();
    let remembered = facts.remove(REMEMBERED).is_some();
    let remedy = facts.remove(REMEDY).unwrap_or_default();
    let message = details
        .localized_message()
        .map(|m| m.message.clone())
        .unwrap_or_default();
    let sentence = message
        .strip_suffix(remedy.as_str())
        .unwrap_or(&message)
        .to_string();
    let mut facts: Vec<_> = facts.into_iter().collect();
    facts.sort();
    let mut refusal =
        Refusal::told(info.reason.clone(), kind, sentence, remedy).with_told_facts(facts);
    let violation = details
        .bad_request()
        .and_then(|bad| bad.field_violations.first());
    refusal.field = violation.map(|violation| violation.field.clone());
    refusal.remembered = remembered;
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::refusal::{CONTENTION, REQUEST_WITHDRAWN, invalid};

    #[test]
    fn a_refusal_survives_the_wire() {
        let mut no = REQUEST_WITHDRAWN
            .refuse()
            .with("request_id", "R1")
            .at("request_id");
        no.remembered = true;
        let status = status_of(&no);
        assert_eq!(status.code(), Code::FailedPrecondition);
        let Fault::Refused(told) = fault_of(status, false) else {
            panic!("must be believed")
        };
        assert_eq!(
            (told.code.as_ref(), told.sentence()),
            ("REQUEST_WITHDRAWN", no.sentence())
        );
        assert_eq!(told.field.as_deref(), Some("request_id"));
        assert_eq!(told.fact("request_id"), Some("R1"));
    }

    #[test]
    fn only_a_remembered_no_is_believed_of_a_change() {
        let no = invalid("claim.lines[0]", "正数");
        assert!(matches!(fault_of(status_of(&no), false), Fault::Unknown(_)));
        assert!(matches!(fault_of(status_of(&no), true), Fault::Refused(_)));
        let busy = CONTENTION.refuse();
        assert!(matches!(
            fault_of(status_of(&busy), true),
            Fault::Unknown(_)
        ));
        assert!(matches!(
            fault_of(Status::internal("?"), true),
            Fault::Unknown(_)
        ));
    }
}
