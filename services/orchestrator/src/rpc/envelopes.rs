//! 报文保护: the public interface to envelopes and to who sends them.

use crate::edge;
use crate::envelopes::{Admitted, Envelopes};
use crate::steps::Peers;
use crate::wire::carried::{self, Carried};
use crate::wire::envelopes as wire;
use kernel::refusal::UNAVAILABLE;
use kernel::{Kind, Refusal, Role, Seen, SeenKind};
use prost::Message;
use proto::dynamic::Dynamic;
use proto::orchestrator as pb;
use proto::orchestrator::envelope_service_server::EnvelopeService;
use runtime::Does::{Changes, Reads};
use runtime::envelope::envelope_of;
use runtime::{Access, Answer, Context, Wire, answer, code_name, origin, parse, render};
use runtime::{fault_of, status_of};
use serde_json::Value;
use std::time::Duration;
use store::access::Log;
use store::{Call, Key, page};
use tonic::Request;
use tonic::client::Grpc;

/// Who may call what. What a call in an envelope does is recorded where the method is served.
pub const ACCESS: Access = &[
    ("Exchange", CARRIERS, Changes),
    ("GetAnswerKeys", READERS, Reads),
    (REGISTER, SECURITY, Changes),
    ("WithdrawRegisterSender", SECURITY, Changes),
    (ROTATE, SECURITY, Changes),
    ("WithdrawRotateSenderKey", SECURITY, Changes),
    (END, SECURITY, Changes),
    ("WithdrawEndSender", SECURITY, Changes),
    ("GetSender", WATCHERS, Reads),
    ("ListSenders", WATCHERS, Reads),
    ("GetOutcome", SECURITY, Reads),
    ("Burn", SECURITY, Changes),
];
/// Over whose lines envelopes come.
const CARRIERS: &[Role] = &[Role::Institution, Role::Platform, Role::Service];
const READERS: &[Role] = &[
    Role::Institution,
    Role::Platform,
    Role::Service,
    Role::Security,
    Role::Operator,
];
const SECURITY: &[Role] = &[Role::Security, Role::Service];
const WATCHERS: &[Role] = &[Role::Security, Role::Operator, Role::Service];

const REGISTER: &str = "RegisterSender";
const ROTATE: &str = "RotateSenderKey";
const END: &str = "EndSender";
/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[REGISTER, ROTATE, END];

/// How long who is not believed waits until that is written down.
const DENIED_PATIENCE: Duration = Duration::from_secs(1);
/// What an access is written down as.
const EXCHANGE: &str = "/yibao.orchestrator.v1.EnvelopeService/Exchange";

/// The service.
pub struct Rpc {
    /// Who may send, and what is believed.
    pub envelopes: Envelopes,
    /// The orchestrator's own interfaces, through their layers.
    pub own: Wire,
    /// Who serves the rest of the public interface.
    pub peers: Peers,
    /// Where it is written down who was not believed.
    pub log: Log,
}

#[tonic::async_trait]
impl EnvelopeService for Rpc {
    async fn exchange(
        &self,
        request: Request<pb::ExchangeRequest>,
    ) -> Answer<pb::ExchangeResponse> {
        answer(request, |context, message| async move {
            let arrived = wire::arrived(message.envelope)?;
            let admitted = match self.envelopes.open(&context.principal, &arrived).await {
                Ok(admitted) => admitted,
                Err(no) => return Err(self.not_believed(&context, no).await),
            };
            let opened = &admitted.opened;
            let carried = Carried::of(&opened.method, &opened.body)?;
            self.envelopes.take(&admitted).await?;
            let answer = self.call(&context, &admitted, carried).await;
            let closed = self.envelopes.close(&admitted, &answer)?;
            Ok(pb::ExchangeResponse {
                envelope: Some(envelope_of(&closed)),
            })
        })
        .await
    }

    async fn get_answer_keys(
        &self,
        request: Request<pb::GetAnswerKeysRequest>,
    ) -> Answer<pb::GetAnswerKeysResponse> {
        answer(request, |_, _| async move {
            let keys = self.envelopes.keys()?.public();
            Ok(pb::GetAnswerKeysResponse {
                keys: keys.map(wire::answer_key).collect(),
            })
        })
        .await
    }

