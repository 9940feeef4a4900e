//! Coverages.

use super::unreadable;
use crate::domain::{
    Coverage, FeeShare, InsuranceYear, Standing, Terms, YearsRepaid, already_insured,
};
use crate::entity::coverage::{ActiveModel, Column, Entity, Model};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, CoverageId, Day, Digest, Fen, IdentityKind, PersonId, Refusal, Scheme};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select,
};
use store::{Db, Stop, Tx, taken};

/// Inserts a coverage of a locked person; a second one of the year is refused.
pub async fn insert(
    tx: &Tx,
    area: &AreaCode,
    person: PersonId,
    coverage: &Coverage,
) -> Result<(), Stop> {
    let terms = &coverage.terms;
    let identity = terms.share.identity.as_ref();
    let row = ActiveModel {
        area: Set(area.to_string()),
        coverage_id: Set(coverage.id.to_string()),
        person_id: Set(person.to_string()),
        scheme: Set(coverage.scheme.to_string()),
        year: Set(coverage.year.number),
        paid_day: Set(coverage.paid_day.to_string()),
        benefit_from: Set(terms.benefit_from.to_string()),
        until_day: Set(terms.until.to_string()),
        identity_kind: Set(identity.map(|kind| kind.to_string())),
        fee_fen: Set(terms.share.fee.0),
        subsidy_fen: Set(terms.share.subsidy.0),
        to_pay_fen: Set(terms.share.to_pay.0),
        pay_now_fen: Set(Some(terms.share.pay_now.0)),
        fee_tier: Set(terms.share.tier.clone()),
        repaid_years: Set(i32::try_from(terms.repair.years).ok()),
        repair_fee_fen: Set(Some(terms.repair.fee.0)),
        package_digest: Set(terms.package.to_string()),
        standing: Set(Some(standing_text(&coverage.standing)?)),
        withdrawn_at: Set(None),
    };
    let inserted = Entity::insert(row).exec_without_returning(&**tx).await;
    inserted
        .map(drop)
        .map_err(|fault| taken(fault, || already_insured(coverage.year)))
}

/// A coverage by id, also a withdrawn one: a replay shows what the request made.
pub async fn find(db: &Db, area: &AreaCode, id: &str) -> Result<Coverage, Stop> {
    let row = Entity::find_by_id((area.to_string(), id.to_string()))
        .one(db.reader())
        .await?;
    Ok(parse(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// A person's standing coverages, past ones too, the oldest first; those whose benefits run on a
/// day where one is given.
pub async fn of(
    reader: &impl ConnectionTrait,
    area: &AreaCode,
    person: PersonId,
    on: Option<Day>,
) -> Result<Vec<Coverage>, Stop> {
    let mut select = standing(area, person).order_by_asc(Column::Year);
    if let Some(day) = on {
        select = select
            .filter(Column::BenefitFrom.lte(day.to_string()))
            .filter(Column::UntilDay.gt(day.to_string()));
    }
    let rows = select.all(reader).await?;
    rows.into_iter().map(|row| Ok(parse(row)?)).collect()
}

fn standing(area: &AreaCode, person: PersonId) -> Select<Entity> {
    Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::WithdrawnAt.is_null())
}

/// 参保口径 as its column has it.
pub(super) fn standing_text(standing: &Standing) -> Result<String, Refusal> {
    serde_json::to_string(standing).map_err(|_| INTERNAL.refuse())
}

/// 参保口径 from its column; nothing was said in the rows from before it was asked for.
pub(super) fn standing_of(text: Option<&str>) -> Option<Standing> {
    match text {
        None => Some(Standing::default()),
        Some(text) => serde_json::from_str(text).ok(),
    }
}

fn parse(row: Model) -> Result<Coverage, Refusal> {
    let identity = row.identity_kind.as_deref();
    let parsed = || {
        let identity = match identity {
            Some(kind) => Some(IdentityKind::parse(kind)?),
            None => None,
        };
        Some(Coverage {
            id: CoverageId::parse(&row.coverage_id).ok()?,
            scheme: Scheme::parse(&row.scheme)?,
            year: InsuranceYear::new(row.year)?,
            paid_day: Day::parse(&row.paid_day).ok()?,
            terms: Terms {
                benefit_from: Day::parse(&row.benefit_from).ok()?,
                until: Day::parse(&row.until_day).ok()?,
                share: FeeShare {
                    tier: row.fee_tier.clone(),
                    identity,
                    fee: Fen(row.fee_fen),
                    subsidy: Fen(row.subsidy_fen),
                    to_pay: Fen(row.to_pay_fen),
                    // Before there was a choice, the rest was paid at once.
                    pay_now: Fen(row.pay_now_fen.unwrap_or(row.to_pay_fen)),
                },
                repair: YearsRepaid {
                    years: u32::try_from(row.repaid_years.unwrap_or(0)).ok()?,
                    fee: Fen(row.repair_fee_fen.unwrap_or(0)),
                },
                package: Digest::parse(&row.package_digest)?,
            },
            standing: standing_of(row.standing.as_deref())?,
        })
    };
    parsed().ok_or_else(|| unreadable("coverage", &row.coverage_id))
}
