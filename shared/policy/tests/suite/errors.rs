//! What is refused, where it is said to be, and what is said to be expected. One line per case,
//! each one edit of a package that has every key.

mod claims;
mod examples;
mod layers;

use crate::keys::EVERY;
use crate::{PLACE, waiting::refused};
use kernel::*;
use policy::{Library, PACKAGE_BYTES_MAX, Package};

/// What stands in the package, what it becomes, where the error points, what it says.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn all_refused(cases: &[Case]) {
    for (from, to, place, message) in cases {
        refused(EVERY, from, to, place, message);
    }
}

#[rustfmt::skip]
const WORDS: &[Case] = &[
    // A key misspelt, missing, of a wrong type, given twice; a word nobody knows.
    ("base = \"rest\"", "basis = \"rest\"", "basis", "unknown field `basis`, expected one of"),
    ("title = \"虚构地区", "# title = \"虚构地区", "", "missing field `title`"),
    ("area = \"999999\"", "", "", "missing field `area`"),
    ("per_days = 180", "per_days = \"180\"", "\"180\"", "invalid type"),
    ("per_days = 180", "per_days = -1", "-1", "invalid value"),
    ("per_days = 180", "per_days = 180\nper_days = 180", "per_days", "duplicate key"),
    ("cross_year = \"split_deductible_once\"", "cross_year = \"split\"", "\"split\"",
        "expected one of `discharge`, `split_deductible_once`, `split_as_one_stay`"),
    ("refund = \"replay\"", "refund = \"none\"", "\"none\"", "`newest_first`, `accept`, `replay`"),
    ("places = [\"outside\"]", "places = [\"abroad\"]", "\"abroad\"", "`district`, `city`"),
    ("filing = [\"none\"] }", "filing = [\"no\"] }", "\"no\"", "`none`, `referred`, `emergency`"),
    ("not = { diagnoses", "nor = { diagnoses", "nor", "unknown field `nor`"),
    ("count_unfinished_stay = false", "count_unfinished_stay = \"no\"", "\"no\"", "a boolean"),
    // Amounts, rates, days, codes.
    ("yuan = \"6000\"", "yuan = \"6千\"", "\"6千\"", "expected yuan from 0 to 100000000000"),
    ("yuan = \"6000\"", "yuan = 6000", "6000", "invalid type: integer"),
    ("yuan = \"6000\"", "yuan = 6000.0", "6000.0", "invalid type: floating point"),
    ("yuan = \"6000\"", "yuan = \"-6000\"", "\"-6000\"", "expected yuan from 0"),
    ("yuan = \"6000\"", "yuan = \"6000.001\"", "\"6000.001\"", "at most two decimals"),
    ("yuan = \"6000\"", "yuan = \"100000000000.01\"", "\"100000000000.01\"", "expected yuan from"),
    ("yuan = \"6000\"", "yuan = \"9999999999999999999\"", "\"9999", "expected yuan from 0"),
    ("rate = \"75%\"", "rate = \"100.01%\"", "\"100.01%\"", "expected a rate from 0% to 100%"),
    ("rate = \"75%\"", "rate = \"-1%\"", "\"-1%\"", "expected a rate from 0% to 100%"),
    ("rate = \"75%\"", "rate = \"75\"", "\"75\"", "expected a rate from 0% to 100%"),
    ("rate = \"75%\"", "rate = \"75.001%\"", "\"75.001%\"", "at most two decimals"),
    ("rate = \"75%\"", "rate = \"99999999999999999999%\"", "\"9999", "expected a rate from"),
    ("points = \"5%\"", "points = \"-100.01%\"", "\"-100.01%\"", "expected percentage points"),
    ("factor = \"110%\"", "factor = \"1000.01%\"", "\"1000.01%\"", "expected a factor from 0% to"),
    ("factor = \"110%\"", "factor = \"-1%\"", "\"-1%\"", "expected a factor from 0% to 1000%"),
    ("from = \"2017-01-01\"", "from = \"2017-1-1\"", "\"2017-1-1\"", "expected a day"),
    ("from = \"2017-01-01\"", "from = \"2017-02-29\"", "\"2017-02-29\"", "expected a day"),
    ("from = \"2017-01-01\"", "from = 2017-01-01", "2017-01-01",
        "expected a string in quotes, such as \"2017-01-01\" or \"500\""),
    ("until = \"2027-12-31\"", "until = \"2016-12-31\"", "\"2016-12-31\"",
        "expected a day not before 2017-01-01"),
    ("area = \"999999\"", "area = \"9999\"", "\"9999\"", "expected 六位数字"),
    ("scheme = \"310\"", "scheme = \"居民\"", "\"居民\"", "expected 1至12个"),
    ("identities = [\"2303\"]\nsource", "identities = [\"低保\"]\nsource", "[\"低保\"]",
        "expected 1至12个"),
    // Words and lists with nothing in them.
    ("title = \"虚构地区职工待遇\"", "title = \"\"", "\"\"", "expected words, got \"\""),
    ("document = \"《虚构办法》\"", "document = \" \"", "\" \"", "expected words"),
    ("text = \"原文两读。\"", "text = \"\"", "\"\"", "expected words"),
    ("title = \"低保对象\"", "title = \"\"", "\"\"", "expected words"),
    ("title = \"上年度职工月平均工资\"", "title = \"\"", "\"\"", "expected words"),
    ("title = \"靶向药\"", "title = \"\"", "\"\"", "expected words"),
    ("title = \"另一套待遇\"", "title = \"\"", "\"\"", "expected words"),
    ("name = \"职工基本医保\"", "name = \"\"", "\"\"", "expected words"),
    ("identities = [\"2303\"]\nsource", "identities = []\nsource", "[]", "at least one value"),
    ("marks = [\"ethnic\"]", "marks = []", "[]", "expected at least one value"),
    ("classes = [\"01\", \"02\"]", "classes = []", "[]", "expected at least one value"),
    ("items = [\"XL01\"]", "items = []", "[]", "expected at least one value"),
    ("items = [\"XL01\"]", "items = [\"XL01\", \"\"]", "[[lines]]", "none of them empty"),
    ("lines = [\"targeted\"]", "lines = []", "[]", "expected at least one value"),
];

