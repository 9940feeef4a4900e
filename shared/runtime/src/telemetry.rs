//! Logs to standard error; traces and metrics over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set;
//! metrics for Prometheus beside it where a port for them is configured.

use crate::log::{self, Lines};
use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, MetricExporter, SpanExporter};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;
use std::io::IsTerminal;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Directive;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// What is told by default; `RUST_LOG` says otherwise.
const FILTER_DEFAULT: &str = "warn,runtime=info,yibao=info";
/// The target of spans, which no choice of logs takes away.
const SPANS: &str = "trace=info";

/// Whether somebody comes to read the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scraped {
    /// Prometheus does.
    Yes,
    /// Nobody does.
    No,
}

/// Keeps the exporters alive; [`Telemetry::end`] sends what is left.
#[derive(Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    registry: Registry,
}

/// What goes out over OTLP.
type Exporters = (Option<SpanExporter>, Option<MetricExporter>);

impl Telemetry {
    /// Begins. A second beginning in one process changes nothing.
    pub fn begin(service: &'static str, scraped: Scraped) -> Telemetry {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let resource = Resource::builder().with_service_name(service).build();
        let exporters = match std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT") {
            None => Ok((None, None)),
            Some(_) => exporters(),
        };
        let failed = exporters.as_ref().err().map(ToString::to_string);
        let (spans, metrics) = exporters.unwrap_or_default();
        let registry = Registry::new();
        let telemetry = Telemetry {
            // Lines of JSON name their trace, also when nobody collects traces.
            traces: (spans.is_some() || log::is_json()).then(|| traces(spans, resource.clone())),
            metrics: meters(metrics, scraped, &registry, resource),
            registry,
        };
        telemetry.log();
        if let Some(metrics) = &telemetry.metrics {
            global::set_meter_provider(metrics.clone());
        }
        if let Some(error) = failed {
            tracing::error!(error, "OTLP is not available; going on without it");
        }
        telemetry
    }

    fn log(&self) {
        let filter =
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER_DEFAULT));
        let spans: Directive = SPANS.parse().unwrap_or_else(|_| LevelFilter::WARN.into());
        let plain = fmt::layer().with_writer(std::io::stderr);
        let lines = match log::is_json() {
            true => plain.with_ansi(false).event_format(Lines).boxed(),
            false => plain.with_ansi(std::io::stderr().is_terminal()).boxed(),
        };
        let traces = self.traces.as_ref().map(|traces| {
            let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer("yibao"));
            // Where in the source a span begins, and on which thread, is nobody's question.
            layer
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
        });
        // One filter for all layers: a layer's own loses the next event after a check that led to
        // none, such as sqlx's for a notice of PostgreSQL.
        let registry = tracing_subscriber::registry().with(filter.add_directive(spans));
        registry.with(traces).with(lines).try_init().ok();
    }

    /// What Prometheus reads.
    pub(crate) fn registry(&self) -> Registry {
        self.registry.clone()
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

fn exporters() -> Result<Exporters, ExporterBuildError> {
    let spans = SpanExporter::builder().with_tonic().build()?;
    let metrics = MetricExporter::builder().with_tonic().build()?;
    Ok((Some(spans), Some(metrics)))
}

fn traces(spans: Option<SpanExporter>, resource: Resource) -> SdkTracerProvider {
    let provider = SdkTracerProvider::builder().with_resource(resource);
    match spans {
        Some(spans) => provider.with_batch_exporter(spans).build(),
        None => provider.build(),
    }
}

/// Meters, if anybody reads them.
fn meters(
    pushed: Option<MetricExporter>,
    scraped: Scraped,
    registry: &Registry,
    resource: Resource,
) -> Option<SdkMeterProvider> {
    if pushed.is_none() && scraped == Scraped::No {
        return None;
    }
    let mut provider = SdkMeterProvider::builder().with_resource(resource);
    if let Some(pushed) = pushed {
        provider = provider.with_periodic_exporter(pushed);
    }
    if scraped == Scraped::Yes {
        let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone());
        match exporter.scope_info_enabled(false).build() {
            Ok(exporter) => provider = provider.with_reader(exporter),
            Err(error) => tracing::error!(%error, "metrics cannot be read"),
        }
    }
    Some(provider.build())
}
