//! 释放: a stay whose settlement was reversed uses its referral no more.
//!
//! A saga finishes with it, behind the step that nothing leads back from: so it is never refused,
//! and says whether there was anything to release.

use super::{App, LISTS, author, change};
use crate::domain::Referral;
use crate::store;
use ::store::{Call, Key, Made, Stop, Tx};
use kernel::{Outcome, ReferralId, Refusal};

/// What a release came to.
pub struct Released {
    /// The referral as it is now, where there is one.
    pub referral: Option<Referral>,
    /// True when it ended the stay's use.
    pub ended: bool,
}

impl App {
    /// Releases a referral that this stay uses; true when an earlier attempt had done it.
    pub async fn release(
        &self,
        call: &Call,
        id: ReferralId,
        visit_number: &str,
    ) -> Result<(Released, bool), Refusal> {
        let area = &call.key.area;
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                Ok(Made {
                    subject: id.to_string(),
                    value: release(&tx, call, id, visit_number).await?,
                })
            })
            .await?;
        if let Some(released) = done.made {
            return Ok((released, false));
        }
        let by = author(&call.key);
        let released = Released {
            referral: store::referral::find(&self.db, area, &done.subject).await?,
            ended: store::release::has_ended(&self.db, area, &done.subject, &by).await?,
        };
        Ok((released, true))
    }

    /// Withdraws a release: the stay uses the referral again, unless another does by now.
    pub async fn withdraw_release(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let (area, by) = (&key.area, &author(key));
        let undo = |tx: Tx, id: String| async move {
            let Some(referral) = store::referral::lock(&tx, area, &id).await? else {
                return Ok(());
            };
            let Some(ended) = store::release::ended(&tx, area, &id, by).await? else {
                return Ok(());
            };
            store::release::withdraw(&tx, area, &id, by, now).await?;
            match referral.without_release(ended) {
                Some(used) => change(&tx, area, now, "referral.release_withdrawn", &used).await,
                None => Ok(()),
            }
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }
}

async fn release(
    tx: &Tx,
    call: &Call,
    id: ReferralId,
    visit_number: &str,
) -> Result<Released, Stop> {
    let (area, id) = (&call.key.area, id.to_string());
    let referral = store::referral::lock(tx, area, &id).await?;
    let Some((free, ended)) = referral.as_ref().and_then(|one| one.release(visit_number)) else {
        return Ok(Released {
            referral,
            ended: false,
        });
    };
    store::release::insert(tx, area, &id, &author(&call.key), &ended).await?;
    change(tx, area, call.now, "referral.released", &free).await?;
    Ok(Released {
        referral: Some(free),
        ended: true,
    })
}
