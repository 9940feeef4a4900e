//! What an auditor reads of the log.

use crate::db::Db;
use crate::entity::{access_entry, access_subject};
use crate::fault::told;
use crate::page;
use kernel::{AccessEntry, AccessFilter, AreaCode, Day, Instant, Refusal, SeenKind};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use std::collections::HashMap;

/// Entries on a page at most: each may have a thousand subjects.
const ENTRIES_MAX: u64 = 50;

/// Entries of an area by time, after those of `page_token`, and the token of the next page.
pub async fn page(
    db: &Db,
    area: &AreaCode,
    filter: &AccessFilter,
    (size, page_token): (u64, &str),
) -> Result<(Vec<AccessEntry>, String), Refusal> {
    let size = size.min(ENTRIES_MAX);
    let after = page::key(page_token)?;
    let found = find(db, area, filter, (size + 1, &after)).await;
    let rows = found.map_err(|fault| told(&fault))?;
    let (rows, next) = page::cut(rows, size, |row| &row.entry_id);
    let ids = rows.iter().map(|row| row.entry_id.clone());
    let subjects = subjects(db, area, ids.collect()).await;
    let mut subjects = subjects.map_err(|fault| told(&fault))?;
    let entry = |row: access_entry::Model| {
        let subjects = subjects.remove(&row.entry_id).unwrap_or_default();
        read(area, row, subjects)
    };
    Ok((rows.into_iter().map(entry).collect(), next))
}

async fn find(
    db: &Db,
    area: &AreaCode,
    filter: &AccessFilter,
    (limit, after): (u64, &str),
) -> Result<Vec<access_entry::Model>, DbErr> {
    use access_entry::Column;
    let mut query = access_entry::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::EntryId.gt(after));
    if let Some(caller) = &filter.caller {
        query = query.filter(Column::Caller.eq(caller));
    }
    if let Some(days) = &filter.days {
        // Ids begin with the time: a day is a run of the key.
        query = query.filter(Column::EntryId.gte(first_id(days.from)));
        if let Some(until) = days.until {
            query = query.filter(Column::EntryId.lt(first_id(until)));
        }
    }
    if let Some(subject) = &filter.subject {
        let entries = access_subject::Entity::find()
            .select_only()
            .column(access_subject::Column::EntryId)
            .filter(access_subject::Column::Area.eq(area.as_str()))
            .filter(access_subject::Column::Subject.eq(subject))
            .filter(access_subject::Column::EntryId.gt(after));
        query = query.filter(Column::EntryId.in_subquery(entries.into_query()));
    }
    let query = query.order_by_asc(Column::EntryId).limit(limit);
    query.all(db.reader()).await
}

/// No entry of the day has a smaller id: the first twelve hexadecimal digits are milliseconds.
fn first_id(day: Day) -> String {
    let millis = Instant::beginning_of(day).micros().div_euclid(1_000);
    let digits = format!("{:012x}", millis.max(0));
    let (high, low) = digits.split_at_checked(8).unwrap_or((&digits, ""));
    format!("{high}-{low}")
}

async fn subjects(
    db: &Db,
    area: &AreaCode,
    entries: Vec<String>,
) -> Result<HashMap<String, Vec<String>>, DbErr> {
    use access_subject::Column;
    let rows = access_subject::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::EntryId.is_in(entries))
        .order_by_asc(Column::EntryId)
        .order_by_asc(Column::Subject)
        .all(db.reader())
        .await?;
    let mut subjects: HashMap<String, Vec<String>> = HashMap::new();
    for row in rows {
        subjects.entry(row.entry_id).or_default().push(row.subject);
    }
    Ok(subjects)
}

fn read(area: &AreaCode, row: access_entry::Model, subjects: Vec<String>) -> AccessEntry {
    AccessEntry {
        id: row.entry_id,
        area: area.clone(),
        at: Instant::from_micros(row.at),
        caller: row.caller,
        roles: row.roles.split_whitespace().map(String::from).collect(),
        method: row.method,
        kind: match row.kind {
            0 => SeenKind::Read,
            _ => SeenKind::Denied,
        },
        subjects,
        subject_count: u32::try_from(row.subject_count).unwrap_or(0),
        purpose: row.purpose,
        outcome: row.outcome,
        trace_id: row.trace_id,
        times: u32::try_from(row.times).unwrap_or(1),
    }
}
