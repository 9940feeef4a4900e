//! 指标: what the suite tells those who watch it, and that nothing they look for has another name.

use crate::{furnish, insure};
use integration_tests::child::{Child, Ended, built, command, workspace};
use integration_tests::{AREA, PATIENCE, code, patient, stay};
use kernel::metric::{
    ALL, CERTIFICATE_REMAINING, CONNECTIONS_ENDED, LEDGER_IMBALANCE, LEDGER_TODAY, Metric,
    MetricKind, ONCE, RETRIES, RPC_QUEUE_WAIT, RPC_SERVER_DURATION, RPC_SHED, SAGAS_TAKEN_UP,
    SHARED_CACHE,
};
use proto::orchestrator as pb;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::settlement;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What an embedded suite that settles in peace has no occasion to tell.
const RARE: &[&Metric] = &[
    &CERTIFICATE_REMAINING,
    &CONNECTIONS_ENDED,
    &RETRIES,
    &RPC_QUEUE_WAIT,
    &RPC_SHED,
    &SAGAS_TAKEN_UP,
    &SHARED_CACHE,
];

fn deployed(file: &str) -> PathBuf {
    workspace().join("deploy").join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(deployed(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// `deploy/METRICS.md`.
fn table() -> String {
    let mut text = String::from(
        "# Metrics\n\n\
         Written from `shared/kernel/src/metric.rs` by a test (`YIBAO_BLESS=1` writes it anew). Pushed \
         over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set; read at `/metrics` of `metrics_listen` \
         (`yibao up --metrics 127.0.0.1:9464`).\n\n\
         A *sampled* metric is asked of the database while somebody reads the metrics, once in \
         `sample_seconds` at most, by one replica; the others do not tell it. What it tells is as old \
         as the reading before.\n\n\
         | OpenTelemetry | Prometheus | kind | unit | labels | what it tells |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for metric in ALL {
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Histogram => "histogram",
            MetricKind::Gauge => "gauge",
            MetricKind::Sampled => "sampled",
        };
        let labels: Vec<String> = metric.labels.iter().map(|l| format!("`{l}`")).collect();
        writeln!(
            text,
            "| `{}` | `{}` | {kind} | {} | {} | {} |",
            metric.name,
            metric.exported(),
            metric.unit,
            labels.join(", "),
            metric.means
        )
        .unwrap();
    }
    text
}

#[test]
fn the_table_of_metrics_is_written_down() {
    let file = deployed("METRICS.md");
    if std::env::var_os("YIBAO_BLESS").is_some() {
        std::fs::write(&file, table()).unwrap();
    }
    assert_eq!(read("METRICS.md"), table(), "YIBAO_BLESS=1 writes it anew");
}

/// The names of our metrics in a text, as the table has them.
fn named(text: &str) -> BTreeSet<String> {
    let labels = ALL.iter().flat_map(|metric| metric.labels);
    let labels: BTreeSet<String> = labels.map(|label| label.replace('.', "_")).collect();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = |word: &&str| {
        let begins = ["yibao_", "rpc_", "db_client_"];
        begins.iter().any(|begin| word.starts_with(begin)) && !labels.contains(*word)
    };
    let bare = |word: &str| {
        let rows = ["_bucket", "_count", "_sum"];
        let known = |name: &str| ALL.iter().any(|metric| metric.exported() == name);
        let of_rows = rows.iter().filter_map(|row| word.strip_suffix(row));
        let mut of_rows = of_rows.filter(|name| known(name));
        of_rows.next().unwrap_or(word).to_string()
    };
    words.filter(ours).map(bare).collect()
}

/// What the dashboard and the alerts look for.
fn looked_for() -> BTreeSet<String> {
    let board: serde_json::Value = serde_json::from_str(&read("grafana/yibao.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    let exprs = targets
        .flatten()
        .filter_map(|target| target["expr"].as_str());
    let mut names: BTreeSet<String> = exprs.flat_map(named).collect();
    assert!(names.len() > 10, "{names:?}");
    let alerts = read("prometheus/alerts.yml");
    let exprs = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    let alerted: BTreeSet<String> = exprs.flat_map(named).collect();
    assert!(alerted.len() > 8, "{alerted:?}");
    names.extend(alerted);
    names
}

/// An answer at the port of those who watch: its status line and its body.
async fn asked(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let ask = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.lines().next().unwrap_or_default();
    (status.to_string(), body.to_string())
}

/// Asks until the answer fits.
async fn until(address: &str, path: &str, fits: impl Fn(&str, &str) -> bool) -> String {
    let limit = Instant::now() + PATIENCE;
    loop {
        let (status, body) = asked(address, path).await;
        if fits(&status, &body) {
            return body;
        }
        assert!(Instant::now() < limit, "{path}: {status}\n{body}");
    }
}

/// The number of the first row of a metric with this in its labels.
fn number(scraped: &str, metric: &Metric, label: &str) -> Option<String> {
    let (name, label) = (format!("{}{{", metric.exported()), label.to_string());
    let mut rows = scraped.lines().filter(|row| row.starts_with(&name));
    let row = rows.find(|row| row.contains(&label))?;
    row.rsplit(' ').next().map(str::to_string)
}

/// A suite in one process that is watched, on an empty folder.
fn watched(data: &Path) -> (Child, String, String) {
    let mut suite = command(built("yibao"));
    suite.args(["up", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    suite.arg("--data").arg(data);
    suite.env("YIBAO_LOG", "json").env("RUST_LOG", "info");
    let mut child = Child::start(&mut suite);
    let address = |line: String| {
        let (_, after) = line.split_once("http://").expect("an address");
        let fits = |c: &char| c.is_ascii_digit() || matches!(c, '.' | ':');
        after.chars().take_while(fits).collect::<String>()
    };
    let metrics = address(child.until("/metrics"));
    let endpoint = address(child.until("http://"));
    (child, endpoint, metrics)
}

fn stop(child: Child) -> Ended {
    child.signal("TERM");
    child.end()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_suite_exports_all_that_is_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (child, endpoint, metrics) = watched(folder.path());
    let wire = runtime::connect(&format!("http://{endpoint}"), None).unwrap();
    assert_eq!(asked(&metrics, "/live").await.0, "HTTP/1.1 200 OK");
    until(&metrics, "/ready", |status, _| status.ends_with("200 OK")).await;
    assert!(asked(&metrics, "/secrets").await.0.contains("404"));

    furnish(wire.clone()).await;
    let person = insure(wire.clone()).await;
    let mut clerk = OrchestratorServiceClient::new(wire.clone());
    let request = pb::SettleRequest {
        request_id: "settle-1".into(),
        claim: Some(stay(&person, "V-1", 10_000)),
        ..Default::default()
    };
    let settled = clerk
        .settle(patient(request.clone()))
        .await
        .unwrap()
        .into_inner();
    assert!(
        clerk
            .settle(patient(request))
            .await
            .unwrap()
            .into_inner()
            .replayed
    );
    // A "no", which is rolled back and kept.
    let mut books = SettlementServiceClient::new(wire.clone());
    let request = settlement::PublishCatalogueRequest {
        request_id: "catalogue-2".into(),
        effective_day: "2010-01-01".into(),
        items: vec![settlement::CatalogueItem {
            item_code: "X1".into(),
            name: "另一项".into(),
            item_class: "01".into(),
            ..Default::default()
        }],
    };
    let no = books.publish_catalogue(patient(request)).await.unwrap_err();
    assert!(!code(&no).is_empty(), "{no:?}");

    let sampled = LEDGER_TODAY.exported();
    let scraped = until(&metrics, "/metrics", |_, body| body.contains(&sampled)).await;
    let rare: BTreeSet<String> = RARE.iter().map(|metric| metric.exported()).collect();
    let exported = named(&scraped);
    for metric in ALL.iter().map(Metric::exported) {
        assert!(
            exported.contains(&metric) != rare.contains(&metric),
            "{metric}\n{scraped}"
        );
    }
    for name in &exported {
        let known = ALL.iter().any(|metric| metric.exported() == *name);
        assert!(known, "{name} is in no table");
    }
    for name in looked_for() {
        let told = exported.contains(&name) || rare.contains(&name);
        assert!(told, "nobody exports {name}");
    }

    // What they say of one settlement.
    let amounts = settled.settlement.unwrap().amounts.unwrap();
    let fund = number(&scraped, &LEDGER_TODAY, "fund:390100").unwrap();
    let owed = number(&scraped, &LEDGER_TODAY, "payable:institution").unwrap();
    assert_eq!(owed, amounts.funds_fen.to_string());
    assert!(fund.starts_with('-'), "{fund}");
    let today = format!("area=\"{AREA}\",days=\"today\"");
    assert_eq!(
        number(&scraped, &LEDGER_IMBALANCE, &today).as_deref(),
        Some("0")
    );
    let once = "method=\"PostSettlement\",result=\"done\"";
    assert_eq!(number(&scraped, &ONCE, once).as_deref(), Some("1"));
    assert!(!scraped.contains(&person) && !scraped.contains("settle-1"));
    let settle = format!("{}_count{{", RPC_SERVER_DURATION.exported());
    let mut settles = scraped.lines().filter(|row| row.starts_with(&settle));
    let settles = settles.find(|row| row.contains("OrchestratorService/Settle\""));
    assert!(
        settles.is_some_and(|row| row.ends_with(" 2")),
        "{settles:?}"
    );

    let ended = stop(child);
    for line in ended.err.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(
            line["level"].is_string() && line["message"].is_string(),
            "{line}"
        );
    }
}

#[test]
fn every_alert_rings_when_it_should() {
    let Some(promtool) = std::env::var_os("YIBAO_TEST_PROMTOOL") else {
        println!("YIBAO_TEST_PROMTOOL is not set: the alert rules are not run");
        return;
    };
    let alerts = read("prometheus/alerts.yml");
    let tests = read("prometheus/alerts_test.yml");
    for line in alerts.lines() {
        let name = line.trim().strip_prefix("- alert: ");
        let tested = name.is_none_or(|name| tests.contains(&format!("alertname: {name}\n")));
        assert!(tested, "{line} has no test");
    }
    for (check, file) in [("rules", "alerts_test.yml"), ("config", "prometheus.yml")] {
        let verb = if check == "rules" { "test" } else { "check" };
        let mut tool = command(&promtool);
        tool.args([verb, check, file])
            .current_dir(deployed("prometheus"));
        let ended = Child::run(&mut tool);
        assert!(ended.status.success(), "{}\n{}", ended.out, ended.err);
    }
}
