//! 封存 (存证): records in blocks, blocks in a chain, so that what was written stays what it was, or
//! it shows.
//!
//! A block is the SM3 Merkle root over its records, joined with the hash of the block before it.
//! Whoever can write to the database can compute such a chain anew; the [`Head`] of a chain, signed
//! and kept elsewhere, is what such a chain does not fit.

mod head;
mod proof;

pub use head::{Anew, Head, SignedAnew, SignedHead};
pub use proof::{Proof, ProofError};

use crate::{Digest, Digester};
use serde::{Deserialize, Serialize};

/// Records in one block at most.
pub const BLOCK_RECORDS_MAX: u64 = 256;

/// What the first block names as the one before it.
pub const GENESIS: Digest = Digest([0; 32]);

/// 区块: a run of sealed records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Gap-free, from 1.
    pub number: i64,
    /// Position of its first record.
    pub first_position: i64,
    /// Position of its last record.
    pub last_position: i64,
    /// Merkle root over its records.
    pub root: Digest,
    /// Hash of the block before; [`GENESIS`] for the first.
    pub previous: Digest,
    /// When it was sealed, in microseconds of 1970.
    pub sealed_at: i64,
}

impl Block {
    /// Its hash: all of it is covered.
    pub fn hash(&self) -> Digest {
        let mut digester = Digester::new();
        digester
            .number(self.number)
            .number(self.first_position)
            .number(self.last_position);
        digester.part(&self.root.0).part(&self.previous.0);
        digester.number(self.sealed_at);
        digester.finish()
    }

    /// How many records it has; none when it says what cannot be.
    pub fn count(&self) -> Option<u64> {
        let count = self.last_position.checked_sub(self.first_position)?;
        let count = u64::try_from(count.checked_add(1)?).ok()?;
        (1..=BLOCK_RECORDS_MAX).contains(&count).then_some(count)
    }
}

/// What a record at a position stands for in the tree: each column's name and what stands in it.
/// Its length is never that of two digests, so no record can be taken for an inner node.
pub fn leaf<'a>(position: i64, columns: impl IntoIterator<Item = (&'a str, &'a str)>) -> Digest {
    let mut digester = Digester::new();
    digester.part(b"yibao-record").number(position);
    for (name, value) in columns {
        digester.part(name.as_bytes()).part(value.as_bytes());
    }
    digester.finish()
}

/// The root over leaves. An odd node is carried up, not doubled: doubling lets two lists have one
/// root.
pub fn merkle_root(leaves: &[Digest]) -> Digest {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied().unwrap_or(Digest::of(&[]))
}

fn above(level: &[Digest]) -> Vec<Digest> {
    let pairs = level.chunks(2).map(|pair| match pair {
        [left, right] => Digest::join(*left, *right),
        [one] => *one,
        _ => Digest::of(&[]),
    });
    pairs.collect()
}

/// One node beside the way from a leaf to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beside {
    /// It stands to the left.
    Left(Digest),
    /// It stands to the right.
    Right(Digest),
}

/// The nodes beside the way from the leaf at `index`, from below.
pub fn merkle_path(leaves: &[Digest], mut index: usize) -> Vec<Beside> {
    let (mut level, mut path) = (leaves.to_vec(), Vec::new());
    while level.len() > 1 {
        let beside = match index % 2 {
            0 => level.get(index + 1).copied().map(Beside::Right),
            _ => level.get(index - 1).copied().map(Beside::Left),
        };
        path.extend(beside);
        level = above(&level);
        index /= 2;
    }
    path
}

/// The root to which this way leads.
pub fn climb(leaf: Digest, path: &[Beside]) -> Digest {
    path.iter().fold(leaf, |node, beside| match beside {
        Beside::Left(left) => Digest::join(*left, node),
        Beside::Right(right) => Digest::join(node, *right),
    })
}

/// 篡改种类: what is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// 改: a record is not what was sealed.
    Edited,
    /// 删: a record is gone.
    Deleted,
    /// 换序: records stand in each other's place.
    Reordered,
    /// 插: a record stands where none was sealed.
    Inserted,
    /// 块改: a block's row is not what its hash says.
    BlockEdited,
    /// 块删: a block's row is gone.
    BlockDeleted,
    /// 重写: the block fits what is in it, but not what came after it, or the signed head.
    Rewritten,
    /// 截尾: a signed head knows more blocks than there are.
    TailCut,
}

/// 首个坏块: where a chain stops holding, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub cause: Cause,
    /// The first block that does not hold.
    pub block: i64,
    /// The first position it covers.
    pub first_position: i64,
    /// The last position it covers.
    pub last_position: i64,
    /// The position where it is known to be wrong, where that can be said.
    pub position: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: i64) -> Vec<Digest> {
        (1..=count).map(|n| leaf(n, [("id", "a")])).collect()
    }

    #[test]
    fn every_leaf_leads_to_the_root_and_no_other_does() {
        for count in 1..=17 {
            let leaves = leaves(count);
            let root = merkle_root(&leaves);
            for (index, one) in leaves.iter().enumerate() {
                let path = merkle_path(&leaves, index);
                assert_eq!(climb(*one, &path), root, "{index} of {count}");
                assert_ne!(climb(Digest::of(b"x"), &path), root);
            }
        }
        assert_ne!(merkle_root(&leaves(3)), merkle_root(&leaves(4)));
    }

    #[test]
    fn a_leaf_says_which_column_holds_what() {
        let of = |columns: [(&'static str, &'static str); 2]| leaf(1, columns);
        let one = of([("kind", "a"), ("subject", "b")]);
        assert_ne!(one, of([("kind", "b"), ("subject", "a")]));
        assert_ne!(one, of([("subject", "a"), ("kind", "b")]));
        assert_ne!(one, of([("kind", "ab"), ("subject", "")]));
        assert_ne!(one, leaf(2, [("kind", "a"), ("subject", "b")]));
    }

    #[test]
    fn a_hash_covers_all_of_a_block() {
        let block = Block {
            number: 2,
            first_position: 3,
            last_position: 4,
            root: Digest::of(b"r"),
            previous: Digest::of(b"p"),
            sealed_at: 5,
        };
        let altered = [
            Block {
                number: 3,
                ..block.clone()
            },
            Block {
                first_position: 4,
                ..block.clone()
            },
            Block {
                last_position: 5,
                ..block.clone()
            },
            Block {
                root: GENESIS,
                ..block.clone()
            },
            Block {
                previous: GENESIS,
                ..block.clone()
            },
            Block {
                sealed_at: 6,
                ..block.clone()
            },
        ];
        for other in &altered {
            assert_ne!(other.hash(), block.hash(), "{other:?}");
        }
        assert_eq!(block.count(), Some(2));
        let range = |first_position, last_position| Block {
            first_position,
            last_position,
            ..block.clone()
        };
        assert_eq!(range(4, 3).count(), None);
        assert_eq!(range(1, 257).count(), None);
        assert_eq!(range(i64::MIN, i64::MAX).count(), None);
    }
}
