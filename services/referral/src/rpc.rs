//! The generated trait: parse, call the app, render.

use crate::app::App;
use crate::wire;
use kernel::{Digest, Refusal, Role};
use proto::referral as pb;
use proto::referral::referral_service_server::ReferralService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, Context, answer, carried_origin, origin, parse, render};
use store::{Call, Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    (REQUEST, CHANGE, Changes),
    ("WithdrawRequestReferral", CHANGE, Changes),
    (APPROVE, CHANGE, Changes),
    ("WithdrawApproveReferral", CHANGE, Changes),
    (USE, CHANGE, Changes),
    ("WithdrawUseReferral", CHANGE, Changes),
    (RELEASE, CHANGE, Changes),
    ("WithdrawReleaseReferral", CHANGE, Changes),
    (BAR, CHANGE, Changes),
    ("WithdrawBarInstitution", CHANGE, Changes),
    ("ListBars", CHANGE, Reads),
    ("GetReferral", CHANGE, ReadsPeople),
    ("GetOutcome", CHANGE, Reads),
    ("Burn", CHANGE, Changes),
    ("ListEvents", CHANGE, ReadsPeople),
    ("ListAccess", AUDITORS, ReadsPeople),
    ("VerifyChain", AUDITORS, Reads),
];
/// Who reads what others did changes nothing.
const AUDITORS: &[Role] = &[Role::Auditor];
const CHANGE: &[Role] = &[Role::Service, Role::Clerk];

const REQUEST: &str = "RequestReferral";
const APPROVE: &str = "ApproveReferral";
const USE: &str = "UseReferral";
const RELEASE: &str = "ReleaseReferral";
const BAR: &str = "BarInstitution";
/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[REQUEST, APPROVE, USE, RELEASE, BAR];

/// The service over its app.
pub struct Rpc(pub App);

