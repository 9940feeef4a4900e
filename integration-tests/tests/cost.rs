//! What one outpatient settlement costs the databases, counted where every statement passes.

use integration_tests::{HOSPITAL, World, claim, patient, stay, visit};
use kernel::Clock;
use policy::testing::Text;
use proto::common::{Claim, Filing};
use proto::orchestrator::EnrolRequest;
use proto::settlement;
use runtime::render;
use std::sync::atomic::Ordering;

/// In milliseconds.
const HOUR: i64 = 3_600_000;

/// What a service's database was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    statements: u64,
    begins: u64,
    commits: u64,
}

impl Cost {
    fn of(world: &World, service: &str) -> Cost {
        let counts = world.suite.database(service).expect("a database").counts();
        Cost {
            statements: counts.statements.load(Ordering::SeqCst),
            begins: counts.begins.load(Ordering::SeqCst),
            commits: counts.commits.load(Ordering::SeqCst),
        }
    }

    fn since(self, before: Cost) -> Cost {
        Cost {
            statements: self.statements - before.statements,
            begins: self.begins - before.begins,
            commits: self.commits - before.commits,
        }
    }

    /// Every statement, BEGIN and COMMIT waits for the server once.
    fn round_trips(self) -> u64 {
        self.statements + self.begins + self.commits
    }
}

const SERVICES: [&str; 5] = [
    "enrollment",
    "settlement",
    "referral",
    "interregional",
    "orchestrator",
];

/// Settles one visit and answers what each service's database was asked.
async fn settle_one(world: &World, person: &str, n: u32) -> Vec<(&'static str, Cost)> {
    let before = SERVICES.map(|service| Cost::of(world, service));
    let claim = visit(
        person,
        &format!("V{n}"),
        &format!("2017-03-{:02}", n + 1),
        // Small, so that the funds pay for each of several: an empty posting is no statement.
        5_000,
    );
    world
        .settle(&format!("R{n}"), claim)
        .await
        .expect("settled");
    let since = |(service, before)| (service, Cost::of(world, service).since(before));
    SERVICES.into_iter().zip(before).map(since).collect()
}

#[tokio::test]
async fn an_outpatient_settlement_is_one_commit() {
    let world = World::open().await;
    let person = world.insured(Some("2303")).await;
    // The first claim of a year makes the person's row and reads the catalogue.
    settle_one(&world, &person, 0).await;
    let costs = settle_one(&world, &person, 1).await;
    told(&costs);
    assert_pinned(&costs);

    // A package that is activated is read once, by whoever decides first.
    activate(&world).await;
    let read = settle_one(&world, &person, 2).await;
    assert_eq!(read[1].1.statements, costs[1].1.statements + 2, "{read:?}");
    assert_pinned(&settle_one(&world, &person, 3).await);
    // An instant that comes costs nothing.
    world.clock.set(world.clock.now().plus_millis(HOUR));
    assert_pinned(&settle_one(&world, &person, 4).await);
}

/// 零报销年数: a package that asks for years without a claim costs one statement more, and only for whom
/// there may be any.
#[tokio::test]
async fn years_without_a_claim_are_one_statement_where_they_are_asked_for() {
    let world = World::open().await;
    let package = include_str!("desk/facts/employees.toml");
    world.decide_by("employees", package).await;
    let mut costs = Vec::new();
    for (n, years) in [(0, &[2017][..]), (1, &[2016, 2017])] {
        let person = world.person().await;
        for year in years {
            let request = EnrolRequest {
                request_id: format!("enrol-{n}-{year}"),
                person_id: person.clone(),
                scheme: "310".into(),
                year: *year,
                paid_day: format!("{year}-01-01"),
                ..Default::default()
            };
            let mut desk = world.clerk().orchestrator();
            desk.enrol(patient(request)).await.expect("a coverage");
        }
        // The first claim of a year makes the person's row.
        for day in ["2017-03-01", "2017-03-02"] {
            let before = Cost::of(&world, "settlement");
            let days = (day, day);
            let visit = format!("V-{n}-{day}");
            let claim = Claim {
                scheme: "310".into(),
                ..claim(&person, HOSPITAL, "21", &visit, days, 100_000)
            };
            world.settle(&visit, claim).await.expect("settled");
            costs.push(Cost::of(&world, "settlement").since(before));
        }
    }
    assert_eq!(costs[3].statements, costs[1].statements + 1, "{costs:?}");
    assert_eq!(costs[3].commits, 1);
}

