//! Institutions and catalogues.

use super::guarantees::open_guarantee;
use super::packed::{Form, PACKS};
use super::person_years::{locked_year, parse_locked_year};
use super::suspensions::suspended_until;
use super::visits::registered_visit;
use super::{of_json, to_json, unreadable};
use crate::app::PACKAGE;
use crate::catalogue::{Catalogue, Item};
use crate::domain::{Bill, Institution, PersonYear, Suspended, YearKey};
use crate::entity::{catalogue, institution, person_year};
use crate::refusal::{CATALOGUE_EXISTS, INSTITUTION_EXISTS};
use kernel::refusal::INTERNAL;
use kernel::{
    AreaCode, CatalogueId, Day, Digest, GuaranteeId, Instant, InstitutionCode, InstitutionKind,
    InstitutionTier, PersonId, Refusal, VisitId,
};
use policy::Place;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    IdenStatic, Iterable, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};
use store::document::generation;
use store::{Db, Led, Stop, Tx, Unwritten, taken};

/// Inserts an institution; a code that stands already is refused.
pub async fn insert_institution(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    new: &Institution,
) -> Result<(), Stop> {
    let row = institution::ActiveModel {
        area: Set(area.to_string()),
        registration_id: Set(id.to_string()),
        code: Set(new.code.to_string()),
        name: Set(new.name.clone()),
        tier: Set(new.tier.to_string()),
        kind: Set(new.kind.to_string()),
        agreement_from: Set(new.agreement_from.to_string()),
        withdrawn_at: Set(None),
        place: Set(Some(place_code(new.place).to_string())),
        contracted: Set(Some(new.contracted)),
        agreement_until: Set(None),
        end_reason: Set(None),
    };
    let inserted = institution::Entity::insert(row)
        .exec_without_returning(&**tx)
        .await;
    inserted.map(drop).map_err(|fault| {
        let code = new.code.as_str();
        taken(fault, || {
            INSTITUTION_EXISTS.refuse().with("institution_code", code)
        })
    })
}

/// Marks a registration withdrawn.
pub async fn withdraw_institution(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<bool, Stop> {
    use institution::Column;
    let withdrawn = institution::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::RegistrationId.eq(id))
        .filter(Column::AgreementUntil.is_null())
        .exec(&**tx)
        .await?;
    Ok(withdrawn.rows_affected == 1)
}

