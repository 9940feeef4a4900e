//! 答复: what a gRPC status says, read from its `google.rpc` details for a person to see.

use runtime::code_name;
use std::fmt;
use tonic::Status;
use tonic_types::StatusExt;

/// A "no" in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The gRPC code, such as `FAILED_PRECONDITION`.
    pub status: &'static str,
    /// The refusal's code, such as `NOT_NEWEST`; empty when the answer has none.
    pub code: String,
    /// The Chinese sentence, or whatever message there is.
    pub sentence: String,
    /// What can be done about it; may be empty.
    pub remedy: String,
    /// The path of the field it concerns; may be empty.
    pub field: String,
}

impl Told {
    /// Reads a status.
    pub fn of(status: &Status) -> Told {
        let details = status.get_error_details();
        let info = details.error_info();
        let remedy = info.and_then(|info| info.metadata.get("remedy").cloned());
        let remedy = remedy.unwrap_or_default();
        let message = details.localized_message().map(|m| m.message.as_str());
        let message = message.unwrap_or(status.message());
        let violation = details
            .bad_request()
            .and_then(|bad| bad.field_violations.first());
        Told {
            status: code_name(status.code()),
            code: info.map(|info| info.reason.clone()).unwrap_or_default(),
            sentence: message.strip_suffix(&remedy).unwrap_or(message).to_string(),
            remedy,
            field: violation.map(|v| v.field.clone()).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = match self.code.as_str() {
            "" => self.status,
            code => code,
        };
        write!(f, "{code} {}{}", self.sentence, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::refusal::invalid;

    #[test]
    fn a_refusal_is_read_whole() {
        let told = Told::of(&runtime::status_of(&invalid("claim.begin_day", "日期")));
        assert_eq!(
            (told.status, told.code.as_str()),
            ("INVALID_ARGUMENT", "INVALID_FIELD")
        );
        assert_eq!(told.sentence, "字段 claim.begin_day 不符合要求:应为日期。");
        assert_eq!(told.remedy, "请按接口说明更正该字段后重新提交。");
        assert_eq!(told.field, "claim.begin_day");
    }

    #[test]
    fn a_foreign_status_keeps_its_message() {
        #[allow(clippy::disallowed_methods)]
        let told = Told::of(&Status::unimplemented("no such method"));
        assert_eq!(told.to_string(), "UNIMPLEMENTED no such method");
    }
}
