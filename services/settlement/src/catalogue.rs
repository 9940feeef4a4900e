//! 目录与限价: dated, immutable versions of what the funds pay for, and up to which price.

use kernel::{
    CatalogueId, Day, Digest, Digester, InstitutionTier, ItemClass, ItemCode, ItemMark, Rate,
    UnitPrice,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Items in one version at most.
pub const ITEMS_MAX: usize = 50_000;
/// Marks of one item at most.
pub const MARKS_MAX: usize = 20;

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
    /// 蒙药、中药: the mark `ethnic`, which stands here and nowhere else.
    pub ethnic_medicine: bool,
    /// 限制使用标志 (lmt_used_flag).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub restricted: bool,
    /// 目录标记, but for that of 蒙药、中药.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub marks: BTreeSet<ItemMark>,
}

impl Item {
    /// The limit at a tier. An item that is limited anywhere is limited everywhere: a tier it does
    /// not name has the lowest of its limits.
    pub fn limit(&self, tier: &InstitutionTier) -> Option<UnitPrice> {
        let named = self.limits.get(tier);
        named.or(self.limits.values().min()).copied()
    }

    /// 目录标记: all of them.
    pub fn all_marks(&self) -> Vec<ItemMark> {
        let ethnic = self.ethnic_medicine.then_some(ItemMark::EthnicMedicine);
        ethnic
            .into_iter()
            .chain(self.marks.iter().cloned())
            .collect()
    }
}

/// One version of catalogue and prices.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// Its id.
    pub id: CatalogueId,
    /// First day on which it counts.
    pub effective: Day,
    items: BTreeMap<ItemCode, Item>,
}

impl Catalogue {
    /// A version with these items, whose codes are unique.
    pub fn new(id: CatalogueId, effective: Day, items: Vec<Item>) -> Catalogue {
        let items = items
            .into_iter()
            .map(|item| (item.code.clone(), item))
            .collect();
        Catalogue {
            id,
            effective,
            items,
        }
    }

    /// The item of this code.
    pub fn item(&self, code: &ItemCode) -> Option<&Item> {
        self.items.get(code)
    }

    /// Its items, by code.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// The digest over day and items.
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new();
        digester.part(self.effective.to_string().as_bytes());
        for item in self.items() {
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
            // Only where there is something to say, so that versions published before keep their
            // digests; no code begins with this character.
            if item.restricted || !item.marks.is_empty() {
                digester.part(b"\0marks").number(item.restricted.into());
                for mark in &item.marks {
                    digester.part(mark.as_str().as_bytes());
                }
                digester.part(b"\0");
            }
        }
        digester.finish()
    }
}