#[test]
fn words_and_numbers_are_checked_where_they_stand() {
    all_refused(WORDS);
}

#[rustfmt::skip]
const REFERENCES: &[Case] = &[
    ("assumed = \"rates\"", "assumed = \"rate\"", "\"rate\"",
        "expected the name of an [[assumption]], got \"rate\""),
    ("groups = [\"poor\", \"destitute\"]", "groups = [\"poor\", \"rich\"]", "\"rich\"",
        "expected the name of a [[group]], got \"rich\""),
    ("lines = [\"targeted\"]", "lines = [\"drugs\"]", "\"drugs\"",
        "expected \"others\" or the name of a [[lines]], got \"drugs\""),
    ("figure = \"wage\"\nrate = \"5%\"", "figure = \"wages\"\nrate = \"5%\"", "\"wages\"",
        "expected the name of a [[figure]]"),
    ("figure = \"wage\"\nrate = \"900%\"", "figure = \"wages\"\nrate = \"900%\"", "\"wages\"",
        "expected the name of a [[figure]]"),
    ("with = \"employee\"", "with = \"employees\"", "\"employees\"",
        "expected the name of an [[alternative]]"),
    // Names given twice, or that are none.
    ("name = \"reading\"", "name = \"rates\"", "\"rates\"",
        "expected a name no other assumption has"),
    ("name = \"destitute\"", "name = \"poor\"", "[[group]]", "no other group has, got \"poor\""),
    ("[[lines]]\nname = \"tcm\"", "[[figure]]\nname = \"wage\"\ntitle = \"x\"\nyuan = \"1\"\n\
        source = \"x\"\n\n[[lines]]\nname = \"tcm\"", "[[figure]]",
        "expected a name no other figure"),
    ("name = \"targeted\"", "name = \"tcm\"", "[[lines]]",
        "expected a name no other group of lines"),
    ("name = \"targeted\"", "name = \"others\"", "\"others\"", "a name other than \"others\""),
    ("name = \"targeted\"", "name = \"靶向\"", "\"靶向\"", "expected 1 to 32 characters of [a-z0-9_]"),
    ("name = \"targeted\"", "name = \"\"", "\"\"", "expected 1 to 32 characters of [a-z0-9_]"),
    ("marks = [\"ethnic\"]\nclasses = [\"01\", \"02\"]\n", "", "[[lines]]",
        "expected marks, classes or items"),
    ("[[alternative]]", "[[alternative]]\nname = \"employee\"\ntitle = \"x\"\nsource = \"x\"\n\
        layer = []\n\n[[alternative]]", "\"employee\"", "expected a name no other alternative"),
    ("rule = \"other_basic\"", "payer = \"hospital\"\nrule = \"other_basic\"",
        "[[alternative.layer]]", "expected payer = \"fund\" in an alternative"),
    // Where numbers come from.
    ("[[figure]]\nname = \"wage\"\ntitle = \"上年度职工月平均工资\"\nyuan = \"6000\"\n\
        source = \"第二条\"\nassumed = \"reading\"", "[[figure]]\nname = \"wage\"\n\
        title = \"工资\"\nyuan = \"6000\"", "[[figure]]", "expected source = the words of"),
    ("source = \"第四条\"", "source = \" \"", "[[first_pay]]", "expected source = the words of"),
    ("rate = \"85%\"\nassumed = \"rates\"", "rate = \"85%\"", "[[layer.schedule.band]]",
        "or assumed = the name of an"),
    // Conditions.
    ("ages = { from = 70, to = 120 }", "ages = { from = 70, to = 69 }", "{ from",
        "expected from, to, or both with from ≤ to ≤ 200"),
    ("ages = { from = 70, to = 120 }", "ages = { from = 201 }", "{ from",
        "expected from, to, or both with from ≤ to ≤ 200"),
    ("ages = { from = 70, to = 120 }", "ages = { }", "{ }", "expected from, to, or both"),
    ("ages = { from = 70, to = 120 }", "ages = { from = -1 }", "-1", "invalid value"),
    ("kinds = [\"A1\", \"A2\", \"B1\"]", "kinds = []", "[]", "expected at least one value"),
    ("not = { diagnoses = [\"Z\"], same_year = false }", "not = { not = { care = [\"21\"] } }",
        "{ not", "expected no not inside not"),
    ("not = { diagnoses = [\"Z\"], same_year = false }", "not = { }", "{ }",
        "expected at least one condition"),
    ("diagnoses = [\"Z\"]", "diagnoses = [\"\"]", "[\"\"]", "expected 1至30个"),
    // Rows that never count.
    ("when = { tiers = [\"3\"] }\nlines = [\"targeted\"]", "lines = [\"targeted\"]",
        "[[first_pay]]", "expected a row for lines no earlier row takes: this one never counts"),
    ("[[referral]]", "[[referral]]\nfirst_pay = \"10%\"\nsource = \"x\"\n\n[[referral]]",
        "[[referral]]", "expected the row without conditions to be the last"),
];

