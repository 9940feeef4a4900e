//! Institutions and catalogues.

use super::Rpc;
use crate::wire;
use kernel::InstitutionCode;
use proto::orchestrator::AgreementEnd;
use proto::orchestrator::approval_subject::Subject;
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

    pub(super) async fn end_agreement(
        &self,
        request: Request<pb::EndAgreementRequest>,
    ) -> Answer<pb::EndAgreementResponse> {
        answer(request, |context, message| async move {
            let code = InstitutionCode::parse(&message.institution_code);
            let code = parse::field("institution_code", code)?;
            let from = parse::day("from_day", &message.from_day)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "EndAgreement";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let does = Subject::EndAgreement(AgreementEnd {
                institution_code: message.institution_code,
                from_day: message.from_day,
                reason: message.reason,
            });
            let second = wire::second(&message.approval_id, does)?;
            let ended = self.0.end_agreement(&call, &code, (from, &reason, &second));
            let (institution, replayed) = ended.await?;
            let institution = Some(wire::institution(institution));
            Ok(pb::EndAgreementResponse {
                institution,
                replayed,
            })
        })
        .await
    }

    pub(super) async fn withdraw_end_agreement(
        &self,
        request: Request<pb::WithdrawEndAgreementRequest>,
    ) -> Answer<pb::WithdrawEndAgreementResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "EndAgreement", id);
            let approval = wire::approval_brought(&message.approval_id)?;
            let outcome = self.0.withdraw_end_agreement(&key, approval).await?;
            let outcome = render::outcome(outcome);
            Ok(pb::WithdrawEndAgreementResponse {
                outcome: Some(outcome),
            })
        })
        .await
    }

    pub(super) async fn list_institutions_as_of(
        &self,
        request: Request<pb::ListInstitutionsAsOfRequest>,
    ) -> Answer<pb::ListInstitutionsAsOfResponse> {
        answer(request, |context, message| async move {
            let day = parse::day("day", &message.day)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (rows, next) = self.0.institutions_as_of(area, day, size, &after).await?;
            let institutions = rows.into_iter().map(wire::institution).collect();
            Ok(pb::ListInstitutionsAsOfResponse {
                institutions,
                next_page_token: next,
            })
        })
        .await
    }

    pub(super) async fn count_institutions(
        &self,
        request: Request<pb::CountInstitutionsRequest>,
    ) -> Answer<pb::CountInstitutionsResponse> {
        answer(request, |context, message| async move {
            let day = parse::day("day", &message.day)?;
            let area = &context.principal.area;
            let in_force = self.0.count_institutions(area, day).await?;
            Ok(wire::institution_counts(day, in_force))
        })
        .await
    }
}
