//! What is asked of settlement about claims: questions, and the pivots of settling and reversing.

use super::guarantee::OpenGuarantee;
use super::paths::{ADMISSION, path};
use super::{Kept, Ports, burned, carried, present};
use crate::refusal::REVERSAL_STANDS;
use crate::wire::{self, Bill, Change, Claim, Finding, Member, OfVisit, Reverse, Settle};
use kernel::refusal::INTERNAL;
use kernel::{Day, Fault, InstitutionCode, PersonId, RequestId, Scheme, SettlementId};
use proto::common;
use proto::settlement as pb;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::Wire;
use saga::{Burned, Pivot, Step};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The claim's fingerprint and the person's settlements around it, on their way to inspection.
pub type History = pb::GetClaimHistoryResponse;
/// A claim priced.
pub type Quote = common::Quote;
/// A claim priced as it is and as it would be.
pub type Comparison = common::Comparison;
/// A claim posted, now or by an earlier attempt.
pub type Settled = pb::PostSettlementResponse;
/// A settlement reversed, now or by an earlier attempt.
pub type Reversed = pb::ReverseSettlementResponse;

/// What a reversal for a withdrawn request says.
pub(super) const WITHDRAWN: &str = "原请求冲正";

/// What enrollment and inspection say of a claim.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Assessment {
    /// The person on the claim's last day.
    pub member: Kept<Member>,
    /// What screening found.
    pub findings: Vec<Kept<Finding>>,
}

impl Assessment {
    /// The findings as messages.
    pub fn findings(&self) -> Vec<Finding> {
        self.findings.iter().map(|found| found.0.clone()).collect()
    }
}

/// The person's standing settlements that touch the claim's days.
pub struct GetClaimHistory(pub Arc<Claim>);

impl Step for GetClaimHistory {
    const NAME: &'static str = "settlement.get_claim_history";
    type Ports = Ports;
    type Output = Kept<History>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Kept<History>, Fault> {
        let claim = Some(self.0.message.clone());
        let request = pb::GetClaimHistoryRequest { claim };
        let mut settlement = client(ports);
        let answer = ports.ask(request, |request| settlement.get_claim_history(request));
        answer.await.map(Kept)
    }
}

/// 预结算: what the claim would cost.
pub struct PriceClaim {
    /// The claim.
    pub claim: Arc<Claim>,
    /// What is known of it.
    pub assessment: Assessment,
}

impl Step for PriceClaim {
    const NAME: &'static str = "settlement.price_claim";
    type Ports = Ports;
    type Output = Kept<Quote>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Kept<Quote>, Fault> {
        let request = pb::PriceClaimRequest {
            claim: Some(self.claim.message.clone()),
            member: Some(self.assessment.member.0.clone()),
            findings: self.assessment.findings(),
        };
        let mut settlement = client(ports);
        let answer = ports.ask(request, |request| settlement.price_claim(request));
        present(answer.await?.quote, "quote").map(Kept)
    }
}

/// 如果改变: what the claim would cost if facts were others.
pub struct QuoteChange {
    /// The claim.
    pub claim: Arc<Claim>,
    /// What is known of it.
    pub assessment: Assessment,
    /// What shall be otherwise.
    pub change: Change,
}

impl Step for QuoteChange {
    const NAME: &'static str = "settlement.quote_change";
    type Ports = Ports;
    type Output = Kept<Comparison>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Kept<Comparison>, Fault> {
        let request = pb::QuoteChangeRequest {
            claim: Some(self.claim.message.clone()),
            member: Some(self.assessment.member.0.clone()),
            findings: self.assessment.findings(),
            change: Some(self.change.clone()),
        };
        let mut settlement = client(ports);
        let answer = ports.ask(request, |request| settlement.quote_change(request));
        present(answer.await?.comparison, "comparison").map(Kept)
    }
}

/// 就诊的费用单: the claim that a registered visit's lines make.
pub struct GetVisitClaim {
    /// The visit, and up to which day.
    pub of: OfVisit,
    /// Whether it shall be settled, not only priced.
    pub to_settle: bool,
}

/// A visit's claim, and of which version of the visit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VisitClaim {
    person: PersonId,
    institution: InstitutionCode,
    scheme: Scheme,
    first_day: Day,
    last_day: Day,
    message: Kept<common::Claim>,
    /// The visit's version.
    pub version: i64,
}

impl VisitClaim {
    /// The claim.
    pub fn claim(self) -> Claim {
        Claim {
            person: self.person,
            institution: self.institution,
            scheme: self.scheme,
            first_day: self.first_day,
            last_day: self.last_day,
            message: self.message.0,
        }
    }
}

