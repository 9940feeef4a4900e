//! Denied attempts: whoever knocks without end shall not fill the disk. So many a minute of one
//! caller and method are written each, the rest is counted and written as one entry when something
//! is seen after the minute. A process that ends within it forgets that count, never more.

use kernel::{AreaCode, Instant, Seen};
use std::collections::HashMap;

/// Entries of one caller and method in a minute.
pub(super) const A_MINUTE: u32 = 10;
/// Callers and methods told apart in a minute. Those beyond are counted as one caller.
const KEYS_MAX: usize = 10_000;
const MINUTE_MILLIS: i64 = 60_000;

#[derive(Default)]
pub(super) struct Denied {
    /// When the minute began.
    begun: Option<Instant>,
    counts: HashMap<(AreaCode, String, String), Count>,
}

struct Count {
    /// Attempts so far.
    times: u32,
    /// The first that was not written, for all that were not.
    more: Option<Seen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Write,
    Count,
}

impl Denied {
    /// Whether an attempt is written or only counted.
    pub(super) fn judge(&mut self, seen: &Seen, now: Instant) -> Verdict {
        self.begun.get_or_insert(now);
        let full = self.counts.len() >= KEYS_MAX;
        let of = |caller: &str| (seen.area.clone(), caller.to_string(), seen.method.clone());
        let mut key = of(&seen.caller);
        let strange = full && !self.counts.contains_key(&key);
        if strange {
            key = of("");
        }
        let count = self.counts.entry(key).or_insert(Count {
            times: 0,
            more: None,
        });
        count.times = count.times.saturating_add(1);
        if count.times <= A_MINUTE {
            return Verdict::Write;
        }
        count.more.get_or_insert_with(|| {
            let mut more = seen.clone();
            if strange {
                more.caller.clear();
            }
            more
        });
        Verdict::Count
    }

    /// What was only counted, at most `room` entries, once its minute is over.
    pub(super) fn ended(&mut self, now: Instant, room: usize) -> Vec<(Seen, u32)> {
        let over = |begun: Instant| {
            let ends = begun.plus_millis(MINUTE_MILLIS);
            now >= ends || now < begun
        };
        if !self.begun.is_some_and(over) {
            return Vec::new();
        }
        self.begun = None;
        let counts = self.counts.drain().map(|(_, count)| count);
        let counted = counts.filter_map(|count| Some((count.more?, count.times - A_MINUTE)));
        counted.take(room).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::SeenKind;

    fn knock(caller: &str) -> Seen {
        Seen {
            area: AreaCode::parse("999999").unwrap(),
            caller: caller.into(),
            roles: Vec::new(),
            method: "/a.B/C".into(),
            kind: SeenKind::Denied,
            subjects: Vec::new(),
            subject_count: 0,
            purpose: String::new(),
            outcome: "PERMISSION_DENIED",
            trace_id: String::new(),
        }
    }

    #[test]
    fn a_flood_of_one_caller_is_counted_and_told_once() {
        let mut denied = Denied::default();
        let at = |millis| Instant::from_micros(0).plus_millis(millis);
        let knocks = (0..100).map(|n| denied.judge(&knock("x"), at(n)));
        let written = knocks.filter(|verdict| *verdict == Verdict::Write).count();
        assert_eq!(written, A_MINUTE as usize);
        assert_eq!(denied.judge(&knock("y"), at(100)), Verdict::Write);
        assert!(denied.ended(at(59_999), 9).is_empty());
        let counted = denied.ended(at(60_000), 9);
        assert_eq!(counted, [(knock("x"), 100 - A_MINUTE)]);
        assert_eq!(denied.judge(&knock("x"), at(60_001)), Verdict::Write);
    }

    #[test]
    fn many_invented_callers_are_one() {
        let mut denied = Denied::default();
        let now = Instant::from_micros(0);
        let knocks = 0..KEYS_MAX + 100;
        let written = knocks
            .filter(|n| denied.judge(&knock(&n.to_string()), now) == Verdict::Write)
            .count();
        assert_eq!(written, KEYS_MAX + A_MINUTE as usize);
        let counted = denied.ended(now.plus_millis(MINUTE_MILLIS), 9);
        assert_eq!(counted, [(knock(""), 90)]);
    }
}
