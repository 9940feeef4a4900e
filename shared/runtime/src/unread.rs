//! 无法读取的报文: a request that is no message of its method never reaches a handler; tonic answers it with
//! bare words, as INTERNAL. It is the caller's fault and is told like any other refusal.

use crate::refusal::{MESSAGE_UNREADABLE, REQUEST_TOO_LARGE};
use crate::status_of;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tonic::{Code, Status};

/// What a refusal of ours always has.
const DETAILS: &str = "grpc-status-details-bin";

/// Tells in our words what was told in tonic's.
pub(crate) async fn told(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let headers = response.headers();
    if headers.contains_key(DETAILS) || !headers.contains_key("grpc-status") {
        return response;
    }
    match Status::from_header_map(headers) {
        Some(status) if status.code() != Code::Ok => unread(status).into_http(),
        _ => response,
    }
}

/// What a status says that tonic made of a message it could not read; one of ours as it is.
pub fn unread(status: Status) -> Status {
    if !status.details().is_empty() {
        return status;
    }
    match status.code() {
        // No message, two messages, no protobuf, cut off, or compressed, which tonic answers as UNIMPLEMENTED.
        Code::Internal | Code::Unimplemented => status_of(&MESSAGE_UNREADABLE.refuse()),
        Code::OutOfRange => status_of(&REQUEST_TOO_LARGE.refuse()),
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::refusal::INTERNAL;

    #[test]
    fn what_tonic_could_not_read_is_told_as_a_refusal() {
        for theirs in [
            Status::internal("failed to decode"),
            Status::out_of_range("too large"),
        ] {
            let told = unread(theirs);
            assert_eq!(told.code(), Code::InvalidArgument);
            assert!(!told.details().is_empty(), "{told}");
        }
        let ours = status_of(&INTERNAL.refuse());
        assert_eq!(unread(ours).code(), Code::Internal);
        assert_eq!(unread(Status::cancelled("gone")).code(), Code::Cancelled);
    }
}
