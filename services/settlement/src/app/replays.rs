//! 复算: settlements and their revisions computed again from what they rest on, a page at a time, and all
//! in which they are not what they were. Nothing is written, and what cannot be read stops nothing.

use super::App;
use crate::domain::{Flaw, FlawCause, Found, Posted, flaws, numbering, revision_flaws};
use crate::ledger::Entry;
use crate::store::{self, Stored, StoredRevision, Unlike, Which};
use ::store::page;
use kernel::{AreaCode, Refusal};
use std::collections::BTreeMap;

/// How often what differs is looked at again, because somebody corrected it meanwhile.
const TRIES_MAX: usize = 3;

/// A settlement that is not what it was.
pub struct Differing {
    /// Its id.
    pub id: String,
    /// Its institution's code.
    pub institution: String,
    /// In what.
    pub flaws: Vec<Flaw>,
}

/// What a page of settlements was found to be.
pub struct Replayed {
    /// How many are what they were.
    pub equal: u64,
    /// The others.
    pub differing: Vec<Differing>,
    /// The token of the next page.
    pub next: String,
    /// How many there were from this page on, when it was asked.
    pub remaining: Option<u64>,
    /// How many revisions were looked at.
    pub revisions: u64,
}

/// A settlement once it was looked at.
struct Looked {
    differing: Differing,
    seen: Seen,
    /// Seen twice in the same state, so that what was read in between belongs together.
    sure: bool,
}

/// What changes of a settlement with whatever is posted of it: whether it stands, its newest revision,
/// and of each revision whether it was withdrawn.
#[derive(PartialEq, Eq)]
struct Seen(bool, i64, Vec<(i64, bool)>);

/// What the ledger has, by subject.
type Entries = BTreeMap<String, Vec<Entry>>;

impl App {
    /// Computes a page of settlements again.
    pub async fn replay_page(
        &self,
        area: &AreaCode,
        which: &Which,
        (after, size): (&str, u64),
        counted: bool,
    ) -> Result<Replayed, Refusal> {
        let remaining = match counted {
            true => Some(store::count_stored(&self.db, area, which, after).await?),
            false => None,
        };
        let rows = store::stored(&self.db, area, which, after, size + 1).await?;
        if let Some(id) = which
            .settlement
            .filter(|_| rows.is_empty() && after.is_empty())
        {
            return Err(super::unknown(&id.to_string()));
        }
        let (rows, next) = page::cut(rows, size, |stored| stored.id.as_str());
        let looked = self.look_twice(area, rows).await?;
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let revisions = looked.iter().map(|one| one.seen.2.len()).sum();
        let all = looked.len();
        let differing = looked.into_iter().map(|one| one.differing);
        let differing: Vec<Differing> = differing.filter(|one| !one.flaws.is_empty()).collect();
        Ok(Replayed {
            equal: count(all - differing.len()),
            differing,
            next,
            remaining,
            revisions: count(revisions),
        })
    }

    /// Looks at settlements; at those that differ until they were seen twice in the same state: several
    /// statements do not see one moment.
    async fn look_twice(&self, area: &AreaCode, rows: Vec<Stored>) -> Result<Vec<Looked>, Refusal> {
        let mut looked = self.look(area, rows).await?;
        for _ in 0..TRIES_MAX {
            let doubtful = |one: &&Looked| !one.sure && !one.differing.flaws.is_empty();
            let ids = looked.iter().filter(doubtful);
            let ids: Vec<String> = ids.map(|one| one.differing.id.clone()).collect();
            if ids.is_empty() {
                break;
            }
            let rows = store::stored_again(&self.db, area, &ids).await?;
            for again in self.look(area, rows).await? {
                let same = |one: &&mut Looked| one.differing.id == again.differing.id;
                let Some(one) = looked.iter_mut().find(same) else {
                    continue;
                };
                match one.seen == again.seen {
                    true => one.sure = true,
                    false => *one = again,
                }
            }
        }
        Ok(looked)
    }

