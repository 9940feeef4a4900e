//! The standing settlements of a whole year, person after person.

use super::claims::{effective, standing_of};
use crate::domain::Posted;
use crate::entity::settlement::{self, Column};
use kernel::AreaCode;
use sea_orm::{
    ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use store::{Db, Stop};

/// Whose settlements were read last; nobody's in the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearMark {
    /// 人员编号 (psn_no).
    pub person: String,
    /// 险种类型 (insutype).
    pub scheme: String,
}

/// Standing settlements of a year behind a mark, of each person and scheme in the order in which they
/// were priced. The order is that of the index over person-years.
pub async fn standing_of_year(
    db: &Db,
    area: &AreaCode,
    year: i32,
    after: &YearMark,
    size: u64,
) -> Result<Vec<Posted>, Stop> {
    let behind = Condition::any()
        .add(Column::PersonId.gt(after.person.as_str()))
        .add(Column::Scheme.gt(after.scheme.as_str()));
    let rows = of_year(area, year)
        // Said apart from the scheme, so that the index is entered at the person.
        .filter(Column::PersonId.gte(after.person.as_str()))
        .filter(behind)
        .order_by_asc(Column::PersonId)
        .order_by_asc(Column::Scheme)
        .order_by_asc(Column::Ordinal)
        .limit(size)
        .all(db.reader())
        .await?;
    effective(db.reader(), area, rows).await
}

/// How many settlements of a year stand.
pub async fn count_of_year(db: &Db, area: &AreaCode, year: i32) -> Result<u64, Stop> {
    Ok(of_year(area, year).count(db.reader()).await?)
}

fn of_year(area: &AreaCode, year: i32) -> Select<settlement::Entity> {
    standing_of(area).filter(Column::Year.eq(year))
}
