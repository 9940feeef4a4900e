//! 政策差异: every value of a package counts, comments and the order of keys do not; what is said
//! names the change and whom it concerns.

mod mutation;

use kernel::Fen;
use mutation::{Path, Step, at, leaves, lists, mutation};
use policy::{Package, PackageDiff, diff};
use toml::{Table, Value};

/// A package that uses every key, some with the value it has anyway.
const EVERY: &str = include_str!("every.toml");
/// A package none of whose values is what it would be anyway, so that each can change.
const EVERYTHING: &str = include_str!("diffs/everything.toml");

fn parsed(text: &str) -> Package {
    Package::parse("diff.toml", text).unwrap()
}

/// The sentences of a difference, each behind its subject.
fn said(difference: &PackageDiff) -> Vec<String> {
    let changes = difference.changes.iter();
    changes
        .map(|change| format!("{}：{}", change.subject, change.text))
        .collect()
}

/// What is said of a change of the package that uses everything.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(EVERYTHING.contains(from), "{from}");
    let new = EVERYTHING.replacen(from, to, 1);
    said(&diff(&parsed(EVERYTHING), &parsed(&new)))
}

#[test]
fn comments_and_the_order_of_keys_say_nothing() {
    let package = parsed(EVERYTHING);
    assert_eq!(diff(&package, &package).changes, vec![]);
    let root: Table = toml::from_str(EVERYTHING).unwrap();
    // Other spelling, keys in another order, no comments.
    let again = parsed(&toml::to_string(&root).unwrap());
    assert_ne!(again.digest(), package.digest());
    assert_eq!(said(&diff(&package, &again)), Vec::<String>::new());
    // Values that are tried together have no order.
    let turned = EVERYTHING
        .replacen("care = [\"21\", \"28\"]", "care = [\"28\", \"21\"]", 1)
        .replacen(
            "identities = [\"2303\", \"2304\"]",
            "identities = [\"2304\", \"2303\"]",
            1,
        )
        .replacen("rate = \"75%\"", "rate = \"75.00%\"", 1);
    assert_eq!(
        said(&diff(&package, &parsed(&turned))),
        Vec::<String>::new()
    );
}

/// The values of a package nothing is said of when they change, and those that cannot change.
fn unsaid(text: &str) -> (Vec<Path>, Vec<Path>) {
    let package = parsed(text);
    let root = Value::Table(toml::from_str(text).unwrap());
    let mut paths = Vec::new();
    leaves(&root, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 400, "{}", paths.len());
    let (mut silent, mut untried) = (Vec::new(), Vec::new());
    for path in paths {
        match mutation(&root, &path) {
            None => untried.push(path),
            Some(mutant) if diff(&package, &mutant).changes.is_empty() => silent.push(path),
            Some(_) => {}
        }
    }
    (silent, untried)
}

#[test]
fn every_value_of_a_package_with_every_key_counts() {
    let (silent, _) = unsaid(EVERY);
    assert!(silent.is_empty(), "nothing said of {silent:?}");
}

#[test]
fn every_value_of_a_package_counts() {
    let (silent, untried) = unsaid(EVERYTHING);
    assert!(silent.is_empty(), "nothing said of {silent:?}");
    let package = parsed(EVERYTHING);
    let bound = |path: &&Path| {
        let key = path.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        key.is_some_and(|key| BOUND.contains(&key))
    };
    assert!(
        untried.iter().all(|path| bound(&path)),
        "nothing tried of {untried:?}"
    );
    for changes in TOGETHER {
        let text = changes
            .iter()
            .fold(EVERYTHING.to_string(), |text, (from, to)| {
                assert!(text.contains(from), "{from}");
                text.replacen(from, to, 1)
            });
        assert_ne!(
            diff(&package, &parsed(&text)).changes,
            vec![],
            "{changes:?}"
        );
    }
}

/// Keys whose value cannot always change alone.
const BOUND: &[&str] = &[
    "from",
    "opens_in",
    "to",
    "payer",
    "trace",
    "on",
    "none",
    "enters",
    "bands_over",
    "deductible_per",
    "deductible_from",
    "opens_in",
];

