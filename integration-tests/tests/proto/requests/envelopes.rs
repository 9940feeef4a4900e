//! Sound requests about envelopes and who sends them.

use super::{Ground, ask, caller};
use integration_tests::envelopes::{APP_ID, SECRET, public};
use integration_tests::{HOSPITAL, World};
use kernel::{Instant, Role};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use yibao::envelope::EnvelopeSender;

/// The app id of a sender that is ended, and of one that is registered.
const ENDED: &str = "ground-sender-ended";
const NEW: &str = "ground-sender-new";
/// No envelope is taken twice.
static NONCE: AtomicU32 = AtomicU32::new(0);

/// Senders, and one of them with its keys.
pub struct Kept(EnvelopeSender);

pub(super) async fn kept(world: &World) -> Kept {
    let sender = world.sender(11, false).await;
    let officer = caller("officer-9", &[Role::Security]);
    let name = "envelope/RegisterSender";
    let request = registration("ground-ended", ENDED, 12);
    ask(world, &officer, name, &request).await.unwrap();
    Kept(sender)
}

fn registration(id: &str, app_id: &str, key: u8) -> Value {
    let convention = json!({"signed_as": "SIGNED_AS_SECRET", "scalars_as_text": true,
        "escaped": true, "encryption_required": true});
    json!({"request_id": id, "app_id": app_id, "app_secret": SECRET,
        "acts_as": format!("institution/{HOSPITAL}"), "convention": convention,
        "public_key": public(key).to_string(), "from_day": "2018-01-01"})
}

impl Ground {
    /// What a security officer says of senders, and what one of them sends.
    pub(super) fn enveloping(&self) -> Vec<(&'static str, Value)> {
        let nonce = format!("{:016}", NONCE.fetch_add(1, Ordering::SeqCst));
        let asked = ("OrchestratorService/GetOutcome", nonce.as_str());
        let body = json!({"request_id": "S", "method": "METHOD_SETTLE"});
        // The world's clock stands still.
        let now = Instant::from_micros(1_519_862_400_000_000);
        let sealed = self.senders.0.sealed(asked, &body, now).unwrap();
        let envelope = json!({"app_id": sealed.app_id, "version": sealed.version,
            "method": sealed.method, "nonce": sealed.nonce, "timestamp": sealed.timestamp,
            "sign_type": sealed.sign_type, "sign_data": sealed.sign_data, "data": sealed.data,
            "enc_type": "", "enc_data": ""});
        vec![
            ("envelope/Exchange", json!({"envelope": envelope})),
            ("envelope/GetAnswerKeys", json!({})),
            ("envelope/RegisterSender", registration("S", NEW, 13)),
            (
                "envelope/RotateSenderKey",
                json!({"request_id": "S", "app_id": APP_ID,
                "public_key": public(14).to_string(), "from_day": "2018-03-05",
                "previous_until_day": "2018-03-08"}),
            ),
            (
                "envelope/EndSender",
                json!({"request_id": "S", "app_id": ENDED, "reason": "测试"}),
            ),
            ("envelope/GetSender", json!({"app_id": APP_ID})),
            (
                "envelope/ListSenders",
                json!({"page_size": 1, "page_token": ""}),
            ),
        ]
    }
}
