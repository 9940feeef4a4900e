//! 承办机构对账文件: what a fund's account moved, and files of it.

use super::{of_json, to_json, unreadable};
use crate::domain::closing::Month;
use crate::domain::payer_file::{LineBill, LineKind, PayerFile, PayerLine};
use crate::entity::{
    account_credit, payer_file, payer_file_line, posting, recovery, revision, settlement, subsidy,
};
use crate::refusal::PAYER_FILE_EXISTS;
use kernel::{AreaCode, Day, Digest, Fen, Fund, Instant, InstitutionCode, Refusal};
use sea_orm::sea_query::{Alias, Expr, Func, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};
use std::collections::BTreeMap;
use store::{Stop, Tx, taken};

/// What moved a fund's account in a month: one row for each transaction, in the order in which they were
/// posted; one more than `max` where there are more.
pub async fn lines_moved(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    (fund, month): (&Fund, Month),
    max: u64,
) -> Result<Vec<PayerLine>, Stop> {
    use posting::Column;
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = Func::cast_as(Column::AmountFen.sum(), Alias::new("bigint"));
    let rows: Vec<Moved> = moved(area, fund, month)
        .select_only()
        .columns([Column::TransactionId, Column::SubjectId, Column::Reverses])
        .column(Column::PostedAt)
        .expr_as(sum, "moved")
        .group_by(Column::TransactionId)
        .group_by(Column::SubjectId)
        .group_by(Column::Reverses)
        .group_by(Column::PostedAt)
        .order_by_asc(Column::PostedAt)
        .order_by_asc(Column::TransactionId)
        .limit(max.saturating_add(1))
        .into_tuple()
        .all(on)
        .await?;
    let subjects = subjects(on, area, moved(area, fund, month)).await?;
    let lines = rows.into_iter().zip(1..);
    let lines = lines.map(|(row, number)| line(number, row, &subjects));
    Ok(lines.collect())
}

type Moved = (String, String, Option<String>, i64, i64);

/// The postings of a fund's account in a month.
fn moved(area: &AreaCode, fund: &Fund, month: Month) -> Select<posting::Entity> {
    use posting::Column;
    posting::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Account.eq(account(fund)))
        .filter(Column::PostedAt.gte(Instant::beginning_of(month.first()).micros()))
        .filter(Column::PostedAt.lt(Instant::beginning_of(month.after()).micros()))
}

fn account(fund: &Fund) -> String {
    format!("fund:{fund}")
}

/// What subjects of the ledger are.
#[derive(Default)]
struct Subjects {
    /// Corrections and recoveries: their kind, and the settlement that they are of.
    of_settlements: BTreeMap<String, (LineKind, String)>,
    /// Settlements: the person, and the bill.
    bills: BTreeMap<String, (String, LineBill)>,
    /// Subsidies and credits: the person.
    people: BTreeMap<String, String>,
}

async fn subjects(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    moved: Select<posting::Entity>,
) -> Result<Subjects, Stop> {
    let ids = || -> SelectStatement {
        let subjects = moved.clone().select_only();
        subjects.column(posting::Column::SubjectId).into_query()
    };
    let mut found = Subjects::default();
    let revisions: Vec<(String, String)> = revision::Entity::find()
        .select_only()
        .columns([revision::Column::RevisionId, revision::Column::SettlementId])
        .filter(revision::Column::Area.eq(area.as_str()))
        .filter(revision::Column::RevisionId.in_subquery(ids()))
        .into_tuple()
        .all(on)
        .await?;
    let recoveries: Vec<(String, String)> = recovery::Entity::find()
        .select_only()
        .columns([recovery::Column::RecoveryId, recovery::Column::SettlementId])
        .filter(recovery::Column::Area.eq(area.as_str()))
        .filter(recovery::Column::RecoveryId.in_subquery(ids()))
        .into_tuple()
        .all(on)
        .await?;
    for (kind, rows) in [
        (LineKind::Revision, revisions),
        (LineKind::Recovery, recoveries),
    ] {
        let of = |(id, settlement)| (id, (kind, settlement));
        found.of_settlements.extend(rows.into_iter().map(of));
    }
    found.bills = bills(on, area, &ids).await?;
    let subsidies: Vec<(String, String)> = subsidy::Entity::find()
        .select_only()
        .columns([subsidy::Column::SubsidyId, subsidy::Column::PersonId])
        .filter(subsidy::Column::Area.eq(area.as_str()))
        .filter(subsidy::Column::SubsidyId.in_subquery(ids()))
        .into_tuple()
        .all(on)
        .await?;
    let credits: Vec<(String, String)> = account_credit::Entity::find()
        .select_only()
        .columns([
            account_credit::Column::CreditId,
            account_credit::Column::PersonId,
        ])
        .filter(account_credit::Column::Area.eq(area.as_str()))
        .filter(account_credit::Column::CreditId.in_subquery(ids()))
        .into_tuple()
        .all(on)
        .await?;
    found.people = subsidies.into_iter().chain(credits).collect();
    Ok(found)
}

