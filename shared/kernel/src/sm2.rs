//! 国密签名 SM2 (GB/T 32918.2) over SM3: keys, signatures, and whoever signs.
//!
//! Pure functions: nonces follow from key and message (RFC 6979, over SM3), so no randomness is
//! needed to sign and none can be weak. A hardware module takes the place of [`PrivateKey`] by being
//! a [`Signer`].

use sm2::dsa::signature::{Signer as _, Verifier as _};
use sm2::dsa::{Signature as Pair, SigningKey, VerifyingKey};
use sm2::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding,
};
use std::fmt;

/// Bytes of a private key.
const KEY_BYTES: usize = 32;
/// A user id's length in bits is written in 16 bits.
const USER_ID_BYTES_MAX: usize = 8_191;

/// Why a key, a user id or a signature cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Sm2Error {
    /// Not PKCS#8 PEM (`BEGIN PRIVATE KEY`) of an SM2 key, or not a number the curve allows.
    #[error("not an SM2 private key; `openssl genpkey -algorithm SM2` makes one")]
    PrivateKey,
    /// Not SPKI PEM (`BEGIN PUBLIC KEY`) of an SM2 key, or 65 bytes that are no point of the curve.
    #[error("not an SM2 public key; `openssl pkey -pubout` writes one")]
    PublicKey,
    /// Empty, or too long for the standard.
    #[error("an SM2 user id has 1 to 8191 bytes")]
    UserId,
    /// Not 64 bytes r‖s.
    #[error("not an SM2 signature of 64 bytes")]
    Signature,
    /// The signer could not sign.
    #[error("the signer could not sign")]
    Unable,
}

/// 签名者标识 (ID): what distinguishes signers with the same key; part of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserId(String);

impl UserId {
    /// The one of GB/T 35276, which nearly everybody uses.
    pub const USUAL: &'static str = "1234567812345678";

    /// 1 to 8191 bytes.
    pub fn parse(text: &str) -> Result<UserId, Sm2Error> {
        match (1..=USER_ID_BYTES_MAX).contains(&text.len()) {
            true => Ok(UserId(text.to_string())),
            false => Err(Sm2Error::UserId),
        }
    }
}

/// The usual one.
impl Default for UserId {
    fn default() -> UserId {
        UserId(UserId::USUAL.to_string())
    }
}

/// Whoever holds a private key: this process, or a hardware module.
pub trait Signer: Send + Sync {
    /// What its signatures are verified with.
    fn public_key(&self) -> PublicKey;

    /// Signs, as the signer of this id.
    fn sign(&self, user: &UserId, message: &[u8]) -> Result<Signature, Sm2Error>;
}

/// 私钥: does not print, and is overwritten when it is dropped.
#[derive(Clone)]
pub struct PrivateKey(sm2::SecretKey);

impl PrivateKey {
    /// Reads PKCS#8 PEM without a password.
    pub fn from_pem(text: &str) -> Result<PrivateKey, Sm2Error> {
        let key = sm2::SecretKey::from_pkcs8_pem(text.trim());
        key.map(PrivateKey).map_err(|_| Sm2Error::PrivateKey)
    }

    /// A big-endian number. Some write a 00 byte before it, some leave out leading ones.
    pub fn from_bytes(bytes: &[u8]) -> Result<PrivateKey, Sm2Error> {
        let first = bytes.iter().position(|byte| *byte != 0);
        let digits = first.and_then(|first| bytes.get(first..));
        let digits = digits.filter(|digits| digits.len() <= KEY_BYTES);
        let digits = digits.ok_or(Sm2Error::PrivateKey)?;
        let mut whole = vec![0; KEY_BYTES - digits.len()];
        whole.extend_from_slice(digits);
        let key = sm2::SecretKey::from_slice(&whole);
        key.map(PrivateKey).map_err(|_| Sm2Error::PrivateKey)
    }

