//! What `deploy/` sets: every key is one that its service knows, every address leads to somebody,
//! and the pools fit into the database. What only other tools can judge, deploy/validate asks.

use crate::INNER;
use integration_tests::child::workspace;
use orchestrator::Peers;
use runtime::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The ways to deploy, by their folders.
const WAYS: &[&str] = &["deploy/compose", "deploy/kubernetes/base", "deploy/systemd"];
/// How many of each service run where nothing else is said, and one more while they change.
const REPLICAS: i64 = 2 + 1;
/// `shared/runtime/src/settings.rs` knows no default of a deployment: this one is its own.
const POOL_DEFAULT: i64 = 10;

type Table = toml::Table;

fn services() -> impl Iterator<Item = &'static str> {
    INNER.iter().copied().chain(["orchestrator"])
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Every `YIBAO_<SERVICE>__<KEY>` that the files of a way set, in the three ways of writing it.
fn variables(way: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for file in files(&workspace().join(way)) {
        let text = std::fs::read_to_string(&file).expect("text");
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with('#'))
        {
            let line = line.trim_start_matches("- ");
            let split = line.split_once(": ").or_else(|| line.split_once('='));
            // A URL has both: what comes first ends the name.
            let split = match line.split_once('=') {
                Some((name, value)) if !name.contains(": ") => Some((name, value)),
                _ => split,
            };
            if let Some((name, value)) = split
                && name.starts_with("YIBAO_")
                && name.contains("__")
            {
                let value = value.trim_matches(['"', '\'']).to_string();
                let before = found.insert(name.to_string(), value.clone());
                assert!(
                    before.is_none_or(|before| before == value),
                    "{way} sets {name} twice"
                );
            }
        }
    }
    found
}

/// A service's file of `deploy/config` with what a way sets over it.
fn configuration(service: &str, variables: &BTreeMap<String, String>) -> Table {
    let file = workspace().join(format!("deploy/config/{service}.toml"));
    let text = std::fs::read_to_string(file).expect("its configuration");
    let mut all: Table = text.parse().expect("TOML");
    let prefix = format!("YIBAO_{}__", service.to_uppercase());
    for (name, value) in variables {
        let Some(keys) = name.strip_prefix(&prefix) else {
            continue;
        };
        let keys = keys.to_lowercase();
        let mut keys: Vec<&str> = keys.split("__").collect();
        let last = keys.pop().expect("a key");
        let mut table = &mut all;
        for key in keys {
            let inner = table.entry(key).or_insert_with(|| Table::new().into());
            table = inner.as_table_mut().expect("a table");
        }
        table.insert(last.to_string(), typed(value));
    }
    all
}

/// As the environment's text is read where a number is wanted.
fn typed(value: &str) -> toml::Value {
    match (value.parse::<i64>(), value.parse::<bool>()) {
        (Ok(number), _) => number.into(),
        (_, Ok(truth)) => truth.into(),
        _ => value.into(),
    }
}

#[test]
fn every_key_is_one_that_its_service_knows() {
    for way in WAYS {
        let variables = variables(way);
        for service in services() {
            let all = configuration(service, &variables);
            let settings = all.try_into::<Settings>();
            let settings = settings.unwrap_or_else(|error| panic!("{way}, {service}: {error}"));
            assert!(settings.listen.port() > 0, "{way}, {service}");
        }
        // Nothing is set for a service that nobody runs.
        let ours: BTreeSet<String> = services().map(str::to_uppercase).collect();
        for name in variables.keys() {
            let (service, _) = name["YIBAO_".len()..].split_once("__").expect("a service");
            assert!(ours.contains(service), "{way}: {name}");
        }
        assert!(variables.len() > 20, "{way}: only {}", variables.len());
    }
}

fn port(listen: &str) -> &str {
    listen.rsplit_once(':').map_or("", |(_, port)| port)
}

#[test]
fn every_address_leads_to_its_service() {
    for way in WAYS {
        let variables = variables(way);
        let mut seen = BTreeSet::new();
        for (name, value) in &variables {
            let Some(peer) = name.strip_prefix("YIBAO_ORCHESTRATOR__PEERS__") else {
                continue;
            };
            let peer = peer.to_lowercase();
            let listens = configuration(&peer, &variables)["listen"].clone();
            let listens = listens.as_str().expect("an address");
            assert_eq!(port(value), port(listens), "{way}: {name}");
            assert!(value.contains(&peer), "{way}: {name}={value}");
            seen.insert(peer);
        }
        let wanted = Peers::NEEDS.peers.iter().map(|peer| peer.to_string());
        assert_eq!(seen, wanted.collect(), "{way}");
    }
}

