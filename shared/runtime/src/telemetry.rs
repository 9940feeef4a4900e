//! Logs to standard error; traces and metrics over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set.

use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::IsTerminal;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// What is told by default; `RUST_LOG` says otherwise.
const FILTER_DEFAULT: &str = "warn,runtime=info,yibao=info";

/// Keeps the exporters alive; [`Telemetry::end`] sends what is left.
#[derive(Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

impl Telemetry {
    /// Begins. A second beginning in one process changes nothing.
    pub fn begin(service: &'static str) -> Telemetry {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let filter =
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER_DEFAULT));
        // One filter for all layers: a layer's own loses the next event after a check that led to
        // none, such as sqlx's for a notice of PostgreSQL.
        let logs = fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal());
        let registry = tracing_subscriber::registry().with(filter).with(logs);
        if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
            registry.try_init().ok();
            return Telemetry::default();
        }
        let resource = Resource::builder().with_service_name(service).build();
        let traces = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .build()
            .map(|out| {
                let provider = SdkTracerProvider::builder().with_resource(resource.clone());
                provider.with_batch_exporter(out).build()
            });
        let metrics = opentelemetry_otlp::MetricExporter::builder()
            .with_tonic()
            .build()
            .map(|out| {
                let provider = SdkMeterProvider::builder().with_resource(resource);
                provider.with_periodic_exporter(out).build()
            });
        match (traces, metrics) {
            (Ok(traces), Ok(metrics)) => {
                let spans = tracing_opentelemetry::layer().with_tracer(traces.tracer("yibao"));
                registry.with(spans).try_init().ok();
                global::set_meter_provider(metrics.clone());
                Telemetry {
                    traces: Some(traces),
                    metrics: Some(metrics),
                }
            }
            (traces, metrics) => {
                registry.try_init().ok();
                let (traces, metrics) = (traces.err(), metrics.err());
                tracing::error!(
                    ?traces,
                    ?metrics,
                    "OTLP is not available; going on without it"
                );
                Telemetry::default()
            }
        }
    }

    /// Sends what is left.
    pub fn end(self) {
        if let Some(Err(error)) = self.traces.map(|traces| traces.shutdown()) {
            tracing::warn!(%error, "the last traces were not sent");
        }
        if let Some(Err(error)) = self.metrics.map(|metrics| metrics.shutdown()) {
            tracing::warn!(%error, "the last metrics were not sent");
        }
    }
}
