//! The arrows between crates, as absences: who may depend on whom, and what the pure crates must
//! not know.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which of our crates each may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("policy", &["kernel"]),
    ("proto", &[]),
    ("runtime", &["kernel", "proto"]),
    ("saga", &["kernel"]),
    ("store", &["kernel"]),
    (
        "enrollment",
        &["kernel", "policy", "proto", "runtime", "store"],
    ),
    (
        "settlement",
        &["kernel", "policy", "proto", "runtime", "store"],
    ),
    (
        "referral",
        &["kernel", "policy", "proto", "runtime", "store"],
    ),
    (
        "inspection",
        &["kernel", "policy", "proto", "runtime", "store"],
    ),
    ("interregional", &["kernel", "proto", "runtime", "store"]),
    (
        "orchestrator",
        &["kernel", "proto", "runtime", "saga", "store"],
    ),
];

/// The only crates that may know everything of ours.
const WHOLE: &[&str] = &["yibao", "integration-tests"];

/// What the pure crates must not reach, directly or through others.
const IMPURE: &[&str] = &[
    "tokio", "tonic", "sea-orm", "sqlx", "redis", "rand", "prost", "axum",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn crates_depend_along_the_arrows_only() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages
        .iter()
        .filter(|package| package["source"].is_null())
        .map(|package| text(package, "name"))
        .collect();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for package in packages
        .iter()
        .filter(|package| package["source"].is_null())
    {
        let name = text(package, "name");
        if WHOLE.contains(&name) {
            continue;
        }
        let allowed = allowed
            .get(name)
            .unwrap_or_else(|| panic!("{name} has no arrows here"));
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let on = text(dependency, "name");
            assert!(
                !ours.contains(on) || allowed.contains(&on),
                "{name} must not know {on}"
            );
        }
    }
}

#[test]
fn pure_crates_reach_no_io() {
    let metadata = metadata();
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let names: BTreeMap<&str, &str> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| (text(package, "id"), text(package, "name")))
        .collect();
    let normal = |node: &Value| -> Vec<String> {
        let dependencies = node["deps"].as_array().cloned().unwrap_or_default();
        let is_normal = |dependency: &Value| {
            let kinds = dependency["dep_kinds"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            kinds.iter().any(|kind| kind["kind"].is_null())
        };
        dependencies
            .iter()
            .filter(|d| is_normal(d))
            .map(|d| text(d, "pkg").to_string())
            .collect()
    };
    for pure in ["kernel", "policy", "saga"] {
        let start = names
            .iter()
            .find(|(_, name)| **name == pure)
            .expect("the crate")
            .0;
        let mut seen = BTreeSet::from([start.to_string()]);
        let mut open = vec![start.to_string()];
        while let Some(id) = open.pop() {
            let node = nodes
                .iter()
                .find(|node| text(node, "id") == id)
                .expect("a node");
            for next in normal(node) {
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        let reached: BTreeSet<&str> = seen.iter().map(|id| names[id.as_str()]).collect();
        for impure in IMPURE {
            assert!(!reached.contains(impure), "{pure} reaches {impure}");
        }
        assert!(
            reached.len() > 3,
            "{pure} reaches almost nothing: is the walk right?"
        );
    }
}

/// What the workspace says of lints holds in every crate: `unsafe` is forbidden in each of them.
#[test]
fn every_crate_inherits_the_lints() {
    let root = manifest(&workspace().join("Cargo.toml"));
    let forbidden = root["workspace"]["lints"]["rust"]["unsafe_code"].as_str();
    assert_eq!(forbidden, Some("forbid"));
    let crates = crates();
    for (path, manifest) in &crates {
        let inherits = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"));
        let inherits = inherits.and_then(toml::Value::as_bool);
        assert_eq!(inherits, Some(true), "{}: [lints]", path.display());
    }
    assert!(crates.len() > 13, "only {} crates", crates.len());
}

/// Dependencies that no source of the crate names, and why they are there.
const UNNAMED: &[(&str, &str, &str)] = &[
    ("proto", "prost-types", "the generated code names it"),
    ("proto", "tonic-prost", "the generated code names it"),
];

#[test]
fn every_dependency_is_used() {
    let root = manifest(&workspace().join("Cargo.toml"));
    let offered = root["workspace"]["dependencies"]
        .as_table()
        .expect("a table");
    let (mut wanted, mut idle) = (BTreeSet::new(), Vec::new());
    for (path, manifest) in crates() {
        let name = manifest["package"]["name"].as_str().expect("a name");
        let folder = path.parent().expect("its folder");
        let source = sources(folder);
        for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let dependencies = manifest.get(table).and_then(toml::Value::as_table);
            for dependency in dependencies.into_iter().flat_map(|table| table.keys()) {
                wanted.insert(dependency.clone());
                let excused =
                    |(of, what, _): &&(&str, &str, &str)| *of == name && what == dependency;
                let is_named = names(&source, &dependency.replace('-', "_"));
                // An excuse that is no longer needed goes.
                if is_named == UNNAMED.iter().any(|excuse| excused(&excuse)) {
                    idle.push(format!("{name}: {dependency}"));
                }
            }
        }
    }
    let unwanted = offered.keys().filter(|offered| !wanted.contains(*offered));
    idle.extend(unwanted.map(|offered| format!("the workspace: {offered}")));
    assert!(idle.is_empty(), "nothing uses {idle:#?}");
}

/// The workspace's folder.
fn workspace() -> &'static Path {
    integration_tests::child::workspace()
}

fn manifest(path: &Path) -> toml::Table {
    let text = std::fs::read_to_string(path).expect("a manifest");
    text.parse().expect("TOML")
}

/// Every crate's manifest.
fn crates() -> Vec<(PathBuf, toml::Table)> {
    let mut found = vec![workspace().join("integration-tests/Cargo.toml")];
    for folder in ["shared", "services"] {
        let folders = std::fs::read_dir(workspace().join(folder)).expect("a folder");
        let crates = folders.map(|entry| entry.expect("an entry").path().join("Cargo.toml"));
        found.extend(crates.filter(|path| path.is_file()));
    }
    let read = |path: PathBuf| {
        let manifest = manifest(&path);
        (path, manifest)
    };
    found.into_iter().map(read).collect()
}

/// All Rust of a crate.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all += &std::fs::read_to_string(&path).expect("a source");
        }
    }
    all
}

/// True when the text names something of this crate.
fn names(text: &str, crate_name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(&format!("{crate_name}::"))
        .any(|(at, _)| !text[..at].ends_with(is_word))
}

/// Paths go stale in prose first.
#[test]
fn every_path_the_readme_names_exists() {
    let root = workspace();
    let mut seen = 0;
    for file in ["README.md", "README.zh-CN.md"] {
        let readme = std::fs::read_to_string(root.join(file)).expect("a README");
        // What stands between backticks is every second piece.
        for path in readme.split('`').skip(1).step_by(2) {
            let begins = [
                "proto/",
                "shared/",
                "services/",
                "deploy/",
                "integration-tests/",
            ];
            let is_path = begins.iter().any(|begin| path.starts_with(begin));
            if is_path && !path.contains(['<', ' ', '…', '\n']) {
                assert!(root.join(path).exists(), "{file} names {path}");
                seen += 1;
            }
        }
    }
    assert!(seen > 15, "only {seen} paths: is the walk right?");
}
