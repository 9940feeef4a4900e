//! The generated trait of what operators do: parse, call the operations, render.

use crate::operations::Operations;
use crate::wire::operations as wire;
use kernel::{Digest, Refusal, Role};
use prost::Message;
use proto::orchestrator as pb;
use proto::orchestrator::saga_service_server::SagaService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, Context, answer, origin, parse, render};
use store::{Call, Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("ListSagas", OPERATORS, ReadsPeople),
    ("GetSaga", OPERATORS, ReadsPeople),
    ("ReckonSaga", OPERATORS, ReadsPeople),
    (DIRECT, OPERATORS, Changes),
    (DIRECT_ALL, OPERATORS, Changes),
    (PROPOSE, OPERATORS, Changes),
    (APPROVE, OPERATORS, Changes),
    ("GetOutcome", OPERATORS, Reads),
    ("Burn", OPERATORS, Changes),
    ("ListEvents", OPERATORS, ReadsPeople),
    ("ListAccess", AUDITORS, ReadsPeople),
    ("VerifyChain", AUDITORS, Reads),
];
/// Who reads what others did changes nothing.
const AUDITORS: &[Role] = &[Role::Auditor];
const OPERATORS: &[Role] = &[Role::Operator, Role::Service];

const DIRECT: &str = "DirectSaga";
const DIRECT_ALL: &str = "DirectSagas";
const PROPOSE: &str = "ProposeAbandonment";
const APPROVE: &str = "ApproveAbandonment";
/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[DIRECT, DIRECT_ALL, PROPOSE, APPROVE];

/// The service over its operations.
pub struct Rpc(pub Operations);

#[tonic::async_trait]
impl SagaService for Rpc {
    async fn list_sagas(
        &self,
        request: Request<pb::ListSagasRequest>,
    ) -> Answer<pb::ListSagasResponse> {
        answer(request, |context, message| async move {
            let filter = wire::filter(message.filter, self.0.executor.clock.now())?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            Ok(wire::page(self.0.list(area, &filter, size, &after).await?))
        })
        .await
    }

    async fn get_saga(&self, request: Request<pb::GetSagaRequest>) -> Answer<pb::GetSagaResponse> {
        answer(request, |context, message| async move {
            let id = wire::saga_id(&message.saga_id)?;
            let (mut seen, lines) = self.0.get(&context.principal.area, id).await?;
            let notes = seen.notes.take().unwrap_or_default();
            Ok(pb::GetSagaResponse {
                saga: Some(wire::saga(seen)),
                lines: lines.into_iter().map(wire::line).collect(),
                notes,
            })
        })
        .await
    }

    async fn reckon_saga(
        &self,
        request: Request<pb::ReckonSagaRequest>,
    ) -> Answer<pb::ReckonSagaResponse> {
        answer(request, |context, message| async move {
            let id = wire::saga_id(&message.saga_id)?;
            Ok(wire::reckoning(self.0.reckon(&context, id).await?))
        })
        .await
    }

    async fn direct_saga(
        &self,
        request: Request<pb::DirectSagaRequest>,
    ) -> Answer<pb::DirectSagaResponse> {
        answer(request, |context, message| async move {
            let id = wire::saga_id(&message.saga_id)?;
            let action = wire::action(message.action)?;
            let reason = wire::reason(&message.reason)?;
            let call = self.call(&context, DIRECT, &message.request_id, &message)?;
            let (seen, replayed) = self.0.direct(&call, id, action, &reason).await?;
            let saga = Some(wire::saga(seen));
            Ok(pb::DirectSagaResponse { saga, replayed })
        })
        .await
    }

