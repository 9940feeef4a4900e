//! 国密报文保护 of the 医保 platform: what of a message is signed, and how its body is encrypted.
//!
//! ECB and a secret in the signed text are what the platform's interfaces demand. They are for the
//! edge only: inside there is TLS. Two families of implementations differ in details, which are
//! [`Convention`]s.
//!
//! ```text
//! signed text   k=v&…&key=<secret>   fields in the order of their names, empty ones left out, the
//!                                    body as JSON whose objects are sorted and have no empty members
//! content key   K = HEX(SM4(first 16 bytes of the app id, secret))[0..16]
//! body          hex(SM4(K, JSON))    both ECB with PKCS#7
//! ```

mod envelope;

pub use envelope::{Mistake, Opened, Sender, Unopened};

use crate::sm2::{Sm2Error, UserId};
use ecb::cipher::block_padding::Pkcs7;
use ecb::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyInit};
use serde_json::Value;
use sm4::Sm4;
use std::fmt::Write;

/// Bytes of an SM4 key.
const KEY_BYTES: usize = 16;
/// Fields that are not signed.
const UNSIGNED: [&str; 3] = ["signData", "encData", "extra"];
/// The field that is signed as JSON.
const BODY: &str = "data";
/// Objects and lists in each other at most.
const DEPTH_MAX: usize = 64;

/// 约定: in what the implementations differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Convention {
    /// As which user a message is signed.
    pub user: User,
    /// Whether numbers and booleans of the body are signed as texts: `"1"` for 1.
    pub scalars_as_text: bool,
    /// Whether a body is escaped (`\u5f20`) before it is encrypted, and its hexadecimal digits are
    /// upper case.
    pub escaped: bool,
}

/// As which user a message is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum User {
    /// `1234567812345678`.
    #[default]
    Usual,
    /// The caller's secret.
    Secret,
}

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The app id is shorter than a key.
    #[error("an app id has 16 bytes or more")]
    AppId,
    /// The message is no object, or nested too deeply.
    #[error("a message is a JSON object of 64 levels at most")]
    Shape,
    /// Not hexadecimal, not whole blocks, another key's, or not UTF-8.
    #[error("the body cannot be decrypted")]
    Body,
}

impl Convention {
    /// As which user the holder of this secret signs.
    pub fn user_id(&self, secret: &str) -> Result<UserId, Sm2Error> {
        match self.user {
            User::Usual => Ok(UserId::default()),
            User::Secret => UserId::parse(secret),
        }
    }

    /// 待签文本: what is signed of a message.
    pub fn signed_text(&self, message: &Value, secret: &str) -> Result<String, MessageError> {
        let Value::Object(fields) = message else {
            return Err(MessageError::Shape);
        };
        let signed = |(name, value): &(&String, &Value)| {
            !UNSIGNED.contains(&name.as_str()) && !is_empty(value)
        };
        let mut fields: Vec<(&String, &Value)> = fields.iter().filter(signed).collect();
        fields.sort_by_key(|(name, _)| *name);
        let mut text = String::new();
        for (name, value) in fields {
            text.push_str(name);
            text.push('=');
            match value {
                Value::String(plain) => text.push_str(plain),
                value if name == BODY => self.canonical(value, DEPTH_MAX, &mut text)?,
                value => Convention::default().canonical(value, DEPTH_MAX, &mut text)?,
            }
            text.push('&');
        }
        text.push_str("key=");
        text.push_str(secret);
        Ok(text)
    }

    /// 规范形式: objects in the order of their members' names, without empty members, nothing between.
    fn canonical(&self, value: &Value, depth: usize, to: &mut String) -> Result<(), MessageError> {
        let depth = depth.checked_sub(1).ok_or(MessageError::Shape)?;
        match value {
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().filter(|(_, v)| !is_empty(v)).collect();
                members.sort_by_key(|(name, _)| *name);
                to.push('{');
                for (index, (name, value)) in members.into_iter().enumerate() {
                    if index > 0 {
                        to.push(',');
                    }
                    to.push_str(&Value::from(name.as_str()).to_string());
                    to.push(':');
                    self.canonical(value, depth, to)?;
                }
                to.push('}');
            }
            Value::Array(items) => {
                to.push('[');
                for (index, value) in items.iter().enumerate() {
                    if index > 0 {
                        to.push(',');
                    }
                    self.canonical(value, depth, to)?;
                }
                to.push(']');
            }
            Value::Number(_) | Value::Bool(_) if self.scalars_as_text => {
                to.push('"');
                to.push_str(&value.to_string());
                to.push('"');
            }
            plain => to.push_str(&plain.to_string()),
        }
        Ok(())
    }

    /// 加密: a body's JSON, as it is sent.
    pub fn encrypt(&self, key: &ContentKey, json: &str) -> String {
        match self.escaped {
            false => hex::encode(key.encrypt(json.as_bytes())),
            true => hex::encode_upper(key.encrypt(escaped(json).as_bytes())),
        }
    }
}

