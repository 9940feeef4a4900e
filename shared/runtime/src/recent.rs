//! 重试: requests that were let in a short while ago. Who asks the same again does not know what became
//! of it, and is answered from the key's row without any work.

use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

/// Requests that are remembered, by a number each.
const REMEMBERED: usize = 65_536;
/// What stands before a message, and before its first field where that is `request_id`.
const PREFIX: usize = 5;
const REQUEST_ID: u8 = 0x0a;
const REQUEST_ID_MAX: u8 = 64;

/// The last requests that were let in.
#[derive(Default)]
pub(crate) struct Recent {
    hasher: RandomState,
    held: Mutex<(HashSet<u64>, VecDeque<u64>)>,
}

impl Recent {
    /// The number of a request with a key; nothing for one without.
    pub(crate) fn number(&self, caller: &str, path: &str, message: &[u8]) -> Option<u64> {
        let id = request_id(message)?;
        Some(self.hasher.hash_one((caller, path, id)))
    }

    /// True when it was let in before.
    pub(crate) fn knows(&self, number: u64) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.0.contains(&number)
    }

    /// It is let in now.
    pub(crate) fn remember(&self, number: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, order) = &mut *held;
        if !known.insert(number) {
            return;
        }
        order.push_back(number);
        if order.len() > REMEMBERED
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
    }
}

/// The first field of a message, if it is written as `request_id` is.
fn request_id(message: &[u8]) -> Option<&[u8]> {
    match message.get(PREFIX..)? {
        [REQUEST_ID, length, rest @ ..] if (1..=REQUEST_ID_MAX).contains(length) => {
            rest.get(..usize::from(*length))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"\0\0\0\0\x05\x0a\x03abc";

    #[test]
    fn only_the_same_request_of_the_same_caller_is_known() {
        let recent = Recent::default();
        let number = |caller, path, message| recent.number(caller, path, message).unwrap();
        recent.remember(number("a", "/s/M", ONE));
        assert!(recent.knows(number("a", "/s/M", ONE)));
        assert!(!recent.knows(number("b", "/s/M", ONE)));
        assert!(!recent.knows(number("a", "/s/N", ONE)));
        assert!(!recent.knows(number("a", "/s/M", b"\0\0\0\0\x05\x0a\x03abd")));
    }

    #[test]
    fn a_message_without_a_key_has_no_number() {
        for message in [
            &b""[..],
            &[0; 5],
            b"\0\0\0\0\x02\x0a\x09",
            b"\0\0\0\0\x02\x10\x01",
        ] {
            assert_eq!(Recent::default().number("a", "/s/M", message), None);
        }
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let recent = Recent::default();
        let last = u64::try_from(REMEMBERED).unwrap();
        (0..=last).for_each(|number| recent.remember(number));
        assert!(!recent.knows(0) && recent.knows(1) && recent.knows(last));
    }
}
