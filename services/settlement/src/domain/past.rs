//! 零报销年数: what the years before a claim's say of it, where its package asks.

use super::{Member, PersonYear};
use policy::{InsuredHistory, Package, YEARS_MAX};
use serde::{Deserialize, Serialize};

/// 往年: in which earlier years funds paid for the person by the scheme.
///
/// A year has no claim (零报销) when it was insured and no standing settlement of the scheme in it was
/// paid for by any fund, medical assistance among them: what matters is who paid, not whether the
/// person was ill. What the account or the hospital bore does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastYears {
    /// Years in which a fund paid, in no order.
    pub paid: Vec<i32>,
    /// The last year in which the reward for years without a claim was drawn upon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward_used: Option<i32>,
}

impl PastYears {
    /// What a package says of earlier years; nothing when it does not ask.
    pub fn by(package: &Package, years: &[(i32, PersonYear)]) -> Option<PastYears> {
        let paid = years
            .iter()
            .filter(|(_, year)| package.fund_paid(&year.accumulators));
        let used = years
            .iter()
            .filter(|(_, year)| package.reward_used(&year.accumulators));
        package.rewards_no_claim().then(|| PastYears {
            paid: paid.map(|(year, _)| *year).collect(),
            reward_used: used.map(|(year, _)| *year).max(),
        })
    }

    /// 零报销年数 that still count for a claim of this year.
    pub fn zero_claim_years(&self, package: &Package, member: &Member, year: i32) -> u32 {
        let insured = member.insured_years.iter().copied();
        let elsewhere = &member.elsewhere_claim_years;
        let unpaid = insured.filter(|year| !self.paid.contains(year) && !elsewhere.contains(year));
        let unpaid: Vec<i32> = unpaid.collect();
        let history = InsuredHistory {
            year,
            insured_years: &member.insured_years,
            zero_claim_years: &unpaid,
            reward_used: self.reward_used,
        };
        let years = policy::continuity(package, &history).zero_claim_years;
        years.min(YEARS_MAX)
    }
}
