//! The wire: what the descriptor set promises, and what the services make of it. Laws of names and
//! units, access method by method, malformed requests field by field, hostile ones, and marked people that
//! leave no trace.

mod access;
mod descriptor;
mod flood;
mod hostile;
mod malformed;
mod overload;
mod requests;
mod witness;

use http::uri::PathAndQuery;
use integration_tests::{PATIENCE, World};
use kernel::{AreaCode, Principal, Role};
use prost::Message;
use prost::bytes::{Buf, BufMut};
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ServiceDescriptor};
use runtime::{Context, Wire};
use serde_json::Value;
use std::sync::LazyLock;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

/// What the suite says of itself. To read it takes longer than to answer a request.
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTOR_SET).expect("the descriptor set"));

/// Every service of the suite.
fn services() -> Vec<ServiceDescriptor> {
    let all: Vec<_> = POOL
        .services()
        .filter(|s| s.full_name().starts_with("yibao."))
        .collect();
    assert_eq!(all.len(), 23);
    all
}

/// Every method of the suite.
fn methods() -> Vec<MethodDescriptor> {
    services()
        .iter()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

/// `settlement/PostSettlement`: how these tests name a method.
fn short(method: &MethodDescriptor) -> String {
    format!("{}/{}", package(method), method.name())
}

/// `settlement`, of `yibao.settlement.v1.SettlementService`; `receipt`, of the public `ReceiptService`.
fn package(method: &MethodDescriptor) -> String {
    let service = method.parent_service();
    let name = service.name().trim_end_matches("Service");
    name.to_ascii_lowercase()
}

/// The method of this short name.
fn method(name: &str) -> MethodDescriptor {
    let found = methods().into_iter().find(|method| short(method) == name);
    found.unwrap_or_else(|| panic!("no method {name}"))
}

/// `/yibao.settlement.v1.SettlementService/PostSettlement`.
fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// The wire to a service of this short name.
fn wire(world: &World, package: &str) -> Wire {
    let wires = world.suite.wires();
    let wire = match package {
        "enrollment" | "filing" | "identity" | "transfer" => &wires.enrollment,
        "inspection" => &wires.inspection,
        "interregional" => &wires.interregional,
        "batch" | "envelope" | "orchestrator" | "saga" => &wires.orchestrator,
        "referral" => &wires.referral,
        "account" | "approval" | "indicator" | "payerfile" | "settlement" | "receipt"
        | "receivable" | "reconciliation" | "recovery" | "reimbursement" | "revision" | "visit" => {
            &wires.settlement
        }
        other => panic!("no service {other}"),
    };
    wire.clone()
}

/// A caller with these roles.
fn caller(name: &str, roles: &[Role]) -> Context {
    let area = AreaCode::parse(integration_tests::AREA).expect("six digits");
    let caller = name.to_string();
    let principal = Principal {
        caller,
        on_behalf_of: None,
        area,
        roles: roles.to_vec(),
    };
    Context::of(principal, PATIENCE)
}

/// Who may call a method: a service, but for what only a person may.
fn entitled(world: &World, name: &str) -> Context {
    match name.rsplit('/').next() {
        Some("ListAccess" | "VerifyChain") => caller("auditor-1", &[Role::Auditor]),
        Some("RevealPerson" | "ProposeApproval") => caller("clerk-1", &[Role::Clerk]),
        Some("GiveApproval" | "RevokeApproval") => caller("head-1", &[Role::Supervisor]),
        _ => world.service(),
    }
}

/// Calls a method with JSON; answers JSON.
async fn ask(world: &World, who: &Context, name: &str, json: &Value) -> Result<Value, Status> {
    let method = method(name);
    let bytes = encoded(&method, json);
    let answer = send(wire(world, &package(&method)), who, &path(&method), bytes).await?;
    let answer = DynamicMessage::decode(method.output(), answer.as_slice()).expect("an answer");
    Ok(serde_json::to_value(&answer).expect("JSON"))
}

/// Sends bytes as they are to whatever path, as one message, and closes: to a method that takes a
/// stream, a stream of this one. Of a streamed answer it gives the first message.
async fn send(wire: Wire, who: &Context, path: &str, bytes: Vec<u8>) -> Result<Vec<u8>, Status> {
    deliver(wire, path, who.own(bytes)).await
}

/// The same with whatever else the request carries.
async fn deliver(wire: Wire, path: &str, request: Request<Vec<u8>>) -> Result<Vec<u8>, Status> {
    let mut client = Grpc::new(wire);
    client.ready().await.expect("a wire");
    let path = PathAndQuery::try_from(path).expect("a path");
    Ok(client.unary(request, path, Plain).await?.into_inner())
}

/// A request as JSON in the form in which it is sent.
fn encoded(method: &MethodDescriptor, json: &Value) -> Vec<u8> {
    let message = DynamicMessage::deserialize(method.input(), json);
    let message = message.unwrap_or_else(|e| panic!("{}: {e}: {json}", short(method)));
    message.encode_to_vec()
}

/// The codec that leaves a message as it is.
struct Plain;

impl Codec for Plain {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Plain;
    type Decoder = Plain;

    fn encoder(&mut self) -> Plain {
        Plain
    }

    fn decoder(&mut self) -> Plain {
        Plain
    }
}

impl Encoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}