    async fn look(&self, area: &AreaCode, rows: Vec<Stored>) -> Result<Vec<Looked>, Refusal> {
        let mut ids: Vec<String> = rows.iter().map(|stored| stored.id.clone()).collect();
        let mut revisions: BTreeMap<String, Vec<StoredRevision>> = BTreeMap::new();
        for one in store::stored_revisions(&self.db, area, &ids).await? {
            ids.push(one.id.clone());
            revisions
                .entry(one.settlement.clone())
                .or_default()
                .push(one);
        }
        let entries = store::entries_of(&self.db, area, &ids).await?;
        let mut looked = Vec::with_capacity(rows.len());
        for stored in rows {
            let revisions = revisions.remove(&stored.id).unwrap_or_default();
            let mut flaws = self.flaws_of(area, &stored, &entries).await?;
            flaws.extend(
                self.flaws_of_all(area, &stored, &revisions, &entries)
                    .await?,
            );
            let withdrawn = revisions.iter().map(|one| (one.number, one.withdrawn));
            looked.push(Looked {
                seen: Seen(stored.stands, stored.newest, withdrawn.collect()),
                differing: Differing {
                    id: stored.id,
                    institution: stored.institution,
                    flaws,
                },
                sure: false,
            });
        }
        Ok(looked)
    }

    async fn flaws_of(
        &self,
        area: &AreaCode,
        stored: &Stored,
        entries: &Entries,
    ) -> Result<Vec<Flaw>, Refusal> {
        let posted = match &stored.posted {
            Ok(posted) => posted,
            Err(column) => return Ok(vec![unreadable(column)]),
        };
        let mut found: Vec<Flaw> = stored.unlike.iter().map(of_column).collect();
        let priced = self.priced_again(area, &posted.evidence, &posted.basis);
        match priced.await? {
            Ok((_, again)) => found.extend(flaws(posted, &again, of(entries, &stored.id))),
            Err(flaw) => found.push(flaw),
        }
        Ok(found)
    }

    /// Of all revisions of a settlement.
    async fn flaws_of_all(
        &self,
        area: &AreaCode,
        stored: &Stored,
        revisions: &[StoredRevision],
        entries: &Entries,
    ) -> Result<Vec<Flaw>, Refusal> {
        let numbers = revisions.iter().map(|one| {
            let replaces = one.revision.as_ref().ok().map(|one| one.replaces);
            (one.number, one.withdrawn, replaces)
        });
        let numbers: Vec<_> = numbers.collect();
        let mut found = numbering(stored.newest, &numbers);
        for one in revisions {
            let number = one.number;
            let revision = match &one.revision {
                Ok(revision) => revision,
                Err(column) => {
                    found.push(unreadable(column).of_revision(number));
                    continue;
                }
            };
            let unlike = one.unlike.iter().map(of_column);
            found.extend(unlike.map(|flaw| flaw.of_revision(number)));
            let priced = self.priced_again(area, &revision.evidence, &revision.basis);
            let again = match priced.await? {
                Ok((_, again)) => again,
                Err(flaw) => {
                    found.push(flaw.of_revision(number));
                    continue;
                }
            };
            let whole = Found {
                revision,
                before: before(stored, revisions, revision.replaces),
                stands: stored.stands && !one.withdrawn,
                entries: of(entries, &one.id),
            };
            found.extend(revision_flaws(&whole, &again));
        }
        Ok(found)
    }
}

/// A settlement as it was by the revision of this number; 0 for as it was posted.
fn before(stored: &Stored, revisions: &[StoredRevision], number: i64) -> Option<Posted> {
    let posted = stored.posted.as_ref().ok()?;
    if number == 0 {
        return Some(posted.clone());
    }
    let replaced = revisions.iter().find(|one| one.number == number)?;
    let replaced = replaced.revision.as_ref().ok()?;
    Some(Posted {
        evidence: replaced.evidence.clone(),
        basis: replaced.basis.clone(),
        amounts: replaced.amounts.clone(),
        revision: replaced.number,
        ..posted.clone()
    })
}

fn of<'a>(entries: &'a Entries, subject: &str) -> &'a [Entry] {
    entries.get(subject).map_or(&[], Vec::as_slice)
}

fn unreadable(column: &'static str) -> Flaw {
    let text = format!("留存的 {column} 无法读取");
    Flaw::told(FlawCause::Unreadable, column, text)
}

fn of_column(unlike: &Unlike) -> Flaw {
    let column = unlike.column;
    let text = format!("列 {column} 与留存的结算内容不一致");
    Flaw {
        stored: unlike.stored,
        expected: unlike.expected,
        ..Flaw::told(FlawCause::Column, column, text)
    }
}
