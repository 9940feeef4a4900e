//! Settlements. What is read of one is as it stands: by its newest revision, where it has one.

use super::packed::{Documents, Form};
use super::registers::place_code;
use super::{json_of, revisions, unreadable};
use crate::domain::indicator::IdentityClass;
use crate::domain::{Bill, Evidence, Posted, Revision, Taken, YearKey};
use crate::entity::settlement;
use kernel::refusal::BAD_PAGE_TOKEN;
use kernel::{AreaCode, Day, Instant, InstitutionCode, PersonId, Refusal, Scheme, SettlementId};
use policy::ENGINE_VERSION;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, UpdateMany,
};
use std::collections::{BTreeMap, BTreeSet};
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

/// Inserts settlements; false when the visit or bill of one of them is settled already.
pub async fn insert(tx: &Tx, area: &AreaCode, posted: &[Posted]) -> Result<bool, Stop> {
    let form = Form::of(&**tx).await?;
    let row = |posted| settlement_row(area, posted, form);
    let rows: Vec<_> = posted.iter().map(row).collect::<Result<_, _>>()?;
    // Without a target: taken by any of the constraints, and the transaction stays usable.
    let taken = OnConflict::new().do_nothing().to_owned();
    let inserted = settlement::Entity::insert_many(rows).on_conflict(taken);
    let inserted = inserted.exec_without_returning(&**tx).await?;
    Ok(usize::try_from(inserted).is_ok_and(|inserted| inserted == posted.len()))
}

pub(super) fn settlement_row(
    area: &AreaCode,
    posted: &Posted,
    form: Form,
) -> Result<settlement::ActiveModel, Refusal> {
    let bill = &posted.evidence.bill;
    let plain = Documents::of(posted)?;
    let (documents, packed) = match form {
        Form::Plain => (plain, None),
        Form::Packed => (Documents::default(), Some(plain.packed()?)),
    };
    Ok(settlement::ActiveModel {
        area: Set(area.to_string()),
        settlement_id: Set(posted.id.to_string()),
        person_id: Set(bill.person.to_string()),
        scheme: Set(bill.scheme.to_string()),
        year: Set(bill.year_key().year),
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
        evidence: Set(documents.evidence),
        basis: Set(documents.basis),
        amounts: Set(documents.amounts),
        engine_version: Set(i32::try_from(ENGINE_VERSION).unwrap_or(i32::MAX)),
        posted_at: Set(posted.posted_at.micros()),
        reversed_at: Set(None),
        reversal_reason: Set(None),
        reimbursement_id: Set(bill.reimbursement.map(|id| id.to_string())),
        revision: Set(None),
        part: Set(part_number(bill)),
        advance: Set(bill.has_advance().then_some(true)),
        place: Set(Some(place_code(posted.evidence.place).to_string())),
        tier: Set(Some(posted.evidence.tier.to_string())),
        identity_class: Set(Some(identity_class(&posted.evidence))),
        packed: Set(packed),
    })
}

/// How the tables write what class of identity a decision rests on.
pub(super) fn identity_class(evidence: &Evidence) -> String {
    IdentityClass::of(evidence).name().to_string()
}

/// How the table writes which part of its stay a bill is.
fn part_number(bill: &Bill) -> i32 {
    let number = bill.part.map_or(0, |part| part.number);
    i32::try_from(number).unwrap_or(i32::MAX)
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
    let found = effective(on, area, row.into_iter().collect()).await?;
    Ok(found.into_iter().next())
}

/// The standing settlements of a person-year, this many from this ordinal on, in their order.
pub async fn standing_from(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    whose: &YearKey,
    ordinal: i64,
    limit: u64,
) -> Result<Vec<Posted>, Stop> {
    use settlement::Column;
    let rows = standing_of(area)
        .filter(of_year(whose))
        .filter(Column::Ordinal.gte(ordinal))
        .order_by_asc(Column::Ordinal)
        .limit(limit)
        .all(on)
        .await?;
    effective(on, area, rows).await
}