/// Changes of those together with what binds them.
const TOGETHER: &[&[(&str, &str)]] = &[
    &[
        ("to = \"30000\"", "to = \"30000.01\""),
        ("from = \"30000\"", "from = \"30000.01\""),
    ],
    &[
        ("to = \"50000\"", "to = \"60000\""),
        ("from = \"50000\"", "from = \"60000\""),
    ],
    &[(
        "trace = \"account\"\npayer = \"account\"\naccount = [\"past\", \"current\"]\n",
        "trace = \"unlisted\"\n",
    )],
    &[(
        "deductible_from = \"payment\"",
        "origin = \"above_deductible\"",
    )],
    &[
        ("incentive = {", "# {"),
        (
            "on = \"fund\"\nyuan = \"250000\"",
            "on = \"expense\"\nyuan = \"250000\"",
        ),
    ],
    &[("none = true", "yuan = \"1\"")],
    &[(
        "enters = [\"in_scope\", \"referral\"]\nlines = [\"others\", \"tcm\"]",
        "enters = [\"referral\"]",
    )],
    &[
        ("bands_over = \"year\"\n", ""),
        ("deductible_as = \"charged\"\n", ""),
    ],
    &[
        ("deductible_per = \"year\"\n", ""),
        ("deductible_as = \"charged\"\n", ""),
    ],
    &[
        ("opens_in = \"previous\"", "opens_in = \"same\""),
        ("closes_in = \"previous\"", "closes_in = \"same\""),
    ],
];

#[test]
fn every_row_of_a_package_counts() {
    let package = parsed(EVERYTHING);
    let root = Value::Table(toml::from_str(EVERYTHING).unwrap());
    let mut paths = Vec::new();
    lists(&root, &mut Vec::new(), &mut paths);
    let mut tried = 0;
    for path in &paths {
        let count = at(&mut root.clone(), path).as_array().unwrap().len();
        for index in 0..count {
            let mut mutant = root.clone();
            at(&mut mutant, path).as_array_mut().unwrap().remove(index);
            let Ok(mutant) = Package::parse("mutant", &toml::to_string(&mutant).unwrap()) else {
                continue;
            };
            tried += 1;
            let changes = diff(&package, &mutant).changes;
            assert!(
                !changes.is_empty(),
                "nothing said of {path:?} without {index}"
            );
        }
    }
    assert!(tried > 60, "{tried}");
}

/// What stands in the package, what it becomes, and what is said.
const SAID: &[(&str, &str, &[&str])] = &[
    (
        "yuan = \"1200\"",
        "yuan = \"900\"",
        &[
            "职工医保：参保人在三级医疗机构普通住院、日间手术：起付线的标准由 1,200 元 改为 900 元。",
        ],
    ),
    (
        "rate = \"75%\"",
        "rate = \"78%\"",
        &["职工医保：参保人在三级医疗机构普通住院、日间手术：第1段的比例由 75% 改为 78%。"],
    ),
    (
        "points = \"5%\"",
        "points = \"8%\"",
        &[
            "职工医保：低保对象普通住院、日间手术：调整 tilt的比例由 5%（百分点） 改为 8%（百分点）。",
        ],
    ),
    (
        "identities = [\"2303\", \"2304\"]",
        "identities = [\"2303\", \"2305\"]",
        &[
            "人群 低保对象（用于职工医保、参保资助、待遇起始）：身份增加 低收入家庭(2305)，去掉 特困人员(2304)。",
        ],
    ),
    (
        "yuan = \"250000\"",
        "yuan = \"300000\"",
        &["封顶线（基金支付，每年）的限额由 250,000 元 改为 300,000 元。"],
    ),
    (
        "source = \"原文：人群\"\nassumed = \"reading\"",
        "source = \"原文：人群\"",
        &["依据由原文“原文：人群”，按假定 reading 理解改为原文“原文：人群”。"],
    ),
    (
        "when = { tiers = [\"3\"] }\nyuan = \"1200\"",
        "when = { tiers = [\"3\"], places = [\"city\"] }\nyuan = \"1200\"",
        &[
            "由适用于参保人在三级医疗机构普通住院、日间手术改为适用于参保人在市内其他区县的三级医疗机构",
        ],
    ),
    (
        "when = { care = [\"14\"], ",
        "when = { care = [\"14\", \"18\"], ",
        &["门诊慢特病：适用范围的医疗类别增加 特药(18)。"],
    ),
    (
        "year = 2025\ntier = \"2\"",
        "year = 2024\ntier = \"2\"",
        &["取消个人缴费", "新增个人缴费"],
    ),
];

