//! 信封: a message as it comes and goes: who sent it, signed when, once.
//!
//! Opening goes in one order, and nothing of a message is believed before its signature holds:
//! protocol, signature, window. The body of an encrypted message is decrypted for its signature, which
//! covers it, and read only after. That a nonce is used once is for whoever keeps nonces.

use super::{ContentKey, Convention, MessageError, User, signed_part};
use crate::sm2::{PublicKey, Signature, Signer, UserId};
use crate::{Instant, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// The only algorithms.
const SIGN_TYPE: &str = "SM2";
const ENC_TYPE: &str = "SM4";
/// What a nonce must look like.
const NONCE_CHARS: std::ops::RangeInclusive<usize> = 8..=64;

/// 接入方: who sends messages, as it was registered.
#[derive(Clone, Debug)]
pub struct Sender {
    /// appId.
    pub app_id: String,
    /// appSecret.
    pub secret: Secret<String>,
    /// The keys that are valid now: two while one takes the place of the other.
    pub keys: Vec<PublicKey>,
    /// How its implementation signs.
    pub convention: Convention,
}

/// A message whose signature holds, within its window.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// To be used once.
    pub nonce: String,
    /// What is asked.
    pub method: String,
    /// The request: what of it is signed.
    pub body: Value,
    /// When it says it was signed.
    pub signed: Instant,
    /// The answer is to be encrypted too.
    pub encrypted: bool,
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// A field of the protocol is missing or says something else.
    #[error("field {0}")]
    Protocol(&'static str),
    /// The body cannot be decrypted with the sender's key.
    #[error("the body cannot be decrypted")]
    Body,
    /// No valid key of the sender signed it.
    #[error("the signature is wrong")]
    Signature,
    /// Signed too long ago, or in the future.
    #[error("signed at another time")]
    Expired,
}

/// What was done otherwise in a message whose signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Signed with a key of the sender's that is not valid now.
    Key,
    /// Signed in another convention than the sender's.
    Convention,
    /// Signed as it was sent, not in the canonical form.
    Canonical,
}

