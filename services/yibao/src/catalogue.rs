//! 演示目录: what hospitals and pharmacies of the demonstration areas sell, by class, with the
//! highest price the funds accept at each tier. Codes and prices are invented.
//!
//! Erenhot has two versions: until the end of 2016 medicines were sold with 15 % on top (药品加成),
//! from 2017 at cost (零差率), so their limits fell.

use kernel::{Fen, Rate, UnitPrice};
use proto::settlement::{CatalogueItem, PriceLimit};

/// 目录 of an area: its items, and the first days of its versions.
#[derive(Clone, Copy)]
pub struct Offer {
    /// First days of the versions.
    pub versions: &'static [&'static str],
    items: &'static [Item],
    /// 药品加成: the first day on which medicines are sold at cost.
    at_cost_from: &'static str,
}

/// What Erenhot sells.
pub const ERENHOT: Offer = Offer {
    versions: &["2016-12-01", "2017-01-01"],
    items: ITEMS,
    at_cost_from: "2017-01-01",
};

/// What Anji sells.
pub const ANJI: Offer = Offer {
    versions: &["2020-01-01"],
    items: ANJI_ITEMS,
    at_cost_from: "2020-01-01",
};

/// 药品加成 until medicines are sold at cost.
const MARKUP: Rate = Rate(11_500);
/// The tiers in the order of the limits below.
const TIERS: [&str; 3] = ["1", "2", "3"];

/// What an item without a limit costs in the county of the day's story, in fen.
const UNLIMITED: i64 = 6_800;

/// One item: code, name, class, first-pay share of class B, limits by tier in fen (none when
/// empty), Mongolian or Chinese medicine.
struct Item(
    &'static str,
    &'static str,
    &'static str,
    Rate,
    &'static [i64],
    bool,
);

const A: &str = "01";
const B: &str = "02";
const C: &str = "03";
const NONE: Rate = Rate::ZERO;
const TEN: Rate = Rate(1_000);
const TWENTY: Rate = Rate(2_000);