    /// PKCS#8 PEM: whoever reads it can sign.
    pub fn to_pem(&self) -> Result<String, Sm2Error> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF);
        pem.map(|pem| pem.to_string())
            .map_err(|_| Sm2Error::PrivateKey)
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> PublicKey {
        PublicKey(self.0.public_key())
    }

    fn sign(&self, user: &UserId, message: &[u8]) -> Result<Signature, Sm2Error> {
        let key = SigningKey::new(&user.0, &self.0).map_err(|_| Sm2Error::UserId)?;
        let signed = key.try_sign(message).map_err(|_| Sm2Error::Unable)?;
        Ok(Signature(signed))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// 公钥.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(sm2::PublicKey);

impl PublicKey {
    /// Reads SPKI PEM.
    pub fn from_pem(text: &str) -> Result<PublicKey, Sm2Error> {
        let key = sm2::PublicKey::from_public_key_pem(text.trim());
        key.map(PublicKey).map_err(|_| Sm2Error::PublicKey)
    }

    /// Reads 04 and the two coordinates, 65 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<PublicKey, Sm2Error> {
        let plain = Some(bytes).filter(|bytes| bytes.first() == Some(&4));
        let key = plain.and_then(|bytes| sm2::PublicKey::from_sec1_bytes(bytes).ok());
        key.map(PublicKey).ok_or(Sm2Error::PublicKey)
    }

    /// Reads 130 hexadecimal characters.
    pub fn parse(text: &str) -> Result<PublicKey, Sm2Error> {
        let bytes = hex::decode(text).map_err(|_| Sm2Error::PublicKey)?;
        PublicKey::from_bytes(&bytes)
    }

    /// 04 and the two coordinates, 65 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_sec1_bytes().into_vec()
    }

    /// SPKI PEM.
    pub fn to_pem(&self) -> Result<String, Sm2Error> {
        let pem = self.0.to_public_key_pem(LineEnding::LF);
        pem.map_err(|_| Sm2Error::PublicKey)
    }

    /// True when the holder of the private key signed this message as this user.
    pub fn verifies(&self, user: &UserId, message: &[u8], signature: &Signature) -> bool {
        let key = VerifyingKey::new(&user.0, self.0);
        key.is_ok_and(|key| key.verify(message, &signature.0).is_ok())
    }
}

/// 130 hexadecimal characters.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 签名值: r‖s, 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature(Pair);

impl Signature {
    /// Reads r‖s.
    pub fn from_bytes(bytes: &[u8]) -> Result<Signature, Sm2Error> {
        let pair = Pair::from_slice(bytes);
        pair.map(Signature).map_err(|_| Sm2Error::Signature)
    }

    /// Reads 128 hexadecimal characters.
    pub fn parse(text: &str) -> Result<Signature, Sm2Error> {
        let bytes = hex::decode(text).map_err(|_| Sm2Error::Signature)?;
        Signature::from_bytes(&bytes)
    }

    /// r‖s.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// 128 hexadecimal characters.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // GB/T 32918.5-2017, annex A.2: the recommended curve.
    const STANDARD_PRIVATE: &str =
        "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8";
    const STANDARD_PUBLIC: &str = "04\
        09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020\
        CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13";
    const STANDARD_SIGNATURE: &str = "\
        F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3\
        B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA";

    // OpenSSL 3.0.19: `genpkey -algorithm SM2`, `pkey -pubout`, and `pkeyutl -sign -rawin -digest sm3
    // -pkeyopt distid:…` over "yibao", its DER taken apart.
    const OPENSSL_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgyz2BHsgNrX18mJv3
oKNLFkkZYr6yhgnimQVWgXgd56mhRANCAAQ1eHuAvfqxKZnQBn886fzRpKNj39xC
RaJagBmu5liv3qx9vENDh3OTeuEDFCx3Qygl2i8PN7KbsryLJwBJKSrg
-----END PRIVATE KEY-----
";
    const OPENSSL_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAENXh7gL36sSmZ0AZ/POn80aSjY9/c
QkWiWoAZruZYr96sfbxDQ4dzk3rhAxQsd0MoJdovDzeym7K8iycASSkq4A==
-----END PUBLIC KEY-----
";
    const OPENSSL_USUAL: &str = "\
        810a54f8674592b00c7490c725a98bcd1b721caa09e8e90f4ffb8f50a37bf527\
        c4a7c5dc3ebee856ce9848aa5d40ac45e2416278684e883fde1bdfd7b3c0da55";
    const OPENSSL_SECRET: &str = "\
        335e5f851addbf29c8edda5b02d279ff25afc801e9f9f8f4bd150afe5fb6655d\
        324b665c8456f2e901d03094264175532aca13e04b8a55857560d3186c221b30";

