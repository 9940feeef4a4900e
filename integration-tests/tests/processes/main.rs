//! Each service as a process of its own, by configuration alone: its file of `deploy/config` and
//! the environment. Several processes share one PostgreSQL database, so all but the tests of the
//! configuration itself need one.

mod backup;
mod benches;
mod configuration;
mod deployed;
mod metrics;
mod sagas;
mod settling;
mod strangers;
mod tokens;
mod traces;
mod upgrade;

use integration_tests::authority::Certificates;
use integration_tests::child::{Child, built, command};
use integration_tests::{AREA, DRUG, HOSPITAL, PATIENCE, id_number, patient};
use kernel::{AreaCode, Principal, Role};
use proto::common::Claim;
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use proto::{enrollment, orchestrator, settlement};
use runtime::{ClientTls, Context, Wire, connect};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::LazyLock;
use store::testing::{POSTGRES, TestDatabase};
use yibao::desk::{Desk, Wires};

/// The services that believe only each other.
const INNER: &[&str] = &[
    "enrollment",
    "inspection",
    "interregional",
    "referral",
    "settlement",
];

/// True when there is a PostgreSQL to share; says so when there is none.
fn is_shared() -> bool {
    let is_shared = std::env::var_os(POSTGRES).is_some();
    if !is_shared {
        println!("{POSTGRES} is not set: processes that share a database are skipped");
    }
    is_shared
}

/// What the services of these tests know each other by.
fn certificates() -> &'static Certificates {
    static ALL: LazyLock<Certificates> = LazyLock::new(Certificates::new);
    &ALL
}

/// `YIBAO_SETTLEMENT__LISTEN`.
fn variable(service: &str, key: &str) -> String {
    format!("YIBAO_{}__{key}", service.to_uppercase())
}

/// A service with its file of `deploy/config` and what a deployment adds to it.
fn configured(service: &str, listen: &str, database_url: &str) -> Command {
    let mut command = command(built(service));
    command
        .args(["--config", &format!("deploy/config/{service}.toml")])
        .env(variable(service, "LISTEN"), listen)
        .env(variable(service, "DATABASE_URL"), database_url);
    certificates().give(&mut command, service);
    command
}

/// A service that serves.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    /// Starts it, and waits until it says where it serves.
    fn start(command: &mut Command, service: &str) -> Process {
        let mut child = Child::start(command);
        let line = child.until(&format!("{service} is serving"));
        let (_, after) = line.split_once("127.0.0.1:").expect("an address");
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        Process {
            child,
            address: format!("127.0.0.1:{port}"),
        }
    }

    fn endpoint(&self) -> String {
        format!("https://{}", self.address)
    }

    /// A wire to it for whoever shows this.
    fn wire(&self, tls: &ClientTls) -> Wire {
        connect(&self.endpoint(), Some(tls)).expect("a wire")
    }

    /// Asks it to stop, and expects it to end well.
    fn stop(self, service: &str) {
        self.child.signal("TERM");
        let ended = self.child.end();
        assert_eq!(ended.status.code(), Some(0), "{service}: {ended:?}");
        let drained = format!("{service} drained: every open request ended");
        assert!(ended.err.contains(&drained), "{service}: {ended:?}");
        assert!(!ended.err.contains("ERROR"), "{service}: {ended:?}");
    }

    /// Kills it without a warning; answers where it served.
    fn kill(self) -> String {
        self.child.signal("KILL");
        assert!(!self.child.end().status.success());
        self.address
    }

    /// A clerk at its port: the orchestrator's, which believes who calls.
    fn clerk(&self) -> OrchestratorServiceClient<Wire> {
        Desk::new(&Wires::all(self.wire(&certificates().nobody())), "clerk-1").orchestrator()
    }
}

/// The six services on one fresh database.
struct Fleet {
    database: TestDatabase,
    inner: BTreeMap<&'static str, Process>,
    orchestrator: Process,
}

impl Fleet {
    async fn start() -> Fleet {
        Fleet::watched(&[]).await
    }

    /// The same, each with these variables in its environment.
    async fn watched(environment: &[(&str, &str)]) -> Fleet {
        let database = TestDatabase::open().await.expect("a database");
        let inner: BTreeMap<_, _> = INNER
            .iter()
            .map(|service| (*service, replica_in(service, &database, environment)))
            .collect();
        let orchestrator = orchestrator_in(&database, &inner, environment);
        Fleet {
            database,
            inner,
            orchestrator,
        }
    }

    /// Starts a service of this fleet again where it was killed.
    fn restart(&mut self, service: &'static str, address: &str) {
        let url = self.database.url(service);
        let process = Process::start(&mut configured(service, address, &url), service);
        self.inner.insert(service, process);
    }

    fn wire(&self, service: &str) -> Wire {
        self.inner[service].wire(&certificates().service())
    }

    /// A clerk at the orchestrator's port.
    fn clerk(&self) -> OrchestratorServiceClient<Wire> {
        self.orchestrator.clerk()
    }