#[rustfmt::skip]
const ITEMS: &[Item] = &[
    Item("S-VISIT", "门诊诊察费", A, NONE, &[500, 900, 1_400], false),
    Item("S-EMERGENCY", "急诊诊察费", A, NONE, &[800, 1_200, 1_800], false),
    Item("S-BED", "普通病房床位费(日)", A, NONE, &[1_500, 2_500, 3_500], false),
    Item("S-BED-ICU", "重症监护病房床位费(日)", A, NONE, &[6_000, 8_000, 10_000], false),
    Item("S-NURSING-2", "二级护理(日)", A, NONE, &[600, 900, 1_200], false),
    Item("S-NURSING-1", "一级护理(日)", A, NONE, &[1_000, 1_600, 2_400], false),
    Item("S-ICU-MONITOR", "重症监护(日)", A, NONE, &[20_000, 26_000, 32_000], false),
    Item("S-BLOOD-COUNT", "血细胞分析", A, NONE, &[1_500, 1_800, 2_000], false),
    Item("S-BIOCHEMISTRY", "生化全套检验", A, NONE, &[9_000, 11_000, 13_000], false),
    Item("S-ECG", "十二导联心电图", A, NONE, &[1_800, 2_200, 2_600], false),
    Item("S-XRAY", "胸部数字化摄影(DR)", A, NONE, &[5_000, 6_000, 7_000], false),
    Item("S-CT", "螺旋CT平扫", B, TEN, &[16_000, 20_000, 24_000], false),
    Item("S-MRI", "磁共振平扫(1.5T)", B, TEN, &[40_000, 46_000, 52_000], false),
    Item("S-FEMALE-US", "经阴道妇科超声检查", A, NONE, &[6_000, 7_500, 9_000], false),
    Item("S-ULTRASOUND", "腹部彩色多普勒超声", A, NONE, &[7_000, 8_500, 10_000], false),
    Item("S-CORONARY", "冠状动脉造影", B, TEN, &[160_000, 180_000, 200_000], false),
    Item("S-BYPASS", "冠状动脉搭桥术(每支)", A, NONE, &[1_200_000, 1_400_000, 1_600_000], false),
    Item("S-ANAESTHESIA", "全身麻醉(2小时)", A, NONE, &[40_000, 50_000, 60_000], false),
    Item("S-DIALYSIS", "血液透析(次)", A, NONE, &[32_000, 36_000, 40_000], false),
    Item("S-ACUPUNCTURE", "普通针刺", A, NONE, &[1_500, 1_800, 2_000], false),
    Item("S-MONGOL-BONE", "蒙医整骨术", A, NONE, &[24_000, 28_000, 32_000], false),
    Item("S-SINGLE-ROOM", "单人病房加价(日)", C, NONE, &[], false),
    Item("D-AMOXICILLIN", "阿莫西林胶囊 0.25g*24", A, NONE, &[820, 820, 820], false),
    Item("D-METFORMIN", "二甲双胍片 0.5g*20", A, NONE, &[1_560, 1_560, 1_560], false),
    Item("D-AMLODIPINE", "氨氯地平片 5mg*28", A, NONE, &[2_480, 2_480, 2_480], false),
    Item("D-ASPIRIN", "阿司匹林肠溶片 100mg*30", A, NONE, &[1_530, 1_530, 1_530], false),
    Item("D-INSULIN", "甘精胰岛素注射液 300单位", B, TEN, &[17_800, 17_800, 17_800], false),
    Item("D-CEFTRIAXONE", "头孢曲松钠注射剂 1g", A, NONE, &[1_180, 1_180, 1_180], false),
    Item("D-MEROPENEM", "美罗培南注射剂 0.5g", B, TWENTY, &[11_200, 11_200, 11_200], false),
    Item("D-ALBUMIN", "人血白蛋白 10g", B, TWENTY, &[37_800, 37_800, 37_800], false),
    Item("D-CHILD-SYRUP", "小儿氨酚黄那敏颗粒 6g*10", A, NONE, &[1_260, 1_260, 1_260], false),
    Item("D-ORAL-REHYDRATION", "口服补液盐散 13.75g*10", A, NONE, &[980, 980, 980], false),
    Item("D-VITAMIN-TONIC", "复合维生素口服液", C, NONE, &[], false),
    Item("E-GURGEM-7", "蒙药 固日古木-7丸", A, NONE, &[3_600, 3_600, 3_600], true),
    Item("E-AGAR-35", "蒙药 阿嘎日-35散", A, NONE, &[4_200, 4_200, 4_200], true),
    Item("E-ERDENE", "蒙药 额日敦-乌日勒", B, TEN, &[5_800, 5_800, 5_800], true),
    Item("E-DECOCTION", "中药饮片(付)", A, NONE, &[3_500, 3_500, 3_500], true),
    Item("E-LIUWEI", "中成药 六味地黄丸", A, NONE, &[1_850, 1_850, 1_850], true),
    Item("M-STENT", "药物洗脱冠脉支架", B, TWENTY, &[1_050_000, 1_050_000, 1_050_000], false),
    Item("M-VALVE", "人工机械心脏瓣膜", B, TWENTY, &[2_100_000, 2_100_000, 2_100_000], false),
    Item("M-CONDUIT", "体外循环套包", B, TWENTY, &[520_000, 520_000, 520_000], false),
    Item("M-INFUSION", "一次性输液器", A, NONE, &[350, 350, 350], false),
];

