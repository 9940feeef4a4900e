//! 业务种类: what comes to the county's desks in a day, one entry each. A further kind is a further
//! entry, and where it is brought in a way of its own, a further [`Way`].

/// 时段: the batches of a day, and what is brought by hand after them.
pub const PHASES: [(&str, i64); 4] = [("上午", 11), ("下午", 16), ("傍晚", 19), ("晚间", 21)];
/// The batches among them.
pub const BATCHES: usize = 3;
/// The last one: what is brought one by one.
pub const BY_HAND: usize = 3;

/// 业务种类: how many claims of what.
pub struct Kind {
    /// As the table names it.
    pub name: &'static str,
    /// 医疗类别 (med_type).
    pub care: &'static str,
    /// How many in each of [`PHASES`].
    pub claims: [usize; 4],
    /// 定点医药机构, in turn.
    pub sites: &'static [&'static str],
    /// 费用明细.
    pub items: &'static [Part],
    /// 住院天数, from and to; none where it is a visit.
    pub days: Option<(u32, u32)>,
    /// 诊断代码, in turn.
    pub diagnoses: &'static [&'static str],
    /// 门诊慢特病病种编码; empty when none.
    pub disease: &'static str,
    /// Whose.
    pub whose: Whose,
    /// How it comes to the bureau.
    pub way: Way,
}

/// 明细: an item, and how often from and to. It costs its limit, and this much more.
pub struct Part(pub &'static str, pub i64, pub i64, pub i64);

/// Whose claims they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Anybody's.
    Anyone,
    /// 育龄妇女.
    Mother,
    /// 儿童以外.
    Adult,
    /// 低保, 优抚, 精神残疾 in one.
    AllThree,
    /// 职工, with a personal account of their own.
    Employee,
    /// 职工 whose account is nearly empty, and whom a relative lets draw.
    Relative,
}

/// How a claim comes to the bureau.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In its institution's batch.
    Batch,
    /// By itself.
    Claim,
    /// 就诊登记, 明细上传, then settled by the visit.
    Visit,
    /// 中途结算: a long stay settled in two parts, each a settlement of its own.
    Parts,
    /// 外伤: as a visit, with what was checked of the accident.
    Accident,
    /// 外伤, and the funds pay first what a third party answers for.
    Advance,
    /// 人证核验: with a token that is checked at the desk.
    Checked,
    /// 先诊疗后付费: admitted without a deposit.
    Guarantee,
    /// 转诊: with a referral that is asked for and approved.
    Referral,
    /// 零星报销: paid by the patient, reimbursed by the bureau.
    Reimbursement,
}

impl Kind {
    /// How many settlements come of it.
    pub fn settlements(&self) -> usize {
        let each = match self.way {
            Way::Parts => 2,
            _ => 1,
        };
        self.claims.iter().sum::<usize>() * each
    }
}

/// 县人民医院.
pub const COUNTY_HOSPITAL: &str = "H99999900001";
/// 镇中心卫生院.
pub const TOWNSHIP: &str = "H99999900006";
/// 药房.
pub const PHARMACY: &str = "P99999900001";
/// 市中心医院, to which the county refers.
pub const CITY_HOSPITAL: &str = "H99999900005";
const TRADITIONAL: &str = "H99999900002";
const MATERNAL: &str = "H99999900003";
const PSYCHIATRIC: &str = "H99999900004";
const CLINIC: &str = "H99999900007";
const STATION: &str = "H99999900008";
const SHOP: &str = "P99999900002";

