//! The format document is true: every line of its fragments is accepted in some package, put
//! together as an author would, every key the parser knows is spoken of in the section of its
//! table, and every key the document lists is known. Section 8 is put together in `subsidies`.

use crate::keys::{kind_at, known};
use policy::Package;
use std::collections::{BTreeMap, BTreeSet};

const README: &str = include_str!("../../README.md");

/// A package but for what a fragment says.
const HEAD: &str = r#"
title = "虚构"
area = "999999"
scheme = "390"
from = "2017-01-01"
document = "《虚构办法》"

[[group]]
name = "special"
title = "特殊人群"
identities = ["2303"]
source = "第一条"

[[figure]]
name = "wage"
title = "工资"
yuan = "6000"
source = "第一条"

[[lines]]
name = "tcm"
title = "蒙药中药"
marks = ["ethnic"]
source = "第一条"
"#;

const SCHEDULE: &str = r#"
[[layer.schedule]]
[[layer.schedule.band]]
from = "0"
rate = "50%"
source = "第一条"
"#;

const CAP: &str = r#"
[[layer.cap]]
on = "fund"
yuan = "80000"
source = "第一条"
"#;

/// The keys a layer must have, but for its rule.
const NAMED: &str = r#"
name = "层"
fund = "390100"
trace = "unlisted"
source = "第一条"
"#;

/// A layer up to its tables.
fn layer(rule: &str) -> String {
    format!("[[layer]]\nrule = \"{rule}\"{NAMED}")
}

/// Several layers with a schedule and a cap.
fn layers(rules: &[&str]) -> String {
    rules
        .iter()
        .map(|rule| layer(rule) + SCHEDULE + CAP)
        .collect()
}

/// One way to put a fragment to use.
#[derive(Default)]
struct Trial {
    before: String,
    after: String,
    /// Lines that begin so are left out.
    without: Vec<&'static str>,
    /// Lines that begin so say something else.
    instead: Vec<(&'static str, String)>,
    /// Lines that stand in the fragment as comments are said.
    aloud: bool,
}

/// The fragments below the heading of this number, each as the lines it has.
fn fragments(section: &str) -> Vec<Vec<&'static str>> {
    let mut fragments: Vec<Vec<&'static str>> = vec![];
    let (mut inside, mut open) = (false, false);
    for line in README.lines() {
        match line {
            "```toml" if inside => {
                fragments.push(vec![]);
                open = true;
            }
            line if line.starts_with("```") => open = false,
            line if open => fragments.last_mut().unwrap().push(line),
            line if line.starts_with("##") => {
                let title = line.trim_start_matches('#').trim_start();
                inside = title.starts_with(&format!("{section} "));
            }
            _ => {}
        }
    }
    fragments
}

/// The key of a line that a comment says, as `# of = "total"`.
fn said_in_comment(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("# ")?;
    let (key, _) = rest.split_once(" = ")?;
    key.bytes()
        .all(|b| b.is_ascii_lowercase() || b == b'_')
        .then_some(rest)
}

/// Whether a line says anything.
fn speaks(line: &str) -> bool {
    let line = line.trim();
    said_in_comment(line).is_some() || !(line.is_empty() || line.starts_with(['#', '…']))
}

/// Tries every way to use a fragment; every line of it must be used in one of them.
fn accepted(section: &str, fragment: &[&'static str], trials: Vec<Trial>) {
    let mut used: BTreeSet<usize> = BTreeSet::new();
    for trial in trials {
        let mut text = trial.before.clone();
        for (index, line) in fragment.iter().enumerate() {
            let plain = line.trim_start();
            let begins = |start: &str| plain.starts_with(start);
            if trial.without.iter().any(|start| begins(start)) {
                continue;
            }
            if let Some((_, other)) = trial.instead.iter().find(|(start, _)| begins(start)) {
                text += &format!("{other}\n");
                // What the document leaves open is said by filling it in.
                used.extend(line.contains('…').then_some(index));
                continue;
            }
            let said = said_in_comment(plain).filter(|_| trial.aloud);
            if said.is_some() || !plain.starts_with('#') {
                used.insert(index);
            }
            text += said.unwrap_or(line);
            text.push('\n');
        }
        text += &trial.after;
        let text = text
            .replace("\"…\"", "\"文字\"")
            .replace("{ … }", "{ tiers = [\"2\"] }");
        Package::parse("README.md", &text)
            .unwrap_or_else(|error| panic!("section {section}: {error}\n{text}"));
    }
    for (index, line) in fragment.iter().enumerate().filter(|(_, line)| speaks(line)) {
        assert!(
            used.contains(&index),
            "section {section}: no package says {line}"
        );
    }
}

/// The only fragment of a section.
fn only(section: &str) -> Vec<&'static str> {
    let [fragment] = &fragments(section)[..] else {
        panic!("section {section} has not one fragment");
    };
    fragment.clone()
}

