//! 差额结算: revisions of settlements.

use super::claims::identity_class;
use super::{json_of, to_json, unreadable};
use crate::domain::{Cause, Payee, Revision, YearKey};
use crate::entity::{revision, settlement};
use kernel::{AreaCode, CorrectionId, Fen, Instant, Refusal, RevisionId, SettlementId};
use policy::ENGINE_VERSION;
use sea_orm::sea_query::{Alias, Expr, Func};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use std::collections::BTreeMap;
use store::{Stop, Tx};

/// Writes revisions.
pub async fn insert_revisions(tx: &Tx, area: &AreaCode, new: &[Revision]) -> Result<(), Stop> {
    let row = |new| revision_row(area, new);
    let rows: Vec<revision::ActiveModel> = new.iter().map(row).collect::<Result<_, _>>()?;
    Ok(tx.insert_all(rows).await?)
}

pub(super) fn revision_row(
    area: &AreaCode,
    new: &Revision,
) -> Result<revision::ActiveModel, Refusal> {
    let whose = new.evidence.bill.year_key();
    Ok(revision::ActiveModel {
        area: Set(area.to_string()),
        revision_id: Set(new.id.to_string()),
        settlement_id: Set(new.settlement.to_string()),
        number: Set(new.number),
        replaces: Set(new.replaces),
        correction_id: Set(new.correction.0.to_string()),
        place: Set(new.correction.1),
        person_id: Set(whose.person.to_string()),
        scheme: Set(whose.scheme.to_string()),
        year: Set(whose.year),
        year_version: Set(new.year.0),
        year_ordinal: Set(new.year.1),
        cause: Set(new.cause.name().to_string()),
        payee: Set(new.payee.name().to_string()),
        hospital_moved_fen: Set(Some(new.hospital_moved.0).filter(|fen| *fen != 0)),
        reason: Set(new.reason.clone()),
        case_reference: Set(new.case_reference.clone()),
        evidence: Set(to_json(&new.evidence)?),
        basis: Set(to_json(&new.basis)?),
        amounts: Set(to_json(&new.amounts)?),
        engine_version: Set(i32::try_from(ENGINE_VERSION).unwrap_or(i32::MAX)),
        posted_at: Set(new.posted_at.micros()),
        withdrawn_at: Set(None),
        identity_class: Set(Some(identity_class(&new.evidence))),
        moved_alone_fen: Set(new.moved_alone.map(|fen| fen.0)),
    })
}

/// The revisions of these numbers of their settlements.
pub async fn of_numbers(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    numbers: &[(SettlementId, i64)],
) -> Result<Vec<Revision>, Stop> {
    use revision::Column;
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let one = |(settlement, number): &(SettlementId, i64)| {
        Condition::all()
            .add(Column::SettlementId.eq(settlement.to_string()))
            .add(Column::Number.eq(*number))
    };
    let any = numbers.iter().map(one);
    let any = any.fold(Condition::any(), Condition::add);
    all(on, area, any).await
}

/// The revisions of a settlement behind this number, oldest first, withdrawn ones too.
pub async fn revisions_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    settlement: SettlementId,
    (after, limit): (i64, u64),
) -> Result<Vec<Revision>, Stop> {
    use revision::Column;
    let rows = revision::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.eq(settlement.to_string()))
        .filter(Column::Number.gt(after))
        .order_by_asc(Column::Number)
        .limit(limit)
        .all(on)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse).collect();
    Ok(parsed?)
}

/// The revisions of a correction, in their order.
pub async fn of_correction(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    correction: &str,
) -> Result<Vec<Revision>, Stop> {
    let these = Condition::all().add(revision::Column::CorrectionId.eq(correction));
    all(on, area, these).await
}

/// The revisions of these settlements that were not withdrawn.
pub async fn corrections_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    settlements: &[SettlementId],
) -> Result<Vec<Revision>, Stop> {
    use revision::Column;
    let these = Condition::all()
        .add(Column::SettlementId.is_in(settlements.iter().map(ToString::to_string)))
        .add(Column::WithdrawnAt.is_null());
    all(on, area, these).await
}

async fn all(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    which: Condition,
) -> Result<Vec<Revision>, Stop> {
    use revision::Column;
    let rows = revision::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(which)
        .order_by_asc(Column::CorrectionId)
        .order_by_asc(Column::Place)
        .all(on)
        .await?;
    let parsed: Result<_, Refusal> = rows.into_iter().map(parse).collect();
    Ok(parsed?)
}

/// The highest number that a revision of each of these settlements has, withdrawn ones too.
pub async fn newest_numbers(
    tx: &Tx,
    area: &AreaCode,
    settlements: &[SettlementId],
) -> Result<BTreeMap<SettlementId, i64>, Stop> {
    use revision::Column;
    let rows: Vec<(String, i64)> = revision::Entity::find()
        .select_only()
        .column(Column::SettlementId)
        .expr_as(Column::Number.max(), "number")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.is_in(settlements.iter().map(ToString::to_string)))
        .group_by(Column::SettlementId)
        .into_tuple()
        .all(&**tx)
        .await?;
    let number = |(id, number): (String, i64)| {
        let id = SettlementId::parse(&id).map_err(|_| unreadable("revision", &id))?;
        Ok((id, number))
    };
    let numbers: Result<_, Refusal> = rows.into_iter().map(number).collect();
    Ok(numbers?)
}

