//! How many streams are served at once, and how many of them for one caller.

use kernel::{AreaCode, Principal};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Streams served at once.
const ALL_MAX: usize = 16;
/// Streams of one caller: nobody takes the others' places.
const OF_ONE_MAX: usize = 4;

type Caller = (AreaCode, String);

/// The streams being served, by caller.
#[derive(Default)]
pub struct Places(Mutex<BTreeMap<Caller, usize>>);

/// A place, given back when dropped.
pub struct Place {
    places: Arc<Places>,
    caller: Caller,
}

impl Places {
    /// A place for one more stream of this caller, if there is one.
    pub fn take(places: &Arc<Places>, principal: &Principal) -> Option<Place> {
        let caller = (principal.area.clone(), principal.caller.clone());
        let mut taken = places.taken();
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&caller));
        let own = own.copied().unwrap_or(0);
        if all >= ALL_MAX || own >= OF_ONE_MAX {
            return None;
        }
        taken.insert(caller.clone(), own + 1);
        drop(taken);
        let places = places.clone();
        Some(Place { places, caller })
    }

    fn taken(&self) -> MutexGuard<'_, BTreeMap<Caller, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match taken.get_mut(&self.caller) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.caller)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Role;

    fn principal(caller: &str) -> Principal {
        Principal {
            caller: caller.into(),
            on_behalf_of: None,
            area: AreaCode::parse("152501").unwrap(),
            roles: vec![Role::Institution],
        }
    }

    #[test]
    fn one_caller_leaves_places_to_the_others() {
        let places = Arc::<Places>::default();
        let take = |caller: &str| Places::take(&places, &principal(caller));
        let mut own: Vec<_> = (0..OF_ONE_MAX).map(|_| take("a").unwrap()).collect();
        assert!(take("a").is_none());
        let others: Vec<_> = ["b", "c", "d"]
            .iter()
            .flat_map(|caller| (0..OF_ONE_MAX).map(|_| take(caller).unwrap()))
            .collect();
        assert!(take("e").is_none(), "all are taken");
        own.pop();
        assert!(take("e").is_some());
        drop((own, others));
        assert!(places.taken().is_empty());
    }
}
