//! 存在证明: that a record was sealed, for somebody who has no database but the public key.

use super::{Beside, Block, SignedHead, climb, leaf};
use crate::sm2::PublicKey;
use serde::{Deserialize, Serialize};

/// 存在证明: a record, its way to its block's root, the blocks from there to a signed head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The record's position.
    pub position: i64,
    /// Its columns, in the order in which they are sealed: names and what stands in them.
    pub record: Vec<(String, String)>,
    /// The nodes beside its way to the root, from below.
    pub path: Vec<Beside>,
    /// Its block, and those after it up to the head's.
    pub blocks: Vec<Block>,
    /// The head published when or after its block was sealed.
    pub head: SignedHead,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// None of the keys signed the head.
    #[error("the head is not signed by this key")]
    Signature,
    /// The record does not lead to its block's root.
    #[error("the record does not belong to the block")]
    Record,
    /// The blocks do not lead to the head.
    #[error("the blocks do not lead to the head")]
    Blocks,
}

impl Proof {
    /// Holds when one of these keys signed that this record stood at this position.
    pub fn check(&self, keys: &[PublicKey]) -> Result<(), ProofError> {
        if !self.head.is_signed_by(keys) {
            return Err(ProofError::Signature);
        }
        let [own, ..] = self.blocks.as_slice() else {
            return Err(ProofError::Blocks);
        };
        let columns = self.record.iter();
        let columns = columns.map(|(name, value)| (name.as_str(), value.as_str()));
        let root = climb(leaf(self.position, columns), &self.path);
        let covered = (own.first_position..=own.last_position).contains(&self.position);
        if root != own.root || !covered {
            return Err(ProofError::Record);
        }
        let linked = self.blocks.windows(2).all(|pair| match pair {
            [before, after] => after.previous == before.hash(),
            _ => false,
        });
        let last = self.blocks.last().map(Block::hash);
        match linked && last == Some(self.head.head.hash) {
            true => Ok(()),
            false => Err(ProofError::Blocks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{GENESIS, Head, merkle_path, merkle_root};
    use crate::sm2::{PrivateKey, Signer};

    fn proof(key: &PrivateKey) -> Proof {
        let record = |n: i64| vec![("event_id".to_string(), format!("e{n}"))];
        let leaves: Vec<_> = (1..=5)
            .map(|n| {
                let record = record(n);
                leaf(n, record.iter().map(|(k, v)| (k.as_str(), v.as_str())))
            })
            .collect();
        let first = Block {
            number: 1,
            first_position: 1,
            last_position: 5,
            root: merkle_root(&leaves),
            previous: GENESIS,
            sealed_at: 1,
        };
        let second = Block {
            number: 2,
            first_position: 6,
            last_position: 6,
            root: GENESIS,
            previous: first.hash(),
            sealed_at: 2,
        };
        let head = Head {
            service: "settlement".into(),
            chain: "event".into(),
            after_number: 0,
            number: 2,
            last_position: 6,
            hash: second.hash(),
            sealed_at: 2,
        };
        Proof {
            position: 4,
            record: record(4),
            path: merkle_path(&leaves, 3),
            blocks: vec![first, second],
            head: head.sign(key).unwrap(),
        }
    }

    #[test]
    fn a_proof_holds_and_stops_holding_when_anything_in_it_is_altered() {
        let key = PrivateKey::from_bytes(&[7; 32]).unwrap();
        let keys = [key.public_key()];
        let proof = proof(&key);
        assert_eq!(proof.check(&keys), Ok(()));
        let other = PrivateKey::from_bytes(&[8; 32]).unwrap().public_key();
        assert_eq!(proof.check(&[other]), Err(ProofError::Signature));

        let mut altered = proof.clone();
        altered.record[0].1 = "e5".into();
        assert_eq!(altered.check(&keys), Err(ProofError::Record));
        let mut altered = proof.clone();
        altered.position = 5;
        assert_eq!(altered.check(&keys), Err(ProofError::Record));
        let mut altered = proof.clone();
        altered.path.pop();
        assert_eq!(altered.check(&keys), Err(ProofError::Record));
        let mut altered = proof.clone();
        altered.blocks[0].sealed_at = 3;
        assert_eq!(altered.check(&keys), Err(ProofError::Blocks));
        let mut altered = proof.clone();
        altered.blocks.pop();
        assert_eq!(altered.check(&keys), Err(ProofError::Blocks));
        let mut altered = proof.clone();
        altered.blocks.clear();
        assert_eq!(altered.check(&keys), Err(ProofError::Blocks));
        let mut altered = proof;
        altered.head.head.last_position = 7;
        assert_eq!(altered.check(&keys), Err(ProofError::Signature));
    }
}
