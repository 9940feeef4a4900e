//! What a person is entitled to: identities, coverages, suspensions. Each change first takes the
//! person's row, then decides on what stands under it.

use super::{App, LISTS, tell};
use crate::domain::{
    Coverage, Identity, NewIdentity, NewSuspension, Payer, Payment, Suspension, kinds_on,
};
use crate::store;
use crate::store::recorded::Recorded;
use ::store::{Call, Key, Made, new_id};
use kernel::{CoverageId, IdentityId, Outcome, Refusal, SuspensionId};
use serde_json::{Value, json};

impl App {
    /// 身份认定; true when an earlier attempt had done it.
    pub async fn record_identity(
        &self,
        call: &Call,
        new: &NewIdentity,
    ) -> Result<(Identity, bool), Refusal> {
        let area = &call.key.area;
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                store::person::touch(&tx, area, new.person).await?;
                new.decide(&store::identity::of(&*tx, area, new.person).await?)?;
                let identity = Identity {
                    id: IdentityId(new_id(call.now)),
                    kind: new.kind.clone(),
                    period: new.period,
                };
                store::identity::insert(&tx, area, new.person, &identity).await?;
                let subject = identity.id.to_string();
                let told = ("identity.recorded", subject.clone());
                let facts = json!({ "person_id": new.person, "kind": new.kind });
                tell(&tx, area, call.now, told, facts).await?;
                Ok(Made {
                    subject,
                    value: identity,
                })
            })
            .await?;
        match done.made {
            Some(identity) => Ok((identity, false)),
            None => {
                let identity = store::identity::find(&self.db, area, &done.subject).await?;
                Ok((identity, true))
            }
        }
    }

    /// Withdraws an identity. A subsidy that was paid by it stands: what counts is the day of
    /// payment.
    pub async fn withdraw_identity(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.undo_recorded(key, Recorded::Identity).await
    }

    /// 参保缴费; true when an earlier attempt had done it.
    pub async fn enrol(&self, call: &Call, payment: &Payment) -> Result<(Coverage, bool), Refusal> {
        let area = &call.key.area;
        let (person, plan) = (payment.person, &payment.plan);
        let law = self.packages.asked(self.db.reader(), area).await?;
        let package = law.select(area, &plan.scheme, plan.year.first, call.now)?;
        let package = package.map(|package| &**package);
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                let whom = store::person::touch(&tx, area, person).await?;
                let standing = store::coverage::of(&*tx, area, person, None).await?;
                let held = store::identity::of(&*tx, area, person).await?;
                let held = held
                    .iter()
                    .map(|identity| (&identity.kind, identity.period));
                let kinds = kinds_on(held, plan.paid_day);
                let today = call.now.day();
                let elsewhere = store::transfer::accepted(&*tx, area, person).await?;
                let payer = Payer {
                    person: &whom,
                    identities: &kinds,
                    coverages: &standing,
                    elsewhere: &elsewhere,
                };
                let terms = payment.decide(&payer, package, today)?;
                let coverage = Coverage {
                    id: CoverageId(new_id(call.now)),
                    scheme: plan.scheme.clone(),
                    year: plan.year,
                    paid_day: plan.paid_day,
                    terms,
                    standing: payment.standing.clone(),
                };
                store::coverage::insert(&tx, area, person, &coverage).await?;
                let subject = coverage.id.to_string();
                let told = ("coverage.enrolled", subject.clone());
                tell(&tx, area, call.now, told, facts(payment, &coverage)).await?;
                Ok(Made {
                    subject,
                    value: coverage,
                })
            })
            .await?;
        match done.made {
            Some(coverage) => Ok((coverage, false)),
            None => {
                let coverage = store::coverage::find(&self.db, area, &done.subject).await?;
                Ok((coverage, true))
            }
        }
    }

    /// 暂停待遇; true when an earlier attempt had done it.
    pub async fn suspend(
        &self,
        call: &Call,
        new: &NewSuspension,
    ) -> Result<(Suspension, bool), Refusal> {
        let area = &call.key.area;
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                store::person::touch(&tx, area, new.person).await?;
                let suspension = Suspension {
                    id: SuspensionId(new_id(call.now)),
                    period: new.period,
                    reason: new.reason.clone(),
                };
                store::suspension::insert(&tx, area, new.person, &suspension).await?;
                let subject = suspension.id.to_string();
                let told = ("benefit.suspended", subject.clone());
                let facts = json!({ "person_id": new.person });
                tell(&tx, area, call.now, told, facts).await?;
                Ok(Made {
                    subject,
                    value: suspension,
                })
            })
            .await?;
        match done.made {
            Some(suspension) => Ok((suspension, false)),
            None => {
                let suspension = store::suspension::find(&self.db, area, &done.subject).await?;
                Ok((suspension, true))
            }
        }
    }

    /// Withdraws a suspension.
    pub async fn withdraw_suspend(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.undo_recorded(key, Recorded::Suspension).await
    }
}

/// What other services need to post the subsidy, and what the terms rested on.
fn facts(payment: &Payment, coverage: &Coverage) -> Value {
    let share = &coverage.terms.share;
    json!({
        "person_id": payment.person,
        "scheme": coverage.scheme,
        "year": coverage.year.number,
        "identity_kind": share.identity,
        "fee_fen": share.fee,
        "subsidy_fen": share.subsidy,
        "to_pay_fen": share.to_pay,
        "pay_now_fen": share.pay_now,
        "fee_tier": share.tier,
        "repaid_years": coverage.terms.repair.years,
        "repair_fee_fen": coverage.terms.repair.fee,
        "exempt_from_waiting": payment.plan.exempt,
        "package_digest": coverage.terms.package.to_string(),
        "person_type": coverage.standing.person_type,
        "covered_by": coverage.standing.covered_by,
    })
}
