//! 指标: settlements counted where they are.

use super::registers::place_code;
use super::unreadable;
use crate::domain::indicator::{CareClass, Cell, IdentityClass};
use crate::entity::{revision, settlement};
use kernel::{AreaCode, Day, InstitutionCode, InstitutionTier, MedType, Refusal, Scheme};
use policy::Place;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, QueryResult};
use settlement::Column;
use store::Stop;

/// Which visits are counted; all that is said holds.
#[derive(Clone, Debug)]
pub struct VisitFilter {
    /// Ended on one of these days, both included.
    pub days: (Day, Day),
    /// 险种类型 (insutype).
    pub scheme: Option<Scheme>,
    /// 人员身份.
    pub identity: Option<IdentityClass>,
    /// 起付线医院等级 (dedc_hosp_lv).
    pub tier: Option<InstitutionTier>,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: Option<InstitutionCode>,
    /// 医疗类别.
    pub care: Option<CareClass>,
    /// 县内 or 县外.
    pub in_county: Option<bool>,
}

/// A visit that is counted.
pub struct CountedVisit {
    /// 结算ID (setl_id).
    pub settlement: String,
    /// 人员编号 (psn_no).
    pub person: String,
    /// 就诊ID (mdtrt_id).
    pub visit: String,
    /// 医疗类别 (med_type).
    pub med_type: String,
    /// 结束日期 (enddate).
    pub end: String,
    /// 零星报销.
    pub reimbursed: bool,
    /// What it is counted by, once.
    pub cell: Cell,
}

/// The visits of an area, counted by all they are counted by at once: one statement.
pub async fn visit_cells(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    filter: &VisitFilter,
) -> Result<Vec<Cell>, Stop> {
    let mut counted = counted(area, filter);
    for column in dimensions() {
        counted.expr(column.clone()).add_group_by([column]);
    }
    counted.expr_as(of(Column::SettlementId).count(), Alias::new("visits"));
    let rows = on.query_all(&counted).await?;
    rows.iter()
        .map(|row| cell(row, row.try_get_by_index(6)?))
        .collect()
}

/// A page of the visits in the order in which they ended, behind a last day and a settlement.
pub async fn counted_visits(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    filter: &VisitFilter,
    (after, size): ((&str, &str), u64),
) -> Result<Vec<CountedVisit>, Stop> {
    let mut listed = counted(area, filter);
    for column in dimensions() {
        listed.expr(column);
    }
    for column in [
        Column::SettlementId,
        Column::PersonId,
        Column::VisitNumber,
        Column::EndDay,
        Column::ReimbursementId,
    ] {
        listed.expr(of(column));
    }
    let (day, id) = after;
    let behind = of(Column::EndDay).gt(day).or(of(Column::EndDay)
        .eq(day)
        .and(of(Column::SettlementId).gt(id)));
    listed
        .and_where(behind)
        .order_by_expr(of(Column::EndDay), sea_orm::Order::Asc)
        .order_by_expr(of(Column::SettlementId), sea_orm::Order::Asc)
        .limit(size);
    let rows = on.query_all(&listed).await?;
    let visit = |row: &QueryResult| {
        Ok(CountedVisit {
            settlement: row.try_get_by_index(6)?,
            person: row.try_get_by_index(7)?,
            visit: row.try_get_by_index(8)?,
            med_type: row.try_get_by_index(1)?,
            end: row.try_get_by_index(9)?,
            reimbursed: row.try_get_by_index::<Option<String>>(10)?.is_some(),
            cell: cell(row, 1)?,
        })
    };
    rows.iter().map(visit).collect()
}

/// A settlement's column.
fn of(column: Column) -> SimpleExpr {
    Expr::col((settlement::Entity, column))
}

/// What visits are counted by, in the order in which [`cell`] reads it. Without bound values: the same
/// words stand in GROUP BY.
fn dimensions() -> [SimpleExpr; 6] {
    [
        of(Column::Scheme),
        of(Column::MedType),
        of(Column::InstitutionCode),
        of(Column::Tier),
        identity(),
        of(Column::Place),
    ]
}

