//! What eligibility is decided upon, on the hot path of every settlement.
//!
//! One statement, and so one snapshot: in two, a change committed between them could be told under
//! the version of before. Everything it needs has the same shape, a code with two days, so the six
//! tables are read as one list; each part is found by an index that begins with the area.

mod filings;
mod visit;

use super::coverage::standing_of;
use super::{period, person, unreadable};
use crate::app::PACKAGE;
use crate::domain::{AtVisit, Cover, Filed, InsuranceYear, Record, VisitFacts};
use crate::entity::{
    coverage, identity, person as persons, standing_change, suspension, transfer_in,
};
use kernel::{AreaCode, Day, IdentityKind, PersonId, Scheme, Sex};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    QueryTrait, Select,
};
use store::document::generation;
use store::{Db, Stop};

const PERSON: &str = "person";
const IDENTITY: &str = "identity";
const COVERAGE: &str = "coverage";
const STANDING: &str = "standing";
const SUSPENSION: &str = "suspension";
const TRANSFER: &str = "transfer";
/// The generation of the area's policy packages.
const LAW: &str = "law";

/// One line of the list.
#[derive(FromQueryResult)]
struct Line {
    /// Which table it is from.
    part: String,
    /// Sex, identity kind, or the standing of a coverage or change where one was recorded,
    /// or a certificate.
    code: Option<String>,
    /// Birth, or the first day.
    from_day: String,
    /// Death, or the first day after.
    until_day: Option<String>,
    /// The person's version, the coverage's year.
    number: i64,
}

/// What eligibility is decided upon.
pub struct Found {
    /// What is recorded of the person.
    pub record: Record,
    /// The generation of the area's packages.
    pub generation: i64,
    /// What was checked at the visit, where it is asked of one.
    pub at_visit: VisitFacts,
}

/// What is recorded of a standing person, with the coverages of all years and else without what
/// ended before the day; and what was checked at a visit. One statement.
pub async fn find(
    db: &Db,
    area: &AreaCode,
    id: PersonId,
    (scheme, day): (&Scheme, Day),
    visit: Option<&AtVisit>,
) -> Result<Found, Stop> {
    let mut all = persons_part(area, id);
    all.union(UnionType::All, law_part(area));
    all.union(UnionType::All, identities_part(area, id, day))
        .union(UnionType::All, coverages_part(area, id, scheme))
        .union(UnionType::All, standings_part(area, id, day))
        .union(UnionType::All, suspensions_part(area, id, day))
        .union(UnionType::All, transfers_part(area, id));
    for part in filings::parts(area, id, (scheme, day)) {
        all.union(UnionType::All, part);
    }
    for part in visit
        .into_iter()
        .flat_map(|visit| visit::parts(area, id, visit))
    {
        all.union(UnionType::All, part);
    }
    let rows = db.reader().query_all(&all).await?;
    let lines = rows
        .iter()
        .map(|row| Line::from_query_result(row, ""))
        .collect::<Result<Vec<Line>, _>>()?;
    let (law, lines): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(|line| line.part == LAW);
    let generation = law.first().map_or(0, |line| line.number);
    let (at_visit, lines) = visit::read(lines);
    let (person, lines): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| line.part == PERSON);
    let person = person.first().ok_or_else(|| person::unknown(id))?;
    let record = filings::read(lines).and_then(|(filings, lines)| {
        let record = begun(id, person, filings)?;
        lines.iter().try_fold(record, with)
    });
    let record = record.ok_or_else(|| unreadable("eligibility", &id.to_string()))?;
    Ok(Found {
        record,
        generation,
        at_visit,
    })
}

fn begun(id: PersonId, line: &Line, filings: Vec<Filed>) -> Option<Record> {
    let death_day = line.until_day.as_deref().map(Day::parse);
    Some(Record {
        person: id,
        version: line.number,
        sex: Sex::parse(line.code.as_deref()?)?,
        birth_day: Day::parse(&line.from_day).ok()?,
        death_day: death_day.transpose().ok()?,
        identities: Vec::new(),
        covers: Vec::new(),
        changes: Vec::new(),
        suspensions: Vec::new(),
        filings,
        elsewhere: Vec::new(),
    })
}

