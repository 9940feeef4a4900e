//! A claim as `[[example]]` of a package writes it, section 9 of the format document.

use super::read::*;
use std::collections::BTreeMap;

/// What a person has used, by name.
pub type Used = BTreeMap<String, i128>;

/// The code of an item that is not written: the beginning of none that a package names.
const NO_ITEM: &str = "0";

/// One line of the bill.
#[derive(Clone, Debug)]
pub struct Line {
    /// 收费项目等级.
    pub class: String,
    /// In 10⁻⁶ yuan.
    pub price: i128,
    /// In 10⁻⁴ units.
    pub quantity: i128,
    /// In 10⁻⁶ yuan.
    pub limit: Option<i128>,
    /// The catalogue's, in ten-thousandths.
    pub first_pay: i128,
    /// Marks of the catalogue.
    pub marks: Vec<String>,
    /// 医保目录编码.
    pub item: String,
    /// 限制使用 and what was decided of it.
    pub restricted: Option<String>,
    /// 审核不予支付.
    pub denied: Option<String>,
}

/// One claim, every default filled in.
#[derive(Clone, Debug)]
pub struct Claim {
    /// 结算日.
    pub day: String,
    /// 入院日.
    pub begin: String,
    /// 经办日.
    pub applied: String,
    /// 医疗类别.
    pub care: String,
    /// 医院等级.
    pub tier: String,
    /// 机构类别.
    pub kind: String,
    /// 就医地.
    pub place: String,
    /// 转诊备案.
    pub filing: String,
    /// 协议机构.
    pub contracted: bool,
    /// 人员身份.
    pub identities: Vec<String>,
    /// 人员类别.
    pub person: Option<String>,
    /// 周岁.
    pub age: Option<i128>,
    /// 另参加的险种.
    pub covered_by: Vec<String>,
    /// 病种, the first of which is the one that layers keep accounts by.
    pub diseases: Vec<String>,
    /// 诊断编码.
    pub diagnosis: Option<String>,
    /// 第三方责任比例.
    pub third_party: i128,
    /// 先行支付.
    pub advance: bool,
    /// 账户余额: current, past, shared.
    pub account: BTreeMap<String, i128>,
    /// 连续参保年数.
    pub continuous_years: i128,
    /// 零报销年度数.
    pub zero_claim_years: i128,
    /// 家庭收入.
    pub income: Option<i128>,
    /// 续同一次住院: what was already paid as deductible, by layer.
    pub continues: Option<Used>,
    /// 待遇享受标志.
    pub payable: bool,
    /// 此前累计.
    pub prior: Used,
    /// 费用明细.
    pub lines: Vec<Line>,
}

impl Claim {
    /// The claim of an example.
    pub fn read(example: &Row) -> Claim {
        let day = name(example, "day").to_string();
        let or_day = |key| text(example, key).unwrap_or(&day).to_string();
        let or = |key, default: &str| text(example, key).unwrap_or(default).to_string();
        Claim {
            begin: or_day("begin"),
            applied: or_day("applied"),
            care: name(example, "care").to_string(),
            tier: name(example, "tier").to_string(),
            kind: name(example, "kind").to_string(),
            place: or("place", "district"),
            filing: or("filing", "none"),
            contracted: flag(example, "contracted").unwrap_or(true),
            identities: words(example, "identities"),
            person: text(example, "person").map(str::to_string),
            age: whole(example, "age"),
            covered_by: words(example, "covered_by"),
            diseases: words(example, "diseases"),
            diagnosis: text(example, "diagnosis").map(str::to_string),
            third_party: rate(example, "third_party").unwrap_or(0),
            advance: flag(example, "advance").unwrap_or(false),
            account: amounts(example, "account").unwrap_or_default(),
            continuous_years: whole(example, "continuous_years").unwrap_or(0),
            zero_claim_years: whole(example, "zero_claim_years").unwrap_or(0),
            income: fen(example, "income"),
            continues: amounts(example, "continues"),
            payable: flag(example, "payable").unwrap_or(true),
            prior: prior(example),
            lines: lines(example),
            day,
        }
    }

    /// Days in hospital: the day of admission counts, the last does not; at least one.
    pub fn days(&self) -> i128 {
        (day_number(&self.day) - day_number(&self.begin)).max(1)
    }
}

fn amounts(example: &Row, key: &str) -> Option<Used> {
    let table = row(example, key)?;
    let amount = |name: &String| (name.clone(), fen(table, name).unwrap());
    Some(table.keys().map(amount).collect())
}

fn prior(example: &Row) -> Used {
    let Some(table) = row(example, "prior") else {
        return Used::new();
    };
    let value = |name: &String| (name.clone(), whole(table, name).unwrap());
    table.keys().map(value).collect()
}

fn lines(example: &Row) -> Vec<Line> {
    let mut lines: Vec<Line> = rows(example, "line").into_iter().map(line).collect();
    if let Some(bill) = fen(example, "bill") {
        lines.push(Line {
            class: "01".to_string(),
            price: bill * 10_000,
            quantity: 10_000,
            limit: None,
            first_pay: 0,
            marks: vec![],
            item: NO_ITEM.to_string(),
            restricted: None,
            denied: None,
        });
    }
    lines
}

fn line(table: &Row) -> Line {
    Line {
        class: name(table, "class").to_string(),
        price: decimal(name(table, "price"), 6),
        quantity: decimal(name(table, "quantity"), 4),
        limit: text(table, "limit").map(|limit| decimal(limit, 6)),
        first_pay: rate(table, "first_pay").unwrap_or(0),
        marks: words(table, "marks"),
        item: text(table, "item").unwrap_or(NO_ITEM).to_string(),
        restricted: text(table, "restricted").map(str::to_string),
        denied: text(table, "denied").map(str::to_string),
    }
}
