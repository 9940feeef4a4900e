//! 措辞: amounts, conditions and sources of a package as Chinese words, for those who check and
//! compare packages. It decides nothing; what the words stand for is in `terms`.

use crate::claim::{Filing, Place};
use crate::terms::{Change, Clause, When};
use kernel::{Fen, IdentityKind, Rate};

/// 元: without decimals where there is no fen.
pub(crate) fn yuan(amount: Fen) -> String {
    let text = amount.to_string();
    let whole = text.strip_suffix(".00").unwrap_or(&text);
    format!("{whole} 元")
}

impl Place {
    /// In Chinese, as the format document names it.
    pub fn term(self) -> &'static str {
        match self {
            Place::District => "本区县",
            Place::City => "市内其他区县",
            Place::Province => "省内异地",
            Place::Outside => "省外",
        }
    }
}

impl Filing {
    /// In Chinese, as the format document names it.
    pub fn term(self) -> &'static str {
        match self {
            Filing::None => "未备案",
            Filing::Referred => "已转诊备案",
            Filing::Emergency => "急诊",
            Filing::Resident => "长期异地居住",
        }
    }
}

/// 周岁, both ends inside.
pub(crate) fn ages((from, to): (u32, u32)) -> String {
    match (from, to) {
        (0, u32::MAX) => "任何年龄".to_string(),
        (0, to) => format!("{to} 周岁以下（含）"),
        (from, u32::MAX) => format!("{from} 周岁以上（含）"),
        (from, to) => format!("{from} 至 {to} 周岁"),
    }
}

/// A term with its code behind; a code without a term alone.
pub(crate) fn coded(code: &str, term: &str) -> String {
    match code == term {
        true => code.to_string(),
        false => format!("{term}({code})"),
    }
}

/// An identity with its code.
pub(crate) fn identity(kind: &IdentityKind) -> String {
    coded(kind.as_str(), kind.term())
}

/// 是 or 否.
pub(crate) fn yes(is: bool) -> String {
    if is { "是" } else { "否" }.to_string()
}

/// A list as one speaks it; nothing for an empty one.
pub(crate) fn listed<T>(list: &[T], word: impl Fn(&T) -> String) -> String {
    list.iter().map(word).collect::<Vec<_>>().join("、")
}

/// How an adjustment changes a ratio, as a value.
pub(crate) fn change(change: Change) -> String {
    match change {
        Change::Points(points) => format!("{points}（百分点）"),
        Change::Factor(factor) => format!("乘以 {factor}"),
        Change::OwnFactor(factor) => format!("个人负担乘以 {factor}"),
        Change::Rate(rate) => format!("改按 {rate}"),
    }
}

/// 依据: the words of the source and the assumption, apart.
pub(crate) fn origin(clause: &Clause) -> (Option<&str>, Option<&str>) {
    let Some(name) = clause.assumed.as_deref() else {
        return (Some(&clause.text), None);
    };
    let reading = format!("〔读法：{name}〕");
    match clause.text.strip_suffix(&reading) {
        Some(source) => (Some(source), Some(name)),
        None => (None, Some(name)),
    }
}

/// 依据 as a value.
pub(crate) fn clause(clause: &Clause) -> String {
    match origin(clause) {
        (Some(source), None) => format!("原文“{source}”"),
        (Some(source), Some(name)) => format!("原文“{source}”，按假定 {name} 理解"),
        (None, Some(name)) => format!("假定 {name}"),
        (None, None) => "无".to_string(),
    }
}

/// A list of ratios.
pub(crate) fn rates(rates: &[Rate]) -> String {
    listed(rates, Rate::to_string)
}

/// One condition of a [`When`]: what it is about, the codes it names, and their words.
pub(crate) struct Condition {
    pub about: &'static str,
    /// Codes and their terms, in an order of their own, so that equal conditions have equal codes.
    pub members: Vec<(String, String)>,
}

impl Condition {
    /// A condition that lists values, each with its code and its term.
    fn list<'a>(
        about: &'static str,
        values: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Condition {
        let own = |(code, term): (&str, &str)| (code.to_string(), term.to_string());
        let mut members: Vec<_> = values.map(own).collect();
        members.sort_unstable();
        members.dedup();
        Condition { about, members }
    }

    /// The terms, as one speaks them.
    pub fn words(&self) -> String {
        listed(&self.members, |(_, term)| term.clone())
    }
}

/// An age as a member of a condition.
fn years(ages: &(u32, u32)) -> (String, String) {
    let (from, to) = *ages;
    (format!("{from}-{to}"), self::ages((from, to)))
}

/// Codes with their terms.
macro_rules! terms {
    ($codes:expr) => {
        $codes.iter().map(|code| (code.as_str(), code.term()))
    };
}

