//! 体检: what fires, where, and that the plain package gives no cause for any of it.

mod laws;

use kernel::AreaCode;
use policy::{Lint, Package, Severity, lint, lint_versions, skeleton};
use serde::Deserialize;

/// A package with nothing to be said about it.
const PLAIN: &str = include_str!("lints/plain.toml");

fn parsed(text: &str) -> Package {
    let package = Package::parse("lint.toml", text).unwrap();
    assert_eq!(package.check_examples(), vec![], "{text}");
    package
}

/// The plain package after these replacements, each of which must apply.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(PLAIN.to_string(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

/// What is said of a text under this code: the line it points at, and the words.
fn said(text: &str, code: &str) -> Vec<(String, String, Severity)> {
    let found = lint(&parsed(text))
        .into_iter()
        .filter(|lint| lint.code == code);
    let line = |lint: &Lint| text.lines().nth(lint.line - 1).unwrap().to_string();
    found
        .map(|lint| (line(&lint), lint.text, lint.severity))
        .collect()
}

/// What is said under this code, which must be one thing, at a line that begins like this.
fn one(text: &str, code: &str, line: &str, words: &[&str]) {
    let found = said(text, code);
    let [(at, told, _)] = found.as_slice() else {
        panic!("{code}: {found:?}");
    };
    assert!(at.starts_with(line), "{code} at {at:?}: {told}");
    for word in words {
        assert!(told.contains(word), "no {word:?} in {told:?}");
    }
}

const OPEN_DEDUCTIBLE: &str = "[[layer.deductible]]\nyuan = \"300\"";
const OPEN_SCHEDULE: &str =
    "[[layer.schedule]]\n\n[[layer.schedule.band]]\nfrom = \"0\"\nrate = \"80%\"";

/// What the plain package becomes, and what is said of it.
#[derive(Deserialize)]
struct Case {
    code: String,
    /// How the line begins that is pointed at.
    at: String,
    words: Vec<String>,
    change: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    from: String,
    to: String,
}

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

/// The cases of `lints/cases.toml`, each with the text of its package.
fn cases() -> Vec<(Case, String)> {
    let cases: Cases = toml::from_str(include_str!("lints/cases.toml")).unwrap();
    let text = |case: &Case| {
        let changes = case.change.iter();
        let changes: Vec<_> = changes
            .map(|one| (one.from.as_str(), one.to.as_str()))
            .collect();
        changed(&changes)
    };
    cases
        .case
        .into_iter()
        .map(|case| (text(&case), case))
        .map(|(text, case)| (case, text))
        .collect()
}

#[test]
fn the_plain_package_has_nothing_to_be_said_about() {
    assert_eq!(lint(&parsed(PLAIN)), vec![]);
}

#[test]
fn every_lint_fires_where_its_cause_is() {
    let cases = cases();
    assert!(cases.len() > 25, "{}", cases.len());
    for (case, text) in cases {
        // A change may give cause for more than one thing of its kind.
        let found = said(&text, &case.code);
        let fits = |(at, told, _): &(String, String, Severity)| {
            at.starts_with(&case.at) && case.words.iter().all(|word| told.contains(word))
        };
        assert!(
            found.iter().any(fits),
            "{} {:?}: {found:?}",
            case.code,
            case.words
        );
        assert!(said(PLAIN, &case.code).is_empty());
    }
}

#[test]
fn only_rows_that_never_count_are_errors() {
    for (case, text) in cases() {
        for lint in lint(&parsed(&text)) {
            let is_error = lint.severity == Severity::Error;
            assert_eq!(
                is_error,
                lint.code == Lint::DEAD_ROW,
                "{}: {lint:?}",
                case.code
            );
        }
    }
}

/// Two layers of one name and one that pays what the first one's cap leaves: where the second of
/// them overtakes the first, the third has nothing to pay any more.
const OVERTAKEN: &str = r#"
[[layer]]
rule = "rich"
name = "专项救助"
fund = "610100"
trace = "unlisted"
when = { care = ["11"] }
either = "aid"
source = "原文"

[[layer.schedule]]

[[layer.schedule.band]]
from = "0"
rate = "90%"
source = "原文"

[[layer.cap]]
on = "fund"
yuan = "900"
source = "原文"

[[layer]]
rule = "poor_aid"
name = "普通救助"
fund = "610100"
trace = "unlisted"
when = { care = ["11"] }
either = "aid"
source = "原文"

[[layer.schedule]]

[[layer.schedule.band]]
from = "0"
rate = "30%"
source = "原文"

[[layer]]
rule = "above"
name = "补充"
fund = "610102"
trace = "unlisted"
when = { care = ["11"] }
only_above_cap_of = ["rich"]
source = "原文"

[[layer.schedule]]

[[layer.schedule.band]]
from = "0"
rate = "50%"
source = "原文"
"#;

