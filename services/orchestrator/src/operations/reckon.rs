//! 先看账: what stands at the peers under each step's key, what the ledger has posted, and what it
//! would post if the saga came to its end now. Peers are asked for the saga's own caller: keys and
//! prices are that caller's.

use super::{Operations, unknown};
use crate::refusal::{SAGA_STUCK, SAGA_UNPRICED};
use crate::sagas::Asked;
use crate::sagas::forecast::Forecast;
use crate::sagas::inquiries::Price;
use crate::steps::Ports;
use crate::steps::standing::{self, Effect, Moved, Place};
use crate::store::operations::{self as store, Seen};
use crate::store::{Line, Row, State, line, lines_of};
use crate::wire::{Bill, Claim};
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::{Outcome, OutcomeState, Principal, Refusal, SagaId};
use runtime::Context;
use saga::What;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Keys and claims asked about at once.
const ABREAST: usize = 8;

/// What stands at the peers.
pub struct Reckoning {
    /// Of each step that may have left, in order.
    pub standings: Vec<Standing>,
    /// What the ledger has posted.
    pub posted: Vec<Moved>,
    /// What it would post; why that cannot be said.
    pub would_post: Result<Vec<Moved>, Refusal>,
}

/// What stands under one step's key.
pub struct Standing {
    /// The step's number in the saga.
    pub step: u32,
    /// The step.
    pub effect: &'static Effect,
    /// The key.
    pub key: String,
    /// What the peer says of it, if it says something.
    pub outcome: Result<Outcome, Refusal>,
}

