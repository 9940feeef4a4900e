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
    /// 参保口径变更.
    Standing,
    /// 参保凭证.
    TransferCertificate,
    /// 转入申请: those that were accepted.
    Transfer,
}

impl Recorded {
    /// All of them.
    pub const ALL: [Recorded; 8] = [
        Recorded::Coverage,
        Recorded::Identity,
        Recorded::Suspension,
        Recorded::Card,
        Recorded::Filing,
        Recorded::Standing,
        Recorded::TransferCertificate,
        Recorded::Transfer,
    ];

    fn table(self) -> &'static str {
        match self {
            Recorded::Coverage => "coverage",
            Recorded::Identity => "identity",
            Recorded::Suspension => "suspension",
            Recorded::Card => "card",
            Recorded::Filing => "disease_filing",
            Recorded::Standing => "standing_change",
            Recorded::TransferCertificate => "transfer_certificate",
            Recorded::Transfer => "transfer_in",
        }
    }

    fn id(self) -> &'static str {
        match self {
            Recorded::Coverage => "coverage_id",
            Recorded::Identity => "identity_id",
            Recorded::Suspension => "suspension_id",
            Recorded::Card => "card_id",
            Recorded::Filing => "filing_id",
            Recorded::Standing => "standing_change_id",
            Recorded::TransferCertificate => "certificate_id",
            Recorded::Transfer => "transfer_id",
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

/// What is withdrawn goes with one of these.
#[derive(Clone, Copy, Debug)]
pub enum With<'a> {
    /// All that is recorded of a person.
    Person(&'a str),
    /// What is recorded of a coverage.
    Coverage(&'a str),
}

/// Marks withdrawn all that stands and goes with this, whose person is locked; answers the ids, in order.
pub async fn withdraw_all(
    tx: &Tx,
    area: &AreaCode,
    what: Recorded,
    with: With<'_>,
    now: Instant,
) -> Result<Vec<String>, Stop> {
    let (column, id) = match with {
        With::Person(id) => ("person_id", id),
        With::Coverage(id) => ("coverage_id", id),
    };
    let update = mark(area, what, now)
        .and_where(Expr::col(column).eq(id))
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
