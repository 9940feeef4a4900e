//! 通用客户端: calls any method of any gRPC server that offers reflection, JSON in, JSON out. It
//! knows none of our messages: what it can do, any other client can.

use crate::desk::CALLER_HEADER;
use crate::envelope::EnvelopeError;
use crate::reach::Reach;
use crate::told::Told;
use http::uri::PathAndQuery;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, MethodDescriptor,
    SerializeOptions, ServiceDescriptor,
};
use prost_types::FileDescriptorProto;
use proto::dynamic::Dynamic;
use runtime::{Wire, WireError};
use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Request, Status};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest answer read.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Files one server may describe itself with.
const FILES_MAX: usize = 1_000;

/// Why there is no answer, in words for whoever typed the command.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The endpoint cannot be used.
    #[error(transparent)]
    Endpoint(#[from] WireError),
    /// The certificates cannot be used.
    #[error("{0}")]
    Tls(String),
    /// The token cannot stand in a header.
    #[error("the token of --token or YIBAO_TOKEN is none; make one with `yibao token`")]
    BadToken,
    /// Nobody answers there.
    #[error(
        "cannot reach {endpoint}: {reason}\nIs the suite running? Start it with `yibao up`, or say \
         where it is with --endpoint."
    )]
    Unreachable {
        /// The endpoint.
        endpoint: String,
        /// The innermost cause.
        reason: String,
    },
    /// The server does not describe itself.
    #[error("{endpoint} answers, but not to gRPC reflection (v1): {reason}")]
    NoReflection {
        /// The endpoint.
        endpoint: String,
        /// What it said.
        reason: String,
    },
    /// No method of this name.
    #[error("there is no method {wanted:?}; {hint}")]
    NoMethod {
        /// What was asked for.
        wanted: String,
        /// What there is.
        hint: String,
    },
    /// The method streams.
    #[error("{0} streams, and this client calls unary methods only")]
    Streams(String),
    /// The caller's name cannot stand in a header.
    #[error(
        "--as {0:?}: a caller is an institution's code, such as H15250100001, or a clerk's name of at \
         most 64 characters of [A-Za-z0-9_.-]; @330523 behind it is the area it works in"
    )]
    BadCaller(String),
    /// The JSON is none, or does not fit the request.
    #[error("the request does not fit {message}: {reason}\nIts fields: {fields}")]
    BadJson {
        /// The request's type.
        message: String,
        /// What is wrong, with line and column.
        reason: String,
        /// What it may have.
        fields: String,
    },
    /// The answer cannot be shown.
    #[error("the answer cannot be written as JSON: {0}")]
    Unprintable(#[from] serde_json::Error),
    /// Nothing can be sent in an envelope, or what came back in one is not believed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The answer is a "no".
    #[error("{}", shown(.0))]
    Refused(Box<Told>),
}

/// A server that describes itself.
pub struct Remote {
    wire: Wire,
    pool: DescriptorPool,
    services: Vec<String>,
}

impl Remote {
    /// Connects to `http://host:port` and learns what is there.
    pub async fn reach(reach: &Reach) -> Result<Remote, CallError> {
        let wire = reach.wire().await?;
        let learnt = learn(wire.clone()).await;
        let (pool, services) = learnt.map_err(|reason| CallError::NoReflection {
            endpoint: reach.endpoint.clone(),
            reason,
        })?;
        Ok(Remote {
            wire,
            pool,
            services,
        })
    }

