//! What a settlement writes, and what its reversal does: rows of several tables that do not depend on each
//! other, in one round trip.

use super::claims::{reversed_marks, settlement_row};
use super::ledger::posting_rows;
use super::packed::Form;
use super::person_years::saved;
use crate::domain::{PersonYear, Posted, YearKey};
use crate::entity::settlement;
use crate::ledger::Transaction;
use kernel::{AreaCode, Instant, SettlementId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryTrait};
use store::{Stop, Tx, Write};

/// What moves with a settlement.
pub struct Moved<'a> {
    /// Its ledger transaction, or the ones that take it back.
    pub ledger: &'a [Transaction],
    /// The person-year, which this transaction has locked, and what it becomes.
    pub year: (&'a YearKey, &'a PersonYear),
    /// The event that tells of it.
    pub told: Write,
}

/// Writes a settlement with what moves; false when its visit or bill is settled already: then nothing may
/// stay of what was written.
pub async fn post(
    tx: &Tx,
    area: &AreaCode,
    (posted, form): (&Posted, Form),
    moved: Moved<'_>,
) -> Result<bool, Stop> {
    // Without a target: taken by any of the constraints, and the transaction stays usable.
    let taken = OnConflict::new().do_nothing().to_owned();
    let rows = [settlement_row(area, posted, form)?];
    let settlement = settlement::Entity::insert_many(rows).on_conflict(taken);
    let mut writes = vec![Write::Insert(settlement.into_query())];
    writes.extend(moved.writes(area, posted.posted_at)?);
    let written = tx.together(writes).await?;
    Ok(written.first() == Some(&1))
}

/// Marks a settlement reversed, and writes what moves back.
pub async fn unpost(
    tx: &Tx,
    area: &AreaCode,
    id: SettlementId,
    (now, reason): (Instant, &str),
    moved: Moved<'_>,
) -> Result<(), Stop> {
    let mark = reversed_marks(area, &[id], now, reason);
    let mut writes = vec![Write::Update(mark.into_query())];
    writes.extend(moved.writes(area, now)?);
    tx.together(writes).await?;
    Ok(())
}

impl Moved<'_> {
    fn writes(self, area: &AreaCode, now: Instant) -> Result<Vec<Write>, Stop> {
        let (whose, year) = self.year;
        let mut writes = vec![Write::Update(saved(area, whose, year)?.into_query())];
        let postings = posting_rows(area, self.ledger, now);
        if !postings.is_empty() {
            writes.push(Write::rows(postings));
        }
        writes.push(self.told);
        Ok(writes)
    }
}
