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
use runtime::{Service, Settings};

/// The orchestrator with all interfaces that hospitals and clerks call.
pub fn passing_on(service: Service, peers: &Peers, settings: &Settings) -> Service {
    let settlement = || peers.settlement.clone();
    service
        .with_passed_on::<AccountServiceServer<()>>(settlement(), settings)
        .with_passed_on::<ApprovalServiceServer<()>>(settlement(), settings)
        .with_passed_on::<FilingServiceServer<()>>(peers.enrollment.clone(), settings)
        .with_passed_on::<IdentityServiceServer<()>>(peers.enrollment.clone(), settings)
        .with_passed_on::<TransferServiceServer<()>>(peers.enrollment.clone(), settings)
        .with_passed_on::<ReceiptServiceServer<()>>(settlement(), settings)
        .with_passed_on::<ReimbursementServiceServer<()>>(settlement(), settings)
        .with_passed_on::<VisitServiceServer<()>>(settlement(), settings)
        .with_passed_on::<ReconciliationServiceServer<()>>(settlement(), settings)
        .with_passed_on::<RevisionServiceServer<()>>(settlement(), settings)
        .with_passed_on::<ReceivableServiceServer<()>>(settlement(), settings)
        .with_passed_on::<RecoveryServiceServer<()>>(settlement(), settings)
        .with_passed_on::<PayerFileServiceServer<()>>(settlement(), settings)
        .with_passed_on::<IndicatorServiceServer<()>>(settlement(), settings)
}
