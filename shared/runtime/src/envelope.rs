//! 报文保护: the keys that envelopes are answered and kept with, read from the files that the settings
//! name; and an envelope as the platform's JSON has it, on either end of the line.

use kernel::Day;
use kernel::sm2::{PrivateKey, PublicKey, Signer};
use kernel::vault::SealingKeys;
use proto::orchestrator as pb;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Keys that answers may be signed with at most.
const ANSWER_KEYS_MAX: usize = 16;

/// Where the keys lie.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeFiles {
    /// 主密钥: what senders' secrets are sealed with in the database: lines of a name and 32
    /// hexadecimal digits, of which the first seals and all open.
    pub sealing_keys: PathBuf,
    /// 应答密钥: what answers are signed with.
    pub answer_keys: Vec<AnswerKeyFile>,
    /// How far a message's time may lie from now, in seconds.
    #[serde(default = "window")]
    pub window_seconds: u32,
}

/// A key that answers are signed with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerKeyFile {
    /// An SM2 key, PKCS#8 PEM: `openssl genpkey -algorithm SM2`.
    pub file: PathBuf,
    /// From which day it signs, `YYYY-MM-DD`.
    pub from_day: String,
}

fn window() -> u32 {
    300
}

/// The keys. They do not print.
#[derive(Clone)]
pub struct EnvelopeKeys {
    /// 主密钥.
    pub sealing: SealingKeys,
    /// How far a message's time may lie from now.
    pub window_millis: i64,
    /// In the order of their days.
    answers: Vec<(Day, Arc<dyn Signer>)>,
}

impl fmt::Debug for EnvelopeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl EnvelopeKeys {
    /// These keys; answers are signed with the last one whose day has come.
    pub fn new(
        sealing: SealingKeys,
        mut answers: Vec<(Day, Arc<dyn Signer>)>,
        window_seconds: u32,
    ) -> EnvelopeKeys {
        answers.sort_by_key(|(from, _)| *from);
        EnvelopeKeys {
            sealing,
            window_millis: i64::from(window_seconds).saturating_mul(1_000),
            answers,
        }
    }

    /// Reads the files.
    pub fn open(files: &EnvelopeFiles) -> Result<EnvelopeKeys, String> {
        if !(1..=3_600).contains(&files.window_seconds) {
            return Err("envelopes.window_seconds: 1 to 3600".to_string());
        }
        if !(1..=ANSWER_KEYS_MAX).contains(&files.answer_keys.len()) {
            return Err(format!("envelopes.answer_keys: 1 to {ANSWER_KEYS_MAX}"));
        }
        let text = read("envelopes.sealing_keys", &files.sealing_keys)?;
        let sealing = SealingKeys::parse(&text);
        let sealing = sealing.map_err(|e| format!("envelopes.sealing_keys: {e}"))?;
        let answers = files.answer_keys.iter().map(|named| {
            let unusable = |reason: String| format!("envelopes.answer_keys: {reason}");
            let from = Day::parse(&named.from_day);
            let from = from.map_err(|_| unusable("from_day: YYYY-MM-DD".to_string()))?;
            let text = read("envelopes.answer_keys", &named.file)?;
            let key = PrivateKey::from_pem(&text).map_err(|e| unusable(e.to_string()))?;
            Ok((from, Arc::new(key) as Arc<dyn Signer>))
        });
        let answers = answers.collect::<Result<_, String>>()?;
        Ok(EnvelopeKeys::new(sealing, answers, files.window_seconds))
    }

    /// What answers of this day are signed with.
    pub fn signer(&self, day: Day) -> Option<&dyn Signer> {
        let come = self.answers.iter().rfind(|(from, _)| *from <= day);
        come.map(|(_, signer)| &**signer)
    }

    /// What answers are verified with, and from which day each.
    pub fn public(&self) -> impl Iterator<Item = (Day, PublicKey)> + '_ {
        let answers = self.answers.iter();
        answers.map(|(from, signer)| (*from, signer.public_key()))
    }
}

fn read(key: &str, file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|e| format!("{key} {}: {e}", file.display()))
}

/// An envelope as the platform's JSON has it; none where its body in clear is no JSON object.
pub fn message_of(envelope: &pb::Envelope) -> Option<Value> {
    let mut message = Map::new();
    for (name, text) in fields(envelope) {
        if !text.is_empty() {
            message.insert(name.to_string(), Value::from(text));
        }
    }
    if !envelope.data.is_empty() {
        let body: Map<String, Value> = serde_json::from_str(&envelope.data).ok()?;
        message.insert("data".to_string(), Value::Object(body));
    }
    Some(Value::Object(message))
}

