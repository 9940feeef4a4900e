//! 纲要: what a package says, part by part, as labels and values in Chinese. Checking and comparing
//! read it, so that neither can overlook a key: every struct is taken apart by name.

use crate::package::{Figure, Package, Place};
use crate::shape::{CrossYear, Refund};
use crate::terms::{
    Alternative, Assumption, Clause, FirstPay, Group, Layer, LineGroup, Pots, Row, When,
};
use crate::words::{self, yuan};
use kernel::Rate;
use std::sync::Arc;

mod enrolment;
mod layers;
mod parts;

pub(crate) use parts::{Part, Value};

/// What a table of rows is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    FirstPay,
    Referral,
    Deductible,
    YearMax,
    Schedule,
    Adjust,
    Cap,
    Floor,
}

/// Rows of which the first that fits counts.
pub(crate) struct Table<'a> {
    pub kind: Kind,
    /// 起付线, 调整 tilt, 封顶（基金，按年）…: unique in its section.
    pub title: String,
    pub layer: Option<&'a Layer>,
    pub rows: Vec<TableRow<'a>>,
}

/// One row: for whom, and what is said.
pub(crate) struct TableRow<'a> {
    pub when: &'a When,
    /// The lines it is chosen for, where it is chosen by lines as well.
    pub scope: Option<Pots>,
    pub at: Place,
    pub parts: Vec<Part>,
    pub clauses: Vec<(String, &'a Clause)>,
}

impl<'a> TableRow<'a> {
    fn of<T>(row: &'a Row<T>, parts: Vec<Part>) -> TableRow<'a> {
        let Row {
            when,
            value: _,
            clause,
            at,
        } = row;
        TableRow {
            when,
            scope: None,
            at: *at,
            parts,
            clauses: vec![(String::new(), clause)],
        }
    }

    /// What the row says, in one line.
    pub fn words(&self) -> String {
        let parts = self
            .parts
            .iter()
            .map(|part| format!("{} {}", part.label, part.value.words()));
        parts.collect::<Vec<_>>().join("，")
    }
}

/// One thing of a package that has a name.
pub(crate) struct Section<'a> {
    /// What it is matched by.
    pub key: String,
    pub title: String,
    pub parts: Vec<Part>,
    pub clause: Option<&'a Clause>,
    pub tables: Vec<Table<'a>>,
    /// 适用条件 of the whole section.
    pub when: Option<&'a When>,
}

impl<'a> Section<'a> {
    fn plain(
        key: &str,
        title: String,
        parts: Vec<Part>,
        clause: Option<&'a Clause>,
    ) -> Section<'a> {
        Section {
            key: key.to_string(),
            title,
            parts,
            clause,
            tables: Vec::new(),
            when: None,
        }
    }
}

/// Sections of one kind.
pub(crate) struct Chapter<'a> {
    /// 人群, 支付层 …
    pub what: &'static str,
    /// What their order means, where it means something.
    pub order: Option<&'static str>,
    pub sections: Vec<Section<'a>>,
}

impl<'a> Chapter<'a> {
    pub fn of(what: &'static str, sections: impl Iterator<Item = Section<'a>>) -> Chapter<'a> {
        Chapter {
            what,
            order: None,
            sections: sections.collect(),
        }
    }

    fn ordered(self, meaning: &'static str) -> Chapter<'a> {
        Chapter {
            order: Some(meaning),
            ..self
        }
    }
}

/// What the order of layers means.
const LAYERS_ORDER: &str = "后一层只看前面各层支付后的余额";

