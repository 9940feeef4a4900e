//! 恶意报文: every method given bytes that nobody meant, its sound request with wounds in its bytes, and with
//! single fields beyond what they hold; many at once, in the process and over the port. Whatever comes,
//! a documented "no" goes back or it is granted; a refused one has changed nothing; afterwards the
//! ledger sums to zero and a bill is settled as before.

mod cases;
mod headers;
mod vandal;

use crate::requests::Ground;
use crate::{caller, deliver, method, package, path, send, wire};
use cases::{Case, of_method, renewed};
use futures_util::StreamExt;
use futures_util::stream;
use integration_tests::tables::Tables;
use integration_tests::{PATIENCE, World, code, hostile, stay};
use kernel::{AreaCode, Principal, Role};
use runtime::{Context, Wire};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::oneshot;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Cases of each method in the suite.
const CASES: u32 = 8;
/// Requests under way at once: fewer than a service of a test has connections to its database.
const AT_ONCE: usize = 8;
/// Rounds until only what is refused is left, at most.
const ROUNDS_MAX: usize = 4;
/// Bytes of a status at most: more do not pass as trailers of HTTP/2 everywhere.
const STATUS_BYTES_MAX: usize = 6 << 10;
/// Codes that a request may be refused with.
const NOES: [Code; 9] = [
    Code::InvalidArgument,
    Code::NotFound,
    Code::AlreadyExists,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::Unavailable,
    Code::PermissionDenied,
    Code::Unauthenticated,
    // A caller has four streams at once.
    Code::ResourceExhausted,
];
/// What a refusal leaves behind: that it was given, and who read what. A saga leaves its journal.
const LEFT_BEHIND: [&str; 5] = [
    ".request_key",
    ".access_entry",
    ".access_subject",
    ".block",
    "orchestrator.",
];

/// Who may do whatever anybody may.
fn anybody() -> Context {
    let roles = [
        Role::Service,
        Role::Clerk,
        Role::Supervisor,
        Role::Operator,
        Role::Security,
        Role::Auditor,
    ];
    let area = AreaCode::parse(integration_tests::AREA).expect("six digits");
    let principal = Principal {
        caller: "hostile".into(),
        on_behalf_of: None,
        area,
        roles: roles.to_vec(),
    };
    Context::of(principal, PATIENCE)
}

fn known_codes() -> BTreeSet<&'static str> {
    let golden = include_str!("../../golden/refusals.tsv");
    golden
        .lines()
        .filter_map(|line| line.split('\t').nth(1))
        .collect()
}

/// What is wrong with a "no".
fn fault(no: &Status) -> Option<String> {
    let known = known_codes().contains(code(no).as_str());
    if !NOES.contains(&no.code()) || !known {
        return Some(format!("{:?} {}: {}", no.code(), code(no), no.message()));
    }
    let told = no.details().len() + no.message().len();
    if told > STATUS_BYTES_MAX {
        return Some(format!("{} of {told} bytes", code(no)));
    }
    let obeyed = |c: char| c.is_control() && c != '\n';
    if no.message().contains(obeyed) {
        return Some(format!(
            "{}: control characters {:?}",
            code(no),
            no.message()
        ));
    }
    let details = no.get_error_details();
    let named = details
        .bad_request()
        .is_some_and(|bad| !bad.field_violations.is_empty());
    let whole = ["MESSAGE_UNREADABLE", "REQUEST_TOO_LARGE"].contains(&code(no).as_str());
    (no.code() == Code::InvalidArgument && !named && !whole)
        .then(|| format!("{} names no field", code(no)))
}

/// Sends all of them, many at once; answers which were refused, and what was wrong with answers.
async fn sent<'a>(
    cases: Vec<Case>,
    request: impl Fn(&Case) -> (Wire, String, Request<Vec<u8>>) + 'a,
) -> (Vec<Case>, usize, Vec<String>) {
    let answers = stream::iter(cases).map(|case| {
        let (wire, path, request) = request(&case);
        async move {
            let answer = deliver(wire, &path, request);
            (case, tokio::time::timeout(PATIENCE, answer).await)
        }
    });
    let mut answers = std::pin::pin!(answers.buffer_unordered(AT_ONCE));
    let (mut refused, mut granted, mut faults) = (Vec::new(), 0, Vec::new());
    while let Some((case, answer)) = answers.next().await {
        match answer {
            Err(_) => faults.push(format!("{case} hangs")),
            Ok(Ok(_)) => granted += 1,
            Ok(Err(no)) => {
                if let Some(fault) = fault(&no) {
                    faults.push(format!("{case}\n  {fault}"));
                }
                refused.push(case);
            }
        }
    }
    (refused, granted, faults)
}

