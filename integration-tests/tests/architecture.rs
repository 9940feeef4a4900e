//! The arrows between crates, as absences: who may depend on whom, and what the pure crates must
//! not know.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
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

/// Paths go stale in prose first.
#[test]
fn every_path_the_readme_names_exists() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
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