    fn private(text: &str) -> PrivateKey {
        PrivateKey::from_bytes(&hex::decode(text).unwrap()).unwrap()
    }

    #[test]
    fn agrees_with_the_standard() {
        let (key, user) = (private(STANDARD_PRIVATE), UserId::default());
        assert_eq!(key.public_key().to_string(), STANDARD_PUBLIC.to_lowercase());
        let theirs = Signature::parse(STANDARD_SIGNATURE).unwrap();
        assert!(key.public_key().verifies(&user, b"message digest", &theirs));
        assert!(!key.public_key().verifies(&user, b"message digesu", &theirs));
    }

    #[test]
    fn agrees_with_openssl_for_both_conventions_of_the_user_id() {
        let key = PrivateKey::from_pem(OPENSSL_PRIVATE).unwrap();
        let public = PublicKey::from_pem(OPENSSL_PUBLIC).unwrap();
        assert_eq!(key.public_key(), public);
        let secret = UserId::parse("appsecret").unwrap();
        for (user, other, theirs) in [
            (UserId::default(), secret.clone(), OPENSSL_USUAL),
            (secret, UserId::default(), OPENSSL_SECRET),
        ] {
            let theirs = Signature::parse(theirs).unwrap();
            assert!(public.verifies(&user, b"yibao", &theirs));
            assert!(!public.verifies(&other, b"yibao", &theirs));
        }
        assert_eq!(key.to_pem().unwrap(), OPENSSL_PRIVATE);
        assert_eq!(public.to_pem().unwrap(), OPENSSL_PUBLIC);
    }

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does() {
        let (key, user) = (private(STANDARD_PRIVATE), UserId::default());
        let signed = key.sign(&user, b"yibao").unwrap();
        assert_eq!(key.sign(&user, b"yibao").unwrap(), signed, "no randomness");
        assert!(key.public_key().verifies(&user, b"yibao", &signed));
        let stranger = private(&"11".repeat(32));
        assert!(!stranger.public_key().verifies(&user, b"yibao", &signed));
        for at in 0..64 {
            let mut bytes = signed.to_bytes();
            bytes[at] ^= 1;
            let altered = Signature::from_bytes(&bytes);
            assert!(!altered.is_ok_and(|s| key.public_key().verifies(&user, b"yibao", &s)));
        }
    }

    #[test]
    fn keys_are_read_as_they_are_written_in_the_field() {
        let plain = private(STANDARD_PRIVATE);
        let padded = private(&format!("00{STANDARD_PRIVATE}"));
        assert_eq!(plain.public_key(), padded.public_key());
        let short = private("0203");
        assert_eq!(short.public_key(), private("000203").public_key());
        let long = hex::decode(format!("01{STANDARD_PRIVATE}")).unwrap();
        for bad in [&[] as &[u8], &[0; 32], &[255; 32], &long] {
            assert_eq!(
                PrivateKey::from_bytes(bad).map(|_| ()),
                Err(Sm2Error::PrivateKey)
            );
        }
        for bad in [&[] as &[u8], &[0], &[4; 65], &[2; 33]] {
            assert_eq!(PublicKey::from_bytes(bad), Err(Sm2Error::PublicKey));
        }
        assert!(PrivateKey::from_pem(OPENSSL_PUBLIC).is_err());
        assert_eq!(Signature::parse(&"00".repeat(64)), Err(Sm2Error::Signature));
        assert_eq!(UserId::parse(""), Err(Sm2Error::UserId));
        assert_eq!(format!("{plain:?}"), "***");
    }
}
