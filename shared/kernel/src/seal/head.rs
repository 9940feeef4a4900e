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
        let (text, user) = (self.head.text(), UserId::default());
        Signature::parse(&self.signature).is_ok_and(|signature| {
            keys.iter()
                .any(|key| key.verifies(&user, text.as_bytes(), &signature))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sm2::PrivateKey;

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
