//! The settlements of a person-year, and what their columns come to.

use super::claims::{effective, parse_posted};
use crate::domain::{ColumnSums, OfYear, YearKey};
use crate::entity::settlement::{self, Column};
use kernel::{AreaCode, Fen, Refusal};
use sea_orm::sea_query::{Alias, Func};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use store::{Db, Stop};

/// Settlements of a person-year in the order of their ordinals, after the given one.
pub async fn settlements_of_year(
    db: &Db,
    area: &AreaCode,
    whose: &YearKey,
    after: i64,
    size: u64,
) -> Result<Vec<OfYear>, Stop> {
    let rows = of_year(area, whose)
        .filter(Column::Ordinal.gt(after))
        .order_by_asc(Column::Ordinal)
        .limit(size)
        .all(db.reader())
        .await?;
    let written = rows.iter().cloned().map(parse_posted);
    let written: Vec<_> = written.collect::<Result<_, Refusal>>()?;
    let standing = effective(db.reader(), area, rows).await?;
    let both = written.iter().zip(standing);
    Ok(both
        .map(|(written, posted)| OfYear {
            written: ColumnSums::of(written),
            posted,
        })
        .collect())
}

/// What the columns of the standing settlements of a person-year come to.
pub async fn column_sums(db: &Db, area: &AreaCode, whose: &YearKey) -> Result<ColumnSums, Stop> {
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = |column: Column| Func::cast_as(column.sum(), Alias::new("bigint"));
    type Row = (i64, Option<i64>, Option<i64>, Option<i64>);
    let row: Option<Row> = of_year(area, whose)
        .select_only()
        .expr_as(Column::SettlementId.count(), "settlements")
        .expr_as(sum(Column::TotalFen), "total")
        .expr_as(sum(Column::FundsFen), "funds")
        .expr_as(sum(Column::CashFen), "cash")
        .filter(Column::ReversedAt.is_null())
        .into_tuple()
        .one(db.reader())
        .await?;
    let (count, total, funds, cash) = row.unwrap_or_default();
    let fen = |sum: Option<i64>| Fen(sum.unwrap_or(0));
    Ok(ColumnSums {
        count,
        total: fen(total),
        funds: fen(funds),
        cash: fen(cash),
    })
}

fn of_year(area: &AreaCode, whose: &YearKey) -> Select<settlement::Entity> {
    settlement::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(whose.person.to_string()))
        .filter(Column::Scheme.eq(whose.scheme.as_str()))
        .filter(Column::Year.eq(whose.year))
}
