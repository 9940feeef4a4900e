//! Filed diseases, as further parts of the one list.

use super::{Line, part};
use crate::domain::{Filed, FilingChange, first_day_of_bill};
use crate::entity::{disease_filing as filing, filing_change as change};
use crate::store::disease_filing::{institutions, otherwise};
use crate::store::period;
use kernel::{AreaCode, Day, DiseaseCode, FilingChangeId, FilingId, FilingKind, PersonId, Scheme};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, QueryTrait};

const FILED: &str = "filed";
const CHANGED: &str = "filing_changed";

/// A person's filings by a scheme that a bill which ends on the day may need, and what was changed of
/// any of the person's.
pub fn parts(
    area: &AreaCode,
    person: PersonId,
    (scheme, day): (&Scheme, Day),
) -> [SelectStatement; 2] {
    let open = filing::Column::UntilDay.is_null();
    let first = first_day_of_bill(day).to_string();
    // One text of what one column cannot say: all of them are of one word each, but the last.
    let code = "filing_id || ' ' || kind || ' ' || disease_code || ' ' || institution_codes";
    let filed = part::<filing::Entity>(FILED)
        .expr_as(Expr::cust(code), "code")
        .column_as(filing::Column::FromDay, "from_day")
        .column_as(filing::Column::UntilDay, "until_day")
        .expr_as(Expr::val(0_i64), "number")
        .filter(filing::Column::Area.eq(area.as_str()))
        .filter(filing::Column::PersonId.eq(person.to_string()))
        .filter(filing::Column::WithdrawnAt.is_null())
        .filter(filing::Column::Scheme.eq(scheme.as_str()))
        .filter(open.or(filing::Column::UntilDay.gt(first)));
    let code = "filing_id || ' ' || change_id || ' ' || kind || ' ' || institution_codes";
    let changed = part::<change::Entity>(CHANGED)
        .expr_as(Expr::cust(code), "code")
        .column_as(change::Column::FromDay, "from_day")
        .expr_as(Expr::cust("NULL"), "until_day")
        .expr_as(Expr::val(0_i64), "number")
        .filter(change::Column::Area.eq(area.as_str()))
        .filter(change::Column::PersonId.eq(person.to_string()))
        .filter(change::Column::WithdrawnAt.is_null());
    [filed.into_query(), changed.into_query()]
}

/// Takes the filings' lines out of the list; nothing where one cannot be read.
pub fn read(lines: Vec<Line>) -> Option<(Vec<Filed>, Vec<Line>)> {
    let of = |name: &'static str| move |line: &Line| line.part == name;
    let (filed, lines): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(of(FILED));
    let (changed, lines): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(of(CHANGED));
    let mut filings: Vec<Filed> = filed.iter().map(filed_of).collect::<Option<_>>()?;
    filings.sort_by_key(|filing| filing.id);
    for line in &changed {
        let (of, change) = change_of(line)?;
        // Changes of other schemes' filings, and of past ones, come along.
        if let Some(filing) = filings.iter_mut().find(|filing| filing.id == of) {
            filing.changes.push(change);
        }
    }
    for filing in &mut filings {
        filing
            .changes
            .sort_by_key(|change| (change.from, change.id));
    }
    Some((filings, lines))
}

fn filed_of(line: &Line) -> Option<Filed> {
    let mut words = line.code.as_deref()?.splitn(4, ' ');
    Some(Filed {
        id: FilingId::parse(words.next()?).ok()?,
        kind: FilingKind::parse(words.next()?)?,
        disease: DiseaseCode::parse(words.next()?).ok()?,
        institutions: institutions(words.next()?)?,
        days: period(&line.from_day, line.until_day.as_deref())?,
        changes: Vec::new(),
    })
}

fn change_of(line: &Line) -> Option<(FilingId, FilingChange)> {
    let mut words = line.code.as_deref()?.splitn(4, ' ');
    let of = FilingId::parse(words.next()?).ok()?;
    let change = FilingChange {
        id: FilingChangeId::parse(words.next()?).ok()?,
        what: otherwise(words.next()?, words.next()?)?,
        from: Day::parse(&line.from_day).ok()?,
    };
    Some((of, change))
}
