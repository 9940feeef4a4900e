//! 参保资助: what is asked of the ledger when a person enrols.

use super::enrollment::Coverage;
use super::settlement::{burn, client, in_the_way};
use super::{Kept, Ports, carried};
use crate::wire::Enrol;
use kernel::Fault;
use proto::settlement as pb;
use saga::{Burned, Pivot, Step};
use std::sync::Arc;

/// A subsidy posted, now or by an earlier attempt.
pub type Posted = pb::PostSubsidyResponse;

/// 资助入账 (pivot): 医疗救助 pays its share of the fee into the scheme's fund.
pub struct PostSubsidy {
    /// What the caller asked.
    pub enrol: Arc<Enrol>,
    /// The coverage; without it only the key is asked.
    pub coverage: Option<Kept<Coverage>>,
}

impl PostSubsidy {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "PostSubsidy";
}

impl Step for PostSubsidy {
    const NAME: &'static str = "settlement.post_subsidy";
    type Ports = Ports;
    type Output = Kept<Posted>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<Posted>, Fault> {
        let message = &self.enrol.message;
        let mut request = pb::PostSubsidyRequest {
            request_id: key.to_string(),
            origin: carried(self.enrol.origin),
            person_id: message.person_id.clone(),
            scheme: message.scheme.clone(),
            year: message.year,
            ..Default::default()
        };
        if let Some(coverage) = &self.coverage {
            let share = coverage.subsidy.clone().unwrap_or_default();
            request.coverage_id = coverage.coverage_id.clone();
            request.identity_kind = share.identity_kind;
            request.subsidy_fen = share.subsidy_fen;
        }
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.post_subsidy(request));
        answer.await.map(Kept)
    }
}

impl Pivot for PostSubsidy {
    fn subject(posted: &Kept<Posted>) -> String {
        let subsidy = posted.subsidy.as_ref();
        subsidy.map(|s| s.subsidy_id.clone()).unwrap_or_default()
    }

    async fn burn(&self, ports: &Ports, key: &str) -> Result<Burned, Fault> {
        burn(ports, Self::METHOD, key).await
    }

    /// 撤回参保资助: once benefits were paid by the coverage, the enrolment stands.
    async fn reverse(
        &self,
        ports: &Ports,
        _: &str,
        own_key: &str,
        subject: &str,
    ) -> Result<(), Fault> {
        let request = pb::CancelSubsidyRequest {
            request_id: own_key.to_string(),
            origin: carried(self.enrol.origin),
            subsidy_id: subject.to_string(),
        };
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.cancel_subsidy(request));
        answer.await.map(drop).map_err(in_the_way)
    }
}