const VISIT: &[Part] = &[
    Part("S-VISIT", 0, 1, 1),
    Part("S-BLOOD-COUNT", 0, 1, 2),
    Part("D-AMOXICILLIN", 0, 1, 6),
    Part("E-LIUWEI", 0, 1, 4),
];
const STAY: &[Part] = &[
    Part("S-BED", 0, 4, 16),
    Part("S-NURSING-2", 0, 4, 16),
    Part("S-BIOCHEMISTRY", 0, 1, 3),
    Part("S-CT", 0, 1, 3),
    Part("D-MEROPENEM", 150, 6, 120),
    Part("D-ALBUMIN", 0, 1, 60),
    Part("D-VITAMIN-TONIC", 0, 1, 3),
];
const LARGE_STAY: &[Part] = &[
    Part("S-BED", 0, 12, 24),
    Part("S-BED-ICU", 0, 3, 12),
    Part("S-ICU-MONITOR", 0, 3, 12),
    Part("S-BYPASS", 0, 1, 3),
    Part("M-CONDUIT", 8_000, 1, 1),
    Part("D-ALBUMIN", 0, 6, 30),
    Part("D-VITAMIN-TONIC", 0, 1, 9),
];

/// Of the table below: no days, nobody in particular, in a batch.
const fn batched(name: &'static str, care: &'static str, claims: [usize; 4]) -> Kind {
    Kind {
        name,
        care,
        claims,
        sites: &[COUNTY_HOSPITAL],
        items: VISIT,
        days: None,
        diagnoses: &["J06.900"],
        disease: "",
        whose: Whose::Anyone,
        way: Way::Batch,
    }
}

