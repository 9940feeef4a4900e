//! 链路: one trace from the caller through every service, and through what is stored on the way.
//!
//! Spans say which method, which step and which saga; never whom they are about. They have a target
//! of their own, so that no choice of logs takes them away.

use http::HeaderMap;
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};
use std::collections::HashMap;
use tonic::metadata::{MetadataKey, MetadataMap};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The key of W3C's trace context, in headers and in what is stored.
const TRACEPARENT: &str = "traceparent";

/// Where the trace is now, as a row can keep it; none when nothing is traced.
pub fn here() -> Option<String> {
    let mut carrier: HashMap<String, String> = HashMap::new();
    let now = Span::current().context();
    global::get_text_map_propagator(|p| p.inject_context(&now, &mut carrier));
    carrier.remove(TRACEPARENT)
}

/// The span goes on where the trace was when a row was written.
pub fn go_on(span: &Span, stored: Option<&str>) {
    let Some(stored) = stored else {
        return;
    };
    let carrier = HashMap::from([(TRACEPARENT.to_string(), stored.to_string())]);
    join(span, &carrier);
}

/// The span goes on where the caller's headers say.
pub(crate) fn go_on_from(span: &Span, headers: &HeaderMap) {
    join(span, &Headers(headers));
}

/// The span belongs to the caller's trace, and points at the one a row was written in.
pub fn point_to(span: &Span, stored: Option<&str>) {
    let carrier = stored.map(|stored| (TRACEPARENT.to_string(), stored.to_string()));
    let carrier: HashMap<String, String> = carrier.into_iter().collect();
    let other: Context = global::get_text_map_propagator(|p| p.extract(&carrier));
    if other.span().span_context().is_valid() {
        span.add_link(other.span().span_context().clone());
    }
}

fn join(span: &Span, carrier: &dyn Extractor) {
    let parent: Context = global::get_text_map_propagator(|p| p.extract(carrier));
    if span.set_parent(parent).is_err() {
        tracing::debug!("the span had begun before its parent was known, or nothing is traced");
    }
}

/// A request's headers say where the trace is now.
pub(crate) fn tell(headers: &mut HeaderMap) {
    let now = Span::current().context();
    global::get_text_map_propagator(|p| p.inject_context(&now, &mut Told(headers)));
}

/// A request's metadata say where the trace is now.
pub(crate) fn tell_metadata(metadata: &mut MetadataMap) {
    let now = Span::current().context();
    global::get_text_map_propagator(|p| p.inject_context(&now, &mut Metadata(metadata)));
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|key| key.as_str()).collect()
    }
}

struct Told<'a>(&'a mut HeaderMap);

impl Injector for Told<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = http::HeaderName::from_bytes(key.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value.parse()) {
            self.0.insert(name, value);
        }
    }
}

struct Metadata<'a>(&'a mut MetadataMap);

impl Injector for Metadata<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (MetadataKey::from_bytes(key.as_bytes()), value.parse()) {
            self.0.insert(key, value);
        }
    }
}
