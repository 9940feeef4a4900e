//! 门诊慢特病备案: whether a bill by a filed disease may be settled as one. Whom the bureau files, where
//! and how long, enrollment knows; here it is held against the bill.
//!
//! An outpatient bill is one of many days: each fee needs a filing that stands on the fee's own day, or
//! on the bill's last day where nobody said, and a fixed institution on that day. A stay is weighed on
//! the day of discharge, and institutions are fixed for outpatient care alone. So a bill comes to the
//! same whether it is quoted, settled, in a batch or reimbursed long afterwards: what counts is when
//! the person was treated, never when the bureau decides.

use super::{Bill, Member};
use crate::refusal::{CHRONIC_INSTITUTION_NOT_FIXED, CHRONIC_QUALIFICATION_MISSING};
use kernel::refusal::invalid;
use kernel::{Day, DiseaseCode, FilingId, FilingKind, InstitutionCode, Period, Refusal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Days on which the person is filed with a disease at the same institutions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiledDisease {
    /// 待遇申报明细流水号 (trt_dcla_detl_sn).
    pub filing: FilingId,
    /// What the disease is treated as.
    pub kind: FilingKind,
    /// 门诊慢特病病种编码 (opsp_dise_code).
    pub disease: DiseaseCode,
    /// The days.
    pub period: Period,
    /// 定点; any where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub institutions: Vec<InstitutionCode>,
}

impl Bill {
    /// Whether the person is filed with each disease that the bill names, and its own disease for this
    /// institution. Whom no fund pays for is told that; what was decided before filings were recorded
    /// stays as it is.
    pub fn is_filed(&self, member: &Member) -> Result<(), Refusal> {
        let Some(filed) = member.filed_diseases.as_deref() else {
            return Ok(());
        };
        let needed = FilingKind::needed_by(&self.med_type);
        if needed.is_some() && self.diseases.is_empty() {
            let expected = "门诊慢特病、两病须有病种编码";
            return Err(invalid("claim.disease_codes", expected));
        }
        if !member.eligible || self.diseases.is_empty() {
            return Ok(());
        }
        for day in self.fee_days() {
            for (index, disease) in self.diseases.iter().enumerate() {
                let mut standing = filed.iter().filter(|one| {
                    one.disease == *disease
                        && one.period.contains(day)
                        && needed.is_none_or(|kind| kind == one.kind)
                });
                let Some(found) = standing.next() else {
                    return Err(missing(index, disease, day));
                };
                // A bill is settled by the first of its diseases (policy: rows, accounts and 两病); those
                // besides it raise what it may come to wherever they are treated.
                let settled_by = index == 0;
                if settled_by && !self.is_fixed(found) && !standing.any(|one| self.is_fixed(one)) {
                    return Err(self.not_fixed(disease, day));
                }
            }
        }
        Ok(())
    }

    fn is_fixed(&self, filed: &FiledDisease) -> bool {
        let fixed = &filed.institutions;
        self.med_type.is_stay() || fixed.is_empty() || fixed.contains(&self.institution)
    }

    /// The days on which a disease must be filed: each fee's own, also where it is before the visit's
    /// first day.
    fn fee_days(&self) -> BTreeSet<Day> {
        if self.med_type.is_stay() {
            return BTreeSet::from([self.end]);
        }
        let day = |line: &super::BillLine| line.day.unwrap_or(self.end);
        self.lines.iter().map(day).collect()
    }

    fn not_fixed(&self, disease: &DiseaseCode, day: Day) -> Refusal {
        CHRONIC_INSTITUTION_NOT_FIXED
            .refuse()
            .with("disease_code", disease)
            .with("institution_code", &self.institution)
            .with("day", day)
            .at("claim.institution_code")
    }
}

fn missing(index: usize, disease: &DiseaseCode, day: Day) -> Refusal {
    CHRONIC_QUALIFICATION_MISSING
        .refuse()
        .with("disease_code", disease)
        .with("day", day)
        .at(format!("claim.disease_codes[{index}]"))
}

#[cfg(test)]
mod tests;
