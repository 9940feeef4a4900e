//! 承办机构对账文件: prepared, taken back, read, and compared with what the payer has.

use super::reconciliations::withdrawn;
use super::{App, LISTS, page_of};
use crate::domain::closing::Month;
use crate::domain::payer_file::{
    Answered, FILE_LINES_MAX, PayerDifference, PayerFile, PayerLine, compare,
};
use crate::domain::reconcile::Verdict;
use crate::refusal::{PAYER_FILE_MONTH_OPEN, PAYER_FILE_TOO_LARGE, PAYER_FILE_UNKNOWN};
use crate::store;
use ::store::{Call, Key, Made, Stop, Tx, event, new_id};
use kernel::{AreaCode, Fen, Fund, InstitutionCode, Outcome, Refusal};
use serde_json::json;

/// A file with what is known of it now.
pub struct ShownFile {
    /// The file as it was frozen.
    pub file: PayerFile,
    /// What the fund's account paid in the month, as the ledger has it now.
    pub ledger: Fen,
    /// Whether lines, totals and ledger still say the same.
    pub agrees: bool,
}

/// A payer's lines beside a file's.
pub struct ComparedFile {
    /// What became of each line sent, in their order.
    pub verdicts: Vec<Verdict>,
    /// What is not the same.
    pub differences: Vec<PayerDifference>,
    /// How many lines the payer sent, and what they come to.
    pub theirs: (usize, Fen),
    /// How many lines of the file they were compared with, and what they come to.
    pub ours: (usize, Fen),
}

impl App {
    /// Freezes the lines of a fund and month; true when an earlier attempt had done it.
    pub async fn prepare_payer_file(
        &self,
        call: &Call,
        fund: &Fund,
        month: Month,
    ) -> Result<(ShownFile, bool), Refusal> {
        let work = |tx: Tx| self.prepare_payer_file_in(tx, call, fund, month);
        let done = self.db.once(call, LISTS, work).await?;
        let area = &call.key.area;
        let file = store::find_payer_file(self.db.reader(), area, &done.subject).await?;
        Ok((self.shown_file(area, file).await?, done.made.is_none()))
    }

    async fn prepare_payer_file_in(
        &self,
        tx: Tx,
        call: &Call,
        fund: &Fund,
        month: Month,
    ) -> Result<Made<()>, Stop> {
        let area = &call.key.area;
        // Nobody opens the month again while its postings are read: a closed month gets no more.
        if !store::lock_closed_month(&tx, area, month).await? {
            let no = PAYER_FILE_MONTH_OPEN.refuse().at("month");
            return Err(no.with("fund", fund).with("month", month).into());
        }
        if store::payer_file_of(&*tx, area, fund, month)
            .await?
            .is_some()
        {
            return Err(store::payer_file_exists(fund, month).into());
        }
        let lines = store::lines_moved(&*tx, area, (fund, month), FILE_LINES_MAX).await?;
        if lines.len() as u64 > FILE_LINES_MAX {
            let no = PAYER_FILE_TOO_LARGE.refuse().at("month");
            let no = no.with("fund", fund).with("month", month);
            return Err(no.with("max", FILE_LINES_MAX).into());
        }
        let paid = store::paid_in(&*tx, area, fund, month).await?;
        let id = new_id(call.now).to_string();
        let by = (call.key.caller.clone(), call.now);
        let new = PayerFile::of((id, fund.clone(), month), &lines, paid, by)?;
        store::insert_payer_file(&tx, area, &new, &lines).await?;
        let facts = json!({ "fund": fund.as_str(), "month": month.to_string(),
            "rows": new.rows(), "total_fen": new.total(), "digest": new.digest.to_string() });
        self.tell(&tx, call, "payer_file.prepared", &new.id, facts)
            .await?;
        Ok(Made {
            subject: new.id,
            value: (),
        })
    }

    /// Takes a file back.
    pub async fn withdraw_prepare_payer_file(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::withdraw_payer_file(&tx, &key.area, &id, now).await?;
            let told = withdrawn(key, "payer_file.withdrawn", id);
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// The file of a fund and month.
    pub async fn payer_file(
        &self,
        area: &AreaCode,
        fund: &Fund,
        month: Month,
    ) -> Result<ShownFile, Refusal> {
        let file = self.standing_file(area, fund, month).await?;
        self.shown_file(area, file).await
    }

    /// A page of its lines, and the token of the next.
    pub async fn payer_file_lines(
        &self,
        area: &AreaCode,
        (fund, month): (&Fund, Month),
        (after, size): (i64, u64),
    ) -> Result<(Vec<PayerLine>, String), Refusal> {
        let file = self.standing_file(area, fund, month).await?;
        let on = self.db.reader();
        let rows = store::payer_lines(on, area, &file.id, None, (after, size + 1)).await?;
        Ok(page_of(rows, size, |line| line.number.to_string()))
    }

    /// 核对回盘: a payer's lines, those of one institution or all, against the file's.
    pub async fn reconcile_payer_file(
        &self,
        area: &AreaCode,
        (fund, month): (&Fund, Month),
        institution: Option<&InstitutionCode>,
        answered: &[Answered],
    ) -> Result<ComparedFile, Refusal> {
        let file = self.standing_file(area, fund, month).await?;
        let on = self.db.reader();
        let lines =
            store::payer_lines(on, area, &file.id, institution, (0, FILE_LINES_MAX)).await?;
        let known = lines.iter().map(|line| line.subject.as_str());
        let known: std::collections::BTreeSet<&str> = known.collect();
        let unknown = answered.iter().map(|line| &line.subject);
        let unknown = unknown.filter(|subject| !known.contains(subject.as_str()));
        let unknown: Vec<String> = unknown.cloned().collect();
        let elsewhere = store::paid_elsewhere(on, area, fund, &unknown).await?;
        let (verdicts, differences) = compare(fund, &lines, answered, &elsewhere);
        Ok(ComparedFile {
            verdicts,
            differences,
            theirs: (answered.len(), answered.iter().map(|one| one.amount).sum()),
            ours: (lines.len(), lines.iter().map(|one| one.amount).sum()),
        })
    }

    async fn standing_file(
        &self,
        area: &AreaCode,
        fund: &Fund,
        month: Month,
    ) -> Result<PayerFile, Refusal> {
        let found = store::payer_file_of(self.db.reader(), area, fund, month).await?;
        found.ok_or_else(|| {
            let no = PAYER_FILE_UNKNOWN.refuse().at("month");
            no.with("fund", fund).with("month", month)
        })
    }

    async fn shown_file(&self, area: &AreaCode, file: PayerFile) -> Result<ShownFile, Refusal> {
        let on = self.db.reader();
        let lines = store::payer_lines(on, area, &file.id, None, (0, FILE_LINES_MAX)).await?;
        let ledger = store::paid_in(on, area, &file.fund, file.month).await?;
        Ok(ShownFile {
            agrees: file.agrees(&lines, ledger),
            ledger,
            file,
        })
    }
}