#[test]
fn head_lines_and_referral_are_accepted() {
    accepted("2", &only("2"), vec![Trial::default()]);
    for section in ["4", "5"] {
        let before = HEAD.to_string();
        accepted(
            section,
            &only(section),
            vec![Trial {
                before,
                ..Trial::default()
            }],
        );
    }
}

#[test]
fn a_layer_is_accepted() {
    let trial = |without: &[&'static str], instead: &[(&'static str, &str)], before, after| Trial {
        before: format!("{HEAD}{before}"),
        after: format!("{SCHEDULE}{after}"),
        without: without.to_vec(),
        instead: instead
            .iter()
            .map(|(line, other)| (*line, other.to_string()))
            .collect(),
        aloud: false,
    };
    let second = ("rule = ", "rule = \"second\"");
    let (without_cut, only_cut) = ("excludes_above_cap_of", "only_above_cap_of");
    let charged = "deductible_as";
    let either = format!("{}either = \"aid\"\n{SCHEDULE}", layer("third"));
    let year = [
        second,
        ("bands_over", "bands_over = \"year\""),
        ("deductible_per", "deductible_per = \"year\""),
    ];
    let first = layers(&["basic"]);
    let trials = vec![
        trial(&[without_cut, only_cut, charged, "either"], &[], "", ""),
        trial(&[only_cut, charged, "either"], &[second], &first, ""),
        trial(&[without_cut, charged], &[second], &first, &either),
        trial(&[without_cut, only_cut, "either"], &year, &first, ""),
    ];
    accepted("6", &only("6"), trials);
}

#[test]
fn the_tables_of_a_layer_are_accepted() {
    let trial = |without: &[&'static str], aloud| Trial {
        before: format!("{HEAD}{}", layer("basic")),
        after: SCHEDULE.to_string(),
        without: without.to_vec(),
        aloud,
        ..Trial::default()
    };
    accepted(
        "6.1",
        &only("6.1"),
        vec![trial(&[], false), trial(&["yuan = \"1200\""], true)],
    );

    let trial = |without: &[&'static str]| Trial {
        after: CAP.to_string(),
        ..trial(without, false)
    };
    let whole = ["deductible_factor", "cap_plus", "no_cap"];
    let trials = vec![
        trial(&["factor", "own_factor", "rate = \"28%\"", "lines"]),
        trial(&["points", "own_factor", "rate = \"28%\"", "lines"]),
        trial(&["points", "factor", "rate = \"28%\"", "lines"]),
        trial(&["points", "factor", "own_factor", "max_rate", "lines"]),
        trial(&[&["factor", "own_factor", "rate = \"28%\""], &whole[..]].concat()),
    ];
    accepted("6.2", &only("6.2"), trials);

    let trial = |without: &[&'static str]| Trial {
        before: format!("{HEAD}{}{SCHEDULE}", layer("basic")),
        without: without.to_vec(),
        ..Trial::default()
    };
    accepted(
        "6.3",
        &only("6.3"),
        vec![trial(&["bucket"]), trial(&["incentive"])],
    );
}

#[test]
fn a_difference_and_an_account_are_accepted() {
    let inside = NAMED.to_string() + &SCHEDULE.replace("layer", "alternative.layer");
    let trial = Trial {
        before: HEAD.to_string() + &layers(&["basic", "critical"]),
        instead: vec![
            ("…", inside),
            ("rule = \"veterans\"", format!("rule = \"veterans\"{NAMED}")),
        ],
        ..Trial::default()
    };
    let named = Trial {
        before: HEAD.to_string() + &layers(&["basic", "critical"]),
        after: NAMED.to_string(),
        instead: vec![(
            "…",
            NAMED.to_string() + &SCHEDULE.replace("layer", "alternative.layer"),
        )],
        ..Trial::default()
    };
    accepted("6.4", &only("6.4"), vec![trial, named]);

    let trial = Trial {
        before: HEAD.to_string(),
        instead: vec![("…", format!("source = \"第一条\"\n{SCHEDULE}"))],
        ..Trial::default()
    };
    accepted("7", &only("7"), vec![trial]);
}

#[test]
fn an_example_is_accepted() {
    let other = "[[example]]\nname = \"另一算例名\"\nsource = \"手算\"\nday = \"2017-01-02\"\n\
                 care = \"21\"\ntier = \"3\"\nkind = \"A1\"\nbill = \"1\"\n";
    let trial = |without: &[&'static str], total: &str| Trial {
        before: format!("{HEAD}{}{other}", layers(&["basic", "critical"])),
        without: without.to_vec(),
        instead: vec![("total", format!("total = \"{total}\""))],
        ..Trial::default()
    };
    let trials = vec![
        trial(&line_of_example(), "10000"),
        trial(&["bill"], "4.52"),
        amounts(),
    ];
    accepted("9", &only("9"), trials);
}

