//! 报文交换: whether an envelope is believed, in one order: whose it is, that it may come over this line,
//! its signature, its time; that it comes once is decided last, when nothing else refuses it.

use super::{Envelopes, Sender, place};
use crate::refusal::{
    ENVELOPE_CONVENTION, ENVELOPE_MODE, ENVELOPE_NONCE_USED, ENVELOPE_NOT_CANONICAL,
    ENVELOPE_NOT_DECIPHERABLE, ENVELOPE_NOT_YOURS, ENVELOPE_OUT_OF_TIME, ENVELOPE_SIGNATURE_WRONG,
    ENVELOPES_OFF, SENDER_KEY_NOT_VALID,
};
use crate::store::senders as store;
use ::store::Tx;
use kernel::message::{self, Mistake, Opened, Unopened};
use kernel::refusal::{INTERNAL, invalid};
use kernel::sm2::PublicKey;
use kernel::{Instant, Principal, Refusal, Role, ToldRefusal};
use runtime::certificate::holder_in;
use serde_json::{Value, json};

/// The versions of the platform's interfaces.
const VERSIONS: [&str; 2] = ["2.0.1", "1.0.0"];

/// An envelope as it came.
pub struct Arrived {
    /// In the platform's JSON.
    pub message: Value,
    /// The text of a body in clear.
    pub body: String,
}

/// An envelope that is believed, but for its nonce.
pub struct Admitted {
    /// As whom its call is made.
    pub principal: Principal,
    /// What it says.
    pub opened: Opened,
    version: String,
    sender: message::Sender,
}

impl Envelopes {
    /// Whether an envelope that came from `carrier` is believed. Nothing is changed.
    pub async fn open(&self, carrier: &Principal, arrived: &Arrived) -> Result<Admitted, Refusal> {
        let (keys, now) = (self.keys()?, self.clock.now());
        // What can open can answer.
        keys.signer(now.day())
            .ok_or_else(|| ENVELOPES_OFF.refuse())?;
        let text = |name: &str| arrived.message.get(name).and_then(Value::as_str);
        let app_id = text("appId").unwrap_or_default();
        let version = text("version").unwrap_or_default();
        if !VERSIONS.contains(&version) {
            return Err(ENVELOPE_MODE.refuse().at("envelope.version"));
        }
        let registered = self.sender(&carrier.area, app_id).await;
        let registered = registered.map_err(within)?;
        let holder = holder_in(&carrier.area, &registered.acts_as);
        let holder = holder.ok_or_else(|| INTERNAL.refuse())?;
        let principal = holder.principal(&carrier.area);
        may_carry(carrier, &principal)?;
        registered.is_open().map_err(within)?;
        let (valid, others) = registered.keys_on(now.day());
        let sender = self.unsealed(carrier, &registered, valid)?;
        let opened = sender.open(&arrived.message, now, keys.window_millis);
        let opened = opened.map_err(|no| match no {
            Unopened::Signature => {
                told_of(sender.mistake(&arrived.message, &arrived.body, &others))
            }
            Unopened::Expired => {
                let seconds = keys.window_millis / 1_000;
                let no = ENVELOPE_OUT_OF_TIME.refuse().with("seconds", seconds);
                no.at("envelope.timestamp")
            }
            Unopened::Body => ENVELOPE_NOT_DECIPHERABLE.refuse().at("envelope.enc_data"),
            Unopened::Protocol(field) => unlike(field),
        })?;
        if registered.manner.encryption_required && !opened.encrypted {
            return Err(ENVELOPE_MODE.refuse().at("envelope.data"));
        }
        Ok(Admitted {
            principal,
            opened,
            version: version.to_string(),
            sender,
        })
    }

    /// Takes the nonce of an envelope, for ever: of two who come with it, at whatever replicas, one
    /// has it.
    pub async fn take(&self, admitted: &Admitted) -> Result<(), Refusal> {
        let window = self.keys()?.window_millis;
        let Opened { nonce, signed, .. } = &admitted.opened;
        let until = signed.plus_millis(window);
        let area = &admitted.principal.area;
        let used = (admitted.sender.app_id.as_str(), nonce.as_str());
        let taken = self.db.write(|tx: Tx| async move {
            match store::use_nonce(&tx, area, used, until).await? {
                true => Ok(()),
                false => Err(ENVELOPE_NONCE_USED.refuse().at("envelope.nonce").into()),
            }
        });
        Ok(taken.await?)
    }

