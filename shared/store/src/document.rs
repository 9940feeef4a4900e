//! Dated documents: immutable texts known by their digest, which one person proposes and another
//! activates from an instant on. It knows no text's meaning: what a text says of itself, and
//! whether it may be activated, its service says.
//!
//! ```text
//! proposed ──activated by another person──▶ scheduled ──its instant──▶ in force
//!    ▲ │                                        │                          │
//!    │ └──withdrawn──▶ gone          withdrawn by the activation's key, or with the proposal
//!    └──────────────────────────────────────────┴──────────────────────────┘
//! ```
//!
//! A withdrawal is never refused, not even of what is in force: decisions follow the text no more
//! from that moment on, those already made keep its digest, and [`load`] still gives its words to
//! whoever explains them. An instant cannot lie in the past: what was decided before an activation
//! was said was decided by what was in force then. Rows are locked in the order key, document.

mod register;
mod rows;
mod shelf;

pub use register::Register;
pub use rows::{generation, generation_of, load};
pub use shelf::Shelf;

use crate::db::{Db, Stop, Tx};
use crate::event::{self, Event};
use crate::fault::told;
use crate::once::{Call, Key, Made};
use crate::refusal::{
    ACTIVATION_IN_PAST, ACTIVATION_TOO_FAR, DOCUMENT_ACTIVATED, DOCUMENT_EXISTS, DOCUMENT_UNKNOWN,
    SECOND_PERSON_NEEDED,
};
use crate::{new_id, page};
use kernel::refusal::{CONTENTION, INTERNAL};
use kernel::{
    Activation, AreaCode, Described, Digest, Document, Instant, Outcome, Proposal, Refusal, Spec,
    person_behind,
};
use serde_json::json;

/// How far an instant may lie in the past, for clocks that differ and clerks who type slowly. It
/// then means: at once.
const PAST_MAX_MILLIS: i64 = 5 * 60 * 1_000;
/// How many days ahead an activation is said at most.
const AHEAD_MAX_DAYS: i64 = 731;
/// What a page's keys begin with.
const OWN: &str = "0-";
const PROPOSED: &str = "1-";
const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;

/// The documents of one kind that a service keeps.
#[derive(Clone)]
pub struct Documents {
    /// The service's database.
    pub db: Db,
    /// The kind, such as `package`.
    pub kind: &'static str,
    /// Refusals that may stand in the service's key rows.
    pub lists: &'static [&'static [&'static Spec]],
}

/// 启用: what a second person asks.
#[derive(Clone, Debug)]
pub struct Activate {
    /// Which text.
    pub digest: Digest,
    /// From which instant decisions follow it.
    pub since: Instant,
    /// Why; may be empty.
    pub reason: String,
}

impl Documents {
    /// 提交: keeps a text that `read` understood; true when an earlier attempt had done it. What
    /// `read` refused is remembered under the key.
    pub async fn propose(
        &self,
        call: &Call,
        read: Result<Described, Refusal>,
        text: &str,
    ) -> Result<(Document, bool), Refusal> {
        let (area, read) = (&call.key.area, &read);
        let work = |tx: Tx| async move {
            let described = read.clone()?;
            let proposal = Proposal {
                id: new_id(call.now).to_string(),
                by: call.key.caller.clone(),
                at: call.now,
            };
            if !rows::insert(&tx, self.kind, area, &described, &proposal, text).await? {
                return Err(self.standing_already(&tx, area, described.digest).await?);
            }
            let facts = json!({ "kind": self.kind, "name": described.name,
                "digest": described.digest.to_string() });
            tell(&tx, call, "document.proposed", &proposal.id, facts).await?;
            Ok(Made {
                subject: proposal.id.clone(),
                value: Document {
                    described,
                    proposal: Some(proposal),
                    activation: None,
                },
            })
        };
        let done = self.db.once(call, self.lists, work).await?;
        match done.made {
            Some(document) => Ok((document, false)),
            None => Ok((rows::proposed(&self.db, area, &done.subject).await?, true)),
        }
    }

