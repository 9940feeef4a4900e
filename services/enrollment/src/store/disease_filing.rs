//! Filed diseases, and what was changed of them. A filing belongs to a person whose row is locked by
//! whoever changes it: [`crate::store::person::touch`] or [`lock`].

use super::{period, person, unreadable};
use crate::domain::{DiseaseFiling, Filed, FilingChange, Otherwise};
use crate::entity::{disease_filing as filing, filing_change as change};
use kernel::refusal::INTERNAL;
use kernel::{
    AreaCode, Day, DiseaseCode, FilingChangeId, FilingId, FilingKind, Instant, InstitutionCode,
    PersonId, Scheme,
};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use store::{Db, Stop, Tx};

const INSTITUTIONS: &str = "institutions";
const ENDED: &str = "ended";

/// Inserts a filing of a locked person.
pub async fn insert(
    tx: &Tx,
    area: &AreaCode,
    filing: &DiseaseFiling,
    by: &str,
) -> Result<(), Stop> {
    let filed = &filing.filed;
    let row = self::filing::ActiveModel {
        area: Set(area.to_string()),
        filing_id: Set(filed.id.to_string()),
        person_id: Set(filing.person.to_string()),
        scheme: Set(filing.scheme.to_string()),
        kind: Set(filed.kind.as_str().to_string()),
        disease_code: Set(filed.disease.to_string()),
        disease_name: Set(filing.disease_name.clone()),
        from_day: Set(filed.days.from.to_string()),
        until_day: Set(filed.days.until.map(|day| day.to_string())),
        institution_codes: Set(joined(&filed.institutions)),
        material: Set(filing.material.clone()),
        filed_by: Set(by.to_string()),
        filed_at: Set(filing.filed_at.micros()),
        withdrawn_at: Set(None),
    };
    let insert = self::filing::Entity::insert(row);
    insert.exec_without_returning(&**tx).await?;
    Ok(())
}

/// Inserts a change of a filing whose person is locked; who made it, and when.
pub async fn insert_change(
    tx: &Tx,
    area: &AreaCode,
    of: &DiseaseFiling,
    (made, reason): (&FilingChange, &str),
    (by, at): (&str, Instant),
) -> Result<(), Stop> {
    let (kind, institutions) = match &made.what {
        Otherwise::Institutions(institutions) => (INSTITUTIONS, joined(institutions)),
        Otherwise::Ended => (ENDED, String::new()),
    };
    let row = change::ActiveModel {
        area: Set(area.to_string()),
        change_id: Set(made.id.to_string()),
        filing_id: Set(of.filed.id.to_string()),
        person_id: Set(of.person.to_string()),
        kind: Set(kind.to_string()),
        from_day: Set(made.from.to_string()),
        institution_codes: Set(institutions),
        reason: Set(reason.to_string()),
        changed_by: Set(by.to_string()),
        changed_at: Set(at.micros()),
        withdrawn_at: Set(None),
    };
    let insert = change::Entity::insert(row);
    insert.exec_without_returning(&**tx).await?;
    Ok(())
}

/// Locks the person of a standing filing, and answers it as it is now.
pub async fn lock(tx: &Tx, area: &AreaCode, id: FilingId) -> Result<Option<DiseaseFiling>, Stop> {
    let owner = standing(area)
        .select_only()
        .column(filing::Column::PersonId)
        .filter(filing::Column::FilingId.eq(id.to_string()))
        .into_query();
    if person::touch_owner(tx, area, owner).await?.is_none() {
        return Ok(None);
    }
    // The filing may have been withdrawn while the lock was waited for.
    let row = standing(area).filter(filing::Column::FilingId.eq(id.to_string()));
    match row.one(&**tx).await? {
        None => Ok(None),
        Some(row) => Ok(with_changes(&**tx, vec![row]).await?.pop()),
    }
}

/// Locks the person of a change that stands, and answers the filing it is of, if that stands.
pub async fn lock_changed(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
) -> Result<Option<DiseaseFiling>, Stop> {
    match changed_filing(&**tx, area, id).await? {
        None => Ok(None),
        Some(filing) => lock(tx, area, filing).await,
    }
}

/// A filing by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<DiseaseFiling, Stop> {
    let row = filing::Entity::find_by_id((area.to_string(), id.to_string()));
    let row = row.one(db.reader()).await?;
    let row = row.ok_or_else(|| INTERNAL.refuse())?;
    let found = with_changes(db.reader(), vec![row]).await?.pop();
    Ok(found.ok_or_else(|| INTERNAL.refuse())?)
}

/// The filing of a change, also of a withdrawn one.
pub async fn of_change(db: &Db, area: &AreaCode, id: &str) -> Result<DiseaseFiling, Stop> {
    let filing = changed_filing(db.reader(), area, id).await?;
    let filing = filing.ok_or_else(|| INTERNAL.refuse())?;
    find(db, area, &filing.to_string()).await
}

/// A filing, if it stands.
pub async fn get(db: &Db, area: &AreaCode, id: FilingId) -> Result<Option<DiseaseFiling>, Stop> {
    let row = standing(area).filter(filing::Column::FilingId.eq(id.to_string()));
    let rows = row.all(db.reader()).await?;
    Ok(with_changes(db.reader(), rows).await?.pop())
}

/// A person's standing filings, past ones too, oldest first.
pub async fn of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    person: PersonId,
) -> Result<Vec<DiseaseFiling>, Stop> {
    let rows = of_person(area, person).all(on).await?;
    with_changes(on, rows).await
}

