//! Settlements and their revisions as they are stored, readable or not, for whoever checks them against
//! themselves.

use super::claims::{read_posted, settlement_row};
use super::packed::Form;
use super::revisions::{read_revision, revision_row};
use crate::domain::{Posted, Revision};
use crate::entity::revision;
use crate::entity::settlement::{self, Column};
use kernel::{AreaCode, Fen, Instant, InstitutionCode, PersonId, Refusal, SettlementId};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, Value,
};
use store::{Db, Stop};

/// Columns of a row beside those of the row as it is written.
macro_rules! compared {
    ($row:expr, $right:expr; $($column:ident),*) => {
        [$((
            stringify!($column),
            Value::from($row.$column.clone()),
            written($right.$column),
        )),*]
    };
}

/// Which settlements; all that is given holds.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// This one.
    pub settlement: Option<SettlementId>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// Of this year of accumulators.
    pub year: Option<i32>,
    /// Of this institution.
    pub institution: Option<InstitutionCode>,
    /// Posted from the first instant until the second.
    pub posted: (Option<Instant>, Option<Instant>),
}

/// A settlement as it is stored.
pub struct Stored {
    /// Its id, as the row has it.
    pub id: String,
    /// Its institution's code, as the row has it.
    pub institution: String,
    /// The settlement; or the column that cannot be read.
    pub posted: Result<Posted, &'static str>,
    /// Columns that do not say what the documents beside them say.
    pub unlike: Vec<Unlike>,
    /// Whether it stands, as the row has it.
    pub stands: bool,
    /// The number of its newest standing revision, as the row has it; 0 for none.
    pub newest: i64,
}

/// 差额结算: a revision as it is stored.
pub struct StoredRevision {
    /// Its id, as the row has it.
    pub id: String,
    /// Of which settlement, as the row has it.
    pub settlement: String,
    /// Its number, as the row has it.
    pub number: i64,
    /// Whether it was withdrawn, as the row has it.
    pub withdrawn: bool,
    /// The revision; or the column that cannot be read.
    pub revision: Result<Revision, &'static str>,
    /// Columns that do not say what the documents beside them say.
    pub unlike: Vec<Unlike>,
}

/// A column that says something else than the document it was written with.
pub struct Unlike {
    /// Its name.
    pub column: &'static str,
    /// The amount it says, where it is one.
    pub stored: Option<Fen>,
    /// The amount it should say.
    pub expected: Option<Fen>,
}

/// A page of settlements in the order of their ids, after the given one.
pub async fn stored(
    db: &Db,
    area: &AreaCode,
    which: &Which,
    after: &str,
    size: u64,
) -> Result<Vec<Stored>, Stop> {
    let rows = find(area, which, after)
        .order_by_asc(Column::SettlementId)
        .limit(size)
        .all(db.reader())
        .await?;
    let read = rows.into_iter().map(|row| read(area, row));
    Ok(read.collect::<Result<_, _>>()?)
}

/// These settlements, as they are stored now.
pub async fn stored_again(db: &Db, area: &AreaCode, ids: &[String]) -> Result<Vec<Stored>, Stop> {
    let rows = settlement::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.is_in(ids))
        .all(db.reader())
        .await?;
    let read = rows.into_iter().map(|row| read(area, row));
    Ok(read.collect::<Result<_, _>>()?)
}

/// All revisions of these settlements, of each in the order of their numbers, withdrawn ones too.
pub async fn stored_revisions(
    db: &Db,
    area: &AreaCode,
    settlements: &[String],
) -> Result<Vec<StoredRevision>, Stop> {
    use revision::Column;
    let rows = revision::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.is_in(settlements))
        .order_by_asc(Column::SettlementId)
        .order_by_asc(Column::Number)
        .all(db.reader())
        .await?;
    let read = rows.into_iter().map(|row| read_stored(area, row));
    Ok(read.collect::<Result<_, _>>()?)
}

/// How many there are after the given one.
pub async fn count_stored(
    db: &Db,
    area: &AreaCode,
    which: &Which,
    after: &str,
) -> Result<u64, Stop> {
    Ok(find(area, which, after).count(db.reader()).await?)
}

fn find(area: &AreaCode, which: &Which, after: &str) -> Select<settlement::Entity> {
    let text = |id: Option<String>, column: Column| id.map(|id| column.eq(id));
    let (from, until) = which.posted;
    let wanted = [
        text(
            which.settlement.map(|id| id.to_string()),
            Column::SettlementId,
        ),
        text(which.person.map(|id| id.to_string()), Column::PersonId),
        text(
            which.institution.as_ref().map(ToString::to_string),
            Column::InstitutionCode,
        ),
        which.year.map(|year| Column::Year.eq(year)),
        from.map(|from| Column::PostedAt.gte(from.micros())),
        until.map(|until| Column::PostedAt.lt(until.micros())),
    ];
    let all = settlement::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.gt(after));
    wanted.into_iter().flatten().fold(all, Select::filter)
}

fn read(area: &AreaCode, row: settlement::Model) -> Result<Stored, Refusal> {
    let posted = read_posted(&row);
    let unlike = match &posted {
        Ok(posted) => unlike(area, &row, posted)?,
        Err(_) => Vec::new(),
    };
    Ok(Stored {
        id: row.settlement_id,
        institution: row.institution_code,
        posted,
        unlike,
        stands: row.reversed_at.is_none(),
        newest: row.revision.unwrap_or(0),
    })
}

fn read_stored(area: &AreaCode, row: revision::Model) -> Result<StoredRevision, Refusal> {
    let revision = read_revision(&row);
    let unlike = match &revision {
        Ok(revision) => {
            let right = revision_row(area, revision)?;
            differing(compared!(row, right; person_id, scheme, year, identity_class))
        }
        Err(_) => Vec::new(),
    };
    Ok(StoredRevision {
        id: row.revision_id,
        settlement: row.settlement_id,
        number: row.number,
        withdrawn: row.withdrawn_at.is_some(),
        revision,
        unlike,
    })
}

/// The columns beside the documents were written from them: written once more, they are the same.
fn unlike(
    area: &AreaCode,
    row: &settlement::Model,
    posted: &Posted,
) -> Result<Vec<Unlike>, Refusal> {
    let right = settlement_row(area, posted, Form::Plain)?;
    Ok(differing(compared!(
        row, right;
        person_id,
        scheme,
        year,
        institution_code,
        visit_number,
        part,
        med_type,
        begin_day,
        end_day,
        fingerprint,
        total_fen,
        funds_fen,
        cash_fen,
        place,
        tier,
        identity_class
    )))
}

fn differing<const N: usize>(columns: [(&'static str, Value, Value); N]) -> Vec<Unlike> {
    let differing = columns
        .into_iter()
        .filter(|(_, stored, right)| stored != right);
    let unlike = |(column, stored, expected)| Unlike {
        column,
        stored: amount(stored),
        expected: amount(expected),
    };
    differing.map(unlike).collect()
}

fn written<T: Into<Value>>(column: ActiveValue<T>) -> Value {
    column.into_value().unwrap_or(Value::Bool(None))
}

/// The columns of amounts are the only ones of this type.
fn amount(value: Value) -> Option<Fen> {
    match value {
        Value::BigInt(amount) => amount.map(Fen),
        _ => None,
    }
}
