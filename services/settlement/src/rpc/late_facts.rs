//! 待遇追溯: facts of a person that became known late.

use super::Rpc;
use crate::wire;
use kernel::CorrectionId;
use proto::orchestrator::approval_subject::Subject;
use proto::settlement as pb;
use runtime::{Answer, answer, carried_origin, parse};
use tonic::Request;

impl Rpc {
    pub(super) async fn list_settled_days(
        &self,
        request: Request<pb::ListSettledDaysRequest>,
    ) -> Answer<pb::ListSettledDaysResponse> {
        answer(request, |context, message| async move {
            let whose = wire::year_key(&message.person_id, &message.scheme, message.year)?;
            let end_day = self.0.settled_days(&context.principal.area, &whose).await?;
            Ok(pb::ListSettledDaysResponse { end_day })
        })
        .await
    }

    pub(super) async fn price_late_facts(
        &self,
        request: Request<pb::PriceLateFactsRequest>,
    ) -> Answer<pb::PriceLateFactsResponse> {
        answer(request, |context, message| async move {
            let whose = wire::year_key(&message.person_id, &message.scheme, message.year)?;
            let facts = wire::late_facts(whose, &message.members)?;
            let area = &context.principal.area;
            let (revised, digest) = self.0.preview_late_facts(area, &facts).await?;
            Ok(pb::PriceLateFactsResponse {
                revisions: revised.into_iter().map(wire::previewed).collect(),
                preview_digest: digest.to_string(),
            })
        })
        .await
    }

    pub(super) async fn post_late_facts(
        &self,
        request: Request<pb::PostLateFactsRequest>,
    ) -> Answer<pb::PostLateFactsResponse> {
        answer(request, |context, message| async move {
            let whose = wire::year_key(&message.person_id, &message.scheme, message.year)?;
            let facts = wire::late_facts(whose, &message.members)?;
            let shown = parse::digest("preview_digest", &message.preview_digest)?;
            let method = "PostLateFacts";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let does = Subject::PostLateFacts(proto::orchestrator::PostLateFactsRequest {
                person_id: message.person_id,
                scheme: message.scheme,
                year: message.year,
                preview_digest: message.preview_digest,
                ..Default::default()
            });
            let second = wire::second(&message.approval_id, does)?;
            let posted = self.0.post_late_facts(&call, &facts, (shown, &second));
            let (correction, revisions, replayed) = posted.await?;
            Ok(pb::PostLateFactsResponse {
                correction_id: correction.to_string(),
                revisions: revisions.iter().map(wire::revision).collect(),
                replayed,
            })
        })
        .await
    }

    pub(super) async fn cancel_correction(
        &self,
        request: Request<pb::CancelCorrectionRequest>,
    ) -> Answer<pb::CancelCorrectionResponse> {
        answer(request, |context, message| async move {
            let id = CorrectionId::parse(&message.correction_id);
            let id = parse::field("correction_id", id)?;
            let method = "CancelCorrection";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let replayed = self.0.cancel_correction(&call, id).await?;
            Ok(pb::CancelCorrectionResponse { replayed })
        })
        .await
    }
}
