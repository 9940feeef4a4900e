//! The key row of a request and the first question of its work in one round trip.

use crate::db::{Stop, Tx};
use crate::once::{Call, claim_as, key_insert, standing};
use sea_orm::sea_query::{Alias, CommonTableExpression, Expr, Query, SelectStatement, WithClause};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult};

/// What the statement calls the row that it writes, and how many it wrote.
const KEY: &str = "key";
const WRITTEN: &str = "key_written";

/// A request's key row that is not written yet: the work's first question writes it.
pub struct Unwritten<'a> {
    call: &'a Call,
    subject: &'a str,
}

/// What the first question found.
pub enum Led {
    /// The key stands already; the question counts for nothing.
    Taken,
    /// The key is written, and this was found.
    Found(QueryResult),
    /// The key is written, and nothing was found.
    Nothing,
}

impl<'a> Unwritten<'a> {
    pub(crate) fn new(call: &'a Call, subject: &'a str) -> Unwritten<'a> {
        Unwritten { call, subject }
    }

    /// Writes the key and asks the question, of which one row at most is looked at. It joins the row of
    /// `beside` by that name, which is read, and locked where it says so, after the key is written and only
    /// then: whoever comes with the same key waits for the key and holds nothing.
    pub async fn lead(
        self,
        tx: &Tx,
        mut question: SelectStatement,
        (name, mut beside): (&'static str, SelectStatement),
    ) -> Result<Led, Stop> {
        let Unwritten { call, subject } = self;
        let on_postgres = tx.get_database_backend() == DbBackend::Postgres;
        // SQLite has no write inside of a question (differs).
        if !on_postgres && !claim_as(tx, call, subject).await? {
            return Ok(Led::Taken);
        }
        let mut parts = WithClause::new();
        if on_postgres {
            let mut insert = key_insert(call, subject);
            let one = Query::returning().expr(Expr::cust("1"));
            let key = CommonTableExpression::new()
                .query(insert.returning(one).take())
                .table_name(Alias::new(KEY))
                .to_owned();
            parts.cte(key);
            let written = format!("(SELECT count(*) FROM \"{KEY}\")");
            question.expr_as(Expr::cust(written), Alias::new(WRITTEN));
        }
        if on_postgres {
            let written = Query::select().expr(Expr::cust("1")).from(KEY).to_owned();
            beside.and_where(Expr::exists(written));
        }
        let beside = CommonTableExpression::new()
            .query(beside)
            .table_name(Alias::new(name))
            .to_owned();
        parts.cte(beside);
        let found = tx.query_one(&question.with(parts)).await?;
        let Some(found) = found else {
            // Whether the key was written is told by whose it is.
            let is_ours = !on_postgres || standing(tx, &call.key).await?.subject_is(subject);
            return Ok(if is_ours { Led::Nothing } else { Led::Taken });
        };
        let is_written = !on_postgres || found.try_get::<i64>("", WRITTEN)? == 1;
        Ok(if is_written {
            Led::Found(found)
        } else {
            Led::Taken
        })
    }
}
