//! What an author sees: statuses, places, and that every page keeps to its width.

use super::{Authoring, SHOWN_MAX, obey, shown};
use kernel::AreaCode;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

/// Columns of a page at most.
const COLUMNS: usize = 100;

fn printed(command: &Authoring) -> (ExitCode, String) {
    let mut bytes = Vec::new();
    let code = obey(command, &mut bytes).unwrap();
    (code, String::from_utf8(bytes).unwrap())
}

/// A folder with the skeleton in it, after these replacements.
fn skeleton(changes: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let text = policy::skeleton(&AreaCode::parse("999999").unwrap());
    let text = changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let file = written(&folder, "p.toml", &text);
    (folder, file)
}

fn written(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn check(files: &[&Path]) -> (ExitCode, String) {
    let files = files.iter().map(|file| file.to_path_buf()).collect();
    printed(&Authoring::Check { files })
}

fn explain(file: &Path, claim: &str) -> (ExitCode, String) {
    printed(&Authoring::Explain {
        file: file.to_path_buf(),
        claim: claim.to_string(),
    })
}

fn diff(old: &Path, new: &Path) -> (ExitCode, String) {
    printed(&Authoring::Diff {
        old: old.to_path_buf(),
        new: new.to_path_buf(),
    })
}

#[test]
fn a_new_package_is_accepted_as_it_stands_and_nothing_is_overwritten() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("new.toml");
    let new = Authoring::New {
        area: AreaCode::parse("330523").unwrap(),
        out: Some(file.clone()),
    };
    let (code, told) = printed(&new);
    assert!(
        code == ExitCode::SUCCESS && told.contains("yibao policy check"),
        "{told}"
    );
    let (code, told) = check(&[&file]);
    assert_eq!(code, ExitCode::SUCCESS, "{told}");
    for said in [
        "算例：6 个，全部相符",
        "错误 0 处，提醒 0 处",
        "结论：可以启用",
    ] {
        assert!(told.contains(said), "no {said} in {told}");
    }
    std::fs::write(&file, "mine").unwrap();
    assert_eq!(printed(&new).0, ExitCode::from(2));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    let (code, text) = printed(&Authoring::New {
        area: AreaCode::parse("330523").unwrap(),
        out: None,
    });
    assert!(
        code == ExitCode::SUCCESS && text.contains("area = \"330523\""),
        "{text}"
    );
}

#[test]
fn a_check_says_what_keeps_a_package_from_being_used() {
    let (folder, bad) = skeleton(&[("rate = \"60%\"", "rate = \"160%\"")]);
    let (code, told) = check(&[&bad]);
    assert_eq!(code, ExitCode::from(1));
    for said in [
        &*format!("{}:", bad.display()),
        "| rate = \"160%\"",
        "^",
        "from 0% to 100%",
    ] {
        assert!(told.contains(said), "no {said} in {told}");
    }
    let (_folder, wrong) = skeleton(&[("cash = \"9000\"", "cash = \"9001\"")]);
    let (code, told) = check(&[&wrong]);
    assert_eq!(code, ExitCode::from(1));
    for said in [
        "5 个相符，1 个不符",
        "三级医院",
        "cash",
        "9,001.00",
        "9,000.00",
        "不能启用",
    ] {
        assert!(told.contains(said), "no {said} in {told}");
    }
    let row = "[[layer.deductible]]\nwhen = { tiers = [\"2\"] }";
    let twice = format!("{row}\nyuan = \"700\"\nassumed = \"sample\"\n\n{row}");
    let (_folder, dead) = skeleton(&[(row, &twice)]);
    let (code, told) = check(&[&dead]);
    assert_eq!(code, ExitCode::from(1));
    assert!(
        told.contains("错误 DEAD_ROW") && told.contains("错误 1 处"),
        "{told}"
    );
    assert_eq!(
        check(&[&folder.path().join("none.toml")]).0,
        ExitCode::from(2)
    );
}

