//! Where a mark could come out, each looked at for marks as it flows by.

use integration_tests::World;
use kernel::AreaCode;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, global};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use store::event::{self, Event};
use tonic::Status;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{filter, fmt};

/// Every channel.
pub const ALL: [&str; 6] = ["logs", "spans", "metrics", "statuses", "panics", "tables"];
/// Findings of a channel that are kept.
const FOUND_MAX: usize = 10;

/// What is looked for, and what was found. The subscriber and the panic hook are the process's, which
/// other tests share: they are asleep until a flood begins.
#[derive(Default)]
struct Eye {
    awake: AtomicBool,
    marks: Mutex<Vec<String>>,
    found: Mutex<Vec<String>>,
}

static EYE: LazyLock<Arc<Eye>> = LazyLock::new(Arc::default);

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Eye {
    fn look(&self, channel: &str, text: &str) {
        for mark in locked(&self.marks).iter() {
            if let Some(at) = text.find(mark.as_str()) {
                let mut found = locked(&self.found);
                let here = found.iter().filter(|found| found.starts_with(channel));
                if here.count() < FOUND_MAX {
                    let from = text.floor_char_boundary(at.saturating_sub(200));
                    let to = text.ceil_char_boundary((at + 100).min(text.len()));
                    found.push(format!("{channel}: {mark}: …{}…", &text[from..to]));
                }
            }
        }
    }
}

/// Everything at once.
pub struct Channels {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
}

impl Channels {
    /// Opens them for the whole process. Once.
    pub fn open() -> Channels {
        let traces = SdkTracerProvider::builder()
            .with_simple_exporter(Spans)
            .build();
        let metrics = SdkMeterProvider::builder()
            .with_periodic_exporter(Metrics)
            .build();
        global::set_meter_provider(metrics.clone());
        let awake = filter::dynamic_filter_fn(|_, _| EYE.awake.load(Ordering::SeqCst));
        let logs = fmt::layer().with_ansi(false).with_writer(|| Logs);
        let spans = tracing_opentelemetry::layer().with_tracer(traces.tracer("flood"));
        let registry = tracing_subscriber::registry().with(awake);
        let subscriber = registry.with(logs).with(spans);
        tracing::subscriber::set_global_default(subscriber).expect("the first subscriber");
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            EYE.look("panics", &panic.to_string());
            before(panic);
        }));
        EYE.awake.store(true, Ordering::SeqCst);
        Channels { traces, metrics }
    }

    /// Looks for these from now on, and for nothing else.
    pub fn look_for(&self, marks: Vec<String>) {
        *locked(&EYE.marks) = marks;
    }

    /// A "no" that went back: its message and its details.
    pub fn status(&self, no: &Status) {
        let details = String::from_utf8_lossy(no.details()).into_owned();
        EYE.look("statuses", &format!("{no:?} {details} {}", no.message()));
    }

    /// Rows of tables.
    pub fn rows(&self, rows: &[String]) {
        rows.iter().for_each(|row| EYE.look("tables", row));
    }

    /// Sends what is still on its way.
    pub fn flush(&self) {
        self.traces.force_flush().expect("spans");
        self.metrics.force_flush().expect("metrics");
    }

    /// What was found since it was asked last.
    pub fn found(&self) -> Vec<String> {
        std::mem::take(&mut *locked(&EYE.found))
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        EYE.awake.store(false, Ordering::SeqCst);
    }
}

/// Puts a word into every channel.
pub async fn plant(world: &World, channels: &Channels, word: &str) {
    tracing::trace!(word, "planted");
    tracing::info_span!("planted", word).in_scope(|| {});
    let counter = channels
        .metrics
        .meter("yibao")
        .u64_counter("planted")
        .build();
    counter.add(1, &[KeyValue::new("word", word.to_string())]);
    #[allow(clippy::disallowed_methods)]
    channels.status(&Status::internal(word.to_string()));
    let told = word.to_string();
    let panicked = tokio::spawn(async move { panic!("{told}") }).await;
    assert!(panicked.is_err());
    let db = world.suite.database("settlement").expect("a database");
    let now = kernel::Clock::now(&*world.clock);
    let event = || Event {
        area: AreaCode::parse(integration_tests::AREA).expect("six digits"),
        kind: "planted",
        subject: word.to_string(),
        facts: serde_json::json!({}),
    };
    let told = db.write(|tx| async move { Ok(event::record(&tx, now, event()).await?) });
    told.await.expect("an event");
}

struct Logs;

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        EYE.look("logs", &String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug)]
struct Spans;

impl SpanExporter for Spans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        batch
            .iter()
            .for_each(|span| EYE.look("spans", &format!("{span:?}")));
        Ok(())
    }
}

struct Metrics;

impl PushMetricExporter for Metrics {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        EYE.look("metrics", &format!("{metrics:?}"));
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
