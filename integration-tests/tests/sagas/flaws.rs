//! Peers that break a promise: what the checks must catch.

use crate::stage::Flaw;
use http::Request;
use integration_tests::{AREA, PATIENCE};
use kernel::{AreaCode, Principal, Role};
use runtime::{Context, Wire};
use tonic::body::Body;
use tower::ServiceExt;

/// The wire with the flaw.
pub fn over(flaw: Flaw, wire: Wire) -> Wire {
    match flaw {
        Flaw::None => wire,
        Flaw::WithdrawsNothing => elsewhere(wire, "/Withdraw"),
        Flaw::BurnsNothing => elsewhere(wire, "/Burn"),
    }
}

/// Such calls come from somebody else, and so are about nobody's keys.
fn elsewhere(wire: Wire, method: &'static str) -> Wire {
    Wire::new(wire.map_request(move |mut request: Request<Body>| {
        if request.uri().path().contains(method) {
            let elsewhere = Principal {
                caller: "elsewhere".into(),
                on_behalf_of: None,
                area: AreaCode::parse(AREA).unwrap(),
                roles: vec![Role::Service],
            };
            let (_, extensions, ()) = Context::of(elsewhere, PATIENCE).own(()).into_parts();
            *request.extensions_mut() = extensions;
        }
        request
    }))
}
