//! 保密存储: what is kept so that only the holders of a key read it: SM4-GCM (RFC 8998), which also
//! shows when what is kept was altered, or moved to another row.
//!
//! Keys have names, and what is sealed says with which: while one key takes the place of another both
//! are held, the first of them seals, and all of them open. A hardware module may take its place
//! behind the same two functions. Random bytes are the caller's to bring.

use crate::Secret;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{AesGcm, KeyInit, Nonce};
use sm4::Sm4;
use std::fmt;

/// Bytes of an SM4 key.
const KEY_BYTES: usize = 16;
/// Random bytes that each sealing needs, never the same twice.
pub const NONCE_BYTES: usize = 12;
/// Characters of a key's name at most.
const NAME_MAX: usize = 32;
/// Keys that are held at once at most.
const KEYS_MAX: usize = 16;

type Cipher = AesGcm<Sm4, U12>;

/// Why something cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The keys cannot be read.
    #[error(
        "keys are lines of a name of [A-Za-z0-9_-] and 32 hexadecimal digits, such as `k1 \
         $(openssl rand -hex 16)`; the first seals, all of them open"
    )]
    Keys,
    /// No key of the name with which it was sealed.
    #[error("sealed with a key that is not held")]
    KeyUnknown,
    /// Altered, of another row, or nothing that was sealed.
    #[error("what is sealed cannot be opened")]
    Sealed,
}

/// 主密钥: the keys that are held. Does not print.
#[derive(Clone)]
pub struct SealingKeys(Vec<(String, Secret<[u8; KEY_BYTES]>)>);

impl SealingKeys {
    /// Reads lines of a name and 32 hexadecimal digits; empty lines and those that begin with `#` are
    /// passed over.
    pub fn parse(text: &str) -> Result<SealingKeys, VaultError> {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut keys: Vec<(String, Secret<[u8; KEY_BYTES]>)> = Vec::new();
        for line in lines {
            let (name, digits) = line.split_once(' ').ok_or(VaultError::Keys)?;
            let mut key = [0; KEY_BYTES];
            hex::decode_to_slice(digits.trim(), &mut key).map_err(|_| VaultError::Keys)?;
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            let fits = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(plain);
            if !fits || keys.len() >= KEYS_MAX || keys.iter().any(|(known, _)| known == name) {
                return Err(VaultError::Keys);
            }
            keys.push((name.to_string(), Secret::new(key)));
        }
        match keys.is_empty() {
            true => Err(VaultError::Keys),
            false => Ok(SealingKeys(keys)),
        }
    }

    /// Seals a text for one place, such as `table|column|row`, with bytes that were never used.
    pub fn seal(
        &self,
        text: &str,
        place: &str,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, VaultError> {
        let (name, key) = self.0.first().ok_or(VaultError::Keys)?;
        let payload = Payload {
            msg: text.as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = cipher(key).encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| VaultError::Sealed)?;
        Ok(format!(
            "{name}:{}:{}",
            hex::encode(nonce),
            hex::encode(sealed)
        ))
    }

    /// Opens what was sealed for this place.
    pub fn open(&self, sealed: &str, place: &str) -> Result<Secret<String>, VaultError> {
        let mut parts = sealed.splitn(3, ':');
        let mut part = || parts.next().ok_or(VaultError::Sealed);
        let (name, nonce, body) = (part()?, part()?, part()?);
        let key = self.0.iter().find(|(known, _)| known == name);
        let (_, key) = key.ok_or(VaultError::KeyUnknown)?;
        let mut bytes = [0; NONCE_BYTES];
        hex::decode_to_slice(nonce, &mut bytes).map_err(|_| VaultError::Sealed)?;
        let body = hex::decode(body).map_err(|_| VaultError::Sealed)?;
        let payload = Payload {
            msg: body.as_slice(),
            aad: place.as_bytes(),
        };
        let text = cipher(key).decrypt(&Nonce::from(bytes), payload);
        let text = text.map_err(|_| VaultError::Sealed)?;
        let text = String::from_utf8(text).map_err(|_| VaultError::Sealed)?;
        Ok(Secret::new(text))
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn cipher(key: &Secret<[u8; KEY_BYTES]>) -> Cipher {
    Cipher::new(key.expose().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "k1 0123456789abcdeffedcba9876543210";
    const NEW: &str = "k2 00112233445566778899aabbccddeeff";
    const PLACE: &str = "envelope_sender|secret|152501|1";

    fn keys(text: &str) -> SealingKeys {
        SealingKeys::parse(text).unwrap()
    }

    #[test]
    fn agrees_with_the_standard() {
        // RFC 8998, appendix A.1.
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210")
            .try_into()
            .unwrap();
        let nonce: [u8; 12] = bytes("00001234567800000000abcd").try_into().unwrap();
        let plain = ["aa", "bb", "cc", "dd", "ee", "ff", "ee", "aa"].map(|byte| byte.repeat(8));
        let plain = bytes(&plain.concat());
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let payload = Payload {
            msg: plain.as_slice(),
            aad: aad.as_slice(),
        };
        let sealed = cipher(&Secret::new(key)).encrypt(&Nonce::from(nonce), payload);
        assert_eq!(
            hex::encode_upper(sealed.unwrap()),
            "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735\
             D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D\
             83DE3541E4C2B58177E065A9BF7B62EC"
        );
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
        let sealed = keys(OLD).seal("秘密", PLACE, [7; 12]).unwrap();
        assert!(!sealed.contains("秘密"));
        assert_eq!(keys(OLD).open(&sealed, PLACE).unwrap().expose(), "秘密");
        let elsewhere = keys(OLD).open(&sealed, "envelope_sender|secret|152501|2");
        assert_eq!(elsewhere.err(), Some(VaultError::Sealed));
        for at in 3..sealed.len() {
            let mut altered = sealed.clone().into_bytes();
            altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(keys(OLD).open(&altered, PLACE).is_err(), "{at}");
        }
        for bad in ["", "k1", "k1:", "k1:00:", "k1::", &sealed[..40]] {
            assert!(keys(OLD).open(bad, PLACE).is_err(), "{bad}");
        }
        assert_eq!(format!("{:?}", keys(OLD)), "***");
    }

    #[test]
    fn while_keys_change_both_open_and_the_first_seals() {
        let sealed = keys(OLD).seal("1", PLACE, [7; 12]).unwrap();
        let both = keys(&format!("# new first\n{NEW}\n\n{OLD}\n"));
        assert_eq!(both.open(&sealed, PLACE).unwrap().expose(), "1");
        let again = both.seal("1", PLACE, [8; 12]).unwrap();
        assert_eq!(keys(NEW).open(&again, PLACE).unwrap().expose(), "1");
        assert_eq!(
            keys(NEW).open(&sealed, PLACE).err(),
            Some(VaultError::KeyUnknown)
        );
    }

    #[test]
    fn keys_that_are_none_are_not_taken() {
        let twice = format!("{OLD}\n{OLD}");
        for bad in [
            "",
            "#",
            "k1",
            "k1 00",
            "k:1 00112233445566778899aabbccddeeff",
            &twice,
        ] {
            assert_eq!(
                SealingKeys::parse(bad).err(),
                Some(VaultError::Keys),
                "{bad}"
            );
        }
    }
}
