//! 对总账与对明细账: compared, kept, listed and explained.

use super::{App, LISTS};
use crate::domain::closing::{DAY_ROWS_MAX, Groups, Reconciliation, group};
use crate::domain::reconcile::{Difference, Row, RowKind, Sent, Sums, Verdict, digest, reconcile};
use crate::refusal::{
    DAY_IN_FUTURE, DAY_NOT_COMPARED, DAY_TOO_LARGE, DIFFERENCE_UNKNOWN, INSTITUTION_UNKNOWN,
};
use crate::store;
use crate::store::{Found, Listed};
use ::store::event;
use ::store::{Call, Key, Made, Stop, Tx, new_id, page};
use kernel::{
    AreaCode, Day, Digest, Digester, Instant, InstitutionCode, Outcome, Refusal, SettlementId,
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::BTreeMap;

/// Differences told with a comparison; the list has all.
const TOLD_MAX: usize = 500;
/// Rows of one institution and day in one comparison at most, as they are sent.
pub const SENT_MAX: usize = 20_000;
/// A comparison has one difference for each row of a side at most.
const DIFFERENCES_MAX: u64 = DAY_ROWS_MAX + SENT_MAX as u64;

/// Whose day.
#[derive(Clone, Debug)]
pub struct DayOf {
    /// The institution.
    pub institution: InstitutionCode,
    /// The day.
    pub day: Day,
}

/// Sums of one scheme and clearing type at both sides.
pub struct TotalLine {
    /// 险种 (insutype).
    pub scheme: String,
    /// 清算类别 (clr_type).
    pub clr_type: String,
    /// The institution's.
    pub institution: Sums,
    /// The bureau's.
    pub bureau: Sums,
}

/// A comparison and the first of its differences.
pub struct Told {
    /// The comparison.
    pub reconciliation: Reconciliation,
    /// What became of each row sent, in their order.
    pub verdicts: Vec<Verdict>,
    /// The first differences.
    pub differences: Vec<Listed>,
}

/// A word on a difference.
pub struct Explain {
    /// Whose day.
    pub of: DayOf,
    /// The settlement, or the request.
    pub subject: String,
    /// Who answers for it.
    pub owner: String,
    /// Why it may stay.
    pub reason: String,
}

impl App {
    /// 对总账: an institution's sums of days, both included, beside the bureau's.
    pub async fn reconcile_totals(
        &self,
        area: &AreaCode,
        institution: &InstitutionCode,
        (from, to): (Day, Day),
        refunds_included: bool,
        theirs: Groups,
    ) -> Result<Vec<TotalLine>, Refusal> {
        let mut ours = Groups::new();
        let mut day = from;
        // At most 31 times.
        while day <= to {
            let of = DayOf {
                institution: institution.clone(),
                day,
            };
            let mut rows = rows_of(self.db.reader(), area, &of).await?;
            rows.retain(|row| refunds_included || row.kind == RowKind::Settlement);
            group(&mut ours, &rows);
            if day == day.next() {
                break;
            }
            day = day.next();
        }
        let mut lines: BTreeMap<(String, String), (Sums, Sums)> = BTreeMap::new();
        for (key, sums) in theirs {
            lines.entry(key).or_default().0 = sums;
        }
        for (key, sums) in ours {
            lines.entry(key).or_default().1 = sums;
        }
        let line = |((scheme, clr_type), (institution, bureau))| TotalLine {
            scheme,
            clr_type,
            institution,
            bureau,
        };
        Ok(lines.into_iter().map(line).collect())
    }

    /// 对明细账: compares an institution's rows of a day with the bureau's; true when an earlier
    /// attempt had done it.
    pub async fn reconcile_lines(
        &self,
        call: &Call,
        of: &DayOf,
        sent: &[Sent],
    ) -> Result<(Told, bool), Refusal> {
        let work = |tx: Tx| self.reconcile_in(tx, call, of, sent);
        let done = self.db.once(call, LISTS, work).await?;
        let told = self.told_of(&call.key.area, &done.subject).await?;
        Ok((told, done.made.is_none()))
    }

    async fn reconcile_in(
        &self,
        tx: Tx,
        call: &Call,
        of: &DayOf,
        sent: &[Sent],
    ) -> Result<Made<()>, Stop> {
        let area = &call.key.area;
        let today = call.now.day();
        if of.day > today {
            let no = DAY_IN_FUTURE.refuse().at("day").with("day", of.day);
            return Err(no.with("today", today).into());
        }
        known(&*tx, area, of).await?;
        let rows = rows_of(&*tx, area, of).await?;
        let compared = reconcile(&rows, sent);
        let found = found_in(&*tx, area, of, compared.differences).await?;
        let new = Reconciliation {
            id: new_id(call.now).to_string(),
            institution: of.institution.clone(),
            day: of.day,
            sent: count(sent.len()),
            rows: count(rows.len()),
            digest: digest(&rows),
            schemes: compared.schemes,
            differences: count(found.len()),
            at: call.now,
        };
        store::insert_reconciliation(&tx, area, &new, &found).await?;
        let facts = json!({
            "institution_code": of.institution, "day": of.day,
            "rows": new.rows, "difference_rows": new.differences,
        });
        self.tell(&tx, call, "day.reconciled", &new.id, facts)
            .await?;
        Ok(Made {
            subject: new.id,
            value: (),
        })
    }

    async fn told_of(&self, area: &AreaCode, id: &str) -> Result<Told, Refusal> {
        let on = self.db.reader();
        let reconciliation = store::find_reconciliation(on, area, id).await?;
        let mut verdicts =
            vec![Verdict::Match; usize::try_from(reconciliation.sent).unwrap_or_default()];
        let all = store::differences(on, area, &reconciliation, 0, DIFFERENCES_MAX).await?;
        for one in &all {
            let difference = &one.found.difference;
            let number = difference.sent.as_ref().map_or(0, |row| row.number);
            let place = usize::try_from(number - 1).ok();
            if let Some(verdict) = place.and_then(|place| verdicts.get_mut(place)) {
                *verdict = difference.verdict;
            }
        }
        Ok(Told {
            reconciliation,
            verdicts,
            differences: all.into_iter().take(TOLD_MAX).collect(),
        })
    }

    /// Undoes a comparison.
    pub async fn withdraw_reconcile_lines(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::withdraw_reconciliation(&tx, &key.area, &id, now).await?;
            let event = withdrawn(key, "day.reconciliation_withdrawn", id);
            Ok(event::record(&tx, now, event).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// A page of the newest comparison's differences, and the token of the next.
    pub async fn differences(
        &self,
        area: &AreaCode,
        of: &DayOf,
        size: u64,
        after: i32,
    ) -> Result<(String, Vec<Listed>, String), Refusal> {
        let on = self.db.reader();
        let last = last_of(on, area, of).await?.ok_or_else(|| {
            let no = DAY_NOT_COMPARED.refuse().at("day").with("day", of.day);
            no.with("institution_code", &of.institution)
        })?;
        let rows = store::differences(on, area, &last, after, size + 1).await?;
        let rows = rows.into_iter().map(|row| (row.number.to_string(), row));
        let (rows, next) = page::cut(rows.collect(), size, |(number, _)| number);
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        Ok((last.id, rows, next))
    }

    /// Names who answers for a difference; gives the explanation's id, and true when an earlier
    /// attempt had done it.
    pub async fn explain_difference(
        &self,
        call: &Call,
        word: &Explain,
    ) -> Result<(String, bool), Refusal> {
        let work = |tx: Tx| self.explain_in(tx, call, word);
        let done = self.db.once(call, LISTS, work).await?;
        let replayed = done.made.is_none();
        Ok((done.subject, replayed))
    }

    async fn explain_in(&self, tx: Tx, call: &Call, word: &Explain) -> Result<Made<()>, Stop> {
        let (area, of) = (&call.key.area, &word.of);
        let digest = match last_of(&*tx, area, of).await? {
            Some(last) => store::difference_digest(&*tx, area, &last, &word.subject).await?,
            None => None,
        };
        let digest = digest.ok_or_else(|| {
            let no = DIFFERENCE_UNKNOWN.refuse().at("row_key");
            let no = no.with("institution_code", &of.institution);
            no.with("day", of.day).with("row_key", &word.subject)
        })?;
        let id = new_id(call.now).to_string();
        let new = store::Explanation {
            id: &id,
            institution: &of.institution,
            day: of.day,
            subject: &word.subject,
            digest,
            owner: &word.owner,
            reason: &word.reason,
            by: &call.key.caller,
            at: call.now,
        };
        store::insert_explanation(&tx, area, new).await?;
        let facts = json!({
            "institution_code": of.institution, "day": of.day, "row_key": word.subject,
        });
        self.tell(&tx, call, "difference.explained", &id, facts)
            .await?;
        Ok(Made {
            subject: id,
            value: (),
        })
    }

    /// Takes back an explanation.
    pub async fn withdraw_explain_difference(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::withdraw_explanation(&tx, &key.area, &id, now).await?;
            let event = withdrawn(key, "difference.explanation_withdrawn", id);
            Ok(event::record(&tx, now, event).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }
}

/// What taking something back is told as.
pub(super) fn withdrawn(key: &Key, kind: &'static str, subject: String) -> event::Event {
    event::Event {
        area: key.area.clone(),
        kind,
        subject,
        facts: json!({}),
    }
}

/// The institution must be registered.
pub(super) async fn known(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &DayOf,
) -> Result<(), Stop> {
    if store::is_registered(on, area, &of.institution).await? {
        return Ok(());
    }
    let no = INSTITUTION_UNKNOWN.refuse().at("institution_code");
    let no = no.with("institution_code", &of.institution);
    Err(no.with("day", of.day).into())
}

/// The bureau's rows of a day.
pub(super) async fn rows_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &DayOf,
) -> Result<Vec<Row>, Stop> {
    let days = (
        Instant::beginning_of(of.day),
        Instant::beginning_of(of.day.next()),
    );
    let rows = store::rows_between(on, area, &of.institution, days, DAY_ROWS_MAX + 1).await?;
    match rows.len() as u64 > DAY_ROWS_MAX {
        false => Ok(rows),
        true => {
            let no = DAY_TOO_LARGE.refuse().at("day").with("day", of.day);
            let no = no.with("institution_code", &of.institution);
            Err(no.with("max", DAY_ROWS_MAX).into())
        }
    }
}

/// The newest comparison of a day.
pub(super) async fn last_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &DayOf,
) -> Result<Option<Reconciliation>, Stop> {
    let days = (of.day, of.day);
    let last = store::last_reconciliations(on, area, Some(&of.institution), days).await?;
    Ok(last.into_values().next())
}

/// Differences with what is known of their settlements on other days, and the digest over each
/// settlement's.
async fn found_in(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &DayOf,
    differences: Vec<Difference>,
) -> Result<Vec<(Digest, Found)>, Stop> {
    let here = |id: &&str| SettlementId::parse(id).is_ok();
    let mut strange: Vec<&str> = differences
        .iter()
        .filter(|one| one.ours.is_none())
        .map(|one| one.subject())
        .filter(here)
        .collect();
    strange.dedup();
    let elsewhere = store::elsewhere(on, area, &of.institution, &strange).await?;
    let mut digesters: BTreeMap<String, Digester> = BTreeMap::new();
    for one in &differences {
        let digester = digesters.entry(one.subject().to_string()).or_default();
        one.digest_into(digester);
    }
    let digests: BTreeMap<String, Digest> = digesters
        .into_iter()
        .map(|(subject, digester)| (subject, digester.finish()))
        .collect();
    let found = |difference: Difference| {
        let subject = difference.subject().to_string();
        let digest = digests.get(&subject).copied();
        let elsewhere = match difference.ours {
            Some(_) => None,
            None => elsewhere.get(&subject).copied(),
        };
        let found = Found {
            difference,
            elsewhere,
        };
        (digest.unwrap_or(Digest::of(&[])), found)
    };
    Ok(differences.into_iter().map(found).collect())
}

/// A length as the tables count.
pub(super) fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