/// The last days of the standing settlements of a person-year, in their order.
pub async fn settled_days(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    whose: &YearKey,
) -> Result<Vec<String>, Stop> {
    use settlement::Column;
    let days = standing_of(area)
        .select_only()
        .column(Column::EndDay)
        .distinct()
        .filter(of_year(whose))
        .order_by_asc(Column::EndDay)
        .into_tuple()
        .all(on)
        .await?;
    Ok(days)
}

/// The one place where rows become settlements as they stand.
pub(super) async fn effective(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    rows: Vec<settlement::Model>,
) -> Result<Vec<Posted>, Stop> {
    let mut settlements = Vec::with_capacity(rows.len());
    let mut newest = Vec::new();
    for row in rows {
        let number = row.revision;
        let posted = parse_posted(row)?;
        newest.extend(number.map(|number| (posted.id, number)));
        settlements.push(posted);
    }
    let revisions = revisions::of_numbers(on, area, &newest).await?;
    let mut revisions: BTreeMap<SettlementId, Revision> = revisions
        .into_iter()
        .map(|one| (one.settlement, one))
        .collect();
    let revised: BTreeSet<SettlementId> = newest.into_iter().map(|(id, _)| id).collect();
    for posted in &mut settlements {
        if revised.contains(&posted.id) {
            let newest = revisions.remove(&posted.id);
            let newest = newest.ok_or_else(|| unreadable("revision", &posted.id.to_string()))?;
            posted.evidence = newest.evidence;
            posted.basis = newest.basis;
            posted.amounts = newest.amounts;
            posted.revision = newest.number;
        }
    }
    Ok(settlements)
}

/// Settlements as they were posted, whatever revised them since.
pub async fn as_posted(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    ids: &[SettlementId],
) -> Result<Vec<Posted>, Stop> {
    let rows = rows_of(on, area, ids).await?;
    let parsed: Result<Vec<Posted>, Refusal> = rows.into_iter().map(parse_posted).collect();
    Ok(parsed?)
}

async fn rows_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    ids: &[SettlementId],
) -> Result<Vec<settlement::Model>, Stop> {
    let these = settlement::Column::SettlementId.is_in(ids.iter().map(ToString::to_string));
    let rows = settlement::Entity::find()
        .filter(settlement::Column::Area.eq(area.as_str()))
        .filter(these)
        .all(on)
        .await?;
    Ok(rows)
}

/// Says which revision of a settlement is its newest; 0 for none.
pub async fn point_to_revision(
    tx: &Tx,
    area: &AreaCode,
    id: SettlementId,
    number: i64,
) -> Result<(), Stop> {
    use settlement::Column;
    let newest = Some(number).filter(|number| *number > 0);
    settlement::Entity::update_many()
        .col_expr(Column::Revision, Expr::value(newest))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.eq(id.to_string()))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Settlements of the area, in no order.
pub async fn find_all_posted(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    ids: &[SettlementId],
) -> Result<Vec<Posted>, Stop> {
    let rows = rows_of(on, area, ids).await?;
    effective(on, area, rows).await
}

pub(super) fn parse_posted(row: settlement::Model) -> Result<Posted, Refusal> {
    read_posted(&row).map_err(|_| unreadable("settlement", &row.settlement_id))
}

/// The one way from a row to a settlement; where there is none, the column that cannot be read.
pub(super) fn read_posted(row: &settlement::Model) -> Result<Posted, &'static str> {
    let unpacked = row.packed.as_deref().map(Documents::unpacked);
    let unpacked = unpacked.map(|known| known.ok_or("packed")).transpose()?;
    let (evidence, basis, amounts) = match &unpacked {
        Some(all) => (&all.evidence, &all.basis, &all.amounts),
        None => (&row.evidence, &row.basis, &row.amounts),
    };
    Ok(Posted {
        id: SettlementId::parse(&row.settlement_id).map_err(|_| "settlement_id")?,
        ordinal: row.ordinal,
        evidence: json_of(evidence, "evidence")?,
        basis: json_of(basis, "basis")?,
        amounts: json_of(amounts, "amounts")?,
        posted_at: Instant::from_micros(row.posted_at),
        reversed_at: row.reversed_at.map(Instant::from_micros),
        revision: 0,
    })
}

