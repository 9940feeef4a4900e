//! 第三方责任: a third party was found, or paid, after the bill was settled without it, or with another
//! share. The person has the third party's money, so that the difference is the person's.

use super::{App, LISTS, Moved, On, Shown, Standing, Why};
use crate::domain::{
    Amendment, Cause, Payee, PersonYear, Revised, Second, is_news, preview_digest,
};
use crate::refusal::PREVIEW_CHANGED;
use crate::store;
use ::store::{Call, Stop, Tx};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, Digest, Refusal, SettlementId};
use policy::ThirdParty;
use sea_orm::ConnectionTrait;

/// 第三方责任: what became known of a settlement's third party.
pub struct ThirdPartyFound {
    /// Which settlement.
    pub settlement: SettlementId,
    /// The third party; none when there is none after all.
    pub party: Option<ThirdParty>,
    /// 文书号; empty in a preview.
    pub document: String,
}

impl App {
    /// 第三方责任: what another third party would move; answers it with its digest.
    pub async fn preview_third_party(
        &self,
        area: &AreaCode,
        what: &ThirdPartyFound,
    ) -> Result<(Vec<Revised>, Digest), Refusal> {
        let (reader, now) = (self.db.reader(), self.clock.now());
        let posted = self.settlement(area, what.settlement).await?;
        let whose = posted.evidence.bill.year_key();
        let year = store::accumulators(&self.db, area, &whose).await?;
        let standing = self.standing_from(reader, area, &posted).await?;
        let (on, chain) = (On::read(reader), Standing::all(standing, now));
        let moved = self.third_party_of(&on, area, (&year, &chain), what);
        let revised = moved.await?.revised;
        let digest = preview_digest(&revised);
        Ok((revised, digest))
    }

    /// Settles what another third party moves, if it is what was shown; answers the revisions, and
    /// whether an earlier attempt had done it.
    pub async fn post_third_party(
        &self,
        call: &Call,
        what: &ThirdPartyFound,
        (shown, second): (Digest, &Second),
    ) -> Result<(Vec<Shown>, bool), Refusal> {
        let work = |tx: Tx| async move {
            let area = &call.key.area;
            let (year, standing) = self.locked_from(&tx, call, what.settlement, None).await?;
            let target = standing.first().ok_or_else(|| INTERNAL.refuse())?;
            if let Some(read) = target.evidence.bill.registration {
                // As with a finding: the next part of the stay comes before it or after it.
                store::lock_visit(&tx, area, read.visit).await?;
            }
            let (on, chain) = (On::locked(&*tx), Standing::all(standing, call.now));
            let moved = self.third_party_of(&on, area, (&year, &chain), what);
            let moved = moved.await?;
            if preview_digest(&moved.revised) != shown {
                return Err(PREVIEW_CHANGED.refuse().at("preview_digest").into());
            }
            let why = Why {
                cause: Cause::ThirdParty,
                payee: Payee::Person,
                reason: "",
                case_reference: &what.document,
                alone: self.agreed(&tx, call, second, &moved).await?,
            };
            self.correct(&tx, call, &year, moved, &why).await
        };
        let done = self.db.once(call, LISTS, work).await?;
        let shown = self.correction(&call.key.area, &done.subject).await?;
        Ok((shown, done.replayed()))
    }

    async fn third_party_of<C: ConnectionTrait>(
        &self,
        on: &On<'_, C>,
        area: &AreaCode,
        (year, chain): (&PersonYear, &Standing),
        what: &ThirdPartyFound,
    ) -> Result<Moved, Stop> {
        let target = chain.whole.first().ok_or_else(|| INTERNAL.refuse())?;
        is_news(target, what.party).map_err(|no| no.at("third_party_share_bp"))?;
        let amendment = Amendment::ThirdParty(target.id, what.party);
        self.chain_of(on, area, year, chain, &amendment).await
    }
}
