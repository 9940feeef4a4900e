//! 年度累计: what a person has used in a year, by name. A fold of settlements' deltas.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// 年度累计 (cum): what a person has used in a year, by name; the unit is the end of the name.
///
/// Every layer keeps `<rule>.base_fen`, `<rule>.deductible_fen` and `<rule>.paid_fen`; stays are
/// counted in `stays_count`. A layer whose cap years without a claim raise keeps what it paid by that
/// alone in `<rule>.reward_fen`. A disease stands between, as `<rule>.<disease>.paid_fen`; a quarter or
/// a month is joined with a hyphen, as `<bucket>-q2.paid_fen`. A fold of the deltas of settlements
/// gives these, and taking the same deltas away gives the state before: an entry of zero is no
/// entry.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Accumulators {
    /// In the order of the names, none of them zero.
    entries: Vec<(Arc<str>, i64)>,
}

impl Accumulators {
    /// The value by this name; zero when there is none.
    pub fn get(&self, name: &str) -> i64 {
        match self.place(name) {
            Ok(index) => self.entries.get(index).map_or(0, |(_, value)| *value),
            Err(_) => 0,
        }
    }

    /// Sets one value.
    pub fn set(&mut self, name: &str, value: i64) {
        match (self.place(name), value) {
            (Ok(index), 0) => {
                self.entries.remove(index);
            }
            (Ok(index), value) => {
                if let Some(entry) = self.entries.get_mut(index) {
                    entry.1 = value;
                }
            }
            (Err(_), 0) => {}
            (Err(index), value) => self.entries.insert(index, (name.into(), value)),
        }
    }

    /// Every entry, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.entries.iter().map(|(name, value)| (&**name, *value))
    }

    /// True when nothing was used.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The state after these deltas.
    pub fn plus(&self, deltas: &Accumulators) -> Accumulators {
        self.changed(deltas, i64::saturating_add)
    }

    /// The state before these deltas.
    pub fn minus(&self, deltas: &Accumulators) -> Accumulators {
        self.changed(deltas, i64::saturating_sub)
    }

    fn changed(&self, deltas: &Accumulators, change: fn(i64, i64) -> i64) -> Accumulators {
        let mut state = self.clone();
        for (name, delta) in deltas.iter() {
            state.set(name, change(state.get(name), delta));
        }
        state
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|(entry, _)| (**entry).cmp(name))
    }

    /// Entries in the order of their names, none of them zero.
    pub(crate) fn in_order(entries: Vec<(Arc<str>, i64)>) -> Accumulators {
        debug_assert!(entries.iter().all(|(_, value)| *value != 0));
        debug_assert!(entries.is_sorted_by(|one, next| one.0 < next.0));
        Accumulators { entries }
    }
}

impl<N: Into<Arc<str>>> FromIterator<(N, i64)> for Accumulators {
    fn from_iter<I: IntoIterator<Item = (N, i64)>>(entries: I) -> Accumulators {
        let ordered: BTreeMap<Arc<str>, i64> = entries
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect();
        Accumulators::in_order(
            ordered
                .into_iter()
                .filter(|(_, value)| *value != 0)
                .collect(),
        )
    }
}

impl fmt::Debug for Accumulators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Accumulators {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Accumulators {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Accumulators, D::Error> {
        let entries = BTreeMap::<String, i64>::deserialize(deserializer)?;
        Ok(entries.into_iter().collect())
    }
}