fn line_of_example() -> Vec<&'static str> {
    let lines = only("9")
        .into_iter()
        .skip_while(|line| !line.starts_with("[[example.line]]"));
    lines.take_while(|line| !line.trim().is_empty()).collect()
}

/// The amounts that the comment of `total` lists, all of them.
fn amounts() -> Trial {
    let comment = only("9")
        .into_iter()
        .find(|line| line.starts_with("total"))
        .unwrap();
    let (_, names) = comment.split_once('#').unwrap();
    let names = names
        .split_whitespace()
        .map(|name| format!("{name} = \"1\"\n"));
    Trial {
        before: format!("{HEAD}{}", layers(&["basic", "critical"])),
        without: [vec!["follows"], line_of_example()].concat(),
        instead: vec![(
            "total",
            "total = \"1\"\n".to_string() + &names.collect::<String>(),
        )],
        ..Trial::default()
    }
}

/// What the document says of each kind of table: the lines of its fragments with their comments.
fn said_in_fragments() -> BTreeMap<String, String> {
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |kind: &str, text: &str| {
        let place = said.entry(kind.to_string()).or_default();
        *place += &format!("{text}\n");
    };
    for fragment in README.split("```toml\n").skip(1) {
        let mut kind = String::new();
        for line in fragment.lines().take_while(|line| !line.starts_with("```")) {
            let header = line
                .split('#')
                .next()
                .unwrap()
                .trim()
                .trim_matches(['[', ']']);
            if line.starts_with('[') {
                kind.clear();
                for key in header.split('.') {
                    add(&kind, key);
                    kind = kind_at(&kind, key);
                }
            }
            add(&kind, line);
            if let Some((key, _)) = line.split_once(" = {") {
                add(&kind_at(&kind, key), line);
            }
        }
    }
    said
}

/// The words a section says as code, outside of its fragments.
fn said_as_code(section: &str) -> String {
    let prose = section.split("```").step_by(2);
    let code = prose.flat_map(|text| text.split('`').skip(1).step_by(2));
    code.collect::<Vec<_>>().join("\n")
}

/// The sections that speak of a kind of table.
fn sections_of(kind: &str) -> &'static [&'static str] {
    match kind.split('.').next().unwrap() {
        "" => &["2 ", "6 ", "8 "],
        "assumption" | "group" | "figure" => &["2 "],
        "when" => &["3 "],
        "lines" | "first_pay" => &["4 "],
        "referral" => &["5 "],
        "layer" | "alternative" => &["6 ", "7 "],
        "example" => &["9 "],
        _ => &["8 "],
    }
}

/// A part of the document, from its heading to the next of its rank.
fn section(start: &str) -> &'static str {
    README
        .split("\n## ")
        .find(|part| part.starts_with(start))
        .unwrap()
}

/// Whether a text has a key as a word of its own.
fn has_word(text: &str, key: &str) -> bool {
    let part_of = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(key).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + key.len()..]);
        !before.ends_with(part_of) && !after.starts_with(part_of)
    })
}

#[test]
fn the_document_speaks_of_every_key() {
    let fragments = said_in_fragments();
    let mut silent = vec![];
    for (kind, keys) in known() {
        let code = sections_of(&kind)
            .iter()
            .map(|start| said_as_code(section(start)));
        let said = fragments.get(&kind).cloned().unwrap_or_default() + &code.collect::<String>();
        for key in keys {
            // These three are said once, for all tables.
            let everywhere = match key.as_str() {
                "source" | "assumed" => said_as_code(section("1 ")),
                "when" => section("3 ").to_string(),
                _ => String::new(),
            };
            if !has_word(&said, &key) && !has_word(&everywhere, &key) {
                silent.push(format!("{kind}.{key}"));
            }
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn every_listed_condition_is_known() {
    for (part, kind) in [("3 ", "when"), ("8 ", "enrolment.start.when")] {
        let rows = section(part)
            .lines()
            .skip_while(|line| *line != "| 键 | 值 |");
        let rows = rows.skip(2).map_while(|line| line.strip_prefix("| `"));
        let listed = rows
            .filter_map(|row| row.split_once('`'))
            .map(|(key, _)| key.to_string());
        assert_eq!(
            listed.collect::<BTreeSet<String>>(),
            known()[kind],
            "{kind}"
        );
    }
}
