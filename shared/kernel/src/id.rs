//! Identifiers: ours are UUIDv7; national formats are typed strings beside them.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

/// A text that does not have the shape its type wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct BadText {
    /// What was expected, in Chinese: it stands in a refusal's sentence.
    pub expected: &'static str,
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $expected:literal, |$text:ident| $shape:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What the text must look like.
            pub const EXPECTED: &'static str = $expected;

            /// Reads the text, refusing any other shape.
            pub fn parse(text: &str) -> Result<$name, BadText> {
                let $text = text;
                if $shape {
                    Ok($name(text.to_string()))
                } else {
                    Err(BadText { expected: Self::EXPECTED })
                }
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = String::deserialize(deserializer)?;
                $name::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

texts! {
    /// The caller's name for one request: the same for every attempt of it.
    RequestId, "1至64个 [A-Za-z0-9_-] 字符",
        |t| (1..=64).contains(&t.len())
            && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');

    /// 医保区划 (admdvs): the six digits of an administrative area; 统筹区 where it pools funds.
    AreaCode, "六位数字", |t| t.len() == 6 && t.bytes().all(|b| b.is_ascii_digit());

    /// 定点医药机构编号 (fixmedins_code): twelve characters, a letter and eleven digits.
    InstitutionCode, "H、P 或 T 加十一位数字",
        |t| t.len() == 12
            && matches!(t.as_bytes().first(), Some(b'H' | b'P' | b'T'))
            && t.bytes().skip(1).all(|b| b.is_ascii_digit());

    /// 医保目录编码 (med_list_codg): the national code of a drug, service or material.
    ItemCode, "1至50个 [A-Za-z0-9_.-] 字符",
        |t| (1..=50).contains(&t.len())
            && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));

    /// 诊断代码 (diag_code): an ICD-10 code in the insurance edition, such as `J18.900`.
    DiagnosisCode, "1至30个 [A-Za-z0-9_.+*-] 字符",
        |t| (1..=30).contains(&t.len())
            && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.+*-".contains(&b));

    /// 门诊慢特病病种编码 (opsp_dise_code): a disease a person is filed with, such as `M03900`.
    DiseaseCode, "1至30个 [A-Za-z0-9] 字符",
        |t| (1..=30).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric());
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads the hyphenated form.
            pub fn parse(text: &str) -> Result<$name, BadText> {
                let expected = "形如 0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f 的 UUID";
                let bad = BadText { expected };
                if text.len() != 36 {
                    return Err(bad);
                }
                Uuid::try_parse(text).map($name).map_err(|_| bad)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }
    )*};
}

ids! {
    /// 家庭: a household.
    HouseholdId;
    /// 人员 (psn_no): an insured person.
    PersonId;
    /// 身份 (psn_idet_type): one identity of a person with its validity.
    IdentityId;
    /// 参保 (insuinfo): one coverage of a person by a scheme.
    CoverageId;
    /// 参保口径变更: another standing within the year of a coverage.
    StandingChangeId;
    /// 参保凭证: what an area certifies of somebody who leaves it.
    TransferCertificateId;
    /// 关系转移接续: somebody who comes from another area.
    TransferId;
    /// 暂停: a suspension of a person's benefits.
    SuspensionId;
    /// 社保卡: a card that stands for a person.
    CardId;
    /// 医保电子凭证: a token that was issued.
    TokenId;
    /// 人证核验: one check of who was at a visit.
    IdentityCheckId;
    /// 门诊慢特病备案 (trt_dcla_detl_sn): a person filed with a disease.
    FilingId;
    /// 备案变更: one change of a filing, or its end.
    FilingChangeId;
    /// 结算 (setl_id): one settlement.
    SettlementId;
    /// 差额结算: one settlement priced again, and what that moved.
    RevisionId;
    /// 更正: the revisions that were posted in one transaction.
    CorrectionId;
    /// 担保: what the funds stand for while a stay under 先诊疗后付费 is not settled.
    GuaranteeId;
    /// 预留: claims of one person-year that are set aside for a batch.
    HoldId;
    /// 整批: the holds that were posted, or reversed, in one transaction.
    BatchId;
    /// 就诊登记: a visit that an institution registered.
    VisitId;
    /// 资助: one subsidy of a person's yearly fee.
    SubsidyId;
    /// 暂停联网结算: the days on which an institution or a person is not settled for online.
    OnlineSuspensionId;
    /// 零星报销: one bill that was paid by the patient.
    ReimbursementId;
    /// 个人账户划入: one credit of a person's account.
    CreditId;
    /// 家庭共济: by which a relative may draw on a person's account.
    FamilyAuthorizationId;
    /// 欠费: what a patient under 先诊疗后付费 did not pay at discharge.
    ReceivableId;
    /// 还款: one payment of a receivable.
    PaymentId;
    /// 催缴: one reminder of a receivable.
    ReminderId;
    /// 追偿: one payment of a third party.
    RecoveryId;
    /// 复核: what one person prepared and another agrees to.
    ApprovalId;
    /// 转诊 (trt_dcla_detl_sn): one referral.
    ReferralId;
    /// 暂停转入: the days on which nobody is referred to an institution.
    BarId;
    /// 目录版本: one version of an area's catalogue and prices.
    CatalogueId;
    /// 参与方: a region or institution that takes part in interregional settlement.
    ParticipantId;
    /// 长事务: a request of several services on its way.
    SagaId;
    /// 接入方: who sends envelopes.
    SenderId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_kept() {
        assert!(RequestId::parse("a-1_Z").is_ok());
        for bad in ["", "a b", "请求", &"x".repeat(65), "a/b"] {
            assert!(RequestId::parse(bad).is_err(), "{bad}");
        }
        assert!(AreaCode::parse("152501").is_ok() && AreaCode::parse("15250").is_err());
        assert!(InstitutionCode::parse("H15250100001").is_ok());
        assert!(InstitutionCode::parse("医院").is_err());
        assert!(PersonId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").is_ok());
        assert!(PersonId::parse("0190d6b25f5e7cc398c4dc0c0c07398f").is_err());
    }
}
