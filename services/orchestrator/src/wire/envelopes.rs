//! 接入方 and 报文.

use crate::envelopes::{Arrived, Manner, NewSender, Rotation, Sender, SenderKey};
use crate::refusal::ENVELOPE_NOT_DECIPHERABLE;
use kernel::message::{Convention, User};
use kernel::refusal::invalid;
use kernel::sm2::PublicKey;
use kernel::{AreaCode, Day, Refusal, Secret};
use proto::orchestrator as pb;
use proto::orchestrator::envelope_convention::SignedAs;
use runtime::certificate::{Holder, holder_in};
use runtime::envelope::message_of;
use runtime::{parse, render};
use std::ops::RangeInclusive;

/// Characters of an app id; a content key is made of the first sixteen.
const APP_ID_CHARS: RangeInclusive<usize> = 16..=64;
/// Characters of a secret: fewer could be guessed from what is signed with it.
const SECRET_CHARS: RangeInclusive<usize> = 32..=64;

/// appId.
pub fn app_id(text: &str) -> Result<String, Refusal> {
    app_id_at("app_id", text)
}

fn app_id_at(path: &str, text: &str) -> Result<String, Refusal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let fits = APP_ID_CHARS.contains(&text.len()) && text.bytes().all(plain);
    let expected = "16至64个 [A-Za-z0-9_-] 字符";
    parse::wanted(path, fits.then(|| text.to_string()), expected)
}

/// A sender to register in this area.
pub fn new_sender(
    area: &AreaCode,
    message: &pb::RegisterSenderRequest,
) -> Result<NewSender, Refusal> {
    let secret = message.app_secret.as_str();
    let fits =
        SECRET_CHARS.contains(&secret.len()) && secret.bytes().all(|b| b.is_ascii_alphanumeric());
    let secret = fits.then(|| Secret::new(secret.to_string()));
    let acts_as = message.acts_as.as_str();
    let holder = holder_in(area, acts_as);
    let holder = holder.filter(|h| matches!(h, Holder::Institution(_) | Holder::Platform(_)));
    let expected = "institution/定点医药机构编号 或 platform/业务平台名";
    parse::wanted("acts_as", holder, expected)?;
    Ok(NewSender {
        app_id: app_id(&message.app_id)?,
        secret: parse::wanted("app_secret", secret, "32至64个 [A-Za-z0-9] 字符")?,
        acts_as: acts_as.to_string(),
        manner: manner(message.convention.unwrap_or_default())?,
        key: public_key(&message.public_key)?,
        from: parse::day("from_day", &message.from_day)?,
    })
}

/// A key that takes the place of others.
pub fn rotation(message: &pb::RotateSenderKeyRequest) -> Result<Rotation, Refusal> {
    Ok(Rotation {
        key: public_key(&message.public_key)?,
        from: parse::day("from_day", &message.from_day)?,
        previous_until: parse::day("previous_until_day", &message.previous_until_day)?,
    })
}

fn public_key(text: &str) -> Result<PublicKey, Refusal> {
    let expected = "130位十六进制的SM2公钥(04‖x‖y)";
    parse::wanted("public_key", PublicKey::parse(text).ok(), expected)
}

fn manner(message: pb::EnvelopeConvention) -> Result<Manner, Refusal> {
    let user = match SignedAs::try_from(message.signed_as) {
        Ok(SignedAs::Unspecified | SignedAs::Usual) => User::Usual,
        Ok(SignedAs::Secret) => User::Secret,
        Err(_) => return Err(invalid("convention.signed_as", "已知的用户标识约定")),
    };
    Ok(Manner {
        convention: Convention {
            user,
            scalars_as_text: message.scalars_as_text,
            escaped: message.escaped,
        },
        encryption_required: message.encryption_required,
    })
}

/// A sender as the wire shows it: never its secret.
pub fn sender(found: &Sender) -> pb::Sender {
    let Manner {
        convention,
        encryption_required,
    } = found.manner;
    let signed_as = match convention.user {
        User::Usual => SignedAs::Usual,
        User::Secret => SignedAs::Secret,
    };
    let ended = found.ended.as_ref();
    pb::Sender {
        sender_id: found.id.to_string(),
        app_id: found.app_id.clone(),
        acts_as: found.acts_as.clone(),
        convention: Some(pb::EnvelopeConvention {
            signed_as: signed_as.into(),
            scalars_as_text: convention.scalars_as_text,
            escaped: convention.escaped,
            encryption_required,
        }),
        keys: found
            .keys
            .iter()
            .map(|key| sender_key(found, key))
            .collect(),
        registered_by: found.registered.0.clone(),
        registered_time: Some(render::timestamp(found.registered.1)),
        ended_by: ended.map(|ended| ended.by.clone()).unwrap_or_default(),
        ended_time: ended.map(|ended| render::timestamp(ended.at)),
        end_reason: ended.map(|ended| ended.reason.clone()).unwrap_or_default(),
    }
}

fn sender_key(of: &Sender, key: &SenderKey) -> pb::SenderKey {
    pb::SenderKey {
        number: key.number,
        public_key: key.key.to_string(),
        from_day: key.from.to_string(),
        until_day: of.until(key).map(|day| day.to_string()).unwrap_or_default(),
        added_by: key.added.0.clone(),
        added_time: Some(render::timestamp(key.added.1)),
    }
}

/// A key that answers are signed with.
pub fn answer_key((from, key): (Day, PublicKey)) -> pb::AnswerKey {
    pb::AnswerKey {
        public_key: key.to_string(),
        from_day: from.to_string(),
    }
}

/// An envelope that came.
pub fn arrived(envelope: Option<pb::Envelope>) -> Result<Arrived, Refusal> {
    let envelope = parse::message("envelope", envelope)?;
    app_id_at("envelope.app_id", &envelope.app_id)?;
    let message = message_of(&envelope);
    let message = message.ok_or_else(|| ENVELOPE_NOT_DECIPHERABLE.refuse().at("envelope.data"))?;
    Ok(Arrived {
        message,
        body: envelope.data,
    })
}