#[test]
fn what_is_said_names_the_change_and_whom_it_concerns() {
    for (from, to, words) in SAID {
        let said = changed(from, to);
        for word in *words {
            assert!(
                said.iter().any(|said| said.contains(word)),
                "no {word}: {said:#?}"
            );
        }
    }
}

#[test]
fn an_assumption_that_found_its_source_is_said_so() {
    let text = policy::skeleton(&kernel::AreaCode::parse("999999").unwrap());
    let from = "yuan = \"1000\"\nassumed = \"sample\"";
    assert!(text.contains(from));
    let new = text.replacen(from, "yuan = \"1000\"\nsource = \"起付标准为1000元\"", 1);
    let said = said(&diff(&parsed(&text), &parsed(&new)));
    let words = "起付线原为假定 sample，现有原文“起付标准为1000元”";
    assert!(said.iter().any(|said| said.contains(words)), "{said:#?}");
}

#[test]
fn an_order_counts_only_where_it_decides() {
    let text = policy::skeleton(&kernel::AreaCode::parse("999999").unwrap());
    let start = text.find("[[layer.deductible]]").unwrap();
    // In the place of the two rows the skeleton has before the open one.
    let end = start + text[start..].find("[[layer.deductible]]\nyuan").unwrap();
    let row = |when: &str, yuan: u32| {
        let (when, origin) = (format!("when = {{ {when} }}"), "assumed = \"sample\"");
        format!("[[layer.deductible]]\n{when}\nyuan = \"{yuan}\"\n{origin}\n\n")
    };
    let swapped = |one: &str, other: &str| {
        let with = |rows: [String; 2]| {
            let mut text = text.clone();
            text.replace_range(start..end, &rows.concat());
            parsed(&text)
        };
        let old = with([row(one, 600), row(other, 1_000)]);
        let new = with([row(other, 1_000), row(one, 600)]);
        said(&diff(&old, &new))
    };
    // Nobody is in hospitals of two tiers.
    assert_eq!(
        swapped("tiers = [\"2\"]", "tiers = [\"3\"]"),
        Vec::<String>::new()
    );
    let said = swapped("tiers = [\"2\"]", "kinds = [\"A2\"]");
    assert!(said.len() == 1 && said[0].contains("先后次序"), "{said:?}");
}

#[test]
fn examples_are_priced_by_both_on_the_new_ones_day() {
    let text = policy::skeleton(&kernel::AreaCode::parse("999999").unwrap());
    let old = parsed(&text);
    let new = text
        .replacen("2025-01-01", "2027-01-01", 1)
        .replace("2025-05-10", "2027-05-10")
        .replace("2025-09-01", "2027-09-01")
        .replacen("rate = \"60%\"", "rate = \"65%\"", 1)
        .replacen("name = \"二级医院\"", "name = \"新的二级医院\"", 1);
    let new = parsed(&new);
    let difference = diff(&old, &new);
    let case = |name: &str| {
        difference
            .cases
            .iter()
            .find(|case| case.name == name)
            .unwrap()
    };
    // (21000-1000) at 65 % instead of 60 %.
    let third = case("三级医院");
    assert_eq!((third.burden(), third.is_new), (Fen::yuan(-1_000), true));
    assert_eq!(
        (third.old.funds, third.new.funds),
        (Fen::yuan(12_000), Fen::yuan(13_000))
    );
    assert_eq!(case("新的二级医院").burden(), Fen::ZERO);
    assert!(!case("二级医院").is_new);
    // One that follows another begins where that one ends by the same package: 18,000 and 16,000 of
    // the year, 12,000 of which are deducted.
    let followed = case("大病接续全年累计");
    assert_eq!(followed.old.funds, Fen::yuan(12_000 + 3_600));
    assert_eq!(followed.new.funds, Fen::yuan(13_000 + 2_400));
}
