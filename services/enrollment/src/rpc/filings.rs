//! 门诊慢特病备案: the public interface to filed diseases.

use super::{Rpc, original};
use crate::wire;
use crate::wire::disease_filing as own_wire;
use kernel::Role;
use proto::orchestrator as pb;
use proto::orchestrator::filing_service_server::FilingService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, own_institution, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what. Institutions file nobody: they would file for their own benefit.
pub const ACCESS: Access = &[
    ("FileDisease", FILING, Changes),
    ("WithdrawFileDisease", FILING, Changes),
    ("ChangeFilingInstitutions", FILING, Changes),
    ("WithdrawChangeFilingInstitutions", FILING, Changes),
    ("EndFiling", FILING, Changes),
    ("WithdrawEndFiling", FILING, Changes),
    ("GetFiling", FILING, ReadsPeople),
    ("ListFilings", ANYWHERE, ReadsPeople),
    ("GetOutcome", FILING, Reads),
    ("Burn", FILING, Changes),
];
const FILING: &[Role] = &[Role::Service, Role::Clerk, Role::Supervisor];
/// Institutions too, of the patient in front of them.
const ANYWHERE: &[Role] = &[
    Role::Service,
    Role::Clerk,
    Role::Supervisor,
    Role::Institution,
];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &["FileDisease", "ChangeFilingInstitutions", "EndFiling"];

#[tonic::async_trait]
impl FilingService for Rpc {
    async fn file_disease(
        &self,
        request: Request<pb::FileDiseaseRequest>,
    ) -> Answer<pb::FileDiseaseResponse> {
        answer(request, |context, message| async move {
            let new = own_wire::new_filing(&message)?;
            let call = self.call(&context, "FileDisease", &message.request_id, &message)?;
            let (filing, replayed) = self.0.file_disease(&call, &new).await?;
            let filing = Some(own_wire::filing(filing));
            Ok(pb::FileDiseaseResponse { filing, replayed })
        })
        .await
    }

    async fn withdraw_file_disease(
        &self,
        request: Request<pb::WithdrawFileDiseaseRequest>,
    ) -> Answer<pb::WithdrawFileDiseaseResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "FileDisease", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_filing(&key).await?));
            Ok(pb::WithdrawFileDiseaseResponse { outcome })
        })
        .await
    }

    async fn change_filing_institutions(
        &self,
        request: Request<pb::ChangeFilingInstitutionsRequest>,
    ) -> Answer<pb::ChangeFilingInstitutionsResponse> {
        answer(request, |context, message| async move {
            let of = (
                own_wire::filing_id(&message.filing_id)?,
                parse::day("first_day", &message.first_day)?,
            );
            let institutions = own_wire::institutions(&message.institution_codes)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "ChangeFilingInstitutions";
            let call = self.call(&context, method, &message.request_id, &message)?;
            let what = (institutions.as_slice(), reason.as_str());
            let changed = self.0.change_filing_institutions(&call, of, what);
            let (filing, replayed) = changed.await?;
            let filing = Some(own_wire::filing(filing));
            Ok(pb::ChangeFilingInstitutionsResponse { filing, replayed })
        })
        .await
    }

    async fn withdraw_change_filing_institutions(
        &self,
        request: Request<pb::WithdrawChangeFilingInstitutionsRequest>,
    ) -> Answer<pb::WithdrawChangeFilingInstitutionsResponse> {
        answer(request, |context, message| async move {
            let method = "ChangeFilingInstitutions";
            let key = original(&context, method, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_filing_change(&key).await?));
            Ok(pb::WithdrawChangeFilingInstitutionsResponse { outcome })
        })
        .await
    }

    async fn end_filing(
        &self,
        request: Request<pb::EndFilingRequest>,
    ) -> Answer<pb::EndFilingResponse> {
        answer(request, |context, message| async move {
            let of = (
                own_wire::filing_id(&message.filing_id)?,
                parse::day("last_day", &message.last_day)?,
            );
            let reason = parse::text("reason", &message.reason, 200)?;
            let call = self.call(&context, "EndFiling", &message.request_id, &message)?;
            let (filing, replayed) = self.0.end_filing(&call, of, &reason).await?;
            let filing = Some(own_wire::filing(filing));
            Ok(pb::EndFilingResponse { filing, replayed })
        })
        .await
    }

    async fn withdraw_end_filing(
        &self,
        request: Request<pb::WithdrawEndFilingRequest>,
    ) -> Answer<pb::WithdrawEndFilingResponse> {
        answer(request, |context, message| async move {
            let key = original(&context, "EndFiling", &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.withdraw_end_filing(&key).await?));
            Ok(pb::WithdrawEndFilingResponse { outcome })
        })
        .await
    }

    async fn get_filing(
        &self,
        request: Request<pb::GetFilingRequest>,
    ) -> Answer<pb::GetFilingResponse> {
        answer(request, |context, message| async move {
            let id = own_wire::filing_id(&message.filing_id)?;
            let found = self.0.filing(&context.principal.area, id).await?;
            let filing = Some(own_wire::filing(found));
            Ok(pb::GetFilingResponse { filing })
        })
        .await
    }

    async fn list_filings(
        &self,
        request: Request<pb::ListFilingsRequest>,
    ) -> Answer<pb::ListFilingsResponse> {
        answer(request, |context, message| async move {
            let person = wire::person_id(&message.person_id)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let own = own_institution(&context.principal);
            let (area, whose) = (&context.principal.area, (person, own.as_ref()));
            let (found, next_page_token) = self.0.filings(area, whose, size, &after).await?;
            let today = self.0.clock.now().day();
            let shown = found.into_iter().map(|filing| match &own {
                Some(own) => own_wire::filing_for(filing, own, today),
                None => own_wire::filing(filing),
            });
            Ok(pb::ListFilingsResponse {
                filings: shown.collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::FilingServiceGetOutcomeRequest>,
    ) -> Answer<pb::FilingServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::FilingServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::FilingServiceBurnRequest>,
    ) -> Answer<pb::FilingServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let key = original(&context, method, &message.original_request_id)?;
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::FilingServiceBurnResponse { outcome })
        })
        .await
    }
}
