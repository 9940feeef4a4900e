//! 零报销激励: whether a package looks at years without a claim, and what a year that has gone by
//! says of them. It counts no years: that is [`crate::continuity`]'s.

use crate::accumulators::Accumulators;
use crate::package::Package;
use crate::terms::{Layer, Payer};

/// How the names end under which layers keep what they paid.
const PAID: &str = ".paid_fen";
/// And under which they keep what years without a claim let them pay.
const REWARD: &str = ".reward_fen";

impl Package {
    /// 零报销激励: whether years without a claim raise any cap.
    pub fn rewards_no_claim(&self) -> bool {
        let mut layers = self.layers().iter().chain(self.compared());
        layers.any(|layer| layer.reward.is_some())
    }

    /// 基金报销: whether a fund paid anything in a year that came to these accumulators. The year may be
    /// one of another package: what a rule that is unknown here paid, a fund paid.
    pub fn fund_paid(&self, year: &Accumulators) -> bool {
        let paid = year
            .iter()
            .filter(|(name, value)| *value > 0 && name.ends_with(PAID));
        paid.into_iter().any(|(name, _)| self.is_fund(name))
    }

    /// 已用零报销激励: whether a raised cap was drawn upon in a year that came to these accumulators.
    pub fn reward_used(&self, year: &Accumulators) -> bool {
        let mut all = year.iter();
        all.any(|(name, value)| value > 0 && name.ends_with(REWARD))
    }

    /// Whether what is kept by this name was paid by a fund; what a cap keeps besides, and what is only
    /// compared with, was not.
    fn is_fund(&self, name: &str) -> bool {
        let keeps = |layer: &Layer| layer.paid.may_be(name, self.slots());
        match self.layers().iter().find(|layer| keeps(layer)) {
            Some(layer) => layer.payer == Payer::Fund,
            None => !self.keeps(name),
        }
    }

    fn compared(&self) -> impl Iterator<Item = &Layer> {
        self.alternatives().iter().flat_map(|other| &other.layers)
    }
}