impl Step for GetVisitClaim {
    const NAME: &'static str = "settlement.get_visit_claim";
    type Ports = Ports;
    type Output = VisitClaim;

    async fn run(&self, ports: &Ports, _: &str) -> Result<VisitClaim, Fault> {
        let request = pb::GetVisitClaimRequest {
            visit_id: self.of.visit.to_string(),
            through_day: self
                .of
                .through
                .map(|day| day.to_string())
                .unwrap_or_default(),
            // For an institution other institutions' visits do not exist.
            institution_code: ports.institution(),
            to_settle: self.to_settle,
        };
        let mut settlement = client(ports);
        let answer = ports.ask(request, |request| settlement.get_visit_claim(request));
        let answer = answer.await?;
        let claim = wire::visit_claim(answer.claim).map_err(|no| {
            tracing::error!(%no, "a visit's claim cannot be read");
            Fault::Unknown(INTERNAL.refuse())
        })?;
        Ok(VisitClaim {
            person: claim.person,
            institution: claim.institution,
            scheme: claim.scheme,
            first_day: claim.first_day,
            last_day: claim.last_day,
            message: Kept(claim.message),
            version: answer.version,
        })
    }
}

/// 结算 (pivot): prices and posts the claim.
pub struct PostSettlement {
    /// What the caller asked.
    pub settle: Arc<Settle>,
    /// What is known of it. Without it only the key is asked: settlement looks at the key before it
    /// asks for more, and a key that has an outcome needs no more.
    pub known: Option<Known>,
}

/// What is known of a claim to settle.
pub struct Known {
    /// The claim.
    pub claim: Arc<Claim>,
    /// The version of the visit that it was read from; 0 when it came with the request.
    pub visit_version: i64,
    /// What the peers say of it.
    pub assessment: Assessment,
}

impl PostSettlement {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "PostSettlement";
}

impl Step for PostSettlement {
    const NAME: &'static str = "settlement.post_settlement";
    type Ports = Ports;
    type Output = Kept<Settled>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<Settled>, Fault> {
        let mut request = pb::PostSettlementRequest {
            request_id: key.to_string(),
            origin: carried(self.settle.origin),
            ..Default::default()
        };
        match &self.settle.bill {
            Bill::Claim(claim) => request.claim = Some(claim.message.clone()),
            Bill::Visit(of) => request.visit_id = of.visit.to_string(),
        }
        if let Some(known) = &self.known {
            request.claim = Some(known.claim.message.clone());
            request.visit_version = known.visit_version;
            request.member = Some(known.assessment.member.0.clone());
            request.findings = known.assessment.findings();
            request.basis = self.settle.basis.clone();
        }
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.post_settlement(request));
        answer.await.map(Kept)
    }
}

impl Pivot for PostSettlement {
    fn subject(settled: &Kept<Settled>) -> String {
        let settlement = settled.settlement.as_ref();
        settlement
            .map(|s| s.settlement_id.clone())
            .unwrap_or_default()
    }

    async fn burn(&self, ports: &Ports, key: &str) -> Result<Burned, Fault> {
        burn(ports, Self::METHOD, key).await
    }

    async fn reverse(
        &self,
        ports: &Ports,
        _: &str,
        own_key: &str,
        subject: &str,
    ) -> Result<(), Fault> {
        reverse(ports, carried(self.settle.origin), own_key, subject).await
    }
}

/// One settlement, or nothing when there is none: that it is not there is for the pivot to say.
pub struct FindSettlement(pub SettlementId);

impl Step for FindSettlement {
    const NAME: &'static str = "settlement.get_settlement";
    type Ports = Ports;
    type Output = Option<Kept<common::Settlement>>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Self::Output, Fault> {
        let request = pb::GetSettlementRequest {
            settlement_id: self.0.to_string(),
        };
        let mut settlement = client(ports);
        let answer = ports.ask(request, |request| settlement.get_settlement(request));
        match answer.await {
            Ok(found) => Ok(found.settlement.map(Kept)),
            Err(Fault::Refused(_)) => Ok(None),
            Err(unknown) => Err(unknown),
        }
    }
}

/// 撤销 (pivot): reverses a settlement.
pub struct ReverseSettlement {
    /// What the caller asked.
    pub reverse: Arc<Reverse>,
}

impl ReverseSettlement {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "ReverseSettlement";
}

