//! The program as a stranger types it: the demonstration, what it says when something is in the
//! way, and the suite it serves.

use integration_tests::child::{Child, Ended, built, command};
use serde_json::Value;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tonic::Streaming;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// The chapters of the story, by their marks.
const CHAPTERS: &str = "①②③④⑤⑥⑦⑧⑨";
/// How the story's last line begins.
const HELD: &str = "演示完成：";
/// Every service's name on the wire.
const SERVICES: &[&str] = &[
    "yibao.enrollment.v1.EnrollmentService",
    "yibao.inspection.v1.InspectionService",
    "yibao.interregional.v1.InterregionalService",
    "yibao.orchestrator.v1.OrchestratorService",
    "yibao.referral.v1.ReferralService",
    "yibao.settlement.v1.SettlementService",
];
/// A free port, taken by the program itself.
const ANY_PORT: &str = "127.0.0.1:0";

fn yibao(arguments: &[&str]) -> Command {
    let mut command = command(built("yibao"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Ended {
    Child::run(&mut yibao(arguments))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A folder of its own, and a path inside it that does not exist yet.
fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    (folder, data)
}

/// A suite that serves, and where.
fn serving(arguments: &[&str]) -> (Child, String) {
    let mut suite = Child::start(&mut yibao(arguments));
    let line = suite.until("服务地址");
    let endpoint = line
        .split_whitespace()
        .find_map(|word| word.split('（').next()?.strip_prefix("http://"));
    let endpoint = format!("http://{}", endpoint.expect("an endpoint"));
    suite.until("按 Ctrl-C 停止");
    (suite, endpoint)
}

/// It refused: a status that is not zero, and a message with all of these.
fn assert_refused(ended: &Ended, said: &[&str]) {
    assert!(!ended.status.success(), "{ended:?}");
    for said in said {
        assert!(ended.err.contains(said), "no {said:?} in: {}", ended.err);
    }
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
}

fn assert_stopped_well(ended: &Ended) {
    assert!(ended.status.success(), "{ended:?}");
    assert!(
        ended.out.contains("已停止：所有请求均已结束。"),
        "{ended:?}"
    );
    assert!(
        !ended.err.contains("ERROR") && !ended.err.contains("panicked"),
        "{}",
        ended.err
    );
}

/// The commands printed for a stranger to paste: paragraphs that call the program.
fn pasted(printed: &str) -> Vec<String> {
    let (_, after) = printed
        .split_once("可直接粘贴运行：")
        .expect("commands to paste");
    let paragraphs = after.split("\n\n").map(str::trim);
    paragraphs
        .filter(|paragraph| paragraph.contains(" call "))
        .map(String::from)
        .collect()
}

/// The answer to a command as a shell runs it.
fn answered(script: &str) -> Value {
    let ended = Child::run(command("sh").args(["-c", script]));
    assert!(ended.status.success(), "{script}\n{ended:?}");
    serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}: {}", ended.out))
}

#[test]
fn the_story_holds_every_time_and_its_commands_can_be_pasted() {
    let (_folder, data) = folder();
    let demo = run(&["demo", "--data", text(&data), "--listen", ANY_PORT]);
    assert!(demo.status.success(), "{demo:?}");
    for chapter in CHAPTERS.chars() {
        let heading = format!("\n{chapter} ");
        assert!(
            demo.out.contains(&heading),
            "no chapter {chapter}: {}",
            demo.out
        );
    }
    let order: Vec<_> = CHAPTERS
        .chars()
        .map(|c| demo.out.find(&format!("\n{c} ")))
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    assert!(
        demo.out.contains("第 1 次") && demo.out.contains(HELD),
        "{}",
        demo.out
    );
    assert!(!demo.err.contains("ERROR"), "{}", demo.err);

    // The same folder again, now to stay.
    let (suite, endpoint) = serving(&["--data", text(&data), "--listen", ANY_PORT]);
    let printed = suite.printed().to_string();
    for said in ["第 2 次", "已在数据目录中", HELD, &endpoint, text(&data)] {
        assert!(printed.contains(said), "no {said:?} in: {printed}");
    }
    let commands = pasted(&printed);
    assert_eq!(commands.len(), 2, "{printed}");
    let explained = answered(&commands[0]);
    let amounts = &explained["settlement"]["amounts"];
    assert!(amounts["funds_fen"].as_i64() > Some(0), "{explained}");
    assert!(
        explained["reasons"].as_array().is_some_and(|r| r.len() > 5),
        "{explained}"
    );
    let priced = answered(&commands[1]);
    assert_eq!(priced["quote"]["amounts"]["total_fen"], 4960, "{priced}");
    suite.signal("INT");
    assert_stopped_well(&suite.end());
}

#[test]
fn help_says_what_can_be_typed() {
    let help = run(&["--help"]);
    assert!(help.status.success(), "{help:?}");
    for said in [
        "demo",
        "up",
        "call",
        "list",
        "--data",
        "--listen",
        "Examples:",
    ] {
        assert!(help.out.contains(said), "no {said} in: {}", help.out);
    }
    for command in ["demo", "up", "call", "list"] {
        assert!(
            run(&[command, "--help"]).status.success(),
            "{command} --help"
        );
    }
    assert!(run(&["--version"]).out.starts_with("yibao "));
}

#[test]
fn what_cannot_be_typed_is_told() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["--dta", "x"], &["--dta", "--data"]),
        (&["dmeo"], &["dmeo", "demo"]),
        (&["up", "--listen", "50051"], &["50051", "127.0.0.1:50051"]),
        (
            &["up", "--listen", "0.0.0.0:50051"],
            &["0.0.0.0:50051", "loopback"],
        ),
        (&["call"], &["SERVICE/METHOD"]),
        (
            &["call", "--endpoint", "nowhere", "X"],
            &["nowhere", "http://"],
        ),
        (
            &["call", "--endpoint", "http://", "X"],
            &["http://127.0.0.1"],
        ),
    ];
    for (arguments, said) in cases {
        assert_refused(&run(arguments), said);
    }
}

