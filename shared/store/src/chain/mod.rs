//! 封存: rows of a table, sealed off the hot path into a chain of blocks whose positions have no
//! gaps; and what became of such a chain.
//!
//! What shows, and what does not:
//!
//! | altered | shows |
//! |---|---|
//! | a sealed row edited, deleted, put elsewhere or in between | at once: the block's root says so (`walk`) |
//! | a block's row edited or deleted | at once: its hash, or the block after it, says so |
//! | blocks computed anew, all of it consistent | against a head that was signed and published before ([`crate::heads`]) |
//! | the newest rows and blocks cut off | against such a head, which knows more blocks |
//! | a row that waits for the sealer (a quarter of a second, or while no sealer runs) | no: it is sealed as it stands |
//! | blocks younger than the newest published head, computed anew | no: a second's worth, or as long as publishing fails |
//! | a row that was never written | no: sealing keeps what was told, it cannot know what was not |
//!
//! The chain is generic in its table: whoever has another one to seal gives it a table of blocks and
//! a [`Sealed`] row.

mod classify;
mod prove;
mod walk;

pub use prove::prove;
pub use walk::{Checked, Step, Walk, check};

use crate::db::{Db, Stop, Tx};
use crate::entity::{block, event};
use crate::fault::told;
use kernel::seal::{BLOCK_RECORDS_MAX, Block, GENESIS, leaf, merkle_root};
use kernel::{Digest, Instant, Refusal};
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult};
use std::borrow::Cow;

/// The column that the sealer fills, in every sealed table.
pub(crate) const POSITION: &str = "position";

/// A row of a table that is sealed. Its table has a text id that grows with time, and a column
/// `position` that is unique and empty until the row is sealed.
pub trait Sealed: FromQueryResult + Send + Sync + 'static {
    /// The table, which is also the chain's name.
    const TABLE: &'static str;
    /// The table of its blocks, with the columns of `block`.
    const BLOCKS: &'static str;
    /// The id's column. Rows that wait together are sealed in its order.
    const ID: &'static str;

    /// The id.
    fn id(&self) -> &str;

    /// The position; none until sealed.
    fn position(&self) -> Option<i64>;

    /// What is sealed: every column but the position, by name, always in the same order.
    fn columns(&self) -> Vec<(&'static str, Cow<'_, str>)>;
}

impl Sealed for event::Model {
    const TABLE: &'static str = "event";
    const BLOCKS: &'static str = "block";
    const ID: &'static str = "event_id";

    fn id(&self) -> &str {
        &self.event_id
    }

    fn position(&self) -> Option<i64> {
        self.position
    }

    fn columns(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        vec![
            ("event_id", Cow::from(&self.event_id)),
            ("area", Cow::from(&self.area)),
            ("kind", Cow::from(&self.kind)),
            ("subject", Cow::from(&self.subject)),
            ("facts", Cow::from(&self.facts)),
            ("occurred_at", Cow::from(self.occurred_at.to_string())),
        ]
    }
}

/// What the row stands for at this position.
pub(crate) fn leaf_of<R: Sealed>(position: i64, row: &R) -> Digest {
    let columns = row.columns();
    leaf(
        position,
        columns.iter().map(|(name, value)| (*name, value.as_ref())),
    )
}

/// Seals one block of waiting rows; answers how many it sealed.
pub async fn seal<R: Sealed>(db: &Db, now: Instant) -> Result<usize, Refusal> {
    // Most looks find nothing: they must not take the writer's turn.
    let waiting = waiting::<R>(1);
    let found = db.reader().query_one(&waiting).await;
    if found.map_err(|fault| told(&fault))?.is_none() {
        return Ok(0);
    }
    Ok(db
        .write(|tx| async move { seal_block::<R>(&tx, now).await })
        .await?)
}

fn waiting<R: Sealed>(limit: u64) -> SelectStatement {
    Query::select()
        .column(Asterisk)
        .from(R::TABLE)
        .and_where(Expr::col(POSITION).is_null())
        .order_by(R::ID, Order::Asc)
        .limit(limit)
        .to_owned()
}

