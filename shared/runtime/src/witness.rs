//! 访问留痕: what is read of people is answered after somebody has written down who read it, and who
//! was not let in is written down too. What writes is the service's to give; where nobody gave
//! anything, nothing that is known of people is answered.
//!
//! A step that a service takes in the course of somebody's request is not written down again: the
//! request is, where it was made.

use crate::code_name;
use crate::context::Trusted;
use crate::parse;
use crate::stack::{Layers, method_of, refuse};
use crate::status_of;
use crate::unread::told;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use kernel::refusal::{ACCESS_LOG_UNAVAILABLE, invalid};
use kernel::{Principal, Refusal, Role, SUBJECTS_MAX, Seen, SeenKind};
use opentelemetry::trace::TraceContextExt;
use proto::Subjects;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tonic::Code;
use tonic::metadata::MetadataMap;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// 查阅目的: a case number or a code, why somebody reads. A sentence may hold what it should not.
const PURPOSE_HEADER: &str = "yibao-purpose";
/// Characters of a purpose at most.
pub const PURPOSE_MAX: usize = 64;
/// How long who is not let in waits until that is written down.
const DENIED_PATIENCE: Duration = Duration::from_secs(1);

/// Writes down an access; answers when that is durable.
pub type Witness = Arc<dyn Fn(Seen) -> BoxFuture<'static, Result<(), Refusal>> + Send + Sync>;

/// Where a service's witness will be found: its interfaces are made first.
pub(crate) type WitnessPlace = Arc<OnceLock<Witness>>;

/// Whose data a request asked for, and its answer carries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted(Arc<Mutex<Notes>>);

#[derive(Debug, Default)]
struct Notes {
    subjects: BTreeSet<String>,
    /// How many more there were.
    more: u32,
    purpose: Option<String>,
}

impl Noted {
    /// Everybody in a message.
    pub(crate) fn note(&self, message: &impl Subjects) {
        let mut notes = self.notes();
        let Notes { subjects, more, .. } = &mut *notes;
        message.subjects(&mut |subject| {
            if !is_id(subject) || subjects.contains(subject) {
                return;
            }
            match subjects.len() < SUBJECTS_MAX {
                true => drop(subjects.insert(subject.to_string())),
                false => *more = more.saturating_add(1),
            }
        });
    }

    /// What for, where the message says it.
    pub(crate) fn state(&self, purpose: &str) {
        self.notes().purpose = Some(purpose.to_string());
    }

