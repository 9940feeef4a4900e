//! 度量: what a database is asked to do and how long that takes, by pool and, where a transaction
//! carries a key, by that key's method.

use kernel::metric::{
    COMMITS, DB_STATEMENTS, DB_WAIT, LANE_WAIT, Metric, ONCE, RETRIES, ROLLBACKS, SECONDS,
};
use opentelemetry::metrics::{Counter, Histogram};
use opentelemetry::{KeyValue, global};
use std::time::Duration;

/// Whose metrics they are.
pub(crate) const METER: &str = "yibao";
/// The label that says whose database it is.
pub(crate) const POOL: &str = "db.client.connection.pool.name";
/// The method of transactions without a key.
pub(crate) const OTHER: &str = "other";

/// The instruments of one database.
pub(crate) struct Metrics {
    pool: KeyValue,
    wait: Histogram<f64>,
    lane: Histogram<f64>,
    statements: Histogram<f64>,
    commits: Counter<u64>,
    rollbacks: Counter<u64>,
    retries: Counter<u64>,
    once: Counter<u64>,
}

impl Metrics {
    /// Of the database of this name.
    pub(crate) fn of(pool: &str) -> Metrics {
        Metrics {
            pool: KeyValue::new(POOL, pool.to_string()),
            wait: seconds(&DB_WAIT),
            lane: seconds(&LANE_WAIT),
            statements: seconds(&DB_STATEMENTS),
            commits: counter(&COMMITS),
            rollbacks: counter(&ROLLBACKS),
            retries: counter(&RETRIES),
            once: counter(&ONCE),
        }
    }

    /// A connection was had after so long.
    pub(crate) fn connected(&self, after: Duration) {
        self.time(&self.wait, after);
    }

    /// The writer's turn came after so long.
    pub(crate) fn turned(&self, after: Duration) {
        self.time(&self.lane, after);
    }

    /// A statement took so long.
    pub(crate) fn stated(&self, took: Duration) {
        self.time(&self.statements, took);
    }

    /// A transaction of the method was committed.
    pub(crate) fn committed(&self, method: &str) {
        self.commits.add(1, &self.labels(method));
    }

    /// A transaction of the method was rolled back.
    pub(crate) fn rolled_back(&self, method: &str) {
        self.rollbacks.add(1, &self.labels(method));
    }

    /// A transaction of the method is tried again.
    pub(crate) fn retried(&self, method: &str) {
        self.retries.add(1, &self.labels(method));
    }

    /// This became of a keyed request of the method, or of its key.
    pub(crate) fn became(&self, method: &str, result: &'static str) {
        let [pool, method] = self.labels(method);
        let result = KeyValue::new("result", result);
        self.once.add(1, &[pool, method, result]);
    }

    fn time(&self, histogram: &Histogram<f64>, took: Duration) {
        let pool = std::slice::from_ref(&self.pool);
        histogram.record(took.as_secs_f64(), pool);
    }

    fn labels(&self, method: &str) -> [KeyValue; 2] {
        [
            self.pool.clone(),
            KeyValue::new("method", method.to_string()),
        ]
    }
}

fn counter(metric: &Metric) -> Counter<u64> {
    let meter = global::meter(METER);
    let counter = meter.u64_counter(metric.name).with_unit(metric.unit);
    counter.with_description(metric.means).build()
}

fn seconds(metric: &Metric) -> Histogram<f64> {
    let meter = global::meter(METER);
    let seconds = meter.f64_histogram(metric.name).with_unit(metric.unit);
    let seconds = seconds.with_description(metric.means);
    seconds.with_boundaries(SECONDS.to_vec()).build()
}
