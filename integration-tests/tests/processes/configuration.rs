//! What is told when the configuration is wrong: the key's name, and no port is opened.

use crate::{INNER, configured, variable};
use integration_tests::child::{Child, built, command};
use std::net::TcpListener;

/// `sysexits.h`: the configuration is wrong.
const EXIT_CONFIG: i32 = 78;
/// `sysexits.h`: the command line is wrong.
const EXIT_USAGE: i32 = 64;

/// A service, what is set wrong for it, and what the message must name. An empty value is a
/// missing one.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// Wrong for whichever service.
#[rustfmt::skip]
const WRONG: &[Case] = &[
    ("settlement", &[("LISTEN", "somewhere")], &["listen"]),
    ("settlement", &[("IDENTITY", "everybody")], &["identity", "everybody"]),
    ("settlement", &[("SERVICE_SECRET", "known-to-all-of-us")], &["service_secret"]),
    ("settlement", &[("PROFILE", "production")], &["tls.certificate", "trial"]),
    ("settlement", &[("TLS__KEY", "/no/such.key")], &["/no/such.key"]),
    ("settlement", &[("TLS__CERTIFICATE", "Cargo.toml")], &["Cargo.toml"]),
    ("settlement", &[("TLS__AUTHORITIES", "/no/such.pem")], &["/no/such.pem"]),
    ("settlement", &[("TOKENS__ISSUER", "https://id.test")], &["audience"]),
    ("settlement", &[("TOKENS__ISSUER", "i"), ("TOKENS__AUDIENCE", "a"), ("TOKENS__KEYS", "/no.jwks")],
        &["tokens.keys", "/no.jwks"]),
    ("enrollment", &[("VISIT_TOKEN_SECRET", "fifteen-letters")], &["visit_token_secret", "16"]),
    ("settlement", &[("IDENTITY", "development"), ("LISTEN", "0.0.0.0:0")], &["loopback"]),
    ("settlement", &[("DATABASE_CONNECTIONS", "0")], &["database_connections"]),
    ("settlement", &[("DATABASE_CONNECTIONS", "many")], &["database_connections"]),
    ("settlement", &[("DEADLINE_MS", "0")], &["deadline_ms"]),
    ("settlement", &[("DRAIN_SECONDS", "601")], &["drain_seconds"]),
    ("settlement", &[("LIMITS__CALLER__RATE", "-1")], &["limits.caller.rate"]),
    ("settlement", &[("LIMITS__CALLER__IN_FLIGHT", "0")], &["limits.caller.in_flight"]),
    ("settlement", &[("LIMITS__MESSAGE_BYTES_MAX", "50000000")], &["limits.message_bytes_max"]),
    ("settlement", &[("NO_SUCH_KEY", "1")], &["no_such_key", "YIBAO_SETTLEMENT__"]),
    ("interregional", &[("AREA", "15250")], &["area"]),
];

/// The same of what one service needs and another does not.
#[rustfmt::skip]
const LACKING: &[Case] = &[
    ("settlement", &[("DATABASE_URL", "")], &["database_url", "YIBAO_SETTLEMENT__"]),
    ("settlement", &[("DATABASE_URL", "mysql://localhost/x")], &["database_url"]),
    ("enrollment", &[("DATABASE_URL", "")], &["database_url", "YIBAO_ENROLLMENT__"]),
    ("orchestrator", &[("DATABASE_URL", "")], &["database_url", "YIBAO_ORCHESTRATOR__"]),
    ("orchestrator", &[("SAGA_LEASE_MS", "999")], &["saga_lease_ms"]),
    ("orchestrator", &[("PEERS__SETTLEMENT", "http://127.0.0.1:50062")], &["peers.settlement", "https"]),
    ("orchestrator", &[("PEERS__REFERRAL", "")], &["peers.referral"]),
    ("orchestrator", &[("PEERS__SETTLEMENT", "")], &["peers.settlement"]),
    ("orchestrator", &[("PEERS__SETTLEMENT", "no address")], &["peers.settlement"]),
    ("orchestrator", &[("PEERS__SETTLEMENT", "127.0.0.1:50062")], &["peers.settlement"]),
];

#[test]
fn a_wrong_configuration_is_told_before_a_port_opens() {
    assert_told(WRONG);
}

#[test]
fn a_lacking_configuration_is_told_before_a_port_opens() {
    assert_told(LACKING);
}

fn assert_told(cases: &[Case]) {
    // Whoever tried the port first would complain of it: it is taken.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let mut faulty = Vec::new();
    for (service, set, named) in cases {
        let mut command = configured(service, &listen, "postgres://nobody@127.0.0.1:1/nothing");
        for (key, value) in *set {
            command.env(variable(service, key), value);
        }
        let ended = Child::run(&mut command);
        let is_named = named.iter().all(|name| ended.err.contains(name));
        if ended.status.code() != Some(EXIT_CONFIG) || !is_named {
            faulty.push(format!(
                "{service} {set:?}: {:?}: {}",
                ended.status, ended.err
            ));
        }
    }
    assert!(
        faulty.is_empty(),
        "{} of {}:\n{}",
        faulty.len(),
        cases.len(),
        faulty.join("\n")
    );
}

#[test]
fn a_missing_file_or_key_and_a_wrong_argument_are_told() {
    for service in INNER.iter().chain(&["orchestrator"]) {
        let ended = Child::run(&mut command(built(service)));
        assert_eq!(ended.status.code(), Some(EXIT_CONFIG), "{ended:?}");
        assert!(
            ended.err.contains("listen") && ended.err.contains(service),
            "{ended:?}"
        );
        let ended = Child::run(command(built(service)).args(["--config", "/no/such.toml"]));
        assert_eq!(ended.status.code(), Some(EXIT_CONFIG), "{ended:?}");
        assert!(ended.err.contains("/no/such.toml"), "{ended:?}");
        let ended = Child::run(command(built(service)).arg("--port"));
        assert_eq!(ended.status.code(), Some(EXIT_USAGE), "{ended:?}");
        assert!(
            ended.err.contains("--port") && ended.err.contains("usage:"),
            "{ended:?}"
        );
    }
}

#[test]
fn a_port_in_use_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let ended = Child::run(&mut configured("inspection", &listen, ""));
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(
        ended.err.contains(&format!("cannot listen on {listen}")),
        "{ended:?}"
    );
    assert!(ended.err.contains("choose another port"), "{ended:?}");
}