#[test]
fn what_is_in_the_way_is_told_with_what_to_do() {
    let (folder, data) = folder();
    let taken = TcpListener::bind(ANY_PORT).unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let ended = run(&["up", "--data", text(&data), "--listen", &port]);
    assert_refused(
        &ended,
        &[&format!("cannot listen on {port}"), "choose another port"],
    );

    // Below a file there is no folder, whoever asks.
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let below = file.join("data");
    let ended = run(&["demo", "--data", text(&below), "--listen", ANY_PORT]);
    assert_refused(
        &ended,
        &[
            "cannot write into the data folder",
            text(&below),
            "--data DIR",
        ],
    );
    let ended = run(&["up", "--data", text(&file), "--listen", ANY_PORT]);
    assert_refused(
        &ended,
        &[
            "cannot write into the data folder",
            text(&file),
            "--data DIR",
        ],
    );
}

#[test]
fn a_damaged_data_folder_is_told_and_left_as_it_is() {
    let (_folder, data) = folder();
    let begun = run(&["up", "--data", text(&data), "--listen", "127.0.0.1:bad"]);
    assert_refused(&begun, &["127.0.0.1:bad"]);
    std::fs::create_dir(&data).unwrap();
    let damaged = data.join("settlement.db");
    let garbage = "this is no database\n".repeat(500);
    std::fs::write(&damaged, &garbage).unwrap();
    for command in ["up", "demo"] {
        let ended = run(&[command, "--data", text(&data), "--listen", ANY_PORT]);
        assert_refused(&ended, &["settlement", text(&damaged), "--data DIR"]);
    }
    assert_eq!(std::fs::read_to_string(&damaged).unwrap(), garbage);
    // A folder in the file's place.
    std::fs::remove_file(&damaged).unwrap();
    std::fs::create_dir(&damaged).unwrap();
    let ended = run(&["up", "--data", text(&data), "--listen", ANY_PORT]);
    assert_refused(&ended, &["settlement", text(&damaged), "--data DIR"]);
}

