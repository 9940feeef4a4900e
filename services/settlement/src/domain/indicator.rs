//! 县内就诊率: what counts as a visit, what as in the county, and the shares: pure.
//!
//! The classes are those of the decision that stands: where the institution lay and of what level it was
//! when it was decided, and who the person was by the newest revision.

use super::Evidence;
use kernel::{IdentityKind, MedType};
use std::collections::BTreeMap;

/// 口径, as every answer says it.
pub const DEFINITION: &str = "县内就诊率=县内就诊人次÷全部就诊人次。就诊人次:结束日期在所选期间内、有效的结算,\
    已撤销(全部退费)的不计,部分退费、差额结算仍计一次;分段结算的住院计一次,以其最后一段为准;\
    零星报销计入,以就诊机构所在地为准;定点药店购药(41)不计。县内:结算所依据的就医地(refl_type)为本区县。\
    人员身份以有效结算所依据的为准,困难群众指三无、建档立卡、低保、特困、低收入、因病致贫、五保、孤儿、\
    事实无人抚养儿童、低保边缘、脱贫不稳定、边缘易致贫、突发严重困难、返贫致贫人员。";

/// 人员身份, as visits are counted by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdentityClass {
    /// 普通.
    Ordinary,
    /// 困难群众.
    Poor,
    /// 其他身份.
    Other,
}

impl IdentityClass {
    /// All of them.
    pub const ALL: [IdentityClass; 3] = [
        IdentityClass::Ordinary,
        IdentityClass::Poor,
        IdentityClass::Other,
    ];

    /// What a decision's evidence says of the person.
    pub fn of(evidence: &Evidence) -> IdentityClass {
        let identities = &evidence.member.identities;
        match (identities.iter().any(is_poor), identities.is_empty()) {
            (true, _) => IdentityClass::Poor,
            (false, true) => IdentityClass::Ordinary,
            (false, false) => IdentityClass::Other,
        }
    }

    /// Its name in the store.
    pub fn name(self) -> &'static str {
        match self {
            IdentityClass::Ordinary => "ordinary",
            IdentityClass::Poor => "poor",
            IdentityClass::Other => "other",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<IdentityClass> {
        let mut all = IdentityClass::ALL.into_iter();
        all.find(|class| class.name() == name)
    }

    /// In Chinese.
    pub fn term(self) -> &'static str {
        match self {
            IdentityClass::Ordinary => "普通",
            IdentityClass::Poor => "困难群众",
            IdentityClass::Other => "其他身份",
        }
    }
}

fn is_poor(kind: &IdentityKind) -> bool {
    use IdentityKind::*;
    matches!(
        kind,
        ThreeNos
            | DocumentedPoor
            | MinimumLiving
            | ExtremelyPoor
            | LowIncome
            | PoorThroughIllness
            | FiveGuarantees
            | Orphan
            | DeFactoOrphan
            | MinimumLivingMargin
            | UnstableOutOfPoverty
            | MarginallyPoor
            | SuddenHardship
            | ReturnedToPoverty
    )
}

/// 医疗类别, as visits are counted by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CareClass {
    /// 门诊.
    Outpatient,
    /// 住院.
    Inpatient,
}

impl CareClass {
    /// That of a category.
    pub fn of(med_type: &MedType) -> CareClass {
        match med_type.is_stay() {
            true => CareClass::Inpatient,
            false => CareClass::Outpatient,
        }
    }

    /// In Chinese.
    pub fn term(self) -> &'static str {
        match self {
            CareClass::Outpatient => "门诊",
            CareClass::Inpatient => "住院",
        }
    }
}

/// Visits that are alike in everything that is counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// 险种类型 (insutype).
    pub scheme: String,
    /// 人员身份.
    pub identity: IdentityClass,
    /// 起付线医院等级 (dedc_hosp_lv).
    pub tier: String,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: String,
    /// 医疗类别.
    pub care: CareClass,
    /// 本区县.
    pub in_county: bool,
    /// How many.
    pub visits: i64,
}

/// How many of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// 就诊人次.
    pub visits: i64,
    /// 县内就诊人次.
    pub in_county: i64,
}

impl Share {
    fn add(&mut self, cell: &Cell) {
        self.visits += cell.visits;
        if cell.in_county {
            self.in_county += cell.visits;
        }
    }

    /// In basis points, half up; nothing of nothing.
    pub fn basis_points(self) -> Option<i32> {
        let (all, part) = (i128::from(self.visits), i128::from(self.in_county));
        let share = (part * 20_000 + all).checked_div(all * 2)?;
        i32::try_from(share).ok()
    }
}

/// The shares of all cells, and by each thing they are counted by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Of all.
    pub all: Share,
    /// Of the poor.
    pub poor: Share,
    /// By 险种类型.
    pub schemes: BTreeMap<String, Share>,
    /// By 人员身份.
    pub identities: BTreeMap<IdentityClass, Share>,
    /// By 起付线医院等级.
    pub tiers: BTreeMap<String, Share>,
    /// By 定点医药机构.
    pub institutions: BTreeMap<String, Share>,
    /// By 医疗类别.
    pub care: BTreeMap<CareClass, Share>,
}

impl Shares {
    /// Those of these cells.
    pub fn of(cells: &[Cell]) -> Shares {
        let mut shares = Shares::default();
        for cell in cells {
            shares.all.add(cell);
            if cell.identity == IdentityClass::Poor {
                shares.poor.add(cell);
            }
            shares
                .identities
                .entry(cell.identity)
                .or_default()
                .add(cell);
            shares.care.entry(cell.care).or_default().add(cell);
            for (by, value) in [
                (&mut shares.schemes, &cell.scheme),
                (&mut shares.tiers, &cell.tier),
                (&mut shares.institutions, &cell.institution),
            ] {
                by.entry(value.clone()).or_default().add(cell);
            }
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(identity: IdentityClass, care: CareClass, in_county: bool, visits: i64) -> Cell {
        Cell {
            scheme: "390".into(),
            identity,
            tier: "2".into(),
            institution: "H1".into(),
            care,
            in_county,
            visits,
        }
    }

    #[test]
    fn shares_are_counted_by_everything() {
        use CareClass::*;
        use IdentityClass::*;
        let cells = [
            cell(Poor, Inpatient, true, 2),
            cell(Poor, Outpatient, false, 1),
            cell(Ordinary, Outpatient, true, 4),
        ];
        let shares = Shares::of(&cells);
        let share = |visits, in_county| Share { visits, in_county };
        assert_eq!((shares.all, shares.poor), (share(7, 6), share(3, 2)));
        assert_eq!(shares.care[&Outpatient], share(5, 4));
        assert_eq!(shares.identities[&Ordinary], share(4, 4));
        assert_eq!(shares.institutions["H1"], shares.all);
        assert_eq!(shares.poor.basis_points(), Some(6_667));
        assert_eq!(shares.all.basis_points(), Some(8_571));
        assert_eq!(Share::default().basis_points(), None);
        assert_eq!(share(3, 3).basis_points(), Some(10_000));
    }
}
