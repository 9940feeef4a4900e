//! Institutions and catalogues.

use super::Rpc;
use crate::wire;
use proto::settlement as pb;
use runtime::{Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

impl Rpc {
    pub(super) async fn register_institution(
        &self,
        request: Request<pb::RegisterInstitutionRequest>,
    ) -> Answer<pb::RegisterInstitutionResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_institution(message.institution.as_ref())?;
            let method = "RegisterInstitution";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (institution, replayed) = self.0.register_institution(&call, &new).await?;
            let institution = Some(wire::institution(institution));
            Ok(pb::RegisterInstitutionResponse {
                institution,
                replayed,
            })
        })
        .await
    }

    pub(super) async fn withdraw_register_institution(
        &self,
        request: Request<pb::WithdrawRegisterInstitutionRequest>,
    ) -> Answer<pb::WithdrawRegisterInstitutionResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "RegisterInstitution", id);
            let outcome = self.0.withdraw_register_institution(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawRegisterInstitutionResponse { outcome })
        })
        .await
    }

    pub(super) async fn publish_catalogue(
        &self,
        request: Request<pb::PublishCatalogueRequest>,
    ) -> Answer<pb::PublishCatalogueResponse> {
        answer(request, |context, message| async move {
            let (day, items) = wire::catalogue(&message)?;
            let method = "PublishCatalogue";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (id, digest, replayed) = self.0.publish_catalogue(&call, day, &items).await?;
            Ok(pb::PublishCatalogueResponse {
                catalogue_id: id.to_string(),
                digest: digest.to_string(),
                replayed,
            })
        })
        .await
    }

    pub(super) async fn list_institutions(
        &self,
        request: Request<pb::ListInstitutionsRequest>,
    ) -> Answer<pb::ListInstitutionsResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let (rows, next) = self
                .0
                .institutions(&context.principal.area, size, &after)
                .await?;
            let institutions = rows.into_iter().map(wire::institution).collect();
            Ok(pb::ListInstitutionsResponse {
                institutions,
                next_page_token: next,
            })
        })
        .await
    }
}
