//! 政策差异: what one package says otherwise than another, in words and for whom, and what that
//! means for the worked examples of both. It compares meanings: comments, the order of keys and of
//! values that are tried together do not count. Whether a change is good is not its business.

mod cases;
mod rows;

use crate::example::Example;
use crate::outline::{self, Chapter, Part, Section, Value};
use crate::package::Package;
use crate::terms::Clause;
use crate::words;

pub use cases::CaseChange;

/// 政策差异: of an old and a new package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageDiff {
    /// What changed, in the order of the new package; empty when both say the same.
    pub changes: Vec<PackageChange>,
    /// 影响: the examples of both packages priced by both on a day of the new one.
    pub cases: Vec<CaseChange>,
}

/// One thing that is said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageChange {
    /// What it belongs to: a layer, a group, the head of the file.
    pub subject: String,
    /// One Chinese sentence: for whom, and from what to what.
    pub text: String,
}

/// Compares two packages.
pub fn diff(old: &Package, new: &Package) -> PackageDiff {
    let mut changes = Changes::default();
    let (before, after) = (outline::of(old), outline::of(new));
    for (before, after) in before.iter().zip(&after) {
        changes.chapter(before, after);
    }
    changes.chapter(&examples(old), &examples(new));
    PackageDiff {
        changes: changes.found,
        cases: cases::priced(old, new),
    }
}

/// The changes found so far.
#[derive(Default)]
struct Changes {
    found: Vec<PackageChange>,
}

impl Changes {
    fn add(&mut self, subject: &str, text: String) {
        self.found.push(PackageChange {
            subject: subject.to_string(),
            text: format!(
                "{}。",
                text.trim_end_matches('。')
                    .replace(" 「", "「")
                    .replace("」 ", "」")
            ),
        });
    }