    async fn direct_sagas(
        &self,
        request: Request<pb::DirectSagasRequest>,
    ) -> Answer<pb::DirectSagasResponse> {
        answer(request, |context, message| async move {
            let call = self.call(&context, DIRECT_ALL, &message.request_id, &message)?;
            let filter = wire::filter(message.filter, call.now)?;
            let action = wire::action(message.action)?;
            let reason = wire::reason(&message.reason)?;
            let (sagas, replayed) = match message.dry_run {
                true => (self.0.count(&call.key.area, &filter, action).await?, false),
                false => self.0.direct_all(&call, &filter, action, &reason).await?,
            };
            Ok(pb::DirectSagasResponse { sagas, replayed })
        })
        .await
    }

    async fn propose_abandonment(
        &self,
        request: Request<pb::ProposeAbandonmentRequest>,
    ) -> Answer<pb::ProposeAbandonmentResponse> {
        answer(request, |context, message| async move {
            let id = wire::saga_id(&message.saga_id)?;
            let reason = wire::reason(&message.reason)?;
            let call = self.call(&context, PROPOSE, &message.request_id, &message)?;
            let (seen, replayed) = self.0.propose(&call, id, &reason).await?;
            let saga = Some(wire::saga(seen));
            Ok(pb::ProposeAbandonmentResponse { saga, replayed })
        })
        .await
    }

    async fn approve_abandonment(
        &self,
        request: Request<pb::ApproveAbandonmentRequest>,
    ) -> Answer<pb::ApproveAbandonmentResponse> {
        answer(request, |context, message| async move {
            let id = wire::saga_id(&message.saga_id)?;
            let call = self.call(&context, APPROVE, &message.request_id, &message)?;
            let (seen, replayed) = self.0.approve(&context, &call, id).await?;
            let saga = Some(wire::saga(seen));
            Ok(pb::ApproveAbandonmentResponse { saga, replayed })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::SagaServiceGetOutcomeRequest>,
    ) -> Answer<pb::SagaServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::SagaServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::SagaServiceBurnRequest>,
    ) -> Answer<pb::SagaServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let original = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, original);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::SagaServiceBurnResponse { outcome })
        })
        .await
    }

    async fn list_events(
        &self,
        request: Request<pb::SagaServiceListEventsRequest>,
    ) -> Answer<pb::SagaServiceListEventsResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = parse::not_negative("after_position", message.after_position)?;
            let area = &context.principal.area;
            let events = self.0.events(area, after, size).await?;
            Ok(pb::SagaServiceListEventsResponse {
                events: events.into_iter().map(render::event).collect(),
            })
        })
        .await
    }

    async fn list_access(
        &self,
        request: Request<pb::ListAccessRequest>,
    ) -> Answer<pb::ListAccessResponse> {
        answer(request, |context, message| async move {
            let filter = parse::access_filter(message.filter)?;
            let size = page::size(message.page_size)?;
            let place = (size, message.page_token.as_str());
            let area = &context.principal.area;
            let (entries, next_page_token) = self.0.accesses(area, &filter, place).await?;
            Ok(pb::ListAccessResponse {
                entries: entries.into_iter().map(render::access_entry).collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn verify_chain(
        &self,
        request: Request<pb::SagaServiceVerifyChainRequest>,
    ) -> Answer<pb::SagaServiceVerifyChainResponse> {
        answer(request, |_, message| async move {
            let size = page::size(message.page_size)?;
            let after = parse::not_negative("after_number", message.after_number)?;
            let checked = self.0.chain(after, size).await?;
            let check = render::chain_check(checked.held, checked.flaw, checked.more);
            Ok(pb::SagaServiceVerifyChainResponse { check: Some(check) })
        })
        .await
    }
}

impl Rpc {
    fn call(
        &self,
        context: &Context,
        method: &str,
        request_id: &str,
        message: &impl Message,
    ) -> Result<Call, Refusal> {
        let request_id = parse::request_id(request_id)?;
        let origin: Digest = origin(method, message);
        Ok(Call {
            key: Key::of(&context.principal, method, request_id),
            origin,
            now: self.0.executor.clock.now(),
        })
    }
}
