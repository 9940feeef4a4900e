//! 年度底稿: what a person's year came to, claim by claim in the order in which they were priced, for
//! whoever prices a whole year again under other rules. Pure; it reads decisions and makes none.

use super::{Link, claim_of, comes_to_the_same};
use kernel::{Refusal, SettlementId, VisitId};
use policy::{Accumulators, Claim, ClaimFacts, Package, Settlement, settle_amounts};

/// The standing settlements of a person, scheme and year.
#[derive(Clone, Debug)]
pub struct SettledYear {
    /// In the order in which they were priced.
    pub claims: Vec<SettledClaim>,
}

/// A standing settlement, by its newest revision where it has one.
#[derive(Clone, Debug)]
pub struct SettledClaim {
    /// 结算ID (setl_id).
    pub id: SettlementId,
    /// What was priced, without the accumulators before it.
    pub facts: ClaimFacts,
    /// What it came to, without lines and reasons.
    pub paid: Settlement,
    /// What it saw of the year.
    pub saw: Saw,
    /// 分段结算: the stay that it is a part of.
    pub part_of: Option<VisitId>,
    /// Whether its package asked for years without a claim (零报销年数).
    pub past_asked: bool,
}

/// What a settlement saw of its year when it was priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saw {
    /// What stands before it now, and no more.
    Standing,
    /// That and something else, such as a settlement that was reversed since where its package does not
    /// price later ones again.
    Besides(Accumulators),
    /// Its own package makes of neither what was paid.
    Differs,
}

/// A person's year: settlements that stand, in their order, with what each was priced by.
pub fn settled_year(links: Vec<Link>) -> Result<SettledYear, Refusal> {
    let (mut carried, mut claims) = (Accumulators::default(), Vec::with_capacity(links.len()));
    for link in links {
        let Link {
            posted,
            package,
            catalogue,
        } = link;
        let evidence = posted.evidence;
        let claim = claim_of(&package, &catalogue, &evidence)?;
        let facts = ClaimFacts {
            accumulators: Accumulators::default(),
            ..claim.facts().clone()
        };
        let paid = posted.amounts;
        let saw = saw(&package, &claim, &carried, &paid);
        carried = carried.plus(&paid.deltas);
        let part = evidence.bill.part.and(evidence.bill.registration);
        claims.push(SettledClaim {
            id: posted.id,
            facts,
            paid,
            saw,
            part_of: part.map(|read| read.visit),
            past_asked: package.rewards_no_claim(),
        });
    }
    Ok(SettledYear { claims })
}

fn saw(package: &Package, claim: &Claim, carried: &Accumulators, paid: &Settlement) -> Saw {
    let seen = claim.accumulators();
    let same = |claim: &Claim| comes_to_the_same(&settle_amounts(package, claim), paid);
    let clean = match seen == carried {
        true => same(claim),
        false => {
            let accumulators = carried.clone();
            let facts = ClaimFacts {
                accumulators,
                ..claim.facts().clone()
            };
            Claim::new(facts).is_ok_and(|claim| same(&claim))
        }
    };
    match clean {
        true => Saw::Standing,
        false if seen != carried && same(claim) => Saw::Besides(seen.minus(carried)),
        false => Saw::Differs,
    }
}
