//! What the rules look at, and what they find. [`screen`] is total: every claim has an answer.
//!
//! A sentence names codes and days and never a person: it is kept with the settlement and read by
//! whoever may see that.

use kernel::{Day, Digest, InstitutionCode, ItemCode, MedType, SettlementId, Sex};
use std::collections::BTreeMap;
use std::fmt;

/// What the rules find in a claim: rule by rule in the order of the file, and for each rule in the
/// order of the history or of the bill.
pub fn screen(rules: &Rules, claim: &Claim, member: &Member, history: &History) -> Vec<Finding> {
    let found = |rule: &Rule| match &rule.finds {
        Finds::DuplicateClaim => duplicates(rule, claim, history),
        Finds::OverlappingStays => overlaps(rule, claim, history),
        Finds::ItemLimit(items) => limited(rule, items, claim, member),
    };
    rules.rules.iter().flat_map(found).collect()
}

/// 重复结算 (A19): a settlement of the same bill stands.
fn duplicates(rule: &Rule, claim: &Claim, history: &History) -> Vec<Finding> {
    let same = |past: &&PastClaim| past.fingerprint == claim.fingerprint;
    let found = history.0.iter().filter(same).map(|past| {
        let sentence = format!(
            "本次费用({},机构 {})与已结算的 {} 机构、日期、明细均相同,属重复结算;{}",
            claim.days,
            claim.institution,
            past.settlement,
            rule.effect.consequence()
        );
        rule.finding(sentence).beside(past)
    });
    found.collect()
}

/// 重叠住院 (C07): nobody lies in two hospitals at once, nor twice in one. Being discharged from one
/// and admitted to the next on the same day is a transfer.
fn overlaps(rule: &Rule, claim: &Claim, history: &History) -> Vec<Finding> {
    if !claim.med_type.is_stay() {
        return Vec::new();
    }
    let other_visit = |past: &&PastClaim| {
        past.institution != claim.institution || past.visit_number != claim.visit_number
    };
    let overlapping = |past: &&PastClaim| past.med_type.is_stay() && past.days.overlap(&claim.days);
    let stays = history.0.iter().filter(other_visit).filter(overlapping);
    let found = stays.map(|past| {
        // A hospital may hear that there is another stay, not where and when.
        let other = match past.institution == claim.institution {
            true => format!("本机构已结算的 {} 住院({})", past.settlement, past.days),
            false => "该参保人在另一机构已结算的住院".to_string(),
        };
        let sentence = format!(
            "本次住院({},机构 {})与{other}时间重叠,且不止于转院当日;{}",
            claim.days,
            claim.institution,
            rule.effect.consequence()
        );
        rule.finding(sentence).beside(past)
    });
    found.collect()
}

/// 限性别、限儿童 (A01, A02, A03): an item that is not paid for this person.
fn limited(
    rule: &Rule,
    items: &BTreeMap<ItemCode, Limit>,
    claim: &Claim,
    member: &Member,
) -> Vec<Finding> {
    let found = claim.lines.iter().filter_map(|line| {
        let why = items.get(&line.item)?.violated(member, claim.days.begin)?;
        let sentence = format!(
            "第 {} 行 {} {why};{}",
            line.number,
            line.item,
            rule.effect.consequence()
        );
        Some(rule.finding(sentence).on(line))
    });
    found.collect()
}

/// 审核规则 in force from a day until the next rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// 施行日期: the first day.
    pub from: Day,
    /// SM3 digest of the file.
    pub digest: Digest,
    /// The rules in the order of the file.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The code, such as `A19`.
    pub code: String,
    /// The Chinese name.
    pub name: String,
    /// 依据: the clause it rests on.
    pub basis: String,
    /// What a hit does.
    pub effect: Effect,
    /// What it looks for.
    pub finds: Finds,
}

/// What a rule looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finds {
    /// 重复结算: a standing settlement of the same bill.
    DuplicateClaim,
    /// 重叠住院: another stay on the same days.
    OverlappingStays,
    /// 项目限定: items that are paid for some persons only.
    ItemLimit(BTreeMap<ItemCode, Limit>),
}

