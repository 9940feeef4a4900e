//! Questions about prices, which write nothing: what a claim would cost, why a settlement came to
//! what it did, and what either would come to if facts were others.

use super::accounts::{On, offered_to};
use super::past::EarlierYears;
use super::{App, Order, evidence};
use crate::catalogue::Catalogue;
use crate::domain::{Basis, Evidence, Flaw, FlawCause, Posted, Priced, admit, price};
use crate::refusal::REPLAY_DIFFERS;
use crate::store;
use ::store::Stop;
use kernel::{AreaCode, Digest, Refusal, SettlementId};
use policy::{Change, Comparison, Package, Reason};
use std::sync::Arc;

/// All that a price is computed from.
pub(super) struct Grounds {
    package: Arc<Package>,
    catalogue: Arc<Catalogue>,
    evidence: Evidence,
    accumulator_version: i64,
}

impl Grounds {
    fn price(&self) -> Result<Priced, Refusal> {
        self.price_of(&self.evidence)
    }

    fn price_of(&self, evidence: &Evidence) -> Result<Priced, Refusal> {
        let (package, catalogue) = (&self.package, &self.catalogue);
        price(package, catalogue, evidence, self.accumulator_version)
    }

    /// The price as it is, which `before` is, beside the price as it would be.
    fn compare(&self, before: Priced, change: &Change) -> Result<(Comparison, Basis), Refusal> {
        let after = self.price_of(&self.evidence.changed(change))?;
        let compared = Comparison::of(before.settlement, after.settlement);
        Ok((compared, before.basis))
    }
}

impl App {
    /// What a claim would cost.
    pub async fn quote(&self, area: &AreaCode, order: Order) -> Result<Priced, Refusal> {
        self.grounds(area, &order).await?.price()
    }

    /// 如果改变: what a claim would cost as it is and as it would be, and what the first rests on.
    pub async fn quote_change(
        &self,
        area: &AreaCode,
        order: Order,
        change: &Change,
    ) -> Result<(Comparison, Basis), Refusal> {
        let grounds = self.grounds(area, &order).await?;
        let before = grounds.price()?;
        grounds.compare(before, change)
    }

    async fn grounds(&self, area: &AreaCode, order: &Order) -> Result<Grounds, Refusal> {
        // A quote shows what a denied claim would cost together with the finding that denies it.
        let now = self.clock.now();
        admit(&order.bill, order.member.as_ref(), &[], now.day())?;
        let bill = &order.bill;
        let terms = self.terms(self.db.reader(), area, bill, now).await?;
        let bill = &terms.decided(order)?;
        let whose = bill.year_key();
        let year = store::accumulators(&self.db, area, &whose).await?;
        let reader = self.db.reader();
        let of = (bill, &*terms.package);
        let stay = self.so_far(reader, area, of, None).await?;
        let (asking, member) = (std::iter::once(&*terms.package), order.member.iter());
        let earlier = EarlierYears::read(reader, area, &whose, asking, member).await?;
        let (_, offered) = offered_to(&On::read(reader), area, bill, now).await?;
        let years = (&year, &earlier);
        Ok(Grounds {
            evidence: evidence(order, bill, &terms, years, (stay, offered))?,
            accumulator_version: earlier.version(&terms.package, &year),
            package: terms.package,
            catalogue: terms.catalogue,
        })
    }

    /// A settlement with the title of its package and the reason of every amount, computed anew
    /// from what it rests on and compared with what was stored.
    pub async fn explain(
        &self,
        area: &AreaCode,
        id: SettlementId,
    ) -> Result<(Posted, String, Vec<Reason>), Refusal> {
        let posted = self.settlement(area, id).await?;
        let (grounds, again) = self.replay(area, &posted).await?;
        let title = grounds.package.title().to_string();
        Ok((posted, title, again.settlement.reasons))
    }

    /// 如果改变: what a settlement came to and what it would have come to, by what it rests on.
    pub async fn explain_change(
        &self,
        area: &AreaCode,
        id: SettlementId,
        change: &Change,
    ) -> Result<(Comparison, Basis), Refusal> {
        let posted = self.settlement(area, id).await?;
        let (grounds, again) = self.replay(area, &posted).await?;
        grounds.compare(again, change)
    }

    /// What a settlement rests on, and the same price from it once more.
    async fn replay(&self, area: &AreaCode, posted: &Posted) -> Result<(Grounds, Priced), Refusal> {
        match self
            .priced_again(area, &posted.evidence, &posted.basis)
            .await?
        {
            Ok((grounds, again)) if again.basis == posted.basis => Ok((grounds, again)),
            _ => Err(REPLAY_DIFFERS.refuse().with("settlement_id", posted.id)),
        }
    }

    /// The price of what is stored, a settlement or a revision, from what it rests on, whatever it comes
    /// to; or what is missing for it.
    pub(super) async fn priced_again(
        &self,
        area: &AreaCode,
        evidence: &Evidence,
        basis: &Basis,
    ) -> Result<Result<(Grounds, Priced), Flaw>, Refusal> {
        let missing = |cause, name: &str, text: &str| Ok(Err(Flaw::told(cause, name, text)));
        let digest = Digest::parse(&basis.package_digest);
        let law = self.packages.knowing(area, digest.into_iter()).await?;
        let Some(package) = digest.and_then(|digest| law.by_digest(digest)) else {
            let text = "政策包已找不到，无法复算";
            return missing(FlawCause::PackageMissing, &basis.package_digest, text);
        };
        let catalogue = self
            .catalogues
            .version(self.db.reader(), area, basis.catalogue)
            .await;
        let catalogue = match catalogue {
            Ok(catalogue) => catalogue,
            Err(Stop::Refused(_)) => {
                let (id, text) = (
                    basis.catalogue.to_string(),
                    "目录版本已找不到或无法读取，无法复算",
                );
                return missing(FlawCause::CatalogueMissing, &id, text);
            }
            Err(fault) => return Err(fault.into()),
        };
        let grounds = Grounds {
            package: package.clone(),
            catalogue,
            evidence: evidence.clone(),
            accumulator_version: basis.accumulator_version,
        };
        match grounds.price() {
            Ok(again) => Ok(Ok((grounds, again))),
            Err(no) => missing(FlawCause::Refused, &no.code, &no.sentence()),
        }
    }
}
