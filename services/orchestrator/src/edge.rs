//! The rest of the public interface: what one peer answers alone, offered at the orchestrator's port.
//! In one process the peer serves it at the same port itself.

use crate::steps::Peers;
use proto::orchestrator::account_service_server::AccountServiceServer;
use proto::orchestrator::approval_service_server::ApprovalServiceServer;
use proto::orchestrator::filing_service_server::FilingServiceServer;
use proto::orchestrator::identity_service_server::IdentityServiceServer;
use proto::orchestrator::indicator_service_server::IndicatorServiceServer;
use proto::orchestrator::payer_file_service_server::PayerFileServiceServer;
use proto::orchestrator::receipt_service_server::ReceiptServiceServer;
use proto::orchestrator::receivable_service_server::ReceivableServiceServer;
use proto::orchestrator::reconciliation_service_server::ReconciliationServiceServer;
use proto::orchestrator::recovery_service_server::RecoveryServiceServer;
use proto::orchestrator::reimbursement_service_server::ReimbursementServiceServer;
use proto::orchestrator::revision_service_server::RevisionServiceServer;
use proto::orchestrator::transfer_service_server::TransferServiceServer;
use proto::orchestrator::visit_service_server::VisitServiceServer;
use runtime::{Service, Settings, Wire};
use tonic::server::NamedService;

/// `interface: peer;` for each of them.
macro_rules! passed_on {
    ($($server:ident: $peer:ident;)*) => {
        /// The orchestrator with all interfaces that hospitals and clerks call.
        pub fn passing_on(service: Service, peers: &Peers, settings: &Settings) -> Service {
            service$(.with_passed_on::<$server<()>>(peers.$peer.clone(), settings))*
        }

        /// Who serves an interface; none where the orchestrator does.
        pub(crate) fn wire_of(interface: &str, peers: &Peers) -> Option<Wire> {
            match interface {
                $(<$server<()> as NamedService>::NAME => Some(peers.$peer.clone()),)*
                _ => None,
            }
        }
    };
}

passed_on! {
    AccountServiceServer: settlement;
    ApprovalServiceServer: settlement;
    FilingServiceServer: enrollment;
    IdentityServiceServer: enrollment;
    TransferServiceServer: enrollment;
    ReceiptServiceServer: settlement;
    ReimbursementServiceServer: settlement;
    VisitServiceServer: settlement;
    ReconciliationServiceServer: settlement;
    RevisionServiceServer: settlement;
    ReceivableServiceServer: settlement;
    RecoveryServiceServer: settlement;
    PayerFileServiceServer: settlement;
    IndicatorServiceServer: settlement;
}