impl Sender {
    /// Opens a message: signed by this sender not further than `window_millis` from now.
    pub fn open(
        &self,
        message: &Value,
        now: Instant,
        window_millis: i64,
    ) -> Result<Opened, Unopened> {
        let field = |name: &'static str| match message.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
            _ => Err(Unopened::Protocol(name)),
        };
        let expect = |name, wanted: &str| match field(name)? == wanted {
            true => Ok(()),
            false => Err(Unopened::Protocol(name)),
        };
        expect("appId", &self.app_id)?;
        expect("signType", SIGN_TYPE)?;
        let (nonce, method) = (field("nonce")?, field("method")?);
        let plain = nonce.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain || !NONCE_CHARS.contains(&nonce.len()) {
            return Err(Unopened::Protocol("nonce"));
        }
        let signed = signed_at(message.get("timestamp")).ok_or(Unopened::Protocol("timestamp"))?;
        let signature = STANDARD.decode(field("signData")?).ok();
        let signature = signature.and_then(|bytes| Signature::from_bytes(&bytes).ok());
        let signature = signature.ok_or(Unopened::Protocol("signData"))?;
        let (whole, encrypted) = match (message.get("data"), message.get("encData")) {
            (Some(Value::Object(_)), None) => (message.clone(), false),
            (None, Some(Value::String(body))) => {
                expect("encType", ENC_TYPE)?;
                (self.decrypted(message, body)?, true)
            }
            _ => return Err(Unopened::Protocol("data")),
        };
        self.verify(&whole, &signature)?;
        let apart = now.micros().saturating_sub(signed.micros()).unsigned_abs();
        if apart > window_millis.unsigned_abs().saturating_mul(1_000) {
            return Err(Unopened::Expired);
        }
        Ok(Opened {
            nonce: nonce.to_string(),
            method: method.to_string(),
            signed,
            body: whole.get("data").map(signed_part).unwrap_or_default(),
            encrypted,
        })
    }

    /// Closes a message to this sender, or, with its key, of this sender: signs it as `fields` and
    /// `body` say, and encrypts the body if asked.
    pub fn close(
        &self,
        fields: &[(&str, &str)],
        body: &Value,
        encrypted: bool,
        signer: &dyn Signer,
    ) -> Result<Value, Unopened> {
        let texts = fields.iter();
        let mut message: Map<String, Value> = texts
            .map(|(name, text)| (name.to_string(), Value::from(*text)))
            .collect();
        message.insert("appId".into(), Value::from(self.app_id.as_str()));
        message.insert("signType".into(), Value::from(SIGN_TYPE));
        if encrypted {
            message.insert("encType".into(), Value::from(ENC_TYPE));
        }
        message.insert("data".into(), body.clone());
        let mut message = Value::Object(message);
        let (text, user) = self.signed(&message)?;
        let signature = signer.sign(&user, text.as_bytes());
        let signature = signature.map_err(|_| Unopened::Signature)?;
        let signature = STANDARD.encode(signature.to_bytes());
        let sealed = match encrypted {
            false => None,
            true => Some(
                self.convention
                    .encrypt(&self.content_key()?, &body.to_string()),
            ),
        };
        if let Value::Object(fields) = &mut message {
            fields.insert("signData".into(), Value::from(signature));
            if let Some(sealed) = sealed {
                fields.remove("data");
                fields.insert("encData".into(), Value::from(sealed));
            }
        }
        Ok(message)
    }

    /// What the sender did otherwise, where that can be told: its signature is right for something else.
    /// `body` is the body's text as it was sent in clear, `others` are keys of the sender's that are not
    /// valid now. It says nothing of who signed with a key that was never the sender's.
    pub fn mistake(&self, message: &Value, body: &str, others: &[PublicKey]) -> Option<Mistake> {
        let signature = STANDARD.decode(message.get("signData")?.as_str()?).ok()?;
        let signature = Signature::from_bytes(&signature).ok()?;
        let (whole, text) = match message.get("encData").and_then(Value::as_str) {
            None => (message.clone(), body.to_string()),
            Some(sealed) => (
                self.decrypted(message, sealed).ok()?,
                self.content_key().ok()?.decrypt(sealed).ok()?,
            ),
        };
        let holds = |sender: &Sender, message: &Value| sender.verify(message, &signature).is_ok();
        let with = |keys: &[PublicKey], convention| Sender {
            keys: keys.to_vec(),
            convention,
            ..self.clone()
        };
        if holds(&with(others, self.convention), &whole) {
            return Some(Mistake::Key);
        }
        for user in [User::Usual, User::Secret] {
            for scalars_as_text in [false, true] {
                let convention = Convention {
                    user,
                    scalars_as_text,
                    ..self.convention
                };
                if convention != self.convention && holds(&with(&self.keys, convention), &whole) {
                    return Some(Mistake::Convention);
                }
            }
        }
        let mut as_sent = whole;
        as_sent
            .as_object_mut()?
            .insert("data".into(), Value::from(text));
        holds(self, &as_sent).then_some(Mistake::Canonical)
    }

    fn content_key(&self) -> Result<ContentKey, Unopened> {
        let key = ContentKey::derive(&self.app_id, self.secret.expose());
        key.map_err(|_| Unopened::Protocol("appId"))
    }

    /// The message as it was signed: with its body.
    fn decrypted(&self, message: &Value, body: &str) -> Result<Value, Unopened> {
        let json = self.content_key()?.decrypt(body);
        let json = json.map_err(|_| Unopened::Body)?;
        let body: Map<String, Value> = serde_json::from_str(&json).map_err(|_| Unopened::Body)?;
        let mut whole = message.clone();
        if let Value::Object(fields) = &mut whole {
            fields.insert("data".into(), Value::Object(body));
        }
        Ok(whole)
    }

    fn signed(&self, message: &Value) -> Result<(String, UserId), Unopened> {
        let secret = self.secret.expose();
        let text = self.convention.signed_text(message, secret);
        let text = text.map_err(|no: MessageError| match no {
            MessageError::Body => Unopened::Body,
            _ => Unopened::Protocol("data"),
        })?;
        let user = self.convention.user_id(secret);
        Ok((text, user.map_err(|_| Unopened::Protocol("appId"))?))
    }

    fn verify(&self, message: &Value, signature: &Signature) -> Result<(), Unopened> {
        let (text, user) = self.signed(message)?;
        let mut keys = self.keys.iter();
        match keys.any(|key| key.verifies(&user, text.as_bytes(), signature)) {
            true => Ok(()),
            false => Err(Unopened::Signature),
        }
    }
}

