//! 目录与限价: dated, immutable versions of what the funds pay for, and up to which price.

use kernel::{
    CatalogueId, Day, Digest, Digester, InstitutionTier, ItemClass, ItemCode, Rate, UnitPrice,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Items in one version at most.
pub const ITEMS_MAX: usize = 50_000;
/// Versions kept in memory at most.
const CACHED_MAX: usize = 32;

/// 目录项: one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// 医保目录编码 (med_list_codg).
    pub code: ItemCode,
    /// The Chinese name.
    pub name: String,
    /// 收费项目等级 (chrgitm_lv).
    pub class: ItemClass,
    /// 先自付比例 (selfpay_prop).
    pub first_pay: Rate,
    /// 限价 (pric_uplmt_amt) by tier.
    pub limits: BTreeMap<InstitutionTier, UnitPrice>,
    /// 蒙药、中药.
    pub ethnic_medicine: bool,
}

impl Item {
    /// The limit at a tier, if there is one.
    pub fn limit(&self, tier: &InstitutionTier) -> Option<UnitPrice> {
        self.limits.get(tier).copied()
    }
}

/// One version of catalogue and prices.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Its id.
    pub id: CatalogueId,
    /// First day on which it counts.
    pub effective: Day,
    /// Digest over its items.
    pub digest: Digest,
    items: HashMap<ItemCode, Item>,
}

impl Catalogue {
    /// A version with these items, whose codes are unique.
    pub fn new(id: CatalogueId, effective: Day, items: Vec<Item>) -> Catalogue {
        let digest = digest(&items);
        let items = items
            .into_iter()
            .map(|item| (item.code.clone(), item))
            .collect();
        Catalogue {
            id,
            effective,
            digest,
            items,
        }
    }

    /// The item of this code.
    pub fn item(&self, code: &ItemCode) -> Option<&Item> {
        self.items.get(code)
    }
}

/// The digest over items in the order of their codes.
pub fn digest(items: &[Item]) -> Digest {
    let mut sorted: Vec<&Item> = items.iter().collect();
    sorted.sort_by(|a, b| a.code.cmp(&b.code));
    let mut digester = Digester::new();
    for item in sorted {
        digester
            .part(item.code.as_str().as_bytes())
            .part(item.name.as_bytes());
        digester.part(item.class.as_str().as_bytes());
        digester
            .number(item.first_pay.0.into())
            .number(item.ethnic_medicine.into());
        for (tier, limit) in &item.limits {
            digester.part(tier.as_str().as_bytes()).number(limit.0);
        }
    }
    digester.finish()
}

/// Versions already read. They never change, so nothing is ever stale; an old one goes when the
/// cache is full.
#[derive(Default)]
pub struct Cache(Mutex<BTreeMap<CatalogueId, Arc<Catalogue>>>);

impl Cache {
    /// The version, if it is here.
    pub fn get(&self, id: CatalogueId) -> Option<Arc<Catalogue>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    /// Keeps a version.
    pub fn keep(&self, catalogue: Arc<Catalogue>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CACHED_MAX {
            kept.pop_first();
        }
        kept.insert(catalogue.id, catalogue);
    }
}
