//! Registered visits and their lines.

use super::{of_json, to_json, unreadable};
use crate::domain::{Approval, Bill, Listing, SettledPart, Upload, Visit, VisitLine, VisitState};
use crate::entity::{visit, visit_line};
use crate::refusal::VISIT_NUMBER_TAKEN;
use kernel::{
    AreaCode, Day, Fen, Instant, InstitutionCode, ItemCode, Quantity, Refusal, SettlementId,
    UnitPrice, VisitId,
};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use store::{Db, Stop, Tx};

/// Lines of one statement at most: their values stay below what both databases bind.
const LINES_OF_STATEMENT: usize = 500;

/// Inserts a visit; a second standing one of its number is refused.
pub async fn insert_visit(tx: &Tx, area: &AreaCode, new: &Visit) -> Result<(), Stop> {
    let facts = &new.facts;
    let row = visit::ActiveModel {
        area: Set(area.to_string()),
        visit_id: Set(new.id.to_string()),
        institution_code: Set(facts.institution.to_string()),
        visit_number: Set(facts.number.clone()),
        facts: Set(to_json(facts)?),
        end_day: Set(None),
        accident_check: Set(None),
        settlement_id: Set(None),
        version: Set(new.version),
        last_line: Set(0),
        registered_at: Set(new.registered_at.micros()),
        cancelled_at: Set(None),
        cancel_reason: Set(None),
        parts: Set(None),
    };
    // Without a target: whose constraint it meets does not matter.
    let exists = OnConflict::new().do_nothing().to_owned();
    let inserted = visit::Entity::insert(row).on_conflict(exists);
    match inserted.exec_without_returning(&**tx).await? {
        0 => {
            let no = VISIT_NUMBER_TAKEN.refuse().at("visit.visit_number");
            let no = no.with("institution_code", &facts.institution);
            Err(no.with("visit_number", &facts.number).into())
        }
        _ => Ok(()),
    }
}

/// A visit, if the area has it.
pub async fn find_visit(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<Visit>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = visit::Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse_visit).transpose()?)
}

/// Locks a visit.
pub async fn lock_visit(tx: &Tx, area: &AreaCode, id: VisitId) -> Result<Option<Visit>, Stop> {
    let key = (area.to_string(), id.to_string());
    let locked = visit::Entity::find_by_id(key).lock_exclusive();
    let row = locked.one(&**tx).await?;
    Ok(row.map(parse_visit).transpose()?)
}

/// Locks the standing visit of a bill's number.
pub async fn lock_visit_of(tx: &Tx, area: &AreaCode, bill: &Bill) -> Result<Option<Visit>, Stop> {
    let standing = visit::Entity::find().filter(of_number(area, (&bill.institution, &bill.visit)));
    let row = standing.lock_exclusive().one(&**tx).await?;
    Ok(row.map(parse_visit).transpose()?)
}

/// The standing visit of an institution's number, without a lock.
pub async fn find_visit_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: (&InstitutionCode, &str),
) -> Result<Option<Visit>, Stop> {
    let row = visit::Entity::find().filter(of_number(area, of)).one(on);
    Ok(row.await?.map(parse_visit).transpose()?)
}

/// The statement that tells the registered visit of a bill's number, for use inside another.
pub fn registered_visit(area: &AreaCode, bill: &Bill) -> SelectStatement {
    Query::select()
        .column(visit::Column::VisitId)
        .from(visit::Entity)
        .cond_where(of_number(area, (&bill.institution, &bill.visit)))
        .to_owned()
}

/// A registered visit by its number.
pub struct Registered {
    /// The institution's code.
    pub institution: String,
    /// The institution's number.
    pub number: String,
    /// The visit.
    pub visit: VisitId,
}

/// The registered visits of the bills' numbers.
pub async fn registered_visits(
    tx: &Tx,
    area: &AreaCode,
    bills: &[&Bill],
) -> Result<Vec<Registered>, Stop> {
    use visit::Column;
    let of = bills
        .iter()
        .map(|bill| of_number(area, (&bill.institution, &bill.visit)));
    let found: Vec<(String, String, String)> = visit::Entity::find()
        .select_only()
        .columns([
            Column::InstitutionCode,
            Column::VisitNumber,
            Column::VisitId,
        ])
        .filter(of.fold(Condition::any(), Condition::add))
        .into_tuple()
        .all(&**tx)
        .await?;
    let registered = |(institution, number, id): (String, String, String)| {
        Ok(Registered {
            institution,
            number,
            visit: VisitId::parse(&id).map_err(|_| unreadable("visit", &id))?,
        })
    };
    found.into_iter().map(registered).collect()
}

