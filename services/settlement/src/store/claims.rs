//! Person-years, settlements and the ledger.

use super::{of_json, to_json, unreadable};
use crate::domain::{Bill, PersonYear, Posted};
use crate::entity::{person_year, posting, settlement};
use crate::ledger::Posting;
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, Day, Fen, Instant, PersonId, Refusal, Scheme, SettlementId};
use policy::ENGINE_VERSION;
use sea_orm::sea_query::{Alias, Expr, Func, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, TryInsertResult,
};
use store::{Db, Stop, Tx};

/// Settlements that touch a claim's days, as far as screening looks.
const HISTORY_MAX: u64 = 500;

/// An earlier settlement as far as screening needs it.
pub struct Past {
    /// Its id.
    pub id: SettlementId,
    /// The institution's code.
    pub institution: String,
    /// The institution's visit number.
    pub visit: String,
    /// 医疗类别 (med_type).
    pub med_type: String,
    /// First day.
    pub begin: String,
    /// Last day.
    pub end: String,
    /// Digest over what makes two bills the same.
    pub fingerprint: String,
}

/// One account of the ledger.
pub struct Account {
    /// Its name.
    pub name: String,
    /// The sum of its postings.
    pub balance: Fen,
    /// How many postings it has.
    pub postings: i64,
}

/// Locks the person-year, making it when it is the first claim of the year.
pub async fn lock_person_year(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    scheme: &Scheme,
    year: i32,
) -> Result<PersonYear, Stop> {
    let key = || {
        (
            area.to_string(),
            person.to_string(),
            scheme.to_string(),
            year,
        )
    };
    let locked = || person_year::Entity::find_by_id(key()).lock_exclusive();
    let row = match locked().one(&**tx).await? {
        Some(row) => row,
        None => {
            let first = person_year::ActiveModel {
                area: Set(area.to_string()),
                person_id: Set(person.to_string()),
                scheme: Set(scheme.to_string()),
                year: Set(year),
                version: Set(0),
                last_ordinal: Set(0),
                accumulators: Set("{}".into()),
            };
            let inserted = person_year::Entity::insert(first).on_conflict_do_nothing();
            match inserted.exec_without_returning(&**tx).await? {
                TryInsertResult::Inserted(1..) => return Ok(PersonYear::default()),
                // Another first claim won the race; its row can be locked now.
                _ => locked()
                    .one(&**tx)
                    .await?
                    .ok_or_else(|| INTERNAL.refuse())?,
            }
        }
    };
    Ok(parse_person_year(row)?)
}

/// The person-year as it stands, without a lock.
pub async fn accumulators(
    db: &Db,
    area: &AreaCode,
    person: PersonId,
    scheme: &Scheme,
    year: i32,
) -> Result<PersonYear, Stop> {
    let key = (
        area.to_string(),
        person.to_string(),
        scheme.to_string(),
        year,
    );
    let row = person_year::Entity::find_by_id(key)
        .one(db.reader())
        .await?;
    Ok(row.map(parse_person_year).transpose()?.unwrap_or_default())
}

/// Writes the person-year, which this transaction has locked.
pub async fn save_person_year(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    scheme: &Scheme,
    year: i32,
    now: &PersonYear,
) -> Result<(), Stop> {
    use person_year::Column;
    person_year::Entity::update_many()
        .col_expr(Column::Version, Expr::value(now.version))
        .col_expr(Column::LastOrdinal, Expr::value(now.last_ordinal))
        .col_expr(
            Column::Accumulators,
            Expr::value(to_json(&now.accumulators)?),
        )
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::Scheme.eq(scheme.as_str()))
        .filter(Column::Year.eq(year))
        .exec(&**tx)
        .await?;
    Ok(())
}

fn parse_person_year(row: person_year::Model) -> Result<PersonYear, Refusal> {
    let accumulators = of_json(&row.accumulators, "person_year", &row.person_id)?;
    Ok(PersonYear {
        version: row.version,
        last_ordinal: row.last_ordinal,
        accumulators,
    })
}