#[test]
fn up_serves_reads_refusals_and_its_own_description() {
    let (_folder, data) = folder();
    let (suite, endpoint) = serving(&["up", "--data", text(&data), "--listen", ANY_PORT]);
    let call = |arguments: &[&str]| run(&[&["call", "--endpoint", &endpoint], arguments].concat());

    let balance = call(&["settlement/GetTrialBalance"]);
    assert!(balance.status.success(), "{balance:?}");
    let balance: Value = serde_json::from_str(&balance.out).unwrap();
    assert_eq!(balance["sum_fen"], 0);
    let unknown = r#"{"settlement_id": "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f"}"#;
    let refused = call(&["GetSettlement", unknown]);
    let said = [
        "SETTLEMENT_UNKNOWN",
        "NOT_FOUND",
        "不存在。",
        "请核对结算编号",
    ];
    assert_refused(&refused, &said);
    assert!(refused.out.is_empty(), "{refused:?}");
    let said = ["INVALID_FIELD", "settlement_id", "请按接口说明"];
    assert_refused(&call(&["GetSettlement", "{}"]), &said);
    // An institution may not read the bureau's books.
    let said = ["PERMISSION_DENIED", "GetTrialBalance"];
    assert_refused(&call(&["--as", "H15250100001", "GetTrialBalance"]), &said);

    assert_refused(
        &call(&["settlement/NoSuchMethod"]),
        &["NoSuchMethod", "GetSettlement"],
    );
    assert_refused(&call(&["ListEvents"]), &["say which", "referral"]);
    assert_refused(
        &call(&["GetSettlement", "{\"id\": 1}"]),
        &["id", "settlement_id"],
    );
    assert_refused(
        &call(&["GetSettlement", "not json"]),
        &["GetSettlementRequest"],
    );
    assert_refused(
        &call(&["GetSettlement", "@/no/such/file"]),
        &["/no/such/file"],
    );

    let listed = run(&["list", "--endpoint", &endpoint]);
    assert!(listed.status.success(), "{listed:?}");
    for service in SERVICES {
        assert!(listed.out.contains(service), "{}", listed.out);
    }
    assert!(listed.out.contains("PostSettlement"), "{}", listed.out);

    // One process at a time has the folder.
    let second = run(&["up", "--data", text(&data), "--listen", ANY_PORT]);
    assert_refused(
        &second,
        &[
            "another process uses the data folder",
            text(&data),
            "--data DIR",
        ],
    );

    suite.signal("TERM");
    assert_stopped_well(&suite.end());
    let said = ["cannot reach", &endpoint, "yibao up", "--endpoint"];
    assert_refused(&call(&["GetTrialBalance"]), &said);
}

#[test]
fn a_request_can_come_from_a_file_or_from_standard_input() {
    let (folder, data) = folder();
    let (_suite, endpoint) = serving(&["up", "--data", text(&data), "--listen", ANY_PORT]);
    let file = folder.path().join("request.json");
    std::fs::write(&file, "{\"page_size\": 1}").unwrap();
    let called = run(&[
        "call",
        "--endpoint",
        &endpoint,
        "ListPersons",
        &format!("@{}", text(&file)),
    ]);
    assert!(called.status.success(), "{called:?}");
    let script = "printf '{\"page_size\": 501}' | \"$0\" call --endpoint \"$1\" ListPersons -";
    let program = built("yibao");
    let mut piped = command("sh");
    piped
        .args(["-c", script])
        .arg(program)
        .arg(&endpoint)
        .stdin(Stdio::null());
    assert_refused(&Child::run(&mut piped), &["INVALID_FIELD", "page_size"]);
}

/// Reads a health watch until it says so; a status may be told again unchanged.
async fn health_is(watch: &mut Streaming<HealthCheckResponse>, wanted: ServingStatus) {
    loop {
        let told = watch.message().await.expect("a watch").expect("a status");
        if told.status() == wanted {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_says_serving_until_the_signal() {
    let (_folder, data) = folder();
    let (suite, endpoint) = serving(&["up", "--data", text(&data), "--listen", ANY_PORT]);
    let mut client = HealthClient::new(runtime::connect(&endpoint, "").unwrap());
    let mut watches = Vec::new();
    for service in std::iter::once(&"").chain(SERVICES) {
        let request = HealthCheckRequest {
            service: service.to_string(),
        };
        let mut watch = client.watch(request).await.unwrap().into_inner();
        // Before its first look at its database a service is not serving.
        health_is(&mut watch, ServingStatus::Serving).await;
        watches.push(watch);
    }
    suite.signal("TERM");
    for watch in &mut watches {
        health_is(watch, ServingStatus::NotServing).await;
    }
    drop((watches, client));
    assert_stopped_well(&suite.end());
}