/// Everything a package says.
pub(crate) fn of(package: &Package) -> Vec<Chapter<'_>> {
    // Every field of a package is named here: what is not compared says why.
    let Package {
        file: _,
        // Of the text, comments and all.
        digest: _,
        title: _,
        document: _,
        // Area, scheme and first day.
        name: _,
        area: _,
        scheme: _,
        effective: _,
        effective_at: _,
        cross_year: _,
        refund: _,
        count_unfinished_stay: _,
        assumptions,
        groups,
        figures,
        lines,
        first_pays,
        referrals,
        layers,
        alternatives,
        slots: _,
        enrolment,
        examples: _,
    } = package;
    let used = |name: &str| groups_used(package, name);
    let others = alternatives.iter().flat_map(|other| {
        let one = |layer| layers::section(package, &other.layers, layer);
        other.layers.iter().map(one)
    });
    let own = layers
        .iter()
        .map(|layer| layers::section(package, layers, layer));
    let bill = whole_bill(package, first_pays, referrals);
    let mut chapters = vec![
        Chapter::of("文件头", std::iter::once(head(package))),
        Chapter::of("人群", groups.iter().map(|one| group(one, used(&one.name)))),
        Chapter::of("统计数字", figures.iter().map(figure)),
        Chapter::of("明细分组", lines.iter().map(line_group)).ordered("一条明细属于第一个符合的组"),
        Chapter::of("整单", std::iter::once(bill)),
        Chapter::of("支付层", own).ordered(LAYERS_ORDER),
        Chapter::of("另一套待遇", alternatives.iter().map(alternative)),
        Chapter::of("另一套待遇的支付层", others).ordered(LAYERS_ORDER),
    ];
    chapters.extend(enrolment::chapters(enrolment));
    chapters.push(Chapter::of("假定", assumptions.iter().map(assumption)));
    chapters
}

/// Every table of a package whose rows have conditions.
pub(crate) fn tables(package: &Package) -> Vec<Table<'_>> {
    let sections = of(package).into_iter().flat_map(|chapter| chapter.sections);
    sections.flat_map(|section| section.tables).collect()
}

/// Every layer, those of alternatives behind.
pub(crate) fn all_layers(package: &Package) -> impl Iterator<Item = &Layer> {
    let others = package.alternatives.iter().flat_map(|other| &other.layers);
    package.layers.iter().chain(others)
}

fn head(package: &Package) -> Section<'_> {
    let period = package.effective();
    let until = period
        .until
        .map_or("尚未规定".to_string(), |day| day.to_string());
    let cross_year = match package.cross_year {
        CrossYear::Discharge => "整单归出院年度",
        CrossYear::SplitDeductibleOnce => "按费用日期分成两年，起付线只付一次",
        CrossYear::SplitAsOneStay => "按费用日期分成两年，次数与起付线接续前一年",
        CrossYear::SettleAtYearEnd => "次年不再参保或身份变化的须年底结清",
        CrossYear::Admission => "整单归入院年度",
    };
    let refund = match package.refund {
        Refund::NewestFirst => "只能从最近一笔起逐笔撤销",
        Refund::Accept => "可撤任意一笔，不重算其后各笔",
        Refund::Replay => "可撤任意一笔，重算其后各笔",
    };
    let scheme = &package.scheme;
    let parts = vec![
        Part::new("标题", package.title.clone()),
        Part::new("依据文件", package.document.clone()),
        Part::new("统筹区", package.area.as_str()),
        Part::new("险种", words::coded(scheme.as_str(), scheme.term())),
        Part::new("施行首日", period.from.to_string()),
        Part::new("失效日（该日起不再施行）", until),
        Part::new("跨年住院", cross_year),
        Part::new("撤销次序", refund),
        Part::new(
            "费用未达起付线的住院计入次数",
            words::yes(package.count_unfinished_stay),
        ),
    ];
    Section::plain("head", "政策包".to_string(), parts, None)
}

fn assumption(assumption: &Assumption) -> Section<'_> {
    let Assumption { name, text, at: _ } = assumption;
    Section::plain(
        name,
        name.clone(),
        vec![Part::new("内容", text.clone())],
        None,
    )
}

fn group(group: &Group, used: String) -> Section<'_> {
    let Group {
        name,
        title,
        identities,
        clause,
        at: _,
    } = group;
    let parts = vec![
        Part::new("名称", &**title),
        Part::set("身份", identities.iter().map(words::identity)),
    ];
    let title = match used.is_empty() {
        true => title.to_string(),
        false => format!("{title}（用于{used}）"),
    };
    Section::plain(name, title, parts, Some(clause))
}

