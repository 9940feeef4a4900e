//! Closed days and months, and the sums they are checked against.

use super::reconciliations::moves_institution;
use super::{of_json, to_json, unreadable};
use crate::domain::closing::{ClosedDay, ClosedMonth, Month, Moved};
use crate::entity::{closed_day, closed_month, posting, revision, settlement};
use crate::refusal::{DAY_CLOSED, MONTH_CLOSED};
use kernel::{AreaCode, Day, Digest, Fen, Instant, InstitutionCode, Refusal};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use std::collections::BTreeMap;
use store::{Stop, Tx, taken};

const DAY_MICROS: i64 = 86_400_000_000;

/// How many rows institutions have on each day from the first until the second, which is not
/// included: as many as [`rows_between`](super::rows_between) finds.
pub async fn rows_by_day(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    institution: Option<&InstitutionCode>,
    (from, until): (Day, Day),
) -> Result<BTreeMap<(Day, InstitutionCode), i64>, Stop> {
    use settlement::Column;
    let (from, until) = (Instant::beginning_of(from), Instant::beginning_of(until));
    let mut days = BTreeMap::new();
    // Days since 1970 in Asia/Shanghai. Not bound values: the same words stand in GROUP BY.
    for (at, day) in [
        (Column::PostedAt, "(posted_at + 28800000000) / 86400000000"),
        (
            Column::ReversedAt,
            "(reversed_at + 28800000000) / 86400000000",
        ),
    ] {
        let mut of = settlement::Entity::find()
            .select_only()
            .column(Column::InstitutionCode)
            .expr_as(Expr::cust(day), "day")
            .expr_as(Column::SettlementId.count(), "rows")
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::ReimbursementId.is_null())
            .filter(at.gte(from.micros()))
            .filter(at.lt(until.micros()))
            .group_by(Column::InstitutionCode)
            .group_by(Expr::cust(day));
        if let Some(code) = institution {
            of = of.filter(Column::InstitutionCode.eq(code.as_str()));
        }
        let rows: Vec<(String, i64, i64)> = of.into_tuple().all(on).await?;
        add_days(&mut days, rows)?;
    }
    for at in ["posted_at", "withdrawn_at"] {
        let rows = corrections_by_day(on, area, institution, at, (from, until)).await?;
        add_days(&mut days, rows)?;
    }
    Ok(days)
}

fn add_days(
    days: &mut BTreeMap<(Day, InstitutionCode), i64>,
    rows: Vec<(String, i64, i64)>,
) -> Result<(), Refusal> {
    for (code, day, rows) in rows {
        let code = InstitutionCode::parse(&code).map_err(|_| unreadable("settlement", &code))?;
        let day = Instant::from_micros(day.saturating_mul(DAY_MICROS)).day();
        *days.entry((day, code)).or_insert(0) += rows;
    }
    Ok(())
}

/// How many corrections of what institutions are owed were posted, or withdrawn, on each day.
async fn corrections_by_day(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    institution: Option<&InstitutionCode>,
    at: &'static str,
    (from, until): (Instant, Instant),
) -> Result<Vec<(String, i64, i64)>, Stop> {
    use sea_orm::sea_query::Query;
    let revised = |column: revision::Column| Expr::col((revision::Entity, column));
    let settled = |column: settlement::Column| Expr::col((settlement::Entity, column));
    let day = format!("(revision.{at} + 28800000000) / 86400000000");
    let instant = || Expr::col((revision::Entity, Alias::new(at)));
    let mut of = Query::select()
        .expr(settled(settlement::Column::InstitutionCode))
        .expr_as(Expr::cust(day.clone()), Alias::new("day"))
        .expr_as(
            revised(revision::Column::RevisionId).count(),
            Alias::new("rows"),
        )
        .from(revision::Entity)
        .inner_join(
            settlement::Entity,
            settled(settlement::Column::SettlementId)
                .equals((revision::Entity, revision::Column::SettlementId)),
        )
        .and_where(revised(revision::Column::Area).eq(area.as_str()))
        .and_where(settled(settlement::Column::Area).eq(area.as_str()))
        .and_where(settled(settlement::Column::ReimbursementId).is_null())
        .cond_where(moves_institution())
        .and_where(instant().gte(from.micros()))
        .and_where(instant().lt(until.micros()))
        .add_group_by([
            settled(settlement::Column::InstitutionCode),
            Expr::cust(day),
        ])
        .to_owned();
    if let Some(code) = institution {
        of.and_where(settled(settlement::Column::InstitutionCode).eq(code.as_str()));
    }
    let rows = on.query_all(&of).await?;
    let row = |row: sea_orm::QueryResult| {
        Ok((
            row.try_get_by_index(0)?,
            row.try_get_by_index(1)?,
            row.try_get_by_index(2)?,
        ))
    };
    let rows: Result<_, sea_orm::DbErr> = rows.into_iter().map(row).collect();
    Ok(rows?)
}