#[tonic::async_trait]
impl ReferralService for Rpc {
    async fn request_referral(
        &self,
        request: Request<pb::RequestReferralRequest>,
    ) -> Answer<pb::RequestReferralResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_referral(&message)?;
            let origin = origin(REQUEST, &message);
            let call = self.call(&context, REQUEST, &message.request_id, origin)?;
            let (referral, replayed) = self.0.request(&call, &new).await?;
            let referral = Some(wire::referral(referral));
            Ok(pb::RequestReferralResponse { referral, replayed })
        })
        .await
    }

    async fn withdraw_request_referral(
        &self,
        request: Request<pb::WithdrawRequestReferralRequest>,
    ) -> Answer<pb::WithdrawRequestReferralResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, REQUEST, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_request(&key).await?));
            Ok(pb::WithdrawRequestReferralResponse { outcome })
        })
        .await
    }

    async fn approve_referral(
        &self,
        request: Request<pb::ApproveReferralRequest>,
    ) -> Answer<pb::ApproveReferralResponse> {
        answer(request, |context, message| async move {
            let id = wire::referral_id(&message.referral_id)?;
            let opinion = wire::opinion(&message)?;
            let origin = origin(APPROVE, &message);
            let call = self.call(&context, APPROVE, &message.request_id, origin)?;
            let (referral, replayed) = self.0.approve(&call, id, &opinion).await?;
            let referral = Some(wire::referral(referral));
            Ok(pb::ApproveReferralResponse { referral, replayed })
        })
        .await
    }

    async fn withdraw_approve_referral(
        &self,
        request: Request<pb::WithdrawApproveReferralRequest>,
    ) -> Answer<pb::WithdrawApproveReferralResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, APPROVE, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_approve(&key).await?));
            Ok(pb::WithdrawApproveReferralResponse { outcome })
        })
        .await
    }

    async fn use_referral(
        &self,
        request: Request<pb::UseReferralRequest>,
    ) -> Answer<pb::UseReferralResponse> {
        answer(request, |context, message| async move {
            let id = wire::referral_id(&message.referral_id)?;
            let stay = wire::stay(&message)?;
            let origin = carried_origin(&message.origin, USE, &message)?;
            let call = self.call(&context, USE, &message.request_id, origin)?;
            let (referral, replayed) = self.0.put_to_use(&call, id, &stay).await?;
            let referral = Some(wire::referral(referral));
            Ok(pb::UseReferralResponse { referral, replayed })
        })
        .await
    }

    async fn withdraw_use_referral(
        &self,
        request: Request<pb::WithdrawUseReferralRequest>,
    ) -> Answer<pb::WithdrawUseReferralResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, USE, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_use(&key).await?));
            Ok(pb::WithdrawUseReferralResponse { outcome })
        })
        .await
    }

    async fn release_referral(
        &self,
        request: Request<pb::ReleaseReferralRequest>,
    ) -> Answer<pb::ReleaseReferralResponse> {
        answer(request, |context, message| async move {
            let id = wire::referral_id(&message.referral_id)?;
            let visit_number = wire::visit_number(&message.visit_number)?;
            let origin = carried_origin(&message.origin, RELEASE, &message)?;
            let call = self.call(&context, RELEASE, &message.request_id, origin)?;
            let (released, replayed) = self.0.release(&call, id, &visit_number).await?;
            Ok(pb::ReleaseReferralResponse {
                referral: released.referral.map(wire::referral),
                released: released.ended,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_release_referral(
        &self,
        request: Request<pb::WithdrawReleaseReferralRequest>,
    ) -> Answer<pb::WithdrawReleaseReferralResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, RELEASE, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_release(&key).await?));
            Ok(pb::WithdrawReleaseReferralResponse { outcome })
        })
        .await
    }

    async fn bar_institution(
        &self,
        request: Request<pb::BarInstitutionRequest>,
    ) -> Answer<pb::BarInstitutionResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_bar(&message)?;
            let origin = carried_origin(&message.origin, BAR, &message)?;
            let call = self.call(&context, BAR, &message.request_id, origin)?;
            let (bar, replayed) = self.0.bar(&call, &new).await?;
            let bar = Some(wire::bar(bar));
            Ok(pb::BarInstitutionResponse { bar, replayed })
        })
        .await
    }

    async fn withdraw_bar_institution(
        &self,
        request: Request<pb::WithdrawBarInstitutionRequest>,
    ) -> Answer<pb::WithdrawBarInstitutionResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, BAR, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_bar(&key).await?));
            Ok(pb::WithdrawBarInstitutionResponse { outcome })
        })
        .await
    }

    async fn list_bars(
        &self,
        request: Request<pb::ListBarsRequest>,
    ) -> Answer<pb::ListBarsResponse> {
        answer(request, |context, message| async move {
            let institution = wire::optional_institution(&message.institution_code)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let bars = self.0.bars(area, institution.as_ref(), size, &after);
            let (bars, next) = bars.await?;
            Ok(pb::ListBarsResponse {
                bars: bars.into_iter().map(wire::bar).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn get_referral(
        &self,
        request: Request<pb::GetReferralRequest>,
    ) -> Answer<pb::GetReferralResponse> {
        answer(request, |context, message| async move {
            let id = wire::referral_id(&message.referral_id)?;
            let referral = self.0.get(&context.principal.area, id).await?;
            let referral = Some(wire::referral(referral));
            Ok(pb::GetReferralResponse { referral })
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

impl Rpc {
    fn call(
        &self,
        context: &Context,
        method: &str,
        request_id: &str,
        origin: Digest,
    ) -> Result<Call, Refusal> {
        let request_id = parse::request_id(request_id)?;
        Ok(Call {
            key: Key::of(&context.principal, method, request_id),
            origin,
            now: self.0.clock.now(),
        })
    }
}

fn original(context: &Context, method: &str, id: &str) -> Result<Key, Refusal> {
    Ok(Key::of(
        &context.principal,
        method,
        parse::original_request_id(id)?,
    ))
}
