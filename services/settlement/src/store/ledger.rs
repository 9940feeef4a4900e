//! The ledger, and the subsidies that are posted to it.

use super::unreadable;
use crate::domain::Subsidy;
use crate::entity::{posting, recovery, revision, subsidy};
use crate::ledger::{Entry, Posting, Transaction};
use crate::refusal::SUBSIDY_POSTED;
use kernel::{
    AreaCode, CoverageId, Fen, IdentityKind, Instant, PersonId, Refusal, Scheme, SubsidyId,
};
use sea_orm::sea_query::{Alias, Expr, Func, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use std::collections::BTreeMap;
use store::{Db, Stop, Tx};

/// One account of the ledger.
pub struct Account {
    /// Its name.
    pub name: String,
    /// The sum of its postings.
    pub balance: Fen,
    /// How many postings it has.
    pub postings: i64,
}

/// Writes transactions of the ledger.
pub async fn insert_transactions(
    tx: &Tx,
    area: &AreaCode,
    transactions: &[Transaction],
    now: Instant,
) -> Result<(), Stop> {
    Ok(tx.insert_all(posting_rows(area, transactions, now)).await?)
}

/// The postings of transactions as rows; each transaction's sum is zero.
pub(super) fn posting_rows(
    area: &AreaCode,
    transactions: &[Transaction],
    now: Instant,
) -> Vec<posting::ActiveModel> {
    let mut rows = Vec::new();
    for transaction in transactions {
        let amounts = transaction.postings.iter().map(|posting| posting.amount);
        debug_assert_eq!(amounts.sum::<Fen>(), Fen::ZERO, "{}", transaction.id);
        for (number, posting) in (1..).zip(&transaction.postings) {
            rows.push(posting::ActiveModel {
                area: Set(area.to_string()),
                transaction_id: Set(transaction.id.clone()),
                number: Set(number),
                subject_id: Set(transaction.subject.clone()),
                reverses: Set(transaction.reverses.clone()),
                account: Set(posting.account.clone()),
                amount_fen: Set(posting.amount.0),
                posted_at: Set(now.micros()),
            });
        }
    }
    rows
}

/// The postings of ledger transactions, each in order; those without any are missing.
pub async fn postings_of(
    tx: &Tx,
    area: &AreaCode,
    transactions: &[String],
) -> Result<BTreeMap<String, Vec<Posting>>, Stop> {
    let rows = posting::Entity::find()
        .filter(posting::Column::Area.eq(area.as_str()))
        .filter(posting::Column::TransactionId.is_in(transactions))
        .order_by_asc(posting::Column::TransactionId)
        .order_by_asc(posting::Column::Number)
        .all(&**tx)
        .await?;
    let mut all: BTreeMap<String, Vec<Posting>> = BTreeMap::new();
    for row in rows {
        let postings = all.entry(row.transaction_id).or_default();
        postings.push(Posting {
            account: row.account,
            amount: Fen(row.amount_fen),
        });
    }
    Ok(all)
}

/// All entries of a settlement with its revisions and recoveries, of one revision, a recovery, a correction or a subsidy, in the
/// order in which they were posted.
pub async fn entries(db: &Db, area: &AreaCode, subject: &str) -> Result<Vec<Entry>, Stop> {
    let revisions = revision::Entity::find()
        .select_only()
        .column(revision::Column::RevisionId)
        .filter(revision::Column::Area.eq(area.as_str()))
        .filter(
            Condition::any()
                .add(revision::Column::SettlementId.eq(subject))
                .add(revision::Column::CorrectionId.eq(subject)),
        );
    let recoveries = recovery::Entity::find()
        .select_only()
        .column(recovery::Column::RecoveryId)
        .filter(recovery::Column::Area.eq(area.as_str()))
        .filter(recovery::Column::SettlementId.eq(subject));
    let of_subject = Condition::any()
        .add(posting::Column::SubjectId.eq(subject))
        .add(posting::Column::SubjectId.in_subquery(revisions.into_query()))
        .add(posting::Column::SubjectId.in_subquery(recoveries.into_query()));
    let found = found(db, area, of_subject).await?;
    Ok(found.into_iter().map(|(_, entry)| entry).collect())
}

/// All entries of settlements and subsidies, without those of revisions, of each in the order in which
/// they were posted; those without any are missing.
pub async fn entries_of(
    db: &Db,
    area: &AreaCode,
    subjects: &[String],
) -> Result<BTreeMap<String, Vec<Entry>>, Stop> {
    let these = Condition::all().add(posting::Column::SubjectId.is_in(subjects));
    let mut all: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for (subject, entry) in found(db, area, these).await? {
        all.entry(subject).or_default().push(entry);
    }
    Ok(all)
}

/// Entries with their subjects, in the order in which they were posted.
async fn found(db: &Db, area: &AreaCode, which: Condition) -> Result<Vec<(String, Entry)>, Stop> {
    let mut rows = posting::Entity::find()
        .filter(posting::Column::Area.eq(area.as_str()))
        .filter(which)
        .all(db.reader())
        .await?;
    // Ids of one moment have no order: what reverses comes after what it reverses.
    rows.sort_by(|a, b| {
        let place = |row: &posting::Model| (row.posted_at, row.reverses.is_some());
        let (a_place, b_place) = (place(a), place(b));
        let within = (&a.transaction_id, a.number).cmp(&(&b.transaction_id, b.number));
        a_place.cmp(&b_place).then(within)
    });
    let entry = |row: posting::Model| {
        let entry = Entry {
            transaction: row.transaction_id,
            number: row.number,
            posting: Posting {
                account: row.account,
                amount: Fen(row.amount_fen),
            },
            reverses: row.reverses,
            posted_at: Instant::from_micros(row.posted_at),
        };
        (row.subject_id, entry)
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// Every account of the area with its balance.
pub async fn trial_balance(db: &Db, area: &AreaCode) -> Result<Vec<Account>, Stop> {
    use posting::Column;
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = Func::cast_as(Column::AmountFen.sum(), Alias::new("bigint"));
    let rows: Vec<(String, i64, i64)> = posting::Entity::find()
        .select_only()
        .column(Column::Account)
        .expr_as(sum, "balance")
        .expr_as(Column::Number.count(), "postings")
        .filter(Column::Area.eq(area.as_str()))
        .group_by(Column::Account)
        .order_by_asc(Column::Account)
        .into_tuple()
        .all(db.reader())
        .await?;
    let account = |(name, balance, postings)| Account {
        name,
        balance: Fen(balance),
        postings,
    };
    Ok(rows.into_iter().map(account).collect())
}

/// Inserts a subsidy; a second one of a person's fee is refused.
pub async fn insert_subsidy(tx: &Tx, area: &AreaCode, new: &Subsidy) -> Result<(), Stop> {
    let row = subsidy::ActiveModel {
        area: Set(area.to_string()),
        subsidy_id: Set(new.id.to_string()),
        person_id: Set(new.person.to_string()),
        scheme: Set(new.scheme.to_string()),
        year: Set(new.year),
        identity_kind: Set(new.identity.as_ref().map(ToString::to_string)),
        subsidy_fen: Set(new.amount.0),
        coverage_id: Set(new.coverage.to_string()),
        posted_at: Set(new.posted_at.micros()),
        withdrawn_at: Set(None),
    };
    // Without a target: the constraint it meets is not that of the key.
    let there = OnConflict::new().do_nothing().to_owned();
    let inserted = subsidy::Entity::insert(row).on_conflict(there);
    match inserted.exec_without_returning(&**tx).await? {
        0 => Err(posted_already(tx, area, new).await?.into()),
        _ => Ok(()),
    }
}

async fn posted_already(tx: &Tx, area: &AreaCode, new: &Subsidy) -> Result<Refusal, Stop> {
    let standing = subsidy::Entity::find()
        .filter(subsidy::Column::Area.eq(area.as_str()))
        .filter(subsidy::Column::PersonId.eq(new.person.to_string()))
        .filter(subsidy::Column::Scheme.eq(new.scheme.as_str()))
        .filter(subsidy::Column::Year.eq(new.year))
        .filter(subsidy::Column::WithdrawnAt.is_null())
        .one(&**tx)
        .await?;
    Ok(match standing {
        Some(row) => SUBSIDY_POSTED
            .refuse()
            .with("year", new.year)
            .with("subsidy_id", row.subsidy_id),
        // It was withdrawn a moment ago: asked again, the subsidy is posted.
        None => kernel::refusal::CONTENTION.refuse(),
    })
}

/// A subsidy that a key names, also when it was withdrawn since.
pub async fn find_subsidy(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Subsidy, Stop> {
    let found = subsidy_if_any(on, area, id).await?;
    Ok(found.ok_or_else(|| unreadable("subsidy", id))?)
}

/// A subsidy, also when it was withdrawn since, if there is one.
pub async fn subsidy_if_any(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<Subsidy>, Stop> {
    let key = (area.to_string(), id.to_string());
    let Some(row) = subsidy::Entity::find_by_id(key).one(on).await? else {
        return Ok(None);
    };
    let parsed = || {
        let identity = row.identity_kind.as_deref();
        Some(Subsidy {
            id: SubsidyId::parse(&row.subsidy_id).ok()?,
            person: PersonId::parse(&row.person_id).ok()?,
            scheme: Scheme::parse(&row.scheme)?,
            year: row.year,
            identity: match identity {
                Some(kind) => Some(IdentityKind::parse(kind)?),
                None => None,
            },
            amount: Fen(row.subsidy_fen),
            coverage: CoverageId::parse(&row.coverage_id).ok()?,
            posted_at: Instant::from_micros(row.posted_at),
            withdrawn_at: row.withdrawn_at.map(Instant::from_micros),
        })
    };
    let parsed = parsed().ok_or_else(|| unreadable("subsidy", id))?;
    Ok(Some(parsed))
}

/// Marks a subsidy withdrawn; false when it was already.
pub async fn withdraw_subsidy(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<bool, Stop> {
    let marked = subsidy::Entity::update_many()
        .col_expr(subsidy::Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(subsidy::Column::Area.eq(area.as_str()))
        .filter(subsidy::Column::SubsidyId.eq(id))
        .filter(subsidy::Column::WithdrawnAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(marked.rows_affected == 1)
}
