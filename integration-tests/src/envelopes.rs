//! 报文: the bureau's keys in the tests, and senders whose messages it opens.

use crate::{HOSPITAL, World};
use kernel::message::{Convention, Sender};
use kernel::sm2::{PrivateKey, PublicKey, Signer};
use kernel::vault::SealingKeys;
use kernel::{Day, Secret};
use proto::orchestrator as pb;
use runtime::envelope::EnvelopeKeys;
use std::sync::Arc;
use yibao::envelope::EnvelopeSender;

/// The app id of the hospital's envelopes.
pub const APP_ID: &str = "1GTSTESTAPPID0000000000000000001";
/// Its secret: synthetic.
pub const SECRET: &str = "4117E877F5FA0A0188891283E4B617D5";
/// The byte of which the bureau's key is made that signs answers.
const BUREAU: u8 = 201;

/// The bureau's keys: one that seals, one that signs answers for ever.
pub fn bureau() -> EnvelopeKeys {
    bureau_with(vec![("2000-01-01", BUREAU)])
}

/// Likewise, with keys that sign from a day on, each made of one byte.
pub fn bureau_with(answers: Vec<(&str, u8)>) -> EnvelopeKeys {
    let sealing = SealingKeys::parse("t1 00112233445566778899aabbccddeeff");
    let answers = answers.into_iter().map(|(from, byte)| {
        let from = Day::parse(from).expect("a day");
        (from, Arc::new(key(byte)) as Arc<dyn Signer>)
    });
    EnvelopeKeys::new(sealing.expect("a key"), answers.collect(), 300)
}

/// The key made of a byte.
pub fn key(byte: u8) -> PrivateKey {
    PrivateKey::from_bytes(&[byte; 32]).expect("a key")
}

/// The public half of it.
pub fn public(byte: u8) -> PublicKey {
    key(byte).public_key()
}

/// The hospital's sender, which signs with the key of a byte.
pub fn sender(byte: u8, encrypted: bool) -> EnvelopeSender {
    let sender = Sender {
        app_id: APP_ID.into(),
        secret: Secret::new(SECRET.into()),
        keys: vec![public(BUREAU)],
        convention: Convention::default(),
    };
    EnvelopeSender::of(sender, key(byte), encrypted)
}

/// What registers it with the key of a byte.
pub fn registration(request_id: &str, byte: u8) -> pb::RegisterSenderRequest {
    pb::RegisterSenderRequest {
        request_id: request_id.into(),
        app_id: APP_ID.into(),
        app_secret: SECRET.into(),
        acts_as: format!("institution/{HOSPITAL}"),
        convention: None,
        public_key: public(byte).to_string(),
        from_day: "2018-01-01".into(),
    }
}

impl World {
    /// The hospital's sender, registered with the key of a byte.
    pub async fn sender(&self, byte: u8, encrypted: bool) -> EnvelopeSender {
        let mut officer = self.suite.desk("officer+security").envelopes();
        let asked = registration("world-sender", byte);
        officer.register_sender(asked).await.expect("a sender");
        sender(byte, encrypted)
    }
}
