//! 指标: the instruments a service measures itself with, made from the suite's table of metrics.

use kernel::metric::{Metric, SECONDS};
use opentelemetry::global;
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};

/// Whose metrics they are.
pub(crate) const METER: &str = "yibao";

/// Counts what a metric counts.
pub fn counter(metric: &Metric) -> Counter<u64> {
    let meter = global::meter(METER);
    let counter = meter.u64_counter(metric.name);
    let counter = counter.with_unit(metric.unit);
    counter.with_description(metric.means).build()
}

/// Keeps the level of what a metric names.
pub fn level(metric: &Metric) -> UpDownCounter<i64> {
    let meter = global::meter(METER);
    let level = meter.i64_up_down_counter(metric.name);
    let level = level.with_unit(metric.unit);
    level.with_description(metric.means).build()
}

/// Measures how long what a metric names takes.
pub fn seconds(metric: &Metric) -> Histogram<f64> {
    let meter = global::meter(METER);
    let seconds = meter.f64_histogram(metric.name);
    let seconds = seconds.with_unit(metric.unit);
    let seconds = seconds.with_description(metric.means);
    seconds.with_boundaries(SECONDS.to_vec()).build()
}
