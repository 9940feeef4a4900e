//! The generated trait: parse, call the app, render.

use crate::app::App;
use crate::wire;
use kernel::{Refusal, Role};
use proto::interregional as pb;
use proto::interregional::interregional_service_server::InterregionalService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, Context, answer, origin, parse, render};
use store::{Call, Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("RegisterParticipant", CHANGE, Changes),
    ("WithdrawRegisterParticipant", CHANGE, Changes),
    ("ListParticipants", CHANGE, Reads),
    ("GetOutcome", CHANGE, Reads),
    ("Burn", CHANGE, Changes),
    ("ListEvents", CHANGE, Reads),
    ("ListAccess", AUDITORS, ReadsPeople),
    ("VerifyChain", AUDITORS, Reads),
];
/// Who reads what others did changes nothing.
const AUDITORS: &[Role] = &[Role::Auditor];
const CHANGE: &[Role] = &[Role::Service, Role::Clerk];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &["RegisterParticipant"];

/// The service over its app.
pub struct Rpc(pub App);

#[tonic::async_trait]
impl InterregionalService for Rpc {
    async fn register_participant(
        &self,
        request: Request<pb::RegisterParticipantRequest>,
    ) -> Answer<pb::RegisterParticipantResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_participant(&message)?;
            let request_id = parse::request_id(&message.request_id)?;
            let call = Call {
                key: Key::of(&context.principal, "RegisterParticipant", request_id),
                origin: origin("RegisterParticipant", &message),
                now: self.0.clock.now(),
            };
            let (participant, replayed) = self.0.register(&call, &new).await?;
            let participant = Some(wire::participant(participant));
            Ok(pb::RegisterParticipantResponse {
                participant,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_register_participant(
        &self,
        request: Request<pb::WithdrawRegisterParticipantRequest>,
    ) -> Answer<pb::WithdrawRegisterParticipantResponse> {
        answer(request, |context, message| async move {
            let key = original(
                &context,
                "RegisterParticipant",
                &message.original_request_id,
            )?;
            let outcome = Some(render::outcome(self.0.withdraw_register(&key).await?));
            Ok(pb::WithdrawRegisterParticipantResponse { outcome })
        })
        .await
    }

    async fn list_participants(
        &self,
        request: Request<pb::ListParticipantsRequest>,
    ) -> Answer<pb::ListParticipantsResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let (rows, next) = self.0.list(&context.principal.area, size, &after).await?;
            let participants = rows.into_iter().map(wire::participant).collect();
            Ok(pb::ListParticipantsResponse {
                participants,
                next_page_token: next,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::GetOutcomeRequest>,
    ) -> Answer<pb::GetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::GetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(&self, request: Request<pb::BurnRequest>) -> Answer<pb::BurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let key = original(&context, method, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::BurnResponse { outcome })
        })
        .await
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Answer<pb::ListEventsResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = parse::not_negative("after_position", message.after_position)?;
            let area = &context.principal.area;
            let events = self.0.events(area, after, size).await?;
            Ok(pb::ListEventsResponse {
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
        request: Request<pb::VerifyChainRequest>,
    ) -> Answer<pb::VerifyChainResponse> {
        answer(request, |_, message| async move {
            let size = page::size(message.page_size)?;
            let after = parse::not_negative("after_number", message.after_number)?;
            let checked = self.0.chain(after, size).await?;
            let check = render::chain_check(checked.held, checked.flaw, checked.more);
            Ok(pb::VerifyChainResponse { check: Some(check) })
        })
        .await
    }
}

fn original(context: &Context, method: &str, id: &str) -> Result<Key, Refusal> {
    Ok(Key::of(
        &context.principal,
        method,
        parse::original_request_id(id)?,
    ))
}
