//! 链头: the newest block of a chain, signed, for keeping where the database's masters cannot reach.

use crate::Digest;
use crate::sm2::{PublicKey, Signature, Signer, Sm2Error, UserId};
use serde::{Deserialize, Serialize};

/// 链头: how far a chain goes, and by its hash all of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The service.
    pub service: String,
    /// The chain: the table whose rows are sealed, such as `event`.
    pub chain: String,
    /// Number of the block of the head published before; 0 for the first. A head that is taken out of
    /// the middle leaves a gap.
    pub after_number: i64,
    /// Number of the newest block.
    pub number: i64,
    /// The last position it covers.
    pub last_position: i64,
    /// The block's hash.
    pub hash: Digest,
    /// When the block was sealed, in microseconds of 1970.
    pub sealed_at: i64,
}

impl Head {
    /// Whether it is of this chain of this service.
    pub fn is_of(&self, service: &str, chain: &str) -> bool {
        self.service == service && self.chain == chain
    }

    /// What is signed: lines that anybody can write, for any tool that verifies SM2.
    pub fn text(&self) -> String {
        format!(
            "yibao-head/1\nservice={}\nchain={}\nafter_number={}\nnumber={}\nlast_position={}\n\
             hash={}\nsealed_at={}\n",
            self.service,
            self.chain,
            self.after_number,
            self.number,
            self.last_position,
            self.hash,
            self.sealed_at
        )
    }

    /// Signs it, as the usual user.
    pub fn sign(self, signer: &dyn Signer) -> Result<SignedHead, Sm2Error> {
        let signature = signer.sign(&UserId::default(), self.text().as_bytes())?;
        Ok(SignedHead {
            head: self,
            signature: signature.to_string(),
        })
    }
}

/// 签名链头: a head and its SM2 signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The head.
    #[serde(flatten)]
    pub head: Head,
    /// r‖s, 128 hexadecimal characters.
    pub signature: String,
}

impl SignedHead {
    /// True when the holder of one of these keys signed it: a new key joins the old one.
    pub fn is_signed_by(&self, keys: &[PublicKey]) -> bool {
        is_signed(&self.head.text(), &self.signature, keys)
    }
}

/// 另起: a statement that a chain was put back to an earlier state (恢复), so that heads after the one it
/// goes on from are void, by whom and why. Whoever holds the heads' key answers for it; what was lost
/// stays in the file for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anew {
    /// The service.
    pub service: String,
    /// The chain.
    pub chain: String,
    /// Number of the newest head before: the last that is lost.
    pub lost_number: i64,
    /// Its hash.
    pub lost_hash: Digest,
    /// Number of the block that the chain goes on from: an earlier head's, or 0 for its beginning.
    pub number: i64,
    /// The last position it covers.
    pub last_position: i64,
    /// Its hash.
    pub hash: Digest,
    /// Why, in one line.
    pub reason: String,
    /// Who says so.
    pub by: String,
    /// When, in microseconds of 1970.
    pub stated_at: i64,
}

impl Anew {
    /// Whether it is of this chain of this service.
    pub fn is_of(&self, service: &str, chain: &str) -> bool {
        self.service == service && self.chain == chain
    }

    /// What is signed.
    pub fn text(&self) -> String {
        format!(
            "yibao-anew/1\nservice={}\nchain={}\nlost_number={}\nlost_hash={}\nnumber={}\n\
             last_position={}\nhash={}\nreason={}\nby={}\nstated_at={}\n",
            self.service,
            self.chain,
            self.lost_number,
            self.lost_hash,
            self.number,
            self.last_position,
            self.hash,
            self.reason,
            self.by,
            self.stated_at
        )
    }

    /// Signs it, as the usual user.
    pub fn sign(self, signer: &dyn Signer) -> Result<SignedAnew, Sm2Error> {
        let signature = signer.sign(&UserId::default(), self.text().as_bytes())?;
        Ok(SignedAnew {
            anew: self,
            signature: signature.to_string(),
        })
    }
}

