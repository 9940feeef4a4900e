//! The program as a stranger types it: the demonstration, what it says when something is in the
//! way, and the suite it serves.

#[path = "program/audit.rs"]
mod audit;

use integration_tests::child::{Child, Ended, built, command};
use kernel::Clock;
use policy::testing::Text;
use runtime::clock::SystemClock;
use sea_orm::{ConnectionTrait, Database};
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
const CHAPTERS: &str = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳";
/// What the second part tells: five payers, what is assumed, and the same bill elsewhere.
const FIVE_IN_ONE: &[&str] = &[
    "安吉县 2020 年",
    "✓ 一次调用，五个基金按固定次序支付",
    "【精神残疾救助】",
    "〔假定〕",
    "✓ 五个基金的余额都回到结算前",
    "✓ 甲与演示省城医院自己的预结算（PreSettle）逐项相同",
];
/// What the county's day tells: that all came, what it came to, and that the books agree.
const COUNTY_DAY: &[&str] = &[
    "演示县 2017-11-15 · 一县一日",
    "✓ 2000 笔全部结算（中途结算的每一部分算一笔），19 类业务一类不缺",
    "✓ 七处错账全部查出，类别都对，没有一处误报",
    "✓ 10 家机构全部日结",
    "✓ 应付每家机构的，都等于它各行基金支付与账户支付之和",
];
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
/// Columns of a printed line at most.
const COLUMNS_MAX: usize = 100;
/// The demonstration's 苏木卫生院.
const TOWNSHIP_CENTRE: &str = "H15250100005";
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