/// The settlements that are subjects, or that corrections and recoveries among them are of.
async fn bills(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    ids: &impl Fn() -> SelectStatement,
) -> Result<BTreeMap<String, (String, LineBill)>, Stop> {
    use settlement::Column;
    let revised = revision::Entity::find()
        .select_only()
        .column(revision::Column::SettlementId)
        .filter(revision::Column::Area.eq(area.as_str()))
        .filter(revision::Column::RevisionId.in_subquery(ids()));
    let recovered = recovery::Entity::find()
        .select_only()
        .column(recovery::Column::SettlementId)
        .filter(recovery::Column::Area.eq(area.as_str()))
        .filter(recovery::Column::RecoveryId.in_subquery(ids()));
    let these = Condition::any()
        .add(Column::SettlementId.in_subquery(ids()))
        .add(Column::SettlementId.in_subquery(revised.into_query()))
        .add(Column::SettlementId.in_subquery(recovered.into_query()));
    let rows: Vec<(String, String, String, String)> = settlement::Entity::find()
        .select_only()
        .columns([Column::SettlementId, Column::PersonId])
        .columns([Column::InstitutionCode, Column::EndDay])
        .filter(Column::Area.eq(area.as_str()))
        .filter(these)
        .into_tuple()
        .all(on)
        .await?;
    let bill = |(settlement, person, institution, end): (String, String, String, String)| {
        let end = Day::parse(&end).map_err(|_| unreadable("settlement", &settlement))?;
        let bill = LineBill {
            settlement: settlement.clone(),
            institution,
            end,
        };
        Ok((settlement, (person, bill)))
    };
    let bills: Result<_, Refusal> = rows.into_iter().map(bill).collect();
    Ok(bills?)
}

fn line(
    number: i64,
    (transaction, subject, reverses, posted_at, moved): Moved,
    subjects: &Subjects,
) -> PayerLine {
    let of = subjects.of_settlements.get(&subject);
    let settlement = of.map_or(&subject, |(_, settlement)| settlement);
    let bill = subjects.bills.get(settlement);
    let first = match (of, bill) {
        (Some((kind, _)), _) => *kind,
        (None, Some(_)) => LineKind::Settlement,
        (None, None) => LineKind::Other,
    };
    let kind = match (first, reverses.is_some()) {
        (LineKind::Settlement, true) => LineKind::Reversal,
        (LineKind::Revision, true) => LineKind::RevisionTakenBack,
        (LineKind::Recovery, true) => LineKind::RecoveryRevoked,
        (kind, _) => kind,
    };
    let person = bill.map(|(person, _)| person);
    let person = person.or_else(|| subjects.people.get(&subject));
    PayerLine {
        number,
        transaction,
        kind,
        person: person.cloned().unwrap_or_default(),
        bill: bill.map(|(_, bill)| bill.clone()),
        subject,
        posted_at: Instant::from_micros(posted_at),
        // What leaves the account is what its payer pays.
        amount: Fen(moved.saturating_neg()),
    }
}

/// What a fund's account paid in a month: one sum.
pub async fn paid_in(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    fund: &Fund,
    month: Month,
) -> Result<Fen, Stop> {
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = Func::cast_as(posting::Column::AmountFen.sum(), Alias::new("bigint"));
    let moved: Option<Option<i64>> = moved(area, fund, month)
        .select_only()
        .expr_as(sum, "moved")
        .into_tuple()
        .one(on)
        .await?;
    Ok(Fen(moved.flatten().unwrap_or(0).saturating_neg()))
}

/// On which day a fund's account first moved for these subjects; those that never moved it are missing.
pub async fn paid_elsewhere(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    fund: &Fund,
    subjects: &[String],
) -> Result<BTreeMap<String, Day>, Stop> {
    use posting::Column;
    if subjects.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, i64)> = posting::Entity::find()
        .select_only()
        .column(Column::SubjectId)
        .expr_as(Column::PostedAt.min(), "first")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SubjectId.is_in(subjects))
        .filter(Column::Account.eq(account(fund)))
        .group_by(Column::SubjectId)
        .into_tuple()
        .all(on)
        .await?;
    let day = |(subject, first)| (subject, Instant::from_micros(first).day());
    Ok(rows.into_iter().map(day).collect())
}