/// By the newest revision, where there is one.
fn identity() -> SimpleExpr {
    let revised = Expr::col((revision::Entity, revision::Column::IdentityClass));
    Func::coalesce([revised, of(Column::IdentityClass)]).into()
}

/// Standing settlements of visits, the last part of each stay, from institutions and not from shops.
fn counted(area: &AreaCode, filter: &VisitFilter) -> SelectStatement {
    let revised = |column: revision::Column| Expr::col((revision::Entity, column));
    let newest = revised(revision::Column::Area)
        .equals((settlement::Entity, Column::Area))
        .and(
            revised(revision::Column::SettlementId)
                .equals((settlement::Entity, Column::SettlementId)),
        )
        .and(revised(revision::Column::Number).equals((settlement::Entity, Column::Revision)));
    let (from, to) = filter.days;
    let mut counted = Query::select()
        .from(settlement::Entity)
        .left_join(revision::Entity, newest)
        .and_where(of(Column::Area).eq(area.as_str()))
        .and_where(of(Column::ReversedAt).is_null())
        .and_where(of(Column::EndDay).gte(from.to_string()))
        .and_where(of(Column::EndDay).lte(to.to_string()))
        .and_where(of(Column::MedType).ne(MedType::Pharmacy.as_str()))
        .and_where(Expr::exists(later_part(area)).not())
        .to_owned();
    let equal = [
        filter
            .scheme
            .as_ref()
            .map(|one| of(Column::Scheme).eq(one.as_str())),
        filter.identity.map(|one| identity().eq(one.name())),
        filter
            .tier
            .as_ref()
            .map(|one| of(Column::Tier).eq(one.as_str())),
        filter
            .institution
            .as_ref()
            .map(|one| of(Column::InstitutionCode).eq(one.as_str())),
        filter.in_county.map(|within| match within {
            true => of(Column::Place).eq(place_code(Place::District)),
            false => of(Column::Place).ne(place_code(Place::District)),
        }),
    ];
    for condition in equal.into_iter().flatten() {
        counted.and_where(condition);
    }
    let stays = MedType::KNOWN.iter().filter(|one| one.is_stay());
    let stays = stays.map(|one| one.as_str());
    match filter.care {
        Some(CareClass::Inpatient) => counted.and_where(of(Column::MedType).is_in(stays)),
        Some(CareClass::Outpatient) => counted.and_where(of(Column::MedType).is_not_in(stays)),
        None => &mut counted,
    };
    counted
}

/// 分段结算: a standing part of the same stay behind this one.
fn later_part(area: &AreaCode) -> SelectStatement {
    let later = Alias::new("later");
    let of_later = |column: Column| Expr::col((later.clone(), column));
    Query::select()
        .expr(Expr::val(1))
        .from_as(settlement::Entity, later.clone())
        .and_where(of_later(Column::Area).eq(area.as_str()))
        .and_where(
            of_later(Column::InstitutionCode).equals((settlement::Entity, Column::InstitutionCode)),
        )
        .and_where(of_later(Column::VisitNumber).equals((settlement::Entity, Column::VisitNumber)))
        .and_where(of_later(Column::ReversedAt).is_null())
        .and_where(of_later(Column::Part).gt(of(Column::Part)))
        .to_owned()
}

/// What a row is counted by: its first columns.
fn cell(row: &QueryResult, visits: i64) -> Result<Cell, Stop> {
    let text = |index: usize| row.try_get_by_index::<String>(index);
    let (institution, med_type, identity) = (text(2)?, text(1)?, text(4)?);
    let unread = |_: ()| -> Refusal { unreadable("settlement", &institution) };
    let med_type = MedType::parse(&med_type).ok_or(()).map_err(unread)?;
    let identity = IdentityClass::parse(&identity).ok_or(()).map_err(unread)?;
    Ok(Cell {
        scheme: text(0)?,
        identity,
        tier: text(3)?,
        care: CareClass::of(&med_type),
        in_county: text(5)? == place_code(Place::District),
        visits,
        institution,
    })
}
