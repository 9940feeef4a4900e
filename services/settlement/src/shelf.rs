//! Where catalogue versions are found: in memory, in the cache all replicas share, in the database.
//! They never change, so nothing is ever stale.

use crate::catalogue::{Catalogue, Item};
use crate::store::{self, InForce};
use ::store::Stop;
use kernel::{AreaCode, CatalogueId};
use runtime::SharedCache;
use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Versions kept in memory at most; the oldest goes first.
const IN_MEMORY_MAX: usize = 32;

/// The versions at hand.
pub struct Catalogues {
    memory: Mutex<BTreeMap<CatalogueId, Arc<Catalogue>>>,
    shared: SharedCache,
}

impl Catalogues {
    /// An empty shelf before the shared cache.
    pub fn new(shared: SharedCache) -> Catalogues {
        Catalogues {
            memory: Mutex::default(),
            shared,
        }
    }

    /// The version in force. What the shared cache says is believed only if it has the digest.
    pub async fn current(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        version: &InForce,
    ) -> Result<Arc<Catalogue>, Stop> {
        if let Some(catalogue) = self.at_hand(version.id) {
            return Ok(catalogue);
        }
        let key = format!("catalogue:{}", version.digest);
        let shared = self.shared.get(&key).await;
        // Rebuilt from the items alone, so that the digest covers all that is used of them.
        let items = shared.and_then(|json| serde_json::from_slice::<Vec<Item>>(&json).ok());
        let shared = items.map(|items| Catalogue::new(version.id, version.effective, items));
        if let Some(shared) = shared.filter(|shared| shared.digest() == version.digest) {
            return Ok(self.keep(shared));
        }
        let catalogue = self.version(on, area, version.id).await?;
        if let Ok(json) = serde_json::to_vec(&catalogue.items().collect::<Vec<_>>()) {
            self.shared.put(&key, &json).await;
        }
        Ok(catalogue)
    }

    /// The version of this id.
    pub async fn version(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        id: CatalogueId,
    ) -> Result<Arc<Catalogue>, Stop> {
        match self.at_hand(id) {
            Some(catalogue) => Ok(catalogue),
            None => Ok(self.keep(store::load_catalogue(on, area, id).await?)),
        }
    }

    fn at_hand(&self, id: CatalogueId) -> Option<Arc<Catalogue>> {
        self.memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    fn keep(&self, catalogue: Catalogue) -> Arc<Catalogue> {
        let catalogue = Arc::new(catalogue);
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.len() >= IN_MEMORY_MAX {
            memory.pop_first();
        }
        memory.insert(catalogue.id, catalogue.clone());
        catalogue
    }
}