    async fn register_sender(
        &self,
        request: Request<pb::RegisterSenderRequest>,
    ) -> Answer<pb::RegisterSenderResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_sender(&context.principal.area, &message)?;
            let call = self.keyed(&context, REGISTER, &message.request_id, &message)?;
            let (found, replayed) = self.envelopes.register(&call, &new).await?;
            let sender = Some(wire::sender(&found));
            Ok(pb::RegisterSenderResponse { sender, replayed })
        })
        .await
    }

    async fn withdraw_register_sender(
        &self,
        request: Request<pb::WithdrawRegisterSenderRequest>,
    ) -> Answer<pb::WithdrawRegisterSenderResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, REGISTER, &message.original_request_id)?;
            let outcome = self.envelopes.withdraw_register(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawRegisterSenderResponse { outcome })
        })
        .await
    }

    async fn rotate_sender_key(
        &self,
        request: Request<pb::RotateSenderKeyRequest>,
    ) -> Answer<pb::RotateSenderKeyResponse> {
        answer(request, |context, message| async move {
            let app_id = wire::app_id(&message.app_id)?;
            let rotation = wire::rotation(&message)?;
            let call = self.keyed(&context, ROTATE, &message.request_id, &message)?;
            let (found, replayed) = self.envelopes.rotate(&call, &app_id, &rotation).await?;
            let sender = Some(wire::sender(&found));
            Ok(pb::RotateSenderKeyResponse { sender, replayed })
        })
        .await
    }

    async fn withdraw_rotate_sender_key(
        &self,
        request: Request<pb::WithdrawRotateSenderKeyRequest>,
    ) -> Answer<pb::WithdrawRotateSenderKeyResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, ROTATE, &message.original_request_id)?;
            let outcome = self.envelopes.withdraw_rotate(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawRotateSenderKeyResponse { outcome })
        })
        .await
    }

    async fn end_sender(
        &self,
        request: Request<pb::EndSenderRequest>,
    ) -> Answer<pb::EndSenderResponse> {
        answer(request, |context, message| async move {
            let app_id = wire::app_id(&message.app_id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let call = self.keyed(&context, END, &message.request_id, &message)?;
            let (found, replayed) = self.envelopes.end(&call, &app_id, &reason).await?;
            let sender = Some(wire::sender(&found));
            Ok(pb::EndSenderResponse { sender, replayed })
        })
        .await
    }

    async fn withdraw_end_sender(
        &self,
        request: Request<pb::WithdrawEndSenderRequest>,
    ) -> Answer<pb::WithdrawEndSenderResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, END, &message.original_request_id)?;
            let outcome = self.envelopes.withdraw_end(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawEndSenderResponse { outcome })
        })
        .await
    }

    async fn get_sender(
        &self,
        request: Request<pb::GetSenderRequest>,
    ) -> Answer<pb::GetSenderResponse> {
        answer(request, |context, message| async move {
            let app_id = wire::app_id(&message.app_id)?;
            let found = self
                .envelopes
                .sender(&context.principal.area, &app_id)
                .await?;
            let sender = Some(wire::sender(&found));
            Ok(pb::GetSenderResponse { sender })
        })
        .await
    }

    async fn list_senders(
        &self,
        request: Request<pb::ListSendersRequest>,
    ) -> Answer<pb::ListSendersResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (found, next_page_token) = self.envelopes.senders(area, size, &after).await?;
            Ok(pb::ListSendersResponse {
                senders: found.iter().map(wire::sender).collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::EnvelopeServiceGetOutcomeRequest>,
    ) -> Answer<pb::EnvelopeServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.envelopes.outcome(&key).await?));
            Ok(pb::EnvelopeServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::EnvelopeServiceBurnRequest>,
    ) -> Answer<pb::EnvelopeServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let key = original(&context, method, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.envelopes.burn(&key).await?));
            Ok(pb::EnvelopeServiceBurnResponse { outcome })
        })
        .await
    }
}

impl Rpc {
    /// The call of an envelope, as its sender would make it: through the same layers, in the time left.
    async fn call(
        &self,
        context: &Context,
        admitted: &Admitted,
        carried: Carried,
    ) -> Result<Value, Refusal> {
        let interface = carried.interface();
        let served = edge::wire_of(&interface, &self.peers);
        let mut client = Grpc::new(served.unwrap_or_else(|| self.own.clone()));
        let away = |_| UNAVAILABLE.refuse().with("part", "peer");
        client.ready().await.map_err(away)?;
        let caller = Context::of(admitted.principal.clone(), context.left());
        let codec = Dynamic(carried.method.output());
        let path = carried.path()?;
        let answered = client.unary(caller.own(carried.request), path, codec).await;
        match answered {
            Ok(answer) => carried::answer(answer.get_ref()),
            Err(no) => Err(fault_of(no, true).into_refusal()),
        }
    }

    /// Writes down who came with an envelope that is not believed; a refusal does not depend on it.
    async fn not_believed(&self, context: &Context, no: Refusal) -> Refusal {
        if !matches!(no.kind, Kind::Unauthenticated | Kind::Forbidden) {
            return no;
        }
        let seen = Seen {
            area: context.principal.area.clone(),
            caller: context.principal.key_name(),
            roles: context.principal.roles.clone(),
            method: EXCHANGE.to_string(),
            kind: SeenKind::Denied,
            subjects: Vec::new(),
            subject_count: 0,
            purpose: String::new(),
            outcome: code_name(status_of(&no).code()),
            trace_id: String::new(),
        };
        let written = tokio::time::timeout(DENIED_PATIENCE, self.log.append(seen)).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::warn!(code = %no.code, "a denial may not have been written down");
        }
        no
    }

    fn keyed(
        &self,
        context: &Context,
        method: &str,
        request_id: &str,
        message: &impl Message,
    ) -> Result<Call, Refusal> {
        let request_id = parse::request_id(request_id)?;
        Ok(Call {
            key: Key::of(&context.principal, method, request_id),
            origin: origin(method, message),
            now: self.envelopes.clock.now(),
        })
    }
}

/// The key of a request that is withdrawn or burned.
fn original(context: &Context, method: &str, request_id: &str) -> Result<Key, Refusal> {
    let original = parse::original_request_id(request_id)?;
    Ok(Key::of(&context.principal, method, original))
}
