//! 复算: settlements computed again from what they rest on, a page at a time, and all in which they
//! are not what they were. Nothing is written, and what cannot be read stops nothing.

use super::App;
use crate::domain::{Flaw, FlawCause, flaws};
use crate::ledger::Entry;
use crate::store::{self, Stored, Unlike, Which};
use ::store::page;
use kernel::{AreaCode, Refusal};

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
}

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
        let ids: Vec<String> = rows.iter().map(|stored| stored.id.clone()).collect();
        let mut entries = store::entries_of(&self.db, area, &ids).await?;
        let (mut equal, mut differing) = (0, Vec::new());
        for stored in rows {
            let entries = entries.remove(&stored.id).unwrap_or_default();
            let flaws = self.flaws_of(area, &stored, &entries).await?;
            match flaws.is_empty() {
                true => equal += 1,
                false => differing.push(Differing {
                    id: stored.id,
                    institution: stored.institution,
                    flaws,
                }),
            }
        }
        Ok(Replayed {
            equal,
            differing,
            next,
            remaining,
        })
    }

    async fn flaws_of(
        &self,
        area: &AreaCode,
        stored: &Stored,
        entries: &[Entry],
    ) -> Result<Vec<Flaw>, Refusal> {
        let posted = match &stored.posted {
            Ok(posted) => posted,
            Err(column) => {
                let text = format!("留存的 {column} 无法读取");
                return Ok(vec![Flaw::told(FlawCause::Unreadable, *column, text)]);
            }
        };
        let mut found: Vec<Flaw> = stored.unlike.iter().map(of_column).collect();
        match self.priced_again(area, posted).await? {
            Ok((_, again)) => found.extend(flaws(posted, &again, entries)),
            Err(flaw) => found.push(flaw),
        }
        Ok(found)
    }
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
