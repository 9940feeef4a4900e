//! What became of a request, and what happened.

use super::{METHODS, Rpc};
use proto::settlement as pb;
use runtime::{Answer, answer, parse, render};
use store::{Key, page};
use tonic::Request;

impl Rpc {
    pub(super) async fn get_outcome(
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

    pub(super) async fn burn(&self, request: Request<pb::BurnRequest>) -> Answer<pb::BurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::BurnResponse { outcome })
        })
        .await
    }

    pub(super) async fn list_events(
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

    pub(super) async fn list_access(
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

    pub(super) async fn verify_chain(
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