#[test]
fn references_sources_and_conditions_are_checked() {
    all_refused(REFERENCES);
}

#[test]
fn tables_have_a_most() {
    let group = |number: usize| {
        format!(
            "[[group]]\nname = \"g{number}\"\ntitle = \"x\"\nidentities = [\"2303\"]\n\
             source = \"x\"\n"
        )
    };
    let groups = (0..200).map(group).collect::<String>();
    refused(
        EVERY,
        "[[figure]]",
        &format!("{groups}\n[[figure]]"),
        "[[group]]",
        "at most 200 rows",
    );
    let lines = |number: usize| {
        format!(
            "[[lines]]\nname = \"l{number}\"\ntitle = \"x\"\nmarks = [\"m{number}\"]\n\
             source = \"x\"\n"
        )
    };
    let lines = (0..14).map(lines).collect::<String>();
    let more = format!("{lines}\n[[first_pay]]");
    refused(
        EVERY,
        "[[first_pay]]",
        &more,
        "[[lines]]",
        "at most 15 groups of lines",
    );
}

#[test]
fn an_error_prints_like_a_compilers() {
    let error = Package::parse("x.toml", "title = \"中\"\narea = \"1\"\n").unwrap_err();
    assert_eq!(error.to_string(), "x.toml:2:8: expected 六位数字");
    let error = Package::parse("x.toml", "title = \"中\" 文").unwrap_err();
    assert_eq!((error.line, error.column), (1, 13));
    let error = Package::parse("x.toml", &" ".repeat(PACKAGE_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(error.message, "expected at most 1048576 bytes");
}

#[test]
fn a_library_refuses_overlaps_and_examples_that_do_not_hold() {
    let parse = |text: &str| Package::parse("a.toml", text).unwrap();
    let error = Library::new(vec![parse(PLACE), parse(PLACE)]).unwrap_err();
    assert!(error.message.contains("999999/2017-01-01"), "{error}");
    let line = PLACE.lines().nth(error.line - 1).unwrap();
    assert!(line.starts_with("from = \"2017-01-01\""));

    let wrong = PLACE.replacen("cash = \"5375\"", "cash = \"5375.01\"", 1);
    let error = Library::new(vec![parse(&wrong)]).unwrap_err();
    assert!(
        error
            .message
            .contains("cash expected 5,375.01, got 5,375.00"),
        "{error}"
    );
    assert_eq!(wrong.lines().nth(error.line - 1), Some("[[example]]"));
}

#[test]
fn a_library_chooses_by_area_scheme_and_day() {
    let parse = |text: &str| Package::parse("a.toml", text).unwrap();
    let from = "from = \"2017-01-01\"";
    let first = PLACE.replacen(from, "from = \"2017-01-01\"\nuntil = \"2017-12-31\"", 1);
    let second = PLACE
        .replacen(from, "from = \"2018-01-01\"", 1)
        .replace("2017-05-10", "2018-05-10");
    let library = Library::new(vec![parse(&first), parse(&second)]).unwrap();
    let area = AreaCode::parse("999999").unwrap();
    let on = |day: &str| {
        let found = library.select(&area, &Scheme::Resident, Day::parse(day).unwrap());
        found.map(|package| package.name().to_string())
    };
    assert_eq!(on("2016-12-31"), None);
    assert_eq!(on("2017-12-31").as_deref(), Some("999999/2017-01-01"));
    assert_eq!(on("2018-01-01").as_deref(), Some("999999/2018-01-01"));
    let digest = Digest::of(first.as_bytes());
    assert_eq!(
        library.by_digest(digest).unwrap().name(),
        "999999/2017-01-01"
    );
    assert!(library.by_digest(Digest::of(b"")).is_none());
    let employee = library.select(&area, &Scheme::Employee, Day::new(2017, 5, 1).unwrap());
    assert!(employee.is_none());
}
