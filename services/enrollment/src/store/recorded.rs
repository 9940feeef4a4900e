//! What is recorded of a person in tables of one shape, and is withdrawn alike: by the key of its
//! own request, or together with the person. Whichever comes first withdraws it, once.

use super::person;
use kernel::{AreaCode, Instant};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query, UpdateStatement};
use store::{Stop, Tx};

/// Which of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// 参保.
    Coverage,
    /// 身份.
    Identity,
    /// 待遇暂停.
    Suspension,
    /// 社保卡.
    Card,
    /// 门诊慢特病备案.
    Filing,
}

impl Recorded {
    /// All of them.
    pub const ALL: [Recorded; 5] = [
        Recorded::Coverage,
        Recorded::Identity,
        Recorded::Suspension,
        Recorded::Card,
        Recorded::Filing,
    ];

    fn table(self) -> &'static str {
        match self {
            Recorded::Coverage => "coverage",
            Recorded::Identity => "identity",
            Recorded::Suspension => "suspension",
            Recorded::Card => "card",
            Recorded::Filing => "disease_filing",
        }
    }

    fn id(self) -> &'static str {
        match self {
            Recorded::Coverage => "coverage_id",
            Recorded::Identity => "identity_id",
            Recorded::Suspension => "suspension_id",
            Recorded::Card => "card_id",
            Recorded::Filing => "filing_id",
        }
    }
}

/// Marks one withdrawn; answers whose it was, or nothing where it went with its person before.
pub async fn withdraw(
    tx: &Tx,
    area: &AreaCode,
    what: Recorded,
    id: &str,
    now: Instant,
) -> Result<Option<String>, Stop> {
    let owner = Query::select()
        .column("person_id")
        .from(what.table())
        .and_where(Expr::col("area").eq(area.as_str()))
        .and_where(Expr::col(what.id()).eq(id))
        .and_where(Expr::col("withdrawn_at").is_null())
        .to_owned();
    let Some(person) = person::touch_owner(tx, area, owner).await? else {
        return Ok(None);
    };
    let update = mark(area, what, now)
        .and_where(Expr::col(what.id()).eq(id))
        .to_owned();
    // The person may have been withdrawn while the lock was waited for.
    let marked = tx.execute(&update).await?.rows_affected();
    Ok((marked > 0).then_some(person))
}

/// Marks withdrawn all that stands of a locked person; answers the ids, in order.
pub async fn withdraw_all(
    tx: &Tx,
    area: &AreaCode,
    what: Recorded,
    person: &str,
    now: Instant,
) -> Result<Vec<String>, Stop> {
    let update = mark(area, what, now)
        .and_where(Expr::col("person_id").eq(person))
        .returning_col(what.id())
        .to_owned();
    let rows = tx.query_all(&update).await?;
    let ids = rows.iter().map(|row| row.try_get_by_index::<String>(0));
    let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    Ok(ids)
}

fn mark(area: &AreaCode, what: Recorded, now: Instant) -> UpdateStatement {
    Query::update()
        .table(what.table())
        .value("withdrawn_at", now.micros())
        .and_where(Expr::col("area").eq(area.as_str()))
        .and_where(Expr::col("withdrawn_at").is_null())
        .to_owned()
}
