//! 接入方, their keys, and the nonces they used.

use crate::entity::{envelope_key, envelope_nonce, envelope_sender};
use crate::envelopes::{Ended, Manner, Rotation, Sender, SenderKey};
use crate::refusal::{SENDER_EXISTS, SENDER_KEY_EXISTS};
use kernel::message::{Convention, User};
use kernel::refusal::INTERNAL;
use kernel::sm2::PublicKey;
use kernel::{AreaCode, Day, Instant, Refusal, SenderId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, TryInsertResult,
};
use store::{Call, Db, Stop, Tx, taken};

/// Inserts a sender with its first key.
pub async fn insert(tx: &Tx, area: &AreaCode, new: &Sender) -> Result<(), Stop> {
    let convention = new.manner.convention;
    let row = envelope_sender::ActiveModel {
        area: Set(area.to_string()),
        sender_id: Set(new.id.to_string()),
        app_id: Set(new.app_id.clone()),
        secret: Set(new.secret.clone()),
        acts_as: Set(new.acts_as.clone()),
        signed_as: Set(number_of(convention.user)),
        scalars_as_text: Set(convention.scalars_as_text),
        escaped: Set(convention.escaped),
        encryption_required: Set(new.manner.encryption_required),
        registered_by: Set(new.registered.0.clone()),
        registered_at: Set(new.registered.1.micros()),
        ended_by: Set(None),
        ended_at: Set(None),
        end_reason: Set(None),
        withdrawn_at: Set(None),
    };
    let inserted = envelope_sender::Entity::insert(row);
    let exists = || SENDER_EXISTS.refuse().with("app_id", &new.app_id);
    inserted
        .exec_without_returning(&**tx)
        .await
        .map_err(|fault| taken(fault, || exists().at("app_id")))?;
    for key in &new.keys {
        insert_key(tx, area, new.id, key).await?;
    }
    Ok(())
}

async fn insert_key(
    tx: &Tx,
    area: &AreaCode,
    sender: SenderId,
    key: &SenderKey,
) -> Result<(), Stop> {
    let row = envelope_key::ActiveModel {
        area: Set(area.to_string()),
        sender_id: Set(sender.to_string()),
        number: Set(key.number),
        public_key: Set(key.key.to_string()),
        from_day: Set(key.from.to_string()),
        previous_until_day: Set(key.previous_until.map(|day| day.to_string())),
        added_by: Set(key.added.0.clone()),
        added_at: Set(key.added.1.micros()),
        withdrawn_at: Set(None),
    };
    let inserted = envelope_key::Entity::insert(row);
    let exists = || SENDER_KEY_EXISTS.refuse().at("public_key");
    let done = inserted.exec_without_returning(&**tx).await;
    done.map_err(|fault| taken(fault, exists))?;
    Ok(())
}

/// Adds a key to a locked sender; its number.
pub async fn rotate(
    tx: &Tx,
    call: &Call,
    sender: &Sender,
    rotation: &Rotation,
) -> Result<i32, Stop> {
    use envelope_key::Column;
    let area = &call.key.area;
    // Those that were withdrawn keep their numbers.
    let last = envelope_key::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SenderId.eq(sender.id.to_string()))
        .order_by_desc(Column::Number)
        .one(&**tx)
        .await?;
    let last = last.map_or(0, |row| row.number);
    let key = SenderKey {
        number: last.checked_add(1).ok_or_else(|| INTERNAL.refuse())?,
        key: rotation.key,
        from: rotation.from,
        previous_until: Some(rotation.previous_until),
        added: (call.key.caller.clone(), call.now),
    };
    insert_key(tx, area, sender.id, &key).await?;
    Ok(key.number)
}

/// Takes a key back.
pub async fn withdraw_key(
    tx: &Tx,
    area: &AreaCode,
    (sender, number): (&str, i32),
    now: Instant,
) -> Result<(), Stop> {
    use envelope_key::Column;
    envelope_key::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SenderId.eq(sender))
        .filter(Column::Number.eq(number))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Ends a locked sender, or takes that back.
pub async fn set_ended(
    tx: &Tx,
    area: &AreaCode,
    sender: &str,
    ended: Option<&Ended>,
) -> Result<(), Stop> {
    use envelope_sender::Column;
    let by = ended.map(|ended| ended.by.clone());
    let at = ended.map(|ended| ended.at.micros());
    let reason = ended.map(|ended| ended.reason.clone());
    envelope_sender::Entity::update_many()
        .col_expr(Column::EndedBy, Expr::value(by))
        .col_expr(Column::EndedAt, Expr::value(at))
        .col_expr(Column::EndReason, Expr::value(reason))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SenderId.eq(sender))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// A sender never was, nor were its keys.
