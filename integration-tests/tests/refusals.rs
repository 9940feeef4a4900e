//! Every "no" of the suite, frozen: codes are unique, sentences are whole, and none changes unseen.

use integration_tests::child::workspace;
use kernel::Spec;
use prost_reflect::{DescriptorPool, FileDescriptor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Set to 1 to write the golden file anew.
const BLESS: &str = "YIBAO_BLESS";
const GOLDEN: &str = "integration-tests/golden/refusals.tsv";
const HEADING: &str = "service\tcode\tkind\tsentence\tremedy\n";

/// Every list, by the crate it belongs to.
fn lists() -> [(&'static str, &'static [&'static Spec]); 11] {
    [
        ("kernel", kernel::refusal::ALL),
        ("policy", policy::refusal::ALL),
        ("runtime", runtime::refusal::ALL),
        ("saga", saga::refusal::ALL),
        ("store", store::refusal::ALL),
        ("enrollment", enrollment::refusal::ALL),
        ("inspection", inspection::refusal::ALL),
        ("interregional", interregional::refusal::ALL),
        ("orchestrator", orchestrator::refusal::ALL),
        ("referral", referral::refusal::ALL),
        ("settlement", settlement::refusal::ALL),
    ]
}

fn all() -> impl Iterator<Item = (&'static str, &'static Spec)> {
    lists()
        .into_iter()
        .flat_map(|(service, list)| list.iter().map(move |spec| (service, *spec)))
}

/// The names in braces; none when the braces do not match.
fn placeholders(text: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{')?;
        let end = inside.find(['{', '}'])?;
        names.push(&inside[..end]);
        rest = inside[end..].strip_prefix('}')?;
    }
    Some(names)
}

#[test]
fn codes_are_unique_in_the_suite() {
    let mut owners = BTreeMap::new();
    for (service, spec) in all() {
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        assert!(
            spec.code.bytes().all(plain),
            "{} is not UPPER_SNAKE",
            spec.code
        );
        let other = owners.insert(spec.code, service);
        assert_eq!(
            other, None,
            "{} is in two lists, here and in {service}",
            spec.code
        );
    }
}

#[test]
fn sentences_are_whole() {
    for (_, spec) in all() {
        let names = placeholders(spec.text);
        let names = names.unwrap_or_else(|| panic!("{}: braces do not match", spec.code));
        let snake = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(
            names.iter().all(|name| !name.is_empty() && snake(name)),
            "{}",
            spec.code
        );
        assert_eq!(
            placeholders(spec.remedy),
            Some(vec![]),
            "{}: facts in the remedy",
            spec.code
        );
        // A fact that is a sentence itself may be the end of one.
        let is_whole = |end: &str| spec.text.ends_with(end);
        let ends = ["。", "{found}", "{reason}"].into_iter().any(is_whole);
        assert!(
            ends && spec.remedy.ends_with('。'),
            "{}: 。 is missing",
            spec.code
        );
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        assert!(
            chinese(spec.text) && chinese(spec.remedy),
            "{}: not Chinese",
            spec.code
        );
        assert!(
            !spec.text.contains('\t') && !spec.remedy.contains('\t'),
            "{}",
            spec.code
        );
    }
    assert_eq!(placeholders("a{b}c{d}"), Some(vec!["b", "d"]));
    assert!(
        ["{a", "a}", "{a{b}}"]
            .iter()
            .all(|text| placeholders(text).is_none())
    );
}

#[test]
fn the_list_is_the_golden_one() {
    let mut lines: Vec<String> = all()
        .map(|(service, spec)| {
            let Spec {
                code,
                kind,
                text,
                remedy,
            } = spec;
            format!("{service}\t{code}\t{kind:?}\t{text}\t{remedy}\n")
        })
        .collect();
    lines.sort();
    let file = workspace().join(GOLDEN);
    if std::env::var(BLESS).is_ok_and(|value| value == "1") {
        std::fs::write(&file, format!("{HEADING}{}", lines.concat())).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    let golden: BTreeSet<&str> = golden.split_inclusive('\n').collect();
    let now: BTreeSet<&str> = lines.iter().map(String::as_str).chain([HEADING]).collect();
    let mut difference = String::new();
    golden
        .difference(&now)
        .for_each(|line| write!(difference, "- {line}").unwrap());
    now.difference(&golden)
        .for_each(|line| write!(difference, "+ {line}").unwrap());
    assert!(
        difference.is_empty(),
        "the refusals differ from {GOLDEN}:\n{difference}\
         Callers depend on codes: a code is never renamed, reused or removed. If the change is \
         meant, run `{BLESS}=1 cargo test -p integration-tests --test refusals` and commit the file."
    );
}

/// The codes a method's comment names are what a caller writes code against.
#[test]
fn codes_in_the_proto_comments_exist() {
    let known: BTreeSet<&str> = all().map(|(_, spec)| spec.code).collect();
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap();
    let ours = pool
        .files()
        .filter(|file| file.package_name().starts_with("yibao."));
    let mut named = 0;
    for comment in ours.flat_map(|file| service_comments(&file)) {
        let inside = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        for word in comment
            .split(|c| !inside(c))
            .filter(|word| word.trim_matches('_').contains('_'))
        {
            assert!(
                known.contains(word),
                "no list has {word}, named in: {comment}"
            );
            named += 1;
        }
    }
    assert!(named > 20, "only {named} codes: is the walk right?");
}

/// Comments of services and their methods.
fn service_comments(file: &FileDescriptor) -> Vec<String> {
    const SERVICE: i32 = 6;
    let told = file
        .file_descriptor_proto()
        .source_code_info
        .clone()
        .unwrap_or_default();
    let of_services = told
        .location
        .into_iter()
        .filter(|l| l.path.first() == Some(&SERVICE));
    of_services
        .map(|location| location.leading_comments().to_string())
        .collect()
}
