//! How patients were reminded of what they owe.

use super::receivables::{SHOWN_MAX, revoked};
use super::unreadable;
use crate::domain::{Channel, Reminder, Step};
use crate::entity::{receivable, receivable_reminder};
use crate::refusal::REMINDER_EXISTS;
use kernel::{AreaCode, Day, Instant, ReceivableId, Refusal, ReminderId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use store::{Stop, Tx};

/// Writes a reminder; a second one of a step is refused.
pub async fn insert_reminder(tx: &Tx, area: &AreaCode, new: &Reminder) -> Result<(), Stop> {
    let row = receivable_reminder::ActiveModel {
        area: Set(area.to_string()),
        reminder_id: Set(new.id.to_string()),
        receivable_id: Set(new.receivable.to_string()),
        step: Set(new.step.number()),
        channel: Set(new.channel.name().to_string()),
        reminded_day: Set(new.day.to_string()),
        note: Set(new.note.clone()),
        recorded_by: Set(new.recorded.0.clone()),
        recorded_at: Set(new.recorded.1.micros()),
        revoked_at: Set(None),
        revoke_reason: Set(None),
    };
    // Without a target: whose constraint it meets does not matter.
    let exists = OnConflict::new().do_nothing().to_owned();
    let inserted = receivable_reminder::Entity::insert(row).on_conflict(exists);
    match inserted.exec_without_returning(&**tx).await? {
        0 => {
            let no = REMINDER_EXISTS.refuse().at("step");
            Err(no.with("receivable_id", new.receivable).into())
        }
        _ => Ok(()),
    }
}

/// A reminder, if the area has it.
pub async fn find_reminder(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: ReminderId,
) -> Result<Option<Reminder>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = receivable_reminder::Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse_reminder).transpose()?)
}

/// The newest reminders of a receivable, oldest first, revoked ones too.
pub async fn reminders_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: ReceivableId,
) -> Result<Vec<Reminder>, Stop> {
    use receivable_reminder::Column;
    let rows = receivable_reminder::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReceivableId.eq(id.to_string()))
        .order_by_desc(Column::RecordedAt)
        .order_by_desc(Column::ReminderId)
        .limit(SHOWN_MAX)
        .all(on)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().rev().map(parse_reminder).collect();
    Ok(parsed?)
}

/// Marks a reminder revoked, whose receivable this transaction has locked.
pub async fn revoke_reminder(
    tx: &Tx,
    area: &AreaCode,
    id: ReminderId,
    (reason, now): (&str, Instant),
) -> Result<(), Stop> {
    use receivable_reminder::Column;
    receivable_reminder::Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now.micros()))
        .col_expr(Column::RevokeReason, Expr::value(reason))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReminderId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A reminder of this step or a later one that stands, for use inside another statement.
pub fn answered(step: Step) -> SelectStatement {
    use receivable::Column;
    use receivable_reminder::{Column as Reminder, Entity};
    let of_this = |column, of| Expr::col((Entity, column)).equals((receivable::Entity, of));
    Query::select()
        .expr(Expr::value(1))
        .from(Entity)
        .cond_where(
            Condition::all()
                .add(of_this(Reminder::Area, Column::Area))
                .add(of_this(Reminder::ReceivableId, Column::ReceivableId))
                .add(Reminder::Step.gte(step.number()))
                .add(Reminder::RevokedAt.is_null()),
        )
        .to_owned()
}

fn parse_reminder(row: receivable_reminder::Model) -> Result<Reminder, Refusal> {
    let bad = || unreadable("receivable_reminder", &row.reminder_id);
    let mut steps = Step::ALL.into_iter();
    let step = steps.find(|step| step.number() == row.step);
    Ok(Reminder {
        id: ReminderId::parse(&row.reminder_id).map_err(|_| bad())?,
        receivable: ReceivableId::parse(&row.receivable_id).map_err(|_| bad())?,
        step: step.ok_or_else(bad)?,
        channel: Channel::parse(&row.channel).ok_or_else(bad)?,
        day: Day::parse(&row.reminded_day).map_err(|_| bad())?,
        note: row.note.clone(),
        recorded: (
            row.recorded_by.clone(),
            Instant::from_micros(row.recorded_at),
        ),
        revoked: revoked(row.revoked_at, row.revoke_reason.clone()),
    })
}
