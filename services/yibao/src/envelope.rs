//! 报文客户端: how a sender of envelopes calls: signs with its own key, encrypts, and believes an answer
//! only when the bureau's key signed it for the nonce that was sent.
//!
//! ```toml
//! app_id = "1GTSTESTAPPID0000000000000000001"
//! secret_file = "secret.txt"          # appSecret, one line
//! key_file = "sender.pem"             # the sender's SM2 key: openssl genpkey -algorithm SM2
//! answer_keys = ["04…"]               # GetAnswerKeys; both while one takes the place of the other
//! signed_as = "usual"                 # or "secret"; with scalars_as_text and escaped, as registered
//! encrypted = true
//! ```

use crate::call::CallError;
use crate::reach::Reach;
use crate::told::Told;
use kernel::message::{Convention, Sender, Unopened, User};
use kernel::sm2::{PrivateKey, PublicKey, Sm2Error};
use kernel::{Clock, Instant, Secret};
use prost_reflect::MethodDescriptor;
use proto::orchestrator as pb;
use proto::orchestrator::envelope_service_client::EnvelopeServiceClient;
use runtime::Wire;
use runtime::clock::SystemClock;
use runtime::envelope::{envelope_of, message_of};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::io;
use std::path::{Path, PathBuf};
use tonic::Request;

/// Random bytes of a nonce.
const NONCE_BYTES: usize = 16;
/// How far an answer's time may lie from ours, in milliseconds.
const WINDOW_MILLIS: i64 = 5 * 60 * 1_000;
/// The version of the platform's interface.
const VERSION: &str = "2.0.1";