/// Everything that comes in, 2,000 settlements in all: each part of a stay in parts is one.
pub const KINDS: &[Kind] = &[
    Kind {
        sites: &[TOWNSHIP, COUNTY_HOSPITAL, CLINIC, STATION, TRADITIONAL],
        diagnoses: &["J06.900", "I10.x00", "K29.700", "M54.500"],
        ..batched("普通门诊", "11", [434, 320, 0, 0])
    },
    Kind {
        way: Way::Visit,
        ..batched("普通门诊（明细上传）", "11", [0, 0, 0, 40])
    },
    Kind {
        sites: &[COUNTY_HOSPITAL, TRADITIONAL],
        items: &[
            Part("S-EMERGENCY", 0, 1, 1),
            Part("S-ECG", 0, 1, 2),
            Part("S-BIOCHEMISTRY", 0, 1, 1),
            Part("D-CEFTRIAXONE", 0, 2, 9),
            Part("M-INFUSION", 0, 1, 3),
        ],
        diagnoses: &["R10.400", "I20.000", "A09.900"],
        ..batched("急诊", "13", [110, 0, 0, 0])
    },
    Kind {
        sites: &[TOWNSHIP, COUNTY_HOSPITAL],
        items: &[
            Part("D-AMLODIPINE", 0, 2, 6),
            Part("D-METFORMIN", 0, 2, 9),
            Part("D-INSULIN", 0, 1, 4),
        ],
        diagnoses: &["E11.900", "I10.x00"],
        disease: "M01600",
        whose: Whose::Adult,
        ..batched("门诊慢特病", "14", [0, 220, 0, 0])
    },
    Kind {
        sites: &[PHARMACY, SHOP],
        items: &[
            Part("D-ASPIRIN", 0, 1, 4),
            Part("E-LIUWEI", 0, 1, 6),
            Part("D-AMOXICILLIN", 0, 1, 5),
        ],
        diagnoses: &["Z76.000"],
        ..batched("定点药店购药", "41", [0, 0, 480, 0])
    },
    Kind {
        sites: &[COUNTY_HOSPITAL, TRADITIONAL, TOWNSHIP],
        items: STAY,
        days: Some((4, 16)),
        diagnoses: &["J18.900", "I63.900", "K80.100"],
        ..batched("普通住院", "21", [0, 0, 150, 0])
    },
    Kind {
        items: &[
            Part("S-BED", 0, 1, 1),
            Part("S-ANAESTHESIA", 0, 1, 2),
            Part("S-ULTRASOUND", 0, 1, 2),
            Part("D-CEFTRIAXONE", 0, 2, 8),
        ],
        days: Some((1, 1)),
        diagnoses: &["H25.900", "K40.900"],
        whose: Whose::Adult,
        ..batched("日间手术", "28", [0, 0, 60, 0])
    },
    Kind {
        sites: &[MATERNAL],
        items: &[
            Part("S-BED", 0, 3, 6),
            Part("S-NURSING-1", 0, 3, 6),
            Part("S-FEMALE-US", 0, 1, 2),
            Part("S-ANAESTHESIA", 0, 1, 3),
        ],
        days: Some((3, 6)),
        diagnoses: &["O80.000", "O82.000"],
        whose: Whose::Mother,
        ..batched("生育住院", "52", [30, 0, 0, 0])
    },
    Kind {
        sites: &[PSYCHIATRIC],
        items: &[
            Part("S-BED", 0, 30, 60),
            Part("S-NURSING-1", 0, 30, 60),
            Part("S-BIOCHEMISTRY", 0, 1, 4),
        ],
        days: Some((60, 90)),
        diagnoses: &["F20.900"],
        whose: Whose::Adult,
        ..batched("精神病住院", "21303", [20, 0, 0, 0])
    },
    Kind {
        items: &[
            Part("S-BED", 0, 2, 8),
            Part("S-XRAY", 0, 1, 3),
            Part("S-ANAESTHESIA", 0, 1, 2),
        ],
        days: Some((2, 8)),
        diagnoses: &["S52.500"],
        whose: Whose::Adult,
        way: Way::Accident,
        ..batched("外伤住院（经核查）", "22", [0, 0, 0, 12])
    },
    Kind {
        items: STAY,
        days: Some((6, 14)),
        diagnoses: &["S82.200"],
        whose: Whose::Adult,
        way: Way::Advance,
        ..batched("外伤住院（先行支付）", "22", [0, 0, 0, 6])
    },
    Kind {
        sites: &[TOWNSHIP, COUNTY_HOSPITAL],
        way: Way::Checked,
        ..batched("普通门诊（人证核验）", "11", [0, 0, 0, 20])
    },
    Kind {
        items: STAY,
        days: Some((5, 12)),
        diagnoses: &["J18.900"],
        way: Way::Guarantee,
        ..batched("先诊疗后付费", "21", [0, 0, 0, 20])
    },
    Kind {
        sites: &[CITY_HOSPITAL],
        items: LARGE_STAY,
        days: Some((12, 24)),
        diagnoses: &["I25.103"],
        whose: Whose::Adult,
        way: Way::Referral,
        ..batched("转诊住院", "21", [0, 0, 0, 10])
    },
    Kind {
        items: STAY,
        days: Some((20, 40)),
        diagnoses: &["I63.900"],
        way: Way::Parts,
        ..batched("中途结算（各两笔）", "21", [0, 0, 0, 12])
    },
    Kind {
        items: STAY,
        days: Some((4, 9)),
        diagnoses: &["K80.100"],
        whose: Whose::Employee,
        way: Way::Claim,
        ..batched("职工住院（个人账户）", "21", [0, 0, 0, 12])
    },
    Kind {
        whose: Whose::Relative,
        way: Way::Claim,
        ..batched("职工门诊（家庭共济）", "11", [0, 0, 0, 4])
    },
    Kind {
        sites: &[PSYCHIATRIC],
        items: &[
            Part("S-BED", 0, 260, 320),
            Part("S-NURSING-1", 0, 260, 320),
            Part("S-ICU-MONITOR", 0, 260, 320),
            Part("S-SINGLE-ROOM", 0, 1, 9),
        ],
        days: Some((260, 310)),
        diagnoses: &["F20.900"],
        whose: Whose::AllThree,
        way: Way::Claim,
        ..batched("五位一体（五个基金）", "21303", [0, 0, 0, 8])
    },
    Kind {
        sites: &[CITY_HOSPITAL, COUNTY_HOSPITAL],
        items: STAY,
        days: Some((6, 10)),
        diagnoses: &["K80.100"],
        way: Way::Reimbursement,
        ..batched("零星报销", "21", [0, 0, 0, 20])
    },
];