/// An envelope of the platform's JSON; what is no field of it is left out.
pub fn envelope_of(message: &Value) -> pb::Envelope {
    let text = |name: &str| {
        let told = message.get(name).and_then(Value::as_str);
        told.unwrap_or_default().to_string()
    };
    pb::Envelope {
        app_id: text("appId"),
        version: text("version"),
        method: text("method"),
        nonce: text("nonce"),
        timestamp: text("timestamp"),
        sign_type: text("signType"),
        enc_type: text("encType"),
        data: message
            .get("data")
            .map(Value::to_string)
            .unwrap_or_default(),
        enc_data: text("encData"),
        sign_data: text("signData"),
        code: text("code"),
        message: text("message"),
        success: text("success"),
    }
}

fn fields(envelope: &pb::Envelope) -> [(&'static str, &str); 12] {
    [
        ("appId", &envelope.app_id),
        ("version", &envelope.version),
        ("method", &envelope.method),
        ("nonce", &envelope.nonce),
        ("timestamp", &envelope.timestamp),
        ("signType", &envelope.sign_type),
        ("encType", &envelope.enc_type),
        ("encData", &envelope.enc_data),
        ("signData", &envelope.sign_data),
        ("code", &envelope.code),
        ("message", &envelope.message),
        ("success", &envelope.success),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn signer(byte: u8) -> Arc<dyn Signer> {
        Arc::new(PrivateKey::from_bytes(&[byte; 32]).unwrap())
    }

    #[test]
    fn the_last_key_whose_day_has_come_signs() {
        let sealing = SealingKeys::parse("k1 00112233445566778899aabbccddeeff").unwrap();
        let answers = vec![
            (day("2018-04-01"), signer(2)),
            (day("2018-01-01"), signer(1)),
        ];
        let keys = EnvelopeKeys::new(sealing, answers, 300);
        let signs = |on: &str| keys.signer(day(on)).map(Signer::public_key);
        assert_eq!(signs("2017-12-31"), None);
        assert_eq!(signs("2018-01-01"), Some(signer(1).public_key()));
        assert_eq!(signs("2018-03-31"), Some(signer(1).public_key()));
        assert_eq!(signs("2018-04-01"), Some(signer(2).public_key()));
        let told: Vec<Day> = keys.public().map(|(from, _)| from).collect();
        assert_eq!(told, [day("2018-01-01"), day("2018-04-01")]);
        assert_eq!(format!("{keys:?}"), "***");
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let pem = PrivateKey::from_bytes(&[7; 32]).unwrap().to_pem().unwrap();
        let good = EnvelopeFiles {
            sealing_keys: file("sealing", "k1 00112233445566778899aabbccddeeff\n"),
            answer_keys: vec![AnswerKeyFile {
                file: file("answer.pem", &pem),
                from_day: "2018-01-01".into(),
            }],
            window_seconds: 300,
        };
        assert!(EnvelopeKeys::open(&good).is_ok());
        let no = |change: fn(&mut EnvelopeFiles)| {
            let mut bad = good.clone();
            change(&mut bad);
            EnvelopeKeys::open(&bad).unwrap_err()
        };
        assert!(no(|files| files.window_seconds = 0).contains("window_seconds"));
        assert!(no(|files| files.answer_keys.clear()).contains("answer_keys"));
        assert!(no(|files| files.sealing_keys.push("nowhere")).contains("sealing_keys"));
        assert!(no(|files| files.answer_keys[0].from_day.clear()).contains("from_day"));
        assert!(
            no(|files| files.answer_keys[0].file = files.sealing_keys.clone()).contains("genpkey")
        );
    }

    #[test]
    fn an_envelope_is_the_same_on_both_ends() {
        let message = json!({"appId": "a", "version": "2.0.1", "method": "m", "nonce": "n",
            "timestamp": "1", "signType": "SM2", "signData": "s", "data": {"x": 1, "y": "张"}});
        assert_eq!(message_of(&envelope_of(&message)), Some(message));
        for bad in ["x", "[1]", "1", "{} {}"] {
            let envelope = pb::Envelope {
                data: bad.into(),
                ..Default::default()
            };
            assert_eq!(message_of(&envelope), None, "{bad}");
        }
    }
}
