//! 费用单: the bills of the story.

use crate::area::{COUNTY_HOSPITAL, GENERAL_HOSPITAL, MONGOLIAN_HOSPITAL, TOWNSHIP_CENTRE};
use kernel::{Fen, MedType, Quantity, Scheme, UnitPrice};
use proto::common::{Claim, ClaimLine};

/// One item: code, unit price in fen, units.
type Item = (&'static str, i64, i64);

/// 费用单: a bill before it has a patient.
pub struct Bill {
    /// 定点医药机构.
    pub institution: &'static str,
    /// 医疗类别.
    pub care: MedType,
    /// First and last day.
    pub days: (&'static str, &'static str),
    /// 诊断代码.
    pub diagnosis: &'static str,
    /// 费用明细.
    pub items: &'static [Item],
}

/// 门诊: hypertension and diabetes, in the township centre.
pub const OUTPATIENT: Bill = Bill {
    institution: TOWNSHIP_CENTRE,
    care: MedType::Outpatient,
    days: ("2017-02-08", "2017-02-08"),
    diagnosis: "I10.x00",
    items: &[
        ("S-VISIT", 500, 1),
        ("S-BLOOD-COUNT", 1_500, 1),
        ("D-AMLODIPINE", 2_480, 2),
        ("D-METFORMIN", 1_560, 3),
    ],
};

/// 住院: bypasses and a valve, with weeks of intensive care; large enough for three layers.
pub const STAY: Bill = Bill {
    institution: GENERAL_HOSPITAL,
    care: MedType::Inpatient,
    days: ("2017-03-06", "2017-04-02"),
    diagnosis: "I25.103",
    items: &[
        ("S-BED", 3_500, 20),
        ("S-BED-ICU", 10_000, 7),
        ("S-ICU-MONITOR", 32_000, 7),
        ("S-CORONARY", 200_000, 1),
        ("S-BYPASS", 1_600_000, 3),
        ("S-ANAESTHESIA", 60_000, 4),
        ("M-VALVE", 2_560_000, 1),
        ("M-CONDUIT", 520_000, 1),
        ("D-ALBUMIN", 37_800, 36),
        ("D-MEROPENEM", 11_200, 90),
        ("S-DIALYSIS", 40_000, 14),
        ("E-AGAR-35", 4_200, 30),
        ("D-VITAMIN-TONIC", 6_800, 20),
    ],
};

/// 蒙医住院: a fracture, in the Mongolian medicine hospital.
pub const MONGOLIAN_STAY: Bill = Bill {
    institution: MONGOLIAN_HOSPITAL,
    care: MedType::Inpatient,
    days: ("2017-06-05", "2017-06-16"),
    diagnosis: "S52.500",
    items: &[
        ("S-BED", 2_500, 11),
        ("S-XRAY", 6_000, 2),
        ("S-MONGOL-BONE", 28_000, 3),
        ("S-ACUPUNCTURE", 1_800, 10),
        ("E-GURGEM-7", 3_600, 22),
        ("E-ERDENE", 5_800, 22),
    ],
};

/// 门诊: a bill on which the second line cannot be this patient's, who is a man.
pub const WRONG_SEX: Bill = Bill {
    institution: TOWNSHIP_CENTRE,
    care: MedType::Outpatient,
    days: ("2017-07-03", "2017-07-03"),
    diagnosis: "J06.900",
    items: &[
        ("S-VISIT", 500, 1),
        ("S-FEMALE-US", 6_000, 1),
        ("D-AMOXICILLIN", 820, 2),
    ],
};

/// 门诊慢特病: a month's drugs for hypertension, in the township centre.
pub const CHRONIC: Bill = Bill {
    institution: TOWNSHIP_CENTRE,
    care: MedType::Chronic,
    days: ("2017-07-10", "2017-07-10"),
    diagnosis: "I10.x00",
    items: &[("D-AMLODIPINE", 2_480, 5)],
};

/// 肺炎住院: a week, begun without a deposit.
pub const PNEUMONIA_STAY: Bill = Bill {
    institution: GENERAL_HOSPITAL,
    care: MedType::Inpatient,
    days: ("2017-08-07", "2017-08-14"),
    diagnosis: "J18.900",
    items: &[
        ("S-BED", 3_500, 7),
        ("S-NURSING-2", 1_200, 7),
        ("S-CT", 24_000, 1),
        ("S-BIOCHEMISTRY", 13_000, 2),
        ("D-MEROPENEM", 11_200, 20),
    ],
};

/// 转诊住院: an angiography, in the hospital that the township centre refers to.
pub const REFERRED_STAY: Bill = Bill {
    institution: GENERAL_HOSPITAL,
    care: MedType::Inpatient,
    days: ("2017-09-04", "2017-09-11"),
    diagnosis: "I25.103",
    items: &[
        ("S-BED", 3_500, 7),
        ("S-NURSING-1", 2_400, 7),
        ("S-CORONARY", 200_000, 1),
        ("S-ECG", 2_600, 4),
        ("S-ULTRASOUND", 10_000, 2),
    ],
};

/// 精神科住院: seven months of schizophrenia, in the county's hospital.
pub const PSYCHIATRIC_STAY: Bill = Bill {
    institution: COUNTY_HOSPITAL,
    care: MedType::Inpatient,
    days: ("2020-03-02", "2020-09-30"),
    diagnosis: "F20.900",
    items: &[
        ("P-BED", 4_500, 212),
        ("P-NURSING-1", 3_000, 212),
        ("P-MONITOR", 12_000, 212),
        ("P-MECT", 115_000, 24),
        ("P-THERAPY", 15_000, 40),
        ("P-OCCUPATION", 2_000, 180),
        ("P-BLOOD-LEVEL", 12_000, 14),
        ("P-OLANZAPINE", 9_800, 60),
        ("P-PALIPERIDONE", 156_000, 8),
        ("P-ESCORT", 2_500, 40),
    ],
};

impl Bill {
    /// The bill as a claim for this person under the hospital's own visit number.
    pub fn claim(&self, person_id: &str, visit_number: String) -> Claim {
        Claim {
            person_id: person_id.into(),
            institution_code: self.institution.into(),
            visit_number,
            scheme: Scheme::Resident.to_string(),
            med_type: self.care.to_string(),
            begin_day: self.days.0.into(),
            end_day: self.days.1.into(),
            diagnosis_code: self.diagnosis.into(),
            lines: self.items.iter().zip(1..).map(line).collect(),
            ..Claim::default()
        }
    }
}

fn line((&(item, fen, units), number): (&Item, i32)) -> ClaimLine {
    let (price, quantity) = (UnitPrice::fen(fen), Quantity::whole(units));
    ClaimLine {
        number,
        item_code: item.into(),
        unit_price_micro_yuan: price.0,
        quantity_e4: quantity.0,
        amount_fen: price.times(quantity).unwrap_or(Fen::ZERO).0,
        ..ClaimLine::default()
    }
}
