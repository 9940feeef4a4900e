//! 答复: an answer's body, which keeps something until it is told to the end, or its caller goes away.

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body and what it keeps.
pub(crate) struct Told<K> {
    body: Body,
    _kept: K,
}

impl<K> Told<K> {
    /// `body`, with which this is kept.
    pub(crate) fn keeping(body: Body, kept: K) -> Told<K> {
        Told { body, _kept: kept }
    }
}

impl<K: Unpin> HttpBody for Told<K> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
