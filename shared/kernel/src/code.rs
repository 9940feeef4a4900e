//! National code values as typed codes. A value we do not know is kept, never dropped: codes are
//! dated lists owned by others, and a new one must pass through us unharmed.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What every code must look like, known or not.
pub const CODE_EXPECTED: &str = "1至12个 [A-Za-z0-9] 字符";

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$value_doc:meta])* $value:ident = $text:literal, $term:literal;)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$value_doc])* #[doc = concat!($term, " (", $text, ")")] $value,)*
            /// A value this version does not know, kept as it came.
            Other(String),
        }

        impl $name {
            /// Every value this version knows.
            pub const KNOWN: &'static [$name] = &[$($name::$value),*];

            /// Reads a code; an unknown one is kept, an ill-formed one refused.
            pub fn parse(text: &str) -> Option<$name> {
                match text {
                    $($text => Some($name::$value),)*
                    other => well_formed(other).then(|| $name::Other(other.to_string())),
                }
            }

            /// The code as the national interface writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$value => $text,)*
                    $name::Other(text) => text,
                }
            }

            /// The Chinese term; an unknown code is its own.
            pub fn term(&self) -> &str {
                match self {
                    $($name::$value => $term,)*
                    $name::Other(text) => text,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = String::deserialize(deserializer)?;
                $name::parse(&text).ok_or_else(|| {
                    serde::de::Error::custom(format!("expected {CODE_EXPECTED}, got {text:?}"))
                })
            }
        }
    )*};
}

