//! 度量: sagas taken up, and what they came to.

use crate::store::Row;
use kernel::metric::{SAGAS_ENDED, SAGAS_TAKEN_UP, STEPS};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};
use runtime::metrics::{counter, seconds};
use saga::End;

/// The instruments of an executor.
pub(crate) struct Metrics {
    ended: Counter<u64>,
    taken_up: Counter<u64>,
    /// How long a saga's calls take.
    pub(crate) calls: Histogram<f64>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            ended: counter(&SAGAS_ENDED),
            taken_up: counter(&SAGAS_TAKEN_UP),
            calls: seconds(&STEPS),
        }
    }
}

impl Metrics {
    /// A saga was driven this far.
    pub(crate) fn ended<T>(&self, kind: &str, end: &End<T>) {
        let state = match end {
            End::Done(_) => "done",
            End::Refused(_) => "refused",
            End::Withdrawn => "withdrawn",
            End::Stands(..) => "stands",
            End::Stuck(_) => "stuck",
            // Not at its end, or not here.
            End::Told(_) | End::Rests(_) | End::Lost | End::Taken => return,
        };
        let labels = [
            KeyValue::new("kind", kind.to_string()),
            KeyValue::new("state", state),
        ];
        self.ended.add(1, &labels);
    }

    /// A saga was taken up.
    pub(crate) fn taken_up(&self, row: &Row) {
        let because = match (row.0.withdraw, row.0.rest_step) {
            (true, _) => "withdrawn",
            (false, Some(_)) => "rested",
            // Its owner neither ended nor rested: it is dead, or as good as dead.
            (false, None) => "left",
        };
        let labels = [
            KeyValue::new("kind", row.0.kind.clone()),
            KeyValue::new("because", because),
        ];
        self.taken_up.add(1, &labels);
    }
}