/// Inserts a settlement; false when its visit or bill is settled already.
pub async fn insert(tx: &Tx, area: &AreaCode, posted: &Posted) -> Result<bool, Stop> {
    let bill = &posted.evidence.bill;
    let row = settlement::ActiveModel {
        area: Set(area.to_string()),
        settlement_id: Set(posted.id.to_string()),
        person_id: Set(bill.person.to_string()),
        scheme: Set(bill.scheme.to_string()),
        year: Set(bill.year()),
        ordinal: Set(posted.ordinal),
        institution_code: Set(bill.institution.to_string()),
        visit_number: Set(bill.visit.clone()),
        med_type: Set(bill.med_type.to_string()),
        begin_day: Set(bill.begin.to_string()),
        end_day: Set(bill.end.to_string()),
        fingerprint: Set(bill.fingerprint().to_string()),
        total_fen: Set(posted.amounts.total.0),
        funds_fen: Set(posted.amounts.funds().0),
        cash_fen: Set(posted.amounts.cash.0),
        evidence: Set(to_json(&posted.evidence)?),
        basis: Set(to_json(&posted.basis)?),
        amounts: Set(to_json(&posted.amounts)?),
        engine_version: Set(i32::try_from(ENGINE_VERSION).unwrap_or(i32::MAX)),
        posted_at: Set(posted.posted_at.micros()),
        reversed_at: Set(None),
        reversal_reason: Set(None),
    };
    // Without a target: taken by any of the constraints, and the transaction stays usable.
    let taken = OnConflict::new().do_nothing().to_owned();
    let inserted = settlement::Entity::insert(row).on_conflict(taken);
    Ok(inserted.exec_without_returning(&**tx).await? > 0)
}

/// A settlement's row, if the area has it.
pub async fn find_row(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<settlement::Model>, Stop> {
    let key = (area.to_string(), id.to_string());
    Ok(settlement::Entity::find_by_id(key).one(on).await?)
}

/// A settlement, if the area has it.
pub async fn find_posted(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<Posted>, Stop> {
    let row = find_row(on, area, id).await?;
    Ok(row.map(parse_posted).transpose()?)
}

fn parse_posted(row: settlement::Model) -> Result<Posted, Refusal> {
    let id = SettlementId::parse(&row.settlement_id);
    let id = id.map_err(|_| unreadable("settlement", &row.settlement_id))?;
    Ok(Posted {
        id,
        ordinal: row.ordinal,
        evidence: of_json(&row.evidence, "settlement", &row.settlement_id)?,
        basis: of_json(&row.basis, "settlement", &row.settlement_id)?,
        amounts: of_json(&row.amounts, "settlement", &row.settlement_id)?,
        posted_at: Instant::from_micros(row.posted_at),
        reversed_at: row.reversed_at.map(Instant::from_micros),
    })
}

/// A standing settlement, as far as a refusal names it.
pub struct Standing {
    /// Its id.
    pub id: String,
    /// Its institution's code.
    pub institution: String,
}

/// The newest standing settlement of a person-year.
pub async fn newest_standing(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    scheme: &Scheme,
    year: i32,
) -> Result<Option<Standing>, Stop> {
    use settlement::Column;
    let newest: Option<(String, String)> = settlement::Entity::find()
        .select_only()
        .columns([Column::SettlementId, Column::InstitutionCode])
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::Scheme.eq(scheme.as_str()))
        .filter(Column::Year.eq(year))
        .filter(Column::ReversedAt.is_null())
        .order_by_desc(Column::Ordinal)
        .limit(1)
        .into_tuple()
        .one(&**tx)
        .await?;
    Ok(newest.map(|(id, institution)| Standing { id, institution }))
}

/// The standing settlements of the bill's visit and of the same bill: their ids, and whether it is
/// the visit that is the same.
pub async fn standing(tx: &Tx, area: &AreaCode, bill: &Bill) -> Result<Vec<(String, bool)>, Stop> {
    use settlement::Column;
    let same = Condition::any()
        .add(Column::VisitNumber.eq(bill.visit.as_str()))
        .add(Column::Fingerprint.eq(bill.fingerprint().to_string()));
    let rows: Vec<(String, String)> = settlement::Entity::find()
        .select_only()
        .columns([Column::SettlementId, Column::VisitNumber])
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::InstitutionCode.eq(bill.institution.as_str()))
        .filter(Column::ReversedAt.is_null())
        .filter(same)
        .limit(2)
        .into_tuple()
        .all(&**tx)
        .await?;
    let told = |(id, visit): (String, String)| (id, visit == bill.visit);
    Ok(rows.into_iter().map(told).collect())
}

