//! 结算: what a claim costs, what it would cost if facts were others, and its settlement.
//!
//! It decides in which order the peers are asked and who may bring a claim. That the person is not
//! entitled or the claim denied is for settlement to weigh: member and findings go there as they
//! are, and CLAIM_DENIED is remembered there.

use super::Told;
use crate::steps::enrollment::CheckEligibility;
use crate::steps::inspection::Screen;
use crate::steps::referral::UseReferral;
use crate::steps::settlement::{
    Assessment, Comparison, GetClaimHistory, GetVisitClaim, Known, PostSettlement, PriceClaim,
    Quote, QuoteChange, Settled,
};
use crate::steps::{Both, Kept, Ports};
use crate::wire::{Bill, Change, Claim, Settle};
use kernel::refusal::{INSTITUTION_MISMATCH, invalid};
use kernel::{IdentityCheckId, InstitutionCode, Principal, Refusal, Role};
use saga::{Body, Halt, Saga};
use std::sync::Arc;

/// 结算, and 出院结算 of a guaranteed stay: settlement closes its guarantee.
pub struct SettleClaim(Arc<Settle>);

impl SettleClaim {
    /// Of this request.
    pub fn new(settle: Settle) -> SettleClaim {
        SettleClaim(Arc::new(settle))
    }
}

impl Body for SettleClaim {
    const KIND: &'static str = "settle.v1";
    const TOLD_BY_PIVOT: bool = true;
    type Ports = Ports;
    type Pivot = PostSettlement;
    type Output = Kept<Settled>;

    fn bare(&self) -> PostSettlement {
        PostSettlement {
            settle: self.0.clone(),
            known: None,
        }
    }

    fn told(&self, settled: Kept<Settled>) -> Kept<Settled> {
        settled
    }

    async fn steps<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<Kept<Settled>, Halt> {
        settle_claim(saga, self.0.clone()).await
    }
}

impl Told for Kept<Settled> {
    fn is_replayed(&self) -> bool {
        self.replayed
    }
}

async fn settle_claim(
    mut saga: Saga<'_, Ports>,
    settle: Arc<Settle>,
) -> Result<Kept<Settled>, Halt> {
    let (claim, visit_version) = read(&mut saga, &settle.bill, true).await?;
    let asked = CheckEligibility::to_settle(&claim, settle.shown);
    let assessment = assess(&mut saga, &claim, asked).await?;
    if let Some(referral) = claim.referral() {
        let used = UseReferral::of(referral, settle.origin, &claim);
        saga.run(used).await?;
    }
    let known = Some(Known {
        claim,
        visit_version,
        assessment,
    });
    saga.conclude(PostSettlement { settle, known }).await
}

/// The claim: as it came, or as the visit's lines make it now, and then of which version of the visit.
async fn read(
    saga: &mut Saga<'_, Ports>,
    bill: &Bill,
    to_settle: bool,
) -> Result<(Arc<Claim>, i64), Halt> {
    let visit = match bill {
        Bill::Claim(claim) => return Ok((claim.clone(), 0)),
        Bill::Visit(of) => *of,
    };
    let found = saga
        .read(GetVisitClaim {
            of: visit,
            to_settle,
        })
        .await?;
    let version = found.version;
    Ok((Arc::new(found.claim()), version))
}

/// A claim priced.
pub struct Priced {
    /// The claim.
    pub claim: Arc<Claim>,
    /// What it would cost.
    pub quote: Quote,
    /// What the peers say of it.
    pub assessment: Assessment,
}

/// 预结算: what the claim would cost.
pub async fn price(
    mut saga: Saga<'_, Ports>,
    bill: &Bill,
    shown: Option<IdentityCheckId>,
) -> Result<Priced, Halt> {
    let (claim, _) = read(&mut saga, bill, false).await?;
    let asked = CheckEligibility::of(&claim, shown);
    let assessment = assess(&mut saga, &claim, asked).await?;
    let price = PriceClaim {
        claim: claim.clone(),
        assessment: assessment.clone(),
    };
    Ok(Priced {
        quote: saga.read(price).await?.0,
        claim,
        assessment,
    })
}

/// 如果改变: what the claim would cost as it is and as it would be. Enrollment and inspection are
/// asked of the claim as it is; settlement changes what they said as far as the caller wants it.
pub async fn compare(
    mut saga: Saga<'_, Ports>,
    claim: Arc<Claim>,
    change: Change,
) -> Result<(Comparison, Assessment), Halt> {
    let asked = CheckEligibility::of(&claim, None);
    let assessment = assess(&mut saga, &claim, asked).await?;
    let quote = QuoteChange {
        claim,
        assessment: assessment.clone(),
        change,
    };
    Ok((saga.read(quote).await?.0, assessment))
}

/// What the peers say of the claim. Entitlement and history do not depend on each other and are
/// asked at once.
async fn assess(
    saga: &mut Saga<'_, Ports>,
    claim: &Arc<Claim>,
    asked: CheckEligibility,
) -> Result<Assessment, Halt> {
    let questions = Both(asked, GetClaimHistory(claim.clone()));
    let (member, history) = saga.read(questions).await?;
    let screen = Screen {
        claim: claim.clone(),
        member: member.0.clone(),
        history: history.0,
    };
    let screened = saga.read(screen).await?;
    Ok(Assessment {
        member,
        findings: screened.0.findings.into_iter().map(Kept).collect(),
    })
}

/// An institution brings its own claims only, and none that the patient has paid already.
pub fn may_bring_claim(principal: &Principal, claim: &Claim) -> Result<(), Refusal> {
    may_bring(principal, &claim.institution)?;
    let paid = !claim.message.reimbursement_id.is_empty();
    match paid && principal.has(Role::Institution) {
        true => Err(invalid(
            "claim.reimbursement_id",
            "空:零星报销由医保经办机构办理",
        )),
        false => Ok(()),
    }
}

/// An institution brings its own claims only; the bureau and services bring anybody's.
pub fn may_bring(principal: &Principal, institution: &InstitutionCode) -> Result<(), Refusal> {
    let own = principal.caller == institution.as_str();
    match own || !principal.has(Role::Institution) {
        true => Ok(()),
        false => {
            let no = INSTITUTION_MISMATCH.refuse().at("claim.institution_code");
            Err(no.with("institution_code", institution))
        }
    }
}