/// The conditions that are stated, in the README's order.
pub(crate) fn conditions(when: &When) -> Vec<Condition> {
    // Every key of a condition is named here, so that none can be forgotten.
    let When {
        care,
        tiers,
        kinds,
        places,
        filing: filings,
        contracted,
        groups,
        persons,
        ages: aged,
        covered_by,
        diseases,
        diagnoses,
        same_year,
        not,
        open: _,
    } = when;
    let plain = |word: &'static str| (word, word);
    let named = |word: [&'static str; 2], is: bool| plain(if is { word[0] } else { word[1] });
    let network = contracted.map(|is| named(["协议机构", "非协议机构"], is));
    let year = same_year.map(|is| named(["当年申请", "跨年申请"], is));
    let mut found = vec![
        Condition::list("医疗类别", terms!(care)),
        Condition::list("医院等级", terms!(tiers)),
        Condition::list("机构类别", terms!(kinds)),
        Condition::list("就医地", places.iter().map(|at| plain(at.term()))),
        Condition::list("转诊备案", filings.iter().map(|filed| plain(filed.term()))),
        Condition::list("协议机构", network.into_iter()),
        Condition::list("人群", groups.iter().map(|of| (&*of.name, &*of.title))),
        Condition::list("人员类别", terms!(persons)),
        Condition {
            about: "年龄",
            members: aged.iter().map(years).collect(),
        },
        Condition::list("另参加", terms!(covered_by)),
        Condition::list("病种", diseases.iter().map(|c| (c.as_str(), c.as_str()))),
        Condition::list(
            "诊断编码开头",
            diagnoses.iter().map(|c| (c.as_str(), c.as_str())),
        ),
        Condition::list("申请时间", year.into_iter()),
    ];
    if let Some(not) = not {
        found.push(Condition {
            about: "除外",
            members: vec![(condition_key(not), condition(not))],
        });
    }
    found.retain(|one| !one.members.is_empty());
    found
}

/// A condition as a value: `人群 低保对象；医院等级 三级`.
pub(crate) fn condition(when: &When) -> String {
    let conditions = conditions(when);
    match conditions.is_empty() {
        true => "不限".to_string(),
        false => conditions
            .iter()
            .map(|one| format!("{} {}", one.about, one.words()))
            .collect::<Vec<_>>()
            .join("；"),
    }
}

/// The same text for the same condition, whatever the order in which its values are written.
pub(crate) fn condition_key(when: &When) -> String {
    let of = |one: &Condition| {
        let codes: Vec<&str> = one.members.iter().map(|(code, _)| code.as_str()).collect();
        format!("{}={}", one.about, codes.join(","))
    };
    conditions(when)
        .iter()
        .map(of)
        .collect::<Vec<_>>()
        .join(";")
}

/// 影响谁: whom a row of a layer concerns, as one says it: `低保对象在三级医院普通住院`. Whom the
/// layer admits is said where the row does not say it more narrowly.
pub(crate) fn whom(layer: Option<&When>, row: &When) -> String {
    let own = conditions(row);
    let outer = layer.map(conditions).unwrap_or_default();
    let word = |about: &str| {
        let inherits = matches!(about, "医疗类别" | "人群");
        let of = |list: &[Condition]| {
            let found = list.iter().find(|one| one.about == about);
            found.map(Condition::words)
        };
        of(&own).or_else(|| of(&outer).filter(|_| inherits))
    };
    let people: Vec<String> = ["年龄", "人员类别", "人群"]
        .iter()
        .filter_map(|a| word(a))
        .collect();
    let covered = word("另参加").map(|schemes| format!("另参加{schemes}的"));
    let people = match (people.is_empty(), covered) {
        (true, None) => "参保人".to_string(),
        (true, Some(covered)) => format!("{covered}参保人"),
        (false, covered) => format!("{}{}", covered.unwrap_or_default(), people.join("且")),
    };
    let filed = word("转诊备案")
        .map(|words| format!("（{words}）"))
        .unwrap_or_default();
    let house = match (word("医院等级"), word("机构类别")) {
        (None, None) => None,
        (Some(tiers), None) => Some(format!("{tiers}医疗机构")),
        (None, Some(kinds)) => Some(kinds),
        (Some(tiers), Some(kinds)) => Some(format!("{tiers}的{kinds}")),
    };
    let site: Vec<String> = [word("就医地"), house, word("协议机构")]
        .into_iter()
        .flatten()
        .collect();
    let site = match site.is_empty() {
        true => filed,
        false => format!("在{}{filed}", site.join("的")),
    };
    let care = word("医疗类别").unwrap_or_else(|| match site.is_empty() {
        true => String::new(),
        false => "就医".to_string(),
    });
    let illness = [
        ("病种", "病种 "),
        ("诊断编码开头", "诊断编码 "),
        ("申请时间", ""),
        ("除外", "除外："),
    ];
    let illness: Vec<String> = illness
        .iter()
        .filter_map(|(about, mark)| word(about).map(|words| format!("{mark}{words}")))
        .collect();
    let illness = match illness.is_empty() {
        true => String::new(),
        false => format!("（{}）", illness.join("，")),
    };
    format!("{people}{site}{care}{illness}")
}
