//! The generated trait: parse, call the app, render.

use crate::app::App;
use crate::wire;
use kernel::{Digest, PersonId, Refusal, Role, Scheme, SettlementId};
use proto::settlement as pb;
use proto::settlement::settlement_service_server::SettlementService;
use runtime::{Access, Answer, Context, answer, carried_origin, origin, parse, render};
use store::{Call, Key, page};
use tonic::Request;

/// Who may call what. Hospitals call the orchestrator, not this.
pub const ACCESS: Access = &[
    ("RegisterInstitution", BUREAU),
    ("WithdrawRegisterInstitution", BUREAU),
    ("PublishCatalogue", BUREAU),
    ("PriceClaim", BUREAU),
    ("QuoteChange", BUREAU),
    ("PostSettlement", SUITE),
    ("ReverseSettlement", SUITE),
    ("GetSettlement", BUREAU),
    ("ExplainSettlement", BUREAU),
    ("ExplainChange", BUREAU),
    ("GetClaimHistory", BUREAU),
    ("GetAccumulators", BUREAU),
    ("GetTrialBalance", BUREAU),
    ("ListInstitutions", BUREAU),
    ("ProposePackage", LAW),
    ("WithdrawProposePackage", LAW),
    ("ActivatePackage", LAW),
    ("WithdrawActivatePackage", LAW),
    ("ListPackages", ANYBODY),
    ("GetOutcome", ANYBODY),
    // A key has its caller in it: nobody burns another's.
    ("Burn", ANYBODY),
    ("ListEvents", BUREAU),
];
const BUREAU: &[Role] = &[Role::Service, Role::Clerk];
/// What the law is, operators say, two of them together.
const LAW: &[Role] = &[Role::Service, Role::Operator];
const ANYBODY: &[Role] = &[Role::Service, Role::Clerk, Role::Operator];
/// Money moves only through the orchestrator, which brings the person's snapshot.
const SUITE: &[Role] = &[Role::Service];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    "RegisterInstitution",
    "PublishCatalogue",
    "PostSettlement",
    "ReverseSettlement",
    "ProposePackage",
    "ActivatePackage",
];

/// The service over its app.
pub struct Rpc(pub App);

impl Rpc {
    fn call(
        &self,
        context: &Context,
        method: &str,
        request_id: &str,
        origin: Digest,
    ) -> Result<Call, Refusal> {
        let key = Key::of(&context.principal, method, parse::request_id(request_id)?);
        Ok(Call {
            key,
            origin,
            now: self.0.clock.now(),
        })
    }
}

#[tonic::async_trait]
impl SettlementService for Rpc {
    async fn register_institution(
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

    async fn withdraw_register_institution(
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

    async fn publish_catalogue(
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

    async fn price_claim(
        &self,
        request: Request<pb::PriceClaimRequest>,
    ) -> Answer<pb::PriceClaimResponse> {
        answer(request, |context, message| async move {
            let (claim, member) = (message.claim.as_ref(), message.member.as_ref());
            let order = wire::order(claim, member, &message.findings, None)?;
            let priced = self.0.quote(&context.principal.area, order).await?;
            Ok(pb::PriceClaimResponse {
                quote: Some(wire::quote(priced)),
            })
        })
        .await
    }

    async fn quote_change(
        &self,
        request: Request<pb::QuoteChangeRequest>,
    ) -> Answer<pb::QuoteChangeResponse> {
        answer(request, |context, message| async move {
            let (claim, member) = (message.claim.as_ref(), message.member.as_ref());
            let order = wire::order(claim, member, &message.findings, None)?;
            let change = wire::change(message.change.as_ref())?;
            let area = &context.principal.area;
            let (compared, basis) = self.0.quote_change(area, order, &change).await?;
            Ok(pb::QuoteChangeResponse {
                comparison: Some(wire::comparison(compared, &basis)),
            })
        })
        .await
    }

    async fn post_settlement(
        &self,
        request: Request<pb::PostSettlementRequest>,
    ) -> Answer<pb::PostSettlementResponse> {
        answer(request, |context, message| async move {
            let (claim, member) = (message.claim.as_ref(), message.member.as_ref());
            let order = wire::order(claim, member, &message.findings, message.basis.as_ref())?;
            let method = "PostSettlement";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (posted, replayed) = self.0.post(&call, &order).await?;
            let settlement = Some(wire::settlement(&posted));
            Ok(pb::PostSettlementResponse {
                settlement,
                replayed,
            })
        })
        .await
    }

    async fn reverse_settlement(
        &self,
        request: Request<pb::ReverseSettlementRequest>,
    ) -> Answer<pb::ReverseSettlementResponse> {
        answer(request, |context, message| async move {
            let reversal = wire::reversal(&message)?;
            let method = "ReverseSettlement";
            let origin = carried_origin(&message.origin, method, &message)?;
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (posted, replayed) = self.0.reverse(&call, &reversal).await?;
            let settlement = Some(wire::settlement(&posted));
            Ok(pb::ReverseSettlementResponse {
                settlement,
                replayed,
            })
        })
        .await
    }

    async fn get_settlement(
        &self,
        request: Request<pb::GetSettlementRequest>,
    ) -> Answer<pb::GetSettlementResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let posted = self.0.settlement(&context.principal.area, id).await?;
            Ok(pb::GetSettlementResponse {
                settlement: Some(wire::settlement(&posted)),
            })
        })
        .await
    }

