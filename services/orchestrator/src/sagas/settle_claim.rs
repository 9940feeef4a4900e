//! 结算: what a claim costs, what it would cost if facts were others, and its settlement.
//!
//! It decides in which order the peers are asked and who may bring a claim. That the person is not
//! entitled or the claim denied is for settlement to weigh: member and findings go there as they
//! are, and CLAIM_DENIED is remembered there.

use super::pivot::{Halt, Saga, drive};
use crate::Peers;
use crate::refusal::INSTITUTION_MISMATCH;
use crate::steps::enrollment::CheckEligibility;
use crate::steps::inspection::Screen;
use crate::steps::settlement::{
    Assessment, Comparison, GetClaimHistory, PostSettlement, PriceClaim, Quote, QuoteChange,
    Settled,
};
use crate::wire::{Change, Claim, Settle};
use kernel::{Principal, Refusal, Role};
use runtime::Context;

/// 结算: settles a claim, once for the caller's request id.
pub async fn settle<'a>(
    peers: &'a Peers,
    context: &'a Context,
    settle: &'a Settle,
) -> Result<Settled, Refusal> {
    may_bring(&context.principal, &settle.claim)?;
    let bare = PostSettlement {
        settle,
        assessment: None,
    };
    drive(peers, context, bare, |saga| settle_claim(saga, settle)).await
}

async fn settle_claim<'a>(saga: Saga<'a>, settle: &'a Settle) -> Result<Settled, Halt> {
    let assessment = Some(assess(&saga, &settle.claim).await?);
    saga.pivot(&PostSettlement { settle, assessment }).await
}

/// 预结算: what the claim would cost. It has no pivot and writes nothing, so every "no" is told as
/// it came.
pub async fn price<'a>(
    peers: &'a Peers,
    context: &'a Context,
    claim: &'a Claim,
) -> Result<(Quote, Assessment), Refusal> {
    may_bring(&context.principal, claim)?;
    let saga = Saga::new(peers, context);
    let assessment = assess(&saga, claim).await?;
    let price = PriceClaim {
        claim,
        assessment: &assessment,
    };
    let quote = saga.read(&price).await?;
    Ok((quote, assessment))
}

/// 如果改变: what the claim would cost as it is and as it would be. Enrollment and inspection are
/// asked of the claim as it is; settlement changes what they said as far as the caller wants it.
pub async fn compare<'a>(
    peers: &'a Peers,
    context: &'a Context,
    claim: &'a Claim,
    change: &'a Change,
) -> Result<(Comparison, Assessment), Refusal> {
    may_bring(&context.principal, claim)?;
    let saga = Saga::new(peers, context);
    let assessment = assess(&saga, claim).await?;
    let quote = QuoteChange {
        claim,
        assessment: &assessment,
        change,
    };
    let comparison = saga.read(&quote).await?;
    Ok((comparison, assessment))
}

/// What the peers say of the claim. Entitlement and history do not depend on each other and are
/// asked at once; the first that fails ends both.
async fn assess(saga: &Saga<'_>, claim: &Claim) -> Result<Assessment, Halt> {
    let eligibility = CheckEligibility(claim);
    let past = GetClaimHistory(claim);
    let (member, history) = tokio::try_join!(saga.read(&eligibility), saga.read(&past))?;
    let screen = Screen {
        claim,
        member: &member,
        history: &history,
    };
    let findings = saga.read(&screen).await?;
    Ok(Assessment { member, findings })
}

/// An institution brings its own claims only; the bureau and services bring anybody's.
fn may_bring(principal: &Principal, claim: &Claim) -> Result<(), Refusal> {
    let own = principal.caller == claim.institution.as_str();
    match own || !principal.has(Role::Institution) {
        true => Ok(()),
        false => Err(INSTITUTION_MISMATCH
            .refuse()
            .with("institution_code", &claim.institution)
            .at("claim.institution_code")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;
    use kernel::AreaCode;

    #[test]
    fn an_institution_brings_its_own_claims_only() {
        let claim = wire::claim(Some(proto::common::Claim {
            person_id: "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f".into(),
            institution_code: "H15250100001".into(),
            scheme: "390".into(),
            end_day: "2017-03-01".into(),
            ..Default::default()
        }))
        .unwrap();
        let cases = [
            ("H15250100001", Role::Institution, true),
            ("H15250100002", Role::Institution, false),
            ("clerk-7", Role::Clerk, true),
            ("interregional", Role::Service, true),
        ];
        for (caller, role, may) in cases {
            let principal = Principal {
                caller: caller.into(),
                on_behalf_of: None,
                area: AreaCode::parse("152501").unwrap(),
                roles: vec![role],
            };
            let answer = may_bring(&principal, &claim);
            assert_eq!(answer.is_ok(), may, "{caller}");
            if let Err(no) = answer {
                assert!(no.is(&INSTITUTION_MISMATCH) && no.kind.is_passing());
            }
        }
    }
}