pub async fn withdraw(tx: &Tx, area: &AreaCode, sender: &str, now: Instant) -> Result<(), Stop> {
    use envelope_key::Column as Key;
    use envelope_sender::Column;
    envelope_sender::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SenderId.eq(sender))
        .exec(&**tx)
        .await?;
    envelope_key::Entity::update_many()
        .col_expr(Key::WithdrawnAt, Expr::value(now.micros()))
        .filter(Key::Area.eq(area.as_str()))
        .filter(Key::SenderId.eq(sender))
        .filter(Key::WithdrawnAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Locks a sender by its app id.
pub async fn lock(tx: &Tx, area: &AreaCode, app_id: &str) -> Result<Option<Sender>, Stop> {
    let row = envelope_sender::Entity::find()
        .filter(of_app(area, app_id))
        .lock_exclusive()
        .one(&**tx)
        .await?;
    first_of(&**tx, area, row).await
}

/// Locks a sender by its id, whatever became of it.
pub async fn lock_id(tx: &Tx, area: &AreaCode, id: &str) -> Result<(), Stop> {
    envelope_sender::Entity::find_by_id((area.to_string(), id.to_string()))
        .lock_exclusive()
        .one(&**tx)
        .await?;
    Ok(())
}

/// A sender by its app id.
pub async fn of(db: &Db, area: &AreaCode, app_id: &str) -> Result<Option<Sender>, Stop> {
    let row = envelope_sender::Entity::find()
        .filter(of_app(area, app_id))
        .one(db.reader())
        .await?;
    first_of(db.reader(), area, row).await
}

/// A sender by its id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Sender, Stop> {
    let row = envelope_sender::Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    let found = first_of(db.reader(), area, row).await?;
    Ok(found.ok_or_else(|| INTERNAL.refuse())?)
}

/// Senders behind an app id, in the order of their app ids.
pub async fn page(db: &Db, area: &AreaCode, after: &str, rows: u64) -> Result<Vec<Sender>, Stop> {
    use envelope_sender::Column;
    let rows = envelope_sender::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::AppId.gt(after))
        .order_by_asc(Column::AppId)
        .limit(rows)
        .all(db.reader())
        .await?;
    with_keys(db.reader(), area, rows).await
}

fn of_app(area: &AreaCode, app_id: &str) -> Condition {
    use envelope_sender::Column;
    Condition::all()
        .add(Column::Area.eq(area.as_str()))
        .add(Column::AppId.eq(app_id))
        .add(Column::WithdrawnAt.is_null())
}

async fn first_of(
    db: &impl ConnectionTrait,
    area: &AreaCode,
    row: Option<envelope_sender::Model>,
) -> Result<Option<Sender>, Stop> {
    let rows = row.into_iter().collect();
    Ok(with_keys(db, area, rows).await?.into_iter().next())
}

/// Senders with their keys: one query for all.
async fn with_keys(
    db: &impl ConnectionTrait,
    area: &AreaCode,
    rows: Vec<envelope_sender::Model>,
) -> Result<Vec<Sender>, Stop> {
    use envelope_key::Column;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let keys = envelope_key::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SenderId.is_in(rows.iter().map(|row| row.sender_id.as_str())))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::Number)
        .all(db)
        .await?;
    let parsed = rows.into_iter().map(|row| {
        let own = keys.iter().filter(|key| key.sender_id == row.sender_id);
        parse(&row, own).ok_or_else(|| unreadable(&row.sender_id).into())
    });
    parsed.collect()
}

/// A nonce is used; false when it was before, here or at another replica.
pub async fn use_nonce(
    tx: &Tx,
    area: &AreaCode,
    (app_id, nonce): (&str, &str),
    until: Instant,
) -> Result<bool, Stop> {
    let row = envelope_nonce::ActiveModel {
        area: Set(area.to_string()),
        app_id: Set(app_id.to_string()),
        nonce: Set(nonce.to_string()),
        until_at: Set(until.micros()),
    };
    let inserted = envelope_nonce::Entity::insert(row).on_conflict_do_nothing();
    Ok(matches!(
        inserted.exec_without_returning(&**tx).await?,
        TryInsertResult::Inserted(1..)
    ))
}

/// Forgets the nonces of messages that were too old before this; how many.
pub async fn sweep(db: &Db, before: Instant) -> Result<u64, Stop> {
    use envelope_nonce::Column;
    let swept = db.write(|tx| async move {
        let old = envelope_nonce::Entity::delete_many()
            .filter(Column::UntilAt.lt(before.micros()))
            .exec(&*tx)
            .await?;
        Ok(old.rows_affected)
    });
    swept.await
}

fn number_of(user: User) -> i16 {
    match user {
        User::Usual => 1,
        User::Secret => 2,
    }
}

fn parse<'a>(
    row: &envelope_sender::Model,
    keys: impl Iterator<Item = &'a envelope_key::Model>,
) -> Option<Sender> {
    let user = match row.signed_as {
        1 => User::Usual,
        2 => User::Secret,
        _ => return None,
    };
    let ended = row.ended_by.clone().zip(row.ended_at);
    let ended = ended.map(|(by, at)| Ended {
        by,
        at: Instant::from_micros(at),
        reason: row.end_reason.clone().unwrap_or_default(),
    });
    Some(Sender {
        id: SenderId::parse(&row.sender_id).ok()?,
        app_id: row.app_id.clone(),
        secret: row.secret.clone(),
        acts_as: row.acts_as.clone(),
        manner: Manner {
            convention: Convention {
                user,
                scalars_as_text: row.scalars_as_text,
                escaped: row.escaped,
            },
            encryption_required: row.encryption_required,
        },
        keys: keys.map(parse_key).collect::<Option<_>>()?,
        registered: (
            row.registered_by.clone(),
            Instant::from_micros(row.registered_at),
        ),
        ended,
    })
}

fn parse_key(row: &envelope_key::Model) -> Option<SenderKey> {
    let until = row.previous_until_day.as_deref().map(Day::parse);
    Some(SenderKey {
        number: row.number,
        key: PublicKey::parse(&row.public_key).ok()?,
        from: Day::parse(&row.from_day).ok()?,
        previous_until: until.transpose().ok()?,
        added: (row.added_by.clone(), Instant::from_micros(row.added_at)),
    })
}

fn unreadable(id: &str) -> Refusal {
    tracing::error!(sender_id = id, "a row of envelope_sender cannot be read");
    INTERNAL.refuse()
}
