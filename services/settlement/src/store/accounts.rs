//! Personal accounts: the rows whose locks order what draws on them, their entries, and who may draw.

use super::unreadable;
use crate::domain::{
    Account, AccountEntry, Accounts, Authorization, By, Credit, EntryKind, Relation,
};
use crate::entity::{account_credit, account_entry, family_authorization, personal_account};
use kernel::{
    AreaCode, CreditId, Day, FamilyAuthorizationId, Fen, Instant, PersonId, Refusal, Scheme,
};
use sea_orm::sea_query::{Alias, Expr, Func, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{Db, Stop, Tx};

/// Authorizations of one person that are shown at most.
const SHOWN_MAX: u64 = 100;

/// The accounts of these people, locked in the order of their ids; who has none is missing.
pub async fn lock_accounts(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    people: &BTreeSet<PersonId>,
) -> Result<Vec<Account>, Stop> {
    let rows = of_people(area, people).lock_exclusive().all(on).await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_account).collect();
    Ok(parsed?)
}

/// The same, without a lock.
pub async fn read_accounts(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    people: &BTreeSet<PersonId>,
) -> Result<Vec<Account>, Stop> {
    let rows = of_people(area, people).all(on).await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_account).collect();
    Ok(parsed?)
}

/// Makes the accounts of these people that are not there yet, so that they can be locked.
pub async fn make_accounts(
    tx: &Tx,
    area: &AreaCode,
    people: &BTreeSet<PersonId>,
    year: i32,
) -> Result<(), Stop> {
    let row = |person: &PersonId| personal_account::ActiveModel {
        area: Set(area.to_string()),
        person_id: Set(person.to_string()),
        year: Set(year),
        current_fen: Set(0),
        past_fen: Set(0),
        version: Set(0),
    };
    let there = OnConflict::new().do_nothing().to_owned();
    personal_account::Entity::insert_many(people.iter().map(row))
        .on_conflict(there)
        .exec_without_returning(&**tx)
        .await?;
    Ok(())
}

fn of_people(area: &AreaCode, people: &BTreeSet<PersonId>) -> Select<personal_account::Entity> {
    use personal_account::Column;
    personal_account::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.is_in(people.iter().map(ToString::to_string)))
        .order_by_asc(Column::PersonId)
}

/// Writes what moved accounts, which this transaction has locked, with the entries.
pub async fn save_accounts(tx: &Tx, area: &AreaCode, accounts: &Accounts) -> Result<(), Stop> {
    let (moved, entries) = accounts.moved();
    if entries.is_empty() {
        return Ok(());
    }
    let row = |account: &Account| personal_account::ActiveModel {
        area: Set(area.to_string()),
        person_id: Set(account.person.to_string()),
        year: Set(account.year),
        current_fen: Set(account.current.0),
        past_fen: Set(account.past.0),
        version: Set(account.version),
    };
    use personal_account::Column;
    // Each of them is there: what would be inserted is what it becomes.
    let there = OnConflict::columns([Column::Area, Column::PersonId])
        .update_columns([Column::Year, Column::CurrentFen, Column::PastFen])
        .update_columns([Column::Version])
        .to_owned();
    personal_account::Entity::insert_many(moved.into_iter().map(row))
        .on_conflict(there)
        .exec_without_returning(&**tx)
        .await?;
    let row = |entry: &AccountEntry| account_entry::ActiveModel {
        area: Set(area.to_string()),
        person_id: Set(entry.person.to_string()),
        number: Set(entry.number),
        kind: Set(entry.kind.name().to_string()),
        subject_id: Set(entry.subject.clone()),
        member_id: Set(entry.by.map(|by| by.member.to_string())),
        authorization_id: Set(entry.by.map(|by| by.authorization.to_string())),
        of_year: Set(entry.of_year),
        current_fen: Set(entry.current.0),
        past_fen: Set(entry.past.0),
        balance_fen: Set(entry.balance.0),
        posted_at: Set(entry.posted_at.micros()),
    };
    Ok(tx.insert_all(entries.iter().map(row).collect()).await?)
}

/// Entries of an account behind a number, oldest first.
pub async fn account_entries(
    db: &Db,
    area: &AreaCode,
    person: PersonId,
    (after, size): (i64, u64),
) -> Result<Vec<AccountEntry>, Stop> {
    use account_entry::Column;
    let rows = account_entry::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::Number.gt(after))
        .order_by_asc(Column::Number)
        .limit(size)
        .all(db.reader())
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_entry).collect();
    Ok(parsed?)
}

