//! 请求头: what stands beside a message.

use super::fault;
use crate::requests::Ground;
use crate::{deliver, encoded, method, path};
use http::{HeaderMap, HeaderName, HeaderValue};
use integration_tests::PATIENCE;
use integration_tests::hostile::{cases, hurt, runner, wounds};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use runtime::Wire;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request};

/// Values of each header in the suite.
const CASES: u32 = 25;
/// Bytes of a value at most: the server takes no more of all headers together.
const VALUE_MAX: usize = 4_000;
/// What is read of a request's headers, and what stands there.
const HEADERS: &[(&str, &str)] = &[
    ("yibao-caller", "clerk-1@152501+clerk+supervisor"),
    ("yibao-purpose", "CASE-1"),
    (
        "yibao-principal",
        r#"{"caller":"clerk-1","on_behalf_of":null,"area":"152501","roles":["clerk"]}"#,
    ),
    (
        "authorization",
        "Bearer eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJzdWIiOiJsaSJ9.AAAA",
    ),
    ("grpc-timeout", "20S"),
    ("grpc-encoding", "identity"),
    (
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
    ("tracestate", "a=1,b=2"),
    ("x-unheard-of", "1"),
];

/// A request of somebody who may do much, as the header says it.
pub fn developed(body: Vec<u8>) -> Request<Vec<u8>> {
    let mut request = Request::new(body);
    request.set_timeout(PATIENCE);
    let who = "clerk-1+clerk+operator+supervisor+auditor";
    request
        .metadata_mut()
        .insert("yibao-caller", who.parse().expect("a header"));
    request
}

/// Every header with what it should not have.
pub async fn tried(port: &Wire, ground: &Ground) {
    let name = "receipt/GetReceipt";
    let body = encoded(&method(name), &ground.of(name));
    let (path, mut faults) = (path(&method(name)), Vec::new());
    for (header, sound) in HEADERS {
        let (mut runner, count) = (runner(header, cases(CASES)), cases(CASES));
        let strategy = wounds();
        for _ in 0..count {
            let wounds = strategy.new_tree(&mut runner).expect("a case").current();
            let mut value = hurt(sound.as_bytes().to_vec(), &wounds);
            value.truncate(VALUE_MAX);
            // What HTTP itself does not carry never comes so far.
            value.retain(|byte| *byte >= 0x20 && *byte != 0x7f);
            let Ok(value) = HeaderValue::from_bytes(&value) else {
                continue;
            };
            let mut headers: HeaderMap = developed(Vec::new()).metadata().clone().into_headers();
            headers.insert(HeaderName::from_static(header), value.clone());
            let mut request = Request::new(body.clone());
            *request.metadata_mut() = MetadataMap::from_headers(headers);
            let answer = tokio::time::timeout(PATIENCE, deliver(port.clone(), &path, request));
            let fault = match answer.await {
                Err(_) => Some("it hangs".to_string()),
                Ok(Ok(_)) => None,
                // Whoever gives no time gets no answer, here or from their own side.
                Ok(Err(no)) if *header == "grpc-timeout" && is_late(no.code()) => None,
                Ok(Err(no)) => fault(&no),
            };
            faults.extend(fault.map(|fault| format!("{header}: {value:?}\n  {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", super::told(&faults));
}

fn is_late(code: Code) -> bool {
    matches!(code, Code::DeadlineExceeded | Code::Cancelled)
}