#[test]
fn a_fen_of_cost_that_loses_benefit_is_found_between_the_numbers_of_the_package() {
    let text = PLAIN.replacen("[[example]]", &format!("{OVERTAKEN}\n[[example]]"), 1);
    // 3000 yuan: 900 and half of 2000, then 900 of 3000.01 and nothing above.
    one(
        &text,
        Lint::CLIFF,
        "[[layer]]",
        &["改由普通救助支付", "专项救助", "少 1,0"],
    );
    // Without the third layer the better of the two goes on where the other is overtaken.
    let above = OVERTAKEN.find("[[layer]]\nrule = \"above\"").unwrap();
    let smooth = PLAIN.replacen(
        "[[example]]",
        &format!("{}\n[[example]]", &OVERTAKEN[..above]),
        1,
    );
    assert_eq!(said(&smooth, Lint::CLIFF), vec![]);
}

#[test]
fn a_fen_that_makes_a_stay_count_is_found() {
    let changes = [
        (
            "from = \"2020-01-01\"",
            "from = \"2020-01-01\"\ncount_unfinished_stay = false",
        ),
        (
            "yuan = \"300\"",
            "yuan = \"300\"\nordinal_factors = [\"50%\", \"100%\"]",
        ),
        ("basic = \"8500\"", "basic = \"8627.50\""),
        ("basic = \"8300\"", "basic = \"8424.50\""),
    ];
    let found = said(&changed(&changes), Lint::CLIFF);
    let counts = |(_, told, _): &&(String, String, Severity)| told.contains("这次住院计入次数");
    assert_eq!(found.iter().filter(counts).count(), 1, "{found:?}");
    let always = changed(&changes[1..]);
    assert!(!said(&always, Lint::CLIFF).iter().any(|one| counts(&one)));
}

#[test]
fn rows_for_people_with_an_exception_are_told_apart() {
    // All but the poor, then the poor: together everybody.
    let text = changed(&[
        (
            "[[layer.schedule]]\nwhen = { tiers = [\"3\"] }",
            "[[layer.schedule]]\nwhen = { not = { groups = [\"poor\"] }, tiers = [\"3\"] }",
        ),
        (
            OPEN_SCHEDULE,
            "[[layer.schedule]]\nwhen = { not = { tiers = [\"3\"] } }\n\n[[layer.schedule.band]]\nfrom = \"0\"\nrate = \"80%\"",
        ),
    ]);
    one(
        &text,
        Lint::NO_RATE,
        "[[layer]]",
        &["三级医疗机构(3)", "低保对象(2303)"],
    );
    // A row without its exception is not dead behind the one with it.
    let excepted =
        OPEN_DEDUCTIBLE.replace("yuan = \"300\"", "when = { not = { groups = [\"poor\"] } }");
    let both = format!("{excepted}\nyuan = \"400\"\nsource = \"原文\"\n\n{OPEN_DEDUCTIBLE}");
    let text = changed(&[
        (OPEN_DEDUCTIBLE, &both),
        ("basic = \"8300\"", "basic = \"8217\""),
    ]);
    assert_eq!(said(&text, Lint::DEAD_ROW), vec![]);
}

#[test]
fn numbers_that_rest_on_assumptions_are_counted() {
    let area = AreaCode::parse("999999").unwrap();
    let text = skeleton(&area);
    one(
        &text,
        Lint::ASSUMED,
        "name = \"sample\"",
        &["17 处", "1 条假定"],
    );
}

#[test]
fn a_package_without_examples_is_told_so() {
    let (text, _) = PLAIN.split_once("[[example]]").unwrap();
    one(text, Lint::NO_EXAMPLE, "", &["没有一个算例"]);
}

#[test]
fn versions_leave_no_day_between_them() {
    let version = |from: &str, until: &str| {
        let days = format!("from = \"{from}\"{until}");
        let text = PLAIN
            .replace("from = \"2020-01-01\"", &days)
            .replace("2020-05-01", from);
        parsed(&text)
    };
    let first = version("2020-01-01", "\nuntil = \"2020-12-31\"");
    let gap = lint_versions(&[version("2021-01-02", ""), first.clone()]);
    let [(0, lint)] = gap.as_slice() else {
        panic!("{gap:?}");
    };
    assert_eq!(
        (lint.code, lint.severity),
        (Lint::DAY_GAP, Severity::Warning)
    );
    assert!(lint.text.contains("2021-01-01"), "{lint:?}");
    assert_eq!(
        lint_versions(&[first.clone(), version("2021-01-01", "")]),
        vec![]
    );
    let both = lint_versions(&[first, version("2020-07-01", "")]);
    assert_eq!(
        both.iter()
            .map(|(at, lint)| (*at, lint.code))
            .collect::<Vec<_>>(),
        [(1, Lint::DAY_OVERLAP)]
    );
}

#[test]
fn the_packages_of_the_suite_have_no_row_that_never_counts() {
    for package in policy::Library::builtin().unwrap().packages() {
        for lint in lint(package) {
            assert_ne!(
                lint.severity,
                Severity::Error,
                "{}: {lint:?}",
                package.name()
            );
        }
    }
}