    /// Puts what was noted into an entry.
    fn fill(&self, seen: &mut Seen) {
        let notes = std::mem::take(&mut *self.notes());
        let kept = u32::try_from(notes.subjects.len()).unwrap_or(u32::MAX);
        seen.subject_count = kept.saturating_add(notes.more);
        seen.subjects = notes.subjects.into_iter().collect();
        if let Some(purpose) = notes.purpose {
            seen.purpose = purpose;
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A UUID, as all our ids are. A caller may write anything where an id belongs, and somebody's name or
/// number shall not stand in the log because of it.
fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    text.len() == 36 && text.bytes().all(plain)
}

/// The layer between the handler of a method that reads what is known of people and everything that
/// could let its answer out.
pub(crate) async fn witnessed(layers: &Layers, mut request: Request, next: Next) -> Response {
    let principal = match request.extensions().get::<Trusted>() {
        Some(Trusted(principal)) => principal.clone(),
        None => return told(request, next).await,
    };
    if !layers.rule.reads_people(method_of(&request)) || is_a_step(&principal) {
        return told(request, next).await;
    }
    let Some(witness) = layers.witness.get().cloned() else {
        tracing::error!("a service without an access log does not answer what is known of people");
        return refuse(&ACCESS_LOG_UNAVAILABLE.refuse());
    };
    let purpose = match purpose(request.headers()) {
        Ok(purpose) => purpose,
        Err(no) => return refuse(&no),
    };
    let mut seen = Seen {
        area: principal.area.clone(),
        caller: principal.key_name(),
        roles: principal.roles,
        method: request.uri().path().to_string(),
        kind: SeenKind::Read,
        subjects: Vec::new(),
        subject_count: 0,
        purpose,
        outcome: "OK",
        trace_id: trace_id(),
    };
    let noted = Noted::default();
    request.extensions_mut().insert(noted.clone());
    let response = told(request, next).await;
    seen.outcome = outcome_of(&response);
    noted.fill(&mut seen);
    match witness(seen).await {
        Ok(()) => response,
        Err(no) => refuse(&no),
    }
}

/// 查阅目的 of a stream, which is stated once for all that is read in it.
pub fn purpose_of(metadata: &MetadataMap) -> Result<String, Refusal> {
    purpose(metadata.as_ref())
}

/// An access that no layer sees, because it is answered in the middle of a stream: whoever answers
/// writes it down before. Nothing where it is a step of somebody's request, which is written down.
pub fn seen_in_stream(
    (principal, method, purpose): (&Principal, &str, &str),
    asked: &impl Subjects,
    told: Result<&impl Subjects, &Refusal>,
) -> Option<Seen> {
    if is_a_step(principal) {
        return None;
    }
    let noted = Noted::default();
    noted.note(asked);
    let code = match told {
        Ok(told) => {
            noted.note(told);
            Code::Ok
        }
        Err(no) => status_of(no).code(),
    };
    let mut seen = Seen {
        area: principal.area.clone(),
        caller: principal.key_name(),
        roles: principal.roles.clone(),
        method: method.to_string(),
        kind: SeenKind::Read,
        subjects: Vec::new(),
        subject_count: 0,
        purpose: purpose.to_string(),
        outcome: code_name(code),
        trace_id: trace_id(),
    };
    noted.fill(&mut seen);
    Some(seen)
}

/// True when a service calls for somebody, whose own call is written down.
fn is_a_step(principal: &Principal) -> bool {
    principal.has(Role::Service) && principal.on_behalf_of.is_some()
}

/// Refuses who is not let in, once that is written down or has taken too long: a refusal tells
/// nobody's data, so it does not depend on the log.
pub(crate) async fn turn_away(layers: &Layers, attempt: Attempt, no: Refusal) -> Response {
    if let (Some(witness), Some(seen)) = (layers.witness.get(), attempt.0) {
        match tokio::time::timeout(DENIED_PATIENCE, witness(seen)).await {
            Ok(Ok(())) => {}
            Ok(Err(failed)) => tracing::warn!(code = %failed.code, "a denial is not written down"),
            Err(_) => tracing::warn!("a denial may not have been written down"),
        }
    }
    refuse(&no)
}

/// An attempt to call a known method; nothing where the method is nobody's.
pub(crate) struct Attempt(Option<Seen>);

impl Attempt {
    /// What `request` attempted, of whom its principal names; `area` is where nobody knows.
    pub(crate) fn of(layers: &Layers, request: &Request, outcome: Code) -> Attempt {
        let Some(method) = layers.rule.known(request) else {
            return Attempt(None);
        };
        let principal = request.extensions().get::<Trusted>();
        let principal = principal.map(|Trusted(principal)| principal);
        let area = principal.map_or_else(|| layers.settings.home(), |known| known.area.clone());
        Attempt(Some(Seen {
            area,
            caller: principal.map(Principal::key_name).unwrap_or_default(),
            roles: principal
                .map(|known| known.roles.clone())
                .unwrap_or_default(),
            method,
            kind: SeenKind::Denied,
            subjects: Vec::new(),
            subject_count: 0,
            purpose: purpose(request.headers()).unwrap_or_default(),
            outcome: code_name(outcome),
            trace_id: trace_id(),
        }))
    }
}

/// The purpose the caller states; empty when none.
fn purpose(headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(value) = headers.get(PURPOSE_HEADER) else {
        return Ok(String::new());
    };
    let text = value.to_str().unwrap_or_default();
    let bad = |_| {
        invalid(
            PURPOSE_HEADER,
            format!("1至{PURPOSE_MAX}个 [A-Za-z0-9_-] 字符"),
        )
    };
    parse::token(PURPOSE_HEADER, text, PURPOSE_MAX).map_err(bad)
}

/// The trace the request belongs to; empty when none is kept.
fn trace_id() -> String {
    let context = tracing::Span::current().context();
    let span = context.span().span_context().clone();
    match span.is_valid() {
        true => span.trace_id().to_string(),
        false => String::new(),
    }
}

/// What became of a request, by the head of its answer.
fn outcome_of(response: &Response) -> &'static str {
    let code = response.headers().get("grpc-status");
    code_name(code.map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_purpose_is_a_code_and_no_sentence() {
        let stated = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(PURPOSE_HEADER, HeaderValue::from_static(text));
            purpose(&headers)
        };
        assert_eq!(purpose(&HeaderMap::new()), Ok(String::new()));
        assert_eq!(stated("CASE-2018-17"), Ok("CASE-2018-17".into()));
        let long = "9".repeat(PURPOSE_MAX + 1);
        for bad in ["", "for my neighbour", String::leak(long)] {
            let no = stated(bad).unwrap_err();
            assert_eq!(no.field.as_deref(), Some(PURPOSE_HEADER), "{bad}");
        }
    }

    struct Many(usize);

    impl Subjects for Many {
        fn subjects(&self, see: &mut dyn FnMut(&str)) {
            let id = |n: usize| format!("0190d6b2-5f5e-7cc3-98c4-{n:012}");
            (0..self.0).for_each(|n| see(&id(n)));
            for odd in ["", &id(0), "张三", "99999919800101001X", &"9".repeat(37)] {
                see(odd);
            }
        }
    }

    #[test]
    fn of_many_subjects_the_first_are_kept_and_all_are_counted() {
        let noted = Noted::default();
        noted.note(&Many(SUBJECTS_MAX + 7));
        let notes = noted.notes();
        let (kept, more) = (notes.subjects.len(), notes.more);
        assert_eq!((kept, more), (SUBJECTS_MAX, 7));
    }
}
