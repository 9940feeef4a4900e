//! 柜台: how somebody calls the services. The same clients work inside the process, over the
//! network, or over whatever a test puts in between.

use http::{HeaderValue, Request};
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use proto::inspection::inspection_service_client::InspectionServiceClient;
use proto::interregional::interregional_service_client::InterregionalServiceClient;
use proto::orchestrator::account_service_client::AccountServiceClient;
use proto::orchestrator::approval_service_client::ApprovalServiceClient;
use proto::orchestrator::batch_service_client::BatchServiceClient;
use proto::orchestrator::envelope_service_client::EnvelopeServiceClient;
use proto::orchestrator::filing_service_client::FilingServiceClient;
use proto::orchestrator::identity_service_client::IdentityServiceClient;
use proto::orchestrator::indicator_service_client::IndicatorServiceClient;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::orchestrator::payer_file_service_client::PayerFileServiceClient;
use proto::orchestrator::receipt_service_client::ReceiptServiceClient;
use proto::orchestrator::receivable_service_client::ReceivableServiceClient;
use proto::orchestrator::reconciliation_service_client::ReconciliationServiceClient;
use proto::orchestrator::recovery_service_client::RecoveryServiceClient;
use proto::orchestrator::reimbursement_service_client::ReimbursementServiceClient;
use proto::orchestrator::revision_service_client::RevisionServiceClient;
use proto::orchestrator::saga_service_client::SagaServiceClient;
use proto::orchestrator::transfer_service_client::TransferServiceClient;
use proto::orchestrator::visit_service_client::VisitServiceClient;
use proto::referral::referral_service_client::ReferralServiceClient;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::Wire;
use tonic::body::Body;
use tower::ServiceExt;

/// Whom a client on loopback says it is: an institution's code or a clerk's name, and behind an `@`
/// the area it works in where that is not the suite's own.
pub const CALLER_HEADER: &str = "yibao-caller";

/// A wire to each service.
#[derive(Clone)]
pub struct Wires {
    /// 参保.
    pub enrollment: Wire,
    /// 结算.
    pub settlement: Wire,
    /// 转诊.
    pub referral: Wire,
    /// 监管.
    pub inspection: Wire,
    /// 异地.
    pub interregional: Wire,
    /// 一站式.
    pub orchestrator: Wire,
}

impl Wires {
    /// All services behind one wire: one port serves them all.
    pub fn all(wire: Wire) -> Wires {
        Wires {
            enrollment: wire.clone(),
            settlement: wire.clone(),
            referral: wire.clone(),
            inspection: wire.clone(),
            interregional: wire.clone(),
            orchestrator: wire,
        }
    }
}

/// Clients of all services for one caller.
#[derive(Clone)]
pub struct Desk {
    wires: Wires,
    caller: HeaderValue,
}

impl Desk {
    /// A desk of `caller`: an institution's code or a clerk's name, in plain ASCII.
    pub fn new(wires: &Wires, caller: &str) -> Desk {
        // What a header cannot carry is nobody's name.
        let caller = HeaderValue::from_str(caller).unwrap_or(HeaderValue::from_static("unnamed"));
        Desk {
            wires: wires.clone(),
            caller,
        }
    }

    /// The same caller in another pooling area: whom the suite believes, it believes that as well.
    pub fn in_area(&self, area: &str) -> Desk {
        let caller = self.caller.to_str().unwrap_or_default();
        let name = caller.split('@').next().unwrap_or_default();
        Desk::new(&self.wires, &format!("{name}@{area}"))
    }

    /// Another caller in the same pooling area.
    pub fn of(&self, caller: &str) -> Desk {
        let own = self.caller.to_str().unwrap_or_default();
        match own.split_once('@') {
            Some((_, area)) => Desk::new(&self.wires, caller).in_area(area),
            None => Desk::new(&self.wires, caller),
        }
    }

    fn named(&self, wire: &Wire) -> Wire {
        let caller = self.caller.clone();
        Wire::new(wire.clone().map_request(move |mut request: Request<Body>| {
            request.headers_mut().insert(CALLER_HEADER, caller.clone());
            request
        }))
    }

    /// 参保.
    pub fn enrollment(&self) -> EnrollmentServiceClient<Wire> {
        EnrollmentServiceClient::new(self.named(&self.wires.enrollment))
    }

    /// 结算.
    pub fn settlement(&self) -> SettlementServiceClient<Wire> {
        SettlementServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 转诊.
    pub fn referral(&self) -> ReferralServiceClient<Wire> {
        ReferralServiceClient::new(self.named(&self.wires.referral))
    }

    /// 监管.
    pub fn inspection(&self) -> InspectionServiceClient<Wire> {
        InspectionServiceClient::new(self.named(&self.wires.inspection))
    }

    /// 异地.
    pub fn interregional(&self) -> InterregionalServiceClient<Wire> {
        InterregionalServiceClient::new(self.named(&self.wires.interregional))
    }

    /// 一站式.
    pub fn orchestrator(&self) -> OrchestratorServiceClient<Wire> {
        OrchestratorServiceClient::new(self.named(&self.wires.orchestrator))
    }

    /// 个人账户与家庭共济.
    pub fn accounts(&self) -> AccountServiceClient<Wire> {
        AccountServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 双人复核.
    pub fn approvals(&self) -> ApprovalServiceClient<Wire> {
        ApprovalServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 就诊凭证, 人证核验.
    pub fn identities(&self) -> IdentityServiceClient<Wire> {
        IdentityServiceClient::new(self.named(&self.wires.enrollment))
    }

    /// 门诊慢特病备案.
    pub fn filings(&self) -> FilingServiceClient<Wire> {
        FilingServiceClient::new(self.named(&self.wires.enrollment))
    }

    /// 关系转移接续.
    pub fn transfers(&self) -> TransferServiceClient<Wire> {
        TransferServiceClient::new(self.named(&self.wires.enrollment))
    }

    /// 结算查询.
    pub fn receipts(&self) -> ReceiptServiceClient<Wire> {
        ReceiptServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 零星报销.
    pub fn reimbursements(&self) -> ReimbursementServiceClient<Wire> {
        ReimbursementServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 就诊.
    pub fn visits(&self) -> VisitServiceClient<Wire> {
        VisitServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 对账.
    pub fn reconciliations(&self) -> ReconciliationServiceClient<Wire> {
        ReconciliationServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 批量结算.
    pub fn batches(&self) -> BatchServiceClient<Wire> {
        BatchServiceClient::new(self.named(&self.wires.orchestrator))
    }

    /// 差额结算.
    pub fn revisions(&self) -> RevisionServiceClient<Wire> {
        RevisionServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 先诊疗后付费欠费.
    pub fn receivables(&self) -> ReceivableServiceClient<Wire> {
        ReceivableServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 先行支付与追偿.
    pub fn recoveries(&self) -> RecoveryServiceClient<Wire> {
        RecoveryServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 指标.
    pub fn indicators(&self) -> IndicatorServiceClient<Wire> {
        IndicatorServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 承办机构对账文件.
    pub fn payer_files(&self) -> PayerFileServiceClient<Wire> {
        PayerFileServiceClient::new(self.named(&self.wires.settlement))
    }

    /// 长事务运维.
    pub fn sagas(&self) -> SagaServiceClient<Wire> {
        SagaServiceClient::new(self.named(&self.wires.orchestrator))
    }

    /// 报文保护.
    pub fn envelopes(&self) -> EnvelopeServiceClient<Wire> {
        EnvelopeServiceClient::new(self.named(&self.wires.orchestrator))
    }
}
