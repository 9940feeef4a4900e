//! SM3 digests (GB/T 32905): of requests, packages, catalogues, settlements and sealed blocks.

use serde::{Deserialize, Serialize};
use sm3::{Digest as _, Sm3};
use std::fmt;

/// An SM3 digest, 32 bytes; in JSON 64 hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sm3::digest(bytes).into())
    }

    /// Reads 64 hexadecimal characters.
    pub fn parse(text: &str) -> Option<Digest> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Digest(bytes))
    }

    /// The digest of two digests one after the other: an inner node of a Merkle tree.
    pub fn join(left: Digest, right: Digest) -> Digest {
        let mut digester = Digester::new();
        digester.raw(&left.0);
        digester.raw(&right.0);
        digester.finish()
    }
}

/// 64 hexadecimal characters.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Digest, &'static str> {
        Digest::parse(&text).ok_or("a digest has 64 hexadecimal characters")
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Digests a list of parts without ambiguity: each part is preceded by its length.
#[derive(Default)]
pub struct Digester(Sm3);

impl Digester {
    /// Begins.
    pub fn new() -> Digester {
        Digester::default()
    }

    /// Adds one part, length first.
    pub fn part(&mut self, bytes: &[u8]) -> &mut Digester {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds a number.
    pub fn number(&mut self, number: i64) -> &mut Digester {
        self.part(&number.to_be_bytes())
    }

    /// Adds bytes as they are, without their length: of one thing that comes in pieces, such as a
    /// file. The digest is that of all of it, [`Digest::of`].
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Digester {
        self.0.update(bytes);
        self
    }

    /// Ends.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard() {
        // GB/T 32905-2016, example A.1: SM3("abc").
        let text = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
        assert_eq!(Digest::of(b"abc").to_string(), text);
        assert_eq!(Digest::parse(text), Some(Digest::of(b"abc")));
        assert_eq!(Digest::parse("66c7"), None);
    }

    #[test]
    fn parts_do_not_run_together() {
        let digest = |parts: &[&str]| {
            let mut digester = Digester::new();
            parts.iter().for_each(|p| {
                digester.part(p.as_bytes());
            });
            digester.finish()
        };
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }
}