/// Such a statement and its SM2 signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedAnew {
    /// The statement.
    #[serde(flatten)]
    pub anew: Anew,
    /// r‖s, 128 hexadecimal characters.
    pub signature: String,
}

impl SignedAnew {
    /// True when the holder of one of these keys signed it.
    pub fn is_signed_by(&self, keys: &[PublicKey]) -> bool {
        is_signed(&self.anew.text(), &self.signature, keys)
    }
}

fn is_signed(text: &str, signature: &str, keys: &[PublicKey]) -> bool {
    let user = UserId::default();
    Signature::parse(signature).is_ok_and(|signature| {
        keys.iter()
            .any(|key| key.verifies(&user, text.as_bytes(), &signature))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sm2::PrivateKey;

    #[test]
    fn a_statement_is_signed_whole() {
        let key = PrivateKey::from_bytes(&[7; 32]).unwrap();
        let anew = Anew {
            service: "settlement".into(),
            chain: "event".into(),
            lost_number: 9,
            lost_hash: Digest::of(b"l"),
            number: 2,
            last_position: 30,
            hash: Digest::of(b"h"),
            reason: "恢复".into(),
            by: "auditor-1".into(),
            stated_at: 9,
        };
        let signed = anew.clone().sign(&key).unwrap();
        let json = serde_json::to_string(&signed).unwrap();
        let read: SignedAnew = serde_json::from_str(&json).unwrap();
        assert!(read.is_signed_by(&[key.public_key()]));
        assert!(
            serde_json::from_str::<SignedHead>(&json).is_err(),
            "it is no head"
        );
        for (name, value) in serde_json::to_value(&anew).unwrap().as_object().unwrap() {
            let mut forged = serde_json::to_value(&signed).unwrap();
            forged[name] = match value {
                serde_json::Value::Number(_) => 77.into(),
                _ if name.ends_with("hash") => serde_json::to_value(Digest::of(b"x")).unwrap(),
                _ => "x".into(),
            };
            let forged: SignedAnew = serde_json::from_value(forged).unwrap();
            assert!(!forged.is_signed_by(&[key.public_key()]), "{name}");
        }
    }

    #[test]
    fn a_head_is_signed_whole() {
        let key = PrivateKey::from_bytes(&[7; 32]).unwrap();
        let keys = [key.public_key()];
        let head = Head {
            service: "settlement".into(),
            chain: "event".into(),
            after_number: 1,
            number: 2,
            last_position: 30,
            hash: Digest::of(b"h"),
            sealed_at: 9,
        };
        let signed = head.clone().sign(&key).unwrap();
        assert!(signed.is_signed_by(&keys));
        assert!(!signed.is_signed_by(&[]));
        let other = PrivateKey::from_bytes(&[8; 32]).unwrap();
        assert!(!signed.is_signed_by(&[other.public_key()]));
        assert!(signed.is_signed_by(&[other.public_key(), key.public_key()]));
        let altered = [
            Head {
                service: "referral".into(),
                ..head.clone()
            },
            Head {
                chain: "access_entry".into(),
                ..head.clone()
            },
            Head {
                after_number: 0,
                ..head.clone()
            },
            Head {
                number: 3,
                ..head.clone()
            },
            Head {
                last_position: 31,
                ..head.clone()
            },
            Head {
                hash: Digest::of(b"i"),
                ..head.clone()
            },
            Head {
                sealed_at: 10,
                ..head.clone()
            },
        ];
        for head in altered {
            let forged = SignedHead {
                head,
                ..signed.clone()
            };
            assert!(!forged.is_signed_by(&keys), "{forged:?}");
        }
        let json = serde_json::to_string(&signed).unwrap();
        assert_eq!(serde_json::from_str::<SignedHead>(&json).unwrap(), signed);
    }
}