/// Marks a settlement reversed.
pub async fn mark_reversed(
    tx: &Tx,
    area: &AreaCode,
    id: SettlementId,
    now: Instant,
    reason: &str,
) -> Result<(), Stop> {
    use settlement::Column;
    settlement::Entity::update_many()
        .col_expr(Column::ReversedAt, Expr::value(now.micros()))
        .col_expr(Column::ReversalReason, Expr::value(reason))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Standing settlements of a person that share a day with the bill.
pub async fn history(db: &Db, area: &AreaCode, bill: &Bill) -> Result<Vec<Past>, Stop> {
    use settlement::Column;
    let (begin, end): (Day, Day) = (bill.begin, bill.end);
    let rows: Vec<(String, String, String, String, String, String, String)> =
        settlement::Entity::find()
            .select_only()
            .columns([
                Column::SettlementId,
                Column::InstitutionCode,
                Column::VisitNumber,
            ])
            .columns([
                Column::MedType,
                Column::BeginDay,
                Column::EndDay,
                Column::Fingerprint,
            ])
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::PersonId.eq(bill.person.to_string()))
            .filter(Column::EndDay.gte(begin.to_string()))
            .filter(Column::BeginDay.lte(end.to_string()))
            .filter(Column::ReversedAt.is_null())
            .order_by_desc(Column::EndDay)
            .limit(HISTORY_MAX)
            .into_tuple()
            .all(db.reader())
            .await?;
    let past = |(id, institution, visit, med_type, begin, end, fingerprint): (
        String,
        _,
        _,
        _,
        _,
        _,
        _,
    )| {
        let id = SettlementId::parse(&id).map_err(|_| unreadable("settlement", &id))?;
        Ok(Past {
            id,
            institution,
            visit,
            med_type,
            begin,
            end,
            fingerprint,
        })
    };
    rows.into_iter().map(past).collect()
}

/// Writes one transaction of the ledger.
pub async fn insert_postings(
    tx: &Tx,
    area: &AreaCode,
    transaction: &str,
    reverses: Option<&str>,
    settlement: SettlementId,
    postings: &[Posting],
    now: Instant,
) -> Result<(), Stop> {
    let row = |(number, posting): (i32, &Posting)| posting::ActiveModel {
        area: Set(area.to_string()),
        transaction_id: Set(transaction.to_string()),
        number: Set(number),
        settlement_id: Set(settlement.to_string()),
        reverses: Set(reverses.map(String::from)),
        account: Set(posting.account.clone()),
        amount_fen: Set(posting.amount.0),
        posted_at: Set(now.micros()),
    };
    Ok(tx
        .insert_all((1..).zip(postings).map(row).collect())
        .await?)
}

/// The postings of a ledger transaction, in order.
pub async fn postings_of(
    tx: &Tx,
    area: &AreaCode,
    transaction: &str,
) -> Result<Vec<Posting>, Stop> {
    let rows = posting::Entity::find()
        .filter(posting::Column::Area.eq(area.as_str()))
        .filter(posting::Column::TransactionId.eq(transaction))
        .order_by_asc(posting::Column::Number)
        .all(&**tx)
        .await?;
    let posting = |row: posting::Model| Posting {
        account: row.account,
        amount: Fen(row.amount_fen),
    };
    Ok(rows.into_iter().map(posting).collect())
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
