//! Who a person is, for who says what for; and who looked.

use super::Rpc;
use crate::wire;
use proto::enrollment as pb;
use runtime::{Answer, PURPOSE_MAX, answer, parse, render};
use store::page;
use tonic::Request;

impl Rpc {
    pub(super) async fn reveal_person(
        &self,
        request: Request<pb::RevealPersonRequest>,
    ) -> Answer<pb::RevealPersonResponse> {
        answer(request, |context, message| async move {
            let purpose = parse::token("purpose", &message.purpose, PURPOSE_MAX)?;
            context.reads_for(&purpose);
            let id = wire::person_id(&message.person_id)?;
            let area = &context.principal.area;
            Ok(wire::revealed(&self.0.registered(area, id).await?))
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
}
