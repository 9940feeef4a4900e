//! 日志: lines for people, or one JSON object a line (`YIBAO_LOG=json`) that says which trace it
//! belongs to.

use opentelemetry::trace::TraceContextExt;
use serde_json::{Map, Value};
use std::fmt::{Debug, Error, Result};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The variable that chooses.
const CHOICE: &str = "YIBAO_LOG";

/// True when each line shall be a JSON object.
pub(crate) fn is_json() -> bool {
    std::env::var_os(CHOICE).is_some_and(|choice| choice == "json")
}

/// Writes an event as one line of JSON: `time`, `level`, `target`, `trace_id` and `span_id` where
/// something is traced, `message`, and the event's fields.
pub(crate) struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        told: &Event<'_>,
    ) -> Result {
        let mut line = Map::new();
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        line.insert("time".into(), time.into());
        line.insert("level".into(), told.metadata().level().as_str().into());
        line.insert("target".into(), told.metadata().target().into());
        let now = opentelemetry::Context::current();
        let span = now.span();
        let traced = span.span_context();
        if traced.is_valid() {
            line.insert("trace_id".into(), traced.trace_id().to_string().into());
            line.insert("span_id".into(), traced.span_id().to_string().into());
        }
        told.record(&mut Fields(&mut line));
        let line = serde_json::to_string(&line).map_err(|_| Error)?;
        writeln!(out, "{line}")
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn keep(&mut self, field: &Field, value: impl Into<Value>) {
        // What the line itself says is not a field's to say.
        self.0.entry(field.name()).or_insert(value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.keep(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use std::io::Write;
    use std::sync::{Arc, Mutex};
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_an_object_and_names_its_trace() {
        let (written, traces) = (Written::default(), SdkTracerProvider::builder().build());
        let to = written.clone();
        let spans = tracing_opentelemetry::layer().with_tracer(traces.tracer("test"));
        let lines = fmt::layer()
            .with_writer(move || to.clone())
            .with_ansi(false);
        let subscriber = tracing_subscriber::registry().with(spans);
        let subscriber = subscriber.with(lines.event_format(Lines));
        let trace = tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(level = "made up", count = 3, "outside");
            let span = tracing::info_span!("rpc");
            span.in_scope(|| tracing::warn!(code = "A_\"B", "inside\nof it"));
            span.context().span().span_context().trace_id().to_string()
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let [outside, inside] = lines.as_slice() else {
            panic!("{text}");
        };
        assert_eq!(
            (&outside["level"], &outside["count"]),
            (&"WARN".into(), &3.into())
        );
        assert_eq!(outside.get("trace_id"), None);
        assert_eq!(inside["trace_id"], trace.as_str());
        assert_eq!(
            (&inside["message"], &inside["code"]),
            (&"inside\nof it".into(), &"A_\"B".into())
        );
    }
}