/// Where a port is named again, it is the service's.
#[test]
fn probes_and_ports_are_those_of_the_services() {
    let compose = "deploy/compose/compose.yaml";
    let text = std::fs::read_to_string(workspace().join(compose)).expect("text");
    let variables = variables("deploy/compose");
    for service in services() {
        let listen = format!("YIBAO_{}__LISTEN", service.to_uppercase());
        let port = port(&variables[&listen]);
        let probe = format!("YIBAO_HEALTH_ENDPOINT: https://127.0.0.1:{port}\n");
        assert_eq!(text.matches(&probe).count(), 1, "{compose}: {service}");
    }
    for service in services() {
        let file = format!("deploy/kubernetes/base/{service}/kustomization.yaml");
        let text = std::fs::read_to_string(workspace().join(&file)).expect("text");
        let (_, listen) = text.split_once("__LISTEN=0.0.0.0:").expect("a port");
        let port: String = listen.chars().take_while(char::is_ascii_digit).collect();
        for path in ["ports/0/containerPort", "ports/0/port"] {
            assert!(
                text.contains(&format!("{path}, value: {port} }}")),
                "{file}: {path}"
            );
        }
        assert!(
            text.contains(&format!("/usr/bin/{service}, --config")),
            "{file}"
        );
    }
}

/// All services' pools, with a replica more while they change, leave the database room.
#[test]
fn the_pools_fit_into_the_database() {
    let variables = variables("deploy/compose");
    let pool = |service: &str| {
        let all = configuration(service, &variables);
        let connections = all.get("database_connections");
        connections.map_or(POOL_DEFAULT, |n| n.as_integer().expect("a number"))
    };
    let one_of_each: i64 = services().map(pool).sum();
    let compose = std::fs::read_to_string(workspace().join("deploy/compose/compose.yaml"));
    let compose = compose.expect("text");
    let (_, most) = compose.split_once("max_connections=").expect("a limit");
    let most: String = most.chars().take_while(char::is_ascii_digit).collect();
    let most: i64 = most.parse().expect("a number");
    assert!(one_of_each * 3 / 2 < most, "{one_of_each} of {most}");
    // What deploy/OPERATIONS.md tells whoever sets up PostgreSQL for Kubernetes.
    let told = std::fs::read_to_string(workspace().join("deploy/OPERATIONS.md")).expect("text");
    let wanted = format!("{} connections", one_of_each * REPLICAS);
    assert!(
        told.contains(&wanted),
        "OPERATIONS.md does not say {wanted}"
    );
}

/// The port of those who watch asks for no certificate: on a machine it is its own, elsewhere nothing but
/// the inner network leads to it.
#[test]
fn nobody_outside_reaches_the_metrics() {
    let systemd = variables("deploy/systemd");
    for service in services() {
        let listen = systemd[&format!("YIBAO_{}__METRICS_LISTEN", service.to_uppercase())].clone();
        assert!(listen.starts_with("127.0.0.1:"), "{service}: {listen}");
        let alone = configuration(service, &BTreeMap::new());
        assert!(alone.get("metrics_listen").is_none(), "{service}");
    }
    let read = |file: &str| std::fs::read_to_string(workspace().join(file)).expect("text");
    let published = read("deploy/compose/compose.yaml");
    let mut ports = published
        .lines()
        .filter(|line| line.trim().starts_with("ports:"));
    assert!(ports.all(|line| !line.contains("9464")));
    let service = read("deploy/kubernetes/base/service/service.yaml");
    assert!(!service.contains("metrics") && !service.contains("9464"));
}

/// What a service writes besides its database has a place, and each replica the same words for tokens.
#[test]
fn heads_have_a_place_and_tokens_a_secret() {
    let compose = variables("deploy/compose");
    for service in services().filter(|service| *service != "inspection") {
        for key in ["HEADS_FILE", "HEADS_KEY"] {
            let name = format!("YIBAO_{}__{key}", service.to_uppercase());
            assert!(compose.contains_key(&name), "compose: {name}");
            let component = workspace().join("deploy/kubernetes/heads/kustomization.yaml");
            let component = std::fs::read_to_string(component).expect("text");
            assert!(component.contains(&name), "kubernetes: {name}");
        }
    }
    let prepare = workspace().join("deploy/prepare");
    let prepare = std::fs::read_to_string(prepare).expect("text");
    assert!(prepare.contains("YIBAO_ENROLLMENT__VISIT_TOKEN_SECRET="));
}