fn well_formed(text: &str) -> bool {
    (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

codes! {
    /// 险种类型 (insutype): the scheme that covers a person.
    Scheme {
        Employee = "310", "职工基本医疗保险";
        CivilServant = "320", "公务员医疗补助";
        LargeSum = "330", "大额医疗费用补助";
        Enterprise = "370", "企业补充医疗保险";
        RuralCooperative = "380", "新型农村合作医疗";
        Resident = "390", "城乡居民基本医疗保险";
        UrbanResident = "391", "城镇居民基本医疗保险";
        ResidentCritical = "392", "城乡居民大病医疗保险";
        Maternity = "510", "生育保险";
    }

    /// 性别 (gend).
    Sex {
        Unknown = "0", "未知";
        Male = "1", "男";
        Female = "2", "女";
        Unstated = "9", "未说明";
    }

    /// 人员身份类别 (psn_idet_type, and mat_idet_code for residents): what makes a person entitled
    /// to more than others.
    IdentityKind {
        ThreeNos = "2301", "三无人员";
        DocumentedPoor = "2302", "建档立卡贫困人口";
        MinimumLiving = "2303", "低保对象";
        ExtremelyPoor = "2304", "特困人员";
        LowIncome = "2305", "低收入家庭";
        PoorThroughIllness = "2306", "因病致贫重病患者";
        FiveGuarantees = "2307", "五保供养对象";
        Disabled = "2308", "残疾居民";
        SeverelyDisabled = "230801", "重度残疾人";
        Orphan = "2361", "孤儿";
        DeFactoOrphan = "2370", "事实无人抚养儿童";
        MinimumLivingMargin = "236074", "低保边缘家庭成员";
        UnstableOutOfPoverty = "226101", "脱贫不稳定人口";
        MarginallyPoor = "226102", "边缘易致贫人口";
        SuddenHardship = "226103", "突发严重困难人口";
        ReturnedToPoverty = "226104", "返贫致贫人口";
        MentalPatient = "236021", "精神病患者";
        FamilyOfMartyr = "2101", "因公牺牲军人家属";
        DisabledVeteran = "2102", "退役残疾军人";
        KeyEntitled = "236034", "重点优抚对象";
        OnePlanFamily = "9916", "计划生育优惠";
    }

    /// 人员类别 (psn_type): in what standing a person is insured.
    PersonType {
        Working = "11", "在职";
        Retired = "12", "退休人员";
        LongRetired = "13", "离休";
        Child = "14", "未成年人及学生";
        Newborn = "1401", "新生儿";
        Preschool = "1402", "学龄前儿童";
        Pupil = "1403", "中小学生";
        Student = "1404", "大学生";
        ChildNotInSchool = "1405", "未入学未成年人";
        Adult = "15", "普通居民(成年)";
        Elderly = "16", "普通居民(老年)";
        ResidentPerson = "17", "居民";
        DisabledSoldier = "33", "一至六级残疾军人";
    }

    /// 目录标记: what the catalogue or a rule says of an item, beyond its class.
    ItemMark {
        EthnicMedicine = "ethnic", "蒙药中药";
        Targeted = "targeted", "靶向药";
        Negotiated = "negotiated", "国家谈判药";
        Special = "special", "特药";
        Essential = "essential", "基本药物";
        Children = "children", "儿童用药";
    }

    /// 医疗类别 (med_type): what kind of care the claim is for.
    MedType {
        Outpatient = "11", "普通门诊";
        Emergency = "13", "急诊";
        Chronic = "14", "门诊慢特病";
        SpecialDrug = "18", "特药";
        TwoDiseases = "9901", "两病门诊";
        Inpatient = "21", "普通住院";
        SingleDisease = "2102", "单病种住院";
        Rehabilitation = "2105", "康复住院";
        Psychiatric = "21303", "精神病住院";
        InjuryStay = "22", "外伤住院";
        TransferStay = "23", "转外住院";
        EmergencyStay = "24", "急诊转住院";
        DaySurgery = "28", "日间手术";
        MaternityStay = "52", "生育住院";
        AccidentVisit = "9903", "意外伤害门诊";
        Pharmacy = "41", "定点药店购药";
    }

    /// 起付线医院等级 (dedc_hosp_lv): the tier that decides deductible and ratio.
    InstitutionTier {
        First = "1", "一级及以下";
        Second = "2", "二级";
        Third = "3", "三级";
        OtherTier = "4", "其他";
        Ungraded = "9", "未定级";
    }

    /// 机构类别: what the institution is; Mongolian and Chinese medicine hospitals have their own
    /// deductible.
    InstitutionKind {
        General = "A1", "综合医院";
        ChineseMedicine = "A2", "中医医院";
        MongolianMedicine = "A3", "蒙医医院";
        Specialised = "A4", "专科医院";
        Township = "B1", "乡镇卫生院(社区卫生服务中心)";
        Village = "B2", "村卫生室(社区卫生服务站)";
        PharmacyShop = "C1", "定点零售药店";
    }

    /// 收费项目等级 (chrgitm_lv): the class of a line in the catalogue.
    ItemClass {
        A = "01", "甲类";
        B = "02", "乙类";
        C = "03", "丙类(自费)";
    }

    /// 基金支付类型 (fund_pay_type): the fund that pays a share.
    Fund {
        EmployeePool = "310100", "职工基本医疗保险基金";
        Account = "310200", "个人账户";
        CivilServantAid = "320100", "公务员医疗补助资金";
        LargeSumAid = "330100", "大额医疗费用补助资金";
        EnterpriseAid = "370100", "企业补充医疗保险资金";
        ResidentPool = "390100", "城乡居民基本医疗保险基金";
        ResidentOutpatient = "390102", "城乡居民门诊统筹基金";
        CriticalIllness = "390200", "城乡居民大病保险资金";
        CriticalSupplement = "390300", "居民大病补充保险资金";
        Assistance = "610100", "医疗救助基金";
        FurtherAssistance = "610102", "医疗再救助资金";
        EntitledGroups = "610200", "优抚对象医疗补助资金";
        HospitalRelief = "630100", "医院减免";
        MentalDisabilityAid = "640101", "精神残疾救助资金";
    }
}

impl IdentityKind {
    /// 就高不就低: kinds in the order in which one person's identities count, highest first
    /// (benefits.md 5.2). Unknown kinds come last.
    pub fn precedence(&self) -> usize {
        use IdentityKind::*;
        const ORDER: &[IdentityKind] = &[
            ExtremelyPoor,
            FiveGuarantees,
            ThreeNos,
            Orphan,
            DeFactoOrphan,
            MinimumLiving,
            ReturnedToPoverty,
            DocumentedPoor,
            SeverelyDisabled,
            Disabled,
            MinimumLivingMargin,
            UnstableOutOfPoverty,
            MarginallyPoor,
            SuddenHardship,
            PoorThroughIllness,
            LowIncome,
            FamilyOfMartyr,
            DisabledVeteran,
            KeyEntitled,
            MentalPatient,
            OnePlanFamily,
        ];
        ORDER
            .iter()
            .position(|kind| kind == self)
            .unwrap_or(ORDER.len())
    }
}

impl MedType {
    /// True for stays in hospital, which have a deductible and may overlap.
    pub fn is_stay(&self) -> bool {
        use MedType::*;
        matches!(
            self,
            Inpatient
                | SingleDisease
                | Rehabilitation
                | Psychiatric
                | InjuryStay
                | TransferStay
                | EmergencyStay
                | DaySurgery
                | MaternityStay
        )
    }

    /// 外伤: care after an accident, which is checked before it is settled.
    pub fn is_accident(&self) -> bool {
        matches!(self, MedType::InjuryStay | MedType::AccidentVisit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codes_are_kept_and_nonsense_is_refused() {
        assert_eq!(
            IdentityKind::parse("2304"),
            Some(IdentityKind::ExtremelyPoor)
        );
        let new = IdentityKind::parse("239912").unwrap();
        assert_eq!((new.as_str(), new.term()), ("239912", "239912"));
        for bad in ["", "23 04", "特困", "1234567890123"] {
            assert_eq!(IdentityKind::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_known_identity_has_a_place_in_the_order() {
        let mut places: Vec<_> = IdentityKind::KNOWN.iter().map(|k| k.precedence()).collect();
        places.sort_unstable();
        let expected: Vec<_> = (0..IdentityKind::KNOWN.len()).collect();
        assert_eq!(places, expected);
    }
}
