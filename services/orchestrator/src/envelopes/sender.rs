//! 接入方: who sends envelopes, as whom, and which of its keys hold on a day. Pure.
//!
//! ```text
//! registered ──▶ (a key takes the place of another) ──▶ ended
//! ```
//!
//! A key says when it begins, and until when those before it hold: nothing else ends a key, so that
//! taking a rotation back gives those before it the days they had.

use crate::refusal::{SENDER_ENDED, SENDER_KEY_DAYS, SENDER_KEYS_MANY, SENDER_UNKNOWN};
use kernel::message::Convention;
use kernel::sm2::PublicKey;
use kernel::{Day, Instant, Refusal, Secret, SenderId};

/// How far ahead a key begins, and how long two hold together, at most.
const DAYS_MAX: u32 = 92;
/// Keys that hold on one day at most.
const KEYS_AT_ONCE: usize = 2;

/// 公钥.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderKey {
    /// Which of the sender's, from 1 on.
    pub number: i32,
    /// The key.
    pub key: PublicKey,
    /// From which day it holds.
    pub from: Day,
    /// Until which day those before it hold, that day included; none of the first.
    pub previous_until: Option<Day>,
    /// Who added it, and when.
    pub added: (String, Instant),
}

/// 停用.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// By whom.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: String,
}

/// How a sender's messages are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// How its implementation signs.
    pub convention: Convention,
    /// Whether a body in clear is refused.
    pub encryption_required: bool,
}

/// A sender as it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its id.
    pub id: SenderId,
    /// appId.
    pub app_id: String,
    /// appSecret, sealed.
    pub secret: String,
    /// As whom it acts: `institution/H15250100001`.
    pub acts_as: String,
    /// How its messages are made.
    pub manner: Manner,
    /// Its keys, in the order of their numbers.
    pub keys: Vec<SenderKey>,
    /// Who registered it, and when.
    pub registered: (String, Instant),
    /// That it ended.
    pub ended: Option<Ended>,
}

/// A sender to register.
#[derive(Clone, Debug)]
pub struct NewSender {
    /// appId.
    pub app_id: String,
    /// appSecret.
    pub secret: Secret<String>,
    /// As whom it acts.
    pub acts_as: String,
    /// How its messages are made.
    pub manner: Manner,
    /// Its first key.
    pub key: PublicKey,
    /// From which day it holds.
    pub from: Day,
}

/// A key that takes the place of others.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// The key.
    pub key: PublicKey,
    /// From which day it holds.
    pub from: Day,
    /// Until which day those before it hold.
    pub previous_until: Day,
}

impl Sender {
    /// Until which day a key holds, that day included; none while no other takes its place.
    pub fn until(&self, key: &SenderKey) -> Option<Day> {
        let later = self.keys.iter().filter(|other| other.number > key.number);
        later.filter_map(|other| other.previous_until).min()
    }

    /// The keys that hold on a day, and the others.
    pub fn keys_on(&self, day: Day) -> (Vec<PublicKey>, Vec<PublicKey>) {
        let holds =
            |key: &&SenderKey| key.from <= day && self.until(key).is_none_or(|until| day <= until);
        let (hold, others): (Vec<_>, Vec<_>) = self.keys.iter().partition(holds);
        let plain = |keys: Vec<&SenderKey>| keys.into_iter().map(|key| key.key).collect();
        (plain(hold), plain(others))
    }

    /// Refuses what has ended.
    pub fn is_open(&self) -> Result<(), Refusal> {
        match self.ended {
            None => Ok(()),
            Some(_) => Err(SENDER_ENDED
                .refuse()
                .with("app_id", &self.app_id)
                .at("app_id")),
        }
    }

    /// Whether a key may take the place of others today.
    pub fn may_rotate(&self, rotation: &Rotation, today: Day) -> Result<(), Refusal> {
        self.is_open()?;
        let Rotation {
            from,
            previous_until: until,
            ..
        } = *rotation;
        if !(today..=today.plus_days(DAYS_MAX)).contains(&from) {
            return Err(SENDER_KEY_DAYS.refuse().at("from_day"));
        }
        // None holds never: the one before ends no earlier than the new one begins.
        if !(from.minus_days(1)..=from.plus_days(DAYS_MAX)).contains(&until) {
            return Err(SENDER_KEY_DAYS.refuse().at("previous_until_day"));
        }
        let mut then = self.clone();
        then.keys.push(SenderKey {
            number: i32::MAX,
            key: rotation.key,
            from,
            previous_until: Some(until),
            added: self.registered.clone(),
        });
        // More hold only from a day on which one begins.
        let begins = then.keys.iter().map(|key| key.from.max(today));
        let many = begins
            .map(|day| then.keys_on(day).0.len())
            .any(|holding| holding > KEYS_AT_ONCE);
        match many {
            true => Err(SENDER_KEYS_MANY.refuse().at("previous_until_day")),
            false => Ok(()),
        }
    }
}