/// How wide a line is where a Chinese character takes two columns.
fn columns(line: &str) -> usize {
    let wide = |c: &char| matches!(c, '\u{2e80}'..='\u{ffef}');
    line.chars().count() + line.chars().filter(wide).count()
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
    for said in FIVE_IN_ONE.iter().chain(COUNTY_DAY) {
        assert!(demo.out.contains(said), "no {said:?} in: {}", demo.out);
    }
    let told = demo.out.lines().filter(|line| !line.contains(text(&data)));
    for line in told {
        assert!(columns(line) <= COLUMNS_MAX, "{} {line}", columns(line));
    }
    assert!(!demo.err.contains("ERROR"), "{}", demo.err);

    assert!(!data.join("day").exists(), "the day left its databases");

    // The same folder again, now to stay.
    let again = ["--short", "--data", text(&data), "--listen", ANY_PORT];
    let (suite, endpoint) = serving(&again);
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
    // Each area sees its own books only, and what is no area is nobody's.
    let books = |caller: &str| {
        let asked = ["call", "--endpoint", &endpoint, "--as", caller];
        run(&[&asked[..], &["settlement/GetTrialBalance"]].concat())
    };
    let [erenhot, anji] = ["clerk-1", "clerk-1@330523"].map(|caller| books(caller).out);
    assert!(
        erenhot.contains("H1525") && !erenhot.contains("H3305"),
        "{erenhot}"
    );
    assert!(anji.contains("H3305") && !anji.contains("H1525"), "{anji}");
    assert_refused(&books("clerk-1@Anji"), &["--as \"clerk-1@Anji\""]);
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
    let refused = call(&["settlement/GetSettlement", unknown]);
    let said = [
        "SETTLEMENT_UNKNOWN",
        "NOT_FOUND",
        "不存在。",
        "请核对结算编号",
    ];
    assert_refused(&refused, &said);
    assert!(refused.out.is_empty(), "{refused:?}");
    let said = ["INVALID_FIELD", "settlement_id", "请按接口说明"];
    assert_refused(&call(&["settlement/GetSettlement", "{}"]), &said);
    // An institution may not read the bureau's books.
    let said = ["PERMISSION_DENIED", "GetTrialBalance"];
    assert_refused(&call(&["--as", "H15250100001", "GetTrialBalance"]), &said);

    assert_refused(
        &call(&["settlement/NoSuchMethod"]),
        &["NoSuchMethod", "GetSettlement"],
    );
    assert_refused(&call(&["ListEvents"]), &["say which", "referral"]);
    assert_refused(
        &call(&["settlement/GetSettlement", "{\"id\": 1}"]),
        &["id", "settlement_id"],
    );
    assert_refused(
        &call(&["settlement/GetSettlement", "not json"]),
        &["GetSettlementRequest"],
    );
    assert_refused(
        &call(&["settlement/GetSettlement", "@/no/such/file"]),
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

/// A visit to the demonstration's township centre for each line, of its residents in turn.
fn month(endpoint: &str, claims: usize) -> Vec<Value> {
    let call = ["call", "--endpoint", endpoint, "ListPersons"];
    let listed = run(&[&call[..], &["{\"page_size\": 200}"]].concat());
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    let people = listed["persons"].as_array().unwrap();
    let visit = |(n, person): (usize, &Value)| {
        let day = format!("2017-09-{:02}", 1 + n / people.len());
        let line = serde_json::json!({"number": 1, "item_code": "D-AMLODIPINE",
            "unit_price_micro_yuan": 24_800_000, "quantity_e4": 20_000, "amount_fen": 4_960});
        let claim = serde_json::json!({"person_id": person["person_id"],
            "institution_code": TOWNSHIP_CENTRE, "visit_number": format!("M-{n}"),
            "scheme": "390", "med_type": "11", "begin_day": day, "end_day": day,
            "diagnosis_code": "I10.x00", "lines": [line]});
        serde_json::json!({"request_id": format!("month-{n}"), "claim": claim})
    };
    people
        .iter()
        .cycle()
        .take(claims)
        .enumerate()
        .map(visit)
        .collect()
}

/// The count of claims in a row of the summary; 0 where there is none.
fn counted(ended: &Ended, row: &str) -> usize {
    let found = ended
        .out
        .lines()
        .find_map(|line| line.trim().strip_prefix(row));
    found.map_or(0, |count| count.trim().parse().unwrap())
}

#[test]
fn a_month_of_claims_is_brought_cut_and_brought_again() {
    const CLAIMS: usize = 400;
    let (folder, data) = folder();
    let up = [
        "up",
        "--demo-data",
        "--data",
        text(&data),
        "--listen",
        ANY_PORT,
    ];
    let (suite, endpoint) = serving(&up);
    let file = folder.path().join("month.jsonl");
    let write = |claims: &[Value]| {
        let lines: Vec<String> = claims.iter().map(Value::to_string).collect();
        std::fs::write(&file, lines.join("\n")).unwrap();
    };
    let asked = |more: &[&str]| {
        let to = ["batch", "--endpoint", &endpoint, "--as", TOWNSHIP_CENTRE];
        yibao(&[&to[..], more, &[text(&file)]].concat())
    };
    let mut claims = month(&endpoint, CLAIMS);

    // What is no claim is told with its line, and nothing is sent.
    write(&[claims[0].clone(), serde_json::json!({"request_id": "x"})]);
    let no = Child::run(&mut asked(&[]));
    assert_refused(&no, &["month.jsonl, line 2", "claim", "Nothing was sent"]);

    // One of them is wrong: it is told at once. Then the program dies.
    claims[9]["claim"]["begin_day"] = "2017-02-30".into();
    write(&claims);
    let mut first = Child::start(&mut asked(&[]));
    first.until("第10行");
    first.signal("KILL");
    drop(first.end());

    let told = ["第10行 month-9 拒绝 INVALID_FIELD", "批量结算汇总"];
    let second = Child::run(&mut asked(&[]));
    assert!(!second.status.success(), "{second:?}");
    assert_printed(&second, &told);
    assert!(
        second.out.lines().all(|line| columns(line) <= 80),
        "{second:?}"
    );
    let (before, now) = (counted(&second, "此前已结算"), counted(&second, "本次结算"));
    assert!(before >= 9, "{second:?}");
    assert_eq!((before + now, counted(&second, "拒绝")), (CLAIMS - 1, 1));

    // Mended and brought again: one more, and all is well.
    claims[9]["claim"]["begin_day"] = "2017-09-01".into();
    write(&claims);
    let third = Child::run(&mut asked(&["--mode", "stop"]));
    assert!(third.status.success(), "{third:?}");
    let counts = (counted(&third, "此前已结算"), counted(&third, "本次结算"));
    assert_eq!(counts, (CLAIMS - 1, 1));
    assert_printed(&third, &["19,840.00"]);
    let balance = run(&["call", "--endpoint", &endpoint, "GetTrialBalance"]);
    assert!(balance.out.contains("\"sum_fen\": 0"), "{balance:?}");
    suite.signal("TERM");
    assert_stopped_well(&suite.end());
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
    let mut client = HealthClient::new(runtime::connect(&endpoint, None).unwrap());
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

/// `yibao policy` with these arguments, on the suite at `endpoint`.
fn policy(endpoint: &str, arguments: &[&str]) -> Ended {
    let mut all = vec!["policy"];
    all.extend(arguments);
    all.extend(["--endpoint", endpoint]);
    run(&all)
}

/// Adds a fen to the cash of every settlement that a suite has in its folder.
async fn add_a_fen(data: &Path) {
    let url = format!("sqlite://{}", data.join("settlement.db").display());
    let database = Database::connect(url).await.expect("the database");
    let edit = "UPDATE settlement SET cash_fen = cash_fen + 1";
    database.execute_unprepared(edit).await.expect("an edit");
    database.close().await.ok();
}

/// A year's settlements are computed again, a planted change is found, and one is printed.
#[test]
fn settlements_are_computed_again_and_printed() {
    let (folder, data) = folder();
    let served = ["--short", "--data", text(&data), "--listen", ANY_PORT];
    let (suite, endpoint) = serving(&served);
    let replay = |arguments: &[&str]| {
        let mut all = vec!["replay", "--endpoint", &endpoint];
        all.extend(arguments);
        run(&all)
    };
    let count = |ended: &Ended, name: &str| -> u32 {
        let mut rows = ended.out.lines().map(str::trim_start);
        let row = rows.find(|row| row.starts_with(name));
        let row = row.unwrap_or_else(|| panic!("no {name} in {ended:?}"));
        let last = row.split_whitespace().last();
        last.and_then(|last| last.parse().ok()).expect("a count")
    };
    let sound = replay(&["--year", "2017", "--page-size", "2"]);
    assert!(sound.status.success(), "{sound:?}");
    let all = count(&sound, "合计");
    assert!(all > 2, "{sound:?}");
    assert_eq!((count(&sound, "相符"), count(&sound, "不符")), (all, 0));
    let unknown = replay(&["--settlement", "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f"]);
    assert_refused(&unknown, &["SETTLEMENT_UNKNOWN"]);

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(add_a_fen(&data));
    let found = replay(&["--page-size", "2"]);
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    assert_eq!(
        (count(&found, "不符"), count(&found, "其中 列不符")),
        (all, all)
    );
    assert!(found.out.contains("列不符 cash_fen"), "{found:?}");

    let id = found
        .out
        .split_whitespace()
        .nth(1)
        .and_then(|id| id.split('（').next());
    let file = folder.path().join("receipt.pdf");
    let printed = run(&[
        "receipt",
        id.expect("an id"),
        "--output",
        text(&file),
        "--endpoint",
        &endpoint,
    ]);
    assert_printed(&printed, &["已打印", "结算单摘要（SM3）"]);
    let pdf = std::fs::read(&file).expect("a file");
    assert!(pdf.starts_with(b"%PDF-"));
    suite.signal("INT");
    assert_stopped_well(&suite.end());
}

/// It printed all of these.
fn assert_printed(ended: &Ended, said: &[&str]) {
    for said in said {
        assert!(ended.out.contains(said), "no {said:?} in: {ended:?}");
    }
}

#[test]
fn a_package_begun_by_the_program_is_proposed_in_its_area() {
    let (folder, data) = folder();
    let (suite, endpoint) = serving(&["up", "--data", text(&data), "--listen", ANY_PORT]);
    let begun = run(&["policy", "new", "330523"]);
    assert!(begun.status.success(), "{begun:?}");
    let file = folder.path().join("330523.toml");
    std::fs::write(&file, &begun.out).unwrap();
    let here = policy(&endpoint, &["propose", text(&file), "--as", "operator-1"]);
    assert_printed(&here, &["PACKAGE_OTHER_AREA"]);
    let there = ["propose", text(&file), "--as", "operator-1@330523"];
    let proposed = policy(&endpoint, &there);
    assert!(proposed.status.success(), "{proposed:?}");
    let listed = policy(&endpoint, &["list", "--as", "operator-2@330523"]);
    assert!(listed.status.success(), "{listed:?}");
    assert_printed(
        &listed,
        &["2020-01-01", "2025-01-01", "待启用", "operator-1"],
    );
    drop(suite);
}

#[test]
fn a_package_is_proposed_by_one_and_activated_by_another() {
    let (folder, data) = folder();
    let (suite, endpoint) = serving(&["up", "--data", text(&data), "--listen", ANY_PORT]);
    let package = Text::marked("program").outpatient("60%");
    let digest = package.digest().to_string();
    let file = folder.path().join("new.toml");
    let bad = package.clone().with("rate = \"60%\"", "rate = \"160%\"");
    std::fs::write(&file, &bad.0).unwrap();
    let propose = ["propose", text(&file), "--as", "operator-1"];
    // What is no package is told with file, line and column, and nothing is sent.
    assert_refused(&policy(&endpoint, &propose), &["new.toml:", "160%"]);
    std::fs::write(&file, package.clone().failing().0).unwrap();
    let failing = policy(&endpoint, &propose);
    assert_refused(&failing, &["两个服务均未提交"]);
    assert_printed(
        &failing,
        &["参保      未提交：PACKAGE_EXAMPLE_FAILED", "38,499.00"],
    );

    // A name that no header carries is nobody's.
    let nobody = ["propose", text(&file), "--as", "张三"];
    assert_refused(&policy(&endpoint, &nobody), &["--as \"张三\""]);

    // Proposed to one service only, it can be activated in one only, and that is said.
    std::fs::write(&file, &package.0).unwrap();
    let request = serde_json::json!({ "request_id": "P-1", "text": package.0 }).to_string();
    let asked = ["call", "--endpoint", &endpoint, "--as", "operator-1"];
    let ended = run(&[&asked[..], &["settlement/ProposePackage", &request]].concat());
    assert!(ended.status.success(), "{ended:?}");
    let at = SystemClock.now().plus_millis(3_600_000).in_shanghai();
    let activate = ["activate", &digest, "--at", &at, "--as"];
    let by = |who: &'static str| policy(&endpoint, &[&activate[..], &[who]].concat());
    assert_refused(&by("operator-1"), &["两个服务均未启用"]);
    let half = by("operator-2");
    assert_refused(&half, &["只有结算服务已启用", "重复是安全的"]);
    assert_printed(
        &half,
        &["参保      未启用：DOCUMENT_UNKNOWN", "结算      已启用"],
    );
    let listed = policy(&endpoint, &["list"]);
    assert_printed(
        &listed,
        &["系统内置", "待生效", "operator-2", "状态或生效时刻不同"],
    );
    // Said again, both have it.
    let proposed = policy(&endpoint, &propose);
    assert!(proposed.status.success(), "{proposed:?}");
    assert_printed(
        &proposed,
        &["参保      已提交", "结算      此前已提交", &digest],
    );
    let activated = by("operator-2");
    assert!(activated.status.success(), "{activated:?}");
    assert_printed(&activated, &["参保      已启用", "结算      此前已启用"]);
    let listed = policy(&endpoint, &["list"]);
    assert!(
        listed.status.success() && !listed.out.contains("不同"),
        "{listed:?}"
    );
    assert_printed(&listed, &[&digest[..12], &at, "operator-1"]);
    suite.signal("INT");
    assert_stopped_well(&suite.end());
    let gone = policy(&endpoint, &["list"]);
    assert_refused(&gone, &["参保"]);
}

/// An institution's day against the bureau's, from a file: what differs is told, and the status says
/// whether a difference is open.
#[test]
fn a_file_of_rows_is_compared_with_the_bureaus_day() {
    let (_keep, data) = folder();
    let (suite, endpoint) = serving(&["up", "--data", text(&data), "--listen", ANY_PORT]);
    let institution = r#"{"request_id": "i-1", "institution": {"institution_code": "H15250100001",
        "name": "测试医院", "tier": "2", "kind": "A1", "agreement_from_day": "2010-01-01"}}"#;
    let asked = ["call", "--endpoint", &endpoint, "--as", "clerk-1"];
    let registered = run(&[&asked[..], &["settlement/RegisterInstitution", institution]].concat());
    assert!(registered.status.success(), "{registered:?}");

    let heading = "setl_id\tomsgid\trefd_setl_flag\tinsutype\tmedfee_sumamt\tfund_pay_sumamt\t\
        acct_pay\tcash_payamt";
    let file = data.join("rows.tsv");
    let reconcile = |rows: &str| {
        std::fs::write(&file, format!("{heading}\n{rows}")).expect("a file");
        let day = ["--institution", "H15250100001", "--day", "2018-03-01"];
        let asked = ["reconcile", "--endpoint", &endpoint, text(&file)];
        run(&[&asked[..], &day].concat())
    };
    let equal = reconcile("");
    assert!(equal.status.success(), "{equal:?}");
    assert_printed(&equal, &["上传 0 行", "差异 0 处", "可以日结"]);
    let open = reconcile("\tr-61\t0\t390\t61.00\t0\t0\t61.00\n");
    assert_eq!(open.status.code(), Some(1), "{open:?}");
    assert_printed(
        &open,
        &["r-61", "院端多账", "结算未到账", "GetOutcome", "未决 1 处"],
    );
    assert_refused(&reconcile("\t\t0\t390\t61"), &["line 2", "5 fields"]);
    suite.signal("INT");
    assert_stopped_well(&suite.end());
}

/// Names a Python that has what the reference client needs.
const PYTHON: &str = "YIBAO_TEST_PYTHON";

/// The reference client of a hospital, in Python by reflection alone, does a hospital's day.
#[test]
fn a_hospital_works_its_day_with_the_reference_client() {
    let Ok(python) = std::env::var(PYTHON) else {
        eprintln!("{PYTHON} is not set: the reference client is not tried");
        return;
    };
    let (_keep, data) = folder();
    let served = ["--short", "--data", text(&data), "--listen", ANY_PORT];
    let (suite, endpoint) = serving(&served);
    let listed = run(&[
        "call",
        "--endpoint",
        &endpoint,
        "ListPersons",
        "{\"page_size\": 200}",
    ]);
    let listed: Value = serde_json::from_str(&listed.out).expect("JSON");
    let people = listed["persons"].as_array().expect("people");
    let address = endpoint.trim_start_matches("http://");
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/hospital.py");
    let told = [
        "4 条明细, 合计 8320.00 元",
        "结算应答丢失: ",
        "退费后: 合计 7120.00 元",
        "上传 2 行, 本笔差异 0 处",
    ];
    // Not all of them are insured: what is told holds for each, and the funds pay for somebody.
    let paid = people.iter().take(20).any(|person| {
        let person = person["person_id"].as_str().expect("an id");
        let mut day = command(&python);
        day.env("PYTHONIOENCODING", "utf-8").arg(&client);
        day.args([address, "H15250100001", person]);
        day.args(["2017-11-01", "2017-11-10", "S-BYPASS"]);
        let ended = Child::run(&mut day);
        assert!(ended.status.success(), "{ended:?}");
        assert_printed(&ended, &told);
        !ended.out.contains("预结算: 基金支付 0.00")
    });
    assert!(paid, "the funds pay for nobody");
    suite.signal("INT");
    assert_stopped_well(&suite.end());
}