    /// The envelope of an answer: signed with our key, for this request's nonce, encrypted as it was.
    pub fn close(
        &self,
        admitted: &Admitted,
        answer: &Result<Value, Refusal>,
    ) -> Result<Value, Refusal> {
        let now = self.clock.now();
        let signer = self.keys()?.signer(now.day());
        let signer = signer.ok_or_else(|| ENVELOPES_OFF.refuse())?;
        let (code, sentence, body) = match answer {
            Ok(body) => ("OK", String::new(), body.clone()),
            Err(no) => (
                no.code.as_ref(),
                format!("{}{}", no.sentence(), no.remedy),
                refused(no),
            ),
        };
        let fields = [
            ("code", code),
            ("message", &sentence),
            ("success", if answer.is_ok() { "true" } else { "false" }),
            ("method", &admitted.opened.method),
            ("nonce", &admitted.opened.nonce),
            ("timestamp", &millis(now)),
            ("version", &admitted.version),
        ];
        let encrypted = admitted.opened.encrypted;
        let closed = admitted.sender.close(&fields, &body, encrypted, signer);
        closed.map_err(|error| super::fault(&error))
    }

    /// The sender as messages of it are opened.
    fn unsealed(
        &self,
        carrier: &Principal,
        registered: &Sender,
        valid: Vec<PublicKey>,
    ) -> Result<message::Sender, Refusal> {
        let place = place(&carrier.area, registered.id);
        let secret = self.keys()?.sealing.open(&registered.secret, &place);
        Ok(message::Sender {
            app_id: registered.app_id.clone(),
            secret: secret.map_err(|error| super::fault(&error))?,
            keys: valid,
            convention: registered.manner.convention,
        })
    }
}

/// An institution's line carries its own envelopes; platforms and the suite's own services pass on what
/// others signed, and can alter nothing of it.
fn may_carry(carrier: &Principal, sender: &Principal) -> Result<(), Refusal> {
    let passes_on = carrier.has(Role::Platform) || carrier.has(Role::Service);
    match passes_on || carrier.caller == sender.caller {
        true => Ok(()),
        false => Err(ENVELOPE_NOT_YOURS.refuse().at("envelope.app_id")),
    }
}

/// The "no" to a signature that does not hold.
fn told_of(mistake: Option<Mistake>) -> Refusal {
    let spec = match mistake {
        Some(Mistake::Key) => &SENDER_KEY_NOT_VALID,
        Some(Mistake::Convention) => &ENVELOPE_CONVENTION,
        Some(Mistake::Canonical) => &ENVELOPE_NOT_CANONICAL,
        None => &ENVELOPE_SIGNATURE_WRONG,
    };
    spec.refuse().at("envelope.sign_data")
}

/// The "no" to a field of the platform's JSON.
fn unlike(field: &str) -> Refusal {
    let (path, expected) = match field {
        "signType" => return ENVELOPE_MODE.refuse().at("envelope.sign_type"),
        "encType" => return ENVELOPE_MODE.refuse().at("envelope.enc_type"),
        "data" => return ENVELOPE_MODE.refuse().at("envelope.data"),
        "nonce" => ("envelope.nonce", "8至64个 [A-Za-z0-9] 字符"),
        "timestamp" => (
            "envelope.timestamp",
            "1970年以来的毫秒或秒数,或 yyyyMMddHHmmss 格式的时刻",
        ),
        "signData" => ("envelope.sign_data", "64字节签名值 r‖s 的Base64"),
        "method" => ("envelope.method", "方法名"),
        _ => ("envelope.app_id", "16至64个 [A-Za-z0-9_-] 字符"),
    };
    invalid(path, expected)
}

/// What a security officer calls `app_id` stands in an envelope here.
fn within(no: Refusal) -> Refusal {
    match no.field.as_deref() {
        Some("app_id") => no.at("envelope.app_id"),
        _ => no,
    }
}

/// A refusal as the body of an answer.
fn refused(no: &Refusal) -> Value {
    let told = ToldRefusal::from(no);
    let facts = told
        .facts
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let facts: serde_json::Map<String, Value> = facts.collect();
    json!({
        "code": told.code,
        "kind": told.kind,
        "sentence": told.sentence,
        "remedy": told.remedy,
        "field": told.field,
        "facts": facts,
        "remembered": told.remembered,
    })
}

/// Milliseconds of 1970.
fn millis(now: Instant) -> String {
    now.micros().div_euclid(1_000).to_string()
}