fn with(mut record: Record, line: &Line) -> Option<Record> {
    match line.part.as_str() {
        IDENTITY => record.identities.push((
            IdentityKind::parse(line.code.as_deref()?)?,
            period(&line.from_day, line.until_day.as_deref())?,
        )),
        // The benefits' first day may lie behind the last: no period.
        COVERAGE => record.covers.push(Cover {
            year: InsuranceYear::new(i32::try_from(line.number).ok()?)?,
            benefit_from: Day::parse(&line.from_day).ok()?,
            until: Day::parse(line.until_day.as_deref()?).ok()?,
            standing: standing_of(line.code.as_deref())?,
        }),
        STANDING => record.changes.push((
            Day::parse(&line.from_day).ok()?,
            standing_of(line.code.as_deref())?,
        )),
        TRANSFER => record
            .elsewhere
            .push(serde_json::from_str(line.code.as_deref()?).ok()?),
        SUSPENSION => record
            .suspensions
            .push(period(&line.from_day, line.until_day.as_deref())?),
        _ => return None,
    }
    Some(record)
}

fn persons_part(area: &AreaCode, id: PersonId) -> SelectStatement {
    use persons::{Column, Entity};
    part::<Entity>(PERSON)
        .column_as(Column::Sex, "code")
        .column_as(Column::BirthDay, "from_day")
        .column_as(Column::DeathDay, "until_day")
        .column_as(Column::Version, "number")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .into_query()
}

fn law_part(area: &AreaCode) -> SelectStatement {
    Query::select()
        .expr_as(Expr::val(LAW), "part")
        .expr_as(Expr::val(""), "code")
        .expr_as(Expr::val(""), "from_day")
        .expr_as(Expr::cust("NULL"), "until_day")
        .expr_as(Expr::from(generation(PACKAGE, area)), "number")
        .to_owned()
}

fn identities_part(area: &AreaCode, id: PersonId, day: Day) -> SelectStatement {
    use identity::{Column, Entity};
    let open = Column::UntilDay.is_null();
    part::<Entity>(IDENTITY)
        .column_as(Column::Kind, "code")
        .column_as(Column::FromDay, "from_day")
        .column_as(Column::UntilDay, "until_day")
        .expr_as(Expr::val(0_i64), "number")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(open.or(Column::UntilDay.gt(day.to_string())))
        .into_query()
}

/// Past years too: how many there are without a break raises a cap.
fn coverages_part(area: &AreaCode, id: PersonId, scheme: &Scheme) -> SelectStatement {
    use coverage::{Column, Entity};
    part::<Entity>(COVERAGE)
        .column_as(Column::Standing, "code")
        .column_as(Column::BenefitFrom, "from_day")
        .column_as(Column::UntilDay, "until_day")
        .column_as(Column::Year, "number")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::Scheme.eq(scheme.as_str()))
        .into_query()
}

fn standings_part(area: &AreaCode, id: PersonId, day: Day) -> SelectStatement {
    use standing_change::{Column, Entity};
    part::<Entity>(STANDING)
        .column_as(Column::Standing, "code")
        .column_as(Column::FromDay, "from_day")
        .expr_as(Expr::cust("NULL"), "until_day")
        .expr_as(Expr::val(0_i64), "number")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::FromDay.lte(day.to_string()))
        .into_query()
}

fn suspensions_part(area: &AreaCode, id: PersonId, day: Day) -> SelectStatement {
    use suspension::{Column, Entity};
    let open = Column::UntilDay.is_null();
    part::<Entity>(SUSPENSION)
        .expr_as(Expr::val(""), "code")
        .column_as(Column::FromDay, "from_day")
        .column_as(Column::UntilDay, "until_day")
        .expr_as(Expr::val(0_i64), "number")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(open.or(Column::UntilDay.gt(day.to_string())))
        .into_query()
}

/// Accepted ones alone have a person.
fn transfers_part(area: &AreaCode, id: PersonId) -> SelectStatement {
    use transfer_in::{Column, Entity};
    part::<Entity>(TRANSFER)
        .column_as(Column::Content, "code")
        .expr_as(Expr::val(""), "from_day")
        .expr_as(Expr::cust("NULL"), "until_day")
        .expr_as(Expr::val(0_i64), "number")
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .into_query()
}

fn part<E: EntityTrait>(name: &'static str) -> Select<E> {
    E::find().select_only().expr_as(Expr::val(name), "part")
}