async fn seal_block<R: Sealed>(tx: &Tx, now: Instant) -> Result<usize, Stop> {
    if tx.get_database_backend() == DbBackend::Postgres {
        // One sealer at a time; SQLite has one writer anyway.
        tx.execute_unprepared(&format!("LOCK TABLE {} IN EXCLUSIVE MODE", R::BLOCKS))
            .await?;
    }
    let (number, position, previous) = match newest::<R>(&**tx).await? {
        Some(last) => {
            let hash = Digest::parse(&last.hash).unwrap_or(GENESIS);
            (last.number + 1, last.last_position, hash)
        }
        None => (1, 0, GENESIS),
    };
    let rows: Vec<R> = all(&**tx, &waiting::<R>(BLOCK_RECORDS_MAX)).await?;
    let Some(count) = i64::try_from(rows.len()).ok().filter(|n| *n > 0) else {
        return Ok(0);
    };
    let placed: Vec<(i64, &R)> = (position + 1..).zip(&rows).collect();
    place(tx, &placed).await?;
    let leaves: Vec<Digest> = placed.iter().map(|(p, row)| leaf_of(*p, *row)).collect();
    let block = Block {
        number,
        first_position: position + 1,
        last_position: position + count,
        root: merkle_root(&leaves),
        previous,
        sealed_at: now.micros(),
    };
    let columns = [
        "number",
        "first_position",
        "last_position",
        "root",
        "previous",
        "hash",
        "sealed_at",
    ];
    let insert = Query::insert()
        .into_table(R::BLOCKS)
        .columns(columns)
        .values([
            block.number.into(),
            block.first_position.into(),
            block.last_position.into(),
            block.root.to_string().into(),
            block.previous.to_string().into(),
            block.hash().to_string().into(),
            block.sealed_at.into(),
        ])
        .map_err(|error| DbErr::Custom(error.to_string()))?
        .to_owned();
    tx.execute(&insert).await?;
    Ok(rows.len())
}

/// Gives all rows of a block their positions in one statement.
async fn place<R: Sealed>(tx: &Tx, placed: &[(i64, &R)]) -> Result<(), DbErr> {
    let Some(((first, one), rest)) = placed.split_first() else {
        return Ok(());
    };
    let is = |row: &R| Expr::col(R::ID).eq(row.id());
    let mut position = Expr::case(is(one), *first);
    for (at, row) in rest {
        position = position.case(is(row), *at);
    }
    let ids = placed.iter().map(|(_, row)| row.id());
    let update = Query::update()
        .table(R::TABLE)
        .value(POSITION, position)
        .and_where(Expr::col(R::ID).is_in(ids))
        .to_owned();
    tx.execute(&update).await.map(drop)
}

/// The newest block as it is stored.
pub(crate) async fn newest<R: Sealed>(
    on: &impl ConnectionTrait,
) -> Result<Option<block::Model>, DbErr> {
    let newest = Query::select()
        .column(Asterisk)
        .from(R::BLOCKS)
        .order_by("number", Order::Desc)
        .limit(1)
        .to_owned();
    Ok(all(on, &newest).await?.pop())
}

/// 链高: the number of the newest block; 0 where there is none.
pub async fn height<R: Sealed>(db: &Db) -> Result<i64, Refusal> {
    let newest = newest::<R>(db.reader()).await;
    Ok(newest
        .map_err(|fault| told(&fault))?
        .map_or(0, |block| block.number))
}

/// Blocks from a number on, as they are stored.
pub(crate) async fn blocks_from<R: Sealed>(
    on: &impl ConnectionTrait,
    number: i64,
    limit: u64,
) -> Result<Vec<block::Model>, DbErr> {
    let blocks = Query::select()
        .column(Asterisk)
        .from(R::BLOCKS)
        .and_where(Expr::col("number").gte(number))
        .order_by("number", Order::Asc)
        .limit(limit)
        .to_owned();
    all(on, &blocks).await
}

/// The block of this number.
pub(crate) async fn block_at<R: Sealed>(
    on: &impl ConnectionTrait,
    number: i64,
) -> Result<Option<block::Model>, DbErr> {
    let found = blocks_from::<R>(on, number, 1).await?.pop();
    Ok(found.filter(|block| block.number == number))
}

/// Rows whose position is within these, in their order; at most `limit`.
pub(crate) async fn rows_within<R: Sealed>(
    on: &impl ConnectionTrait,
    first: i64,
    last: i64,
    limit: u64,
) -> Result<Vec<R>, DbErr> {
    let rows = Query::select()
        .column(Asterisk)
        .from(R::TABLE)
        .and_where(Expr::col(POSITION).between(first, last))
        .order_by(POSITION, Order::Asc)
        .order_by(R::ID, Order::Asc)
        .limit(limit)
        .to_owned();
    all(on, &rows).await
}

async fn all<T: FromQueryResult>(
    on: &impl ConnectionTrait,
    select: &SelectStatement,
) -> Result<Vec<T>, DbErr> {
    let rows = on.query_all(select).await?;
    rows.iter()
        .map(|row| T::from_query_result(row, ""))
        .collect()
}

/// A stored block in the words of the chain, with the hash that is written beside it; none when it
/// says what no sealer writes.
pub(crate) fn read(row: &block::Model) -> Option<(Block, Digest)> {
    let block = Block {
        number: row.number,
        first_position: row.first_position,
        last_position: row.last_position,
        root: Digest::parse(&row.root)?,
        previous: Digest::parse(&row.previous)?,
        sealed_at: row.sealed_at,
    };
    let hash = Digest::parse(&row.hash)?;
    (block.hash() == hash && block.count().is_some()).then_some((block, hash))
}