    /// The services, by name.
    pub fn services(&self) -> impl Iterator<Item = ServiceDescriptor> + '_ {
        let known = self.services.iter();
        known.filter_map(|name| self.pool.get_service_by_name(name))
    }

    /// The method of this name: `package.Service/Method`, `Service/Method`, or with the service's
    /// short name, `settlement/GetSettlement`, or only `GetSettlement` where one service has it.
    pub fn method(&self, wanted: &str) -> Result<MethodDescriptor, CallError> {
        let path = wanted.trim_start_matches('/');
        let (service, method) = match path.rsplit_once(['/', '.']) {
            Some((service, method)) => (Some(service), method),
            None => (None, path),
        };
        let fitting: Vec<ServiceDescriptor> = self
            .services()
            .filter(|known| service.is_none_or(|service| is_called(known, service)))
            .collect();
        let mut found = called(&fitting, method);
        if let [one] = found.as_slice() {
            return Ok(one.clone());
        }
        if found.is_empty() {
            // Another service than was said may have it.
            found = called(&self.services().collect::<Vec<_>>(), method);
        }
        Err(CallError::NoMethod {
            wanted: wanted.to_string(),
            hint: self.hint(&fitting, &found, service.is_some()),
        })
    }

    fn hint(
        &self,
        fitting: &[ServiceDescriptor],
        several: &[MethodDescriptor],
        named: bool,
    ) -> String {
        let names = |names: Vec<String>| names.join(" ");
        match (several, fitting) {
            ([_, ..], _) => {
                let all = several.iter().map(|method| path_of(method).to_string());
                format!("say which: {}", names(all.collect()))
            }
            ([], [service]) if named => {
                let all = service.methods().map(|method| method.name().to_string());
                format!("{} has {}", service.full_name(), names(all.collect()))
            }
            _ => {
                let all = self
                    .services()
                    .map(|service| service.full_name().to_string());
                format!("the services are {}", names(all.collect()))
            }
        }
    }

    /// Calls a method with JSON as `caller`, and gives the answer as JSON.
    pub async fn call(
        &self,
        method: &MethodDescriptor,
        caller: Option<&str>,
        json: &str,
    ) -> Result<String, CallError> {
        if method.is_client_streaming() || method.is_server_streaming() {
            return Err(CallError::Streams(method.full_name().to_string()));
        }
        let message = read(&method.input(), json)?;
        let mut request = Request::new(message);
        request.set_timeout(PATIENCE);
        if let Some(caller) = caller {
            let bad = || CallError::BadCaller(caller.to_string());
            runtime::loopback_caller(caller).ok_or_else(bad)?;
            let value = AsciiMetadataValue::try_from(caller).map_err(|_| bad())?;
            request.metadata_mut().insert(CALLER_HEADER, value);
        }
        let told = |status: Status| CallError::Refused(Box::new(Told::of(&status)));
        let path = PathAndQuery::try_from(format!("/{}", path_of(method)));
        let path = path.map_err(|_| CallError::Streams(method.full_name().to_string()))?;
        let mut client =
            tonic::client::Grpc::new(self.wire.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        client
            .ready()
            .await
            .map_err(|error| CallError::Unreachable {
                endpoint: "the server".to_string(),
                reason: innermost(&error),
            })?;
        let answer = client.unary(request, path, Dynamic(method.output())).await;
        write(&answer.map_err(told)?.into_inner())
    }
}

