//! The generated trait: parse, call the app, render.

mod access;
pub mod filings;
pub mod identity_checks;
mod revealing;
pub mod transfers;

pub use access::ACCESS;

use crate::app::App;
use crate::wire;
use access::METHODS;
use kernel::Refusal;
use prost::Message;
use proto::enrollment as pb;
use proto::enrollment::enrollment_service_server::EnrollmentService;
use runtime::{Answer, Context, answer, carried_origin, origin, parse, render};
use std::slice;
use std::sync::Arc;
use store::{Call, Key, page};
use tonic::Request;

/// The service over its app.
#[derive(Clone)]
pub struct Rpc(pub Arc<App>);

impl Rpc {
    fn call(
        &self,
        context: &Context,
        method: &str,
        request_id: &str,
        message: &impl Message,
    ) -> Result<Call, Refusal> {
        Ok(Call {
            key: Key::of(&context.principal, method, parse::request_id(request_id)?),
            origin: origin(method, message),
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

#[tonic::async_trait]
impl EnrollmentService for Rpc {
    async fn register_household(
        &self,
        request: Request<pb::RegisterHouseholdRequest>,
    ) -> Answer<pb::RegisterHouseholdResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_household(&message)?;
            let call = self.call(&context, "RegisterHousehold", &message.request_id, &message)?;
            let (household, replayed) = self.0.register_household(&call, &new).await?;
            let household = Some(wire::household(household));
            Ok(pb::RegisterHouseholdResponse {
                household,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_register_household(
        &self,
        request: Request<pb::WithdrawRegisterHouseholdRequest>,
    ) -> Answer<pb::WithdrawRegisterHouseholdResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "RegisterHousehold", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_household(&key).await?));
            Ok(pb::WithdrawRegisterHouseholdResponse { outcome })
        })
        .await
    }

    async fn register_person(
        &self,
        request: Request<pb::RegisterPersonRequest>,
    ) -> Answer<pb::RegisterPersonResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_person(&message)?;
            let call = self.call(&context, "RegisterPerson", &message.request_id, &message)?;
            let (person, replayed) = self.0.register_person(&call, &new).await?;
            let person = Some(wire::person(person));
            Ok(pb::RegisterPersonResponse { person, replayed })
        })
        .await
    }

    async fn withdraw_register_person(
        &self,
        request: Request<pb::WithdrawRegisterPersonRequest>,
    ) -> Answer<pb::WithdrawRegisterPersonResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "RegisterPerson", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_person(&key).await?));
            Ok(pb::WithdrawRegisterPersonResponse { outcome })
        })
        .await
    }

    async fn record_identity(
        &self,
        request: Request<pb::RecordIdentityRequest>,
    ) -> Answer<pb::RecordIdentityResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_identity(&message)?;
            let call = self.call(&context, "RecordIdentity", &message.request_id, &message)?;
            let (identity, replayed) = self.0.record_identity(&call, &new).await?;
            let identity = Some(wire::identity(identity));
            Ok(pb::RecordIdentityResponse { identity, replayed })
        })
        .await
    }

    async fn withdraw_record_identity(
        &self,
        request: Request<pb::WithdrawRecordIdentityRequest>,
    ) -> Answer<pb::WithdrawRecordIdentityResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "RecordIdentity", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_identity(&key).await?));
            Ok(pb::WithdrawRecordIdentityResponse { outcome })
        })
        .await
    }

    async fn enrol_person(
        &self,
        request: Request<pb::EnrolPersonRequest>,
    ) -> Answer<pb::EnrolPersonResponse> {
        answer(request, |context, message| async move {
            let payment = wire::payment(&message)?;
            let origin = carried_origin(&message.origin, "EnrolPerson", &message)?;
            let call = self.call(&context, "EnrolPerson", &message.request_id, &message)?;
            let call = Call { origin, ..call };
            let (coverage, replayed) = self.0.enrol(&call, &payment).await?;
            let area = &call.key.area;
            let law = self.0.law_of(area, slice::from_ref(&coverage)).await?;
            // What was made just now has not changed yet.
            let changes = match replayed {
                true => self.0.standing_changes(area, payment.person).await?,
                false => Vec::new(),
            };
            let coverage = Some(wire::coverage(&law, coverage, &changes));
            Ok(pb::EnrolPersonResponse { coverage, replayed })
        })
        .await
    }

    async fn withdraw_enrol_person(
        &self,
        request: Request<pb::WithdrawEnrolPersonRequest>,
    ) -> Answer<pb::WithdrawEnrolPersonResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "EnrolPerson", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_enrol(&key).await?));
            Ok(pb::WithdrawEnrolPersonResponse { outcome })
        })
        .await
    }

    async fn change_standing(
        &self,
        request: Request<pb::ChangeStandingRequest>,
    ) -> Answer<pb::ChangeStandingResponse> {
        answer(request, |context, message| async move {
            let new = wire::standing::new_standing(&message)?;
            let call = self.call(&context, "ChangeStanding", &message.request_id, &message)?;
            let (change, replayed) = self.0.change_standing(&call, &new).await?;
            let standing_change = Some(wire::standing::change(&change));
            Ok(pb::ChangeStandingResponse {
                standing_change,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_change_standing(
        &self,
        request: Request<pb::WithdrawChangeStandingRequest>,
    ) -> Answer<pb::WithdrawChangeStandingResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "ChangeStanding", &message.original_request_id)?;
            let outcome = self.0.withdraw_change_standing(&key).await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawChangeStandingResponse { outcome })
        })
        .await
    }

    async fn suspend_benefit(
        &self,
        request: Request<pb::SuspendBenefitRequest>,
    ) -> Answer<pb::SuspendBenefitResponse> {
        answer(request, |context, message| async move {
            let new = wire::new_suspension(&message)?;
            let call = self.call(&context, "SuspendBenefit", &message.request_id, &message)?;
            let (suspension, replayed) = self.0.suspend(&call, &new).await?;
            let suspension = Some(wire::suspension(suspension));
            Ok(pb::SuspendBenefitResponse {
                suspension,
                replayed,
            })
        })
        .await
    }

    async fn withdraw_suspend_benefit(
        &self,
        request: Request<pb::WithdrawSuspendBenefitRequest>,
    ) -> Answer<pb::WithdrawSuspendBenefitResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "SuspendBenefit", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_suspend(&key).await?));
            Ok(pb::WithdrawSuspendBenefitResponse { outcome })
        })
        .await
    }

    async fn record_death(
        &self,
        request: Request<pb::RecordDeathRequest>,
    ) -> Answer<pb::RecordDeathResponse> {
        answer(request, |context, message| async move {
            let person = wire::person_id(&message.person_id)?;
            let day = parse::day("death_day", &message.death_day)?;
            let call = self.call(&context, "RecordDeath", &message.request_id, &message)?;
            let (person, replayed) = self.0.record_death(&call, person, day).await?;
            let person = Some(wire::person(person));
            Ok(pb::RecordDeathResponse { person, replayed })
        })
        .await
    }

    async fn withdraw_record_death(
        &self,
        request: Request<pb::WithdrawRecordDeathRequest>,
    ) -> Answer<pb::WithdrawRecordDeathResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "RecordDeath", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_death(&key).await?));
            Ok(pb::WithdrawRecordDeathResponse { outcome })
        })
        .await
    }

    async fn get_person(
        &self,
        request: Request<pb::GetPersonRequest>,
    ) -> Answer<pb::GetPersonResponse> {
        answer(request, |context, message| async move {
            let id = wire::person_id(&message.person_id)?;
            let area = &context.principal.area;
            let file = self.0.person(area, id).await?;
            let law = self.0.law_of(area, &file.coverages).await?;
            Ok(wire::person_file(&law, file))
        })
        .await
    }

    async fn reveal_person(
        &self,
        request: Request<pb::RevealPersonRequest>,
    ) -> Answer<pb::RevealPersonResponse> {
        Rpc::reveal_person(self, request).await
    }

    async fn list_persons(
        &self,
        request: Request<pb::ListPersonsRequest>,
    ) -> Answer<pb::ListPersonsResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (rows, next) = self.0.persons(area, size, &after).await?;
            Ok(pb::ListPersonsResponse {
                persons: rows.into_iter().map(wire::person).collect(),
                next_page_token: next,
            })
        })
        .await
    }

    async fn list_coverages(
        &self,
        request: Request<pb::ListCoveragesRequest>,
    ) -> Answer<pb::ListCoveragesResponse> {
        answer(request, |context, message| async move {
            let person = wire::person_id(&message.person_id)?;
            let on = parse::optional_day("as_of_day", &message.as_of_day)?;
            let area = &context.principal.area;
            let rows = self.0.coverages(area, person, on).await?;
            let law = self.0.law_of(area, &rows).await?;
            let changes = self.0.standing_changes(area, person).await?;
            let render = |coverage| wire::coverage(&law, coverage, &changes);
            Ok(pb::ListCoveragesResponse {
                coverages: rows.into_iter().map(render).collect(),
            })
        })
        .await
    }

    async fn check_eligibility(
        &self,
        request: Request<pb::CheckEligibilityRequest>,
    ) -> Answer<pb::CheckEligibilityResponse> {
        answer(request, |context, message| async move {
            let person = wire::person_id(&message.person_id)?;
            let scheme = wire::scheme(&message.scheme)?;
            let day = parse::day("as_of_day", &message.as_of_day)?;
            let visit = wire::identity_check::at_visit(&message)?;
            let area = &context.principal.area;
            let asked = (scheme, day);
            let member = self.0.check(area, person, asked, visit.as_ref()).await?;
            let member = Some(wire::member(area, member));
            Ok(pb::CheckEligibilityResponse { member })
        })
        .await
    }

    async fn quote_subsidy(
        &self,
        request: Request<pb::QuoteSubsidyRequest>,
    ) -> Answer<pb::QuoteSubsidyResponse> {
        answer(request, |context, message| async move {
            let person = wire::person_id(&message.person_id)?;
            let plan = wire::plan(&message)?;
            let area = &context.principal.area;
            let quote = self.0.quote(area, person, &plan).await?;
            Ok(wire::quoted(plan.year, quote))
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
            let call = self.call(&context, method, &message.request_id, &message)?;
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
            let key = original(&context, "ProposePackage", &message.original_request_id)?;
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
            let call = self.call(&context, method, &message.request_id, &message)?;
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
            let key = original(&context, "ActivatePackage", &message.original_request_id)?;
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
        Rpc::list_access(self, request).await
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
