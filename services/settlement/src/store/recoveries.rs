//! What third parties paid back, and the settlements they answer for.

use super::claims::effective;
use super::receivables::revoked;
use super::unreadable;
use crate::domain::{Cause, Posted, Received, Recovery};
use crate::entity::{posting, recovery, revision, settlement};
use kernel::{AreaCode, Day, Fen, Instant, RecoveryId, Refusal, SettlementId};
use recovery::Column;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Func, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use std::collections::BTreeMap;
use store::{Db, Stop, Tx};

/// Recoveries of one settlement that are shown.
const SHOWN_MAX: u64 = 100;

/// Writes a recovery.
pub async fn insert_recovery(tx: &Tx, area: &AreaCode, new: &Recovery) -> Result<(), Stop> {
    let row = recovery::ActiveModel {
        area: Set(area.to_string()),
        recovery_id: Set(new.id.to_string()),
        settlement_id: Set(new.settlement.to_string()),
        payer_name: Set(new.payer.clone()),
        amount_fen: Set(new.amount.0),
        received_day: Set(new.day.to_string()),
        document_number: Set(new.document.clone()),
        recorded_by: Set(new.recorded.0.clone()),
        recorded_at: Set(new.recorded.1.micros()),
        revoked_at: Set(None),
        revoke_reason: Set(None),
    };
    let inserted = recovery::Entity::insert(row);
    inserted.exec_without_returning(&**tx).await?;
    Ok(())
}

/// A recovery, if the area has it.
pub async fn find_recovery(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: RecoveryId,
) -> Result<Option<Recovery>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = recovery::Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse).transpose()?)
}

/// Marks a recovery revoked, whose person-year this transaction has locked.
pub async fn revoke_recovery(
    tx: &Tx,
    area: &AreaCode,
    id: RecoveryId,
    (reason, now): (&str, Instant),
) -> Result<(), Stop> {
    recovery::Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now.micros()))
        .col_expr(Column::RevokeReason, Expr::value(reason))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::RecoveryId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// The newest recoveries of a settlement, oldest first, revoked ones too.
pub async fn recoveries_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: SettlementId,
) -> Result<Vec<Recovery>, Stop> {
    let rows = recovery::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.eq(id.to_string()))
        .order_by_desc(Column::RecordedAt)
        .order_by_desc(Column::RecoveryId)
        .limit(SHOWN_MAX)
        .all(on)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().rev().map(parse).collect();
    Ok(parsed?)
}

/// What came back to each fund of each of these settlements, as the ledger has it: a revoked recovery
/// and its opposite are nothing together. Those of which nothing came back are missing.
pub async fn received_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    settlements: &[SettlementId],
) -> Result<BTreeMap<SettlementId, Received>, Stop> {
    use posting::Column as Moved;
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = Func::cast_as(Moved::AmountFen.sum(), Alias::new("bigint"));
    let of_subject = Expr::col((posting::Entity, Moved::SubjectId))
        .equals((recovery::Entity, Column::RecoveryId));
    let of_area =
        Expr::col((posting::Entity, Moved::Area)).equals((recovery::Entity, Column::Area));
    let rows = Query::select()
        .column((recovery::Entity, Column::SettlementId))
        .column((posting::Entity, Moved::Account))
        .expr_as(sum, "moved")
        .from(recovery::Entity)
        .inner_join(
            posting::Entity,
            Condition::all().add(of_area).add(of_subject),
        )
        .and_where(Column::Area.eq(area.as_str()))
        .and_where(Column::SettlementId.is_in(settlements.iter().map(ToString::to_string)))
        .and_where(Moved::Account.starts_with("fund:"))
        .group_by_col((recovery::Entity, Column::SettlementId))
        .group_by_col((posting::Entity, Moved::Account))
        .to_owned();
    let backend = on.get_database_backend();
    let mut all: BTreeMap<SettlementId, Received> = BTreeMap::new();
    for row in on.query_all_raw(backend.build(&rows)).await? {
        let id: String = row.try_get_by_index(0)?;
        let account: String = row.try_get_by_index(1)?;
        let moved: i64 = row.try_get_by_index(2)?;
        let settlement = SettlementId::parse(&id).map_err(|_| unreadable("recovery", &id))?;
        if let (Some(fund), 1..) = (account.strip_prefix("fund:"), moved) {
            let funds = all.entry(settlement).or_default();
            funds.insert(fund.to_string(), Fen(moved));
        }
    }
    Ok(all)
}

/// Standing settlements with an advance, or of which a third party became known later, posted from the
/// first instant until the second, in the order in which they were, behind a place in it.
pub async fn advances_between(
    db: &Db,
    area: &AreaCode,
    (from, until): (Instant, Instant),
    after: Option<(i64, String)>,
    size: u64,
) -> Result<Vec<Posted>, Stop> {
    use settlement::Column;
    let behind = after.map(|(at, id)| {
        let same = Condition::all()
            .add(Column::PostedAt.eq(at))
            .add(Column::SettlementId.gt(id));
        Condition::any().add(Column::PostedAt.gt(at)).add(same)
    });
    let later = revision::Entity::find()
        .select_only()
        .column(revision::Column::SettlementId)
        .filter(revision::Column::Area.eq(area.as_str()))
        .filter(revision::Column::Cause.eq(Cause::ThirdParty.name()))
        .filter(revision::Column::WithdrawnAt.is_null());
    let advanced = Condition::any()
        .add(Column::Advance.is_not_null())
        .add(Column::SettlementId.in_subquery(later.into_query()));
    let rows = settlement::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReversedAt.is_null())
        .filter(Column::PostedAt.gte(from.micros()))
        .filter(Column::PostedAt.lt(until.micros()))
        .filter(advanced)
        .filter(Condition::all().add_option(behind))
        .order_by_asc(Column::PostedAt)
        .order_by_asc(Column::SettlementId)
        .limit(size)
        .all(db.reader())
        .await?;
    effective(db.reader(), area, rows).await
}

fn parse(row: recovery::Model) -> Result<Recovery, Refusal> {
    let bad = || unreadable("recovery", &row.recovery_id);
    Ok(Recovery {
        id: RecoveryId::parse(&row.recovery_id).map_err(|_| bad())?,
        settlement: SettlementId::parse(&row.settlement_id).map_err(|_| bad())?,
        payer: row.payer_name,
        amount: Fen(row.amount_fen),
        day: Day::parse(&row.received_day).map_err(|_| unreadable("recovery", &row.recovery_id))?,
        document: row.document_number,
        recorded: (row.recorded_by, Instant::from_micros(row.recorded_at)),
        revoked: revoked(row.revoked_at, row.revoke_reason),
    })
}