/// The ids of the revisions of these settlements that were not withdrawn.
pub async fn standing_revisions(
    tx: &Tx,
    area: &AreaCode,
    settlements: &[SettlementId],
) -> Result<Vec<String>, Stop> {
    use revision::Column;
    let ids = revision::Entity::find()
        .select_only()
        .column(Column::RevisionId)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.is_in(settlements.iter().map(ToString::to_string)))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::SettlementId)
        .order_by_asc(Column::Number)
        .into_tuple()
        .all(&**tx)
        .await?;
    Ok(ids)
}

/// One of these settlements that the bureau corrected, for a finding or a third party, and that was not
/// withdrawn.
pub async fn found_against(
    tx: &Tx,
    area: &AreaCode,
    settlements: &[SettlementId],
) -> Result<Option<String>, Stop> {
    use revision::Column;
    let found = revision::Entity::find()
        .select_only()
        .column(Column::SettlementId)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::SettlementId.is_in(settlements.iter().map(ToString::to_string)))
        .filter(Column::Cause.is_in([Cause::Finding.name(), Cause::ThirdParty.name()]))
        .filter(Column::WithdrawnAt.is_null())
        .limit(1)
        .into_tuple()
        .one(&**tx)
        .await?;
    Ok(found)
}

/// The newest correction of standing settlements that was posted to the person-year after it had this
/// version, and was not withdrawn.
pub async fn later_in_year(
    tx: &Tx,
    area: &AreaCode,
    whose: &YearKey,
    version: i64,
) -> Result<Option<String>, Stop> {
    use revision::Column;
    let standing = settlement::Entity::find()
        .select_only()
        .column(settlement::Column::SettlementId)
        .filter(settlement::Column::Area.eq(area.as_str()))
        .filter(settlement::Column::PersonId.eq(whose.person.to_string()))
        .filter(settlement::Column::Scheme.eq(whose.scheme.as_str()))
        .filter(settlement::Column::Year.eq(whose.year))
        .filter(settlement::Column::ReversedAt.is_null());
    let standing = sea_orm::QueryTrait::into_query(standing);
    let newest = revision::Entity::find()
        .select_only()
        .column(Column::CorrectionId)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(whose.person.to_string()))
        .filter(Column::Scheme.eq(whose.scheme.as_str()))
        .filter(Column::Year.eq(whose.year))
        .filter(Column::YearVersion.gt(version))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::SettlementId.in_subquery(standing))
        .order_by_desc(Column::YearVersion)
        .limit(1)
        .into_tuple()
        .one(&**tx)
        .await?;
    Ok(newest)
}

/// What corrections of a person-year moved without a second person, and was not withdrawn.
pub async fn corrected_alone(tx: &Tx, area: &AreaCode, whose: &YearKey) -> Result<Fen, Stop> {
    use revision::Column;
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sum = Func::cast_as(Column::MovedAloneFen.sum(), Alias::new("bigint"));
    let sum: Option<Option<i64>> = revision::Entity::find()
        .select_only()
        .expr_as(sum, "sum")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(whose.person.to_string()))
        .filter(Column::Scheme.eq(whose.scheme.as_str()))
        .filter(Column::Year.eq(whose.year))
        .filter(Column::WithdrawnAt.is_null())
        .into_tuple()
        .one(&**tx)
        .await?;
    Ok(Fen(sum.flatten().unwrap_or(0)))
}

/// Marks revisions withdrawn.
pub async fn withdraw_revisions(
    tx: &Tx,
    area: &AreaCode,
    ids: &[RevisionId],
    now: Instant,
) -> Result<(), Stop> {
    use revision::Column;
    revision::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::RevisionId.is_in(ids.iter().map(ToString::to_string)))
        .exec(&**tx)
        .await?;
    Ok(())
}

fn parse(row: revision::Model) -> Result<Revision, Refusal> {
    read_revision(&row).map_err(|_| unreadable("revision", &row.revision_id))
}

/// The one way from a row to a revision; where there is none, the column that cannot be read.
pub(super) fn read_revision(row: &revision::Model) -> Result<Revision, &'static str> {
    let correction = CorrectionId::parse(&row.correction_id).map_err(|_| "correction_id")?;
    Ok(Revision {
        id: RevisionId::parse(&row.revision_id).map_err(|_| "revision_id")?,
        settlement: SettlementId::parse(&row.settlement_id).map_err(|_| "settlement_id")?,
        number: row.number,
        replaces: row.replaces,
        correction: (correction, row.place),
        year: (row.year_version, row.year_ordinal),
        cause: Cause::parse(&row.cause).ok_or("cause")?,
        payee: Payee::parse(&row.payee).ok_or("payee")?,
        hospital_moved: Fen(row.hospital_moved_fen.unwrap_or(0)),
        moved_alone: row.moved_alone_fen.map(Fen),
        evidence: json_of(&row.evidence, "evidence")?,
        basis: json_of(&row.basis, "basis")?,
        amounts: json_of(&row.amounts, "amounts")?,
        posted_at: Instant::from_micros(row.posted_at),
        withdrawn_at: row.withdrawn_at.map(Instant::from_micros),
        reason: row.reason.clone(),
        case_reference: row.case_reference.clone(),
    })
}
