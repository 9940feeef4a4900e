//! 内层调用: the method that an envelope names, its request from JSON and its answer to JSON, by the
//! interface files alone: a method that is new there goes in an envelope at once.

use crate::refusal::{ENVELOPE_BODY, ENVELOPE_METHOD};
use http::uri::PathAndQuery;
use kernel::Refusal;
use kernel::refusal::INTERNAL;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, SerializeOptions};
use serde_json::Value;
use std::sync::LazyLock;

/// The package whose methods go in envelopes.
const PACKAGE: &str = "yibao.orchestrator.v1";
/// Interfaces that do not: what operators do they do in person, and an envelope goes in none.
const NOT_CARRIED: [&str; 2] = ["EnvelopeService", "SagaService"];

/// What the suite says of itself: it never changes, and to read it takes longer than to answer.
static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTOR_SET).ok());

/// A call as an envelope has it.
pub struct Carried {
    /// The method.
    pub method: MethodDescriptor,
    /// The request.
    pub request: DynamicMessage,
}

impl Carried {
    /// The call of the method of this name, `OrchestratorService/Settle`, with this body.
    pub fn of(name: &str, body: &Value) -> Result<Carried, Refusal> {
        let method = method(name).ok_or_else(|| ENVELOPE_METHOD.refuse().at("envelope.method"))?;
        let request = DynamicMessage::deserialize(method.input(), body);
        // What exactly is wrong might repeat what was sent.
        let unlike = |_| {
            let no = ENVELOPE_BODY
                .refuse()
                .with("message", method.input().name());
            no.at("envelope.data")
        };
        let request = request.map_err(unlike)?;
        Ok(Carried { method, request })
    }

    /// The full name of the method's interface.
    pub fn interface(&self) -> String {
        self.method.parent_service().full_name().to_string()
    }

    /// Where the method is called.
    pub fn path(&self) -> Result<PathAndQuery, Refusal> {
        let path = format!("/{}/{}", self.interface(), self.method.name());
        PathAndQuery::try_from(path).map_err(|_| INTERNAL.refuse())
    }
}

fn method(name: &str) -> Option<MethodDescriptor> {
    let (service, method) = name.split_once('/')?;
    let pool = POOL.as_ref()?;
    let service = pool.get_service_by_name(&format!("{PACKAGE}.{service}"))?;
    let carried = !NOT_CARRIED.contains(&service.name());
    let mut methods = service.methods().filter(|_| carried);
    let found = methods.find(|known| known.name() == method)?;
    let streams = found.is_client_streaming() || found.is_server_streaming();
    (!streams).then_some(found)
}

/// An answer as JSON: names as in the interface files, numbers as numbers, nothing that is empty.
pub fn answer(message: &DynamicMessage) -> Result<Value, Refusal> {
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(true);
    let json = message.serialize_with_options(serde_json::value::Serializer, &options);
    json.map_err(|error| {
        tracing::error!(%error, "an answer cannot be written as JSON");
        INTERNAL.refuse()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(name: &str, body: Value) -> Option<(String, String)> {
        let no = Carried::of(name, &body).err()?;
        Some((no.code.to_string(), no.field.unwrap_or_default()))
    }

    #[test]
    fn a_method_is_found_by_its_one_name() {
        let carried = Carried::of(
            "OrchestratorService/GetOutcome",
            &json!({"request_id": "R-1"}),
        );
        let carried = carried.unwrap();
        assert_eq!(
            carried.path().unwrap(),
            "/yibao.orchestrator.v1.OrchestratorService/GetOutcome"
        );
        let unknown = Some(("ENVELOPE_METHOD".to_string(), "envelope.method".to_string()));
        for name in [
            "",
            "Settle",
            "OrchestratorService/",
            "OrchestratorService/Invented",
            "OrchestratorService/settle",
            "orchestrator/Settle",
            "yibao.orchestrator.v1.OrchestratorService/Settle",
            "../v1.OrchestratorService/Settle",
            "SettlementService/PostSettlement",
            "BatchService/SettleBatch",
            "SagaService/ListSagas",
            "EnvelopeService/Exchange",
            "EnvelopeService/RegisterSender",
        ] {
            assert_eq!(code(name, json!({})), unknown, "{name}");
        }
    }

    #[test]
    fn a_body_is_a_request_of_the_method() {
        let unlike = Some(("ENVELOPE_BODY".to_string(), "envelope.data".to_string()));
        for body in [
            json!({"invented": 1}),
            json!({"request_id": 7}),
            json!({"request_id": ["a"]}),
            json!([]),
            json!("text"),
        ] {
            let told = code("OrchestratorService/GetOutcome", body.clone());
            assert_eq!(told, unlike, "{body}");
        }
    }
}