#[test]
fn a_warning_keeps_nothing_back_and_versions_are_compared() {
    let (_one, first) = skeleton(&[("# until = \"2025-12-31\"", "until = \"2025-12-30\"")]);
    let later = |text: &str| text.replace("2025-", "2026-");
    let folder = TempDir::new().unwrap();
    let text = later(&policy::skeleton(&AreaCode::parse("999999").unwrap()));
    let second = written(&folder, "second.toml", &text);
    let (code, told) = check(&[&first, &second]);
    assert_eq!(code, ExitCode::SUCCESS, "{told}");
    assert!(
        told.contains("提醒 DAY_GAP") && told.contains("2025-12-31"),
        "{told}"
    );
}

#[test]
fn a_claim_is_explained_by_name_or_from_a_file() {
    let (folder, package) = skeleton(&[]);
    let (code, told) = explain(&package, "大病两段");
    assert_eq!(code, ExitCode::SUCCESS);
    let said = [
        "规则",
        "依据",
        "金额",
        "比例",
        "结果",
        "critical.band2 PL02",
        "〔假定〕",
        "三、谁付多少",
        "54,700.00",
    ];
    for said in said {
        assert!(told.contains(said), "no {said} in {told}");
    }
    let case =
        "day = \"2025-05-10\"\ncare = \"21\"\ntier = \"3\"\nkind = \"A1\"\nbill = \"21000\"\n";
    let file = written(&folder, "case.toml", case);
    let (code, from_file) = explain(&package, file.to_str().unwrap());
    assert_eq!(code, ExitCode::SUCCESS);
    assert!(
        from_file.contains("12,000.00") && from_file.contains("sample："),
        "{from_file}"
    );
    let bad = written(&folder, "bad.toml", &case.replace("21000", "二万"));
    let (code, told) = explain(&package, bad.to_str().unwrap());
    assert_eq!(code, ExitCode::from(1));
    assert!(
        told.contains("bad.toml:5:8") && told.contains("^"),
        "{told}"
    );
    assert_eq!(explain(&package, "四级医院").0, ExitCode::from(2));
}

#[test]
fn a_difference_is_told_in_words_with_what_it_costs() {
    let (_one, old) = skeleton(&[]);
    let (_two, new) = skeleton(&[
        ("yuan = \"1000\"", "yuan = \"800\""),
        ("deductible = \"1000\"", "deductible = \"800\""),
    ]);
    let (code, told) = diff(&old, &old);
    assert!(
        code == ExitCode::SUCCESS && told.contains("没有变化。"),
        "{told}"
    );
    let (code, told) = diff(&old, &new);
    assert_eq!(code, ExitCode::SUCCESS);
    let said = [
        "参保人在三级医疗机构普通住院、日间手术：起付线的标准由 1,000 元 改为 800 元。",
        "-120.00",
        "少负担的",
    ];
    for said in said {
        assert!(told.contains(said), "no {said} in {told}");
    }
}

#[test]
fn every_page_keeps_to_its_width() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/policy/packages");
    let file = |name: &str| packages.join(name);
    let (old, new) = (
        file("152501/2016-01-01.toml"),
        file("152501/2017-01-01.toml"),
    );
    let anji = file("330523/2020-01-01.toml");
    let mut pages = vec![check(&[&anji]).1, diff(&old, &new).1];
    let text = std::fs::read_to_string(&anji).unwrap();
    let package = policy::Package::parse("p.toml", &text).unwrap();
    pages.extend(
        package
            .examples()
            .iter()
            .map(|example| explain(&anji, example.name()).1),
    );
    for line in pages.iter().flat_map(|page| page.lines()) {
        // Only the name of a file is not broken, so that it can be pasted.
        let is_place = line.starts_with(anji.to_str().unwrap());
        assert!(
            is_place || line.width() <= COLUMNS,
            "{} {line}",
            line.width()
        );
    }
}

#[test]
fn the_caret_stands_below_what_is_wrong() {
    assert_eq!(
        shown("rate = \"160%\"", 8),
        ("rate = \"160%\"".to_string(), 7)
    );
    // A Chinese character is two columns wide.
    assert_eq!(shown("名称 = 1", 4).1, 5);
    let long = "字".repeat(200);
    let (part, caret) = shown(&long, 150);
    assert!(
        part.width() <= SHOWN_MAX && caret <= SHOWN_MAX / 2,
        "{part} {caret}"
    );
    assert_eq!(shown("", 9), (String::new(), 0));
}