    fn chapter(&mut self, old: &Chapter<'_>, new: &Chapter<'_>) {
        let what = new.what;
        let mut left: Vec<Option<&Section<'_>>> = old.sections.iter().map(Some).collect();
        let mut order: Vec<usize> = Vec::new();
        let mut added = Vec::new();
        for section in &new.sections {
            let same = |other: &&Section<'_>| other.key == section.key;
            let place = left
                .iter()
                .position(|other| other.as_ref().is_some_and(same));
            match place.and_then(|place| left.get_mut(place)?.take().map(|old| (place, old))) {
                Some((place, before)) => {
                    order.push(place);
                    self.section(what, before, section);
                }
                None => added.push(section),
            }
        }
        for section in left.into_iter().flatten() {
            let text = format!("取消{what}“{}”{}", section.title, said(section));
            self.add(&subject(what, section), text);
        }
        for section in added {
            self.added(what, section);
        }
        if let (Some(meaning), false) = (old.order, order.is_sorted()) {
            let titles =
                |sections: &[Section<'_>]| words::listed(sections, |section| section.title.clone());
            let (before, after) = (titles(&old.sections), titles(&new.sections));
            let text = format!("次序由 {before} 改为 {after}（{meaning}）");
            self.add(what, text);
        }
    }

    /// A section that is new: what it says, then each of its rows.
    fn added(&mut self, what: &str, section: &Section<'_>) {
        let subject = subject(what, section);
        let text = format!("新增{what}“{}”{}", section.title, said(section));
        self.add(&subject, text);
        for table in &section.tables {
            for row in &table.rows {
                let whom = words::whom(section.when, row.when);
                let text = format!("{whom}：{}，{}", table.title, row.words());
                self.add(&subject, text);
            }
        }
    }

    fn section(&mut self, what: &str, old: &Section<'_>, new: &Section<'_>) {
        let subject = subject(what, new);
        for text in parts(&old.parts, &new.parts) {
            self.add(&subject, text);
        }
        let clauses = old.clause.zip(new.clause);
        if let Some(text) = clauses.and_then(|(before, after)| origin("", before, after)) {
            self.add(&subject, text);
        }
        for text in rows::tables(old, new) {
            self.add(&subject, text);
        }
    }
}

fn subject(what: &str, section: &Section<'_>) -> String {
    match section.when.is_some() || what == "文件头" || what == "整单" {
        true => section.title.clone(),
        false => format!("{what} {}", section.title),
    }
}

/// What a section says, for one that is new or gone.
fn said(section: &Section<'_>) -> String {
    let stated = section.parts.iter().filter(|part| !part.usual);
    let stated = stated.map(|part| format!("{} {}", part.label, part.value.words()));
    let stated = stated.collect::<Vec<_>>().join("；");
    match stated.is_empty() {
        true => String::new(),
        false => format!("：{stated}"),
    }
}

/// The sentences of parts that differ.
fn parts(old: &[Part], new: &[Part]) -> Vec<String> {
    let mut texts = Vec::new();
    let find = |list: &[Part], label: &str| {
        let found = list.iter().find(|part| part.label == label);
        found.map(|part| part.value.clone())
    };
    for Part { label, value, .. } in new {
        match find(old, label) {
            Some(before) if before == *value => {}
            Some(before) => texts.push(changed(label, &before, value)),
            None => texts.push(format!("新增{label} {}", quoted(&value.words()))),
        }
    }
    for Part { label, value, .. } in old {
        if find(new, label).is_none() {
            texts.push(format!("取消{label}（原为 {}）", quoted(&value.words())));
        }
    }
    texts
}

fn changed(label: &str, old: &Value, new: &Value) -> String {
    if let (Value::Set(old), Value::Set(new)) = (old, new) {
        let less = |one: &[String], other: &[String]| {
            let only: Vec<String> = one.iter().filter(|m| !other.contains(m)).cloned().collect();
            only.join("、")
        };
        let steps = [("增加 ", less(new, old)), ("去掉 ", less(old, new))];
        let steps = steps.into_iter().filter(|(_, members)| !members.is_empty());
        let steps: Vec<String> = steps
            .map(|(step, members)| format!("{step}{members}"))
            .collect();
        return format!("{label}{}", steps.join("，"));
    }
    let (before, after) = (old.words(), new.words());
    match before == after {
        true => format!("{label}有改动"),
        false => format!("{label}由 {} 改为 {}", quoted(&before), quoted(&after)),
    }
}

/// A longer value in quotation marks, so that one sees where it ends.
fn quoted(words: &str) -> String {
    match words.chars().count() > 24 || words.contains(['，', '；', '。']) {
        true => format!("「{words}」"),
        false if words.is_empty() => "无".to_string(),
        false => words.to_string(),
    }
}

/// The sentence of an origin that differs: above all an assumption that has found its source.
fn origin(of: &str, old: &Clause, new: &Clause) -> Option<String> {
    let (before, after) = (words::origin(old), words::origin(new));
    match (before, after) {
        _ if before == after => None,
        ((None, Some(name)), (Some(source), None)) => {
            Some(format!("{of}原为假定 {name}，现有原文“{source}”"))
        }
        _ => {
            let (old, new) = (words::clause(old), words::clause(new));
            Some(format!("{of}依据由{old}改为{new}"))
        }
    }
}

/// The examples as a chapter of their own. What a claim is and what it must come to is compared,
/// but too long to be said.
fn examples(package: &Package) -> Chapter<'_> {
    let section = |example: &Example| {
        let Example {
            name,
            source,
            place: _,
            after: _,
            follows,
            prior,
            claim,
            expect,
        } = example;
        // The accumulators of an example it follows are that one's to tell.
        let mut facts = claim.facts().clone();
        facts.accumulators = prior.clone();
        Section {
            key: name.clone(),
            title: name.clone(),
            parts: vec![
                Part::or_usual("数字来源", source.clone(), source),
                Part::or_usual("接续", follows.as_deref().unwrap_or("无"), "无"),
                Part::unsaid("费用与人员", format!("{facts:?}")),
                Part::unsaid("应有结果", format!("{expect:?}")),
            ],
            clause: None,
            tables: Vec::new(),
            when: None,
        }
    };
    Chapter::of("算例", package.examples().iter().map(section))
}
