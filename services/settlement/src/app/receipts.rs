//! 结算单 and 年度对账单: settlements read back, with everything that lets a reader check them.

use super::App;
use crate::domain::{Mismatch, PersonYear, Posted, Receipt, Statement, Verdict, YearKey, verdict};
use crate::refusal::CLAIM_IN_PROGRESS;
use crate::store;
use ::store::page;
use kernel::{AreaCode, Digest, InstitutionCode, Refusal, SettlementId};

/// Settlements added up at a time.
const ADDED_AT_ONCE: u64 = 500;
/// How often a statement is begun anew because somebody settled meanwhile.
const TRIES_MAX: usize = 3;

/// A page of a statement.
pub struct StatementPage {
    /// The settlements on it.
    pub posted: Vec<Posted>,
    /// The token of the next.
    pub next: String,
    /// The whole year added up.
    pub statement: Statement,
    /// The accumulators as they are kept.
    pub year: PersonYear,
    /// In what what is kept is not what was added up.
    pub mismatches: Vec<Mismatch>,
}

impl App {
    /// The receipt of a settlement, if it is of this institution.
    pub async fn receipt(
        &self,
        area: &AreaCode,
        id: SettlementId,
        own: Option<&InstitutionCode>,
    ) -> Result<Receipt, Refusal> {
        self.settlement_at(area, id, own).await?;
        let (posted, package_title, reasons) = self.explain(area, id).await?;
        let code = &posted.evidence.bill.institution;
        let institution_name = store::name_of(&self.db, area, code).await?;
        Ok(Receipt {
            posted,
            institution_name,
            package_title,
            reasons,
        })
    }

    /// What a receipt with this digest is worth.
    pub async fn verify(
        &self,
        area: &AreaCode,
        id: SettlementId,
        digest: Digest,
    ) -> Result<Verdict, Refusal> {
        let found = store::find_posted(self.db.reader(), area, &id.to_string()).await?;
        Ok(match found {
            Some(posted) => verdict(&posted, digest),
            None => Verdict::Unknown,
        })
    }

    /// A page of the statement of a person-year, and the whole of it added up.
    pub async fn statement(
        &self,
        area: &AreaCode,
        whose: &YearKey,
        (after, size): (i64, u64),
    ) -> Result<StatementPage, Refusal> {
        for _ in 0..TRIES_MAX {
            let year = store::accumulators(&self.db, area, whose).await?;
            let statement = self.added_up(area, whose).await?;
            let columns = store::column_sums(&self.db, area, whose).await?;
            let rows = store::settlements_of_year(&self.db, area, whose, after, size + 1).await?;
            let now = store::accumulators(&self.db, area, whose).await?;
            // Several statements do not see one moment: they do when nothing moved between them.
            if now.version != year.version {
                continue;
            }
            let rows = rows
                .into_iter()
                .map(|of_year| (of_year.posted.ordinal.to_string(), of_year.posted));
            let (rows, next) =
                page::cut(rows.collect(), size, |(ordinal, _): &(String, _)| ordinal);
            return Ok(StatementPage {
                posted: rows.into_iter().map(|(_, posted)| posted).collect(),
                next,
                mismatches: statement.mismatches(&year, &columns),
                statement,
                year,
            });
        }
        Err(CLAIM_IN_PROGRESS.refuse())
    }

    async fn added_up(&self, area: &AreaCode, whose: &YearKey) -> Result<Statement, Refusal> {
        let (mut statement, mut after) = (Statement::default(), 0);
        loop {
            let rows =
                store::settlements_of_year(&self.db, area, whose, after, ADDED_AT_ONCE).await?;
            let Some(last) = rows.last() else {
                return Ok(statement);
            };
            // Ordinals grow: it ends with the year's last settlement.
            after = last.posted.ordinal;
            rows.iter().for_each(|of_year| statement.add(of_year));
        }
    }
}
