//! 验链: a chain block by block, in bounded memory, until it ends or stops holding.

use super::classify::classify;
use super::{Sealed, block_at, blocks_from, read, rows_within};
use crate::db::Db;
use crate::entity::block;
use crate::fault::told;
use kernel::Refusal;
use kernel::seal::{Block, Cause, Flaw, GENESIS};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DbErr};
use std::collections::VecDeque;
use std::marker::PhantomData;

/// Blocks read at a time.
const PAGE: u64 = 64;

/// What a walk met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A block that holds, with everything before it.
    Held(Block),
    /// The first block that does not. There is nothing to be said of what follows.
    Flawed(Flaw),
    /// No more blocks.
    End,
}

/// A way along the chain of rows `R`.
pub struct Walk<'a, R> {
    db: &'a Db,
    /// The last block that held; none before the first.
    held: Option<Block>,
    page: VecDeque<block::Model>,
    rows: PhantomData<fn() -> R>,
}

impl<'a, R: Sealed> Walk<'a, R> {
    /// From the first block.
    pub fn new(db: &'a Db) -> Walk<'a, R> {
        Walk {
            db,
            held: None,
            page: VecDeque::new(),
            rows: PhantomData,
        }
    }

    /// From the block after this one, which is taken as it stands; from the first after block 0. None
    /// when there is no such block.
    pub async fn after(db: &'a Db, number: i64) -> Result<Option<Walk<'a, R>>, Refusal> {
        if number == 0 {
            return Ok(Some(Walk::new(db)));
        }
        let found = block_at::<R>(db.reader(), number).await;
        let found = found.map_err(|fault| told(&fault))?;
        let held = found.and_then(|row| read(&row)).map(|(block, _)| block);
        Ok(held.map(|held| Walk {
            held: Some(held),
            ..Walk::new(db)
        }))
    }

    /// The last block that held.
    pub fn held(&self) -> Option<&Block> {
        self.held.as_ref()
    }

    /// One block further.
    pub async fn step(&mut self) -> Result<Step, Refusal> {
        self.look().await.map_err(|fault| told(&fault))
    }

    async fn look(&mut self) -> Result<Step, DbErr> {
        let next = self.number() + 1;
        if self.page.is_empty() {
            self.page = blocks_from::<R>(self.db.reader(), next, PAGE).await?.into();
        }
        let Some(row) = self.page.pop_front() else {
            return self.end().await;
        };
        let flaw = match self.fits(&row) {
            Err(flaw) => flaw,
            Ok(block) => {
                let (first, last) = (block.first_position, block.last_position);
                // One more than a block may have: its index may be gone.
                let limit = kernel::seal::BLOCK_RECORDS_MAX + 1;
                let rows = rows_within::<R>(self.db.reader(), first, last, limit).await?;
                match classify(self.db, &block, &rows).await? {
                    None => {
                        self.held = Some(block.clone());
                        return Ok(Step::Held(block));
                    }
                    Some((cause, position)) => self.flaw(cause, &block, position),
                }
            }
        };
        Ok(Step::Flawed(flaw))
    }

    /// The number, the last position and the hash that stand so far.
    fn number(&self) -> i64 {
        self.held.as_ref().map_or(0, |held| held.number)
    }

    fn position(&self) -> i64 {
        self.held.as_ref().map_or(0, |held| held.last_position)
    }

    fn flaw(&self, cause: Cause, block: &Block, position: Option<i64>) -> Flaw {
        Flaw {
            cause,
            block: block.number,
            first_position: block.first_position,
            last_position: block.last_position,
            position,
        }
    }

    /// Whether a block's row goes on where the chain stands.
    fn fits(&self, row: &block::Model) -> Result<Block, Flaw> {
        let (next, first) = (self.number() + 1, self.position() + 1);
        let wrong = |cause, last| Flaw {
            cause,
            block: next,
            first_position: first,
            last_position: last,
            position: None,
        };
        if row.number != next {
            let before = row.first_position.saturating_sub(1);
            return Err(wrong(Cause::BlockDeleted, Ord::max(before, first)));
        }
        let Some((block, _)) = read(row) else {
            return Err(wrong(
                Cause::BlockEdited,
                Ord::max(row.last_position, first),
            ));
        };
        match &self.held {
            Some(held) if block.previous != held.hash() => {
                // This one is whole and names another block before it: that one was computed anew.
                Err(self.flaw(Cause::Rewritten, held, None))
            }
            None if block.previous != GENESIS => Err(self.flaw(Cause::Rewritten, &block, None)),
            _ if block.first_position != first => Err(self.flaw(Cause::Rewritten, &block, None)),
            _ => Ok(block),
        }
    }

    /// No block follows: then no row may have a position that none covers.
    async fn end(&mut self) -> Result<Step, DbErr> {
        let last = self.position();
        let stray = |order| {
            let outside = Expr::col(super::POSITION).gt(last);
            let outside = outside.or(Expr::col(super::POSITION).lt(1));
            Query::select()
                .column(super::POSITION)
                .from(R::TABLE)
                .and_where(outside)
                .order_by(super::POSITION, order)
                .limit(1)
                .to_owned()
        };
        let reader = self.db.reader();
        let Some(lowest) = reader.query_one(&stray(Order::Asc)).await? else {
            return Ok(Step::End);
        };
        let highest = reader.query_one(&stray(Order::Desc)).await?;
        let lowest: i64 = lowest.try_get("", super::POSITION)?;
        let highest: i64 = highest.map_or(Ok(lowest), |row| row.try_get("", super::POSITION))?;
        // A sealer may have come in between: a row gets its position together with its block.
        self.page = blocks_from::<R>(reader, self.number() + 1, PAGE)
            .await?
            .into();
        if !self.page.is_empty() {
            return Box::pin(self.look()).await;
        }
        let cause = match lowest == last + 1 {
            true => Cause::BlockDeleted,
            false => Cause::Inserted,
        };
        Ok(Step::Flawed(Flaw {
            cause,
            block: self.number() + 1,
            first_position: lowest,
            last_position: highest,
            position: Some(lowest),
        }))
    }
}

/// What a bounded check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The last block that held; none when there was none before it.
    pub held: Option<Block>,
    /// Where it stopped holding.
    pub flaw: Option<Flaw>,
    /// More blocks may follow.
    pub more: bool,
}

/// Checks at most `limit` blocks after one. A block that is not there, or does not hold by itself, is
/// the flaw.
pub async fn check<R: Sealed>(db: &Db, after: i64, limit: u64) -> Result<Checked, Refusal> {
    let Some(mut walk) = Walk::<R>::after(db, after).await? else {
        let flaw = Flaw {
            cause: Cause::BlockDeleted,
            block: after,
            first_position: 0,
            last_position: 0,
            position: None,
        };
        return Ok(Checked {
            held: None,
            flaw: Some(flaw),
            more: false,
        });
    };
    let (mut flaw, mut more) = (None, true);
    for _ in 0..limit {
        match walk.step().await? {
            Step::Held(_) => continue,
            Step::Flawed(found) => flaw = Some(found),
            Step::End => {}
        }
        more = false;
        break;
    }
    Ok(Checked {
        held: walk.held,
        flaw,
        more,
    })
}