/// Where a group is named: layers by their names, and the subsidies.
fn groups_used(package: &Package, name: &str) -> String {
    let named = |when: &When| {
        let in_not = when.not.iter().flat_map(|not| &not.groups);
        when.groups
            .iter()
            .chain(in_not)
            .any(|group| group.name == name)
    };
    let in_layer = |layer: &Layer| {
        let tables = layers::tables(package, layer);
        named(&layer.when)
            || tables
                .iter()
                .flat_map(|t| &t.rows)
                .any(|row| named(row.when))
    };
    let layers = all_layers(package).filter(|layer| in_layer(layer));
    let mut places: Vec<String> = layers.map(|layer| layer.name.to_string()).collect();
    let among = |groups: &[Arc<Group>]| groups.iter().any(|group| group.name == name);
    let enrolment = &package.enrolment;
    if enrolment.subsidies.iter().any(|rule| among(&rule.groups)) {
        places.push("参保资助".to_string());
    }
    let mut starts = enrolment.start.iter().flat_map(|start| &start.starts);
    if starts.any(|row| among(&row.when.groups)) {
        places.push("待遇起始".to_string());
    }
    places.join("、")
}

fn figure(figure: &Figure) -> Section<'_> {
    let Figure {
        name,
        title,
        amount,
        clause,
        at: _,
    } = figure;
    let parts = vec![
        Part::new("名称", title.clone()),
        Part::new("数额", yuan(*amount)),
    ];
    Section::plain(name, title.clone(), parts, Some(clause))
}

fn line_group(group: &LineGroup) -> Section<'_> {
    let LineGroup {
        name,
        title,
        marks,
        classes,
        items,
        clause,
        at: _,
    } = group;
    let parts = vec![
        Part::new("名称", &**title),
        Part::set(
            "目录标记",
            marks.iter().map(|m| words::coded(m.as_str(), m.term())),
        ),
        Part::set(
            "等级",
            classes.iter().map(|c| words::coded(c.as_str(), c.term())),
        ),
        Part::set("编码开头", items.iter().cloned()),
    ];
    Section::plain(name, title.to_string(), parts, Some(clause))
}

fn whole_bill<'a>(
    package: &'a Package,
    first_pays: &'a [Row<FirstPay>],
    referrals: &'a [Row<Rate>],
) -> Section<'a> {
    let first_pay = |row: &'a Row<FirstPay>| {
        let FirstPay { lines, rate } = &row.value;
        let lines = *lines;
        let parts = vec![
            Part::new("明细", pots(package, lines)),
            Part::new("比例", rate.to_string()),
        ];
        TableRow {
            scope: Some(lines),
            ..TableRow::of(row, parts)
        }
    };
    let referral =
        |row: &'a Row<Rate>| TableRow::of(row, vec![Part::new("比例", row.value.to_string())]);
    let table = |kind, title: &str, rows| Table {
        kind,
        title: title.to_string(),
        layer: None,
        rows,
    };
    Section {
        tables: vec![
            table(
                Kind::FirstPay,
                "先行自付",
                first_pays.iter().map(first_pay).collect(),
            ),
            table(
                Kind::Referral,
                "转外自理",
                referrals.iter().map(referral).collect(),
            ),
        ],
        ..Section::plain("bill", "整单".to_string(), Vec::new(), None)
    }
}

/// The names of parts of a bill.
fn pots(package: &Package, pots: Pots) -> String {
    let all = Pots((1 << (package.lines.len() + 1)) - 1);
    let others = [
        (crate::terms::FIRST_PAY, "先行自付"),
        (crate::terms::REFERRAL, "转外自理"),
        (crate::terms::OVER_LIMIT, "超限价"),
        (crate::terms::OWN_PAY, "全自费"),
    ];
    let mut names: Vec<&str> = Vec::new();
    match pots.0 & all.0 == all.0 {
        true => names.push("政策范围内全部明细"),
        false => {
            let groups = std::iter::once("其他明细").chain(package.lines.iter().map(|l| &*l.title));
            names.extend(
                groups
                    .enumerate()
                    .filter(|(pot, _)| pots.has(*pot))
                    .map(|(_, n)| n),
            );
        }
    }
    names.extend(
        others
            .iter()
            .filter(|(pot, _)| pots.has(*pot))
            .map(|(_, name)| *name),
    );
    names.join("、")
}

fn alternative(other: &Alternative) -> Section<'_> {
    let Alternative {
        name,
        title,
        clause,
        layers: _,
        at: _,
    } = other;
    let parts = vec![Part::new("名称", &**title)];
    Section::plain(name, title.to_string(), parts, Some(clause))
}