/// When a message says it was signed: milliseconds or seconds of 1970, or `yyyyMMddHHmmss` in
/// Asia/Shanghai.
fn signed_at(told: Option<&Value>) -> Option<Instant> {
    let digits = match told? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        10 => Some(Instant::from_micros(
            digits.parse::<i64>().ok()? * 1_000_000,
        )),
        13 => Some(Instant::from_micros(digits.parse::<i64>().ok()? * 1_000)),
        14 => {
            let part = |from: usize, to: usize| digits.get(from..to);
            let day = format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?);
            let time = format!("{}:{}:{}", part(8, 10)?, part(10, 12)?, part(12, 14)?);
            Instant::parse(&format!("{day} {time}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::User;
    use crate::sm2::PrivateKey;
    use serde_json::json;

    const WINDOW: i64 = 5 * 60 * 1_000;
    const FIELDS: &[(&str, &str)] = &[
        ("method", "orchestrator/PreSettle"),
        ("nonce", "0123456789abcdef"),
        ("timestamp", "1700000000000"),
        ("version", "2.0.1"),
    ];

    fn key(byte: u8) -> PrivateKey {
        PrivateKey::from_bytes(&[byte; 32]).unwrap()
    }

    fn sender(convention: Convention, keys: &[u8]) -> Sender {
        Sender {
            app_id: "1GTSTESTAPPID0000000000000000001".into(),
            secret: Secret::new("4117E877F5FA0A0188891283E4B617D5".into()),
            keys: keys.iter().map(|byte| key(*byte).public_key()).collect(),
            convention,
        }
    }

    fn now() -> Instant {
        Instant::from_micros(1_700_000_000_000_000)
    }

    fn conventions() -> Vec<Convention> {
        let users = [User::Usual, User::Secret].into_iter();
        users
            .flat_map(|user| {
                [(false, false), (true, false), (false, true), (true, true)].map(
                    |(text, escaped)| Convention {
                        user,
                        scalars_as_text: text,
                        escaped,
                    },
                )
            })
            .collect()
    }

    fn body() -> Value {
        json!({"request_id": "R-1", "claim": {"total_fen": 12345, "name": "张三"}})
    }

    #[test]
    fn a_message_opens_in_every_convention_encrypted_or_not() {
        for convention in conventions() {
            let sender = sender(convention, &[7]);
            for encrypted in [false, true] {
                let message = sender.close(FIELDS, &body(), encrypted, &key(7)).unwrap();
                assert_eq!(message.get("data").is_none(), encrypted);
                let opened = sender.open(&message, now(), WINDOW).unwrap();
                assert_eq!((opened.body, opened.encrypted), (body(), encrypted));
                assert_eq!(opened.nonce, "0123456789abcdef");
                assert_eq!(opened.method, "orchestrator/PreSettle");
            }
        }
    }

    #[test]
    fn whatever_is_altered_the_signature_says_so() {
        let sender = sender(Convention::default(), &[7]);
        let open = |message: &Value| sender.open(message, now(), WINDOW);
        let message = sender.close(FIELDS, &body(), false, &key(7)).unwrap();
        for (field, value) in [
            ("method", json!("orchestrator/Settle")),
            ("nonce", json!("0123456789abcdee")),
            ("timestamp", json!("1700000000001")),
            ("version", json!("2.0.2")),
            ("data", json!({"request_id": "R-2"})),
            ("added", json!("x")),
        ] {
            let mut altered = message.clone();
            altered[field] = value;
            assert_eq!(open(&altered), Err(Unopened::Signature), "{field}");
        }
        let encrypted = sender.close(FIELDS, &body(), true, &key(7)).unwrap();
        let other = json!({"request_id": "R-2"});
        let other = sender.close(FIELDS, &other, true, &key(7)).unwrap();
        let mut altered = encrypted.clone();
        altered["encData"] = other["encData"].clone();
        assert_eq!(open(&altered), Err(Unopened::Signature), "another body");
        let mut altered = encrypted;
        altered["encData"] = json!("00");
        assert_eq!(open(&altered), Err(Unopened::Body));
        let stranger = sender.close(FIELDS, &body(), false, &key(8)).unwrap();
        assert_eq!(open(&stranger), Err(Unopened::Signature), "a stranger");
    }

    #[test]
    fn what_is_not_signed_is_not_read() {
        let sender = sender(Convention::default(), &[7]);
        let message = sender.close(FIELDS, &body(), false, &key(7)).unwrap();
        let mut added = message.clone();
        added["data"]["note"] = json!("");
        added["data"]["claim"]["lines"] = json!([]);
        added["data"]["claim"]["visit"] = json!(null);
        let opened = sender.open(&added, now(), WINDOW).unwrap();
        assert_eq!(opened.body, body());
    }

    #[test]
    fn what_was_done_otherwise_is_told() {
        let convention = Convention::default();
        let own = sender(convention, &[7]);
        let others = [key(8).public_key()];
        let told = |message: &Value, text: &str| own.mistake(message, text, &others);
        let text = body().to_string();
        for encrypted in [false, true] {
            let by_old = own.close(FIELDS, &body(), encrypted, &key(8)).unwrap();
            assert_eq!(told(&by_old, &text), Some(Mistake::Key));
            let stranger = own.close(FIELDS, &body(), encrypted, &key(9)).unwrap();
            assert_eq!(told(&stranger, &text), None);
            for other in conventions() {
                let theirs = sender(other, &[7]);
                let message = theirs.close(FIELDS, &body(), encrypted, &key(7)).unwrap();
                if (other.user, other.scalars_as_text) != (User::Usual, false) {
                    assert_eq!(told(&message, &text), Some(Mistake::Convention));
                }
            }
        }
        // Signed as it was written: members in another order, one of them empty.
        let raw = "{\"z\":1,\"a\":\"\"}";
        let parsed: Value = serde_json::from_str(raw).unwrap();
        let mut message = own.close(FIELDS, &parsed, false, &key(7)).unwrap();
        let mut as_sent = message.clone();
        as_sent["data"] = json!(raw);
        let (signed, user) = own.signed(&as_sent).unwrap();
        let signature = key(7).sign(&user, signed.as_bytes()).unwrap();
        message["signData"] = json!(STANDARD.encode(signature.to_bytes()));
        assert_eq!(own.open(&message, now(), WINDOW), Err(Unopened::Signature));
        assert_eq!(told(&message, raw), Some(Mistake::Canonical));
        assert_eq!(told(&message, "{}"), None);
    }

    #[test]
    fn two_keys_are_valid_at_once_and_an_old_one_no_longer() {
        let convention = Convention::default();
        let by = |byte| {
            let own = sender(convention, &[byte]);
            own.close(FIELDS, &body(), false, &key(byte)).unwrap()
        };
        let opens = |keys: &[u8], byte| sender(convention, keys).open(&by(byte), now(), WINDOW);
        assert!(opens(&[7, 8], 7).is_ok() && opens(&[7, 8], 8).is_ok());
        assert!(opens(&[8], 8).is_ok());
        assert_eq!(opens(&[8], 7), Err(Unopened::Signature));
        assert_eq!(opens(&[], 7), Err(Unopened::Signature));
    }

    #[test]
    fn a_message_opens_within_its_window_only() {
        let sender = sender(Convention::default(), &[7]);
        let message = sender.close(FIELDS, &body(), false, &key(7)).unwrap();
        let at = |millis| sender.open(&message, now().plus_millis(millis), WINDOW);
        assert!(at(WINDOW).is_ok() && at(-WINDOW).is_ok());
        assert_eq!(at(WINDOW + 1), Err(Unopened::Expired));
        assert_eq!(at(-WINDOW - 1), Err(Unopened::Expired));
    }

    #[test]
    fn an_instant_is_written_in_three_ways() {
        for text in ["1700000000000", "1700000000", "20231115061320"] {
            assert_eq!(signed_at(Some(&json!(text))), Some(now()), "{text}");
        }
        assert_eq!(signed_at(Some(&json!(1_700_000_000_000_i64))), Some(now()));
        for bad in ["", "17", "-700000000", "20231315061320", "1700000000000x"] {
            assert_eq!(signed_at(Some(&json!(bad))), None, "{bad}");
        }
    }

    #[test]
    fn a_message_of_another_protocol_is_named_by_its_field() {
        let sender = sender(Convention::default(), &[7]);
        let message = sender.close(FIELDS, &body(), false, &key(7)).unwrap();
        for (field, value) in [
            ("appId", json!("another")),
            ("signType", json!("RSA")),
            ("signData", json!("AAAA")),
            ("nonce", json!("short")),
            ("nonce", json!("with a space")),
            ("timestamp", json!(null)),
            ("method", json!("")),
            ("data", json!("text")),
        ] {
            let mut altered = message.clone();
            altered[field] = value;
            let no = sender.open(&altered, now(), WINDOW);
            assert_eq!(no, Err(Unopened::Protocol(field)));
        }
        for nothing in [json!(null), json!([]), json!({})] {
            let no = sender.open(&nothing, now(), WINDOW);
            assert_eq!(no, Err(Unopened::Protocol("appId")));
        }
    }
}
