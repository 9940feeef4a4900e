//! What a service makes of the documents of an area, kept in memory and made anew only when the
//! generation says that they changed. An instant that comes changes nothing here: what is made
//! knows the instants, and is asked with the time.

use super::{generation_of, load};
use crate::db::Stop;
use kernel::{AreaCode, Enactment};
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Areas kept in memory at most; a cell holds fewer.
const AREAS_MAX: usize = 64;

/// Makes the thing anew from the one at hand and everything ever activated.
type Make<T> = Box<dyn Fn(&T, Vec<Enactment>) -> T + Send + Sync>;

/// What is at hand, by area.
pub struct Shelf<T> {
    kind: &'static str,
    /// What there is without any document.
    base: Arc<T>,
    make: Make<T>,
    areas: Mutex<BTreeMap<AreaCode, (i64, Arc<T>)>>,
}

impl<T> Shelf<T> {
    /// A shelf of one kind of documents; `base` is what there is without any.
    pub fn new(
        kind: &'static str,
        base: T,
        make: impl Fn(&T, Vec<Enactment>) -> T + Send + Sync + 'static,
    ) -> Shelf<T> {
        Shelf {
            kind,
            base: Arc::new(base),
            make: Box::new(make),
            areas: Mutex::default(),
        }
    }

    /// The kind of its documents.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The thing as of this generation or a later one. No statement when it is at hand.
    pub async fn current(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        generation: i64,
    ) -> Result<Arc<T>, Stop> {
        let (known, at_hand) = self.known(area);
        // Generations grow: another statement may have seen a later one meanwhile.
        if known >= generation {
            return Ok(at_hand);
        }
        let (generation, activated) = load(on, self.kind, area).await?;
        let made = Arc::new((self.make)(&at_hand, activated));
        Ok(self.keep(area, generation, made))
    }

    /// The thing as of now, the generation asked for by a statement of its own.
    pub async fn asked(&self, on: &impl ConnectionTrait, area: &AreaCode) -> Result<Arc<T>, Stop> {
        let generation = generation_of(on, self.kind, area).await?;
        self.current(on, area, generation).await
    }

    /// The thing as it is in memory, which may be older than the database.
    pub fn at_hand(&self, area: &AreaCode) -> Arc<T> {
        self.known(area).1
    }

    fn known(&self, area: &AreaCode) -> (i64, Arc<T>) {
        let areas = self.areas.lock().unwrap_or_else(PoisonError::into_inner);
        let known = areas.get(area).cloned();
        known.unwrap_or_else(|| (0, self.base.clone()))
    }

    fn keep(&self, area: &AreaCode, generation: i64, made: Arc<T>) -> Arc<T> {
        let mut areas = self.areas.lock().unwrap_or_else(PoisonError::into_inner);
        if areas.len() >= AREAS_MAX && !areas.contains_key(area) {
            areas.pop_first();
        }
        let kept = areas
            .entry(area.clone())
            .or_insert((generation, made.clone()));
        if kept.0 < generation {
            *kept = (generation, made);
        }
        kept.1.clone()
    }
}