/// null, an empty text, an empty list: nobody signs them.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// What of a body is signed: everything but empty members. Whoever reads the rest reads what anybody on
/// the way may have added.
fn signed_part(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let signed = members.iter().filter(|(_, value)| !is_empty(value));
            let signed = signed.map(|(name, value)| (name.clone(), signed_part(value)));
            Value::Object(signed.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(signed_part).collect()),
        plain => plain.clone(),
    }
}

/// Everything beyond ASCII as `\uXXXX`, in units of UTF-16. JSON has it inside texts only.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // A text takes whatever is written to it.
            write!(text, "\\u{unit:04x}").ok();
        }
    }
    text
}

/// 内容密钥: what the bodies of one caller are encrypted with. Does not print.
#[derive(Clone)]
pub struct ContentKey([u8; KEY_BYTES]);

impl ContentKey {
    /// What app id and secret make of it.
    pub fn derive(app_id: &str, secret: &str) -> Result<ContentKey, MessageError> {
        let own = app_id.as_bytes().first_chunk().ok_or(MessageError::AppId)?;
        let encrypted = hex::encode_upper(ContentKey(*own).encrypt(secret.as_bytes()));
        let first = encrypted.as_bytes().first_chunk();
        Ok(ContentKey(*first.ok_or(MessageError::AppId)?))
    }

    fn encrypt(&self, plain: &[u8]) -> Vec<u8> {
        ecb::Encryptor::<Sm4>::new(&self.0.into()).encrypt_padded_vec::<Pkcs7>(plain)
    }

