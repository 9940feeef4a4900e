//! From the wire to the domain's words: parse once, refuse with the field's path, and never
//! validate again.

use kernel::refusal::invalid;
use kernel::{
    AccessFilter, BadText, CODE_EXPECTED, Day, Digest, Instant, Period, Refusal, RequestId,
};
use proto::common;
use std::fmt::Display;

/// Gives a bad value its field: `parse::field("person_id", PersonId::parse(text))?`.
pub fn field<T>(path: impl Into<String>, parsed: Result<T, BadText>) -> Result<T, Refusal> {
    parsed.map_err(|bad| invalid(path, bad.expected))
}

/// The caller's request id.
pub fn request_id(text: &str) -> Result<RequestId, Refusal> {
    field("request_id", RequestId::parse(text))
}

/// The id of the request a withdrawal or a burning is about.
pub fn original_request_id(text: &str) -> Result<RequestId, Refusal> {
    field("original_request_id", RequestId::parse(text))
}

/// A day that must be there.
pub fn day(path: impl Into<String>, text: &str) -> Result<Day, Refusal> {
    Day::parse(text).map_err(|_| invalid(path, "YYYY-MM-DD 格式的日期(1900至2999年)"))
}

/// A day, or nothing when the text is empty.
pub fn optional_day(path: impl Into<String>, text: &str) -> Result<Option<Day>, Refusal> {
    match text {
        "" => Ok(None),
        text => day(path, text).map(Some),
    }
}

/// A national code: `parse::code("scheme", Scheme::parse(text))?`.
pub fn code<T>(path: impl Into<String>, parsed: Option<T>) -> Result<T, Refusal> {
    wanted(path, parsed, CODE_EXPECTED)
}

/// Any value that may be missing or ill-formed.
pub fn wanted<T>(
    path: impl Into<String>,
    parsed: Option<T>,
    expected: impl Display,
) -> Result<T, Refusal> {
    parsed.ok_or_else(|| invalid(path, expected))
}

/// Text of 1 to `max` characters without control characters, trimmed.
pub fn text(path: impl Into<String>, text: &str, max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    wanted(
        path,
        fits.then(|| text.to_string()),
        format_args!("1至{max}个字符"),
    )
}

/// A name of 1 to `max` characters of `[A-Za-z0-9_-]`.
pub fn token(path: impl Into<String>, text: &str, max: usize) -> Result<String, Refusal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let fits = (1..=max).contains(&text.len()) && text.bytes().all(plain);
    wanted(
        path,
        fits.then(|| text.to_string()),
        format_args!("1至{max}个 [A-Za-z0-9_-] 字符"),
    )
}

/// Text of at most `max` characters without control characters, trimmed; may be empty.
pub fn optional_text(
    path: impl Into<String>,
    optional: &str,
    max: usize,
) -> Result<String, Refusal> {
    match optional {
        "" => Ok(String::new()),
        given => text(path, given, max),
    }
}

/// An instant that must be there, cut to microseconds.
pub fn instant(
    path: impl Into<String>,
    timestamp: Option<prost_types::Timestamp>,
) -> Result<Instant, Refusal> {
    let path = path.into();
    let timestamp = message(&path, timestamp)?;
    let within = i64::from(timestamp.nanos) < 1_000_000_000 && timestamp.nanos >= 0;
    let micros = timestamp.seconds.checked_mul(1_000_000);
    let micros = micros.and_then(|micros| micros.checked_add(i64::from(timestamp.nanos / 1_000)));
    let instant = micros.filter(|_| within).map(Instant::from_micros);
    // What is stored and told can be written as a date.
    let instant = instant.filter(|instant| (Instant::EARLIEST..=Instant::LATEST).contains(instant));
    wanted(path, instant, "1900至2999年的时刻")
}

/// An SM3 digest that must be there.
pub fn digest(path: impl Into<String>, text: &str) -> Result<Digest, Refusal> {
    wanted(path, Digest::parse(text), "64位十六进制的SM3摘要")
}

/// A number that is not below zero.
pub fn not_negative(path: impl Into<String>, number: i64) -> Result<i64, Refusal> {
    wanted(path, (number >= 0).then_some(number), "不小于零")
}

/// A message that must be there.
pub fn message<T>(path: impl Into<String>, message: Option<T>) -> Result<T, Refusal> {
    wanted(path, message, "必填")
}

/// Which accesses an auditor asks for.
pub fn access_filter(filter: Option<common::AccessFilter>) -> Result<AccessFilter, Refusal> {
    let filter = filter.unwrap_or_default();
    let given = |path: &str, value: &str, max| -> Result<_, Refusal> {
        let given = optional_text(path, value, max)?;
        Ok(Some(given).filter(|given| !given.is_empty()))
    };
    let from = optional_day("filter.from_day", &filter.from_day)?;
    let to = optional_day("filter.to_day", &filter.to_day)?;
    let days = match (from, to) {
        (None, None) => None,
        (Some(from), None) => Period::new(from, None),
        (Some(from), Some(to)) => {
            let days = Period::inclusive(from, to);
            Some(wanted("filter.to_day", days, "不早于 from_day")?)
        }
        (None, Some(_)) => return Err(invalid("filter.from_day", "有 to_day 时必填")),
    };
    Ok(AccessFilter {
        caller: given("filter.caller", &filter.caller, 200)?,
        subject: given("filter.subject_id", &filter.subject_id, 64)?,
        days,
    })
}

/// One of the methods whose keys can be asked about.
pub fn method(text: &str, methods: &[&'static str]) -> Result<&'static str, Refusal> {
    let known = methods.iter().find(|method| **method == text).copied();
    wanted("method", known, format_args!("{} 之一", methods.join("、")))
}
