//! 暂停联网结算: what is asked of settlement.

use super::settlement::{burn, client};
use super::{Kept, Ports, carried, gone};
use crate::wire::Suspend;
use kernel::Fault;
use proto::settlement as pb;
use saga::{Burned, Pivot, Step};
use std::sync::Arc;

/// A suspension recorded, now or by an earlier attempt.
pub type Suspended = pb::SuspendOnlineResponse;

/// Whether settlement would record it, asked before anything is changed for it.
pub struct CheckSuspension(pub Arc<Suspend>);

impl Step for CheckSuspension {
    const NAME: &'static str = "settlement.check_suspension";
    type Ports = Ports;
    type Output = ();

    async fn run(&self, ports: &Ports, _: &str) -> Result<(), Fault> {
        let message = &self.0.message;
        let request = pb::CheckSuspensionRequest {
            institution_code: message.institution_code.clone(),
            person_id: message.person_id.clone(),
            from_day: message.from_day.clone(),
            until_day: message.until_day.clone(),
            decision_number: message.decision_number.clone(),
            reason: message.reason.clone(),
        };
        let mut settlement = client(ports);
        let answer = ports.ask(request, |request| settlement.check_suspension(request));
        answer.await.map(drop)
    }
}

/// 暂停联网结算 (pivot): from its first day no claim is settled online.
pub struct SuspendOnline(pub Arc<Suspend>);

impl SuspendOnline {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "SuspendOnline";
}

impl Step for SuspendOnline {
    const NAME: &'static str = "settlement.suspend_online";
    type Ports = Ports;
    type Output = Kept<Suspended>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<Suspended>, Fault> {
        let message = &self.0.message;
        let request = pb::SuspendOnlineRequest {
            request_id: key.to_string(),
            origin: carried(self.0.origin),
            institution_code: message.institution_code.clone(),
            person_id: message.person_id.clone(),
            from_day: message.from_day.clone(),
            until_day: message.until_day.clone(),
            decision_number: message.decision_number.clone(),
            reason: message.reason.clone(),
        };
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.suspend_online(request));
        answer.await.map(Kept)
    }
}

impl Pivot for SuspendOnline {
    fn subject(suspended: &Kept<Suspended>) -> String {
        let suspension = suspended.suspension.as_ref();
        suspension
            .map(|s| s.suspension_id.clone())
            .unwrap_or_default()
    }

    async fn burn(&self, ports: &Ports, key: &str) -> Result<Burned, Fault> {
        burn(ports, Self::METHOD, key).await
    }

    async fn reverse(&self, ports: &Ports, key: &str, _: &str, _: &str) -> Result<(), Fault> {
        withdraw(ports, key).await
    }
}

/// Withdraws a suspension by its key.
pub(super) async fn withdraw(ports: &Ports, key: &str) -> Result<(), Fault> {
    let request = pb::WithdrawSuspendOnlineRequest {
        original_request_id: key.to_string(),
    };
    let mut settlement = client(ports);
    let answer = ports.change(request, |r| settlement.withdraw_suspend_online(r));
    gone(answer.await?.outcome)
}