    /// 解密: a body as it was sent, in either case of its digits.
    pub fn decrypt(&self, body: &str) -> Result<String, MessageError> {
        let bytes = hex::decode(body).map_err(|_| MessageError::Body)?;
        let cipher = ecb::Decryptor::<Sm4>::new(&self.0.into());
        let plain = cipher.decrypt_padded_vec::<Pkcs7>(&bytes);
        let plain = plain.map_err(|_| MessageError::Body)?;
        String::from_utf8(plain).map_err(|_| MessageError::Body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sm2::{PublicKey, Signature};
    use serde_json::json;

    // Everything below that is named OPENSSL_ was computed by OpenSSL 3.0.19 (`enc -sm4-ecb`, `pkeyutl
    // -sign -rawin -digest sm3 -pkeyopt distid:…`) from the texts that stand beside it.
    const APP_ID: &str = "1GTSTESTAPPID0000000000000000001";
    const SECRET: &str = "4117E877F5FA0A0188891283E4B617D5";
    const JSON: &str = "{\"name\":\"张三\",\"psn\":\"1\"}";
    const OPENSSL_KEY: &[u8; 16] = b"D2916A602DC821A8";
    const OPENSSL_PLAIN: &str = "3dfb6c0f9db65d654eb41bf5d71c3739bd74b66203c04ae9a286d74626124a61";
    const OPENSSL_ESCAPED: &str = "\
        C02B985ECEA0F0AEDDE50A0D3A3644629953BA401BA19A556E3256FE39CF4038F8209D986FFD3F0AEBD592AF194A8990";
    const OPENSSL_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAENXh7gL36sSmZ0AZ/POn80aSjY9/c
QkWiWoAZruZYr96sfbxDQ4dzk3rhAxQsd0MoJdovDzeym7K8iycASSkq4A==
-----END PUBLIC KEY-----
";
    const OPENSSL_USUAL: &str = "\
        058C755A9ED35FE4B4F9C2CD9CECCFF7284F280626C87D248F192D811EAA8BE2\
        75E446CB15ECF3F25C39FD2CC212DAA77261C9C5DA00F79EA1E03DC970C35E5E";
    const OPENSSL_SECRET: &str = "\
        D1EA5D1B89FDB134AC5B56279A187EEFC61A645786912B5D13C2C1CEB4B7A6F5\
        45B851F40CC680D9D42981720DC7424C7A4DB840C8FF68F8E52F9CF0B10787D0";

    fn message() -> Value {
        json!({
            "version": "2.0.1",
            "timestamp": "1700000000000",
            "signType": "SM2",
            "encType": "SM4",
            "appId": "1GTSTESTAPPID0000000000000000001",
            "signData": "left out",
            "encData": "left out",
            "extra": "left out",
            "nothing": null,
            "data": {
                "name": "张三",
                "empty": "",
                "none": null,
                "list": [],
                "b": {"c": true, "d": ""},
                "a": [{"y": "2", "x": 1}],
            },
        })
    }

    #[test]
    fn sm4_agrees_with_the_standard() {
        // GB/T 32907-2016, annex A.1; one block, before its padding.
        let key: [u8; 16] = hex::decode("0123456789abcdeffedcba9876543210")
            .unwrap()
            .try_into()
            .unwrap();
        let encrypted = ContentKey(key).encrypt(&key);
        assert_eq!(
            hex::encode(&encrypted[..16]),
            "681edf34d206965e86b3e94f536e4246"
        );
    }

    #[test]
    fn the_signed_text_is_sorted_and_has_nothing_empty() {
        let text = Convention::default()
            .signed_text(&message(), SECRET)
            .unwrap();
        assert_eq!(
            text,
            format!(
                "appId={APP_ID}&data={{\"a\":[{{\"x\":1,\"y\":\"2\"}}],\"b\":{{\"c\":true}},\
                 \"name\":\"张三\"}}&encType=SM4&signType=SM2&timestamp=1700000000000\
                 &version=2.0.1&key={SECRET}"
            )
        );
        let portal = Convention {
            scalars_as_text: true,
            ..Convention::default()
        };
        let text = portal.signed_text(&message(), SECRET).unwrap();
        let data = "data={\"a\":[{\"x\":\"1\",\"y\":\"2\"}],\"b\":{\"c\":\"true\"},";
        assert!(text.contains(data), "{text}");
        let mut deep = json!(1);
        for _ in 0..DEPTH_MAX {
            deep = json!([deep]);
        }
        let deep = portal.signed_text(&json!({ "data": deep }), SECRET);
        assert_eq!(deep, Err(MessageError::Shape));
        assert_eq!(
            portal.signed_text(&json!([]), SECRET),
            Err(MessageError::Shape)
        );
    }

    #[test]
    fn another_implementations_signature_verifies_in_its_convention_and_no_other() {
        let key = PublicKey::from_pem(OPENSSL_PUBLIC).unwrap();
        for (user, theirs) in [(User::Usual, OPENSSL_USUAL), (User::Secret, OPENSSL_SECRET)] {
            let theirs = Signature::parse(theirs).unwrap();
            for tried in [User::Usual, User::Secret] {
                let convention = Convention {
                    user: tried,
                    ..Convention::default()
                };
                let text = convention.signed_text(&message(), SECRET).unwrap();
                let id = convention.user_id(SECRET).unwrap();
                let verifies = key.verifies(&id, text.as_bytes(), &theirs);
                assert_eq!(verifies, tried == user, "{tried:?} of {user:?}");
            }
        }
    }

    #[test]
    fn bodies_agree_with_another_implementation() {
        let key = ContentKey::derive(APP_ID, SECRET).unwrap();
        assert_eq!(&key.0, OPENSSL_KEY);
        let plain = Convention::default();
        let escaped = Convention {
            escaped: true,
            ..plain
        };
        assert_eq!(plain.encrypt(&key, JSON), OPENSSL_PLAIN);
        assert_eq!(escaped.encrypt(&key, JSON), OPENSSL_ESCAPED);
        assert_eq!(key.decrypt(OPENSSL_PLAIN).unwrap(), JSON);
        assert_eq!(key.decrypt(&OPENSSL_PLAIN.to_uppercase()).unwrap(), JSON);
        let read = key.decrypt(OPENSSL_ESCAPED).unwrap();
        let same: Value = serde_json::from_str(JSON).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&read).unwrap(), same);
        assert_eq!(super::escaped("😀"), "\\ud83d\\ude00");
    }

    #[test]
    fn a_body_of_somebody_else_is_not_read() {
        let key = ContentKey::derive(APP_ID, SECRET).unwrap();
        let other = ContentKey::derive(APP_ID, "another").unwrap();
        let theirs = Convention::default().encrypt(&other, JSON);
        for bad in ["", "3d", "zz", &theirs, &OPENSSL_PLAIN[..32]] {
            assert_eq!(key.decrypt(bad), Err(MessageError::Body), "{bad}");
        }
        assert!(matches!(
            ContentKey::derive("short", SECRET),
            Err(MessageError::AppId)
        ));
    }
}