    async fn standing_already(
        &self,
        tx: &Tx,
        area: &AreaCode,
        digest: Digest,
    ) -> Result<Stop, Stop> {
        let Some(standing) = rows::lock_standing(tx, self.kind, area, digest).await? else {
            // It was withdrawn a moment ago: asked again, the text is kept.
            return Ok(CONTENTION.refuse().into());
        };
        let at = Instant::from_micros(standing.proposed_at).in_shanghai();
        let no = DOCUMENT_EXISTS.refuse().at("text").with("digest", digest);
        Ok(no.with("by", standing.proposed_by).with("at", at).into())
    }

    /// 启用: puts a proposed text into force from an instant on, if `check` still finds nothing
    /// wrong with its words; true when an earlier attempt had done it.
    pub async fn activate(
        &self,
        call: &Call,
        asked: &Activate,
        check: impl Fn(&str) -> Result<(), Refusal>,
    ) -> Result<(Activation, bool), Refusal> {
        let (area, check) = (&call.key.area, &check);
        let work = |tx: Tx| async move {
            let digest = asked.digest;
            let found = rows::lock_standing(&tx, self.kind, area, digest).await?;
            let unknown = || DOCUMENT_UNKNOWN.refuse().with("digest", digest);
            let document = found.ok_or_else(|| unknown().at("package_digest"))?;
            if let Some(earlier) = rows::activation_of(&tx, area, &document.document_id).await? {
                let no = DOCUMENT_ACTIVATED.refuse().with("digest", digest);
                let no = no.with("by", earlier.by);
                return Err(no.with("at", earlier.since.in_shanghai()).into());
            }
            second_person(&document.proposed_by, &call.key.caller, digest)?;
            let activation = Activation {
                id: new_id(call.now).to_string(),
                by: call.key.caller.clone(),
                at: call.now,
                since: instant(asked.since, call.now)?,
                reason: asked.reason.clone(),
            };
            check(&document.text)?;
            rows::activate(&tx, &document, &activation).await?;
            let facts = json!({ "kind": self.kind, "name": document.name,
                "digest": document.digest, "document_id": document.document_id,
                "since": activation.since.to_string() });
            tell(&tx, call, "document.activated", &activation.id, facts).await?;
            Ok(Made {
                subject: activation.id.clone(),
                value: activation,
            })
        };
        let done = self.db.once(call, self.lists, work).await?;
        match done.made {
            Some(activation) => Ok((activation, false)),
            None => Ok((rows::activated(&self.db, area, &done.subject).await?, true)),
        }
    }

    /// Withdraws a proposal, and the activation that stands on it.
    pub async fn withdraw_proposal(&self, key: &Key, now: Instant) -> Result<Outcome, Refusal> {
        let undo = |tx: Tx, id: String| async move {
            rows::withdraw(&tx, &key.area, &id, now).await?;
            let ended = rows::withdraw_activation_of(&tx, &key.area, &id, now).await?;
            let facts = json!({ "kind": self.kind, "activation_id": ended });
            tell_undone(&tx, key, now, ("document.withdrawn", id), facts).await
        };
        self.db.withdraw(key, now, self.lists, undo).await
    }

    /// Withdraws an activation: the text is proposed again, and decides nothing from now on.
    pub async fn withdraw_activation(&self, key: &Key, now: Instant) -> Result<Outcome, Refusal> {
        let undo = |tx: Tx, id: String| async move {
            if !rows::withdraw_activation(&tx, &key.area, &id, now).await? {
                // It went with its proposal.
                return Ok(());
            }
            let told = ("document.activation_withdrawn", id);
            tell_undone(&tx, key, now, told, json!({ "kind": self.kind })).await
        };
        self.db.withdraw(key, now, self.lists, undo).await
    }

