//! 定性: what was done to the rows of a block whose root they do not lead to any more.
//!
//! The block keeps one root, not its leaves: what it was is not known, but each guess of what was
//! done can be undone and measured against the root.

use super::{Sealed, block_at, leaf_of, read, rows_within};
use crate::db::Db;
use kernel::Digest;
use kernel::seal::{Block, Cause, merkle_root};
use sea_orm::DbErr;

/// Nothing when the rows are those that were sealed; else what was done, and where if it can be said.
pub(super) async fn classify<R: Sealed>(
    db: &Db,
    block: &Block,
    rows: &[R],
) -> Result<Option<(Cause, Option<i64>)>, DbErr> {
    let positions = block.first_position..=block.last_position;
    let own: Vec<Digest> = placed(block.first_position, rows);
    let gap = positions
        .clone()
        .zip(rows.iter().map(Some).chain(std::iter::repeat(None)))
        .find(|(position, row)| row.and_then(Sealed::position) != Some(*position));
    let count = block.count().and_then(|count| usize::try_from(count).ok());
    if count == Some(rows.len()) && gap.is_none() && merkle_root(&own) == block.root {
        return Ok(None);
    }
    if let Some((position, found)) = gap {
        let twice = found
            .and_then(Sealed::position)
            .is_some_and(|at| at < position);
        let cause = if twice {
            Cause::Inserted
        } else {
            Cause::Deleted
        };
        return Ok(Some((cause, Some(position))));
    }
    if count != Some(rows.len()) {
        return Ok(Some((Cause::Inserted, Some(block.last_position))));
    }
    if let Some(position) = reordered(block, rows) {
        return Ok(Some((Cause::Reordered, Some(position))));
    }
    if let Some(position) = inserted(db, block, rows, &own).await? {
        return Ok(Some((Cause::Inserted, Some(position))));
    }
    if moved_up::<R>(db, block).await? {
        return Ok(Some((Cause::Deleted, None)));
    }
    Ok(Some((Cause::Edited, None)))
}

/// The leaves of rows that stand one after the other from a position on.
fn placed<R: Sealed>(first: i64, rows: &[R]) -> Vec<Digest> {
    (first..)
        .zip(rows)
        .map(|(p, row)| leaf_of(p, row))
        .collect()
}

/// Rows are sealed in the order of their ids: put back into it, do they lead to the root? Then the
/// first position where another one stands.
fn reordered<R: Sealed>(block: &Block, rows: &[R]) -> Option<i64> {
    let mut order: Vec<&R> = rows.iter().collect();
    order.sort_by(|one, other| one.id().cmp(other.id()));
    let moved = (block.first_position..)
        .zip(rows.iter().zip(&order))
        .find(|(_, (row, sorted))| row.id() != sorted.id())?;
    let leaves: Vec<Digest> = (block.first_position..)
        .zip(&order)
        .map(|(p, row)| leaf_of(p, *row))
        .collect();
    (merkle_root(&leaves) == block.root).then_some(moved.0)
}

/// A row put in between moves all that follow: without it, and with the first row after the block,
/// do they lead to the root?
async fn inserted<R: Sealed>(
    db: &Db,
    block: &Block,
    rows: &[R],
    own: &[Digest],
) -> Result<Option<i64>, DbErr> {
    let after = block.last_position.saturating_add(1);
    let next: Vec<R> = rows_within(db.reader(), after, after, 1).await?;
    let Some(next) = next.first() else {
        return Ok(None);
    };
    let mut back: Vec<Digest> = placed(block.first_position.saturating_sub(1), rows);
    back.push(leaf_of(block.last_position, next));
    for (index, position) in (block.first_position..=block.last_position).enumerate() {
        let before = own.iter().take(index);
        let leaves: Vec<Digest> = before.chain(back.iter().skip(index + 1)).copied().collect();
        if merkle_root(&leaves) == block.root {
            return Ok(Some(position));
        }
    }
    Ok(None)
}

/// A row taken out, and all that follow moved up: do the next block's rows, one position back, lead
/// to the next block's root?
async fn moved_up<R: Sealed>(db: &Db, block: &Block) -> Result<bool, DbErr> {
    let next = block_at::<R>(db.reader(), block.number.saturating_add(1)).await?;
    let Some((next, _)) = next.and_then(|row| read(&row)) else {
        return Ok(false);
    };
    let (first, last) = (
        next.first_position.saturating_sub(1),
        next.last_position.saturating_sub(1),
    );
    let rows: Vec<R> = rows_within(db.reader(), first, last, next.count().unwrap_or(0)).await?;
    Ok(merkle_root(&placed(next.first_position, &rows)) == next.root)
}