impl Step for ReverseSettlement {
    const NAME: &'static str = "settlement.reverse_settlement";
    type Ports = Ports;
    type Output = Kept<Reversed>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<Reversed>, Fault> {
        let request = pb::ReverseSettlementRequest {
            request_id: key.to_string(),
            origin: carried(self.reverse.origin),
            settlement_id: self.reverse.settlement.to_string(),
            reason: self.reverse.reason.clone(),
            institution_code: self.reverse.institution.clone(),
        };
        let mut settlement = client(ports);
        let answer = ports.change(request, |request| settlement.reverse_settlement(request));
        answer.await.map(Kept)
    }
}

impl Pivot for ReverseSettlement {
    fn subject(reversed: &Kept<Reversed>) -> String {
        let settlement = reversed.settlement.as_ref();
        settlement
            .map(|s| s.settlement_id.clone())
            .unwrap_or_default()
    }

    async fn burn(&self, ports: &Ports, key: &str) -> Result<Burned, Fault> {
        burn(ports, Self::METHOD, key).await
    }

    /// What is reversed is settled anew, with what is known then.
    async fn reverse(&self, _: &Ports, _: &str, _: &str, subject: &str) -> Result<(), Fault> {
        Err(stands(subject))
    }
}

/// What became of a pivot's key, as settlement remembers it.
pub struct GetOutcome {
    /// The pivot's method.
    pub method: &'static str,
    /// The caller's name for the request.
    pub request_id: RequestId,
}

impl Step for GetOutcome {
    const NAME: &'static str = "settlement.get_outcome";
    type Ports = Ports;
    type Output = Kept<common::Outcome>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Kept<common::Outcome>, Fault> {
        let request = pb::GetOutcomeRequest {
            request_id: self.request_id.to_string(),
            method: self.method.to_string(),
        };
        let mut settlement = client(ports);
        let answer = ports.ask(request, |request| settlement.get_outcome(request));
        let mut outcome = present(answer.await?.outcome, "outcome")?;
        if let Some(no) = &mut outcome.refused
            && self.method == OpenGuarantee::METHOD
        {
            no.field = path(ADMISSION, &no.field);
        }
        Ok(Kept(outcome))
    }
}

pub(super) fn client(ports: &Ports) -> SettlementServiceClient<Wire> {
    SettlementServiceClient::new(ports.peers.settlement.clone())
}

/// Reverses a settlement because the request for it is withdrawn.
pub(super) async fn reverse(
    ports: &Ports,
    origin: Vec<u8>,
    own_key: &str,
    settlement_id: &str,
) -> Result<(), Fault> {
    let request = pb::ReverseSettlementRequest {
        request_id: own_key.to_string(),
        origin,
        settlement_id: settlement_id.to_string(),
        reason: WITHDRAWN.to_string(),
        institution_code: ports.institution(),
    };
    let mut settlement = client(ports);
    let answer = ports.change(request, |request| settlement.reverse_settlement(request));
    answer.await.map(drop).map_err(in_the_way)
}

/// What stands in the way of a withdrawal may be taken away, and the same withdrawal repeated.
pub(super) fn in_the_way(fault: Fault) -> Fault {
    match fault {
        Fault::Refused(mut no) => {
            no.remedy = match no.code.as_ref() {
                "NOT_NEWEST" => "请先由新到旧冲正或撤销更新的结算,再重复同一冲正。".into(),
                "BENEFITS_PAID" => "请先由新到旧撤销该年度的有效结算,再重复同一冲正。".into(),
                "CORRECTION_BUILT_UPON" => {
                    "请先由新到旧撤销或冲正该年度更新的结算与更正,再重复同一冲正。".into()
                }
                "PART_CONTINUED" => {
                    "请先由新到旧撤销或冲正同一次住院之后的结算,再重复同一冲正。".into()
                }
                "GUARANTEE_CLOSED" => "请先撤销该次住院的结算,再重复同一冲正。".into(),
                _ => no.remedy,
            };
            Fault::Refused(no)
        }
        unknown => unknown,
    }
}

/// Why the reversal of a settlement is not reversed.
pub(super) fn stands(settlement_id: &str) -> Fault {
    let no = REVERSAL_STANDS.refuse();
    Fault::Refused(no.with("settlement_id", settlement_id))
}

/// 作废: burns the key of a pivot; every pivot is settlement's.
pub(super) async fn burn(ports: &Ports, method: &str, key: &str) -> Result<Burned, Fault> {
    let request = pb::BurnRequest {
        original_request_id: key.to_string(),
        method: method.to_string(),
    };
    let mut settlement = client(ports);
    let answer = ports.change(request, |request| settlement.burn(request));
    burned(answer.await?.outcome)
}
