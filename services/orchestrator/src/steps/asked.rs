//! 步骤的调用: a call to a peer as those who watch see it: a span, and how long it took.

use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use runtime::{code_name, is_fault};
use std::time::Instant;
use tonic::Code;
use tracing::Span;
use tracing::field::Empty;

/// A call under way.
pub(super) struct Asked {
    method: &'static str,
    since: Instant,
    pub(super) span: Span,
}

impl Asked {
    /// A call of the method that this message belongs to.
    pub(super) fn begin<Q>() -> Asked {
        let method = method_of(std::any::type_name::<Q>());
        let span = tracing::info_span!(
            target: "trace",
            "call",
            otel.kind = "client",
            otel.name = method,
            otel.status_code = Empty,
            rpc.method = method,
            rpc.response.status_code = Empty,
        );
        let since = Instant::now();
        Asked {
            method,
            since,
            span,
        }
    }

    /// It was answered so, or not at all.
    pub(super) fn end(self, calls: &Histogram<f64>, code: Code) {
        let code = code_name(code);
        self.span.record("rpc.response.status_code", code);
        if is_fault(code) {
            self.span.record("otel.status_code", "ERROR");
        }
        let labels = [
            KeyValue::new("rpc.method", self.method),
            KeyValue::new("rpc.response.status_code", code),
        ];
        calls.record(self.since.elapsed().as_secs_f64(), &labels);
    }
}

/// `UseReferral` of `proto::referral::UseReferralRequest`: prost names a message by its method.
fn method_of(message: &'static str) -> &'static str {
    let name = message.rsplit("::").next().unwrap_or(message);
    name.strip_suffix("Request").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_the_name_of_its_method() {
        let message = std::any::type_name::<proto::referral::UseReferralRequest>();
        assert_eq!(method_of(message), "UseReferral");
    }
}
