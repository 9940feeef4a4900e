//! An interface that another service serves, offered at this service's port: calls pass through as
//! they are, for whoever called, and so do their answers. Who may call what is for the server to say.

use crate::context::{Deadline, Trusted};
use crate::status_of;
use crate::trace;
use crate::wire::Wire;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, Response};
use kernel::refusal::UNAVAILABLE;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::task::{Context, Poll};
use tokio::time::Instant;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::ServiceExt;

/// The interface of the server type `S`, behind a wire.
pub(crate) struct Forward<S> {
    wire: Wire,
    served: PhantomData<fn() -> S>,
}

impl<S> Forward<S> {
    pub(crate) fn over(wire: Wire) -> Forward<S> {
        let served = PhantomData;
        Forward { wire, served }
    }
}

impl<S> Clone for Forward<S> {
    fn clone(&self) -> Forward<S> {
        Forward::over(self.wire.clone())
    }
}

impl<S: NamedService> NamedService for Forward<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> tower::Service<Request<Body>> for Forward<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // In this process an address is enough; a channel puts its own before it.
        let wire = self.wire.clone();
        limit_time(&mut request);
        // The trace goes on from here, not from where the caller is.
        trace::tell(request.headers_mut());
        Box::pin(async move {
            let answer = wire.oneshot(request).await;
            Ok(answer.unwrap_or_else(|broken| {
                tracing::warn!(%broken, "a call could not be passed on");
                status_of(&UNAVAILABLE.refuse().with("part", "peer")).into_http()
            }))
        })
    }
}

/// The server shall not work longer than its caller waits here.
fn limit_time(request: &mut Request<Body>) {
    let Some(Deadline(until)) = request.extensions().get::<Deadline>().copied() else {
        return;
    };
    let left = until.saturating_duration_since(Instant::now()).as_millis();
    // At most eight digits.
    let left = format!("{}m", left.min(99_999_999));
    if let Ok(left) = HeaderValue::from_str(&left) {
        request.headers_mut().insert("grpc-timeout", left);
    }
    debug_assert!(request.extensions().get::<Trusted>().is_some());
}