/// A page of a person's standing filings behind one. Where a day is given, those that were filed for
/// it or a later one.
pub async fn page(
    db: &Db,
    area: &AreaCode,
    (person, from): (PersonId, Option<Day>),
    after: &str,
    size: u64,
) -> Result<Vec<DiseaseFiling>, Stop> {
    let mut select = of_person(area, person).filter(filing::Column::FilingId.gt(after));
    if let Some(from) = from {
        let open = filing::Column::UntilDay.is_null();
        select = select.filter(open.or(filing::Column::UntilDay.gt(from.to_string())));
    }
    let rows = select.limit(size).all(db.reader()).await?;
    with_changes(db.reader(), rows).await
}

/// Marks a change withdrawn.
pub async fn withdraw_change(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<(), Stop> {
    let mark = Expr::value(now.micros());
    update_change(tx, area, id, change::Column::WithdrawnAt, mark).await
}

/// Moves an end to another day.
pub async fn move_end(tx: &Tx, area: &AreaCode, id: &str, from: Day) -> Result<(), Stop> {
    let day = Expr::value(from.to_string());
    update_change(tx, area, id, change::Column::FromDay, day).await
}

async fn update_change(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    column: change::Column,
    value: Expr,
) -> Result<(), Stop> {
    change::Entity::update_many()
        .col_expr(column, value)
        .filter(change::Column::Area.eq(area.as_str()))
        .filter(change::Column::ChangeId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

async fn changed_filing(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<FilingId>, Stop> {
    let row = change::Entity::find_by_id((area.to_string(), id.to_string()));
    let row = row.one(on).await?;
    let filing = row.map(|row| FilingId::parse(&row.filing_id));
    let filing = filing.transpose();
    Ok(filing.map_err(|_| unreadable("filing_change", id))?)
}

fn standing(area: &AreaCode) -> Select<filing::Entity> {
    filing::Entity::find()
        .filter(filing::Column::Area.eq(area.as_str()))
        .filter(filing::Column::WithdrawnAt.is_null())
}

fn of_person(area: &AreaCode, person: PersonId) -> Select<filing::Entity> {
    standing(area)
        .filter(filing::Column::PersonId.eq(person.to_string()))
        .order_by_asc(filing::Column::FilingId)
}

/// Filings of one person with the changes that stand.
async fn with_changes(
    on: &impl ConnectionTrait,
    rows: Vec<filing::Model>,
) -> Result<Vec<DiseaseFiling>, Stop> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let ids: Vec<&str> = rows.iter().map(|row| row.filing_id.as_str()).collect();
    let changes = change::Entity::find()
        .filter(change::Column::Area.eq(first.area.as_str()))
        .filter(change::Column::PersonId.eq(first.person_id.as_str()))
        .filter(change::Column::FilingId.is_in(ids))
        .filter(change::Column::WithdrawnAt.is_null())
        .order_by_asc(change::Column::FromDay)
        .order_by_asc(change::Column::ChangeId)
        .all(on)
        .await?;
    let mut filings = Vec::with_capacity(rows.len());
    for row in rows {
        let own = changes.iter().filter(|one| one.filing_id == row.filing_id);
        let read = parse(&row, own);
        filings.push(read.ok_or_else(|| unreadable("disease_filing", &row.filing_id))?);
    }
    Ok(filings)
}

fn parse<'a>(
    row: &filing::Model,
    changes: impl Iterator<Item = &'a change::Model>,
) -> Option<DiseaseFiling> {
    let (mut all, mut end_reason) = (Vec::new(), None);
    // In the order of the days: the first end is the one that holds.
    for row in changes {
        let change = FilingChange {
            id: FilingChangeId::parse(&row.change_id).ok()?,
            from: Day::parse(&row.from_day).ok()?,
            what: otherwise(&row.kind, &row.institution_codes)?,
        };
        if change.what == Otherwise::Ended {
            end_reason = end_reason.or_else(|| Some(row.reason.clone()));
        }
        all.push(change);
    }
    Some(DiseaseFiling {
        person: PersonId::parse(&row.person_id).ok()?,
        scheme: Scheme::parse(&row.scheme)?,
        filed: Filed {
            id: FilingId::parse(&row.filing_id).ok()?,
            kind: FilingKind::parse(&row.kind)?,
            disease: DiseaseCode::parse(&row.disease_code).ok()?,
            days: period(&row.from_day, row.until_day.as_deref())?,
            institutions: institutions(&row.institution_codes)?,
            changes: all,
        },
        disease_name: row.disease_name.clone(),
        material: row.material.clone(),
        filed_at: Instant::from_micros(row.filed_at),
        end_reason,
    })
}

/// What a change makes otherwise, from its columns.
pub fn otherwise(kind: &str, codes: &str) -> Option<Otherwise> {
    match kind {
        INSTITUTIONS => Some(Otherwise::Institutions(institutions(codes)?)),
        ENDED => Some(Otherwise::Ended),
        _ => None,
    }
}

/// Institutions from their column.
pub fn institutions(codes: &str) -> Option<Vec<InstitutionCode>> {
    let codes = codes.split_ascii_whitespace();
    codes
        .map(|code| InstitutionCode::parse(code).ok())
        .collect()
}

fn joined(institutions: &[InstitutionCode]) -> String {
    let codes: Vec<&str> = institutions.iter().map(InstitutionCode::as_str).collect();
    codes.join(" ")
}