    /// A page of an area's documents and the token of the next: first its service's `own`, which
    /// nobody proposed, by digest, then the standing ones in the order of their proposals.
    pub async fn page(
        &self,
        area: &AreaCode,
        own: Vec<Document>,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Document>, String), Refusal> {
        let keyed = |document: Document| (format!("{OWN}{}", document.described.digest), document);
        let own = own.into_iter().map(keyed);
        let mut rows: Vec<_> = own.filter(|(key, _)| key.as_str() > after).collect();
        // One more than the page: whether there is another.
        let missing = (size + 1).saturating_sub(rows.len() as u64);
        if missing > 0 {
            let after = after.strip_prefix(PROPOSED).unwrap_or_default();
            let found = rows::list(&self.db, self.kind, area, after, missing).await?;
            rows.extend(
                found
                    .into_iter()
                    .map(|(id, row)| (format!("{PROPOSED}{id}"), row)),
            );
        }
        let (rows, next) = page::cut(rows, size, |(key, _)| key);
        Ok((
            rows.into_iter().map(|(_, document)| document).collect(),
            next,
        ))
    }

    /// How many changes of activations an area has seen. One statement.
    pub async fn generation(&self, area: &AreaCode) -> Result<i64, Refusal> {
        let read = generation_of(self.db.reader(), self.kind, area).await;
        read.map_err(|fault| told(&fault))
    }
}

fn second_person(proposed_by: &str, caller: &str, digest: Digest) -> Result<(), Refusal> {
    if person_behind(proposed_by) != person_behind(caller) {
        return Ok(());
    }
    let no = SECOND_PERSON_NEEDED.refuse().with("digest", digest);
    Err(no.with("by", person_behind(caller)))
}

/// The instant an activation begins: never before it is said.
fn instant(asked: Instant, now: Instant) -> Result<Instant, Refusal> {
    if asked < now.plus_millis(-PAST_MAX_MILLIS) {
        let no = ACTIVATION_IN_PAST.refuse().at("activates_time");
        let no = no.with("at", asked.in_shanghai());
        return Err(no.with("now", now.in_shanghai()));
    }
    if asked > now.plus_millis(AHEAD_MAX_DAYS * DAY_MILLIS) {
        let no = ACTIVATION_TOO_FAR.refuse().at("activates_time");
        let no = no.with("at", asked.in_shanghai());
        return Err(no.with("max_days", AHEAD_MAX_DAYS));
    }
    Ok(asked.max(now))
}

async fn tell(
    tx: &Tx,
    call: &Call,
    kind: &'static str,
    subject: &str,
    facts: serde_json::Value,
) -> Result<(), Stop> {
    tell_undone(tx, &call.key, call.now, (kind, subject.to_string()), facts).await
}

/// Tells what happened to what, and by whom.
async fn tell_undone(
    tx: &Tx,
    key: &Key,
    now: Instant,
    (kind, subject): (&'static str, String),
    mut facts: serde_json::Value,
) -> Result<(), Stop> {
    facts["by"] = json!(key.caller);
    let told = Event {
        area: key.area.clone(),
        kind,
        subject,
        facts,
    };
    Ok(event::record(tx, now, told).await?)
}

/// A row of ours that cannot be read: somebody edited the table. The log names it.
fn unreadable(id: &str) -> Refusal {
    tracing::error!(id, "a document's row cannot be read");
    INTERNAL.refuse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_through_a_service_is_still_the_same_person() {
        let digest = Digest::of(b"");
        let may = |proposed, caller| second_person(proposed, caller, digest).is_ok();
        assert!(may("operator-1", "operator-2") && may("operator-1", "orchestrator~operator-2"));
        assert!(!may("operator-1", "operator-1") && !may("orchestrator~operator-1", "operator-1"));
        assert!(!may("operator-1", "orchestrator~operator-1"));
    }

    #[test]
    fn an_instant_is_never_before_it_is_said() {
        let now = Instant::from_micros(1_519_862_400_000_000);
        let after = |millis| now.plus_millis(millis);
        assert_eq!(instant(after(1), now), Ok(after(1)));
        assert_eq!(instant(now, now), Ok(now));
        assert_eq!(instant(after(-PAST_MAX_MILLIS), now), Ok(now));
        let past = instant(after(-PAST_MAX_MILLIS - 1), now).unwrap_err();
        assert!(past.is(&ACTIVATION_IN_PAST), "{past}");
        let most = AHEAD_MAX_DAYS * DAY_MILLIS;
        assert_eq!(instant(after(most), now), Ok(after(most)));
        let far = instant(after(most + 1), now).unwrap_err();
        assert!(far.is(&ACTIVATION_TOO_FAR), "{far}");
    }
}