/// A standing settlement, as far as a refusal names it.
pub struct Standing {
    /// Its id.
    pub id: String,
    /// Its institution's code.
    pub institution: String,
    /// Its person-year.
    pub whose: YearKey,
    /// Its newest revision; 0 for none.
    pub revision: i64,
}

/// The newest standing settlement of a person-year.
pub async fn newest_standing(
    tx: &Tx,
    area: &AreaCode,
    whose: &YearKey,
) -> Result<Option<Standing>, Stop> {
    newest(tx, standing_of(area).filter(of_year(whose))).await
}

/// A standing settlement that is newer than one of these, which are of their person-years, and is
/// none of them.
pub async fn newer_standing(
    tx: &Tx,
    area: &AreaCode,
    these: &[Posted],
) -> Result<Option<Standing>, Stop> {
    use settlement::Column;
    let mut oldest: BTreeMap<YearKey, i64> = BTreeMap::new();
    for posted in these {
        let ordinal = oldest.entry(posted.evidence.bill.year_key());
        let ordinal = ordinal.or_insert(posted.ordinal);
        *ordinal = posted.ordinal.min(*ordinal);
    }
    let newer =
        |(whose, ordinal): (&YearKey, &i64)| of_year(whose).add(Column::Ordinal.gt(*ordinal));
    let newer = oldest
        .iter()
        .map(newer)
        .fold(Condition::any(), Condition::add);
    let ids = these.iter().map(|posted| posted.id.to_string());
    let others = Column::SettlementId.is_not_in(ids);
    newest(tx, standing_of(area).filter(newer).filter(others)).await
}

pub(super) fn standing_of(area: &AreaCode) -> Select<settlement::Entity> {
    use settlement::Column;
    settlement::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReversedAt.is_null())
}

fn of_year(whose: &YearKey) -> Condition {
    use settlement::Column;
    Condition::all()
        .add(Column::PersonId.eq(whose.person.to_string()))
        .add(Column::Scheme.eq(whose.scheme.as_str()))
        .add(Column::Year.eq(whose.year))
}

async fn newest(tx: &Tx, of: Select<settlement::Entity>) -> Result<Option<Standing>, Stop> {
    use settlement::Column;
    type Row = (String, String, String, String, i32, Option<i64>);
    let newest: Option<Row> = of
        .select_only()
        .columns([Column::SettlementId, Column::InstitutionCode])
        .columns([Column::PersonId, Column::Scheme, Column::Year])
        .column(Column::Revision)
        .order_by_desc(Column::Ordinal)
        .limit(1)
        .into_tuple()
        .one(&**tx)
        .await?;
    let standing = |(id, institution, person, scheme, year, revision): Row| {
        let parsed = || {
            Some(YearKey {
                person: PersonId::parse(&person).ok()?,
                scheme: Scheme::parse(&scheme)?,
                year,
            })
        };
        let whose = parsed().ok_or_else(|| unreadable("settlement", &id))?;
        Ok(Standing {
            id,
            institution,
            whose,
            revision: revision.unwrap_or(0),
        })
    };
    newest.map(standing).transpose()
}

