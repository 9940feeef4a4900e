//! 撤销: reverses a settlement.
//!
//! It decides nothing: whether the settlement may be reversed is settlement's, all at its pivot.

use super::pivot::drive;
use crate::Peers;
use crate::steps::settlement::{ReverseSettlement, Reversed};
use crate::wire::Reverse;
use kernel::{Refusal, Role};
use runtime::Context;

/// 撤销: reverses a settlement, once for the caller's request id. For an institution other
/// institutions' settlements do not exist.
pub async fn reverse<'a>(
    peers: &'a Peers,
    context: &'a Context,
    reverse: &'a Reverse,
) -> Result<Reversed, Refusal> {
    let principal = &context.principal;
    let institution_code = match principal.has(Role::Institution) {
        true => principal.caller.as_str(),
        false => "",
    };
    let pivot = || ReverseSettlement {
        reverse,
        institution_code,
    };
    drive(peers, context, pivot(), |saga| async move {
        saga.pivot(&pivot()).await
    })
    .await
}