    async fn explain_settlement(
        &self,
        request: Request<pb::ExplainSettlementRequest>,
    ) -> Answer<pb::ExplainSettlementResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let (posted, title, reasons) = self.0.explain(&context.principal.area, id).await?;
            Ok(pb::ExplainSettlementResponse {
                settlement: Some(wire::settlement(&posted)),
                package_title: title,
                reasons: reasons.into_iter().map(wire::reason).collect(),
            })
        })
        .await
    }

    async fn explain_change(
        &self,
        request: Request<pb::ExplainChangeRequest>,
    ) -> Answer<pb::ExplainChangeResponse> {
        answer(request, |context, message| async move {
            let id = SettlementId::parse(&message.settlement_id);
            let id = parse::field("settlement_id", id)?;
            let change = wire::change(message.change.as_ref())?;
            let area = &context.principal.area;
            let (compared, basis) = self.0.explain_change(area, id, &change).await?;
            Ok(pb::ExplainChangeResponse {
                comparison: Some(wire::comparison(compared, &basis)),
            })
        })
        .await
    }

    async fn get_claim_history(
        &self,
        request: Request<pb::GetClaimHistoryRequest>,
    ) -> Answer<pb::GetClaimHistoryResponse> {
        answer(request, |context, message| async move {
            let bill = wire::bill(message.claim.as_ref())?;
            let history = self.0.history(&context.principal.area, &bill).await?;
            Ok(pb::GetClaimHistoryResponse {
                fingerprint: bill.fingerprint().to_string(),
                history: history.into_iter().map(wire::past).collect(),
            })
        })
        .await
    }

    async fn get_accumulators(
        &self,
        request: Request<pb::GetAccumulatorsRequest>,
    ) -> Answer<pb::GetAccumulatorsResponse> {
        answer(request, |context, message| async move {
            let person = parse::field("person_id", PersonId::parse(&message.person_id))?;
            let scheme = parse::code("scheme", Scheme::parse(&message.scheme))?;
            let year = (2000..=2100)
                .contains(&message.year)
                .then_some(message.year);
            let year = parse::wanted("year", year, "2000至2100的年份")?;
            let area = &context.principal.area;
            let year = self.0.accumulators(area, person, &scheme, year).await?;
            Ok(wire::accumulators(year))
        })
        .await
    }

    async fn get_trial_balance(
        &self,
        request: Request<pb::GetTrialBalanceRequest>,
    ) -> Answer<pb::GetTrialBalanceResponse> {
        answer(request, |context, _| async move {
            Ok(wire::trial_balance(
                self.0.trial_balance(&context.principal.area).await?,
            ))
        })
        .await
    }

    async fn list_institutions(
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

    async fn propose_package(
        &self,
        request: Request<pb::ProposePackageRequest>,
    ) -> Answer<pb::ProposePackageResponse> {
        answer(request, |context, message| async move {
            wire::package_text(&message.text)?;
            let method = "ProposePackage";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (document, replayed) = self.0.packages.propose(&call, &message.text).await?;
            Ok(pb::ProposePackageResponse {
                proposal_id: document.proposal.map(|made| made.id).unwrap_or_default(),
                package_digest: document.described.digest.to_string(),
                name: document.described.name,
                title: document.described.title,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_propose_package(
        &self,
        request: Request<pb::WithdrawProposePackageRequest>,
    ) -> Answer<pb::WithdrawProposePackageResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "ProposePackage", id);
            let outcome = self
                .0
                .packages
                .withdraw_proposal(&key, self.0.clock.now())
                .await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawProposePackageResponse { outcome })
        })
        .await
    }

    async fn activate_package(
        &self,
        request: Request<pb::ActivatePackageRequest>,
    ) -> Answer<pb::ActivatePackageResponse> {
        answer(request, |context, message| async move {
            let asked = wire::activate(&message)?;
            let method = "ActivatePackage";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (activation, replayed) = self.0.packages.activate(&call, &asked).await?;
            Ok(pb::ActivatePackageResponse {
                activation_id: activation.id,
                activates_time: Some(render::timestamp(activation.since)),
                replayed,
            })
        })
        .await
    }

    async fn withdraw_activate_package(
        &self,
        request: Request<pb::WithdrawActivatePackageRequest>,
    ) -> Answer<pb::WithdrawActivatePackageResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "ActivatePackage", id);
            let outcome = self
                .0
                .packages
                .withdraw_activation(&key, self.0.clock.now())
                .await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawActivatePackageResponse { outcome })
        })
        .await
    }

    async fn list_packages(
        &self,
        request: Request<pb::ListPackagesRequest>,
    ) -> Answer<pb::ListPackagesResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (rows, next) = self
                .0
                .packages
                .page(area, size, &after, self.0.clock.now())
                .await?;
            let rows = rows.into_iter();
            let packages = rows.map(|(document, standing)| render::package(document, standing));
            Ok(pb::ListPackagesResponse {
                packages: packages.collect(),
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
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
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
}
