//! 差额结算: the public interface to corrections, for institutions and the bureau.

use super::{ANYWHERE, BUREAU, Rpc, own_institution};
use crate::app::{FindingWanted, Shown, ThirdPartyFound};
use crate::wire;
use kernel::{InstitutionCode, SettlementId};
use proto::orchestrator as pb;
use proto::orchestrator::approval_subject::Subject;
use proto::orchestrator::revision_service_server::RevisionService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("RefundLines", ANYWHERE, Changes),
    ("WithdrawRefundLines", ANYWHERE, Changes),
    ("PreviewFinding", BUREAU, ReadsPeople),
    ("PostFinding", BUREAU, Changes),
    ("WithdrawPostFinding", BUREAU, Changes),
    ("PreviewThirdParty", BUREAU, ReadsPeople),
    ("PostThirdParty", BUREAU, Changes),
    ("WithdrawPostThirdParty", BUREAU, Changes),
    ("ListRevisions", ANYWHERE, ReadsPeople),
    ("GetOutcome", ANYWHERE, Reads),
    // A key has its caller in it: nobody burns another's.
    ("Burn", ANYWHERE, Changes),
];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &["RefundLines", "PostFinding", "PostThirdParty"];

#[tonic::async_trait]
impl RevisionService for Rpc {
    async fn refund_lines(
        &self,
        request: Request<pb::RefundLinesRequest>,
    ) -> Answer<pb::RefundLinesResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let refund = wire::refund(&message, own.clone())?;
            let method = "RefundLines";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (settlement, shown, replayed) = self.0.refund_lines(&call, &refund).await?;
            Ok(pb::RefundLinesResponse {
                settlement: Some(super::shown_to(own.as_ref(), &settlement)),
                revisions: visible(&shown, own.as_ref()),
                replayed,
            })
        })
        .await
    }

    async fn withdraw_refund_lines(
        &self,
        request: Request<pb::WithdrawRefundLinesRequest>,
    ) -> Answer<pb::WithdrawRefundLinesResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "RefundLines", id);
            let own = own_institution(&context.principal);
            let outcome = self.0.withdraw_correction(&key, own.as_ref(), None).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawRefundLinesResponse { outcome })
        })
        .await
    }

    async fn preview_finding(
        &self,
        request: Request<pb::PreviewFindingRequest>,
    ) -> Answer<pb::PreviewFindingResponse> {
        answer(request, |context, message| async move {
            let wanted = wire::finding_wanted(&message.settlement_id, &message.lines)?;
            let area = &context.principal.area;
            let (revised, digest) = self.0.preview_finding(area, &wanted).await?;
            Ok(pb::PreviewFindingResponse {
                revisions: revised.into_iter().map(wire::previewed).collect(),
                preview_digest: digest.to_string(),
            })
        })
        .await
    }

    async fn post_finding(
        &self,
        request: Request<pb::PostFindingRequest>,
    ) -> Answer<pb::PostFindingResponse> {
        answer(request, |context, message| async move {
            wire::approval_brought(&message.approval_id)?;
            let wanted = FindingWanted::parse(&message)?;
            let method = "PostFinding";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let approval_id = message.approval_id.clone();
            let second = wire::second(&approval_id, Subject::PostFinding(message))?;
            let (shown, replayed) = self.0.post_finding(&call, &wanted, &second).await?;
            Ok(pb::PostFindingResponse {
                revisions: visible(&shown, None),
                replayed,
            })
        })
        .await
    }

    async fn withdraw_post_finding(
        &self,
        request: Request<pb::WithdrawPostFindingRequest>,
    ) -> Answer<pb::WithdrawPostFindingResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "PostFinding", id);
            let approval = wire::approval_brought(&message.approval_id)?;
            let outcome = self.0.withdraw_correction(&key, None, approval).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawPostFindingResponse { outcome })
        })
        .await
    }

    async fn preview_third_party(
        &self,
        request: Request<pb::PreviewThirdPartyRequest>,
    ) -> Answer<pb::PreviewThirdPartyResponse> {
        answer(request, |context, message| async move {
            let (share, advance) = (message.third_party_share_bp, message.advance_payment);
            let found = wire::third_party_found(&message.settlement_id, share, advance)?;
            let area = &context.principal.area;
            let (revised, digest) = self.0.preview_third_party(area, &found).await?;
            Ok(pb::PreviewThirdPartyResponse {
                revisions: revised.into_iter().map(wire::previewed).collect(),
                preview_digest: digest.to_string(),
            })
        })
        .await
    }

    async fn post_third_party(
        &self,
        request: Request<pb::PostThirdPartyRequest>,
    ) -> Answer<pb::PostThirdPartyResponse> {
        answer(request, |context, message| async move {
            let (share, advance) = (message.third_party_share_bp, message.advance_payment);
            let document = parse::text("document_number", &message.document_number, 100)?;
            let found = ThirdPartyFound {
                document,
                ..wire::third_party_found(&message.settlement_id, share, advance)?
            };
            let seen = parse::digest("preview_digest", &message.preview_digest)?;
            let method = "PostThirdParty";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let approval_id = message.approval_id.clone();
            let second = wire::second(&approval_id, Subject::PostThirdParty(message))?;
            let bound = (seen, &second);
            let (shown, replayed) = self.0.post_third_party(&call, &found, bound).await?;
            Ok(pb::PostThirdPartyResponse {
                revisions: visible(&shown, None),
                replayed,
            })
        })
        .await
    }

    async fn withdraw_post_third_party(
        &self,
        request: Request<pb::WithdrawPostThirdPartyRequest>,
    ) -> Answer<pb::WithdrawPostThirdPartyResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "PostThirdParty", id);
            let approval = wire::approval_brought(&message.approval_id)?;
            let outcome = self.0.withdraw_correction(&key, None, approval).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawPostThirdPartyResponse { outcome })
        })
        .await
    }

    async fn list_revisions(
        &self,
        request: Request<pb::ListRevisionsRequest>,
    ) -> Answer<pb::ListRevisionsResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let size = page::size(message.page_size)?;
            let after = wire::number_after(&page::key(&message.page_token)?)?;
            let own = own_institution(&context.principal);
            let area = &context.principal.area;
            let (shown, next) = self
                .0
                .revisions(area, id, own.as_ref(), (after, size))
                .await?;
            Ok(pb::ListRevisionsResponse {
                revisions: visible(&shown, own.as_ref()),
                next_page_token: next,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::RevisionServiceGetOutcomeRequest>,
    ) -> Answer<pb::RevisionServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::RevisionServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::RevisionServiceBurnRequest>,
    ) -> Answer<pb::RevisionServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::RevisionServiceBurnResponse { outcome })
        })
        .await
    }
}

/// An institution sees the revisions of its own settlements; where one of them was moved by another
/// settlement of the year, it is not told what that was corrected for.
fn visible(shown: &[Shown], own: Option<&InstitutionCode>) -> Vec<proto::common::Revision> {
    let of_own = |one: &&Shown| one.revision.evidence.bill.is_of(own);
    let told = |one: &Shown| {
        let mut told = wire::revision(one);
        if own.is_some() && one.revision.correction.1 > 1 {
            told.reason.clear();
            told.case_reference.clear();
        }
        told
    };
    shown.iter().filter(of_own).map(told).collect()
}