/// Closed days from the first to the second, both included, by day and institution.
pub async fn closed_days(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    institution: Option<&InstitutionCode>,
    (from, to): (Day, Day),
) -> Result<Vec<ClosedDay>, Stop> {
    use closed_day::Column;
    let mut of = closed_day::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Day.gte(from.to_string()))
        .filter(Column::Day.lte(to.to_string()))
        .filter(Column::WithdrawnAt.is_null());
    if let Some(code) = institution {
        of = of.filter(Column::InstitutionCode.eq(code.as_str()));
    }
    let of = of
        .order_by_asc(Column::Day)
        .order_by_asc(Column::InstitutionCode);
    let rows = of.all(on).await?;
    rows.into_iter()
        .map(|row| parse_day(row).map_err(Stop::from))
        .collect()
}

/// A closed day that a key names, also when it was opened since.
pub async fn find_closed_day(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<ClosedDay, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = closed_day::Entity::find_by_id(key).one(on).await?;
    Ok(parse_day(row.ok_or_else(|| unreadable("closed_day", id))?)?)
}

fn parse_day(row: closed_day::Model) -> Result<ClosedDay, Refusal> {
    let unread = || unreadable("closed_day", &row.close_id);
    Ok(ClosedDay {
        institution: InstitutionCode::parse(&row.institution_code).map_err(|_| unread())?,
        day: Day::parse(&row.day).map_err(|_| unread())?,
        rows: row.row_count,
        sums: of_json(&row.sums, "closed_day", &row.close_id)?,
        digest: Digest::parse(&row.digest).ok_or_else(unread)?,
        reconciliation: row.reconciliation_id,
        reason: row.reason,
        by: row.closed_by,
        at: Instant::from_micros(row.closed_at),
        id: row.close_id,
    })
}

/// Closes a day; one that is closed already is refused.
pub async fn insert_closed_day(tx: &Tx, area: &AreaCode, new: &ClosedDay) -> Result<(), Stop> {
    let row = closed_day::ActiveModel {
        area: Set(area.to_string()),
        close_id: Set(new.id.clone()),
        institution_code: Set(new.institution.to_string()),
        day: Set(new.day.to_string()),
        row_count: Set(new.rows),
        sums: Set(to_json(&new.sums)?),
        digest: Set(new.digest.to_string()),
        reconciliation_id: Set(new.reconciliation.clone()),
        reason: Set(new.reason.clone()),
        closed_by: Set(new.by.clone()),
        closed_at: Set(new.at.micros()),
        withdrawn_at: Set(None),
    };
    let inserted = closed_day::Entity::insert(row)
        .exec_without_returning(&**tx)
        .await;
    inserted.map(drop).map_err(|fault| {
        taken(fault, || {
            let no = DAY_CLOSED.refuse().at("day").with("day", new.day);
            no.with("institution_code", &new.institution)
        })
    })
}