/// The standing settlements of the bills' visits, and of the same bills.
pub async fn taken(tx: &Tx, area: &AreaCode, bills: &[&Bill]) -> Result<Vec<Taken>, Stop> {
    use settlement::Column;
    let visit = |bill: &&Bill| {
        Condition::all()
            .add(Column::InstitutionCode.eq(bill.institution.as_str()))
            .add(Column::VisitNumber.eq(bill.visit.as_str()))
    };
    let same = bills.iter().map(visit);
    let same = same.fold(Condition::any(), Condition::add);
    let fingerprints = bills.iter().map(|bill| bill.fingerprint().to_string());
    let same = same.add(Column::Fingerprint.is_in(fingerprints));
    let rows: Vec<(String, String, String, i32, String)> = standing_of(area)
        .select_only()
        .columns([Column::SettlementId, Column::InstitutionCode])
        .columns([Column::VisitNumber, Column::Part, Column::Fingerprint])
        .filter(same)
        .into_tuple()
        .all(&**tx)
        .await?;
    let taken = |(id, institution, visit, part, fingerprint)| Taken {
        id,
        institution,
        visit,
        part: u32::try_from(part).unwrap_or_default(),
        fingerprint,
    };
    Ok(rows.into_iter().map(taken).collect())
}

/// The standing settlement of an institution's visit.
pub async fn settled_visit(
    tx: &Tx,
    area: &AreaCode,
    institution: &InstitutionCode,
    visit: &str,
) -> Result<Option<String>, Stop> {
    use settlement::Column;
    let found = standing_of(area)
        .select_only()
        .column(Column::SettlementId)
        .filter(Column::InstitutionCode.eq(institution.as_str()))
        .filter(Column::VisitNumber.eq(visit))
        .into_tuple()
        .one(&**tx)
        .await?;
    Ok(found)
}

/// Settlements in an institution's books posted from the first instant until the second, in the order
/// in which they were, behind the given place in it.
pub async fn posted_between(
    db: &Db,
    area: &AreaCode,
    institution: &InstitutionCode,
    (from, until): (Instant, Instant),
    after: &str,
    size: u64,
) -> Result<Vec<Posted>, Refusal> {
    use settlement::Column;
    let (after_at, after_id) = after.split_once(' ').unwrap_or(("", ""));
    let after_at = match after_at {
        "" => from.micros(),
        at => at
            .parse()
            .map_err(|_| BAD_PAGE_TOKEN.refuse().at("page_token"))?,
    };
    let behind = Condition::any().add(Column::PostedAt.gt(after_at)).add(
        Condition::all()
            .add(Column::PostedAt.eq(after_at))
            .add(Column::SettlementId.gt(after_id)),
    );
    let rows = settlement::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::InstitutionCode.eq(institution.as_str()))
        .filter(Column::ReimbursementId.is_null())
        .filter(Column::PostedAt.gte(after_at.max(from.micros())))
        .filter(Column::PostedAt.lt(until.micros()))
        .filter(behind)
        .order_by_asc(Column::PostedAt)
        .order_by_asc(Column::SettlementId)
        .limit(size)
        .all(db.reader())
        .await
        .map_err(Stop::from)?;
    Ok(effective(db.reader(), area, rows).await?)
}

/// The place of a settlement in the order in which they were posted.
pub fn posting_order(posted: &Posted) -> String {
    format!("{} {}", posted.posted_at.micros(), posted.id)
}

/// Marks settlements reversed.
pub async fn mark_reversed(
    tx: &Tx,
    area: &AreaCode,
    ids: &[SettlementId],
    now: Instant,
    reason: &str,
) -> Result<(), Stop> {
    reversed_marks(area, ids, now, reason).exec(&**tx).await?;
    Ok(())
}

pub(super) fn reversed_marks(
    area: &AreaCode,
    ids: &[SettlementId],
    now: Instant,
    reason: &str,
) -> UpdateMany<settlement::Entity> {
    use settlement::Column;
    settlement::Entity::update_many()
        .col_expr(Column::ReversedAt, Expr::value(now.micros()))
        .col_expr(Column::ReversalReason, Expr::value(reason))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.is_in(ids.iter().map(ToString::to_string)))
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