/// What a registration made, also when it was withdrawn since.
pub async fn find_registration(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Institution, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = institution::Entity::find_by_id(key).one(on).await?;
    Ok(parse_institution(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// Whether the area has an institution of this code.
pub async fn is_registered(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    code: &InstitutionCode,
) -> Result<bool, Stop> {
    use institution::Column;
    let found = institution::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Code.eq(code.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .one(on)
        .await?;
    Ok(found.is_some())
}

/// What a claim must know of its institution.
#[derive(FromQueryResult)]
struct FoundOn {
    #[sea_orm(nested)]
    institution: institution::Model,
    institution_until: Option<String>,
    person_until: Option<String>,
    packs: Option<bool>,
    open_guarantee: Option<String>,
    registered_visit: Option<String>,
}

/// The same with the catalogue of the day.
#[derive(FromQueryResult)]
struct FoundTerms {
    #[sea_orm(nested)]
    found: FoundOn,
    catalogue_id: Option<String>,
    effective_day: Option<String>,
    digest: Option<String>,
    generation: i64,
}

/// What the statement that finds an institution tells besides.
#[derive(Default)]
pub struct Beside {
    /// Who is suspended today.
    pub suspended: Suspended,
    /// The open guarantee of the bill's visit, where one was asked about.
    pub guarantee: Option<GuaranteeId>,
    /// The registered visit of the bill's number, where one was asked about.
    pub visit: Option<VisitId>,
    /// How the documents of a new settlement are written.
    pub form: Form,
}

/// The institution of this code, if it has an agreement on the day; whether it or the person is
/// suspended today, which the same statement tells.
pub async fn institution_on(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    at: (&InstitutionCode, Day),
    who: (PersonId, Day),
) -> Result<Option<(Institution, Beside)>, Stop> {
    let found = find_on(area, at, who, None).into_model::<FoundOn>();
    let found = found.one(on).await?;
    Ok(found.map(parse_found).transpose()?)
}

/// What a bill is priced by as far as the tables say: its institution as [`institution_on`] finds it, with
/// the guarantee and the registration of its visit, and the catalogue of its last day. One statement where
/// the institution is there.
pub async fn terms_on(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    bill: &Bill,
    today: Day,
) -> Result<Found, Stop> {
    let found = terms_query(area, bill, today)
        .into_model::<FoundTerms>()
        .one(on)
        .await?;
    found_terms(on, area, bill, found).await
}

/// What a bill is priced by, as the tables say it: institution and catalogue.
pub type Found = (Option<(Institution, Beside)>, Option<InForce>);

/// The same by the statement that writes the request's key, which locks this person-year as well; the year
/// where it is there. Nothing when the key is taken.
pub async fn terms_led(
    tx: &Tx,
    key: Unwritten<'_>,
    (area, bill, today): (&AreaCode, &Bill, Day),
    whose: &YearKey,
) -> Result<Option<(Found, Option<PersonYear>)>, Stop> {
    let mut question = terms_query(area, bill, today).into_query();
    question.join(JoinType::LeftJoin, YEAR, Expr::cust("TRUE"));
    for column in person_year::Column::iter() {
        let name = format!("{YEAR}_{}", column.as_str());
        question.expr_as(Expr::col((YEAR, column)), name);
    }
    let year = (YEAR, locked_year(area, whose));
    let row = match key.lead(tx, question, year).await? {
        Led::Taken => return Ok(None),
        Led::Found(row) => Some(row),
        Led::Nothing => None,
    };
    let found = row
        .as_ref()
        .map(|row| FoundTerms::from_query_result(row, ""));
    let found = found_terms(&**tx, area, bill, found.transpose()?).await?;
    let year = match &row {
        Some(row) => parse_locked_year(row, &format!("{YEAR}_"))?,
        None => None,
    };
    Ok(Some((found, year)))
}

/// What the statement calls the person-year.
const YEAR: &str = "year";

fn terms_query(area: &AreaCode, bill: &Bill, today: Day) -> Select<institution::Entity> {
    let (at, who) = ((&bill.institution, bill.end), (bill.person, today));
    let newest = Query::select()
        .expr(catalogue::Column::EffectiveDay.max())
        .from(catalogue::Entity)
        .and_where(catalogue::Column::Area.eq(area.as_str()))
        .and_where(catalogue::Column::EffectiveDay.lte(bill.end.to_string()))
        .to_owned();
    let of_day = institution::Entity::belongs_to(catalogue::Entity)
        .from(institution::Column::Area)
        .to(catalogue::Column::Area)
        .on_condition(move |_, _| {
            Condition::all().add(catalogue::Column::EffectiveDay.in_subquery(newest.clone()))
        });
    find_on(area, at, who, Some(bill))
        .join(JoinType::LeftJoin, of_day.into())
        .columns([
            catalogue::Column::CatalogueId,
            catalogue::Column::EffectiveDay,
            catalogue::Column::Digest,
        ])
        .expr_as(Expr::from(generation(PACKAGE, area)), "generation")
}

async fn found_terms(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    bill: &Bill,
    found: Option<FoundTerms>,
) -> Result<Found, Stop> {
    let Some(found) = found else {
        return Ok((None, catalogue_in_force(on, area, bill.end).await?));
    };
    let version = match (found.catalogue_id, found.effective_day, found.digest) {
        (Some(id), Some(day), Some(digest)) => {
            Some(parse_in_force((id, day, digest, found.generation))?)
        }
        _ => None,
    };
    Ok((Some(parse_found(found.found)?), version))
}

fn find_on(
    area: &AreaCode,
    (code, day): (&InstitutionCode, Day),
    (person, today): (PersonId, Day),
    bill: Option<&Bill>,
) -> Select<institution::Entity> {
    let until = |subject: &str| Expr::from(suspended_until(area, subject, today));
    let (guarantee, visit) = match bill {
        Some(bill) => (
            Expr::from(open_guarantee(area, bill)),
            Expr::from(registered_visit(area, bill)),
        ),
        None => (Expr::value(None::<String>), Expr::value(None::<String>)),
    };
    institution::Entity::find()
        .expr_as(until(code.as_str()), "institution_until")
        .expr_as(until(&person.to_string()), "person_until")
        .expr_as(Expr::cust(PACKS), "packs")
        .expr_as(guarantee, "open_guarantee")
        .expr_as(visit, "registered_visit")
        .filter(institution::Column::Area.eq(area.as_str()))
        .filter(institution::Column::Code.eq(code.as_str()))
        .filter(in_force(day))
}

fn parse_found(found: FoundOn) -> Result<(Institution, Beside), Refusal> {
    let code = found.institution.code.clone();
    let day = |until: Option<String>| {
        let day = until.as_deref().map(Day::parse).transpose();
        day.map_err(|_| unreadable("online_suspension", &code))
    };
    let suspended = Suspended {
        institution: day(found.institution_until)?,
        person: day(found.person_until)?,
    };
    let guarantee = found.open_guarantee.as_deref().map(GuaranteeId::parse);
    let guarantee = guarantee.transpose();
    let visit = found.registered_visit.as_deref().map(VisitId::parse);
    let visit = visit.transpose();
    let beside = Beside {
        suspended,
        guarantee: guarantee.map_err(|_| unreadable("guarantee", &code))?,
        visit: visit.map_err(|_| unreadable("visit", &code))?,
        form: Form::told(found.packs),
    };
    Ok((parse_institution(found.institution)?, beside))
}

/// Standing institutions by code, beginning after `after`.
pub async fn institutions(
    db: &Db,
    area: &AreaCode,
    after: &str,
    limit: u64,
) -> Result<Vec<Institution>, Stop> {
    let rows = institution::Entity::find()
        .filter(institution::Column::Area.eq(area.as_str()))
        .filter(institution::Column::WithdrawnAt.is_null())
        .filter(institution::Column::Code.gt(after))
        .order_by_asc(institution::Column::Code)
        .limit(limit)
        .all(db.reader())
        .await?;
    rows.into_iter()
        .map(|row| parse_institution(row).map_err(Stop::from))
        .collect()
}

/// 协议有效: registered, begun, and not ended on the day.
fn in_force(day: Day) -> Condition {
    use institution::Column;
    let begun = Column::AgreementFrom.lte(day.to_string());
    let not_ended = Condition::any()
        .add(Column::AgreementUntil.is_null())
        .add(Column::AgreementUntil.gt(day.to_string()));
    Condition::all()
        .add(Column::WithdrawnAt.is_null())
        .add(begun)
        .add(not_ended)
}

/// The standing registration of a code, with its id.
pub async fn registration_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    code: &InstitutionCode,
) -> Result<Option<(String, Institution)>, Stop> {
    use institution::Column;
    let row = institution::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Code.eq(code.as_str()))
        .filter(Column::WithdrawnAt.is_null())
        .one(on)
        .await?;
    let read = |row: institution::Model| Ok((row.registration_id.clone(), parse_institution(row)?));
    Ok(row.map(read).transpose().map_err(|no: Refusal| no)?)
}

/// The name an institution has, or had when it was registered last; empty when it never was.
pub async fn name_of(db: &Db, area: &AreaCode, code: &InstitutionCode) -> Result<String, Stop> {
    use institution::Column;
    let names: Vec<(String, Option<i64>)> = institution::Entity::find()
        .select_only()
        .columns([Column::Name, Column::WithdrawnAt])
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Code.eq(code.as_str()))
        .order_by_asc(Column::RegistrationId)
        .into_tuple()
        .all(db.reader())
        .await?;
    let standing = names.iter().find(|(_, withdrawn)| withdrawn.is_none());
    let name = standing.or(names.last()).map(|(name, _)| name.clone());
    Ok(name.unwrap_or_default())
}

/// Ends the agreement of a registration that stands and has no end; false when it has one, or was
/// withdrawn a moment ago.
pub async fn end_agreement(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    (until, reason): (Day, &str),
) -> Result<bool, Stop> {
    use institution::Column;
    let ended = institution::Entity::update_many()
        .col_expr(Column::AgreementUntil, Expr::value(until.to_string()))
        .col_expr(Column::EndReason, Expr::value(reason))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::RegistrationId.eq(id))
        .filter(Column::AgreementUntil.is_null())
        .filter(Column::WithdrawnAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(ended.rows_affected == 1)
}

/// The agreement of a registration goes on.
pub async fn resume_agreement(tx: &Tx, area: &AreaCode, id: &str) -> Result<(), Stop> {
    use institution::Column;
    institution::Entity::update_many()
        .col_expr(Column::AgreementUntil, Expr::value(None::<String>))
        .col_expr(Column::EndReason, Expr::value(None::<String>))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::RegistrationId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Institutions in force on a day by code, beginning after `after`.
pub async fn institutions_as_of(
    db: &Db,
    area: &AreaCode,
    day: Day,
    after: &str,
    limit: u64,
) -> Result<Vec<Institution>, Stop> {
    let rows = institution::Entity::find()
        .filter(institution::Column::Area.eq(area.as_str()))
        .filter(in_force(day))
        .filter(institution::Column::Code.gt(after))
        .order_by_asc(institution::Column::Code)
        .limit(limit)
        .all(db.reader())
        .await?;
    rows.into_iter()
        .map(|row| parse_institution(row).map_err(Stop::from))
        .collect()
}

/// How many institutions are in force on a day, by kind and tier.
pub async fn count_in_force(
    db: &Db,
    area: &AreaCode,
    day: Day,
) -> Result<Vec<(String, String, i64)>, Stop> {
    use institution::Column;
    let counts = institution::Entity::find()
        .select_only()
        .columns([Column::Kind, Column::Tier])
        .expr_as(Column::Code.count(), "institutions")
        .filter(Column::Area.eq(area.as_str()))
        .filter(in_force(day))
        .group_by(Column::Kind)
        .group_by(Column::Tier)
        .order_by_asc(Column::Kind)
        .order_by_asc(Column::Tier)
        .into_tuple()
        .all(db.reader())
        .await?;
    Ok(counts)
}

/// How many registrations have not begun on a day, and how many have ended.
pub async fn count_out_of_force(db: &Db, area: &AreaCode, day: Day) -> Result<(u64, u64), Stop> {
    use institution::Column;
    let standing = || {
        institution::Entity::find()
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::WithdrawnAt.is_null())
    };
    let not_begun = standing().filter(Column::AgreementFrom.gt(day.to_string()));
    let ended = standing()
        .filter(Column::AgreementFrom.lte(day.to_string()))
        .filter(Column::AgreementUntil.lte(day.to_string()));
    let not_begun = not_begun.count(db.reader()).await?;
    Ok((not_begun, ended.count(db.reader()).await?))
}

fn parse_institution(row: institution::Model) -> Result<Institution, Refusal> {
    let parsed = || {
        Some(Institution {
            code: InstitutionCode::parse(&row.code).ok()?,
            name: row.name.clone(),
            tier: InstitutionTier::parse(&row.tier)?,
            kind: InstitutionKind::parse(&row.kind)?,
            agreement_from: Day::parse(&row.agreement_from).ok()?,
            place: match row.place.as_deref() {
                None => Place::District,
                Some(code) => PLACES
                    .into_iter()
                    .find(|place| place_code(*place) == code)?,
            },
            contracted: row.contracted.unwrap_or(true),
            agreement_until: match row.agreement_until.as_deref() {
                None => None,
                Some(day) => Some(Day::parse(day).ok()?),
            },
        })
    };
    parsed().ok_or_else(|| unreadable("institution", &row.registration_id))
}

const PLACES: [Place; 4] = [
    Place::District,
    Place::City,
    Place::Province,
    Place::Outside,
];

/// How the table writes a place.
pub(super) fn place_code(place: Place) -> &'static str {
    match place {
        Place::District => "district",
        Place::City => "city",
        Place::Province => "province",
        Place::Outside => "outside",
    }
}

