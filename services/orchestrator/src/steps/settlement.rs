//! What is asked of settlement: questions, and the two pivots.

use super::{ASKING, CHANGING, NAME, Peers, Pivot, Step, heard, present};
use crate::wire::{Change, Claim, Finding, Member, Reverse, Settle};
use kernel::refusal::INTERNAL;
use kernel::{OutcomeState, RequestId};
use proto::common;
use proto::common::outcome::State;
use proto::settlement as pb;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::{Context, Fault, Wire};

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

/// What enrollment and inspection say of a claim.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The person on the claim's last day.
    pub member: Member,
    /// What screening found.
    pub findings: Vec<Finding>,
}

/// The person's standing settlements that touch the claim's days.
pub struct GetClaimHistory<'a>(pub &'a Claim);

impl Step for GetClaimHistory<'_> {
    type Answer = History;

    async fn ask(&self, peers: &Peers, context: &Context) -> Result<History, Fault> {
        let claim = Some(self.0.message.clone());
        let request = context.through(NAME, pb::GetClaimHistoryRequest { claim });
        let mut settlement = client(peers);
        heard(settlement.get_claim_history(request), context, ASKING).await
    }
}

/// 预结算: what the claim would cost.
pub struct PriceClaim<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// What is known of it.
    pub assessment: &'a Assessment,
}

impl Step for PriceClaim<'_> {
    type Answer = Quote;

    async fn ask(&self, peers: &Peers, context: &Context) -> Result<Quote, Fault> {
        let request = pb::PriceClaimRequest {
            claim: Some(self.claim.message.clone()),
            member: Some(self.assessment.member.clone()),
            findings: self.assessment.findings.clone(),
        };
        let mut settlement = client(peers);
        let call = settlement.price_claim(context.through(NAME, request));
        present(heard(call, context, ASKING).await?.quote, "quote")
    }
}

/// 如果改变: what the claim would cost if facts were others.
pub struct QuoteChange<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// What is known of it.
    pub assessment: &'a Assessment,
    /// What shall be otherwise.
    pub change: &'a Change,
}

impl Step for QuoteChange<'_> {
    type Answer = Comparison;

    async fn ask(&self, peers: &Peers, context: &Context) -> Result<Comparison, Fault> {
        let request = pb::QuoteChangeRequest {
            claim: Some(self.claim.message.clone()),
            member: Some(self.assessment.member.clone()),
            findings: self.assessment.findings.clone(),
            change: Some(self.change.clone()),
        };
        let mut settlement = client(peers);
        let call = settlement.quote_change(context.through(NAME, request));
        let answer = heard(call, context, ASKING).await?;
        present(answer.comparison, "comparison")
    }
}

/// 结算 (pivot): prices and posts the claim.
pub struct PostSettlement<'a> {
    /// What the caller asked.
    pub settle: &'a Settle,
    /// What is known of the claim. Without it only the key is asked: settlement looks at the key
    /// before it asks for more, and a key that has an outcome needs no more.
    pub assessment: Option<Assessment>,
}

impl PostSettlement<'_> {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "PostSettlement";
}

impl Step for PostSettlement<'_> {
    type Answer = Settled;

    async fn ask(&self, peers: &Peers, context: &Context) -> Result<Settled, Fault> {
        let mut request = pb::PostSettlementRequest {
            request_id: self.settle.request_id.to_string(),
            origin: self.settle.origin.0.to_vec(),
            claim: Some(self.settle.claim.message.clone()),
            ..Default::default()
        };
        if let Some(assessment) = &self.assessment {
            request.member = Some(assessment.member.clone());
            request.findings = assessment.findings.clone();
            request.basis = self.settle.basis.clone();
        }
        let mut settlement = client(peers);
        let call = settlement.post_settlement(context.through(NAME, request));
        heard(call, context, CHANGING).await
    }
}

impl Pivot for PostSettlement<'_> {
    fn request_id(&self) -> &RequestId {
        &self.settle.request_id
    }

    async fn burn(&self, peers: &Peers, context: &Context) -> Result<OutcomeState, Fault> {
        burn(peers, context, Self::METHOD, self.request_id()).await
    }
}

/// 撤销 (pivot): reverses a settlement.
pub struct ReverseSettlement<'a> {
    /// What the caller asked.
    pub reverse: &'a Reverse,
    /// 定点医药机构编号 (fixmedins_code): only a settlement of this institution; any when empty.
    pub institution_code: &'a str,
}

impl ReverseSettlement<'_> {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "ReverseSettlement";
}

impl Step for ReverseSettlement<'_> {
    type Answer = Reversed;

    async fn ask(&self, peers: &Peers, context: &Context) -> Result<Reversed, Fault> {
        let request = pb::ReverseSettlementRequest {
            request_id: self.reverse.request_id.to_string(),
            origin: self.reverse.origin.0.to_vec(),
            settlement_id: self.reverse.settlement.to_string(),
            reason: self.reverse.reason.clone(),
            institution_code: self.institution_code.to_string(),
        };
        let mut settlement = client(peers);
        let call = settlement.reverse_settlement(context.through(NAME, request));
        heard(call, context, CHANGING).await
    }
}

impl Pivot for ReverseSettlement<'_> {
    fn request_id(&self) -> &RequestId {
        &self.reverse.request_id
    }

    async fn burn(&self, peers: &Peers, context: &Context) -> Result<OutcomeState, Fault> {
        burn(peers, context, Self::METHOD, self.request_id()).await
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
    type Answer = common::Outcome;

    async fn ask(&self, peers: &Peers, context: &Context) -> Result<common::Outcome, Fault> {
        let request = pb::GetOutcomeRequest {
            request_id: self.request_id.to_string(),
            method: self.method.to_string(),
        };
        let mut settlement = client(peers);
        let call = settlement.get_outcome(context.through(NAME, request));
        present(heard(call, context, ASKING).await?.outcome, "outcome")
    }
}

fn client(peers: &Peers) -> SettlementServiceClient<Wire> {
    SettlementServiceClient::new(peers.settlement.clone())
}

async fn burn(
    peers: &Peers,
    context: &Context,
    method: &str,
    request_id: &RequestId,
) -> Result<OutcomeState, Fault> {
    let request = pb::BurnRequest {
        original_request_id: request_id.to_string(),
        method: method.to_string(),
    };
    let mut settlement = client(peers);
    let call = settlement.burn(context.through(NAME, request));
    let outcome = present(heard(call, context, CHANGING).await?.outcome, "outcome")?;
    match outcome.state() {
        State::Done => Ok(OutcomeState::Done),
        State::Refused => Ok(OutcomeState::Refused),
        State::Withdrawn => Ok(OutcomeState::Withdrawn),
        // A burned key is none of these; who says so has not burned it.
        State::Unspecified | State::Pending | State::UnknownHere => {
            Err(Fault::Unknown(INTERNAL.refuse()))
        }
    }
}