#[rustfmt::skip]
const ANJI_ITEMS: &[Item] = &[
    Item("P-BED", "精神科病房床位费(日)", A, NONE, &[3_000, 4_500, 6_000], false),
    Item("P-NURSING-1", "精神科一级护理(日)", A, NONE, &[2_000, 3_000, 4_000], false),
    Item("P-MONITOR", "精神病人监护(日)", A, NONE, &[9_000, 12_000, 15_000], false),
    Item("P-MECT", "无抽搐电休克治疗(次)", A, NONE, &[90_000, 110_000, 130_000], false),
    Item("P-THERAPY", "心理治疗(次)", A, NONE, &[12_000, 15_000, 18_000], false),
    Item("P-OCCUPATION", "工娱治疗(日)", A, NONE, &[1_500, 2_000, 2_500], false),
    Item("P-BLOOD-LEVEL", "氯氮平血药浓度测定", A, NONE, &[10_000, 12_000, 14_000], false),
    Item("P-OLANZAPINE", "奥氮平片 10mg*14", A, NONE, &[9_800, 9_800, 9_800], false),
    Item("P-PALIPERIDONE", "棕榈酸帕利哌酮注射液 100mg", B, TEN, &[156_000, 156_000, 156_000], false),
    Item("P-ESCORT", "陪护床(日)", C, NONE, &[], false),
];

impl Offer {
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The items of the version that begins on this day.
    pub fn items(&self, version: &str) -> Vec<CatalogueItem> {
        let with_markup = version < self.at_cost_from;
        let item = |&Item(code, name, class, first_pay, limits, ethnic): &Item| {
            let medicine = code.starts_with("D-") || code.starts_with("E-");
            let limit = |fen: i64| match with_markup && medicine {
                true => Fen(fen).at(MARKUP),
                false => Fen(fen),
            };
            let limit = |(tier, fen): (&&str, &i64)| PriceLimit {
                tier: tier.to_string(),
                unit_price_micro_yuan: UnitPrice::fen(limit(*fen).0).0,
            };
            CatalogueItem {
                item_code: code.into(),
                name: name.into(),
                item_class: class.into(),
                first_pay_bp: first_pay.0,
                price_limits: TIERS.iter().zip(limits).map(limit).collect(),
                ethnic_medicine: ethnic,
                ..CatalogueItem::default()
            }
        };
        self.items.iter().map(item).collect()
    }
}

/// What an item of Erenhot's costs at this tier in fen, sold at its limit; what has no limit costs
/// [`UNLIMITED`], and what has none of its own at a tier that of the lowest.
pub fn price_at(code: &str, tier: &str) -> i64 {
    let limits = ITEMS.iter().find(|item| item.0 == code).map(|item| item.4);
    let limits = limits.unwrap_or_default();
    let place = TIERS.iter().position(|known| *known == tier);
    let limit = place.and_then(|place| limits.get(place));
    limit.or(limits.first()).copied().unwrap_or(UNLIMITED)
}

/// The Chinese name of an item.
pub fn name(code: &str) -> &str {
    let mut all = ITEMS.iter().chain(ANJI_ITEMS);
    all.find(|item| item.0 == code).map_or(code, |item| item.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{ItemClass, ItemCode};
    use std::collections::BTreeSet;

    #[test]
    fn every_item_can_be_published() {
        let erenhot = ERENHOT.versions.iter().map(|version| (ERENHOT, version));
        let anji = ANJI.versions.iter().map(|version| (ANJI, version));
        for (offer, version) in erenhot.chain(anji) {
            let items = offer.items(version);
            let codes: BTreeSet<_> = items.iter().map(|item| item.item_code.clone()).collect();
            assert_eq!(codes.len(), items.len());
            for item in items {
                assert!(
                    ItemCode::parse(&item.item_code).is_ok(),
                    "{}",
                    item.item_code
                );
                let class = ItemClass::parse(&item.item_class).unwrap();
                assert_eq!(
                    class == ItemClass::B,
                    item.first_pay_bp > 0,
                    "{}",
                    item.item_code
                );
            }
        }
    }

    #[test]
    fn medicines_became_cheaper() {
        let [old, new] = ["2016-12-01", "2017-01-01"].map(|version| {
            let items = ERENHOT.items(version);
            let found = items
                .into_iter()
                .find(|item| item.item_code == "D-AMLODIPINE");
            found.unwrap().price_limits[0].unit_price_micro_yuan
        });
        assert_eq!((old, new), (28_520_000, 24_800_000));
    }
}
