//! The generated trait: parse, call the app, render. The methods stand beside, by what they are
//! about.

pub mod accounts;
pub mod approvals;
mod claims;
mod guarantees;
mod holds;
pub mod indicators;
mod late_facts;
mod ledger;
mod packages;
pub mod payer_files;
pub mod receipts;
pub mod receivables;
pub mod reconciliations;
pub mod recoveries;
mod registers;
pub mod reimbursements;
mod requests;
pub mod revisions;
mod suspensions;
pub mod visits;

use crate::app::App;
use crate::domain::Posted;
use crate::wire;
use kernel::{Digest, InstitutionCode, Refusal, Role};
use proto::settlement as pb;
use proto::settlement::settlement_service_server::SettlementService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, Context, own_institution, parse, whose_institution};
use std::sync::Arc;
use store::{Call, Key};
use tonic::Request;

/// Who may call what. Hospitals call the orchestrator, not this.
pub const ACCESS: Access = &[
    ("RegisterInstitution", BUREAU, Changes),
    ("WithdrawRegisterInstitution", BUREAU, Changes),
    ("EndAgreement", BUREAU, Changes),
    ("WithdrawEndAgreement", BUREAU, Changes),
    ("PublishCatalogue", BUREAU, Changes),
    ("PriceClaim", BUREAU, ReadsPeople),
    ("QuoteChange", BUREAU, ReadsPeople),
    ("PostSettlement", SUITE, Changes),
    ("ReverseSettlement", SUITE, Changes),
    ("OpenGuarantee", SUITE, Changes),
    ("WithdrawOpenGuarantee", SUITE, Changes),
    ("CancelGuarantee", SUITE, Changes),
    ("GetGuarantee", BUREAU, ReadsPeople),
    ("ListGuarantees", BUREAU, ReadsPeople),
    ("HoldClaims", SUITE, Changes),
    ("WithdrawHoldClaims", SUITE, Changes),
    ("PostHolds", SUITE, Changes),
    ("ReverseHolds", SUITE, Changes),
    ("ListHolds", BUREAU, ReadsPeople),
    ("PostSubsidy", SUITE, Changes),
    ("WithdrawPostSubsidy", SUITE, Changes),
    ("CancelSubsidy", SUITE, Changes),
    ("SuspendOnline", SUITE, Changes),
    ("WithdrawSuspendOnline", SUITE, Changes),
    ("CheckSuspension", BUREAU, ReadsPeople),
    ("ListSuspensions", BUREAU, ReadsPeople),
    ("ListSettledDays", BUREAU, ReadsPeople),
    ("PriceLateFacts", BUREAU, ReadsPeople),
    ("PostLateFacts", SUITE, Changes),
    ("CancelCorrection", SUITE, Changes),
    ("GetLedgerEntries", BUREAU, ReadsPeople),
    ("GetVisitClaim", BUREAU, ReadsPeople),
    ("GetSettlement", BUREAU, ReadsPeople),
    ("ExplainSettlement", BUREAU, ReadsPeople),
    ("ExplainChange", BUREAU, ReadsPeople),
    ("GetClaimHistory", BUREAU, ReadsPeople),
    ("GetAccumulators", BUREAU, ReadsPeople),
    ("GetTrialBalance", BUREAU, ReadsPeople),
    ("ListInstitutions", BUREAU, Reads),
    ("ListInstitutionsAsOf", BUREAU, Reads),
    ("CountInstitutions", BUREAU, Reads),
    ("ProposePackage", LAW, Changes),
    ("WithdrawProposePackage", LAW, Changes),
    ("ActivatePackage", LAW, Changes),
    ("WithdrawActivatePackage", LAW, Changes),
    ("ListPackages", ANYBODY, Reads),
    ("GetOutcome", ANYBODY, Reads),
    // A key has its caller in it: nobody burns another's.
    ("Burn", ANYBODY, Changes),
    ("ListEvents", BUREAU, ReadsPeople),
    ("ListAccess", AUDITORS, ReadsPeople),
    ("VerifyChain", AUDITORS, Reads),
];
/// Who reads what others did changes nothing.
const AUDITORS: &[Role] = &[Role::Auditor];
/// What the orchestrator's port passes on: institutions too, each for its own.
const ANYWHERE: &[Role] = &[Role::Service, Role::Clerk, Role::Institution];
/// What anybody with a paper in the hand may ask: it tells nothing that is not on the paper.
const EVERYBODY: &[Role] = &[
    Role::Service,
    Role::Clerk,
    Role::Institution,
    Role::Operator,
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
    "EndAgreement",
    "PublishCatalogue",
    "PostSettlement",
    "ReverseSettlement",
    "OpenGuarantee",
    "CancelGuarantee",
    "HoldClaims",
    "PostHolds",
    "ReverseHolds",
    "PostSubsidy",
    "CancelSubsidy",
    "SuspendOnline",
    "PostLateFacts",
    "CancelCorrection",
    "ProposePackage",
    "ActivatePackage",
];

/// The service over its app.
#[derive(Clone)]
pub struct Rpc(pub Arc<App>);

/// A settlement as its institution, or the bureau, sees it: an institution is not told where else the
/// person was, but for the bill that its own is the same as.
fn shown_to(own: Option<&InstitutionCode>, posted: &Posted) -> proto::common::Settlement {
    let mut shown = wire::settlement(posted);
    hide_others(own, &mut shown);
    shown
}

