//! 报文: signed and encrypted messages, proofs and heads, what a peer answers, what a journal says.

use crate::{Parser, Told, of_text, words};
use kernel::message::{ContentKey, Convention, Sender};
use kernel::seal::{Proof, SignedHead};
use kernel::sm2::{PrivateKey, Signer};
use kernel::{Instant, Refusal, Secret, ToldRefusal};
use saga::What;
use serde_json::Value;
use std::sync::LazyLock;
use tonic::{Code, Status};

const APP_ID: &str = "1GTSTESTAPPID0000000000000000001";
const SECRET: &str = "4117E877F5FA0A0188891283E4B617D5";
const WINDOW: i64 = 5 * 60 * 1_000;
const FIELDS: &[(&str, &str)] = &[
    ("method", "orchestrator/PreSettle"),
    ("nonce", "0123456789abcdef"),
    ("timestamp", "1700000000000"),
    ("version", "2.0.1"),
];

static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::from_bytes(&[7; 32]).expect("a key"));

fn sender(escaped: bool) -> Sender {
    Sender {
        app_id: APP_ID.into(),
        secret: Secret::new(SECRET.into()),
        keys: vec![KEY.public_key()],
        convention: Convention {
            scalars_as_text: escaped,
            escaped,
            ..Convention::default()
        },
    }
}

fn now() -> Instant {
    Instant::from_micros(1_700_000_000_000_000)
}

pub fn parsers() -> Vec<Parser> {
    let mut all = sealed();
    all.extend(told());
    all
}

fn sealed() -> Vec<Parser> {
    vec![
        of_text!(
            "envelope",
            64,
            |text| match serde_json::from_str::<Value>(text) {
                Err(_) => Told::Nothing,
                Ok(message) => words(sender(false).open(&message, now(), WINDOW)),
            }
        ),
        // A body that its sender may send opens as it was signed, which is all of it but empty members.
        of_text!(
            "envelope-body",
            100,
            |text| match serde_json::from_str::<Value>(text) {
                Ok(body @ Value::Object(_)) => {
                    for (escaped, encrypted) in [(false, false), (false, true), (true, true)] {
                        let sender = sender(escaped);
                        let there_and_back = |body: &Value| {
                            let closed = sender.close(FIELDS, body, encrypted, &*KEY)?;
                            sender
                                .open(&closed, now(), WINDOW)
                                .map(|opened| opened.body)
                        };
                        let signed = match there_and_back(&body) {
                            Ok(signed) => signed,
                            Err(no) => return Told::Words(no.to_string()),
                        };
                        assert_eq!(there_and_back(&signed), Ok(signed));
                    }
                    Told::Taken
                }
                _ => Told::Nothing,
            }
        ),
        of_text!("encrypted-body", 16, |text| {
            let key = ContentKey::derive(APP_ID, SECRET).expect("a key");
            words(key.decrypt(text))
        }),
        of_text!(
            "proof",
            64,
            |text| match serde_json::from_str::<Proof>(text) {
                Err(_) => Told::Nothing,
                Ok(proof) => words(proof.check(&[KEY.public_key()])),
            }
        ),
        of_text!(
            "head",
            64,
            |text| match serde_json::from_str::<SignedHead>(text) {
                Err(_) => Told::Nothing,
                Ok(head) => Told::from(head.is_signed_by(&[KEY.public_key()]).then_some(())),
            }
        ),
    ]
}

fn told() -> Vec<Parser> {
    vec![
        of_text!("saga-line", 64, |text| serde_json::from_str::<What>(text)
            .ok()),
        of_text!("told-refusal", 64, |text| {
            let read = serde_json::from_str::<ToldRefusal>(text).ok();
            read.inspect(|told| {
                let no = Refusal::from(told.clone());
                assert!(no.sentence().len() <= text.len().saturating_mul(text.len() + 1));
            })
        }),
        // What a peer answers is believed or not, and nothing breaks here.
        Parser {
            name: "status-details",
            times: 64,
            read: |bytes| {
                let details = bytes.to_vec().into();
                let status = Status::with_details(Code::FailedPrecondition, "no", details);
                let fault = runtime::fault_of(status, false);
                Told::from(matches!(fault, kernel::Fault::Refused(_)).then_some(()))
            },
        },
    ]
}