    /// Somebody's clients at the orchestrator's port.
    fn desk(&self, caller: &str) -> Desk {
        Desk::new(
            &Wires::all(self.orchestrator.wire(&certificates().nobody())),
            caller,
        )
    }

    /// Settles for the clerk; answers the settlement and whether it is an earlier attempt's.
    async fn settle(&self, id: &str, claim: &Claim) -> (proto::common::Settlement, bool) {
        let request = orchestrator::SettleRequest {
            request_id: id.into(),
            claim: Some(claim.clone()),
            basis: None,
            ..Default::default()
        };
        let answer = self
            .clerk()
            .settle(patient(request))
            .await
            .unwrap()
            .into_inner();
        (answer.settlement.unwrap(), answer.replayed)
    }
}

/// One more process of a service on a database.
fn replica(service: &str, database: &TestDatabase) -> Process {
    replica_in(service, database, &[])
}

fn replica_in(service: &str, database: &TestDatabase, environment: &[(&str, &str)]) -> Process {
    let url = database.url(service);
    let mut command = configured(service, "127.0.0.1:0", &url);
    Process::start(command.envs(environment.iter().copied()), service)
}

/// One more process of the orchestrator among these peers, which takes up soon what a dead one left.
fn orchestrator(database: &TestDatabase, peers: &BTreeMap<&'static str, Process>) -> Process {
    orchestrator_in(database, peers, &[])
}

fn orchestrator_in(
    database: &TestDatabase,
    peers: &BTreeMap<&'static str, Process>,
    environment: &[(&str, &str)],
) -> Process {
    const NAME: &str = "orchestrator";
    let mut command = configured(NAME, "127.0.0.1:0", &database.url(NAME));
    // Its callers say who they are, unless they show it.
    command.env(variable(NAME, "IDENTITY"), "development");
    command.env(variable(NAME, "SAGA_LEASE_MS"), "1000");
    for peer in ["enrollment", "inspection", "referral", "settlement"] {
        let key = format!("PEERS__{}", peer.to_uppercase());
        command.env(variable(NAME, &key), peers[peer].endpoint());
    }
    Process::start(command.envs(environment.iter().copied()), NAME)
}

/// The orchestrator, as its peers see it.
fn service() -> Context {
    let area = AreaCode::parse(AREA).unwrap();
    let (caller, roles) = ("bureau".to_string(), vec![Role::Service]);
    Context::of(
        Principal {
            caller,
            on_behalf_of: None,
            area,
            roles,
        },
        PATIENCE,
    )
}

/// A hospital and a catalogue, registered at the settlement service's own port.
async fn furnish(wire: Wire) {
    let mut client = SettlementServiceClient::new(wire);
    let institution = settlement::Institution {
        institution_code: HOSPITAL.into(),
        name: "测试医院".into(),
        tier: "2".into(),
        kind: "A1".into(),
        agreement_from_day: "2010-01-01".into(),
        ..Default::default()
    };
    let request = settlement::RegisterInstitutionRequest {
        request_id: "hospital".into(),
        institution: Some(institution),
    };
    client
        .register_institution(service().own(request))
        .await
        .unwrap();
    let item = settlement::CatalogueItem {
        item_code: DRUG.into(),
        name: "甲类药品".into(),
        item_class: "01".into(),
        ..Default::default()
    };
    let request = settlement::PublishCatalogueRequest {
        request_id: "catalogue".into(),
        effective_day: "2010-01-01".into(),
        items: vec![item],
    };
    client
        .publish_catalogue(service().own(request))
        .await
        .unwrap();
}

/// Somebody insured for 2017, registered at the enrollment service's own port.
async fn insure(wire: Wire) -> String {
    let mut client = EnrollmentServiceClient::new(wire);
    let request = enrollment::RegisterPersonRequest {
        request_id: "person".into(),
        name: "测试人员".into(),
        id_number: id_number(1),
        sex: "2".into(),
        birth_day: "1980-01-01".into(),
        household_id: String::new(),
    };
    let answer = client
        .register_person(service().own(request))
        .await
        .unwrap();
    let person_id = answer.into_inner().person.unwrap().person_id;
    let (scheme, paid_day) = ("390".to_string(), "2016-11-15".to_string());
    let quote = enrollment::QuoteSubsidyRequest {
        person_id: person_id.clone(),
        scheme: scheme.clone(),
        year: 2017,
        paid_day: paid_day.clone(),
        ..Default::default()
    };
    let quoted = client
        .quote_subsidy(service().own(quote))
        .await
        .unwrap()
        .into_inner();
    let request = enrollment::EnrolPersonRequest {
        request_id: "payment".into(),
        person_id: person_id.clone(),
        scheme,
        year: 2017,
        paid_day,
        paid_fen: quoted.subsidy.unwrap().to_pay_fen,
        exempt_from_waiting: false,
        ..Default::default()
    };
    client.enrol_person(service().own(request)).await.unwrap();
    person_id
}