/// Opens a day again.
pub async fn withdraw_closed_day(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<(), Stop> {
    use closed_day::Column;
    closed_day::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::CloseId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// 个人账户 are one line of a month, and so is what people are owed: nobody reads a line for every person.
/// Not a bound value: the same words stand in GROUP BY.
const ACCOUNT: &str = "CASE WHEN account LIKE 'account:person:%' THEN 'account:person' \
    WHEN account LIKE 'payable:person:%' THEN 'payable:person' ELSE account END";

/// What the ledger moved in a month on each account, and what of it corrects earlier months.
pub async fn moved_in(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    month: Month,
) -> Result<Vec<Moved>, Stop> {
    use posting::Column;
    let from = Instant::beginning_of(month.first()).micros();
    let until = Instant::beginning_of(month.after()).micros();
    // The transaction of a subject has its id; what was posted of it later has another.
    let earlier = posting::Entity::find()
        .select_only()
        .column(Column::TransactionId)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PostedAt.lt(from))
        .into_query();
    let corrects = Condition::all()
        .add(Expr::col(Column::TransactionId).ne(Expr::col(Column::SubjectId)))
        .add(Column::SubjectId.in_subquery(earlier));
    let settled_earlier = settlement::Entity::find()
        .select_only()
        .column(settlement::Column::SettlementId)
        .filter(settlement::Column::Area.eq(area.as_str()))
        .filter(settlement::Column::PostedAt.lt(from))
        .into_query();
    let revised = revision::Entity::find()
        .select_only()
        .column(revision::Column::RevisionId)
        .filter(revision::Column::Area.eq(area.as_str()))
        .filter(revision::Column::SettlementId.in_subquery(settled_earlier))
        .into_query();
    let corrects = Condition::any()
        .add(corrects)
        .add(Column::SubjectId.in_subquery(revised));
    let mut moved: BTreeMap<String, Moved> = BTreeMap::new();
    for (of_earlier, which) in [(false, Condition::all()), (true, corrects)] {
        // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
        let sum = Func::cast_as(Column::AmountFen.sum(), Alias::new("bigint"));
        let rows: Vec<(String, i64)> = posting::Entity::find()
            .select_only()
            .expr_as(Expr::cust(ACCOUNT), "of")
            .expr_as(sum, "moved")
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::PostedAt.gte(from))
            .filter(Column::PostedAt.lt(until))
            .filter(which)
            .group_by(Expr::cust(ACCOUNT))
            .into_tuple()
            .all(on)
            .await?;
        for (account, sum) in rows {
            let one = moved.entry(account.clone()).or_insert(Moved {
                account,
                moved: Fen::ZERO,
                of_earlier: Fen::ZERO,
            });
            match of_earlier {
                true => one.of_earlier = Fen(sum),
                false => one.moved = Fen(sum),
            }
        }
    }
    Ok(moved.into_values().collect())
}

/// Closes a month; one that is closed already is refused.
pub async fn insert_closed_month(tx: &Tx, area: &AreaCode, new: &ClosedMonth) -> Result<(), Stop> {
    let row = closed_month::ActiveModel {
        area: Set(area.to_string()),
        close_id: Set(new.id.clone()),
        month: Set(new.month.to_string()),
        days: Set(new.days),
        accounts: Set(to_json(&new.accounts)?),
        digest: Set(new.digest.to_string()),
        closed_by: Set(new.by.clone()),
        closed_at: Set(new.at.micros()),
        withdrawn_at: Set(None),
    };
    let inserted = closed_month::Entity::insert(row)
        .exec_without_returning(&**tx)
        .await;
    inserted.map(drop).map_err(|fault| {
        taken(fault, || {
            MONTH_CLOSED.refuse().at("month").with("month", new.month)
        })
    })
}

/// A closed month that a key names, also when it was opened since.
pub async fn find_closed_month(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<ClosedMonth, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = closed_month::Entity::find_by_id(key).one(on).await?;
    Ok(parse_month(
        row.ok_or_else(|| unreadable("closed_month", id))?,
    )?)
}

/// A month, if it is closed.
pub async fn closed_month(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    month: Month,
) -> Result<Option<ClosedMonth>, Stop> {
    use closed_month::Column;
    let row = closed_month::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Month.eq(month.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .one(on)
        .await?;
    Ok(row.map(parse_month).transpose()?)
}

/// Locks a month, if it is closed: nobody opens it until this transaction ends.
pub async fn lock_closed_month(tx: &Tx, area: &AreaCode, month: Month) -> Result<bool, Stop> {
    use closed_month::Column;
    let row = closed_month::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Month.eq(month.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .lock_exclusive()
        .one(&**tx)
        .await?;
    Ok(row.is_some())
}

fn parse_month(row: closed_month::Model) -> Result<ClosedMonth, Refusal> {
    let unread = || unreadable("closed_month", &row.close_id);
    Ok(ClosedMonth {
        month: Month::parse(&row.month).ok_or_else(unread)?,
        days: row.days,
        accounts: of_json(&row.accounts, "closed_month", &row.close_id)?,
        digest: Digest::parse(&row.digest).ok_or_else(unread)?,
        by: row.closed_by,
        at: Instant::from_micros(row.closed_at),
        id: row.close_id,
    })
}

/// Opens a month again.
pub async fn withdraw_closed_month(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<(), Stop> {
    use closed_month::Column;
    closed_month::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::CloseId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}