/// Inserts a catalogue version; a second one for a day is refused.
pub async fn insert_catalogue(
    tx: &Tx,
    area: &AreaCode,
    version: &Catalogue,
    now: Instant,
) -> Result<(), Stop> {
    let row = catalogue::ActiveModel {
        area: Set(area.to_string()),
        catalogue_id: Set(version.id.to_string()),
        effective_day: Set(version.effective.to_string()),
        digest: Set(version.digest().to_string()),
        items: Set(to_json(&version.items().collect::<Vec<_>>())?),
        published_at: Set(now.micros()),
    };
    let inserted = catalogue::Entity::insert(row)
        .exec_without_returning(&**tx)
        .await;
    inserted.map(drop).map_err(|fault| {
        taken(fault, || {
            CATALOGUE_EXISTS.refuse().with("day", version.effective)
        })
    })
}

/// Which catalogue version counts.
pub struct InForce {
    /// Its id.
    pub id: CatalogueId,
    /// First day on which it counts.
    pub effective: Day,
    /// Digest over day and items.
    pub digest: Digest,
    /// The generation of the area's policy packages, which the same statement tells.
    pub generation: i64,
}

/// The version that counts on a day: the newest that had begun.
pub async fn catalogue_in_force(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    day: Day,
) -> Result<Option<InForce>, Stop> {
    use catalogue::Column;
    let packages = Expr::from(generation(PACKAGE, area));
    let found: Option<(String, String, String, i64)> = catalogue::Entity::find()
        .select_only()
        .columns([Column::CatalogueId, Column::EffectiveDay, Column::Digest])
        .expr_as(packages, "generation")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::EffectiveDay.lte(day.to_string()))
        .order_by_desc(Column::EffectiveDay)
        .limit(1)
        .into_tuple()
        .one(on)
        .await?;
    Ok(found.map(parse_in_force).transpose()?)
}

fn parse_in_force(
    (id, day, digest, generation): (String, String, String, i64),
) -> Result<InForce, Refusal> {
    let parsed = || {
        Some(InForce {
            id: CatalogueId::parse(&id).ok()?,
            effective: Day::parse(&day).ok()?,
            digest: Digest::parse(&digest)?,
            generation,
        })
    };
    parsed().ok_or_else(|| unreadable("catalogue", &id))
}

/// A version with its items.
pub async fn load_catalogue(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: CatalogueId,
) -> Result<Catalogue, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = catalogue::Entity::find_by_id(key).one(on).await?;
    let row = row.ok_or_else(|| unreadable("catalogue", &id.to_string()))?;
    let items: Vec<Item> = of_json(&row.items, "catalogue", &row.catalogue_id)?;
    let day =
        Day::parse(&row.effective_day).map_err(|_| unreadable("catalogue", &row.catalogue_id))?;
    Ok(Catalogue::new(id, day, items))
}