/// What a settlement, a stay with a referral and a reversal ask goes by an index on every table, however
/// large it is, and nothing is sorted that an index has in order. No settlement statement goes through the
/// rows of everybody for one person's, also while PostgreSQL has not counted any.
#[tokio::test]
async fn every_statement_of_a_settlement_goes_by_an_index() {
    let world = World::open().await;
    let person = world.insured(Some("2303")).await;
    settle_one(&world, &person, 0).await;
    let referral = world.referred(&person).await;
    let listening = || {
        let databases = SERVICES.map(|service| world.suite.database(service).expect("a database"));
        databases.iter().for_each(|database| database.listen());
        databases
    };
    let databases = listening();
    settle_one(&world, &person, 1).await;
    let stay = Claim {
        referral_id: referral,
        filing: Filing::Referred.into(),
        ..stay(&person, "V-stay", 8_000)
    };
    let settled = world.settle("stay", stay).await.expect("settled");
    let reversed = world.reverse("stay-back", &settled.settlement_id).await;
    reversed.expect("reversed");
    let mut planned = 0;
    for (service, database) in SERVICES.into_iter().zip(databases) {
        for statement in database.heard() {
            let plan = database.plan(&statement, true).await.expect("a plan");
            let of_everybody = |step: &String| {
                service == "settlement" && step.contains("Filter: ") && step.contains("person_id")
            };
            let costly = |step: &&String| is_costly(step) || of_everybody(step);
            let whole: Vec<&String> = plan.iter().filter(costly).collect();
            assert!(whole.is_empty(), "{service}: {whole:#?}\n{statement}");
            planned += 1;
        }
    }
    assert!(planned > 20, "{planned}");
}

/// Whether a step reads a whole table or sorts rows.
fn is_costly(step: &str) -> bool {
    let step = step.trim_start_matches([' ', '-', '>']);
    // Rows of a statement's own values are no table.
    let own = step.ends_with("CONSTANT ROW") || step.ends_with("VALUES CLAUSE");
    let scanned = step.starts_with("SCAN ") && !own;
    let sorted = step.starts_with("Sort ") || step.contains("TEMP B-TREE");
    scanned || sorted || step.starts_with("Seq Scan ")
}

/// Puts a package into force in an hour: proposed by one, activated by another.
async fn activate(world: &World) {
    let text = Text::marked("cost").outpatient("60%");
    let request = settlement::ProposePackageRequest {
        request_id: "cost".into(),
        text: text.0.clone(),
    };
    let mut desk = world.suite.desk("operator-1").settlement();
    desk.propose_package(request).await.expect("a proposal");
    let since = world.clock.now().plus_millis(HOUR);
    let request = settlement::ActivatePackageRequest {
        request_id: "cost".into(),
        package_digest: text.digest().to_string(),
        activates_time: Some(render::timestamp(since)),
        reason: String::new(),
    };
    let mut desk = world.suite.desk("operator-2").settlement();
    desk.activate_package(request).await.expect("an activation");
}

fn told(costs: &[(&'static str, Cost)]) {
    println!("one outpatient settlement   statements  commits  round trips");
    for (service, cost) in costs {
        let (statements, commits) = (cost.statements, cost.commits);
        println!(
            "  {service:<24}  {statements:>10}  {commits:>7}  {:>11}",
            cost.round_trips()
        );
    }
    let sum = |part: fn(&Cost) -> u64| costs.iter().map(|(_, cost)| part(cost)).sum::<u64>();
    let (statements, commits) = (sum(|c| c.statements), sum(|c| c.commits));
    println!(
        "  {:<24}  {statements:>10}  {commits:>7}  {:>11}",
        "all",
        sum(|c| c.round_trips())
    );
}

fn on_postgres() -> bool {
    std::env::var(store::testing::POSTGRES).is_ok()
}

/// Every round trip is paid on every claim of the region.
fn assert_pinned(costs: &[(&'static str, Cost)]) {
    let commits: u64 = costs.iter().map(|(_, cost)| cost.commits).sum();
    assert!(commits <= 2, "{commits} commits");
    // Raise these only with a reason.
    let cost = |statements, begins, commits| Cost {
        statements,
        begins,
        commits,
    };
    let nothing = cost(0, 0, 0);
    // What a settlement writes is one statement on PostgreSQL; on SQLite no statement travels.
    let settling = if on_postgres() { 3 } else { 7 };
    // A claim without a referral has no row at the orchestrator: its pivot's key is its outcome.
    let expected = [
        cost(1, 0, 0),
        cost(settling, 1, 1),
        nothing,
        nothing,
        nothing,
    ];
    assert_eq!(
        costs.iter().map(|(_, cost)| *cost).collect::<Vec<_>>(),
        expected
    );
}