/// A step that may have left: its number, what it is, and its key.
type Left = (u32, &'static Effect, String);

/// A saga to reckon with.
pub(super) struct Subject {
    pub(super) seen: Seen,
    pub(super) asked: Asked,
    row: Row,
    pub(super) principal: Principal,
    lines: Vec<Line>,
}

impl Operations {
    /// What stands at the peers, and what the ledger says.
    pub async fn reckon(&self, context: &Context, id: SagaId) -> Result<Reckoning, Refusal> {
        let subject = self.subject(context, id).await?;
        let until = tokio::time::Instant::now() + context.left();
        let principal = subject.principal.clone();
        let ports = self.executor.ports(principal.clone(), Some(until), None);
        let left = subject.left().into_iter();
        let asked: Vec<_> = left.map(|left| stand(ports.clone(), left)).collect();
        let standings: Vec<Standing> = stream::iter(asked).buffered(ABREAST).collect().await;
        let made = standings
            .iter()
            .find(|standing| standing.effect.place == Place::Pivot);
        let made = made.and_then(|pivot| pivot.outcome.as_ref().ok());
        let forecast = Forecast::of(subject.asked, &principal, &subject.row.0.request);
        let posted = posted(&ports, &subject, forecast.as_ref(), made).await?;
        let caller = Context::of(principal, context.left());
        let would_post = match subject.way(made) {
            Way::Stays => Ok(Vec::new()),
            Way::Back => Ok(opposite(&posted)),
            Way::On => {
                self.forecast(&caller, &ports, &subject, forecast, &posted)
                    .await
            }
        };
        Ok(Reckoning {
            standings,
            posted,
            would_post,
        })
    }

    pub(super) async fn subject(&self, context: &Context, id: SagaId) -> Result<Subject, Refusal> {
        let (db, area, id) = (&self.executor.db, &context.principal.area, id.to_string());
        let seen = store::seen(db.reader(), area, &id)
            .await?
            .ok_or_else(|| unknown(&id))?;
        let row = store::asked(db, area, &id)
            .await?
            .ok_or_else(|| unknown(&id))?;
        let lines = lines_of(db.reader(), area.as_str(), &id).await?;
        Ok(Subject {
            asked: Asked::of(&seen.method).ok_or_else(|| SAGA_STUCK.refuse())?,
            principal: row.principal().ok_or_else(|| SAGA_STUCK.refuse())?,
            lines: lines.into_iter().map(line).collect(),
            seen,
            row,
        })
    }

    /// What a saga that goes on would move.
    async fn forecast(
        &self,
        caller: &Context,
        ports: &Ports,
        subject: &Subject,
        forecast: Option<Forecast>,
        posted: &[Moved],
    ) -> Result<Vec<Moved>, Refusal> {
        match forecast {
            None => Err(SAGA_STUCK.refuse()),
            Some(Forecast::Nothing) => Ok(Vec::new()),
            Some(Forecast::Opposite(_)) => Ok(opposite(posted)),
            Some(Forecast::Subsidy(enrol)) => {
                let lines: Vec<_> = subject.lines.iter().map(|line| &line.entry).collect();
                let moved = standing::subsidy(ports, &enrol, &lines).await;
                moved.map_err(|fault| fault.into_refusal())
            }
            Some(Forecast::Visit(visit)) => self.priced(caller, Bill::Visit(visit)).await,
            Some(Forecast::Claims(claims)) => {
                if depend_on_each_other(&claims) {
                    let no = SAGA_UNPRICED.refuse();
                    return Err(no.with("saga_id", &subject.seen.saga_id));
                }
                let priced = claims
                    .into_iter()
                    .map(|claim| self.priced(caller, Bill::Claim(claim)));
                let priced: Vec<_> = priced.collect();
                let priced: Vec<_> = stream::iter(priced).buffered(ABREAST).try_collect().await?;
                Ok(priced.concat())
            }
        }
    }

    async fn priced(&self, caller: &Context, bill: Bill) -> Result<Vec<Moved>, Refusal> {
        let priced = self.executor.inquire(caller, &Price(bill, None)).await?;
        Ok(standing::priced(&priced.claim, &priced.quote))
    }
}

/// What its peer says of a step.
async fn stand(ports: Arc<Ports>, (step, effect, key): Left) -> Standing {
    let outcome = effect.outcome(&ports, &key).await;
    Standing {
        step,
        effect,
        key,
        outcome: outcome.map_err(|fault| fault.into_refusal()),
    }
}

/// Where a saga would come to.
enum Way {
    /// To its pivot.
    On,
    /// Back over its pivot.
    Back,
    /// Nowhere where money moves.
    Stays,
}

impl Subject {
    /// True when what its pivot made was taken back.
    pub(super) fn is_reversed(&self) -> bool {
        let reversed = |line: &Line| matches!(line.entry.what, What::Reversed);
        self.lines.iter().any(reversed)
    }

    fn is_open(&self) -> bool {
        matches!(self.seen.state(), State::Running | State::Stuck)
    }

    /// Every step that may have left, with its number and its key.
    fn left(&self) -> Vec<Left> {
        let key = |step: u32| format!("{}-{step}", self.seen.saga_id);
        let mut left: Vec<Left> = Vec::new();
        let mut next = 0;
        let mut pivot_at = None;
        for Line { entry, .. } in &self.lines {
            next = next.max(entry.step.saturating_add(1));
            match Effect::named(&entry.name) {
                Some(effect) if effect.place == Place::Pivot => pivot_at = Some(entry.step),
                Some(effect) if left.iter().all(|(step, ..)| *step != entry.step) => {
                    left.push((entry.step, effect, key(entry.step)));
                }
                _ => {}
            }
        }
        // The one that may be on its way: a batch has several of its kind.
        let several = self.asked == Asked::SettleTogether;
        let beside = Effect::beside(self.asked).filter(|effect| {
            let known = left.iter().any(|(_, left, _)| left.name == effect.name);
            let reached = (effect.place == Place::Finish) == pivot_at.is_some();
            self.is_open() && !self.row.is_tombstone() && reached && (several || !known)
        });
        if let Some(effect) = beside {
            left.push((next, effect, key(next)));
            next = next.saturating_add(1);
        }
        if let Some(pivot) = Effect::pivot_of(self.asked) {
            let key = self.seen.request_id.clone();
            left.push((pivot_at.unwrap_or(next), pivot, key));
        }
        left.sort_by_key(|(step, ..)| *step);
        left
    }

    /// Where it would come to, when its pivot made this.
    fn way(&self, made: Option<&Outcome>) -> Way {
        let is_made = made.is_some_and(|made| made.state == OutcomeState::Done);
        let given_up =
            |line: &Line| matches!(line.entry.what, What::Refused(_) | What::Unanswered(_));
        match self.is_open() {
            true if is_made && self.seen.withdraw => Way::Back,
            true if !is_made && !self.seen.withdraw && !self.lines.iter().any(given_up) => Way::On,
            _ => Way::Stays,
        }
    }
}

/// What the ledger has posted for a saga. A reversal is seen with what it reverses.
async fn posted(
    ports: &Ports,
    subject: &Subject,
    forecast: Option<&Forecast>,
    made: Option<&Outcome>,
) -> Result<Vec<Moved>, Refusal> {
    let lines: Vec<_> = subject.lines.iter().map(|line| &line.entry).collect();
    let mut ids = standing::settlements_of(&lines);
    match forecast {
        Some(Forecast::Opposite(settlement)) => ids = vec![settlement.to_string()],
        _ if ids.is_empty() => {
            let made = made.and_then(|made| made.subject.clone());
            ids.extend(made.or_else(|| subject.seen.subject.clone()));
        }
        _ => {}
    }
    let mut moved = Vec::new();
    for id in ids {
        let entries = standing::posted(ports, &id).await;
        moved.extend(entries.map_err(|fault| fault.into_refusal())?);
    }
    Ok(moved)
}

/// What takes back what stands; nothing where it is taken back already.
fn opposite(posted: &[Moved]) -> Vec<Moved> {
    match posted.iter().any(|moved| moved.reversing) {
        true => Vec::new(),
        false => posted.iter().rev().map(Moved::opposite).collect(),
    }
}

/// What one claim costs depends on what the person had before in the year.
fn depend_on_each_other(claims: &[Arc<Claim>]) -> bool {
    let mut years = BTreeSet::new();
    let whose = |claim: &Claim| {
        (
            claim.person,
            claim.scheme.to_string(),
            claim.last_day.year(),
        )
    };
    !claims.iter().all(|claim| years.insert(whose(claim)))
}
