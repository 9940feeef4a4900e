//! 后台任务: what goes on beside the requests, and is missed when it stops. A service that seals, samples
//! or takes up sagas no more looks well to its callers; so it says that it is not.

use crate::metrics::METER;
use futures_util::future::BoxFuture;
use kernel::metric::BACKGROUND_STOPPED;
use opentelemetry::global;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};

/// The background tasks of a server: those that stopped, by their service.
#[derive(Clone, Default)]
pub(crate) struct Background(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stopped: Mutex<Vec<&'static str>>,
    bell: Notify,
}

impl Background {
    /// Tells how many stopped, as a metric.
    pub(crate) fn tell(&self) {
        let these = self.clone();
        let meter = global::meter(METER);
        let gauge = meter.i64_observable_gauge(BACKGROUND_STOPPED.name);
        let gauge = gauge.with_unit(BACKGROUND_STOPPED.unit);
        gauge
            .with_description(BACKGROUND_STOPPED.means)
            .with_callback(move |told| {
                let count = these.stopped().len();
                told.observe(i64::try_from(count).unwrap_or(i64::MAX), &[]);
            })
            .build();
    }

    /// Does a service's work, and notices when it stops. Dropped, the work stops unnoticed: so a server
    /// ends.
    pub(crate) async fn keep(self, service: &'static str, work: BoxFuture<'static, ()>) {
        let mut one = JoinSet::new();
        one.spawn(work);
        match one.join_next().await {
            Some(Err(error)) => {
                let why = panic_of(error);
                tracing::error!(service, why, "a background task panicked");
            }
            Some(Ok(())) | None => {
                tracing::error!(service, "a background task ended that must not");
            }
        }
        self.stopped().push(service);
        self.0.bell.notify_one();
    }

    /// Whether one of this service's stopped.
    pub(crate) fn has_stopped(&self, service: &str) -> bool {
        self.stopped().contains(&service)
    }

    /// Ends when one stops.
    pub(crate) async fn stopping(&self) {
        self.0.bell.notified().await;
    }

    fn stopped(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.0
            .stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a panic said, where it said it in words.
fn panic_of(error: JoinError) -> String {
    let Ok(said) = error.try_into_panic() else {
        return "aborted".to_string();
    };
    let word = said.downcast_ref::<&str>().map(ToString::to_string);
    let word = word.or_else(|| said.downcast_ref::<String>().cloned());
    word.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_that_stops_is_missed() {
        let background = Background::default();
        let goes_on = background.clone();
        let going = tokio::spawn(goes_on.keep("a", Box::pin(std::future::pending())));
        assert!(!background.has_stopped("a"));
        background.clone().keep("b", Box::pin(async {})).await;
        background.stopping().await;
        let panics = Box::pin(async { panic!("on purpose") });
        background.clone().keep("c", panics).await;
        background.stopping().await;
        let stopped = ["a", "b", "c"].map(|name| background.has_stopped(name));
        assert_eq!(stopped, [false, true, true]);
        going.abort();
        assert!(going.await.unwrap_err().is_cancelled());
        assert!(
            !background.has_stopped("a"),
            "who is sent away has not stopped"
        );
    }
}