fn told(faults: &[String]) -> String {
    let shown: Vec<_> = faults.iter().take(40).cloned().collect();
    format!(
        "{} faults, seed {}:\n{}",
        faults.len(),
        hostile::seed(),
        shown.join("\n")
    )
}

/// Everything stored but what a refusal leaves behind.
async fn stored(tables: &Tables) -> Vec<String> {
    let counts = |table: &str| !LEFT_BEHIND.iter().any(|left| table.contains(left));
    tables.rows(counts).await
}

/// Sends what was refused again under new ids, until nothing is granted any more: then nothing may have
/// changed. Sagas take back what they did; that is not nothing, and tested where they are.
async fn refused_without_a_trace(world: &World, mut refused: Vec<Case>) {
    let tables = Tables::of(&world.database).await;
    let who = anybody();
    refused.retain(|case| case.package() != "orchestrator" && case.package() != "batch");
    for round in 0..ROUNDS_MAX {
        let cases: Vec<Case> = refused.iter().map(|case| renewed(case, round)).collect();
        let before = stored(&tables).await;
        let request = |case: &Case| {
            (
                wire(world, case.package()),
                case.path(),
                who.own(case.body.clone()),
            )
        };
        let (still, granted, faults) = sent(cases, request).await;
        assert!(faults.is_empty(), "{}", told(&faults));
        println!("round {round}: {} refused, {granted} granted", still.len());
        if granted == 0 {
            let after = stored(&tables).await;
            let new: Vec<_> = after
                .iter()
                .filter(|row| before.binary_search(row).is_err())
                .collect();
            assert!(before == after, "refused, and yet there is\n{new:#?}");
            return;
        }
        refused = still;
    }
    panic!("something is granted in every round");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_requests_are_refused_and_change_nothing() {
    println!("seed {}", hostile::seed());
    let world =
        World::tuned(|config| config.listen = "127.0.0.1:0".parse().expect("an address")).await;
    let ground = Ground::lay(&world).await;
    let person = world.insured(None).await;
    let (mut cases, mut sound) = (Vec::new(), BTreeMap::new());
    for (name, request) in ground.sound() {
        sound.entry(name).or_insert(request);
    }
    for (&name, request) in sound.iter().filter(|(name, _)| hostile::wanted(name)) {
        cases.extend(of_method(name, request, hostile::cases(CASES)));
    }
    let public = |case: &Case| path(&method(case.name)).starts_with("/yibao.orchestrator.");
    let over_the_port: Vec<Case> = cases.iter().filter(|case| public(case)).cloned().collect();

    let who = anybody();
    let request = |case: &Case| {
        (
            wire(&world, case.package()),
            case.path(),
            who.own(case.body.clone()),
        )
    };
    let (refused, granted, faults) = sent(cases, request).await;
    println!("{granted} granted, {} refused", refused.len());
    assert!(faults.is_empty(), "{}", told(&faults));
    assert!(refused.len() > granted, "is it hostile?");
    refused_without_a_trace(&world, refused).await;
    world.ledger().await;
    let after = world
        .settle("after-hostile", stay(&person, "AFTER-1", 1_000))
        .await;
    assert!(after.is_ok(), "{after:?}");
    let server = world.suite.into_server().await.expect("a port");
    let endpoint = format!("http://{}", server.address().expect("an address"));
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(server.serve(async { drop(stopped.await) }));
    let port = runtime::connect(&endpoint, None).expect("a wire");
    let ported = |case: &Case| {
        (
            port.clone(),
            case.path(),
            headers::developed(case.body.clone()),
        )
    };
    let (refused, granted, faults) = sent(over_the_port, ported).await;
    println!(
        "over the port: {granted} granted, {} refused",
        refused.len()
    );
    assert!(faults.is_empty(), "{}", told(&faults));
    headers::tried(&port, &ground).await;
    stop.send(()).ok();
    assert!(
        served.await.expect("a server").expect("it served"),
        "something is still open"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_beyond_the_limit_is_refused() {
    let world = World::open().await;
    let who = caller("hostile", &[Role::Service]);
    // One unknown field, number 15, larger than the 4 MiB a message may have.
    let length = 5 << 20;
    let mut body = vec![0x7a];
    prost::encoding::encode_varint(length, &mut body);
    body.resize(body.len() + length as usize, 0);
    for name in ["orchestrator/Settle", "batch/SettleBatch"] {
        let method = method(name);
        let answer = send(
            wire(&world, &package(&method)),
            &who,
            &path(&method),
            body.clone(),
        )
        .await;
        let no = answer.expect_err(name);
        assert_eq!(
            (no.code(), code(&no).as_str()),
            (Code::InvalidArgument, "REQUEST_TOO_LARGE"),
            "{name}"
        );
    }
}