/// Why nothing can be sent, or an answer is not believed.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// A file cannot be read.
    #[error("cannot read {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The sender's file is none.
    #[error("{file} is no sender: {reason}")]
    Sender {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A key is none.
    #[error("the sender's keys: {0}")]
    Key(#[from] Sm2Error),
    /// The body is no object.
    #[error("the request is no JSON object: {0}")]
    Body(#[from] serde_json::Error),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// An answer that nobody of the bureau signed, or that is to another request.
    #[error("the answer is not believed: {0}; its request may have taken effect")]
    Unbelieved(Unopened),
    /// An answer to another request, or none.
    #[error("the answer is to another request; this one may have taken effect")]
    Strange,
}

/// How a sender is written down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SenderFile {
    app_id: String,
    secret_file: PathBuf,
    key_file: PathBuf,
    answer_keys: Vec<String>,
    #[serde(default)]
    signed_as: SignedAs,
    #[serde(default)]
    scalars_as_text: bool,
    #[serde(default)]
    escaped: bool,
    #[serde(default = "encrypted")]
    encrypted: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SignedAs {
    #[default]
    Usual,
    Secret,
}

fn encrypted() -> bool {
    true
}

/// 接入方: who sends envelopes, with its own key and the bureau's.
#[derive(Clone)]
pub struct EnvelopeSender {
    /// Whose keys are the bureau's: what comes back is opened with them.
    sender: Sender,
    key: PrivateKey,
    encrypted: bool,
}

impl EnvelopeSender {
    /// A sender with this key of its own, whose answers these keys sign (`sender.keys`).
    pub fn of(sender: Sender, key: PrivateKey, encrypted: bool) -> EnvelopeSender {
        EnvelopeSender {
            sender,
            key,
            encrypted,
        }
    }

    /// Reads a sender's file; the files it names are beside it.
    pub fn read(file: &Path) -> Result<EnvelopeSender, EnvelopeError> {
        let text = read(file)?;
        let no_sender = |reason: toml::de::Error| EnvelopeError::Sender {
            file: file.to_path_buf(),
            reason: reason.message().to_string(),
        };
        let told: SenderFile = toml::from_str(&text).map_err(no_sender)?;
        let beside = |name: &Path| match file.parent() {
            Some(folder) => folder.join(name),
            None => name.to_path_buf(),
        };
        let answers = told.answer_keys.iter().map(|key| PublicKey::parse(key));
        let secret = read(&beside(&told.secret_file))?.trim().to_string();
        Ok(EnvelopeSender {
            key: PrivateKey::from_pem(&read(&beside(&told.key_file))?)?,
            sender: Sender {
                app_id: told.app_id,
                secret: Secret::new(secret),
                keys: answers.collect::<Result<_, _>>()?,
                convention: Convention {
                    user: match told.signed_as {
                        SignedAs::Usual => User::Usual,
                        SignedAs::Secret => User::Secret,
                    },
                    scalars_as_text: told.scalars_as_text,
                    escaped: told.escaped,
                },
            },
            encrypted: told.encrypted,
        })
    }

    /// Calls a method at a suite with JSON, and gives the answer as JSON.
    pub async fn send(
        &self,
        reach: &Reach,
        caller: Option<&str>,
        method: &MethodDescriptor,
        json: &str,
    ) -> Result<String, CallError> {
        let mut client = match caller {
            Some(caller) => reach.desk(caller).await?.envelopes(),
            None => EnvelopeServiceClient::new(reach.wire().await?),
        };
        let method = format!("{}/{}", method.parent_service().name(), method.name());
        let body: Map<String, Value> = serde_json::from_str(json).map_err(EnvelopeError::Body)?;
        let body = Value::Object(body);
        let answer = self.call(&mut client, &method, &body, SystemClock.now());
        Ok(serde_json::to_string_pretty(&answer.await?)?)
    }

    /// Calls a method, `OrchestratorService/Settle`, at this moment. The answer, or the "no" in it.
    pub async fn call(
        &self,
        client: &mut EnvelopeServiceClient<Wire>,
        method: &str,
        body: &Value,
        now: Instant,
    ) -> Result<Value, CallError> {
        let mut random = [0; NONCE_BYTES];
        getrandom::fill(&mut random).map_err(|_| EnvelopeError::Random)?;
        let nonce = hex::encode(random);
        let envelope = Some(self.sealed((method, &nonce), body, now)?);
        let asked = Request::new(pb::ExchangeRequest { envelope });
        let told = |status| CallError::Refused(Box::new(Told::of(&status)));
        let answer = client.exchange(asked).await.map_err(told)?;
        let envelope = answer.into_inner().envelope.unwrap_or_default();
        self.opened((method, &nonce), &envelope, now)
    }

    /// The envelope of a call.
    pub fn sealed(
        &self,
        (method, nonce): (&str, &str),
        body: &Value,
        now: Instant,
    ) -> Result<pb::Envelope, EnvelopeError> {
        let millis = now.micros().div_euclid(1_000).to_string();
        let fields = [
            ("method", method),
            ("nonce", nonce),
            ("timestamp", &millis),
            ("version", VERSION),
        ];
        let closed = self.sender.close(&fields, body, self.encrypted, &self.key);
        Ok(envelope_of(&closed.map_err(EnvelopeError::Unbelieved)?))
    }

    /// What an envelope answers to the call of this method and nonce.
    pub fn opened(
        &self,
        (method, nonce): (&str, &str),
        envelope: &pb::Envelope,
        now: Instant,
    ) -> Result<Value, CallError> {
        let message = message_of(envelope).ok_or(EnvelopeError::Strange)?;
        let opened = self.sender.open(&message, now, WINDOW_MILLIS);
        let opened = opened.map_err(EnvelopeError::Unbelieved)?;
        if (opened.method.as_str(), opened.nonce.as_str()) != (method, nonce) {
            return Err(EnvelopeError::Strange.into());
        }
        match envelope.success.as_str() {
            "true" => Ok(opened.body),
            _ => Err(CallError::Refused(Box::new(no(&opened.body)))),
        }
    }
}

/// The "no" in an answer.
fn no(body: &Value) -> Told {
    let text = |name: &str| {
        let told = body.get(name).and_then(Value::as_str);
        told.unwrap_or_default().to_string()
    };
    Told {
        // What it would be called alone: the envelope itself was opened.
        status: "OK",
        code: text("code"),
        sentence: text("sentence"),
        remedy: text("remedy"),
        field: text("field"),
    }
}

fn read(file: &Path) -> Result<String, EnvelopeError> {
    std::fs::read_to_string(file).map_err(|source| EnvelopeError::File {
        file: file.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::sm2::Signer;
    use serde_json::json;

    const APP_ID: &str = "1GTSTESTAPPID0000000000000000001";
    const SECRET: &str = "4117E877F5FA0A0188891283E4B617D5";

    #[test]
    fn a_senders_file_names_what_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            file
        };
        let (own, bureau) = (key(7), key(9));
        write("secret.txt", &format!("{SECRET}\n"));
        write("sender.pem", &own.to_pem().unwrap());
        let text = format!(
            "app_id = \"{APP_ID}\"\nsecret_file = \"secret.txt\"\nkey_file = \"sender.pem\"\n\
             answer_keys = [\"{}\"]\nsigned_as = \"secret\"\n",
            bureau.public_key()
        );
        let sender = EnvelopeSender::read(&write("sender.toml", &text)).unwrap();
        let (asked, now) = (
            ("A/B", "0123456789abcdef"),
            Instant::from_micros(1_700_000_000_000_000),
        );
        let envelope = sender.sealed(asked, &json!({"x": 1}), now).unwrap();
        assert!(envelope.data.is_empty() && !envelope.enc_data.is_empty());
        // The bureau opens it with the sender's key.
        let convention = Convention {
            user: User::Secret,
            ..Convention::default()
        };
        let known = |key: &PrivateKey| Sender {
            app_id: APP_ID.into(),
            secret: Secret::new(SECRET.into()),
            keys: vec![key.public_key()],
            convention,
        };
        let message = message_of(&envelope).unwrap();
        let opened = known(&own).open(&message, now, 1_000).unwrap();
        assert_eq!(opened.body, json!({"x": 1}));

        // An answer is believed of the bureau's key, to this request, in time.
        let answered = |key: &PrivateKey, nonce: &str| {
            let fields = [
                ("method", "A/B"),
                ("nonce", nonce),
                ("timestamp", "1700000000000"),
                ("success", "true"),
            ];
            let closed = known(key).close(&fields, &json!({"y": 2}), true, key);
            sender.opened(asked, &envelope_of(&closed.unwrap()), now)
        };
        assert_eq!(answered(&bureau, asked.1).unwrap(), json!({"y": 2}));
        let unbelieved = answered(&own, asked.1).unwrap_err().to_string();
        assert!(unbelieved.contains("signature"), "{unbelieved}");
        let other = answered(&bureau, "fedcba9876543210").unwrap_err();
        assert!(other.to_string().contains("another request"), "{other}");

        let bad = write("bad.toml", "app_id = 1");
        assert!(matches!(
            EnvelopeSender::read(&bad),
            Err(EnvelopeError::Sender { .. })
        ));
    }

    fn key(byte: u8) -> PrivateKey {
        PrivateKey::from_bytes(&[byte; 32]).unwrap()
    }
}
