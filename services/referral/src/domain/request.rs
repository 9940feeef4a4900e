//! What a referral is asked for.

use kernel::{Day, DiagnosisCode, InstitutionCode, PersonId};

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReferral {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// The institution that refers.
    pub from_institution: InstitutionCode,
    /// 转往定点医药机构编号 (reflin_medins_no).
    pub to_institution: InstitutionCode,
    /// 转院类型 (refl_type).
    pub kind: ReferralType,
    /// 诊断代码 (diag_code).
    pub diagnosis: DiagnosisCode,
    /// 转院原因 (refl_rea).
    pub reason: String,
    /// 开始日期 (begndate).
    pub from: Day,
}

/// 转院类型 (refl_type): how far away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferralType {
    /// 市内.
    InCity,
    /// 市外区内.
    InRegion,
    /// 区外.
    OutOfRegion,
}

impl ReferralType {
    /// Reads the code; there is no fourth.
    pub fn parse(text: &str) -> Option<ReferralType> {
        match text {
            "1" => Some(ReferralType::InCity),
            "2" => Some(ReferralType::InRegion),
            "3" => Some(ReferralType::OutOfRegion),
            _ => None,
        }
    }

    /// The code as the national interface writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            ReferralType::InCity => "1",
            ReferralType::InRegion => "2",
            ReferralType::OutOfRegion => "3",
        }
    }
}