/// What was drawn by authorizations in a year, and not given back.
pub async fn used_by(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    ids: &[FamilyAuthorizationId],
    year: i32,
) -> Result<BTreeMap<FamilyAuthorizationId, Fen>, Stop> {
    use account_entry::Column;
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = |column: Column| Func::cast_as(column.sum(), Alias::new("bigint"));
    let rows: Vec<(String, i64, i64)> = account_entry::Entity::find()
        .select_only()
        .column(Column::AuthorizationId)
        .expr_as(sum(Column::CurrentFen), "current")
        .expr_as(sum(Column::PastFen), "past")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::AuthorizationId.is_in(ids.iter().map(ToString::to_string)))
        .filter(Column::OfYear.eq(year))
        .group_by(Column::AuthorizationId)
        .into_tuple()
        .all(on)
        .await?;
    let used = |(id, current, past): (String, i64, i64)| {
        let parsed = FamilyAuthorizationId::parse(&id);
        let id = parsed.map_err(|_| unreadable("account_entry", &id))?;
        Ok((id, -(Fen(current) + Fen(past))))
    };
    let used: Result<_, Refusal> = rows.into_iter().map(used).collect();
    Ok(used?)
}

/// Inserts a credit.
pub async fn insert_credit(tx: &Tx, area: &AreaCode, new: &Credit) -> Result<(), Stop> {
    let row = account_credit::ActiveModel {
        area: Set(area.to_string()),
        credit_id: Set(new.id.to_string()),
        person_id: Set(new.person.to_string()),
        scheme: Set(new.scheme.to_string()),
        amount_fen: Set(new.amount.0),
        period: Set(new.period.clone()),
        reason: Set(new.reason.clone()),
        posted_at: Set(new.posted_at.micros()),
        withdrawn_at: Set(None),
        alone: Set(Some(new.alone)),
    };
    let inserted = account_credit::Entity::insert(row);
    inserted.exec_without_returning(&**tx).await?;
    Ok(())
}

/// What one person alone credited to a person in a calendar year, and was not withdrawn.
pub async fn credited_alone(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    year: i32,
) -> Result<Fen, Stop> {
    use account_credit::Column;
    let first = |year| Day::first_of(year).map(|day| Instant::beginning_of(day).micros());
    let (from, to) = (first(year), first(year.saturating_add(1)));
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = Func::cast_as(Column::AmountFen.sum(), Alias::new("bigint"));
    let sum: Option<Option<i64>> = account_credit::Entity::find()
        .select_only()
        .expr_as(sum, "sum")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::PostedAt.gte(from.unwrap_or(0)))
        .filter(Column::PostedAt.lt(to.unwrap_or(i64::MAX)))
        .filter(Column::Alone.eq(true))
        .filter(Column::WithdrawnAt.is_null())
        .into_tuple()
        .one(&**tx)
        .await?;
    Ok(Fen(sum.flatten().unwrap_or(0)))
}

/// A credit that a key names, also when it was withdrawn since.
pub async fn find_credit(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Credit, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = account_credit::Entity::find_by_id(key).one(on).await?;
    let row = row.ok_or_else(|| unreadable("account_credit", id))?;
    let parsed = || {
        Some(Credit {
            id: CreditId::parse(&row.credit_id).ok()?,
            person: PersonId::parse(&row.person_id).ok()?,
            scheme: Scheme::parse(&row.scheme)?,
            amount: Fen(row.amount_fen),
            period: row.period.clone(),
            reason: row.reason.clone(),
            posted_at: Instant::from_micros(row.posted_at),
            withdrawn_at: row.withdrawn_at.map(Instant::from_micros),
            alone: row.alone.unwrap_or(false),
        })
    };
    Ok(parsed().ok_or_else(|| unreadable("account_credit", id))?)
}

/// Marks a credit withdrawn.
pub async fn mark_credit_withdrawn(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<(), Stop> {
    use account_credit::Column;
    account_credit::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::CreditId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Inserts an authorization; the accounts of both are locked.
pub async fn insert_authorization(
    tx: &Tx,
    area: &AreaCode,
    new: &Authorization,
) -> Result<(), Stop> {
    let row = family_authorization::ActiveModel {
        area: Set(area.to_string()),
        authorization_id: Set(new.id.to_string()),
        holder_id: Set(new.holder.to_string()),
        member_id: Set(new.member.to_string()),
        relation: Set(new.relation.name().to_string()),
        from_day: Set(new.from.to_string()),
        until_day: Set(new.until.map(|day| day.to_string())),
        limit_fen: Set(new.limit.map(|limit| limit.0)),
        authorized_at: Set(new.authorized_at.micros()),
        ended_at: Set(None),
        end_reason: Set(None),
    };
    let inserted = family_authorization::Entity::insert(row);
    inserted.exec_without_returning(&**tx).await?;
    Ok(())
}

/// Ends an authorization, whose holder's account is locked; one that has ended stays as it is.
pub async fn end_authorization(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
    reason: &str,
) -> Result<(), Stop> {
    use family_authorization::Column;
    family_authorization::Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now.micros()))
        .col_expr(Column::EndReason, Expr::value(reason))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::AuthorizationId.eq(id))
        .filter(Column::EndedAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(())
}