/// 限定支付: for whom an item is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// 限性别.
    OnlySex(Sex),
    /// 限未满若干周岁.
    UnderYears(u32),
}

/// What a finding does to the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// 可疑: told and kept; the amounts do not change.
    Note,
    /// 明确违规: the funds do not pay for the line.
    DenyLine,
    /// 明确违规: the claim is not settled.
    DenyClaim,
}

/// One hit of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's code.
    pub rule: String,
    /// What it does to the claim.
    pub effect: Effect,
    /// The line it concerns; the whole claim when absent.
    pub line_number: Option<i32>,
    /// What was found, in Chinese.
    pub sentence: String,
    /// The settlement the claim was compared with.
    pub other: Option<SettlementId>,
}

/// What is screened, and what the rules need to know beside it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The claim.
    pub claim: Claim,
    /// Its person.
    pub member: Member,
    /// The person's standing settlements.
    pub history: History,
}

/// A claim as far as the rules look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id).
    pub visit_number: String,
    /// 医疗类别 (med_type).
    pub med_type: MedType,
    /// The days of the visit or stay.
    pub days: Days,
    /// 费用明细.
    pub lines: Vec<Line>,
    /// Digest over what makes two bills the same bill.
    pub fingerprint: Digest,
}

/// 开始日期 and 结束日期 (begndate, enddate), both inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub begin: Day,
    /// The last.
    pub end: Day,
}

/// 费用明细: a line as far as the rules look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the bill, from 1.
    pub number: i32,
    /// 医保目录编码 (med_list_codg).
    pub item: ItemCode,
}

/// The person as far as the rules look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// 性别 (gend).
    pub sex: Sex,
    /// 出生日期 (brdy).
    pub birth: Day,
}

/// The person's standing settlements; the claim itself is none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(pub Vec<PastClaim>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastClaim {
    /// 结算ID (setl_id).
    pub settlement: SettlementId,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id).
    pub visit_number: String,
    /// 医疗类别 (med_type).
    pub med_type: MedType,
    /// The days of the visit or stay.
    pub days: Days,
    /// Digest over what makes two bills the same bill.
    pub fingerprint: Digest,
}

impl Rule {
    fn finding(&self, sentence: String) -> Finding {
        Finding {
            rule: self.code.clone(),
            effect: self.effect,
            line_number: None,
            sentence,
            other: None,
        }
    }
}

impl Finding {
    fn beside(self, past: &PastClaim) -> Finding {
        Finding {
            other: Some(past.settlement),
            ..self
        }
    }

    fn on(self, line: &Line) -> Finding {
        Finding {
            line_number: Some(line.number),
            ..self
        }
    }
}

impl Limit {
    /// Why the item is not paid for this person, if it is not. What is not certain is not denied:
    /// an unknown sex violates nothing, and lines have no day, so a stay counts at the age of its
    /// first.
    fn violated(&self, member: &Member, begin: Day) -> Option<String> {
        match self {
            Limit::OnlySex(only) => {
                let known = matches!(member.sex, Sex::Male | Sex::Female);
                let violated = known && member.sex != *only;
                violated.then(|| format!("限{}性使用,与参保人登记性别不符", only.term()))
            }
            Limit::UnderYears(years) => {
                let violated = member.birth.age_on(begin) >= *years;
                violated
                    .then(|| format!("限未满 {years} 周岁使用,参保人在 {begin} 已满 {years} 周岁"))
            }
        }
    }
}

impl Effect {
    /// What becomes of the claim, as the end of a sentence.
    fn consequence(self) -> &'static str {
        match self {
            Effect::Note => "请核实。",
            Effect::DenyLine => "该行费用基金不予支付。",
            Effect::DenyClaim => "本次费用不予结算。",
        }
    }
}

impl Days {
    /// True when the two share more than a transfer day, also for a stay of one day inside another.
    fn overlap(&self, other: &Days) -> bool {
        self.begin < other.end && other.begin < self.end
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.begin == self.end {
            true => self.begin.fmt(f),
            false => write!(f, "{} 至 {}", self.begin, self.end),
        }
    }
}

#[cfg(test)]
mod tests;