fn hide_others(own: Option<&InstitutionCode>, shown: &mut proto::common::Settlement) {
    if own.is_some() {
        let findings = shown.findings.iter_mut();
        findings.for_each(|finding| finding.other_settlement_id.clear());
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
        let key = Key::of(&context.principal, method, parse::request_id(request_id)?);
        Ok(Call {
            key,
            origin,
            now: self.0.clock.now(),
        })
    }
}

/// One line per method: the trait hands each to the method of the same name.
macro_rules! served {
    ($($method:ident($request:ident) -> $answer:ident;)*) => {
        #[tonic::async_trait]
        impl SettlementService for Rpc {
            $(async fn $method(&self, request: Request<pb::$request>) -> Answer<pb::$answer> {
                Rpc::$method(self, request).await
            })*
        }
    };
}

served! {
    register_institution(RegisterInstitutionRequest) -> RegisterInstitutionResponse;
    withdraw_register_institution(WithdrawRegisterInstitutionRequest) -> WithdrawRegisterInstitutionResponse;
    end_agreement(EndAgreementRequest) -> EndAgreementResponse;
    withdraw_end_agreement(WithdrawEndAgreementRequest) -> WithdrawEndAgreementResponse;
    publish_catalogue(PublishCatalogueRequest) -> PublishCatalogueResponse;
    price_claim(PriceClaimRequest) -> PriceClaimResponse;
    quote_change(QuoteChangeRequest) -> QuoteChangeResponse;
    post_settlement(PostSettlementRequest) -> PostSettlementResponse;
    reverse_settlement(ReverseSettlementRequest) -> ReverseSettlementResponse;
    open_guarantee(OpenGuaranteeRequest) -> OpenGuaranteeResponse;
    withdraw_open_guarantee(WithdrawOpenGuaranteeRequest) -> WithdrawOpenGuaranteeResponse;
    cancel_guarantee(CancelGuaranteeRequest) -> CancelGuaranteeResponse;
    get_guarantee(GetGuaranteeRequest) -> GetGuaranteeResponse;
    list_guarantees(ListGuaranteesRequest) -> ListGuaranteesResponse;
    hold_claims(HoldClaimsRequest) -> HoldClaimsResponse;
    withdraw_hold_claims(WithdrawHoldClaimsRequest) -> WithdrawHoldClaimsResponse;
    post_holds(PostHoldsRequest) -> PostHoldsResponse;
    reverse_holds(ReverseHoldsRequest) -> ReverseHoldsResponse;
    list_holds(ListHoldsRequest) -> ListHoldsResponse;
    post_subsidy(PostSubsidyRequest) -> PostSubsidyResponse;
    withdraw_post_subsidy(WithdrawPostSubsidyRequest) -> WithdrawPostSubsidyResponse;
    cancel_subsidy(CancelSubsidyRequest) -> CancelSubsidyResponse;
    get_ledger_entries(GetLedgerEntriesRequest) -> GetLedgerEntriesResponse;
    suspend_online(SuspendOnlineRequest) -> SuspendOnlineResponse;
    withdraw_suspend_online(WithdrawSuspendOnlineRequest) -> WithdrawSuspendOnlineResponse;
    check_suspension(CheckSuspensionRequest) -> CheckSuspensionResponse;
    list_suspensions(ListSuspensionsRequest) -> ListSuspensionsResponse;
    get_visit_claim(GetVisitClaimRequest) -> GetVisitClaimResponse;
    list_settled_days(ListSettledDaysRequest) -> ListSettledDaysResponse;
    price_late_facts(PriceLateFactsRequest) -> PriceLateFactsResponse;
    post_late_facts(PostLateFactsRequest) -> PostLateFactsResponse;
    cancel_correction(CancelCorrectionRequest) -> CancelCorrectionResponse;
    get_settlement(GetSettlementRequest) -> GetSettlementResponse;
    explain_settlement(ExplainSettlementRequest) -> ExplainSettlementResponse;
    explain_change(ExplainChangeRequest) -> ExplainChangeResponse;
    get_claim_history(GetClaimHistoryRequest) -> GetClaimHistoryResponse;
    get_accumulators(GetAccumulatorsRequest) -> GetAccumulatorsResponse;
    get_trial_balance(GetTrialBalanceRequest) -> GetTrialBalanceResponse;
    list_institutions(ListInstitutionsRequest) -> ListInstitutionsResponse;
    list_institutions_as_of(ListInstitutionsAsOfRequest) -> ListInstitutionsAsOfResponse;
    count_institutions(CountInstitutionsRequest) -> CountInstitutionsResponse;
    propose_package(ProposePackageRequest) -> ProposePackageResponse;
    withdraw_propose_package(WithdrawProposePackageRequest) -> WithdrawProposePackageResponse;
    activate_package(ActivatePackageRequest) -> ActivatePackageResponse;
    withdraw_activate_package(WithdrawActivatePackageRequest) -> WithdrawActivatePackageResponse;
    list_packages(ListPackagesRequest) -> ListPackagesResponse;
    get_outcome(GetOutcomeRequest) -> GetOutcomeResponse;
    burn(BurnRequest) -> BurnResponse;
    list_events(ListEventsRequest) -> ListEventsResponse;
    list_access(ListAccessRequest) -> ListAccessResponse;
    verify_chain(VerifyChainRequest) -> VerifyChainResponse;
}