fn of_number(area: &AreaCode, (institution, number): (&InstitutionCode, &str)) -> Condition {
    use visit::Column;
    Condition::all()
        .add(Column::Area.eq(area.as_str()))
        .add(Column::InstitutionCode.eq(institution.as_str()))
        .add(Column::VisitNumber.eq(number))
        .add(Column::CancelledAt.is_null())
}

/// Writes a visit, which this transaction has locked, as its next version.
pub async fn save_visit(
    tx: &Tx,
    area: &AreaCode,
    now: &Visit,
    cancel_reason: Option<&str>,
) -> Result<(), Stop> {
    let check = now.check.as_ref().map(to_json).transpose()?;
    let parts = Some(&now.parts).filter(|parts| !parts.is_empty());
    let row = visit::ActiveModel {
        facts: Set(to_json(&now.facts)?),
        end_day: Set(now.end.map(|day| day.to_string())),
        accident_check: Set(check),
        settlement_id: Set(now.settlement.map(|id| id.to_string())),
        version: Set(now.version),
        last_line: Set(i32::try_from(now.last_line).unwrap_or(i32::MAX)),
        cancelled_at: Set(now.cancelled_at.map(Instant::micros)),
        cancel_reason: Set(cancel_reason.map(str::to_string)),
        parts: Set(parts.map(to_json).transpose()?),
        ..Default::default()
    };
    visit::Entity::update_many()
        .set(row)
        .filter(visit::Column::Area.eq(area.as_str()))
        .filter(visit::Column::VisitId.eq(now.id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Marks lines of a visit, which this transaction has locked, as settled.
pub async fn settle_lines(
    tx: &Tx,
    area: &AreaCode,
    visit: VisitId,
    numbers: &[u32],
    settlement: SettlementId,
) -> Result<(), Stop> {
    let settlement = Expr::value(settlement.to_string());
    mark_lines(
        tx,
        area,
        visit,
        numbers,
        visit_line::Column::SettlementId,
        settlement,
    )
    .await
}

/// Marks all lines of a visit, which this transaction has locked, that are not settled as settled.
pub async fn settle_rest(
    tx: &Tx,
    area: &AreaCode,
    visit: VisitId,
    settlement: SettlementId,
) -> Result<(), Stop> {
    use visit_line::Column;
    visit_line::Entity::update_many()
        .col_expr(Column::SettlementId, Expr::value(settlement.to_string()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::VisitId.eq(visit.to_string()))
        .filter(Column::SettlementId.is_null())
        .filter(Column::RevocationId.is_null())
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Frees the lines of a reversed settlement of a visit.
pub async fn free_lines(
    tx: &Tx,
    area: &AreaCode,
    visit: VisitId,
    settlement: SettlementId,
) -> Result<(), Stop> {
    use visit_line::Column;
    visit_line::Entity::update_many()
        .col_expr(Column::SettlementId, Expr::value(None::<String>))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::VisitId.eq(visit.to_string()))
        .filter(Column::SettlementId.eq(settlement.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

async fn mark_lines(
    tx: &Tx,
    area: &AreaCode,
    visit: VisitId,
    numbers: &[u32],
    column: visit_line::Column,
    value: Expr,
) -> Result<(), Stop> {
    use visit_line::Column;
    for numbers in numbers.chunks(LINES_OF_STATEMENT) {
        let numbers = numbers.iter().filter_map(|one| i32::try_from(*one).ok());
        visit_line::Entity::update_many()
            .col_expr(column, value.clone())
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::VisitId.eq(visit.to_string()))
            .filter(Column::Number.is_in(numbers))
            .exec(&**tx)
            .await?;
    }
    Ok(())
}

/// Visits of an institution by id, beginning after `after`.
pub async fn visits(
    db: &Db,
    area: &AreaCode,
    institution: &InstitutionCode,
    state: Option<VisitState>,
    after: &str,
    limit: u64,
) -> Result<Vec<Visit>, Stop> {
    use visit::Column;
    let (cancelled, settled) = (Column::CancelledAt, Column::SettlementId);
    let standing = Condition::all().add(cancelled.is_null());
    let of_state = match state {
        None => Condition::all(),
        Some(VisitState::Cancelled) => Condition::all().add(cancelled.is_not_null()),
        Some(VisitState::Settled) => standing.add(settled.is_not_null()),
        Some(VisitState::Discharged) => standing
            .add(settled.is_null())
            .add(Column::EndDay.is_not_null()),
        Some(VisitState::Open) => standing
            .add(settled.is_null())
            .add(Column::EndDay.is_null()),
    };
    let rows = visit::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::InstitutionCode.eq(institution.as_str()))
        .filter(Column::VisitId.gt(after))
        .filter(of_state)
        .order_by_asc(Column::VisitId)
        .limit(limit)
        .all(db.reader())
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_visit).collect();
    Ok(parsed?)
}

fn parse_visit(row: visit::Model) -> Result<Visit, Refusal> {
    let check = row.accident_check.as_deref();
    let check = check.map(|json| of_json(json, "visit", &row.visit_id));
    let facts = of_json(&row.facts, "visit", &row.visit_id)?;
    let check = check.transpose()?;
    let parts = row.parts.as_deref();
    let parts = parts.map(|json| of_json(json, "visit", &row.visit_id));
    let parts: Option<Vec<SettledPart>> = parts.transpose()?;
    let parsed = || {
        let settlement = row.settlement_id.as_deref().map(SettlementId::parse);
        let end = row.end_day.as_deref().map(Day::parse);
        Some(Visit {
            id: VisitId::parse(&row.visit_id).ok()?,
            facts,
            end: end.transpose().ok()?,
            check,
            settlement: settlement.transpose().ok()?,
            parts: parts.unwrap_or_default(),
            version: row.version,
            last_line: u32::try_from(row.last_line).ok()?,
            registered_at: Instant::from_micros(row.registered_at),
            cancelled_at: row.cancelled_at.map(Instant::from_micros),
        })
    };
    parsed().ok_or_else(|| unreadable("visit", &row.visit_id))
}

/// Inserts lines of a visit, which this transaction has locked.
pub async fn insert_lines(
    tx: &Tx,
    area: &AreaCode,
    visit: &Visit,
    lines: &[VisitLine],
    upload: &str,
) -> Result<(), Stop> {
    let row = |line: &VisitLine| line_row(area, visit, line, upload);
    for lines in lines.chunks(LINES_OF_STATEMENT) {
        let rows: Vec<_> = lines.iter().map(row).collect::<Result<_, _>>()?;
        visit_line::Entity::insert_many(rows)
            .exec_without_returning(&**tx)
            .await?;
    }
    Ok(())
}

fn line_row(
    area: &AreaCode,
    visit: &Visit,
    line: &VisitLine,
    upload: &str,
) -> Result<visit_line::ActiveModel, Refusal> {
    let item = line.item.as_ref().map(ToString::to_string);
    Ok(visit_line::ActiveModel {
        area: Set(area.to_string()),
        visit_id: Set(visit.id.to_string()),
        number: Set(i32::try_from(line.number).unwrap_or(i32::MAX)),
        institution_code: Set(visit.facts.institution.to_string()),
        line_code: Set(line.code.clone()),
        item_code: Set(item.unwrap_or_default()),
        local_code: Set(line.local_code.clone()),
        local_name: Set(line.local_name.clone()),
        unit_price: Set(line.unit_price.0),
        quantity: Set(line.quantity.0),
        amount_fen: Set(line.amount.0),
        approval: Set(approval_code(line.approval).to_string()),
        fee_day: Set(line.day.to_string()),
        original_line_code: Set(line.returns.clone()),
        listed: Set(line.listing.listed),
        listing: Set(to_json(&line.listing)?),
        upload_id: Set(upload.to_string()),
        settlement_id: Set(None),
        revocation_id: Set(None),
    })
}

const APPROVALS: [Approval; 3] = [Approval::Unsaid, Approval::Approved, Approval::Refused];

/// How the table writes 医院审批标志.
fn approval_code(approval: Approval) -> &'static str {
    match approval {
        Approval::Unsaid => "0",
        Approval::Approved => "1",
        Approval::Refused => "2",
    }
}

/// The standing lines of a visit, in the order of their upload.
pub async fn standing_lines(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    visit: VisitId,
) -> Result<Vec<VisitLine>, Stop> {
    let which = Condition::all()
        .add(visit_line::Column::VisitId.eq(visit.to_string()))
        .add(visit_line::Column::RevocationId.is_null());
    lines(on, area, which, None).await
}

/// Standing lines of a visit behind a number.
pub async fn lines_behind(
    db: &Db,
    area: &AreaCode,
    visit: VisitId,
    after: i32,
    limit: u64,
) -> Result<Vec<VisitLine>, Stop> {
    let which = Condition::all()
        .add(visit_line::Column::VisitId.eq(visit.to_string()))
        .add(visit_line::Column::RevocationId.is_null())
        .add(visit_line::Column::Number.gt(after));
    lines(db.reader(), area, which, Some(limit)).await
}

/// The lines of one upload, also those that were revoked since.
pub async fn uploaded_lines(
    db: &Db,
    area: &AreaCode,
    upload: &str,
) -> Result<Vec<VisitLine>, Stop> {
    let which = Condition::all().add(visit_line::Column::UploadId.eq(upload));
    lines(db.reader(), area, which, None).await
}

async fn lines(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    which: Condition,
    limit: Option<u64>,
) -> Result<Vec<VisitLine>, Stop> {
    let rows = visit_line::Entity::find()
        .filter(visit_line::Column::Area.eq(area.as_str()))
        .filter(which)
        .order_by_asc(visit_line::Column::Number)
        .limit(limit)
        .all(on)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse_line).collect();
    Ok(parsed?)
}

fn parse_line(row: visit_line::Model) -> Result<VisitLine, Refusal> {
    let listing: Listing = of_json(&row.listing, "visit_line", &row.visit_id)?;
    let parsed = || {
        let item = Some(row.item_code.as_str()).filter(|code| !code.is_empty());
        let settlement = row.settlement_id.as_deref().map(SettlementId::parse);
        let approval = |approval: &Approval| approval_code(*approval) == row.approval;
        Some(VisitLine {
            number: u32::try_from(row.number).ok()?,
            uploaded: Upload {
                code: row.line_code.clone(),
                item: item.map(ItemCode::parse).transpose().ok()?,
                local_code: row.local_code.clone(),
                local_name: row.local_name.clone(),
                unit_price: UnitPrice(row.unit_price),
                quantity: Quantity(row.quantity),
                amount: Fen(row.amount_fen),
                approval: APPROVALS.into_iter().find(approval)?,
                day: Day::parse(&row.fee_day).ok()?,
                returns: row.original_line_code.clone(),
            },
            listing,
            settlement: settlement.transpose().ok()?,
        })
    };
    parsed().ok_or_else(|| unreadable("visit_line", &row.visit_id))
}

/// Revokes lines of a visit, which this transaction has locked.
pub async fn revoke_lines(
    tx: &Tx,
    area: &AreaCode,
    visit: VisitId,
    numbers: &[u32],
    revocation: &str,
) -> Result<(), Stop> {
    let revocation = Expr::value(revocation);
    mark_lines(
        tx,
        area,
        visit,
        numbers,
        visit_line::Column::RevocationId,
        revocation,
    )
    .await
}

/// How many lines one revocation took.
pub async fn count_revoked(db: &Db, area: &AreaCode, revocation: &str) -> Result<u64, Stop> {
    use visit_line::Column;
    let found: Option<i64> = visit_line::Entity::find()
        .select_only()
        .expr(Func::count(Expr::col(Column::Number)))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::RevocationId.eq(revocation))
        .into_tuple()
        .one(db.reader())
        .await?;
    Ok(found
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or_default())
}

/// 未对码: an item that a catalogue did not have, or that has no national code.
pub struct Unmapped {
    /// 医保目录编码 (med_list_codg); empty when it has none.
    pub item: String,
    /// 医药机构目录编码 (medins_list_codg).
    pub local: String,
    /// How many lines.
    pub lines: i64,
    /// Their amounts together.
    pub amount: Fen,
}

/// Items that were not listed when they were uploaded, by their codes, behind the given ones.
pub async fn unmapped(
    db: &Db,
    area: &AreaCode,
    institution: &InstitutionCode,
    (from, to): (Day, Day),
    after: &str,
    limit: u64,
) -> Result<Vec<Unmapped>, Stop> {
    use visit_line::Column;
    let behind = match after.split_once(' ') {
        None => Condition::all(),
        Some((item, local)) => Condition::any().add(Column::ItemCode.gt(item)).add(
            Condition::all()
                .add(Column::ItemCode.eq(item))
                .add(Column::LocalCode.gt(local)),
        ),
    };
    // A sum of whole numbers is not one on every database.
    let amount = Expr::col(Column::AmountFen).sum().cast_as("bigint");
    let rows: Vec<(String, String, i64, i64)> = visit_line::Entity::find()
        .select_only()
        .columns([Column::ItemCode, Column::LocalCode])
        .expr(Func::count(Expr::col(Column::Number)))
        .expr(amount)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::InstitutionCode.eq(institution.as_str()))
        .filter(Column::Listed.eq(false))
        .filter(Column::RevocationId.is_null())
        .filter(Column::FeeDay.between(from.to_string(), to.to_string()))
        .filter(behind)
        .group_by(Column::ItemCode)
        .group_by(Column::LocalCode)
        .order_by_asc(Column::ItemCode)
        .order_by_asc(Column::LocalCode)
        .limit(limit)
        .into_tuple()
        .all(db.reader())
        .await?;
    let unmapped = |(item, local, lines, amount)| Unmapped {
        item,
        local,
        lines,
        amount: Fen(amount),
    };
    Ok(rows.into_iter().map(unmapped).collect())
}

/// The place of an item in the list of those not mapped.
pub fn unmapped_order(unmapped: &Unmapped) -> String {
    format!("{} {}", unmapped.item, unmapped.local)
}