/// Writes a file with its lines; a second one of a fund and month is refused.
pub async fn insert_payer_file(
    tx: &Tx,
    area: &AreaCode,
    new: &PayerFile,
    lines: &[PayerLine],
) -> Result<(), Stop> {
    let row = payer_file::ActiveModel {
        area: Set(area.to_string()),
        file_id: Set(new.id.clone()),
        fund: Set(new.fund.to_string()),
        month: Set(new.month.to_string()),
        totals: Set(to_json(&new.totals)?),
        digest: Set(new.digest.to_string()),
        prepared_by: Set(new.by.clone()),
        prepared_at: Set(new.at.micros()),
        withdrawn_at: Set(None),
    };
    let inserted = payer_file::Entity::insert(row);
    let inserted = inserted.exec_without_returning(&**tx).await;
    inserted.map_err(|fault| taken(fault, || exists(&new.fund, new.month)))?;
    let row = |line: &PayerLine| payer_file_line::ActiveModel {
        area: Set(area.to_string()),
        file_id: Set(new.id.clone()),
        number: Set(line.number),
        transaction_id: Set(line.transaction.clone()),
        kind: Set(line.kind.name().to_string()),
        subject_id: Set(line.subject.clone()),
        settlement_id: Set(line.bill.as_ref().map(|bill| bill.settlement.clone())),
        institution_code: Set(line.bill.as_ref().map(|bill| bill.institution.clone())),
        end_day: Set(line.bill.as_ref().map(|bill| bill.end.to_string())),
        person_id: Set(line.person.clone()),
        posted_at: Set(line.posted_at.micros()),
        amount_fen: Set(line.amount.0),
    };
    Ok(tx.insert_all(lines.iter().map(row).collect()).await?)
}

/// A month of a fund is frozen once.
pub fn exists(fund: &Fund, month: Month) -> Refusal {
    let no = PAYER_FILE_EXISTS.refuse().at("month");
    no.with("fund", fund).with("month", month)
}

/// The file of a fund and month.
pub async fn payer_file_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    fund: &Fund,
    month: Month,
) -> Result<Option<PayerFile>, Stop> {
    use payer_file::Column;
    let row = payer_file::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Fund.eq(fund.as_str()))
        .filter(Column::Month.eq(month.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .one(on)
        .await?;
    Ok(row.map(parse).transpose()?)
}

/// A file that a key names, also when it was taken back since.
pub async fn find_payer_file(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<PayerFile, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = payer_file::Entity::find_by_id(key).one(on).await?;
    Ok(parse(row.ok_or_else(|| unreadable("payer_file", id))?)?)
}

/// Takes a file back.
pub async fn withdraw_payer_file(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<(), Stop> {
    use payer_file::Column;
    payer_file::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::FileId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Lines of a file behind a place, those of one institution or all.
pub async fn payer_lines(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    file: &str,
    institution: Option<&InstitutionCode>,
    (after, size): (i64, u64),
) -> Result<Vec<PayerLine>, Stop> {
    use payer_file_line::Column;
    let mut of = payer_file_line::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::FileId.eq(file))
        .filter(Column::Number.gt(after));
    if let Some(code) = institution {
        of = of.filter(Column::InstitutionCode.eq(code.as_str()));
    }
    let rows = of.order_by_asc(Column::Number).limit(size).all(on).await?;
    let lines: Result<_, Refusal> = rows.into_iter().map(parse_line).collect();
    Ok(lines?)
}

fn parse(row: payer_file::Model) -> Result<PayerFile, Refusal> {
    let unread = || unreadable("payer_file", &row.file_id);
    Ok(PayerFile {
        fund: Fund::parse(&row.fund).ok_or_else(unread)?,
        month: Month::parse(&row.month).ok_or_else(unread)?,
        totals: of_json(&row.totals, "payer_file", &row.file_id)?,
        digest: Digest::parse(&row.digest).ok_or_else(unread)?,
        by: row.prepared_by,
        at: Instant::from_micros(row.prepared_at),
        id: row.file_id,
    })
}

fn parse_line(row: payer_file_line::Model) -> Result<PayerLine, Refusal> {
    let unread = || unreadable("payer_file_line", &row.file_id);
    let bill = match (row.settlement_id, row.institution_code, row.end_day) {
        (Some(settlement), Some(institution), Some(end)) => Some(LineBill {
            settlement,
            institution,
            end: Day::parse(&end).map_err(|_| unread())?,
        }),
        _ => None,
    };
    Ok(PayerLine {
        number: row.number,
        transaction: row.transaction_id,
        kind: LineKind::parse(&row.kind).ok_or_else(unread)?,
        subject: row.subject_id,
        bill,
        person: row.person_id,
        posted_at: Instant::from_micros(row.posted_at),
        amount: Fen(row.amount_fen),
    })
}