/// No such sender.
pub fn unknown(app_id: &str) -> Refusal {
    SENDER_UNKNOWN.refuse().with("app_id", app_id).at("app_id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::sm2::{PrivateKey, Signer};

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn public(byte: u8) -> PublicKey {
        PrivateKey::from_bytes(&[byte; 32]).unwrap().public_key()
    }

    fn key(number: u8, from: &str, previous_until: Option<&str>) -> SenderKey {
        SenderKey {
            number: number.into(),
            key: public(number),
            from: day(from),
            previous_until: previous_until.map(day),
            added: ("sec-1".into(), Instant::from_micros(0)),
        }
    }

    fn sender(keys: Vec<SenderKey>) -> Sender {
        Sender {
            id: SenderId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap(),
            app_id: "APP0000000000001".into(),
            secret: String::new(),
            acts_as: "institution/H15250100001".into(),
            manner: Manner::default(),
            keys,
            registered: ("sec-1".into(), Instant::from_micros(0)),
            ended: None,
        }
    }

    #[test]
    fn two_keys_hold_while_one_takes_the_place_of_the_other() {
        let first = key(1, "2018-01-01", None);
        let second = key(2, "2018-03-01", Some("2018-03-10"));
        let rotated = sender(vec![first.clone(), second]);
        let hold = |sender: &Sender, on: &str| sender.keys_on(day(on)).0;
        for (on, expected) in [
            ("2017-12-31", vec![]),
            ("2018-01-01", vec![public(1)]),
            ("2018-02-28", vec![public(1)]),
            ("2018-03-01", vec![public(1), public(2)]),
            ("2018-03-10", vec![public(1), public(2)]),
            ("2018-03-11", vec![public(2)]),
        ] {
            assert_eq!(hold(&rotated, on), expected, "{on}");
        }
        assert_eq!(rotated.keys_on(day("2018-03-11")).1, [public(1)]);
        // Taken back, the first holds as it did.
        assert_eq!(hold(&sender(vec![first]), "2018-03-11"), [public(1)]);
    }

    #[test]
    fn a_rotation_leaves_no_gap_and_no_third_key() {
        let today = day("2018-03-01");
        let code = |sender: &Sender, from: &str, until: &str| {
            let rotation = Rotation {
                key: public(9),
                from: day(from),
                previous_until: day(until),
            };
            let no = sender.may_rotate(&rotation, today).err();
            no.map(|no| (no.code.to_string(), no.field.unwrap_or_default()))
        };
        let one = sender(vec![key(1, "2018-01-01", None)]);
        for (from, until, expected) in [
            ("2018-03-01", "2018-02-28", None),
            ("2018-03-01", "2018-06-01", None),
            ("2018-06-01", "2018-06-01", None),
            ("2018-02-28", "2018-03-01", Some("from_day")),
            ("2018-06-02", "2018-06-02", Some("from_day")),
            ("2018-03-01", "2018-02-27", Some("previous_until_day")),
            ("2018-03-01", "2018-06-02", Some("previous_until_day")),
        ] {
            let told = code(&one, from, until);
            let expected = expected.map(|field| ("SENDER_KEY_DAYS".into(), field.into()));
            assert_eq!(told, expected, "{from} {until}");
        }
        let two = sender(vec![
            key(1, "2018-01-01", None),
            key(2, "2018-03-01", Some("2018-03-10")),
        ]);
        let many = Some(("SENDER_KEYS_MANY".into(), "previous_until_day".into()));
        assert_eq!(code(&two, "2018-03-05", "2018-03-06"), many);
        // Both of them go at once: a key that somebody else has.
        assert_eq!(code(&two, "2018-03-01", "2018-02-28"), None);
        assert_eq!(code(&two, "2018-03-11", "2018-03-20"), None);
        // One that has not begun counts on its day.
        let ahead = sender(vec![
            key(1, "2018-01-01", None),
            key(2, "2018-04-01", Some("2018-04-10")),
        ]);
        assert_eq!(code(&ahead, "2018-03-01", "2018-04-05"), many);
        let ended = Sender {
            ended: Some(Ended {
                by: "sec-1".into(),
                at: Instant::from_micros(0),
                reason: "停用".into(),
            }),
            ..one
        };
        let told = code(&ended, "2018-03-01", "2018-03-01").map(|(code, _)| code);
        assert_eq!(told.as_deref(), Some("SENDER_ENDED"));
    }
}
