//! What was checked at a visit, as further parts of the one list.

use super::{Line, part};
use crate::domain::{AtVisit, Purpose, VisitFacts};
use crate::entity::identity_check::{Column, Entity};
use crate::entity::{card, credential_token};
use kernel::{AreaCode, IdentityCheckId, Instant, PersonId};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

const DOUBT: &str = "doubt";
const SHOWN: &str = "shown";
/// What stands in the place of a code where the credential was revoked.
const REVOKED: &str = "revoked";

/// The parts of a visit: its oldest open doubt, and the check that is shown.
pub fn parts(area: &AreaCode, person: PersonId, visit: &AtVisit) -> Vec<SelectStatement> {
    let shown = visit.shown.map(|id| shown(area, person, visit, id));
    std::iter::once(doubt(area, visit)).chain(shown).collect()
}

/// Takes the visit's lines out of the list.
pub fn read(lines: Vec<Line>) -> (VisitFacts, Vec<Line>) {
    let mut facts = VisitFacts::default();
    let rest = lines.into_iter().filter(|line| match line.part.as_str() {
        DOUBT => {
            facts.doubt = line.code.clone().filter(|id| !id.is_empty());
            false
        }
        SHOWN => {
            let until = Instant::from_micros(line.number);
            facts.shown = Some((until, line.code.as_deref() == Some(REVOKED)));
            false
        }
        _ => true,
    });
    let rest = rest.collect();
    (facts, rest)
}

/// One line, however many there are.
fn doubt(area: &AreaCode, visit: &AtVisit) -> SelectStatement {
    let oldest = Func::min(Expr::col(Column::IdentityCheckId));
    let oldest = Func::coalesce([oldest.into(), Expr::val("")]);
    line(
        part::<Entity>(DOUBT)
            .expr_as(oldest, "code")
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::InstitutionCode.eq(visit.institution.as_str()))
            .filter(Column::VisitNumber.eq(visit.visit_number.as_str()))
            .filter(Column::DoubtedAt.is_not_null())
            .filter(Column::ClearedAt.is_null()),
        Expr::val(0_i64),
    )
}

/// The check that is shown, where it is one of this person, institution and visit that settles.
fn shown(
    area: &AreaCode,
    person: PersonId,
    visit: &AtVisit,
    id: IdentityCheckId,
) -> SelectStatement {
    let revoked = revoked_card(area).or(withdrawn_token(area));
    let revoked = CaseStatement::new().case(revoked, REVOKED).finally("");
    let settling = Purpose::SETTLING.map(Purpose::as_str);
    line(
        part::<Entity>(SHOWN)
            .expr_as(revoked, "code")
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::IdentityCheckId.eq(id.to_string()))
            .filter(Column::PersonId.eq(person.to_string()))
            .filter(Column::InstitutionCode.eq(visit.institution.as_str()))
            .filter(Column::VisitNumber.eq(visit.visit_number.as_str()))
            .filter(Column::Purpose.is_in(settling))
            .filter(Column::SettlesUntil.is_not_null())
            .filter(Column::WithdrawnAt.is_null()),
        Expr::col(Column::SettlesUntil),
    )
}

/// A card that is revoked, or is not registered any more.
fn revoked_card(area: &AreaCode) -> Expr {
    use card::{Column as Card, Entity as Cards};
    let cards = Cards::find()
        .select_only()
        .column(Card::CardId)
        .filter(Card::Area.eq(area.as_str()))
        .filter(same(Card::CardId))
        .filter(
            Card::RevokedAt
                .is_not_null()
                .or(Card::WithdrawnAt.is_not_null()),
        );
    Expr::exists(cards.into_query())
}

fn withdrawn_token(area: &AreaCode) -> Expr {
    use credential_token::{Column as Token, Entity as Tokens};
    let tokens = Tokens::find()
        .select_only()
        .column(Token::TokenId)
        .filter(Token::Area.eq(area.as_str()))
        .filter(same(Token::TokenId))
        .filter(Token::WithdrawnAt.is_not_null());
    Expr::exists(tokens.into_query())
}

fn same<C: ColumnTrait>(column: C) -> Expr {
    let credential = Expr::col((Entity, Column::CredentialId));
    column.into_expr().eq(credential)
}

/// The rest of a line: no days, and a number.
fn line(select: sea_orm::Select<Entity>, number: Expr) -> SelectStatement {
    select
        .expr_as(Expr::val(""), "from_day")
        .expr_as(Expr::cust("NULL"), "until_day")
        .expr_as(number, "number")
        .into_query()
}
