//! 存证导出: a sealed row, with all that somebody needs who has only the public key.

use super::{Sealed, blocks_from, leaf_of, read, rows_within};
use crate::db::Db;
use crate::fault::told;
use kernel::seal::{BLOCK_RECORDS_MAX, Block, Proof, SignedHead, merkle_path};
use kernel::{Digest, Refusal};
use sea_orm::DbErr;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Order, Query};

/// Blocks between a row and the head that covers it at most: a head is published every second, unless
/// publishing failed for long.
const BLOCKS_MAX: u64 = 10_000;

/// The proof that a row was sealed; none when it is not, or no head covers it yet, or the chain does
/// not lead from the one to the other. `head` gives the first head at or after a block.
pub async fn prove<R: Sealed>(
    db: &Db,
    id: &str,
    head: impl FnOnce(i64) -> Option<SignedHead>,
) -> Result<Option<Proof>, Refusal> {
    find::<R>(db, id, head).await.map_err(|fault| told(&fault))
}

async fn find<R: Sealed>(
    db: &Db,
    id: &str,
    head: impl FnOnce(i64) -> Option<SignedHead>,
) -> Result<Option<Proof>, DbErr> {
    let one = Query::select()
        .column(Asterisk)
        .from(R::TABLE)
        .and_where(Expr::col(R::ID).eq(id))
        .to_owned();
    let Some(row) = super::all::<R>(db.reader(), &one).await?.pop() else {
        return Ok(None);
    };
    let Some(position) = row.position() else {
        return Ok(None);
    };
    let Some(own) = block_over::<R>(db, position).await? else {
        return Ok(None);
    };
    let Some(head) = head(own.number) else {
        return Ok(None);
    };
    let (first, last) = (own.first_position, own.last_position);
    let rows: Vec<R> = rows_within(db.reader(), first, last, BLOCK_RECORDS_MAX).await?;
    let leaves: Vec<Digest> = (first..)
        .zip(&rows)
        .map(|(p, row)| leaf_of(p, row))
        .collect();
    let Ok(index) = usize::try_from(position - first) else {
        return Ok(None);
    };
    let count = head
        .head
        .number
        .saturating_sub(own.number)
        .saturating_add(1);
    let count = u64::try_from(count).unwrap_or(0);
    let stored = blocks_from::<R>(db.reader(), own.number, Ord::min(count, BLOCKS_MAX)).await?;
    let blocks = stored.iter().filter_map(read).map(|(block, _)| block);
    let columns = row.columns().into_iter();
    Ok(Some(Proof {
        position,
        record: columns
            .map(|(name, value)| (name.to_string(), value.into_owned()))
            .collect(),
        path: merkle_path(&leaves, index),
        blocks: blocks.collect(),
        head,
    }))
}

/// The block that covers a position.
async fn block_over<R: Sealed>(db: &Db, position: i64) -> Result<Option<Block>, DbErr> {
    let over = Query::select()
        .column(Asterisk)
        .from(R::BLOCKS)
        .and_where(Expr::col("first_position").lte(position))
        .order_by("number", Order::Desc)
        .limit(1)
        .to_owned();
    let found = super::all(db.reader(), &over).await?.pop();
    Ok(found.and_then(|row| read(&row)).map(|(block, _)| block))
}
