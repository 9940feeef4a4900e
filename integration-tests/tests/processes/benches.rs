//! 测速: the commands that measure services as processes of their own run to their end and count what is
//! stored. How fast anything is, no test says.

use crate::is_shared;
use integration_tests::child::{Child, built, command};
use std::path::PathBuf;
use store::testing::TestDatabase;

/// The program's folder has those of the services too.
fn measured(arguments: &[&str]) -> String {
    let mut bench = command(built("yibao"));
    let ended = Child::run(bench.arg("bench").args(arguments));
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    ended.out
}

#[test]
fn overload_is_told_part_by_part() {
    let told = measured(&["overload", "--seconds", "1"]);
    let parts = ["32 at once", "2 ×", "0.5 × again", "2 × of one"];
    for part in parts {
        let is_told = told.lines().any(|line| line.starts_with(part));
        assert!(is_told, "no {part}: {told}");
    }
    assert!(told.contains("% of it were done"), "{told}");
    assert!(told.contains("recovered"), "{told}");
}

/// pgbench of the PostgreSQL that the tests run on, if it is where Debian puts it.
fn pgbench() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut programs: Vec<PathBuf> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin/pgbench")))
        .filter(|program| program.exists())
        .collect();
    programs.sort();
    programs.pop()
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_is_measured_in_one_process_apart_and_beside_pgbench() {
    if !is_shared() {
        return;
    }
    let database = TestDatabase::open().await.expect("a database");
    let url = database.url("settlement");
    let mut arguments = vec![
        "settle",
        "--database",
        &url,
        "--rate",
        "5",
        "--seconds",
        "1",
        "--in-flight",
        "2",
        "--people",
        "10",
        "--apart",
    ];
    let program = pgbench().map(|program| program.display().to_string());
    if let Some(program) = &program {
        arguments.extend(["--pgbench", program]);
    }
    let told = measured(&arguments);
    for part in ["one process\n", "separate\n", "answered: "] {
        assert!(told.contains(part), "no {part}: {told}");
    }
    assert!(!told.contains('_'), "nothing is refused: {told}");
    if program.is_some() {
        assert!(
            told.contains("\npgbench with the same statements, 2 connections: "),
            "{told}"
        );
        assert!(
            told.contains("\nthe suite as separate processes: "),
            "{told}"
        );
    }
}
