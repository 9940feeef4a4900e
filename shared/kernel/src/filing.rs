//! 门诊慢特病备案: what a person may be filed with a disease for.

use crate::MedType;
use serde::{Deserialize, Serialize};

/// What a filed disease is treated as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingKind {
    /// 门诊慢特病 (2503).
    Chronic,
    /// 两病 (2562).
    TwoDiseases,
}

impl FilingKind {
    /// The filing that care of this type needs; none where it needs none.
    pub fn needed_by(care: &MedType) -> Option<FilingKind> {
        match care {
            MedType::Chronic => Some(FilingKind::Chronic),
            MedType::TwoDiseases => Some(FilingKind::TwoDiseases),
            _ => None,
        }
    }

    /// How it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            FilingKind::Chronic => "chronic",
            FilingKind::TwoDiseases => "two_diseases",
        }
    }

    /// What was stored as this.
    pub fn parse(text: &str) -> Option<FilingKind> {
        let all = [FilingKind::Chronic, FilingKind::TwoDiseases];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}