/// `package.Service/Method`.
pub fn path_of(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

/// The first sentence of the comment above a service or method, where the server tells comments.
pub fn comment_of(service: &ServiceDescriptor, method: Option<&MethodDescriptor>) -> String {
    const SERVICE: i32 = 6;
    const METHOD: i32 = 2;
    let file = service.parent_file();
    let place = file
        .services()
        .zip(0i32..)
        .find(|(known, _)| known == service);
    let mut path = vec![SERVICE, place.map_or(-1, |(_, place)| place)];
    if let Some(method) = method {
        path.extend([METHOD, i32::try_from(method.index()).unwrap_or(-1)]);
    }
    let told = file.file_descriptor_proto().source_code_info.as_ref();
    let found = told.and_then(|info| info.location.iter().find(|location| location.path == path));
    let comment = found.map_or("", |location| location.leading_comments());
    let comment = comment.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = comment.find(". ").map_or(comment.len(), |at| at + 1);
    comment.get(..end).unwrap_or(&comment).trim().to_string()
}

/// The methods of this name that these services have.
fn called(services: &[ServiceDescriptor], method: &str) -> Vec<MethodDescriptor> {
    let methods = |service: &ServiceDescriptor| service.methods().collect::<Vec<_>>();
    let all = services.iter().flat_map(methods);
    all.filter(|known| known.name().eq_ignore_ascii_case(method))
        .collect()
}

fn is_called(service: &ServiceDescriptor, name: &str) -> bool {
    let short = service
        .name()
        .strip_suffix("Service")
        .unwrap_or(service.name());
    [service.full_name(), service.name(), short]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// Every service, and every file they need.
async fn learn(wire: Wire) -> Result<(DescriptorPool, Vec<String>), String> {
    let mut client = ServerReflectionClient::new(wire).max_decoding_message_size(ANSWER_BYTES_MAX);
    let listed = ask(&mut client, MessageRequest::ListServices("*".into())).await?;
    let Some(MessageResponse::ListServicesResponse(listed)) = listed.message_response else {
        return Err("no list of services".to_string());
    };
    let services: Vec<String> = listed
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    let mut wanted: Vec<MessageRequest> = services
        .iter()
        .map(|name| MessageRequest::FileContainingSymbol(name.clone()))
        .collect();
    let mut files: BTreeMap<String, FileDescriptorProto> = BTreeMap::new();
    while let Some(request) = wanted.pop() {
        if let MessageRequest::FileByFilename(name) = &request
            && files.contains_key(name)
        {
            continue;
        }
        let told = ask(&mut client, request).await?;
        let Some(MessageResponse::FileDescriptorResponse(told)) = told.message_response else {
            return Err("a file is not described".to_string());
        };
        for bytes in told.file_descriptor_proto {
            let file = FileDescriptorProto::decode(bytes.as_slice()).map_err(|e| e.to_string())?;
            let needed = file.dependency.iter().cloned();
            wanted.extend(needed.map(MessageRequest::FileByFilename));
            files.insert(file.name().to_string(), file);
        }
        if files.len() > FILES_MAX {
            return Err(format!("more than {FILES_MAX} files"));
        }
    }
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_protos(files.into_values())
        .map_err(|e| e.to_string())?;
    Ok((pool, services))
}

async fn ask(
    client: &mut ServerReflectionClient<Wire>,
    request: MessageRequest,
) -> Result<ServerReflectionResponse, String> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(request),
    };
    let said = |status: Status| Told::of(&status).to_string();
    let stream = futures_util::stream::iter([request]);
    let answers = client.server_reflection_info(stream).await.map_err(said)?;
    let first = answers.into_inner().message().await.map_err(said)?;
    first.ok_or_else(|| "no answer".to_string())
}

fn read(message: &MessageDescriptor, json: &str) -> Result<DynamicMessage, CallError> {
    let bad = |error: serde_json::Error| CallError::BadJson {
        message: message.full_name().to_string(),
        reason: error.to_string(),
        fields: match message
            .fields()
            .map(|field| field.name().to_string())
            .collect::<Vec<_>>()
        {
            none if none.is_empty() => "none; write {}".to_string(),
            names => names.join(", "),
        },
    };
    let mut reader = serde_json::Deserializer::from_str(json);
    let options = DeserializeOptions::new();
    let read = DynamicMessage::deserialize_with_options(message.clone(), &mut reader, &options);
    let read = read.map_err(bad)?;
    reader.end().map_err(bad)?;
    Ok(read)
}

fn write(message: &DynamicMessage) -> Result<String, CallError> {
    let mut bytes = Vec::new();
    let mut writer = serde_json::Serializer::pretty(&mut bytes);
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    message.serialize_with_options(&mut writer, &options)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A refusal as the command line shows it.
fn shown(told: &Told) -> String {
    let code = match told.code.as_str() {
        "" => told.status.to_string(),
        code if code == told.status => code.to_string(),
        code => format!("{code} ({})", told.status),
    };
    let mut lines = vec![
        format!("refused: {code}"),
        format!("reason:  {}", told.sentence),
    ];
    for (name, text) in [("remedy:  ", &told.remedy), ("field:   ", &told.field)] {
        if !text.is_empty() {
            lines.push(format!("{name}{text}"));
        }
    }
    lines.join("\n")
}

/// The cause at the bottom of an error, which says most.
pub(crate) fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