/// An authorization, if the area has it.
pub async fn find_authorization(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<Authorization>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = family_authorization::Entity::find_by_id(key)
        .one(on)
        .await?;
    Ok(row.map(parse_authorization).transpose()?)
}

/// By which a person may draw on relatives' accounts on a day, in the order in which they were given.
pub async fn drawn_by(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    member: PersonId,
    day: Day,
) -> Result<Vec<Authorization>, Stop> {
    use family_authorization::Column;
    let member = Column::MemberId.eq(member.to_string());
    let standing = Condition::all().add(member).add(Column::EndedAt.is_null());
    let mut all = authorizations(on, area, standing, None).await?;
    all.retain(|one| one.holds_on(day));
    Ok(all)
}

/// Those of a holder and those of a member that were not ended.
pub async fn standing_authorizations(
    tx: &Tx,
    area: &AreaCode,
    holder: PersonId,
    member: PersonId,
) -> Result<Vec<Authorization>, Stop> {
    use family_authorization::Column;
    let either = Condition::any()
        .add(Column::HolderId.eq(holder.to_string()))
        .add(Column::MemberId.eq(member.to_string()));
    let standing = Condition::all().add(either).add(Column::EndedAt.is_null());
    authorizations(&**tx, area, standing, None).await
}

/// Those of a holder, and those of a member, also when they ended; oldest first.
pub async fn shown_authorizations(
    db: &Db,
    area: &AreaCode,
    person: PersonId,
) -> Result<[Vec<Authorization>; 2], Stop> {
    use family_authorization::Column;
    let of = |column: Column| Condition::all().add(column.eq(person.to_string()));
    let limit = Some(SHOWN_MAX);
    Ok([
        authorizations(db.reader(), area, of(Column::HolderId), limit).await?,
        authorizations(db.reader(), area, of(Column::MemberId), limit).await?,
    ])
}

async fn authorizations(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    which: Condition,
    limit: Option<u64>,
) -> Result<Vec<Authorization>, Stop> {
    use family_authorization::Column;
    let rows = family_authorization::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(which)
        .order_by_asc(Column::AuthorizedAt)
        .order_by_asc(Column::AuthorizationId)
        .limit(limit)
        .all(on)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_authorization).collect();
    Ok(parsed?)
}

fn parse_account(row: personal_account::Model) -> Result<Account, Refusal> {
    let person = PersonId::parse(&row.person_id);
    Ok(Account {
        person: person.map_err(|_| unreadable("personal_account", &row.person_id))?,
        year: row.year,
        current: Fen(row.current_fen),
        past: Fen(row.past_fen),
        version: row.version,
    })
}

fn parse_entry(row: account_entry::Model) -> Result<AccountEntry, Refusal> {
    let parsed = || {
        let by = match (row.member_id.as_deref(), row.authorization_id.as_deref()) {
            (Some(member), Some(authorization)) => Some(By {
                member: PersonId::parse(member).ok()?,
                authorization: FamilyAuthorizationId::parse(authorization).ok()?,
            }),
            _ => None,
        };
        Some(AccountEntry {
            person: PersonId::parse(&row.person_id).ok()?,
            number: row.number,
            kind: EntryKind::parse(&row.kind)?,
            subject: row.subject_id.clone(),
            by,
            of_year: row.of_year,
            current: Fen(row.current_fen),
            past: Fen(row.past_fen),
            balance: Fen(row.balance_fen),
            posted_at: Instant::from_micros(row.posted_at),
        })
    };
    parsed().ok_or_else(|| unreadable("account_entry", &row.person_id))
}

fn parse_authorization(row: family_authorization::Model) -> Result<Authorization, Refusal> {
    let parsed = || {
        let until = row.until_day.as_deref().map(Day::parse);
        Some(Authorization {
            id: FamilyAuthorizationId::parse(&row.authorization_id).ok()?,
            holder: PersonId::parse(&row.holder_id).ok()?,
            member: PersonId::parse(&row.member_id).ok()?,
            relation: Relation::parse(&row.relation)?,
            from: Day::parse(&row.from_day).ok()?,
            until: until.transpose().ok()?,
            limit: row.limit_fen.map(Fen),
            authorized_at: Instant::from_micros(row.authorized_at),
            ended_at: row.ended_at.map(Instant::from_micros),
        })
    };
    parsed().ok_or_else(|| unreadable("family_authorization", &row.authorization_id))
}
